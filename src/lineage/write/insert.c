/* INSERT and REPLACE: where the values go, and what happens to rows that are in the way. */
#include "../room.h"

struct inserting {
	const struct my_insert *i;
	struct range r;
	const struct column **targets; /* in the order of the values */
	size_t count;
	bool is_labelled;
};

static size_t length(const struct my_expr *list)
{
	size_t n = 0;

	for (; list; list = list->next)
		n++;
	return n;
}

static int listed(struct lineage *f, struct inserting *in)
{
	int rc = 0;

	for (const struct my_expr *e = in->i->columns; e && rc == 0; e = e->next)
		rc = lineage_target_column(f, &in->r, e->column, &in->targets[in->count++]);
	return rc;
}

/* Without a list: all that are not hidden. */
static int targets(struct lineage *f, struct inserting *in)
{
	size_t most = length(in->i->columns) + in->r.columns->count;

	in->targets = qw_arena_alloc(f->arena, (most + 1) * sizeof(*in->targets));
	if (!in->targets)
		return QW_E_NOMEM;
	if (in->i->columns)
		return listed(f, in);
	for (size_t k = 0; k < in->r.columns->count; k++)
		if (!in->r.columns->items[k].is_hidden)
			in->targets[in->count++] = &in->r.columns->items[k];
	return 0;
}

/* In VALUES and SET a column of the target is the new row's, as far as it was given: nothing sensitive. */
static int plain_scope(struct lineage *f, struct scope *s, const char *alias, const char *schema, const struct range *r,
	const struct my_named *names)
{
	struct columns *c = qw_arena_alloc(f->arena, sizeof(*c));
	struct range range = {.alias = alias, .schema = schema, .columns = c};
	struct visible v, both = {0};
	int rc;

	if (!c)
		return QW_E_NOMEM;
	*c = lineage_columns_new(f, r->columns->count);
	if (!c->items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < c->count; i++) {
		c->items[i] = lineage_plain(r->columns->items[i].name);
		if (names) {
			c->items[i].name = names->name;
			names = names->next;
		}
	}
	rc = names_add_range(f, s, &range, &v);
	if (rc == 0)
		rc = names_concat(f, &s->visible, &v, &both);
	s->visible = both;
	return rc;
}

static int one_value(struct lineage *f, struct inserting *in, struct scope *s, const struct column *target, const struct my_expr *e)
{
	struct column value;
	int rc = lineage_value(f, s, e, &use_write, &value);

	return rc ? rc : lineage_into(f, &(struct into){&in->r, target, e, false}, &value, &in->is_labelled);
}

static int one_row(struct lineage *f, struct inserting *in, struct scope *s, const struct my_row *row)
{
	size_t k = 0;
	int rc = 0;

	for (const struct my_expr *e = row->values; e && rc == 0; e = e->next, k++)
		rc = k < in->count ? one_value(f, in, s, in->targets[k], e) : lineage_unsupported(f, "more values than columns");
	return rc;
}

static int given(struct lineage *f, struct inserting *in)
{
	struct scope s = {0};
	int rc = plain_scope(f, &s, in->i->table->name, in->r.schema, &in->r, NULL);

	for (const struct my_row *row = in->i->rows; row && rc == 0; row = row->next)
		rc = one_row(f, in, &s, row);
	for (const struct my_set_item *set = in->i->sets; set && rc == 0; set = set->next) {
		const struct column *target;

		rc = lineage_target_column(f, &in->r, set->column->column, &target);
		if (rc == 0)
			rc = one_value(f, in, &s, target, set->value);
	}
	return rc;
}

static int selected(struct lineage *f, struct inserting *in)
{
	struct columns c = {0};
	int rc = lineage_query(f, NULL, NULL, in->i->query, &c);

	for (size_t k = 0; k < c.count && rc == 0; k++)
		rc = k >= in->count ? lineage_unsupported(f, "more values than columns")
				    : lineage_into(f, &(struct into){&in->r, in->targets[k], NULL, false}, &c.items[k], &in->is_labelled);
	return rc;
}

/* ---- ON DUPLICATE KEY UPDATE ---- */

/* The row that is in the way; the new one by its alias. Columns of a SELECT, which the server sees, too, are not known here. */
static int duplicate(struct lineage *f, struct inserting *in)
{
	struct scope s = {0};
	int rc = names_add_range(f, &s, &in->r, &s.visible);

	if (rc == 0 && in->i->row_alias) {
		struct visible v = s.visible;

		rc = plain_scope(f, &s, in->i->row_alias, NULL, &in->r, in->i->row_columns);
		v.end = s.range_count;
		s.visible = v; /* a bare name is the old row's; another's is unknown */
	}
	for (const struct my_set_item *set = in->i->duplicate; set && rc == 0; set = set->next) {
		const struct column *target;
		struct column value;
		bool is_labelled;

		rc = lineage_target_column(f, &in->r, set->column->column, &target);
		if (rc == 0)
			rc = lineage_value(f, &s, set->value, &use_write, &value);
		if (rc == 0)
			rc = lineage_into(f, &(struct into){&in->r, target, set->value, true}, &value, &is_labelled);
	}
	return rc;
}

static int acts(struct lineage *f, const struct inserting *in)
{
	const struct my_insert *i = in->i;
	const struct catalog_relation *r = in->r.relation;
	int rc = lineage_act(f, r, QW_VERB_INSERT, QW_VERB_INSERT);

	if (rc == 0 && i->is_replace)
		rc = lineage_act(f, r, QW_VERB_DELETE, QW_VERB_DELETE);
	if (rc == 0 && i->duplicate)
		rc = lineage_act(f, r, QW_VERB_UPSERT, QW_VERB_UPDATE);
	return rc;
}

/* Any unique key may be in the way, also one of a sensitive column; the catalog does not know keys. */
static int arbiter(struct lineage *f, const struct inserting *in)
{
	const struct my_insert *i = in->i;

	if (!in->is_labelled || (!i->is_ignore && !i->is_replace && !i->duplicate))
		return 0;
	return lineage_refuse(f, "flow.arbiter", lineage_relation_name(f, in->r.relation),
		"sensitive columns are written, and IGNORE, REPLACE or ON DUPLICATE KEY would tell whether the value exists");
}

static int returning(struct lineage *f, const struct inserting *in)
{
	struct scope s = {0};
	struct columns c;
	int rc = in->i->returning ? names_add_range(f, &s, &in->r, &s.visible) : 0;

	if (rc || !in->i->returning)
		return rc;
	rc = lineage_items(f, &s, in->i->returning, &use_returning);
	if (rc == 0)
		rc = lineage_item_columns(f, &s, &c);
	return rc ? rc : lineage_outputs(f, &c, in->i->returning, &use_returning);
}

int lineage_insert(struct lineage *f, const struct my_insert *i)
{
	struct inserting in = {.i = i};
	int rc = lineage_target(f, i->table, &in.r);

	if (rc == 0)
		rc = targets(f, &in);
	if (rc == 0)
		rc = acts(f, &in);
	if (rc == 0)
		rc = i->query ? selected(f, &in) : given(f, &in);
	if (rc == 0)
		rc = arbiter(f, &in);
	if (rc == 0)
		rc = duplicate(f, &in);
	return rc ? rc : returning(f, &in);
}
