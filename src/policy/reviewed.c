/* Was this code read, and is it still what was read? */
#include "policy_int.h"

static bool reaches(const struct policy_reviewed_entry *e, const char *database)
{
	return e->databases.count == 0 || (database && string_set_match(&e->databases, database));
}

static bool names_function(const struct policy_reviewed_entry *e, const char *schema, const char *name, const char *arguments)
{
	return e->name && strcmp(e->name, name) == 0 && strcmp(e->schema, schema) == 0 && strcmp(e->arguments, arguments) == 0;
}

/* Several entries may name a thing, each with the hash that it has in another database. */
static enum policy_reviewed compare(const struct policy_reviewed_entry *e, const char *sha256, enum policy_reviewed before)
{
	bool is_same = e->sha256 ? sha256 && strcmp(e->sha256, sha256) == 0 : e->hazard != NULL;

	return is_same || before == POLICY_REVIEWED_YES ? POLICY_REVIEWED_YES : POLICY_REVIEWED_CHANGED;
}

enum policy_reviewed policy_function_reviewed(const struct policy *p, const char *database, const char *schema, const char *name,
	const char *arguments, const char *sha256)
{
	enum policy_reviewed out = POLICY_REVIEWED_NO;
	size_t i;

	if (!schema || !name || !arguments)
		return out;
	for (i = 0; i < p->reviewed_count; i++)
		if (names_function(&p->reviewed[i], schema, name, arguments) && reaches(&p->reviewed[i], database))
			out = compare(&p->reviewed[i], sha256, out);
	return out;
}

enum policy_reviewed policy_hazard_reviewed(const struct policy *p, const char *database, const char *hazard, const char *sha256)
{
	enum policy_reviewed out = POLICY_REVIEWED_NO;
	size_t i;

	for (i = 0; hazard && i < p->reviewed_count; i++) {
		const struct policy_reviewed_entry *e = &p->reviewed[i];

		if (e->hazard && strcmp(e->hazard, hazard) == 0 && reaches(e, database))
			out = compare(e, sha256, out);
	}
	return out;
}
