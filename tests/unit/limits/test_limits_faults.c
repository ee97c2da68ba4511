/* The n-th allocation fails, for every n: a count is refused or whole, never lost. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qw/limits.h"

static long left = -1; /* allocations until one fails; negative: none does */

void *__real_malloc(size_t n);
void *__real_calloc(size_t k, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t k, size_t n);

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t k, size_t n)
{
	return fails() ? NULL : __real_calloc(k, n);
}

static void failing_memory_refuses(void **state)
{
	int refused = 0;

	(void)state;
	for (long i = 0; i < 12; i++) {
		struct limits_table *t;
		int first, second;

		left = i;
		t = limits_table_new(4);
		if (!t) {
			left = -1;
			refused++;
			continue;
		}
		first = limits_table_enter(t, "ann", 1, 1);
		second = limits_table_take(t, "ann", "statements", 1, 1, 1, NULL);
		left = -1;
		assert_true(first == 0 || first == QW_E_NOMEM);
		assert_true(second == 0 || second == QW_E_NOMEM);
		refused += first || second;
		assert_int_equal(limits_table_enter(t, "ann", 1, 1), first ? 0 : QW_E_LIMIT);
		assert_int_equal(limits_table_take(t, "ann", "statements", 1, 1, 1, NULL), second ? 0 : QW_E_LIMIT);
		limits_table_leave(t, "ann");
		limits_table_free(t);
	}
	assert_int_equal(refused, 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(failing_memory_refuses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
