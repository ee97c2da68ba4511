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

/* One part of "schema.table.column" against one name. No part of a pattern is longer than a name may be, plus stars. */
static bool part_matches(const char *pattern, size_t n, const char *text)
{
	char part[256];

	if (!text)
		return true;
	if (n >= sizeof(part))
		return false;
	memcpy(part, pattern, n);
	part[n] = '\0';
	return policy_pattern_match(part, text);
}

bool column_matches(const struct string_set *patterns, const struct policy_column *c)
{
	size_t i;

	for (i = 0; i < patterns->count; i++) {
		const char *schema = patterns->list[i], *table = strchr(schema, '.') + 1,
			   *column = strchr(table, '.') + 1;

		if (part_matches(schema, (size_t)(table - schema) - 1, c->schema) &&
			part_matches(table, (size_t)(column - table) - 1, c->table) &&
			part_matches(column, strlen(column), c->column))
			return true;
	}
	return false;
}

bool scope_holds(const struct policy_scope *s, const struct policy_role *role, const char *database)
{
	if (!(s->roles & role->id_bit))
		return false;
	return s->databases.count == 0 || !database || string_set_match(&s->databases, database);
}
