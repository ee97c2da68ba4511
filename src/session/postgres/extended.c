/* Bind, Describe, Close, Sync: bookkeeping by name. Parse and Execute carry SQL: run.c. */
#include "../machine.h"

#include <stdlib.h>

static enum step violation(struct session *s, const char *what)
{
	session_fatal(s, "08P01", what, NULL);
	return STEP_CLOSED;
}

static enum step wait_for_answers(struct session *s)
{
	pending_flush(s);
	return s->state == STATE_READY ? STEP_WAIT : STEP_CLOSED;
}

static enum step forwarded(struct session *s, uint8_t type, struct qw_bytes body)
{
	session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], type, body));
	return s->state == STATE_READY ? STEP_DONE : STEP_CLOSED;
}

/* A statement that only the server may know: its rows could not be judged, so only a role that may send unparsed text uses it. */
static struct judged *unknown_statement(struct session *s)
{
	const struct qw_statements facts = {.problem = "the prepared statement is not known to the gateway"};

	return judge_parsed(s, qw_bytes_from(""), &facts);
}

/* Bind plans, and planning computes what is constant: user code may run. Wrapped statements are planned when they are executed. */
static bool plans_unjudged(const struct session *s, const struct prepared *st)
{
	const struct judged *j = st->judged;
	const size_t i = st->by_sql ? st->index : 0;

	if (!s->labels || j->is_unparsed || i >= j->facts.count || (j->labels == s->labels && j->is_clear[i]))
		return false;
	return st->by_sql || (j->facts.list[i].inner_kind == QW_INNER_NONE && resolution_is_possible(&j->facts.list[i]));
}

/* Under the unnamed one the server may still keep what was refused: its Bind would plan that. Takes the reference. */
static enum step refuse_unknown(struct session *s, struct judged *unknown, struct qw_bytes body)
{
	s->run.judged = unknown;
	s->run.is_bind = true;
	run_refuse(s, refusal_new("26000", "names", "unknown prepared statement",
		"The gateway has not seen it being prepared in this session, so what it would run cannot be judged.",
		"Parse or PREPARE it first."));
	return run_go(s, 'B', body);
}

/* Both take the reference. */
static enum step judge_bind(struct session *s, struct portal *portal, struct qw_bytes body)
{
	s->run.portal = portal;
	s->run.judged = judged_ref(portal->judged);
	s->run.is_bind = true;
	s->run.stage = RUN_JUDGE;
	return run_go(s, 'B', body);
}

static enum step bind_as_it_is(struct session *s, struct portal *portal, struct qw_bytes body)
{
	struct pending *p = pending_push(s, PENDING_BIND);

	if (!p) {
		portal_unref(portal);
		return STEP_CLOSED;
	}
	p->portal = portal;
	return forwarded(s, 'B', body);
}

enum step extended_bind(struct session *s, struct qw_bytes body)
{
	struct pgwire_bind bind;
	struct prepared *st;
	struct judged *unknown = NULL;
	struct portal *portal;
	bool uncertain;

	if (s->run.stage != RUN_IDLE)
		return run_go(s, 'B', body);
	if (pgwire_bind_decode(body, &bind) || !names_are_short(bind.portal) || !names_are_short(bind.statement))
		return violation(s, "invalid Bind message");
	st = pending_prepared(s, bind.statement, &uncertain);
	if (uncertain)
		return wait_for_answers(s);
	if (!st && !(unknown = unknown_statement(s)))
		return STEP_CLOSED;
	if (!st && s->labels && !s->unparsed_ok)
		return refuse_unknown(s, unknown, body);
	portal = portal_new(bind.portal, st ? st->judged : unknown, bind.binds);
	judged_unref(unknown);
	if (!portal) {
		session_out_of_memory(s);
		return STEP_CLOSED;
	}
	portal->statement = st ? prepared_ref(st) : NULL;
	memcpy(portal->bound_under, s->settings_digest, sizeof(portal->bound_under));
	return st && plans_unjudged(s, st) ? judge_bind(s, portal, body) : bind_as_it_is(s, portal, body);
}

enum step extended_describe(struct session *s, struct qw_bytes body)
{
	struct pgwire_named d;
	struct pending *p;
	struct portal *portal = NULL;
	bool uncertain = false;

	if (pgwire_named_decode(body, &d) || !names_are_short(d.name) || (d.kind != 'S' && d.kind != 'P'))
		return violation(s, "invalid Describe message");
	if (d.kind == 'P')
		portal = pending_portal(s, d.name, &uncertain);
	if (uncertain)
		return wait_for_answers(s);
	p = pending_push(s, d.kind == 'P' ? PENDING_DESCRIBE_PORTAL : PENDING_DESCRIBE_STATEMENT);
	if (!p)
		return STEP_CLOSED;
	if (portal) {
		p->portal = portal_ref(portal);
		portal->describe_sent = true;
	}
	return forwarded(s, 'D', body);
}

enum step extended_close(struct session *s, struct qw_bytes body)
{
	struct pgwire_named c;
	struct pending *p;

	if (pgwire_named_decode(body, &c) || !names_are_short(c.name) || (c.kind != 'S' && c.kind != 'P'))
		return violation(s, "invalid Close message");
	p = pending_push(s, PENDING_CLOSE);
	if (!p)
		return STEP_CLOSED;
	p->close_kind = c.kind;
	p->name = strdup(c.name);
	if (!p->name) {
		session_out_of_memory(s);
		return STEP_CLOSED;
	}
	return forwarded(s, 'C', body);
}

enum step extended_sync(struct session *s)
{
	s->unsynced = s->unsynced_portals = false;
	s->skipping = false;
	guards_synced(s);
	if (!pending_push(s, PENDING_SYNC))
		return STEP_CLOSED;
	session_put(s, SESSION_UPSTREAM, pgwire_put_sync(&s->out[SESSION_UPSTREAM]));
	return s->state == STATE_READY ? STEP_DONE : STEP_CLOSED;
}

/*
 * A Query behind Parse and Describe with no Sync between (asyncpg's prepare() ends in Flush). What Query and the next Sync
 * answer then differs between server versions, so a Sync of ours ends the pipeline first: nothing ran in it that this could
 * commit, and statements outlive it. Portals would not, and after an error the server drops the Query: that is refused.
 */
enum step extended_end(struct session *s)
{
	struct pending *p;

	if (s->unsynced_portals || s->skipping)
		return violation(s, "a simple query may not stand inside a pipeline or COPY");
	if (s->pending_count)
		return wait_for_answers(s);
	p = pending_push(s, PENDING_SYNC);
	if (!p)
		return STEP_CLOSED;
	p->is_ours = true;
	s->unsynced = false;
	session_put(s, SESSION_UPSTREAM, pgwire_put_sync(&s->out[SESSION_UPSTREAM]));
	return s->state == STATE_READY ? STEP_DONE : STEP_CLOSED;
}
