#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "qw/catalog.h"

static void test_empty(void **state)
{
	struct catalog *c = catalog_builder_finish(catalog_builder_new(7));

	(void)state;
	assert_non_null(c);
	assert_int_equal(catalog_generation(c), 7);
	assert_int_equal(catalog_count(c), 0);
	assert_null(catalog_at(c, 0));
	assert_null(catalog_find(c, 1));
	catalog_unref(c);
	catalog_unref(NULL);
	assert_null(catalog_ref(NULL));
	catalog_builder_free(NULL);
	catalog_builder_free(catalog_builder_new(1));
}

static void test_copies_and_sorts(void **state)
{
	struct catalog_builder *b = catalog_builder_new(1);
	char name[] = "customers", schema[] = "public", column[] = "ssn";
	const struct catalog_relation *r;
	struct catalog *c;

	(void)state;
	assert_int_equal(catalog_add_relation(b, 20000, schema, name, CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_relation(b, 16400, "other", "v", CATALOG_VIEW), 0);
	assert_int_equal(catalog_add_relation(b, UINT32_MAX, schema, "last", CATALOG_FOREIGN), 0);
	assert_int_equal(catalog_add_column(b, 20000, 5, column, 25), 0); /* 2 and 4 were dropped */
	assert_int_equal(catalog_add_column(b, 20000, 1, "id", 23), 0);
	assert_int_equal(catalog_add_column(b, 20000, 3, "name", 25), 0);
	assert_int_equal(catalog_add_column(b, 16400, 1, "s", 25), 0);
	assert_int_equal(catalog_set_origin(b, 16400, 1, (struct catalog_origin){20000, 5}), 0);
	assert_int_equal(catalog_add_depend(b, 16400, (struct catalog_origin){20000, 5}), 0);
	assert_int_equal(catalog_add_depend(b, 16400, (struct catalog_origin){20000, 0}), 0);
	assert_int_equal(catalog_set_unresolved(b, 16400), 0);
	assert_int_equal(catalog_add_parent(b, 20000, 4711), 0);
	memset(name, 'x', sizeof(name) - 1);
	memset(schema, 'x', sizeof(schema) - 1);
	memset(column, 'x', sizeof(column) - 1);
	c = catalog_builder_finish(b);
	assert_int_equal(catalog_count(c), 3);
	assert_int_equal(catalog_at(c, 0)->oid, 16400);
	assert_int_equal(catalog_at(c, 2)->oid, UINT32_MAX);
	r = catalog_find(c, 20000);
	assert_ptr_equal(r, catalog_at(c, 1));
	assert_string_equal(r->schema, "public");
	assert_string_equal(r->name, "customers");
	assert_int_equal(r->kind, CATALOG_TABLE);
	assert_int_equal(r->column_count, 3);
	assert_int_equal(r->columns[0].attnum, 1);
	assert_int_equal(r->columns[1].attnum, 3);
	assert_int_equal(r->columns[2].attnum, 5);
	assert_string_equal(r->columns[2].name, "ssn");
	assert_int_equal(r->parent_count, 1);
	assert_int_equal(r->parents[0], 4711);
	r = catalog_find(c, 16400);
	assert_true(r->is_unresolved);
	assert_int_equal(r->columns[0].origin.relation_oid, 20000);
	assert_int_equal(r->columns[0].origin.attnum, 5);
	assert_int_equal(r->depend_count, 2);
	assert_int_equal(r->depends[1].attnum, 0);
	catalog_unref(c);
}

static void test_column_index(void **state)
{
	struct catalog_builder *b = catalog_builder_new(1);
	const struct catalog_relation *r;
	struct catalog *c;
	int at = 0;

	(void)state;
	assert_int_equal(catalog_add_relation(b, 1, "s", "t", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_relation(b, 2, "s", "none", CATALOG_TABLE), 0);
	for (int16_t i = 1600; i >= 1; i--) {
		if (i % 7 != 3)
			assert_int_equal(catalog_add_column(b, 1, i, "c", 25), 0);
	}
	assert_int_equal(catalog_add_column(b, 1, INT16_MAX, "c", 25), 0);
	c = catalog_builder_finish(b);
	r = catalog_find(c, 1);
	for (int16_t i = 1; i <= 1600; i++) {
		assert_int_equal(catalog_column_index(r, i), i % 7 != 3 ? at : -1);
		at += i % 7 != 3;
	}
	assert_int_equal(catalog_column_index(r, INT16_MAX), at);
	assert_int_equal(catalog_column_index(r, INT16_MAX - 1), -1);
	assert_int_equal(catalog_column_index(r, 0), -1);
	assert_int_equal(catalog_column_index(r, -1), -1);
	assert_int_equal(catalog_column_index(r, INT16_MIN), -1);
	assert_int_equal(catalog_column_index(catalog_find(c, 2), 1), -1);
	catalog_unref(c);
}

static void test_refuses(void **state)
{
	struct catalog_builder *b = catalog_builder_new(1);
	const struct catalog_origin some = {1, 1};

	(void)state;
	assert_int_equal(catalog_add_relation(b, 0, "s", "t", CATALOG_TABLE), QW_E_MALFORMED);
	assert_int_equal(catalog_add_relation(b, 1, NULL, "t", CATALOG_TABLE), QW_E_MALFORMED);
	assert_int_equal(catalog_add_relation(b, 1, "s", NULL, CATALOG_TABLE), QW_E_MALFORMED);
	assert_int_equal(catalog_add_column(b, 1, 1, "c", 25), QW_E_NOTFOUND);
	assert_int_equal(catalog_add_column(b, 0, 1, "c", 25), QW_E_NOTFOUND);
	assert_int_equal(catalog_add_parent(b, 1, 2), QW_E_NOTFOUND);
	assert_int_equal(catalog_add_depend(b, 1, some), QW_E_NOTFOUND);
	assert_int_equal(catalog_set_origin(b, 1, 1, some), QW_E_NOTFOUND);
	assert_int_equal(catalog_set_unresolved(b, 1), QW_E_NOTFOUND);
	assert_int_equal(catalog_add_relation(b, 1, "s", "t", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_relation(b, 1, "s", "u", CATALOG_TABLE), QW_E_DUPLICATE);
	assert_int_equal(catalog_set_origin(b, 1, 1, some), QW_E_NOTFOUND);
	assert_int_equal(catalog_add_column(b, 1, 0, "c", 25), QW_E_MALFORMED);
	assert_int_equal(catalog_add_column(b, 1, -1, "c", 25), QW_E_MALFORMED);
	assert_int_equal(catalog_add_column(b, 1, 1, NULL, 25), QW_E_MALFORMED);
	assert_int_equal(catalog_add_column(b, 1, 1, "c", 25), 0);
	assert_int_equal(catalog_add_column(b, 1, 1, "d", 25), QW_E_DUPLICATE);
	assert_int_equal(catalog_add_parent(b, 1, 0), QW_E_MALFORMED);
	assert_int_equal(catalog_add_depend(b, 1, (struct catalog_origin){0, 1}), QW_E_MALFORMED);
	catalog_builder_free(b);
}

/* Thousands of relations in a random order: all are found, sorted, with their own names. */
static void test_functions(void **state)
{
	struct catalog_builder *b = catalog_builder_new(1);
	struct catalog *c;

	(void)state;
	assert_int_equal(catalog_add_function(b, "wipe"), 0);
	assert_int_equal(catalog_add_function(b, "add_tax"), 0);
	assert_int_equal(catalog_add_function(b, "wipe"), 0);
	assert_int_equal(catalog_add_function(b, NULL), QW_E_MALFORMED);
	c = catalog_builder_finish(b);
	assert_true(catalog_has_function(c, "wipe"));
	assert_true(catalog_has_function(c, "add_tax"));
	assert_false(catalog_has_function(c, "wip"));
	assert_false(catalog_has_function(c, ""));
	catalog_unref(c);
}

static struct catalog *sample(const char *column, int16_t origin, bool unresolved)
{
	struct catalog_builder *b = catalog_builder_new(unresolved ? 9 : (uint64_t)origin);

	assert_int_equal(catalog_add_relation(b, 20000, "public", "t", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_column(b, 20000, 1, "a", 25), 0);
	assert_int_equal(catalog_add_column(b, 20000, 2, "b", 25), 0);
	assert_int_equal(catalog_add_relation(b, 20001, "public", "v", CATALOG_VIEW), 0);
	assert_int_equal(catalog_add_column(b, 20001, 1, column, 25), 0);
	assert_int_equal(catalog_set_origin(b, 20001, 1, (struct catalog_origin){20000, origin}), 0);
	assert_int_equal(catalog_add_depend(b, 20001, (struct catalog_origin){20000, origin}), 0);
	if (unresolved)
		assert_int_equal(catalog_set_unresolved(b, 20001), 0);
	return catalog_builder_finish(b);
}

/* What a view shows may change while every name stays: that must not pass for the same. */
static void test_same(void **state)
{
	struct catalog *one = sample("x", 1, false), *again = sample("x", 1, false), *moved = sample("x", 2, false),
		       *renamed = sample("y", 1, false), *unknown = sample("x", 1, true);

	(void)state;
	assert_true(catalog_same(one, one));
	assert_true(catalog_same(one, again));
	assert_false(catalog_same(one, moved));
	assert_false(catalog_same(one, renamed));
	assert_false(catalog_same(one, unknown));
	catalog_unref(one);
	catalog_unref(again);
	catalog_unref(moved);
	catalog_unref(renamed);
	catalog_unref(unknown);
}

static void test_many(void **state)
{
	enum { COUNT = 20000 };
	struct catalog_builder *b = catalog_builder_new(1);
	struct catalog *c;
	uint32_t oid = 1;
	char name[32];

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		oid = oid * 1664525u +
		      1013904223u; /* full period: no oid twice, 0 not before the end */
		(void)snprintf(name, sizeof(name), "t%u", oid);
		assert_int_equal(
			catalog_add_relation(b, oid, i % 3 ? "a" : "b", name, CATALOG_TABLE), 0);
		assert_int_equal(catalog_add_column(b, oid, 1, name + 1, oid), 0);
	}
	c = catalog_builder_finish(b);
	assert_int_equal(catalog_count(c), COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		const struct catalog_relation *r = catalog_at(c, i);

		assert_true(i == 0 || catalog_at(c, i - 1)->oid < r->oid);
		assert_ptr_equal(catalog_find(c, r->oid), r);
		(void)snprintf(name, sizeof(name), "t%u", r->oid);
		assert_string_equal(r->name, name);
		assert_string_equal(r->columns[0].name, name + 1);
		assert_int_equal(r->columns[0].type_oid, r->oid);
	}
	catalog_unref(c);
}

static void *ref_and_unref(void *c)
{
	for (int i = 0; i < 5000; i++)
		catalog_unref(catalog_ref(c));
	catalog_unref(c);
	return NULL;
}

static void test_shared_by_threads(void **state)
{
	struct catalog *c = catalog_builder_finish(catalog_builder_new(1));
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < QW_COUNT(threads); i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, ref_and_unref, catalog_ref(c)), 0);
	for (size_t i = 0; i < QW_COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(catalog_count(c), 0);
	catalog_unref(c); /* the last: the sanitizer would see a leak or a second free */
}

static void test_mysql(void **state)
{
	static const char *const spelled[] = {"ssn", "SSN", "sSn"};

	(void)state;
	for (int folds = 0; folds < 2; folds++) {
		struct catalog_builder *b = catalog_builder_new(1);
		struct catalog *c;

		assert_non_null(b);
		catalog_set_mysql(b, folds);
		assert_int_equal(catalog_add_relation(b, 3, "information_schema", "tables", CATALOG_OTHER), 0);
		assert_int_equal(catalog_add_relation(b, 16385, "shop", folds ? "orders" : "Orders", CATALOG_TABLE), 0);
		assert_int_equal(catalog_add_relation(b, 16384, "shop", "people", CATALOG_TABLE), 0);
		assert_int_equal(catalog_add_relation(b, 16386, "a", "people", CATALOG_VIEW), 0);
		assert_int_equal(catalog_add_column(b, 16384, 1, "id", 3), 0);
		assert_int_equal(catalog_add_column(b, 16384, 2, "ssn", 253), 0);
		assert_int_equal(catalog_set_hidden(b, 16384, 2), 0);
		assert_int_equal(catalog_set_hidden(b, 16384, 3), QW_E_NOTFOUND);
		assert_int_equal(catalog_set_definition(b, 16386, "select 1"), 0);
		assert_int_equal(catalog_set_definition(b, 16387, "select 1"), QW_E_NOTFOUND);
		assert_int_equal(catalog_set_definition(b, 16386, NULL), QW_E_MALFORMED);
		c = catalog_builder_finish(b);
		assert_non_null(c);
		assert_int_equal(catalog_dialect(c), CATALOG_MYSQL);
		assert_int_equal(catalog_find_named(c, "shop", "people")->oid, 16384);
		assert_int_equal(catalog_find_named(c, "a", "people")->oid, 16386);
		assert_string_equal(catalog_find_named(c, "a", "people")->definition, "select 1");
		assert_int_equal(catalog_find_named(c, "INFORMATION_schema", "TABLES")->oid, 3);
		assert_int_equal(catalog_find_named(c, "shop", "Orders")->oid, 16385);
		assert_int_equal(catalog_find_named(c, "SHOP", "ORDERS") != NULL, folds);
		assert_int_equal(catalog_find_named(c, "shop", "orders") != NULL, folds);
		assert_null(catalog_find_named(c, "shop", "peopl"));
		assert_null(catalog_find_named(c, "shop", "people2"));
		assert_null(catalog_find_named(c, "", ""));
		for (size_t i = 0; i < QW_COUNT(spelled); i++)
			assert_int_equal(catalog_column_named(c, catalog_find(c, 16384), spelled[i]), 1);
		assert_int_equal(catalog_column_named(c, catalog_find(c, 16384), "s"), -1);
		assert_true(catalog_find(c, 16384)->columns[1].is_hidden);
		catalog_unref(c);
	}
}

static void test_names_of_postgres(void **state)
{
	struct catalog_builder *b = catalog_builder_new(1);
	struct catalog *c;

	(void)state;
	assert_int_equal(catalog_add_relation(b, 1, "public", "T", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_column(b, 1, 1, "A", 23), 0);
	c = catalog_builder_finish(b);
	assert_int_equal(catalog_dialect(c), CATALOG_POSTGRES);
	assert_int_equal(catalog_find_named(c, "public", "T")->oid, 1);
	assert_null(catalog_find_named(c, "public", "t"));
	assert_int_equal(catalog_column_named(c, catalog_find(c, 1), "A"), 0);
	assert_int_equal(catalog_column_named(c, catalog_find(c, 1), "a"), -1);
	catalog_unref(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mysql),
		cmocka_unit_test(test_names_of_postgres),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_copies_and_sorts),
		cmocka_unit_test(test_column_index),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_shared_by_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
