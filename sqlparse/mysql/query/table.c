/* One table in FROM: partitions, alias, index hints, FOR SYSTEM_TIME, TABLESAMPLE. */
#include "query.h"

struct my_source *myparse_table(struct myparse *p)
{
	struct my_source *s = MYPARSE_NEW(p, struct my_source);

	if (!s || !myparse_qualified(p, &s->schema, &s->name))
		return NULL;
	s->kind = MY_SOURCE_TABLE;
	s->height = 1;
	return s;
}

bool myquery_partitions(struct myparse *p)
{
	if (!myparse_take_word(p, MYW_PARTITION))
		return true;
	return myparse_want_op(p, '(') && myparse_names(p) && myparse_want_op(p, ')');
}

bool myquery_alias(struct myparse *p, const char **out)
{
	bool as = myparse_take_word(p, MYW_AS);
	bool window = p->is_maria && myparse_is_word(p, 0, MYW_WINDOW);

	if (!as && (!myparse_is_name(p, 0) || window))
		return true;
	if (window)
		return myparse_unknown(p);
	*out = myparse_name(p);
	return *out != NULL;
}

/* ---- USE INDEX FOR JOIN (a, PRIMARY) ---- */
static bool hint_for(struct myparse *p)
{
	if (!myparse_take_word(p, MYW_FOR) || myparse_take_word(p, MYW_JOIN))
		return true;
	return (myparse_take_word(p, MYW_ORDER) || myparse_want_word(p, MYW_GROUP)) && myparse_want_word(p, MYW_BY);
}

static bool hint_indexes(struct myparse *p, bool may_be_empty)
{
	if (!myparse_want_op(p, '('))
		return false;
	if (may_be_empty && myparse_take_op(p, ')'))
		return true;
	do {
		if (!myparse_take_word(p, MYW_PRIMARY) && !myparse_name(p))
			return false;
	} while (myparse_take_op(p, ','));
	return myparse_want_op(p, ')');
}

static bool hints(struct myparse *p)
{
	for (;;) {
		bool use = myparse_is_word(p, 0, MYW_USE);

		if (!use && !myparse_is_word(p, 0, MYW_FORCE) && !myparse_is_word(p, 0, MYW_IGNORE))
			return true;
		p->at++;
		if (!myparse_take_word(p, MYW_INDEX) && !myparse_want_word(p, MYW_KEY))
			return false;
		if (!hint_for(p) || !hint_indexes(p, use))
			return false;
	}
}

/* ---- FOR SYSTEM_TIME: MariaDB ---- */
bool myquery_history_point(struct myparse *p, struct my_expr **points)
{
	struct my_expr *e;

	if (myparse_is_word(p, 0, MYW_TRANSACTION) ||
		(myparse_is_word(p, 0, MYW_TIMESTAMP) && !myparse_is_op(p, 1, '(') && !myparse_is_kind(p, 1, MYLEX_STRING)))
		p->at++;
	e = myexpr_bit(p);
	if (!e)
		return false;
	e->next = *points;
	*points = e;
	return true;
}

bool myquery_system_time(struct myparse *p, struct my_expr **points)
{
	if (myparse_take_word(p, MYW_ALL))
		return true;
	if (myparse_take_words(p, MYW_AS, MYW_OF))
		return myquery_history_point(p, points);
	if (myparse_take_word(p, MYW_FROM))
		return myquery_history_point(p, points) && myparse_want_word(p, MYW_TO) && myquery_history_point(p, points);
	return myparse_want_word(p, MYW_BETWEEN) && myquery_history_point(p, points) && myparse_want_word(p, MYW_AND) &&
	       myquery_history_point(p, points);
}

/* TABLESAMPLE SYSTEM (10): MySQL */
static bool sample(struct myparse *p)
{
	if (p->is_maria || !myparse_take_word(p, MYW_TABLESAMPLE))
		return true;
	if (!myparse_take_word(p, MYW_SYSTEM) && !myparse_want_word(p, MYW_BERNOULLI))
		return false;
	if (!myparse_want_op(p, '('))
		return false;
	if (myparse_is_op(p, 0, '@') ? !myexpr_user_variable(p)
				     : !(myparse_is_op(p, 0, MYLEX_OP_PARAM) ? myexpr_param(p) : myexpr_number(p)))
		return false;
	return myparse_want_op(p, ')');
}

struct my_source *myquery_table(struct myparse *p)
{
	struct my_source *s = myparse_table(p);

	if (!s || !myquery_partitions(p))
		return NULL;
	if (p->is_maria && myparse_take_words(p, MYW_FOR, MYW_SYSTEM_TIME) && !myquery_system_time(p, &s->expr))
		return NULL;
	if (!myquery_alias(p, &s->alias) || !hints(p) || !sample(p))
		return NULL;
	return s;
}
