/* The policy file: who may do what. Loaded strictly, judged purely: deny > review > allow, default deny. */
#ifndef QW_POLICY_H
#define QW_POLICY_H

#include "qw/limits.h"
#include "qw/mask.h"
#include "qw/statement.h"

enum policy_effect { POLICY_DENY, POLICY_REVIEW, POLICY_ALLOW }; /* zero is deny */
const char *policy_effect_name(enum policy_effect e);

/* One claim of a verified token, flattened: {"realm":{"roles":["a","b"]}} is realm.roles=a and realm.roles=b. */
struct qw_claim {
	const char *name, *value;
};

struct policy_role {
	const char *name; /* the user name of the DSN */
	const char **databases; /* "*" for every configured one */
	size_t database_count;
	uint32_t session_max_s; /* 0: until the token expires */
	bool may_approve; /* tokens of this role may approve over the admin socket */
	bool hold_in_transaction; /* may a statement be held while the transaction has written? default false */
	enum policy_effect unreviewed_code; /* of user functions, triggers ... that `reviewed` does not name: default deny */
	/* private to policy/ from here */
	const struct policy_match *matches;
	size_t match_count;
	uint64_t id_bit; /* this role in the role sets of rules and masks */
};

struct policy_mask { /* which columns, for which roles */
	struct mask_spec spec; /* first: a spec's address tells its mask, see policy_mask_of() */
	const char **columns; /* patterns schema.table.column, `*` within a part */
	size_t column_count;
	uint64_t roles; /* set of policy_role.id_bit */
	bool allows_equality; /* the column may be compared with a literal or parameter */
	uint32_t equality_per_minute; /* so often: limits_table_take(.., "equality:NAME", ..) */
	const char **functions; /* schema.name: what they make of the bare column may be shown */
	size_t function_count;
};

struct policy;
struct policy_column {
	const char *schema, *table, *column;
};
enum policy_reviewed { POLICY_REVIEWED_NO, POLICY_REVIEWED_CHANGED /* named, with another hash */, POLICY_REVIEWED_YES };
enum policy_detect { POLICY_DETECT_OFF, POLICY_DETECT_FLAG /* into the record */, POLICY_DETECT_MASK };

/* ---- loading: every error has file:line:column and what to write instead ---- */
struct policy_problem {
	unsigned line, column; /* from 1 */
	char text[1024]; /* "file:line:column: what is wrong: what to write instead" */
};
/* `file` names the text in errors only. CONFIG, NOMEM, CRYPTO: *problem is filled. The policy owns its memory. */
int policy_load(const char *file, struct qw_bytes yaml, struct policy **out, struct policy_problem *problem) QW_MUST_CHECK;
void policy_free(struct policy *p);
const char *policy_revision(const struct policy *p); /* first 16 hex digits of SHA-256 of the text */

/* ---- judging ---- */
/* The role named `role` whose match holds for these claims and whose databases hold `database`; NULL: denied. */
const struct policy_role *policy_role_find(const struct policy *p, const char *role, const char *database,
	const struct qw_claim *claims, size_t claim_count);
/* The role by its name alone: for tests and explanations, never for a session. */
const struct policy_role *policy_role_named(const struct policy *p, const char *role);
const struct policy_role *policy_role_at(const struct policy *p, size_t i); /* NULL: there are no more */
bool policy_role_reaches(const struct policy_role *role, const char *database);
/* A role that may approve and whose match holds; no database is asked for. */
const struct policy_role *policy_role_find_approver(const struct policy *p, const struct qw_claim *claims, size_t claim_count);

struct policy_verdict {
	enum policy_effect effect;
	const char *rule; /* never NULL: "default" when no rule matched; "empty" for no statement at all */
	const char *message; /* the rule's message for the agent, or NULL */
	const struct qw_act *act; /* the act that decided; NULL when allowed or there is none */
	struct limits limits; /* the role's, and of every rule that decided an act: the strictest of each */
};
/*
 * Every act must be allowed. The strictest act decides; among equals the first. An empty list of statements is allowed;
 * a statement without acts, or no role, is denied.
 * An unqualified name may be in any schema (search_path): a deny or review pattern "s.x" matches it, an allow pattern
 * matches it only when its schema part is "*" or "public". Relations of pg_catalog are all named pg_*, those of
 * pg_toast pg_toast_*: patterns with these schemas match an unqualified relation exactly when it is named so.
 * A name that the text does not tell may be any: deny and review patterns match it, allow patterns never do.
 * The verdict holds at any time and may be cached: what depends on the moment is policy_judge_moment()'s.
 */
void policy_judge(const struct policy *p, const struct policy_role *role, const char *database,
	const struct qw_statement *statements, size_t count, struct policy_verdict *out);
/* One act alone; out->act is always set. */
void policy_judge_act(const struct policy *p, const struct policy_role *role, const char *database, const struct qw_act *act,
	struct policy_verdict *out);

/* ---- what depends on the moment: freezes, rules with `when`, taint ---- */
struct policy_moment {
	uint64_t wall_us; /* since 1970, UTC; 0: unknown, every freeze holds */
	bool is_tainted; /* the session has read an untrusted column */
	bool in_transaction; /* a transaction block is open */
	bool reads_secret; /* the statement reads a masked column, if only to compare (flow: labelled reads, equalities) */
};
/* After policy_judge, before every execution, cached or not: *v stays or becomes stricter. */
void policy_judge_moment(const struct policy *p, const struct policy_role *role, const char *database,
	const struct policy_moment *now, const struct qw_statement *statements, size_t count, struct policy_verdict *v);
bool policy_has_moments(const struct policy *p, const struct policy_role *role); /* false: it never changes anything */
/* Does reading it taint the session? column NULL: any column of the table. Here and below a NULL database is any. */
bool policy_taints(const struct policy *p, const struct policy_role *role, const char *database, const struct policy_column *c);
/* Limits of the role alone: sessions, statements_per_minute ... A verdict's limits hold them, too. Are there any for calls, of rules, too? */
void policy_limits(const struct policy *p, const struct policy_role *role, const char *database, struct limits *out);
bool policy_limits_calls(const struct policy *p, const struct policy_role *role);

/* ---- columns ---- index of masks is stable for the policy's life */
size_t policy_mask_count(const struct policy *p);
const struct policy_mask *policy_mask_at(const struct policy *p, size_t i);
bool policy_has_masks(const struct policy *p, const struct policy_role *role); /* or `columns` that mask what is unreviewed */
const struct policy_mask *policy_mask_of(const struct policy *p, const struct mask_spec *spec); /* NULL: of no mask entry */
/* For a label's spec: flow_world.may_apply (schema and name of the function as the server has them). */
bool policy_may_apply(const struct policy *p, const struct mask_spec *spec, const char *schema, const char *name);
/* A column that no mask names: NULL when it is plain, else how it is masked since nobody has reviewed it. */
const struct mask_spec *policy_unreviewed(const struct policy *p, const struct policy_role *role, const char *database,
	const struct policy_column *c);
/* What to do with what the room `detect` finds, by the detector's name. Schema NULL: an expression, every entry counts. */
enum policy_detect policy_detect(const struct policy *p, const struct policy_role *role, const char *database,
	const struct policy_column *c, const char *detector);
bool policy_has_detectors(const struct policy *p, const struct policy_role *role);

/* ---- code of users that was read: sha256 is 64 lower case hex digits, as the catalog room makes them ---- */
enum policy_reviewed policy_function_reviewed(const struct policy *p, const char *database, const char *schema, const char *name,
	const char *arguments /* types as catalog_function.args */, const char *sha256);
enum policy_reviewed policy_hazard_reviewed(const struct policy *p, const char *database, const char *hazard, const char *sha256);

/*
 * `policy test`: runs the cases inside the file; calls `on_case` for each; returns the number that failed. policy/ knows
 * no parser, so the caller gives one, which works as sqlparse_postgres() does. A text that it refuses is the act UNPARSED.
 */
typedef int (*policy_parse_fn)(struct qw_bytes sql, struct qw_arena *arena, struct qw_statements *out);
typedef void (*policy_case_cb)(void *ctx, const char *name, bool passed, const char *expected, const char *got);
size_t policy_run_cases(const struct policy *p, policy_parse_fn parse, policy_case_cb on_case, void *ctx);

struct policy_counts {
	size_t roles, rules, masks, cases, limits, freezes, untrusted, columns, detectors, reviewed;
};
void policy_counts_get(const struct policy *p, struct policy_counts *out);

/* The class and categories of a built-in function, "@deny @file" or "@allow @plain"; false: not built in. */
bool policy_function_class(const char *name, char *out, size_t size);
/* The class of a setting: "@client"; NULL: in none. */
const char *policy_setting_class(const char *name);

/* `*` stands for any run of characters, everything else for itself; exact case. Used by policy and labels. */
bool policy_pattern_match(const char *pattern, const char *text);

#endif
