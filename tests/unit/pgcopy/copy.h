/* A stream of COPY as one text: "cell,cell;" for each row, a NULL as ~, a header as #...; a trailer as $; */
#ifndef PGCOPY_COPY_H
#define PGCOPY_COPY_H

#include "../../support/cmocka_qw.h"

#include "qw/pgcopy.h"

enum { SHOWN_MAX = 1 << 20 };

static struct pgcopy_options options_of(enum pgcopy_format format, size_t columns)
{
	return (struct pgcopy_options){.format = format, .columns = columns, .row_bytes_max = 1 << 16};
}

static int show_row(struct pgcopy *c, const struct pgcopy_row *row, struct qw_buf *out)
{
	static const char *const kinds[] = {[PGCOPY_ROW] = "", [PGCOPY_HEADER] = "#", [PGCOPY_TRAILER] = "$"};
	int err = qw_buf_printf(out, "%s", kinds[row->kind]);

	for (size_t i = 0; !err && i < row->count; i++) {
		struct pgcopy_value v;

		err = qw_buf_append(out, ",", i ? 1 : 0);
		if (!err)
			err = pgcopy_value_get(c, i, &v);
		if (!err)
			err = v.is_null ? qw_buf_append(out, "~", 1) : qw_buf_append(out, v.bytes.p, v.bytes.n);
	}
	return err ? err : qw_buf_append(out, ";", 1);
}

/* All rows of one message; each is appended to `same` as it came. */
static int show_message(struct pgcopy *c, struct qw_bytes body, struct qw_buf *shown, struct qw_buf *same)
{
	struct pgcopy_row row;
	int err = pgcopy_feed(c, body);

	while (!err && !(err = pgcopy_next(c, &row))) {
		assert_true(pgcopy_feed(c, body) == QW_E_STATE);
		err = show_row(c, &row, shown);
		if (!err && same)
			err = pgcopy_mask_row(c, (const bool[PGCOPY_COLUMNS_MAX]){0}, NULL, same);
	}
	return err == QW_E_INCOMPLETE ? 0 : err;
}

/* Messages of `step` bytes (0: one message), each in a block of its own, so that a sanitizer sees a read too far. */
static int show_stream(const struct pgcopy_options *o, struct qw_bytes stream, size_t step, struct qw_buf *shown, struct qw_buf *same)
{
	struct qw_arena arena;
	struct pgcopy c;
	int err;

	qw_arena_init(&arena, 1 << 20);
	err = pgcopy_init(&c, o, &arena);
	for (size_t at = 0; !err && at < stream.n;) {
		size_t n = step && step < stream.n - at ? step : stream.n - at;
		struct qw_buf message;

		qw_buf_init(&message, n);
		assert_int_equal(qw_buf_append(&message, stream.p + at, n), 0);
		err = show_message(&c, qw_buf_pending(&message), shown, same);
		qw_buf_fini(&message);
		at += n;
	}
	if (!err)
		err = pgcopy_end(&c);
	pgcopy_fini(&c);
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
	return err;
}

/* The same rows, and the same bytes when nothing is replaced, however the stream is cut. */
static inline void expect_rows(const struct pgcopy_options *o, struct qw_bytes stream, const char *want)
{
	for (size_t step = 0; step <= stream.n && step < 40; step++) {
		struct qw_buf shown, same;

		qw_buf_init(&shown, SHOWN_MAX);
		qw_buf_init(&same, SHOWN_MAX);
		assert_int_equal(show_stream(o, stream, step, &shown, &same), 0);
		assert_bytes_equal(qw_buf_pending(&shown), qw_bytes_from(want));
		assert_bytes_equal(qw_buf_pending(&same), stream);
		qw_buf_fini(&shown);
		qw_buf_fini(&same);
	}
}

static inline void expect_error(const struct pgcopy_options *o, struct qw_bytes stream, int want)
{
	for (size_t step = 0; step <= stream.n && step < 40; step++) {
		struct qw_buf shown;

		qw_buf_init(&shown, SHOWN_MAX);
		assert_int_equal(show_stream(o, stream, step, &shown, NULL), want);
		qw_buf_fini(&shown);
	}
}

static inline void expect_malformed(const struct pgcopy_options *o, struct qw_bytes stream)
{
	expect_error(o, stream, QW_E_MALFORMED);
}

/* One row with cell `column` replaced by `value` (NULL: NULL). */
static inline void expect_masked(
	const struct pgcopy_options *o, struct qw_bytes stream, size_t column, const char *value, struct qw_bytes want)
{
	bool changed[8] = {0};
	struct pgcopy_value values[8] = {0};
	struct qw_arena arena;
	struct pgcopy_row row;
	struct qw_buf out;
	struct pgcopy c;

	changed[column] = true;
	values[column] = (struct pgcopy_value){qw_bytes_from(value), value == NULL};
	qw_arena_init(&arena, 1 << 20);
	qw_buf_init(&out, 1 << 16);
	assert_int_equal(qw_buf_append(&out, "before", 6), 0);
	qw_buf_consume(&out, 3);
	assert_int_equal(pgcopy_init(&c, o, &arena), 0);
	assert_int_equal(pgcopy_feed(&c, stream), 0);
	assert_int_equal(pgcopy_next(&c, &row), 0);
	assert_int_equal(pgcopy_mask_row(&c, changed, values, &out), 0);
	qw_buf_consume(&out, 3);
	assert_bytes_equal(qw_buf_pending(&out), want);
	qw_buf_fini(&out);
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
}

#endif
