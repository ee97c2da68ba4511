/* The `roles` section. */
#include "../policy_int.h"

static bool load_match(struct loader *l, const struct yaml_node *n, struct policy_role *role)
{
	struct policy_match *matches;
	const struct yaml_node *line;
	size_t i;

	if (!n)
		return true; /* never matches */
	if (!yaml_expect(&l->r, n, YAML_MAP))
		return false;
	if (n->count == 0) {
		yaml_fail(&l->r, n,
			"an empty match would let every token in: name a claim, as in {groups: "
			"[name]}");
		return false;
	}
	matches = load_alloc(l, n, n->count, sizeof(*matches));
	if (!matches)
		return false;
	for (line = n->first, i = 0; line; line = line->next, i++) {
		matches[i].claim = line->key;
		if (!yaml_strings(&l->r, line, &matches[i].values, &matches[i].value_count))
			return false;
	}
	role->matches = matches;
	role->match_count = n->count;
	return true;
}

static bool load_role(struct loader *l, const struct yaml_node *item, struct policy_role *role)
{
	static const char *const keys[] = {"name", "match", "databases", "session_max_s",
		"may_approve", "hold_in_transaction", "unreviewed_code", NULL};
	static const char *const effects[] = {
		[POLICY_DENY] = "deny", [POLICY_REVIEW] = "review", [POLICY_ALLOW] = "allow", NULL};
	unsigned effect = POLICY_DENY;
	const struct yaml_node *n;
	struct string_set databases = {0};
	uint64_t seconds = 0;

	if (!yaml_only(&l->r, item, keys) || !load_name(l, item, &role->name) ||
		!load_match(l, yaml_get(item, "match"), role) ||
		!load_strings(l, item, "databases", &databases))
		return false;
	role->databases = databases.list;
	role->database_count = databases.count;
	n = yaml_get(item, "session_max_s");
	if (n && !yaml_u64(&l->r, n, 1, UINT32_MAX, &seconds))
		return false;
	role->session_max_s = (uint32_t)seconds;
	n = yaml_get(item, "may_approve");
	if (n && !yaml_bool(&l->r, n, &role->may_approve))
		return false;
	n = yaml_get(item, "hold_in_transaction");
	if (n && !yaml_bool(&l->r, n, &role->hold_in_transaction))
		return false;
	n = yaml_get(item, "unreviewed_code");
	if (n && !yaml_word(&l->r, n, effects, &effect))
		return false;
	role->unreviewed_code = (enum policy_effect)effect;
	if (role->database_count || role->may_approve)
		return true;
	yaml_fail(&l->r, item,
		"the role \"%s\" reaches no database: add databases: [name], or [\"*\"] for every "
		"one",
		role->name);
	return false;
}

bool load_roles(struct loader *l, const struct yaml_node *root)
{
	struct policy *p = l->p;
	const struct yaml_node *list, *item;
	size_t i, j;

	if (!yaml_need(&l->r, root, "roles") || !load_list(l, root, "roles", ROLES_MAX, &list))
		return false;
	p->roles = load_alloc(l, list, list->count, sizeof(*p->roles));
	if (!p->roles)
		return false;
	for (item = list->first, i = 0; item; item = item->next, i++) {
		if (!load_role(l, item, &p->roles[i]))
			return false;
		for (j = 0; j < i; j++)
			if (!load_is_new(l, item, p->roles[i].name, p->roles[j].name))
				return false;
		p->roles[i].id_bit = UINT64_C(1) << i;
	}
	p->role_count = list->count;
	return true;
}
