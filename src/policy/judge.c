/* The verdict: every act against every rule, the strictest rules first. No allocation. */
#include "policy_int.h"

#include <ctype.h>

const char *policy_effect_name(enum policy_effect e)
{
	switch (e) {
	case POLICY_DENY:
		return "deny";
	case POLICY_REVIEW:
		return "review";
	case POLICY_ALLOW:
		return "allow";
	}
	return "deny";
}

/* Which selector of a rule concerns an act. */
enum act_class { ACT_OBJECT, ACT_CALL, ACT_SETTING, ACT_NOTHING };

struct subject { /* an act, looked at once for all rules */
	const struct qw_act *act;
	enum act_class class;
	uint32_t function_bits; /* of a built-in function */
};

#define VERB(id) (UINT64_C(1) << QW_VERB_##id)

static bool verb_in(enum qw_verb v, uint64_t set)
{
	return (unsigned)v < QW_VERB_COUNT && (set >> v & 1);
}

/* SHOW VARIABLES: any of them; LIKE's pattern where there is one is the name. */
static bool shows_variables(const struct qw_act *act)
{
	return act->verb == QW_VERB_SHOW && act->kind != QW_OBJECT_SETTING && act->kind_name && strcmp(act->kind_name, "variables") == 0;
}

static bool is_of_setting(const struct qw_act *act)
{
	if (act->kind == QW_OBJECT_SETTING || shows_variables(act))
		return true;
	if (act->verb == QW_VERB_SHOW) /* MySQL's SHOW TABLES, SHOW CREATE VIEW v ... */
		return act->kind == QW_OBJECT_NONE && !act->kind_name;
	return verb_in(act->verb, VERB(SET) | VERB(SET_PINNED) | VERB(SET_ROLE) | VERB(RESET_ALL));
}

static struct subject subject_of(const struct qw_act *act)
{
	struct subject s = {.act = act, .class = ACT_OBJECT};

	if (act->verb == QW_VERB_CALL) {
		s.class = ACT_CALL;
		if (act->name && (!act->schema || strcmp(act->schema, "pg_catalog") == 0))
			s.function_bits = function_bits_of(act->name);
	} else if (is_of_setting(act)) {
		s.class = ACT_SETTING;
	} else if (act->kind == QW_OBJECT_NONE) {
		s.class = ACT_NOTHING;
	}
	return s;
}

/*
 * An unqualified name may be found in any schema of the search path: forbidden anywhere is
 * forbidden. Only the server's own schemas are known better: all their relations are named pg_*,
 * and pg_toast_*.
 */
static bool may_be_in(
	const struct name_pattern *p, const struct subject *s, enum policy_effect effect)
{
	bool is_toast = strcmp(p->schema, "pg_toast") == 0,
	     is_system = is_toast || strcmp(p->schema, "pg_catalog") == 0;
	bool has_system_name =
		strncmp(s->act->name, is_toast ? "pg_toast_" : "pg_", is_toast ? 9 : 3) == 0 ||
		s->function_bits;

	if (p->any_schema)
		return true;
	if (effect == POLICY_ALLOW)
		return strcmp(p->schema, "public") == 0 || (is_system && has_system_name);
	return !is_system || has_system_name || s->act->kind != QW_OBJECT_RELATION;
}

/* The server names a session's temporary schema pg_temp_3; a pattern says pg_temp. */
static bool schema_matches(const struct name_pattern *p, const char *schema)
{
	const char *digits = strncmp(schema, "pg_temp_", 8) == 0 ? schema + 8 : NULL;

	if (policy_pattern_match(p->schema, schema))
		return true;
	return digits && *digits && digits[strspn(digits, "0123456789")] == '\0' && policy_pattern_match(p->schema, "pg_temp");
}

static bool name_matches(
	const struct name_pattern *p, const struct subject *s, enum policy_effect effect)
{
	const struct qw_act *act = s->act;

	if (!act->name)
		return effect != POLICY_ALLOW;
	if (!policy_pattern_match(p->name, act->name))
		return false;
	return act->schema ? schema_matches(p, act->schema) : may_be_in(p, s, effect);
}

/* Kinds of things that live in no schema. A kind that is missing here is taken for one that may be
 * in any. */
static bool lives_in_no_schema(const char *kind)
{
	static const char *const kinds[] = {"role", "user", "group", "database", "extension",
		"tablespace", "language", "access method", "foreign data wrapper", "server",
		"user mapping", "publication", "subscription", "event trigger", "parameter",
		"library", "large object", "cast", "transform", "channel", "cursor", "savepoint",
		"prepared statement", "prepared transaction", "session state", "transaction",
		"connection", "query", "user variable"};
	size_t i;

	for (i = 0; i < QW_COUNT(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

/*
 * Things that are no relations. A schema "s" is what "s.*" covers. What lives in no schema can be
 * forbidden by "*.name", and is never allowed by a pattern for things in schemas; nor is what is
 * named without its schema.
 */
static bool other_matches(
	const struct name_pattern *p, const struct subject *s, enum policy_effect effect)
{
	const struct qw_act *act = s->act;

	if (act->schema || !act->name)
		return name_matches(p, s, effect);
	if (strcmp(act->kind_name, "schema") == 0)
		return policy_pattern_match(p->schema, act->name) &&
		       (effect != POLICY_ALLOW || strcmp(p->name, "*") == 0);
	if (effect == POLICY_ALLOW || !policy_pattern_match(p->name, act->name))
		return false;
	return p->any_schema || !lives_in_no_schema(act->kind_name);
}

static bool object_matches(const struct policy_rule *r, const struct subject *s)
{
	size_t i;

	for (i = 0; i < r->objects.count; i++)
		if (s->act->kind == QW_OBJECT_OTHER
				? other_matches(&r->objects.list[i], s, r->effect)
				: name_matches(&r->objects.list[i], s, r->effect))
			return true;
	return false;
}

/* A category allows a function only when it covers all categories of its overloads; it forbids by
 * any. */
static bool function_matches(const struct policy_rule *r, const struct subject *s)
{
	uint32_t classes = function_class_mask(), categories = s->function_bits & ~classes;
	uint32_t wanted = r->function_bits & ~classes;
	size_t i;

	if (r->has_egress && egress_is_function(s->act))
		return true;
	if (s->function_bits & r->function_bits & classes)
		return true;
	if (categories & wanted && (r->effect != POLICY_ALLOW || !(categories & ~wanted)))
		return true;
	if (!s->act->name && (r->function_bits || r->has_egress) && r->effect != POLICY_ALLOW)
		return true;
	for (i = 0; i < r->functions.count; i++)
		if (name_matches(&r->functions.list[i], s, r->effect))
			return true;
	return false;
}

/*
 * Could a variable that `like` finds be one that the pattern names? The server compares without regard to case and accents, and "_"
 * stands for any character; more than letters, digits and "_" is not looked into.
 */
static bool like_may_find(const char *pattern, const char *like)
{
	const char *star = NULL, *again = NULL;

	if (like[strspn(like, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0')
		return true;
	while (*like) {
		if (*pattern == '*') {
			star = ++pattern;
			again = like;
		} else if (*pattern && (*like == '_' || tolower((unsigned char)*like) == *pattern)) {
			pattern++;
			like++;
		} else if (star) {
			pattern = star;
			like = ++again;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

/* What the text does not tell, the name or the value, may be anything: forbidden, never allowed. */
static bool setting_matches(const struct policy_rule *r, const struct qw_act *act)
{
	size_t i;

	if (!act->name)
		return r->effect != POLICY_ALLOW;
	if (shows_variables(act)) {
		for (i = 0; i < r->setting_count && r->effect != POLICY_ALLOW; i++)
			if (like_may_find(r->settings[i].name, act->name))
				return true;
		return false;
	}
	for (i = 0; i < r->setting_count; i++) {
		const struct setting_pattern *p = &r->settings[i];

		if (!policy_pattern_match(p->name, act->name))
			continue;
		if (!p->value || (act->value ? policy_pattern_match(p->value, act->value)
					     : r->effect != POLICY_ALLOW))
			return true;
	}
	return false;
}

/* Verbs that only wrap other acts, which carry the objects: "select 1" reads nothing, EXPLAIN
 * touches what it explains. */
static bool is_wrapper(enum qw_verb v)
{
	return verb_in(v, VERB(SELECT) | VERB(EXPLAIN) | VERB(EXPLAIN_ANALYZE) | VERB(PREPARE) |
				  VERB(EXECUTE) | VERB(COPY_OUT) | VERB(CURSOR_DECLARE) |
				  VERB(CURSOR_FETCH) | VERB(CURSOR_CLOSE));
}

static bool selector_matches(const struct policy_rule *r, const struct subject *s)
{
	if (!r->has_objects && !r->has_functions && !r->has_settings)
		return true;
	switch (s->class) {
	case ACT_OBJECT:
		return r->has_objects && object_matches(r, s);
	case ACT_CALL:
		return r->has_functions && function_matches(r, s);
	case ACT_SETTING:
		return r->has_settings && setting_matches(r, s->act);
	case ACT_NOTHING:
		return r->has_objects && r->effect == POLICY_ALLOW && is_wrapper(s->act->verb);
	}
	return false;
}

static bool database_matches(const struct policy_rule *r, const char *database)
{
	if (r->databases.count == 0)
		return true;
	return database ? string_set_match(&r->databases, database) : r->effect != POLICY_ALLOW;
}

static bool matches(const struct policy_rule *r, const struct policy_role *role, const char *database, const struct subject *s)
{
	return (r->roles & role->id_bit) && verb_in(s->act->verb, r->verbs) && database_matches(r, database) &&
	       selector_matches(r, s);
}

bool rule_matches(const struct policy_rule *r, const struct policy_role *role, const char *database, const struct qw_act *act)
{
	struct subject s = subject_of(act);

	return matches(r, role, database, &s);
}

/* The first rule that matches, in the order of strictness; its limits tighten those that are there. */
static void judge_one(const struct policy *p, const struct policy_role *role, const char *database, const struct qw_act *act,
	struct policy_verdict *out)
{
	struct subject s = subject_of(act);
	size_t i;

	out->effect = POLICY_DENY;
	out->rule = "default";
	out->message = NULL;
	out->act = act;
	for (i = 0; i < p->rule_count; i++) {
		const struct policy_rule *r = &p->rules[i];

		if (!matches(r, role, database, &s))
			continue;
		out->effect = r->effect;
		out->rule = r->name;
		out->message = r->message;
		limits_tighten(&out->limits, &r->limits);
		return;
	}
}

void policy_judge_act(const struct policy *p, const struct policy_role *role, const char *database,
	const struct qw_act *act, struct policy_verdict *out)
{
	*out = (struct policy_verdict){.effect = POLICY_DENY, .rule = "default", .act = act};
	if (!role)
		return;
	policy_limits(p, role, database, &out->limits);
	judge_one(p, role, database, act, out);
}

/* The acts of one statement; *out is replaced by what is stricter, its limits by the strictest. */
static void judge_statement(const struct policy *p, const struct policy_role *role,
	const char *database, const struct qw_statement *st, struct policy_verdict *out)
{
	struct policy_verdict v;
	size_t i;

	if (st->act_count == 0)
		*out = (struct policy_verdict){.effect = POLICY_DENY, .rule = "default"};
	for (i = 0; i < st->act_count && out->effect != POLICY_DENY; i++) {
		v.limits = out->limits;
		judge_one(p, role, database, &st->acts[i], &v);
		if (v.effect < out->effect || !out->act)
			*out = v;
		out->limits = v.limits;
	}
}

void policy_judge(const struct policy *p, const struct policy_role *role, const char *database,
	const struct qw_statement *statements, size_t count, struct policy_verdict *out)
{
	size_t i;

	*out = (struct policy_verdict){.effect = POLICY_DENY, .rule = "default"};
	if (!role)
		return;
	policy_limits(p, role, database, &out->limits);
	out->effect = POLICY_ALLOW;
	out->rule = "empty";
	for (i = 0; i < count && out->effect != POLICY_DENY; i++)
		judge_statement(p, role, database, &statements[i], out);
	if (out->effect == POLICY_ALLOW)
		out->act = NULL;
}
