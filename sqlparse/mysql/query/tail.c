/* ORDER BY, LIMIT, FOR UPDATE, INTO. */
#include "query.h"

struct my_order *myparse_order(struct myparse *p)
{
	struct my_order *first = NULL, **tail = &first;

	do {
		struct my_order *o = MYPARSE_NEW(p, struct my_order);

		if (!o)
			return NULL;
		o->expr = myparse_expr(p);
		if (!o->expr)
			return NULL;
		o->is_directed = myparse_take_word(p, MYW_ASC) || myparse_take_word(p, MYW_DESC);
		*tail = o;
		tail = &o->next;
	} while (myparse_take_op(p, ','));
	return first;
}

/* ---- LIMIT ---- */
bool myquery_limit_value(struct myparse *p, struct my_expr **out)
{
	struct my_expr *e;

	if (myparse_is_op(p, 0, MYLEX_OP_PARAM))
		e = myexpr_param(p);
	else if (p->in_routine && myparse_is_name(p, 0))
		e = myexpr_column(p);
	else
		e = myparse_is_kind(p, 0, MYLEX_INT) ? myexpr_number(p) : (myparse_unknown(p), NULL);
	if (!e)
		return false;
	e->next = *out;
	*out = e;
	return true;
}

static bool rows_examined(struct myparse *p, struct my_expr **out)
{
	return !p->is_maria || !myparse_take_word(p, MYW_ROWS) || (myparse_want_word(p, MYW_EXAMINED) && myquery_limit_value(p, out));
}

/* OFFSET n ROWS FETCH FIRST n ROWS ONLY: MariaDB */
static bool fetch(struct myparse *p, struct my_expr **out)
{
	bool offset = myparse_take_word(p, MYW_OFFSET);

	if (offset && (!myquery_limit_value(p, out) || (!myparse_take_word(p, MYW_ROW) && !myparse_want_word(p, MYW_ROWS))))
		return false;
	if (!myparse_take_word(p, MYW_FETCH))
		return offset || myparse_unknown(p);
	if (!myparse_take_word(p, MYW_FIRST) && !myparse_want_word(p, MYW_NEXT))
		return false;
	if (!myparse_is_word(p, 0, MYW_ROW) && !myparse_is_word(p, 0, MYW_ROWS) && !myquery_limit_value(p, out))
		return false;
	if (!myparse_take_word(p, MYW_ROW) && !myparse_want_word(p, MYW_ROWS))
		return false;
	return myparse_take_word(p, MYW_ONLY) || (myparse_want_word(p, MYW_WITH) && myparse_want_word(p, MYW_TIES));
}

bool myquery_limit(struct myparse *p, struct my_expr **out)
{
	if (p->is_maria && (myparse_is_word(p, 0, MYW_OFFSET) || myparse_is_word(p, 0, MYW_FETCH)))
		return fetch(p, out);
	if (!myparse_take_word(p, MYW_LIMIT))
		return true;
	if (p->is_maria && myparse_is_word(p, 0, MYW_ROWS))
		return rows_examined(p, out);
	if (!myquery_limit_value(p, out))
		return false;
	if ((myparse_take_op(p, ',') || myparse_take_word(p, MYW_OFFSET)) && !myquery_limit_value(p, out))
		return false;
	return rows_examined(p, out);
}

/* ---- FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE ---- */
static bool at_lock(const struct myparse *p)
{
	return myparse_is_word(p, 0, MYW_FOR) || (myparse_is_word(p, 0, MYW_LOCK) && myparse_is_word(p, 1, MYW_IN));
}

static bool lock_wait(struct myparse *p)
{
	struct qw_bytes digits;

	if (myparse_take_word(p, MYW_NOWAIT))
		return true;
	if (myparse_take_word(p, MYW_SKIP))
		return myparse_want_word(p, MYW_LOCKED);
	return !p->is_maria || !myparse_take_word(p, MYW_WAIT) || myparse_int(p, &digits);
}

static bool lock_tables(struct myparse *p)
{
	const char *schema, *name;

	if (p->is_maria || !myparse_take_word(p, MYW_OF))
		return true;
	do {
		if (!myparse_qualified(p, &schema, &name))
			return false;
	} while (myparse_take_op(p, ','));
	return true;
}

static bool lock(struct myparse *p)
{
	if (myparse_take_word(p, MYW_LOCK))
		return myparse_want_word(p, MYW_IN) && myparse_want_word(p, MYW_SHARE) && myparse_want_word(p, MYW_MODE) &&
		       (!p->is_maria || lock_wait(p));
	p->at++;
	if (!myparse_take_word(p, MYW_UPDATE) && !(!p->is_maria && myparse_take_word(p, MYW_SHARE)))
		return myparse_unknown(p);
	return lock_tables(p) && lock_wait(p);
}

/* MySQL takes several, MariaDB one. */
static bool locks(struct myparse *p, struct my_query *q)
{
	while (at_lock(p)) {
		if (!lock(p))
			return false;
		q->locks = true;
		if (p->is_maria)
			break;
	}
	return true;
}

/* ---- INTO ---- */
static bool text(struct myparse *p)
{
	if (myparse_is_kind(p, 0, MYLEX_HEX) || myparse_is_kind(p, 0, MYLEX_BIN) || myparse_is_kind(p, 0, MYLEX_STRING)) {
		p->at++;
		return true;
	}
	return myparse_unknown(p);
}

static bool by_text(struct myparse *p)
{
	return myparse_want_word(p, MYW_BY) && text(p);
}

/* [FIELDS TERMINATED BY .. [OPTIONALLY] ENCLOSED BY .. ESCAPED BY ..] [LINES STARTING BY .. TERMINATED BY ..] */
static bool field_terms(struct myparse *p)
{
	size_t from;

	if (myparse_take_word(p, MYW_FIELDS) || myparse_take_word(p, MYW_COLUMNS)) {
		from = p->at;
		for (;;) {
			bool optionally = myparse_take_word(p, MYW_OPTIONALLY);

			if (optionally ? !myparse_want_word(p, MYW_ENCLOSED)
				       : !myparse_take_word(p, MYW_TERMINATED) && !myparse_take_word(p, MYW_ENCLOSED) &&
						 !myparse_take_word(p, MYW_ESCAPED))
				break;
			if (!by_text(p))
				return false;
		}
		if (p->at == from)
			return myparse_unknown(p);
	}
	if (myparse_take_word(p, MYW_LINES)) {
		from = p->at;
		while (myparse_take_word(p, MYW_TERMINATED) || myparse_take_word(p, MYW_STARTING))
			if (!by_text(p))
				return false;
		if (p->at == from)
			return myparse_unknown(p);
	}
	return !p->err && !p->problem;
}

static bool into_file(struct myparse *p, struct my_into *into)
{
	bool dump = myparse_take_word(p, MYW_DUMPFILE);

	into->is_file = true;
	if (!dump && !myparse_want_word(p, MYW_OUTFILE))
		return false;
	into->targets = myparse_is_kind(p, 0, MYLEX_STRING) ? myexpr_new(p, MY_EXPR_LITERAL, MY_LITERAL_STRING, p->at)
							     : (myparse_unknown(p), NULL);
	if (!into->targets || !myparse_string(p, &into->targets->text))
		return false;
	into->targets = myexpr_done(p, into->targets, p->at - 1);
	if (!into->targets || dump)
		return into->targets != NULL;
	if (myparse_take_word(p, MYW_CHARSET) || myparse_take_words(p, MYW_CHARACTER, MYW_SET) || myparse_take_words(p, MYW_CHAR, MYW_SET))
		if (!myparse_take_word(p, MYW_BINARY) && !myparse_text_name(p))
			return false;
	return field_terms(p);
}

bool myquery_into(struct myparse *p, struct my_into **out)
{
	struct my_into *into = MYPARSE_NEW(p, struct my_into);
	struct my_expr **tail;

	if (!into || !myparse_want_word(p, MYW_INTO))
		return false;
	if (*out)
		return myparse_fail(p, "INTO stands twice");
	*out = into;
	if (myparse_is_word(p, 0, MYW_OUTFILE) || myparse_is_word(p, 0, MYW_DUMPFILE))
		return into_file(p, into);
	tail = &into->targets;
	do {
		if (!myparse_is_op(p, 0, '@') && !p->in_routine)
			return myparse_unknown(p);
		*tail = myparse_is_op(p, 0, '@') ? myexpr_user_variable(p) : myexpr_column(p);
		if (!*tail)
			return false;
		tail = &(*tail)->next;
	} while (myparse_take_op(p, ','));
	return true;
}

/* ---- together ---- */
bool myquery_at_tail(const struct myparse *p)
{
	int word = myparse_word(p, 0);

	return word == MYW_ORDER || word == MYW_LIMIT || at_lock(p) || word == MYW_INTO ||
	       (p->is_maria && (word == MYW_OFFSET || word == MYW_FETCH));
}

bool myquery_tail(struct myparse *p, struct my_query *q, bool into)
{
	q->has_tail = true;
	if (myparse_take_words(p, MYW_ORDER, MYW_BY)) {
		q->order = myparse_order(p);
		if (!q->order)
			return false;
	}
	if (!myquery_limit(p, &q->limit) || !locks(p, q))
		return false;
	if (!into || !myparse_is_word(p, 0, MYW_INTO))
		return true;
	if (!myquery_into(p, &q->into))
		return false;
	return q->locks || locks(p, q);
}
