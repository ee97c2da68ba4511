/* What is known of columns besides masks: `columns`, `untrusted`, `detectors`. */
#include "../policy_int.h"

static bool load_untrusted_entry(struct loader *l, const struct yaml_node *item, struct policy_untrusted *u)
{
	static const char *const keys[] = {"name", "roles", "databases", "columns", "when_tainted", "message", NULL};
	static const char *const then_keys[] = {"secret", "egress", NULL};
	static const char *const effects[] = {
		[POLICY_DENY] = "deny", [POLICY_REVIEW] = "review", [POLICY_ALLOW] = "allow", NULL};
	unsigned secret = POLICY_DENY, egress = POLICY_DENY;
	const struct yaml_node *then, *n;

	if (!yaml_only(&l->r, item, keys) || !load_name(l, item, &u->name) || !load_scope(l, item, &u->scope) ||
		!load_column_patterns(l, item, "columns", &u->columns) || !load_message(l, item, &u->message))
		return false;
	then = yaml_get(item, "when_tainted");
	if (then && !yaml_only(&l->r, then, then_keys))
		return false;
	n = then ? yaml_get(then, "secret") : NULL;
	if (n && !yaml_word(&l->r, n, effects, &secret))
		return false;
	n = then ? yaml_get(then, "egress") : NULL;
	if (n && !yaml_word(&l->r, n, effects, &egress))
		return false;
	u->secret = (enum policy_effect)secret;
	u->egress = (enum policy_effect)egress;
	return true;
}

/* Verdicts name an entry like a rule: no rule, freeze or other entry may have that name. */
static bool is_new_in_verdicts(struct loader *l, const struct yaml_node *item, const char *name, size_t before)
{
	static const char *const reserved[] = {"default", "empty", "unreachable"};
	const struct policy *p = l->p;
	size_t i;

	for (i = 0; i < QW_COUNT(reserved); i++)
		if (!load_is_new(l, item, name, reserved[i]))
			return false;
	for (i = 0; i < p->rule_count; i++)
		if (!load_is_new(l, item, name, p->rules[i].name))
			return false;
	for (i = 0; i < p->moment_count; i++)
		if (!load_is_new(l, item, name, p->moments[i].name))
			return false;
	for (i = 0; i < before; i++)
		if (!load_is_new(l, item, name, p->untrusted[i].name))
			return false;
	return true;
}

static bool load_untrusted(struct loader *l, const struct yaml_node *root)
{
	struct policy *p = l->p;
	const struct yaml_node *list, *item;
	size_t i;

	if (!load_list(l, root, "untrusted", LIMITS_MAX, &list))
		return false;
	if (!list)
		return true;
	p->untrusted = load_alloc(l, list, list->count, sizeof(*p->untrusted));
	if (!p->untrusted)
		return false;
	for (item = list->first, i = 0; item; item = item->next, i++)
		if (!load_untrusted_entry(l, item, &p->untrusted[i]) ||
			!is_new_in_verdicts(l, item, p->untrusted[i].name, i))
			return false;
	p->untrusted_count = list->count;
	return true;
}

static bool load_columns_entry(struct loader *l, const struct yaml_node *item, struct policy_columns *c)
{
	static const char *const keys[] = {"name", "roles", "databases", "within", "reviewed", "unreviewed", NULL};
	static const char *const masks[] = {[MASK_NULL] = "null", [MASK_REDACT] = "redact", NULL};
	const struct yaml_node *n;
	unsigned kind = MASK_NULL;

	if (!yaml_only(&l->r, item, keys) || !load_name(l, item, &c->spec.name) || !load_scope(l, item, &c->scope) ||
		!load_column_patterns(l, item, "within", &c->within))
		return false;
	n = yaml_get(item, "reviewed");
	if (n && !load_column_patterns(l, item, "reviewed", &c->reviewed))
		return false;
	n = yaml_get(item, "unreviewed");
	if (n && !yaml_word(&l->r, n, masks, &kind))
		return false;
	c->spec.kind = (enum mask_kind)kind;
	return true;
}

/* A record names how a value was masked: masks and these entries share their names. */
static bool is_new_mask(struct loader *l, const struct yaml_node *item, const char *name, size_t before)
{
	const struct policy *p = l->p;
	size_t i;

	for (i = 0; i < p->mask_count; i++)
		if (!load_is_new(l, item, name, p->masks[i].spec.name))
			return false;
	for (i = 0; i < before; i++)
		if (!load_is_new(l, item, name, p->columns[i].spec.name))
			return false;
	return true;
}

static bool load_review(struct loader *l, const struct yaml_node *root)
{
	struct policy *p = l->p;
	const struct yaml_node *list, *item;
	size_t i;

	if (!load_list(l, root, "columns", LIMITS_MAX, &list))
		return false;
	if (!list)
		return true;
	p->columns = load_alloc(l, list, list->count, sizeof(*p->columns));
	if (!p->columns)
		return false;
	for (item = list->first, i = 0; item; item = item->next, i++)
		if (!load_columns_entry(l, item, &p->columns[i]) || !is_new_mask(l, item, p->columns[i].spec.name, i))
			return false;
	p->columns_count = list->count;
	return true;
}

static bool load_detectors_entry(struct loader *l, const struct yaml_node *item, struct policy_detectors *d)
{
	static const char *const keys[] = {"name", "roles", "databases", "columns", "all", "email", "card", "iban", "ssn", "phone",
		"jwt", "aws-key", "github-token", "gitlab-token", "slack-token", "stripe-key", "google-key", "private-key", "secret",
		NULL};
	static const char *const actions[] = {
		[POLICY_DETECT_OFF] = "off", [POLICY_DETECT_FLAG] = "flag", [POLICY_DETECT_MASK] = "mask", NULL};
	const char *const *words = detector_words();
	enum policy_detect others = POLICY_DETECT_OFF;
	size_t found = 0, i;

	if (!yaml_only(&l->r, item, keys) || !load_name(l, item, &d->name) || !load_scope(l, item, &d->scope) ||
		(yaml_get(item, "columns") && !load_column_patterns(l, item, "columns", &d->columns)))
		return false;
	for (i = 0; words[i]; i++) {
		const struct yaml_node *n = yaml_get(item, words[i]);
		unsigned action = POLICY_DETECT_OFF;

		d->actions[i] = others;
		if (!n)
			continue;
		if (!yaml_word(&l->r, n, actions, &action))
			return false;
		d->actions[i] = (enum policy_detect)action;
		others = i == 0 ? d->actions[0] : others; /* "all" stands for those that the entry does not name */
		found++;
	}
	if (!found)
		yaml_fail(&l->r, item, "no detector here: write one, as in card: mask");
	return found > 0;
}

static bool load_detectors(struct loader *l, const struct yaml_node *root)
{
	struct policy *p = l->p;
	const struct yaml_node *list, *item;
	size_t i, j;

	if (!load_list(l, root, "detectors", LIMITS_MAX, &list))
		return false;
	if (!list)
		return true;
	p->detectors = load_alloc(l, list, list->count, sizeof(*p->detectors));
	if (!p->detectors)
		return false;
	for (item = list->first, i = 0; item; item = item->next, i++) {
		if (!load_detectors_entry(l, item, &p->detectors[i]))
			return false;
		for (j = 0; j < i; j++)
			if (!load_is_new(l, item, p->detectors[i].name, p->detectors[j].name))
				return false;
	}
	p->detectors_count = list->count;
	return true;
}

bool load_columns(struct loader *l, const struct yaml_node *root)
{
	return load_review(l, root) && load_untrusted(l, root) && load_detectors(l, root);
}
