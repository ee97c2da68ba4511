/* UNION, INTERSECT, EXCEPT: the target list speaks of the first arm only, the columns are those of
 * all arms. */
#include "../room.h"

enum {
	SETOP_UNION = 1,
	SETOP_INTERSECT,
	SETOP_EXCEPT
}; /* SetOperation (PostgreSQL nodes/parsenodes.h) */

static bool is_text(uint32_t type_oid)
{
	return type_oid == 25 || type_oid == 1042 || type_oid == 1043; /* text, bpchar, varchar */
}

static int tree_columns(
	struct flow *f, struct scope *s, const struct qtree_value *v, struct columns *out);

static int leaf_columns(
	struct flow *f, struct scope *s, const struct qtree_value *v, struct columns *out)
{
	const struct qtree_value *slots[REF_FIELD_COUNT];
	int64_t index;

	if (!shape_read(SHAPE_REF, v, slots) || !qtree_int(SLOT(slots, REF, rtindex), &index) ||
		index < 1)
		return flow_unsupported(f, "another node", "a set operation");
	return scope_columns(f, s, (size_t)index, out);
}

/* The planner converts an arm's values to the common type: a mask of another type would not fit
 * them. */
static int into_type(struct flow *f, struct column *c, int64_t type)
{
	struct use inside = in_setop;

	inside.as = "converted to the type of another arm";
	if (column_is_sensitive(c) && c->type_oid != (uint32_t)type &&
		!(is_text(c->type_oid) && is_text((uint32_t)type)))
		return flow_refuse_column(f, c, &inside);
	c->type_oid = (uint32_t)type;
	return 0;
}

static int join_arms(struct flow *f, const struct columns *left, const struct columns *right,
	const struct qtree_value *types, struct columns *out)
{
	size_t count = left->count;

	if (right->count != count ||
		(types->kind == QTREE_NUMBERS ? types->numbers.count : 0) != count)
		return flow_unsupported(f, "arms of several lengths", "a set operation");
	*out = columns_new(f, count);
	if (!out->items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		struct column a = left->items[i], b = right->items[i];
		int rc = into_type(f, &a, types->numbers.items[i]);

		if (rc == 0)
			rc = into_type(f, &b, types->numbers.items[i]);
		if (rc)
			return rc;
		out->items[i] = a;
		if (!column_join(&out->items[i], &b))
			return flow_refuse_union(f, &a, &b);
	}
	return 0;
}

static int node_columns(
	struct flow *f, struct scope *s, const struct qtree_value *v, struct columns *out)
{
	const struct qtree_value *slots[SETOP_FIELD_COUNT];
	struct columns left, right;
	bool all;
	int64_t op;
	int rc;

	if (!shape_read(SHAPE_SETOP, v, slots) || !qtree_int(SLOT(slots, SETOP, op), &op) ||
		!qtree_bool(SLOT(slots, SETOP, all), &all) || op < SETOP_UNION || op > SETOP_EXCEPT)
		return flow_unsupported(f, "a kind", "a set operation");
	rc = tree_columns(f, s, SLOT(slots, SETOP, larg), &left);
	if (rc == 0)
		rc = tree_columns(f, s, SLOT(slots, SETOP, rarg), &right);
	if (rc == 0)
		rc = flow_sort_operators(f, SLOT(slots, SETOP, groupClauses));
	if (rc == 0 && (op != SETOP_UNION || !all)) /* compares */
		rc = flow_clean(f, &left, &in_setop);
	if (rc == 0 && (op != SETOP_UNION || !all))
		rc = flow_clean(f, &right, &in_setop);
	if (rc == 0 && (op != SETOP_UNION || !all))
		rc = definition_unused(f, &left, &in_setop);
	if (rc == 0 && (op != SETOP_UNION || !all))
		rc = definition_unused(f, &right, &in_setop);
	return rc ? rc : join_arms(f, &left, &right, SLOT(slots, SETOP, colTypes), out);
}

static int tree_columns(
	struct flow *f, struct scope *s, const struct qtree_value *v, struct columns *out)
{
	int rc = flow_enter(f);

	if (rc)
		return rc;
	rc = qtree_is(v, "SETOPERATIONSTMT") ? node_columns(f, s, v, out)
					     : leaf_columns(f, s, v, out);
	f->depth--;
	return rc;
}

int flow_set_operation(struct flow *f, struct scope *s, const struct targets *targets)
{
	struct columns columns;
	int rc = tree_columns(f, s, SLOT(s->slots, QUERY, setOperations), &columns);

	if (rc)
		return rc;
	if (columns.count != targets->count)
		return flow_unsupported(f, "another number of columns", "a set operation");
	for (size_t i = 0; i < targets->count && rc == 0; i++) {
		const struct qtree_value *expr = SLOT(targets->items[i].slots, TARGET, expr);
		struct column first; /* of the first arm only */

		if (!qtree_is(expr, "VAR") || targets->items[i].is_junk)
			return flow_unsupported(
				f, "an expression", "the columns of a set operation");
		rc = flow_var(f, s, expr->node, &first);
		targets->items[i].column = columns.items[i];
	}
	return rc;
}
