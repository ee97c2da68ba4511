/* Private to cli/: what `querywarden explain` finds out, apart from how it is shown. */
#ifndef QW_CLI_EXPLAIN_H
#define QW_CLI_EXPLAIN_H

#include "qw/sqlparse.h"
#include "qw/upstream.h"
#include "qw/world.h"

/* Named as the line for programs of a refusal names it (docs/errors.md). */
struct explain_refusal {
	const char *rule; /* NULL: not refused */
	const char *sqlstate, *verb, *object, *reason, *instead; /* verb and object may be NULL */
};

struct explain_act {
	struct qw_act act;
	enum policy_effect effect;
	const char *rule;
	const char *class; /* of a built-in function or a setting, or NULL */
};

enum explain_tree {
	EXPLAIN_TREE_NONE, /* there is nothing that the server would analyse */
	EXPLAIN_TREE_SHOWN,
	EXPLAIN_TREE_IMPOSSIBLE, /* what it does cannot be shown */
	EXPLAIN_TREE_ERROR, /* the server refuses the statement: `sqlstate` and `error` */
	EXPLAIN_TREE_FAILED /* it showed none, or one that cannot be read: `error` */
};

struct explain_statement {
	const struct qw_statement *st;
	const struct qw_statement *source; /* EXECUTE, FETCH: what the name stands for in this text; NULL: not there */
	struct explain_act *acts; /* of the text, and what may be a call by attribute notation */
	size_t act_count;
	bool needs_tree; /* the gateway asks for it: the text alone does not prove that nothing labelled is touched */
	enum explain_tree tree;
	const char *sqlstate, *error;
	struct flow_result flow; /* of the tree, when SHOWN; judged, but binding only if needs_tree */
	struct explain_act *resolved; /* its acts */
	size_t resolved_count;
	const char *taint; /* reading this relation taints the session; NULL: nothing does */
	struct policy_verdict verdict;
	struct explain_refusal refusal;
	bool is_denied_by_text; /* the rules refuse what the text says: the whole text, before anything else is looked at */
};

struct explanation {
	const char *target, *database;
	const struct policy *policy;
	const struct policy_role *role;
	struct labels *labels;
	struct upstream_tree *server;
	unsigned server_major;
	struct policy_moment moment;
	struct qw_arena *arena; /* owns what follows */
	const char *problem; /* the text cannot be described */
	struct explain_statement *list;
	size_t count;
	struct policy_verdict verdict; /* of all: the strictest, the first of equals */
	const struct explain_refusal *refusal; /* NULL: not refused */
	bool is_denied_by_text;
};

/* `facts` of the same arena. NOMEM, IO: *failure says more. */
int explain_judge(struct explanation *e, const struct qw_statements *facts, struct upstream_failure *failure) QW_MUST_CHECK;

/* For the files here. The first refusal of a statement stays. */
void explain_refuse(struct explain_statement *s, const struct explain_refusal *why);
/* limits.c: the text alone proves that nothing labelled is touched, and neither limits nor untrusted columns ask for the tree. */
bool explain_is_clear(const struct explanation *e, const struct explain_statement *s, const struct qw_statement *st);
void explain_weigh(struct explain_statement *s); /* limits that hold before it runs */

/* Writes to standard output; IO, NOMEM. */
int explain_print(const struct explanation *e) QW_MUST_CHECK;
int explain_print_json(const struct explanation *e) QW_MUST_CHECK;
const char *explain_wrapper(enum qw_inner_kind kind); /* "explain", "copy", ...; NULL: none */
const char *explain_tree_word(const struct explain_statement *s); /* "shown", "none", "impossible", "error", "failed" */

#endif
