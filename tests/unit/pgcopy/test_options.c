#include "copy.h"

static int init_of(struct pgcopy_options o, size_t arena_max)
{
	struct qw_arena arena;
	struct pgcopy_row row;
	struct pgcopy c;
	int err;

	qw_arena_init(&arena, arena_max);
	err = pgcopy_init(&c, &o, &arena);
	if (err) { /* refused is refused */
		assert_true(pgcopy_feed(&c, QW_LIT("a\n")) != 0);
		assert_true(pgcopy_next(&c, &row) != 0);
		assert_true(pgcopy_end(&c) != 0);
	}
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
	return err;
}

static struct pgcopy_options with(enum pgcopy_format format, char delimiter, char quote, char escape, const char *null_text)
{
	struct pgcopy_options o = options_of(format, 2);

	o.delimiter = (uint8_t)delimiter;
	o.quote = (uint8_t)quote;
	o.escape = (uint8_t)escape;
	o.null_text = null_text;
	return o;
}

static void test_refused(void **state)
{
	const struct pgcopy_options refused[] = {
		with(PGCOPY_TEXT, '\n', 0, 0, NULL), with(PGCOPY_TEXT, '\r', 0, 0, NULL), with(PGCOPY_TEXT, '\\', 0, 0, "x"),
		with(PGCOPY_TEXT, 'a', 0, 0, "X"), with(PGCOPY_TEXT, '0', 0, 0, "X"), with(PGCOPY_TEXT, '.', 0, 0, "X"),
		with(PGCOPY_TEXT, 'N', 0, 0, NULL), with(PGCOPY_TEXT, '\xe9', 0, 0, NULL), with(PGCOPY_TEXT, '|', 0, 0, "a|b"),
		with(PGCOPY_TEXT, '|', 0, 0, "a\nb"), with(PGCOPY_TEXT, '|', 0, 0, "a\rb"), with(PGCOPY_TEXT, '|', 0, 0, "\\"),
		with(PGCOPY_TEXT, '|', 0, 0, "a\\\\\\"), with(PGCOPY_CSV, '"', 0, 0, NULL), with(PGCOPY_CSV, 0, ',', 0, NULL),
		with(PGCOPY_CSV, 0, '\n', 0, NULL), with(PGCOPY_CSV, 0, '\r', 0, NULL), with(PGCOPY_CSV, 0, 0, '\n', NULL),
		with(PGCOPY_CSV, 0, 0, '\r', NULL), with(PGCOPY_CSV, 0, '\xe9', 0, NULL), with(PGCOPY_CSV, 0, 0, '\xe9', NULL),
		with(PGCOPY_CSV, 0, 0, 0, "a,b"), with(PGCOPY_CSV, 0, 0, 0, "a\"b"), with(PGCOPY_CSV, '\n', 0, 0, NULL),
		with((enum pgcopy_format)3, 0, 0, 0, NULL),
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(refused); i++)
		assert_int_equal(init_of(refused[i], 1 << 16), QW_E_UNSUPPORTED);
}

static void test_taken(void **state)
{
	const struct pgcopy_options taken[] = {
		with(PGCOPY_TEXT, 0, 0, 0, NULL), with(PGCOPY_TEXT, 'N', 0, 0, "x"), with(PGCOPY_TEXT, ' ', 0, 0, "a\\\\"),
		with(PGCOPY_TEXT, '\x01', 0, 0, ""), with(PGCOPY_CSV, 'a', 'b', 'c', "d"), with(PGCOPY_CSV, ';', '\'', ';', "\\"),
		with(PGCOPY_CSV, '\\', 0, 0, NULL), with(PGCOPY_BINARY, '\n', '\n', '\n', "\n"),
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(taken); i++)
		assert_int_equal(init_of(taken[i], 1 << 16), 0);
}

static void test_limits(void **state)
{
	struct pgcopy_options o = options_of(PGCOPY_TEXT, PGCOPY_COLUMNS_MAX);
	char long_text[PGCOPY_NULL_TEXT_MAX + 2];

	(void)state;
	assert_int_equal(init_of(o, 1 << 16), 0);
	assert_int_equal(init_of(o, 100), QW_E_NOMEM);
	o.columns++;
	assert_int_equal(init_of(o, 1 << 16), QW_E_LIMIT);
	o.columns = 1;
	o.row_bytes_max = 0;
	assert_int_equal(init_of(o, 1 << 16), QW_E_LIMIT);
	o.row_bytes_max = (size_t)PGCOPY_ROW_BYTES_MAX + 1;
	assert_int_equal(init_of(o, 1 << 16), QW_E_LIMIT);
	o.row_bytes_max--;
	assert_int_equal(init_of(o, 1 << 16), 0);
	memset(long_text, '\b', sizeof(long_text)); /* control characters double when they are written */
	long_text[PGCOPY_NULL_TEXT_MAX] = 0;
	o.null_text = long_text;
	assert_int_equal(init_of(o, 1 << 16), 0);
	long_text[PGCOPY_NULL_TEXT_MAX] = 'x';
	long_text[PGCOPY_NULL_TEXT_MAX + 1] = 0;
	assert_int_equal(init_of(o, 1 << 16), QW_E_LIMIT);
	pgcopy_fini(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_taken),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
