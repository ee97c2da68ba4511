/*
 * Asks the server for its own tree of a statement (stages RESOLVE and RESOLVING). The backend prints what it analysed and rewrote
 * in a LOG notice before it answers a Parse, and runs nothing. So: let it print, Parse, let it print no more; all under a name that
 * no client can guess, inside of whatever transaction or pipeline the client is in.
 */
#include "../machine.h"

#include <stdlib.h>

/* Local to the transaction: whatever becomes of it, nothing stays. The client's own client_min_messages is put back. */
static const char print_on[] =
	"select pg_catalog.set_config('querywarden.messages', pg_catalog.current_setting('client_min_messages'), true),"
	" pg_catalog.set_config('client_min_messages', 'log', true), pg_catalog.set_config('debug_pretty_print', 'off', true),"
	" pg_catalog.set_config('debug_print_parse', 'off', true), pg_catalog.set_config('debug_print_plan', 'off', true),"
	" pg_catalog.set_config('debug_print_rewritten', 'on', true)";
static const char print_off[] =
	"select pg_catalog.set_config('debug_print_rewritten', 'off', true),"
	" pg_catalog.set_config('client_min_messages', pg_catalog.current_setting('querywarden.messages'), true)";

/* ---- to the server ---- */

static struct pending *push(struct session *s, enum pending_kind kind)
{
	struct pending *p = s->state == STATE_READY ? pending_push(s, kind) : NULL;

	if (p)
		p->is_ours = p->is_preflight = p->is_resolve = true;
	return p;
}

static void send_close(struct session *s, char kind)
{
	struct builder b;
	struct pending *p = push(s, PENDING_CLOSE);

	if (!p)
		return;
	p->close_kind = (uint8_t)kind;
	p->name = strdup(s->poison);
	if (!p->name) {
		session_out_of_memory(s);
		return;
	}
	bld_init(&b, &s->out[SESSION_UPSTREAM]);
	bld_begin(&b, 'C');
	bld_u8(&b, (uint8_t)kind);
	bld_cstr(&b, s->poison);
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
}

static struct pending *send_parse(struct session *s, struct qw_bytes sql, struct qw_bytes types)
{
	struct builder b;
	struct pending *p = push(s, PENDING_PARSE);

	if (!p)
		return NULL;
	bld_init(&b, &s->out[SESSION_UPSTREAM]);
	bld_begin(&b, 'P');
	bld_cstr(&b, s->poison);
	bld_bytes(&b, sql);
	bld_u8(&b, 0);
	bld_be16(&b, (uint16_t)(types.n / 4));
	bld_bytes(&b, types);
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
	return p;
}

/* A statement of ours, run to its end. */
static void send_own(struct session *s, const char *sql)
{
	struct qw_buf *out = &s->out[SESSION_UPSTREAM];
	struct builder b;

	(void)send_parse(s, qw_bytes_from(sql), qw_bytes(NULL, 0));
	if (!push(s, PENDING_BIND))
		return;
	bld_init(&b, out);
	bld_begin(&b, 'B');
	bld_cstr(&b, s->poison);
	bld_cstr(&b, s->poison);
	for (int i = 0; i < 3; i++)
		bld_be16(&b, 0); /* formats, parameters, formats of the result */
	bld_end(&b);
	if (!push(s, PENDING_EXECUTE))
		return;
	bld_begin(&b, 'E');
	bld_cstr(&b, s->poison);
	bld_be32(&b, 0);
	bld_end(&b);
	session_put(s, SESSION_UPSTREAM, bld_error(&b));
	send_close(s, 'P');
	send_close(s, 'S');
}

static void send_question(struct session *s, struct qw_bytes text, struct qw_bytes types)
{
	struct pending *p;

	send_close(s, 'S'); /* a cancel that hit an earlier question may have left it behind */
	send_own(s, print_on);
	p = send_parse(s, text, types);
	if (!p)
		return; /* closed */
	p->is_tree = true;
	session_put(s, SESSION_UPSTREAM, pgwire_put_describe(&s->out[SESSION_UPSTREAM], 'S', s->poison));
	(void)push(s, PENDING_DESCRIBE_STATEMENT);
	send_close(s, 'S');
	send_own(s, print_off);
	if (s->state != STATE_READY)
		return;
	if (s->run.is_query) {
		session_put(s, SESSION_UPSTREAM, pgwire_put_sync(&s->out[SESSION_UPSTREAM]));
		(void)push(s, PENDING_SYNC);
	} else {
		p = &s->pending[(s->pending_head + s->pending_count - 1) % s->pending_cap];
		p->is_last = true;
		pending_flush(s);
	}
}

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

/* True: it has to be waited for. */
static bool ask_one(struct session *s, const struct resolution_need *n)
{
	struct run *r = &s->run;
	struct resolution *made = r->resolution;

	if (!made || n->owner != r->judged) {
		made = resolution_for(s, n->owner, n->types);
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
	send_question(s, n->text, n->types);
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

static void next_statement(struct session *s)
{
	struct run *r = &s->run;

	if (r->stage != RUN_RESOLVING)
		return;
	r->resolve_index++;
	r->stage = RUN_RESOLVE;
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
	bool is_last = p->is_last;

	if (p->is_tree && !s->run.has_tree && s->run.stage == RUN_RESOLVING)
		run_refuse(s,
			refusal_new("0A000", "flow.tree", "the database did not show what it made of this statement",
				"Without its tree nothing can be judged, so nothing runs.",
				"The operator finds out why: the server's version, or its setting debug_print_rewritten."));
	pending_pop(s);
	if (is_last)
		next_statement(s);
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

bool resolve_on_message(struct session *s, struct pending *p, uint8_t type, struct qw_bytes body)
{
	if (!p || !p->is_resolve || type == 'E' || type == 'Z' || type == 'S' || type == 'A')
		return false;
	if (type == 'N')
		on_notice(s, p, body);
	else if (answers(p, type)) {
		if (type == 'T')
			keep_description(s, body);
		on_answer(s, p);
	}
	else if (!(type == 'D' && p->kind == PENDING_EXECUTE) && !(type == 't' && p->kind == PENDING_DESCRIBE_STATEMENT))
		upstream_unexpected(s);
	return true;
}

/* Nothing ran, and it is in the record all the same. */
void resolve_failed(struct session *s, struct qw_bytes error)
{
	struct run *r = &s->run;
	bool is_query = r->is_query;

	struct pgwire_error e;

	if (r->stage != RUN_RESOLVING || !r->unit)
		return;
	if (!pgwire_error_decode(error, &e) && e.sqlstate)
		(void)snprintf(r->unit->tag, sizeof(r->unit->tag), "%.5s", e.sqlstate);
	ledger_statement(s, r, r->verdict.effect == POLICY_REVIEW ? "review" : "allow", SESSION_WAIT_NONE);
	result_attach(s, r->unit);
	result_finish(s, "failed");
	if (!is_query)
		run_reset(s); /* the rest of the pipeline is skipped, this message too */
}

void resolve_over(struct session *s)
{
	struct run *r = &s->run;

	if (r->preflight_failed)
		r->stage = RUN_FAILED;
	else
		next_statement(s);
}
