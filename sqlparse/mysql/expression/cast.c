/* CAST, CONVERT, the types they take. */
#include "expr.h"

static bool optional_digits(struct myparse *p, uint64_t max)
{
	return !myparse_is_op(p, 0, '(') || myexpr_digits(p, 0, max);
}

enum { SECOND_DIGITS = 6, DECIMAL_DIGITS = 65, DECIMAL_SCALE = 30, FLOAT_BITS = 53 };

/* [(10)] [(10, 2)] */
static bool decimal_size(struct myparse *p)
{
	uint64_t digits, scale = 0;

	if (!myparse_take_op(p, '('))
		return true;
	if (!myexpr_small(p, 0, DECIMAL_DIGITS, &digits) || (myparse_take_op(p, ',') && !myexpr_small(p, 0, DECIMAL_SCALE, &scale)))
		return false;
	if (scale > digits && digits)
		return myparse_fail(p, "a decimal type has more digits behind the point than digits");
	return myparse_want_op(p, ')');
}

static bool charset(struct myparse *p)
{
	if (!myparse_take_word(p, MYW_CHARSET)) {
		if (!myparse_take_word(p, MYW_CHAR) && !myparse_take_word(p, MYW_CHARACTER))
			return false;
		if (!myparse_want_word(p, MYW_SET))
			return false;
	}
	return myparse_take_word(p, MYW_BINARY) || myparse_text_name(p);
}

/* CHAR [n] [CHARACTER SET x | ASCII | UNICODE | BYTE] [BINARY], in the orders that are taken. */
static bool char_type(struct myparse *p)
{
	bool binary;

	if (!optional_digits(p, UINT32_MAX))
		return false;
	if (myparse_take_word(p, MYW_BYTE))
		return true;
	binary = myparse_take_word(p, MYW_BINARY);
	if (!myparse_take_word(p, MYW_ASCII) && !myparse_take_word(p, MYW_UNICODE))
		(void)charset(p);
	if (!binary)
		binary = myparse_take_word(p, MYW_BINARY);
	if (!p->err && !p->problem && p->is_maria && !binary && myparse_take_word(p, MYW_COLLATE))
		return myparse_take_word(p, MYW_DEFAULT) || myparse_take_word(p, MYW_BINARY) || myparse_text_name(p);
	return !p->err && !p->problem;
}

static bool is_geometry(int word)
{
	return word == MYW_POINT || word == MYW_LINESTRING || word == MYW_POLYGON || word == MYW_MULTIPOINT ||
	       word == MYW_MULTILINESTRING || word == MYW_MULTIPOLYGON || word == MYW_GEOMETRYCOLLECTION || word == MYW_GEOMCOLLECTION;
}

/* What MySQL alone or MariaDB alone takes. */
static bool own_type(struct myparse *p, int word)
{
	if (p->is_maria) {
		if (word == MYW_VARCHAR)
			return myexpr_digits(p, 0, UINT32_MAX) && char_type(p);
		if (word == MYW_INTERVAL)
			return myparse_want_word(p, MYW_DAY_SECOND) && myexpr_digits(p, 0, SECOND_DIGITS);
		return word == MYW_INT || word == MYW_INTEGER || word == MYW_FLOAT || myparse_unknown(p);
	}
	if (word == MYW_FLOAT)
		return optional_digits(p, FLOAT_BITS);
	return word == MYW_YEAR || word == MYW_JSON || word == MYW_REAL || is_geometry(word) || myparse_unknown(p);
}

static bool known_type(struct myparse *p, int word)
{
	switch (word) {
	case MYW_BINARY:
	case MYW_NCHAR:
		return optional_digits(p, UINT32_MAX);
	case MYW_TIME:
	case MYW_DATETIME:
		return optional_digits(p, SECOND_DIGITS);
	case MYW_NATIONAL:
		if (p->is_maria || (!myparse_take_word(p, MYW_CHAR) && !myparse_take_word(p, MYW_CHARACTER)))
			return myparse_unknown(p);
		return optional_digits(p, UINT32_MAX);
	case MYW_CHAR:
	case MYW_CHARACTER:
		return char_type(p);
	case MYW_SIGNED:
	case MYW_UNSIGNED:
		(void)(myparse_take_word(p, MYW_INT) || myparse_take_word(p, MYW_INTEGER));
		return true;
	case MYW_DATE:
		return true;
	case MYW_DECIMAL:
	case MYW_DEC:
	case MYW_NUMERIC:
	case MYW_FIXED:
		return decimal_size(p);
	case MYW_DOUBLE:
		(void)myparse_take_word(p, MYW_PRECISION);
		return !p->is_maria || !myparse_is_op(p, 0, '(') || !myparse_is_op(p, 2, ',') || decimal_size(p);
	default:
		return own_type(p, word);
	}
}

/* Types that MariaDB finds by name. */
static bool named_type(struct myparse *p)
{
	static const char *const names[] = {"INET4", "INET6", "UUID", "GEOMETRY", "POINT", "LINESTRING", "POLYGON", "MULTIPOINT",
		"MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};

	for (size_t i = 0; p->is_maria && i < QW_COUNT(names); i++)
		if (myparse_is_spelled(p, 0, names[i])) {
			p->at++;
			return true;
		}
	return myparse_unknown(p);
}

bool myexpr_cast_type(struct myparse *p)
{
	int word = myparse_word(p, 0);

	if (word == MYLEX_NO_WORD)
		return named_type(p);
	p->at++;
	return known_type(p, word);
}

/* The type, as written, is the text of the node. */
static bool typed(struct myparse *p, struct my_expr *e, bool array)
{
	size_t from = p->at;

	if (!myexpr_cast_type(p))
		return false;
	(void)(array && !p->is_maria && myparse_take_word(p, MYW_ARRAY));
	e->text = myparse_copy(p, myparse_spelling(p, from, p->at));
	return e->text != NULL;
}

/* CAST(x AT TIME ZONE '+00:00' AS DATETIME), CAST(x AT LOCAL AS type) */
static bool at_zone(struct myparse *p)
{
	const char *zone;

	if (p->is_maria || !myparse_take_word(p, MYW_AT))
		return true;
	if (myparse_take_word(p, MYW_LOCAL))
		return true;
	if (!myparse_want_word(p, MYW_TIME) || !myparse_want_word(p, MYW_ZONE))
		return false;
	(void)myparse_take_word(p, MYW_INTERVAL);
	return myparse_string(p, &zone) && (myparse_is_word(p, 1, MYW_DATETIME) || myparse_unknown(p));
}

static struct my_expr *cast(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, MY_EXPR_CAST, 0, from);

	if (!e || !myparse_want_op(p, '(') || !myexpr_add(p, e, myparse_expr(p)) || !at_zone(p) || !myparse_want_word(p, MYW_AS) ||
		!typed(p, e, true))
		return NULL;
	return myexpr_call_end(p, e, from);
}

static struct my_expr *convert(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, MY_EXPR_CAST, 0, from);

	if (!e || !myparse_want_op(p, '(') || !myexpr_add(p, e, myparse_expr(p)))
		return NULL;
	if (myparse_take_word(p, MYW_USING)) {
		size_t name = p->at;

		if (!myparse_take_word(p, MYW_BINARY) && !myparse_text_name(p))
			return NULL;
		e->text = myparse_copy(p, myparse_spelling(p, name, p->at));
	} else {
		if (!myparse_want_op(p, ','))
			return NULL;
		if (!typed(p, e, false))
			return NULL;
	}
	return myexpr_call_end(p, e, from);
}

struct my_expr *myexpr_cast(struct myparse *p, bool *known)
{
	int word = myparse_word(p, 0);

	*known = (word == MYW_CAST || word == MYW_CONVERT) && myparse_is_op(p, 1, '(');
	if (!*known)
		return NULL;
	return word == MYW_CAST ? cast(p) : convert(p);
}
