/* Prepared statements and portals by name, as the server has confirmed them. */
#include "machine.h"

#include <stdlib.h>

/* The server cuts names in messages to 63 bytes: two names for us would be one for it. */
bool names_are_short(const char *name)
{
	return strlen(name) <= NAME_BYTES_MAX;
}

static size_t bucket_of(const char *name)
{
	uint32_t h = 2166136261u;

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return h % NAME_BUCKETS;
}

/* ---- prepared statements ---- */

struct prepared *prepared_new(const char *name, struct judged *j)
{
	struct prepared *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	p->name = strdup(name);
	p->judged = judged_ref(j);
	if (!p->name) {
		prepared_unref(p);
		return NULL;
	}
	return p;
}

struct prepared *prepared_ref(struct prepared *p)
{
	p->refs++;
	return p;
}

void prepared_unref(struct prepared *p)
{
	if (!p || --p->refs)
		return;
	judged_unref(p->judged);
	free(p->types);
	free(p->name);
	free(p);
}

bool prepared_keep_types(struct prepared *p, struct qw_bytes types)
{
	p->types = types.n ? malloc(types.n) : NULL;
	if (types.n && !p->types)
		return false;
	if (types.n)
		memcpy(p->types, types.p, types.n);
	p->type_bytes = types.n;
	return true;
}

static struct prepared **prepared_slot(const struct session *s, const char *name)
{
	struct prepared **at = (struct prepared **)&s->prepared[bucket_of(name)];

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

struct prepared *prepared_find(const struct session *s, const char *name)
{
	return *prepared_slot(s, name);
}

static void prepared_remove(struct session *s, struct prepared **slot)
{
	struct prepared *p = *slot;

	*slot = p->next;
	p->next = NULL;
	s->prepared_count--;
	prepared_unref(p);
}

bool prepared_install(struct session *s, struct prepared *p)
{
	struct prepared **slot;

	prepared_drop(s, p->name);
	if (s->prepared_count >= NAMES_MAX)
		return false;
	slot = &s->prepared[bucket_of(p->name)];
	p->next = *slot;
	*slot = prepared_ref(p);
	s->prepared_count++;
	return true;
}

void prepared_drop(struct session *s, const char *name)
{
	struct prepared **slot;

	if (name) {
		slot = prepared_slot(s, name);
		if (*slot)
			prepared_remove(s, slot);
		return;
	}
	for (size_t i = 0; i < NAME_BUCKETS; i++)
		while (s->prepared[i])
			prepared_remove(s, &s->prepared[i]);
}

/* ---- portals ---- */

struct portal *portal_new(const char *name, struct judged *j, struct qw_bytes binds)
{
	struct portal *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->refs = 1;
	p->judged = judged_ref(j);
	p->name = strdup(name);
	p->binds = binds.n ? malloc(binds.n) : NULL;
	if (!p->name || (binds.n && !p->binds)) {
		portal_unref(p);
		return NULL;
	}
	if (binds.n)
		memcpy(p->binds, binds.p, binds.n);
	p->bind_bytes = binds.n;
	return p;
}

struct portal *portal_ref(struct portal *p)
{
	p->refs++;
	return p;
}

void portal_unref(struct portal *p)
{
	if (!p || --p->refs)
		return;
	judged_unref(p->judged);
	judged_unref(p->source);
	prepared_unref(p->statement);
	columns_unref(p->columns);
	resolution_unref(p->resolution);
	refusal_free(p->refusal);
	free(p->binds);
	free(p->name);
	free(p);
}

static struct portal **portal_slot(const struct session *s, const char *name)
{
	struct portal **at = (struct portal **)&s->portals[bucket_of(name)];

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

struct portal *portal_find(const struct session *s, const char *name)
{
	return *portal_slot(s, name);
}

static void portal_remove(struct session *s, struct portal **slot)
{
	struct portal *p = *slot;

	*slot = p->next;
	p->next = NULL;
	s->portal_count--;
	portal_unref(p);
}

bool portal_install(struct session *s, struct portal *p)
{
	struct portal **slot;

	portal_drop(s, p->name);
	if (s->portal_count >= NAMES_MAX)
		return false;
	slot = &s->portals[bucket_of(p->name)];
	p->next = *slot;
	*slot = portal_ref(p);
	s->portal_count++;
	return true;
}

void portal_drop(struct session *s, const char *name)
{
	struct portal **slot;

	if (name) {
		slot = portal_slot(s, name);
		if (*slot)
			portal_remove(s, slot);
		return;
	}
	for (size_t i = 0; i < NAME_BUCKETS; i++)
		while (s->portals[i])
			portal_remove(s, &s->portals[i]);
}

void portal_end_transaction(struct session *s)
{
	for (size_t i = 0; s->portal_count && i < NAME_BUCKETS; i++) {
		struct portal **slot = &s->portals[i];

		while (*slot) {
			if ((*slot)->with_hold)
				slot = &(*slot)->next;
			else
				portal_remove(s, slot);
		}
	}
}

void names_fini(struct session *s)
{
	prepared_drop(s, NULL);
	portal_drop(s, NULL);
}

/* ---- what SQL does to the same names, once it succeeded ---- */

static void completed_prepare(struct session *s, const struct qw_statement *st, struct judged *j)
{
	struct prepared *p = prepared_new(st->named, j);

	if (p) {
		p->by_sql = true;
		p->index = (size_t)(st - j->facts.list);
	}
	if (!p || !prepared_install(s, p))
		session_fatal(s, "53400", "too many prepared statements in one session", "Use DEALLOCATE.");
	prepared_unref(p);
}

static void completed_declare(struct session *s, const struct qw_statement *st, const struct unit *u)
{
	struct judged *j = u->judged;
	struct portal *p = portal_new(st->named, j, qw_bytes(NULL, 0));

	if (p) {
		p->by_sql = true;
		p->with_hold = st->with_hold;
		p->resolution = u->resolution ? resolution_ref(u->resolution) : NULL;
		p->resolved_index = (size_t)(st - j->facts.list);
	}
	if (!p || !portal_install(s, p))
		session_fatal(s, "53400", "too many cursors in one session", "Use CLOSE.");
	portal_unref(p);
}

void names_completed(struct session *s, const struct qw_statement *st, const struct unit *u)
{
	struct judged *j = u->judged;

	switch (st->named_op) {
	case QW_NAMED_PREPARE:
		completed_prepare(s, st, j);
		break;
	case QW_NAMED_DEALLOCATE:
		prepared_drop(s, st->named);
		break;
	case QW_NAMED_DECLARE:
		completed_declare(s, st, u);
		break;
	case QW_NAMED_CLOSE:
		portal_drop(s, st->named);
		break;
	case QW_NAMED_NONE:
	case QW_NAMED_EXECUTE:
	case QW_NAMED_FETCH:
		break;
	}
}
