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

		if (x->attnum != y->attnum || x->type_oid != y->type_oid || strcmp(x->name, y->name) != 0 || x->is_hidden != y->is_hidden ||
			!same_origin(x->origin, y->origin))
			return false;
	}
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_relation(const struct catalog_relation *a, const struct catalog_relation *b)
{
	if (a->oid != b->oid || a->kind != b->kind || a->is_unresolved != b->is_unresolved ||
		a->depend_count != b->depend_count || a->parent_count != b->parent_count ||
		a->generated_count != b->generated_count ||
		strcmp(a->schema, b->schema) != 0 || strcmp(a->name, b->name) != 0 || !same_text(a->definition, b->definition) ||
		!same_columns(a, b))
		return false;
	for (size_t i = 0; i < a->depend_count; i++)
		if (!same_origin(a->depends[i], b->depends[i]))
			return false;
	for (size_t i = 0; i < a->generated_count; i++)
		if (a->generated[i].attnum != b->generated[i].attnum || a->generated[i].from != b->generated[i].from)
			return false;
	return a->parent_count == 0 || memcmp(a->parents, b->parents, a->parent_count * sizeof(*a->parents)) == 0;
}

static bool same_names(const struct catalog_names *a, const struct catalog_names *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (strcmp(a->list[i], b->list[i]) != 0)
			return false;
	return true;
}

static bool same_pairs(const struct catalog_pairs *a, const struct catalog_pairs *b)
{
	return a->count == b->count && (a->count == 0 || memcmp(a->list, b->list, a->count * sizeof(*a->list)) == 0);
}

/* Owner, language, kind and the like are in the hash. */
static bool same_functions(const struct catalog *a, const struct catalog *b)
{
	if (a->known_count != b->known_count)
		return false;
	for (size_t i = 0; i < a->known_count; i++) {
		const struct catalog_function *x = &a->known[i], *y = &b->known[i];

		if (x->oid != y->oid || strcmp(x->sha256, y->sha256) != 0 || strcmp(x->schema, y->schema) != 0 ||
			strcmp(x->name, y->name) != 0 || strcmp(x->args, y->args) != 0 || !same_text(x->extension, y->extension))
			return false;
	}
	return true;
}

static bool same_hazards(const struct catalog *a, const struct catalog *b)
{
	if (a->hazard_count != b->hazard_count)
		return false;
	for (size_t i = 0; i < a->hazard_count; i++) {
		const struct catalog_hazard *x = &a->hazards[i], *y = &b->hazards[i];

		if (x->subject != y->subject || x->on != y->on || x->is_shown != y->is_shown ||
			x->for_children != y->for_children || x->trusts_extensions != y->trusts_extensions ||
			x->type != y->type || x->then_relation != y->then_relation || x->then_on != y->then_on ||
			x->function_count != y->function_count || strcmp(x->sha256, y->sha256) != 0 ||
			(x->function_count && memcmp(x->functions, y->functions, x->function_count * sizeof(*x->functions)) != 0))
			return false;
	}
	return true;
}

static bool same_named_types(const struct catalog *a, const struct catalog *b)
{
	if (a->named_type_count != b->named_type_count)
		return false;
	for (size_t i = 0; i < a->named_type_count; i++)
		if (a->named_types[i].oid != b->named_types[i].oid || strcmp(a->named_types[i].name, b->named_types[i].name) != 0)
			return false;
	return true;
}

static bool same_running(const struct catalog *a, const struct catalog *b)
{
	return a->dialect == b->dialect && a->folds_tables == b->folds_tables && a->server_major == b->server_major &&
		a->is_verified == b->is_verified && a->quiet == b->quiet &&
		same_names(&a->functions, &b->functions) && same_names(&a->operator_names, &b->operator_names) &&
		same_names(&a->type_names, &b->type_names) && same_pairs(&a->operators, &b->operators) &&
		same_pairs(&a->parts, &b->parts) && same_pairs(&a->types, &b->types) && same_functions(a, b) &&
		same_hazards(a, b) && same_named_types(a, b);
}

bool catalog_same(const struct catalog *a, const struct catalog *b)
{
	if (a->count != b->count || !same_running(a, b))
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!same_relation(a->relations[i], b->relations[i]))
			return false;
	return true;
}
