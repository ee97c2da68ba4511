#include "room.h"

#include "qw/functions.h"

/*
 * What can be seen to be harmless from names alone. A relation is clear when nothing that is read of it is sensitive, computed
 * by what is not plain, of a user's type, from another server, or filtered by row security; and so is everything behind it.
 */
enum clear { CLEAR_NEW, CLEAR_BUSY, CLEAR_YES, CLEAR_NO };
enum { DEPTH_MAX = 100 };

struct clearing {
	struct labels *l;
	struct work *w; /* NULL: nothing is sensitive */
	uint8_t *state; /* of each place: enum clear */
};

static bool is_clear(struct clearing *c, uint32_t oid, unsigned depth);

static bool columns_are_clear(const struct catalog_relation *r)
{
	for (size_t i = 0; i < r->column_count; i++)
		if (r->columns[i].type_oid >= FIRST_USER_OID)
			return false;
	return true;
}

static bool runs_nothing(const struct labels *l, uint32_t oid)
{
	size_t count;
	const struct catalog_hazard *h = catalog_hazards(l->catalog, oid, &count);

	for (size_t i = 0; i < count; i++)
		if (h[i].on == 0)
			return false;
	return true;
}

static bool behind_is_clear(struct clearing *c, const struct catalog_relation *r, unsigned depth)
{
	size_t count;
	const uint32_t *children = catalog_children(c->l->catalog, r->oid, &count);

	for (size_t i = 0; i < count; i++)
		if (!is_clear(c, children[i], depth + 1))
			return false;
	for (size_t i = 0; i < r->depend_count; i++)
		if (r->depends[i].relation_oid != r->oid && !is_clear(c, r->depends[i].relation_oid, depth + 1))
			return false;
	return true;
}

/* What a view makes of definitions, its tree shows. */
static bool reads_guarded(const struct labels *l, const struct catalog_relation *r)
{
	for (size_t i = 0; i < r->depend_count; i++)
		if (labels_of(l, r->depends[i].relation_oid, r->depends[i].attnum).is_guarded)
			return true;
	return false;
}

static bool looks_clear(struct clearing *c, size_t at, unsigned depth)
{
	const struct place *p = &c->l->places[at];
	const struct catalog_relation *r = p->relation;
	bool is_view = r->kind == CATALOG_VIEW || r->kind == CATALOG_MATVIEW;

	if (p->sensitive || r->is_unresolved || r->kind == CATALOG_FOREIGN || strcmp(r->schema, "pg_toast") == 0)
		return false;
	if (!columns_are_clear(r) || !runs_nothing(c->l, r->oid) || (is_view && c->w && labels_view_reads(c->w, at)) ||
		(is_view && (reads_guarded(c->l, r) || p->has_guarded)))
		return false;
	return behind_is_clear(c, r, depth);
}

static bool is_clear(struct clearing *c, uint32_t oid, unsigned depth)
{
	const struct place *p = labels_place(c->l, oid);
	size_t at = p ? (size_t)(p - c->l->places) : 0;

	if (!p || depth > DEPTH_MAX || c->state[at] == CLEAR_BUSY)
		return false;
	if (c->state[at] == CLEAR_NEW) {
		c->state[at] = CLEAR_BUSY;
		c->state[at] = looks_clear(c, at, depth) ? CLEAR_YES : CLEAR_NO;
	}
	return c->state[at] == CLEAR_YES;
}

int labels_clear(struct labels *l, struct work *w)
{
	struct clearing c = {.l = l, .w = w, .state = qw_arena_alloc(&l->arena, l->place_count)};

	if (!c.state)
		return QW_E_NOMEM;
	for (size_t i = 0; i < l->place_count; i++)
		l->places[i].has_guarded = labels_has_guarded(l, l->places[i].relation);
	for (size_t i = 0; i < l->place_count; i++)
		l->places[i].is_clear = is_clear(&c, l->places[i].relation->oid, 0);
	return 0;
}

/* ---- a statement ---- */

static bool runs_things(enum qw_verb v)
{
	return v == QW_VERB_INSERT || v == QW_VERB_UPDATE || v == QW_VERB_UPSERT || v == QW_VERB_DELETE || v == QW_VERB_MERGE ||
		v == QW_VERB_TRUNCATE || v == QW_VERB_COPY_IN;
}

/* Every relation that the name may denote is there and clear; and so is what writing it runs, when it is written. */
static bool name_is_clear(const struct labels *l, const char *schema, const char *name, enum qw_verb verb)
{
	size_t found = 0;

	if (!name || (schema && strncmp(schema, "pg_temp", 7) == 0))
		return false;
	for (size_t at = labels_first_named(l, name); at < l->place_count; at++) {
		const struct place *p = l->named[at];
		/* a write to a view goes to what is behind it */
		bool is_strange = p->relation->kind == CATALOG_VIEW || p->relation->oid < FIRST_USER_OID;
		struct qw_act act;

		if (strcmp(p->relation->name, name) != 0)
			break;
		if (schema && strcmp(p->relation->schema, schema) != 0)
			continue;
		found++;
		if (!p->is_clear)
			return false;
		if (runs_things(verb) && (is_strange || labels_runs(l, p->relation->oid, verb, true) ||
				labels_cascade(l, p->relation->oid, verb, 0, &act) || labels_may_tell(l, p->relation->oid, verb)))
			return false;
	}
	return found > 0;
}

/* Lets go of what the session itself holds, and tells nothing: pools call it where no tree can be asked for, behind a ROLLBACK. */
static bool lets_go(const char *name)
{
	return strcmp(name, "pg_advisory_unlock_all") == 0;
}

/* No function of a user has the name, and every one of the server's is plain and as it was. */
static bool call_is_clear(const struct labels *l, const char *schema, const char *name)
{
	unsigned major = catalog_server_major(l->catalog);

	if (!name || catalog_has_function(l->catalog, name) || !(functions_all_plain(major, name) || lets_go(name)))
		return false;
	if (schema && strcmp(schema, "pg_catalog") != 0)
		return false;
	for (const struct functions_entry *e = functions_first_named(name); e; e = functions_next_named(e))
		if (e->oid && catalog_function(l->catalog, e->oid))
			return false;
	return true;
}

static bool act_is_clear(const struct labels *l, const struct qw_act *a)
{
	if (a->verb == QW_VERB_CALL)
		return call_is_clear(l, a->schema, a->name);
	if (runs_things(a->verb) || a->verb == QW_VERB_SELECT_LOCK || a->verb == QW_VERB_COPY_OUT)
		return name_is_clear(l, a->schema, a->name, a->verb);
	if (a->verb == QW_VERB_SELECT && a->kind == QW_OBJECT_RELATION && a->name)
		return name_is_clear(l, a->schema, a->name, a->verb);
	return a->verb == QW_VERB_SELECT || a->verb == QW_VERB_EXPLAIN || a->verb == QW_VERB_EXPLAIN_ANALYZE ||
		a->verb == QW_VERB_SHOW || a->verb == QW_VERB_SET || a->verb == QW_VERB_TX_BEGIN || a->verb == QW_VERB_TX_COMMIT ||
		a->verb == QW_VERB_TX_ROLLBACK || a->verb == QW_VERB_TX_SAVEPOINT || a->verb == QW_VERB_TX_ROLLBACK_TO ||
		a->verb == QW_VERB_TX_SET || a->verb == QW_VERB_PREPARE || a->verb == QW_VERB_DEALLOCATE ||
		a->verb == QW_VERB_CURSOR_DECLARE || a->verb == QW_VERB_CURSOR_CLOSE || a->verb == QW_VERB_UNLISTEN ||
		a->verb == QW_VERB_EXECUTE || a->verb == QW_VERB_CURSOR_FETCH; /* what the name stands for is looked at by itself */
}

/* x.f may be a call of f where x has no such column; (x).f we leave to the server. A bare name is never a call. */
static bool column_is_clear(const struct labels *l, const struct qw_statement *s, size_t i)
{
	const struct qw_colref *c = &s->columns[i];

	if (c->is_deep)
		return false;
	if (!c->name || !c->qualifier || labels_is_column(l, s, i))
		return true;
	return !catalog_has_function(l->catalog, c->name) &&
		(!functions_first_named(c->name) || call_is_clear(l, NULL, c->name));
}

static bool operators_are_clear(const struct labels *l, const struct qw_statement *s)
{
	/* Of USING, CASE x WHEN, GREATEST and sorting */
	static const char *const unspelled[] = {"=", "<>", "<", ">", "<=", ">="};

	for (size_t i = 0; i < QW_COUNT(unspelled); i++)
		if (catalog_has_operator(l->catalog, unspelled[i]))
			return false;
	for (size_t i = 0; i < s->operator_count; i++)
		if (strchr(s->operators[i], '.') || catalog_has_operator(l->catalog, s->operators[i]))
			return false; /* with a schema: it may be newer than the snapshot */
	return true;
}

/* The row type of a relation has the relation's name, an array type one more underscore; "s.x" is in a user's schema. */
static bool type_is_clear(const struct labels *l, const char *name)
{
	size_t at = labels_first_named(l, name);

	return name[0] != '_' && !strchr(name, '.') && !catalog_has_type(l->catalog, name) &&
		(at == l->place_count || strcmp(l->named[at]->relation->name, name) != 0);
}

static bool types_are_clear(const struct labels *l, const struct qw_statement *s)
{
	if (catalog_has_type(l->catalog, ""))
		return false;
	for (size_t i = 0; i < s->type_count; i++)
		if (!type_is_clear(l, s->types[i]))
			return false;
	return true;
}

/* What the name may denote has a definition of that name (NULL: any at all). */
static bool names_guarded(const struct labels *l, const struct qw_relation *r, const char *column)
{
	for (size_t at = labels_first_named(l, r->name); at < l->place_count; at++) {
		const struct place *p = l->named[at];
		size_t i = 0;

		if (strcmp(p->relation->name, r->name) != 0)
			break;
		while (column && i < p->relation->column_count && (strcmp(p->relation->columns[i].name, column) != 0 ||
				!labels_of(l, p->relation->oid, p->relation->columns[i].attnum).is_guarded))
			i++;
		if (p->has_guarded && (!column || i < p->relation->column_count))
			return true;
	}
	return false;
}

/* Could the statement compare a definition? A star, a whole row and a natural join mean all columns. */
static bool may_use_guarded(const struct labels *l, const struct qw_statement *s)
{
	for (size_t k = 0; k < s->relation_count; k++) {
		const struct qw_relation *r = &s->relations[k];

		if (!r->name || !names_guarded(l, r, NULL))
			continue;
		if (r->has_column_aliases || r->in_natural_join)
			return true;
		for (size_t i = 0; i < s->column_count; i++) {
			const char *name = s->columns[i].name;

			if (!name || strcmp(name, r->name) == 0 || (r->alias && strcmp(name, r->alias) == 0) || names_guarded(l, r, name))
				return true;
		}
	}
	return false;
}

bool labels_provably_clear(const struct labels *l, const struct qw_statement *s)
{
	if (!catalog_is_verified(l->catalog) || s->act_count == 0 || !operators_are_clear(l, s) || !types_are_clear(l, s) ||
		may_use_guarded(l, s))
		return false;
	for (size_t i = 0; i < s->act_count; i++)
		if (!act_is_clear(l, &s->acts[i]))
			return false;
	for (size_t i = 0; i < s->relation_count; i++)
		if (!name_is_clear(l, s->relations[i].schema, s->relations[i].name, QW_VERB_SELECT))
			return false;
	for (size_t i = 0; i < s->column_count; i++)
		if (!column_is_clear(l, s, i))
			return false;
	return true;
}
