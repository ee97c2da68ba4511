/* From the tokens of a wrapper to the place of what it wraps. */
#include "inner.h"

/* A place among the tokens; comments are stepped over. */
struct place {
	const struct tokens *t;
	size_t at;
};

static void skip_comments(struct place *p)
{
	while (p->at < p->t->count && p->t->list[p->at].is_comment)
		p->at++;
}

static uint16_t code(const struct place *p)
{
	return p->at < p->t->count ? p->t->list[p->at].code : 0;
}

static void step(struct place *p)
{
	p->at++;
	skip_comments(p);
}

static bool take(struct place *p, const char *keyword)
{
	if (!spg_token_is(p->t, p->at, keyword))
		return false;
	step(p);
	return true;
}

static int depth_change(uint16_t code)
{
	if (code == '(' || code == '[')
		return 1;
	return code == ')' || code == ']' ? -1 : 0;
}

/* From an opening parenthesis to the one that closes it. */
static bool find_closing(struct place *p)
{
	int depth = 0;

	for (; p->at < p->t->count; step(p)) {
		depth += depth_change(code(p));
		if (depth == 0)
			return true;
	}
	return false;
}

/*
 * Behind the first such keyword outside of parentheses. Both words are reserved, so before it
 * they can only be part of a dotted name: CREATE TABLE s.as AS ...
 */
static bool skip_behind(struct place *p, const char *reserved)
{
	uint16_t before = 0;
	int depth = 0;

	for (; p->at < p->t->count; step(p)) {
		if (depth == 0 && before != '.' && take(p, reserved))
			return true;
		before = code(p);
		depth += depth_change(before);
	}
	return false;
}

/* gram.y: ExplainStmt */
static bool peel_explain(struct place *p, bool has_options)
{
	if (!take(p, "EXPLAIN"))
		return false;
	if (!has_options)
		return true;
	if (code(p) == '(') {
		if (!find_closing(p))
			return false;
		step(p);
		return true;
	}
	if (!take(p, "ANALYZE"))
		(void)take(p, "ANALYSE");
	(void)take(p, "VERBOSE");
	return true;
}

/* The index of the token that ends the statement at p; p moves to its first token. */
static bool peel(struct place *p, enum peel how, size_t *end)
{
	struct place q;

	switch (how) {
	case PEEL_EXPLAIN:
	case PEEL_EXPLAIN_OPTIONS:
		return peel_explain(p, how == PEEL_EXPLAIN_OPTIONS);
	case PEEL_AS:
		return take(p, "PREPARE") && skip_behind(p, "AS");
	case PEEL_CREATE_AS:
		return take(p, "CREATE") && skip_behind(p, "AS");
	case PEEL_FOR:
		return take(p, "DECLARE") && skip_behind(p, "FOR");
	case PEEL_PARENTHESES:
		if (!take(p, "COPY") || code(p) != '(')
			return false;
		q = *p;
		if (!find_closing(&q))
			return false;
		*end = q.at;
		step(p);
		return true;
	}
	return false;
}

/* The token before `end`, comments left out; SIZE_MAX: there is none behind `first`. */
static size_t before(const struct tokens *t, size_t first, size_t end)
{
	while (end-- > first + 1)
		if (!t->list[end].is_comment)
			return end;
	return SIZE_MAX;
}

/* gram.y: opt_with_data. In SELECT a.with data, "with" is a column. */
static size_t without_data(const struct tokens *t, size_t first, size_t end)
{
	size_t at = before(t, first, end), dot;

	if (at == SIZE_MAX || !spg_token_is(t, at, "DATA"))
		return end;
	at = before(t, first, at);
	if (at != SIZE_MAX && spg_token_is(t, at, "NO"))
		at = before(t, first, at);
	if (at == SIZE_MAX || !spg_token_is(t, at, "WITH"))
		return end;
	dot = before(t, first, at);
	return dot != SIZE_MAX && t->list[dot].code == '.' ? end : at;
}

static struct qw_bytes span(const struct tokens *t, size_t first, size_t end)
{
	struct qw_bytes s = t->text;
	size_t from, to;

	while (end > first && t->list[end - 1].is_comment)
		end--;
	if (end <= first || first >= t->count)
		return qw_bytes(NULL, 0);
	from = t->list[first].start;
	to = end < t->count ? t->list[end].start : s.n;
	while (to > from && strchr(" \t\n\r\f", s.p[to - 1]))
		to--;
	return qw_bytes(s.p + from, to - from);
}

int spg_inner_range(struct qw_bytes text, const struct inner_note *note, struct qw_arena *scratch,
	struct qw_bytes *range)
{
	struct tokens t;
	struct place p = {.t = &t};
	size_t end;
	int err = spg_tokens(text, scratch, &t);

	*range = qw_bytes(NULL, 0);
	if (err)
		return err;
	end = t.count;
	skip_comments(&p);
	while (code(&p) == ';') /* empty statements before it belong to its part of the text */
		step(&p);
	for (size_t i = 0; i < note->peel_count; i++) {
		if (!peel(&p, note->peels[i], &end))
			return 0;
		if (note->peels[i] == PEEL_CREATE_AS)
			end = without_data(&t, p.at, end);
	}
	*range = span(&t, p.at, end);
	return 0;
}
