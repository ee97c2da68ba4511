/* Limits before anything runs: sessions, rates, the size of calls, and writes that nobody could count. */
#include "../machine.h"

#include <inttypes.h>
#include <stdio.h>

static const char *sqlstate_of(enum limits_kind kind)
{
	switch (kind) {
	case LIMITS_STATEMENT_S:
		return "57014";
	case LIMITS_SESSIONS:
		return "53300";
	case LIMITS_STATEMENTS_PER_MINUTE:
		return "53400";
	case LIMITS_ROWS_RETURNED:
	case LIMITS_BYTES_RETURNED:
	case LIMITS_ROWS_AFFECTED:
	case LIMITS_CALL_ROWS:
	case LIMITS_CALL_BYTES:
	case LIMITS_COUNT:
		break;
	}
	return "54000";
}

static const char *outcome_of(enum limits_kind kind)
{
	switch (kind) {
	case LIMITS_ROWS_RETURNED:
	case LIMITS_BYTES_RETURNED:
		return "What came before was sent, the rest is not; a transaction that was open is failed.";
	case LIMITS_ROWS_AFFECTED:
		return "Nothing that the statement wrote stays; a transaction that was open is failed.";
	case LIMITS_STATEMENT_S:
		return "The statement was cancelled; a transaction that was open is failed.";
	case LIMITS_CALL_ROWS:
	case LIMITS_CALL_BYTES:
	case LIMITS_SESSIONS:
	case LIMITS_STATEMENTS_PER_MINUTE:
	case LIMITS_COUNT:
		break;
	}
	return "It was not run.";
}

static void say_over(char *out, size_t n, enum limits_kind kind, uint64_t limit)
{
	(void)snprintf(out, n, "blocked by rule \"%s\": more than %" PRIu64 " %s", limits_rule(kind), limit, limits_what(kind));
}

struct refusal *guards_refusal(enum limits_kind kind, uint64_t limit)
{
	char message[200];

	say_over(message, sizeof(message), kind, limit);
	return refusal_new(sqlstate_of(kind), limits_rule(kind), message, outcome_of(kind), limits_instead(kind));
}

/* ---- the role and its principal ---- */

void guards_role(struct session *s)
{
	const struct policy_column any = {0};

	policy_limits(s->policy, s->role, s->database, &s->limits);
	s->has_moments = policy_has_moments(s->policy, s->role);
	s->has_untrusted = policy_taints(s->policy, s->role, s->database, &any);
	s->needs_trees = s->has_untrusted || policy_limits_calls(s->policy, s->role);
	s->wants_trees = s->needs_trees || policy_has_masks(s->policy, s->role);
}

static void refuse_session(struct session *s)
{
	char message[200];

	say_over(message, sizeof(message), LIMITS_SESSIONS, s->limits.sessions);
	session_log(s, "login.refused", "limit.sessions");
	ledger_session_refused(s, "limit.sessions");
	session_fatal(s, sqlstate_of(LIMITS_SESSIONS), message, limits_instead(LIMITS_SESSIONS));
}

/* Sessions without a limit are counted, too: those of another role of the principal may have one. */
bool guards_admit(struct session *s)
{
	const struct principal *p = &s->principal;
	int err;

	guards_role(s);
	if (!s->options->limits)
		return true;
	s->limits_key = qw_arena_printf(&s->arena, "%zu:%s%s", strlen(p->issuer), p->issuer, p->subject);
	if (!s->limits_key) {
		session_out_of_memory(s);
		return false;
	}
	err = limits_table_enter(s->options->limits, s->limits_key, s->limits.sessions, s->now.mono_us);
	s->is_entered = err == 0;
	if (err && s->limits.sessions)
		refuse_session(s);
	return s->state != STATE_CLOSED;
}

void guards_leave(struct session *s)
{
	if (s->is_entered)
		limits_table_leave(s->options->limits, s->limits_key);
	s->is_entered = false;
}

/* ---- rates ---- */

static bool refuse_rate(struct session *s, const char *rule, const char *what, uint64_t limit, uint64_t wait_us)
{
	char message[300], detail[160];

	(void)snprintf(message, sizeof(message), "blocked by rule \"%s\": more than %" PRIu64 " %.160s", rule, limit, what);
	if (wait_us == UINT64_MAX)
		(void)snprintf(detail, sizeof(detail), "This text alone holds more: send less at once.");
	else
		(void)snprintf(detail, sizeof(detail), "It was not run. Try again after %" PRIu64 " seconds.", wait_us / 1000000 + 1);
	run_refuse(s, refusal_new("53400", rule, message, detail, "Wait, and ask for more with fewer statements."));
	return false;
}

bool guards_count(struct session *s)
{
	struct run *r = &s->run;
	uint64_t limit = s->limits.statements_per_minute, wait_us = 0;
	size_t n = r->judged->facts.count ? r->judged->facts.count : 1;

	if (r->is_counted || !limit || !s->options->limits)
		return true;
	r->is_counted = true;
	if (limits_table_take(s->options->limits, s->limits_key, "statements", limit, n, s->now.mono_us, &wait_us) == 0)
		return true;
	return refuse_rate(s, limits_rule(LIMITS_STATEMENTS_PER_MINUTE), limits_what(LIMITS_STATEMENTS_PER_MINUTE), limit, wait_us);
}

static bool take_one(struct session *s, const struct mask_spec *spec)
{
	const struct policy_mask *m = spec ? policy_mask_of(s->policy, spec) : NULL;
	uint64_t wait_us = 0, limit = m ? m->equality_per_minute : 1;
	char what[200];

	(void)snprintf(what, sizeof(what), "equality:%.150s", m ? m->spec.name : "?");
	if (limits_table_take(s->options->limits, s->limits_key, what, limit, 1, s->now.mono_us, &wait_us) == 0)
		return true;
	(void)snprintf(what, sizeof(what), "comparisons with \"%.100s\" in a minute", m ? m->spec.name : "?");
	return refuse_rate(s, "limit.equality", what, limit, wait_us);
}

/* The rows of a cursor were asked for when it was declared. */
static bool is_fetch(const struct judged *j)
{
	return j->facts.count && j->facts.list[0].named_op == QW_NAMED_FETCH;
}

bool guards_take(struct session *s)
{
	struct run *r = &s->run;

	if (r->is_taken || !s->options->limits || !r->resolution || is_fetch(r->judged))
		return true;
	r->is_taken = true;
	for (size_t i = 0; i < r->resolution->count; i++) {
		const struct flow_result *f = moments_flow(r, i);

		for (size_t k = 0; f && k < f->equalities; k++)
			if (!take_one(s, f->compared[k]))
				return false;
	}
	return true;
}

/* ---- calls ---- */

static bool refuse_limit(struct session *s, enum limits_kind kind)
{
	run_refuse(s, guards_refusal(kind, limits_get(&s->run.verdict.limits, kind)));
	return false;
}

static bool weigh_calls(struct session *s, const struct flow_result *f)
{
	const struct limits *l = &s->run.verdict.limits;

	for (size_t i = 0; i < f->call_count; i++) {
		struct limits_cost cost;

		if (!limits_call_cost(f->calls[i].name, f->calls[i].args, f->calls[i].arg_count, &cost))
			continue;
		if (!limits_allow(l, LIMITS_CALL_ROWS, cost.rows))
			return refuse_limit(s, LIMITS_CALL_ROWS);
		if (!limits_allow(l, LIMITS_CALL_BYTES, cost.bytes))
			return refuse_limit(s, LIMITS_CALL_BYTES);
	}
	return true;
}

static bool makes_much(const struct qw_act *a)
{
	static const char *const names[] = {"generate_series", "repeat", "lpad", "rpad"};

	for (size_t i = 0; a->verb == QW_VERB_CALL && i < QW_COUNT(names); i++)
		if (!a->name || strcmp(a->name, names[i]) == 0)
			return true;
	return false;
}

bool guards_want_tree(const struct session *s, const struct qw_statement *st, const struct limits *l)
{
	if (s->has_untrusted && st->relation_count && !(s->labels && labels_names_only_tables(s->labels, st)))
		return true; /* it may be a view of something else; of a table its name tells (moments.c) */
	for (size_t i = 0; (l->call_rows || l->call_bytes) && i < st->act_count; i++)
		if (makes_much(&st->acts[i]))
			return true;
	return false;
}

/* ---- writes that nobody counts ---- */

static bool has_verb(const struct qw_statement *st, enum qw_verb v)
{
	for (size_t i = 0; i < st->act_count; i++)
		if (st->acts[i].verb == v)
			return true;
	return false;
}

static bool is_uncounted(const struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++) {
		const struct qw_statement *st = &j->facts.list[i];

		if (st->writes_below || has_verb(st, QW_VERB_TRUNCATE) || (has_verb(st, QW_VERB_EXPLAIN_ANALYZE) && j->writes))
			return true;
	}
	return false;
}

static bool refuse_uncounted(struct session *s)
{
	run_refuse(s, refusal_new("54000", limits_rule(LIMITS_ROWS_AFFECTED),
		"blocked by rule \"limit.rows_affected\": the rows that this statement writes could not be counted",
		"The server counts the rows of a statement's outermost INSERT, UPDATE, DELETE or MERGE only; not those of a WITH, "
		"of TRUNCATE, or of EXPLAIN ANALYZE.",
		"Write with one INSERT, UPDATE, DELETE or MERGE at a time."));
	return false;
}

/* COMMIT behind a write makes it stay, and so does a savepoint: the client may go back to it. */
static bool could_keep(const struct judged *j)
{
	for (size_t i = 0; j->writes && j->facts.count > 1 && i < j->facts.count; i++)
		if (j->ends_tx || has_verb(&j->facts.list[i], QW_VERB_TX_SAVEPOINT) || has_verb(&j->facts.list[i], QW_VERB_TX_TWO_PHASE))
			return true;
	return false;
}

static bool refuse_mixed(struct session *s)
{
	run_refuse(s, refusal_new("54000", limits_rule(LIMITS_ROWS_AFFECTED),
		"blocked by rule \"limit.rows_affected\": a text that writes, and ends a transaction or makes a savepoint, could "
		"not be undone",
		"Limits hold for this role: what passes one is rolled back, and that must be possible.",
		"Send BEGIN, SAVEPOINT, the statements, and COMMIT or ROLLBACK each on their own."));
	return false;
}

bool guards_weigh(struct session *s)
{
	struct run *r = &s->run;
	const struct limits *l = &r->verdict.limits;
	const struct judged *named = judge_named(s, r->judged);

	if (l->rows_affected && (is_uncounted(r->judged) || (named && is_uncounted(named))))
		return refuse_uncounted(s);
	if ((l->rows_affected || l->rows_returned || l->bytes_returned) && could_keep(r->judged))
		return refuse_mixed(s);
	for (size_t i = 0; r->resolution && i < r->resolution->count; i++) {
		const struct flow_result *f = moments_flow(r, i);

		if (f && !weigh_calls(s, f))
			return false;
	}
	return true;
}
