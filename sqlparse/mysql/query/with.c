#include "query.h"

static struct my_cte *cte(struct myparse *p, bool is_recursive)
{
	struct my_cte *c = MYPARSE_NEW(p, struct my_cte);

	if (!c)
		return NULL;
	c->name = myparse_name(p);
	if (!c->name)
		return NULL;
	if (myparse_take_op(p, '(')) {
		c->columns = myparse_names(p);
		if (!c->columns || !myparse_want_op(p, ')'))
			return NULL;
	}
	if (!myparse_want_word(p, MYW_AS))
		return NULL;
	c->query = myparse_subquery(p);
	if (!c->query)
		return NULL;
	if (p->is_maria && is_recursive && myparse_take_word(p, MYW_CYCLE) && (!myparse_names(p) || !myparse_want_word(p, MYW_RESTRICT)))
		return NULL;
	return c;
}

struct my_with *myquery_with(struct myparse *p)
{
	struct my_with *w = MYPARSE_NEW(p, struct my_with);
	struct my_cte **tail;

	if (!w || !myparse_want_word(p, MYW_WITH))
		return NULL;
	w->is_recursive = myparse_take_word(p, MYW_RECURSIVE);
	tail = &w->ctes;
	do {
		*tail = cte(p, w->is_recursive);
		if (!*tail)
			return NULL;
		tail = &(*tail)->next;
	} while (myparse_take_op(p, ','));
	return w;
}
