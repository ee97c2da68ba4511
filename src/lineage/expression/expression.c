/* Expressions. What is not a bare column gives a plain value, since nothing sensitive may be inside. */
#include "../room.h"

struct qw_bytes lineage_text(const struct lineage *f, const struct my_expr *e)
{
	size_t at = (size_t)e->at - f->text_at;

	if (e->at < f->text_at || at > f->text.n || e->n > f->text.n - at)
		return qw_bytes(NULL, 0);
	return qw_bytes(f->text.p + at, e->n);
}

bool lineage_is_literal(const struct my_expr *e)
{
	return e->kind == MY_EXPR_LITERAL || e->kind == MY_EXPR_PARAM;
}

/* A query inside of an expression; its columns are the caller's to judge. Rows that it reads are not locked by FOR UPDATE outside. */
static int subquery(struct lineage *f, struct scope *s, const struct my_query *q, struct columns *out)
{
	bool locks = f->locks;
	int rc;

	f->locks = false;
	rc = lineage_query(f, s, s->ctes, q, out);
	f->locks = locks;
	return rc;
}

static int used_query(struct lineage *f, struct scope *s, const struct my_query *q, const struct use *use)
{
	struct columns c;
	int rc = subquery(f, s, q, &c);

	return rc ? rc : lineage_clean(f, &c, use);
}

static int used_column(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use)
{
	struct column c;
	int rc = names_column(f, s, e->column, &c);

	if (rc || !lineage_is_sensitive(&c) || e == use->opened)
		return rc;
	return lineage_refuse_column(f, &c, use);
}

static int sequence(struct lineage *f, const struct my_expr *e)
{
	const struct catalog_relation *r = NULL;
	int rc = names_relation(f, e->column->schema, e->column->name, &r);

	if (rc == 0)
		rc = lineage_add_read(f, r->oid);
	if (rc == 0 && e->op)
		rc = lineage_act(f, r, QW_VERB_UPDATE, QW_VERB_UPDATE);
	return rc;
}

/* Whether there is a row tells nothing but what its conditions do: these were judged. */
static int exists(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use)
{
	struct columns c;

	for (const struct my_expr *arg = e->args; arg; arg = arg->next) {
		int rc = arg->kind == MY_EXPR_QUERY ? subquery(f, s, arg->query, &c) : lineage_used(f, s, arg, use);

		if (rc)
			return rc;
	}
	return 0;
}

static int parts(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use, const char *as)
{
	struct use inside = *use;

	inside.as = as;
	inside.function = NULL;
	return lineage_used_all(f, s, e->args, &inside);
}

static int operation(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use)
{
	struct use inside = *use;

	if (e->op == MY_OP_EXISTS)
		return exists(f, s, e, use);
	inside.as = "an operand of";
	inside.function = my_op_spelled((enum my_op)e->op);
	return lineage_used_all(f, s, e->args, &inside);
}

static int used(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use)
{
	switch ((enum my_expr_kind)e->kind) {
	case MY_EXPR_LITERAL:
	case MY_EXPR_PARAM:
	case MY_EXPR_USER_VAR:
	case MY_EXPR_SYSTEM_VAR:
	case MY_EXPR_INSERTED: /* what the statement itself would have inserted: nothing sensitive is let in */
	case MY_EXPR_STAR: /* COUNT(*) */
		return 0;
	case MY_EXPR_COLUMN:
		return used_column(f, s, e, use);
	case MY_EXPR_CALL:
		return lineage_call(f, s, e, use);
	case MY_EXPR_OP:
		return operation(f, s, e, use);
	case MY_EXPR_CASE:
		return parts(f, s, e, use, "part of a CASE expression");
	case MY_EXPR_CAST:
		return parts(f, s, e, use, "an argument of a cast");
	case MY_EXPR_ROW:
		return parts(f, s, e, use, "part of a row");
	case MY_EXPR_DEFAULT:
		return parts(f, s, e, use, "an argument of DEFAULT");
	case MY_EXPR_MATCH:
		return parts(f, s, e, use, "part of MATCH");
	case MY_EXPR_QUERY:
		return used_query(f, s, e->query, use);
	case MY_EXPR_ASSIGN:
		return lineage_used_all(f, s, e->args, &use_setting);
	case MY_EXPR_SEQUENCE:
		return sequence(f, e);
	}
	return lineage_unsupported(f, "an unknown expression");
}

int lineage_used(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use)
{
	int rc = lineage_enter(f);

	if (rc)
		return rc;
	rc = used(f, s, e, use);
	if (rc == 0 && e->kind == MY_EXPR_SEQUENCE)
		rc = lineage_used_all(f, s, e->args, use);
	f->depth--;
	return rc;
}

int lineage_used_all(struct lineage *f, struct scope *s, const struct my_expr *list, const struct use *use)
{
	int rc = 0;

	for (const struct my_expr *e = list; e && rc == 0; e = e->next)
		rc = lineage_used(f, s, e, use);
	return rc;
}

static int value_of_query(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use, struct column *out)
{
	struct columns c;
	int rc = subquery(f, s, e->query, &c);

	if (rc)
		return rc;
	if (c.count != 1)
		return lineage_clean(f, &c, use); /* the server refuses it, but in rows */
	*out = c.items[0];
	out->name = NULL;
	out->relation_oid = 0;
	out->attnum = 0;
	out->is_hidden = false;
	return 0;
}

int lineage_value(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use, struct column *out)
{
	int rc = lineage_enter(f);

	*out = lineage_plain(NULL);
	if (rc)
		return rc;
	if (e->kind == MY_EXPR_COLUMN)
		rc = names_column(f, s, e->column, out);
	else if (e->kind == MY_EXPR_QUERY)
		rc = value_of_query(f, s, e, use, out);
	else if (e->kind == MY_EXPR_LITERAL && e->op == MY_LITERAL_NULL)
		out->is_empty = true;
	else
		rc = lineage_used(f, s, e, use);
	f->depth--;
	return rc;
}
