/* A row written again. New cells are written as COPY TO writes them (CopyAttributeOutText, CopyAttributeOutCSV). */
#include "internal.h"
#include "qw/wire.h"

/* Behind a backslash for `byte`; 0 when it stands for itself. */
static uint8_t text_escape(uint8_t byte, uint8_t delimiter)
{
	switch (byte) {
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	case '\v':
		return 'v';
	default:
		return byte == delimiter || byte == '\\' ? byte : 0;
	}
}

static int put_escaped(uint8_t escape, uint8_t byte, struct qw_buf *out)
{
	const uint8_t pair[] = {escape, byte};

	return qw_buf_append(out, pair, sizeof(pair));
}

int pgcopy_put_text(const struct pgcopy *c, struct qw_bytes value, struct qw_buf *out)
{
	size_t from = 0, at = 0;
	int err = 0;

	while (!err && (at = pgcopy_special(value, at, c->o.delimiter, '\\')) < value.n) {
		uint8_t letter = text_escape(value.p[at], c->o.delimiter);

		if (value.p[at] == 0)
			return QW_E_MALFORMED;
		at++;
		if (!letter)
			continue;
		err = qw_buf_append(out, value.p + from, at - 1 - from);
		if (!err)
			err = put_escaped('\\', letter, out);
		from = at;
	}
	return err ? err : qw_buf_append(out, value.n ? value.p + from : NULL, value.n - from);
}

/*
 * A value that looks like the NULL text: the first byte is escaped, which COPY FROM reads as the same value. An empty value
 * has no such form; then the client reads NULL, as it would from the server. Hex digits may not be of a character that the
 * server has in another encoding, so those get the backslash alone.
 */
static int put_text_disguised(const struct pgcopy *c, struct qw_bytes value, struct qw_buf *out)
{
	static const char hex[] = "0123456789abcdef";
	uint8_t first = value.p[0];
	int err = put_escaped('\\', first < 0x80 ? 'x' : first, out);

	if (!err && first < 0x80)
		err = put_escaped(hex[first >> 4], hex[first & 15], out);
	return err ? err : pgcopy_put_text(c, qw_bytes(value.p + 1, value.n - 1), out);
}

static int put_text_cell(const struct pgcopy *c, struct qw_bytes value, struct qw_buf *out)
{
	size_t before = out->n - out->off, n;
	int err = pgcopy_put_text(c, value, out);

	n = out->n - out->off - before;
	if (err || n == 0 || !qw_bytes_equal(qw_bytes(out->p + out->n - n, n), c->null_text))
		return err;
	out->n -= n;
	return put_text_disguised(c, value, out);
}

static int csv_needs_quotes(const struct pgcopy *c, struct qw_bytes value, bool *needs)
{
	*needs = qw_bytes_equal(value, c->null_text) || (c->o.columns == 1 && qw_bytes_equal(value, QW_LIT("\\.")));
	for (size_t at = 0; (at = pgcopy_special(value, at, c->o.delimiter, c->o.quote)) < value.n; at++) {
		uint8_t byte = value.p[at];

		if (byte == 0)
			return QW_E_MALFORMED;
		if (byte == c->o.delimiter || byte == c->o.quote || byte == '\n' || byte == '\r')
			*needs = true;
	}
	return 0;
}

static int put_csv_cell(const struct pgcopy *c, struct qw_bytes value, bool force, struct qw_buf *out)
{
	const uint8_t quote = c->o.quote, escape = c->o.escape;
	size_t from = 0;
	bool needs;
	int err = csv_needs_quotes(c, value, &needs);

	if (err)
		return err;
	if (!needs && !force)
		return qw_buf_append(out, value.p, value.n);
	err = qw_buf_append(out, &quote, 1);
	for (size_t at = 0; !err && (at = pgcopy_special(value, at, quote, escape)) < value.n; at++) {
		if (value.p[at] != quote && value.p[at] != escape)
			continue;
		err = qw_buf_append(out, value.p + from, at - from);
		if (!err)
			err = put_escaped(escape, value.p[at], out);
		from = at + 1;
	}
	if (!err)
		err = qw_buf_append(out, value.n ? value.p + from : NULL, value.n - from);
	return err ? err : qw_buf_append(out, &quote, 1);
}

static int put_binary_cell(const struct pgcopy_value *v, struct qw_buf *out)
{
	struct builder b;

	if (v->bytes.n > INT32_MAX)
		return QW_E_LIMIT;
	bld_init(&b, out);
	bld_be32(&b, v->is_null ? UINT32_MAX : (uint32_t)v->bytes.n);
	if (!v->is_null)
		bld_bytes(&b, v->bytes);
	return bld_error(&b);
}

static int put_cell(const struct pgcopy *c, size_t column, const struct pgcopy_value *v, struct qw_buf *out)
{
	if (c->o.format == PGCOPY_BINARY)
		return put_binary_cell(v, out);
	if (v->is_null)
		return qw_buf_append(out, c->null_text.p, c->null_text.n);
	if (c->o.format == PGCOPY_TEXT)
		return put_text_cell(c, v->bytes, out);
	return put_csv_cell(c, v->bytes, c->o.force_quote && c->o.force_quote[column], out);
}

static int put_row(const struct pgcopy *c, const bool changed[], const struct pgcopy_value values[], struct qw_buf *out)
{
	struct qw_bytes row = c->row.bytes;
	size_t from = 0;
	int err = 0;

	for (size_t i = 0; !err && i < c->count; i++) {
		const struct pgcopy_cell *cell = &c->cells[i];

		if (!changed[i])
			continue;
		err = qw_buf_append(out, row.p + from, cell->at - from);
		if (!err)
			err = put_cell(c, i, &values[i], out);
		from = (size_t)cell->at + cell->n;
	}
	return err ? err : qw_buf_append(out, row.p + from, row.n - from);
}

int pgcopy_mask_row(const struct pgcopy *c, const bool changed[], const struct pgcopy_value values[], struct qw_buf *out)
{
	size_t before = out->n - out->off;
	int err;

	if (!c->has_row)
		return QW_E_STATE;
	if (c->row.kind != PGCOPY_ROW)
		return qw_buf_append(out, c->row.bytes.p, c->row.bytes.n);
	err = put_row(c, changed, values, out);
	if (err)
		out->n = out->off + before;
	return err;
}
