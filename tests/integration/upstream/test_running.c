/* What the snapshot says of functions, operators, types, and of what writing runs. */

#include "frames.h"
#include "qw/functions.h"

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

static const struct catalog_function *function(const char *schema, const char *name)
{
	for (size_t i = 0; i < catalog_function_count(shop); i++) {
		const struct catalog_function *f = catalog_function_at(shop, i);

		if (strcmp(f->name, name) == 0 && strcmp(f->schema, schema) == 0)
			return f;
	}
	fail_msg("no %s.%s", schema, name);
	return NULL;
}

/* The sentences of one subject, with the letters of the writes. */
static void said(uint32_t subject, char *out, size_t size)
{
	size_t count, n = 0;
	const struct catalog_hazard *h = catalog_hazards(shop, subject, &count);

	*out = '\0';
	for (size_t i = 0; i < count; i++) {
		const struct catalog_relation *then = h[i].then_relation ? catalog_find(shop, h[i].then_relation) : NULL;

		assert_int_equal(strlen(h[i].sha256), 64);
		assert_null(h[i].detail);
		if (h[i].rule && h[i].text) /* nothing runs: test_rules */
			continue;
		n += (size_t)snprintf(out + n, size - n, "%s%s%s%s%s %s%s%s%s", n ? "; " : "",
			h[i].on & CATALOG_ON_INSERT ? "i" : "", h[i].on & CATALOG_ON_UPDATE ? "u" : "",
			h[i].on & CATALOG_ON_DELETE ? "d" : "", h[i].on & CATALOG_ON_TRUNCATE ? "t" : "",
			h[i].is_shown ? "(shown) " : "", h[i].for_children ? "(children) " : "",
			h[i].text ? h[i].text : then ? then->name : "a type", h[i].then_on & CATALOG_ON_UPDATE ? "+u" : "");
	}
}

static void expect(const char *table, const char *wanted)
{
	char text[2000];

	said(relation("hz", table)->oid, text, sizeof(text));
	assert_string_equal(text, wanted);
}

static void test_relations(void **state)
{
	(void)state;
	expect("triggered", "iu trigger t_log on hz.triggered runs hz.log(); "
		"d trigger t_when on hz.triggered runs hz.log(), hz.ok(text)");
	expect("checks", "iu a type; iu CHECK constraint b_ok of hz.checks runs hz.ok(text); "
		"iu (shown) default f of hz.checks runs hz.key(integer); "
		"iu generated column e of hz.checks runs hz.key(integer)");
	expect("indexed", "iu index i_user of hz.indexed runs hz.key(integer); iu index i_where of hz.indexed runs hz.ok(text)");
	expect("parted", "iu (children) partition key of hz.parted runs hz.key(integer)");
	expect("part", "i trigger t_part on hz.part runs hz.log()");
	expect("top", "u below+u; d below; t below; t restricted");
	expect("below", "d nulled+u; t nulled");
	expect("restricted", "");
	expect("ruled", "d (shown) rule r_gone on hz.ruled");
	expect("away", "iudt hz.away is a foreign table of server elsewhere");
	expect("plain", "");
}

static size_t numbers(char *out, size_t size, const char *word, const int16_t *list, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%d", i ? "," : word, list[i]);
	return n;
}

/* "iu unique index ti_plain_key of rz.ti keys 2 parent 1 others 3 = nulls fixed" */
static void expect_rules(const char *table, const char *wanted)
{
	size_t count, n = 0;
	char text[4000] = "";
	const struct catalog_hazard *h = catalog_hazards(shop, relation("rz", table)->oid, &count);

	for (size_t i = 0; i < count; i++) {
		const struct catalog_rule *r = h[i].rule;

		if (!r || !h[i].text)
			continue;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s%s%s %s", n ? "\n" : "", h[i].on & CATALOG_ON_INSERT ? "i" : "",
			h[i].on & CATALOG_ON_UPDATE ? "u" : "", h[i].on & CATALOG_ON_DELETE ? "d" : "",
			h[i].for_children ? "(children)" : "", h[i].text);
		n += numbers(text + n, sizeof(text) - n, " keys ", r->keys, r->key_count);
		n += r->parent ? numbers(text + n, sizeof(text) - n, " parent ", r->parent_keys, r->key_count) : 0;
		n += numbers(text + n, sizeof(text) - n, " others ", r->others, r->other_count);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s", r->is_equality ? " =" : "", r->nulls_differ ? " nulls" : "",
			r->is_fixed ? " fixed" : "");
	}
	assert_string_equal(text, wanted);
}

/* rules.sql */
static void test_rules(void **state)
{
	(void)state;
	expect_rules("ti", "iu exclusion constraint ti_r_excl of rz.ti keys 6 nulls\n"
		"ud foreign key f_both of rz.tf to rz.ti keys 2,3 parent 2,3 =\n"
		"ud foreign key f_email of rz.tf to rz.ti keys 1 parent 3 =\n"
		"iu unique index ti_a_email of rz.ti keys 2,3 = nulls\n"
		"iu unique index ti_email_key of rz.ti keys 3 = nulls\n"
		"iu unique index ti_folded of rz.ti keys 2,3 others 5 = nulls\n"
		"iu unique index ti_part of rz.ti keys 2 others 4 = nulls\n"
		"iu unique index ti_pkey of rz.ti keys 1 = nulls\n"
		"iu unique index ti_two of rz.ti keys 3 others 2,4 = nulls");
	expect_rules("tc", "u CHECK constraint c_now of rz.tc others 2\n"
		"u CHECK constraint c_old of rz.tc others 2\n"
		"u CHECK constraint c_row of rz.tc others 0 fixed\n"
		"u CHECK constraint c_two of rz.tc others 2,3 fixed\n"
		"u generated column g_bad of rz.tc others 1,2 fixed\n"
		"u index i_bad of rz.tc others 1,2 fixed");
	expect_rules("tp", "u(children) partition key of rz.tp keys 1 others 2 fixed");
	expect_rules("tf", "iu foreign key f_both of rz.tf to rz.ti keys 2,3 parent 2,3 =\n"
		"iu foreign key f_email of rz.tf to rz.ti keys 1 parent 3 =");
	expect_rules("ts", "iud foreign key f_self of rz.ts to rz.ts keys 2 parent 1 =\n"
		"iu unique index ts_pkey of rz.ts keys 1 = nulls");
}

static void test_generated(void **state)
{
	const struct catalog_relation *r = relation("hz", "checks");

	(void)state;
	assert_int_equal(r->generated_count, 2);
	assert_int_equal(r->generated[0].from, 3);
	assert_int_equal(r->generated[1].from, 3);
	assert_int_equal(r->generated[0].attnum + r->generated[1].attnum, 4 + 5);
}

static uint32_t type_of(const char *table, int16_t attnum)
{
	const struct catalog_relation *r = relation("hz", table);

	return r->columns[catalog_column_index(r, attnum)].type_oid;
}

static void test_types(void **state)
{
	const struct catalog_hazard *h;
	char text[2000];
	uint32_t checked = 0;
	size_t count;

	(void)state;
	h = catalog_hazards(shop, relation("hz", "checks")->oid, &count);
	for (size_t i = 0; i < count; i++)
		checked = h[i].type ? h[i].type : checked;
	said(checked, text, sizeof(text));
	assert_string_equal(text, " CHECK constraint checked_check of domain hz.checked runs hz.ok(text)");
	assert_null(catalog_type_parts(shop, checked, &count));
	said(type_of("checks", 1), text, sizeof(text));
	assert_string_equal(text, "");
	assert_true(catalog_has_type(shop, "mood") && catalog_has_type(shop, "checked") && catalog_has_type(shop, "pair"));
	assert_false(catalog_has_type(shop, "text") || catalog_has_type(shop, "plain") || catalog_has_type(shop, ""));
	assert_true(catalog_has_operator(shop, "###"));
	assert_false(catalog_has_operator(shop, "+"));
	assert_true(catalog_knows_type(shop, checked));
	assert_false(catalog_knows_type(shop, 1) || catalog_knows_type(shop, 25));
	assert_int_equal(catalog_operator_function(shop, 96), 65); /* int4eq */
	assert_int_equal(catalog_operator_function(shop, 1), 0);
}

static void test_functions(void **state)
{
	const struct catalog_function *f = function("hz", "pay");

	(void)state;
	assert_string_equal(f->args, "integer, integer");
	assert_string_equal(f->language, "sql");
	assert_null(f->extension);
	assert_false(f->is_builtin);
	assert_int_equal(f->volatility, 'i');
	assert_ptr_equal(catalog_function(shop, f->oid), f);
	assert_int_equal(function("hz", "total")->kind, 'a');
	f = function("information_schema", "_pg_truetypid");
	assert_true(f->is_builtin);
	assert_string_equal(function("pg_catalog", "plpgsql_validator")->extension, "plpgsql");
	/* the one that somebody replaced, and no other of the server's own */
	assert_true(catalog_is_verified(shop));
	f = function("pg_catalog", "quote_ident");
	assert_int_equal(f->oid, 1282);
	assert_false(f->is_builtin);
	for (size_t i = 0; i < catalog_function_count(shop); i++) {
		f = catalog_function_at(shop, i);
		if (f->oid < FUNCTIONS_FIXED_BELOW)
			assert_int_equal(f->oid, 1282);
		else if (f->oid < 16384)
			assert_true(f->is_builtin);
	}
}

static struct catalog *read_again(void)
{
	struct upstream_target t = target_tls();
	struct upstream_failure f;
	struct catalog *c = NULL;

	if (upstream_read_catalog(world.vault, &t, "shop", 43, &c, &f))
		fail_msg("%s", f.detail);
	return c;
}

/* What a hash must notice: another body, another body of a part, of the function of a trigger. */
static void test_pins(void **state)
{
	static const struct {
		const char *change, *back, *schema, *name;
	} changes[] = {
		{"create or replace function hz.ok(text) returns boolean language sql immutable as 'SELECT false'",
			"create or replace function hz.ok(text) returns boolean language sql immutable as 'SELECT true'", "hz", "ok"},
		{"alter function hz.key(int) set search_path = public", "alter function hz.key(int) reset all", "hz", "key"},
		{"alter function hz.pay(int, int) security definer", "alter function hz.pay(int, int) security invoker", "hz", "total"},
		{"alter function hz.log() owner to app", "alter function hz.log() owner to postgres", "hz", "log"},
	};
	struct upstream_target t = target_plain();
	struct upstream *u;

	(void)state;
	t.credential = "admin";
	u = connected(&t);
	for (size_t i = 0; i < QW_COUNT(changes); i++) {
		char *before = strdup(function(changes[i].schema, changes[i].name)->sha256);
		struct catalog *old = shop;

		assert_true(answers(u, changes[i].back, ""));
		shop = read_again();
		free(before);
		before = strdup(function(changes[i].schema, changes[i].name)->sha256);
		catalog_unref(shop);
		assert_true(answers(u, changes[i].change, ""));
		shop = read_again();
		assert_string_not_equal(function(changes[i].schema, changes[i].name)->sha256, before);
		assert_false(catalog_same(old, shop));
		assert_true(answers(u, changes[i].back, ""));
		catalog_unref(shop);
		shop = read_again();
		assert_string_equal(function(changes[i].schema, changes[i].name)->sha256, before);
		catalog_unref(shop);
		free(before);
		shop = old;
	}
	upstream_free(u);
}

static void test_same(void **state)
{
	struct catalog *c = read_again(), *d = read_again();

	(void)state;
	assert_true(catalog_same(c, d));
	catalog_unref(c);
	catalog_unref(d);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relations),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_generated),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_functions),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_pins),
	};
	int failed;

	if (world_init(argc, argv))
		return 1;
	world_secret("admin", "postgres", world.password);
	shop = read_again();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	catalog_unref(shop);
	vault_close(world.vault);
	return failed;
}
