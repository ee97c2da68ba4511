#include "room.h"

/* What content detectors ask: the names under which a policy may mean a column, and whether definitions may show. */
enum { DEPTH_MAX = 20 };

struct names {
	const struct labels *l;
	struct policy_column *list;
	size_t count, max;
	bool is_broken; /* computed, unknown, or too many */
};

/* Parents give their columns' names to whatever inherits from them. */
static void name_of(struct names *n, uint32_t oid, const char *column, unsigned depth)
{
	const struct catalog_relation *r = catalog_find(n->l->catalog, oid);

	if (!r || n->count == n->max || depth > DEPTH_MAX) {
		n->is_broken = true;
		return;
	}
	n->list[n->count++] = (struct policy_column){r->schema, r->name, column};
	for (size_t i = 0; i < r->parent_count && !n->is_broken; i++)
		name_of(n, r->parents[i], column, depth + 1);
}

size_t labels_names_of(const struct labels *l, uint32_t relation_oid, int16_t attnum, struct policy_column *out, size_t max)
{
	struct names n = {.l = l, .list = out, .max = max};
	struct catalog_origin at = {relation_oid, attnum};

	for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
		const struct catalog_relation *r = catalog_find(l->catalog, at.relation_oid);
		int i = r ? catalog_column_index(r, at.attnum) : -1;

		if (i < 0)
			return 0;
		name_of(&n, r->oid, r->columns[i].name, 0);
		if (n.is_broken)
			return 0;
		if (r->kind != CATALOG_VIEW && r->kind != CATALOG_MATVIEW)
			return n.count;
		at = r->columns[i].origin; /* of what is computed there is none: 0, unknown */
	}
	return 0;
}

uint32_t labels_type_of(const struct labels *l, uint32_t relation_oid, int16_t attnum)
{
	const struct catalog_relation *r = catalog_find(l->catalog, relation_oid);
	int i = r ? catalog_column_index(r, attnum) : -1;

	return i < 0 ? 0 : r->columns[i].type_oid;
}

static bool may_define(const struct labels *l, uint32_t oid, unsigned depth)
{
	const struct catalog_relation *r = catalog_find(l->catalog, oid);

	if (!r || oid < FIRST_USER_OID || depth > DEPTH_MAX)
		return true;
	for (size_t i = 0; i < r->depend_count; i++)
		if (r->depends[i].relation_oid != oid && may_define(l, r->depends[i].relation_oid, depth + 1))
			return true;
	return false;
}

bool labels_may_define(const struct labels *l, uint32_t relation_oid)
{
	return may_define(l, relation_oid, 0);
}

bool labels_mentions_definitions(const struct labels *l, const struct qw_statement *s)
{
	for (size_t i = 0; i < s->relation_count; i++) {
		const struct qw_relation *r = &s->relations[i];
		size_t at = r->name ? labels_first_named(l, r->name) : l->place_count;

		for (; at < l->place_count && strcmp(l->named[at]->relation->name, r->name) == 0; at++)
			if ((!r->schema || strcmp(r->schema, l->named[at]->relation->schema) == 0) &&
				may_define(l, l->named[at]->relation->oid, 0))
				return true;
	}
	return false;
}
