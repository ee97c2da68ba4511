#include "snapshot.h"

static bool same_origin(struct catalog_origin a, struct catalog_origin b)
{
	return a.relation_oid == b.relation_oid && a.attnum == b.attnum;
}

static bool same_columns(const struct catalog_relation *a, const struct catalog_relation *b)
{
	if (a->column_count != b->column_count)
		return false;
	for (size_t i = 0; i < a->column_count; i++) {
		const struct catalog_column *x = &a->columns[i], *y = &b->columns[i];

		if (x->attnum != y->attnum || x->type_oid != y->type_oid || strcmp(x->name, y->name) != 0 ||
			!same_origin(x->origin, y->origin))
			return false;
	}
	return true;
}

static bool same_relation(const struct catalog_relation *a, const struct catalog_relation *b)
{
	if (a->oid != b->oid || a->kind != b->kind || a->is_unresolved != b->is_unresolved ||
		a->depend_count != b->depend_count || a->parent_count != b->parent_count ||
		strcmp(a->schema, b->schema) != 0 || strcmp(a->name, b->name) != 0 || !same_columns(a, b))
		return false;
	for (size_t i = 0; i < a->depend_count; i++)
		if (!same_origin(a->depends[i], b->depends[i]))
			return false;
	return a->parent_count == 0 || memcmp(a->parents, b->parents, a->parent_count * sizeof(*a->parents)) == 0;
}

bool catalog_same(const struct catalog *a, const struct catalog *b)
{
	if (a->count != b->count || a->function_count != b->function_count)
		return false;
	for (size_t i = 0; i < a->function_count; i++)
		if (strcmp(a->functions[i], b->functions[i]) != 0)
			return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_relation(a->relations[i], b->relations[i]))
			return false;
	return true;
}
