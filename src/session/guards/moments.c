/* What depends on the moment: freezes, rules with `when`, and the taint of a session that has read what strangers wrote. */
#include "../machine.h"

#include <stdio.h>

const struct flow_result *moments_flow(const struct run *r, size_t i)
{
	const struct resolution *made = r->resolution;

	if (!made || !r->unit || i >= made->count || !made->is_asked[i] || (r->unit->is_named && i != r->unit->resolved_index))
		return NULL;
	return &made->flows[i];
}

static bool reads_secret(const struct run *r)
{
	for (size_t i = 0; r->resolution && i < r->resolution->count; i++) {
		const struct flow_result *f = moments_flow(r, i);

		if (f && (f->reads_labelled_count || f->equalities || f->applied))
			return true;
	}
	return false;
}

/* A BEGIN or COMMIT may be under way, or stand in the same text: then both may be so. */
static bool is_uncertain(const struct session *s)
{
	const struct judged *j = s->run.judged;

	if (s->pending_count)
		return true;
	for (size_t i = 0; j && j->facts.count > 1 && i < j->facts.count; i++)
		for (size_t k = 0; k < j->facts.list[i].act_count; k++)
			if (j->facts.list[i].acts[k].verb == QW_VERB_TX_BEGIN)
				return true;
	return j && j->facts.count > 1 && j->ends_tx;
}

struct asked {
	struct policy_moment now;
	bool both;
};

static struct asked moment_of(const struct session *s)
{
	return (struct asked){.now = {.wall_us = s->now.wall_us, .is_tainted = s->is_tainted, .in_transaction = s->tx_status != 'I',
				      .reads_secret = reads_secret(&s->run)},
		.both = is_uncertain(s)};
}

static void judge(const struct session *s, const struct asked *q, const struct qw_statement *list, size_t n, struct policy_verdict *v)
{
	struct policy_moment other = q->now;

	policy_judge_moment(s->policy, s->role, s->database, &q->now, list, n, v);
	other.in_transaction = !other.in_transaction;
	if (q->both)
		policy_judge_moment(s->policy, s->role, s->database, &other, list, n, v);
}

void moments_judge_acts(struct session *s, struct qw_act *acts, size_t n, struct policy_verdict *v)
{
	const struct asked q = {.now = {.wall_us = s->now.wall_us, .is_tainted = s->is_tainted, .in_transaction = s->tx_status != 'I'}};
	const struct qw_statement st = {.acts = acts, .act_count = n};

	if (policy_has_moments(s->policy, s->role))
		judge(s, &q, &st, 1, v);
}

bool moments_judge(struct session *s)
{
	struct run *r = &s->run;
	const struct asked q = moment_of(s);
	const struct judged *named;

	if (!s->has_moments)
		return true;
	named = judge_named(s, r->judged);
	judge(s, &q, r->judged->facts.list, r->judged->facts.count, &r->verdict);
	if (named)
		judge(s, &q, named->facts.list, named->facts.count, &r->verdict);
	for (size_t i = 0; r->resolution && i < r->resolution->count; i++) {
		const struct flow_result *f = moments_flow(r, i);
		const struct qw_statement st = {.acts = f ? f->acts : NULL, .act_count = f ? f->act_count : 0};

		judge(s, &q, &st, 1, &r->verdict);
	}
	if (r->verdict.effect != POLICY_DENY)
		return true;
	run_refuse(s, refusal_of_verdict(&r->verdict, NULL));
	return false;
}

/* ---- taint ---- */

static const char *note_name(struct session *s, const char *schema, const char *name)
{
	const char *text = qw_arena_printf(&s->arena, "%s%s%s", schema ? schema : "", schema ? "." : "", name ? name : "a relation");

	if (!text)
		session_out_of_memory(s);
	return text;
}

static const char *untrusted_in_tree(struct session *s, const struct flow_result *f)
{
	for (size_t i = 0; i < f->read_count; i++) {
		struct policy_column c = {0};

		if (!labels_relation(s->labels, f->reads[i], &c.schema, &c.table) || policy_taints(s->policy, s->role, s->database, &c))
			return note_name(s, c.schema, c.table);
	}
	return NULL;
}

/* What it only inserts into it does not read. */
static bool only_inserts(const struct qw_statement *st)
{
	for (size_t i = 0; i < st->act_count; i++) {
		enum qw_verb v = st->acts[i].verb;

		if (v == QW_VERB_UPDATE || v == QW_VERB_UPSERT || v == QW_VERB_DELETE || v == QW_VERB_MERGE)
			return false;
	}
	return true;
}

/* A name without its schema may be of any. */
static const char *untrusted_in_text(struct session *s, const struct qw_statement *st)
{
	for (size_t i = 0; i < st->relation_count; i++) {
		const struct qw_relation *r = &st->relations[i];
		const struct policy_column c = {.schema = r->schema, .table = r->name};

		if (!(r->is_written && only_inserts(st)) && policy_taints(s->policy, s->role, s->database, &c))
			return note_name(s, r->schema, r->name);
	}
	return NULL;
}

static const char *untrusted_in_texts(struct session *s, const struct judged *j, bool has_trees)
{
	const char *found = NULL;

	for (size_t i = 0; j && i < j->facts.count && !found; i++)
		if (!has_trees || !moments_flow(&s->run, i))
			found = untrusted_in_text(s, &j->facts.list[i]);
	return found;
}

static const char *untrusted(struct session *s)
{
	const struct run *r = &s->run;
	const char *found = NULL;
	bool any = false;

	if (r->is_fastpath || r->judged->is_unparsed)
		return "what the gateway cannot read";
	for (size_t i = 0; r->resolution && i < r->resolution->count && !found; i++) {
		const struct flow_result *f = moments_flow(r, i);

		any |= f != NULL;
		found = f ? untrusted_in_tree(s, f) : NULL;
	}
	if (found || (any && r->unit->is_named))
		return found;
	found = untrusted_in_texts(s, r->judged, any);
	return found ? found : untrusted_in_texts(s, judge_named(s, r->judged), false);
}

void moments_taint(struct session *s)
{
	const char *by;

	if (s->is_tainted || !s->has_untrusted || !s->run.judged)
		return;
	by = untrusted(s);
	if (!by || s->state != STATE_READY)
		return;
	s->is_tainted = s->run.taints = true;
	s->tainted_by = by;
	session_log(s, "session.tainted", by);
}
