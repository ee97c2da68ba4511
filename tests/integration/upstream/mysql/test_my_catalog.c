/* What is read of a MySQL server, of the shop and what more.sql adds; and what another login may not see. */
#include "my.h"

static struct catalog *snapshot;

static struct catalog *read_as(const char *credential)
{
	struct upstream_target t = my_tls();
	struct upstream_failure f;
	struct catalog *c = NULL;

	t.credential = credential;
	if (upstream_read_catalog(world.vault, &t, NULL, 7, &c, &f))
		fail_msg("%s %s: %s", f.sqlstate, f.message, f.detail);
	return c;
}

static const struct catalog_relation *relation(const struct catalog *c, const char *name)
{
	const struct catalog_relation *r = catalog_find_named(c, "shop", name);

	if (!r)
		fail_msg("no relation %s", name);
	return r;
}

static int16_t attnum(const struct catalog *c, const struct catalog_relation *r, const char *name)
{
	int i = catalog_column_named(c, r, name);

	if (i < 0)
		fail_msg("%s has no column %s", r->name, name);
	return r->columns[i].attnum;
}

static bool depends(const struct catalog *c, const char *view, const char *table, const char *column)
{
	const struct catalog_relation *v = relation(c, view), *t = relation(c, table);
	int16_t n = column ? attnum(c, t, column) : 0;

	for (size_t i = 0; i < v->depend_count; i++)
		if (v->depends[i].relation_oid == t->oid && (v->depends[i].attnum == n || !column))
			return true;
	return false;
}

static void test_relations(void **state)
{
	const struct catalog_relation *r = relation(snapshot, "customers");

	(void)state;
	assert_int_equal(catalog_dialect(snapshot), CATALOG_MYSQL);
	assert_int_equal(catalog_generation(snapshot), 7);
	assert_false(catalog_is_verified(snapshot));
	assert_int_equal(r->kind, CATALOG_TABLE);
	assert_true(r->oid >= 16384);
	assert_int_equal(r->column_count, 8);
	assert_string_equal(r->columns[3].name, "ssn");
	assert_int_equal(r->columns[3].attnum, 4);
	assert_int_equal(r->columns[3].type_oid, 253);
	assert_null(r->definition);
	assert_int_equal(relation(snapshot, "v_customers")->kind, CATALOG_VIEW);
	assert_true(catalog_find_named(snapshot, "INFORMATION_SCHEMA", "Tables")->oid < 16384);
	assert_true(catalog_find_named(snapshot, "information_schema", "tables")->column_count > 10);
	assert_null(catalog_find_named(snapshot, "shop", "CUSTOMERS"));
	assert_null(catalog_find_named(snapshot, "private", "customers"));
}

static void test_types(void **state)
{
	static const struct {
		const char *name;
		uint32_t type;
	} types[] = {
		{"c_tiny", 1}, {"c_small", 2}, {"c_medium", 9}, {"c_int", 3}, {"c_big", 8}, {"c_dec", 246}, {"c_float", 4}, {"c_double", 5},
		{"c_bit", 272}, {"c_year", 13}, {"c_date", 10}, {"c_time", 11}, {"c_datetime", 12}, {"c_ts", 7}, {"c_char", 254}, {"c_varchar", 253},
		{"c_binary", 510}, {"c_varbinary", 509}, {"c_tinyblob", 508}, {"c_blob", 508}, {"c_mediumblob", 508}, {"c_longblob", 508},
		{"c_tinytext", 252}, {"c_text", 252}, {"c_mediumtext", 252}, {"c_longtext", 252}, {"c_enum", 254}, {"c_set", 254}, {"c_point", 511},
	};
	const struct catalog_relation *r = relation(snapshot, "types");

	(void)state;
	for (size_t i = 0; i < QW_COUNT(types); i++)
		assert_int_equal(r->columns[catalog_column_named(snapshot, r, types[i].name)].type_oid, types[i].type);
	for (size_t i = 0; i < r->column_count; i++)
		assert_int_not_equal(r->columns[i].type_oid, 0);
}

static bool generated_from(const struct catalog_relation *r, const char *to, const char *from)
{
	for (size_t i = 0; i < r->generated_count; i++)
		if (r->generated[i].attnum == attnum(snapshot, r, to) && r->generated[i].from == attnum(snapshot, r, from))
			return true;
	return false;
}

static void test_generated(void **state)
{
	const struct catalog_relation *r = relation(snapshot, "people");

	(void)state;
	assert_true(generated_from(r, "email_lower", "email"));
	assert_true(generated_from(r, "both_of", "EMAIL"));
	assert_true(generated_from(r, "both_of", "full name"));
	assert_true(generated_from(r, "plain", "born"));
	assert_false(generated_from(r, "plain", "email"));
	assert_false(generated_from(r, "email_lower", "full name"));
	assert_true(r->columns[catalog_column_named(snapshot, r, "hidden")].is_hidden);
	assert_false(r->columns[catalog_column_named(snapshot, r, "email")].is_hidden);
}

static void test_views(void **state)
{
	(void)state;
	assert_true(depends(snapshot, "v_customers", "customers", "ssn"));
	assert_true(depends(snapshot, "v_customers", "customers", "email"));
	assert_false(depends(snapshot, "v_customers", "customers", "card"));
	assert_false(relation(snapshot, "v_customers")->is_unresolved);
	assert_non_null(strstr(relation(snapshot, "v_customers")->definition, "ssn"));
	assert_true(depends(snapshot, "v_order_totals", "orders", "total"));
	assert_false(depends(snapshot, "v_order_totals", "orders", "status"));
	assert_false(depends(snapshot, "v_order_totals", "customers", NULL));
	assert_true(depends(snapshot, "v_people", "people", "email"));
	assert_true(depends(snapshot, "v_people", "pets", "owner"));
	assert_false(depends(snapshot, "v_people", "people", "born"));
	assert_false(relation(snapshot, "v_people")->is_unresolved);
	assert_true(depends(snapshot, "v_nested", "v_people", "mail"));
	assert_false(depends(snapshot, "v_nested", "v_people", "pet"));
	assert_int_equal(relation(snapshot, "v_const")->depend_count, 0);
	assert_false(relation(snapshot, "v_const")->is_unresolved);
	assert_false(relation(snapshot, "v_calls")->is_unresolved);
	assert_true(depends(snapshot, "v_unquoted", "customers", "ssn"));
	assert_true(depends(snapshot, "v_unquoted", "orders", "id"));
	assert_true(depends(snapshot, "v_unquoted", "scratch", NULL) || relation(snapshot, "v_unquoted")->depend_count > 0);
	assert_false(relation(snapshot, "v_unquoted")->is_unresolved);
	assert_true(depends(snapshot, "v_cte", "customers", "ssn"));
	assert_true(depends(snapshot, "v_cte", "scratch", "t"));
	assert_false(relation(snapshot, "v_cte")->is_unresolved);
	assert_true(depends(snapshot, "v_odd", "scratch", "id"));
	assert_false(depends(snapshot, "v_odd", "scratch", "t"));
	assert_false(relation(snapshot, "v_odd")->is_unresolved);
}

/* "table.column", or "" for none */
static const char *origin(const char *view, const char *column)
{
	static char out[200];
	const struct catalog_relation *v = relation(snapshot, view), *t;
	const struct catalog_origin o = v->columns[catalog_column_named(snapshot, v, column)].origin;

	if (!o.relation_oid)
		return "";
	t = catalog_find(snapshot, o.relation_oid);
	(void)snprintf(out, sizeof(out), "%s.%s", t->name, t->columns[catalog_column_index(t, o.attnum)].name);
	return out;
}

static void test_origins(void **state)
{
	(void)state;
	assert_string_equal(origin("v_customers", "id"), "customers.id");
	assert_string_equal(origin("v_customers", "tax_id"), "customers.ssn");
	assert_string_equal(origin("v_order_totals", "customer_id"), "orders.customer_id");
	assert_string_equal(origin("v_order_totals", "total"), "");
	assert_string_equal(origin("v_people", "mail"), "people.email");
	assert_string_equal(origin("v_people", "pet"), "");
	assert_string_equal(origin("v_nested", "mail"), "v_people.mail");
	assert_string_equal(origin("v_calls", "id"), "orders.id");
	assert_string_equal(origin("v_calls", "s"), "");
	assert_string_equal(origin("v_const", "text"), "");
	assert_string_equal(origin("v_cte", "x"), "");
	assert_string_equal(origin("v_odd", "id"), "scratch.id");
	assert_string_equal(origin("v_odd", "q"), "");
	assert_string_equal(origin("v_unquoted", "id"), "customers.id");
	assert_string_equal(origin("v_unquoted", "u"), "");
	assert_string_equal(origin("v_joined", "c"), "customers.ssn");
	assert_string_equal(origin("v_joined", "o"), "orders.id");
	assert_string_equal(origin("v_union", "a"), "");
	assert_string_equal(origin("v_derived", "a"), ""); /* a derived table that is called as a table */
	assert_string_equal(origin("v_twice", "a"), ""); /* two tables of one alias, in two scopes */
	assert_string_equal(origin("v_distinct", "a"), "customers.phone");
	assert_string_equal(origin("v_distinct", "from"), "customers.card");
	assert_string_equal(origin("v_named", "one"), "customers.id");
	assert_string_equal(origin("v_named", "two"), "customers.email");
}

static const struct catalog_function *routine(const struct catalog *c, const char *name)
{
	for (size_t i = 0; i < catalog_function_count(c); i++)
		if (strcmp(catalog_function_at(c, i)->name, name) == 0)
			return catalog_function_at(c, i);
	fail_msg("no routine %s", name);
	return NULL;
}

static const struct catalog_hazard *hazard(const struct catalog *c, const char *table, const char *text, unsigned on)
{
	size_t count;
	const struct catalog_hazard *h = catalog_hazards(c, relation(c, table)->oid, &count);

	for (size_t i = 0; i < count; i++)
		if (h[i].text && strstr(h[i].text, text) && h[i].on == on)
			return &h[i];
	return NULL;
}

static void test_routines(void **state)
{
	struct catalog *all = read_as("seer"); /* with the right that docs/operations.md names */
	const struct catalog_function *f = routine(all, "f_get_ssn");

	(void)state;
	assert_string_equal(routine(snapshot, "f_get_ssn")->sha256, "unseen"); /* root made it, and the login has no SHOW_ROUTINE */
	assert_string_equal(f->schema, "shop");
	assert_int_equal(f->kind, 'f');
	assert_int_equal(strlen(f->sha256), 64);
	assert_non_null(strstr(f->args, "int"));
	assert_true(f->is_security_definer);
	assert_string_equal(f->owner, "root@localhost");
	assert_int_equal(routine(snapshot, "p_purge")->kind, 'p');
	assert_int_equal(routine(snapshot, "e_daily")->kind, 'e');
	assert_string_not_equal(routine(all, "p_purge")->sha256, routine(all, "p_list")->sha256);
	catalog_unref(all);
	assert_true(catalog_has_function(snapshot, "f_get_ssn"));
	assert_true(catalog_has_function(snapshot, "p_purge"));
	assert_false(catalog_has_function(snapshot, "e_daily"));
	assert_non_null(hazard(snapshot, "v_calls", "runs shop.f_get_ssn(", 0));
}

static bool cascades(const char *from, unsigned on, const char *to, unsigned then)
{
	size_t count;
	const struct catalog_hazard *h = catalog_hazards(snapshot, relation(snapshot, from)->oid, &count);

	for (size_t i = 0; i < count; i++)
		if (!h[i].text && h[i].on == on && h[i].then_relation == relation(snapshot, to)->oid && h[i].then_on == then)
			return true;
	return false;
}

static void test_hazards(void **state)
{
	(void)state;
	assert_non_null(hazard(snapshot, "people", "trigger people_in on shop.people", CATALOG_ON_INSERT));
	assert_non_null(hazard(snapshot, "people", "trigger people_out on shop.people", CATALOG_ON_DELETE));
	assert_null(hazard(snapshot, "people", "may not be seen", CATALOG_ON_INSERT | CATALOG_ON_UPDATE | CATALOG_ON_DELETE));
	assert_null(hazard(snapshot, "orders", "", CATALOG_ON_INSERT));
	assert_true(cascades("customers", CATALOG_ON_DELETE, "orders", CATALOG_ON_DELETE));
	assert_false(cascades("customers", CATALOG_ON_UPDATE, "orders", CATALOG_ON_UPDATE));
	assert_true(cascades("people", CATALOG_ON_DELETE, "pets", CATALOG_ON_UPDATE));
	assert_true(cascades("people", CATALOG_ON_UPDATE, "pets", CATALOG_ON_UPDATE));
	assert_false(cascades("pets", CATALOG_ON_DELETE, "toys", CATALOG_ON_DELETE));
}

/* A login that may read and write but not see: what it cannot see counts against it. */
static void test_unseen(void **state)
{
	struct catalog *c = read_as("reader");
	const unsigned any = CATALOG_ON_INSERT | CATALOG_ON_UPDATE | CATALOG_ON_DELETE;

	(void)state;
	assert_non_null(hazard(c, "people", "may not be seen (GRANT TRIGGER)", any));
	assert_non_null(hazard(c, "orders", "may not be seen (GRANT TRIGGER)", any));
	assert_null(hazard(c, "scratch", "may not be seen (GRANT TRIGGER)", any)); /* granted for this table */
	assert_string_equal(routine(c, "f_get_ssn")->sha256, "unseen");
	assert_true(relation(c, "v_customers")->is_unresolved); /* no SHOW VIEW */
	assert_null(relation(c, "v_customers")->definition);
	catalog_unref(c);
}

static void test_same(void **state)
{
	struct catalog *again = read_as("app"), *admin = read_as("admin"), *admin_again = read_as("admin");

	(void)state;
	assert_true(catalog_same(snapshot, again));
	assert_true(catalog_same(admin, admin_again));
	assert_false(catalog_same(snapshot, admin));
	assert_int_equal(catalog_find_named(admin, "mysql", "user") != NULL, 1);
	assert_true(catalog_count(admin) > catalog_count(snapshot));
	catalog_unref(again);
	catalog_unref(admin);
	catalog_unref(admin_again);
}

static void test_refused(void **state)
{
	struct upstream_target t = my_tls();
	struct upstream_failure f;
	struct catalog *c = NULL;
	struct upstream_tree *tree = NULL;

	(void)state;
	t.credential = "wrong";
	assert_true(upstream_read_catalog(world.vault, &t, NULL, 1, &c, &f) < 0);
	assert_null(c);
	assert_string_equal(f.sqlstate, "08004");
	assert_int_equal(upstream_tree_open(world.vault, &t, "shop", &tree, &f), QW_E_UNSUPPORTED);
	assert_null(tree);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_routines),
		cmocka_unit_test(test_hazards),
		cmocka_unit_test(test_unseen),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_refused),
	};
	int failed;

	if (my_init(argc, argv))
		return 1;
	world_secret("reader", "reader", world.password);
	world_secret("seer", "seer", world.password);
	snapshot = read_as("app");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	catalog_unref(snapshot);
	vault_close(world.vault);
	return failed;
}
