/*
 * Expressions. flow_value() follows a value that may leave as it is; flow_used() looks that nothing
 * sensitive is in what is computed with. Both walk every field of every node; what is not in the
 * tables is refused.
 */
#include "../room.h"

#include "nodes.h"

int flow_clean(struct flow *f, const struct columns *columns, const struct use *use)
{
	for (size_t i = 0; i < columns->count; i++)
		if (column_is_sensitive(&columns->items[i]))
			return flow_refuse_column(f, &columns->items[i], use);
	return 0;
}

/* ---- used ---- */

static int used_list(
	struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use)
{
	int rc = 0;

	for (size_t i = 0; i < v->list.count && rc == 0; i++)
		rc = flow_used(f, s, &v->list.items[i], use);
	return rc;
}

int flow_used(struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use)
{
	int rc;

	if (v->kind == QTREE_NONE)
		return 0;
	if (v->kind != QTREE_NODE && v->kind != QTREE_LIST)
		return flow_unsupported(f, "a value", use->clause);
	rc = flow_enter(f);
	if (rc)
		return rc;
	rc = v->kind == QTREE_LIST ? used_list(f, s, v, use) : flow_node(f, s, v->node, use);
	f->depth--;
	return rc;
}

static int each_number(
	struct flow *f, const struct qtree_value *v, int (*judge)(struct flow *f, uint32_t oid))
{
	int rc = 0;

	if (v->kind == QTREE_NONE)
		return 0;
	if (v->kind != QTREE_NUMBERS)
		return flow_unsupported(f, "no numbers", "an expression");
	for (size_t i = 0; i < v->numbers.count && rc == 0; i++)
		rc = judge(f, (uint32_t)v->numbers.items[i]);
	return rc;
}

static int type_if_user(struct flow *f, uint32_t oid)
{
	return oid >= FLOW_USER_OID_MIN ? flow_type(f, oid) : 0;
}

static int function_unless_zero(struct flow *f, uint32_t oid)
{
	return oid ? flow_function(f, oid) : 0;
}

static int one_number(
	struct flow *f, const struct qtree_value *v, int (*judge)(struct flow *f, uint32_t oid))
{
	int64_t oid;

	if (!qtree_int(v, &oid) || oid < 0 || oid > UINT32_MAX)
		return flow_unsupported(f, "no OID", "an expression");
	return judge(f, (uint32_t)oid);
}

static int inert(struct flow *f, const struct qtree_value *v)
{
	/* Names of XML attributes, JSON variables, row fields: lists of strings and nothing more.
	 */
	if (v->kind == QTREE_NODE)
		return flow_unsupported(f, v->node->type, "a place for a name");
	if (v->kind == QTREE_LIST)
		for (size_t i = 0; i < v->list.count; i++)
			if (v->list.items[i].kind != QTREE_TOKEN &&
				v->list.items[i].kind != QTREE_NONE)
				return flow_unsupported(f, "another list", "a place for names");
	return 0;
}

static int judge_field(struct flow *f, struct scope *s, const struct qtree_value *v,
	enum node_field_kind kind, const struct use *use)
{
	switch (kind) {
	case NODE_FIELD_INERT:
		return inert(f, v);
	case NODE_FIELD_CHILD:
		return flow_used(f, s, v, use);
	case NODE_FIELD_QUESTION: /* what the server's own views ask of definitions, they answer with one */
		return f->is_in_server_view ? flow_used(f, s, v, use)
					    : flow_question(f, s, v, use);
	case NODE_FIELD_FILTER:
		return flow_question(f, s, v, &in_filter);
	case NODE_FIELD_FUNCTION:
		return one_number(f, v, flow_function);
	case NODE_FIELD_FUNCTION_MAYBE:
		return one_number(f, v, function_unless_zero);
	case NODE_FIELD_OPERATOR:
		return one_number(f, v, flow_operator);
	case NODE_FIELD_OPERATORS:
		return each_number(f, v, flow_operator);
	case NODE_FIELD_TYPE:
		return one_number(f, v, type_if_user);
	case NODE_FIELD_TYPES:
		return each_number(f, v, type_if_user);
	case NODE_FIELD_DOMAIN:
		return one_number(f, v, flow_type);
	case NODE_FIELD_SORTS:
		return flow_sort_operators(f, v);
	}
	return flow_unsupported(f, "a field", "an expression");
}

static int judge_fields(struct flow *f, struct scope *s, const struct qtree_node *n,
	const struct node_type *type, const struct use *use)
{
	size_t at = 0;

	for (size_t i = 0; i < n->field_count; i++) {
		size_t tried = 0;
		int rc;

		/* Servers print in one order, so the next name is mostly the one. */
		while (tried < type->field_count &&
			strcmp(type->fields[at].name, n->fields[i].name) != 0) {
			at = (at + 1) % type->field_count;
			tried++;
		}
		if (tried == type->field_count)
			return flow_unsupported(f, n->fields[i].name, n->type);
		rc = judge_field(f, s, &n->fields[i].value, type->fields[at].kind, use);
		if (rc)
			return rc;
		at = (at + 1) % type->field_count;
	}
	return 0;
}

/* A rule that says where is kept; that of the select list becomes the one of what the column is in.
 */
static const char *rule_inside(const struct use *use, enum node_kind kind)
{
	if (strcmp(use->rule, "flow.expression") != 0)
		return use->rule;
	if (kind == NODE_FUNCTION)
		return "flow.function";
	if (kind == NODE_AGGREGATE)
		return "flow.aggregate";
	return kind == NODE_WINDOW ? "flow.window" : use->rule;
}

static uint32_t called_by(const struct qtree_node *n, enum node_kind kind)
{
	const char *field = kind == NODE_FUNCTION    ? "funcid"
			    : kind == NODE_AGGREGATE ? "aggfnoid"
			    : kind == NODE_WINDOW    ? "winfnoid"
						     : NULL;
	int64_t oid;

	return field && qtree_int(qtree_get(n, field), &oid) ? (uint32_t)oid : 0;
}

int flow_fields(struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use)
{
	const struct node_type *type = node_type_find(shape_type(n));
	struct use inside = *use;

	if (!type || !type->fields)
		return flow_unsupported(f, n->type, use->clause);
	inside.rule = rule_inside(use, type->kind);
	if (type->as) {
		inside.as = type->as;
		inside.function_oid = called_by(n, type->kind);
	}
	return judge_fields(f, s, n, type, &inside);
}

static int used_var(
	struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use)
{
	struct column c;
	int rc = flow_var(f, s, n, &c);

	if (rc || n == use->opened)
		return rc;
	definition_seen(f, &c);
	return column_is_sensitive(&c) ? flow_refuse_column(f, &c, use) : 0;
}

static int node_by_kind(
	struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use)
{
	const struct node_type *type = node_type_find(shape_type(n));

	if (!type)
		return flow_unsupported(f, n->type, use->clause);
	switch (type->kind) {
	case NODE_VAR:
		return used_var(f, s, n, use);
	case NODE_SUBLINK:
		return flow_sublink(f, s, n, use);
	case NODE_PARAM:
		return flow_param(f, n);
	case NODE_AGGREGATE:
		return flow_aggregate(f, s, n, use);
	case NODE_FUNCTION:
		return flow_funcexpr(f, s, n, use);
	case NODE_PLAIN:
	case NODE_WINDOW:
		return flow_fields(f, s, n, use);
	}
	return flow_unsupported(f, n->type, use->clause);
}

int flow_node(struct flow *f, struct scope *s, const struct qtree_node *n, const struct use *use)
{
	struct definition outer = f->definition;
	int rc;

	f->definition = (struct definition){0};
	rc = node_by_kind(f, s, n, use);
	if (rc == 0)
		rc = definition_judge(f, n, use);
	f->definition.is_seen |= outer.is_seen;
	f->definition.is_composed |= outer.is_composed;
	return rc;
}

/* ---- values that may leave ---- */

static bool is_text(uint32_t type_oid)
{
	return type_oid == 25 || type_oid == 1042 || type_oid == 1043; /* text, bpchar, varchar */
}

/* A cast that changes no byte, to a type whose values look the same: the mask still fits. */
static int relabel_value(struct flow *f, struct scope *s, const struct qtree_value *v,
	const struct use *use, struct column *out)
{
	const struct qtree_value *slots[RELABEL_FIELD_COUNT];
	int64_t type;
	int rc;

	if (!shape_read(SHAPE_RELABEL, v, slots) ||
		!qtree_int(SLOT(slots, RELABEL, resulttype), &type))
		return flow_unsupported(f, "a cast", use->clause);
	rc = flow_value(f, s, SLOT(slots, RELABEL, arg), use, out);
	if (rc || !column_is_sensitive(out))
		return rc ? rc : type_if_user(f, (uint32_t)type);
	if (!is_text((uint32_t)type) && out->type_oid != (uint32_t)type) {
		struct use inside = *use;

		inside.as = "part of a cast";
		inside.function_oid = 0;
		return flow_refuse_column(f, out, &inside);
	}
	out->type_oid = (uint32_t)type;
	return 0;
}

static int const_value(struct flow *f, struct scope *s, const struct qtree_value *v,
	const struct use *use, struct column *out)
{
	const struct qtree_value *slots[CONST_FIELD_COUNT];

	if (!shape_read(SHAPE_CONST, v, slots) ||
		!qtree_bool(SLOT(slots, CONST, constisnull), &out->is_empty))
		return flow_unsupported(f, "a constant", use->clause);
	return flow_used(f, s, v, use);
}

static int collate_value(struct flow *f, struct scope *s, const struct qtree_value *v,
	const struct use *use, struct column *out)
{
	const struct qtree_value *slots[COLLATE_FIELD_COUNT];

	if (!shape_read(SHAPE_COLLATE, v, slots))
		return flow_unsupported(f, "COLLATE", use->clause);
	return flow_value(f, s, SLOT(slots, COLLATE, arg), use, out);
}

/* 18: RETURNING old.x where there may be no old row: the value or NULL. */
static int returning_value(struct flow *f, struct scope *s, const struct qtree_value *v,
	const struct use *use, struct column *out)
{
	const struct qtree_value *slots[RETURNING_FIELD_COUNT];

	if (!shape_read(SHAPE_RETURNING, v, slots))
		return flow_unsupported(f, "RETURNING", use->clause);
	return flow_value(f, s, SLOT(slots, RETURNING, retexpr), use, out);
}

static int value_of(struct flow *f, struct scope *s, const struct qtree_value *v,
	const struct use *use, struct column *out)
{
	const char *type = shape_type(v->node);

	if (strcmp(type, "VAR") == 0)
		return flow_var(f, s, v->node, out);
	if (strcmp(type, "CONST") == 0)
		return const_value(f, s, v, use, out);
	if (strcmp(type, "RELABELTYPE") == 0)
		return relabel_value(f, s, v, use, out);
	if (strcmp(type, "COLLATEEXPR") == 0)
		return collate_value(f, s, v, use, out);
	if (strcmp(type, "RETURNINGEXPR") == 0)
		return returning_value(f, s, v, use, out);
	if (strcmp(type, "SUBLINK") == 0)
		return flow_sublink_value(f, s, v->node, use, out);
	return flow_used(f, s, v, use);
}

int flow_value(struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use,
	struct column *out)
{
	struct definition outer = f->definition;
	int rc;

	*out = (struct column){.label.kind = LABEL_PLAIN};
	if (v->kind != QTREE_NODE)
		return flow_unsupported(f, "no expression", use->clause);
	rc = flow_enter(f);
	if (rc)
		return rc;
	f->definition = (struct definition){0};
	rc = value_of(f, s, v, use, out);
	out->label.is_guarded |= f->definition.is_seen;
	out->is_composed |= f->definition.is_composed;
	f->definition = outer;
	f->depth--;
	return rc;
}
