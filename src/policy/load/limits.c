/* Limits: the section `limits`, and the key of a rule. */
#include "../policy_int.h"

/* The largest that makes sense: a day, a million sessions or statements; rows and bytes as many as there may be. */
static uint64_t largest(enum limits_kind kind)
{
	switch (kind) {
	case LIMITS_ROWS_RETURNED:
	case LIMITS_BYTES_RETURNED:
	case LIMITS_ROWS_AFFECTED:
	case LIMITS_CALL_ROWS:
	case LIMITS_CALL_BYTES:
		return INT64_MAX;
	case LIMITS_STATEMENT_S:
		return 86400;
	case LIMITS_SESSIONS:
	case LIMITS_STATEMENTS_PER_MINUTE:
		return PER_MINUTE_MAX;
	case LIMITS_COUNT:
		break;
	}
	return 0;
}

static bool is_of_principal(enum limits_kind kind)
{
	return kind == LIMITS_SESSIONS || kind == LIMITS_STATEMENTS_PER_MINUTE;
}

bool load_limit_values(struct loader *l, const struct yaml_node *map, bool of_principal, struct limits *out)
{
	static const char *const keys[] = {"rows_returned", "bytes_returned", "rows_affected", "statement_s", "call_rows",
		"call_bytes", "sessions", "statements_per_minute", "name", "roles", "databases", NULL};
	size_t found = 0;

	_Static_assert(QW_COUNT(keys) == LIMITS_COUNT + 4, "a key for each limit, in their order");
	if (!yaml_only(&l->r, map, keys))
		return false;
	for (int k = 0; k < LIMITS_COUNT; k++) {
		const struct yaml_node *n = yaml_get(map, keys[k]);
		uint64_t value = 0;

		if (!n)
			continue;
		if (!of_principal && is_of_principal((enum limits_kind)k)) {
			yaml_fail(&l->r, n, "%s counts a principal, not a statement: put it under the top level `limits`", keys[k]);
			return false;
		}
		if (!yaml_u64(&l->r, n, 1, largest((enum limits_kind)k), &value))
			return false;
		limits_set(out, (enum limits_kind)k, value);
		found++;
	}
	for (int k = LIMITS_COUNT; !of_principal && keys[k]; k++) {
		const struct yaml_node *n = yaml_get(map, keys[k]);

		if (!n)
			continue;
		yaml_fail(&l->r, n, "%s does nothing in the limits of a rule: remove it", keys[k]);
		return false;
	}
	if (!found)
		yaml_fail(&l->r, map, "no limit here: write one, as in rows_returned: 10000");
	return found > 0;
}

bool load_limits(struct loader *l, const struct yaml_node *root)
{
	const struct yaml_node *list, *item;
	size_t i, j;

	if (!load_list(l, root, "limits", LIMITS_MAX, &list))
		return false;
	if (!list)
		return true;
	l->p->limits = load_alloc(l, list, list->count, sizeof(*l->p->limits));
	if (!l->p->limits)
		return false;
	for (item = list->first, i = 0; item; item = item->next, i++) {
		struct policy_limit *limit = &l->p->limits[i];

		if (!load_limit_values(l, item, true, &limit->limits) || !load_name(l, item, &limit->name) ||
			!load_scope(l, item, &limit->scope))
			return false;
		for (j = 0; j < i; j++)
			if (!load_is_new(l, item, limit->name, l->p->limits[j].name))
				return false;
	}
	l->p->limit_count = list->count;
	return true;
}
