#include "copy.h"

static void test_text(void **state)
{
	struct pgcopy_options o = options_of(PGCOPY_TEXT, 3);
	struct qw_bytes row = QW_LIT("\\x41\tann\\n\t\\N\n");

	(void)state;
	expect_masked(&o, row, 0, "***", QW_LIT("***\tann\\n\t\\N\n"));
	expect_masked(&o, row, 1, "***", QW_LIT("\\x41\t***\t\\N\n")); /* the others stay as odd as they were */
	expect_masked(&o, row, 2, "***", QW_LIT("\\x41\tann\\n\t***\n"));
	expect_masked(&o, row, 1, NULL, QW_LIT("\\x41\t\\N\t\\N\n"));
	expect_masked(&o, row, 1, "", QW_LIT("\\x41\t\t\\N\n"));
	expect_masked(&o, row, 1, "\b\f\n\r\t\v\\\x01|", QW_LIT("\\x41\t\\b\\f\\n\\r\\t\\v\\\\\x01|\t\\N\n"));
	expect_masked(&o, row, 1, "\\N", QW_LIT("\\x41\t\\\\N\t\\N\n"));
	expect_masked(&o, row, 1, "\\.", QW_LIT("\\x41\t\\\\.\t\\N\n"));
	expect_masked(&o, row, 1, "\xe2\x82\xac", QW_LIT("\\x41\t\xe2\x82\xac\t\\N\n"));
	o.delimiter = '|';
	expect_masked(&o, QW_LIT("a|b|c\n"), 1, "\t|", QW_LIT("a|\\t\\||c\n"));
}

/* A value that would read as NULL is written so that it does not. */
static void test_text_null_text(void **state)
{
	struct pgcopy_options o = options_of(PGCOPY_TEXT, 2);

	(void)state;
	o.null_text = "***";
	expect_masked(&o, QW_LIT("a\tb\n"), 1, "***", QW_LIT("a\t\\x2a**\n"));
	expect_masked(&o, QW_LIT("a\tb\n"), 1, NULL, QW_LIT("a\t***\n"));
	expect_masked(&o, QW_LIT("a\tb\n"), 1, "****", QW_LIT("a\t****\n"));
	o.null_text = "\\t";
	expect_masked(&o, QW_LIT("a\tb\n"), 1, "\t", QW_LIT("a\t\\x09\n"));
	o.null_text = "\xc3\xa9";
	expect_masked(&o, QW_LIT("a\tb\n"), 1, "\xc3\xa9", QW_LIT("a\t\\\xc3\xa9\n"));
	o.null_text = "";
	expect_masked(&o, QW_LIT("a\tb\n"), 1, "", QW_LIT("a\t\n")); /* there is no other */
}

static void test_csv(void **state)
{
	static const bool force[3] = {false, true, false};
	struct pgcopy_options o = options_of(PGCOPY_CSV, 3), one = options_of(PGCOPY_CSV, 1);
	struct qw_bytes row = QW_LIT("\"x\",\"a,\"\"b\",\n");

	(void)state;
	expect_masked(&o, row, 0, "***", QW_LIT("***,\"a,\"\"b\",\n"));
	expect_masked(&o, row, 1, "***", QW_LIT("\"x\",***,\n")); /* quotes tell nothing of what was there */
	expect_masked(&o, row, 1, NULL, QW_LIT("\"x\",,\n"));
	expect_masked(&o, row, 1, "", QW_LIT("\"x\",\"\",\n"));
	expect_masked(&o, row, 2, ",\"\n\r", QW_LIT("\"x\",\"a,\"\"b\",\",\"\"\n\r\"\n"));
	expect_masked(&o, row, 2, "a\nb", QW_LIT("\"x\",\"a,\"\"b\",\"a\nb\"\n"));
	expect_masked(&o, row, 2, "\r", QW_LIT("\"x\",\"a,\"\"b\",\"\r\"\n"));
	expect_masked(&o, row, 2, "\\.\t\x01", QW_LIT("\"x\",\"a,\"\"b\",\\.\t\x01\n"));
	expect_masked(&one, QW_LIT("x\n"), 0, "\\.", QW_LIT("\"\\.\"\n"));
	o.force_quote = force;
	expect_masked(&o, row, 1, "***", QW_LIT("\"x\",\"***\",\n"));
	expect_masked(&o, row, 1, NULL, QW_LIT("\"x\",,\n"));
	expect_masked(&o, row, 2, "***", QW_LIT("\"x\",\"a,\"\"b\",***\n"));
	o.force_quote = NULL;
	o.null_text = "***";
	o.escape = '\\';
	expect_masked(&o, QW_LIT("a,b,c\n"), 1, "***", QW_LIT("a,\"***\",c\n"));
	expect_masked(&o, QW_LIT("a,b,c\n"), 1, "\\", QW_LIT("a,\\,c\n"));
	expect_masked(&o, QW_LIT("a,b,c\n"), 1, "\\\"", QW_LIT("a,\"\\\\\\\"\",c\n"));
}

static void test_several(void **state)
{
	const bool changed[3] = {true, false, true};
	const struct pgcopy_value values[3] = {
		{.bytes = QW_LIT("x\ty")}, {.bytes = QW_LIT("never")}, {.is_null = true}};
	struct pgcopy_options o = options_of(PGCOPY_TEXT, 3);
	struct qw_arena arena;
	struct pgcopy_row row;
	struct qw_buf out;
	struct pgcopy c;

	(void)state;
	o.header = true;
	qw_arena_init(&arena, 4096);
	qw_buf_init(&out, 1000);
	assert_int_equal(pgcopy_init(&c, &o, &arena), 0);
	assert_int_equal(pgcopy_mask_row(&c, changed, values, &out), QW_E_STATE);
	assert_int_equal(pgcopy_feed(&c, QW_LIT("a\tb\tc\n1\t2\t3\n")), 0);
	assert_int_equal(pgcopy_next(&c, &row), 0);
	assert_int_equal(row.kind, PGCOPY_HEADER);
	assert_int_equal(pgcopy_mask_row(&c, changed, values, &out), 0);
	assert_int_equal(pgcopy_next(&c, &row), 0);
	assert_int_equal(row.kind, PGCOPY_ROW);
	assert_int_equal(pgcopy_mask_row(&c, changed, values, &out), 0);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("a\tb\tc\nx\\ty\t2\t\\N\n"));
	qw_buf_fini(&out);
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
}

/* Nothing of a row that could not be written stays. */
static void failing(enum pgcopy_format format, struct qw_bytes stream, struct qw_bytes value, size_t max, int want)
{
	struct pgcopy_options o = options_of(format, 2);
	const struct pgcopy_value values[2] = {{.bytes = value}, {.is_null = true}};
	struct qw_arena arena;
	struct pgcopy_row row;
	struct qw_buf out;
	struct pgcopy c;

	qw_arena_init(&arena, 4096);
	qw_buf_init(&out, max);
	assert_int_equal(qw_buf_append(&out, "ab", 2), 0);
	qw_buf_consume(&out, 1);
	assert_int_equal(pgcopy_init(&c, &o, &arena), 0);
	assert_int_equal(pgcopy_feed(&c, stream), 0);
	assert_int_equal(pgcopy_next(&c, &row), 0);
	assert_int_equal(pgcopy_mask_row(&c, (const bool[2]){true, false}, values, &out), want);
	if (want)
		assert_bytes_equal(qw_buf_pending(&out), QW_LIT("b"));
	qw_buf_fini(&out);
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
}

static void test_failures(void **state)
{
	(void)state;
	failing(PGCOPY_TEXT, QW_LIT("a\tb\n"), QW_LIT("x\0y"), 1000, QW_E_MALFORMED);
	failing(PGCOPY_CSV, QW_LIT("a,b\n"), QW_LIT("x\0y"), 1000, QW_E_MALFORMED);
	for (size_t max = 2; max < 14; max++) {
		failing(PGCOPY_TEXT, QW_LIT("a\tbcd\n"), QW_LIT("xyz\n"), max, max < 11 ? QW_E_LIMIT : 0);
		failing(PGCOPY_CSV, QW_LIT("a,bcd\n"), QW_LIT("x\""), max, max < 11 ? QW_E_LIMIT : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_null_text),
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
