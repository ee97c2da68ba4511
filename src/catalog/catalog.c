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

bool catalog_has_function(const struct catalog *c, const char *name)
{
	return c->function_count && bsearch(name, c->functions, c->function_count, sizeof(*c->functions), text_to_text);
}
