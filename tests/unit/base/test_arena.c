#include "../../support/cmocka_qw.h"
#include "alloc_fail.h"

static void test_memory_is_zeroed_and_aligned(void **state)
{
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 1 << 20);
	for (size_t n = 0; n < 200; n++) {
		uint8_t *p = qw_arena_alloc(&a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xAA, n); /* what comes next is zeroed all the same */
	}
	qw_arena_reset(&a);
	assert_int_equal(*(uint8_t *)qw_arena_alloc(&a, 1), 0);
	qw_arena_fini(&a);
}

static void test_max_is_never_passed(void **state)
{
	struct qw_arena a;
	size_t got = 0;

	(void)state;
	qw_arena_init(&a, 10000);
	assert_null(qw_arena_alloc(&a, 10001));
	assert_null(qw_arena_alloc(&a, SIZE_MAX));
	assert_null(qw_arena_alloc(&a, SIZE_MAX - 8));
	while (qw_arena_alloc(&a, 100))
		got += 100;
	assert_in_range(got, 8000, 10000);
	assert_true(a.used <= 10000);
	qw_arena_reset(&a);
	assert_non_null(qw_arena_alloc(&a, 9000)); /* all of it again after a reset */
	qw_arena_fini(&a);
}

static void test_strings(void **state)
{
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 4096);
	assert_string_equal(qw_arena_strdup(&a, QW_LIT("abc")), "abc");
	assert_string_equal(qw_arena_strdup(&a, qw_bytes(NULL, 0)), "");
	assert_string_equal(qw_arena_printf(&a, "%s-%d", "x", 42), "x-42");
	assert_null(qw_arena_printf(&a, "%5000d", 1));
	qw_arena_fini(&a);
	qw_arena_fini(&a); /* twice is harmless */
	qw_arena_fini(NULL);
}

static void test_failing_malloc_gives_null(void **state)
{
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 1 << 20);
	alloc_fail_in = 1;
	assert_null(qw_arena_alloc(&a, 8));
	assert_int_equal(a.used, 0);
	assert_non_null(qw_arena_alloc(&a, 8));
	alloc_fail_in = 1;
	assert_null(qw_arena_alloc(&a, 8000));
	assert_non_null(qw_arena_alloc(&a, 8000));
	qw_arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_zeroed_and_aligned),
		cmocka_unit_test(test_max_is_never_passed),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_failing_malloc_gives_null),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
