/* FROM: tables, joins, subqueries. */
#include "query.h"

static struct my_source *reference(struct myparse *p);

static bool too_high(struct myparse *p, struct my_source *s, size_t height)
{
	if (height >= p->limits->depth_max || height >= UINT16_MAX) {
		myparse_fail(p, "the statement is nested too many levels deep");
		return true;
	}
	s->height = (uint16_t)height;
	if (s->height > p->high)
		p->high = s->height;
	return false;
}

static struct my_source *join(struct myparse *p, struct my_source *left)
{
	struct my_source *s = MYPARSE_NEW(p, struct my_source);

	if (s) {
		s->kind = MY_SOURCE_JOIN;
		s->left = left;
	}
	return s;
}

static struct my_source *joined(struct myparse *p, struct my_source *s, struct my_source *right)
{
	size_t height;

	if (!right)
		return NULL;
	s->right = right;
	height = s->left->height > right->height ? s->left->height : right->height;
	return too_high(p, s, height + 1) ? NULL : s;
}

/* ---- what stands between commas and joins ---- */
static struct my_source *derived(struct myparse *p)
{
	struct my_source *s = MYPARSE_NEW(p, struct my_source);

	if (!s)
		return NULL;
	s->kind = MY_SOURCE_QUERY;
	s->is_lateral = !p->is_maria && myparse_take_word(p, MYW_LATERAL);
	s->query = myparse_subquery(p);
	if (!s->query || (p->is_maria && myparse_take_words(p, MYW_FOR, MYW_SYSTEM_TIME) && !myquery_system_time(p, &s->expr)))
		return NULL;
	if (!myquery_alias(p, &s->alias))
		return NULL;
	if (!s->alias) {
		myparse_fail(p, "a subquery in FROM has no alias");
		return NULL;
	}
	if (!p->is_maria && myparse_take_op(p, '(')) {
		s->columns = myparse_names(p);
		if (!s->columns || !myparse_want_op(p, ')'))
			return NULL;
	}
	return too_high(p, s, s->query->height + 1u) ? NULL : s;
}

static struct my_source *list(struct myparse *p)
{
	struct my_source *s = reference(p);

	while (s && myparse_take_op(p, ',')) {
		struct my_source *comma = join(p, s);

		s = comma ? joined(p, comma, reference(p)) : NULL;
	}
	return s;
}

/* ( t ), ( a JOIN b ), ( a, b ). A subquery alone may stand so in MariaDB only, a JSON_TABLE nowhere. */
static struct my_source *parentheses(struct myparse *p)
{
	struct my_source *s;

	if (!myparse_enter(p))
		return NULL;
	p->at++;
	s = list(p);
	if (!s || !myparse_want_op(p, ')'))
		return NULL;
	myparse_leave(p);
	if (s->kind == MY_SOURCE_JSON_TABLE || (s->kind == MY_SOURCE_QUERY && !p->is_maria)) {
		myparse_fail(p, "syntax error: parentheses around a single subquery or JSON_TABLE");
		return NULL;
	}
	s->in_parens = true;
	return s;
}

static struct my_source *factor(struct myparse *p)
{
	if (p->err || p->problem)
		return NULL;
	if (myparse_is_word(p, 0, MYW_JSON_TABLE) && myparse_is_op(p, 1, '('))
		return myquery_json_table(p);
	if (!p->is_maria && myparse_is_word(p, 0, MYW_LATERAL))
		return derived(p);
	if (!myparse_is_op(p, 0, '('))
		return myquery_table(p);
	return myparse_at_query(p) ? derived(p) : parentheses(p);
}

/* ---- joins ---- */
enum join { NONE, INNER, LEFT, RIGHT };

static enum join join_words(struct myparse *p, bool *natural)
{
	size_t back = p->at;
	enum join kind = INNER;

	*natural = myparse_take_word(p, MYW_NATURAL);
	if (!*natural && myparse_take_word(p, MYW_STRAIGHT_JOIN))
		return INNER;
	if (myparse_take_word(p, MYW_LEFT))
		kind = LEFT;
	else if (myparse_take_word(p, MYW_RIGHT))
		kind = RIGHT;
	else
		(void)(myparse_take_word(p, MYW_INNER) || (!*natural && myparse_take_word(p, MYW_CROSS)));
	if (kind != INNER)
		(void)myparse_take_word(p, MYW_OUTER);
	if (myparse_take_word(p, MYW_JOIN))
		return kind;
	if (p->is_maria && *natural && kind == INNER && myparse_take_word(p, MYW_STRAIGHT_JOIN))
		return INNER;
	if (p->at != back)
		(void)myparse_unknown(p);
	return NONE;
}

/* ON e, USING (a, b). An outer join must have one. */
static bool condition(struct myparse *p, struct my_source *s, bool must)
{
	if (myparse_take_word(p, MYW_ON)) {
		s->expr = myparse_expr(p);
		return s->expr != NULL;
	}
	if (!myparse_is_word(p, 0, MYW_USING))
		return !must || myparse_unknown(p);
	if (must && p->is_maria && s->right->kind == MY_SOURCE_JOIN && !s->right->in_parens)
		return myparse_unknown(p);
	p->at++;
	if (!myparse_want_op(p, '('))
		return false;
	s->columns = myparse_names(p);
	return s->columns && myparse_want_op(p, ')');
}

/* What stands right of a join takes the joins behind it: a JOIN b JOIN c ON x ON y. */
static struct my_source *right_side(struct myparse *p)
{
	struct my_source *s;

	if (!myparse_enter(p))
		return NULL;
	s = reference(p);
	myparse_leave(p);
	return s;
}

static struct my_source *escaped(struct myparse *p)
{
	struct my_source *s;

	p->at++;
	if (!p->is_maria && !myparse_is_spelled(p, 0, "OJ")) {
		myparse_unknown(p);
		return NULL;
	}
	if (!myparse_name(p))
		return NULL;
	s = right_side(p);
	return s && myparse_want_op(p, '}') ? s : NULL;
}

static struct my_source *reference(struct myparse *p)
{
	struct my_source *s = myparse_is_op(p, 0, '{') ? escaped(p) : factor(p);
	bool natural;
	enum join kind;

	while (s && (kind = join_words(p, &natural)) != NONE) {
		struct my_source *new = join(p, s);

		if (!new)
			return NULL;
		new->is_natural = natural;
		new->is_outer_left = kind == LEFT;
		new->is_outer_right = kind == RIGHT;
		s = joined(p, new, natural ? factor(p) : right_side(p));
		if (!s || (!natural && !condition(p, s, kind != INNER)))
			return NULL;
	}
	return p->err || p->problem ? NULL : s;
}

struct my_source *myparse_sources(struct myparse *p)
{
	struct my_source *s;

	if (!myparse_is_word(p, 0, MYW_DUAL))
		return list(p);
	s = MYPARSE_NEW(p, struct my_source);
	if (s)
		s->kind = MY_SOURCE_DUAL;
	p->at++;
	return s;
}
