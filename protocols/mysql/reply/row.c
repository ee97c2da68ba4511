/*
 * Rows, cell by cell. Text: each cell with its length, fb for NULL. Binary: 00, a bit for each NULL
 * (the first two are unused), then the values as their column's type has them.
 */
#include "internal.h"

enum { BINARY_ROW = 0x00, TEXT_NULL = 0xFB, NULLS_OFFSET = 2 };

static size_t nulls_bytes(size_t columns)
{
	return (columns + NULLS_OFFSET + 7) / 8;
}

static bool bit(struct qw_bytes bits, size_t i)
{
	return bits.p[i / 8] >> i % 8 & 1;
}

/* Bits that stand for no column must be 0: nothing is hidden in them. */
static bool is_clean(struct qw_bytes nulls, size_t columns)
{
	bool clean = !bit(nulls, 0) && !bit(nulls, 1);

	for (size_t i = columns + NULLS_OFFSET; i < nulls.n * 8; i++)
		clean = clean && !bit(nulls, i);
	return clean;
}

int myreply_row_open(
	struct qw_bytes payload, const struct myreply_format *format, struct myreply_row *out)
{
	*out = (struct myreply_row){.format = format, .c = cur_from(payload)};
	if (!format->types) /* a cell has one byte at least */
		return cur_fits(&out->c, format->count, 1) ? 0 : QW_E_MALFORMED;
	if (cur_u8(&out->c) != BINARY_ROW)
		return QW_E_MALFORMED;
	out->nulls = cur_bytes(&out->c, nulls_bytes(format->count));
	if (out->c.failed || !is_clean(out->nulls, format->count))
		return QW_E_MALFORMED;
	return 0;
}

int myreply_row_next(struct myreply_row *r, struct myreply_cell *out)
{
	struct cursor before = r->c;
	size_t i = r->next;

	*out = (struct myreply_cell){0};
	if (i == r->format->count)
		return cur_end(&r->c) ? QW_E_MALFORMED : QW_E_NOTFOUND;
	r->next++;
	if (!r->format->types) {
		out->is_null = mywire_lenenc_null(&r->c, &out->value);
	} else if (bit(r->nulls, i + NULLS_OFFSET)) {
		out->is_null = true;
		return 0;
	} else {
		out->value = mywire_binary_value(&r->c, r->format->types[i]);
	}
	if (r->c.failed)
		return QW_E_MALFORMED;
	out->raw = cur_bytes(&before, cur_left(&before) - cur_left(&r->c));
	return 0;
}

static void fail(struct myreply_row_out *r, int err)
{
	struct builder *b = &r->b;

	if (b->err)
		return;
	b->err = err;
	b->out->n = b->out->off + b->mark - 1;
	b->mark = 0;
}

void myreply_row_begin(
	struct myreply_row_out *r, struct qw_buf *out, const struct myreply_format *format)
{
	*r = (struct myreply_row_out){.format = format};
	mywire_begin(&r->b, out);
	if (!format->types)
		return;
	bld_u8(&r->b, BINARY_ROW);
	r->nulls = qw_buf_pending(out).n;
	for (size_t n = nulls_bytes(format->count); n; n--)
		bld_u8(&r->b, 0);
}

/* Which column comes next; false: there is none, and the row has failed. */
static bool next_column(struct myreply_row_out *r, size_t *i)
{
	*i = r->next;
	if (r->next == r->format->count) {
		fail(r, QW_E_MALFORMED);
		return false;
	}
	r->next++;
	return true;
}

void myreply_row_null(struct myreply_row_out *r)
{
	struct qw_buf *out = r->b.out;
	size_t i;

	if (!next_column(r, &i))
		return;
	if (!r->format->types) {
		bld_u8(&r->b, TEXT_NULL);
		return;
	}
	i += NULLS_OFFSET;
	if (!r->b.err)
		out->p[out->off + r->nulls + i / 8] |= (uint8_t)(1u << i % 8);
}

void myreply_row_copy(struct myreply_row_out *r, const struct myreply_cell *cell)
{
	size_t i;

	if (cell->is_null)
		myreply_row_null(r);
	else if (next_column(r, &i))
		bld_bytes(&r->b, cell->raw);
}

/* What was written must read as one value of this type, all of it. */
static void check_value(struct myreply_row_out *r, size_t start, uint8_t type)
{
	struct qw_bytes all = qw_buf_pending(r->b.out);
	struct cursor c = cur_from(all);

	if (r->b.err)
		return;
	(void)cur_bytes(&c, start);
	(void)mywire_binary_value(&c, type);
	if (cur_end(&c))
		fail(r, QW_E_MALFORMED);
}

void myreply_row_value(struct myreply_row_out *r, struct qw_bytes value)
{
	size_t i, start = qw_buf_pending(r->b.out).n;
	int form = MYWIRE_FORM_LENENC;

	if (!next_column(r, &i))
		return;
	if (r->format->types)
		form = mywire_type_form(r->format->types[i]);
	if (form == MYWIRE_FORM_LENENC)
		mywire_put_lenenc(&r->b, value.n);
	else if (form == MYWIRE_FORM_TEMPORAL)
		bld_u8(&r->b, (uint8_t)value.n);
	bld_bytes(&r->b, value);
	if (r->format->types)
		check_value(r, start, r->format->types[i]);
}

int myreply_row_end(struct myreply_row_out *r, uint8_t *seq)
{
	if (r->next != r->format->count)
		fail(r, QW_E_MALFORMED);
	return mywire_end(&r->b, seq);
}
