/* Wire bytes -> words. */
#include "words.h"

#include <ctype.h>

int words_put_string(struct qw_buf *out, struct qw_bytes v)
{
	int err = qw_buf_append(out, "\"", 1);

	for (size_t i = 0; !err && i < v.n; i++) {
		uint8_t c = v.p[i];

		if (c == '"' || c == '\\')
			err = qw_buf_printf(out, "\\%c", c);
		else if (c == '\n')
			err = qw_buf_append(out, "\\n", 2);
		else if (c < 0x20 || c >= 0x7f)
			err = qw_buf_printf(out, "\\x%02x", c);
		else
			err = qw_buf_append(out, &c, 1);
	}
	return err ? err : qw_buf_append(out, "\"", 1);
}

static int put_name(struct qw_buf *out, const char *s)
{
	bool plain = s && *s;

	for (const char *p = s; plain && *p; p++)
		plain = isalnum((unsigned char)*p) || *p == '_';
	if (plain)
		return qw_buf_printf(out, " %s", s);
	if (qw_buf_append(out, " ", 1))
		return QW_E_NOMEM;
	return words_put_string(out, qw_bytes_from(s));
}

static int put_row(struct qw_buf *out, struct qw_bytes body)
{
	struct pgwire_row row;
	struct qw_bytes v;
	bool is_null;
	int err = pgwire_row_open(body, &row);

	while (!err && !(err = pgwire_row_next(&row, &v, &is_null))) {
		err = qw_buf_append(out, " ", 1);
		if (!err)
			err = is_null ? qw_buf_append(out, "NULL", 4) : words_put_string(out, v);
	}
	return err == QW_E_NOTFOUND ? 0 : err;
}

static int put_description(struct qw_buf *out, struct qw_bytes body)
{
	struct qw_arena a;
	struct pgwire_column *c;
	size_t n = 0;
	int err;

	qw_arena_init(&a, 1 << 20);
	err = pgwire_row_description_decode(body, &a, &c, &n);
	for (size_t i = 0; !err && i < n; i++)
		err = qw_buf_printf(out, " %s", c[i].name);
	qw_arena_fini(&a);
	return err;
}

static int put_error(struct qw_buf *out, struct qw_bytes body)
{
	struct pgwire_error e;
	int err = pgwire_error_decode(body, &e);

	if (err)
		return err;
	if (strcmp(e.severity, "ERROR") != 0)
		err = qw_buf_printf(out, " %s", e.severity);
	if (!err)
		err = qw_buf_printf(out, " %s ", e.sqlstate);
	return err ? err : words_put_string(out, qw_bytes_from(e.message));
}

static int server_body(uint8_t type, struct qw_bytes body, struct qw_buf *out)
{
	struct cursor c = cur_from(body);

	switch (type) {
	case 'T':
		return put_description(out, body);
	case 'D':
		return put_row(out, body);
	case 'E':
	case 'N':
		return put_error(out, body);
	case 'C':
		return put_name(out, cur_cstr(&c));
	case 'Z':
		return qw_buf_printf(out, " %c", cur_u8(&c));
	case 'R':
		return qw_buf_printf(out, " %u", cur_be32(&c));
	case 'S': {
		const char *name = cur_cstr(&c);
		const char *value = cur_cstr(&c);
		int err = put_name(out, name);

		return err ? err : put_name(out, value);
	}
	case 'K': {
		uint32_t pid = cur_be32(&c);

		return qw_buf_printf(out, " %u key:%zu", pid, cur_left(&c));
	}
	case 'v': {
		uint32_t version = cur_be32(&c);

		return qw_buf_printf(out, " %u.%u", version >> 16, version & 0xffff);
	}
	case 'd':
		if (qw_buf_append(out, " ", 1))
			return QW_E_NOMEM;
		return words_put_string(out, body);
	default:
		return 0;
	}
}

static int client_body(uint8_t type, struct qw_bytes body, struct qw_buf *out)
{
	struct cursor c = cur_from(body);
	int err = 0;

	switch (type) {
	case 'Q':
	case 'f':
		return put_name(out, cur_cstr(&c));
	case 'P':
		err = put_name(out, cur_cstr(&c));
		return err ? err : put_name(out, cur_cstr(&c));
	case 'B':
		err = put_name(out, cur_cstr(&c));
		return err ? err : put_name(out, cur_cstr(&c));
	case 'D':
	case 'C':
		err = qw_buf_printf(out, " %c", cur_u8(&c));
		return err ? err : put_name(out, cur_cstr(&c));
	case 'E':
		return put_name(out, cur_cstr(&c));
	case 'd':
		if (qw_buf_append(out, " ", 1))
			return QW_E_NOMEM;
		return words_put_string(out, body);
	default:
		return 0;
	}
}

int words_print(struct qw_bytes *in, bool from_server, struct qw_buf *out)
{
	struct pgwire_frame f;
	struct qw_bytes body;
	int err;

	/* The only untyped byte that a gateway sends: the answer to SSLRequest and GSSENCRequest. */
	if (from_server && in->n == 1 && (in->p[0] == 'S' || in->p[0] == 'N')) {
		err = qw_buf_printf(out, "answer %c", in->p[0]);
		*in = qw_bytes(in->p + 1, 0);
		return err;
	}
	err = pgwire_frame_peek(*in, &f);
	if (err)
		return err;
	if (in->n - PGWIRE_HEADER < f.body_bytes)
		return QW_E_INCOMPLETE;
	body = qw_bytes(in->p + PGWIRE_HEADER, f.body_bytes);
	*in = qw_bytes(body.p + body.n, in->n - PGWIRE_HEADER - body.n);
	err = qw_buf_append(out, &f.type, 1);
	if (err)
		return err;
	return from_server ? server_body(f.type, body, out) : client_body(f.type, body, out);
}
