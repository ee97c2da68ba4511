/* The n-th allocation fails, for every n: loading ends in NOMEM or in the whole policy, never in a
 * part of one. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "qw/policy.h"

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

static const char *sample_file;

static void loading_is_all_or_nothing(void **state)
{
	static char text[1 << 16];
	FILE *f = fopen(sample_file, "re");
	struct policy_problem problem;
	struct policy_counts whole, n;
	struct policy *p;
	size_t bytes;
	int failed = 0;

	(void)state;
	assert_non_null(f);
	bytes = fread(text, 1, sizeof(text), f);
	(void)fclose(f);
	assert_int_equal(policy_load("sample", qw_bytes(text, bytes), &p, &problem), 0);
	policy_counts_get(p, &whole);
	policy_free(p);
	for (long i = 0; i < 200; i++) {
		int err;

		left = i;
		err = policy_load("sample", qw_bytes(text, bytes), &p, &problem);
		left = -1;
		if (err) {
			assert_null(p);
			assert_non_null(strstr(problem.text, "memory"));
			failed++;
			continue;
		}
		policy_counts_get(p, &n);
		assert_memory_equal(&n, &whole, sizeof(n));
		policy_free(p);
	}
	assert_true(failed > 3);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(loading_is_all_or_nothing)};

	if (argc != 2)
		return 2;
	sample_file = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
