/* What the server still has to answer, in the order it was sent. Names change only when the answer is there. */
#include "../machine.h"

#include <stdlib.h>

struct pending *pending_push(struct session *s, enum pending_kind kind)
{
	struct pending *p;

	if (s->pending_count == s->pending_cap) {
		size_t cap = s->pending_cap ? s->pending_cap * 2 : 16;
		struct pending *grown = cap <= PENDING_MAX ? calloc(cap, sizeof(*grown)) : NULL;

		if (!grown) {
			session_fatal(s, "54000", "too many messages in one pipeline", "Send Sync more often.");
			return NULL;
		}
		for (size_t i = 0; i < s->pending_count; i++)
			grown[i] = s->pending[(s->pending_head + i) % s->pending_cap];
		free(s->pending);
		s->pending = grown;
		s->pending_cap = cap;
		s->pending_head = 0;
	}
	p = &s->pending[(s->pending_head + s->pending_count++) % s->pending_cap];
	*p = (struct pending){.kind = kind};
	if (kind == PENDING_SYNC)
		s->pending_syncs++;
	s->pushed++;
	if (kind == PENDING_SYNC || kind == PENDING_QUERY || kind == PENDING_FASTPATH)
		s->flushed = s->pushed;
	return p;
}

struct pending *pending_front(struct session *s)
{
	return s->pending_count ? &s->pending[s->pending_head] : NULL;
}

static void pending_release(struct pending *p)
{
	prepared_unref(p->prepared);
	portal_unref(p->portal);
	unit_unref(p->unit);
	unit_unref(p->pins);
	refusal_free(p->refusal);
	free(p->name);
}

void pending_pop(struct session *s)
{
	struct pending *p = pending_front(s);

	QW_ASSERT(p);
	if (p->kind == PENDING_SYNC)
		s->pending_syncs--;
	pending_release(p);
	s->pending_head = (s->pending_head + 1) % s->pending_cap;
	s->pending_count--;
}

void pending_skip_to_sync(struct session *s)
{
	struct pending *p;

	while ((p = pending_front(s)) && p->kind != PENDING_SYNC) {
		if (p->unit && !p->is_preflight && !p->unit->is_done) {
			p->unit->is_done = true;
			ledger_result(s, p->unit, "skipped");
		}
		if (p->kind == PENDING_DESCRIBE_PORTAL && p->portal && !p->portal->columns && !p->portal->refusal)
			p->portal->describe_sent = false; /* a savepoint can save the portal */
		pending_pop(s);
	}
	if (!p)
		s->skipping = true;
}

void pending_lost(struct session *s)
{
	for (size_t i = 0; i < s->pending_count; i++) {
		struct unit *u = s->pending[(s->pending_head + i) % s->pending_cap].unit;

		if (!u || u->is_done || u == s->run.unit)
			continue;
		u->is_done = true;
		ledger_result(s, u, "lost");
	}
}

void pending_fini(struct session *s)
{
	while (s->pending_count)
		pending_pop(s);
	free(s->pending);
	s->pending = NULL;
	s->pending_cap = 0;
}

void pending_flush(struct session *s)
{
	if (s->flushed == s->pushed || s->pending_count == 0)
		return;
	s->flushed = s->pushed;
	session_put(s, SESSION_UPSTREAM, pgwire_put_message(&s->out[SESSION_UPSTREAM], 'H', qw_bytes(NULL, 0)));
}

bool pending_may_start_copy(const struct session *s)
{
	return s->pending_count && s->pending[(s->pending_head + s->pending_count - 1) % s->pending_cap].copy_may_start;
}

static struct pending *at(struct session *s, size_t i)
{
	return &s->pending[(s->pending_head + i) % s->pending_cap];
}

/* A Query may change any name by SQL; a Parse or Close before an unanswered Sync may not have happened. */
struct prepared *pending_prepared(struct session *s, const char *name, bool *uncertain)
{
	bool behind_sync = false;

	*uncertain = false;
	for (size_t i = s->pending_count; i-- > 0;) {
		struct pending *p = at(s, i);

		if (p->kind == PENDING_SYNC)
			behind_sync = true;
		else if (p->kind == PENDING_QUERY || (p->kind == PENDING_EXECUTE && p->portal && p->portal->judged->facts.count &&
			p->portal->judged->facts.list[0].named_op != QW_NAMED_NONE))
			*uncertain = true;
		else if (p->kind == PENDING_PARSE && p->prepared && strcmp(p->prepared->name, name) == 0) {
			*uncertain |= behind_sync;
			return p->prepared;
		} else if (p->kind == PENDING_CLOSE && p->close_kind == 'S' && strcmp(p->name, name) == 0) {
			*uncertain |= behind_sync;
			return NULL;
		}
	}
	return prepared_find(s, name);
}

struct portal *pending_portal(struct session *s, const char *name, bool *uncertain)
{
	bool behind_sync = false;

	*uncertain = false;
	for (size_t i = s->pending_count; i-- > 0;) {
		struct pending *p = at(s, i);

		if (p->kind == PENDING_SYNC || p->kind == PENDING_QUERY)
			behind_sync = true;
		else if (p->kind == PENDING_EXECUTE && p->portal && p->portal->judged->facts.count &&
			p->portal->judged->facts.list[0].named_op != QW_NAMED_NONE)
			*uncertain = true;
		else if (p->kind == PENDING_BIND && p->portal && strcmp(p->portal->name, name) == 0) {
			*uncertain |= behind_sync;
			return p->portal;
		} else if (p->kind == PENDING_CLOSE && p->close_kind == 'P' && strcmp(p->name, name) == 0) {
			*uncertain |= behind_sync;
			return NULL;
		}
	}
	*uncertain |= behind_sync; /* the end of a transaction closes portals */
	return portal_find(s, name);
}
