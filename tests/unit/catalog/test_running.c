/* Functions, operators, types and hazards of a snapshot. */
#include "../../support/cmocka_qw.h"

#include "qw/catalog.h"

static struct catalog_function function(uint32_t oid, const char *name, const char *sha256)
{
	return (struct catalog_function){.oid = oid, .schema = "public", .name = name, .args = "integer, text", .language = "sql",
		.owner = "app", .kind = 'f', .volatility = 's', .sha256 = sha256};
}

struct change { /* of one thing in an otherwise equal snapshot */
	const char *sha256, *detail;
	unsigned on;
	bool is_shown, is_unverified, more_types, is_quiet;
};

static struct catalog *built(struct change c)
{
	struct catalog_builder *b = catalog_builder_new(1);
	struct catalog_function late = function(30001, "late", "aa"), early = function(30000, "early", c.sha256 ? c.sha256 : "bb");
	const uint32_t runs[] = {30000, 2626, 99999};
	struct catalog_hazard h = {.subject = 20000, .on = CATALOG_ON_INSERT | c.on, .is_shown = c.is_shown,
		.text = "trigger t on public.x", .detail = c.detail ? c.detail : "definition", .functions = runs, .function_count = 3};
	const int16_t keys[] = {3, 4}, parent_keys[] = {5, 6}, others[] = {0};
	const struct catalog_rule rule = {.kind = CATALOG_REFERENCE, .relation = 20000, .parent = 19999, .keys = keys,
		.parent_keys = parent_keys, .others = others, .key_count = 2, .other_count = 1, .is_equality = true};
	struct catalog_hazard other = {.subject = 19999, .then_relation = 20000, .on = CATALOG_ON_DELETE,
		.then_on = CATALOG_ON_UPDATE, .rule = &rule};

	catalog_set_server(b, 15, !c.is_unverified);
	catalog_set_quiet(b, c.is_quiet ? CATALOG_QUIET_CHECKS : 0);
	assert_int_equal(catalog_add_function_known(b, &late), 0);
	assert_int_equal(catalog_add_function_known(b, &early), 0);
	assert_int_equal(catalog_add_hazard(b, &h), 0);
	assert_int_equal(catalog_add_hazard(b, &other), 0);
	assert_int_equal(catalog_add_operator(b, 700, 65, NULL), 0);
	assert_int_equal(catalog_add_operator(b, 96, 66, NULL), 0);
	assert_int_equal(catalog_add_operator(b, 40000, 30000, "###"), 0);
	assert_int_equal(catalog_add_type(b, 41000, "mood"), 0);
	assert_int_equal(catalog_add_type(b, c.more_types ? 41001 : 41000, NULL), 0);
	assert_int_equal(catalog_add_type_part(b, 41000, 41002), 0);
	assert_int_equal(catalog_add_type_part(b, 41000, 41001), 0);
	assert_int_equal(catalog_add_type_part(b, 41000, 41002), 0);
	for (uint32_t oid = 20000; oid < 20003; oid++)
		assert_int_equal(catalog_add_relation(b, oid, "public", "x", CATALOG_TABLE), 0);
	assert_int_equal(catalog_add_parent(b, 20002, 20000), 0);
	assert_int_equal(catalog_add_parent(b, 20001, 20000), 0);
	return catalog_builder_finish(b);
}

static void test_lookups(void **state)
{
	struct catalog *c = built((struct change){0});
	const struct catalog_hazard *h;
	const uint32_t *list;
	size_t count;

	(void)state;
	assert_non_null(c);
	assert_int_equal(catalog_server_major(c), 15);
	assert_true(catalog_is_verified(c));
	assert_int_equal(catalog_quiet(c), 0);
	assert_int_equal(catalog_function_count(c), 2);
	assert_string_equal(catalog_function_at(c, 0)->name, "early");
	assert_null(catalog_function_at(c, 2));
	assert_string_equal(catalog_function(c, 30001)->name, "late");
	assert_null(catalog_function(c, 29999));
	assert_null(catalog_function(c, 30002));
	assert_int_equal(catalog_operator_function(c, 700), 65);
	assert_int_equal(catalog_operator_function(c, 96), 66);
	assert_int_equal(catalog_operator_function(c, 97), 0);
	assert_true(catalog_has_operator(c, "###") && catalog_has_type(c, "mood") && catalog_knows_type(c, 41000));
	assert_false(catalog_has_operator(c, "=") || catalog_has_type(c, "moo") || catalog_knows_type(c, 41001));
	list = catalog_children(c, 20000, &count);
	assert_int_equal(count, 2);
	assert_int_equal(list[0], 20001);
	assert_null(catalog_children(c, 20001, &count));
	assert_int_equal(count, 0);
	list = catalog_type_parts(c, 41000, &count);
	assert_int_equal(count, 2); /* each once */
	assert_int_equal(list[1], 41002);
	h = catalog_hazards(c, 20000, &count);
	assert_int_equal(count, 1);
	assert_string_equal(h->text, "trigger t on public.x runs public.early(integer, text), "
		"pg_catalog.pg_sleep(double precision), function 99999");
	assert_null(h->detail);
	assert_int_equal(strlen(h->sha256), 64);
	assert_non_null(strstr(h->said, h->sha256));
	h = catalog_hazards(c, 19999, &count);
	assert_int_equal(h->then_relation, 20000);
	assert_int_equal(h->rule->kind, CATALOG_REFERENCE);
	assert_int_equal(h->rule->keys[1], 4);
	assert_int_equal(h->rule->parent_keys[1], 6);
	assert_int_equal(h->rule->others[0], 0);
	assert_true(h->rule->is_equality && h->rule->parent == 19999 && h->rule->other_count == 1);
	assert_null(catalog_hazards(c, 20000, &count)->rule);
	assert_null(catalog_hazards(c, 20001, &count));
	catalog_unref(c);
}

static void test_same(void **state)
{
	static const struct change changes[] = {{.sha256 = "cc"}, {.detail = "another"}, {.on = CATALOG_ON_DELETE},
		{.is_shown = true}, {.is_unverified = true}, {.more_types = true}, {.is_quiet = true}};
	struct catalog *c = built((struct change){0}), *d = built((struct change){0});
	size_t count;

	(void)state;
	assert_true(catalog_same(c, d));
	catalog_unref(d);
	for (size_t i = 0; i < QW_COUNT(changes); i++) {
		d = built(changes[i]);
		assert_false(catalog_same(c, d));
		if (changes[i].sha256 || changes[i].detail) /* the pin of a trigger holds its function's */
			assert_string_not_equal(catalog_hazards(c, 20000, &count)->sha256, catalog_hazards(d, 20000, &count)->sha256);
		catalog_unref(d);
	}
	catalog_unref(c);
}

static void test_malformed(void **state)
{
	struct catalog_builder *b = catalog_builder_new(1);
	struct catalog_function f = function(0, "x", "aa");
	struct catalog_hazard h = {.subject = 5};

	(void)state;
	assert_int_equal(catalog_add_function_known(b, &f), QW_E_MALFORMED);
	f = function(1, NULL, "aa");
	assert_int_equal(catalog_add_function_known(b, &f), QW_E_MALFORMED);
	assert_int_equal(catalog_add_hazard(b, &h), QW_E_MALFORMED);
	h = (struct catalog_hazard){.text = "x"};
	assert_int_equal(catalog_add_hazard(b, &h), QW_E_MALFORMED);
	assert_int_equal(catalog_add_operator(b, 0, 1, NULL), QW_E_MALFORMED);
	assert_int_equal(catalog_add_type_part(b, 0, 1), QW_E_MALFORMED);
	assert_int_equal(catalog_add_generated(b, 7, (struct catalog_generated){1, 2}), QW_E_NOTFOUND);
	assert_int_equal(catalog_add_generated(b, 7, (struct catalog_generated){0, 2}), QW_E_MALFORMED);
	catalog_builder_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookups),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
