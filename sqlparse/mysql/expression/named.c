/* Columns, calls by name, variables. */
#include "expr.h"

static bool parts(struct myparse *p, struct my_column *c)
{
	if (p->is_maria && myparse_is_op(p, 0, '.')) { /* .t.a */
		p->at++;
		c->table = myparse_name(p);
		if (!c->table || !myparse_want_op(p, '.'))
			return false;
		c->name = myparse_name(p);
		return c->name != NULL;
	}
	c->name = myparse_name(p);
	if (!c->name || !myparse_take_op(p, '.'))
		return c->name != NULL;
	c->table = c->name;
	c->name = myparse_name(p);
	if (!c->name || !myparse_take_op(p, '.'))
		return c->name != NULL;
	c->schema = c->table;
	c->table = c->name;
	c->name = myparse_name(p);
	return c->name != NULL;
}

struct my_expr *myexpr_column(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_COLUMN, 0, from);

	if (!e)
		return NULL;
	e->column = MYPARSE_NEW(p, struct my_column);
	if (!e->column || !parts(p, e->column))
		return NULL;
	return myexpr_done(p, e, from);
}

const char *myexpr_lower(struct myparse *p, const char *name)
{
	char *copy = name ? myparse_copy(p, qw_bytes_from(name)) : NULL;

	for (char *c = copy; c && *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c + 32);
	return copy;
}

/* name(...), schema.name(...): nothing of it is a word of the grammar. */
static struct my_expr *call(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_CALL, 0, from);
	const char *name;

	if (!e)
		return NULL;
	e->call = MYPARSE_NEW(p, struct my_call);
	if (!e->call)
		return NULL;
	if (!myparse_qualified(p, &e->call->schema, &name))
		return NULL;
	e->call->name = myexpr_lower(p, name);
	if (!e->call->name || !myparse_want_op(p, '(') || !myexpr_args(p, e, 0, SIZE_MAX) || !myparse_want_op(p, ')'))
		return NULL;
	return myexpr_done(p, e, from);
}

/* May the name that comes next call a function when "(" follows? A word only where the servers said so. */
static bool calls(const struct myparse *p)
{
	const struct mylex_token *t = myparse_peek(p, 0);

	if (myparse_is_op(p, 1, '.'))
		return myparse_is_name(p, 0) && myparse_is_name(p, 2) && myparse_is_op(p, 3, '(');
	if (!myparse_is_op(p, 1, '('))
		return false;
	return t->kind == MYLEX_IDENT || t->kind == MYLEX_QUOTED ||
	       (t->kind == MYLEX_WORD && mylex_word_flags(t->code, p->dialect->flavour) & MYLEX_WORD_NAMES_FUNCTION);
}

/* "count (x)" and `count`(x) call a stored function, count(x) does not: nobody means the first. */
static bool takes_a_word(struct myparse *p)
{
	const struct mylex_token *t = myparse_peek(p, 0);
	size_t quotes = t->kind == MYLEX_QUOTED;
	uint16_t word = mylex_word_find(p->lex->text.p + t->at + quotes, t->n - 2 * quotes);
	uint8_t flags = mylex_word_flags(word, p->dialect->flavour);

	if (t->kind == MYLEX_WORD || myparse_is_op(p, 1, '.') || !flags || flags & MYLEX_WORD_NAMES_FUNCTION)
		return false;
	myparse_fail(p, 
		"a function of the grammar is written in quotes or apart from its parenthesis: that calls a stored function");
	return true;
}

/* column -> '$.path' */
static struct my_expr *arrow(struct myparse *p, size_t from, struct my_expr *column)
{
	enum my_op op = myparse_is_op(p, 0, MYLEX_OP_ARROW) ? MY_OP_ARROW : MY_OP_ARROW_TEXT;
	struct my_expr *path;

	p->at++;
	if (!myparse_is_kind(p, 0, MYLEX_STRING)) {
		myparse_unknown(p);
		return NULL;
	}
	path = myexpr_new(p, MY_EXPR_LITERAL, MY_LITERAL_STRING, p->at);
	if (!path || !myparse_string(p, &path->text))
		return NULL;
	return myexpr_binary(p, op, from, column, myexpr_done(p, path, p->at - 1));
}

struct my_expr *myexpr_named(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e;

	if (calls(p))
		return takes_a_word(p) ? NULL : call(p);
	e = myexpr_column(p);
	if (e && myparse_is_op(p, 0, '(')) { /* s.t.f(), or a word that calls nothing */
		myparse_unknown(p);
		return NULL;
	}
	if (e && (myparse_is_op(p, 0, MYLEX_OP_ARROW) || myparse_is_op(p, 0, MYLEX_OP_ARROW_TEXT)))
		return arrow(p, from, e);
	return e;
}

/* ---- variables ---- */
static bool is_variable_name(const struct mylex_token *t)
{
	return (t->kind == MYLEX_HOST && t->n) || ((t->kind == MYLEX_STRING || t->kind == MYLEX_QUOTED) && t->n > 2);
}

struct my_expr *myexpr_user_variable(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e = myexpr_new(p, MY_EXPR_USER_VAR, 0, from);
	struct qw_bytes name;

	if (!e || !myparse_want_op(p, '@'))
		return NULL;
	if (!is_variable_name(myparse_peek(p, 0))) {
		myparse_unknown(p);
		return NULL;
	}
	p->err = mylex_value(p->lex, myparse_peek(p, 0), p->dialect, p->arena, &name);
	if (p->err)
		return NULL;
	if (name.n == 0) {
		myparse_unknown(p);
		return NULL;
	}
	p->at++;
	e->text = myparse_copy(p, name);
	return e->text ? myexpr_done(p, e, from) : NULL;
}

static bool is_scope(const struct myparse *p)
{
	return myparse_is_op(p, 1, '.') && (myparse_is_spelled(p, 0, "GLOBAL") || myparse_is_spelled(p, 0, "SESSION") ||
						   myparse_is_spelled(p, 0, "LOCAL"));
}

static struct my_expr *system_variable(struct myparse *p)
{
	size_t from = p->at++;
	struct my_expr *e = myexpr_new(p, MY_EXPR_SYSTEM_VAR, 0, from);
	int word = myparse_word(p, 0);

	if (!e)
		return NULL;
	e->column = MYPARSE_NEW(p, struct my_column);
	if (!e->column)
		return NULL;
	if (word == MYW_GLOBAL || word == MYW_SESSION || word == MYW_LOCAL) {
		e->column->schema = mylex_word_name((uint16_t)word);
		p->at++;
		if (!myparse_want_op(p, '.'))
			return NULL;
	}
	if (is_scope(p)) {
		myparse_unknown(p);
		return NULL;
	}
	e->column->name = myparse_text_name(p);
	if (e->column->name && myparse_take_op(p, '.')) {
		e->column->table = e->column->name;
		e->column->name = myparse_name(p);
	}
	return e->column->name ? myexpr_done(p, e, from) : NULL;
}

struct my_expr *myexpr_variable(struct myparse *p)
{
	size_t from = p->at;
	struct my_expr *e;

	if (myparse_is_op(p, 0, MYLEX_OP_ATAT))
		return system_variable(p);
	e = myexpr_user_variable(p);
	if (!e || !myparse_take_op(p, MYLEX_OP_ASSIGN))
		return e;
	e->kind = MY_EXPR_ASSIGN;
	if (!myexpr_add(p, e, myparse_expr(p)))
		return NULL;
	return myexpr_done(p, e, from);
}
