/*
 * Asks the server for its own tree of a statement (stages RESOLVE and RESOLVING), inside of whatever transaction or pipeline the
 * client is in. A Query of one statement is then carried: what was parsed is bound (stage BINDING) and executed. Older analyses are
 * forgotten before a Bind, so that the server analyses the statement again and shows it: it must be what was judged.
 */
#include "../machine.h"

/* ---- the stage ---- */

static void refuse_impossible(struct session *s)
{
	run_refuse(s,
		refusal_new("0A000", "flow.tree", "what this statement does with labelled data cannot be told",
			"It wraps a query that the gateway cannot show to the server by itself, runs something by a name that was "
			"declared under other settings, or follows a statement in the same text that changes what names mean.",
			"Send the query itself, on its own, or declare it again."));
}

/* A name stands for one statement of another text: that one is asked for, and nothing else of this text. */
static bool is_alone(const struct session *s)
{
	const struct judged *j = s->run.judged;

	return !j->by_name || j->facts.count == 1 || s->run.portal;
}

static void take_known(struct session *s, const struct resolution_need *n)
{
	struct run *r = &s->run;

	resolution_unref(r->resolution);
	r->resolution = resolution_ref(n->known);
	r->unit->resolved_index = n->index;
	r->resolve_index++;
}

/* The server planned a portal when it was bound: under other settings it may show another relation of the same name. */
static bool is_bound_elsewhere(const struct session *s)
{
	const struct portal *p = s->run.portal;

	return p && !p->by_sql && memcmp(p->bound_under, s->settings_digest, sizeof(p->bound_under)) != 0;
}

/* One statement by itself, of those that a Bind plans: then what was shown is what is executed. */
static enum question_kind kind_of(const struct session *s, const struct resolution_need *n)
{
	const struct run *r = &s->run;

	if (r->is_bind)
		return QUESTION_BIND;
	if (n->is_named)
		return QUESTION_NAMED;
	if (r->is_query && n->owner == r->judged && r->judged->facts.count == 1 &&
		r->judged->facts.list[0].inner_kind == QW_INNER_NONE)
		return QUESTION_CARRIED;
	return QUESTION_ONLY;
}

/* True: it has to be waited for. */
static bool ask_one(struct session *s, const struct resolution_need *n)
{
	struct run *r = &s->run;
	struct resolution *made = r->resolution;

	if (!made || n->owner != r->judged) {
		made = resolution_for(s, n);
		if (!made)
			return true;
		resolution_unref(r->resolution);
		r->resolution = made;
	}
	r->unit->resolved_index = n->index;
	if (made->is_asked[n->index]) {
		r->resolve_index++;
		return false;
	}
	if (is_bound_elsewhere(s)) {
		refuse_impossible(s);
		return true;
	}
	r->has_tree = false;
	r->stage = RUN_RESOLVING;
	made->forgot_plans |= r->is_bind || n->is_named;
	question_send(s, n->text, n->types, kind_of(s, n));
	return true;
}

/* Names and settings are certain, and a tree is in its place, only when everything before has been answered. */
static bool must_wait(struct session *s)
{
	if (!s->pending_count)
		return false;
	pending_flush(s);
	return true;
}

/* What is in flight changes no settings that are not in the digest already; of names that would not be sure. */
static bool is_certain(struct session *s, const struct resolution_need *n)
{
	return !n->is_named && n->owner == s->run.judged && resolution_is_kept(s, n);
}

void resolve_ask(struct session *s)
{
	struct run *r = &s->run;
	const struct judged *j = r->judged;

	if (r->is_fastpath || !s->labels) {
		decide_resolved(s);
		return;
	}
	if (s->tx_status == 'E' && r->is_query && j->facts.count == 1) {
		if (!must_wait(s)) /* a ROLLBACK that is not answered yet may end that */
			decide_resolved(s);
		return;
	}
	while (r->resolve_index < j->facts.count && s->state == STATE_READY) {
		struct resolution_need n;

		resolution_need(s, j, r->resolve_index, &n);
		r->unit->is_named |= n.is_named;
		if (n.ask == RESOLUTION_NOTHING) {
			r->resolve_index++;
			continue;
		}
		if (n.ask == RESOLUTION_IMPOSSIBLE || !is_alone(s) || resolution_is_disturbed(j, r->resolve_index)) {
			refuse_impossible(s);
			return;
		}
		if (n.ask == RESOLUTION_KNOWN)
			take_known(s, &n);
		else if (!is_certain(s, &n) && must_wait(s))
			return;
		else if (ask_one(s, &n))
			return;
	}
	if (s->state == STATE_READY)
		decide_resolved(s);
}

/* ---- from the server ---- */

/* Nobody but the backend's own printer says so in this place: RAISE comes from another routine. */
static bool is_tree(const struct pgwire_error *e)
{
	return e->severity && strcmp(e->severity, "LOG") == 0 && e->sqlstate && strcmp(e->sqlstate, "00000") == 0 && e->message &&
		strcmp(e->message, "rewritten parse tree:") == 0 && e->routine && strcmp(e->routine, "elog_node_display") == 0 &&
		e->detail;
}

static bool is_log(const struct pgwire_error *e)
{
	return e->severity && (strcmp(e->severity, "LOG") == 0 || strncmp(e->severity, "DEBUG", 5) == 0);
}

/*
 * A Bind of what is carried. Besides the statement it may analyse the bodies of SQL functions, which planning inlines: one of the
 * trees must be the one that was judged, to the byte. It may also run code.
 */
static void on_notice_of_bind(struct session *s, const struct pending *p, struct qw_bytes body)
{
	struct run *r = &s->run;
	struct pgwire_error e;

	if (pgwire_error_decode(body, &e))
		upstream_unexpected(s);
	else if (is_tree(&e))
		r->is_seen |= resolution_is_same(s, r->resolution, r->unit->resolved_index, qw_bytes_from(e.detail));
	else if (!is_log(&e))
		errors_pass(s, 'N', body, errors_may_be_verbatim(s, p));
}

/* The same of a client's own Bind. True: it is not for the client. */
static bool on_notice_of_watched(struct session *s, const struct pending *p, struct qw_bytes body)
{
	struct portal *portal = p->portal;
	struct pgwire_error e;

	if (pgwire_error_decode(body, &e) || !is_log(&e))
		return false;
	if (is_tree(&e))
		portal->is_seen |= resolution_is_same(s, portal->resolution, portal->resolved_index, qw_bytes_from(e.detail));
	return true;
}

static void on_notice(struct session *s, const struct pending *p, struct qw_bytes body)
{
	struct run *r = &s->run;
	struct pgwire_error e;
	struct resolution_need n;

	if (!p->is_tree || pgwire_error_decode(body, &e) || !is_tree(&e))
		return; /* a LOG that our own wish to hear LOGs has let through */
	resolution_need(s, r->judged, r->resolve_index, &n);
	if (r->has_tree || !r->resolution) {
		run_refuse(s, refusal_new("42501", "flow.tree", "the database showed two trees for one statement", NULL, NULL));
		return;
	}
	r->has_tree = true;
	resolution_take(s, r->resolution, &n, qw_bytes_from(e.detail));
}

static void refuse_changed(struct session *s)
{
	resolution_forget(s); /* what was shown before is not so any more */
	run_refuse(s, refusal_new("55000", "flow.tree", "what this statement means has changed while it was judged",
		"The database's schema was changed in that moment.", "Send the statement once more."));
}

static void next_step(struct session *s)
{
	struct run *r = &s->run;

	if (r->stage == RUN_BINDING) {
		r->stage = RUN_FORWARD;
		if (r->is_carried && !r->is_seen)
			refuse_changed(s);
	} else if (r->stage == RUN_RESOLVING) {
		r->resolve_index++;
		r->stage = RUN_RESOLVE;
	}
}

/* COPY's own description never comes: that of its query is the only one. */
static void keep_description(struct session *s, struct qw_bytes body)
{
	struct run *r = &s->run;
	struct resolution_need n;

	if (r->stage != RUN_RESOLVING || !r->resolution || !r->has_tree)
		return;
	resolution_need(s, r->judged, r->resolve_index, &n);
	if (n.index < n.owner->facts.count &&
		n.owner->facts.list[n.index].inner_kind == QW_INNER_COPY)
		resolution_keep_description(r->resolution, n.index, body);
}

static void on_answer(struct session *s, struct pending *p)
{
	bool is_last = p->is_last, tells_bind = p->tells_bind;

	if (p->is_tree && !s->run.has_tree && s->run.stage == RUN_RESOLVING)
		run_refuse(s,
			refusal_new("0A000", "flow.tree", "the database did not show what it made of this statement",
				"Without its tree nothing can be judged, so nothing runs.",
				"The operator finds out why: the server's version, or its setting debug_print_rewritten."));
	pending_pop(s);
	if (tells_bind)
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], '2', qw_bytes(NULL, 0)));
	if (is_last)
		next_step(s);
}

static bool answers(const struct pending *p, uint8_t type)
{
	switch (p->kind) {
	case PENDING_PARSE:
		return type == '1';
	case PENDING_BIND:
		return type == '2';
	case PENDING_EXECUTE:
		return type == 'C';
	case PENDING_CLOSE:
		return type == '3';
	case PENDING_DESCRIBE_STATEMENT:
		return type == 'T' || type == 'n';
	case PENDING_DESCRIBE_PORTAL:
	case PENDING_SYNC:
	case PENDING_QUERY:
	case PENDING_FASTPATH:
		return false;
	}
	return false;
}

/* Query knows no parameters: the server itself says so, and not to an Execute of ours. */
static void on_parameters(struct session *s, struct qw_bytes body)
{
	struct cursor c = cur_from(body);

	if (cur_be16(&c) != 0)
		s->run.is_carried = false;
}

static void on_step(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	if (type == 'N' && p->kind == PENDING_BIND && p->unit)
		on_notice_of_bind(s, p, body);
	else if (type == 'N')
		on_notice(s, p, body);
	else if (type == 't' && p->kind == PENDING_DESCRIBE_STATEMENT)
		on_parameters(s, body);
	else if (answers(p, type)) {
		if (type == 'T')
			keep_description(s, body);
		on_answer(s, p);
	} else if (!(type == 'D' && p->kind == PENDING_EXECUTE)) {
		upstream_unexpected(s);
	}
}

bool resolve_on_message(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	if (p && p->is_watched && type == 'N')
		return on_notice_of_watched(s, p, body);
	if (!p || !p->is_resolve || type == 'E' || type == 'Z' || type == 'S' || type == 'A')
		return false;
	on_step(s, p, type, body);
	return true;
}

/* Of what was refused meanwhile there is a record already. */
static bool is_failing(const struct run *r, enum pending_kind kind)
{
	if (kind == PENDING_SYNC)
		return r->stage == RUN_REVIEW || r->stage == RUN_DESCRIBE || r->stage == RUN_FORWARD;
	return r->stage == RUN_RESOLVING || r->stage == RUN_BINDING;
}

/* Nothing ran, and it is in the record all the same. */
void resolve_failed(struct session *s, enum pending_kind kind, struct qw_bytes error)
{
	struct run *r = &s->run;
	struct pgwire_error e;
	bool is_query = r->is_query;

	if (is_query)
		r->is_printing = false; /* that ends with what has failed */
	if (!is_failing(r, kind) || !r->unit || r->unit->is_done)
		return;
	r->preflight_failed = true;
	if (!pgwire_error_decode(error, &e) && e.sqlstate)
		(void)snprintf(r->unit->tag, sizeof(r->unit->tag), "%.5s", e.sqlstate);
	if (!r->is_recorded)
		ledger_statement(s, r, r->verdict.effect == POLICY_REVIEW ? "review" : "allow", SESSION_WAIT_NONE);
	result_attach(s, r->unit);
	result_finish(s, "failed");
	if (kind != PENDING_SYNC)
		question_failed(s);
	if (!is_query)
		run_reset(s); /* the rest of the pipeline is skipped, this message too */
}

void resolve_over(struct session *s)
{
	if (s->run.preflight_failed)
		s->run.stage = RUN_FAILED;
}
