#include "parts.h"

bool mywrite_update(struct myparse *p, struct my_statement *s, struct my_with *with)
{
	struct my_update *u = MYPARSE_NEW(p, struct my_update);

	if (!u)
		return false;
	s->kind = MY_STATEMENT_UPDATE;
	s->update = u;
	u->with = with;
	p->at++;
	(void)myparse_take_word(p, MYW_LOW_PRIORITY);
	(void)myparse_take_word(p, MYW_IGNORE);
	u->from = mywrite_update_tables(p);
	if (!u->from || !myparse_want_word(p, MYW_SET))
		return false;
	u->sets = mywrite_sets(p);
	return u->sets && myparse_where(p, &u->where) && mywrite_order_limit(p, &u->order, &u->limit);
}

bool myparse_update(struct myparse *p, struct my_statement *s)
{
	return mywrite_update(p, s, NULL);
}

/* Tables; of MariaDB one with FOR PORTION too. */
struct my_source *mywrite_update_tables(struct myparse *p)
{
	struct my_source *s;
	size_t from = p->at;

	if (p->is_maria && myparse_is_name(p, 0)) {
		s = myparse_table(p);
		if (s && myparse_is_word(p, 0, MYW_FOR) && myparse_is_word(p, 1, MYW_PORTION))
			return mywrite_portion(p, s) && myquery_alias(p, &s->alias) ? s : NULL;
		p->at = from;
	}
	return myparse_sources(p);
}

/* WITH ... UPDATE, WITH ... DELETE: the first word behind the queries in parentheses tells. */
static int behind_with(const struct myparse *p)
{
	for (size_t at = p->at; p->lex->tokens[at].kind != MYLEX_END; at++) {
		const struct mylex_token *t = &p->lex->tokens[at];

		if (t->kind == MYLEX_WORD && (t->code == MYW_UPDATE || t->code == MYW_DELETE || t->code == MYW_SELECT))
			return t->code;
		if (t->kind == MYLEX_OP && t->code == '(') {
			if (!p->closers[at])
				break;
			at = p->closers[at];
		}
	}
	return MYLEX_NO_WORD;
}

bool myparse_with_statement(struct myparse *p, struct my_statement *s)
{
	int word = behind_with(p);
	struct my_with *with;

	if (word != MYW_UPDATE && word != MYW_DELETE) {
		s->kind = MY_STATEMENT_QUERY;
		s->query = myparse_select(p);
		return s->query != NULL;
	}
	with = myquery_with(p);
	if (!with)
		return false;
	if (myparse_is_word(p, 0, MYW_UPDATE))
		return mywrite_update(p, s, with);
	return myparse_is_word(p, 0, MYW_DELETE) ? mywrite_delete(p, s, with) : myparse_unknown(p);
}
