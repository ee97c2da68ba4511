/* Calls with words between their arguments. */
#include "expr.h"

/* ---- TRIM, SUBSTRING, POSITION, CHAR, MATCH, WEIGHT_STRING, GET_FORMAT ---- */
static bool trim(struct myparse *p, struct my_expr *e)
{
	bool side = myparse_take_word(p, MYW_LEADING) || myparse_take_word(p, MYW_TRAILING) || myparse_take_word(p, MYW_BOTH);

	if (!(side && myparse_is_word(p, 0, MYW_FROM)) && !myexpr_add(p, e, myparse_expr(p)))
		return false;
	if (!myparse_take_word(p, MYW_FROM))
		return !side || myparse_unknown(p);
	return myexpr_add(p, e, myparse_expr(p));
}

static bool substring(struct myparse *p, struct my_expr *e)
{
	bool comma;

	if (!myexpr_add(p, e, myparse_expr(p)))
		return false;
	comma = myparse_take_op(p, ',');
	if (!comma && !myparse_want_word(p, MYW_FROM))
		return false;
	if (!myexpr_add(p, e, myparse_expr(p)))
		return false;
	if (comma ? !myparse_take_op(p, ',') : !myparse_take_word(p, MYW_FOR))
		return true;
	return myexpr_add(p, e, myparse_expr(p));
}

static bool position(struct myparse *p, struct my_expr *e)
{
	return myexpr_add(p, e, myexpr_bit(p)) && myparse_want_word(p, MYW_IN) && myexpr_add(p, e, myparse_expr(p));
}

static bool charset_name(struct myparse *p)
{
	return myparse_take_word(p, MYW_BINARY) || myparse_text_name(p) != NULL;
}

static bool chars(struct myparse *p, struct my_expr *e)
{
	return myexpr_args(p, e, 1, SIZE_MAX) && (!myparse_take_word(p, MYW_USING) || charset_name(p));
}

static bool get_format(struct myparse *p, struct my_expr *e)
{
	int word = myparse_word(p, 0);

	if (word != MYW_DATE && word != MYW_TIME && word != MYW_DATETIME && word != MYW_TIMESTAMP)
		return myparse_unknown(p);
	p->at++;
	return myparse_want_op(p, ',') && myexpr_add(p, e, myparse_expr(p));
}

/* Levels of a collation: 1, 2 DESC REVERSE, or 1 - 3. MariaDB */
static bool levels(struct myparse *p)
{
	struct qw_bytes digits;

	if (!p->is_maria || !myparse_take_word(p, MYW_LEVEL))
		return true;
	if (!myparse_int(p, &digits))
		return false;
	if (myparse_take_op(p, '-'))
		return myparse_int(p, &digits);
	for (;;) {
		(void)(myparse_take_word(p, MYW_ASC) || myparse_take_word(p, MYW_DESC));
		(void)myparse_take_word(p, MYW_REVERSE);
		if (!myparse_take_op(p, ','))
			return true;
		if (!myparse_int(p, &digits))
			return false;
	}
}

static bool three_numbers(struct myparse *p)
{
	for (int i = 0; i < 3; i++) {
		if (!myparse_want_op(p, ','))
			return false;
		if (!myparse_is_kind(p, 0, MYLEX_INT) && !myparse_is_kind(p, 0, MYLEX_HEX))
			return myparse_unknown(p);
		p->at++;
	}
	return true;
}

static bool weight_string(struct myparse *p, struct my_expr *e)
{
	if (!myexpr_add(p, e, myparse_expr(p)))
		return false;
	if (myparse_is_op(p, 0, ','))
		return three_numbers(p);
	if (!myparse_take_word(p, MYW_AS))
		return levels(p);
	if (myparse_take_word(p, MYW_BINARY))
		return myexpr_digits(p, 1, UINT32_MAX);
	return (myparse_take_word(p, MYW_CHAR) || myparse_want_word(p, MYW_CHARACTER)) && myexpr_digits(p, 1, UINT32_MAX) && levels(p);
}

/* MATCH columns AGAINST (what IN ... MODE) */
static bool columns(struct myparse *p, struct my_expr *e)
{
	bool paren = myparse_take_op(p, '(');
	struct my_expr **tail = &e->args;

	do {
		*tail = myexpr_column(p);
		if (!*tail)
			return false;
		tail = &(*tail)->next;
	} while (myparse_take_op(p, ','));
	return !paren || myparse_want_op(p, ')');
}

static bool match_mode(struct myparse *p)
{
	if (myparse_take_words(p, MYW_IN, MYW_BOOLEAN))
		return myparse_want_word(p, MYW_MODE);
	if (myparse_take_word(p, MYW_IN) &&
		!(myparse_want_word(p, MYW_NATURAL) && myparse_want_word(p, MYW_LANGUAGE) && myparse_want_word(p, MYW_MODE)))
		return false;
	return !myparse_take_word(p, MYW_WITH) || (myparse_want_word(p, MYW_QUERY) && myparse_want_word(p, MYW_EXPANSION));
}

static struct my_expr *match(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, MY_EXPR_MATCH, 0, from), *what;

	if (!e || !columns(p, e) || !myparse_want_word(p, MYW_AGAINST) || !myparse_want_op(p, '('))
		return NULL;
	what = myexpr_bit(p);
	if (!what || !match_mode(p))
		return NULL;
	what->next = e->args;
	e->args = what;
	return myexpr_call_end(p, e, from);
}

/* JSON_VALUE(doc, 'path' [RETURNING type] [on empty] [on error]): MySQL */
static bool on_what(struct myparse *p, int word)
{
	size_t back = p->at;

	if (myparse_take_word(p, MYW_DEFAULT)) {
		(void)(myparse_take_op(p, '-') || myparse_take_op(p, '+'));
		if (!myexpr_at_literal(p) || myparse_is_word(p, 0, MYW_NULL) || !myexpr_literal(p))
			return myparse_unknown(p);
	} else if (!myparse_take_word(p, MYW_ERROR) && !myparse_take_word(p, MYW_NULL))
		return true;
	if (!myparse_want_word(p, MYW_ON))
		return false;
	if (myparse_take_word(p, word))
		return true;
	if (word == MYW_ERROR)
		return myparse_unknown(p);
	p->at = back;
	return true;
}

static bool json_value(struct myparse *p, struct my_expr *e)
{
	if (!myexpr_add(p, e, myexpr_concat(p)) || !myparse_want_op(p, ',') || !myexpr_add(p, e, myexpr_text(p)))
		return false;
	if (myparse_take_word(p, MYW_RETURNING) && !myexpr_cast_type(p))
		return false;
	return on_what(p, MYW_EMPTY) && on_what(p, MYW_ERROR);
}

/* LAST_VALUE(a, b) of MariaDB is a plain call; with OVER it is a window function: aggregate.c. */
static bool (*arguments(const struct myparse *p))(struct myparse *, struct my_expr *)
{
	switch (myparse_word(p, 0)) {
	case MYW_TRIM:
		return trim;
	case MYW_SUBSTRING:
	case MYW_SUBSTR:
	case MYW_MID:
		return substring;
	case MYW_POSITION:
		return position;
	case MYW_CHAR:
	case MYW_CHARACTER:
		return chars;
	case MYW_GET_FORMAT:
		return get_format;
	case MYW_WEIGHT_STRING:
		return weight_string;
	case MYW_JSON_VALUE:
		return p->is_maria ? NULL : json_value;
	default:
		return NULL;
	}
}

struct my_expr *myexpr_special(struct myparse *p, bool *known)
{
	bool (*read)(struct myparse *, struct my_expr *) = arguments(p);
	size_t from = p->at;
	struct my_expr *e;

	*known = true;
	if (myparse_is_word(p, 0, MYW_MATCH))
		return match(p);
	*known = read && myparse_is_op(p, 1, '(');
	if (!*known)
		return NULL;
	e = myexpr_call_begin(p, from);
	if (!e || !myparse_want_op(p, '(') || !read(p, e))
		return NULL;
	return myexpr_call_end(p, e, from);
}
