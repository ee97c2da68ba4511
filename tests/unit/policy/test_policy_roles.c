#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qw/policy.h"

static const char text[] =
	"version: 1\n"
	"roles:\n"
	"  - {name: agent, match: {groups: [agents, 'team-*'], realm.kind: bot}, databases: [shop, "
	"'test_*']}\n"
	"  - {name: nobody, databases: ['*']}\n"
	"  - {name: dba, match: {sub: ann}, databases: ['*'], may_approve: true, session_max_s: "
	"60}\n"
	"  - {name: watcher, match: {sub: [bob]}, may_approve: true, hold_in_transaction: true}\n"
	"rules:\n"
	"  - {name: all, effect: allow, verbs: [select]}\n"
	"masks:\n"
	"  - {name: m, columns: [a.b.c, '*.*.card'], mask: partial, keep_last: 4, roles: [agent]}\n"
	"  - {name: h, columns: [a.b.d], mask: hash, domain: person, roles: [agent]}\n"
	"  - {name: k, columns: [a.b.e], mask: constant, value: none, roles: [agent, dba]}\n"
	"tests:\n"
	"  - {name: good, role: agent, database: shop, sql: select, expect: allow, rule: all}\n"
	"  - {name: refused, role: agent, database: shop, sql: broken, expect: deny, rule: "
	"default}\n"
	"  - {name: elsewhere, role: agent, database: hr, sql: select, expect: deny, rule: "
	"unreachable}\n"
	"  - {name: wrong, role: agent, database: shop, sql: select, expect: deny}\n"
	"  - {name: other rule, role: agent, database: shop, sql: select, expect: allow, rule: "
	"default}\n";

static struct policy *load(void)
{
	struct policy_problem problem;
	struct policy *p = NULL;

	if (policy_load("test", qw_bytes_from(text), &p, &problem) != 0)
		fail_msg("%s", problem.text);
	return p;
}

static void a_role_is_found_by_its_claims(void **state)
{
	struct policy *p = load();
	const struct qw_claim both[] = {
		{"groups", "x"}, {"groups", "agents"}, {"realm.kind", "bot"}};
	const struct qw_claim star[] = {{"realm.kind", "bot"}, {"groups", "team-7"}};
	const struct qw_claim wrong[] = {{"groups", "agents"}, {"realm.kind", "human"}};
	const struct qw_claim ann[] = {{"sub", "ann"}}, bob[] = {{"sub", "bob"}};

	(void)state;
	assert_string_equal(policy_role_at(p, 0)->name, "agent");
	assert_string_equal(policy_role_at(p, 3)->name, "watcher");
	assert_null(policy_role_at(p, 4));
	assert_non_null(policy_role_find(p, "agent", "shop", both, 3));
	assert_non_null(policy_role_find(p, "agent", "test_9", star, 2));
	assert_null(policy_role_find(p, "agent", "hr", both, 3));
	assert_null(policy_role_find(p, "agent", "shop", both, 2));
	assert_null(policy_role_find(p, "agent", "shop", wrong, 2));
	assert_null(policy_role_find(p, "agent", "shop", NULL, 0));
	assert_null(policy_role_find(p, "nobody", "shop", both, 3));
	assert_null(policy_role_find(p, "missing", "shop", both, 3));
	assert_int_equal(policy_role_find(p, "dba", "anything", ann, 1)->session_max_s, 60);
	assert_null(policy_role_find(p, "watcher", "shop", bob, 1));
	assert_true(policy_role_find_approver(p, bob, 1)->hold_in_transaction);
	assert_string_equal(policy_role_find_approver(p, ann, 1)->name, "dba");
	assert_null(policy_role_find_approver(p, both, 3));
	assert_null(policy_role_find_approver(p, NULL, 0));
	policy_free(p);
}

static void masks_belong_to_roles(void **state)
{
	struct policy *p = load();
	const struct policy_role *agent = policy_role_named(p, "agent"),
				 *dba = policy_role_named(p, "dba");

	(void)state;
	assert_int_equal(policy_mask_count(p), 3);
	assert_int_equal(policy_mask_at(p, 0)->spec.kind, MASK_PARTIAL);
	assert_int_equal(policy_mask_at(p, 0)->spec.keep_last, 4);
	assert_string_equal(policy_mask_at(p, 0)->columns[1], "*.*.card");
	assert_string_equal(policy_mask_at(p, 1)->spec.domain, "person");
	assert_string_equal(policy_mask_at(p, 2)->spec.constant, "none");
	assert_true(policy_mask_at(p, 0)->roles & agent->id_bit);
	assert_false(policy_mask_at(p, 0)->roles & dba->id_bit);
	assert_true(policy_has_masks(p, agent));
	assert_true(policy_has_masks(p, dba));
	assert_false(policy_has_masks(p, policy_role_named(p, "nobody")));
	policy_free(p);
}

static int parse(struct qw_bytes sql, struct qw_arena *arena, struct qw_statements *out)
{
	if (!qw_bytes_equal(sql, QW_LIT("select"))) {
		out->problem = "broken";
		return 0;
	}
	out->list = qw_arena_alloc(arena, sizeof(*out->list));
	assert_non_null(out->list);
	out->list->acts = qw_arena_alloc(arena, sizeof(*out->list->acts));
	assert_non_null(out->list->acts);
	out->list->acts[0] = (struct qw_act){.verb = QW_VERB_SELECT, .kind_name = "nothing"};
	out->list->act_count = 1;
	out->count = 1;
	return 0;
}

static void on_case(void *ctx, const char *name, bool passed, const char *expected, const char *got)
{
	bool should_fail = strcmp(name, "wrong") == 0 || strcmp(name, "other rule") == 0;

	assert_int_equal(passed, !should_fail);
	assert_non_null(expected);
	if (strcmp(name, "good") == 0)
		assert_string_equal(got, "allow by all");
	++*(int *)ctx;
}

static void cases_are_run(void **state)
{
	struct policy *p = load();
	int seen = 0;

	(void)state;
	assert_int_equal(policy_run_cases(p, parse, on_case, &seen), 2);
	assert_int_equal(seen, 5);
	policy_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_role_is_found_by_its_claims),
		cmocka_unit_test(masks_belong_to_roles),
		cmocka_unit_test(cases_are_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
