/* One query: in which order its parts are judged. */
#include "../room.h"

enum flow_command flow_command(unsigned server_major, const struct qtree_value *v)
{
	/* CmdType (PostgreSQL nodes/nodes.h): MERGE came in 15, between the others. */
	static const enum flow_command since_15[] = {COMMAND_NONE, COMMAND_SELECT, COMMAND_UPDATE,
		COMMAND_INSERT, COMMAND_DELETE, COMMAND_MERGE, COMMAND_UTILITY, COMMAND_NOTHING};
	static const enum flow_command until_14[] = {COMMAND_NONE, COMMAND_SELECT, COMMAND_UPDATE,
		COMMAND_INSERT, COMMAND_DELETE, COMMAND_UTILITY, COMMAND_NOTHING};
	size_t count = server_major >= 15 ? QW_COUNT(since_15) : QW_COUNT(until_14);
	int64_t n;

	if (!qtree_int(v, &n) || n < 0 || (uint64_t)n >= count)
		return COMMAND_NONE;
	return server_major >= 15 ? since_15[n] : until_14[n];
}

/* ---- FROM and WHERE ---- */

static int join_tree(
	struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use);

static int from_list(
	struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use)
{
	const struct qtree_value *slots[FROM_FIELD_COUNT], *list;
	int rc = 0;

	if (!shape_read(SHAPE_FROM, v, slots))
		return flow_unsupported(f, "another node", "FROM");
	list = SLOT(slots, FROM, fromlist);
	if (list->kind != QTREE_LIST && list->kind != QTREE_NONE)
		return flow_unsupported(f, "no list", "FROM");
	for (size_t i = 0; list->kind == QTREE_LIST && i < list->list.count && rc == 0; i++)
		rc = join_tree(f, s, &list->list.items[i], use);
	return rc ? rc : flow_condition(f, s, SLOT(slots, FROM, quals), use);
}

static int join(struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use)
{
	const struct qtree_value *slots[JOIN_FIELD_COUNT];
	int rc;

	if (!shape_read(SHAPE_JOIN, v, slots))
		return flow_unsupported(f, "another node", "JOIN");
	rc = join_tree(f, s, SLOT(slots, JOIN, larg), use);
	if (rc == 0)
		rc = join_tree(f, s, SLOT(slots, JOIN, rarg), use);
	return rc ? rc : flow_condition(f, s, SLOT(slots, JOIN, quals), use);
}

static int from_entry(struct flow *f, struct scope *s, const struct qtree_value *v)
{
	const struct qtree_value *slots[REF_FIELD_COUNT];
	int64_t index;

	if (!shape_read(SHAPE_REF, v, slots) || !qtree_int(SLOT(slots, REF, rtindex), &index) ||
		index < 1 || (uint64_t)index > s->range_count)
		return flow_unsupported(f, "an entry", "FROM");
	return range_check(f, &s->ranges[index - 1]);
}

static int join_tree(
	struct flow *f, struct scope *s, const struct qtree_value *v, const struct use *use)
{
	int rc = flow_enter(f);

	if (rc)
		return rc;
	if (qtree_is(v, "FROMEXPR"))
		rc = from_list(f, s, v, use);
	else if (qtree_is(v, "JOINEXPR"))
		rc = join(f, s, v, use);
	else
		rc = from_entry(f, s, v);
	f->depth--;
	return rc;
}

/* ---- the query ---- */

/* Marks the entry that is written, and the one that stands for what INSERT ... ON CONFLICT would
 * have inserted. */
static int mark_ranges(struct flow *f, struct scope *s)
{
	const struct qtree_value *conflict = SLOT(s->slots, QUERY, onConflict);
	int64_t target, excluded = 0;

	if (!qtree_int(SLOT(s->slots, QUERY, resultRelation), &target) || target < 0 ||
		(uint64_t)target > s->range_count)
		return flow_unsupported(f, "a target", "a query");
	if (target)
		s->ranges[target - 1].is_target = true;
	if (conflict->kind == QTREE_NONE)
		return 0;
	if (conflict->kind != QTREE_NODE ||
		!qtree_int(qtree_get(conflict->node, "exclRelIndex"), &excluded) || excluded < 0 ||
		(uint64_t)excluded > s->range_count || (excluded && excluded == target))
		return flow_unsupported(f, "a target", "ON CONFLICT");
	if (excluded)
		s->ranges[excluded - 1].is_excluded = true;
	return 0;
}

/* Lists of what is only named: permissions, grouping sets of clauses that are judged anyway,
 * dependencies. */
static int check_inert(struct flow *f, const struct scope *s)
{
	const struct qtree_value *sets = SLOT(s->slots, QUERY, groupingSets);

	if (SLOT(s->slots, QUERY, utilityStmt)->kind != QTREE_NONE)
		return flow_unsupported(f, "a utility statement", "a query");
	if (sets->kind == QTREE_NONE)
		return 0;
	if (sets->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "GROUPING SETS");
	for (size_t i = 0; i < sets->list.count; i++)
		if (!qtree_is(&sets->list.items[i], "GROUPINGSET"))
			return flow_unsupported(f, "another node", "GROUPING SETS");
	return 0;
}

static int judge_from(struct flow *f, struct scope *s)
{
	const struct qtree_value *tree = SLOT(s->slots, QUERY, jointree);
	int rc = mark_ranges(f, s);

	if (rc == 0)
		rc = scope_judge_ctes(f, s);
	if (rc == 0)
		rc = scope_judge_ranges(f, s);
	if (rc || tree->kind == QTREE_NONE)
		return rc;
	return join_tree(f, s, tree, s->command == COMMAND_MERGE ? &in_merge : &in_where);
}

static int judge_conditions(struct flow *f, struct scope *s)
{
	int rc = flow_question(f, s, SLOT(s->slots, QUERY, havingQual), &in_having);

	if (rc == 0)
		rc = flow_question(f, s, SLOT(s->slots, QUERY, limitOffset), &in_limit);
	return rc ? rc : flow_question(f, s, SLOT(s->slots, QUERY, limitCount), &in_limit);
}

static int judge_targets(struct flow *f, struct scope *s, struct targets *targets)
{
	int rc = targets_open(f, SLOT(s->slots, QUERY, targetList), targets);

	if (rc)
		return rc;
	if (SLOT(s->slots, QUERY, setOperations)->kind != QTREE_NONE)
		rc = flow_set_operation(f, s, targets);
	else
		rc = targets_judge(
			f, s, targets, s->command == COMMAND_SELECT ? &in_output : &in_write);
	return rc ? rc : targets_clauses(f, s, targets);
}

static int judge_returning(struct flow *f, struct scope *s, struct columns *out)
{
	struct targets returned;
	int rc = targets_open(f, SLOT(s->slots, QUERY, returningList), &returned);

	if (rc == 0)
		rc = targets_judge(f, s, &returned, &in_returning);
	return rc ? rc : targets_columns(f, &returned, out);
}

static int judge_parts(struct flow *f, struct scope *s, struct columns *out)
{
	struct targets targets;
	int rc = scope_open(f, s);

	if (rc == 0)
		rc = scope_open_ctes(f, s);
	if (rc == 0)
		rc = check_inert(f, s);
	if (rc == 0)
		rc = judge_from(f, s);
	if (rc == 0)
		rc = judge_targets(f, s, &targets);
	if (rc == 0)
		rc = judge_conditions(f, s);
	if (rc == 0)
		rc = flow_locks(f, s);
	if (rc)
		return rc;
	rc = flow_write(f, s, &targets);
	if (rc)
		return rc;
	return s->command == COMMAND_SELECT ? targets_columns(f, &targets, out)
					    : judge_returning(f, s, out);
}

static int judge_query(
	struct flow *f, struct scope *s, const struct qtree_value *query, struct columns *out)
{
	s->slots = qw_arena_alloc(f->arena, QUERY_FIELD_COUNT * sizeof(*s->slots));
	if (!s->slots)
		return QW_E_NOMEM;
	if (!shape_read(SHAPE_QUERY, query, s->slots))
		return flow_unsupported(f, "another node", "the place of a query");
	s->command = flow_command(f->server_major, SLOT(s->slots, QUERY, commandType));
	if (s->command == COMMAND_UTILITY)
		return flow_refuse(f, "flow.utility", "utility statement",
			"the server does not analyse what this statement does");
	if (s->command == COMMAND_NONE || s->command == COMMAND_NOTHING)
		return flow_unsupported(f, "a command", "a query");
	return judge_parts(f, s, out);
}

int flow_query(struct flow *f, struct scope *up, const struct qtree_value *query, bool is_view,
	struct columns *out)
{
	struct scope s = {.up = up, .is_view = is_view};
	struct definition outer = f->definition; /* its columns tell of its own */
	int rc = flow_enter(f);

	*out = (struct columns){NULL, 0};
	if (rc)
		return rc;
	rc = judge_query(f, &s, query, out);
	f->definition = outer;
	f->depth--;
	return rc;
}
