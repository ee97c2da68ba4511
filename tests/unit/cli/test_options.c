#include "cmocka_qw.h"

#include "../../../src/cli/options.h"

static const char *file, *left[2];
static bool all;
static const struct cli_option options[] = {{"--config", &file, NULL}, {"--all", NULL, &all}};

static int parse(int argc, const char **argv)
{
	file = left[0] = left[1] = NULL;
	all = false;
	return cli_parse(argc, (char **)argv, options, QW_COUNT(options), left, QW_COUNT(left));
}
#define PARSE(...) parse((int)QW_COUNT(((const char *[]){"test", __VA_ARGS__})), (const char *[]){"test", __VA_ARGS__, NULL})

static void test_any_order(void **state)
{
	(void)state;
	assert_int_equal(PARSE("one", "--config", "f", "two", "--all"), 2);
	assert_string_equal(left[0], "one");
	assert_string_equal(left[1], "two");
	assert_string_equal(file, "f");
	assert_true(all);
	assert_int_equal(PARSE("--config=a=b"), 0);
	assert_string_equal(file, "a=b");
	assert_int_equal(PARSE("-", "--", "--all"), 2);
	assert_string_equal(left[1], "--all");
	assert_false(all);
}

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(PARSE("--config"), -1);
	assert_int_equal(PARSE("--conf", "f"), -1);
	assert_int_equal(PARSE("--config-file", "f"), -1);
	assert_int_equal(PARSE("--all=yes"), -1);
	assert_int_equal(PARSE("1", "2", "3"), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_order), cmocka_unit_test(test_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
