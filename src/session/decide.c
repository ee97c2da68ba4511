/* The stage JUDGE: what the rules, the masks and the names of the session say of one text. No message is read or written. */
#include "machine.h"

#include <stdio.h>

enum { LABELS_AGAIN_US = 1000000, USER_OID_MIN = 16384 };

static void refuse_masking(struct session *s, const char *message, const char *what)
{
	const char *hint = "Select sensitive columns bare (they come masked), or leave them out.";
	char detail[400];

	(void)snprintf(detail, sizeof(detail), "The statement mentions %.300s.", what ? what : "a sensitive column");
	run_refuse(s, refusal_about(refusal_new("42501", "masks", message, detail, hint), NULL, what));
}

/* Labels may be old (DDL went through) or not know a relation: then the catalog is read again first. */
bool decide_labels_ready(struct session *s)
{
	if (s->labels_pending)
		return false;
	if (!s->labels_stale)
		return true;
	s->labels_stale = false;
	if (!s->wants_trees)
		return true;
	(void)session_queue(s, SESSION_DO_CATALOG);
	s->labels_pending = true;
	return false;
}

/* The columns are asked for once more before it runs. */
static void undescribe(struct portal *p)
{
	columns_unref(p->columns);
	refusal_free(p->refusal);
	p->columns = NULL;
	p->refusal = NULL;
	p->describe_sent = false;
}

static bool make_current(struct session *s)
{
	struct run *r = &s->run;
	struct judged *j;

	if (judge_is_current(s, r->judged))
		return true;
	j = judge_parsed(s, r->judged->sql, &r->judged->facts);
	judged_unref(r->judged);
	r->judged = j;
	if (r->unit && j) { /* its rows are masked by what is known now */
		judged_unref(r->unit->judged);
		r->unit->judged = judged_ref(j);
	}
	if (r->portal && j) {
		judged_unref(r->portal->judged);
		r->portal->judged = judged_ref(j);
		undescribe(r->portal); /* its masks were those of another policy or catalog */
	}
	return j != NULL;
}

static bool names_relations(const struct judged *j)
{
	for (size_t i = 0; i < j->facts.count; i++)
		if (j->facts.list[i].relation_count)
			return true;
	return false;
}

/* What masking itself forbids, whatever the rules say. */
static bool object_for_masks(struct session *s)
{
	const struct judged *j = s->run.judged;

	if (!s->labels)
		return false;
	if (j->secret_copied)
		refuse_masking(s, "COPY of a sensitive column is refused: its rows cannot be masked", j->touched_name);
	else if (j->secret_written)
		refuse_masking(s, "a statement that writes may not read a sensitive column", j->touched_name);
	else if (j->secret_set)
		refuse_masking(s, "a statement that changes a setting may not read a sensitive column", j->touched_name);
	else if (s->tx_ddl && !j->is_ddl && (j->by_name || names_relations(j)))
		run_refuse(s,
			refusal_new("55000", "masks", "this transaction has changed the schema: commit before reading",
				"What the uncommitted schema exposes cannot be known yet, so nothing can be masked.",
				"COMMIT, then repeat the statement."));
	else
		return false;
	return true;
}

/* A relation that the labels do not know may be newer than they are. True: wait, they are read again. */
static bool labels_too_old(struct session *s)
{
	struct run *r = &s->run;

	if (!r->judged->names_unknown || r->labels_asked)
		return false;
	r->labels_asked = true; /* once: what is unknown then does not exist, or is refused when it shows up */
	if (s->now.mono_us - s->labels_at_us <= LABELS_AGAIN_US)
		return false;
	(void)session_queue(s, SESSION_DO_CATALOG_STALE);
	s->labels_stale = true;
	(void)decide_labels_ready(s);
	return true;
}

static void refuse_hazard(struct session *s, const char *hazard)
{
	char detail[600];

	(void)snprintf(detail, sizeof(detail), "%.500s.", hazard);
	run_refuse(s, refusal_new("42501", "flow.hazard", "blocked by rule \"flow.hazard\": reading this statement would run code", detail,
		"Use types of the server itself, or ask the operator to review that code (`reviewed` in the policy)."));
}

/* The input of a type runs when the server analyses a constant or reads a parameter: before anything could be judged. */
static bool object_for_types(struct session *s)
{
	const struct run *r = &s->run;
	const struct judged *j = r->judged;
	const char *hazard = NULL;

	for (size_t i = 0; s->labels && i < j->facts.count && !hazard; i++)
		if (!j->is_clear[i] && !j->is_unparsed)
			hazard = labels_reading_hazard(s->labels, &j->facts.list[i]);
	for (size_t i = 0; s->labels && r->is_parse && i + 4 <= r->parse_types.n && !hazard; i += 4) {
		const uint8_t *t = r->parse_types.p + i;
		uint32_t oid = (uint32_t)t[0] << 24 | (uint32_t)t[1] << 16 | (uint32_t)t[2] << 8 | t[3];

		hazard = oid >= USER_OID_MIN ? labels_type_hazard(s->labels, oid) : NULL;
	}
	if (hazard)
		refuse_hazard(s, hazard);
	return hazard != NULL;
}

static void settle(struct session *s, const struct policy_verdict *v)
{
	struct run *r = &s->run;

	r->verdict = *v;
	if (v->effect == POLICY_DENY)
		run_refuse(s, refusal_of_verdict(v, r->judged));
	else if (object_for_types(s) || object_for_masks(s))
		return;
	else
		r->stage = r->is_parse ? RUN_FORWARD : RUN_RESOLVE;
}

/* ---- with the trees ---- */

static void refuse_flow(struct session *s, const struct flow_refusal *why)
{
	char message[600], detail[900];

	(void)snprintf(message, sizeof(message), "blocked by rule \"%s\": %.400s", why->rule, why->object ? why->object : "the statement");
	(void)snprintf(detail, sizeof(detail), "%.800s", why->reason ? why->reason : "");
	run_refuse(s, refusal_about(refusal_new("42501", why->rule, message, detail, why->instead), NULL, why->object));
}

static bool any_masked(const struct flow_result *f)
{
	for (size_t i = 0; i < f->output_count; i++)
		if (f->outputs[i].label.kind == LABEL_MASK)
			return true;
	return false;
}

/*
 * Thousands of guesses in one statement: a unique index or a check on a sensitive column would answer each. Without a list of
 * columns the tree shows none of those that are filled.
 */
static bool copies_into_labelled(const struct session *s, const struct qw_statement *st, const struct flow_result *f)
{
	static const char all[] = "DEFAULT VALUES";
	const size_t n = sizeof(all) - 1;
	const char *which;

	if (!st || st->inner_kind != QW_INNER_COPY_IN)
		return false;
	return f->write_count || (st->inner.n >= n && memcmp(st->inner.p + st->inner.n - n, all, n) == 0 &&
		labels_relation_touched(s->labels, st, &which));
}

/* Where the rows go decides what may be in them. */
static bool object_for_rows(struct session *s, const struct qw_statement *st, const struct flow_result *f)
{
	const char *message;

	if (copies_into_labelled(s, st, f)) {
		refuse_masking(s, "COPY FROM into a sensitive column is refused: errors would tell which values are there",
			st->relation_count ? st->relations[0].name : NULL);
		return true;
	}
	if (!st || !any_masked(f))
		return false;
	if (st->inner_kind == QW_INNER_COPY && copyout_is_possible(s, st, f))
		return false;
	if (st->inner_kind == QW_INNER_COPY)
		message = "COPY of a sensitive column is refused: its rows cannot be masked";
	else if (st->inner_kind == QW_INNER_CREATE_AS && s->run.verdict.effect != POLICY_REVIEW)
		message = "a sensitive column may not be copied into another relation";
	else
		return false;
	refuse_masking(s, message, f->reads_labelled_count ? f->reads_labelled[0] : NULL);
	return true;
}

/* Labels that do not know a relation may be older than it: they are read again, once. */
static bool ask_for_labels(struct session *s, const struct flow_result *f)
{
	struct run *r = &s->run;

	if (strcmp(f->refusal.rule, "flow.unknown") != 0 || r->labels_asked ||
		(s->unknown_at_us && s->now.mono_us - s->unknown_at_us <= LABELS_AGAIN_US))
		return false;
	r->labels_asked = true;
	s->unknown_at_us = s->now.mono_us;
	(void)session_queue(s, SESSION_DO_CATALOG_STALE);
	s->labels_stale = true;
	r->stage = RUN_JUDGE;
	return true;
}

/* Code of users runs only when somebody has read it, and it is still what was read. False: the run has gone another way. */
static bool decide_unreviewed(struct session *s, const struct qw_act *act)
{
	struct run *r = &s->run;
	const struct catalog_function *f = act->verb == QW_VERB_CALL && act->schema && act->name ?
		labels_unreviewed(s->labels, act->schema, act->name) : NULL;
	char message[300], detail[500], object[200];

	if (!f || s->role->unreviewed_code == POLICY_ALLOW)
		return true;
	if (s->role->unreviewed_code == POLICY_REVIEW) {
		if (r->verdict.effect == POLICY_ALLOW)
			r->verdict = (struct policy_verdict){.effect = POLICY_REVIEW, .rule = "unreviewed_code", .act = act};
		return true;
	}
	(void)snprintf(object, sizeof(object), "%.80s.%.80s", f->schema, f->name);
	(void)snprintf(message, sizeof(message), "blocked by rule \"unreviewed_code\": function %s has not been reviewed", object);
	(void)snprintf(detail, sizeof(detail), "What it does is not known to the gateway: function: %s(%.100s), sha256: %s", object,
		f->args, f->sha256);
	run_refuse(s, refusal_about(refusal_new("42501", "unreviewed_code", message, detail,
		"The operator reads the function and names it, with this sha256, under `reviewed` in the policy."),
		qw_verb_name(act->verb), object));
	return false;
}

/* One statement's tree. False: the run has gone another way. */
static bool decide_tree(struct session *s, const struct qw_statement *st, const struct flow_result *f)
{
	struct run *r = &s->run;
	const struct qw_statement resolved = {.acts = f->acts, .act_count = f->act_count};
	struct policy_verdict v;

	if (f->is_refused && ask_for_labels(s, f))
		return false;
	if (f->is_refused) {
		refuse_flow(s, &f->refusal);
		return false;
	}
	if (object_for_rows(s, st, f))
		return false;
	for (size_t i = 0; i < f->act_count; i++)
		if (!decide_unreviewed(s, &f->acts[i]))
			return false;
	policy_judge(s->policy, s->role, s->database, &resolved, f->act_count ? 1 : 0, &v);
	verdict_tighten(&r->verdict, &v);
	if (v.effect != POLICY_DENY)
		return true;
	run_refuse(s, refusal_of_verdict(&v, NULL));
	return false;
}

static void keep_resolution(struct session *s)
{
	struct run *r = &s->run;
	struct resolution *made = r->resolution;
	struct judged *owner = r->judged->by_name ? judge_named(s, r->judged) : r->judged;

	if (r->portal && r->portal->statement && r->portal->statement->by_sql)
		owner = r->portal->statement->judged;

	if (!made)
		return;
	resolution_unref(r->unit->resolution);
	r->unit->resolution = resolution_ref(made);
	if (r->portal) {
		resolution_unref(r->portal->resolution);
		r->portal->resolution = resolution_ref(made);
		r->portal->resolved_index = r->unit->resolved_index;
	}
	if (!s->my && owner && made->count == owner->facts.count)
		resolution_keep(s, owner, made);
}

void decide_resolved(struct session *s)
{
	struct run *r = &s->run;
	const struct resolution *made = r->resolution;

	for (size_t i = 0; made && i < made->count; i++) {
		bool is_named = r->unit->is_named;

		if (!made->is_asked[i] || (is_named && i != r->unit->resolved_index))
			continue;
		if (!decide_tree(s, is_named ? NULL : &r->judged->facts.list[i], &made->flows[i]))
			return;
	}
	if (!r->is_bind && writes_object(s))
		return;
	keep_resolution(s);
	if (r->is_bind) { /* it may be planned; its Execute is judged whole */
		r->stage = RUN_FORWARD;
		return;
	}
	if (!moments_judge(s) || !guards_weigh(s))
		return;
	if (r->verdict.effect == POLICY_REVIEW && !r->approved) {
		r->stage = RUN_REVIEW;
		return;
	}
	if (!guards_take(s))
		return;
	moments_taint(s);
	r->stage = RUN_RECORD;
}

/* The name stands for something else, or what it stands for may be read under another search_path. */
static bool was_replaced(const struct session *s, const struct portal *p)
{
	return judge_named(s, p->judged) != p->source ||
		(!p->by_sql && memcmp(p->bound_under, s->settings_digest, sizeof(p->bound_under)) != 0);
}

void decide(struct session *s)
{
	struct run *r = &s->run;
	struct policy_verdict v;
	bool was_current;

	resolution_unref(r->resolution); /* after a wait, labels and settings may be others: found again, or asked for again */
	r->resolution = NULL;
	r->resolve_index = 0;
	if (!decide_labels_ready(s))
		return;
	was_current = judge_is_current(s, r->judged);
	if (!make_current(s))
		return;
	if (!was_current) { /* nor does what was approved or shown under other labels tell anything */
		r->approved = false;
		r->resolve_index = 0;
		resolution_unref(r->resolution);
		r->resolution = NULL;
	}
	if (labels_too_old(s))
		return;
	if (r->judged->by_name && !r->is_parse && s->pending_count) {
		pending_flush(s); /* what a name stands for is certain only when nothing is in flight */
		return;
	}
	v = r->judged->verdict;
	if (!r->is_parse && !r->unit && !(r->unit = unit_new(s, r->judged, r->is_query)))
		return;
	if (!r->is_parse && !r->is_bind && !guards_count(s))
		return;
	if (!r->is_parse && judge_is_nested(s, r->judged)) {
		run_refuse(s,
			refusal_new("0A000", "names", "a name that stands for another name's statement is refused",
				"What is prepared here is itself EXECUTE, FETCH, PREPARE, DECLARE, CLOSE, DEALLOCATE or RESET ALL.",
				"Send that statement itself."));
		return;
	}
	if (r->judged->by_name && !r->is_parse && !judge_resolve(s, r->judged, &v) && !s->unparsed_ok) {
		run_refuse(s,
			refusal_new("26000", "names", "unknown prepared statement or cursor",
				"The gateway has not seen it being made in this session, so it cannot be judged.",
				"PREPARE or DECLARE it through this session first."));
		return;
	}
	if (r->portal && r->portal->is_changed) {
		run_refuse(s,
			refusal_new("55000", "flow.tree", "what this statement means has changed while it was bound",
				"The database's schema was changed in that moment.", "Bind it again."));
		return;
	}
	if (r->portal && !r->is_bind && r->judged->by_name && was_replaced(s, r->portal)) {
		run_refuse(s,
			refusal_new("26000", "names", "what this portal executes was replaced after it was bound",
				"Its columns were described as they were then, so its rows cannot be masked.",
				"Bind it again."));
		return;
	}
	settle(s, &v);
}
