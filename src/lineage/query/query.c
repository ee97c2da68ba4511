/* A query: WITH, its body, and what stands behind it. */
#include "../room.h"

/* ORDER BY behind a set operation or parentheses: the result's columns, by name or place. */
static int order_outputs(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_query *q, const struct columns *c)
{
	struct scope s = {.up = up, .ctes = ctes, .sees_items = true, .takes_positions = true};
	int rc = 0;

	s.items = qw_arena_alloc(f->arena, (c->count + 1) * sizeof(*s.items));
	if (!s.items)
		return QW_E_NOMEM;
	s.item_count = c->count;
	for (size_t i = 0; i < c->count; i++)
		s.items[i] = (struct item){.alias = c->items[i].name, .column = c->items[i]};
	/* (SELECT a FROM t) ORDER BY b + 0: some versions look into the parentheses, some do not */
	for (const struct my_order *o = q->order; o && rc == 0 && q->body->kind == MY_BODY_QUERY; o = o->next)
		if (o->expr->kind != MY_EXPR_LITERAL && (o->expr->kind != MY_EXPR_COLUMN || o->expr->column->table))
			rc = lineage_unsupported(f, "an expression in ORDER BY behind parentheses");
	return rc ? rc : lineage_order(f, &s, q->order, &use_order);
}

/* VALUES (1, 2), (3, 4) */
static int values(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_row *rows, struct columns *out)
{
	struct scope s = {.up = up, .ctes = ctes};
	size_t n = 0;

	for (const struct my_expr *e = rows->values; e; e = e->next)
		n++;
	*out = lineage_columns_new(f, n);
	for (size_t i = 0; out->items && i < n; i++)
		out->items[i].is_empty = true;
	for (const struct my_row *r = rows; out->items && r; r = r->next) {
		size_t i = 0;

		for (const struct my_expr *e = r->values; e; e = e->next, i++) {
			struct column c;
			int rc = lineage_value(f, &s, e, &use_output, &c);

			if (rc)
				return rc;
			if (i >= n)
				return lineage_unsupported(f, "rows of several lengths");
			if (!lineage_join_column(&out->items[i], &c))
				return lineage_refuse_union(f, &out->items[i], &c);
		}
		if (i != n)
			return lineage_unsupported(f, "rows of several lengths");
	}
	for (size_t i = 0; out->items && i < n; i++) {
		out->items[i].name = NULL;
		out->items[i].relation_oid = 0;
	}
	return out->items ? 0 : QW_E_NOMEM;
}

/* TABLE t: SELECT * FROM t */
static int table(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_body *b, const struct my_query *tail,
	struct columns *out)
{
	struct my_column column = {0};
	struct my_expr star = {.kind = MY_EXPR_STAR, .column = &column};
	struct my_item item = {.expr = &star};
	struct my_select sel = {.items = &item, .from = b->table};

	return lineage_select(f, up, ctes, &sel, tail, out);
}

int lineage_body(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_body *b, const struct my_query *tail,
	struct columns *out)
{
	int rc = lineage_enter(f);
	bool is_ordered = false;

	if (rc)
		return rc;
	switch (b->kind) {
	case MY_BODY_SELECT:
		is_ordered = true;
		rc = lineage_select(f, up, ctes, b->select, tail, out);
		break;
	case MY_BODY_TABLE:
		is_ordered = true;
		rc = table(f, up, ctes, b, tail, out);
		break;
	case MY_BODY_VALUES:
		rc = values(f, up, ctes, b->rows, out);
		break;
	case MY_BODY_QUERY:
		rc = lineage_query(f, up, ctes, b->query, out);
		break;
	case MY_BODY_SET:
		rc = lineage_set(f, up, ctes, b, out);
		break;
	}
	if (rc == 0 && tail && tail->order && !is_ordered)
		rc = order_outputs(f, up, ctes, tail, out);
	f->depth--;
	return rc;
}

static int into(struct lineage *f, const struct my_query *q, const struct columns *c)
{
	static const struct use in_file = {.rule = "flow.write", .clause = "a file (INTO)"};

	if (!q->into)
		return 0;
	return lineage_clean(f, c, q->into->is_file ? &in_file : &use_setting);
}

int lineage_query(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_query *q, struct columns *out)
{
	struct scope limit = {.up = up, .ctes = ctes};
	bool locks = f->locks;
	int rc = lineage_enter(f);

	if (rc)
		return rc;
	rc = lineage_with(f, up, q->with, &ctes);
	f->locks = locks || q->locks;
	if (rc == 0)
		rc = lineage_body(f, up, ctes, q->body, q, out);
	f->locks = locks;
	if (rc == 0)
		rc = lineage_used_all(f, &limit, q->limit, &use_limit);
	if (rc == 0)
		rc = into(f, q, out);
	f->depth--;
	return rc;
}
