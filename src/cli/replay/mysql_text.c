/* Answers to MySQL's clients, as recorded: tables, errors and counts, for people. */
#include "transcript.h"

#include "qw/myreply.h"

#include <stdlib.h>

enum { CELLS_MAX = 2000000, CELL_BYTES_MAX = 4096, ARENA_MAX = 512 << 20, ROW_MAX = 64 << 20 };
/* field_types.h: what binary rows hold besides text */
enum { T_TINY = 1, T_SHORT = 2, T_LONG = 3, T_LONGLONG = 8, T_INT24 = 9, T_YEAR = 13, T_DATE = 10, T_DATETIME = 12, T_TIMESTAMP = 7 };

struct table {
	struct page *out;
	struct qw_arena arena;
	uint8_t types[MYREPLY_COLUMNS_MAX];
	bool is_unsigned[MYREPLY_COLUMNS_MAX], is_bytes[MYREPLY_COLUMNS_MAX];
	size_t count;
	bool is_binary;
	const char **cells; /* captions first, then row by row */
	size_t cell_count, cell_cap;
	uint64_t rows;
};

static int keep(struct table *t, struct page *scratch)
{
	struct qw_bytes text = qw_buf_pending(&scratch->b);

	if (scratch->err)
		return scratch->err;
	if (t->cell_count == t->cell_cap) {
		size_t cap = t->cell_cap ? t->cell_cap * 2 : 64;
		const char **grown = cap <= CELLS_MAX ? realloc(t->cells, cap * sizeof(*grown)) : NULL;

		if (!grown)
			return QW_E_LIMIT;
		t->cells = grown;
		t->cell_cap = cap;
	}
	t->cells[t->cell_count] = qw_arena_strdup(&t->arena, text);
	qw_buf_clear(&scratch->b);
	return t->cells[t->cell_count++] ? 0 : QW_E_LIMIT;
}

/* ---- cells ---- */

static void put_integer(struct page *p, struct qw_bytes v, bool is_unsigned)
{
	struct cursor c = cur_from(v);
	uint64_t n = v.n && v.n <= 8 ? mywire_le(&c, v.n) : 0;
	unsigned unused = v.n && v.n < 8 ? 64 - 8 * (unsigned)v.n : 0;

	if (is_unsigned)
		page_printf(p, "%llu", (unsigned long long)n);
	else
		page_printf(p, "%lld", (long long)((int64_t)(n << unused) >> unused));
}

static void put_time(struct page *p, struct qw_bytes v, bool is_date)
{
	struct cursor c = cur_from(v);
	unsigned year, month, day, hour, minute;

	if (v.n < 4) {
		page_text(p, "0000-00-00");
		return;
	}
	year = (unsigned)mywire_le(&c, 2);
	month = cur_u8(&c);
	day = cur_u8(&c);
	page_printf(p, "%04u-%02u-%02u", year, month, day);
	if (v.n < 7) {
		page_text(p, is_date ? "" : " 00:00:00"); /* what is zero is left away */
		return;
	}
	hour = cur_u8(&c);
	minute = cur_u8(&c);
	page_printf(p, " %02u:%02u:%02u", hour, minute, cur_u8(&c));
}

static void put_bytes(struct page *p, struct qw_bytes v)
{
	page_text(p, "0x");
	for (size_t i = 0; i < v.n; i++)
		page_printf(p, "%02x", v.p[i]);
}

static void put_cell(const struct table *t, size_t i, struct qw_bytes v, struct page *p)
{
	size_t all = v.n;

	v.n = v.n > CELL_BYTES_MAX ? CELL_BYTES_MAX : v.n;
	if (!t->is_binary) {
		page_safe(p, v);
	} else {
		switch (t->types[i]) {
		case T_TINY:
		case T_SHORT:
		case T_LONG:
		case T_LONGLONG:
		case T_INT24:
		case T_YEAR:
			put_integer(p, v, t->is_unsigned[i]);
			break;
		case T_DATE:
		case T_DATETIME:
		case T_TIMESTAMP:
			put_time(p, v, t->types[i] == T_DATE);
			break;
		default: /* a byte of the wire */
			if (mywire_type_form(t->types[i]) == MYWIRE_FORM_LENENC && !t->is_bytes[i])
				page_safe(p, v);
			else
				put_bytes(p, v);
		}
	}
	if (v.n < all)
		page_printf(p, "... (%zu bytes)", all);
}

static int add_row(struct table *t, struct qw_bytes payload, struct page *scratch)
{
	const struct myreply_format format = {.types = t->is_binary ? t->types : NULL, .count = t->count};
	struct myreply_row row;
	struct myreply_cell cell;
	int err = myreply_row_open(payload, &format, &row);

	for (size_t i = 0; !err && (err = myreply_row_next(&row, &cell)) == 0; i++) {
		if (cell.is_null)
			page_text(scratch, "NULL");
		else
			put_cell(t, i, cell.value, scratch);
		err = keep(t, scratch);
	}
	t->rows++;
	return err == QW_E_NOTFOUND ? 0 : err;
}

/* ---- tables ---- */

static size_t width_of(const struct table *t, size_t column)
{
	size_t most = 0;

	for (size_t i = column; i < t->cell_count; i += t->count) {
		size_t n = page_width(qw_bytes_from(t->cells[i]));

		most = n > most ? n : most;
	}
	return most;
}

static void end_table(struct table *t)
{
	size_t *widths = t->count ? qw_arena_alloc(&t->arena, t->count * sizeof(*widths)) : NULL;

	for (size_t i = 0; widths && i < t->count; i++)
		widths[i] = width_of(t, i);
	for (size_t i = 0; widths && i < t->cell_count; i++) {
		size_t column = i % t->count, gap = widths[column] - page_width(qw_bytes_from(t->cells[i]));

		page_text(t->out, column ? "| " : " ");
		page_text(t->out, t->cells[i]);
		page_fill(t->out, ' ', column + 1 < t->count ? gap + 1 : 0);
		if (column + 1 < t->count)
			continue;
		page_text(t->out, "\n");
		for (size_t k = 0; i < t->count && k < t->count; k++) { /* behind the captions */
			page_text(t->out, k ? "+-" : "-");
			page_fill(t->out, '-', widths[k] + 1);
		}
		page_text(t->out, i < t->count ? "\n" : "");
	}
	if (widths)
		page_printf(t->out, "(%llu row%s)\n", (unsigned long long)t->rows, t->rows == 1 ? "" : "s");
	qw_arena_reset(&t->arena);
	t->count = t->cell_count = 0;
	t->rows = 0;
}

static int add_column(struct table *t, const struct myreply_column *c, struct page *scratch)
{
	if (t->count == MYREPLY_COLUMNS_MAX)
		return QW_E_LIMIT;
	t->types[t->count] = c->type;
	t->is_unsigned[t->count] = c->flags & MYREPLY_UNSIGNED;
	t->is_bytes[t->count] = c->collation == MYREPLY_COLLATION_BINARY && c->type >= 249 && c->type != 255;
	t->count++;
	page_safe(scratch, c->name);
	return keep(t, scratch);
}

static int show(struct table *t, const struct myreply_item *item, struct page *scratch)
{
	switch (item->kind) {
	case MYREPLY_COLUMN:
		return add_column(t, &item->column, scratch);
	case MYREPLY_ROW:
		return add_row(t, item->payload, scratch);
	case MYREPLY_ROWS_END:
		end_table(t);
		return 0;
	case MYREPLY_OK:
		page_printf(t->out, "OK, %llu row%s affected\n", (unsigned long long)item->ok.affected_rows,
			item->ok.affected_rows == 1 ? "" : "s");
		return 0;
	case MYREPLY_ERROR:
		end_table(t);
		page_printf(t->out, "ERROR %u (%.5s): ", item->error.code, item->error.sqlstate);
		page_safe(t->out, item->error.message);
		page_text(t->out, "\n");
		return 0;
	case MYREPLY_EOF:
	case MYREPLY_INFILE:
	case MYREPLY_COUNT:
	case MYREPLY_COLUMNS_END:
	case MYREPLY_PREPARED:
	case MYREPLY_PARAMETER:
	case MYREPLY_PARAMETERS_END:
	case MYREPLY_TEXT:
	case MYREPLY_PROGRESS:
		break;
	}
	return 0;
}

static int read_all(struct table *t, struct qw_bytes *left, struct myreply *reply, struct page *scratch)
{
	struct qw_buf joined;
	int err = 0;

	qw_buf_init(&joined, ROW_MAX);
	while (!err && left->n >= MYWIRE_HEADER) {
		struct mywire_packet p;
		struct myreply_item item;
		struct qw_bytes payload;

		err = mywire_packet_peek(*left, left->p[3], ROW_MAX, &p);
		payload = p.payload;
		qw_buf_clear(&joined);
		if (!err && p.frames > 1) {
			err = mywire_packet_join(*left, &p, &joined);
			payload = qw_buf_pending(&joined);
		}
		if (!err)
			err = myreply_read(reply, payload, &item);
		if (!err)
			err = show(t, &item, scratch);
		if (!err)
			*left = qw_bytes(left->p + p.wire_bytes, left->n - p.wire_bytes);
	}
	qw_buf_fini(&joined);
	return err;
}

/* The number of parameters, then what COM_STMT_EXECUTE says of them; without long data. */
int transcript_mysql_binds(struct qw_bytes binds, struct qw_buf *out)
{
	struct cursor c = cur_from(binds);
	const struct mywire_statement statement = {.parameter_count = (uint16_t)mywire_le(&c, 2)};
	struct mywire_execute e;
	struct qw_bytes body = cur_rest(&c);
	struct qw_buf payload;
	int err;

	qw_buf_init(&payload, body.n + 8);
	err = qw_buf_append(&payload, "\x17\0\0\0\0", 5);
	if (!err)
		err = qw_buf_append(&payload, body.p, body.n);
	if (!err)
		err = mywire_execute_decode(qw_buf_pending(&payload), &statement, &e);
	if (!err)
		err = mywire_execute_text(&e, out, 4096);
	qw_buf_fini(&payload);
	return err;
}

int transcript_mysql(struct page *out, struct qw_bytes packets, bool truncated, struct qw_bytes protocol)
{
	const bool has_types = protocol.n > 6 && memcmp(protocol.p + protocol.n - 6, "-types", 6) == 0;
	const struct mywire_link link = {.capabilities = MYWIRE_PROTOCOL_41, .extended = has_types ? MYWIRE_EXT_METADATA : 0};
	struct table *t = calloc(1, sizeof(*t));
	struct myreply reply;
	struct page scratch;
	int err;

	if (!t)
		return QW_E_NOMEM;
	t->out = out;
	t->is_binary = protocol.n >= 12 && memcmp(protocol.p, "mysql-binary", 12) == 0;
	page_init(&scratch);
	qw_arena_init(&t->arena, ARENA_MAX);
	myreply_begin(&reply, t->is_binary ? MYWIRE_ANSWER_EXECUTE : MYWIRE_ANSWER_RESULT, link, 0);
	err = read_all(t, &packets, &reply, &scratch);
	if (t->count)
		end_table(t); /* it was cut off, and is shown as far as it goes: it is evidence */
	if (truncated)
		page_text(out, "(the record holds no more of this response)\n");
	else if (err)
		page_printf(out, "(the rest of this response cannot be read: %s; %zu bytes)\n", qw_error_text(err), packets.n);
	qw_arena_fini(&t->arena);
	page_fini(&scratch);
	free(t->cells);
	free(t);
	return out->err;
}
