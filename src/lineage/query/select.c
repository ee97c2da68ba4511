/* SELECT: in the order in which the server resolves its parts. */
#include "../room.h"

static struct item *add_item(struct lineage *f, struct scope *s)
{
	if (s->item_count == s->item_max) {
		size_t max = s->item_max ? s->item_max * 2 : 16;
		struct item *items = qw_arena_alloc(f->arena, max * sizeof(*items));

		if (!items)
			return NULL;
		if (s->item_count)
			memcpy(items, s->items, s->item_count * sizeof(*items));
		s->items = items;
		s->item_max = max;
	}
	return &s->items[s->item_count];
}

static int star(struct lineage *f, struct scope *s, const struct my_expr *e)
{
	struct visible v;
	int rc = names_star(f, s, e->column, &v);

	for (size_t i = 0; i < v.count && rc == 0; i++) {
		struct item *item = add_item(f, s);

		if (!item)
			return QW_E_NOMEM;
		item->column = *names_at(s, v.items[i]);
		item->alias = item->column.name;
		if (f->is_blind)
			item->column.label = (struct label){.kind = LABEL_PLAIN};
		s->item_count++;
	}
	return rc;
}

static bool is_about_columns(const char *rule)
{
	static const char *const rules[] = {"flow.expression", "flow.function", "flow.aggregate", "flow.window", "flow.derived"};

	for (size_t i = 0; i < QW_COUNT(rules); i++)
		if (strcmp(rules[i], rule) == 0)
			return true;
	return false;
}

/*
 * What a view computes from sensitive columns is refused where it is used, not where it is defined. What else the expression does is
 * found by a second look.
 */
static int derived_in_view(struct lineage *f, struct scope *s, const struct my_expr *e, const struct use *use, struct column *out)
{
	const char *object = f->out->refusal.object;
	int rc;

	f->out->refusal = (struct flow_refusal){0};
	f->is_blind = true;
	rc = lineage_value(f, s, e, use, out);
	f->is_blind = false;
	*out = (struct column){.label = {.kind = LABEL_DERIVED, .column = object}};
	return rc;
}

static int one_item(struct lineage *f, struct scope *s, const struct my_item *i, const struct use *use)
{
	struct item *item;
	struct column c;
	unsigned depth = f->depth;
	int rc = lineage_value(f, s, i->expr, use, &c);

	if (rc == QW_E_DENIED && f->view_depth && !f->is_blind && is_about_columns(f->out->refusal.rule)) {
		f->depth = depth;
		rc = derived_in_view(f, s, i->expr, use, &c);
	}
	if (rc)
		return rc;
	item = add_item(f, s);
	if (!item)
		return QW_E_NOMEM;
	if (i->alias || i->expr->kind != MY_EXPR_COLUMN)
		c.name = names_heading(i->alias);
	item->alias = c.name;
	item->column = c;
	s->item_count++;
	return 0;
}

int lineage_items(struct lineage *f, struct scope *s, const struct my_item *items, const struct use *use)
{
	int rc = 0;

	s->written = items;
	s->shows_items = true;
	for (const struct my_item *i = items; i && rc == 0; i = i->next)
		rc = i->expr->kind == MY_EXPR_STAR ? star(f, s, i->expr) : one_item(f, s, i, use);
	return rc;
}

int lineage_item_columns(struct lineage *f, const struct scope *s, struct columns *out)
{
	*out = lineage_columns_new(f, s->item_count);
	if (!out->items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < s->item_count; i++) {
		out->items[i] = s->items[i].column;
		out->items[i].is_hidden = false;
	}
	return 0;
}

static int behind_items(struct lineage *f, struct scope *s, const struct my_select *sel, const struct my_query *tail)
{
	int rc;

	s->sees_items = s->takes_positions = true;
	rc = lineage_order(f, s, sel->group, &use_group);
	s->is_having = true;
	if (rc == 0 && sel->having)
		rc = lineage_used(f, s, sel->having, &use_having);
	if (rc == 0 && sel->qualify)
		rc = lineage_used(f, s, sel->qualify, &use_having);
	s->is_having = false;
	if (rc == 0)
		rc = lineage_windows(f, s, sel->windows);
	if (rc == 0 && tail)
		rc = lineage_order(f, s, tail->order, &use_order);
	return rc;
}

int lineage_select(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_select *sel, const struct my_query *tail,
	struct columns *out)
{
	struct scope s = {.up = up, .ctes = ctes, .written = sel->items};
	int rc = names_open(f, &s, sel->from);

	if (rc == 0)
		rc = lineage_condition(f, &s, sel->where, &use_where);
	if (rc == 0)
		rc = lineage_items(f, &s, sel->items, &use_output);
	if (rc == 0)
		rc = behind_items(f, &s, sel, tail);
	if (rc == 0)
		rc = lineage_item_columns(f, &s, out);
	if (rc == 0 && sel->is_distinct)
		rc = lineage_clean(f, out, &use_distinct);
	return rc;
}
