/* JSON_TABLE(document, 'path' COLUMNS (...)) AS alias */
#include "query.h"

static bool columns(struct myparse *p, struct my_named ***tail);

/* The types that JSON_TABLE's columns take, by the words that begin them. */
static bool is_type(int word)
{
	static const uint16_t words[] = {
		MYW_INT, MYW_INTEGER, MYW_TINYINT, MYW_SMALLINT, MYW_MEDIUMINT, MYW_BIGINT, MYW_INT1, MYW_INT2,
		MYW_INT3, MYW_INT4, MYW_INT8, MYW_DECIMAL, MYW_DEC, MYW_NUMERIC, MYW_FIXED, MYW_FLOAT,
		MYW_DOUBLE, MYW_REAL, MYW_CHAR, MYW_CHARACTER, MYW_VARCHAR, MYW_BINARY, MYW_VARBINARY,
		MYW_TEXT, MYW_TINYTEXT, MYW_MEDIUMTEXT, MYW_LONGTEXT, MYW_BLOB, MYW_TINYBLOB, MYW_MEDIUMBLOB,
		MYW_LONGBLOB, MYW_DATE, MYW_TIME, MYW_DATETIME, MYW_TIMESTAMP, MYW_YEAR, MYW_BOOL, MYW_BOOLEAN,
		MYW_BIT, MYW_JSON};

	for (size_t i = 0; i < QW_COUNT(words); i++)
		if (words[i] == word)
			return true;
	return false;
}

static bool size(struct myparse *p)
{
	struct qw_bytes digits;

	if (!myparse_take_op(p, '('))
		return true;
	if (!myparse_int(p, &digits) || (myparse_take_op(p, ',') && !myparse_int(p, &digits)))
		return false;
	return myparse_want_op(p, ')');
}

static bool charset_and_collation(struct myparse *p)
{
	if (myparse_take_word(p, MYW_CHARSET) || myparse_take_words(p, MYW_CHARACTER, MYW_SET) || myparse_take_words(p, MYW_CHAR, MYW_SET))
		if (!myparse_take_word(p, MYW_BINARY) && !myparse_text_name(p))
			return false;
	return !myparse_take_word(p, MYW_COLLATE) || myparse_take_word(p, MYW_BINARY) || myparse_text_name(p);
}

static bool is_text(int word)
{
	return word == MYW_CHAR || word == MYW_CHARACTER || word == MYW_VARCHAR || word == MYW_TEXT || word == MYW_TINYTEXT ||
	       word == MYW_MEDIUMTEXT || word == MYW_LONGTEXT;
}

static bool type(struct myparse *p)
{
	int word = myparse_word(p, 0);
	bool sized = word == MYW_VARCHAR || word == MYW_VARBINARY;

	if (!is_type(word))
		return myparse_unknown(p);
	p->at++;
	if (word == MYW_DOUBLE)
		(void)myparse_take_word(p, MYW_PRECISION);
	if (sized && !myparse_is_op(p, 0, '('))
		return myparse_unknown(p);
	if (!size(p))
		return false;
	while (myparse_take_word(p, MYW_UNSIGNED) || myparse_take_word(p, MYW_SIGNED) || myparse_take_word(p, MYW_ZEROFILL))
		;
	return !is_text(word) || charset_and_collation(p);
}

/* MariaDB takes one literal here, MySQL neighbours too. */
static bool path_text(struct myparse *p)
{
	return myexpr_text(p) && !(p->is_maria && p->at >= 2 && p->lex->tokens[p->at - 2].kind == MYLEX_STRING);
}

static bool path(struct myparse *p)
{
	return myparse_want_word(p, MYW_PATH) && (path_text(p) || myparse_unknown(p));
}

static bool is_default(const struct myparse *p)
{
	return myexpr_at_literal(p) && (p->is_maria || !myparse_is_word(p, 0, MYW_NULL));
}

/* {ERROR | NULL | DEFAULT 'x'} ON {EMPTY | ERROR}: one of each, in either order */
static bool response(struct myparse *p)
{
	if (myparse_take_word(p, MYW_DEFAULT)) {
		bool sign = myparse_take_op(p, '-') || myparse_take_op(p, '+');

		if (!(sign ? myexpr_number(p) : is_default(p) ? myexpr_literal(p) : (myparse_unknown(p), NULL)))
			return false;
	} else if (!myparse_take_word(p, MYW_ERROR) && !myparse_want_word(p, MYW_NULL))
		return false;
	return myparse_want_word(p, MYW_ON);
}

static bool responses(struct myparse *p)
{
	bool empty = false, error = false;

	while (myparse_is_word(p, 0, MYW_DEFAULT) || myparse_is_word(p, 0, MYW_ERROR) || myparse_is_word(p, 0, MYW_NULL)) {
		bool *which;

		if (!response(p))
			return false;
		which = myparse_is_word(p, 0, MYW_EMPTY) ? &empty : &error;
		if (*which || (!myparse_take_word(p, MYW_EMPTY) && !myparse_want_word(p, MYW_ERROR)))
			return myparse_unknown(p);
		*which = true;
	}
	return true;
}

static bool column(struct myparse *p, struct my_named ***tail)
{
	struct my_named *n;

	if (myparse_is_word(p, 0, MYW_NESTED) && myparse_is_word(p, 1, MYW_PATH)) {
		bool ok;

		p->at++;
		if (!myparse_enter(p))
			return false;
		ok = path(p) && columns(p, tail);
		myparse_leave(p);
		return ok;
	}
	n = MYPARSE_NEW(p, struct my_named);
	if (!n)
		return false;
	n->name = myparse_name(p);
	if (!n->name)
		return false;
	**tail = n;
	*tail = &n->next;
	if (myparse_take_word(p, MYW_FOR))
		return myparse_want_word(p, MYW_ORDINALITY);
	if (!type(p))
		return false;
	if (myparse_take_word(p, MYW_EXISTS))
		return path(p) && (p->is_maria || responses(p));
	return path(p) && responses(p);
}

static bool columns(struct myparse *p, struct my_named ***tail)
{
	if (!myparse_want_word(p, MYW_COLUMNS) || !myparse_want_op(p, '('))
		return false;
	do {
		if (!column(p, tail))
			return false;
	} while (myparse_take_op(p, ','));
	return myparse_want_op(p, ')');
}

struct my_source *myquery_json_table(struct myparse *p)
{
	struct my_source *s = MYPARSE_NEW(p, struct my_source);
	struct my_named **tail;

	if (!s)
		return NULL;
	p->at += 2;
	s->kind = MY_SOURCE_JSON_TABLE;
	s->height = 1;
	tail = &s->columns;
	s->expr = myparse_expr(p);
	if (!s->expr || !myparse_want_op(p, ',') || !path_text(p) || !columns(p, &tail) || !myparse_want_op(p, ')') ||
		!myquery_alias(p, &s->alias))
		return NULL;
	if (!s->alias) {
		myparse_fail(p, "a JSON_TABLE in FROM has no alias");
		return NULL;
	}
	return s;
}
