/* Intervals, and the calls that take one or a unit of time. */
#include "expr.h"

bool myexpr_at_unit(const struct myparse *p, bool composed)
{
	switch (myparse_word(p, 0)) {
	case MYW_DAY:
	case MYW_WEEK:
	case MYW_HOUR:
	case MYW_MINUTE:
	case MYW_MONTH:
	case MYW_QUARTER:
	case MYW_SECOND:
	case MYW_MICROSECOND:
	case MYW_YEAR:
	case MYW_SQL_TSI_DAY:
	case MYW_SQL_TSI_WEEK:
	case MYW_SQL_TSI_HOUR:
	case MYW_SQL_TSI_MINUTE:
	case MYW_SQL_TSI_MONTH:
	case MYW_SQL_TSI_QUARTER:
	case MYW_SQL_TSI_SECOND:
	case MYW_SQL_TSI_YEAR:
		return true;
	case MYW_DAY_HOUR:
	case MYW_DAY_MICROSECOND:
	case MYW_DAY_MINUTE:
	case MYW_DAY_SECOND:
	case MYW_HOUR_MICROSECOND:
	case MYW_HOUR_MINUTE:
	case MYW_HOUR_SECOND:
	case MYW_MINUTE_MICROSECOND:
	case MYW_MINUTE_SECOND:
	case MYW_SECOND_MICROSECOND:
	case MYW_YEAR_MONTH:
		return composed;
	default:
		return false;
	}
}

bool myexpr_interval(struct myparse *p, struct my_expr *e)
{
	if (!myexpr_add(p, e, myparse_expr(p)))
		return false;
	if (!myexpr_at_unit(p, true))
		return myparse_unknown(p);
	p->at++;
	return true;
}

/* INTERVAL(a, b) is a function, INTERVAL (a) DAY is none: a comma tells. */
bool myexpr_at_interval(const struct myparse *p)
{
	size_t at = p->at + 1, close;

	if (!myparse_is_word(p, 0, MYW_INTERVAL))
		return false;
	if (!myparse_is_op(p, 1, '('))
		return true;
	close = p->closers[at];
	for (at++; at < close; at++) {
		const struct mylex_token *t = &p->lex->tokens[at];

		if (t->kind == MYLEX_OP && t->code == ',')
			return false;
		if (t->kind == MYLEX_OP && t->code == '(')
			at = p->closers[at];
	}
	return true;
}

/* DATE_ADD(d, INTERVAL e unit); ADDDATE(d, days) too */
static bool add_interval(struct myparse *p, struct my_expr *e, bool or_days)
{
	if (!myexpr_add(p, e, myparse_expr(p)) || !myparse_want_op(p, ','))
		return false;
	if (or_days && !myexpr_at_interval(p))
		return myexpr_add(p, e, myparse_expr(p));
	return myparse_want_word(p, MYW_INTERVAL) && myexpr_interval(p, e);
}

static bool extract(struct myparse *p, struct my_expr *e)
{
	if (!myexpr_at_unit(p, true))
		return myparse_unknown(p);
	p->at++;
	return myparse_want_word(p, MYW_FROM) && myexpr_add(p, e, myparse_expr(p));
}

static bool unit_and_two(struct myparse *p, struct my_expr *e)
{
	if (!myexpr_at_unit(p, false))
		return myparse_unknown(p);
	p->at++;
	return myparse_want_op(p, ',') && myexpr_add(p, e, myparse_expr(p)) && myparse_want_op(p, ',') &&
	       myexpr_add(p, e, myparse_expr(p));
}

static bool arguments(struct myparse *p, int word, struct my_expr *e)
{
	switch (word) {
	case MYW_DATE_ADD:
	case MYW_DATE_SUB:
		return add_interval(p, e, false);
	case MYW_ADDDATE:
	case MYW_SUBDATE:
		return add_interval(p, e, true);
	case MYW_EXTRACT:
		return extract(p, e);
	default:
		return unit_and_two(p, e);
	}
}

static bool is_known(int word)
{
	return word == MYW_DATE_ADD || word == MYW_DATE_SUB || word == MYW_ADDDATE || word == MYW_SUBDATE || word == MYW_EXTRACT ||
	       word == MYW_TIMESTAMPADD || word == MYW_TIMESTAMPDIFF;
}

struct my_expr *myexpr_dates(struct myparse *p, bool *known)
{
	int word = myparse_word(p, 0);
	size_t from = p->at;
	struct my_expr *e;

	*known = is_known(word) && myparse_is_op(p, 1, '(');
	if (!*known)
		return NULL;
	e = myexpr_call_begin(p, from);
	if (!e || !myparse_want_op(p, '(') || !arguments(p, word, e))
		return NULL;
	return myexpr_call_end(p, e, from);
}
