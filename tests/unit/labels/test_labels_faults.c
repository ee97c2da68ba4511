/* Fails the n-th allocation for every n: no labels, or all of them; the catalog is never lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy_double.h"
#include "qw/labels.h"

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__real_calloc(size_t n, size_t item);
void *__wrap_calloc(size_t n, size_t item);

static long until_failure = -1; /* -1: never */

static bool fails_now(void)
{
	return until_failure >= 0 && until_failure-- == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails_now() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t item)
{
	return fails_now() ? NULL : __real_calloc(n, item);
}

enum { RELATIONS = 500, COLUMNS = 8, FIRST = 20000 };

static struct catalog *catalog(void)
{
	struct catalog_builder *b = catalog_builder_new(1);

	for (uint32_t i = 0; i < RELATIONS; i++) {
		assert_int_equal(catalog_add_relation(b, FIRST + i, "public", i ? "v" : "t",
					 i ? CATALOG_VIEW : CATALOG_TABLE),
			0);
		for (int16_t k = 1; k <= COLUMNS; k++) {
			assert_int_equal(catalog_add_column(b, FIRST + i, k, "c", 25), 0);
			if (i)
				assert_int_equal(catalog_set_origin(b, FIRST + i, k,
							 (struct catalog_origin){FIRST + i - 1, k}),
					0);
		}
	}
	return catalog_builder_finish(b);
}

static void test_every_allocation_may_fail(void **state)
{
	const struct policy_mask masks[] = {MASK_ON("m", MASK_REDACT, "public.t.*")};
	static const struct policy_role role = {.id_bit = 1};
	struct policy p = {.masks = masks, .count = 1};
	struct catalog *c = catalog();
	struct labels *l = NULL;
	long n;

	(void)state;
	for (n = 0; n < 100000 && !l; n++) {
		until_failure = n;
		l = labels_build(c, &p, &role, "shop");
		until_failure = -1;
	}
	assert_true(n > 10); /* the loop did meet failures */
	assert_non_null(l);
	catalog_unref(c);
	for (uint32_t i = 0; i < RELATIONS; i++) {
		for (int16_t k = 1; k <= COLUMNS; k++) {
			assert_int_equal(labels_of(l, FIRST + i, k).kind, LABEL_MASK);
			assert_string_equal(labels_of(l, FIRST + i, k).domain, "public.t.c");
		}
	}
	labels_unref(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
