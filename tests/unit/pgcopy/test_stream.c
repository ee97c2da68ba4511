/* Rows and messages: limits, errors that stay, values that stay, random rows cut at random. */
#include "copy.h"

static void test_row_limit(void **state)
{
	struct pgcopy_options o = options_of(PGCOPY_TEXT, 1);

	(void)state;
	o.row_bytes_max = 8;
	expect_rows(&o, QW_LIT("1234567\n1234567\n\n"), "1234567;1234567;;");
	expect_error(&o, QW_LIT("1234567\n12345678\n"), QW_E_LIMIT);
	expect_error(&o, QW_LIT("12345678901234567890"), QW_E_LIMIT);
	expect_error(&o, QW_LIT("12345678"), QW_E_LIMIT); /* full without an end, however it is cut */
	expect_malformed(&o, QW_LIT("1234567"));
	o.row_bytes_max = 1;
	expect_rows(&o, QW_LIT("\n\n"), ";;");
	o = options_of(PGCOPY_CSV, 1);
	o.row_bytes_max = 5;
	expect_rows(&o, QW_LIT("\"\n,\"\n"), "\n,;");
	expect_error(&o, QW_LIT("\"\n,,\"\n"), QW_E_LIMIT);
	o = options_of(PGCOPY_BINARY, 1);
	o.row_bytes_max = 30;
	expect_rows(&o, QW_LIT("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\5abcde\377\377"), "abcde;$;");
	expect_error(&o, QW_LIT("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\1\0\0\0\6abcdef\377\377"), QW_E_LIMIT);
}

static void test_errors_stay(void **state)
{
	struct pgcopy_options o = options_of(PGCOPY_TEXT, 1);
	struct qw_arena arena;
	struct pgcopy_row row;
	struct pgcopy_value v;
	struct pgcopy c;

	(void)state;
	qw_arena_init(&arena, 4096);
	assert_int_equal(pgcopy_init(&c, &o, &arena), 0);
	assert_int_equal(pgcopy_next(&c, &row), QW_E_INCOMPLETE);
	assert_int_equal(pgcopy_value_get(&c, 0, &v), QW_E_STATE);
	assert_true(v.is_null);
	assert_int_equal(pgcopy_feed(&c, QW_LIT("a\nb\tc\nd\n")), 0);
	assert_int_equal(pgcopy_end(&c), QW_E_STATE);
	assert_int_equal(pgcopy_next(&c, &row), 0);
	assert_int_equal(pgcopy_value_get(&c, 1, &v), QW_E_STATE);
	assert_int_equal(pgcopy_next(&c, &row), QW_E_MALFORMED);
	assert_int_equal(row.count, 0);
	assert_int_equal(pgcopy_value_get(&c, 0, &v), QW_E_STATE);
	assert_int_equal(pgcopy_next(&c, &row), QW_E_MALFORMED);
	assert_int_equal(pgcopy_feed(&c, QW_LIT("a\n")), QW_E_MALFORMED);
	assert_int_equal(pgcopy_end(&c), QW_E_MALFORMED);
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
}

static void test_values_stay(void **state)
{
	struct pgcopy_options o = options_of(PGCOPY_TEXT, 3);
	struct pgcopy_value v[3], again;
	struct qw_arena arena;
	struct pgcopy_row row;
	struct pgcopy c;

	(void)state;
	qw_arena_init(&arena, 4096);
	assert_int_equal(pgcopy_init(&c, &o, &arena), 0);
	assert_int_equal(pgcopy_feed(&c, QW_LIT("\\ta\t\\x4")), 0);
	assert_int_equal(pgcopy_next(&c, &row), QW_E_INCOMPLETE);
	assert_int_equal(pgcopy_feed(&c, QW_LIT("1b\tc\nnext\t\t\n")), 0);
	assert_int_equal(pgcopy_next(&c, &row), 0);
	for (size_t i = 3; i-- > 0;)
		assert_int_equal(pgcopy_value_get(&c, i, &v[i]), 0);
	assert_int_equal(pgcopy_value_get(&c, 1, &again), 0);
	assert_ptr_equal(again.bytes.p, v[1].bytes.p);
	assert_bytes_equal(v[0].bytes, QW_LIT("\ta"));
	assert_bytes_equal(v[1].bytes, QW_LIT("Ab"));
	assert_bytes_equal(v[2].bytes, QW_LIT("c"));
	assert_int_equal(pgcopy_next(&c, &row), 0);
	assert_bytes_equal(row.bytes, QW_LIT("next\t\t\n"));
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
}

static uint32_t random_state = 5;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

enum { COLUMNS = 3, ROWS = 20, VALUE_MAX = 24 };

struct table {
	uint8_t bytes[ROWS][COLUMNS][VALUE_MAX];
	struct pgcopy_value values[ROWS][COLUMNS];
};

static void table_make(struct table *t, bool with_nul)
{
	static const char alphabet[] = "\t\n\r\\\"',;|N.x01ab\b\xc3\xa9\x01*NULL-";

	for (size_t i = 0; i < (size_t)ROWS * COLUMNS; i++) {
		uint8_t *p = t->bytes[i / COLUMNS][i % COLUMNS];
		size_t n = random_below(VALUE_MAX);

		for (size_t k = 0; k < n; k++)
			p[k] = with_nul && random_below(9) == 0 ? 0 : (uint8_t)alphabet[random_below(sizeof(alphabet) - 1)];
		t->values[i / COLUMNS][i % COLUMNS] =
			random_below(5) ? (struct pgcopy_value){.bytes = qw_bytes(p, n)} : (struct pgcopy_value){.is_null = true};
	}
}

/* Rows with nothing in them, every cell replaced: so the writer makes a stream of the table. */
static void table_write(const struct pgcopy_options *o, const struct table *t, struct qw_buf *out)
{
	struct qw_buf blank;
	struct qw_arena arena;
	struct pgcopy_row row;
	struct pgcopy c;

	qw_buf_init(&blank, 100000);
	qw_arena_init(&arena, 4096);
	if (o->format == PGCOPY_BINARY)
		assert_int_equal(qw_buf_append(&blank, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19), 0);
	for (size_t r = 0; r < ROWS; r++) {
		uint8_t d = o->delimiter;
		const uint8_t line[] = {'z', d, 'z', d, 'z', '\n'};

		if (o->format == PGCOPY_BINARY)
			assert_int_equal(qw_buf_append(&blank, "\0\3\0\0\0\0\0\0\0\0\0\0\0\0", 14), 0);
		else
			assert_int_equal(qw_buf_append(&blank, line, sizeof(line)), 0);
	}
	assert_int_equal(pgcopy_init(&c, o, &arena), 0);
	assert_int_equal(pgcopy_feed(&c, qw_buf_pending(&blank)), 0);
	for (size_t r = 0; r < ROWS; r++) {
		assert_int_equal(pgcopy_next(&c, &row), 0);
		assert_int_equal(pgcopy_mask_row(&c, (const bool[COLUMNS]){true, true, true}, t->values[r], out), 0);
	}
	if (o->format == PGCOPY_BINARY)
		assert_int_equal(qw_buf_append(out, "\377\377", 2), 0);
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
	qw_buf_fini(&blank);
}

static void row_check(struct pgcopy *c, const struct pgcopy_value want[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		struct pgcopy_value v;

		assert_int_equal(pgcopy_value_get(c, i, &v), 0);
		if (c->null_is_ambiguous && want[i].is_null)
			continue;
		assert_int_equal(v.is_null, want[i].is_null);
		assert_bytes_equal(v.bytes, want[i].bytes);
	}
}

static void table_read(const struct pgcopy_options *o, const struct table *t, struct qw_bytes stream)
{
	struct qw_arena arena;
	struct pgcopy_row row;
	struct pgcopy c;
	size_t r = 0;

	qw_arena_init(&arena, 4096);
	assert_int_equal(pgcopy_init(&c, o, &arena), 0);
	for (size_t at = 0; at < stream.n;) {
		size_t n = 1 + random_below(random_below(4) ? 40 : 4000);

		n = n < stream.n - at ? n : stream.n - at;
		assert_int_equal(pgcopy_feed(&c, qw_bytes(stream.p + at, n)), 0);
		at += n;
		while (pgcopy_next(&c, &row) == 0) {
			if (row.kind == PGCOPY_ROW)
				row_check(&c, t->values[r++]);
		}
	}
	assert_int_equal(pgcopy_end(&c), 0);
	assert_int_equal(r, ROWS);
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
}

static void test_random_tables(void **state)
{
	static const struct pgcopy_options kinds[] = {
		{.format = PGCOPY_TEXT, .delimiter = '\t', .null_text = "\\N"},
		{.format = PGCOPY_TEXT, .delimiter = '|', .null_text = "\\-"},
		{.format = PGCOPY_TEXT, .delimiter = 'L', .null_text = "x"},
		{.format = PGCOPY_TEXT, .delimiter = '*', .null_text = ""},
		{.format = PGCOPY_CSV, .delimiter = ','},
		{.format = PGCOPY_CSV, .delimiter = ';', .quote = '\'', .escape = '\\', .null_text = "NULL"},
		{.format = PGCOPY_CSV, .delimiter = 'a', .quote = 'b', .escape = 'a', .null_text = "N"},
		{.format = PGCOPY_CSV, .delimiter = '\t', .quote = '\b', .null_text = "\\N"},
		{.format = PGCOPY_BINARY},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(kinds) * 30; i++) {
		struct pgcopy_options o = kinds[i % QW_COUNT(kinds)];
		struct qw_buf stream;
		struct table t;

		o.columns = COLUMNS;
		o.row_bytes_max = 4096;
		qw_buf_init(&stream, 1 << 20);
		table_make(&t, o.format == PGCOPY_BINARY);
		table_write(&o, &t, &stream);
		table_read(&o, &t, qw_buf_pending(&stream));
		qw_buf_fini(&stream);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row_limit),
		cmocka_unit_test(test_errors_stay),
		cmocka_unit_test(test_values_stay),
		cmocka_unit_test(test_random_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
