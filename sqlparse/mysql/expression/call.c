/* Calls that the grammar knows by a word: those of plain arguments, and those without parentheses. */
#include "expr.h"

struct my_expr *myexpr_call_begin(struct myparse *p, size_t from)
{
	struct my_expr *e = myexpr_new(p, MY_EXPR_CALL, 0, from);

	if (!e)
		return NULL;
	e->call = MYPARSE_NEW(p, struct my_call);
	if (!e->call)
		return NULL;
	e->call->name = myexpr_lower(p, mylex_word_name((uint16_t)myparse_word(p, 0)));
	e->call->is_word = true;
	p->at++;
	return e->call->name ? e : NULL;
}

struct my_expr *myexpr_call_end(struct myparse *p, struct my_expr *e, size_t from)
{
	return e && myparse_want_op(p, ')') ? myexpr_done(p, e, from) : NULL;
}

bool myexpr_args(struct myparse *p, struct my_expr *e, size_t min, size_t max)
{
	struct my_expr **tail = &e->args;
	size_t count = 0;

	if (!myparse_is_op(p, 0, ')'))
		do {
			*tail = myparse_expr(p);
			if (!*tail)
				return false;
			tail = &(*tail)->next;
			count++;
		} while (myparse_take_op(p, ','));
	return count >= min && count <= max ? !p->err && !p->problem : myparse_unknown(p);
}

enum { MY = 1, MARIA = 2, BOTH = 3, ANY = 255 };

/* Words that take nothing but values. */
static const struct plain {
	uint16_t word;
	uint8_t flavours, min, max;
} plains[] = {
	{MYW_DATE, BOTH, 1, 1}, {MYW_DAY, BOTH, 1, 1}, {MYW_HOUR, BOTH, 1, 1}, {MYW_INSERT, BOTH, 4, 4}, {MYW_LEFT, BOTH, 2, 2},
	{MYW_MINUTE, BOTH, 1, 1}, {MYW_MONTH, BOTH, 1, 1}, {MYW_RIGHT, BOTH, 2, 2}, {MYW_SECOND, BOTH, 1, 1}, {MYW_TIME, BOTH, 1, 1},
	{MYW_TIMESTAMP, BOTH, 1, 2}, {MYW_USER, BOTH, 0, 0}, {MYW_SESSION_USER, BOTH, 0, 0}, {MYW_SYSTEM_USER, BOTH, 0, 0},
	{MYW_YEAR, BOTH, 1, 1}, {MYW_ASCII, BOTH, 1, 1}, {MYW_CHARSET, BOTH, 1, 1}, {MYW_IF, BOTH, 3, 3}, {MYW_MOD, BOTH, 2, 2},
	{MYW_REPEAT, BOTH, 2, 2}, {MYW_REPLACE, BOTH, 3, 3}, {MYW_TRUNCATE, BOTH, 2, 2}, {MYW_INTERVAL, BOTH, 2, ANY},
	{MYW_LOG, MY, 1, 2}, {MYW_COALESCE, MY, 1, ANY}, {MYW_COLLATION, MY, 1, 1}, {MYW_DATABASE, MY, 0, 0}, {MYW_SCHEMA, MY, 0, 0},
	{MYW_FORMAT, MY, 2, 3}, {MYW_MICROSECOND, MY, 1, 1}, {MYW_QUARTER, MY, 1, 1}, {MYW_REVERSE, MY, 1, 1}, {MYW_ROW_COUNT, MY, 0, 0},
	{MYW_WEEK, MY, 1, 2}, {MYW_GEOMETRYCOLLECTION, MY, 0, ANY}, {MYW_GEOMCOLLECTION, MY, 0, ANY}, {MYW_LINESTRING, MY, 1, ANY},
	{MYW_MULTILINESTRING, MY, 1, ANY}, {MYW_MULTIPOINT, MY, 1, ANY}, {MYW_MULTIPOLYGON, MY, 1, ANY}, {MYW_POINT, MY, 2, 2},
	{MYW_POLYGON, MY, 1, ANY}, {MYW_GROUPING, MY, 1, ANY}, {MYW_PASSWORD, MARIA, 1, 1}, {MYW_ROWNUM, MARIA, 0, 0},
	{MYW_COLUMN_DELETE, MARIA, 2, ANY}, {MYW_CONTAINS, MARIA, 0, ANY}, {MYW_OVERLAPS, MARIA, 0, ANY}, {MYW_WITHIN, MARIA, 0, ANY}};

static const struct plain *plain_of(const struct myparse *p)
{
	int word = myparse_word(p, 0);

	for (size_t i = 0; i < QW_COUNT(plains); i++)
		if (plains[i].word == word && plains[i].flavours & (p->is_maria ? MARIA : MY))
			return &plains[i];
	return NULL;
}

static struct my_expr *plain_call(struct myparse *p, const struct plain *plain)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_call_begin(p, from);

	if (!e || !myparse_want_op(p, '(') || !myexpr_args(p, e, plain->min, plain->max == ANY ? SIZE_MAX : plain->max))
		return NULL;
	return myexpr_call_end(p, e, from);
}

/* ---- words that need no parentheses ---- */
enum { PRECISION_MAX = 6 }; /* digits of a second */
enum bare { NOT_BARE, BRACES, PRECISION };

static enum bare bare_of(const struct myparse *p)
{
	switch (myparse_word(p, 0)) {
	case MYW_CURRENT_USER:
	case MYW_CURDATE:
	case MYW_CURRENT_DATE:
	case MYW_UTC_DATE:
		return BRACES;
	case MYW_CURRENT_ROLE:
		return p->is_maria ? BRACES : NOT_BARE;
	case MYW_CURTIME:
	case MYW_CURRENT_TIME:
	case MYW_NOW:
	case MYW_CURRENT_TIMESTAMP:
	case MYW_LOCALTIME:
	case MYW_LOCALTIMESTAMP:
	case MYW_SYSDATE:
	case MYW_UTC_TIME:
	case MYW_UTC_TIMESTAMP:
		return PRECISION;
	default:
		return NOT_BARE;
	}
}

static struct my_expr *bare_call(struct myparse *p, enum bare bare)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_call_begin(p, from);
	uint64_t precision;

	if (!e || !myparse_take_op(p, '('))
		return myexpr_done(p, e, from);
	if (bare == PRECISION && myparse_is_kind(p, 0, MYLEX_INT) && !myexpr_small(p, 0, PRECISION_MAX, &precision))
		return NULL;
	return myexpr_call_end(p, e, from);
}

struct my_expr *myexpr_call(struct myparse *p, bool *known)
{
	static struct my_expr *(*const others[])(struct myparse *, bool *) = {
		myexpr_aggregate, myexpr_special, myexpr_dates, myexpr_cast, myexpr_sequence};
	const struct plain *plain;
	enum bare bare = bare_of(p);

	*known = true;
	if (bare != NOT_BARE)
		return bare_call(p, bare);
	for (size_t i = 0; i < QW_COUNT(others); i++) {
		struct my_expr *e = others[i](p, known);

		if (*known)
			return e;
	}
	plain = myparse_is_op(p, 1, '(') ? plain_of(p) : NULL;
	*known = plain != NULL;
	return plain ? plain_call(p, plain) : NULL;
}
