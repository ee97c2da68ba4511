/*
 * The rows of a COPY stream. An input is: format and header, delimiter, quote, escape, columns, how to cut, length of the NULL
 * text (255: none), the NULL text, the stream. What must hold: a stream has the same rows and the same end however it is cut;
 * rows written unchanged are the stream; a row with one cell replaced is read as the same row with that cell.
 */
#include "qw/pgcopy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 7, COLUMNS_MAX = 8, STREAM_MAX = 1 << 16 };

struct copy {
	struct qw_arena arena;
	struct pgcopy c;
};

static bool copy_open(struct copy *copy, const struct pgcopy_options *o)
{
	qw_arena_init(&copy->arena, 1 << 14);
	return pgcopy_init(&copy->c, o, &copy->arena) == 0;
}

static void copy_close(struct copy *copy)
{
	pgcopy_fini(&copy->c);
	qw_arena_fini(&copy->arena);
}

/* Reads `body` to its end; the rows, marked, go to `cells`, their bytes to `bytes`. */
static int read_rows(struct pgcopy *c, struct qw_bytes body, struct qw_buf *cells, struct qw_buf *bytes)
{
	struct pgcopy_row row;
	int err = pgcopy_feed(c, body);

	while (!err && !(err = pgcopy_next(c, &row))) {
		QW_ASSERT(row.count == (row.kind == PGCOPY_TRAILER ? 0 : c->o.columns));
		QW_ASSERT(!pgcopy_mask_row(c, (const bool[COLUMNS_MAX]){0}, NULL, bytes));
		QW_ASSERT(!qw_buf_printf(cells, "<%d", (int)row.kind));
		for (size_t i = 0; !err && i < row.count; i++) {
			struct pgcopy_value v;

			err = pgcopy_value_get(c, i, &v);
			QW_ASSERT(!qw_buf_printf(cells, ",%d:%zu:", v.is_null, v.bytes.n));
			QW_ASSERT(!qw_buf_append(cells, v.bytes.p, v.bytes.n));
		}
	}
	return err;
}

static int read_stream(const struct pgcopy_options *o, struct qw_bytes stream, size_t step, struct qw_buf *cells)
{
	struct qw_buf bytes;
	struct copy copy;
	int err = QW_E_INCOMPLETE;

	qw_buf_init(&bytes, STREAM_MAX);
	QW_ASSERT(copy_open(&copy, o));
	for (size_t at = 0; err == QW_E_INCOMPLETE && at < stream.n;) {
		size_t n = step < stream.n - at ? step : stream.n - at;

		err = read_rows(&copy.c, qw_bytes(stream.p + at, n), cells, &bytes);
		at += n;
	}
	if (err == QW_E_INCOMPLETE)
		err = pgcopy_end(&copy.c);
	QW_ASSERT(bytes.n <= stream.n && (bytes.n == 0 || memcmp(bytes.p, stream.p, bytes.n) == 0));
	QW_ASSERT(err || bytes.n == stream.n);
	copy_close(&copy);
	qw_buf_fini(&bytes);
	return err;
}

static void check_cuts(const struct pgcopy_options *o, struct qw_bytes stream, size_t step)
{
	struct qw_buf whole, cut;
	int err;

	qw_buf_init(&whole, STREAM_MAX * 16);
	qw_buf_init(&cut, STREAM_MAX * 16);
	err = read_stream(o, stream, STREAM_MAX, &whole);
	QW_ASSERT(err == read_stream(o, stream, step, &cut));
	QW_ASSERT(qw_bytes_equal(qw_buf_pending(&whole), qw_buf_pending(&cut)));
	qw_buf_fini(&whole);
	qw_buf_fini(&cut);
}

/* The row of `from`, one cell of it replaced, is the next row of `to`. */
static bool check_masked(struct pgcopy *from, struct pgcopy *to, size_t column, const struct pgcopy_value *set)
{
	struct pgcopy_value values[COLUMNS_MAX] = {0}, a, b;
	bool changed[COLUMNS_MAX] = {false}, is_row = from->row.kind == PGCOPY_ROW;
	struct pgcopy_row row;
	struct qw_buf out;

	values[column] = *set;
	changed[column] = true;
	qw_buf_init(&out, STREAM_MAX * 8);
	QW_ASSERT(!pgcopy_mask_row(from, changed, values, &out));
	QW_ASSERT(!pgcopy_feed(to, qw_buf_pending(&out)));
	QW_ASSERT(!pgcopy_next(to, &row));
	QW_ASSERT(row.bytes.n == out.n && row.kind == from->row.kind && row.count == from->row.count);
	for (size_t i = 0; i < row.count; i++) {
		int err = pgcopy_value_get(from, i, &a);

		if (is_row && i == column) {
			a = *set;
			err = 0;
		}
		QW_ASSERT(err == pgcopy_value_get(to, i, &b));
		if (!err && !(a.is_null && from->null_is_ambiguous))
			QW_ASSERT(a.is_null == b.is_null && qw_bytes_equal(a.bytes, b.bytes));
	}
	QW_ASSERT(pgcopy_next(to, &row) == QW_E_INCOMPLETE);
	qw_buf_fini(&out);
	return true;
}

static void check_masks(const struct pgcopy_options *o, struct qw_bytes stream, size_t step)
{
	size_t value_bytes = step < stream.n ? step : stream.n;
	struct pgcopy_value set = {.bytes = qw_bytes(stream.p, value_bytes), .is_null = step % 7 == 0};
	struct pgcopy_options wide = *o;
	struct copy from, to;
	struct pgcopy_row row;

	if (o->columns == 0)
		return;
	if (set.is_null)
		set.bytes = qw_bytes(NULL, 0);
	if (o->format != PGCOPY_BINARY && set.bytes.n)
		set.bytes.n = strnlen((const char *)set.bytes.p, set.bytes.n);
	wide.row_bytes_max = STREAM_MAX * 8;
	QW_ASSERT(copy_open(&from, o) && copy_open(&to, &wide));
	QW_ASSERT(!pgcopy_feed(&from.c, stream));
	while (pgcopy_next(&from.c, &row) == 0)
		QW_ASSERT(check_masked(&from.c, &to.c, step % o->columns, &set));
	copy_close(&from);
	copy_close(&to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const bool force[COLUMNS_MAX] = {true, false, true};
	char null_text[256];
	struct pgcopy_options o;
	struct qw_bytes stream;
	struct copy copy;
	size_t n;
	bool is_taken;

	if (size < HEAD || size > STREAM_MAX)
		return 0;
	n = data[6] == 255 ? 0 : data[6];
	if (n > size - HEAD)
		return 0;
	memcpy(null_text, data + HEAD, n);
	null_text[n] = 0;
	o = (struct pgcopy_options){.format = data[0] % 3, .header = data[0] & 4, .delimiter = data[1], .quote = data[2],
		.escape = data[3], .columns = data[4] % COLUMNS_MAX, .null_text = data[6] == 255 ? NULL : null_text,
		.force_quote = data[0] & 8 ? force : NULL, .row_bytes_max = data[0] & 16 ? 32 : STREAM_MAX};
	stream = qw_bytes(data + HEAD + n, size - HEAD - n);
	is_taken = copy_open(&copy, &o);
	copy_close(&copy);
	if (is_taken) {
		check_cuts(&o, stream, 1 + data[5] % 64);
		check_masks(&o, stream, 1 + data[5] % 64);
	}
	return 0;
}
