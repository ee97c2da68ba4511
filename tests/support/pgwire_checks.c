/* The decoders of protocols/postgres. */
#include "decoder_check.h"

#include "qw/pgwire.h"

enum { ARENA_MAX = 1 << 22, OUT_MAX = 1 << 24, TEXT_MAX = 300 };

static void expect_inside(struct qw_bytes body, struct qw_bytes part)
{
	QW_ASSERT(
		part.n == 0 || (part.p >= body.p && part.n <= (size_t)(body.p + body.n - part.p)));
}

static void expect_string(struct qw_bytes body, const char *s)
{
	QW_ASSERT(s != NULL);
	expect_inside(body, qw_bytes(s, strlen(s) + 1));
}

/* Opens a message; what is put into it must be the body that was decoded. */
static void again_begin(struct builder *b, struct qw_buf *out)
{
	qw_buf_init(out, OUT_MAX);
	bld_init(b, out);
	bld_begin(b, 'x');
}

static void again_end(struct builder *b, struct qw_buf *out, struct qw_bytes body)
{
	struct pgwire_frame frame;
	struct qw_bytes all;

	bld_end(b);
	QW_ASSERT(bld_error(b) == 0);
	all = qw_buf_pending(out);
	QW_ASSERT(pgwire_frame_peek(all, &frame) == 0 && frame.type == 'x');
	QW_ASSERT(frame.body_bytes == all.n - PGWIRE_HEADER);
	QW_ASSERT(qw_bytes_equal(qw_bytes(all.p + PGWIRE_HEADER, frame.body_bytes), body));
	qw_buf_fini(out);
}

/* A stream of frames, as a socket delivers it: finds each, and what is left is incomplete or
 * refused. */
static int check_frames(struct qw_bytes in)
{
	struct pgwire_frame frame;
	int err;

	while ((err = pgwire_frame_peek(in, &frame)) == 0) {
		QW_ASSERT(frame.body_bytes <= INT32_MAX);
		if (frame.body_bytes > in.n - PGWIRE_HEADER)
			return QW_E_INCOMPLETE;
		in.p += PGWIRE_HEADER + frame.body_bytes;
		in.n -= PGWIRE_HEADER + frame.body_bytes;
	}
	QW_ASSERT(err == QW_E_MALFORMED || (err == QW_E_INCOMPLETE && in.n < PGWIRE_HEADER));
	return in.n ? err : 0;
}

static int check_first(struct qw_bytes in)
{
	enum pgwire_first kind;
	uint32_t bytes, shorter_bytes;
	int err = pgwire_first_peek(in, &kind, &bytes);

	if (err)
		return err;
	QW_ASSERT((kind == PGWIRE_FIRST_TLS) == (bytes == 0));
	QW_ASSERT(bytes <= PGWIRE_STARTUP_MAX + 4);
	for (size_t n = 0; n < 8 && n < in.n; n++) { /* never another opinion on fewer bytes */
		enum pgwire_first shorter;

		err = pgwire_first_peek(qw_bytes(in.p, n), &shorter, &shorter_bytes);
		QW_ASSERT(err == QW_E_INCOMPLETE ||
			  (err == 0 && shorter == kind && shorter_bytes == bytes));
	}
	return 0;
}

static void put_pair(struct builder *b, const char *name, const char *value)
{
	bld_cstr(b, name);
	bld_cstr(b, value);
}

/* The packet that the gateway would have sent: decodes to the same. */
static void check_startup_again(const struct pgwire_startup *first)
{
	struct pgwire_startup second;
	struct qw_bytes packet;
	struct qw_buf out;
	struct builder b;

	again_begin(&b, &out); /* the type byte is left away below */
	bld_be16(&b, first->major);
	bld_be16(&b, first->minor);
	put_pair(&b, "user", first->user);
	put_pair(&b, "database", first->database);
	for (size_t i = 0; i < first->parameter_count; i++)
		put_pair(&b, first->parameters[i].name, first->parameters[i].value);
	for (size_t i = 0; i < first->options_pq_count; i++)
		put_pair(&b, first->options_pq[i], "");
	bld_u8(&b, 0);
	bld_end(&b);
	packet = qw_buf_pending(&out);
	QW_ASSERT(pgwire_startup_decode(qw_bytes(packet.p + 1, packet.n - 1), &second) == 0);
	QW_ASSERT(strcmp(first->user, second.user) == 0 &&
		  strcmp(first->database, second.database) == 0);
	QW_ASSERT(first->minor == second.minor && first->parameter_count == second.parameter_count);
	QW_ASSERT(first->options_pq_count == second.options_pq_count);
	qw_buf_fini(&out);
}

static int check_startup(struct qw_bytes packet)
{
	struct pgwire_startup s;
	int err = pgwire_startup_decode(packet, &s);

	if (err)
		return err;
	QW_ASSERT(s.major == 3 && *s.user && *s.database);
	QW_ASSERT(strlen(s.user) <= PGWIRE_NAME_MAX && strlen(s.database) <= PGWIRE_NAME_MAX);
	expect_string(packet, s.user);
	expect_string(packet, s.database);
	for (size_t i = 0; i < s.parameter_count; i++) {
		expect_string(packet, s.parameters[i].name);
		expect_string(packet, s.parameters[i].value);
	}
	check_startup_again(&s);
	return 0;
}

static int check_options(struct qw_bytes in)
{
	struct pgwire_parameter found[8];
	struct qw_arena arena;
	char *text;
	size_t count;
	int err;

	qw_arena_init(&arena, ARENA_MAX);
	text = qw_arena_strdup(&arena, in);
	err = text ? pgwire_options_decode(text, &arena, found, QW_COUNT(found), &count)
		   : QW_E_NOMEM;
	for (size_t i = 0; !err && i < count; i++) {
		QW_ASSERT(*found[i].name && !strchr(found[i].name, '-') &&
			  !strchr(found[i].name, '='));
		QW_ASSERT(strlen(found[i].name) + strlen(found[i].value) < in.n);
	}
	qw_arena_fini(&arena);
	return err;
}

static int check_cancel(struct qw_bytes packet)
{
	struct pgwire_cancel cancel;
	int err = pgwire_cancel_decode(packet, &cancel);

	if (err)
		return err;
	QW_ASSERT(cancel.key.n >= 4 && cancel.key.n <= 256 && packet.n == 12 + cancel.key.n);
	expect_inside(packet, cancel.key);
	return 0;
}

static int check_text(struct qw_bytes body, int (*decode)(struct qw_bytes, struct qw_bytes *))
{
	struct qw_bytes text;
	struct qw_buf out;
	struct builder b;
	int err = decode(body, &text);

	if (err)
		return err;
	QW_ASSERT(text.n == 0 || !memchr(text.p, 0, text.n));
	again_begin(&b, &out);
	bld_bytes(&b, text);
	bld_u8(&b, 0);
	again_end(&b, &out, body);
	return 0;
}

static int check_password(struct qw_bytes body)
{
	return check_text(body, pgwire_password_decode);
}

static int check_query(struct qw_bytes body)
{
	return check_text(body, pgwire_query_decode);
}

static int check_parse(struct qw_bytes body)
{
	struct pgwire_parse parse;
	struct qw_buf out;
	struct builder b;
	int err = pgwire_parse_decode(body, &parse);

	if (err)
		return err;
	QW_ASSERT(parse.types.n == 4u * parse.type_count);
	again_begin(&b, &out);
	bld_cstr(&b, parse.name);
	bld_bytes(&b, parse.sql);
	bld_u8(&b, 0);
	bld_be16(&b, parse.type_count);
	bld_bytes(&b, parse.types);
	again_end(&b, &out, body);
	return 0;
}

static void check_binds_text(struct qw_bytes binds)
{
	struct qw_buf whole, cut;

	qw_buf_init(&whole, OUT_MAX);
	qw_buf_init(&cut, TEXT_MAX);
	QW_ASSERT(pgwire_binds_text(binds, &whole, OUT_MAX) == 0);
	QW_ASSERT(pgwire_binds_text(binds, &cut, TEXT_MAX) == 0);
	QW_ASSERT(qw_buf_pending(&cut).n <= TEXT_MAX);
	QW_ASSERT(qw_utf8_valid(qw_buf_pending(&cut)));
	QW_ASSERT(qw_utf8_valid(qw_buf_pending(&whole)));
	if (qw_buf_pending(&whole).n <= TEXT_MAX)
		QW_ASSERT(qw_bytes_equal(qw_buf_pending(&whole), qw_buf_pending(&cut)));
	qw_buf_fini(&whole);
	qw_buf_fini(&cut);
}

static int check_bind(struct qw_bytes body)
{
	struct pgwire_bind bind;
	struct qw_buf out;
	struct builder b;
	int err = pgwire_bind_decode(body, &bind);

	if (err)
		return err;
	QW_ASSERT(bind.result_formats.n == 2u * bind.result_format_count);
	expect_inside(body, bind.result_formats);
	again_begin(&b, &out);
	bld_cstr(&b, bind.portal);
	bld_cstr(&b, bind.statement);
	bld_bytes(&b, bind.binds);
	again_end(&b, &out, body);
	check_binds_text(bind.binds);
	return 0;
}

static int check_binds(struct qw_bytes binds)
{
	struct qw_buf out;
	int err;

	qw_buf_init(&out, OUT_MAX);
	err = pgwire_binds_text(binds, &out, TEXT_MAX);
	QW_ASSERT(!err || qw_buf_pending(&out).n == 0);
	qw_buf_fini(&out);
	if (!err)
		check_binds_text(binds);
	return err;
}

static int check_named(struct qw_bytes body)
{
	struct pgwire_named named;
	struct qw_buf out;
	struct builder b;
	int err = pgwire_named_decode(body, &named);

	if (err)
		return err;
	again_begin(&b, &out);
	bld_u8(&b, named.kind);
	bld_cstr(&b, named.name);
	again_end(&b, &out, body);
	return 0;
}

static int check_execute(struct qw_bytes body)
{
	struct pgwire_execute execute;
	struct qw_buf out;
	struct builder b;
	int err = pgwire_execute_decode(body, &execute);

	if (err)
		return err;
	again_begin(&b, &out);
	bld_cstr(&b, execute.portal);
	bld_be32(&b, execute.max_rows);
	again_end(&b, &out, body);
	return 0;
}

static void check_columns_again(
	struct qw_bytes body, const struct pgwire_column *columns, size_t count)
{
	struct qw_buf out;
	struct builder b;

	again_begin(&b, &out);
	bld_be16(&b, (uint16_t)count);
	for (size_t i = 0; i < count; i++) {
		const struct pgwire_column *column = &columns[i];

		bld_cstr(&b, column->name);
		bld_be32(&b, column->table_oid);
		bld_be16(&b, (uint16_t)column->attnum);
		bld_be32(&b, column->type_oid);
		bld_be16(&b, (uint16_t)column->type_size);
		bld_be32(&b, (uint32_t)column->type_modifier);
		bld_be16(&b, column->format);
	}
	again_end(&b, &out, body);
}

static int check_row_description(struct qw_bytes body)
{
	struct pgwire_column *columns;
	struct qw_arena arena;
	size_t count;
	int err;

	qw_arena_init(&arena, ARENA_MAX);
	err = pgwire_row_description_decode(body, &arena, &columns, &count);
	if (!err)
		check_columns_again(body, columns, count);
	else
		QW_ASSERT(columns == NULL && count == 0);
	qw_arena_fini(&arena);
	return err;
}

static int check_row(struct qw_bytes body)
{
	struct pgwire_row row;
	struct qw_bytes value;
	struct qw_buf out;
	struct builder b;
	bool is_null;
	unsigned values = 0;
	int err = pgwire_row_open(body, &row);

	if (err)
		return err;
	again_begin(&b, &out);
	bld_be16(&b, row.count);
	while ((err = pgwire_row_next(&row, &value, &is_null)) == 0) {
		values++;
		QW_ASSERT(!is_null || value.n == 0);
		expect_inside(body, value);
		bld_be32(&b, is_null ? UINT32_MAX : (uint32_t)value.n);
		bld_bytes(&b, value);
	}
	if (err == QW_E_NOTFOUND) {
		QW_ASSERT(values == row.count);
		again_end(&b, &out, body);
		return 0;
	}
	QW_ASSERT(
		err == QW_E_MALFORMED && pgwire_row_next(&row, &value, &is_null) == QW_E_MALFORMED);
	qw_buf_fini(&out);
	return err;
}

/* Fields that nobody reads are lost, so the second encoding is compared with the first. */
static int check_error(struct qw_bytes body)
{
	struct pgwire_error e, again;
	struct qw_bytes all;
	struct qw_buf out;
	int err = pgwire_error_decode(body, &e);

	if (err)
		return err;
	if (!e.severity || !e.sqlstate || !e.message)
		return 0;
	qw_buf_init(&out, OUT_MAX);
	QW_ASSERT(pgwire_put_error(
			  &out, 'E', e.severity, e.sqlstate, e.message, e.detail, e.hint) == 0);
	all = qw_buf_pending(&out);
	QW_ASSERT(pgwire_error_decode(
			  qw_bytes(all.p + PGWIRE_HEADER, all.n - PGWIRE_HEADER), &again) == 0);
	QW_ASSERT(
		strcmp(e.severity, again.severity) == 0 && strcmp(e.sqlstate, again.sqlstate) == 0);
	QW_ASSERT(strcmp(e.message, again.message) == 0 && !e.detail == !again.detail &&
		  !e.hint == !again.hint);
	qw_buf_fini(&out);
	return 0;
}

static int check_parameter_status(struct qw_bytes body)
{
	struct pgwire_parameter parameter;
	struct qw_buf out;
	struct builder b;
	int err = pgwire_parameter_status_decode(body, &parameter);

	if (err)
		return err;
	again_begin(&b, &out);
	put_pair(&b, parameter.name, parameter.value);
	again_end(&b, &out, body);
	return 0;
}

static int check_ready(struct qw_bytes body)
{
	uint8_t status;
	int err = pgwire_ready_decode(body, &status);

	QW_ASSERT(err || (body.n == 1 && strchr("ITE", status)));
	return err;
}

static int check_tag(struct qw_bytes body)
{
	const char *tag;
	int err = pgwire_tag_decode(body, &tag);

	if (err)
		return err;
	expect_string(body, tag);
	QW_ASSERT(pgwire_tag_rows(tag) == 0 || strchr(tag, ' '));
	return 0;
}

static int check_copy(struct qw_bytes body)
{
	struct pgwire_copy copy;
	int err = pgwire_copy_decode(body, &copy);

	QW_ASSERT(err || (copy.format <= 1 && body.n == 3 + 2u * copy.column_count));
	return err;
}

const struct decoder_check decoder_checks[] = {
	{"pgwire_frames", check_frames, true},
	{"pgwire_first", check_first, true},
	{"pgwire_startup", check_startup, false},
	{"pgwire_options", check_options, true},
	{"pgwire_cancel", check_cancel, false},
	{"pgwire_password", check_password, false},
	{"pgwire_query", check_query, false},
	{"pgwire_parse", check_parse, false},
	{"pgwire_bind", check_bind, false},
	{"pgwire_binds", check_binds, false},
	{"pgwire_named", check_named, false},
	{"pgwire_execute", check_execute, false},
	{"pgwire_row_description", check_row_description, false},
	{"pgwire_row", check_row, false},
	{"pgwire_error", check_error, false},
	{"pgwire_parameter_status", check_parameter_status, false},
	{"pgwire_ready", check_ready, false},
	{"pgwire_tag", check_tag, false},
	{"pgwire_copy", check_copy, false},
};

const size_t decoder_check_count = QW_COUNT(decoder_checks);
