/* Aggregates and window functions. */
#include "expr.h"

/* LIST: GROUP_CONCAT, JSON_ARRAYAGG. BARE: no argument. NONE: an aggregate of one value without any of these. */
enum { MAY_DISTINCT = 1, WINDOW_ONLY = 2, LIST = 4, COUNTS = 8, PAIR = 16, BARE = 32, OWN = 64, NONE = 128 };

static const struct kind {
	uint16_t word;
	uint8_t my, maria; /* flags; 0: not of this flavour */
} kinds[] = {
	{MYW_AVG, MAY_DISTINCT, MAY_DISTINCT}, {MYW_SUM, MAY_DISTINCT, MAY_DISTINCT},
	{MYW_MIN, MAY_DISTINCT, MAY_DISTINCT}, {MYW_MAX, MAY_DISTINCT, MAY_DISTINCT}, {MYW_BIT_AND, NONE, NONE},
	{MYW_BIT_OR, NONE, NONE}, {MYW_BIT_XOR, NONE, NONE}, {MYW_STD, NONE, NONE}, {MYW_STDDEV, NONE, NONE},
	{MYW_STDDEV_POP, NONE, NONE}, {MYW_STDDEV_SAMP, NONE, NONE}, {MYW_VARIANCE, NONE, NONE},
	{MYW_VAR_POP, NONE, NONE}, {MYW_VAR_SAMP, NONE, NONE}, {MYW_COUNT, COUNTS, COUNTS},
	{MYW_GROUP_CONCAT, LIST, LIST}, {MYW_JSON_ARRAYAGG, NONE, LIST}, {MYW_JSON_OBJECTAGG, PAIR, PAIR},
	{MYW_ST_COLLECT, MAY_DISTINCT, 0}, {MYW_ROW_NUMBER, WINDOW_ONLY | BARE, WINDOW_ONLY | BARE},
	{MYW_RANK, WINDOW_ONLY | BARE, WINDOW_ONLY | BARE},
	{MYW_DENSE_RANK, WINDOW_ONLY | BARE, WINDOW_ONLY | BARE},
	{MYW_CUME_DIST, WINDOW_ONLY | BARE, WINDOW_ONLY | BARE},
	{MYW_PERCENT_RANK, WINDOW_ONLY | BARE, WINDOW_ONLY | BARE},
	{MYW_NTILE, WINDOW_ONLY | OWN, WINDOW_ONLY | OWN}, {MYW_LEAD, WINDOW_ONLY | OWN, WINDOW_ONLY | OWN},
	{MYW_LAG, WINDOW_ONLY | OWN, WINDOW_ONLY | OWN}, {MYW_FIRST_VALUE, WINDOW_ONLY | OWN, WINDOW_ONLY | OWN},
	{MYW_LAST_VALUE, WINDOW_ONLY | OWN, WINDOW_ONLY | OWN},
	{MYW_NTH_VALUE, WINDOW_ONLY | OWN, WINDOW_ONLY | OWN}, {MYW_MEDIAN, 0, WINDOW_ONLY | OWN},
	{MYW_PERCENTILE_CONT, 0, WINDOW_ONLY | OWN}, {MYW_PERCENTILE_DISC, 0, WINDOW_ONLY | OWN}};

static int kind_of(const struct myparse *p)
{
	int word = myparse_word(p, 0);

	for (size_t i = 0; i < QW_COUNT(kinds); i++)
		if (kinds[i].word == word)
			return p->is_maria ? kinds[i].maria : kinds[i].my;
	return 0;
}

/* ---- aggregates ---- */
static bool one(struct myparse *p, struct my_expr *e)
{
	(void)myparse_take_word(p, MYW_ALL);
	return myexpr_add(p, e, myparse_expr(p));
}

static bool take_distinct(struct myparse *p, struct my_expr *e)
{
	e->call->is_distinct = myparse_take_word(p, MYW_DISTINCT) || myparse_take_word(p, MYW_DISTINCTROW);
	return e->call->is_distinct;
}

static bool count(struct myparse *p, struct my_expr *e)
{
	size_t from;
	struct my_expr *star;

	if (take_distinct(p, e)) {
		e->args = myparse_exprs(p);
		return e->args != NULL;
	}
	(void)myparse_take_word(p, MYW_ALL);
	from = p->at;
	if (!myparse_take_op(p, '*'))
		return myexpr_add(p, e, myparse_expr(p));
	star = myexpr_new(p, MY_EXPR_STAR, 0, from);
	if (!star)
		return false;
	star->column = MYPARSE_NEW(p, struct my_column);
	return star->column && myexpr_add(p, e, myexpr_done(p, star, from));
}

/* SEPARATOR 'text' */
static bool separator(struct myparse *p, struct my_call *call)
{
	if (!myparse_take_word(p, MYW_SEPARATOR))
		return true;
	if (!myparse_is_kind(p, 0, MYLEX_STRING) && !myparse_is_kind(p, 0, MYLEX_HEX) && !myparse_is_kind(p, 0, MYLEX_BIN))
		return myparse_unknown(p);
	call->more = myexpr_new(p, MY_EXPR_LITERAL, MY_LITERAL_STRING, p->at);
	p->at++;
	call->more = myexpr_done(p, call->more, p->at - 1);
	return call->more != NULL;
}

static bool limit_value(struct myparse *p, struct my_call *call)
{
	struct my_expr *e = myparse_is_kind(p, 0, MYLEX_INT) ? myexpr_number(p) : myexpr_param(p);

	if (!e)
		return false;
	e->next = call->more;
	call->more = e;
	return true;
}

/* LIMIT 1, 2: MariaDB */
static bool limit(struct myparse *p, struct my_call *call)
{
	if (!p->is_maria || !myparse_take_word(p, MYW_LIMIT))
		return true;
	if (!limit_value(p, call))
		return false;
	return (!myparse_take_op(p, ',') && !myparse_take_word(p, MYW_OFFSET)) || limit_value(p, call);
}

static bool list(struct myparse *p, struct my_expr *e, bool with_separator)
{
	(void)take_distinct(p, e);
	e->args = myparse_exprs(p);
	if (!e->args)
		return false;
	if (myparse_take_words(p, MYW_ORDER, MYW_BY)) {
		e->call->order = myparse_order(p);
		if (!e->call->order)
			return false;
	}
	return (!with_separator || separator(p, e->call)) && limit(p, e->call);
}

/* NULL ON NULL, ABSENT ON NULL: MySQL's JSON_ARRAYAGG */
static bool null_clause(struct myparse *p)
{
	if (p->is_maria || (!myparse_take_word(p, MYW_NULL) && !myparse_take_word(p, MYW_ABSENT)))
		return true;
	return myparse_want_word(p, MYW_ON) && myparse_want_word(p, MYW_NULL);
}

/* Two values; MariaDB takes no ALL before them. */
static bool pair(struct myparse *p, struct my_expr *e)
{
	if (p->is_maria)
		return myexpr_add(p, e, myparse_expr(p)) && myparse_want_op(p, ',') && myexpr_add(p, e, myparse_expr(p));
	return one(p, e) && myparse_want_op(p, ',') && one(p, e);
}

static bool aggregate(struct myparse *p, int flags, int word, struct my_expr *e)
{
	e->call->is_aggregate = true;
	if (flags & COUNTS)
		return count(p, e);
	if (flags & LIST)
		return list(p, e, word == MYW_GROUP_CONCAT);
	if (flags & PAIR)
		return pair(p, e);
	if (flags & MAY_DISTINCT && take_distinct(p, e))
		return one(p, e);
	return one(p, e) && (word != MYW_JSON_ARRAYAGG || null_clause(p));
}

/* ---- window functions ---- */
static bool stable_integer(struct myparse *p, struct my_expr *e)
{
	if (p->is_maria)
		return myexpr_add(p, e, myparse_expr(p));
	if (myparse_is_kind(p, 0, MYLEX_INT))
		return myexpr_add(p, e, myexpr_number(p));
	if (myparse_is_op(p, 0, MYLEX_OP_PARAM))
		return myexpr_add(p, e, myexpr_param(p));
	return myexpr_add(p, e, myparse_is_op(p, 0, '@') ? myexpr_user_variable(p) : myexpr_column(p));
}

static bool shifted(struct myparse *p, struct my_expr *e)
{
	if (!myexpr_add(p, e, myparse_expr(p)))
		return false;
	if (!myparse_take_op(p, ','))
		return true;
	if (!stable_integer(p, e))
		return false;
	return p->is_maria || !myparse_take_op(p, ',') || myexpr_add(p, e, myparse_expr(p));
}

static bool own_arguments(struct myparse *p, int word, struct my_expr *e)
{
	switch (word) {
	case MYW_NTILE:
		return stable_integer(p, e);
	case MYW_LEAD:
	case MYW_LAG:
		return shifted(p, e);
	case MYW_NTH_VALUE:
		return myexpr_add(p, e, myparse_expr(p)) && myparse_want_op(p, ',') &&
		       myexpr_add(p, e, p->is_maria ? myparse_expr(p) : myexpr_concat(p));
	default:
		return myexpr_add(p, e, myparse_expr(p));
	}
}

static bool within_group(struct myparse *p, struct my_expr *e)
{
	if (!myparse_want_word(p, MYW_WITHIN) || !myparse_want_word(p, MYW_GROUP) || !myparse_want_op(p, '(') ||
		!myparse_want_word(p, MYW_ORDER) || !myparse_want_word(p, MYW_BY))
		return false;
	e->call->order = myparse_order(p);
	if (!e->call->order || e->call->order->next)
		return myparse_unknown(p);
	return myparse_want_op(p, ')');
}

/* [FROM FIRST | LAST] [RESPECT | IGNORE NULLS]: MySQL */
static bool treatment(struct myparse *p, int word)
{
	if (p->is_maria || word == MYW_NTILE)
		return true;
	if (word == MYW_NTH_VALUE && myparse_take_word(p, MYW_FROM) && !myparse_take_word(p, MYW_FIRST) &&
		!myparse_want_word(p, MYW_LAST))
		return false;
	return (!myparse_take_word(p, MYW_RESPECT) && !myparse_take_word(p, MYW_IGNORE)) || myparse_want_word(p, MYW_NULLS);
}

static bool window_only(struct myparse *p, int flags, int word, struct my_expr *e)
{
	if (!(flags & BARE) && !own_arguments(p, word, e))
		return false;
	if (p->is_maria && word == MYW_LAST_VALUE && myparse_is_op(p, 0, ',')) { /* no window function: a plain one */
		p->at++;
		return myexpr_add(p, e, myparse_exprs(p)) && myparse_want_op(p, ')');
	}
	if (!myparse_want_op(p, ')'))
		return false;
	if (word == MYW_PERCENTILE_CONT || word == MYW_PERCENTILE_DISC) {
		if (!within_group(p, e))
			return false;
	} else if (!(flags & BARE) && !treatment(p, word))
		return false;
	return myexpr_over(p, e, !(p->is_maria && word == MYW_LAST_VALUE));
}

struct my_expr *myexpr_aggregate(struct myparse *p, bool *known)
{
	int flags = kind_of(p), word = myparse_word(p, 0);
	size_t from = p->at;
	struct my_expr *e;

	*known = flags && myparse_is_op(p, 1, '(');
	if (!*known)
		return NULL;
	e = myexpr_call_begin(p, from);
	if (!e || !myparse_want_op(p, '('))
		return NULL;
	if (flags & WINDOW_ONLY)
		return window_only(p, flags, word, e) ? myexpr_done(p, e, from) : NULL;
	if (!aggregate(p, flags, word, e) || !myparse_want_op(p, ')') || !myexpr_over(p, e, false))
		return NULL;
	return myexpr_done(p, e, from);
}
