/* Private to policy/. */
#ifndef QW_POLICY_INT_H
#define QW_POLICY_INT_H

#include "qw/policy.h"
#include "qw/yaml.h"

enum {
	ROLES_MAX = 64,
	RULES_MAX = 1000,
	MASKS_MAX = 1000,
	CASES_MAX = 10000,
	COLUMNS_MAX = 5000,
	NAME_BYTES_MAX = 63
};

_Static_assert(QW_VERB_COUNT <= 64, "a set of verbs is one uint64_t");

struct policy_match { /* one line of a role's match block */
	const char *claim;
	const char **values; /* any of */
	size_t value_count;
};

struct name_pattern { /* "schema.name", cut at the dot */
	const char *schema, *name;
	bool any_schema; /* "*" */
};

struct name_set {
	const struct name_pattern *list;
	size_t count;
};

struct string_set {
	const char **list;
	size_t count;
};

struct setting_pattern {   /* "name" or "name=value" */
	const char *name;  /* lower case */
	const char *value; /* NULL: any */
};

struct policy_rule {
	const char *name, *message;
	enum policy_effect effect;
	uint64_t roles;		     /* role bits; all ones when the rule names none */
	uint64_t verbs;		     /* 1 << verb */
	struct string_set databases; /* none: every database */
	struct name_set objects, functions;
	const struct setting_pattern *settings;
	size_t setting_count;
	uint32_t function_bits;			       /* "@class" and "@category" of `functions` */
	bool has_objects, has_functions, has_settings; /* selectors that the rule has */
};

struct policy_case {
	const char *name, *database, *sql, *rule; /* rule may be NULL */
	const struct policy_role *role;
	enum policy_effect expect;
};

struct policy {
	struct qw_arena arena; /* owns everything below */
	char revision[17];
	struct policy_role *roles;
	size_t role_count;
	struct policy_rule
		*rules; /* denies first, then reviews, then allows; each group as in the file */
	size_t rule_count;
	struct policy_mask *masks;
	size_t mask_count;
	struct policy_case *cases;
	size_t case_count;
};

struct loader {
	struct yaml_reader r;
	struct policy *p;
};

/* load_*.c: each reads one section; false: the problem is noted. Roles first, the others look them
 * up. */
bool load_roles(struct loader *l, const struct yaml_node *root);
bool load_rules(struct loader *l, const struct yaml_node *root);
bool load_masks(struct loader *l, const struct yaml_node *root);
bool load_cases(struct loader *l, const struct yaml_node *root);

/* Shared by them (load.c). */
void *load_alloc(struct loader *l, const struct yaml_node *at, size_t count, size_t bytes);
/* The list `key` of the root; *list is NULL when it is absent. */
bool load_list(struct loader *l, const struct yaml_node *root, const char *key, size_t max,
	const struct yaml_node **list);
/* The item's `name`: 1 to 63 bytes. */
bool load_name(struct loader *l, const struct yaml_node *item, const char **out);
bool load_is_new(
	struct loader *l, const struct yaml_node *item, const char *name, const char *other);
/* The set of roles under `roles`; all when it is absent. */
bool load_role_set(struct loader *l, const struct yaml_node *item, uint64_t *out);
bool load_strings(
	struct loader *l, const struct yaml_node *item, const char *key, struct string_set *out);

/* patterns.c */
bool string_set_match(const struct string_set *set, const char *text);
/* No quotes (names are written bare), no control characters, no "**". */
bool pattern_is_sane(const char *pattern);

/* functions.c: bits of classes and categories of built-in functions */
struct function_entry {
	const char *name;
	uint32_t bits;
};
uint32_t function_bits_of(const char *name); /* 0: not built in */
uint32_t function_class_mask(void); /* the bits that are classes; the others are categories */
const char *const *function_bit_names(void); /* NULL-ended; index = bit */

#endif
