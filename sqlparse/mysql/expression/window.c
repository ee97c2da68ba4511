/* OVER and what stands in its parentheses. */
#include "expr.h"

/* A bound's number: MySQL takes numbers, ? and INTERVAL e unit; MariaDB any literal. */
static bool amount(struct myparse *p, struct my_window *w)
{
	struct my_expr *e;
	size_t from = p->at;

	if (!p->is_maria && myparse_take_word(p, MYW_INTERVAL)) {
		e = myexpr_new(p, MY_EXPR_OP, MY_OP_INTERVAL_ADD, from);
		if (!e || !myexpr_interval(p, e))
			return false;
		e = myexpr_done(p, e, from);
	} else if (p->is_maria)
		e = myexpr_at_literal(p) ? myexpr_literal(p) : (myparse_unknown(p), NULL);
	else
		e = myparse_is_op(p, 0, MYLEX_OP_PARAM) ? myexpr_param(p) : myexpr_number(p);
	if (!e)
		return false;
	e->next = w->bounds;
	w->bounds = e;
	return true;
}

static bool bound(struct myparse *p, struct my_window *w, bool following)
{
	if (myparse_take_words(p, MYW_CURRENT, MYW_ROW))
		return true;
	if (!myparse_take_word(p, MYW_UNBOUNDED) && !amount(p, w))
		return false;
	return (following && myparse_take_word(p, MYW_FOLLOWING)) || myparse_want_word(p, MYW_PRECEDING);
}

static bool excluded(struct myparse *p)
{
	if (!myparse_take_word(p, MYW_EXCLUDE))
		return true;
	if (myparse_take_words(p, MYW_CURRENT, MYW_ROW) || myparse_take_word(p, MYW_GROUP) || myparse_take_word(p, MYW_TIES))
		return true;
	return myparse_want_word(p, MYW_NO) && myparse_want_word(p, MYW_OTHERS);
}

static bool frame(struct myparse *p, struct my_window *w)
{
	if (!myparse_take_word(p, MYW_ROWS) && !myparse_take_word(p, MYW_RANGE) &&
		!(!p->is_maria && myparse_take_word(p, MYW_GROUPS)))
		return true;
	if (!myparse_take_word(p, MYW_BETWEEN))
		return bound(p, w, false) && excluded(p);
	return bound(p, w, true) && myparse_want_word(p, MYW_AND) && bound(p, w, true) && excluded(p);
}

/* PARTITION BY a, b. MariaDB takes directions in it, as in GROUP BY. */
static bool partition(struct myparse *p, struct my_window *w)
{
	struct my_expr **tail = &w->partition;

	if (!myparse_take_words(p, MYW_PARTITION, MYW_BY))
		return true;
	do {
		*tail = myparse_expr(p);
		if (!*tail)
			return false;
		tail = &(*tail)->next;
		if (p->is_maria)
			(void)(myparse_take_word(p, MYW_ASC) || myparse_take_word(p, MYW_DESC));
	} while (myparse_take_op(p, ','));
	return true;
}

struct my_window *myexpr_window(struct myparse *p)
{
	struct my_window *w = MYPARSE_NEW(p, struct my_window);
	int word;

	if (!w || !myparse_want_op(p, '('))
		return NULL;
	word = myparse_word(p, 0);
	if (myparse_is_name(p, 0) && word != MYW_PARTITION && word != MYW_ORDER && word != MYW_ROWS && word != MYW_RANGE) {
		w->base = myparse_name(p);
		if (!w->base)
			return NULL;
	}
	if (!partition(p, w))
		return NULL;
	if (myparse_take_words(p, MYW_ORDER, MYW_BY)) {
		w->order = myparse_order(p);
		if (!w->order)
			return NULL;
	}
	return frame(p, w) && myparse_want_op(p, ')') ? w : NULL;
}

bool myexpr_over(struct myparse *p, struct my_expr *call, bool must)
{
	if (!must && !myparse_is_word(p, 0, MYW_OVER))
		return true;
	if (!myparse_want_word(p, MYW_OVER))
		return false;
	if (myparse_is_op(p, 0, '(')) {
		call->call->over = myexpr_window(p);
		return call->call->over != NULL;
	}
	call->call->over = MYPARSE_NEW(p, struct my_window);
	if (!call->call->over)
		return false;
	call->call->over->base = myparse_name(p);
	return call->call->over->base != NULL;
}
