/* OK and EOF: how a command ended, and what it changed in the session. */
#include "internal.h"

static void change_decode(struct cursor *c, struct myreply_change *out)
{
	struct cursor data;
	uint8_t kind = cur_u8(c);

	data = cur_from(mywire_lenenc_bytes(c));
	if (kind > MYREPLY_TRANSACTION_STATE)
		cur_fail(c);
	out->kind = (enum myreply_change_kind)kind;
	if (kind == MYREPLY_SYSTEM_VARIABLE)
		out->name = mywire_lenenc_bytes(&data);
	if (kind == MYREPLY_GTIDS && cur_u8(&data) != 0) /* how they are encoded: as text */
		cur_fail(c);
	if (kind == MYREPLY_STATE) /* no length of its own */
		out->value = cur_rest(&data);
	else
		out->is_null = mywire_lenenc_null(&data, &out->value);
	if (cur_end(&data) || (out->is_null && kind != MYREPLY_SYSTEM_VARIABLE))
		cur_fail(c);
}

int myreply_change_next(struct qw_bytes *changes, struct myreply_change *out)
{
	struct cursor c = cur_from(*changes);

	*out = (struct myreply_change){0};
	if (changes->n == 0)
		return QW_E_NOTFOUND;
	change_decode(&c, out);
	if (c.failed)
		return QW_E_MALFORMED;
	out->raw = qw_bytes(changes->p, changes->n - cur_left(&c));
	*changes = cur_rest(&c);
	return 0;
}

static int check_changes(struct qw_bytes changes)
{
	struct myreply_change change;
	int err;

	do {
		err = myreply_change_next(&changes, &change);
	} while (!err);
	return err == QW_E_NOTFOUND ? 0 : err;
}

/*
 * `info` has its length with and without SESSION_TRACK: MySQL's documentation says "string<EOF>"
 * for the latter, and no server does so.
 */
int myreply_ok_decode(struct qw_bytes payload, struct mywire_link link, struct myreply_ok *out)
{
	struct cursor c = cur_from(payload);
	bool has_changes;

	*out = (struct myreply_ok){0};
	if (cur_u8(&c) != MYREPLY_IS_OK)
		return QW_E_MALFORMED;
	out->affected_rows = mywire_lenenc(&c);
	out->last_insert_id = mywire_lenenc(&c);
	out->status = (uint16_t)mywire_le(&c, 2);
	out->warnings = (uint16_t)mywire_le(&c, 2);
	has_changes =
		(out->status & MYWIRE_STATE_CHANGED) && (link.capabilities & MYWIRE_SESSION_TRACK);
	if (cur_left(&c) || has_changes)
		out->info = mywire_lenenc_bytes(&c);
	if (has_changes)
		out->changes = mywire_lenenc_bytes(&c);
	if (cur_end(&c))
		return QW_E_MALFORMED;
	return check_changes(out->changes);
}

int myreply_put_ok(
	struct qw_buf *out, uint8_t *seq, struct mywire_link client, const struct myreply_ok *ok)
{
	bool is_changed = ok->changes.n || (ok->status & MYWIRE_STATE_CHANGED);
	bool has_changes = is_changed && (client.capabilities & MYWIRE_SESSION_TRACK);
	unsigned status = ok->status & ~(unsigned)MYWIRE_STATE_CHANGED;
	struct builder b;

	if (has_changes)
		status |= MYWIRE_STATE_CHANGED;
	mywire_begin(&b, out);
	bld_u8(&b, MYREPLY_IS_OK);
	mywire_put_lenenc(&b, ok->affected_rows);
	mywire_put_lenenc(&b, ok->last_insert_id);
	mywire_put_le(&b, status, 2);
	mywire_put_le(&b, ok->warnings, 2);
	if (ok->info.n || has_changes)
		mywire_put_lenenc_bytes(&b, ok->info);
	if (has_changes)
		mywire_put_lenenc_bytes(&b, ok->changes);
	return mywire_end(&b, seq);
}

int myreply_eof_decode(struct qw_bytes payload, struct myreply_eof *out)
{
	struct cursor c = cur_from(payload);

	*out = (struct myreply_eof){0};
	if (cur_u8(&c) != MYREPLY_IS_EOF)
		return QW_E_MALFORMED;
	out->warnings = (uint16_t)mywire_le(&c, 2);
	out->status = (uint16_t)mywire_le(&c, 2);
	return cur_end(&c);
}

int myreply_put_eof(
	struct qw_buf *out, uint8_t *seq, struct mywire_link client, const struct myreply_eof *eof)
{
	unsigned status = eof->status;
	struct builder b;

	if (!(client.capabilities & MYWIRE_SESSION_TRACK))
		status &= ~(unsigned)MYWIRE_STATE_CHANGED;
	mywire_begin(&b, out);
	bld_u8(&b, MYREPLY_IS_EOF);
	mywire_put_le(&b, eof->warnings, 2);
	mywire_put_le(&b, status, 2);
	return mywire_end(&b, seq);
}
