#include "../../support/cmocka_qw.h"

#include "qw/pgwire.h"

static struct qw_arena arena;
static struct pgwire_parameter found[4];
static size_t count;

static int decode(const char *options)
{
	qw_arena_reset(&arena);
	return pgwire_options_decode(options, &arena, found, QW_COUNT(found), &count);
}

static void expect(size_t i, const char *name, const char *value)
{
	assert_true(i < count);
	assert_string_equal(found[i].name, name);
	assert_string_equal(found[i].value, value);
}

static void test_forms(void **state)
{
	(void)state;
	assert_int_equal(decode("-c a=b --c-d=e\t-cf=g"), 0);
	assert_int_equal(count, 3);
	expect(0, "a", "b");
	expect(1, "c_d", "e");
	expect(2, "f", "g");
	assert_int_equal(decode("-c work-mem=1MB"), 0);
	expect(0, "work_mem", "1MB");
	assert_int_equal(decode(" \n -c\v\f\r a=-x=y-z "), 0);
	expect(0, "a", "-x=y-z"); /* only the first '=' divides, dashes of the value stay */
	assert_int_equal(decode("-c a="), 0);
	expect(0, "a", "");
	assert_int_equal(decode(""), 0);
	assert_int_equal(count, 0);
	assert_int_equal(decode("   "), 0);
	assert_int_equal(count, 0);
}

static void test_escapes(void **state)
{
	(void)state;
	assert_int_equal(decode("-c search_path=a,\\ b\\\\c"), 0);
	expect(0, "search_path", "a, b\\c");
	assert_int_equal(decode("-c\\ a=b"), 0); /* one word: the name begins with a space */
	expect(0, " a", "b");
	assert_int_equal(decode("\\-c ro\\le=x"), 0);
	expect(0, "role", "x");
	assert_int_equal(decode("-c a=b\\"), 0); /* a last backslash stands for nothing */
	expect(0, "a", "b");
}

/* The server takes the last one: so must we, or another value would be judged than the one that
 * counts. */
static void test_last_of_equal_names_counts(void **state)
{
	(void)state;
	assert_int_equal(decode("-c role=a -c b=1 --ROLE=c"), 0);
	assert_int_equal(count, 2);
	expect(0, "ROLE", "c");
	expect(1, "b", "1");
	assert_int_equal(decode("-c a-b=1 -c a_b=2"), 0);
	assert_int_equal(count, 1);
	expect(0, "a_b", "2");
}

static void test_refused(void **state)
{
	static const char *const malformed[] = {"-c", "-c ", "-c=", "-c a", "-c =b", "--", "--a",
		"--=b", "-", "a=b", "\\", "-c a=b c=d", "-c -c a=b"};
	static const char *const unsupported[] = {"-e", "-d5", "-f s", "-O", "-ec a=b", "-W 10"};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(malformed); i++)
		assert_int_equal(decode(malformed[i]), QW_E_MALFORMED);
	for (size_t i = 0; i < QW_COUNT(unsupported); i++)
		assert_int_equal(decode(unsupported[i]), QW_E_UNSUPPORTED);
	assert_int_equal(decode("-ca=1 -cb=1 -cc=1 -cd=1"), 0);
	assert_int_equal(decode("-ca=1 -cb=1 -cc=1 -cd=1 -ce=1"), QW_E_LIMIT);
}

static void test_small_arena(void **state)
{
	struct qw_arena small;

	(void)state;
	qw_arena_init(&small, 8);
	assert_int_equal(pgwire_options_decode("-c a=b", &small, found, 4, &count), QW_E_NOMEM);
	assert_int_equal(count, 0);
	qw_arena_fini(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_last_of_equal_names_counts),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_small_arena),
	};
	int failed;

	qw_arena_init(&arena, 4096);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	qw_arena_fini(&arena);
	return failed;
}
