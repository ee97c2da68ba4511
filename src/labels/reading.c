#include "room.h"

/*
 * Code of types that runs before anything can be judged by a tree: '{x}'::some_domain[] is read while the server analyses, $1 at
 * Bind. Only names are known then, so a name stands for everything that it may denote.
 */

/* What a column's type is made of: a constant beside the column is read with it. A domain itself is checked only when it is written. */
static const char *hazard_inside(const struct labels *l, uint32_t type_oid)
{
	size_t count;
	const uint32_t *parts = catalog_type_parts(l->catalog, type_oid, &count);
	const char *found = NULL;

	for (size_t i = 0; i < count && !found; i++)
		found = labels_type_hazard(l, parts[i]);
	return found;
}

static const char *hazard_of_columns(const struct labels *l, const struct catalog_relation *r, bool is_whole)
{
	const char *found = NULL;

	for (size_t i = 0; i < r->column_count && !found; i++) {
		uint32_t type = r->columns[i].type_oid;

		if (type >= FIRST_USER_OID)
			found = is_whole ? labels_type_hazard(l, type) : hazard_inside(l, type);
	}
	return found;
}

static const char *hazard_of_relation(const struct labels *l, const char *name, bool is_whole)
{
	const char *found = NULL;

	for (size_t at = name ? labels_first_named(l, name) : l->place_count; at < l->place_count && !found; at++) {
		const struct catalog_relation *r = l->named[at]->relation;

		if (strcmp(r->name, name) != 0)
			break;
		found = hazard_of_columns(l, r, is_whole);
	}
	return found;
}

/* "s.x", and "_x" for arrays of x, are x. Rows of a table are a type of the table's name. */
static const char *hazard_of_type(const struct labels *l, const char *spelled)
{
	const char *dot = strrchr(spelled, '.'), *name = dot ? dot + 1 : spelled;
	const char *found = NULL;
	uint32_t oid;

	for (int i = 0; i < 2 && !found; i++, name++) {
		for (size_t k = 0; !found && (oid = catalog_type_named(l->catalog, name, k)); k++)
			found = labels_type_hazard(l, oid);
		if (!found)
			found = hazard_of_relation(l, name, true);
		if (*name != '_')
			break;
	}
	return found;
}

static bool is_written(const struct qw_statement *s, const char *name)
{
	for (size_t i = 0; i < s->act_count; i++) {
		const struct qw_act *a = &s->acts[i];

		if (a->verb != QW_VERB_SELECT && a->kind == QW_OBJECT_RELATION && a->name && strcmp(a->name, name) == 0)
			return true;
	}
	return false;
}

const char *labels_reading_hazard(const struct labels *l, const struct qw_statement *s)
{
	const char *found = NULL;

	for (size_t i = 0; i < s->type_count && !found; i++)
		found = hazard_of_type(l, s->types[i]);
	for (size_t i = 0; i < s->relation_count && !found; i++)
		if (s->relations[i].name)
			found = hazard_of_relation(l, s->relations[i].name, is_written(s, s->relations[i].name));
	for (size_t i = 0; i < s->act_count && !found; i++)
		if (s->acts[i].kind == QW_OBJECT_RELATION && s->acts[i].verb != QW_VERB_SELECT)
			found = hazard_of_relation(l, s->acts[i].name, true);
	return found;
}
