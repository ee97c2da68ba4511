/* Range tables: what each entry of a query's FROM gives, and what a Var stands for. */
#include "../room.h"

/* RTEKind (PostgreSQL nodes/parsenodes.h). 9 is of 18. */
enum {
	RTE_RELATION,
	RTE_SUBQUERY,
	RTE_JOIN,
	RTE_FUNCTION,
	RTE_TABLEFUNC,
	RTE_VALUES,
	RTE_CTE,
	RTE_NAMEDTUPLESTORE,
	RTE_RESULT,
	RTE_GROUP
};
enum {
	BERNOULLI_OID = 3313,
	SYSTEM_OID = 3314
}; /* the handlers of TABLESAMPLE that every server has */

static bool slot_oid(const struct qtree_value *v, uint32_t *out)
{
	int64_t n;

	if (v->kind == QTREE_NONE) {
		*out = 0;
		return true;
	}
	if (!qtree_int(v, &n) || n < 0 || n > UINT32_MAX)
		return false;
	*out = (uint32_t)n;
	return true;
}

static int range_open(struct flow *f, const struct qtree_value *v, struct range *r)
{
	const struct qtree_value *relkind;

	r->slots = qw_arena_alloc(f->arena, RTE_FIELD_COUNT * sizeof(*r->slots));
	if (!r->slots)
		return QW_E_NOMEM;
	if (!shape_read(SHAPE_RTE, v, r->slots) ||
		!qtree_int(SLOT(r->slots, RTE, rtekind), &r->kind) ||
		!slot_oid(SLOT(r->slots, RTE, relid), &r->relation_oid))
		return flow_unsupported(f, "an entry", "a range table");
	if (r->kind < RTE_RELATION || r->kind > RTE_GROUP ||
		(r->kind == RTE_GROUP && f->server_major < 18))
		return flow_unsupported(f, "a kind of entry", "a range table");
	relkind = SLOT(r->slots, RTE, relkind);
	if (relkind->kind == QTREE_TOKEN && relkind->token.n == 1)
		r->relkind = (char)relkind->token.p[0];
	return 0;
}

int scope_open(struct flow *f, struct scope *s)
{
	const struct qtree_value *table = SLOT(s->slots, QUERY, rtable);
	int rc = 0;

	if (table->kind == QTREE_NONE)
		return 0;
	if (table->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "a range table");
	s->ranges = qw_arena_alloc(f->arena, (table->list.count + 1) * sizeof(struct range));
	if (!s->ranges)
		return QW_E_NOMEM;
	s->range_count = table->list.count;
	for (size_t i = 0; i < s->range_count && rc == 0; i++)
		rc = range_open(f, &table->list.items[i], &s->ranges[i]);
	return rc;
}

/* ---- judging an entry ---- */

/* Until 15 a view's query starts with two entries of the view itself, its old and new row; since 16
 * the entry names the view. */
static bool is_placeholder(const struct qtree_value *table, size_t i, const char *name)
{
	const struct qtree_value *eref, *alias, *kind;

	if (table->kind != QTREE_LIST || table->list.count < 2 ||
		table->list.items[i].kind != QTREE_NODE)
		return false;
	kind = qtree_get(table->list.items[i].node, "relkind");
	eref = qtree_get(table->list.items[i].node, "eref");
	alias = eref->kind == QTREE_NODE ? qtree_get(eref->node, "aliasname") : kind;
	return kind->kind == QTREE_TOKEN && qw_bytes_equal(kind->token, QW_LIT("v")) &&
	       alias->kind == QTREE_TOKEN && qw_bytes_equal(alias->token, qw_bytes_from(name));
}

/* 0: it is none */
static uint32_t view_of(const struct range *r)
{
	const struct qtree_value *query = SLOT(r->slots, RTE, subquery), *table;
	int64_t oid;

	if (r->relation_oid || query->kind != QTREE_NODE)
		return r->relation_oid;
	table = qtree_get(query->node, "rtable");
	if (!is_placeholder(table, 0, "old") || !is_placeholder(table, 1, "new") ||
		!qtree_int(qtree_get(table->list.items[0].node, "relid"), &oid) || oid <= 0 || oid > UINT32_MAX)
		return 0;
	return (uint32_t)oid;
}

static int judge_subquery(struct flow *f, struct scope *s, struct range *r)
{
	uint32_t view = view_of(r);
	bool was_in_one = f->is_in_server_view;
	int rc = r->relation_oid ? flow_add_read(f, r->relation_oid) : 0;

	if (rc)
		return rc;
	if (view) /* initdb made it: what it asks of definitions is its own question, not the client's */
		f->is_in_server_view = view < FLOW_USER_OID_MIN;
	rc = flow_query(f, s, SLOT(r->slots, RTE, subquery), view != 0, &r->columns);
	f->is_in_server_view = was_in_one;
	return rc;
}

/* One column for each place of the rows; a place holds what any row has there. */
static int judge_values(struct flow *f, struct scope *s, struct range *r)
{
	const struct qtree_value *rows = SLOT(r->slots, RTE, values_lists);

	if (rows->kind != QTREE_LIST || rows->list.count == 0 ||
		rows->list.items[0].kind != QTREE_LIST)
		return flow_unsupported(f, "no rows", "VALUES");
	r->columns = columns_new(f, rows->list.items[0].list.count);
	if (!r->columns.items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < rows->list.count; i++) {
		const struct qtree_value *row = &rows->list.items[i];

		if (row->kind != QTREE_LIST || row->list.count != r->columns.count)
			return flow_unsupported(f, "rows of several lengths", "VALUES");
		for (size_t j = 0; j < row->list.count; j++) {
			struct column c;
			int rc = flow_value(f, s, &row->list.items[j], &in_output, &c);

			if (rc)
				return rc;
			if (!column_join(&r->columns.items[j], &c))
				return flow_refuse_union(f, &r->columns.items[j], &c);
		}
	}
	return 0;
}

static int judge_sample(struct flow *f, struct scope *s, const struct qtree_value *v)
{
	const struct qtree_value *slots[SAMPLE_FIELD_COUNT];
	uint32_t handler;
	int rc = 0;

	if (v->kind == QTREE_NONE)
		return 0;
	if (!shape_read(SHAPE_SAMPLE, v, slots) ||
		!slot_oid(SLOT(slots, SAMPLE, tsmhandler), &handler))
		return flow_unsupported(f, "another node", "TABLESAMPLE");
	if (handler != BERNOULLI_OID && handler != SYSTEM_OID)
		rc = flow_function(f, handler);
	if (rc == 0)
		rc = flow_question(f, s, SLOT(slots, SAMPLE, args), &in_sample);
	return rc ? rc : flow_question(f, s, SLOT(slots, SAMPLE, repeatable), &in_sample);
}

static int judge_relation(struct flow *f, struct scope *s, struct range *r)
{
	if (r->is_excluded)
		return 0;
	/* A plain INSERT reads nothing of its target. */
	if (!r->is_target || s->command != COMMAND_INSERT ||
		SLOT(s->slots, QUERY, onConflict)->kind != QTREE_NONE) {
		int rc = flow_add_read(f, r->relation_oid);

		if (rc)
			return rc;
	}
	return judge_sample(f, s, SLOT(r->slots, RTE, tablesample));
}

static int judge_by_kind(struct flow *f, struct scope *s, struct range *r)
{
	switch (r->kind) {
	case RTE_RELATION:
		return judge_relation(f, s, r);
	case RTE_SUBQUERY:
		return judge_subquery(f, s, r);
	case RTE_FUNCTION:
		return flow_used(f, s, SLOT(r->slots, RTE, functions), &in_from);
	case RTE_TABLEFUNC:
		return flow_question(f, s, SLOT(r->slots, RTE, tablefunc), &in_from);
	case RTE_VALUES:
		return judge_values(f, s, r);
	case RTE_GROUP:
		return flow_question(f, s, SLOT(r->slots, RTE, groupexprs), &in_group);
	case RTE_CTE:  /* when the CTE is judged */
	case RTE_JOIN: /* where it is used: its columns are those of its arms */
	case RTE_RESULT:
		return 0;
	}
	return flow_unsupported(f, "a transition table", "a range table");
}

static int judge_range(struct flow *f, struct scope *s, struct range *r)
{
	struct definition outer = f->definition;
	int rc;

	if (r->state == RANGE_DONE)
		return 0;
	if (r->state == RANGE_RUNNING)
		return flow_unsupported(f, "an entry that depends on itself", "a range table");
	rc = flow_enter(f);
	if (rc)
		return rc;
	r->state = RANGE_RUNNING;
	f->definition = (struct definition){0};
	rc = judge_by_kind(f, s, r);
	r->definition = f->definition;
	f->definition = outer;
	r->state = RANGE_DONE; /* its own row security speaks of its columns */
	if (rc == 0)
		rc = flow_question(f, s, SLOT(r->slots, RTE, securityQuals), &in_security);
	f->depth--;
	return rc;
}

int scope_judge_ranges(struct flow *f, struct scope *s)
{
	int rc = 0;

	for (size_t i = 0; i < s->range_count && rc == 0; i++)
		rc = judge_range(f, s, &s->ranges[i]);
	return rc;
}

/* ---- columns of an entry ---- */

static const struct qtree_value *names_of(const struct range *r)
{
	static const struct qtree_value none;
	const struct qtree_value *eref = SLOT(r->slots, RTE, eref);

	return eref->kind == QTREE_NODE ? qtree_get(eref->node, "colnames") : &none;
}

static const char *name_of(const struct range *r, int64_t attnum)
{
	const struct qtree_value *names = names_of(r);

	if (attnum < 1 || names->kind != QTREE_LIST || (uint64_t)attnum > names->list.count)
		return NULL;
	return names->list.items[attnum - 1].kind == QTREE_TOKEN
		       ? (const char *)names->list.items[attnum - 1].token.p
		       : NULL;
}

static int relation_column(
	struct flow *f, const struct range *r, int64_t attnum, struct column *out)
{
	*out = (struct column){.relation_oid = r->relation_oid, .name = name_of(r, attnum)};
	if (r->is_excluded) { /* what the client sends: every value that is written was found clean
			       */
		out->label.kind = LABEL_PLAIN;
		return 0;
	}
	if (attnum > INT16_MAX || attnum < INT16_MIN)
		return flow_unsupported(f, "a column number", "a range table");
	out->label = f->world->label(f->world->ctx, r->relation_oid, (int16_t)attnum);
	return 0;
}

/* The first sensitive column makes the row; dropped columns have no name and are no part of it. */
static int whole_relation(struct flow *f, struct range *r, struct column *out)
{
	const struct qtree_value *names = names_of(r);
	bool is_guarded;
	int rc = 0;

	if (!r->has_whole)
		rc = relation_column(f, r, 0, &r->whole);
	is_guarded = r->whole.label.is_guarded; /* the relation's label speaks of all its columns */
	for (size_t i = 0; rc == 0 && !r->has_whole && !column_is_sensitive(&r->whole) &&
			   names->kind == QTREE_LIST && i < names->list.count;
		i++)
		if (names->list.items[i].kind == QTREE_TOKEN && names->list.items[i].token.n > 0)
			rc = relation_column(f, r, (int64_t)i + 1, &r->whole);
	r->whole.label.is_guarded = is_guarded;
	r->has_whole = rc == 0;
	*out = r->whole;
	return rc;
}

static int whole_columns(const struct columns *columns, struct column *out)
{
	for (size_t i = 0; i < columns->count; i++) {
		if (column_is_sensitive(&columns->items[i])) {
			*out = columns->items[i];
			break;
		}
		out->label.is_guarded |= column_is_guarded(&columns->items[i]);
	}
	return 0;
}

/* Columns of joins and of GROUP BY (18) are expressions over the entries before them. */
static int list_column(struct flow *f, struct scope *s, const struct qtree_value *list,
	int64_t attnum, struct column *out)
{
	bool is_guarded = false;
	int rc = 0;

	if (list->kind != QTREE_LIST || attnum < 0 || (uint64_t)attnum > list->list.count)
		return flow_unsupported(f, "a column number", "a join");
	if (attnum > 0)
		return flow_value(f, s, &list->list.items[attnum - 1], &in_output, out);
	for (size_t i = 0; i < list->list.count && rc == 0 && !column_is_sensitive(out); i++)
		if (list->list.items[i].kind != QTREE_NONE) {
			rc = flow_value(f, s, &list->list.items[i], &in_output, out);
			is_guarded |= column_is_guarded(out);
		}
	out->label.is_guarded = is_guarded;
	return rc;
}

static int listed_column(
	struct flow *f, const struct columns *columns, int64_t attnum, struct column *out)
{
	if (attnum < 0 || (uint64_t)attnum > columns->count)
		return flow_unsupported(f, "a column number", "a subquery");
	if (attnum == 0)
		return whole_columns(columns, out);
	*out = columns->items[attnum - 1];
	return 0;
}

static int column_of(
	struct flow *f, struct scope *s, struct range *r, int64_t attnum, struct column *out)
{
	struct columns columns;
	int rc;

	switch (r->kind) {
	case RTE_RELATION:
		return attnum == 0 ? whole_relation(f, r, out) : relation_column(f, r, attnum, out);
	case RTE_SUBQUERY:
	case RTE_VALUES:
		return listed_column(f, &r->columns, attnum, out);
	case RTE_CTE:
		rc = cte_columns(f, s, r, &columns);
		return rc ? rc : listed_column(f, &columns, attnum, out);
	case RTE_JOIN:
		return list_column(f, s, SLOT(r->slots, RTE, joinaliasvars), attnum, out);
	case RTE_GROUP:
		return list_column(f, s, SLOT(r->slots, RTE, groupexprs), attnum, out);
	case RTE_FUNCTION:
		out->label.is_guarded = r->definition.is_seen;
		out->is_composed = r->definition.is_composed;
		return 0;
	case RTE_TABLEFUNC:
		return 0; /* what they were called with is clean */
	}
	return flow_unsupported(f, "a column", "an entry without columns");
}

int scope_columns(struct flow *f, struct scope *s, size_t range_index, struct columns *out)
{
	struct range *r;
	int rc;

	if (range_index < 1 || range_index > s->range_count)
		return flow_unsupported(f, "an index", "a range table");
	r = &s->ranges[range_index - 1];
	rc = judge_range(f, s, r);
	if (rc)
		return rc;
	if (r->kind == RTE_CTE)
		return cte_columns(f, s, r, out);
	if (r->kind != RTE_SUBQUERY && r->kind != RTE_VALUES)
		return flow_unsupported(f, "a kind of entry", "a set operation");
	*out = r->columns;
	return 0;
}

/* A view that the server did not expand would hide what it reads; only what is written may be one
 * (by INSTEAD OF triggers). */
int range_check(struct flow *f, const struct range *r)
{
	if (r->kind != RTE_RELATION || r->is_excluded ||
		strchr("rpmfS", r->relkind ? r->relkind : '?'))
		return 0;
	if (r->relkind == 'v' && r->is_target)
		return 0;
	return flow_unsupported(f, "an unexpanded relation", "FROM");
}

static int resolve(
	struct flow *f, struct scope *s, const struct qtree_value *const *slots, struct column *out)
{
	int64_t up, number, attnum, type;
	struct range *r;
	int rc;

	if (!qtree_int(SLOT(slots, VAR, varlevelsup), &up) ||
		!qtree_int(SLOT(slots, VAR, varno), &number) ||
		!qtree_int(SLOT(slots, VAR, varattno), &attnum) ||
		!qtree_int(SLOT(slots, VAR, vartype), &type) || up < 0)
		return flow_unsupported(f, "a number", "a Var");
	for (; s && up > 0; up--)
		s = s->up;
	if (!s || number < 1 || (uint64_t)number > s->range_count)
		return flow_unsupported(f, "a Var", "no query");
	r = &s->ranges[number - 1];
	rc = range_check(f, r);
	if (rc == 0)
		rc = judge_range(f, s, r);
	if (rc == 0)
		rc = column_of(f, s, r, attnum, out);
	if (rc)
		return rc;
	f->out->meets_labelled = f->out->meets_labelled || column_is_sensitive(out);
	if (f->is_blind)
		out->label = (struct label){.kind = LABEL_PLAIN};
	out->is_whole_row = out->is_whole_row || (attnum == 0 && column_is_sensitive(out));
	out->is_composed = out->is_composed || (attnum == 0 && column_is_guarded(out));
	out->type_oid = (uint32_t)type;
	return type >= FLOW_USER_OID_MIN ? flow_type(f, (uint32_t)type) : 0;
}

int flow_var(struct flow *f, struct scope *s, const struct qtree_node *n, struct column *out)
{
	const struct qtree_value *slots[VAR_FIELD_COUNT], v = {.kind = QTREE_NODE, .node = n};
	int rc;

	*out = (struct column){.label.kind = LABEL_PLAIN};
	if (!shape_read(SHAPE_VAR, &v, slots))
		return flow_unsupported(f, n->type, "a Var");
	rc = flow_enter(f);
	if (rc)
		return rc;
	rc = resolve(f, s, slots, out);
	f->depth--;
	return rc;
}
