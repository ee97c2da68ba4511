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

enum step extended_bind(struct session *s, struct qw_bytes body)
{
	struct pgwire_bind bind;
	struct prepared *st;
	struct judged *unknown = NULL;
	struct pending *p;
	bool uncertain;

	if (pgwire_bind_decode(body, &bind) || !names_are_short(bind.portal) || !names_are_short(bind.statement))
		return violation(s, "invalid Bind message");
	st = pending_prepared(s, bind.statement, &uncertain);
	if (uncertain)
		return wait_for_answers(s);
	if (!st && !(unknown = unknown_statement(s)))
		return STEP_CLOSED;
	p = pending_push(s, PENDING_BIND);
	if (p)
		p->portal = portal_new(bind.portal, st ? st->judged : unknown, bind.binds);
	judged_unref(unknown);
	if (!p || !p->portal) {
		session_out_of_memory(s);
		return STEP_CLOSED;
	}
	p->portal->statement = st ? prepared_ref(st) : NULL;
	memcpy(p->portal->bound_under, s->settings_digest, sizeof(p->portal->bound_under));
	return forwarded(s, 'B', body);
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
