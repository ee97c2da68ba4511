#include "room.h"

/* What labels know of a statement by the names in the snapshot, sensitive or not. */

size_t labels_first_named(const struct labels *l, const char *name)
{
	size_t low = 0, high = l->place_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(l->named[middle]->relation->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Is a relation of this name in the snapshot, in this schema (NULL: in any)? */
static bool knows_relation(const struct labels *l, const char *schema, const char *name)
{
	size_t low = labels_first_named(l, name);

	for (; low < l->place_count && strcmp(l->named[low]->relation->name, name) == 0; low++) {
		/* pg_temp is another name of a schema that is listed as pg_temp_N. */
		if (!schema || strcmp(schema, "pg_temp") == 0 || strcmp(l->named[low]->relation->schema, schema) == 0)
			return true;
	}
	return false;
}

bool labels_knows(const struct labels *l, const struct qw_statement *s)
{
	for (size_t i = 0; i < s->relation_count; i++) {
		const struct qw_relation *r = &s->relations[i];

		if (r->name && !knows_relation(l, r->schema, r->name))
			return false;
	}
	return true;
}

static bool has_column(const struct catalog_relation *r, const char *name)
{
	for (size_t i = 0; i < r->column_count; i++)
		if (strcmp(r->columns[i].name, name) == 0)
			return true;
	return false;
}

/* Every relation that the name may denote has the column: then it is the column that is meant, whichever it is. */
static bool all_have_column(const struct labels *l, const struct qw_relation *r, const char *column)
{
	size_t at = labels_first_named(l, r->name), found = 0;

	for (; at < l->place_count && strcmp(l->named[at]->relation->name, r->name) == 0; at++) {
		const struct catalog_relation *c = l->named[at]->relation;

		if (r->schema && strcmp(r->schema, "pg_temp") != 0 && strcmp(c->schema, r->schema) != 0)
			continue;
		if (!has_column(c, column))
			return false;
		found++;
	}
	return found > 0;
}

bool labels_is_column(const struct labels *l, const struct qw_statement *s, size_t i)
{
	const struct qw_colref *c = &s->columns[i];
	bool is_column = false;

	for (size_t k = 0; k < s->relation_count; k++) {
		const struct qw_relation *r = &s->relations[k];
		const char *known_as = r->alias ? r->alias : r->name;

		if (!r->name || !known_as || strcmp(known_as, c->qualifier) != 0)
			continue;
		if (r->has_column_aliases || !all_have_column(l, r, c->name))
			return false;
		is_column = true;
	}
	return is_column;
}

bool labels_may_call(const struct labels *l, const struct qw_statement *s, size_t i)
{
	const struct qw_colref *c = &s->columns[i];

	if (!c->name || (!c->qualifier && !c->is_deep) || !catalog_has_function(l->catalog, c->name))
		return false;
	return c->is_deep || !labels_is_column(l, s, i);
}

static bool is_only_table(const struct labels *l, const char *schema, const char *name)
{
	size_t found = 0, children;

	for (size_t at = labels_first_named(l, name); at < l->place_count; at++) {
		const struct catalog_relation *c = l->named[at]->relation;

		if (strcmp(c->name, name) != 0)
			break;
		if (schema && strcmp(c->schema, schema) != 0)
			continue;
		(void)catalog_children(l->catalog, c->oid, &children);
		if (c->kind != CATALOG_TABLE || children)
			return false;
		found++;
	}
	return found > 0;
}

bool labels_names_only_tables(const struct labels *l, const struct qw_statement *s)
{
	for (size_t i = 0; i < s->relation_count; i++)
		if (!s->relations[i].name || !is_only_table(l, s->relations[i].schema, s->relations[i].name))
			return false;
	return true;
}
