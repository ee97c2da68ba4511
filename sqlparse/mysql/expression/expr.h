/* Expressions: between the files of this folder, and for those who build nodes themselves. */
#ifndef SQLPARSE_MYSQL_EXPR_H
#define SQLPARSE_MYSQL_EXPR_H

#include "../core/parser.h"

/* A node for what begins at token `from`; myexpr_done() tells it where it ends and how high its tree is. */
struct my_expr *myexpr_new(struct myparse *p, enum my_expr_kind kind, int op, size_t from);
struct my_expr *myexpr_done(struct myparse *p, struct my_expr *e, size_t from);
struct my_expr *myexpr_extended(struct myparse *p, struct my_expr *e, size_t from, const struct my_expr *arg); /* `arg` was linked to its end */
bool myexpr_add(struct myparse *p, struct my_expr *e, struct my_expr *arg); /* appends; false when arg is NULL. Few arguments */
struct my_expr *myexpr_unary(struct myparse *p, enum my_op op, size_t from, struct my_expr *arg);
struct my_expr *myexpr_binary(struct myparse *p, enum my_op op, size_t from, struct my_expr *left, struct my_expr *right);
struct my_expr *myexpr_query(struct myparse *p); /* ( query ) */

/* Levels of the grammar, from loose to tight. */
struct my_expr *myexpr_not(struct myparse *p); /* all but OR, XOR, AND */
struct my_expr *myexpr_bit(struct myparse *p);
struct my_expr *myexpr_concat(struct myparse *p); /* operands of || under PIPES_AS_CONCAT */
struct my_expr *myexpr_signed(struct myparse *p); /* - ~ ! BINARY before */
struct my_expr *myexpr_primary(struct myparse *p);

/* literal.c */
bool myexpr_at_literal(const struct myparse *p);
struct my_expr *myexpr_literal(struct myparse *p);
struct my_expr *myexpr_text(struct myparse *p); /* text_literal: introducer, N'', neighbours are one */
struct my_expr *myexpr_number(struct myparse *p); /* no sign */
struct my_expr *myexpr_param(struct myparse *p);

/* name.c */
struct my_expr *myexpr_column(struct myparse *p); /* a, t.a, s.t.a; MariaDB .t.a */
struct my_expr *myexpr_named(struct myparse *p); /* a column, or a call by name */
struct my_expr *myexpr_user_variable(struct myparse *p); /* @x, no assignment */
struct my_expr *myexpr_variable(struct myparse *p); /* @x, @x := e, @@x */

/* call.c: a word of the grammar that calls; *known is false when the next word does not */
struct my_expr *myexpr_call(struct myparse *p, bool *known);
struct my_expr *myexpr_call_begin(struct myparse *p, size_t from); /* a CALL named by the next word, which is taken */
struct my_expr *myexpr_call_end(struct myparse *p, struct my_expr *e, size_t from); /* takes ")" */
bool myexpr_args(struct myparse *p, struct my_expr *e, size_t min, size_t max); /* up to ")", not taken */
const char *myexpr_lower(struct myparse *p, const char *name); /* functions are found in any case: lower case in the tree */
/* special.c, cast.c, aggregate.c: as myexpr_call */
struct my_expr *myexpr_special(struct myparse *p, bool *known);
struct my_expr *myexpr_dates(struct myparse *p, bool *known);
struct my_expr *myexpr_cast(struct myparse *p, bool *known);
struct my_expr *myexpr_aggregate(struct myparse *p, bool *known);
struct my_expr *myexpr_sequence(struct myparse *p, bool *known);

bool myexpr_at_unit(const struct myparse *p, bool composed); /* DAY ...; composed: DAY_HOUR too */
bool myexpr_interval(struct myparse *p, struct my_expr *e); /* expr unit, behind INTERVAL: appends expr */
bool myexpr_at_interval(const struct myparse *p); /* INTERVAL that is no function comes next */
bool myexpr_cast_type(struct myparse *p);
bool myexpr_small(struct myparse *p, uint64_t min, uint64_t max, uint64_t *out); /* an integer of these */
bool myexpr_digits(struct myparse *p, uint64_t min, uint64_t max); /* ( number ) */

/* window.c */
bool myexpr_over(struct myparse *p, struct my_expr *call, bool must); /* [OVER ...] */
struct my_window *myexpr_window(struct myparse *p); /* ( ... ) */

#endif
