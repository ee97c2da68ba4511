#include "parts.h"

static bool target(struct myparse *p, struct my_target **out)
{
	struct my_target *t = MYPARSE_NEW(p, struct my_target);

	if (!t)
		return false;
	*out = t;
	t->name = myparse_name(p);
	if (!t->name)
		return false;
	if (myparse_is_op(p, 0, '.') && !myparse_is_op(p, 1, '*')) {
		p->at++;
		t->schema = t->name;
		t->name = myparse_name(p);
		if (!t->name)
			return false;
	}
	if (myparse_is_op(p, 0, '.') && myparse_is_op(p, 1, '*'))
		p->at += 2;
	return true;
}

static bool targets(struct myparse *p, struct my_target **tail)
{
	do {
		if (!target(p, tail))
			return false;
		tail = &(*tail)->next;
	} while (myparse_take_op(p, ','));
	return true;
}

/* Behind FROM: does a list of targets with USING follow, or the one table? */
static bool at_targets(const struct myparse *p)
{
	size_t n = 1;

	if (myparse_is_op(p, n, '.') && myparse_is_name(p, n + 1))
		n += 2;
	return myparse_is_op(p, n, '.') || myparse_is_op(p, n, ',') || myparse_is_word(p, n, MYW_USING);
}

/* MySQL: t [alias] [PARTITION]; MariaDB: t [PARTITION] [FOR PORTION] */
static bool one_table(struct myparse *p, struct my_delete *d)
{
	d->from = myparse_table(p);
	if (!d->from || (!p->is_maria && !myquery_alias(p, &d->from->alias)) || !myquery_partitions(p) || !mywrite_portion(p, d->from))
		return false;
	return myparse_where(p, &d->where) && mywrite_order_limit(p, &d->order, &d->limit) && mywrite_returning(p, &d->returning);
}

static bool several_tables(struct myparse *p, struct my_delete *d, int word)
{
	if (!targets(p, &d->targets) || !myparse_want_word(p, word))
		return false;
	d->from = myparse_sources(p);
	return d->from && myparse_where(p, &d->where);
}

/* DELETE HISTORY FROM t [PARTITION (p)] [BEFORE SYSTEM_TIME x]: MariaDB */
static bool history(struct myparse *p, struct my_delete *d)
{
	if (!myparse_want_word(p, MYW_FROM))
		return false;
	d->from = myparse_table(p);
	if (!d->from || !myquery_partitions(p))
		return false;
	if (!myparse_take_words(p, MYW_BEFORE, MYW_SYSTEM_TIME))
		return true;
	return myquery_history_point(p, &d->where);
}

bool mywrite_delete(struct myparse *p, struct my_statement *s, struct my_with *with)
{
	struct my_delete *d = MYPARSE_NEW(p, struct my_delete);

	if (!d)
		return false;
	s->kind = MY_STATEMENT_DELETE;
	s->del = d;
	d->with = with;
	p->at++;
	if (p->is_maria && myparse_is_word(p, 0, MYW_HISTORY) && myparse_is_word(p, 1, MYW_FROM)) {
		p->at++;
		return history(p, d);
	}
	while (myparse_take_word(p, MYW_QUICK) || myparse_take_word(p, MYW_LOW_PRIORITY) || myparse_take_word(p, MYW_IGNORE))
		;
	if (!myparse_take_word(p, MYW_FROM))
		return several_tables(p, d, MYW_FROM);
	return at_targets(p) ? several_tables(p, d, MYW_USING) : one_table(p, d);
}

bool myparse_delete(struct myparse *p, struct my_statement *s)
{
	return mywrite_delete(p, s, NULL);
}
