/* INSERT, REPLACE, UPDATE, DELETE: what is written, what is read besides. */
#include "facts.h"

static void sets(struct myfacts *f, const struct my_set_item *s)
{
	for (; s; s = s->next) {
		myfacts_expr(f, s->column);
		myfacts_expr(f, s->value);
	}
}

/* RETURNING reads the table, besides what is done to it. */
static void returning(struct myfacts *f, const struct my_source *table, const struct my_item *items)
{
	if (!items)
		return;
	myfacts_on_table(f, QW_VERB_SELECT, table->schema, table->name);
	myfacts_items(f, items);
}

void myfacts_insert(struct myfacts *f, const struct my_insert *i)
{
	const struct my_source *t = i->table;

	myfacts_on_table(f, QW_VERB_INSERT, t->schema, t->name);
	if (i->is_replace) /* rows that are in the way go */
		myfacts_on_table(f, QW_VERB_DELETE, t->schema, t->name);
	if (i->duplicate)
		myfacts_on_table(f, QW_VERB_UPSERT, t->schema, t->name);
	myfacts_relation(f, t, true);
	myfacts_exprs(f, i->columns);
	for (const struct my_row *r = i->rows; r; r = r->next)
		myfacts_exprs(f, r->values);
	sets(f, i->sets);
	myfacts_query(f, i->query);
	sets(f, i->duplicate);
	returning(f, t, i->returning);
}

/* ---- several tables: which are written? ---- */
static bool same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if ((*a >= 'A' && *a <= 'Z' ? *a + 32 : *a) != (*b >= 'A' && *b <= 'Z' ? *b + 32 : *b))
			return false;
	return *a == *b;
}

/* Does schema.name mean this table? The alias hides the name; case is left to the server, so any case counts. */
static bool is_meant(const struct my_source *s, const char *schema, const char *name)
{
	if (s->alias && same_name(s->alias, name))
		return true;
	return same_name(s->name, name) && (!schema || !s->schema || same_name(s->schema, schema));
}

struct target {
	const char *schema, *name; /* name NULL: any table may be meant */
	enum qw_verb verb;
	bool found;
};

static void mark(struct myfacts *f, const struct my_source *s, struct target *t)
{
	if (!s)
		return;
	if (s->kind == MY_SOURCE_JOIN) {
		mark(f, s->left, t);
		mark(f, s->right, t);
	}
	if (s->kind != MY_SOURCE_TABLE || (t->name && !is_meant(s, t->schema, t->name)) || myfacts_is_cte(f, s->schema, s->name))
		return;
	t->found = true;
	myfacts_on_table(f, t->verb, s->schema, s->name);
	myfacts_relation(f, s, true);
}

static bool is_read(const struct my_source *s)
{
	return s->kind == MY_SOURCE_JOIN;
}

/* A bare column of several tables may be of any of them. */
static void updated(struct myfacts *f, const struct my_update *u)
{
	bool bare = false; /* once is enough */

	for (const struct my_set_item *s = u->sets; s; s = s->next) {
		struct target t = {.verb = QW_VERB_UPDATE, .schema = s->column->column->schema, .name = s->column->column->table};

		if (!t.name && bare)
			continue;
		bare |= !t.name;
		mark(f, u->from, &t);
		if (!t.found)
			(void)myparse_fail(f->p, "it cannot be told which table this UPDATE writes");
	}
}

void myfacts_update(struct myfacts *f, const struct my_update *u)
{
	const struct myfacts_scope *before = myfacts_with(f, u->with);

	updated(f, u);
	if (is_read(u->from))
		myfacts_source(f, u->from);
	else
		myfacts_exprs(f, u->from->expr);
	sets(f, u->sets);
	myfacts_expr(f, u->where);
	myfacts_order(f, u->order);
	myfacts_exprs(f, u->limit);
	returning(f, u->from, u->returning);
	f->scope = before;
}

enum { TARGETS_MAX = 1000 }; /* each is looked for in all of FROM; the servers take 61 */

static void deleted(struct myfacts *f, const struct my_delete *d)
{
	struct target only = {.verb = QW_VERB_DELETE};
	size_t count = 0;

	if (!d->targets)
		mark(f, d->from, &only);
	for (const struct my_target *target = d->targets; target && !f->p->problem; target = target->next) {
		struct target t = {.verb = QW_VERB_DELETE, .schema = target->schema, .name = target->name};

		if (++count > TARGETS_MAX)
			(void)myparse_fail(f->p, "DELETE names too many tables");
		mark(f, d->from, &t);
		if (!t.found)
			(void)myparse_fail(f->p, "DELETE names a table that is not in its FROM");
	}
}

void myfacts_delete(struct myfacts *f, const struct my_delete *d)
{
	const struct myfacts_scope *before = myfacts_with(f, d->with);

	deleted(f, d);
	if (d->targets)
		myfacts_source(f, d->from);
	else
		myfacts_exprs(f, d->from->expr);
	myfacts_expr(f, d->where);
	myfacts_order(f, d->order);
	myfacts_exprs(f, d->limit);
	returning(f, d->from, d->returning);
	f->scope = before;
}
