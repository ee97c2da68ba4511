#include "expr.h"

struct my_expr *myexpr_new(struct myparse *p, enum my_expr_kind kind, int op, size_t from)
{
	struct my_expr *e = MYPARSE_NEW(p, struct my_expr);

	if (e) {
		e->kind = (uint8_t)kind;
		e->op = (uint8_t)op;
		e->at = p->lex->tokens[from].at;
	}
	return e;
}

static size_t higher(size_t height, const struct my_expr *e)
{
	return e->height > height ? e->height : height;
}

static size_t call_height(const struct my_call *c, size_t height)
{
	for (const struct my_order *o = c->order; o; o = o->next)
		height = higher(height, o->expr);
	for (const struct my_order *o = c->over ? c->over->order : NULL; o; o = o->next)
		height = higher(height, o->expr);
	for (const struct my_expr *e = c->over ? c->over->partition : NULL; e; e = e->next)
		height = higher(height, e);
	return height;
}

struct my_expr *myexpr_done(struct myparse *p, struct my_expr *e, size_t from)
{
	size_t height = 0;

	if (!e || p->err || p->problem)
		return NULL;
	e->n = (uint32_t)myparse_spelling(p, from, p->at).n;
	for (const struct my_expr *a = e->args; a; a = a->next)
		height = higher(height, a);
	if (e->kind == MY_EXPR_QUERY)
		height = e->query->height;
	if (e->kind == MY_EXPR_CALL)
		height = call_height(e->call, height);
	if (height + 1 > p->limits->depth_max || height + 1 > UINT16_MAX) {
		myparse_fail(p, "the statement is nested too many levels deep");
		return NULL;
	}
	e->height = (uint16_t)(height + 1);
	if (e->height > p->high)
		p->high = e->height;
	return e;
}

struct my_expr *myexpr_extended(struct myparse *p, struct my_expr *e, size_t from, const struct my_expr *arg)
{
	if (arg->height >= p->limits->depth_max) {
		myparse_fail(p, "the statement is nested too many levels deep");
		return NULL;
	}
	e->n = (uint32_t)myparse_spelling(p, from, p->at).n;
	if (arg->height + 1 > e->height)
		e->height = (uint16_t)(arg->height + 1);
	if (e->height > p->high)
		p->high = e->height;
	return e;
}

bool myexpr_add(struct myparse *p, struct my_expr *e, struct my_expr *arg)
{
	struct my_expr **tail;

	if (!e || !arg)
		return false;
	for (tail = &e->args; *tail;)
		tail = &(*tail)->next;
	*tail = arg;
	return !p->err && !p->problem;
}

struct my_expr *myexpr_unary(struct myparse *p, enum my_op op, size_t from, struct my_expr *arg)
{
	struct my_expr *e = arg ? myexpr_new(p, MY_EXPR_OP, op, from) : NULL;

	if (!myexpr_add(p, e, arg))
		return NULL;
	return myexpr_done(p, e, from);
}

struct my_expr *myexpr_binary(struct myparse *p, enum my_op op, size_t from, struct my_expr *left, struct my_expr *right)
{
	struct my_expr *e = left && right ? myexpr_new(p, MY_EXPR_OP, op, from) : NULL;

	if (!e)
		return NULL;
	e->args = left;
	left->next = right;
	return myexpr_done(p, e, from);
}

struct my_expr *myexpr_query(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_QUERY, 0, from);

	if (!e)
		return NULL;
	e->query = myparse_subquery(p);
	return e->query ? myexpr_done(p, e, from) : NULL;
}
