#include "parser.h"

bool myparse_fail(struct myparse *p, const char *why)
{
	if (!p->problem && !p->err)
		p->problem = why;
	return false;
}

/* The words that the agent wrote, cut where a character begins. */
static struct qw_bytes excerpt(const struct myparse *p)
{
	const struct mylex_token *t = myparse_peek(p, 0);
	struct qw_bytes s = qw_bytes(p->lex->text.p + t->at, p->lex->text.n - t->at);

	if (s.n > 40)
		for (s.n = 40; s.n && (s.p[s.n] & 0xc0) == 0x80;)
			s.n--;
	return s;
}

bool myparse_unknown(struct myparse *p)
{
	struct qw_bytes s = excerpt(p);
	const char *why;

	if (p->problem || p->err)
		return false;
	if (s.n == 0)
		return myparse_fail(p, "syntax error: the statement ends too early");
	if (!qw_utf8_valid(s))
		return myparse_fail(p, "syntax error, or syntax that the gateway does not know");
	why = qw_arena_printf(p->arena, "syntax error, or syntax that the gateway does not know, near \"%.*s\"", (int)s.n, s.p);
	if (!why)
		p->err = QW_E_NOMEM;
	return myparse_fail(p, why);
}

bool myparse_enter(struct myparse *p)
{
	if (p->problem || p->err)
		return false;
	if (p->depth >= p->limits->depth_max || p->depth >= MYPARSE_DEPTH_MAX)
		return myparse_fail(p, "the statement is nested too many levels deep");
	p->depth++;
	return true;
}

void *myparse_new(struct myparse *p, size_t size)
{
	void *new;

	if (p->problem || p->err)
		return NULL;
	if (p->nodes++ >= p->limits->nodes_max) {
		myparse_fail(p, "the statement has too many parts");
		return NULL;
	}
	new = qw_arena_alloc(p->arena, size);
	if (!new)
		p->err = QW_E_NOMEM;
	return new;
}

char *myparse_copy(struct myparse *p, struct qw_bytes s)
{
	char *copy = qw_arena_strdup(p->arena, s);

	if (!copy)
		p->err = QW_E_NOMEM;
	return copy;
}

int myparse_begin(struct myparse *p)
{
	size_t open = 0, count = p->lex->count; /* `open`: 1 + the innermost "(" that waits; those outside of it are linked by closers */

	p->is_maria = p->dialect->flavour == MYSQL_FLAVOUR_MARIADB;
	p->closers = qw_arena_alloc(p->arena, count * sizeof(*p->closers));
	if (!p->closers)
		return QW_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct mylex_token *t = &p->lex->tokens[i];

		if (t->kind != MYLEX_OP || (t->code != '(' && t->code != ')'))
			continue;
		if (t->code == '(') {
			p->closers[i] = (uint32_t)open;
			open = i + 1;
		} else if (open) {
			size_t outer = p->closers[open - 1];

			p->closers[open - 1] = (uint32_t)i;
			open = outer;
		}
	}
	while (open) {
		size_t outer = p->closers[open - 1];

		p->closers[open - 1] = 0;
		open = outer;
	}
	return 0;
}

/* ---- tokens ---- */
bool myparse_take_words(struct myparse *p, int first, int second)
{
	if (!myparse_is_word(p, 0, first) || !myparse_is_word(p, 1, second))
		return false;
	p->at += 2;
	return true;
}

bool myparse_want_op(struct myparse *p, int op)
{
	return myparse_take_op(p, op) || myparse_unknown(p);
}

bool myparse_want_word(struct myparse *p, int word)
{
	return myparse_take_word(p, word) || myparse_unknown(p);
}

bool myparse_is_end(const struct myparse *p)
{
	return myparse_is_kind(p, 0, MYLEX_END) || myparse_is_op(p, 0, ';');
}

bool myparse_is_spelled(const struct myparse *p, size_t more, const char *word)
{
	const struct mylex_token *t = myparse_peek(p, more);
	const uint8_t *s = p->lex->text.p + t->at;

	if ((t->kind != MYLEX_WORD && t->kind != MYLEX_IDENT) || t->n != strlen(word))
		return false;
	for (size_t i = 0; i < t->n; i++)
		if ((s[i] >= 'a' && s[i] <= 'z' ? s[i] - 32 : s[i]) != word[i])
			return false;
	return true;
}

struct qw_bytes myparse_spelling(const struct myparse *p, size_t from, size_t until)
{
	const struct mylex_token *first = &p->lex->tokens[from], *last;

	if (until <= from)
		return qw_bytes(p->lex->text.p + first->at, 0);
	last = &p->lex->tokens[until - 1];
	return qw_bytes(p->lex->text.p + first->at, last->at + last->n - first->at);
}
