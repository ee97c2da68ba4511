/* `policy test`: the cases inside the file. */
#include "policy_int.h"

#include <stdio.h>

enum { CASE_ARENA_BYTES = 64 << 20 };

static void judge_case(const struct policy *p, const struct policy_case *c, policy_parse_fn parse,
	struct policy_verdict *out)
{
	struct qw_act unparsed = {.verb = QW_VERB_UNPARSED, .kind_name = "statement"};
	struct qw_statement refused = {.acts = &unparsed, .act_count = 1};
	struct qw_statements parsed = {0};
	const struct policy_moment now = {.wall_us = c->wall_us,
		.is_tainted = c->when & WHEN_TAINTED,
		.in_transaction = c->when & WHEN_IN_TRANSACTION,
		.reads_secret = c->when & WHEN_SECRET};
	struct qw_arena arena;

	*out = (struct policy_verdict){.effect = POLICY_DENY, .rule = "unreachable"};
	if (!policy_role_reaches(c->role, c->database))
		return;
	qw_arena_init(&arena, CASE_ARENA_BYTES);
	if (parse(qw_bytes_from(c->sql), &arena, &parsed) != 0 || parsed.problem)
		parsed = (struct qw_statements){.list = &refused, .count = 1};
	policy_judge(p, c->role, c->database, parsed.list, parsed.count, out);
	policy_judge_moment(p, c->role, c->database, &now, parsed.list, parsed.count, out);
	qw_arena_fini(&arena);
	out->act = NULL; /* it lived in the arena */
}

size_t policy_run_cases(
	const struct policy *p, policy_parse_fn parse, policy_case_cb on_case, void *ctx)
{
	size_t failed = 0, i;

	for (i = 0; i < p->case_count; i++) {
		const struct policy_case *c = &p->cases[i];
		struct policy_verdict v;
		char expected[160], got[160];
		bool passed;

		judge_case(p, c, parse, &v);
		passed = v.effect == c->expect && (!c->rule || strcmp(c->rule, v.rule) == 0);
		failed += !passed;
		(void)snprintf(expected, sizeof(expected), "%s%s%s", policy_effect_name(c->expect),
			c->rule ? " by " : "", c->rule ? c->rule : "");
		(void)snprintf(got, sizeof(got), "%s by %s", policy_effect_name(v.effect), v.rule);
		on_case(ctx, c->name, passed, expected, got);
	}
	return failed;
}
