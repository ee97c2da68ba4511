/* Looking up what is known of PostgreSQL's own functions. */
#include "qw/functions.h"

#include <stdlib.h>

struct functions_named {
	const char *name;
	uint32_t bits;
};

#include "functions_table.h"

static bool has_major(const struct functions_entry *e, unsigned major)
{
	return major >= FUNCTIONS_MAJOR_MIN && major <= FUNCTIONS_MAJOR_MAX && e->majors >> (major - FUNCTIONS_MAJOR_MIN) & 1;
}

/* An OID may have been another function's in another major. */
const struct functions_entry *functions_by_oid(unsigned major, uint32_t oid)
{
	size_t low = 0, high = QW_COUNT(functions_order);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (functions_table[functions_order[middle]].oid < oid)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < QW_COUNT(functions_order) && functions_table[functions_order[low]].oid == oid; low++)
		if (has_major(&functions_table[functions_order[low]], major))
			return &functions_table[functions_order[low]];
	return NULL;
}

const struct functions_entry *functions_first_named(const char *name)
{
	size_t low = 0, high = QW_COUNT(functions_table);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(functions_table[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < QW_COUNT(functions_table) && strcmp(functions_table[low].name, name) == 0 ? &functions_table[low] : NULL;
}

const struct functions_entry *functions_next_named(const struct functions_entry *e)
{
	const struct functions_entry *next = e + 1;

	if (next == functions_table + QW_COUNT(functions_table) || strcmp(next->name, e->name) != 0)
		return NULL;
	return next;
}

const struct functions_entry *functions_by_name(unsigned major, const char *schema, const char *name, const char *args)
{
	for (const struct functions_entry *e = functions_first_named(name); e; e = functions_next_named(e))
		if (e->oid == 0 && has_major(e, major) && strcmp(e->schema, schema) == 0 && strcmp(e->args, args) == 0)
			return e;
	return NULL;
}

bool functions_is_plain(const struct functions_entry *e)
{
	return e && (e->class == FUNCTIONS_ALLOW || e->class == FUNCTIONS_PROPAGATE);
}

/* What SQL cannot call cannot be meant by a call. */
bool functions_all_plain(unsigned major, const char *name)
{
	size_t found = 0;

	for (const struct functions_entry *e = functions_first_named(name); e; e = functions_next_named(e)) {
		if (!has_major(e, major) || strcmp(e->category, "not-callable") == 0)
			continue;
		if (!functions_is_plain(e))
			return false;
		found++;
	}
	return found > 0;
}

const char *functions_checksum(unsigned major)
{
	if (major < FUNCTIONS_MAJOR_MIN || major > FUNCTIONS_MAJOR_MAX)
		return NULL;
	return functions_checksums[major - FUNCTIONS_MAJOR_MIN];
}

/* convert_to SQL_ASCII gives the stored bytes and fails on none. */
const char *functions_pin_sql(void)
{
	return "left(encode(sha256(convert_to(concat_ws('|', p.oid < 10000 and p.pronamespace = 11, p.proname, p.prokind,"
	       " p.provolatile, p.prosecdef, p.proisstrict, p.proretset, p.prolang, p.prorettype, p.proargtypes, p.prosrc,"
	       " p.probin, p.proconfig), 'SQL_ASCII')), 'hex'), 16)";
}

static int compare(const void *key, const void *item)
{
	return strcmp(key, ((const struct functions_named *)item)->name);
}

uint32_t functions_bits_of(const char *name)
{
	const struct functions_named *n =
		bsearch(name, functions_names, QW_COUNT(functions_names), sizeof(functions_names[0]), compare);

	return n ? n->bits : 0;
}

uint32_t functions_class_mask(void)
{
	return (1u << FUNCTIONS_CLASSES) - 1;
}

const char *const *functions_bit_names(void)
{
	return functions_bits;
}
