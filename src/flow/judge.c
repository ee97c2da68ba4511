/* A statement: the queries that rules made of it, and the columns that the client gets. */
#include "room.h"

static int output_of(
	struct flow *f, const struct target *t, const struct column *c, struct flow_output *out)
{
	const struct qtree_value *name = SLOT(t->slots, TARGET, resname);
	int64_t relation, attnum;

	if (!qtree_int(SLOT(t->slots, TARGET, resorigtbl), &relation) ||
		!qtree_int(SLOT(t->slots, TARGET, resorigcol), &attnum))
		return flow_unsupported(f, "no origin", "a result column");
	out->name = name->kind == QTREE_TOKEN ? qw_arena_strdup(f->arena, name->token) : "?column?"; /* the tree may go first */
	if (!out->name)
		return QW_E_NOMEM;
	out->origin_relation = (uint32_t)relation;
	out->origin_attnum = (int16_t)attnum;
	out->label = (struct label){.kind = LABEL_PLAIN};
	out->is_composed = c->is_composed;
	if (!column_is_sensitive(c))
		return 0;
	out->label = c->label;
	if (c->label.kind != LABEL_MASK || c->is_whole_row || !c->label.spec)
		return flow_refuse_column(f, c, &in_output);
	return c->label.column ? flow_add_labelled(f, c->label.column) : 0;
}

/* The columns of the query whose rows the client gets. */
static int outputs_of(
	struct flow *f, const struct qtree_value *query, const struct columns *columns)
{
	int64_t command;
	bool is_select = qtree_int(qtree_get(query->node, "commandType"), &command) && command == 1;
	struct flow_result *out = f->out;
	struct targets targets;
	int rc = targets_open(
		f, qtree_get(query->node, is_select ? "targetList" : "returningList"), &targets);

	if (rc)
		return rc;
	out->outputs = qw_arena_alloc(f->arena, (targets.count + 1) * sizeof(*out->outputs));
	if (!out->outputs)
		return QW_E_NOMEM;
	for (size_t i = 0; i < targets.count && rc == 0; i++) {
		if (targets.items[i].is_junk)
			continue;
		if (out->output_count >= columns->count)
			return flow_unsupported(f, "another number of columns", "the result");
		rc = output_of(f, &targets.items[i], &columns->items[out->output_count],
			&out->outputs[out->output_count]);
		out->output_count++;
	}
	return rc;
}

/* The rows of a rule's other queries cannot be told from the statement's own. */
static int beside(struct flow *f, const struct columns *columns)
{
	static const struct use in_rule = {
		.rule = "flow.rule", .clause = "a query that a rewrite rule adds"};

	return flow_clean(f, columns, &in_rule);
}

static int judge_all(struct flow *f, const struct qtree_value *trees)
{
	bool had_tag = false;

	if (trees->kind == QTREE_NONE)
		return 0;
	if (trees->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "a statement");
	for (size_t i = 0; i < trees->list.count; i++) {
		const struct qtree_value *query = &trees->list.items[i];
		struct columns columns;
		bool is_tag;
		int rc;

		if (query->kind != QTREE_NODE ||
			!qtree_bool(qtree_get(query->node, "canSetTag"), &is_tag) ||
			(is_tag && had_tag))
			return flow_unsupported(f, "a query", "a statement");
		had_tag = had_tag || is_tag;
		rc = flow_query(f, NULL, query, false, &columns);
		if (rc == 0)
			rc = is_tag ? outputs_of(f, query, &columns) : beside(f, &columns);
		if (rc)
			return rc;
	}
	return 0;
}

int flow_judge(unsigned server_major, const struct qtree_value *trees,
	const struct flow_world *world, struct qw_arena *arena, struct flow_result *out)
{
	struct flow f = {.server_major = server_major, .world = world, .arena = arena, .out = out};
	int rc;

	*out = (struct flow_result){.is_refused = true};
	if (!qtree_knows(server_major))
		return QW_E_UNSUPPORTED;
	rc = judge_all(&f, trees);
	if (rc == QW_E_DENIED)
		return 0;
	out->is_refused = rc != 0;
	return rc;
}
