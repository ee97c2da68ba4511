/* What the failure or success of a write tells: which columns it sets, and with what kind of value. */
#include "../room.h"

enum { NEXTVAL_OID = 1574, GEN_RANDOM_UUID_OID = 3432 }; /* pg_proc.dat */
enum { COERCE_EXPLICIT_CAST = 1, COERCE_IMPLICIT_CAST = 2 }; /* CoercionForm (PostgreSQL nodes/primnodes.h) */

/* What a cast is made from: of one value, one value. NULL: it is none. */
static const struct qtree_value *cast_argument(const struct qtree_value *v)
{
	const struct qtree_value *args;
	int64_t form;

	if (qtree_is(v, "RELABELTYPE") || qtree_is(v, "COERCEVIAIO") || qtree_is(v, "COERCETODOMAIN"))
		return qtree_get(v->node, "arg");
	if (!qtree_is(v, "FUNCEXPR") || !qtree_int(qtree_get(v->node, "funcformat"), &form) ||
		(form != COERCE_EXPLICIT_CAST && form != COERCE_IMPLICIT_CAST))
		return NULL;
	args = qtree_get(v->node, "args");
	if (args->kind != QTREE_LIST || args->list.count == 0)
		return NULL;
	for (size_t i = 1; i < args->list.count; i++) /* the length of varchar(n) */
		if (!qtree_is(&args->list.items[i], "CONST"))
			return NULL;
	return &args->list.items[0];
}

/* Of a sequence, as the column's default says, or random: nobody guesses with that. */
static bool is_fresh(const struct qtree_value *v)
{
	int64_t oid, place;

	if (qtree_is(v, "NEXTVALUEEXPR"))
		return true;
	if (!qtree_is(v, "FUNCEXPR") || !qtree_int(qtree_get(v->node, "funcid"), &oid) ||
		!qtree_int(qtree_get(v->node, "location"), &place))
		return false;
	return oid == GEN_RANDOM_UUID_OID || (oid == NEXTVAL_OID && place == -1);
}

/* EXCLUDED.x is what the INSERT has for x. */
static const struct target *excluded(const struct scope *s, const struct qtree_value *v, const struct targets *inserted)
{
	const struct qtree_value *slots[VAR_FIELD_COUNT];
	int64_t up, number, attnum;

	if (!inserted || !shape_read(SHAPE_VAR, v, slots) || !qtree_int(SLOT(slots, VAR, varlevelsup), &up) ||
		!qtree_int(SLOT(slots, VAR, varno), &number) || !qtree_int(SLOT(slots, VAR, varattno), &attnum) || up != 0 ||
		number < 1 || (uint64_t)number > s->range_count || !s->ranges[number - 1].is_excluded)
		return NULL;
	for (size_t i = 0; i < inserted->count; i++)
		if (!inserted->items[i].is_junk && inserted->items[i].number == attnum)
			return &inserted->items[i];
	return NULL;
}

static enum labels_value value_of(const struct scope *s, const struct target *t, const struct targets *inserted)
{
	const struct qtree_value *v = SLOT(t->slots, TARGET, expr), *arg = v;
	const struct target *from;
	bool is_null;

	while ((arg = cast_argument(v)) != NULL)
		v = arg;
	if (qtree_is(v, "CONST"))
		return qtree_bool(qtree_get(v->node, "constisnull"), &is_null) && is_null && v == SLOT(t->slots, TARGET, expr)
			       ? LABELS_VALUE_NULL : LABELS_VALUE_LITERAL;
	if (flow_is_literal(v))
		return LABELS_VALUE_LITERAL;
	if (is_fresh(v))
		return LABELS_VALUE_FRESH;
	from = qtree_is(v, "VAR") ? excluded(s, v, inserted) : NULL;
	return from && value_of(s, from, NULL) != LABELS_VALUE_ANY ? LABELS_VALUE_LITERAL : LABELS_VALUE_ANY;
}

static int judge_told(struct flow *f, const struct range *r, const struct labels_tells *told)
{
	const char *column = told->label.column ? told->label.column : flow_relation_name(f, r->relation_oid);

	if (told->label.kind == LABEL_MASK && told->is_equality && f->world->may_compare(f->world->ctx, &told->label))
		return flow_add_compared(f, told->label.spec);
	return flow_refuse(f, "flow.constraint", column,
		column ? qw_arena_printf(f->arena, "whether this write fails would tell of the sensitive column %s: %s", column, told->said)
		       : NULL);
}

int flow_tells(struct flow *f, const struct scope *s, const struct range *r, enum qw_verb verb, const struct targets *targets,
	const struct targets *inserted)
{
	struct labels_write w = {.relation_oid = r->relation_oid, .verb = verb};
	struct labels_written *columns = qw_arena_alloc(f->arena, ((targets ? targets->count : 0) + 1) * sizeof(*columns));
	struct labels_tells *told;
	size_t count;
	int rc;

	if (!columns)
		return QW_E_NOMEM;
	for (size_t i = 0; targets && i < targets->count; i++) {
		const struct target *t = &targets->items[i];

		if (!t->is_junk && t->number > 0 && t->number <= INT16_MAX)
			columns[w.count++] = (struct labels_written){(int16_t)t->number, value_of(s, t, inserted)};
	}
	w.columns = columns;
	rc = f->world->write_tells(f->world->ctx, &w, f->arena, &told, &count);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = judge_told(f, r, &told[i]);
	return rc;
}
