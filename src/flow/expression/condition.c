/* WHERE and ON: the one comparison of a sensitive column that a policy may open. */
#include "../room.h"

/* The type's own `=`, of types that a masked column may have (pg_operator.dat); a user's `=` has
 * another function. */
static const char *const equalities[] = {
	"bpchareq",
	"byteaeq",
	"cash_eq",
	"date_eq",
	"date_eq_timestamp",
	"date_eq_timestamptz",
	"float48eq",
	"float4eq",
	"float84eq",
	"float8eq",
	"int24eq",
	"int28eq",
	"int2eq",
	"int42eq",
	"int48eq",
	"int4eq",
	"int82eq",
	"int84eq",
	"int8eq",
	"interval_eq",
	"macaddr_eq",
	"network_eq",
	"numeric_eq",
	"texteq",
	"time_eq",
	"timestamp_eq",
	"timestamp_eq_date",
	"timestamp_eq_timestamptz",
	"timestamptz_eq",
	"timestamptz_eq_date",
	"timestamptz_eq_timestamp",
	"timetz_eq",
	"uuid_eq",
};

static bool is_equality(struct flow *f, int64_t operator_oid)
{
	uint32_t function = f->world->operator_function(f->world->ctx, (uint32_t)operator_oid);
	const char *schema, *name;

	if (!function || !f->world->function(f->world->ctx, function, &schema, &name) ||
		strcmp(schema, "pg_catalog") != 0)
		return false;
	for (size_t i = 0; i < QW_COUNT(equalities); i++)
		if (strcmp(equalities[i], name) == 0)
			return true;
	return false;
}

const struct qtree_value *flow_without_cast(const struct qtree_value *v)
{
	while (qtree_is(v, "RELABELTYPE"))
		v = qtree_get(v->node, "arg");
	return v;
}

bool flow_is_literal(const struct qtree_value *v)
{
	int64_t kind;

	if (qtree_is(v, "CONST"))
		return true;
	return qtree_is(v, "PARAM") && qtree_int(qtree_get(v->node, "paramkind"), &kind) &&
	       kind == 0;
}

/* The column in `column = literal`, `literal = column`, `column IS [NOT] NULL`; NULL: it is
 * something else. */
static const struct qtree_node *compared(struct flow *f, const struct qtree_value *v)
{
	const struct qtree_value *args, *a, *b;
	int64_t operator_oid;

	if (qtree_is(v, "NULLTEST")) {
		a = flow_without_cast(qtree_get(v->node, "arg"));
		return qtree_is(a, "VAR") ? a->node : NULL;
	}
	if (!qtree_is(v, "OPEXPR"))
		return NULL;
	args = qtree_get(v->node, "args");
	if (args->kind != QTREE_LIST || args->list.count != 2 ||
		!qtree_int(qtree_get(v->node, "opno"), &operator_oid))
		return NULL;
	a = flow_without_cast(&args->list.items[0]);
	b = flow_without_cast(&args->list.items[1]);
	if (flow_is_literal(a) && qtree_is(b, "VAR"))
		a = b;
	else if (!flow_is_literal(b) || !qtree_is(a, "VAR"))
		return NULL;
	return is_equality(f, operator_oid) ? a->node : NULL;
}

/* *opened: the column of a comparison that the policy lets this role make; it is counted then. */
static int may_compare(struct flow *f, struct scope *s, const struct qtree_value *v,
	const struct qtree_node **opened)
{
	const struct qtree_node *column = compared(f, v);
	struct column c;
	int rc;

	if (!column)
		return 0;
	rc = flow_var(f, s, column, &c);
	if (rc || c.label.kind != LABEL_MASK || c.is_whole_row ||
		!f->world->may_compare(f->world->ctx, &c.label))
		return rc;
	*opened = column;
	return flow_add_compared(f, c.label.spec);
}

static bool is_conjunction(const struct qtree_value *v)
{
	const struct qtree_value *op =
		qtree_is(v, "BOOLEXPR") ? qtree_get(v->node, "boolop") : NULL;

	return op && op->kind == QTREE_TOKEN && qw_bytes_equal(op->token, QW_LIT("and"));
}

static int conjuncts(
	struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use)
{
	const struct qtree_value *slots[BOOL_FIELD_COUNT], *args;
	int rc = 0;

	if (!shape_read(SHAPE_BOOL, v, slots))
		return flow_unsupported(f, "AND", use->clause);
	args = SLOT(slots, BOOL, args);
	if (args->kind != QTREE_LIST)
		return flow_unsupported(f, "AND", use->clause);
	for (size_t i = 0; i < args->list.count && rc == 0; i++)
		rc = flow_condition(f, s, &args->list.items[i], use);
	return rc;
}

static int condition_of(
	struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use)
{
	struct use inside = *use;
	int rc;

	if (is_conjunction(v))
		return conjuncts(f, s, v, use);
	rc = may_compare(f, s, v, &inside.opened);
	return rc ? rc : flow_question(f, s, v, &inside);
}

int flow_condition(
	struct flow *f, struct scope *s, const struct qtree_value *quals, const struct use *use)
{
	int rc;

	if (quals->kind == QTREE_NONE)
		return 0;
	rc = flow_enter(f);
	if (rc)
		return rc;
	rc = condition_of(f, s, quals, use);
	f->depth--;
	return rc;
}
