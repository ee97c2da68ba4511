/* Queries as a whole: WITH, parentheses, UNION and its kin. */
#include "query.h"

/* ---- where a query begins ---- */
static bool at_primary(const struct myparse *p, size_t at)
{
	const struct mylex_token *t = &p->lex->tokens[at], *next = t->kind == MYLEX_END ? t : t + 1;

	if (t->kind != MYLEX_WORD)
		return false;
	if (t->code == MYW_VALUES && p->is_maria) /* VALUES(c) is a function behind ON DUPLICATE KEY UPDATE */
		return !p->in_duplicate;
	if (t->code == MYW_VALUES) /* VALUES ROW(..) */
		return next->kind == MYLEX_WORD && next->code == MYW_ROW;
	return t->code == MYW_SELECT || t->code == MYW_WITH || (t->code == MYW_TABLE && !p->is_maria);
}

/* What may follow a query in parentheses, within the parentheses around it. */
static bool goes_on(const struct mylex_token *t)
{
	if (t->kind == MYLEX_OP)
		return t->code == ')';
	return t->kind == MYLEX_WORD &&
	       (t->code == MYW_UNION || t->code == MYW_EXCEPT || t->code == MYW_INTERSECT || t->code == MYW_ORDER ||
		       t->code == MYW_LIMIT || t->code == MYW_FOR || t->code == MYW_LOCK || t->code == MYW_OFFSET || t->code == MYW_FETCH);
}

bool myparse_at_query(const struct myparse *p)
{
	size_t at = p->at;

	while (p->lex->tokens[at].kind == MYLEX_OP && p->lex->tokens[at].code == '(')
		at++;
	if (!at_primary(p, at))
		return false;
	/* (SELECT 1) + 1 in one more pair is no query: from the innermost pair outwards something of a query must follow */
	while (at-- > p->at + 1)
		if (!p->closers[at] || !goes_on(&p->lex->tokens[p->closers[at] + 1]))
			return false;
	return true;
}

/* ---- one arm ---- */
static struct my_body *parenthesised(struct myparse *p, struct my_body *b)
{
	if (p->is_maria && myparse_is_word(p, 1, MYW_WITH)) {
		myparse_unknown(p);
		return NULL;
	}
	b->kind = MY_BODY_QUERY;
	p->subqueries--; /* its options are those of the query around it */
	b->query = myparse_subquery(p);
	p->subqueries++;
	return b->query ? b : NULL;
}

static struct my_body *primary(struct myparse *p, struct my_into **into)
{
	struct my_body *b = MYPARSE_NEW(p, struct my_body);

	if (!b)
		return NULL;
	if (myparse_is_op(p, 0, '('))
		return parenthesised(p, b);
	if (myparse_is_word(p, 0, MYW_SELECT)) {
		b->kind = MY_BODY_SELECT;
		b->select = myquery_select(p, into);
		return b->select ? b : NULL;
	}
	if (!p->is_maria && myparse_take_word(p, MYW_TABLE)) {
		b->kind = MY_BODY_TABLE;
		b->table = myparse_table(p);
		return b->table ? b : NULL;
	}
	if (!myparse_want_word(p, MYW_VALUES))
		return NULL;
	b->kind = MY_BODY_VALUES;
	b->rows = myquery_rows(p, !p->is_maria, !p->is_maria);
	return b->rows ? b : NULL;
}

/* ---- set operations ---- */
static int set_word(const struct myparse *p)
{
	switch (myparse_word(p, 0)) {
	case MYW_UNION:
		return MY_SET_UNION;
	case MYW_EXCEPT:
		return MY_SET_EXCEPT;
	case MYW_INTERSECT:
		return MY_SET_INTERSECT;
	default:
		return -1;
	}
}

static struct my_body *set_of(struct myparse *p, struct my_body *first)
{
	struct my_body *set = MYPARSE_NEW(p, struct my_body);

	if (set) {
		set->kind = MY_BODY_SET;
		set->arms = first;
	}
	return set;
}

static struct my_body *set_level(struct myparse *p, bool intersect, struct my_into **into)
{
	struct my_body *b = intersect ? primary(p, into) : set_level(p, true, into), *last = b;

	while (b) {
		int op = set_word(p);
		bool all;

		if (op < 0 || (op == MY_SET_INTERSECT) != intersect)
			break;
		if (into && *into) {
			myparse_fail(p, "INTO stands in a query that is not the last one");
			return NULL;
		}
		p->at++;
		all = myparse_take_word(p, MYW_ALL);
		(void)(!all && myparse_take_word(p, MYW_DISTINCT));
		if (last == b)
			b = set_of(p, b);
		if (!b)
			return NULL;
		p->subqueries++; /* options of the whole stand in the first arm */
		last->next = intersect ? primary(p, NULL) : set_level(p, true, NULL);
		p->subqueries--;
		last = last->next;
		if (!last)
			return NULL;
		last->set = (enum my_set)op;
		last->is_all = all;
	}
	return b;
}

/* ---- the whole ---- */
struct my_query *myquery_rest(struct myparse *p, struct my_with *with, bool into)
{
	struct my_query *q = MYPARSE_NEW(p, struct my_query);
	bool alone;

	if (!q)
		return NULL;
	q->with = with;
	q->body = set_level(p, false, into ? &q->into : NULL);
	if (!q->body)
		return NULL;
	alone = q->body->kind == MY_BODY_QUERY; /* ((query)) is no deeper than (query) */
	if (!myquery_at_tail(p))
		return alone && !with ? q->body->query : q;
	return myquery_tail(p, q, into) ? q : NULL;
}

static struct my_query *query(struct myparse *p, bool into)
{
	uint16_t high = p->high;
	struct my_with *with = NULL;
	struct my_query *q;

	if (!myparse_enter(p))
		return NULL;
	p->high = 0;
	if (myparse_is_word(p, 0, MYW_WITH)) {
		with = myquery_with(p);
		if (!with)
			return NULL;
	}
	q = myquery_rest(p, with, into);
	if (!q)
		return NULL;
	if (p->high >= p->limits->depth_max) {
		myparse_fail(p, "the statement is nested too many levels deep");
		return NULL;
	}
	q->height = (uint16_t)(p->high + 1);
	p->high = high > q->height ? high : q->height;
	myparse_leave(p);
	return q;
}

struct my_query *myparse_query(struct myparse *p)
{
	return query(p, false);
}

struct my_query *myparse_select(struct myparse *p)
{
	return query(p, true);
}

struct my_query *myparse_subquery(struct myparse *p)
{
	bool in_duplicate = p->in_duplicate;
	struct my_query *q;

	if (!myparse_want_op(p, '('))
		return NULL;
	p->subqueries++;
	p->in_duplicate = false;
	q = query(p, false);
	p->in_duplicate = in_duplicate;
	p->subqueries--;
	return q && myparse_want_op(p, ')') ? q : NULL;
}
