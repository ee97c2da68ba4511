/* What the policy says of columns and code besides rules: mask options, review, detectors, limits; and exact names of the tree. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "load_text.h"

#define NO_RULES "rules: []\n"
#define HASH_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define COLUMN(s, t, c) (&(struct policy_column){s, t, c})

static void masks_say_what_they_allow(void **state)
{
	struct policy *p = load_text(NO_RULES "masks:\n"
		"  - {name: m, columns: ['*.*.email'], mask: hash, allow: {equality: {per_minute: 30}, "
		"functions: [pg_catalog.length, public.domain_of]}}\n"
		"  - {name: n, columns: ['*.*.ssn'], mask: 'null'}\n");
	const struct policy_mask *m = policy_mask_at(p, 0), *n = policy_mask_at(p, 1);
	struct mask_spec stranger = m->spec;

	(void)state;
	assert_true(m->allows_equality && m->equality_per_minute == 30);
	assert_false(n->allows_equality);
	assert_ptr_equal(policy_mask_of(p, &m->spec), m);
	assert_ptr_equal(policy_mask_of(p, &n->spec), n);
	assert_null(policy_mask_of(p, &stranger));
	assert_null(policy_mask_of(p, NULL));
	assert_true(policy_may_apply(p, &m->spec, "pg_catalog", "length"));
	assert_true(policy_may_apply(p, &m->spec, "public", "domain_of"));
	assert_false(policy_may_apply(p, &m->spec, "public", "length")); /* an overload of a user */
	assert_false(policy_may_apply(p, &m->spec, "pg_catalog", "lengt"));
	assert_false(policy_may_apply(p, &m->spec, "pg_catalog.length", ""));
	assert_false(policy_may_apply(p, &m->spec, NULL, "length"));
	assert_false(policy_may_apply(p, &n->spec, "pg_catalog", "length"));
	assert_false(policy_may_apply(p, &stranger, "pg_catalog", "length"));
	policy_free(p);
}

static void what_nobody_reviewed_is_masked(void **state)
{
	struct policy *p = load_text(NO_RULES "columns:\n"
		"  - {name: new, roles: [agent], within: ['hr.*.*', public.c.*], reviewed: [hr.staff.id, 'hr.public_*.*'], unreviewed: redact}\n"
		"  - {name: shop, databases: [shop], within: [public.c.*], reviewed: public.c.id}\n");
	const struct policy_role *agent = policy_role_named(p, "agent"), *dba = policy_role_named(p, "dba");
	const struct mask_spec *spec = policy_unreviewed(p, agent, "shop", COLUMN("hr", "staff", "pay"));

	(void)state;
	assert_non_null(spec);
	assert_int_equal(spec->kind, MASK_REDACT);
	assert_string_equal(spec->name, "new");
	assert_null(policy_mask_of(p, spec));
	assert_null(policy_unreviewed(p, agent, "shop", COLUMN("hr", "staff", "id")));
	assert_null(policy_unreviewed(p, agent, "shop", COLUMN("hr", "public_list", "x")));
	assert_null(policy_unreviewed(p, agent, "shop", COLUMN("public", "orders", "x")));
	/* two entries: looked at for both, or masked */
	assert_non_null(policy_unreviewed(p, agent, "shop", COLUMN("public", "c", "id")));
	assert_null(policy_unreviewed(p, dba, "shop", COLUMN("public", "c", "id")));
	assert_int_equal(policy_unreviewed(p, dba, "shop", COLUMN("public", "c", "x"))->kind, MASK_NULL);
	assert_null(policy_unreviewed(p, dba, "other", COLUMN("public", "c", "x")));
	assert_non_null(policy_unreviewed(p, dba, NULL, COLUMN("public", "c", "x")));
	assert_null(policy_unreviewed(p, agent, "shop", COLUMN("hr.staff", "id", "id"))); /* a dot in a name is no part */
	assert_true(policy_has_masks(p, agent));
	assert_true(policy_has_masks(p, dba));
	policy_free(p);
}

static void the_strictest_detector_acts(void **state)
{
	struct policy *p = load_text(NO_RULES "detectors:\n"
		"  - {name: all, roles: [agent], email: flag, card: mask, jwt: off}\n"
		"  - {name: notes, columns: ['*.*.notes'], email: mask, jwt: flag}\n");
	const struct policy_role *agent = policy_role_named(p, "agent"), *dba = policy_role_named(p, "dba");

	(void)state;
	assert_int_equal(policy_detect(p, agent, "shop", COLUMN("a", "b", "c"), "email"), POLICY_DETECT_FLAG);
	assert_int_equal(policy_detect(p, agent, "shop", COLUMN("a", "b", "notes"), "email"), POLICY_DETECT_MASK);
	assert_int_equal(policy_detect(p, agent, "shop", COLUMN(NULL, NULL, NULL), "email"), POLICY_DETECT_MASK);
	assert_int_equal(policy_detect(p, agent, "shop", COLUMN("a", "b", "c"), "card"), POLICY_DETECT_MASK);
	assert_int_equal(policy_detect(p, agent, "shop", COLUMN("a", "b", "c"), "jwt"), POLICY_DETECT_OFF);
	assert_int_equal(policy_detect(p, agent, "shop", COLUMN("a", "b", "c"), "iban"), POLICY_DETECT_OFF);
	assert_int_equal(policy_detect(p, agent, "shop", COLUMN("a", "b", "c"), "no such"), POLICY_DETECT_OFF);
	assert_int_equal(policy_detect(p, dba, "shop", COLUMN("a", "b", "c"), "card"), POLICY_DETECT_OFF);
	assert_int_equal(policy_detect(p, dba, "shop", COLUMN("a", "b", "notes"), "jwt"), POLICY_DETECT_FLAG);
	assert_true(policy_has_detectors(p, dba));
	policy_free(p);
	p = load_text(NO_RULES "detectors: [{name: d, roles: [agent], ssn: off, card: flag, all: mask}]\n");
	assert_int_equal(policy_detect(p, policy_role_named(p, "agent"), "shop", COLUMN("a", "b", "c"), "ssn"), POLICY_DETECT_OFF);
	assert_int_equal(policy_detect(p, policy_role_named(p, "agent"), "shop", COLUMN("a", "b", "c"), "card"), POLICY_DETECT_FLAG);
	assert_int_equal(policy_detect(p, policy_role_named(p, "agent"), "shop", COLUMN("a", "b", "c"), "aws-key"), POLICY_DETECT_MASK);
	assert_int_equal(policy_detect(p, policy_role_named(p, "agent"), "shop", COLUMN("a", "b", "c"), "a new one"), POLICY_DETECT_MASK);
	assert_true(policy_has_detectors(p, policy_role_named(p, "agent")));
	assert_false(policy_has_detectors(p, policy_role_named(p, "dba")));
	policy_free(p);
}

static void reviewed_code_is_pinned(void **state)
{
	struct policy *p = load_text(NO_RULES "reviewed:\n"
		"  - {function: 'public.total(integer, text)', sha256: " HASH_A ", note: ann}\n"
		"  - {function: 'public.total(integer, text)', sha256: " HASH_B ", databases: [shop]}\n"
		"  - {function: 'public.f()', sha256: " HASH_A "}\n"
		"  - {hazard: trigger t on public.orders runs public.log(), sha256: " HASH_A "}\n"
		"  - {hazard: rule r on public.v, databases: [shop]}\n");
	const char *trigger = "trigger t on public.orders runs public.log()";

	(void)state;
	assert_int_equal(policy_function_reviewed(p, "shop", "public", "total", "integer, text", HASH_A), POLICY_REVIEWED_YES);
	assert_int_equal(policy_function_reviewed(p, "shop", "public", "total", "integer, text", HASH_B), POLICY_REVIEWED_YES);
	assert_int_equal(policy_function_reviewed(p, "other", "public", "total", "integer, text", HASH_B), POLICY_REVIEWED_CHANGED);
	assert_int_equal(policy_function_reviewed(p, NULL, "public", "total", "integer, text", HASH_B), POLICY_REVIEWED_CHANGED);
	assert_int_equal(policy_function_reviewed(p, "shop", "public", "total", "integer", HASH_A), POLICY_REVIEWED_NO);
	assert_int_equal(policy_function_reviewed(p, "shop", "hr", "total", "integer, text", HASH_A), POLICY_REVIEWED_NO);
	assert_int_equal(policy_function_reviewed(p, "shop", "public", "f", "", HASH_A), POLICY_REVIEWED_YES);
	assert_int_equal(policy_function_reviewed(p, "shop", "public", "f", "", NULL), POLICY_REVIEWED_CHANGED);
	assert_int_equal(policy_function_reviewed(p, "shop", "public", NULL, "", HASH_A), POLICY_REVIEWED_NO);
	assert_int_equal(policy_hazard_reviewed(p, "shop", trigger, HASH_A), POLICY_REVIEWED_YES);
	assert_int_equal(policy_hazard_reviewed(p, "shop", trigger, HASH_B), POLICY_REVIEWED_CHANGED);
	assert_int_equal(policy_hazard_reviewed(p, "shop", "trigger t", HASH_A), POLICY_REVIEWED_NO);
	assert_int_equal(policy_hazard_reviewed(p, "shop", NULL, HASH_A), POLICY_REVIEWED_NO);
	assert_int_equal(policy_hazard_reviewed(p, "shop", "rule r on public.v", NULL), POLICY_REVIEWED_YES);
	assert_int_equal(policy_hazard_reviewed(p, "other", "rule r on public.v", NULL), POLICY_REVIEWED_NO);
	assert_int_equal(policy_role_named(p, "agent")->unreviewed_code, POLICY_DENY);
	assert_int_equal(policy_role_named(p, "dba")->unreviewed_code, POLICY_REVIEW);
	policy_free(p);
}

static void limits_add_up_to_the_strictest(void **state)
{
	struct policy *p = load_text("rules:\n"
		"  - {name: reads, effect: allow, verbs: [select], limits: {rows_returned: 100}}\n"
		"  - {name: slow, effect: allow, verbs: [call], functions: ['@limit'], limits: {statement_s: 5, rows_returned: 1000}}\n"
		"  - {name: asked, effect: review, verbs: [update], limits: {rows_affected: 7}}\n"
		"limits:\n  - {name: a, roles: [agent], rows_returned: 500, sessions: 3, statements_per_minute: 60}\n"
		"  - {name: b, databases: [shop], statement_s: 30, rows_affected: 10}\n");
	const struct policy_role *agent = policy_role_named(p, "agent"), *dba = policy_role_named(p, "dba");
	struct qw_act acts[] = {{.verb = QW_VERB_CALL, .kind = QW_OBJECT_FUNCTION, .kind_name = "function", .name = "repeat"},
		{.verb = QW_VERB_SELECT, .kind = QW_OBJECT_RELATION, .kind_name = "table", .name = "t"},
		{.verb = QW_VERB_UPDATE, .kind = QW_OBJECT_RELATION, .kind_name = "table", .name = "t"}};
	struct qw_statement st = {.acts = acts, .act_count = 2};
	struct policy_verdict v;
	struct limits l;

	(void)state;
	policy_limits(p, agent, "shop", &l);
	assert_true(l.rows_returned == 500 && l.statement_s == 30 && l.sessions == 3 && l.statements_per_minute == 60);
	policy_limits(p, dba, "other", &l);
	assert_true(l.rows_returned == 0 && l.statement_s == 0 && l.sessions == 0);
	policy_judge(p, agent, "shop", &st, 1, &v);
	assert_int_equal(v.effect, POLICY_ALLOW);
	assert_true(v.limits.rows_returned == 100 && v.limits.statement_s == 5 && v.limits.rows_affected == 10);
	policy_judge_act(p, agent, "shop", &acts[0], &v);
	assert_true(v.limits.rows_returned == 500 && v.limits.statement_s == 5);
	st.act_count = 3;
	policy_judge(p, agent, "shop", &st, 1, &v);
	assert_int_equal(v.effect, POLICY_REVIEW);
	assert_string_equal(v.rule, "asked");
	assert_true(v.limits.rows_returned == 100 && v.limits.statement_s == 5 && v.limits.rows_affected == 7);
	policy_free(p);
}

static enum policy_effect judged(const struct policy *p, enum qw_verb verb, enum qw_object_kind kind, const char *schema,
	const char *name)
{
	struct qw_act act = {.verb = verb, .kind = kind, .kind_name = "thing", .schema = schema, .name = name};
	struct policy_verdict v;

	policy_judge_act(p, policy_role_named(p, "agent"), "shop", &act, &v);
	return v.effect;
}

/* The server's tree names everything with its schema: patterns mean exactly that. */
static void exact_names_are_exact(void **state)
{
	struct policy *p = load_text("rules:\n"
		"  - {name: files, effect: deny, verbs: [call], functions: ['@file', '@egress', hr.secret_*]}\n"
		"  - {name: known, effect: allow, verbs: [call], functions: ['@allow', public.add_tax]}\n"
		"  - {name: writes, effect: allow, verbs: [insert], objects: [public.*, pg_temp.*]}\n"
		"  - {name: not-scratch, effect: deny, verbs: [insert], objects: [public.audit, 'pg_catalog.*']}\n");
	const enum qw_object_kind function = QW_OBJECT_FUNCTION, relation = QW_OBJECT_RELATION;

	(void)state;
	assert_int_equal(judged(p, QW_VERB_CALL, function, "pg_catalog", "lower"), POLICY_ALLOW);
	assert_int_equal(judged(p, QW_VERB_CALL, function, "pg_catalog", "int4pl"), POLICY_ALLOW); /* of an operator */
	assert_int_equal(judged(p, QW_VERB_CALL, function, "public", "lower"), POLICY_DENY); /* a user's, of the same name */
	assert_int_equal(judged(p, QW_VERB_CALL, function, "public", "add_tax"), POLICY_ALLOW);
	assert_int_equal(judged(p, QW_VERB_CALL, function, "hr", "add_tax"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_CALL, function, "pg_catalog", "pg_read_file"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_CALL, function, "pg_catalog", "of a later version"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_CALL, function, "ext", "dblink_exec"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "public", "t"), POLICY_ALLOW);
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "hr", "t"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "public", "audit"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "hr", "audit"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "pg_catalog", "pg_class"), POLICY_DENY);
	/* the session's temporary schema has a number */
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "pg_temp_12", "t"), POLICY_ALLOW);
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "pg_temp", "t"), POLICY_ALLOW);
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "pg_temp_x", "t"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_INSERT, relation, "pg_temp_", "t"), POLICY_DENY);
	policy_free(p);
}

static void classes_of_settings(void **state)
{
	struct policy *p = load_text(
		"rules:\n  - {name: s, effect: allow, verbs: [set], settings: ['@client', '@planner', 'search_path=public']}\n");

	(void)state;
	assert_int_equal(judged(p, QW_VERB_SET, QW_OBJECT_SETTING, NULL, "timezone"), POLICY_ALLOW);
	assert_int_equal(judged(p, QW_VERB_SET, QW_OBJECT_SETTING, NULL, "enable_hashjoin"), POLICY_ALLOW);
	assert_int_equal(judged(p, QW_VERB_SET, QW_OBJECT_SETTING, NULL, "statement_timeout"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_SET, QW_OBJECT_SETTING, NULL, "search_path"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_SET, QW_OBJECT_SETTING, NULL, "debug_print_parse"), POLICY_DENY);
	assert_int_equal(judged(p, QW_VERB_SET, QW_OBJECT_SETTING, NULL, NULL), POLICY_DENY);
	assert_string_equal(policy_setting_class("timezone"), "@client");
	assert_string_equal(policy_setting_class("lock_timeout"), "@timeout");
	assert_null(policy_setting_class("role"));
	assert_null(policy_setting_class("session_replication_role"));
	assert_null(policy_setting_class("row_security"));
	assert_null(policy_setting_class("client_min_messages"));
	assert_null(policy_setting_class("work_mem"));
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masks_say_what_they_allow),
		cmocka_unit_test(what_nobody_reviewed_is_masked),
		cmocka_unit_test(the_strictest_detector_acts),
		cmocka_unit_test(reviewed_code_is_pinned),
		cmocka_unit_test(limits_add_up_to_the_strictest),
		cmocka_unit_test(exact_names_are_exact),
		cmocka_unit_test(classes_of_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
