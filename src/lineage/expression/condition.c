/* WHERE and ON: the one comparison of a sensitive column that a policy may open. */
#include "../room.h"

/* Types of columns that are text (catalog.h). */
static bool is_text(uint32_t type)
{
	uint32_t bare = type & 255;

	return bare == 245 || (bare >= 249 && bare <= 254) || bare == 15;
}

/*
 * The server compares text with a number as numbers: `ssn = 0` holds for all that begins with a letter. So text must meet text. A
 * parameter is the session's to see to; see the door.
 */
static bool is_equal_kind(const struct column *c, const struct my_expr *literal)
{
	if (literal->kind == MY_EXPR_PARAM)
		return true;
	if (is_text(c->type_oid))
		return literal->op == MY_LITERAL_STRING || literal->op == MY_LITERAL_HEX;
	return literal->op != MY_LITERAL_NULL && literal->op != MY_LITERAL_BOOL;
}

/* e IS [NOT] NULL; the tree does not tell it from IS TRUE. */
static bool is_null_test(const struct lineage *f, const struct my_expr *e)
{
	static const char word[] = "null";
	struct qw_bytes text = lineage_text(f, e);

	if (e->kind != MY_EXPR_OP || e->op != MY_OP_IS || text.n < 4)
		return false;
	for (size_t i = 0; i < 4; i++)
		if ((text.p[text.n - 4 + i] | 32) != (uint8_t)word[i])
			return false;
	return true;
}

/* The column in `column = literal`, `literal = column`, `column IS [NOT] NULL`; NULL: it is something else. */
static const struct my_expr *compared(const struct lineage *f, const struct my_expr *e, const struct my_expr **literal)
{
	const struct my_expr *a = e->args, *b = a ? a->next : NULL;

	*literal = NULL;
	if (is_null_test(f, e))
		return a && a->kind == MY_EXPR_COLUMN && !b ? a : NULL;
	if (e->kind != MY_EXPR_OP || e->op != MY_OP_EQ || !b || b->next)
		return NULL;
	if (lineage_is_literal(a)) {
		*literal = a;
		a = b;
	} else
		*literal = b;
	return a->kind == MY_EXPR_COLUMN && lineage_is_literal(*literal) ? a : NULL;
}

/* *opened: the column of a comparison that the policy lets this role make; it is counted then. */
static int may_compare(struct lineage *f, struct scope *s, const struct my_expr *e, const struct my_expr **opened)
{
	const struct my_expr *literal, *column = f->world->may_compare && !f->view_depth ? compared(f, e, &literal) : NULL;
	struct column c;
	int rc;

	if (!column)
		return 0;
	rc = names_column(f, s, column->column, &c);
	if (rc || c.label.kind != LABEL_MASK || (literal && !is_equal_kind(&c, literal)) ||
		!f->world->may_compare(f->world->ctx, &c.label))
		return rc;
	*opened = column;
	return lineage_add_compared(f, c.label.spec);
}

int lineage_condition(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use)
{
	struct use inside = *use;
	int rc = e ? lineage_enter(f) : 0;

	if (rc || !e)
		return rc;
	if (e->kind == MY_EXPR_OP && e->op == MY_OP_AND) {
		for (const struct my_expr *arg = e->args; arg && rc == 0; arg = arg->next)
			rc = lineage_condition(f, s, arg, use);
	} else {
		rc = may_compare(f, s, e, &inside.opened);
		if (rc == 0)
			rc = lineage_used(f, s, e, &inside);
	}
	f->depth--;
	return rc;
}
