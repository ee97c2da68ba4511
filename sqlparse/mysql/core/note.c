#include "parser.h"

bool myparse_note(struct myparse *p, struct my_statement *s, const struct qw_act *act)
{
	struct my_noted *n = MYPARSE_NEW(p, struct my_noted), **tail = &s->noted;

	if (!n)
		return false;
	n->act = *act;
	while (*tail)
		tail = &(*tail)->next;
	*tail = n;
	return true;
}

static struct my_part *part(struct myparse *p, struct my_statement *s)
{
	struct my_part *new = MYPARSE_NEW(p, struct my_part);

	if (new) {
		new->next = s->parts;
		s->parts = new;
	}
	return new;
}

bool myparse_note_query(struct myparse *p, struct my_statement *s, struct my_query *q)
{
	struct my_part *new = q ? part(p, s) : NULL;

	if (new)
		new->query = q;
	return new != NULL;
}

bool myparse_note_expr(struct myparse *p, struct my_statement *s, struct my_expr *e)
{
	struct my_part *new = e ? part(p, s) : NULL;

	if (new)
		new->expr = e;
	return new != NULL;
}

bool myparse_note_statement(struct myparse *p, struct my_statement *s, struct my_statement *inner)
{
	struct my_part *new = inner ? part(p, s) : NULL;

	if (new)
		new->statement = inner;
	return new != NULL;
}
