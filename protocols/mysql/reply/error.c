/* ERR, and MariaDB's progress reports, which come as an ERR with code 0xFFFF. */
#include "internal.h"

enum { CODE_PROGRESS = 0xFFFF, SQLSTATE_BYTES = 5, PROGRESS_STRINGS = 1, PROGRESS_NUMBERS = 5 };

static bool is_sqlstate(struct qw_bytes s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool is_digit = s.p[i] >= '0' && s.p[i] <= '9';

		if (!is_digit && !(s.p[i] >= 'A' && s.p[i] <= 'Z'))
			return false;
	}
	return s.n == SQLSTATE_BYTES;
}

int myreply_error_decode(struct qw_bytes payload, struct myreply_error *out)
{
	struct cursor c = cur_from(payload), marked;
	struct qw_bytes sqlstate = QW_LIT("HY000");

	*out = (struct myreply_error){0};
	if (cur_u8(&c) != MYREPLY_IS_ERROR)
		return QW_E_MALFORMED;
	out->code = (uint16_t)mywire_le(&c, 2);
	marked = c;
	if (cur_left(&c) && cur_u8(&marked) == '#') {
		c = marked;
		sqlstate = cur_bytes(&c, SQLSTATE_BYTES);
	}
	out->message = cur_rest(&c);
	if (cur_end(&c) || out->code == 0 || out->code == CODE_PROGRESS || !is_sqlstate(sqlstate))
		return QW_E_MALFORMED;
	memcpy(out->sqlstate, sqlstate.p, SQLSTATE_BYTES);
	return 0;
}

int myreply_put_error(
	struct qw_buf *out, uint8_t *seq, uint16_t code, const char *sqlstate, const char *message)
{
	struct builder b;

	QW_ASSERT(code != 0 && code != CODE_PROGRESS && is_sqlstate(qw_bytes_from(sqlstate)));
	mywire_begin(&b, out);
	bld_u8(&b, MYREPLY_IS_ERROR);
	mywire_put_le(&b, code, 2);
	bld_u8(&b, '#');
	bld_bytes(&b, qw_bytes_from(sqlstate));
	bld_bytes(&b, qw_bytes_from(message));
	return mywire_end(&b, seq);
}

bool myreply_is_progress(struct qw_bytes payload)
{
	struct cursor c = cur_from(payload);

	return cur_u8(&c) == MYREPLY_IS_ERROR && mywire_le(&c, 2) == CODE_PROGRESS;
}

/* One string; stage, stages, 3 bytes of progress; what the server is doing. */
int myreply_progress_check(struct qw_bytes payload)
{
	struct cursor c = cur_from(payload);

	(void)cur_u8(&c);
	(void)mywire_le(&c, 2);
	if (cur_u8(&c) != PROGRESS_STRINGS)
		return QW_E_MALFORMED;
	(void)cur_bytes(&c, PROGRESS_NUMBERS);
	(void)mywire_lenenc_bytes(&c);
	return cur_end(&c);
}
