/* The snapshot of the shop and of views whose origin is hard to see. */
#include "frames.h"

static struct catalog *shop;

static const struct catalog_relation *relation(const char *schema, const char *name)
{
	for (size_t i = 0; i < catalog_count(shop); i++) {
		const struct catalog_relation *r = catalog_at(shop, i);

		if (strcmp(r->name, name) == 0 && strcmp(r->schema, schema) == 0)
			return r;
	}
	fail_msg("no %s.%s", schema, name);
	return NULL;
}

static const char *column_name(const struct catalog_relation *r, int16_t attnum)
{
	int i = catalog_column_index(r, attnum);

	return attnum == 0 ? "*" : i < 0 ? "?" : r->columns[i].name;
}

/* "table.column", "-" for an expression */
static void describe(struct catalog_origin o, char *out, size_t size)
{
	const struct catalog_relation *r = catalog_find(shop, o.relation_oid);

	if (o.relation_oid == 0)
		(void)snprintf(out, size, "-");
	else
		(void)snprintf(out, size, "%s.%s", r ? r->name : "?", r ? column_name(r, o.attnum) : "?");
}

/* Columns as "name=origin name=origin" */
static void expect_in(const char *schema, const char *view, const char *columns)
{
	const struct catalog_relation *r = relation(schema, view);
	char text[2000] = "", one[300];
	size_t n = 0;

	for (size_t i = 0; i < r->column_count; i++) {
		describe(r->columns[i].origin, one, sizeof(one));
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s=%s", i ? " " : "", r->columns[i].name, one);
	}
	assert_string_equal(text, columns);
	assert_false(r->is_unresolved);
}

static void expect(const char *view, const char *columns)
{
	expect_in("public", view, columns);
}

static bool depends(const char *view, const char *on)
{
	const struct catalog_relation *r = relation("public", view);
	char one[300];

	for (size_t i = 0; i < r->depend_count; i++) {
		describe(r->depends[i], one, sizeof(one));
		if (strcmp(one, on) == 0)
			return true;
	}
	return false;
}

static void test_tables(void **state)
{
	const struct catalog_relation *r = relation("public", "customers");

	(void)state;
	assert_int_equal(catalog_generation(shop), 42);
	assert_int_equal(r->kind, CATALOG_TABLE);
	assert_int_equal(r->column_count, 8);
	assert_string_equal(r->columns[3].name, "ssn");
	assert_int_equal(r->columns[3].attnum, 4);
	assert_int_equal(r->columns[3].type_oid, 25);
	assert_int_equal(r->columns[3].origin.relation_oid, 0);
	assert_int_equal(r->depend_count, 0);
	assert_int_equal(relation("public", "app_seq")->kind, CATALOG_OTHER);
	assert_int_equal(relation("pg_catalog", "pg_authid")->oid, 1260);
	assert_int_equal(relation("information_schema", "columns")->kind, CATALOG_VIEW);
	r = relation("public", "dropped");
	assert_int_equal(r->column_count, 2);
	assert_int_equal(r->columns[1].attnum, 3);
	expect("v_dropped", "a=dropped.a c=dropped.c");
}

static void test_views(void **state)
{
	(void)state;
	expect("v_customers", "id=customers.id name=customers.name email=customers.email tax_id=customers.ssn "
			      "created_at=customers.created_at");
	expect("v_order_totals", "customer_id=orders.customer_id n=- total=-");
	assert_true(depends("v_order_totals", "orders.total"));
	assert_false(depends("v_order_totals", "orders.status"));
	expect("v_vip", "id=v_customers.id t=v_customers.tax_id loud=- created_at=v_customers.created_at");
	assert_true(depends("v_vip", "v_customers.email"));
	expect("v_natural", "id=customers.id name=customers.name email=customers.email ssn=customers.ssn phone=customers.phone "
			    "card=customers.card notes=customers.notes created_at=customers.created_at t=scratch.t");
	assert_true(depends("v_natural", "scratch.id"));
	expect("v_full", "id=- t=scratch.t");
	assert_true(depends("v_full", "customers.id") && depends("v_full", "scratch.id"));
	expect("v_union", "email=-");
	assert_true(depends("v_union", "customers.email") && depends("v_union", "scratch.t"));
	expect("v_row", "c=- j=-");
	assert_true(depends("v_row", "customers.*"));
	expect("v_sub", "mail=customers.email top=-");
	assert_true(depends("v_sub", "customers.card"));
	expect("v_cte", "phone=customers.phone id=customers.id");
	expect("v_filter", "id=orders.id");
	assert_true(depends("v_filter", "customers.ssn"));
	expect("v_renamed", "id=customers.id contact=customers.email");
	expect("v_function", "s=- one=-");
	expect("empty_view", "");
}

static void test_matviews(void **state)
{
	(void)state;
	assert_int_equal(relation("public", "mv_contacts")->kind, CATALOG_MATVIEW);
	expect("mv_contacts", "id=customers.id number=customers.phone c=-");
	assert_true(depends("mv_contacts", "customers.card"));
	expect("v_mv", "number=mv_contacts.number");
}

static void test_odd_names(void **state)
{
	(void)state;
	expect_in("Odd \"schema", "v", "x y=sel'ect ü.ü;-- a:relid 1260 :selectedCols (b 13)=sel'ect ü.a b");
	for (size_t i = 0; i < relation("Odd \"schema", "v")->depend_count; i++)
		assert_int_not_equal(relation("Odd \"schema", "v")->depends[i].relation_oid, 1260);
}

static void test_system_views(void **state)
{
	const struct catalog_relation *r = relation("pg_catalog", "pg_shadow");

	(void)state;
	expect_in("pg_catalog", "pg_roles",
		"rolname=pg_authid.rolname rolsuper=pg_authid.rolsuper rolinherit=pg_authid.rolinherit "
		"rolcreaterole=pg_authid.rolcreaterole rolcreatedb=pg_authid.rolcreatedb rolcanlogin=pg_authid.rolcanlogin "
		"rolreplication=pg_authid.rolreplication rolconnlimit=pg_authid.rolconnlimit rolpassword=- "
		"rolvaliduntil=pg_authid.rolvaliduntil rolbypassrls=pg_authid.rolbypassrls "
		"rolconfig=pg_db_role_setting.setconfig oid=pg_authid.oid");
	assert_int_equal(r->columns[6].origin.relation_oid, 1260);
	/* pg_depend knows nothing of pg_authid; the stored rule does, column by column */
	expect("v_auth", "rolname=pg_authid.rolname p=-");
	assert_true(depends("v_auth", "pg_authid.rolpassword"));
	assert_false(depends("v_auth", "pg_authid.*"));
	for (size_t i = 0; i < catalog_count(shop); i++) {
		r = catalog_at(shop, i);
		if (r->oid < 16384 && r->kind == CATALOG_VIEW && r->is_unresolved)
			fail_msg("%s.%s could not be described", r->schema, r->name);
	}
}

static void test_unresolved(void **state)
{
	const struct catalog_relation *r = relation("public", "v_hidden");
	size_t count = 0;

	(void)state;
	assert_true(r->is_unresolved);
	assert_int_equal(r->columns[0].origin.relation_oid, 0);
	assert_true(depends("v_hidden", "secrets.a"));
	for (size_t i = 0; i < catalog_count(shop); i++) {
		r = catalog_at(shop, i);
		count += r->is_unresolved;
		if (strncmp(r->name, "pg_toast_", 9) == 0)
			assert_true(r->is_unresolved);
		else if (r->is_unresolved)
			assert_string_equal(r->name, "v_hidden"); /* its neighbours in the pipeline are described */
	}
	assert_true(count > 1);
}

static void test_parents(void **state)
{
	const struct catalog_relation *r = relation("public", "events_2026");

	(void)state;
	assert_int_equal(relation("public", "events")->kind, CATALOG_PARTITIONED);
	assert_int_equal(r->kind, CATALOG_TABLE);
	assert_int_equal(r->parent_count, 1);
	assert_int_equal(r->parents[0], relation("public", "events")->oid);
	r = relation("public", "archived");
	assert_int_equal(r->parent_count, 2);
	assert_int_equal(r->parents[1], relation("public", "scratch")->oid);
	assert_int_equal(relation("public", "events")->parent_count, 0);
}

/* A table that is being altered: its views wait for a lock, the others do not. */
static void test_locked_table(void **state)
{
	struct upstream_target plain = target_plain();
	struct upstream *u = connected(&plain);
	struct upstream_failure f;
	struct catalog *before = shop;

	(void)state;
	assert_true(answers(u, "begin; lock table customers in access exclusive mode; select 'locked'", "locked"));
	if (upstream_read_catalog(world.vault, &plain, "shop", 43, &shop, &f))
		fail_msg("%s", f.detail);
	assert_true(relation("public", "v_customers")->is_unresolved);
	assert_true(relation("public", "v_vip")->is_unresolved);
	assert_true(depends("v_customers", "customers.ssn"));
	expect("v_order_totals", "customer_id=orders.customer_id n=- total=-");
	expect("v_mv", "number=mv_contacts.number");
	catalog_unref(shop);
	shop = before;
	upstream_free(u);
}

static void test_refused(void **state)
{
	struct upstream_target t = target_tls();
	struct upstream_failure f;
	struct catalog *c = NULL;

	(void)state;
	assert_true(upstream_read_catalog(world.vault, &t, "nonesuch", 1, &c, &f) < 0);
	assert_null(c);
	assert_string_equal(f.sqlstate, "3D000");
	t.credential = "wrong";
	assert_true(upstream_read_catalog(world.vault, &t, "shop", 1, &c, &f) < 0);
	assert_string_equal(f.sqlstate, "08004");
	assert_null(strstr(f.detail, "Wr0ng"));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_matviews),
		cmocka_unit_test(test_odd_names),
		cmocka_unit_test(test_system_views),
		cmocka_unit_test(test_unresolved),
		cmocka_unit_test(test_parents),
		cmocka_unit_test(test_locked_table),
		cmocka_unit_test(test_refused),
	};
	struct upstream_failure f;
	struct upstream_target t;
	int failed;

	if (world_init(argc, argv))
		return 1;
	t = target_tls();
	if (upstream_read_catalog(world.vault, &t, "shop", 42, &shop, &f)) {
		(void)fprintf(stderr, "%s %s: %s\n", f.sqlstate, f.message, f.detail);
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	catalog_unref(shop);
	vault_close(world.vault);
	return failed;
}
