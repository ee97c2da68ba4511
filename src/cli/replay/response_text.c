#include "transcript.h"

#include "qw/pgwire.h"

#include <stdlib.h>

enum { ARENA_MAX = 512 << 20, CELL_BYTES_MAX = 4096 };

struct cell {
	const char *text; /* printable, escaped */
	size_t columns;
};

struct result { /* one table, from RowDescription to CommandComplete */
	struct page *out;
	struct qw_arena arena;
	struct pgwire_column *columns;
	struct cell *captions;
	size_t count;
	bool is_open, is_described;
	struct row {
		struct row *next;
		struct cell *cells;
	} * first, **last;
	uint64_t rows;
};

static void result_clear(struct result *r)
{
	qw_arena_reset(&r->arena);
	r->columns = NULL;
	r->captions = NULL;
	r->first = NULL;
	r->last = &r->first;
	r->rows = 0;
	r->count = 0;
	r->is_open = r->is_described = false;
}

/* ---- collecting ---- */

static int keep_cell(struct result *r, struct page *scratch, struct cell *out)
{
	struct qw_bytes text = qw_buf_pending(&scratch->b);

	if (scratch->err)
		return scratch->err;
	out->text = qw_arena_strdup(&r->arena, text);
	out->columns = page_width(text);
	qw_buf_clear(&scratch->b);
	return out->text ? 0 : QW_E_LIMIT;
}

static int set_captions(struct result *r, struct page *scratch)
{
	r->captions = qw_arena_alloc(&r->arena, (r->count + 1) * sizeof(*r->captions));
	if (!r->captions)
		return QW_E_LIMIT;
	for (size_t i = 0; i < r->count; i++) {
		int err;

		if (r->is_described)
			page_safe(scratch, qw_bytes_from(r->columns[i].name));
		else
			page_printf(scratch, "column%zu", i + 1);
		err = keep_cell(r, scratch, &r->captions[i]);
		if (err)
			return err;
	}
	return 0;
}

static int describe(struct result *r, struct qw_bytes body, struct page *scratch)
{
	struct qw_bytes copy;
	int err;

	result_clear(r);
	copy = qw_bytes(qw_arena_strdup(&r->arena, body), body.n); /* names are borrowed from it */
	if (!copy.p)
		return QW_E_LIMIT;
	err = pgwire_row_description_decode(copy, &r->arena, &r->columns, &r->count);
	if (err)
		return err;
	r->is_open = r->is_described = true;
	return set_captions(r, scratch);
}

/* Rows of a portal that was described in an earlier response: names and types are not here. */
static int open_undescribed(struct result *r, size_t count, struct page *scratch)
{
	result_clear(r);
	r->count = count;
	r->is_open = true;
	return set_captions(r, scratch);
}

static int add_value(
	struct result *r, size_t i, struct qw_bytes v, struct page *scratch, struct cell *out)
{
	uint32_t type = r->is_described ? r->columns[i].type_oid : 0;
	size_t all = v.n;

	if (v.n > CELL_BYTES_MAX)
		v.n = CELL_BYTES_MAX;
	transcript_value(scratch, type, r->is_described && r->columns[i].format == 1, v);
	if (v.n < all)
		page_printf(scratch, "... (%zu bytes)", all);
	return keep_cell(r, scratch, out);
}

static int add_row(struct result *r, struct qw_bytes body, struct page *scratch)
{
	struct pgwire_row in;
	struct qw_bytes v;
	bool is_null;
	struct row *row;
	int err = pgwire_row_open(body, &in);

	if (!err && !r->is_open)
		err = open_undescribed(r, in.count, scratch);
	if (err)
		return err;
	if (in.count != r->count)
		return QW_E_MALFORMED;
	row = qw_arena_alloc(&r->arena, sizeof(*row));
	if (row)
		row->cells = qw_arena_alloc(&r->arena, (r->count + 1) * sizeof(*row->cells));
	if (!row || !row->cells)
		return QW_E_LIMIT;
	for (size_t i = 0; !err && (err = pgwire_row_next(&in, &v, &is_null)) == 0; i++)
		err = is_null ? 0 : add_value(r, i, v, scratch, &row->cells[i]);
	if (err != QW_E_NOTFOUND)
		return err;
	*r->last = row;
	r->last = &row->next;
	r->rows++;
	return 0;
}

/* ---- printing, as psql's aligned format ---- */

static size_t width_of(const struct result *r, size_t i)
{
	size_t w = r->captions[i].columns;

	for (const struct row *row = r->first; row; row = row->next)
		w = row->cells[i].columns > w ? row->cells[i].columns : w;
	return w;
}

static void put_padded(struct page *out, const struct cell *c, size_t before, size_t after)
{
	page_fill(out, ' ', before);
	page_text(out, c->text ? c->text : "");
	page_fill(out, ' ', after);
}

static void put_header(const struct result *r, const size_t *widths)
{
	for (size_t i = 0; i < r->count; i++) {
		size_t gap = widths[i] - r->captions[i].columns;

		page_text(r->out, i ? "| " : " ");
		put_padded(r->out, &r->captions[i], gap / 2, gap - gap / 2 + 1);
	}
	page_text(r->out, "\n");
	for (size_t i = 0; i < r->count; i++) {
		page_text(r->out, i ? "+-" : "-");
		page_fill(r->out, '-', widths[i] + 1);
	}
	page_text(r->out, r->count ? "\n" : "--\n");
}

static void put_row(const struct result *r, const struct row *row, const size_t *widths)
{
	for (size_t i = 0; i < r->count; i++) {
		size_t gap = widths[i] - row->cells[i].columns;
		bool right = r->is_described && transcript_is_number(r->columns[i].type_oid);
		bool last = i + 1 == r->count;

		page_text(r->out, i ? "| " : " ");
		put_padded(r->out, &row->cells[i], right ? gap : 0,
			(right	       ? 0
				: last ? 0
				       : gap) +
				!last);
	}
	page_text(r->out, "\n");
}

static int put_table(struct result *r)
{
	size_t *widths = qw_arena_alloc(&r->arena, (r->count + 1) * sizeof(*widths));

	if (!widths)
		return QW_E_LIMIT;
	for (size_t i = 0; i < r->count; i++)
		widths[i] = width_of(r, i);
	put_header(r, widths);
	for (const struct row *row = r->first; row; row = row->next)
		put_row(r, row, widths);
	page_printf(r->out, "(%llu row%s)\n", (unsigned long long)r->rows, r->rows == 1 ? "" : "s");
	return r->out->err;
}

static int end_table(struct result *r)
{
	int err = r->is_open ? put_table(r) : 0;

	result_clear(r);
	return err;
}

static int put_tag(struct result *r, struct qw_bytes body)
{
	bool had_table = r->is_open;
	const char *tag = NULL;
	int err = end_table(r);

	if (!err)
		err = pgwire_tag_decode(body, &tag);
	if (!err && !(had_table && strncmp(tag, "SELECT ", 7) == 0)) { /* psql's rows say it all */
		page_safe(r->out, qw_bytes_from(tag));
		page_text(r->out, "\n");
	}
	return err;
}

static void put_line(struct page *out, const char *label, const char *text)
{
	if (!text)
		return;
	page_text(out, label);
	page_safe(out, qw_bytes_from(text));
	page_text(out, "\n");
}

static int put_error(struct result *r, struct qw_bytes body)
{
	struct pgwire_error e;
	int err = end_table(r);

	if (!err)
		err = pgwire_error_decode(body, &e);
	if (err)
		return err;
	page_safe(r->out, qw_bytes_from(e.severity ? e.severity : "ERROR"));
	page_text(r->out, ":  ");
	page_safe(r->out, qw_bytes_from(e.sqlstate ? e.sqlstate : "?????"));
	page_text(r->out, ": ");
	put_line(r->out, "", e.message ? e.message : "");
	put_line(r->out, "DETAIL:  ", e.detail);
	put_line(r->out, "HINT:  ", e.hint);
	return 0;
}

static void put_copy(struct page *out, struct qw_bytes body)
{
	while (body.n && (body.p[body.n - 1] == '\n' || body.p[body.n - 1] == '\r'))
		body.n--;
	page_safe(out, body);
	page_text(out, "\n");
}

static int show_message(
	struct result *r, uint8_t type, struct qw_bytes body, struct page *scratch, char *status)
{
	uint8_t ready = 0;
	int err = 0;

	switch (type) {
	case 'T':
		err = end_table(r);
		return err ? err : describe(r, body, scratch);
	case 'D':
		return add_row(r, body, scratch);
	case 'C':
		return put_tag(r, body);
	case 'E':
	case 'N':
		return put_error(r, body);
	case 's':
		err = end_table(r);
		page_text(r->out, "(suspended)\n");
		return err;
	case 'd':
		put_copy(r->out, body);
		return 0;
	case 'Z':
		err = pgwire_ready_decode(body, &ready);
		*status = err ? *status : (char)ready;
		return err;
	default: /* the protocol's letters, not ours: completions without text */
		return 0;
	}
}

int transcript_response(struct page *out, struct qw_bytes messages, bool truncated, char *status)
{
	struct result r = {.out = out};
	struct pgwire_frame f;
	struct page scratch;
	int err = 0;

	page_init(&scratch);
	qw_arena_init(&r.arena, ARENA_MAX);
	result_clear(&r);
	while (!err && messages.n) {
		err = pgwire_frame_peek(messages, &f);
		if (!err && f.body_bytes > messages.n - PGWIRE_HEADER)
			err = QW_E_INCOMPLETE;
		if (err)
			break;
		err = show_message(&r, f.type, qw_bytes(messages.p + PGWIRE_HEADER, f.body_bytes),
			&scratch, status);
		messages = qw_bytes(messages.p + PGWIRE_HEADER + f.body_bytes,
			messages.n - PGWIRE_HEADER - f.body_bytes);
	}
	/* A record may hold less than was sent, and is shown even when it makes no sense: it is
	 * evidence. */
	if (r.is_open && out->err == 0 && r.captions)
		(void)!end_table(&r);
	if (truncated)
		page_text(out, "(the record holds no more of this response)\n");
	else if (err)
		page_printf(out, "(the rest of this response cannot be read: %s; %zu bytes)\n",
			qw_error_text(err), messages.n);
	qw_arena_fini(&r.arena);
	page_fini(&scratch);
	return out->err;
}
