#include "room.h"

#include <stdio.h>
#include <stdlib.h>

#include "qw/functions.h"

/* What the flow asks of the world (flow.h): names, functions, and what a write or a type runs unseen. */
enum { TYPE_STEPS = 2000 };

bool labels_relation(const struct labels *l, uint32_t oid, const char **schema, const char **name)
{
	const struct catalog_relation *r = catalog_find(l->catalog, oid);

	if (!r)
		return false;
	*schema = r->schema;
	*name = r->name;
	return true;
}

/* What is known of a function of the server's own; NULL: it is a user's, was changed, or nobody knows it. */
static const struct functions_entry *own(const struct labels *l, uint32_t oid)
{
	const struct catalog_function *f = catalog_function(l->catalog, oid);
	unsigned major = catalog_server_major(l->catalog);

	if (f)
		return f->is_builtin ? functions_by_name(major, f->schema, f->name, f->args) : NULL;
	return catalog_is_verified(l->catalog) ? functions_by_oid(major, oid) : NULL;
}

bool labels_function(const struct labels *l, uint32_t oid, const char **schema, const char **name)
{
	const struct catalog_function *f = catalog_function(l->catalog, oid);
	const struct functions_entry *e = f ? NULL : own(l, oid);

	if (!f && !e)
		return false;
	*schema = f ? f->schema : e->schema;
	*name = f ? f->name : e->name;
	return true;
}

static bool is_reviewed(const struct labels *l, const struct catalog_function *f)
{
	return policy_function_reviewed(l->policy, l->database, f->schema, f->name, f->args, f->sha256) == POLICY_REVIEWED_YES;
}

bool labels_function_is_plain(const struct labels *l, uint32_t oid)
{
	const struct catalog_function *f = catalog_function(l->catalog, oid);

	if (functions_is_plain(own(l, oid)))
		return true;
	return f && is_reviewed(l, f);
}

/* Of what pg_stat_get_activity returns only the sixth is text of a statement; of others that tell what sessions do, all. */
struct label labels_of_function(const struct labels *l, uint32_t function_oid, int16_t column)
{
	const struct functions_entry *e = own(l, function_oid);
	struct label out = {.kind = LABEL_PLAIN};
	bool is_activity;

	if (!e)
		return (struct label){.kind = catalog_function(l->catalog, function_oid) ? LABEL_PLAIN : LABEL_UNKNOWN};
	is_activity = strcmp(e->name, "pg_stat_get_activity") == 0;
	if (strcmp(e->category, "leak-statistics") == 0 ||
		(strcmp(e->category, "leak-activity") == 0 && (!is_activity || column == 6 || column == 0)))
		out = (struct label){.kind = LABEL_DERIVED, .column = e->name};
	out.is_definition = e->class == FUNCTIONS_LABEL;
	return out;
}

bool labels_function_is_guarded(const struct labels *l, uint32_t oid)
{
	const struct functions_entry *e = own(l, oid);

	return e && strcmp(e->schema, "pg_catalog") == 0 && labels_system_returns_guarded(l, e);
}

uint32_t labels_operator_function(const struct labels *l, uint32_t operator_oid)
{
	return catalog_operator_function(l->catalog, operator_oid);
}

const struct catalog_function *labels_unreviewed(const struct labels *l, const char *schema, const char *name)
{
	for (size_t i = 0; i < catalog_function_count(l->catalog); i++) {
		const struct catalog_function *f = catalog_function_at(l->catalog, i);

		if (strcmp(f->name, name) == 0 && strcmp(f->schema, schema) == 0 && !f->is_builtin && !labels_function_is_plain(l, f->oid))
			return f;
	}
	return NULL;
}

/* ---- hazards ---- */

/* Code in C that an extension brought was let in by who may load code into the server. */
static bool is_trusted(const struct labels *l, const struct catalog_hazard *h, uint32_t oid)
{
	const struct catalog_function *f = catalog_function(l->catalog, oid);

	if (labels_function_is_plain(l, oid))
		return true;
	return h->trusts_extensions && f && f->extension &&
		(strcmp(f->language, "c") == 0 || strcmp(f->language, "internal") == 0);
}

static bool is_harmless(const struct labels *l, const struct catalog_hazard *h)
{
	size_t trusted = 0;

	if (l->unreviewed == POLICY_ALLOW || policy_hazard_reviewed(l->policy, l->database, h->text, h->sha256) == POLICY_REVIEWED_YES)
		return true;
	while (trusted < h->function_count && is_trusted(l, h, h->functions[trusted]))
		trusted++;
	return h->function_count && trusted == h->function_count;
}

/* A file, a program, another database: what its rows hold, and what reading it runs, nobody here knows. */
bool labels_is_trusted_foreign(const struct labels *l, const struct catalog_relation *r)
{
	char hazard[200];

	if (l->unreviewed == POLICY_ALLOW)
		return true;
	(void)snprintf(hazard, sizeof(hazard), "foreign table %.80s.%.80s", r->schema, r->name);
	return policy_hazard_reviewed(l->policy, l->database, hazard, "") == POLICY_REVIEWED_YES;
}

static const char *type_hazard(const struct labels *l, uint32_t oid, unsigned *steps)
{
	const struct catalog_hazard *h;
	const uint32_t *parts;
	const char *found = NULL;
	size_t count;

	if (oid < FUNCTIONS_FIXED_BELOW)
		return NULL;
	if (++*steps > TYPE_STEPS)
		return "a type that is made of too many others";
	if (!catalog_knows_type(l->catalog, oid))
		return "a type that the gateway does not know";
	h = catalog_hazards(l->catalog, oid, &count);
	for (size_t i = 0; i < count; i++)
		if (h[i].text && h[i].on == 0 && !is_harmless(l, &h[i]))
			return h[i].said;
	parts = catalog_type_parts(l->catalog, oid, &count);
	for (size_t i = 0; i < count && !found; i++)
		found = type_hazard(l, parts[i], steps);
	return found;
}

const char *labels_type_hazard(const struct labels *l, uint32_t type_oid)
{
	unsigned steps = 0;

	return type_hazard(l, type_oid, &steps);
}

/* ---- a walk over all relations that a write reaches ---- */

struct reach { /* a relation that is written, how, and whether a tree shows it */
	uint32_t place;
	uint8_t on;
	bool is_unseen;
};

struct walk {
	const struct labels *l;
	struct reach *list; /* in the order in which they were found */
	uint8_t *seen; /* of each place: `on`, and `on` << 4 unseen */
	size_t count, cap;
	bool is_broken; /* no memory, or a relation that is not in the snapshot */
};

static void reach(struct walk *w, uint32_t oid, unsigned on, bool is_unseen)
{
	const struct place *p = labels_place(w->l, oid);
	size_t at = p ? (size_t)(p - w->l->places) : 0;
	unsigned bits = is_unseen ? on << 4 : on, fresh = p ? bits & ~(unsigned)w->seen[at] : 0;
	struct reach *list;

	w->is_broken |= !p;
	if (!fresh || w->is_broken)
		return;
	if (w->count == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 16;

		list = realloc(w->list, cap * sizeof(*list));
		if (!list) {
			w->is_broken = true;
			return;
		}
		w->list = list;
		w->cap = cap;
	}
	w->seen[at] |= (uint8_t)fresh;
	w->list[w->count++] =
		(struct reach){.place = (uint32_t)at, .on = (uint8_t)(is_unseen ? fresh >> 4 : fresh), .is_unseen = is_unseen};
}

static void reach_on(struct walk *w, const struct reach *from)
{
	const struct catalog_relation *r = w->l->places[from->place].relation;
	size_t count;
	const struct catalog_hazard *h = catalog_hazards(w->l->catalog, r->oid, &count);
	const uint32_t *children;
	unsigned below = r->kind == CATALOG_PARTITIONED ? from->on : from->on & ~(unsigned)CATALOG_ON_INSERT;

	for (size_t i = 0; i < count; i++)
		if (h[i].then_relation && h[i].on & from->on)
			reach(w, h[i].then_relation, h[i].then_on, true);
	children = catalog_children(w->l->catalog, r->oid, &count);
	for (size_t i = 0; i < count && below; i++)
		if (labels_place(w->l, children[i])) /* of partitioned indexes there are children, too */
			reach(w, children[i], below, from->is_unseen);
}

static void walk_fini(struct walk *w)
{
	free(w->list);
	free(w->seen);
}

unsigned labels_writes_of(enum qw_verb verb)
{
	unsigned insert = verb == QW_VERB_INSERT || verb == QW_VERB_UPSERT || verb == QW_VERB_MERGE || verb == QW_VERB_COPY_IN;
	unsigned update = verb == QW_VERB_UPDATE || verb == QW_VERB_UPSERT || verb == QW_VERB_MERGE;

	return (insert ? CATALOG_ON_INSERT : 0u) | (update ? CATALOG_ON_UPDATE : 0u) |
		(verb == QW_VERB_DELETE || verb == QW_VERB_MERGE ? CATALOG_ON_DELETE : 0u) |
		(verb == QW_VERB_TRUNCATE ? CATALOG_ON_TRUNCATE : 0u);
}

/* False: it cannot be told. */
static bool walk_init(struct walk *w, const struct labels *l, uint32_t oid, unsigned on, bool is_unseen)
{
	*w = (struct walk){.l = l};
	w->seen = calloc(l->place_count + 1, 1);
	if (!w->seen)
		return false;
	reach(w, oid, on, is_unseen);
	for (size_t i = 0; i < w->count && !w->is_broken; i++) {
		struct reach from = w->list[i]; /* the list may move */

		reach_on(w, &from);
	}
	return !w->is_broken;
}

static const char *hazard_of(const struct labels *l, uint32_t oid, const struct reach *r, bool only_for_children)
{
	size_t count;
	const struct catalog_hazard *h = catalog_hazards(l->catalog, oid, &count);
	const char *found = NULL;

	for (size_t i = 0; i < count && !found; i++) {
		if (!(h[i].on & r->on) || h[i].rule || (h[i].is_shown && !r->is_unseen) || (only_for_children && !h[i].for_children))
			continue;
		if (h[i].text && !is_harmless(l, &h[i]))
			found = h[i].said;
		else if (h[i].type)
			found = labels_type_hazard(l, h[i].type);
	}
	return found;
}

static const char *hazard_above(const struct labels *l, const struct catalog_relation *r, const struct reach *from, unsigned depth)
{
	const char *found = NULL;

	if (depth > 64)
		return "a partition that is nested too deep";
	for (size_t i = 0; i < r->parent_count && !found; i++) {
		const struct catalog_relation *parent = catalog_find(l->catalog, r->parents[i]);

		found = hazard_of(l, r->parents[i], from, true);
		if (!found && parent)
			found = hazard_above(l, parent, from, depth + 1);
	}
	return found;
}

/* COPY reads the text of each column with the input of its type. */
static const char *column_hazard(const struct labels *l, const struct catalog_relation *r)
{
	const char *found = NULL;

	for (size_t i = 0; i < r->column_count && !found; i++)
		found = labels_type_hazard(l, r->columns[i].type_oid);
	return found;
}

const char *labels_runs(const struct labels *l, uint32_t relation_oid, enum qw_verb verb, bool is_unseen)
{
	const char *found = NULL;
	struct walk w;

	if (!walk_init(&w, l, relation_oid, labels_writes_of(verb), is_unseen))
		found = "something that the gateway cannot tell";
	for (size_t i = 0; i < w.count && !found; i++) {
		const struct catalog_relation *r = l->places[w.list[i].place].relation;

		found = hazard_of(l, r->oid, &w.list[i], false);
		if (!found)
			found = hazard_above(l, r, &w.list[i], 0);
		if (!found && verb == QW_VERB_COPY_IN)
			found = column_hazard(l, r);
	}
	walk_fini(&w);
	return found;
}

const char *labels_write_hazard(const struct labels *l, uint32_t relation_oid, enum qw_verb verb)
{
	return labels_runs(l, relation_oid, verb, verb == QW_VERB_COPY_IN);
}

static enum qw_verb verb_of(unsigned on)
{
	return on == CATALOG_ON_DELETE ? QW_VERB_DELETE : on == CATALOG_ON_TRUNCATE ? QW_VERB_TRUNCATE : QW_VERB_UPDATE;
}

/* The places that were reached by a foreign key are those that no tree shows; each `on` of such a place is one verb. */
bool labels_cascade(const struct labels *l, uint32_t relation_oid, enum qw_verb verb, size_t i, struct qw_act *out)
{
	bool is_known, found = false;
	struct walk w;

	is_known = walk_init(&w, l, relation_oid, labels_writes_of(verb), false);
	for (size_t k = 0; is_known && k < w.count && !found; k++) {
		const struct catalog_relation *r = l->places[w.list[k].place].relation;

		for (unsigned on = CATALOG_ON_INSERT; on <= CATALOG_ON_TRUNCATE && !found; on <<= 1) {
			if (!w.list[k].is_unseen || !(w.list[k].on & on) || i-- > 0)
				continue;
			*out = (struct qw_act){.verb = verb_of(on), .kind = QW_OBJECT_RELATION, .kind_name = "table",
				.schema = r->schema, .name = r->name};
			found = true;
		}
	}
	walk_fini(&w);
	return found;
}
