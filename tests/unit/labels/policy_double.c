#include <stdio.h>

#include "policy_double.h"

size_t policy_mask_count(const struct policy *p)
{
	return p->count;
}

const struct policy_mask *policy_mask_at(const struct policy *p, size_t i)
{
	return &p->masks[i];
}

bool policy_has_masks(const struct policy *p, const struct policy_role *role)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->masks[i].roles & role->id_bit)
			return true;
	return p->unreviewed != NULL;
}

const struct mask_spec *policy_unreviewed(const struct policy *p, const struct policy_role *role, const char *database,
	const struct policy_column *c)
{
	(void)role;
	(void)database;
	return p->unreviewed && strcmp(p->unreviewed, c->schema) == 0 ? &p->unreviewed_spec : NULL;
}

static enum policy_reviewed reviewed(const struct policy *p, const char *what)
{
	for (size_t i = 0; i < QW_COUNT(p->reviewed); i++)
		if (p->reviewed[i] && strcmp(p->reviewed[i], what) == 0)
			return POLICY_REVIEWED_YES;
	return POLICY_REVIEWED_NO;
}

enum policy_reviewed policy_function_reviewed(const struct policy *p, const char *database, const char *schema,
	const char *name, const char *arguments, const char *sha256)
{
	char what[200];

	(void)database;
	(void)sha256;
	(void)snprintf(what, sizeof(what), "%s.%s(%s)", schema, name, arguments);
	return reviewed(p, what);
}

enum policy_reviewed policy_hazard_reviewed(const struct policy *p, const char *database, const char *hazard, const char *sha256)
{
	(void)database;
	(void)sha256;
	return reviewed(p, hazard);
}

bool policy_pattern_match(const char *pattern, const char *text)
{
	if (*pattern == '*')
		return policy_pattern_match(pattern + 1, text) ||
		       (*text && policy_pattern_match(pattern, text + 1));
	return *pattern == *text && (*text == '\0' || policy_pattern_match(pattern + 1, text + 1));
}
