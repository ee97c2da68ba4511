/* SELECT ... FROM ... WHERE ... GROUP BY ... HAVING ... WINDOW ... */
#include "query.h"

/* ---- options ---- */
static bool is_option(const struct myparse *p, int word)
{
	switch (word) {
	case MYW_SQL_SMALL_RESULT:
	case MYW_SQL_BIG_RESULT:
	case MYW_STRAIGHT_JOIN:
	case MYW_ALL:
	case MYW_DISTINCT:
	case MYW_DISTINCTROW:
	case MYW_SQL_NO_CACHE:
		return true;
	case MYW_HIGH_PRIORITY:
	case MYW_SQL_BUFFER_RESULT:
	case MYW_SQL_CALC_FOUND_ROWS:
		return p->subqueries == 0;
	case MYW_SQL_CACHE:
	case MYW_UNIQUE:
		return p->is_maria;
	default:
		return false;
	}
}

static bool options(struct myparse *p, struct my_select *s)
{
	bool all = false;

	while (is_option(p, myparse_word(p, 0))) {
		int word = myparse_word(p, 0);

		all |= word == MYW_ALL;
		s->is_distinct |= word == MYW_DISTINCT || word == MYW_DISTINCTROW || word == MYW_UNIQUE;
		p->at++;
	}
	return !(all && s->is_distinct) || myparse_fail(p, "both ALL and DISTINCT are written");
}

/* ---- items ---- */
struct my_expr *myquery_star(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_STAR, 0, from);

	if (!e)
		return NULL;
	e->column = MYPARSE_NEW(p, struct my_column);
	if (!e->column || !myparse_want_op(p, '*'))
		return NULL;
	return myexpr_done(p, e, from);
}

/* t.*, s.t.* */
static size_t qualified_star(const struct myparse *p)
{
	if (!myparse_is_name(p, 0) || !myparse_is_op(p, 1, '.'))
		return 0;
	if (myparse_is_op(p, 2, '*'))
		return 1;
	return myparse_is_name(p, 2) && myparse_is_op(p, 3, '.') && myparse_is_op(p, 4, '*') ? 2 : 0;
}

static struct my_expr *table_star(struct myparse *p, size_t names)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_STAR, 0, from);

	if (!e)
		return NULL;
	e->column = MYPARSE_NEW(p, struct my_column);
	if (!e->column)
		return NULL;
	if (names == 2) {
		e->column->schema = myparse_name(p);
		p->at++;
	}
	e->column->table = myparse_name(p);
	p->at += 2;
	return myexpr_done(p, e, from);
}

/* [AS] name or 'text' */
static bool alias(struct myparse *p, struct my_item *item)
{
	if (!myparse_take_word(p, MYW_AS) && !myparse_is_name(p, 0) && !myparse_is_kind(p, 0, MYLEX_STRING))
		return true;
	item->alias = myparse_text_name(p);
	return item->alias != NULL;
}

static struct my_item *item(struct myparse *p, bool first)
{
	struct my_item *new = MYPARSE_NEW(p, struct my_item);
	size_t names = qualified_star(p);

	if (!new)
		return NULL;
	if (first && myparse_is_op(p, 0, '*'))
		new->expr = myquery_star(p);
	else
		new->expr = names ? table_star(p, names) : myparse_expr(p);
	if (!new->expr || (new->expr->kind != MY_EXPR_STAR && !alias(p, new)))
		return NULL;
	return new;
}

struct my_item *myparse_items(struct myparse *p)
{
	struct my_item *first = item(p, true), *last = first;

	while (last && myparse_take_op(p, ',')) {
		last->next = item(p, false);
		last = last->next;
	}
	return last ? first : NULL;
}

/* ---- GROUP BY ---- */
static bool in_parens(struct myparse *p, struct my_order **tail)
{
	if (!myparse_want_op(p, '('))
		return false;
	*tail = myparse_order(p);
	return *tail && myparse_want_op(p, ')');
}

/* GROUPING SETS ((a, b), (c), ()) */
static bool grouping_sets(struct myparse *p, struct my_order **tail)
{
	if (!myparse_want_op(p, '('))
		return false;
	do {
		if (myparse_is_op(p, 0, '(') && myparse_is_op(p, 1, ')')) {
			p->at += 2;
			continue;
		}
		if (!in_parens(p, tail))
			return false;
		while (*tail)
			tail = &(*tail)->next;
	} while (myparse_take_op(p, ','));
	return myparse_want_op(p, ')');
}

static bool group(struct myparse *p, struct my_select *s)
{
	if (!myparse_take_words(p, MYW_GROUP, MYW_BY))
		return true;
	s->with_rollup = !p->is_maria && myparse_is_op(p, 1, '(') && (myparse_is_word(p, 0, MYW_ROLLUP) || myparse_is_word(p, 0, MYW_CUBE));
	if (s->with_rollup) {
		p->at++;
		return in_parens(p, &s->group);
	}
	if (!p->is_maria && myparse_take_words(p, MYW_GROUPING, MYW_SETS))
		return grouping_sets(p, &s->group);
	s->group = myparse_order(p);
	if (!s->group)
		return false;
	for (const struct my_order *o = s->group; o && !p->is_maria; o = o->next)
		if (o->is_directed)
			return myparse_fail(p, "GROUP BY takes no ASC or DESC");
	if (myparse_is_word(p, 0, MYW_WITH) && (myparse_is_word(p, 1, MYW_ROLLUP) || (p->is_maria && myparse_is_word(p, 1, MYW_CUBE)))) {
		s->with_rollup = true;
		p->at += 2;
	}
	return true;
}

/* ---- HAVING, WINDOW, QUALIFY ---- */
static bool windows(struct myparse *p, struct my_select *s)
{
	struct my_window **tail = &s->windows;

	if (!myparse_take_word(p, MYW_WINDOW))
		return true;
	do {
		const char *name = myparse_name(p);

		if (!name || !myparse_want_word(p, MYW_AS))
			return false;
		*tail = myexpr_window(p);
		if (!*tail)
			return false;
		(*tail)->name = name;
		tail = &(*tail)->next;
	} while (myparse_take_op(p, ','));
	return true;
}

static bool condition(struct myparse *p, bool present, struct my_expr **out)
{
	if (!present)
		return true;
	*out = myparse_expr(p);
	return *out != NULL;
}

bool myparse_where(struct myparse *p, struct my_expr **out)
{
	return condition(p, myparse_take_word(p, MYW_WHERE), out);
}

struct my_select *myquery_select(struct myparse *p, struct my_into **into)
{
	struct my_select *s = MYPARSE_NEW(p, struct my_select);

	if (!s || !myparse_want_word(p, MYW_SELECT) || !options(p, s))
		return NULL;
	s->items = myparse_items(p);
	if (!s->items)
		return NULL;
	if (into && myparse_is_word(p, 0, MYW_INTO) && !myquery_into(p, into))
		return NULL;
	if (myparse_take_word(p, MYW_FROM)) {
		s->from = myparse_sources(p);
		if (!s->from)
			return NULL;
	}
	if (!myparse_where(p, &s->where) || !group(p, s) || !condition(p, myparse_take_word(p, MYW_HAVING), &s->having) || !windows(p, s) ||
		!condition(p, !p->is_maria && myparse_take_word(p, MYW_QUALIFY), &s->qualify))
		return NULL;
	return s;
}
