/* Questions about columns: masks, review, taint, detectors. And the limits of a role. */
#include "policy_int.h"

size_t policy_mask_count(const struct policy *p)
{
	return p->mask_count;
}

const struct policy_mask *policy_mask_at(const struct policy *p, size_t i)
{
	QW_ASSERT(i < p->mask_count);
	return &p->masks[i];
}

bool policy_has_masks(const struct policy *p, const struct policy_role *role)
{
	size_t i;

	for (i = 0; i < p->mask_count; i++)
		if (!role || (p->masks[i].roles & role->id_bit))
			return true;
	for (i = 0; i < p->columns_count; i++)
		if (!role || (p->columns[i].scope.roles & role->id_bit))
			return true;
	return false;
}

const struct policy_mask *policy_mask_of(const struct policy *p, const struct mask_spec *spec)
{
	size_t i;

	for (i = 0; i < p->mask_count; i++)
		if (&p->masks[i].spec == spec)
			return &p->masks[i];
	return NULL;
}

static bool is_named(const char *entry, const char *schema, const char *name)
{
	size_t n = strlen(schema);

	return strncmp(entry, schema, n) == 0 && entry[n] == '.' && strcmp(entry + n + 1, name) == 0;
}

bool policy_may_apply(const struct policy *p, const struct mask_spec *spec, const char *schema, const char *name)
{
	const struct policy_mask *m = policy_mask_of(p, spec);
	size_t i;

	for (i = 0; m && schema && name && i < m->function_count; i++)
		if (is_named(m->functions[i], schema, name))
			return true;
	return false;
}

const struct mask_spec *policy_unreviewed(const struct policy *p, const struct policy_role *role, const char *database,
	const struct policy_column *c)
{
	size_t i;

	for (i = 0; i < p->columns_count; i++) {
		const struct policy_columns *e = &p->columns[i];

		if (scope_holds(&e->scope, role, database) && column_matches(&e->within, c) && !column_matches(&e->reviewed, c))
			return &e->spec;
	}
	return NULL;
}

bool policy_taints(const struct policy *p, const struct policy_role *role, const char *database, const struct policy_column *c)
{
	size_t i;

	for (i = 0; i < p->untrusted_count; i++)
		if (scope_holds(&p->untrusted[i].scope, role, database) && column_matches(&p->untrusted[i].columns, c))
			return true;
	return false;
}

const char *const *detector_words(void)
{
	static const char *const words[] = {
		"all", "email", "card", "iban", "ssn", "phone", "jwt", "aws-key", "github-token", "gitlab-token", "slack-token",
		"stripe-key", "google-key", "private-key", "secret", NULL};

	_Static_assert(QW_COUNT(words) <= DETECTORS_MAX, "an action for each");
	return words;
}

enum policy_detect policy_detect(const struct policy *p, const struct policy_role *role, const char *database,
	const struct policy_column *c, const char *detector)
{
	const char *const *words = detector_words();
	enum policy_detect out = POLICY_DETECT_OFF;
	size_t i, k = 0;

	while (words[k] && strcmp(words[k], detector) != 0)
		k++;
	if (!words[k])
		k = 0; /* a detector that is newer than this list is one of "all" */
	for (i = 0; i < p->detectors_count; i++) {
		const struct policy_detectors *d = &p->detectors[i];

		if (d->actions[k] > out && scope_holds(&d->scope, role, database) &&
			(d->columns.count == 0 || column_matches(&d->columns, c)))
			out = d->actions[k];
	}
	return out;
}

bool policy_has_detectors(const struct policy *p, const struct policy_role *role)
{
	size_t i;

	for (i = 0; i < p->detectors_count; i++)
		if (p->detectors[i].scope.roles & role->id_bit)
			return true;
	return false;
}

void policy_limits(const struct policy *p, const struct policy_role *role, const char *database, struct limits *out)
{
	size_t i;

	*out = (struct limits){0};
	for (i = 0; i < p->limit_count; i++)
		if (scope_holds(&p->limits[i].scope, role, database))
			limits_tighten(out, &p->limits[i].limits);
}

static bool limits_calls(const struct limits *l)
{
	return l->call_rows || l->call_bytes;
}

bool policy_limits_calls(const struct policy *p, const struct policy_role *role)
{
	size_t i;

	for (i = 0; i < p->limit_count; i++)
		if ((p->limits[i].scope.roles & role->id_bit) && limits_calls(&p->limits[i].limits))
			return true;
	for (i = 0; i < p->rule_count; i++)
		if ((p->rules[i].roles & role->id_bit) && limits_calls(&p->rules[i].limits))
			return true;
	return false;
}
