/* One walk of the rules: where it is (that is the parser's own place), and what it found. Between the files of this folder. */
#ifndef SQLPARSE_MYSQL_RUN_H
#define SQLPARSE_MYSQL_RUN_H

#include "../core/parser.h"
#include "rules.h"

/* What was found, in the order of the text: one of the pointers, or an act. */
struct rules_found {
	struct qw_act act;
	struct my_query *query;
	struct my_expr *expr;
	struct my_statement *statement;
};

struct rules_run {
	struct myparse *p;
	struct my_statement *s;
	size_t from; /* the statement's first token */
	struct rules_found *found;
	size_t count, cap;
	const char *schema, *name; /* the last name that was read; NULL: none */
	const char *act_schema, *act_name; /* the first one since an act began */
	const char *refused; /* by design: why */
	const char *problem; /* of the parser, where it was last sent back; how far it had come */
	size_t problem_at;
};

static inline bool rules_is_over(const struct rules_run *r) /* nothing can match any more */
{
	return r->p->err || r->refused;
}

#define RULES_DYNAMIC "SQL that is made while it runs is opaque: PREPARE takes a literal text only"

/* ---- match.c ---- */
bool rules_match(struct rules_run *r, enum rules_rule rule);

/* ---- call.c: names, texts, numbers; held.c: queries, expressions, statements; set.c ---- */
bool rules_call(struct rules_run *r, enum rules_call call);
bool rules_put(struct rules_run *r, const struct rules_found *found);
bool rules_refuse(struct rules_run *r, const char *why); /* false */
bool rules_name(struct rules_run *r, const char *schema, const char *name); /* the last name; false when it is NULL */
#define RULES_DECLARE(name) bool rules_call_##name(struct rules_run *r);
#define X(name) RULES_DECLARE(name)
RULES_CALLS(X)
#undef X

#endif
