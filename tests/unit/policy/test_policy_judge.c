#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qw/policy.h"

/* One role `r`; the rules are given. */
static struct policy *load(const char *rules)
{
	struct policy_problem problem;
	struct qw_buf text;
	struct policy *p = NULL;

	qw_buf_init(&text, 1 << 20);
	assert_int_equal(qw_buf_printf(&text,
				 "version: 1\nroles: [{name: r, databases: ['*']}, {name: other, "
				 "databases: [x]}]\n"
				 "rules:\n%s",
				 rules),
		0);
	if (policy_load("test", qw_buf_pending(&text), &p, &problem) != 0)
		fail_msg("%s", problem.text);
	qw_buf_fini(&text);
	return p;
}

#define RELATION(v, s, n)                                                                          \
	((struct qw_act){.verb = QW_VERB_##v,                                                      \
		.kind = QW_OBJECT_RELATION,                                                        \
		.kind_name = "table",                                                              \
		.schema = s,                                                                       \
		.name = n})
#define CALL(s, n)                                                                                 \
	((struct qw_act){.verb = QW_VERB_CALL,                                                     \
		.kind = QW_OBJECT_FUNCTION,                                                        \
		.kind_name = "function",                                                           \
		.schema = s,                                                                       \
		.name = n})
#define SETTING(v, n)                                                                              \
	((struct qw_act){.verb = QW_VERB_##v,                                                      \
		.kind = QW_OBJECT_SETTING,                                                         \
		.kind_name = "setting",                                                            \
		.name = n})
#define BARE(v)                                                                                    \
	((struct qw_act){.verb = QW_VERB_##v, .kind = QW_OBJECT_NONE, .kind_name = "nothing"})
#define OTHER(v, k, s, n)                                                                          \
	((struct qw_act){.verb = QW_VERB_##v,                                                      \
		.kind = QW_OBJECT_OTHER,                                                           \
		.kind_name = k,                                                                    \
		.schema = s,                                                                       \
		.name = n})

static enum policy_effect judge(const struct policy *p, struct qw_act act)
{
	struct policy_verdict v;

	policy_judge_act(p, policy_role_named(p, "r"), "shop", &act, &v);
	assert_non_null(v.rule);
	return v.effect;
}

#define IS(p, effect, act) assert_int_equal(judge(p, act), POLICY_##effect)

static void nothing_matched_is_denied(void **state)
{
	struct policy *p = load("  - {name: a, effect: allow, verbs: [select], roles: [other]}\n");
	struct qw_act act = RELATION(SELECT, "public", "t");
	struct policy_verdict v;

	(void)state;
	policy_judge_act(p, policy_role_named(p, "r"), "shop", &act, &v);
	assert_int_equal(v.effect, POLICY_DENY);
	assert_string_equal(v.rule, "default");
	assert_null(v.message);
	policy_judge_act(p, policy_role_named(p, "other"), "x", &act, &v);
	assert_int_equal(v.effect, POLICY_ALLOW);
	policy_judge_act(p, NULL, "x", &act, &v);
	assert_int_equal(v.effect, POLICY_DENY);
	policy_free(p);
}

static void deny_wins_over_review_over_allow(void **state)
{
	struct policy *p = load("  - {name: c, effect: allow, verbs: ['*']}\n"
				"  - {name: b, effect: review, verbs: ['ddl.*']}\n"
				"  - {name: a, effect: deny, verbs: [ddl.drop], message: no}\n");

	(void)state;
	IS(p, ALLOW, RELATION(DELETE, NULL, "t"));
	IS(p, REVIEW, RELATION(DDL_CREATE, NULL, "t"));
	IS(p, DENY, RELATION(DDL_DROP, NULL, "t"));
	policy_free(p);
}

static void a_star_gives_no_sensitive_verb_but_forbids_all(void **state)
{
	struct policy *p = load("  - {name: a, effect: allow, verbs: ['*']}\n  - {name: b, effect: "
				"review, verbs: ['set.*']}\n");
	struct policy *named = load(
		"  - {name: a, effect: allow, verbs: ['*', unparsed, fastpath, set.pinned]}\n");
	struct policy *forbidden = load("  - {name: a, effect: allow, verbs: ['*', unparsed]}\n  - "
					"{name: b, effect: deny}\n");

	(void)state;
	IS(p, DENY, BARE(UNPARSED));
	IS(p, DENY, BARE(FASTPATH));
	IS(p, DENY, SETTING(SET_PINNED, "client_encoding"));
	IS(p, REVIEW, SETTING(SET_ROLE, "role"));
	IS(named, ALLOW, BARE(UNPARSED));
	IS(named, ALLOW, SETTING(SET_PINNED, "client_encoding"));
	IS(forbidden, DENY, BARE(UNPARSED));
	IS(forbidden, DENY, BARE(SELECT));
	policy_free(p);
	policy_free(named);
	policy_free(forbidden);
}

static void unknown_verbs_are_denied(void **state)
{
	struct policy *p = load(
		"  - {name: a, effect: allow, verbs: ['*', unparsed, fastpath, set.pinned]}\n");
	struct qw_act act = BARE(SELECT);

	(void)state;
	act.verb = QW_VERB_COUNT;
	IS(p, DENY, act);
	act.verb = (enum qw_verb)64;
	IS(p, DENY, act);
	act.verb = (enum qw_verb) - 1;
	IS(p, DENY, act);
	policy_free(p);
}

static void unqualified_names_may_be_anywhere(void **state)
{
	struct policy *p = load(
		"  - {name: deny, effect: deny, objects: ['pg_catalog.pg_authid', 'hr.pay*']}\n"
		"  - {name: allow, effect: allow, verbs: [select], objects: ['shop.*', "
		"'public.items', 'pg_catalog.*']}\n");

	(void)state;
	IS(p, DENY, RELATION(SELECT, "pg_catalog", "pg_authid"));
	IS(p, DENY, RELATION(SELECT, NULL, "pg_authid"));
	IS(p, DENY, RELATION(SELECT, NULL, "payroll"));
	IS(p, ALLOW, RELATION(SELECT, "shop", "payroll"));
	IS(p, ALLOW, RELATION(SELECT, "shop", "orders"));
	IS(p, DENY, RELATION(SELECT, NULL, "orders")); /* shop is not public */
	IS(p, ALLOW, RELATION(SELECT, NULL, "items"));
	IS(p, DENY, RELATION(SELECT, "other", "items"));
	IS(p, ALLOW, RELATION(SELECT, NULL, "pg_class"));
	IS(p, DENY, RELATION(SELECT, NULL, "class"));
	IS(p, DENY, RELATION(SELECT, "PUBLIC", "items")); /* exact case */
	IS(p, DENY, RELATION(SELECT, "public", NULL));	  /* a name that is not told */
	IS(p, DENY, RELATION(INSERT, "shop", "orders"));
	policy_free(p);
}

static void the_catalog_is_known_by_its_names(void **state)
{
	struct policy *p = load("  - {name: d, effect: deny, verbs: [update, call], objects: "
				"['pg_catalog.*'], functions: ['pg_catalog.x']}\n"
				"  - {name: a, effect: allow, verbs: ['*']}\n");

	(void)state;
	IS(p, DENY, RELATION(UPDATE, "pg_catalog", "pg_settings"));
	IS(p, DENY, RELATION(UPDATE, NULL, "pg_settings"));
	IS(p, ALLOW, RELATION(UPDATE, NULL, "orders"));
	IS(p, ALLOW, RELATION(UPDATE, "public", "pg_mine"));
	IS(p, DENY, CALL(NULL, "x")); /* of a newer server, perhaps */
	policy_free(p);
}

static void objects_concern_things_that_are_no_relations(void **state)
{
	struct policy *p =
		load("  - {name: d, effect: deny, objects: ['hr.*']}\n"
		     "  - {name: a, effect: allow, verbs: ['ddl.*'], objects: ['*.*']}\n");
	struct policy *roles = load("  - {name: d, effect: deny, objects: ['hr.*']}\n  - {name: b, "
				    "effect: deny, objects: ['*.boss']}\n"
				    "  - {name: a, effect: allow, verbs: ['*']}\n");
	struct policy *narrow = load("  - {name: a, effect: allow, verbs: ['ddl.*'], objects: "
				     "['public.*', 'tmp.x*']}\n");

	(void)state;
	IS(p, DENY, OTHER(DDL_DROP, "schema", NULL, "hr"));
	IS(p, ALLOW, OTHER(DDL_DROP, "schema", NULL, "tmp"));
	IS(p, DENY, OTHER(DDL_DROP, "type", "hr", "t"));
	IS(p, DENY, OTHER(DDL_ROLE, "role", NULL, "boss"));
	IS(roles, ALLOW, OTHER(DDL_ROLE, "role", NULL, "clerk")); /* no role is in hr */
	IS(roles, DENY, OTHER(DDL_ROLE, "role", NULL, "boss"));
	IS(roles, DENY, OTHER(DDL_DROP, "type", NULL, "mood")); /* a type may be */
	IS(roles, DENY, OTHER(DDL_DROP, "some new kind", NULL, "x"));
	policy_free(roles);
	IS(narrow, ALLOW, OTHER(DDL_DROP, "schema", NULL, "public"));
	IS(narrow, DENY, OTHER(DDL_DROP, "schema", NULL, "tmp")); /* only a part of it was given */
	IS(narrow, DENY, OTHER(DDL_DROP, "extension", NULL, "plpgsql"));
	IS(narrow, ALLOW, OTHER(DDL_CREATE, "type", "public", "mood"));
	IS(narrow, DENY, BARE(DDL_OTHER));
	policy_free(p);
	policy_free(narrow);
}

static void functions_are_judged_by_class_and_name(void **state)
{
	struct policy *p = load(
		"  - {name: d, effect: deny, verbs: [call], functions: ['@file', 'audit.write*']}\n"
		"  - {name: a, effect: allow, verbs: [call], functions: ['@allow', "
		"'public.add_tax', 'pg_catalog.set_config']}\n");

	(void)state;
	IS(p, ALLOW, CALL(NULL, "lower"));
	IS(p, ALLOW, CALL("pg_catalog", "lower"));
	IS(p, DENY, CALL("public", "lower")); /* somebody's own */
	IS(p, DENY, CALL(NULL, "LOWER"));
	IS(p, DENY, CALL("pg_catalog", "pg_read_file"));
	IS(p, DENY, CALL(NULL, "write_all"));
	IS(p, DENY, CALL(NULL, "pg_terminate_backend"));
	IS(p, DENY, CALL(NULL, "made_up"));
	IS(p, ALLOW, CALL(NULL, "add_tax"));
	IS(p, ALLOW, CALL("public", "add_tax"));
	IS(p, DENY, CALL("hr", "add_tax"));
	IS(p, ALLOW, CALL(NULL, "set_config"));
	IS(p, DENY, CALL("public", "set_config"));
	IS(p, DENY, CALL(NULL, NULL));
	IS(p, DENY, RELATION(SELECT, NULL, "t"));
	policy_free(p);
}

static void categories_allow_only_what_they_cover(void **state)
{
	struct policy *p = load(
		"  - {name: a, effect: allow, verbs: [call], functions: ['@plain', '@lock']}\n");
	char class[64];

	(void)state;
	IS(p, ALLOW, CALL(NULL, "lower"));
	IS(p, ALLOW, CALL(NULL, "pg_advisory_lock"));
	IS(p, DENY, CALL(NULL, "pg_sleep"));
	assert_true(policy_function_class("pg_read_file", class, sizeof(class)));
	assert_string_equal(class, "@deny @file");
	assert_false(policy_function_class("made_up", class, sizeof(class)));
	assert_true(policy_function_class("pg_read_file", class, 3));
	policy_free(p);
}

static void settings_that_are_not_told_match_only_denials(void **state)
{
	struct policy *p = load(
		"  - {name: a, effect: allow, verbs: [set, show], settings: [TimeZone, 'app*']}\n");
	struct policy *wide =
		load("  - {name: a, effect: allow, verbs: ['*']}\n"
		     "  - {name: d, effect: deny, settings: [session_replication_role]}\n");

	(void)state;
	IS(p, ALLOW, SETTING(SET, "timezone"));
	IS(p, ALLOW, SETTING(SHOW, "application_name"));
	IS(p, DENY, SETTING(SET, "row_security"));
	IS(p, DENY, SETTING(SET, NULL));
	IS(p, DENY, BARE(SET));
	IS(p, DENY, SETTING(SET_PINNED, "timezone"));
	IS(wide, ALLOW, SETTING(SET, "timezone"));
	IS(wide, DENY, SETTING(SET, "session_replication_role"));
	IS(wide, DENY, SETTING(SET, NULL));
	IS(wide, DENY, BARE(SET));
	IS(wide, ALLOW, BARE(SELECT));
	policy_free(p);
	policy_free(wide);
}

#define SHOWN(k) ((struct qw_act){.verb = QW_VERB_SHOW, .kind = QW_OBJECT_NONE, .kind_name = k})
#define LIKE(pattern) OTHER(SHOW, "variables", NULL, pattern)

static void mysql_shows_more_than_settings(void **state)
{
	struct policy *p = load("  - {name: a, effect: allow, verbs: [show]}\n"
				"  - {name: d, effect: deny, verbs: [show], settings: [datadir, '*_file']}\n");
	struct policy *some = load("  - {name: a, effect: allow, verbs: [show], settings: [sql_mode]}\n");

	(void)state;
	IS(p, ALLOW, SHOWN("tables"));
	IS(p, ALLOW, OTHER(SHOW, "database", NULL, "shop"));
	IS(p, ALLOW, RELATION(SHOW, "shop", "orders"));
	IS(p, DENY, SETTING(SHOW, "datadir"));
	IS(p, DENY, SHOWN("variables")); /* all of them */
	IS(p, ALLOW, LIKE("sql_mode"));
	IS(p, DENY, LIKE("datadir"));
	IS(p, DENY, LIKE("DataD_r"));
	IS(p, DENY, LIKE("_______"));
	IS(p, ALLOW, LIKE("____"));
	IS(p, DENY, LIKE("pid_file"));
	IS(p, DENY, LIKE("pid_f_le"));
	IS(p, DENY, LIKE("%"));
	IS(p, DENY, LIKE("datad\xc3\xadr")); /* the server compares without accents */
	IS(p, DENY, LIKE("data\\dir"));
	IS(some, DENY, SHOWN("tables"));
	IS(some, DENY, LIKE("sql_mode")); /* as a pattern it may find others, too */
	policy_free(p);
	policy_free(some);
}

static enum policy_effect judge_set(const struct policy *p, const char *name, const char *value)
{
	struct qw_act act = SETTING(SET, name);

	act.value = value;
	return judge(p, act);
}

static void values_of_settings_can_be_named(void **state)
{
	struct policy *p =
		load("  - {name: a, effect: allow, verbs: [set], settings: ['Search_Path=public*', "
		     "'search_path=\"$user\", public', TimeZone, 'x=']}\n"
		     "  - {name: d, effect: deny, settings: ['timezone=Mars*', '*=evil']}\n");

	(void)state;
	assert_int_equal(judge_set(p, "search_path", "public"), POLICY_ALLOW);
	assert_int_equal(judge_set(p, "search_path", "\"$user\", public"), POLICY_ALLOW);
	assert_int_equal(judge_set(p, "search_path", "other, public"), POLICY_DENY);
	assert_int_equal(judge_set(p, "search_path", NULL), POLICY_DENY);
	assert_int_equal(judge_set(p, "timezone", "UTC"), POLICY_ALLOW);
	assert_int_equal(judge_set(p, "timezone", "Mars/North"), POLICY_DENY);
	assert_int_equal(judge_set(p, "timezone", NULL), POLICY_DENY); /* it may be Mars */
	assert_int_equal(judge_set(p, "x", ""), POLICY_ALLOW);
	assert_int_equal(judge_set(p, "x", "y"), POLICY_DENY);
	policy_free(p);
}

static void wrappers_need_no_object(void **state)
{
	struct policy *p =
		load("  - {name: a, effect: allow, verbs: ['*'], objects: ['public.*']}\n");

	(void)state;
	IS(p, ALLOW, BARE(SELECT)); /* select 1 */
	IS(p, ALLOW, BARE(EXPLAIN));
	IS(p, DENY, BARE(DO));
	IS(p, DENY, BARE(DISCARD));
	IS(p, DENY, BARE(DDL_OTHER));
	IS(p, DENY, CALL("public", "f"));
	policy_free(p);
}

static void rules_can_be_for_some_databases(void **state)
{
	struct policy *p =
		load("  - {name: a, effect: allow, verbs: [select], databases: ['test_*']}\n");
	struct qw_act act = BARE(SELECT);
	struct policy_verdict v;

	(void)state;
	IS(p, DENY, BARE(SELECT));
	policy_judge_act(p, policy_role_named(p, "r"), "test_1", &act, &v);
	assert_int_equal(v.effect, POLICY_ALLOW);
	policy_judge_act(p, policy_role_named(p, "r"), NULL, &act, &v);
	assert_int_equal(v.effect, POLICY_DENY);
	policy_free(p);
}

static void the_strictest_act_decides(void **state)
{
	struct policy *p = load("  - {name: a, effect: allow, verbs: [select]}\n  - {name: b, "
				"effect: review, verbs: [update, insert]}\n"
				"  - {name: c, effect: deny, verbs: [delete], message: never}\n");
	struct qw_act acts[] = {BARE(SELECT), RELATION(UPDATE, NULL, "t"),
		RELATION(INSERT, NULL, "t"), RELATION(DELETE, NULL, "t")};
	struct qw_statement list[2] = {
		{.acts = acts, .act_count = 1}, {.acts = acts + 1, .act_count = 2}};
	const struct policy_role *r = policy_role_named(p, "r");
	struct policy_verdict v;

	(void)state;
	policy_judge(p, r, "d", list, 1, &v);
	assert_int_equal(v.effect, POLICY_ALLOW);
	assert_string_equal(v.rule, "a");
	assert_null(v.act);
	policy_judge(p, r, "d", list, 2, &v);
	assert_int_equal(v.effect, POLICY_REVIEW);
	assert_ptr_equal(v.act, &acts[1]); /* the first of equals */
	list[1].act_count = 3;
	policy_judge(p, r, "d", list, 2, &v);
	assert_int_equal(v.effect, POLICY_DENY);
	assert_string_equal(v.rule, "c");
	assert_string_equal(v.message, "never");
	assert_ptr_equal(v.act, &acts[3]);
	policy_judge(p, r, "d", NULL, 0, &v);
	assert_int_equal(v.effect, POLICY_ALLOW);
	assert_non_null(v.rule);
	list[0].act_count = 0; /* the parser promises at least one */
	policy_judge(p, r, "d", list, 1, &v);
	assert_int_equal(v.effect, POLICY_DENY);
	policy_judge(p, NULL, "d", NULL, 0, &v);
	assert_int_equal(v.effect, POLICY_DENY);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_matched_is_denied),
		cmocka_unit_test(deny_wins_over_review_over_allow),
		cmocka_unit_test(a_star_gives_no_sensitive_verb_but_forbids_all),
		cmocka_unit_test(unknown_verbs_are_denied),
		cmocka_unit_test(unqualified_names_may_be_anywhere),
		cmocka_unit_test(the_catalog_is_known_by_its_names),
		cmocka_unit_test(objects_concern_things_that_are_no_relations),
		cmocka_unit_test(functions_are_judged_by_class_and_name),
		cmocka_unit_test(categories_allow_only_what_they_cover),
		cmocka_unit_test(settings_that_are_not_told_match_only_denials),
		cmocka_unit_test(mysql_shows_more_than_settings),
		cmocka_unit_test(values_of_settings_can_be_named),
		cmocka_unit_test(wrappers_need_no_object),
		cmocka_unit_test(rules_can_be_for_some_databases),
		cmocka_unit_test(the_strictest_act_decides),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
