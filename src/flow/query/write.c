/* INSERT, UPDATE, DELETE, MERGE, ON CONFLICT and row locks: what is written where, and what that
 * does besides. */
#include "../room.h"

enum { CONFLICT_NOTHING = 1, CONFLICT_UPDATE }; /* OnConflictAction (PostgreSQL nodes/nodes.h) */

/* The statement does this to this relation: an act, and nothing besides that was not reviewed. */
static int act(struct flow *f, const struct range *r, enum qw_verb verb, enum qw_verb fires)
{
	const char *hazard;
	int rc = flow_add_act(f, verb, QW_OBJECT_RELATION, r->relation_oid);

	if (rc)
		return rc;
	if (verb != QW_VERB_INSERT && verb != QW_VERB_SELECT_LOCK && /* the plan carries the old row */
		f->world->label(f->world->ctx, r->relation_oid, 0).kind != LABEL_PLAIN)
		f->out->meets_labelled = true;
	hazard = fires == QW_VERB_UNPARSED
			 ? NULL
			 : f->world->write_hazard(f->world->ctx, r->relation_oid, fires);
	if (!hazard)
		return 0;
	return flow_refuse(f, "flow.hazard", flow_relation_name(f, r->relation_oid),
		qw_arena_printf(
			f->arena, "writing there would also do what was not reviewed: %s", hazard));
}

static int target_range(struct flow *f, const struct scope *s, const struct range **out)
{
	for (size_t i = 0; i < s->range_count; i++)
		if (s->ranges[i].is_target) {
			*out = &s->ranges[i];
			if ((*out)->relation_oid == 0 || (*out)->kind != 0)
				break;
			return 0;
		}
	return flow_unsupported(f, "no target", "a writing statement");
}

enum { VARHDRSZ = 4 }; /* of an empty text, as the server keeps it */

/* NULL or '' in place of a sensitive value: what stood there is gone, as after a DELETE. */
static bool erases(const struct target *t)
{
	const struct qtree_value *expr = SLOT(t->slots, TARGET, expr);
	const struct qtree_value *slots[CONST_FIELD_COUNT];
	int64_t length;

	if (t->column.is_empty)
		return true;
	return qtree_is(expr, "CONST") && shape_read(SHAPE_CONST, expr, slots) &&
	       qtree_int(SLOT(slots, CONST, constlen), &length) && length == -1 &&
	       SLOT(slots, CONST, constvalue)->kind == QTREE_DATUM &&
	       SLOT(slots, CONST, constvalue)->datum.n <= VARHDRSZ;
}

/* One value into one column. *is_labelled: the column is sensitive. */
static int value_into(struct flow *f, const struct range *r, const struct target *t, bool replaces,
	bool *is_labelled)
{
	struct use use = in_write;
	struct label label;
	struct column column = {.relation_oid = r->relation_oid};
	const struct qtree_value *name = SLOT(t->slots, TARGET, resname);

	if (t->number < 1 || t->number > INT16_MAX)
		return flow_unsupported(f, "a column number", "a written column");
	label = f->world->label(f->world->ctx, r->relation_oid, (int16_t)t->number);
	column.label = label;
	column.name = name->kind == QTREE_TOKEN ? (const char *)name->token.p : NULL;
	if (column_is_sensitive(&t->column) || column_is_guarded(&t->column)) {
		const char *relation = flow_relation_name(f, r->relation_oid);

		use.clause = qw_arena_printf(f->arena, "the value that is written into %s.%s",
			relation ? relation : "", column.name ? column.name : "");
		if (!use.clause)
			return QW_E_NOMEM;
		return column_is_guarded(&t->column) ? definition_refuse_column(f, &t->column, &use)
						     : flow_refuse_column(f, &t->column, &use);
	}
	if (label.kind == LABEL_PLAIN)
		return 0;
	*is_labelled = true;
	if (replaces && erases(t) &&
		flow_add_act(f, QW_VERB_DELETE, QW_OBJECT_RELATION, r->relation_oid))
		return QW_E_NOMEM;
	if (label.kind == LABEL_MASK)
		return flow_add_write(f, r->relation_oid, (int16_t)t->number, &label);
	use.clause = "a written column";
	return flow_refuse_column(f, &column, &use);
}

static int values_into(struct flow *f, const struct range *r, const struct targets *targets,
	bool replaces, bool *is_labelled)
{
	int rc = 0;

	for (size_t i = 0; i < targets->count && rc == 0; i++)
		if (!targets->items[i].is_junk)
			rc = value_into(f, r, &targets->items[i], replaces, is_labelled);
	return rc;
}

static int list_into(struct flow *f, struct scope *s, const struct range *r,
	const struct qtree_value *list, bool replaces, const struct targets *inserted)
{
	struct targets targets;
	bool is_labelled = false;
	int rc = targets_open(f, list, &targets);

	if (rc == 0)
		rc = targets_judge(f, s, &targets, &in_write);
	if (rc == 0)
		rc = values_into(f, r, &targets, replaces, &is_labelled);
	return rc ? rc : flow_tells(f, s, r, replaces ? QW_VERB_UPDATE : QW_VERB_INSERT, &targets, inserted);
}

/* ---- ON CONFLICT ---- */

static int conflict_update(struct flow *f, struct scope *s, const struct range *r,
	const struct targets *inserted, const struct qtree_value *const *slots)
{
	int rc = act(f, r, QW_VERB_UPSERT, QW_VERB_UPDATE);

	if (rc == 0)
		rc = list_into(f, s, r, SLOT(slots, CONFLICT, onConflictSet), true, inserted);
	return rc ? rc
		  : flow_question(f, s, SLOT(slots, CONFLICT, onConflictWhere), &in_conflict_where);
}

static int on_conflict(struct flow *f, struct scope *s, const struct range *r,
	const struct targets *inserted, bool writes_labelled)
{
	const struct qtree_value *slots[CONFLICT_FIELD_COUNT];
	int64_t action;
	int rc;

	if (SLOT(s->slots, QUERY, onConflict)->kind == QTREE_NONE)
		return 0;
	if (!shape_read(SHAPE_CONFLICT, SLOT(s->slots, QUERY, onConflict), slots) ||
		!qtree_int(SLOT(slots, CONFLICT, action), &action) ||
		(action != CONFLICT_NOTHING && action != CONFLICT_UPDATE))
		return flow_unsupported(f, "a kind", "ON CONFLICT");
	/* No columns are named: any unique index may be asked, also one of the sensitive column. */
	if (SLOT(slots, CONFLICT, arbiterElems)->kind == QTREE_NONE && writes_labelled)
		return flow_refuse(f, "flow.arbiter", flow_relation_name(f, r->relation_oid),
			"sensitive columns are written, and ON CONFLICT without named columns "
			"would tell whether the value exists");
	rc = flow_question(f, s, SLOT(slots, CONFLICT, arbiterElems), &in_arbiter);
	if (rc == 0)
		rc = flow_question(f, s, SLOT(slots, CONFLICT, arbiterWhere), &in_arbiter);
	if (rc)
		return rc;
	return action == CONFLICT_UPDATE ? conflict_update(f, s, r, inserted, slots) : 0;
}

/* ---- MERGE ---- */

static int merge_action(
	struct flow *f, struct scope *s, const struct range *r, const struct qtree_value *v)
{
	const struct qtree_value *slots[ACTION_FIELD_COUNT];
	enum qw_verb verb = QW_VERB_UNPARSED;
	int rc;

	if (!shape_read(SHAPE_ACTION, v, slots))
		return flow_unsupported(f, "another node", "MERGE");
	rc = flow_question(f, s, SLOT(slots, ACTION, qual), &in_merge);
	if (rc)
		return rc;
	switch (flow_command(f->server_major, SLOT(slots, ACTION, commandType))) {
	case COMMAND_INSERT:
		verb = QW_VERB_INSERT;
		break;
	case COMMAND_UPDATE:
		verb = QW_VERB_UPDATE;
		break;
	case COMMAND_DELETE:
		verb = QW_VERB_DELETE;
		break;
	case COMMAND_NOTHING:
		return 0;
	case COMMAND_NONE:
	case COMMAND_SELECT:
	case COMMAND_MERGE:
	case COMMAND_UTILITY:
		return flow_unsupported(f, "an action", "MERGE");
	}
	rc = act(f, r, verb, verb);
	if (rc == 0 && verb == QW_VERB_DELETE)
		return flow_tells(f, s, r, verb, NULL, NULL);
	return rc ? rc : list_into(f, s, r, SLOT(slots, ACTION, targetList), verb == QW_VERB_UPDATE, NULL);
}

static int merge(
	struct flow *f, struct scope *s, const struct range *r, const struct targets *targets)
{
	const struct qtree_value *actions = SLOT(s->slots, QUERY, mergeActionList);
	int rc = act(f, r, QW_VERB_MERGE, QW_VERB_UNPARSED);

	if (rc == 0)
		rc = flow_condition(f, s, SLOT(s->slots, QUERY, mergeJoinCondition), &in_merge);
	for (size_t i = 0; i < targets->count && rc == 0; i++)
		if (!targets->items[i].is_junk)
			rc = flow_unsupported(f, "a target list", "MERGE");
	if (rc == 0 && actions->kind != QTREE_LIST)
		return flow_unsupported(f, "no actions", "MERGE");
	for (size_t i = 0; rc == 0 && i < actions->list.count; i++)
		rc = merge_action(f, s, r, &actions->list.items[i]);
	return rc;
}

/* ---- all of it ---- */

static int check_options(struct flow *f, struct scope *s)
{
	const struct qtree_value *options = SLOT(s->slots, QUERY, withCheckOptions);
	const struct qtree_value *slots[CHECK_FIELD_COUNT];
	int rc = 0;

	if (options->kind == QTREE_NONE)
		return 0;
	if (options->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "WITH CHECK OPTION");
	for (size_t i = 0; i < options->list.count && rc == 0; i++) {
		if (!shape_read(SHAPE_CHECK, &options->list.items[i], slots))
			return flow_unsupported(f, "another node", "WITH CHECK OPTION");
		rc = flow_question(f, s, SLOT(slots, CHECK, qual), &in_check);
	}
	return rc;
}

static int insert(
	struct flow *f, struct scope *s, const struct range *r, const struct targets *targets)
{
	bool is_labelled = false;
	int rc = act(f, r, QW_VERB_INSERT, QW_VERB_INSERT);

	if (rc == 0)
		rc = values_into(f, r, targets, false, &is_labelled);
	if (rc == 0)
		rc = flow_tells(f, s, r, QW_VERB_INSERT, targets, NULL);
	return rc ? rc : on_conflict(f, s, r, targets, is_labelled);
}

static int update(struct flow *f, struct scope *s, const struct range *r, const struct targets *targets)
{
	bool is_labelled = false;
	int rc = act(f, r, QW_VERB_UPDATE, QW_VERB_UPDATE);

	if (rc == 0)
		rc = values_into(f, r, targets, true, &is_labelled);
	return rc ? rc : flow_tells(f, s, r, QW_VERB_UPDATE, targets, NULL);
}

static int nothing_is_written(struct flow *f, const struct scope *s)
{
	if (SLOT(s->slots, QUERY, onConflict)->kind != QTREE_NONE ||
		SLOT(s->slots, QUERY, mergeActionList)->kind != QTREE_NONE ||
		SLOT(s->slots, QUERY, mergeJoinCondition)->kind != QTREE_NONE ||
		SLOT(s->slots, QUERY, withCheckOptions)->kind != QTREE_NONE ||
		SLOT(s->slots, QUERY, returningList)->kind != QTREE_NONE)
		return flow_unsupported(f, "parts of a writing statement", "SELECT");
	return 0;
}

int flow_write(struct flow *f, struct scope *s, const struct targets *targets)
{
	const struct range *r = NULL;
	int rc;

	if (s->command == COMMAND_SELECT)
		return nothing_is_written(f, s);
	rc = target_range(f, s, &r);
	if (rc)
		return rc;
	switch (s->command) {
	case COMMAND_INSERT:
		rc = insert(f, s, r, targets);
		break;
	case COMMAND_UPDATE:
		rc = update(f, s, r, targets);
		break;
	case COMMAND_DELETE:
		rc = act(f, r, QW_VERB_DELETE, QW_VERB_DELETE);
		if (rc == 0)
			rc = flow_tells(f, s, r, QW_VERB_DELETE, NULL, NULL);
		break;
	case COMMAND_MERGE:
		rc = merge(f, s, r, targets);
		break;
	case COMMAND_NONE:
	case COMMAND_SELECT:
	case COMMAND_UTILITY:
	case COMMAND_NOTHING:
		return flow_unsupported(f, "a command", "a query");
	}
	return rc ? rc : check_options(f, s);
}

int flow_locks(struct flow *f, struct scope *s)
{
	const struct qtree_value *marks = SLOT(s->slots, QUERY, rowMarks);
	const struct qtree_value *slots[ROWMARK_FIELD_COUNT];
	int64_t index;
	int rc = 0;

	if (marks->kind == QTREE_NONE)
		return 0;
	if (marks->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "FOR UPDATE");
	for (size_t i = 0; i < marks->list.count && rc == 0; i++) {
		const struct range *r;

		if (!shape_read(SHAPE_ROWMARK, &marks->list.items[i], slots) ||
			!qtree_int(SLOT(slots, ROWMARK, rti), &index) || index < 1 ||
			(uint64_t)index > s->range_count)
			return flow_unsupported(f, "another node", "FOR UPDATE");
		r = &s->ranges[index - 1];
		if (r->kind == 0) /* a subquery has marks of its own */
			rc = act(f, r, QW_VERB_SELECT_LOCK, QW_VERB_UNPARSED);
	}
	return rc;
}
