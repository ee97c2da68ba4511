/* INSERT and REPLACE. */
#include "parts.h"

static void options(struct myparse *p, struct my_insert *i)
{
	if (!myparse_take_word(p, MYW_LOW_PRIORITY) && !myparse_take_word(p, MYW_DELAYED) && !i->is_replace)
		(void)myparse_take_word(p, MYW_HIGH_PRIORITY);
	i->is_ignore = !i->is_replace && myparse_take_word(p, MYW_IGNORE);
	(void)myparse_take_word(p, MYW_INTO);
}

/* (a, t.b) before the values; () too. */
static bool columns(struct myparse *p, struct my_insert *i)
{
	struct my_expr **tail = &i->columns;

	if (!myparse_is_op(p, 0, '(') || myparse_at_query(p))
		return true;
	p->at++;
	if (myparse_take_op(p, ')'))
		return true;
	do {
		*tail = myexpr_column(p);
		if (!*tail)
			return false;
		tail = &(*tail)->next;
	} while (myparse_take_op(p, ','));
	return myparse_want_op(p, ')');
}

/* AS new(a, b): MySQL */
static bool row_alias(struct myparse *p, struct my_insert *i)
{
	if (p->is_maria || i->is_replace || !myparse_take_word(p, MYW_AS))
		return true;
	i->row_alias = myparse_name(p);
	if (!i->row_alias || !myparse_take_op(p, '('))
		return i->row_alias != NULL;
	i->row_columns = myparse_names(p);
	return i->row_columns && myparse_want_op(p, ')');
}

static bool source(struct myparse *p, struct my_insert *i)
{
	bool values = myparse_is_word(p, 0, MYW_VALUES) || myparse_is_word(p, 0, MYW_VALUE);

	if (values && myparse_is_op(p, 1, '(')) {
		p->at++;
		i->rows = myquery_rows(p, false, true);
		return i->rows && row_alias(p, i);
	}
	i->query = myparse_query(p);
	return i->query != NULL;
}

static bool body(struct myparse *p, struct my_insert *i)
{
	if (!myparse_take_word(p, MYW_SET))
		return columns(p, i) && source(p, i);
	i->sets = mywrite_sets(p);
	return i->sets && row_alias(p, i);
}

static bool duplicate(struct myparse *p, struct my_insert *i)
{
	if (i->is_replace || !myparse_take_words(p, MYW_ON, MYW_DUPLICATE))
		return true;
	if (!myparse_want_word(p, MYW_KEY) || !myparse_want_word(p, MYW_UPDATE))
		return false;
	p->in_duplicate = true;
	i->duplicate = mywrite_sets(p);
	p->in_duplicate = false;
	return i->duplicate != NULL;
}

bool myparse_insert(struct myparse *p, struct my_statement *s)
{
	struct my_insert *i = MYPARSE_NEW(p, struct my_insert);

	if (!i)
		return false;
	s->kind = MY_STATEMENT_INSERT;
	s->insert = i;
	i->is_replace = myparse_is_word(p, 0, MYW_REPLACE);
	p->at++;
	options(p, i);
	if (p->is_maria && myparse_is_word(p, 0, MYW_VALUE)) /* its lexer takes it for VALUES */
		return myparse_unknown(p);
	i->table = myparse_table(p);
	return i->table && myquery_partitions(p) && body(p, i) && duplicate(p, i) && mywrite_returning(p, &i->returning);
}
