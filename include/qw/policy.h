/* The policy file: who may do what. Loaded strictly, judged purely: deny > review > allow, default deny. */
#ifndef QW_POLICY_H
#define QW_POLICY_H

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
	/* private to policy/ from here */
	const struct policy_match *matches;
	size_t match_count;
	uint64_t id_bit; /* this role in the role sets of rules and masks */
};

struct policy_mask { /* which columns, for which roles */
	struct mask_spec spec;
	const char **columns; /* patterns schema.table.column, `*` within a part */
	size_t column_count;
	uint64_t roles; /* set of policy_role.id_bit */
};

struct policy;

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
bool policy_role_reaches(const struct policy_role *role, const char *database);
/* A role that may approve and whose match holds; no database is asked for. */
const struct policy_role *policy_role_find_approver(const struct policy *p, const struct qw_claim *claims, size_t claim_count);

struct policy_verdict {
	enum policy_effect effect;
	const char *rule; /* never NULL: "default" when no rule matched; "empty" for no statement at all */
	const char *message; /* the rule's message for the agent, or NULL */
	const struct qw_act *act; /* the act that decided; NULL when allowed or there is none */
};
/*
 * Every act must be allowed. The strictest act decides; among equals the first. An empty list of statements is allowed;
 * a statement without acts, or no role, is denied.
 * An unqualified name may be in any schema (search_path): a deny or review pattern "s.x" matches it, an allow pattern
 * matches it only when its schema part is "*" or "public". Relations of pg_catalog are all named pg_*, those of
 * pg_toast pg_toast_*: patterns with these schemas match an unqualified relation exactly when it is named so.
 * A name that the text does not tell may be any: deny and review patterns match it, allow patterns never do.
 */
void policy_judge(const struct policy *p, const struct policy_role *role, const char *database,
	const struct qw_statement *statements, size_t count, struct policy_verdict *out);
/* One act alone; out->act is always set. */
void policy_judge_act(const struct policy *p, const struct policy_role *role, const char *database, const struct qw_act *act,
	struct policy_verdict *out);

/* Masks of a role; index is stable for the policy's life. */
size_t policy_mask_count(const struct policy *p);
const struct policy_mask *policy_mask_at(const struct policy *p, size_t i);
bool policy_has_masks(const struct policy *p, const struct policy_role *role);

/*
 * `policy test`: runs the cases inside the file; calls `on_case` for each; returns the number that failed. policy/ knows
 * no parser, so the caller gives one, which works as sqlparse_postgres() does. A text that it refuses is the act UNPARSED.
 */
typedef int (*policy_parse_fn)(struct qw_bytes sql, struct qw_arena *arena, struct qw_statements *out);
typedef void (*policy_case_cb)(void *ctx, const char *name, bool passed, const char *expected, const char *got);
size_t policy_run_cases(const struct policy *p, policy_parse_fn parse, policy_case_cb on_case, void *ctx);

struct policy_counts {
	size_t roles, rules, masks, cases;
};
void policy_counts_get(const struct policy *p, struct policy_counts *out);

/* The class and categories of a built-in function, "@deny @file" or "@allow @plain"; false: not built in. */
bool policy_function_class(const char *name, char *out, size_t size);

/* `*` stands for any run of characters, everything else for itself; exact case. Used by policy and labels. */
bool policy_pattern_match(const char *pattern, const char *text);

#endif
