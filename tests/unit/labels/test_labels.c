#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "policy_double.h"
#include "qw/labels.h"

static const struct policy_role agent = {.name = "agent", .id_bit = 1};
static const struct policy_role other = {.name = "other", .id_bit = 2};

/* ---- building a catalog in few words ---- */
static struct catalog_builder *b;

static void relation(uint32_t oid, const char *schema, const char *name, enum catalog_relkind kind)
{
	if (!b)
		b = catalog_builder_new(1);
	assert_int_equal(catalog_add_relation(b, oid, schema, name, kind), 0);
}

static void columns(uint32_t oid, const char *first, const char *second, const char *third)
{
	const char *names[] = {first, second, third};

	for (int16_t i = 0; i < 3 && names[i]; i++)
		assert_int_equal(catalog_add_column(b, oid, (int16_t)(i + 1), names[i], 25), 0);
}

static void from(uint32_t view, int16_t attnum, uint32_t oid, int16_t origin)
{
	assert_int_equal(
		catalog_set_origin(b, view, attnum, (struct catalog_origin){oid, origin}), 0);
}

static void depends(uint32_t view, uint32_t oid, int16_t attnum)
{
	assert_int_equal(catalog_add_depend(b, view, (struct catalog_origin){oid, attnum}), 0);
}

static void parent(uint32_t oid, uint32_t above)
{
	assert_int_equal(catalog_add_parent(b, oid, above), 0);
}

static struct labels *built_for(const struct policy *p, const struct policy_role *role)
{
	struct catalog *c = catalog_builder_finish(b);
	struct labels *l = labels_build(c, p, role, "shop");

	b = NULL;
	catalog_unref(c); /* the labels keep their own reference */
	assert_non_null(l);
	return l;
}

static struct labels *built(const struct policy_mask *masks, size_t count)
{
	struct policy p = {.masks = masks, .count = count};

	return built_for(&p, &agent);
}

enum { CUSTOMERS = 20000, ORDERS = 20001, ID = 1, EMAIL = 2, SSN = 3 };

static void shop(void)
{
	relation(CUSTOMERS, "public", "customers", CATALOG_TABLE);
	columns(CUSTOMERS, "id", "email", "ssn");
	relation(ORDERS, "public", "orders", CATALOG_TABLE);
	columns(ORDERS, "id", "customer", "total");
}

static const struct policy_mask shop_masks[] = {
	MASK_ON("contact", MASK_HASH, "public.customers.email"),
	MASK_ON("identity", MASK_REDACT, "*.customers.ssn", "*.*.tax_id"),
};
#define SHOP shop_masks, QW_COUNT(shop_masks)

static void assert_masked(
	const struct labels *l, uint32_t oid, int16_t attnum, const char *mask, const char *domain)
{
	struct label label = labels_of(l, oid, attnum);

	assert_int_equal(label.kind, LABEL_MASK);
	assert_string_equal(label.spec->name, mask);
	assert_string_equal(label.domain, domain);
	assert_non_null(label.column);
}

#define assert_kind(l, oid, attnum, expected) \
	assert_int_equal(labels_of((l), (oid), (attnum)).kind, (expected))

/* ---- tables ---- */
static void test_table(void **state)
{
	struct labels *l;

	(void)state;
	shop();
	l = built(SHOP);
	assert_false(labels_is_empty(l));
	assert_kind(l, CUSTOMERS, ID, LABEL_PLAIN);
	assert_masked(l, CUSTOMERS, EMAIL, "contact", "public.customers.email");
	assert_masked(l, CUSTOMERS, SSN, "identity", "public.customers.ssn");
	assert_string_equal(labels_of(l, CUSTOMERS, SSN).column, "public.customers.ssn");
	assert_kind(l, CUSTOMERS, 4, LABEL_UNKNOWN);
	assert_kind(l, CUSTOMERS, INT16_MAX, LABEL_UNKNOWN);
	assert_kind(l, CUSTOMERS, -1, LABEL_PLAIN);
	assert_kind(l, CUSTOMERS, 0, LABEL_DERIVED);
	assert_string_equal(labels_of(l, CUSTOMERS, 0).column, "public.customers.email");
	assert_kind(l, ORDERS, 0, LABEL_PLAIN);
	assert_kind(l, ORDERS, 3, LABEL_PLAIN);
	assert_kind(l, ORDERS, 4, LABEL_UNKNOWN);
	assert_kind(l, 0, 0, LABEL_UNKNOWN);
	assert_kind(l, 0, -1, LABEL_UNKNOWN);
	assert_kind(l, 99999, 1, LABEL_UNKNOWN);
	assert_ptr_equal(labels_ref(l), l);
	labels_unref(l);
	assert_kind(l, CUSTOMERS, ID, LABEL_PLAIN);
	labels_unref(l);
	labels_unref(NULL);
	assert_null(labels_ref(NULL));
}

static void test_other_role_and_no_masks(void **state)
{
	struct policy p = {.masks = shop_masks, .count = QW_COUNT(shop_masks)}, none = {.count = 0};
	struct labels *l;

	(void)state;
	shop();
	l = built_for(&p, &other);
	assert_true(labels_is_empty(l));
	assert_kind(l, CUSTOMERS, SSN, LABEL_PLAIN);
	assert_kind(l, CUSTOMERS, 0, LABEL_PLAIN);
	assert_kind(l, CUSTOMERS, 9, LABEL_UNKNOWN);
	labels_unref(l);
	relation(30000, "public", "v", CATALOG_VIEW);
	columns(30000, "x", NULL, NULL);
	assert_int_equal(catalog_set_unresolved(b, 30000), 0);
	l = built_for(&none, &agent);
	assert_true(labels_is_empty(l));
	assert_kind(l, 30000, 1, LABEL_PLAIN);
	labels_unref(l);
	b = catalog_builder_new(1);
	l = built(SHOP); /* an empty database: masks that match nothing yet */
	assert_false(labels_is_empty(l));
	assert_kind(l, 1, 1, LABEL_UNKNOWN);
	labels_unref(l);
}

static void test_first_mask_wins_and_own_domain(void **state)
{
	struct policy_mask masks[] = {
		MASK_ON("not mine", MASK_NULL, "*"),
		MASK_ON("first", MASK_HASH, "other.*.*", "public.cust*.em*"),
		MASK_ON("second", MASK_NULL, "public.customers.*"),
	};
	struct labels *l;

	(void)state;
	masks[0].roles = 2;
	masks[1].spec.domain = "people";
	shop();
	l = built(masks, 3);
	assert_masked(l, CUSTOMERS, EMAIL, "first", "people");
	assert_masked(l, CUSTOMERS, SSN, "second", "public.customers.ssn");
	assert_masked(l, CUSTOMERS, ID, "second", "public.customers.id");
	assert_kind(l, ORDERS, ID, LABEL_PLAIN);
	labels_unref(l);
}

static void test_kinds_of_relations(void **state)
{
	static const enum catalog_relkind kinds[] = {CATALOG_TABLE, CATALOG_FOREIGN,
		CATALOG_PARTITIONED, CATALOG_MATVIEW, CATALOG_VIEW, CATALOG_OTHER};
	char name[16];
	struct labels *l;

	(void)state;
	for (uint32_t i = 0; i < QW_COUNT(kinds); i++) {
		(void)snprintf(name, sizeof(name), "r%u", i);
		relation(20000 + i, "s", name, kinds[i]);
		columns(20000 + i, "a", "tax_id", NULL);
	}
	l = built(SHOP);
	for (uint32_t i = 0; i < QW_COUNT(kinds); i++) {
		assert_kind(l, 20000 + i, 1, kinds[i] == CATALOG_FOREIGN ? LABEL_DERIVED : LABEL_PLAIN); /* nobody reviewed it */
		assert_kind(l, 20000 + i, 2, LABEL_MASK);
	}
	labels_unref(l);
}

static void test_system_catalogs(void **state)
{
	const struct policy_mask masks[] = {
		MASK_ON("open", MASK_NULL, "*.*.relname", "*"),
		MASK_ON("named", MASK_REDACT, "pg_catalog.pg_authid.rolpassword"),
	};
	struct labels *l;

	(void)state;
	relation(1259, "pg_catalog", "pg_class", CATALOG_TABLE);
	columns(1259, "oid", "relname", NULL);
	relation(1260, "pg_catalog", "pg_authid", CATALOG_TABLE);
	columns(1260, "oid", "rolpassword", NULL);
	relation(13000, "information_schema", "tables", CATALOG_VIEW);
	columns(13000, "relname", NULL, NULL);
	assert_int_equal(catalog_set_unresolved(b, 13000), 0);
	relation(20000, "public", "mine", CATALOG_TABLE);
	columns(20000, "relname", NULL, NULL);
	relation(20001, "pg_toast", "pg_toast_20000", CATALOG_OTHER);
	columns(20001, "chunk_data", NULL, NULL);
	l = built(masks + 1, 1);
	assert_kind(l, 20001, 1, LABEL_DERIVED); /* pieces of any column */
	assert_kind(l, 1259, 2, LABEL_PLAIN);
	assert_kind(l, 13000, 1, LABEL_DERIVED); /* a view of the server is a view */
	assert_masked(l, 1260, 2, "named", "pg_catalog.pg_authid.rolpassword");
	labels_unref(l);
	relation(1259, "pg_catalog", "pg_class", CATALOG_TABLE);
	columns(1259, "oid", "relname", NULL);
	relation(20000, "public", "mine", CATALOG_TABLE);
	columns(20000, "relname", NULL, NULL);
	l = built(masks, 2);
	assert_kind(l, 1259, 2, LABEL_PLAIN);
	assert_kind(l, 20000, 1, LABEL_MASK);
	labels_unref(l);
}

/* ---- inheritance and partitions ---- */
static void test_children_inherit_by_name(void **state)
{
	struct labels *l;

	(void)state;
	shop();
	relation(20010, "archive", "customers_2020", CATALOG_TABLE);
	columns(20010, "ssn", "more", "email"); /* another order */
	parent(20010, CUSTOMERS);
	relation(20009, "archive", "customers_2020_a",
		CATALOG_TABLE); /* a lower oid than its parent */
	columns(20009, "ssn", NULL, NULL);
	parent(20009, 20010);
	l = built(SHOP);
	assert_masked(l, 20010, 1, "identity", "public.customers.ssn");
	assert_string_equal(labels_of(l, 20010, 1).column, "archive.customers_2020.ssn");
	assert_kind(l, 20010, 2, LABEL_PLAIN);
	assert_masked(l, 20010, 3, "contact", "public.customers.email");
	assert_masked(l, 20009, 1, "identity", "public.customers.ssn");
	labels_unref(l);
}

/* A query of the parent returns the rows of the child: what is masked there is masked here, but not
 * in a sister. */
static void test_parents_show_their_children(void **state)
{
	const struct policy_mask masks[] = {
		MASK_ON("grandchild", MASK_NULL, "public.c.ssn"),
		MASK_ON("top", MASK_REDACT, "public.a.email"),
	};
	struct labels *l;

	(void)state;
	relation(20000, "public", "a", CATALOG_PARTITIONED);
	columns(20000, "id", "email", "ssn");
	relation(20001, "public", "b", CATALOG_PARTITIONED);
	columns(20001, "id", "email", "ssn");
	parent(20001, 20000);
	relation(20002, "public", "c", CATALOG_TABLE);
	columns(20002, "id", "email", "ssn");
	parent(20002, 20001);
	relation(20003, "public", "sister", CATALOG_TABLE);
	columns(20003, "id", "email", "ssn");
	parent(20003, 20000);
	relation(20004, "public", "v", CATALOG_VIEW);
	columns(20004, "x", "y", NULL);
	from(20004, 1, 20000, 3);
	depends(20004, 20000, 3);
	l = built(masks, 2);
	for (uint32_t oid = 20000; oid < 20003; oid++) {
		assert_kind(l, oid, 1, LABEL_PLAIN);
		assert_masked(l, oid, 2, "top", "public.a.email");
		assert_masked(l, oid, 3, "grandchild", "public.a.ssn");
	}
	assert_masked(l, 20003, 2, "top", "public.a.email");
	assert_kind(l, 20003, 3, LABEL_PLAIN);
	assert_masked(l, 20004, 1, "grandchild", "public.a.ssn");
	assert_kind(l, 20004, 2, LABEL_DERIVED);
	labels_unref(l);
}

static void test_several_parents_first_mask_wins(void **state)
{
	const struct policy_mask masks[] = {
		MASK_ON("first", MASK_NULL, "public.b.x"),
		MASK_ON("second", MASK_REDACT, "public.a.x"),
		MASK_ON("third", MASK_REDACT, "public.child.x"),
	};
	struct labels *l;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		relation(20000 + i, "public", i ? "b" : "a", CATALOG_TABLE);
		columns(20000 + i, "x", NULL, NULL);
	}
	relation(20002, "public", "child", CATALOG_TABLE);
	columns(20002, "x", NULL, NULL);
	parent(20002, 20000);
	parent(20002, 20001);
	l = built(masks, 3);
	assert_masked(l, 20002, 1, "first", "public.a.x");
	assert_masked(l, 20000, 1, "first", "public.a.x"); /* its rows are the child's too */
	labels_unref(l);
}

static void test_unknown_parent_and_cycles(void **state)
{
	struct labels *l;

	(void)state;
	relation(20000, "public", "orphan", CATALOG_TABLE);
	columns(20000, "x", "tax_id", NULL);
	parent(20000, 4711);
	relation(20001, "public", "a", CATALOG_TABLE);
	columns(20001, "x", NULL, NULL);
	relation(20002, "public", "b", CATALOG_TABLE);
	columns(20002, "x", NULL, NULL);
	parent(20001, 20002);
	parent(20002, 20001);
	l = built(SHOP);
	assert_kind(l, 20000, 1, LABEL_DERIVED);
	assert_kind(l, 20000, 2, LABEL_MASK);
	assert_kind(l, 20001, 1, LABEL_DERIVED);
	assert_kind(l, 20002, 1, LABEL_DERIVED);
	labels_unref(l);
}

/* ---- views ---- */
static void test_view_chain(void **state)
{
	struct labels *l;

	(void)state;
	shop();
	relation(30000, "public", "top", CATALOG_VIEW); /* a lower oid than what it stands on */
	columns(30000, "a", "b", "c");
	from(30000, 1, 30001, 1);
	from(30000, 2, 30001, 2);
	depends(30000, 30001, 1);
	depends(30000, 30001, 2);
	depends(30000, 30001, 3);
	relation(30001, "public", "middle", CATALOG_MATVIEW);
	columns(30001, "s", "i", "e");
	from(30001, 1, CUSTOMERS, SSN);
	from(30001, 2, CUSTOMERS, ID);
	depends(30001, CUSTOMERS, SSN);
	depends(30001, CUSTOMERS, ID);
	relation(30002, "public", "harmless", CATALOG_VIEW);
	columns(30002, "n", "t", NULL);
	from(30002, 2, ORDERS, -1);
	depends(30002, ORDERS, 3);
	depends(30002, ORDERS, 0);
	depends(30002, 30002, 0); /* the rule of a view depends on the view */
	depends(30002, CUSTOMERS, ID);
	depends(30002, CUSTOMERS, -3);
	l = built(SHOP);
	assert_masked(l, 30001, 1, "identity", "public.customers.ssn");
	assert_kind(l, 30001, 2, LABEL_PLAIN);
	assert_kind(l, 30001, 3, LABEL_DERIVED);
	assert_string_equal(labels_of(l, 30001, 3).column, "public.middle.e");
	assert_masked(l, 30000, 1, "identity", "public.customers.ssn");
	assert_string_equal(labels_of(l, 30000, 1).column, "public.top.a");
	assert_kind(l, 30000, 2, LABEL_PLAIN);
	assert_kind(l, 30000, 3, LABEL_DERIVED);
	assert_kind(l, 30000, 0, LABEL_DERIVED);
	assert_kind(l, 30002, 1, LABEL_PLAIN);
	assert_kind(l, 30002, 2, LABEL_PLAIN);
	assert_kind(l, 30002, 0, LABEL_PLAIN);
	labels_unref(l);
}

static void test_view_of_what_nobody_knows(void **state)
{
	struct labels *l;

	(void)state;
	shop();
	for (uint32_t i = 0; i < 8; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "v%u", i);
		relation(30000 + i, "public", name, CATALOG_VIEW);
		columns(30000 + i, "x", NULL, NULL);
	}
	from(30000, 1, 4711, 1); /* an unknown relation */
	from(30001, 1, ORDERS, 9); /* an unknown column */
	from(30002, 1, CUSTOMERS, 0); /* a whole row */
	depends(30003, 4711, 1);
	depends(30004, CUSTOMERS, 0);
	depends(30005, ORDERS, 9);
	assert_int_equal(catalog_set_unresolved(b, 30006), 0);
	depends(30007, 30006, 1);
	l = built(SHOP);
	for (uint32_t i = 0; i < 8; i++)
		assert_kind(l, 30000 + i, 1, LABEL_DERIVED);
	labels_unref(l);
}

static void test_mask_on_a_view(void **state)
{
	const struct policy_mask masks[] = {
		MASK_ON("any ssn", MASK_PARTIAL, "*.*.ssn"),
		MASK_ON("base", MASK_REDACT, "public.customers.email"),
		MASK_ON("view", MASK_HASH, "public.v.*"),
	};
	struct labels *l;

	(void)state;
	shop();
	relation(30000, "public", "v", CATALOG_VIEW); /* named: masked, even what is computed */
	columns(30000, "computed", "email", "plain");
	from(30000, 2, CUSTOMERS, EMAIL);
	from(30000, 3, ORDERS, 3);
	depends(30000, CUSTOMERS, EMAIL);
	relation(30001, "public", "w",
		CATALOG_VIEW); /* only its column names are like those of a pattern */
	columns(30001, "x", "ssn", NULL);
	from(30001, 2, CUSTOMERS, EMAIL);
	depends(30001, CUSTOMERS, EMAIL);
	relation(30002, "public", "x", CATALOG_VIEW);
	columns(30002, "ssn", NULL, NULL);
	depends(30002, CUSTOMERS, EMAIL);
	relation(30003, "public", "y", CATALOG_VIEW);
	columns(30003, "ssn", NULL, NULL);
	from(30003, 1, ORDERS, 3);
	l = built(masks, 3);
	assert_masked(l, 30000, 1, "view", "public.v.computed");
	assert_masked(l, 30000, 2, "base", "public.customers.email"); /* the first in the policy */
	assert_masked(l, 30000, 3, "view", "public.orders.total");
	assert_masked(l, 30001, 2, "base",
		"public.customers.email"); /* not the last 4 characters of an email */
	assert_kind(l, 30002, 1, LABEL_DERIVED);
	assert_masked(l, 30003, 1, "any ssn", "public.orders.total");
	labels_unref(l);
}

static void test_view_cycles_end(void **state)
{
	struct labels *l;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "v%u", i);
		relation(30000 + i, "public", name, CATALOG_VIEW);
		columns(30000 + i, "x", "y", NULL);
	}
	from(30000, 1, 30001, 1);
	from(30001, 1, 30000, 1);
	from(30002, 1, 30002, 1);
	depends(30003, 30002, 1);
	depends(30002, 30003, 2);
	depends(30000, 30001, 0);
	depends(30001, 30000, 0);
	l = built(SHOP);
	for (uint32_t i = 0; i < 4; i++) {
		for (int16_t k = 1; k <= 2; k++)
			assert_kind(l, 30000 + i, k, LABEL_DERIVED);
	}
	labels_unref(l);
}

/* Each view stands on the next: far beyond the depth that is followed. Sensitive, and no stack is
 * overrun. */
static void test_deep_views(void **state)
{
	enum { COUNT = 100000, FIRST = 30000 };
	struct labels *l;

	(void)state;
	shop();
	for (uint32_t i = 0; i < COUNT; i++) {
		relation(FIRST + i, "public", "v", CATALOG_VIEW);
		columns(FIRST + i, "s", "e", NULL);
		from(FIRST + i, 1, i + 1 < COUNT ? FIRST + i + 1 : (uint32_t)CUSTOMERS,
			i + 1 < COUNT ? 1 : SSN);
		depends(FIRST + i, i + 1 < COUNT ? FIRST + i + 1 : (uint32_t)CUSTOMERS,
			i + 1 < COUNT ? 2 : SSN);
	}
	l = built(SHOP);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_not_equal(labels_of(l, FIRST + i, 1).kind, LABEL_PLAIN);
		assert_kind(l, FIRST + i, 2, LABEL_DERIVED);
	}
	assert_masked(l, FIRST + COUNT - 1, 1, "identity", "public.customers.ssn");
	labels_unref(l);
	shop();
	for (uint32_t i = 0; i < COUNT;
		i++) { /* in the order of creation, the chain may be as long as it likes */
		relation(FIRST + i, "public", "v", CATALOG_VIEW);
		columns(FIRST + i, "s", NULL, NULL);
		from(FIRST + i, 1, i ? FIRST + i - 1 : (uint32_t)CUSTOMERS, i ? 1 : SSN);
	}
	l = built(SHOP);
	assert_masked(l, FIRST + COUNT - 1, 1, "identity", "public.customers.ssn");
	labels_unref(l);
}

static void test_long_names(void **state)
{
	static char schema[400], table[400], column[400], pattern[1300];
	struct policy_mask mask = {.spec = {.kind = MASK_NULL, .name = "m"},
		.columns = (const char *[]){pattern},
		.column_count = 1,
		.roles = 1};
	struct labels *l;

	(void)state;
	memset(schema, 's', sizeof(schema) - 1);
	memset(table, 't', sizeof(table) - 1);
	memset(column, 'c', sizeof(column) - 1);
	(void)snprintf(pattern, sizeof(pattern), "%s.%s.%s", schema, table, column);
	relation(20000, schema, table, CATALOG_TABLE);
	columns(20000, "", column, NULL);
	relation(20001, "", "", CATALOG_TABLE);
	l = built(&mask, 1);
	assert_masked(l, 20000, 2, "m", pattern);
	assert_kind(l, 20000, 1, LABEL_PLAIN);
	assert_kind(l, 20001, 0, LABEL_PLAIN);
	labels_unref(l);
}

/* ---- MySQL: schemas are databases, names have no case, its own schemas are shut ---- */
static void test_mysql(void **state)
{
	const struct policy_mask masks[] = {
		MASK_ON("identity", MASK_REDACT, "shop.CUSTOMERS.Ssn", "*.*.Tax_ID"),
	};
	struct labels *l;

	(void)state;
	relation(1, "information_schema", "columns", CATALOG_OTHER);
	columns(1, "table_name", "column_default", "tax_id");
	relation(2, "information_schema", "column_statistics", CATALOG_OTHER);
	columns(2, "table_name", "histogram", NULL);
	relation(3, "information_schema", "processlist", CATALOG_OTHER);
	columns(3, "id", "info", NULL);
	relation(4, "mysql", "user", CATALOG_TABLE);
	columns(4, "host", "authentication_string", NULL);
	relation(5, "mysql", "time_zone_name", CATALOG_TABLE);
	columns(5, "name", NULL, NULL);
	relation(6, "performance_schema", "events_statements_history", CATALOG_TABLE);
	columns(6, "sql_text", NULL, NULL);
	relation(CUSTOMERS, "shop", "Customers", CATALOG_TABLE);
	columns(CUSTOMERS, "id", "email", "ssn");
	relation(ORDERS, "shop", "orders", CATALOG_TABLE);
	columns(ORDERS, "id", "tax_id", "total");
	relation(20002, "shop", "v", CATALOG_VIEW);
	columns(20002, "a", "b", NULL);
	depends(20002, CUSTOMERS, ID);
	relation(20003, "shop", "w", CATALOG_VIEW);
	columns(20003, "a", "b", NULL);
	depends(20003, CUSTOMERS, ID);
	depends(20003, CUSTOMERS, SSN);
	catalog_set_mysql(b, false);
	l = built(masks, 1);
	assert_masked(l, CUSTOMERS, SSN, "identity", "shop.Customers.ssn");
	assert_kind(l, CUSTOMERS, EMAIL, LABEL_PLAIN);
	assert_masked(l, ORDERS, 2, "identity", "shop.orders.tax_id");
	assert_kind(l, 20002, 1, LABEL_PLAIN);
	assert_kind(l, 20003, 1, LABEL_DERIVED);
	assert_kind(l, 1, 1, LABEL_PLAIN);
	assert_kind(l, 1, 2, LABEL_PLAIN);
	assert_true(labels_of(l, 1, 2).is_definition);
	assert_false(labels_of(l, 1, 1).is_definition);
	assert_kind(l, 1, 3, LABEL_PLAIN); /* an open pattern does not reach the server's own */
	assert_kind(l, 2, 1, LABEL_DERIVED);
	assert_kind(l, 2, 2, LABEL_DERIVED);
	assert_kind(l, 3, 1, LABEL_PLAIN);
	assert_kind(l, 3, 2, LABEL_DERIVED);
	assert_kind(l, 4, 1, LABEL_DERIVED);
	assert_kind(l, 5, 1, LABEL_PLAIN);
	assert_kind(l, 6, 1, LABEL_DERIVED);
	labels_unref(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_other_role_and_no_masks),
		cmocka_unit_test(test_first_mask_wins_and_own_domain),
		cmocka_unit_test(test_kinds_of_relations),
		cmocka_unit_test(test_system_catalogs),
		cmocka_unit_test(test_children_inherit_by_name),
		cmocka_unit_test(test_parents_show_their_children),
		cmocka_unit_test(test_several_parents_first_mask_wins),
		cmocka_unit_test(test_unknown_parent_and_cycles),
		cmocka_unit_test(test_view_chain),
		cmocka_unit_test(test_view_of_what_nobody_knows),
		cmocka_unit_test(test_mask_on_a_view),
		cmocka_unit_test(test_view_cycles_end),
		cmocka_unit_test(test_deep_views),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_mysql),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
