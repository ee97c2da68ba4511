/* What the writes share: column = value, RETURNING, LIMIT, PORTION. */
#include "parts.h"

static struct my_set_item *item(struct myparse *p)
{
	struct my_set_item *s = MYPARSE_NEW(p, struct my_set_item);

	if (!s)
		return NULL;
	s->column = myexpr_column(p);
	if (!s->column)
		return NULL;
	if (!myparse_take_op(p, '=') && !myparse_want_op(p, MYLEX_OP_ASSIGN))
		return NULL;
	s->value = myquery_value(p);
	return s->value ? s : NULL;
}

struct my_set_item *mywrite_sets(struct myparse *p)
{
	struct my_set_item *first = item(p), *last = first;

	while (last && myparse_take_op(p, ',')) {
		last->next = item(p);
		last = last->next;
	}
	return last ? first : NULL;
}

bool mywrite_returning(struct myparse *p, struct my_item **out)
{
	if (!p->is_maria || !myparse_take_word(p, MYW_RETURNING))
		return true;
	*out = myparse_items(p);
	return *out != NULL;
}

bool mywrite_order_limit(struct myparse *p, struct my_order **order, struct my_expr **limit)
{
	if (myparse_take_words(p, MYW_ORDER, MYW_BY)) {
		*order = myparse_order(p);
		if (!*order)
			return false;
	}
	return !myparse_take_word(p, MYW_LIMIT) || myquery_limit_value(p, limit);
}

bool mywrite_portion(struct myparse *p, struct my_source *table)
{
	if (!p->is_maria || !myparse_is_word(p, 0, MYW_FOR) || !myparse_is_word(p, 1, MYW_PORTION))
		return true;
	p->at += 2;
	if (!myparse_want_word(p, MYW_OF) || myparse_is_word(p, 0, MYW_SYSTEM_TIME) || !myparse_name(p) || !myparse_want_word(p, MYW_FROM))
		return myparse_unknown(p);
	table->expr = myexpr_bit(p);
	if (!table->expr || !myparse_want_word(p, MYW_TO))
		return false;
	table->expr->next = myexpr_bit(p);
	return table->expr->next != NULL;
}
