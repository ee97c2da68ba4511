#include "room.h"

/*
 * What the text of a statement can tell. No scopes and no search_path: a name stands for everything
 * that it may denote anywhere in the statement, so that the answer errs only towards true.
 */
enum { SYSTEM_COLUMNS = 6 };
/* Relations times columns of a statement that are looked at one by one (some ten milliseconds);
   whoever writes more beside a sensitive relation is not believed. */
enum { PAIRS_MAX = 1 << 18 };
static const char *const system_columns[SYSTEM_COLUMNS] = {
	"tableoid", "ctid", "xmin", "xmax", "cmin", "cmax"};

/* The sensitive relations that one name may denote: a run of l->sensitive, filtered by schema. */
struct candidates {
	const struct place *const *list;
	size_t count;
	const char *schema; /* NULL: any */
};

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

static struct candidates candidates_of(const struct labels *l, const char *schema, const char *name)
{
	size_t low = 0, high = l->sensitive_count;
	struct candidates c = {.schema = schema};

	/* pg_temp is another name of a schema that is listed as pg_temp_N. */
	if (same(schema, "pg_temp"))
		c.schema = NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(l->sensitive[middle]->relation->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	c.list = l->sensitive_count ? l->sensitive + low : NULL;
	while (low + c.count < l->sensitive_count && same(c.list[c.count]->relation->name, name))
		c.count++;
	return c;
}

/* The i-th of the run when its schema fits, else NULL. */
static const struct place *candidate(const struct candidates *c, size_t i)
{
	return !c->schema || same(c->schema, c->list[i]->relation->schema) ? c->list[i] : NULL;
}

static const struct place *first_candidate(const struct candidates *c)
{
	for (size_t i = 0; i < c->count; i++) {
		if (candidate(c, i))
			return candidate(c, i);
	}
	return NULL;
}

static const struct place *sensitive_relation(const struct labels *l, const struct qw_relation *r)
{
	struct candidates c = candidates_of(l, r->schema, r->name);

	return first_candidate(&c);
}

static bool is_called(const struct qw_relation *r, const char *name)
{
	if (same(r->alias, name) || same(r->name, name))
		return true;
	/* The row before and after a write (RETURNING of PostgreSQL 18), or refused in a conflict. */
	return r->is_written && (same(name, "old") || same(name, "new") || same(name, "excluded"));
}

enum column_kind { COLUMN_ABSENT, COLUMN_PLAIN, COLUMN_SENSITIVE };

static enum column_kind column_kind(const struct place *p, const char *name, const char **which)
{
	const struct catalog_relation *r = p->relation;

	for (size_t i = 0; i < r->column_count; i++) {
		if (!same(r->columns[i].name, name))
			continue;
		if (p->labels[i].kind == LABEL_PLAIN)
			return COLUMN_PLAIN;
		*which = p->labels[i].column;
		return COLUMN_SENSITIVE;
	}
	for (size_t i = 0; i < SYSTEM_COLUMNS; i++) {
		if (same(system_columns[i], name))
			return COLUMN_PLAIN;
	}
	return COLUMN_ABSENT;
}

/* Has a relation that `r` may denote a sensitive column of that name, or (`strict`) no plain one? */
static bool column_hits(const struct labels *l, const struct qw_relation *r, const char *column,
	bool strict, const char **which)
{
	struct candidates c = candidates_of(l, r->schema, r->name);

	for (size_t i = 0; i < c.count; i++) {
		const struct place *p = candidate(&c, i);
		enum column_kind kind = p ? column_kind(p, column, which) : COLUMN_PLAIN;

		if (kind == COLUMN_SENSITIVE)
			return true;
		if (kind == COLUMN_ABSENT && strict) { /* c.row_to_json: a function of the row */
			*which = p->name;
			return true;
		}
	}
	return false;
}

/* A sensitive relation of the statement that answers to this name; NULL: none. */
static const struct place *sensitive_called(
	const struct labels *l, const struct qw_statement *s, const char *name)
{
	for (size_t i = 0; i < s->relation_count; i++) {
		const struct place *p = is_called(&s->relations[i], name)
						? sensitive_relation(l, &s->relations[i])
						: NULL;

		if (p)
			return p;
	}
	return NULL;
}

static bool any_column_hits(
	const struct labels *l, const struct qw_statement *s, const char *name, const char **which)
{
	for (size_t i = 0; i < s->relation_count; i++) {
		if (column_hits(l, &s->relations[i], name, false, which))
			return true;
	}
	return false;
}

/* x.y where some relation is called x. */
static bool qualified_hits(const struct labels *l, const struct qw_statement *s,
	const struct qw_colref *c, const char **which)
{
	for (size_t i = 0; i < s->relation_count; i++) {
		if (is_called(&s->relations[i], c->qualifier) &&
			column_hits(l, &s->relations[i], c->name, true, which))
			return true;
	}
	return false;
}

static bool is_any_relation(const struct qw_statement *s, const char *name)
{
	for (size_t i = 0; i < s->relation_count; i++) {
		if (is_called(&s->relations[i], name))
			return true;
	}
	return false;
}

/* A column reference beside at least one sensitive relation. `first` is that relation. */
static bool colref_hits(const struct labels *l, const struct qw_statement *s,
	const struct qw_colref *c, const struct place *first, const char **which)
{
	const char *last = c->name ? c->name : c->qualifier; /* of t.* the relation */
	const struct place *row = last ? sensitive_called(l, s, last) : NULL;

	*which = first->name;
	if (!last)
		return true; /* a star of everything */
	if (row && (!c->name || !c->qualifier || c->is_deep)) {
		*which = row->name; /* t.*, the whole row t, (t).x */
		return true;
	}
	if (!c->name)
		return c->is_deep; /* a star of something else */
	if (any_column_hits(l, s, c->name, which) &&
		(!c->qualifier || !is_any_relation(s, c->qualifier)))
		return true; /* unqualified, or qualified by a subquery or join that may hold it */
	if (!c->qualifier)
		return c->is_deep; /* (f(x)).y and the like: nobody knows of what */
	return (c->is_deep && !is_any_relation(s, c->qualifier)) || qualified_hits(l, s, c, which);
}

static const struct place *first_sensitive(const struct labels *l, const struct qw_statement *s)
{
	for (size_t i = 0; i < s->relation_count; i++) {
		const struct place *p = sensitive_relation(l, &s->relations[i]);

		if (p)
			return p;
	}
	return NULL;
}

bool labels_touched(const struct labels *l, const struct qw_statement *s, const char **which)
{
	const struct place *first = first_sensitive(l, s);
	const char *hit = NULL;

	for (size_t i = 0; first && i < s->relation_count; i++) {
		const struct qw_relation *r = &s->relations[i];
		const struct place *p = r->has_column_aliases || r->in_natural_join
						? sensitive_relation(l, r)
						: NULL;

		if (p) {
			*which = p->name;
			return true;
		}
	}
	if (first && s->column_count > PAIRS_MAX / s->relation_count) {
		*which = first->name;
		return true;
	}
	for (size_t i = 0; first && i < s->column_count; i++) {
		if (colref_hits(l, s, &s->columns[i], first, &hit)) {
			*which = hit;
			return true;
		}
	}
	return false;
}

bool labels_relation_touched(
	const struct labels *l, const struct qw_statement *s, const char **which)
{
	const struct place *p = first_sensitive(l, s);

	for (size_t i = 0; !p && i < s->act_count; i++) {
		const struct qw_act *a = &s->acts[i];

		if (a->kind == QW_OBJECT_RELATION && a->name) {
			struct candidates c = candidates_of(l, a->schema, a->name);

			p = first_candidate(&c);
		}
	}
	if (p)
		*which = p->name;
	return p != NULL;
}
