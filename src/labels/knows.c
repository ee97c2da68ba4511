#include "room.h"

/* The first relation of this name in the snapshot; place_count: none. */
static size_t first_named(const struct labels *l, const char *name)
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

/* The next one at or after `i` in this schema (NULL: in any); NULL: no more. */
static const struct catalog_relation *next_named(const struct labels *l, const struct qw_relation *r, size_t *i)
{
	for (; *i < l->place_count && strcmp(l->named[*i]->relation->name, r->name) == 0; (*i)++) {
		const struct catalog_relation *found = l->named[*i]->relation;

		/* pg_temp is another name of a schema that is listed as pg_temp_N. */
		if (r->schema && strcmp(r->schema, "pg_temp") != 0 && strcmp(found->schema, r->schema) != 0)
			continue;
		(*i)++;
		return found;
	}
	return NULL;
}

static bool has_column(const struct catalog_relation *r, const char *name)
{
	for (size_t i = 0; i < r->column_count; i++) {
		if (strcmp(r->columns[i].name, name) == 0)
			return true;
	}
	return labels_is_system_column(name);
}

static bool may_have_column(const struct labels *l, const struct qw_relation *r, const char *name)
{
	size_t i = first_named(l, r->name);
	const struct catalog_relation *found;

	while ((found = next_named(l, r, &i))) {
		if (has_column(found, name))
			return true;
	}
	return false;
}

bool labels_is_call(const struct labels *l, const struct qw_statement *s, const struct qw_colref *c)
{
	if (!c->qualifier || !c->name || c->is_deep || !catalog_has_function(l->catalog, c->name))
		return false;
	for (size_t i = 0; i < s->relation_count; i++) {
		const struct qw_relation *r = &s->relations[i];

		if (r->name && labels_is_called(r, c->qualifier) && may_have_column(l, r, c->name))
			return false;
	}
	return true;
}

bool labels_knows(const struct labels *l, const struct qw_statement *s)
{
	for (size_t i = 0; i < s->relation_count; i++) {
		const struct qw_relation *r = &s->relations[i];

		size_t at = r->name ? first_named(l, r->name) : 0;

		if (r->name && !next_named(l, r, &at))
			return false;
	}
	return true;
}
