/* Fails the n-th allocation for every n: never a crash, never half a snapshot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "qw/catalog.h"

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

enum { RELATIONS = 300, COLUMNS = 9 };

static int add_running(struct catalog_builder *b, uint32_t oid)
{
	const uint32_t runs[] = {20000 + oid};
	const struct catalog_function f = {.oid = 20000 + oid, .schema = "s", .name = "f", .args = "", .language = "sql",
		.owner = "o", .extension = oid % 2 ? "e" : NULL, .sha256 = "00"};
	const int16_t keys[] = {1, 2};
	const struct catalog_rule rule = {.kind = CATALOG_REFERENCE, .relation = oid, .parent = oid, .keys = keys, .parent_keys = keys,
		.others = keys, .key_count = 2, .other_count = 1};
	const struct catalog_hazard h = {.subject = oid, .on = CATALOG_ON_INSERT, .text = "trigger", .detail = "definition",
		.functions = runs, .function_count = 1, .rule = &rule};
	int err = catalog_add_function_known(b, &f);

	if (!err)
		err = catalog_add_hazard(b, &h);
	if (!err)
		err = catalog_add_generated(b, oid, (struct catalog_generated){1, 2});
	if (!err)
		err = catalog_add_operator(b, 30000 + oid, oid, oid % 2 ? "##" : NULL);
	if (!err)
		err = catalog_add_type(b, 40000 + oid, oid % 2 ? "t" : NULL);
	return err ? err : catalog_add_type_part(b, 40000 + oid, 40001 + oid);
}

static int add_one(struct catalog_builder *b, uint32_t oid)
{
	int err = catalog_add_relation(b, oid, oid % 2 ? "s" : "t", "relation", CATALOG_VIEW);

	for (int16_t i = 1; !err && i <= COLUMNS; i++)
		err = catalog_add_column(b, oid, i, "column", 25);
	for (int16_t i = 1; !err && i <= COLUMNS; i++)
		err = catalog_set_origin(b, oid, i, (struct catalog_origin){oid, i});
	for (int16_t i = 1; !err && i <= COLUMNS; i++)
		err = catalog_add_depend(b, oid, (struct catalog_origin){oid, i});
	if (!err)
		err = catalog_add_parent(b, oid, oid);
	return err ? err : add_running(b, oid);
}

static struct catalog *build(void)
{
	struct catalog_builder *b = catalog_builder_new(1);

	for (uint32_t oid = 1; b && oid <= RELATIONS; oid++) {
		int err = add_one(b, oid);

		if (err) {
			assert_int_equal(err, QW_E_NOMEM);
			catalog_builder_free(b);
			return NULL;
		}
	}
	return b ? catalog_builder_finish(b) : NULL;
}

static void test_every_allocation_may_fail(void **state)
{
	struct catalog *c = NULL;
	long n;

	(void)state;
	for (n = 0; n < 100000 && !c; n++) {
		until_failure = n;
		c = build();
		until_failure = -1;
	}
	assert_true(n > 20); /* the loop did meet failures */
	assert_non_null(c);
	assert_int_equal(catalog_count(c), RELATIONS);
	for (size_t i = 0; i < RELATIONS; i++) {
		const struct catalog_relation *r = catalog_at(c, i);

		assert_int_equal(r->column_count, COLUMNS);
		assert_int_equal(r->depend_count, COLUMNS);
		assert_int_equal(r->parent_count, 1);
		assert_int_equal(r->generated_count, 1);
		assert_non_null(catalog_function(c, 20000 + r->oid)->sha256);
		assert_non_null(catalog_hazards(c, r->oid, &(size_t){0})->said);
	}
	catalog_unref(c);
}

/* A call that failed changed nothing: the builder goes on. */
static void test_builder_survives_a_failure(void **state)
{
	struct catalog_builder *b = catalog_builder_new(1);
	int failed = 0;
	struct catalog *c;

	(void)state;
	for (uint32_t oid = 1; oid <= 2000; oid++) {
		int err;

		until_failure = 0;
		err = catalog_add_relation(b, oid, "schema", "name", CATALOG_TABLE);
		until_failure = -1;
		if (err) {
			failed++;
			assert_int_equal(err, QW_E_NOMEM);
			assert_int_equal(
				catalog_add_relation(b, oid, "schema", "name", CATALOG_TABLE), 0);
		}
	}
	assert_true(failed > 10);
	c = catalog_builder_finish(b);
	assert_int_equal(catalog_count(c), 2000);
	assert_string_equal(catalog_at(c, 1999)->schema, "schema");
	catalog_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_allocation_may_fail),
		cmocka_unit_test(test_builder_survives_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
