/* Every statement of the table, in the trees of every server, gets the verdict of the table. */
#include "cmocka_qw.h"

#include "cases.h"

static void check_version(unsigned major, size_t at_least)
{
	struct flow_cases c;
	struct qw_arena arena;
	size_t wrong = 0;

	assert_true(flow_cases_load(&c, major));
	assert_true(c.count >= at_least);
	qw_arena_init(&arena, 256 << 20);
	for (size_t i = 0; i < c.count; i++) {
		struct flow_result result;
		const char *got;

		qw_arena_reset(&arena);
		got = verdict_of(major, c.list[i].tree, c.world, &arena, &result);
		if (!c.list[i].want || strcmp(got, c.list[i].want) != 0) {
			print_error("%u: %s\n  want %s\n  got  %s %s\n", major, c.list[i].sql,
				c.list[i].want ? c.list[i].want : "(not in the table)", got,
				result.refusal.reason ? result.refusal.reason : "");
			wrong++;
		}
	}
	qw_arena_fini(&arena);
	flow_cases_free(&c);
	assert_int_equal(wrong, 0);
}

static void test_13(void **state)
{
	(void)state;
	check_version(13, 70);
}

static void test_14(void **state)
{
	(void)state;
	check_version(14, 70);
}

static void test_15(void **state)
{
	(void)state;
	check_version(15, 330);
}

static void test_16(void **state)
{
	(void)state;
	check_version(16, 70);
}

static void test_17(void **state)
{
	(void)state;
	check_version(17, 70);
}

static void test_18(void **state)
{
	(void)state;
	check_version(18, 350);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_13),
		cmocka_unit_test(test_14),
		cmocka_unit_test(test_15),
		cmocka_unit_test(test_16),
		cmocka_unit_test(test_17),
		cmocka_unit_test(test_18),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
