/* The value of one cell. What differs from the stream's bytes is decoded into `values` at the cell's own offset. */
#include "internal.h"

/* Inside of the quotes; the reader saw that each escape stands before a quote or an escape. */
static size_t csv_decode(struct qw_bytes inner, uint8_t escape, uint8_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < inner.n; i++) {
		if (inner.p[i] == escape)
			i++;
		out[n++] = inner.p[i];
	}
	return n;
}

static int decode(struct pgcopy *c, const struct pgcopy_cell *cell, struct qw_bytes raw, struct qw_bytes *value)
{
	uint8_t *at;
	size_t n = 0;
	int err;

	if (!c->has_values) {
		qw_buf_clear(&c->values);
		err = qw_buf_reserve(&c->values, c->row.bytes.n);
		if (err)
			return err;
		c->has_values = true;
	}
	at = c->values.p + cell->at;
	if (c->o.format == PGCOPY_CSV)
		n = csv_decode(raw, c->o.escape, at);
	else if (pgcopy_text_decode(raw, at, &n))
		return QW_E_MALFORMED;
	*value = qw_bytes(at, n);
	return 0;
}

int pgcopy_value_get(struct pgcopy *c, size_t column, struct pgcopy_value *out)
{
	const struct pgcopy_cell *cell;
	struct qw_bytes raw;
	bool is_null;

	*out = (struct pgcopy_value){.is_null = true};
	if (!c->has_row || column >= c->count)
		return QW_E_STATE;
	cell = &c->cells[column];
	raw = qw_bytes(c->row.bytes.p + cell->at, cell->n);
	is_null = (cell->flags & CELL_NULL) && !c->null_is_ambiguous;
	if (is_null)
		return 0;
	if (c->o.format == PGCOPY_BINARY)
		raw = qw_bytes(raw.p + LENGTH_WORD, raw.n - LENGTH_WORD);
	else if (cell->flags & CELL_QUOTED)
		raw = qw_bytes(raw.p + 1, raw.n - 2);
	if (cell->flags & CELL_ESCAPED) {
		int err = decode(c, cell, raw, &raw);

		if (err)
			return err;
	}
	out->bytes = raw;
	out->is_null = false;
	return 0;
}
