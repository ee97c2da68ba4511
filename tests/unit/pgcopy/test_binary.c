#include "copy.h"

#define SIGNATURE "PGCOPY\n\377\r\n\0"
#define HEAD SIGNATURE "\0\0\0\0\0\0\0\0"
#define NONE "\377\377\377\377"
#define END "\377\377"

static void test_tuples(void **state)
{
	struct pgcopy_options two = options_of(PGCOPY_BINARY, 2), none = options_of(PGCOPY_BINARY, 0);

	(void)state;
	expect_rows(&two, QW_LIT(HEAD "\0\2\0\0\0\1a" NONE "\0\2\0\0\0\0\0\0\0\3x\ny" END), "a,~;,x\ny;$;");
	expect_rows(&two, QW_LIT(HEAD END), "$;");
	expect_rows(&none, QW_LIT(HEAD "\0\0\0\0" END), ";;$;");
	two.header = true; /* of the other formats */
	two.delimiter = '\n';
	expect_rows(&two, QW_LIT(HEAD END), "$;");
}

static void test_malformed(void **state)
{
	struct pgcopy_options two = options_of(PGCOPY_BINARY, 2);

	(void)state;
	expect_malformed(&two, QW_LIT(""));
	expect_malformed(&two, QW_LIT(HEAD));
	expect_malformed(&two, QW_LIT("PGCOPX\n\377\r\n\0\0\0\0\0\0\0\0\0" END));
	expect_malformed(&two, QW_LIT("PGCOPY\n\377\n\n\0\0\0\0\0\0\0\0\0" END));
	expect_malformed(&two, QW_LIT(SIGNATURE "\0\1\0\0\0\0\0\0" END)); /* OIDs */
	expect_malformed(&two, QW_LIT(SIGNATURE "\0\0\0\1\0\0\0\0" END));
	expect_malformed(&two, QW_LIT(SIGNATURE "\0\0\0\0\0\0\0\1x" END)); /* an extension */
	expect_malformed(&two, QW_LIT(SIGNATURE "\0\0\0\0\0\0\0\1" END));
	expect_malformed(&two, QW_LIT(HEAD "\0\1\0\0\0\1a" END));
	expect_malformed(&two, QW_LIT(HEAD "\0\3\0\0\0\1a" NONE NONE END));
	expect_malformed(&two, QW_LIT(HEAD "\0\1\0\0\0\1a" NONE END)); /* the count alone is wrong */
	expect_malformed(&two, QW_LIT(HEAD "\0\0\0\0\0\1a" NONE END));
	expect_malformed(&two, QW_LIT(HEAD "\377\376" END));
	expect_malformed(&two, QW_LIT(HEAD "\0\2\377\377\377\376" NONE END));
	expect_malformed(&two, QW_LIT(HEAD "\0\2\200\0\0\0" NONE END));
	expect_malformed(&two, QW_LIT(HEAD "\0\2\0\0\0\1a" NONE)); /* no trailer */
	expect_malformed(&two, QW_LIT(HEAD "\0\2\0\0\0\1a" NONE "\377"));
	expect_malformed(&two, QW_LIT(HEAD "\0\2\0\0\0\1a\0\0\0\5abcd"));
	expect_malformed(&two, QW_LIT(HEAD END "x"));
	expect_malformed(&two, QW_LIT(HEAD END END));
	expect_error(&two, QW_LIT(HEAD "\0\2\177\377\377\377abc"), QW_E_LIMIT); /* said at once, not after 2 GiB */
}

/* The server sends the file header in one message with the first tuple: so do we. */
static void test_framing(void **state)
{
	struct pgcopy_options one = options_of(PGCOPY_BINARY, 1);
	struct qw_bytes first = QW_LIT(HEAD "\0\1\0\0\0\1a");
	struct qw_arena arena;
	struct pgcopy_row row;
	struct pgcopy c;

	(void)state;
	qw_arena_init(&arena, 4096);
	assert_int_equal(pgcopy_init(&c, &one, &arena), 0);
	assert_int_equal(pgcopy_feed(&c, first), 0);
	assert_int_equal(pgcopy_next(&c, &row), 0);
	assert_bytes_equal(row.bytes, first);
	assert_int_equal(row.kind, PGCOPY_ROW);
	assert_int_equal(pgcopy_next(&c, &row), QW_E_INCOMPLETE);
	assert_int_equal(pgcopy_end(&c), QW_E_MALFORMED);
	assert_int_equal(pgcopy_feed(&c, QW_LIT(END)), 0);
	assert_int_equal(pgcopy_next(&c, &row), 0);
	assert_int_equal(row.kind, PGCOPY_TRAILER);
	assert_int_equal(row.count, 0);
	assert_int_equal(pgcopy_next(&c, &row), QW_E_INCOMPLETE);
	assert_int_equal(pgcopy_end(&c), 0);
	pgcopy_fini(&c);
	qw_arena_fini(&arena);
}

static void test_masked(void **state)
{
	struct pgcopy_options two = options_of(PGCOPY_BINARY, 2);
	struct qw_bytes row = QW_LIT(HEAD "\0\2\0\0\0\3abc\0\0\0\1z");

	(void)state;
	expect_masked(&two, row, 0, "x", QW_LIT(HEAD "\0\2\0\0\0\1x\0\0\0\1z"));
	expect_masked(&two, row, 0, "", QW_LIT(HEAD "\0\2\0\0\0\0\0\0\0\1z"));
	expect_masked(&two, row, 1, NULL, QW_LIT(HEAD "\0\2\0\0\0\3abc" NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tuples),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_framing),
		cmocka_unit_test(test_masked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
