#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy_double.h"
#include "qw/labels.h"

static struct labels *l;
static const struct policy_mask masks[] = {
	MASK_ON("m", MASK_REDACT, "public.customers.ssn", "hr.people.salary", "pg_temp_3.scratch.ssn")};

static void table(struct catalog_builder *b, uint32_t oid, const char *schema, const char *name, const char **columns)
{
	assert_int_equal(catalog_add_relation(b, oid, schema, name, CATALOG_TABLE), 0);
	for (int16_t i = 0; columns[i]; i++)
		assert_int_equal(catalog_add_column(b, oid, (int16_t)(i + 1), columns[i], 25), 0);
}

static int set_up(void **state)
{
	static const struct policy_role role = {.id_bit = 1};
	struct policy p = {.masks = masks, .count = 1};
	struct catalog_builder *b = catalog_builder_new(1);
	struct catalog *c;

	(void)state;
	table(b, 20000, "public", "customers", (const char *[]){"id", "name", "ssn", NULL});
	table(b, 20001, "public", "orders", (const char *[]){"id", "customer", "total", NULL});
	table(b, 20002, "hr", "people", (const char *[]){"id", "name", "salary", NULL});
	table(b, 20003, "public", "people", (const char *[]){"id", "nick", NULL});
	table(b, 20004, "pg_temp_3", "scratch", (const char *[]){"ssn", NULL});
	c = catalog_builder_finish(b);
	l = labels_build(c, &p, &role, "shop");
	catalog_unref(c);
	return l ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	labels_unref(l);
	return 0;
}

/* The reference is beside `FROM public.customers AS c JOIN orders AS o`. */
static const struct {
	const char *qualifier, *name;
	bool is_deep, touched;
} beside_customers[] = {
	{NULL, "id", false, false},
	{NULL, "total", false, false},
	{NULL, "ssn", false, true},
	{NULL, NULL, false, true}, /* * */
	{"c", "name", false, false},
	{"c", "id", false, false},
	{"c", "ctid", false, false},
	{"c", "ssn", false, true},
	{"c", NULL, false, true}, /* c.* */
	{"c", "row_to_json", false, true}, /* attribute notation: row_to_json(c) */
	{"c", "c", false, true},
	{"customers", "ssn", false, true},
	{"customers", "name", false, false},
	{"customers", NULL, false, true},
	{NULL, "c", false, true}, /* whole row */
	{NULL, "customers", false, true},
	{NULL, "o", false, false},
	{"o", NULL, false, false},
	{"o", "total", false, false},
	{"o", "ssn", false, false}, /* no such column; orders is not sensitive */
	{"o", "row_to_json", false, false},
	{"sub", NULL, false, false}, /* what is in the subquery is listed itself */
	{"sub", "name", false, false},
	{"sub", "ssn", false, true}, /* the alias of a join may hold it */
	{"excluded", "ssn", false, true},
	{NULL, "c", true, true}, /* (c).x */
	{"c", "x", true, true},
	{"c", NULL, true, true}, /* (c).* */
	{"c", "name", true, false}, /* (c).name: the row c is listed beside it */
	{NULL, "x", true, true}, /* (f(c)).x */
	{"sub", "x", true, true},
	{"o", "total", true, false},
	{"db", "customers", true, true},
	{NULL, "SSN", false, false}, /* names are exact */
};

static void test_column_references(void **state)
{
	struct qw_relation relations[] = {
		{.schema = "public", .name = "customers", .alias = "c"},
		{.name = "orders", .alias = "o"},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(beside_customers); i++) {
		struct qw_colref refs[] = {
			{.qualifier = "o", .name = "id"},
			{.qualifier = beside_customers[i].qualifier,
				.name = beside_customers[i].name,
				.is_deep = beside_customers[i].is_deep},
		};
		struct qw_statement s = {.relations = relations, .relation_count = 2, .columns = refs, .column_count = 2};
		const char *which = NULL;
		bool touched = labels_touched(l, &s, &which);

		if (touched != beside_customers[i].touched || touched != (which != NULL))
			fail_msg("case %zu: %s.%s gives %s", i, refs[1].qualifier ? refs[1].qualifier : "",
				refs[1].name ? refs[1].name : "*", which ? which : "nothing");
		s.relations = relations + 1; /* without the customers nothing is touched */
		s.relation_count = 1;
		assert_false(labels_touched(l, &s, &which));
		s.relation_count = 0;
		assert_false(labels_touched(l, &s, &which));
	}
}

static bool touched(struct qw_relation relation, struct qw_colref ref, const char **which)
{
	struct qw_statement s = {.relations = &relation, .relation_count = 1, .columns = &ref, .column_count = 1};

	*which = NULL;
	return labels_touched(l, &s, which);
}

static bool named(struct qw_relation relation, const char **which)
{
	struct qw_statement s = {.relations = &relation, .relation_count = 1};

	*which = NULL;
	return labels_relation_touched(l, &s, which);
}

static void test_which_is_named(void **state)
{
	const char *which;

	(void)state;
	assert_true(touched((struct qw_relation){.name = "customers"}, (struct qw_colref){.name = "ssn"}, &which));
	assert_string_equal(which, "public.customers.ssn");
	assert_true(touched((struct qw_relation){.name = "customers"}, (struct qw_colref){.name = NULL}, &which));
	assert_string_equal(which, "public.customers");
	assert_true(named((struct qw_relation){.name = "customers"}, &which));
	assert_string_equal(which, "public.customers");
}

static void test_knows(void **state)
{
	static const struct {
		const char *schema, *name;
		bool known;
	} cases[] = {{NULL, "customers", true}, {"public", "customers", true}, {"hr", "customers", false}, {NULL, "nosuch", false},
		{"hr", "people", true}, {"pg_temp", "scratch", true}, {NULL, "scratch", true}, {NULL, "", false}};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		struct qw_relation r = {.schema = cases[i].schema, .name = cases[i].name};
		struct qw_statement s = {.relations = &r, .relation_count = 1};

		assert_int_equal(labels_knows(l, &s), cases[i].known);
	}
	assert_true(labels_knows(l, &(struct qw_statement){0}));
}

static void test_names_and_schemas(void **state)
{
	const struct qw_colref salary = {.name = "salary"}, nick = {.qualifier = "people", .name = "nick"};
	const char *which;

	(void)state;
	assert_true(named((struct qw_relation){.schema = "hr", .name = "people"}, &which));
	assert_true(named((struct qw_relation){.name = "people"}, &which)); /* it may be hr's */
	assert_false(named((struct qw_relation){.schema = "public", .name = "people"}, &which));
	assert_false(named((struct qw_relation){.name = "nothing"}, &which));
	assert_false(named((struct qw_relation){.name = "aaa"}, &which));
	assert_false(named((struct qw_relation){.name = "zzz"}, &which));
	assert_true(named((struct qw_relation){.schema = "pg_temp", .name = "scratch"}, &which));
	assert_true(named((struct qw_relation){.schema = "pg_temp_3", .name = "scratch"}, &which));
	assert_false(named((struct qw_relation){.schema = "pg_temp_4", .name = "scratch"}, &which));
	assert_true(touched((struct qw_relation){.name = "people"}, salary, &which));
	assert_false(touched((struct qw_relation){.schema = "public", .name = "people"}, salary, &which));
	assert_true(touched((struct qw_relation){.name = "people"}, nick, &which)); /* no column of hr.people */
	assert_false(touched((struct qw_relation){.schema = "public", .name = "people"}, nick, &which));
}

static void test_renamed_and_natural(void **state)
{
	const struct qw_colref plain = {.name = "id"};
	const char *which;

	(void)state;
	assert_false(touched((struct qw_relation){.name = "customers"}, plain, &which));
	assert_true(touched((struct qw_relation){.name = "customers", .has_column_aliases = true}, plain, &which));
	assert_true(touched((struct qw_relation){.name = "customers", .in_natural_join = true}, plain, &which));
	assert_false(touched((struct qw_relation){.name = "orders", .has_column_aliases = true}, plain, &which));
	assert_false(touched((struct qw_relation){.name = "orders", .in_natural_join = true}, plain, &which));
}

/* So many names that looking at all would hold up the gateway: refused beside a sensitive relation only. */
static void test_too_many_names(void **state)
{
	static struct qw_relation relations[5000];
	static struct qw_colref refs[5000];
	struct qw_statement s = {.relations = relations, .relation_count = 5000, .columns = refs, .column_count = 5000};
	const char *which = NULL;

	(void)state;
	for (size_t i = 0; i < 5000; i++) {
		relations[i].name = "orders";
		refs[i].name = "id";
	}
	assert_false(labels_touched(l, &s, &which));
	relations[4999].name = "customers";
	assert_true(labels_touched(l, &s, &which));
	assert_string_equal(which, "public.customers");
	s.relations = relations + 4995; /* fewer: looked at */
	s.relation_count = 5;
	assert_false(labels_touched(l, &s, &which));
}

static void test_rows_of_a_write(void **state)
{
	const struct qw_relation written = {.name = "customers", .is_written = true}, read = {.name = "customers"};
	const char *names[] = {"old", "new", "excluded"}, *which;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(names); i++) {
		assert_true(touched(written, (struct qw_colref){.name = names[i]}, &which));
		assert_true(touched(written, (struct qw_colref){.qualifier = names[i]}, &which));
		assert_true(touched(written, (struct qw_colref){.qualifier = names[i], .name = "ssn"}, &which));
		assert_false(touched(written, (struct qw_colref){.qualifier = names[i], .name = "name"}, &which));
		assert_false(touched(read, (struct qw_colref){.name = names[i]}, &which));
	}
}

static void test_acts_name_relations_too(void **state)
{
	struct qw_act acts[] = {
		{.verb = QW_VERB_CALL, .kind = QW_OBJECT_FUNCTION, .name = "customers"},
		{.verb = QW_VERB_SHOW, .kind = QW_OBJECT_SETTING, .name = NULL},
		{.verb = QW_VERB_COPY_OUT, .kind = QW_OBJECT_RELATION, .schema = "public", .name = "customers"},
	};
	struct qw_statement s = {.acts = acts, .act_count = 2};
	const char *which = NULL;

	(void)state;
	assert_false(labels_relation_touched(l, &s, &which));
	s.act_count = 3;
	assert_true(labels_relation_touched(l, &s, &which));
	assert_string_equal(which, "public.customers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_column_references),
		cmocka_unit_test(test_which_is_named),
		cmocka_unit_test(test_knows),
		cmocka_unit_test(test_names_and_schemas),
		cmocka_unit_test(test_renamed_and_natural),
		cmocka_unit_test(test_too_many_names),
		cmocka_unit_test(test_rows_of_a_write),
		cmocka_unit_test(test_acts_name_relations_too),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
