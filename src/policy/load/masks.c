/* The `masks` and `tests` sections. */
#include "../policy_int.h"

static const char *const mask_kinds[] = {[MASK_NULL] = "null",
	[MASK_REDACT] = "redact",
	[MASK_PARTIAL] = "partial",
	[MASK_HASH] = "hash",
	[MASK_CONSTANT] = "constant",
	[MASK_EMAIL] = "email",
	[MASK_FF1] = "ff1",
	[MASK_DATE_SHIFT] = "date_shift",
	[MASK_ROUND] = "round",
	[MASK_TRUNCATE] = "truncate",
	NULL};

/* Each kind of mask takes its own keys; one that does nothing is an error, one that is needed must be there. */
#define KIND(k) (1u << MASK_##k)
static const struct {
	const char *key;
	unsigned taken_by, needed_by; /* sets of kinds */
} kind_keys[] = {
	{"keep_first", KIND(FF1), 0},
	{"keep_last", KIND(PARTIAL) | KIND(FF1), KIND(PARTIAL)},
	{"check_digit", KIND(FF1), 0},
	{"value", KIND(CONSTANT), KIND(CONSTANT)},
	{"domain", KIND(HASH) | KIND(EMAIL) | KIND(FF1) | KIND(DATE_SHIFT), 0},
	{"keep_domains", KIND(EMAIL), 0},
	{"days", KIND(DATE_SHIFT), KIND(DATE_SHIFT)},
	{"subject", KIND(DATE_SHIFT), 0},
	{"to", KIND(ROUND) | KIND(TRUNCATE), KIND(ROUND) | KIND(TRUNCATE)},
};

static bool check_keys(struct loader *l, const struct yaml_node *item, enum mask_kind kind)
{
	for (size_t i = 0; i < sizeof(kind_keys) / sizeof(kind_keys[0]); i++) {
		const struct yaml_node *n = yaml_get(item, kind_keys[i].key);

		if (n && !(kind_keys[i].taken_by & 1u << kind)) {
			yaml_fail(&l->r, n, "%s does nothing with mask: %s: remove it", kind_keys[i].key,
				mask_kinds[kind]);
			return false;
		}
		if (!n && (kind_keys[i].needed_by & 1u << kind) &&
			!yaml_need(&l->r, item, kind_keys[i].key))
			return false;
	}
	return true;
}

/* `key` as a number in `*out`, which stays as it is when there is none. */
static bool load_number(struct loader *l, const struct yaml_node *item, const char *key, uint64_t min,
	uint64_t max, uint64_t *out)
{
	const struct yaml_node *n = yaml_get(item, key);

	return !n || yaml_u64(&l->r, n, min, max, out);
}

static bool load_text(struct loader *l, const struct yaml_node *item, const char *key, const char **out)
{
	const struct yaml_node *n = yaml_get(item, key);

	return !n || yaml_string(&l->r, n, out);
}

static bool is_mail_domain(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-.");

	return n > 0 && s[n] == '\0' && s[0] != '.' && s[n - 1] != '.' && strchr(s, '.');
}

/* The mask room takes them as one text with blanks between. */
static bool load_domains(struct loader *l, const struct yaml_node *item, struct mask_spec *spec)
{
	const struct yaml_node *n = yaml_get(item, "keep_domains");
	const char **list, *joined = "";
	size_t count;

	if (!n)
		return true;
	if (!yaml_strings(&l->r, n, &list, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!is_mail_domain(list[i])) {
			yaml_fail(&l->r, n,
				"bad domain \"%.60s\": write it in small letters, without @, like example.org",
				list[i]);
			return false;
		}
		joined = qw_arena_printf(&l->p->arena, "%s%s%s", joined, *joined ? " " : "", list[i]);
		if (!joined) {
			yaml_fail(&l->r, n, "too many domains: remove some");
			return false;
		}
	}
	spec->constant = joined;
	return true;
}

static bool load_words(struct loader *l, const struct yaml_node *item, struct mask_spec *spec)
{
	static const char *const digits[] = {"luhn", NULL};
	static const char *const units[] = {
		[MASK_UNIT_YEAR] = "year", [MASK_UNIT_MONTH] = "month", NULL};
	const struct yaml_node *n = yaml_get(item, "check_digit");
	unsigned word = 0;

	if (n && !yaml_word(&l->r, n, digits, &word))
		return false;
	spec->has_check_digit = n != NULL;
	n = yaml_get(item, "to");
	if (spec->kind == MASK_ROUND)
		return yaml_u64(&l->r, n, 1, MASK_STEP_MAX, &spec->step);
	if (spec->kind == MASK_TRUNCATE && !yaml_word(&l->r, n, units, &word))
		return false;
	if (spec->kind == MASK_TRUNCATE)
		spec->unit = (enum mask_unit)word;
	return true;
}

static bool load_spec(struct loader *l, const struct yaml_node *item, struct mask_spec *spec)
{
	const struct yaml_node *n = yaml_need(&l->r, item, "mask");
	uint64_t first = 0, last = 0, days = 0;
	unsigned kind = MASK_NULL;

	if (!n || !yaml_word(&l->r, n, mask_kinds, &kind))
		return false;
	spec->kind = (enum mask_kind)kind;
	if (!check_keys(l, item, spec->kind) || !load_number(l, item, "keep_first", 0, 64, &first) ||
		!load_number(l, item, "keep_last", spec->kind == MASK_PARTIAL, 64, &last) ||
		!load_number(l, item, "days", 1, 36500, &days) ||
		!load_text(l, item, "value", &spec->constant) ||
		!load_text(l, item, "domain", &spec->domain) ||
		!load_text(l, item, "subject", &spec->subject) || !load_domains(l, item, spec))
		return false;
	spec->keep_first = (uint8_t)first;
	spec->keep_last = (uint8_t)last;
	spec->days = (uint16_t)days;
	return load_words(l, item, spec);
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
		"name", "columns", "mask", "keep_first", "keep_last", "check_digit", "value", "domain",
		"keep_domains", "days", "subject", "to", "roles", "allow", NULL};
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
