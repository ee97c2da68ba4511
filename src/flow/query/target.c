/* Target lists: result columns, written columns, and what ORDER BY, GROUP BY, DISTINCT and windows
 * name among them. */
#include "../room.h"

static int target_open(struct flow *f, const struct qtree_value *v, struct target *t)
{
	if (!shape_read(SHAPE_TARGET, v, t->slots) ||
		!qtree_int(SLOT(t->slots, TARGET, resno), &t->number) ||
		!qtree_int(SLOT(t->slots, TARGET, ressortgroupref), &t->sort_group) ||
		!qtree_bool(SLOT(t->slots, TARGET, resjunk), &t->is_junk))
		return flow_unsupported(f, "another node", "a target list");
	t->column.label.kind = LABEL_UNKNOWN; /* until it is judged */
	return 0;
}

int targets_open(struct flow *f, const struct qtree_value *list, struct targets *out)
{
	int rc = 0;

	*out = (struct targets){NULL, 0};
	if (list->kind == QTREE_NONE)
		return 0;
	if (list->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "a target list");
	out->items = qw_arena_alloc(f->arena, (list->list.count + 1) * sizeof(struct target));
	if (!out->items)
		return QW_E_NOMEM;
	out->count = list->list.count;
	for (size_t i = 0; i < out->count && rc == 0; i++)
		rc = target_open(f, &list->list.items[i], &out->items[i]);
	return rc;
}

/* ---- values ---- */

static bool names(const struct qtree_value *clauses, int64_t sort_group)
{
	int64_t ref;

	for (size_t i = 0; clauses->kind == QTREE_LIST && i < clauses->list.count; i++)
		if (clauses->list.items[i].kind == QTREE_NODE &&
			qtree_int(
				qtree_get(clauses->list.items[i].node, "tleSortGroupRef"), &ref) &&
			ref == sort_group)
			return true;
	return false;
}

/* An entry that is no result column is there for a clause: which one? */
static const struct use *use_of(
	const struct scope *s, const struct target *t, const struct use *use)
{
	if (!t->is_junk || t->sort_group == 0)
		return use;
	if (names(SLOT(s->slots, QUERY, groupClause), t->sort_group))
		return &in_group;
	if (names(SLOT(s->slots, QUERY, distinctClause), t->sort_group))
		return &in_distinct;
	return names(SLOT(s->slots, QUERY, sortClause), t->sort_group) ? &in_order : &in_window;
}

/* Rules that say what is wrong with a value, and not with the tree. */
static bool is_of_value(const char *rule)
{
	static const char *const rules[] = {"flow.expression", "flow.function", "flow.aggregate",
		"flow.window", "flow.predicate", "flow.whole_row", "flow.derived", "flow.unknown",
		"flow.definition"};

	for (size_t i = 0; i < QW_COUNT(rules); i++)
		if (strcmp(rules[i], rule) == 0)
			return true;
	return false;
}

/*
 * A view may compute from sensitive columns what the statement never uses: the server then drops it
 * from the subquery (remove_unused_subquery_outputs() and pull-up), but for the queries below, and
 * for what a clause names.
 */
static bool may_be_dropped(const struct scope *s, const struct target *t)
{
	bool has_sets = true;

	return s->is_view && t->sort_group == 0 &&
	       SLOT(s->slots, QUERY, distinctClause)->kind == QTREE_NONE &&
	       SLOT(s->slots, QUERY, setOperations)->kind == QTREE_NONE &&
	       qtree_bool(SLOT(s->slots, QUERY, hasTargetSRFs), &has_sets) && !has_sets;
}

/*
 * What else is in an expression that is refused for its columns: everything must be known. An
 * effect would not be dropped. `refused` stays the refusal then.
 */
static int target_drop(struct flow *f, struct scope *s, struct target *t, size_t effects,
	struct flow_refusal refused)
{
	int rc;

	f->is_blind = true;
	rc = flow_value(f, s, SLOT(t->slots, TARGET, expr), &in_output, &t->column);
	f->is_blind = false;
	if (rc)
		return rc;
	t->column = (struct column){.label = {.kind = LABEL_DERIVED, .column = refused.object}};
	f->out->refusal = (struct flow_refusal){0};
	if (f->effects == effects)
		return 0;
	f->out->refusal = refused;
	return QW_E_DENIED;
}

static int target_judge(struct flow *f, struct scope *s, struct target *t, const struct use *use)
{
	size_t effects = f->effects;
	unsigned depth = f->depth;
	int rc = flow_value(f, s, SLOT(t->slots, TARGET, expr), use_of(s, t, use), &t->column);

	if (rc != QW_E_DENIED || f->is_blind || !may_be_dropped(s, t) ||
		!is_of_value(f->out->refusal.rule))
		return rc;
	f->depth = depth;
	return target_drop(f, s, t, effects, f->out->refusal);
}

int targets_judge(
	struct flow *f, struct scope *s, const struct targets *targets, const struct use *use)
{
	int rc = 0;

	for (size_t i = 0; i < targets->count && rc == 0; i++)
		rc = target_judge(f, s, &targets->items[i], use);
	return rc;
}

int targets_columns(struct flow *f, const struct targets *targets, struct columns *out)
{
	*out = columns_new(f, targets->count);
	if (!out->items)
		return QW_E_NOMEM;
	out->count = 0;
	for (size_t i = 0; i < targets->count; i++)
		if (!targets->items[i].is_junk)
			out->items[out->count++] = targets->items[i].column;
	return 0;
}

/* ---- clauses ---- */

static int clause_judge(struct flow *f, const struct targets *targets,
	const struct qtree_value *clauses, const struct use *use)
{
	int rc = flow_sort_operators(f, clauses);

	for (size_t i = 0; rc == 0 && clauses->kind == QTREE_LIST && i < clauses->list.count; i++) {
		int64_t ref;
		size_t j = 0;

		if (!qtree_int(qtree_get(clauses->list.items[i].node, "tleSortGroupRef"), &ref) ||
			ref < 1)
			return flow_unsupported(f, "no reference", use->clause);
		while (j < targets->count && targets->items[j].sort_group != ref)
			j++;
		if (j == targets->count)
			return flow_unsupported(f, "a reference to nothing", use->clause);
		if (column_is_sensitive(&targets->items[j].column))
			return flow_refuse_column(f, &targets->items[j].column, use);
		if (column_is_guarded(&targets->items[j].column))
			return definition_refuse_column(f, &targets->items[j].column, use);
	}
	return rc;
}

static int range_function(struct flow *f, const struct qtree_value *v)
{
	int64_t oid;

	if (!qtree_int(v, &oid) || oid < 0 || oid > UINT32_MAX)
		return flow_unsupported(f, "no OID", "a window");
	return oid ? flow_function(f, (uint32_t)oid) : 0;
}

static int window_judge(
	struct flow *f, struct scope *s, const struct targets *targets, const struct qtree_value *v)
{
	const struct qtree_value *slots[WINDOW_FIELD_COUNT];
	int rc;

	if (!shape_read(SHAPE_WINDOW, v, slots))
		return flow_unsupported(f, "another node", "a window");
	rc = clause_judge(f, targets, SLOT(slots, WINDOW, partitionClause), &in_window);
	if (rc == 0)
		rc = clause_judge(f, targets, SLOT(slots, WINDOW, orderClause), &in_window);
	if (rc == 0)
		rc = flow_question(f, s, SLOT(slots, WINDOW, startOffset), &in_window);
	if (rc == 0)
		rc = flow_question(f, s, SLOT(slots, WINDOW, endOffset), &in_window);
	if (rc == 0)
		rc = flow_question(f, s, SLOT(slots, WINDOW, runCondition), &in_window);
	if (rc == 0)
		rc = range_function(f, SLOT(slots, WINDOW, startInRangeFunc));
	return rc ? rc : range_function(f, SLOT(slots, WINDOW, endInRangeFunc));
}

static int windows_judge(struct flow *f, struct scope *s, const struct targets *targets)
{
	const struct qtree_value *windows = SLOT(s->slots, QUERY, windowClause);
	int rc = 0;

	if (windows->kind == QTREE_NONE)
		return 0;
	if (windows->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "WINDOW");
	for (size_t i = 0; i < windows->list.count && rc == 0; i++)
		rc = window_judge(f, s, targets, &windows->list.items[i]);
	return rc;
}

int targets_clauses(struct flow *f, struct scope *s, const struct targets *targets)
{
	int rc = clause_judge(f, targets, SLOT(s->slots, QUERY, groupClause), &in_group);

	if (rc == 0)
		rc = clause_judge(f, targets, SLOT(s->slots, QUERY, distinctClause), &in_distinct);
	if (rc == 0)
		rc = clause_judge(f, targets, SLOT(s->slots, QUERY, sortClause), &in_order);
	return rc ? rc : windows_judge(f, s, targets);
}
