/* Nodes with a meaning of their own: subqueries, aggregates, functions that a policy opens,
 * parameters. */
#include "../room.h"

/* ---- subqueries in expressions (SubLinkType, PostgreSQL nodes/primnodes.h) ---- */
enum {
	SUBLINK_EXISTS,
	SUBLINK_ALL,
	SUBLINK_ANY,
	SUBLINK_ROWCOMPARE,
	SUBLINK_EXPR,
	SUBLINK_MULTIEXPR,
	SUBLINK_ARRAY
};

static int sublink_read(struct flow *f, struct scope *s, const struct qtree_node *n,
	const struct qtree_value **slots, struct columns *columns)
{
	const struct qtree_value v = {.kind = QTREE_NODE, .node = n};

	if (!shape_read(SHAPE_SUBLINK, &v, slots))
		return flow_unsupported(f, n->type, "a subquery");
	return flow_query(f, s, SLOT(slots, SUBLINK, subselect), false, columns);
}

int flow_sublink(struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use)
{
	const struct qtree_value *slots[SUBLINK_FIELD_COUNT];
	struct use inside = *use;
	struct columns columns;
	int64_t type;
	int rc = sublink_read(f, s, n, slots, &columns);

	if (rc)
		return rc;
	if (!qtree_int(SLOT(slots, SUBLINK, subLinkType), &type) || type < SUBLINK_EXISTS ||
		type > SUBLINK_ARRAY)
		return flow_unsupported(f, "a kind of subquery", use->clause);
	if (type == SUBLINK_EXISTS) { /* its result columns are never computed */
		if (SLOT(slots, SUBLINK, testexpr)->kind != QTREE_NONE)
			return flow_unsupported(f, "a condition", "EXISTS");
		return 0;
	}
	inside.as = "the result of a subquery";
	inside.function_oid = 0;
	rc = flow_clean(f, &columns, &inside);
	if (rc == 0 && type != SUBLINK_EXPR && type != SUBLINK_ARRAY)
		rc = definition_unused(f, &columns, &inside);
	for (size_t i = 0; i < columns.count; i++)
		definition_seen(f, &columns.items[i]);
	/* Its parameters stand for the columns that were just found clean. */
	return rc ? rc : flow_used(f, s, SLOT(slots, SUBLINK, testexpr), use);
}

/* (SELECT column ...): one value or NULL, as it is. */
int flow_sublink_value(struct flow *f, struct scope *s, const struct qtree_node *n,
	const struct use *use, struct column *out)
{
	const struct qtree_value *slots[SUBLINK_FIELD_COUNT];
	struct columns columns;
	int64_t type;
	int rc;

	if (!qtree_int(qtree_get(n, "subLinkType"), &type) || type != SUBLINK_EXPR)
		return flow_sublink(f, s, n, use);
	rc = sublink_read(f, s, n, slots, &columns);
	if (rc)
		return rc;
	if (columns.count != 1 || SLOT(slots, SUBLINK, testexpr)->kind != QTREE_NONE)
		return flow_unsupported(f, "a subquery of several columns", use->clause);
	*out = columns.items[0];
	return 0;
}

/* ---- aggregates ---- */
enum { COUNT_ANY_OID = 2147 }; /* count("any"), the same in every version: pg_proc.dat */

/* Nothing but the argument is there. */
static bool is_bare_count(const struct qtree_node *n)
{
	static const char *const empty[] = {
		"aggdirectargs", "aggorder", "aggdistinct", "aggfilter"};
	const struct qtree_value *args = qtree_get(n, "args");
	int64_t oid;

	if (!qtree_int(qtree_get(n, "aggfnoid"), &oid) || oid != COUNT_ANY_OID)
		return false;
	for (size_t i = 0; i < QW_COUNT(empty); i++)
		if (qtree_get(n, empty[i])->kind != QTREE_NONE)
			return false;
	return args->kind == QTREE_LIST && args->list.count == 1 &&
	       qtree_is(&args->list.items[0], "TARGETENTRY");
}

/* count(column) tells how many are not NULL, which the masked rows show, too: unless the mask hides
 * it. */
int flow_aggregate(
	struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use)
{
	struct use inside = *use;
	const struct qtree_value *expr;
	struct column c;
	int rc;

	if (!is_bare_count(n))
		return flow_fields(f, s, n, use);
	expr = qtree_get(qtree_get(n, "args")->list.items[0].node, "expr");
	if (!qtree_is(expr, "VAR"))
		return flow_fields(f, s, n, use);
	rc = flow_var(f, s, expr->node, &c);
	if (rc)
		return rc;
	if (!c.is_whole_row && column_keeps_null(&c)) {
		f->out->applied += c.label.kind == LABEL_MASK;
		inside.opened = expr->node;
	}
	return flow_fields(f, s, n, &inside);
}

/* ---- functions ---- */

/* f(column), f(column, literal ...): *opened is the column, if the policy lets the function be
 * applied to it. */
static int may_apply(struct flow *f, struct scope *s, const struct qtree_value *args,
	int64_t function, const struct qtree_node **opened)
{
	const struct qtree_value *only = NULL;
	struct column c;
	int rc;

	for (size_t i = 0; args->kind == QTREE_LIST && i < args->list.count; i++) {
		const struct qtree_value *arg = flow_without_cast(&args->list.items[i]);

		if (flow_is_literal(arg))
			continue;
		if (only || !qtree_is(arg, "VAR"))
			return 0;
		only = arg;
	}
	if (!only)
		return 0;
	rc = flow_var(f, s, only->node, &c);
	if (rc || c.label.kind != LABEL_MASK || c.is_whole_row ||
		!f->world->may_apply(f->world->ctx, &c.label, (uint32_t)function))
		return rc;
	f->out->applied++;
	*opened = only->node;
	return 0;
}

int flow_funcexpr(
	struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use)
{
	struct use inside = *use;
	bool returns_set = true;
	int64_t oid, type, place;
	int rc = 0;

	if (!qtree_int(qtree_get(n, "funcid"), &oid) ||
		!qtree_int(qtree_get(n, "funcresulttype"), &type) ||
		!qtree_bool(qtree_get(n, "funcretset"), &returns_set))
		return flow_unsupported(f, n->type, use->clause);
	inside.opened = NULL; /* what is open to a caller is not open to what it calls */
	if (!returns_set && type < FLOW_USER_OID_MIN)
		rc = may_apply(f, s, qtree_get(n, "args"), oid, &inside.opened);
	if (rc == 0)
		rc = flow_cost(f, (uint32_t)oid, qtree_get(n, "args"));
	if (rc)
		return rc;
	/* What the server read from its catalog has no place in the statement's text. */
	f->is_default = qtree_int(qtree_get(n, "location"), &place) && place == -1;
	rc = flow_fields(f, s, n, &inside);
	f->is_default = false;
	return rc;
}

/* ---- parameters (ParamKind) ---- */
enum { PARAM_EXTERN, PARAM_EXEC, PARAM_SUBLINK, PARAM_MULTIEXPR };

/* The client's; or a column of a subquery, which flow_sublink() has found clean. */
int flow_param(struct flow *f, const struct qtree_node *n)
{
	const struct qtree_value *slots[PARAM_FIELD_COUNT], v = {.kind = QTREE_NODE, .node = n};
	int64_t kind, type;

	if (!shape_read(SHAPE_PARAM, &v, slots) ||
		!qtree_int(SLOT(slots, PARAM, paramkind), &kind) ||
		!qtree_int(SLOT(slots, PARAM, paramtype), &type))
		return flow_unsupported(f, n->type, "a parameter");
	if (kind != PARAM_EXTERN && kind != PARAM_SUBLINK && kind != PARAM_MULTIEXPR)
		return flow_unsupported(f, "a kind of parameter", "an expression");
	return type >= FLOW_USER_OID_MIN ? flow_type(f, (uint32_t)type) : 0;
}
