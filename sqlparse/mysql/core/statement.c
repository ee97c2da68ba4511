#include "other.h"
#include "../write/write.h"

static bool query(struct myparse *p, struct my_statement *s)
{
	s->kind = MY_STATEMENT_QUERY;
	s->query = myparse_select(p);
	return s->query != NULL;
}

static bool kind(struct myparse *p, struct my_statement *s)
{
	s->word = (uint16_t)myparse_word(p, 0);
	if (s->word == MYW_INSERT || s->word == MYW_REPLACE)
		return myparse_insert(p, s);
	if (s->word == MYW_UPDATE)
		return myparse_update(p, s);
	if (s->word == MYW_DELETE)
		return myparse_delete(p, s);
	if (s->word == MYW_WITH && !p->is_maria)
		return myparse_with_statement(p, s);
	return myparse_at_query(p) ? query(p, s) : myparse_other(p, s);
}

bool myparse_statement(struct myparse *p, struct my_statement *s)
{
	size_t from = p->at;
	struct qw_bytes text;

	if (!myparse_enter(p) || !kind(p, s))
		return false;
	myparse_leave(p);
	text = myparse_spelling(p, from, p->at);
	s->at = (uint32_t)(text.p - p->lex->text.p);
	s->n = (uint32_t)text.n;
	return true;
}
