/* ORDER BY, GROUP BY, windows: expressions, names of the select list, and positions in it. */
#include "../room.h"

/* What the servers' grammars drop around an expression. */
static const struct my_expr *bare(const struct my_expr *e)
{
	while (e->kind == MY_EXPR_OP && (e->op == MY_OP_PLUS || e->op == MY_OP_ODBC) && e->args && !e->args->next)
		e = e->args;
	return e;
}

static int any_item(struct lineage *f, const struct scope *s, const struct use *use)
{
	for (size_t i = 0; i < s->item_count && !f->is_blind; i++)
		if (lineage_is_sensitive(&s->items[i].column))
			return lineage_refuse_column(f, &s->items[i].column, use);
	return 0;
}

static bool position_of(const struct lineage *f, const struct my_expr *e, size_t *out)
{
	struct qw_bytes text = lineage_text(f, e);

	*out = 0;
	if (text.n == 0 || text.n > 6 || e->op != MY_LITERAL_INT)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		*out = *out * 10 + (text.p[i] - '0');
	}
	return *out > 0;
}

/* A number names an item. MariaDB takes a parameter for one, too: it may name any. */
static int position(struct lineage *f, const struct scope *s, const struct my_expr *e, const struct use *use)
{
	size_t at;

	if (!position_of(f, e, &at))
		return any_item(f, s, use);
	if (at > s->item_count)
		return 0; /* the server refuses it */
	if (!lineage_is_sensitive(&s->items[at - 1].column) || f->is_blind)
		return 0;
	return lineage_refuse_column(f, &s->items[at - 1].column, use);
}

static bool is_position(const struct my_expr *e)
{
	if (e->kind == MY_EXPR_PARAM)
		return true;
	return e->kind == MY_EXPR_LITERAL && (e->op == MY_LITERAL_INT || e->op == MY_LITERAL_BOOL);
}

int lineage_order(struct lineage *f, struct scope *s, const struct my_order *o, const struct use *use)
{
	int rc = 0;

	for (; o && rc == 0; o = o->next) {
		const struct my_expr *e = bare(o->expr);

		rc = s->takes_positions && is_position(e) ? position(f, s, e, use) : lineage_used(f, s, o->expr, use);
	}
	return rc;
}

int lineage_windows(struct lineage *f, struct scope *s, const struct my_window *w)
{
	bool sees = s->sees_items, takes = s->takes_positions;
	int rc = 0;

	s->sees_items = true;
	s->takes_positions = false;
	for (; w && rc == 0; w = w->next) {
		rc = lineage_used_all(f, s, w->partition, &use_window);
		if (rc == 0)
			rc = lineage_order(f, s, w->order, &use_window);
		if (rc == 0)
			rc = lineage_used_all(f, s, w->bounds, &use_window);
	}
	s->sees_items = sees;
	s->takes_positions = takes;
	return rc;
}
