/* Expressions and queries. Recursion is bounded: the parser limits how high a tree is. */
#include "facts.h"

/* ---- expressions ---- */
void myfacts_order(struct myfacts *f, const struct my_order *o)
{
	for (; o; o = o->next)
		myfacts_expr(f, o->expr);
}

static void window(struct myfacts *f, const struct my_window *w)
{
	for (; w; w = w->next) {
		myfacts_exprs(f, w->partition);
		myfacts_order(f, w->order);
		myfacts_exprs(f, w->bounds);
	}
}

static void user_variable(struct myfacts *f, const char *name, const struct my_expr *value)
{
	bool text = value && value->kind == MY_EXPR_LITERAL && value->op == MY_LITERAL_STRING;

	myfacts_act(f, &(struct qw_act){.verb = QW_VERB_SET,
			       .kind = QW_OBJECT_OTHER,
			       .kind_name = "user variable",
			       .name = name,
			       .value = text ? value->text : NULL});
}

static void setting(struct myfacts *f, const struct my_column *c)
{
	const char *name = c->name;

	if (c->table)
		name = qw_arena_printf(f->p->arena, "%s.%s", c->table, c->name);
	name = myexpr_lower(f->p, name);
	myfacts_act(f, &(struct qw_act){.verb = QW_VERB_SHOW, .kind = QW_OBJECT_SETTING, .kind_name = "setting", .name = name});
}

static void sequence(struct myfacts *f, const struct my_expr *e)
{
	struct my_source s = {.schema = e->column->schema, .name = e->column->name};

	myfacts_on_table(f, e->op ? QW_VERB_UPDATE : QW_VERB_SELECT, s.schema, s.name);
	myfacts_relation(f, &s, e->op);
}

static void call(struct myfacts *f, const struct my_expr *e)
{
	const struct my_call *c = e->call;

	myfacts_call(f, c->schema, c->name, c->is_word);
	myfacts_order(f, c->order);
	myfacts_exprs(f, c->more);
	window(f, c->over);
}

/* LOCATE() of the text is no fact; what a column, call or query says is. */
static void self(struct myfacts *f, const struct my_expr *e)
{
	switch ((enum my_expr_kind)e->kind) {
	case MY_EXPR_LITERAL:
		if (e->op == MY_LITERAL_STRING)
			myfacts_word(f, &f->literals, e->text);
		break;
	case MY_EXPR_COLUMN:
		myfacts_column(f, e->column->table, e->column->name);
		break;
	case MY_EXPR_STAR:
		break; /* of COUNT(*): no column; those of a list: myfacts_items */
	case MY_EXPR_CALL:
		call(f, e);
		break;
	case MY_EXPR_OP:
		myfacts_word(f, &f->operators, my_op_spelled((enum my_op)e->op));
		break;
	case MY_EXPR_CAST:
		myfacts_word(f, &f->types, myexpr_lower(f->p, e->text));
		break;
	case MY_EXPR_QUERY:
		myfacts_query(f, e->query);
		break;
	case MY_EXPR_ASSIGN:
		user_variable(f, e->text, e->args);
		break;
	case MY_EXPR_SYSTEM_VAR:
		setting(f, e->column);
		break;
	case MY_EXPR_SEQUENCE:
		sequence(f, e);
		break;
	case MY_EXPR_PARAM:
	case MY_EXPR_CASE:
	case MY_EXPR_ROW:
	case MY_EXPR_USER_VAR:
	case MY_EXPR_DEFAULT:
	case MY_EXPR_INSERTED:
	case MY_EXPR_MATCH:
		break;
	}
}

void myfacts_expr(struct myfacts *f, const struct my_expr *e)
{
	if (!e || f->p->err || f->p->problem)
		return;
	self(f, e);
	myfacts_exprs(f, e->args);
}

void myfacts_exprs(struct myfacts *f, const struct my_expr *e)
{
	for (; e; e = e->next)
		myfacts_expr(f, e);
}

void myfacts_items(struct myfacts *f, const struct my_item *i)
{
	for (; i; i = i->next) {
		if (i->expr->kind == MY_EXPR_STAR)
			myfacts_column(f, i->expr->column->table, NULL);
		myfacts_expr(f, i->expr);
	}
}

/* ---- common table expressions ---- */
static bool differs_in_case(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		char x = *a >= 'A' && *a <= 'Z' ? (char)(*a + 32) : *a, y = *b >= 'A' && *b <= 'Z' ? (char)(*b + 32) : *b;

		if (x != y)
			return false;
	}
	return *a == *b;
}

bool myfacts_is_cte(struct myfacts *f, const char *schema, const char *name)
{
	for (const struct myfacts_scope *s = schema ? NULL : f->scope; s; s = s->outer) {
		if (strcmp(s->name, name) == 0)
			return true;
		if (differs_in_case(s->name, name))
			(void)myparse_fail(f->p,
				"a table and a common table expression differ in letter case alone: the server decides which is meant");
	}
	return false;
}

static void scope_add(struct myfacts *f, const char *name)
{
	struct myfacts_scope *s = myparse_new(f->p, sizeof(*s));

	if (!s)
		return;
	s->outer = f->scope;
	s->name = name;
	f->scope = s;
}

enum { CTES_MAX = 1000 }; /* the look-up is linear */

/* Plain: each query sees the names before it. RECURSIVE: all of its own with. */
const struct myfacts_scope *myfacts_with(struct myfacts *f, const struct my_with *w)
{
	const struct myfacts_scope *before = f->scope;
	size_t count = 0;

	for (const struct my_cte *c = w ? w->ctes : NULL; c; c = c->next) {
		if (++count > CTES_MAX)
			(void)myparse_fail(f->p, "the text has more than 1000 common table expressions");
		if (w->is_recursive)
			scope_add(f, c->name);
	}
	for (const struct my_cte *c = w ? w->ctes : NULL; c; c = c->next) {
		myfacts_query(f, c->query);
		if (!w->is_recursive)
			scope_add(f, c->name);
	}
	return before;
}

/* ---- FROM ---- */
static void table(struct myfacts *f, const struct my_source *s)
{
	if (myfacts_is_cte(f, s->schema, s->name))
		return;
	myfacts_on_table(f, QW_VERB_SELECT, s->schema, s->name);
	if (f->locks)
		myfacts_on_table(f, QW_VERB_SELECT_LOCK, s->schema, s->name);
	myfacts_relation(f, s, false);
}

static void joined(struct myfacts *f, const struct my_source *s)
{
	bool natural = f->in_natural;

	f->in_natural |= s->is_natural;
	myfacts_source(f, s->left);
	myfacts_source(f, s->right);
	f->in_natural = natural;
	for (const struct my_named *n = s->columns; n; n = n->next)
		myfacts_column(f, NULL, n->name);
}

void myfacts_source(struct myfacts *f, const struct my_source *s)
{
	if (!s || f->p->err || f->p->problem)
		return;
	switch (s->kind) {
	case MY_SOURCE_TABLE:
		table(f, s);
		break;
	case MY_SOURCE_QUERY:
		myfacts_query(f, s->query);
		break;
	case MY_SOURCE_JOIN:
		joined(f, s);
		break;
	case MY_SOURCE_JSON_TABLE:
	case MY_SOURCE_DUAL:
		break;
	}
	myfacts_exprs(f, s->expr);
}

/* ---- queries ---- */
static void select(struct myfacts *f, const struct my_select *s)
{
	myfacts_items(f, s->items);
	myfacts_source(f, s->from);
	myfacts_expr(f, s->where);
	myfacts_order(f, s->group);
	myfacts_expr(f, s->having);
	myfacts_expr(f, s->qualify);
	window(f, s->windows);
}

static void body(struct myfacts *f, const struct my_body *b)
{
	switch (b->kind) {
	case MY_BODY_SELECT:
		select(f, b->select);
		break;
	case MY_BODY_VALUES:
		for (const struct my_row *r = b->rows; r; r = r->next)
			myfacts_exprs(f, r->values);
		break;
	case MY_BODY_TABLE:
		myfacts_source(f, b->table);
		myfacts_column(f, NULL, NULL);
		break;
	case MY_BODY_QUERY:
		myfacts_query(f, b->query);
		break;
	case MY_BODY_SET:
		for (const struct my_body *arm = b->arms; arm; arm = arm->next)
			body(f, arm);
		break;
	}
}

static void into(struct myfacts *f, const struct my_into *i)
{
	if (i->is_file)
		myfacts_act(f, &(struct qw_act){
				       .verb = QW_VERB_COPY_FILE, .kind = QW_OBJECT_OTHER, .kind_name = "file", .name = i->targets->text});
	for (const struct my_expr *e = i->is_file ? NULL : i->targets; e; e = e->next)
		if (e->kind == MY_EXPR_USER_VAR)
			user_variable(f, e->text, NULL);
}

void myfacts_query(struct myfacts *f, const struct my_query *q)
{
	const struct myfacts_scope *before;
	bool natural = f->in_natural, locks = f->locks;

	if (!q || f->p->err || f->p->problem)
		return;
	f->in_natural = false;
	f->locks = false;
	before = myfacts_with(f, q->with);
	f->locks = q->locks;
	body(f, q->body);
	if (q->locks)
		myfacts_bare(f, QW_VERB_SELECT_LOCK, "query");
	f->locks = false;
	myfacts_order(f, q->order);
	myfacts_exprs(f, q->limit);
	if (q->into)
		into(f, q->into);
	f->scope = before;
	f->locks = locks;
	f->in_natural = natural;
}
