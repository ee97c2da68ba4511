#include "room.h"

/* Is a relation of this name in the snapshot, in this schema (NULL: in any)? */
static bool knows_relation(const struct labels *l, const char *schema, const char *name)
{
	size_t low = 0, high = l->place_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(l->named[middle]->relation->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
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
