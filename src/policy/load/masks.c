/* The `masks` and `tests` sections. */
#include "../policy_int.h"

/* Each kind of mask takes its own keys; one that does nothing is an error. */
static bool refuse_key(
	struct loader *l, const struct yaml_node *item, const char *key, const char *kind)
{
	const struct yaml_node *n = yaml_get(item, key);

	if (!n)
		return true;
	yaml_fail(&l->r, n, "%s does nothing with mask: %s: remove it", key, kind);
	return false;
}

static bool load_spec(struct loader *l, const struct yaml_node *item, struct mask_spec *spec)
{
	static const char *const kinds[] = {[MASK_NULL] = "null",
		[MASK_REDACT] = "redact",
		[MASK_PARTIAL] = "partial",
		[MASK_HASH] = "hash",
		[MASK_CONSTANT] = "constant",
		NULL};
	const struct yaml_node *n = yaml_need(&l->r, item, "mask");
	unsigned kind = MASK_NULL;
	uint64_t keep = 0;

	if (!n || !yaml_word(&l->r, n, kinds, &kind))
		return false;
	spec->kind = (enum mask_kind)kind;
	if (spec->kind == MASK_PARTIAL) {
		n = yaml_need(&l->r, item, "keep_last");
		if (!n || !yaml_u64(&l->r, n, 1, 64, &keep))
			return false;
		spec->keep_last = (uint8_t)keep;
	} else if (!refuse_key(l, item, "keep_last", kinds[kind])) {
		return false;
	}
	if (spec->kind == MASK_CONSTANT) {
		n = yaml_need(&l->r, item, "value");
		if (!n || !yaml_string(&l->r, n, &spec->constant))
			return false;
	} else if (!refuse_key(l, item, "value", kinds[kind])) {
		return false;
	}
	n = yaml_get(item, "domain");
	if (n && spec->kind == MASK_HASH)
		return yaml_string(&l->r, n, &spec->domain);
	return refuse_key(l, item, "domain", kinds[kind]);
}

/* Shown is what the function makes of a sensitive value: each is named, so that somebody has looked at it. */
static bool load_functions(struct loader *l, const struct yaml_node *n, struct policy_mask *mask)
{
	const struct yaml_node *at;
	size_t i;

	if (!yaml_strings(&l->r, n, &mask->functions, &mask->function_count))
		return false;
	at = n->kind == YAML_LIST ? n->first : n;
	for (i = 0; i < mask->function_count; i++, at = at->next) {
		const char *text = mask->functions[i], *dot = strchr(text, '.');

		if (dot && dot > text && dot[1] && !strchr(dot + 1, '.') && !strchr(text, '*') && pattern_is_sane(text))
			continue;
		yaml_fail(&l->r, at, "bad function \"%.60s\": name one function as schema.name, as in pg_catalog.left", text);
		return false;
	}
	return true;
}

static bool load_allow(struct loader *l, const struct yaml_node *item, struct policy_mask *mask)
{
	static const char *const keys[] = {"equality", "functions", NULL}, *const rate_keys[] = {"per_minute", NULL};
	const struct yaml_node *allow = yaml_get(item, "allow"), *equality, *functions, *rate;
	uint64_t per_minute = 0;

	if (!allow)
		return true;
	if (!yaml_only(&l->r, allow, keys))
		return false;
	equality = yaml_get(allow, "equality");
	functions = yaml_get(allow, "functions");
	if (!equality && !functions) {
		yaml_fail(&l->r, allow, "allow is empty: write equality: {per_minute: 30}, or functions: [schema.name]");
		return false;
	}
	if (functions && !load_functions(l, functions, mask))
		return false;
	if (!equality)
		return true;
	if (!yaml_only(&l->r, equality, rate_keys))
		return false;
	rate = yaml_need(&l->r, equality, "per_minute");
	if (!rate || !yaml_u64(&l->r, rate, 1, PER_MINUTE_MAX, &per_minute))
		return false;
	mask->allows_equality = true;
	mask->equality_per_minute = (uint32_t)per_minute;
	return true;
}

static bool load_mask(struct loader *l, const struct yaml_node *item, struct policy_mask *mask)
{
	static const char *const keys[] = {
		"name", "columns", "mask", "keep_last", "value", "domain", "roles", "allow", NULL};
	struct string_set columns = {0};

	if (!yaml_only(&l->r, item, keys) || !load_name(l, item, &mask->spec.name) ||
		!load_spec(l, item, &mask->spec) || !load_role_set(l, item, &mask->roles) ||
		!load_allow(l, item, mask) || !load_column_patterns(l, item, "columns", &columns))
		return false;
	mask->columns = columns.list;
	mask->column_count = columns.count;
	return true;
}

/* The same column masked in two ways for one role would have no right answer. */
static bool masks_agree(struct loader *l, const struct yaml_node *item, const struct policy_mask *a,
	const struct policy_mask *b)
{
	size_t i, j;

	if (!(a->roles & b->roles))
		return true;
	for (i = 0; i < a->column_count; i++) {
		for (j = 0; j < b->column_count; j++) {
			if (strcmp(a->columns[i], b->columns[j]) != 0)
				continue;
			yaml_fail(&l->r, yaml_get(item, "columns"),
				"\"%s\" is masked by \"%s\" already: name it once for each role",
				a->columns[i], b->spec.name);
			return false;
		}
	}
	return true;
}

bool load_masks(struct loader *l, const struct yaml_node *root)
{
	struct policy *p = l->p;
	const struct yaml_node *list, *item;
	size_t columns = 0, i, j;

	if (!load_list(l, root, "masks", MASKS_MAX, &list))
		return false;
	if (!list)
		return true;
	p->masks = load_alloc(l, list, list->count, sizeof(*p->masks));
	if (!p->masks)
		return false;
	for (item = list->first, i = 0; item; item = item->next, i++) {
		if (!load_mask(l, item, &p->masks[i]))
			return false;
		columns += p->masks[i].column_count;
		if (columns > COLUMNS_MAX) { /* they are compared with each other */
			yaml_fail(&l->r, item, "more than %d columns in all masks: use patterns",
				COLUMNS_MAX);
			return false;
		}
		for (j = 0; j < i; j++)
			if (!load_is_new(l, item, p->masks[i].spec.name, p->masks[j].spec.name) ||
				!masks_agree(l, item, &p->masks[i], &p->masks[j]))
				return false;
	}
	p->mask_count = list->count;
	return true;
}

static bool check_rule_name(struct loader *l, const struct yaml_node *n, const char *name)
{
	size_t i;

	for (i = 0; i < l->p->rule_count; i++)
		if (strcmp(l->p->rules[i].name, name) == 0)
			return true;
	for (i = 0; i < l->p->moment_count; i++)
		if (strcmp(l->p->moments[i].name, name) == 0)
			return true;
	for (i = 0; i < l->p->untrusted_count; i++)
		if (strcmp(l->p->untrusted[i].name, name) == 0)
			return true;
	if (strcmp(name, "default") == 0 || strcmp(name, "empty") == 0 ||
		strcmp(name, "unreachable") == 0)
		return true;
	yaml_fail(
		&l->r, n, "there is no rule \"%.63s\": write the name of a rule, or default", name);
	return false;
}

static bool load_case(struct loader *l, const struct yaml_node *item, struct policy_case *c)
{
	static const char *const keys[] = {
		"name", "role", "database", "sql", "expect", "rule", "at", "when", NULL};
	static const char *const effects[] = {
		[POLICY_DENY] = "deny", [POLICY_REVIEW] = "review", [POLICY_ALLOW] = "allow", NULL};
	const struct yaml_node *role, *database, *sql, *expect, *rule, *at;
	unsigned effect = POLICY_DENY;
	const char *name;

	if (!yaml_only(&l->r, item, keys) || !load_name(l, item, &c->name))
		return false;
	role = yaml_need(&l->r, item, "role");
	database = yaml_need(&l->r, item, "database");
	sql = yaml_need(&l->r, item, "sql");
	expect = yaml_need(&l->r, item, "expect");
	rule = yaml_get(item, "rule");
	at = yaml_get(item, "at");
	c->wall_us = NO_TIME;
	if (!load_when(l, item, &c->when) || (at && !load_time(l, at, &c->wall_us)))
		return false;
	if (!role || !database || !sql || !expect || !yaml_string(&l->r, role, &name) ||
		!yaml_string(&l->r, database, &c->database) || !yaml_text(&l->r, sql, &c->sql) ||
		!yaml_word(&l->r, expect, effects, &effect))
		return false;
	c->expect = (enum policy_effect)effect;
	c->role = policy_role_named(l->p, name);
	if (!c->role)
		yaml_fail(&l->r, role, "there is no role \"%.63s\": write one of those under roles",
			name);
	return c->role &&
	       (!rule || (yaml_string(&l->r, rule, &c->rule) && check_rule_name(l, rule, c->rule)));
}

bool load_cases(struct loader *l, const struct yaml_node *root)
{
	struct policy *p = l->p;
	const struct yaml_node *list, *item;
	size_t i;

	if (!load_list(l, root, "tests", CASES_MAX, &list))
		return false;
	if (!list)
		return true;
	p->cases = load_alloc(l, list, list->count, sizeof(*p->cases));
	if (!p->cases)
		return false;
	for (item = list->first, i = 0; item; item = item->next, i++)
		if (!load_case(l, item, &p->cases[i]))
			return false;
	p->case_count = list->count;
	return true;
}
