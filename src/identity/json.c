#include "private.h"

/* jansson recurses 2048 deep; nothing that we read is deeper than a few. */
static bool is_shallow(struct qw_bytes text)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];

		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if ((c == '{' || c == '[') && ++depth > JSON_DEPTH_MAX)
			return false;
		else if ((c == '}' || c == ']') && depth)
			depth--;
	}
	return true;
}

json_t *identity_json_object(struct qw_bytes text)
{
	json_t *j;

	if (text.n == 0 || !is_shallow(text))
		return NULL;
	j = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (j && !json_is_object(j)) {
		json_decref(j);
		return NULL;
	}
	return j;
}
