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
	LIMITS_MAX = 1000, /* entries of limits, freezes, untrusted, columns, detectors */
	REVIEWED_MAX = 20000,
	PER_MINUTE_MAX = 1000000,
	NAME_BYTES_MAX = 63,
	MESSAGE_BYTES_MAX = 500,
	COLUMN_PATTERN_MAX = 200
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

/* For whom and where: an entry of any section but rules, roles and tests. */
struct policy_scope {
	uint64_t roles;		     /* role bits; all ones when the entry names none */
	struct string_set databases; /* none: every database */
};

/* When a freeze holds; both parts must. */
struct policy_window {
	uint64_t from_us, to_us; /* since 1970, UTC; [from, to) */
	bool is_weekly;
	uint8_t days;		  /* bit 0 is Sunday: the day on which it begins */
	uint16_t from_min, to_min; /* of the day; to <= from ends on the next day */
	int16_t offset_min;	  /* of the local time */
};

enum { /* words of `when` */
	WHEN_TAINTED = 1,
	WHEN_IN_TRANSACTION = 2,
	WHEN_OUTSIDE_TRANSACTION = 4,
	WHEN_SECRET = 8
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
	bool has_egress;			       /* "@egress" of `functions` */
	bool has_objects, has_functions, has_settings; /* selectors that the rule has */
	struct limits limits;
	uint32_t when; /* WHEN_*: all must hold */
	bool has_window;
	struct policy_window window;
};

struct policy_limit { /* an entry of `limits` */
	const char *name;
	struct policy_scope scope;
	struct limits limits;
};

struct policy_untrusted {
	const char *name, *message;
	struct policy_scope scope;
	struct string_set columns;
	enum policy_effect secret, egress; /* once tainted */
};

struct policy_columns { /* an entry of `columns` */
	struct mask_spec spec; /* of what nobody has reviewed */
	struct policy_scope scope;
	struct string_set within, reviewed;
};

enum { DETECTORS_MAX = 24 };

struct policy_detectors {
	const char *name;
	struct policy_scope scope;
	struct string_set columns; /* none: every one */
	enum policy_detect actions[DETECTORS_MAX]; /* by detector_words() */
};

struct policy_reviewed_entry {
	const char *schema, *name, *arguments; /* a function; or */
	const char *hazard;
	const char *sha256; /* NULL: of a hazard that is its own text */
	struct string_set databases;
};

struct policy_case {
	const char *name, *database, *sql, *rule; /* rule may be NULL */
	const struct policy_role *role;
	enum policy_effect expect;
	uint64_t wall_us; /* NO_TIME: freezes are not asked */
	uint32_t when;	  /* WHEN_* */
};
#define NO_TIME UINT64_MAX

struct policy {
	struct qw_arena arena; /* owns everything below */
	char revision[17];
	struct policy_role *roles;
	size_t role_count;
	struct policy_rule
		*rules; /* denies first, then reviews, then allows; each group as in the file */
	size_t rule_count;
	struct policy_rule *moments; /* rules with `when` and freezes; ordered in the same way */
	size_t moment_count, freeze_count;
	struct policy_limit *limits;
	size_t limit_count;
	struct policy_untrusted *untrusted;
	size_t untrusted_count;
	struct policy_columns *columns;
	size_t columns_count;
	struct policy_detectors *detectors;
	size_t detectors_count;
	struct policy_reviewed_entry *reviewed;
	size_t reviewed_count;
	struct policy_mask *masks;
	size_t mask_count;
	struct policy_case *cases;
	size_t case_count;
};

struct loader {
	struct yaml_reader r;
	struct policy *p;
};

/* load/: each reads one section; false: the problem is noted. Roles first, the others look them up. */
bool load_roles(struct loader *l, const struct yaml_node *root);
bool load_rules(struct loader *l, const struct yaml_node *root); /* and freezes */
bool load_masks(struct loader *l, const struct yaml_node *root);
bool load_limits(struct loader *l, const struct yaml_node *root);
bool load_columns(struct loader *l, const struct yaml_node *root); /* columns, untrusted, detectors */
bool load_reviewed(struct loader *l, const struct yaml_node *root);
bool load_cases(struct loader *l, const struct yaml_node *root);

/* Shared by them (load/file.c). */
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

bool load_scope(struct loader *l, const struct yaml_node *item, struct policy_scope *out); /* roles, databases */
/* Patterns schema.table.column under `key`. */
bool load_column_patterns(struct loader *l, const struct yaml_node *item, const char *key, struct string_set *out);
bool load_message(struct loader *l, const struct yaml_node *item, const char **out); /* when there is one */
/* load/limits.c: the values of a map, of which one must be there; `of_principal`: also those that count a principal. */
bool load_limit_values(struct loader *l, const struct yaml_node *map, bool of_principal, struct limits *out);
/* load/moments.c */
bool load_window(struct loader *l, const struct yaml_node *item, struct policy_window *out);
bool load_when(struct loader *l, const struct yaml_node *item, uint32_t *out); /* when there is one */
bool load_time(struct loader *l, const struct yaml_node *n, uint64_t *out_us); /* 2026-12-20T00:00Z */

/* patterns.c */
bool column_matches(const struct string_set *patterns, const struct policy_column *c); /* NULL parts match any */
bool scope_holds(const struct policy_scope *s, const struct policy_role *role, const char *database);
bool string_set_match(const struct string_set *set, const char *text);
/* No quotes (names are written bare), no control characters, no "**". */
bool pattern_is_sane(const char *pattern);

/* judge.c: does the rule concern this act, its conditions of the moment aside? */
bool rule_matches(const struct policy_rule *r, const struct policy_role *role, const char *database, const struct qw_act *act);
/* moment.c: wall_us NO_TIME asks no freeze */
bool window_holds(const struct policy_window *w, uint64_t wall_us);
uint32_t when_of(const struct policy_moment *now);
/* egress.c: reaches out of the database */
bool egress_is_function(const struct qw_act *act);
bool egress_is_act(const struct qw_act *act);
/* settings.c: the names of a class ("@client"), NULL-ended; NULL: no such class. */
const char *const *settings_of_class(const char *word);
const char *const *settings_classes(void);
/* columns.c: "all" and the names of the room detect, NULL-ended */
const char *const *detector_words(void);

/* functions.c: bits of classes and categories of built-in functions */
struct function_entry {
	const char *name;
	uint32_t bits;
};
uint32_t function_bits_of(const char *name); /* 0: not built in */
uint32_t function_class_mask(void); /* the bits that are classes; the others are categories */
const char *const *function_bit_names(void); /* NULL-ended; index = bit */

#endif
