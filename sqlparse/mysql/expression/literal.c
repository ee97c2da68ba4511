#include "expr.h"

static bool at_temporal(const struct myparse *p)
{
	int word = myparse_word(p, 0);

	return (word == MYW_DATE || word == MYW_TIME || word == MYW_TIMESTAMP) && myparse_is_kind(p, 1, MYLEX_STRING);
}

bool myexpr_at_literal(const struct myparse *p)
{
	const struct mylex_token *t = myparse_peek(p, 0);

	if (t->kind == MYLEX_WORD)
		return t->code == MYW_NULL || t->code == MYW_TRUE || t->code == MYW_FALSE || at_temporal(p);
	return t->kind >= MYLEX_STRING && t->kind <= MYLEX_FLOAT;
}

/* Behind an introducer: a string, x'..', b'..'. */
static bool is_introduced(const struct myparse *p)
{
	return myparse_is_kind(p, 1, MYLEX_STRING) || myparse_is_kind(p, 1, MYLEX_HEX) || myparse_is_kind(p, 1, MYLEX_BIN);
}

/* The strings from here on that are one: their values, joined. */
static bool join(struct myparse *p, struct qw_bytes *text)
{
	size_t first = p->at, size = 0;
	uint8_t *to;

	do
		size += myparse_peek(p, 0)->n;
	while (p->at++, myparse_is_kind(p, 0, MYLEX_STRING));
	to = qw_arena_alloc(p->arena, size + 1);
	*text = qw_bytes(to, 0);
	for (size_t at = first; to && !p->err && at < p->at; at++) {
		struct qw_bytes part;

		p->err = mylex_value(p->lex, &p->lex->tokens[at], p->dialect, p->arena, &part);
		if (!p->err && part.n)
			memcpy(to + text->n, part.p, part.n);
		text->n += p->err ? 0 : part.n;
	}
	if (!to)
		p->err = QW_E_NOMEM;
	return !p->err;
}

struct my_expr *myexpr_text(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_LITERAL, MY_LITERAL_STRING, from);
	struct qw_bytes text;

	if (!e)
		return NULL;
	if (myparse_is_kind(p, 0, MYLEX_INTRODUCER))
		p->at++;
	if (!myparse_is_kind(p, 0, MYLEX_STRING) && !(from == p->at && myparse_is_kind(p, 0, MYLEX_NSTRING))) {
		myparse_unknown(p);
		return NULL;
	}
	if (!join(p, &text))
		return NULL;
	e->text = (const char *)text.p;
	return myexpr_done(p, e, from);
}

struct my_expr *myexpr_number(struct myparse *p)
{
	static const uint8_t literal[] = {
		[MYLEX_INT] = MY_LITERAL_INT, [MYLEX_DECIMAL] = MY_LITERAL_DECIMAL, [MYLEX_FLOAT] = MY_LITERAL_FLOAT};
	const struct mylex_token *t = myparse_peek(p, 0);
	struct my_expr *e;

	if (t->kind != MYLEX_INT && t->kind != MYLEX_DECIMAL && t->kind != MYLEX_FLOAT) {
		myparse_unknown(p);
		return NULL;
	}
	e = myexpr_new(p, MY_EXPR_LITERAL, literal[t->kind], p->at);
	p->at++;
	return myexpr_done(p, e, p->at - 1);
}

bool myexpr_small(struct myparse *p, uint64_t min, uint64_t max, uint64_t *out)
{
	struct qw_bytes digits;

	*out = 0;
	if (!myparse_int(p, &digits))
		return false;
	for (size_t i = 0; i < digits.n; i++) {
		if (*out > (UINT64_MAX - 9) / 10)
			return myparse_fail(p, "a number is too large for its place");
		*out = *out * 10 + (digits.p[i] - '0');
	}
	return (*out >= min && *out <= max) || myparse_fail(p, "a number is too small or too large for its place");
}

bool myexpr_digits(struct myparse *p, uint64_t min, uint64_t max)
{
	uint64_t n;

	return myparse_want_op(p, '(') && myexpr_small(p, min, max, &n) && myparse_want_op(p, ')');
}

static struct my_expr *tokens(struct myparse *p, enum my_literal literal, size_t count)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_LITERAL, literal, from);

	p->at += count;
	return myexpr_done(p, e, from);
}

static struct my_expr *temporal(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, MY_EXPR_LITERAL, MY_LITERAL_TEMPORAL, from);

	if (!e || !myparse_string(p, &e->text))
		return NULL;
	return myexpr_done(p, e, from);
}

struct my_expr *myexpr_literal(struct myparse *p)
{
	const struct mylex_token *t = myparse_peek(p, 0);
	bool introduced = t->kind == MYLEX_INTRODUCER;

	if (introduced && !is_introduced(p)) {
		myparse_unknown(p);
		return NULL;
	}
	if (at_temporal(p))
		return temporal(p);
	if (t->kind == MYLEX_WORD)
		return tokens(p, t->code == MYW_NULL ? MY_LITERAL_NULL : MY_LITERAL_BOOL, 1);
	if (t->kind == MYLEX_STRING || t->kind == MYLEX_NSTRING || (introduced && myparse_is_kind(p, 1, MYLEX_STRING)))
		return myexpr_text(p);
	if (myparse_is_kind(p, introduced, MYLEX_HEX))
		return tokens(p, MY_LITERAL_HEX, 1u + introduced);
	if (myparse_is_kind(p, introduced, MYLEX_BIN))
		return tokens(p, MY_LITERAL_BIN, 1u + introduced);
	return myexpr_number(p);
}

struct my_expr *myexpr_param(struct myparse *p)
{
	struct my_expr *e;

	if (!myparse_is_op(p, 0, MYLEX_OP_PARAM)) {
		myparse_unknown(p);
		return NULL;
	}
	e = myexpr_new(p, MY_EXPR_PARAM, 0, p->at);
	p->at++;
	return myexpr_done(p, e, p->at - 1);
}
