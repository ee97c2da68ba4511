/* `*` patterns. */
#include "policy_int.h"

/* Greedy with one point to return to: the last star. At most strlen(pattern) * strlen(text) steps.
 */
bool policy_pattern_match(const char *pattern, const char *text)
{
	const char *star = NULL, *again = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			again = text;
		} else if (*pattern == *text) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool string_set_match(const struct string_set *set, const char *text)
{
	size_t i;

	for (i = 0; i < set->count; i++)
		if (policy_pattern_match(set->list[i], text))
			return true;
	return false;
}

bool pattern_is_sane(const char *pattern)
{
	const unsigned char *p = (const unsigned char *)pattern;

	for (; *p; p++)
		if (*p < ' ' || *p == 0x7f || *p == '"' || (*p == '*' && p[1] == '*'))
			return false;
	return true;
}
