/* Which role a token may have. */
#include "policy_int.h"

/* One line of a match block: the claim has one of the values. */
static bool line_holds(const struct policy_match *m, const struct qw_claim *claims, size_t count)
{
	size_t i, k;

	for (i = 0; i < count; i++) {
		if (strcmp(claims[i].name, m->claim) != 0)
			continue;
		for (k = 0; k < m->value_count; k++)
			if (policy_pattern_match(m->values[k], claims[i].value))
				return true;
	}
	return false;
}

static bool role_matches(
	const struct policy_role *role, const struct qw_claim *claims, size_t count)
{
	size_t i;

	for (i = 0; i < role->match_count; i++)
		if (!line_holds(&role->matches[i], claims, count))
			return false;
	return role->match_count > 0;
}

const struct policy_role *policy_role_named(const struct policy *p, const char *role)
{
	size_t i;

	for (i = 0; i < p->role_count; i++)
		if (strcmp(p->roles[i].name, role) == 0)
			return &p->roles[i];
	return NULL;
}

const struct policy_role *policy_role_at(const struct policy *p, size_t i)
{
	return i < p->role_count ? &p->roles[i] : NULL;
}

bool policy_role_reaches(const struct policy_role *role, const char *database)
{
	size_t i;

	for (i = 0; i < role->database_count; i++)
		if (policy_pattern_match(role->databases[i], database))
			return true;
	return false;
}

const struct policy_role *policy_role_find(const struct policy *p, const char *role,
	const char *database, const struct qw_claim *claims, size_t claim_count)
{
	const struct policy_role *r = policy_role_named(p, role);

	return r && policy_role_reaches(r, database) && role_matches(r, claims, claim_count) ? r
											     : NULL;
}

const struct policy_role *policy_role_find_approver(
	const struct policy *p, const struct qw_claim *claims, size_t claim_count)
{
	size_t i;

	for (i = 0; i < p->role_count; i++)
		if (p->roles[i].may_approve && role_matches(&p->roles[i], claims, claim_count))
			return &p->roles[i];
	return NULL;
}
