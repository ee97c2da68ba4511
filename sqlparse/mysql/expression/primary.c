/* What stands between operators. */
#include "expr.h"

/* ---- || under PIPES_AS_CONCAT, signs, COLLATE ---- */
struct my_expr *myexpr_concat(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_signed(p), *first = e, *last = e;

	if (!e || !myparse_is_op(p, 0, MYLEX_OP_CONCAT))
		return e;
	e = myexpr_new(p, MY_EXPR_OP, MY_OP_CONCAT, from);
	if (!e)
		return NULL;
	e->args = first;
	while (myparse_take_op(p, MYLEX_OP_CONCAT)) {
		last->next = myexpr_signed(p);
		last = last->next;
		if (!last)
			return NULL;
	}
	return myexpr_done(p, e, from);
}

/* COLLATE name, as often as it is written. */
static struct my_expr *collated(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_primary(p);

	while (e && myparse_take_word(p, MYW_COLLATE)) {
		if (!myparse_text_name(p))
			return NULL;
		e = myexpr_unary(p, MY_OP_COLLATE, from, e);
	}
	return e;
}

static int sign(const struct myparse *p)
{
	if (myparse_is_op(p, 0, '-'))
		return MY_OP_NEG;
	if (myparse_is_op(p, 0, '+'))
		return MY_OP_PLUS;
	if (myparse_is_op(p, 0, '~'))
		return MY_OP_BIT_NOT;
	if (myparse_is_op(p, 0, '!'))
		return MY_OP_NOT;
	if (myparse_is_word(p, 0, MYW_BINARY))
		return MY_OP_BINARY;
	if (myparse_is_word(p, 0, MYW_NOT) && p->dialect->modes & MYSQL_MODE_HIGH_NOT_PRECEDENCE)
		return MY_OP_NOT;
	return -1;
}

struct my_expr *myexpr_signed(struct myparse *p)
{
	size_t from = p->at;
	int op = sign(p);
	struct my_expr *e;

	if (op < 0)
		return collated(p);
	p->at++;
	if (!myparse_enter(p))
		return NULL;
	e = myexpr_at_interval(p) && op <= MY_OP_PLUS && op >= MY_OP_NEG ? myexpr_bit(p) : myexpr_signed(p);
	myparse_leave(p);
	return myexpr_unary(p, (enum my_op)op, from, e);
}

/* ---- parentheses, rows, CASE ---- */
/* (e), (e, e), (query). Two values make a row. */
static struct my_expr *parentheses(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e, *first;

	if (myparse_at_query(p))
		return myexpr_query(p);
	p->at++;
	first = myparse_exprs(p);
	if (!first || !myparse_want_op(p, ')'))
		return NULL;
	if (!first->next)
		return first;
	e = myexpr_new(p, MY_EXPR_ROW, 0, from);
	if (!e)
		return NULL;
	e->args = first;
	return myexpr_done(p, e, from);
}

static struct my_expr *row(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, MY_EXPR_ROW, 0, from);

	if (!e || !myparse_want_op(p, '('))
		return NULL;
	e->args = myparse_exprs(p);
	if (!e->args || !myparse_want_op(p, ')'))
		return NULL;
	if (!e->args->next) {
		myparse_fail(p, "ROW holds two values or more");
		return NULL;
	}
	return myexpr_done(p, e, from);
}

/* One more operand of CASE behind the last one. */
static bool operand(struct myparse *p, struct my_expr ***tail)
{
	struct my_expr *e = myparse_expr(p);

	if (!e)
		return false;
	**tail = e;
	*tail = &e->next;
	return true;
}

static struct my_expr *case_when(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, MY_EXPR_CASE, 0, from), **tail;

	if (!e)
		return NULL;
	tail = &e->args;
	if (!myparse_is_word(p, 0, MYW_WHEN)) {
		e->op |= MY_CASE_OPERAND;
		if (!operand(p, &tail))
			return NULL;
	}
	do {
		if (!myparse_want_word(p, MYW_WHEN) || !operand(p, &tail) || !myparse_want_word(p, MYW_THEN) || !operand(p, &tail))
			return NULL;
	} while (myparse_is_word(p, 0, MYW_WHEN));
	if (myparse_take_word(p, MYW_ELSE)) {
		e->op |= MY_CASE_ELSE;
		if (!operand(p, &tail))
			return NULL;
	}
	return myparse_want_word(p, MYW_END) ? myexpr_done(p, e, from) : NULL;
}

static struct my_expr *exists(struct myparse *p)
{
	size_t from = p->at++;

	return myexpr_unary(p, MY_OP_EXISTS, from, myexpr_query(p));
}

/* {d '2001-01-01'}, {fn now()} */
static struct my_expr *odbc(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e;

	if (!myparse_name(p))
		return NULL;
	e = myparse_expr(p);
	if (!e || !myparse_want_op(p, '}'))
		return NULL;
	return myexpr_unary(p, MY_OP_ODBC, from, e);
}

/* ---- DEFAULT(c), VALUES(c) ---- */
static struct my_expr *of_column(struct myparse *p, enum my_expr_kind kind)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, kind, 0, from);

	if (!e || !myparse_want_op(p, '(') || !myexpr_add(p, e, myexpr_column(p)) || !myparse_want_op(p, ')'))
		return NULL;
	return myexpr_done(p, e, from);
}

static bool at_inserted(const struct myparse *p)
{
	if (!myparse_is_op(p, 1, '('))
		return false;
	return p->is_maria ? myparse_is_word(p, 0, MYW_VALUE) || (p->in_duplicate && myparse_is_word(p, 0, MYW_VALUES))
			   : myparse_is_word(p, 0, MYW_VALUES);
}

static struct my_expr *by_word(struct myparse *p)
{
	bool known = false;
	struct my_expr *e;

	switch (myparse_word(p, 0)) {
	case MYW_ROW:
		if (myparse_is_op(p, 1, '('))
			return row(p);
		break;
	case MYW_CASE:
		return case_when(p);
	case MYW_EXISTS:
		return exists(p);
	case MYW_DEFAULT:
		return of_column(p, MY_EXPR_DEFAULT);
	default:
		break;
	}
	if (at_inserted(p))
		return of_column(p, MY_EXPR_INSERTED);
	e = myexpr_call(p, &known);
	return known ? e : myexpr_named(p);
}

struct my_expr *myexpr_primary(struct myparse *p)
{
	const struct mylex_token *t = myparse_peek(p, 0);

	if (p->err || p->problem)
		return NULL;
	if (myexpr_at_literal(p))
		return myexpr_literal(p);
	if (t->kind == MYLEX_WORD)
		return by_word(p);
	if (t->kind == MYLEX_IDENT || t->kind == MYLEX_QUOTED)
		return myexpr_named(p);
	if (t->kind != MYLEX_OP) {
		myparse_unknown(p);
		return NULL;
	}
	switch (t->code) {
	case '(':
		return parentheses(p);
	case '{':
		return odbc(p);
	case '@':
	case MYLEX_OP_ATAT:
		return myexpr_variable(p);
	case MYLEX_OP_PARAM:
		return myexpr_param(p);
	default:
		return myexpr_named(p); /* .t.a of MariaDB; refuses the rest */
	}
}
