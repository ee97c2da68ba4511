#include "snapshot.h"

#include <stdlib.h>

struct catalog *catalog_ref(struct catalog *c)
{
	if (c)
		atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
	return c;
}

void catalog_unref(struct catalog *c)
{
	size_t before;

	if (!c)
		return;
	before = atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel);
	QW_ASSERT(before > 0);
	if (before > 1)
		return;
	qw_arena_fini(&c->arena);
	free(c);
}

uint64_t catalog_generation(const struct catalog *c)
{
	return c->generation;
}

size_t catalog_count(const struct catalog *c)
{
	return c->count;
}

const struct catalog_relation *catalog_at(const struct catalog *c, size_t i)
{
	return i < c->count ? c->relations[i] : NULL;
}

const struct catalog_relation *catalog_find(const struct catalog *c, uint32_t oid)
{
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->relations[middle]->oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->count && c->relations[low]->oid == oid ? c->relations[low] : NULL;
}

enum catalog_dialect catalog_dialect(const struct catalog *c)
{
	return c->dialect;
}

bool catalog_folds_tables(const struct catalog *c)
{
	return c->folds_tables;
}

/* ASCII alone: the other letters are the server's business. */
static unsigned char folded(char letter, bool folds)
{
	return (unsigned char)(folds && letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
}

/* As strcmp; `asked` in lower case when it folds. What is in the snapshot is folded already. */
static int compare(const char *asked, const char *kept, bool folds)
{
	while (*asked && folded(*asked, folds) == (unsigned char)*kept) {
		asked++;
		kept++;
	}
	return (int)folded(*asked, folds) - (int)(unsigned char)*kept;
}

const struct catalog_relation *catalog_find_named(const struct catalog *c, const char *schema, const char *name)
{
	bool folds = c->dialect == CATALOG_MYSQL && (c->folds_tables || compare(schema, "information_schema", true) == 0);
	size_t low = 0, high = c->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(schema, c->named[middle]->schema, folds);

		if (order == 0)
			order = compare(name, c->named[middle]->name, folds);
		if (order == 0)
			return c->named[middle];
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int catalog_column_named(const struct catalog *c, const struct catalog_relation *r, const char *name)
{
	for (size_t i = 0; i < r->column_count; i++)
		if (compare(name, r->columns[i].name, c->dialect == CATALOG_MYSQL) == 0)
			return (int)i;
	return -1;
}

int catalog_column_index(const struct catalog_relation *r, int16_t attnum)
{
	size_t low = 0, high;

	if (attnum < 1)
		return -1;
	/* Without dropped columns the place is known; with them it is further to the left. */
	high = (size_t)attnum < r->column_count ? (size_t)attnum : r->column_count;
	if (high > 0 && r->columns[high - 1].attnum == attnum)
		return (int)high - 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->columns[middle].attnum < attnum)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->column_count && r->columns[low].attnum == attnum ? (int)low : -1;
}

static int text_to_text(const void *key, const void *item)
{
	return strcmp(key, *(const char *const *)item);
}

static bool has_name(const struct catalog_names *names, const char *name)
{
	return names->count && bsearch(name, names->list, names->count, sizeof(*names->list), text_to_text);
}

bool catalog_has_function(const struct catalog *c, const char *name)
{
	return has_name(&c->functions, name);
}

bool catalog_has_operator(const struct catalog *c, const char *name)
{
	return has_name(&c->operator_names, name);
}

bool catalog_has_type(const struct catalog *c, const char *name)
{
	return has_name(&c->type_names, name);
}

uint32_t catalog_type_named(const struct catalog *c, const char *name, size_t i)
{
	size_t low = 0, high = c->named_type_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(c->named_types[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return i < c->named_type_count - low && strcmp(c->named_types[low + i].name, name) == 0 ? c->named_types[low + i].oid : 0;
}

/* ---- what runs ---- */

const struct catalog_function *catalog_function(const struct catalog *c, uint32_t oid)
{
	size_t low = 0, high = c->known_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->known[middle].oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < c->known_count && c->known[low].oid == oid ? &c->known[low] : NULL;
}

size_t catalog_function_count(const struct catalog *c)
{
	return c->known_count;
}

const struct catalog_function *catalog_function_at(const struct catalog *c, size_t i)
{
	return i < c->known_count ? &c->known[i] : NULL;
}

unsigned catalog_server_major(const struct catalog *c)
{
	return c->server_major;
}

unsigned catalog_quiet(const struct catalog *c)
{
	return c->quiet;
}

bool catalog_is_verified(const struct catalog *c)
{
	return c->is_verified;
}

static const uint32_t *values_of(const struct catalog_pairs *pairs, uint32_t key, size_t *count)
{
	size_t low = 0, high = pairs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pairs->list[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < pairs->count && pairs->list[low + *count].key == key;)
		++*count;
	return *count ? pairs->values + low : NULL;
}

uint32_t catalog_operator_function(const struct catalog *c, uint32_t operator_oid)
{
	size_t count;
	const uint32_t *f = values_of(&c->operators, operator_oid, &count);

	return count == 1 ? *f : 0;
}

const uint32_t *catalog_children(const struct catalog *c, uint32_t relation_oid, size_t *count)
{
	return values_of(&c->children, relation_oid, count);
}

const uint32_t *catalog_type_parts(const struct catalog *c, uint32_t type_oid, size_t *count)
{
	return values_of(&c->parts, type_oid, count);
}

bool catalog_knows_type(const struct catalog *c, uint32_t oid)
{
	size_t count;

	return values_of(&c->types, oid, &count) != NULL;
}

const struct catalog_hazard *catalog_hazards(const struct catalog *c, uint32_t subject, size_t *count)
{
	size_t low = 0, high = c->hazard_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c->hazards[middle].subject < subject)
			low = middle + 1;
		else
			high = middle;
	}
	for (*count = 0; low + *count < c->hazard_count && c->hazards[low + *count].subject == subject;)
		++*count;
	return *count ? c->hazards + low : NULL;
}
