/* The `rules` section: patterns become bit sets, contradictions become errors. */
#include "../policy_int.h"

#include <ctype.h>

#define VERB(id) (UINT64_C(1) << QW_VERB_##id)

static const uint64_t call_verbs = VERB(CALL);
static const uint64_t setting_verbs =
	VERB(SET) | VERB(SHOW) | VERB(SET_PINNED) | VERB(SET_ROLE) | VERB(RESET_ALL);

static bool unknown_verb(struct loader *l, const struct yaml_node *at, const char *word)
{
	const char *names[QW_VERB_COUNT + 1] = {0};
	const char *near;

	for (int v = 0; v < QW_VERB_COUNT; v++)
		names[v] = qw_verb_name((enum qw_verb)v);
	near = yaml_nearest(word, names);
	yaml_fail(&l->r, at, "unknown verb \"%.60s\": %s%s%s", word,
		near ? "did you mean \"" : "docs/policy.md lists them", near ? near : "",
		near ? "\"?" : "");
	return false;
}

/* A star never gives away a sensitive verb, but it forbids them all. */
static bool add_verbs(
	struct loader *l, const struct yaml_node *at, const char *pattern, struct policy_rule *rule)
{
	bool has_star = strchr(pattern, '*');
	uint64_t found = 0;

	for (int v = 0; v < QW_VERB_COUNT; v++) {
		if (has_star && rule->effect != POLICY_DENY &&
			qw_verb_is_sensitive((enum qw_verb)v))
			continue;
		if (policy_pattern_match(pattern, qw_verb_name((enum qw_verb)v)))
			found |= UINT64_C(1) << v;
	}
	rule->verbs |= found;
	return found || unknown_verb(l, at, pattern);
}

/* In a rule with selectors, a verb that none of them concerns would silently do nothing. */
static bool is_selected(struct loader *l, const struct yaml_node *at, const char *word,
	const struct policy_rule *rule)
{
	const char *key;
	uint64_t verb = 0;
	bool is_there;

	if (strchr(word, '*') || !(rule->has_objects || rule->has_functions || rule->has_settings))
		return true;
	for (int v = 0; v < QW_VERB_COUNT; v++)
		if (strcmp(word, qw_verb_name((enum qw_verb)v)) == 0)
			verb = UINT64_C(1) << v;
	is_there = verb & call_verbs	  ? rule->has_functions
		   : verb & setting_verbs ? rule->has_settings
					  : rule->has_objects;
	if (is_there)
		return true;
	key = verb & call_verbs ? "functions" : verb & setting_verbs ? "settings" : "objects";
	yaml_fail(&l->r, at,
		"\"%s\" does nothing in a rule that selects, but not by `%s`: put it into a rule "
		"of its own",
		word, key);
	return false;
}

static bool load_verbs(struct loader *l, const struct yaml_node *item, struct policy_rule *rule)
{
	const struct yaml_node *n = yaml_get(item, "verbs"), *at;
	struct string_set words = {0};
	size_t i;

	if (!n && rule->effect == POLICY_ALLOW) {
		yaml_fail(&l->r, item,
			"an allow rule must say what it allows: add verbs: [...], or verbs: "
			"[\"*\"]");
		return false;
	}
	if (!n)
		return add_verbs(l, item, "*", rule);
	if (!load_strings(l, item, "verbs", &words))
		return false;
	at = n->kind == YAML_LIST ? n->first : n;
	for (i = 0; i < words.count; i++, at = at->next)
		if (!add_verbs(l, at, words.list[i], rule) ||
			!is_selected(l, at, words.list[i], rule))
			return false;
	return true;
}

/* "schema.name" -> its two parts */
static bool split_name(
	struct loader *l, const struct yaml_node *at, const char *text, struct name_pattern *out)
{
	const char *dot = strchr(text, '.');

	if (!dot || dot == text || !dot[1] || strchr(dot + 1, '.') || !pattern_is_sane(text)) {
		yaml_fail(&l->r, at,
			"bad pattern \"%.60s\": write schema.name without quotes; * stands for any "
			"run of characters%s%.60s%s",
			text, dot ? "" : ", as in \"*.", dot ? "" : text, dot ? "" : "\"");
		return false;
	}
	out->schema = qw_arena_strdup(l->r.arena, qw_bytes(text, (size_t)(dot - text)));
	if (!out->schema) {
		yaml_fail(&l->r, at, "out of memory");
		return false;
	}
	out->name = dot + 1;
	out->any_schema = strcmp(out->schema, "*") == 0;
	return true;
}

static bool add_class(
	struct loader *l, const struct yaml_node *at, const char *word, struct policy_rule *rule)
{
	const char *const *names = function_bit_names();
	const char *near;
	size_t i;

	if (strcmp(word, "@egress") == 0 && rule->effect != POLICY_ALLOW) {
		rule->has_egress = true;
		return true;
	}
	if (strcmp(word, "@egress") == 0) {
		yaml_fail(&l->r, at, "@egress only forbids (it goes by name, in any schema): name the functions to allow");
		return false;
	}
	for (i = 0; names[i]; i++) {
		if (strcmp(names[i], word + 1) != 0)
			continue;
		rule->function_bits |= 1u << i;
		return true;
	}
	near = yaml_nearest(word + 1, names);
	yaml_fail(&l->r, at, "unknown class of functions \"%.60s\": %s%s%s", word,
		near ? "did you mean \"@" : "docs/policy.md lists them", near ? near : "",
		near ? "\"?" : "");
	return false;
}

/* Patterns of objects and functions; only the latter have classes. */
static bool load_names(struct loader *l, const struct yaml_node *n, struct policy_rule *rule,
	struct name_set *out, bool has_classes)
{
	const struct yaml_node *at;
	struct name_pattern *list;
	const char **words;
	size_t count, i;

	if (!yaml_strings(&l->r, n, &words, &count))
		return false;
	list = load_alloc(l, n, count, sizeof(*list));
	if (!list)
		return false;
	out->list = list;
	at = n->kind == YAML_LIST ? n->first : n;
	for (i = 0; i < count; i++, at = at->next) {
		bool is_class = has_classes && words[i][0] == '@';

		if (is_class ? !add_class(l, at, words[i], rule)
			     : !split_name(l, at, words[i], &list[out->count]))
			return false;
		out->count += !is_class;
	}
	return true;
}

/* "name" or "name=value"; names of settings are compared in lower case, values exactly. */
static bool split_setting(
	struct loader *l, const struct yaml_node *at, const char *text, struct setting_pattern *out)
{
	size_t n = strcspn(text, "=");
	char *name = qw_arena_strdup(l->r.arena, qw_bytes(text, n)), *p;

	if (!name) {
		yaml_fail(&l->r, at, "out of memory");
		return false;
	}
	if (n == 0 || !pattern_is_sane(name) || strchr(name, ' ')) {
		yaml_fail(&l->r, at,
			"bad pattern \"%.60s\": write name, or name=value; * stands for any run of "
			"characters",
			text);
		return false;
	}
	for (p = name; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	out->name = name;
	out->value = text[n] ? text + n + 1 : NULL;
	return true;
}

/* How many patterns a word stands for: a class for its members. 0: said why. */
static size_t setting_words(struct loader *l, const struct yaml_node *at, const char *word)
{
	const char *const *members = settings_of_class(word);
	const char *near;
	size_t n = 0;

	if (word[0] != '@')
		return 1;
	if (!members) {
		near = yaml_nearest(word, settings_classes());
		yaml_fail(&l->r, at, "unknown class of settings \"%.60s\": %s%s%s", word,
			near ? "did you mean \"" : "docs/policy.md lists them", near ? near : "", near ? "\"?" : "");
		return 0;
	}
	while (members[n])
		n++;
	return n;
}

static bool add_settings(struct loader *l, const struct yaml_node *at, const char *word, struct setting_pattern *out)
{
	const char *const *members = settings_of_class(word);

	if (word[0] != '@')
		return split_setting(l, at, word, out);
	for (; *members; members++, out++)
		if (!split_setting(l, at, *members, out))
			return false;
	return true;
}

static bool load_settings(struct loader *l, const struct yaml_node *n, struct policy_rule *rule)
{
	struct setting_pattern *list;
	const struct yaml_node *at = n->kind == YAML_LIST ? n->first : n;
	const char **words;
	size_t count, total = 0, i;

	if (!yaml_strings(&l->r, n, &words, &count))
		return false;
	for (i = 0; i < count; i++, at = at->next) {
		size_t more = setting_words(l, at, words[i]);

		if (!more)
			return false;
		total += more;
	}
	list = load_alloc(l, n, total, sizeof(*list));
	if (!list)
		return false;
	rule->settings = list;
	rule->setting_count = total;
	at = n->kind == YAML_LIST ? n->first : n;
	for (i = 0; i < count; i++, at = at->next) {
		if (!add_settings(l, at, words[i], list))
			return false;
		list += setting_words(l, at, words[i]);
	}
	return true;
}

static bool load_selectors(struct loader *l, const struct yaml_node *item, struct policy_rule *rule)
{
	const struct yaml_node *objects = yaml_get(item, "objects"),
			       *functions = yaml_get(item, "functions");
	const struct yaml_node *settings = yaml_get(item, "settings"), *at = NULL;

	rule->has_objects = objects;
	rule->has_functions = functions;
	rule->has_settings = settings;
	if ((objects && !load_names(l, objects, rule, &rule->objects, false)) ||
		(functions && !load_names(l, functions, rule, &rule->functions, true)) ||
		(settings && !load_settings(l, settings, rule)) || !load_verbs(l, item, rule))
		return false;
	if (functions && !(rule->verbs & call_verbs))
		at = functions;
	else if (settings && !(rule->verbs & setting_verbs))
		at = settings;
	else if (objects && !(rule->verbs & ~(call_verbs | setting_verbs)))
		at = objects;
	if (at)
		yaml_fail(&l->r, at, "`%s` concerns no verb of this rule: %s", at->key,
			at == functions	 ? "add call to verbs"
			: at == settings ? "add set or show to verbs"
					 : "add select, insert ... to verbs");
	return !at;
}

static bool load_effect(struct loader *l, const struct yaml_node *n, enum policy_effect *out)
{
	static const char *const effects[] = {
		[POLICY_DENY] = "deny", [POLICY_REVIEW] = "review", [POLICY_ALLOW] = "allow", NULL};
	unsigned effect = POLICY_DENY;

	if (!n || !yaml_word(&l->r, n, effects, &effect))
		return false;
	*out = (enum policy_effect)effect;
	return true;
}

/* Limits tighten what is let through; a moment can only take away. */
static bool load_conditions(struct loader *l, const struct yaml_node *item, struct policy_rule *rule)
{
	const struct yaml_node *limits = yaml_get(item, "limits"), *when = yaml_get(item, "when");

	if (limits && rule->effect == POLICY_DENY) {
		yaml_fail(&l->r, limits, "limits do nothing in a deny rule: remove them, or allow within limits");
		return false;
	}
	if (when && rule->effect == POLICY_ALLOW) {
		yaml_fail(&l->r, when, "an allow rule cannot depend on the moment: allow it always, and write a deny rule with "
				       "`when` for the rest");
		return false;
	}
	if (when && limits) {
		yaml_fail(&l->r, limits, "limits cannot depend on the moment: put them into a rule without `when`");
		return false;
	}
	return load_when(l, item, &rule->when) && (!limits || load_limit_values(l, limits, false, &rule->limits));
}

static bool load_rule(struct loader *l, const struct yaml_node *item, struct policy_rule *rule)
{
	static const char *const keys[] = {"name", "effect", "roles", "verbs", "objects",
		"functions", "settings", "databases", "message", "limits", "when", NULL};

	return yaml_only(&l->r, item, keys) && load_name(l, item, &rule->name) &&
	       load_effect(l, yaml_need(&l->r, item, "effect"), &rule->effect) &&
	       load_message(l, item, &rule->message) && load_conditions(l, item, rule) &&
	       load_role_set(l, item, &rule->roles) &&
	       load_strings(l, item, "databases", &rule->databases) && load_selectors(l, item, rule);
}

/* A freeze is a rule that holds for a time; it denies unless it says review. */
static bool load_freeze(struct loader *l, const struct yaml_node *item, struct policy_rule *rule)
{
	static const char *const keys[] = {"name", "effect", "roles", "databases", "verbs", "objects", "functions", "message",
		"from", "to", "weekly", NULL};
	const struct yaml_node *effect;

	if (!yaml_only(&l->r, item, keys) || !load_name(l, item, &rule->name))
		return false;
	effect = yaml_get(item, "effect");
	if (effect && !load_effect(l, effect, &rule->effect))
		return false;
	if (rule->effect == POLICY_ALLOW) {
		yaml_fail(&l->r, effect, "a freeze takes away: write deny or review");
		return false;
	}
	rule->has_window = true;
	return yaml_need(&l->r, item, "verbs") && load_message(l, item, &rule->message) && load_window(l, item, &rule->window) &&
	       load_role_set(l, item, &rule->roles) && load_strings(l, item, "databases", &rule->databases) &&
	       load_selectors(l, item, rule);
}

/* Names that verdicts use where no rule decided. */
static bool is_reserved(struct loader *l, const struct yaml_node *item, const char *name)
{
	return !load_is_new(l, item, name, "default") || !load_is_new(l, item, name, "empty") ||
	       !load_is_new(l, item, name, "unreachable");
}

/* The strictest first, so that judging ends at the first that matches; stable. Returns how many were taken. */
static size_t order_rules(const struct policy_rule *from, size_t count, bool of_moment, struct policy_rule *to)
{
	static const enum policy_effect order[] = {POLICY_DENY, POLICY_REVIEW, POLICY_ALLOW};
	const struct policy_rule *start = to;
	size_t e, i;

	for (e = 0; e < QW_COUNT(order); e++)
		for (i = 0; i < count; i++)
			if (from[i].effect == order[e] && (from[i].when || from[i].has_window) == of_moment)
				*to++ = from[i];
	return (size_t)(to - start);
}

static bool is_new_rule(struct loader *l, const struct yaml_node *item, const struct policy_rule *rules, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (!load_is_new(l, item, rules[i].name, rules[j].name))
			return false;
	return !is_reserved(l, item, rules[i].name);
}

bool load_rules(struct loader *l, const struct yaml_node *root)
{
	const struct yaml_node *list, *freezes, *item;
	struct policy_rule *rules;
	struct policy *p = l->p;
	size_t total, i = 0;

	if (!yaml_need(&l->r, root, "rules") || !load_list(l, root, "rules", RULES_MAX, &list) ||
		!load_list(l, root, "freezes", LIMITS_MAX, &freezes))
		return false;
	p->freeze_count = freezes ? freezes->count : 0;
	total = list->count + p->freeze_count;
	rules = load_alloc(l, list, total, sizeof(*rules));
	p->rules = load_alloc(l, list, total, sizeof(*rules));
	p->moments = load_alloc(l, list, total, sizeof(*rules));
	if (!rules || !p->rules || !p->moments)
		return false;
	for (item = list->first; item; item = item->next, i++)
		if (!load_rule(l, item, &rules[i]) || !is_new_rule(l, item, rules, i))
			return false;
	for (item = freezes ? freezes->first : NULL; item; item = item->next, i++)
		if (!load_freeze(l, item, &rules[i]) || !is_new_rule(l, item, rules, i))
			return false;
	p->rule_count = order_rules(rules, total, false, p->rules);
	p->moment_count = order_rules(rules, total, true, p->moments);
	return true;
}
