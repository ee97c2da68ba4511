/* Calls of MariaDB alone: dynamic columns and sequences. */
#include "expr.h"

/* NEXTVAL(s), LASTVAL(s), SETVAL(s, n[, is_used[, round]]); NEXT VALUE FOR s, PREVIOUS VALUE FOR s */
static bool sequence_name(struct myparse *p, struct my_expr *e)
{
	e->column = MYPARSE_NEW(p, struct my_column);
	return e->column && myparse_qualified(p, &e->column->schema, &e->column->name);
}

static bool set_value(struct myparse *p, struct my_expr *e)
{
	size_t count = 0;

	while (count < 3 && myparse_take_op(p, ',')) {
		bool minus = myparse_take_op(p, '-');

		if (count == 1 && !minus && (myparse_is_word(p, 0, MYW_TRUE) || myparse_is_word(p, 0, MYW_FALSE))) {
			if (!myexpr_add(p, e, myexpr_literal(p)))
				return false;
		} else if (!myparse_is_kind(p, 0, MYLEX_INT) || (minus && count) || !myexpr_add(p, e, myexpr_number(p)))
			return myparse_unknown(p);
		count++;
	}
	return count ? true : myparse_unknown(p);
}

static struct my_expr *value_for(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_SEQUENCE, myparse_is_word(p, 0, MYW_NEXT), from);

	p->at += 2;
	if (!e || !myparse_want_word(p, MYW_FOR) || !sequence_name(p, e))
		return NULL;
	return myexpr_done(p, e, from);
}

static struct my_expr *sequence_call(struct myparse *p, int word)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_SEQUENCE, word != MYW_LASTVAL, from);

	p->at += 2;
	if (!e || !sequence_name(p, e) || (word == MYW_SETVAL && !set_value(p, e)))
		return NULL;
	return myexpr_call_end(p, e, from);
}

/* ---- COLUMN_CREATE(name, value [AS type], ...), COLUMN_ADD(blob, ...), COLUMN_GET(blob, name AS type) ---- */
static bool dynamic_type(struct myparse *p)
{
	switch (myparse_word(p, 0)) {
	case MYW_CHAR:
	case MYW_CHARACTER:
	case MYW_NCHAR:
		return !myparse_is_op(p, 1, '(') ? myexpr_cast_type(p) : myparse_unknown(p);
	case MYW_DOUBLE:
	case MYW_INT:
	case MYW_INTEGER:
		p->at++;
		return true;
	case MYW_UNSIGNED:
		p->at++;
		return myparse_take_word(p, MYW_INT) || myparse_want_word(p, MYW_INTEGER);
	case MYW_DECIMAL:
	case MYW_DATE:
	case MYW_TIME:
	case MYW_DATETIME:
		return myexpr_cast_type(p);
	default:
		return myparse_unknown(p);
	}
}

static bool dynamic_columns(struct myparse *p, struct my_expr *e)
{
	struct my_expr **tail = e->args ? &e->args->next : &e->args;

	do {
		struct my_expr *name = myparse_expr(p);

		if (!name || !myparse_want_op(p, ','))
			return false;
		name->next = myparse_expr(p);
		if (!name->next)
			return false;
		*tail = name;
		tail = &name->next->next;
		if (myparse_take_word(p, MYW_AS) && !dynamic_type(p))
			return false;
	} while (myparse_take_op(p, ','));
	return true;
}

static bool dynamic_get(struct myparse *p, struct my_expr *e)
{
	return myexpr_add(p, e, myparse_expr(p)) && myparse_want_op(p, ',') && myexpr_add(p, e, myparse_expr(p)) &&
	       myparse_want_word(p, MYW_AS) && myexpr_cast_type(p);
}

static struct my_expr *dynamic_call(struct myparse *p, int word)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_call_begin(p, from);

	if (!e || !myparse_want_op(p, '('))
		return NULL;
	if (word == MYW_COLUMN_GET ? !dynamic_get(p, e)
				   : (word == MYW_COLUMN_ADD && (!myexpr_add(p, e, myparse_expr(p)) || !myparse_want_op(p, ','))) ||
					     !dynamic_columns(p, e))
		return NULL;
	return myexpr_call_end(p, e, from);
}

struct my_expr *myexpr_sequence(struct myparse *p, bool *known)
{
	int word = myparse_word(p, 0);

	*known = p->is_maria;
	if (p->is_maria && (word == MYW_NEXT || word == MYW_PREVIOUS) && myparse_is_word(p, 1, MYW_VALUE))
		return value_for(p);
	*known = p->is_maria && myparse_is_op(p, 1, '(');
	if (*known && (word == MYW_NEXTVAL || word == MYW_LASTVAL || word == MYW_SETVAL))
		return sequence_call(p, word);
	if (*known && (word == MYW_COLUMN_CREATE || word == MYW_COLUMN_ADD || word == MYW_COLUMN_GET))
		return dynamic_call(p, word);
	*known = false;
	return NULL;
}
