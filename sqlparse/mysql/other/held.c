/* What statements hold: expressions, queries, other statements, texts of statements. */
#include "../expression/expr.h"
#include "run.h"

static bool put_expr(struct rules_run *r, struct my_expr *e)
{
	return e && rules_put(r, &(struct rules_found){.expr = e});
}

bool rules_call_expr(struct rules_run *r)
{
	return put_expr(r, myparse_expr(r->p));
}

bool rules_call_expr_primary(struct rules_run *r)
{
	return put_expr(r, myexpr_primary(r->p));
}

bool rules_call_expr_variable(struct rules_run *r) /* @@x */
{
	return myparse_is_op(r->p, 0, MYLEX_OP_ATAT) && rules_call_expr_primary(r);
}

bool rules_call_expr_bit(struct rules_run *r) /* no comparison, no AND, no OR */
{
	return put_expr(r, myexpr_bit(r->p));
}

static bool holds_no_query(const struct rules_run *r, size_t from)
{
	for (size_t i = from; i < r->p->at; i++) {
		const struct mylex_token *t = &r->p->lex->tokens[i];

		if (t->kind == MYLEX_WORD && (t->code == MYW_SELECT || t->code == MYW_VALUES))
			return false;
	}
	return true;
}

/* An expression that holds no query. */
bool rules_call_plain_expr(struct rules_run *r)
{
	size_t from = r->p->at;

	return rules_call_expr(r) && holds_no_query(r, from);
}

/* An expression; where it is one number, that is the name. */
bool rules_call_expr_value(struct rules_run *r)
{
	const struct mylex_token *t = myparse_peek(r->p, 0);
	struct qw_bytes written = myparse_spelling(r->p, r->p->at, r->p->at + 1);

	if (!rules_call_expr(r))
		return false;
	if (t->kind != MYLEX_INT || !myparse_is_end(r->p) || r->p->lex->tokens[r->p->at - 1].at != t->at)
		return true;
	return rules_name(r, NULL, myparse_copy(r->p, written));
}

static bool put_query(struct rules_run *r)
{
	struct my_query *q = myparse_at_query(r->p) ? myparse_query(r->p) : NULL;

	return q && rules_put(r, &(struct rules_found){.query = q});
}

bool rules_call_query(struct rules_run *r)
{
	return put_query(r);
}

/* CREATE TABLE t AS query: the table that the statement began with is made of it. */
bool rules_call_create_select(struct rules_run *r)
{
	struct rules_found made = {.act = {.verb = QW_VERB_DDL_CREATE_AS}};

	for (size_t i = 0; i < r->count; i++)
		if (r->found[i].act.verb == QW_VERB_DDL_CREATE && r->found[i].act.name) {
			made.act = r->found[i].act;
			made.act.verb = QW_VERB_DDL_CREATE_AS;
		}
	return put_query(r) && rules_put(r, &made);
}

static struct my_statement *statement(struct rules_run *r)
{
	struct my_statement *inner = MYPARSE_NEW(r->p, struct my_statement);

	if (!inner || !myparse_statement(r->p, inner))
		return NULL;
	return rules_put(r, &(struct rules_found){.statement = inner}) ? inner : NULL;
}

bool rules_call_explained(struct rules_run *r)
{
	struct my_statement *inner = statement(r);

	if (!inner || inner->kind == MY_STATEMENT_OTHER)
		return false;
	r->s->preset.explains = true;
	return true;
}

/* Behind SET STATEMENT x = y FOR. The server reads what follows under the new value. */
bool rules_call_held_statement(struct rules_run *r)
{
	struct my_statement *inner;

	for (size_t i = 0; i < r->count; i++)
		if (r->found[i].act.verb == QW_VERB_SET_PINNED)
			return rules_refuse(r, "SET STATEMENT must not change how its statement is read");
	inner = statement(r);
	if (inner)
		r->s->preset = inner->preset;
	return inner != NULL;
}

/* ---- statements by name and by text ---- */

static bool named(struct rules_run *r, enum qw_named_op op)
{
	r->s->preset.named_op = op;
	r->s->preset.named = r->name;
	return true;
}

bool rules_call_named_execute(struct rules_run *r)
{
	return named(r, QW_NAMED_EXECUTE);
}

bool rules_call_named_deallocate(struct rules_run *r)
{
	return named(r, QW_NAMED_DEALLOCATE);
}

/* The prepared text is forwarded as it is: what it does must be told by it without its comments taken out. */
static bool is_whole(struct qw_bytes part, struct qw_bytes text)
{
	return part.p >= text.p && part.p + part.n <= text.p + text.n;
}

static bool put_inner(struct rules_run *r, struct qw_bytes text)
{
	struct mysql_dialect dialect = *r->p->dialect;
	struct mysql_parsed inner;

	dialect.prepares = true;
	r->p->err = sqlparse_mysql(text, &dialect, r->p->limits, r->p->arena, &inner);
	if (r->p->err)
		return false;
	if (inner.facts.problem)
		return rules_refuse(r, inner.facts.problem);
	if (inner.facts.count != 1)
		return rules_refuse(r, "a prepared text must hold one statement");
	if (!is_whole(inner.facts.list[0].text, text))
		return rules_refuse(r, "a prepared text must hold no comment");
	if (!rules_put(r, &(struct rules_found){.statement = inner.trees[0]}))
		return false;
	if (inner.facts.list[0].named_op != QW_NAMED_NONE)
		return rules_refuse(r, "a prepared text must not prepare or execute another");
	r->s->preset.inner_kind = QW_INNER_PREPARE;
	r->s->preset.inner = inner.facts.list[0].text;
	return true;
}

bool rules_call_prepared_text(struct rules_run *r)
{
	const struct mylex_token *t = myparse_peek(r->p, 0);
	struct qw_bytes text;

	named(r, QW_NAMED_PREPARE);
	if (t->kind != MYLEX_STRING || myparse_peek(r->p, 1)->kind == MYLEX_STRING) {
		if (!rules_call_expr(r) || !myparse_is_end(r->p))
			return false;
		return rules_refuse(r, RULES_DYNAMIC);
	}
	r->p->err = mylex_value(r->p->lex, t, r->p->dialect, r->p->arena, &text);
	r->p->at++;
	return !r->p->err && put_inner(r, text);
}

bool rules_call_immediate_text(struct rules_run *r)
{
	return rules_refuse(r, RULES_DYNAMIC);
}
