/* What limits and untrusted columns make of a statement before it runs (session/guards/admit.c). */
#include "explain.h"

static bool makes_much(const struct qw_act *a)
{
	static const char *const names[] = {"generate_series", "repeat", "lpad", "rpad"};

	for (size_t i = 0; a->verb == QW_VERB_CALL && i < QW_COUNT(names); i++)
		if (!a->name || strcmp(a->name, names[i]) == 0)
			return true;
	return false;
}

bool explain_is_clear(const struct explanation *e, const struct explain_statement *s, const struct qw_statement *st)
{
	const struct limits *l = &s->verdict.limits;
	const struct policy_column any = {0};

	if (labels_is_empty(e->labels))
		return true;
	if (!labels_provably_clear(e->labels, st))
		return false;
	if (st->relation_count && policy_taints(e->policy, e->role, e->database, &any))
		return false; /* it may be a view of something else */
	for (size_t i = 0; (l->call_rows || l->call_bytes) && i < st->act_count; i++)
		if (makes_much(&st->acts[i]))
			return false;
	return true;
}

static void refuse_limit(struct explain_statement *s, enum limits_kind kind, const char *reason, const char *instead)
{
	explain_refuse(s,
		&(struct explain_refusal){.rule = limits_rule(kind), .sqlstate = "54000", .reason = reason,
			.instead = instead ? instead : limits_instead(kind)});
}

/* The command tag counts the outermost write alone. */
static bool is_uncounted(const struct qw_statement *st)
{
	bool analyzes = false;

	for (size_t i = 0; i < st->act_count; i++)
		analyzes |= st->acts[i].verb == QW_VERB_EXPLAIN_ANALYZE;
	return st->writes_below || (analyzes && st->writes);
}

void explain_weigh(struct explain_statement *s)
{
	const struct limits *l = &s->verdict.limits;
	struct limits_cost cost;

	if (l->rows_affected && (is_uncounted(s->st) || (s->source && is_uncounted(s->source))))
		refuse_limit(s, LIMITS_ROWS_AFFECTED, "The rows that this statement writes could not be counted.",
			"Write with one INSERT, UPDATE, DELETE or MERGE at a time.");
	for (size_t i = 0; s->needs_tree && i < s->flow.call_count; i++) {
		const struct flow_call *c = &s->flow.calls[i];

		if (!limits_call_cost(c->name, c->args, c->arg_count, &cost))
			continue;
		if (!limits_allow(l, LIMITS_CALL_ROWS, cost.rows))
			refuse_limit(s, LIMITS_CALL_ROWS, "One call would make more rows than that.", NULL);
		else if (!limits_allow(l, LIMITS_CALL_BYTES, cost.bytes))
			refuse_limit(s, LIMITS_CALL_BYTES, "One call would make more bytes than that.", NULL);
	}
}
