/* What is known of PostgreSQL's own functions, by name: the worst of all overloads counts. */
#include "policy_int.h"
#include "qw/functions.h"

#include <stdio.h>

uint32_t function_bits_of(const char *name)
{
	return functions_bits_of(name);
}

uint32_t function_class_mask(void)
{
	return functions_class_mask();
}

const char *const *function_bit_names(void)
{
	return functions_bit_names();
}

bool policy_function_class(const char *name, char *out, size_t size)
{
	const char *const *names = functions_bit_names();
	uint32_t bits = functions_bits_of(name);
	size_t used = 0, i;

	if (size)
		out[0] = '\0';
	for (i = 0; names[i] && used < size; i++) {
		int n;

		if (!(bits >> i & 1))
			continue;
		n = snprintf(out + used, size - used, "%s@%s", used ? " " : "", names[i]);
		used += n > 0 ? (size_t)n : 0;
	}
	return bits != 0;
}
