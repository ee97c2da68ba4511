/* Statements -> facts. */
#include "facts.h"

static void parts(struct myfacts *f, const struct my_part *part)
{
	for (; part; part = part->next) {
		myfacts_query(f, part->query);
		myfacts_exprs(f, part->expr);
		myfacts_source(f, part->source);
		if (part->statement)
			myfacts_statement(f, part->statement);
	}
}

void myfacts_statement(struct myfacts *f, const struct my_statement *s)
{
	for (const struct my_noted *n = s->noted; n; n = n->next)
		myfacts_act(f, &n->act);
	switch (s->kind) {
	case MY_STATEMENT_QUERY:
		f->has_query = true;
		myfacts_query(f, s->query);
		break;
	case MY_STATEMENT_INSERT:
		myfacts_insert(f, s->insert);
		break;
	case MY_STATEMENT_UPDATE:
		myfacts_update(f, s->update);
		break;
	case MY_STATEMENT_DELETE:
		myfacts_delete(f, s->del);
		break;
	case MY_STATEMENT_OTHER:
		break;
	}
	parts(f, s->parts);
}

int myfacts_make(struct myparse *p, struct my_statement *const *trees, size_t count, struct qw_statements *out)
{
	out->list = qw_arena_alloc(p->arena, (count ? count : 1) * sizeof(*out->list));
	if (!out->list)
		return QW_E_NOMEM;
	for (size_t i = 0; i < count && !p->err && !p->problem; i++) {
		struct myfacts f = {.p = p, .out = &out->list[i]};

		*f.out = trees[i]->preset;
		f.out->text = qw_bytes(p->lex->text.p + trees[i]->at, trees[i]->n);
		myfacts_statement(&f, trees[i]);
		myfacts_finish(&f);
	}
	out->count = count;
	return p->err;
}
