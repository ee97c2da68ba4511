/* Rows of values: VALUES, INSERT. */
#include "query.h"

struct my_expr *myquery_value(struct myparse *p)
{
	bool is_ignore = p->is_maria && myparse_is_word(p, 0, MYW_IGNORE);
	struct my_expr *e;

	if (!is_ignore && (!myparse_is_word(p, 0, MYW_DEFAULT) || myparse_is_op(p, 1, '(')))
		return myparse_expr(p);
	e = myexpr_new(p, MY_EXPR_DEFAULT, 0, p->at);
	p->at++;
	return myexpr_done(p, e, p->at - 1);
}

static bool values(struct myparse *p, struct my_row *row, bool defaults, bool may_be_empty)
{
	struct my_expr **tail = &row->values;

	if (!myparse_want_op(p, '('))
		return false;
	if (!myparse_is_op(p, 0, ')'))
		do {
			*tail = defaults ? myquery_value(p) : myparse_expr(p);
			if (!*tail)
				return false;
			tail = &(*tail)->next;
		} while (myparse_take_op(p, ','));
	else if (!may_be_empty)
		return myparse_unknown(p);
	return myparse_want_op(p, ')');
}

struct my_row *myquery_rows(struct myparse *p, bool row_word, bool defaults)
{
	struct my_row *first = NULL, **tail = &first;

	do {
		struct my_row *row = MYPARSE_NEW(p, struct my_row);

		if (!row || (row_word && !myparse_want_word(p, MYW_ROW)) || !values(p, row, defaults, defaults && !row_word))
			return NULL;
		*tail = row;
		tail = &row->next;
	} while (myparse_take_op(p, ','));
	return first;
}
