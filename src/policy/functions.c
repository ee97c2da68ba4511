/* What is known of PostgreSQL 15's own functions, by name: the worst of all overloads counts. */
#include "policy_int.h"
#include "functions_table.h"

#include <stdio.h>
#include <stdlib.h>

static int compare(const void *key, const void *entry)
{
	return strcmp(key, ((const struct function_entry *)entry)->name);
}

uint32_t function_bits_of(const char *name)
{
	const struct function_entry *e = bsearch(
		name, function_table, QW_COUNT(function_table), sizeof(function_table[0]), compare);

	return e ? e->bits : 0;
}

uint32_t function_class_mask(void)
{
	return (1u << FUNCTION_CLASSES) - 1;
}

const char *const *function_bit_names(void)
{
	return function_bits;
}

bool policy_function_class(const char *name, char *out, size_t size)
{
	uint32_t bits = function_bits_of(name);
	size_t used = 0, i;

	if (size)
		out[0] = '\0';
	for (i = 0; function_bits[i] && used < size; i++) {
		int n;

		if (!(bits >> i & 1))
			continue;
		n = snprintf(out + used, size - used, "%s@%s", used ? " " : "", function_bits[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	return bits != 0;
}
