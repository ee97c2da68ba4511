#include "parser.h"

bool myparse_is_name(const struct myparse *p, size_t more)
{
	const struct mylex_token *t = myparse_peek(p, more);

	if (t->kind == MYLEX_IDENT || t->kind == MYLEX_QUOTED)
		return true;
	return t->kind == MYLEX_WORD && !(mylex_word_flags(t->code, p->dialect->flavour) & (MYLEX_WORD_RESERVED | MYLEX_WORD_CALL));
}

static const char *value(struct myparse *p)
{
	struct qw_bytes s;

	p->err = mylex_value(p->lex, myparse_peek(p, 0), p->dialect, p->arena, &s);
	if (p->err)
		return NULL;
	p->at++;
	return myparse_copy(p, s);
}

const char *myparse_name(struct myparse *p)
{
	if (p->err || p->problem)
		return NULL;
	if (!myparse_is_name(p, 0)) {
		myparse_unknown(p);
		return NULL;
	}
	return value(p);
}

const char *myparse_text_name(struct myparse *p)
{
	const char *text;

	struct qw_bytes s = {0};

	if (p->err || p->problem || !myparse_is_kind(p, 0, MYLEX_STRING))
		return myparse_name(p);
	p->err = mylex_value(p->lex, myparse_peek(p, 0), p->dialect, p->arena, &s);
	if (!p->err && s.n && memchr(s.p, '\0', s.n)) { /* some versions end the name there, some do not */
		myparse_fail(p, "a name holds the character NUL");
		return NULL;
	}
	return !p->err && myparse_string(p, &text) ? text : NULL;
}

bool myparse_string(struct myparse *p, const char **out)
{
	if (p->err || p->problem)
		return false;
	if (!myparse_is_kind(p, 0, MYLEX_STRING))
		return myparse_unknown(p);
	*out = value(p);
	return *out != NULL;
}

bool myparse_qualified(struct myparse *p, const char **schema, const char **name)
{
	*schema = NULL;
	if (p->is_maria && myparse_is_op(p, 0, '.')) {
		p->at++;
		*name = myparse_name(p);
		return *name != NULL;
	}
	*name = myparse_name(p);
	if (!*name || !myparse_take_op(p, '.'))
		return *name != NULL;
	*schema = *name;
	*name = myparse_name(p);
	return *name != NULL;
}

struct my_named *myparse_names(struct myparse *p)
{
	struct my_named *first = NULL, **tail = &first;

	do {
		struct my_named *n = MYPARSE_NEW(p, struct my_named);

		if (!n)
			return NULL;
		n->name = myparse_name(p);
		if (!n->name)
			return NULL;
		*tail = n;
		tail = &n->next;
	} while (myparse_take_op(p, ','));
	return first;
}

bool myparse_int(struct myparse *p, struct qw_bytes *digits)
{
	const struct mylex_token *t = myparse_peek(p, 0);

	if (t->kind != MYLEX_INT)
		return myparse_unknown(p);
	*digits = qw_bytes(p->lex->text.p + t->at, t->n);
	p->at++;
	return true;
}
