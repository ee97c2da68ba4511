/* What writes share: acts, targets, and one value into one column. */
#include "../room.h"

/* The statement does this to this relation: an act, and nothing besides that was not reviewed. fires UNPARSED: nothing could. */
static int act_on(struct lineage *f, const struct catalog_relation *r, enum qw_verb verb, enum qw_verb fires)
{
	const char *hazard;
	int rc = lineage_add_act(f, verb, QW_OBJECT_RELATION, r->schema, r->name);

	if (rc || fires == QW_VERB_UNPARSED)
		return rc;
	hazard = labels_write_hazard(f->world->labels, r->oid, fires);
	if (!hazard)
		return 0;
	return lineage_refuse(f, "flow.hazard", lineage_relation_name(f, r),
		qw_arena_printf(f->arena, "writing there would also do what was not reviewed: %s", hazard));
}

/* Writing to a view writes to what it reads: to which of these, the server decides by the columns; so to all. */
static int act_behind(struct lineage *f, const struct catalog_relation *view, enum qw_verb verb, enum qw_verb fires)
{
	struct flow_result before = *f->out, reads = {0};
	struct view *views = f->views;
	size_t max = f->read_max;
	const struct columns *c;
	int rc;

	f->out->reads = NULL; /* look at this view alone */
	f->out->read_count = 0;
	f->read_max = 0;
	f->views = NULL;
	rc = names_view(f, view, &c);
	reads = *f->out;
	f->out->reads = before.reads;
	f->out->read_count = before.read_count;
	f->read_max = max;
	f->views = views;
	for (size_t i = 0; i < reads.read_count && rc == 0; i++) {
		const struct catalog_relation *r = catalog_find(f->catalog, reads.reads[i]);

		if (r)
			rc = act_on(f, r, verb, fires);
	}
	return rc;
}

int lineage_act(struct lineage *f, const struct catalog_relation *r, enum qw_verb verb, enum qw_verb fires)
{
	int rc = act_on(f, r, verb, fires);

	return rc || r->kind != CATALOG_VIEW ? rc : act_behind(f, r, verb, fires);
}

/* INSERT INTO t, DELETE FROM t: the table itself, no table of WITH. */
int lineage_target(struct lineage *f, const struct my_source *src, struct range *out)
{
	int rc = names_table(f, NULL, src, out);

	if (rc == 0 && out->relation->oid < 16384)
		rc = lineage_refuse(
			f, "flow.write", lineage_relation_name(f, out->relation), "a table of the server itself would be written");
	return rc;
}

int lineage_target_column(struct lineage *f, const struct range *r, const struct my_column *c, const struct column **out)
{
	*out = NULL;
	for (size_t i = 0; i < r->columns->count; i++) {
		const struct column *column = &r->columns->items[i];
		enum match m = column->name ? names_match(column->name, c->name) : MATCH_NO;

		if (m == MATCH_YES)
			*out = column;
	}
	if (*out)
		return 0;
	return lineage_refuse(f, "flow.unknown", c->name,
		qw_arena_printf(f->arena, "the column %s, which is written, is not one that the catalog knows", c->name));
}

/* NULL or '' in place of a sensitive value: what stood there is gone, as after a DELETE. */
static bool erases(const struct column *value, const struct my_expr *written)
{
	if (value->is_empty)
		return true;
	return written && written->kind == MY_EXPR_LITERAL && written->op == MY_LITERAL_STRING && written->text && !*written->text;
}

int lineage_into(struct lineage *f, const struct into *into, const struct column *value, bool *is_labelled)
{
	const struct column *target = into->target;
	const struct range *r = into->r;
	struct use use = use_write;
	int rc = 0;

	if (lineage_is_sensitive(value)) {
		use.clause = qw_arena_printf(f->arena, "the value that is written into %s.%s", r->alias, target->name);
		return use.clause ? lineage_refuse_column(f, value, &use) : QW_E_NOMEM;
	}
	if (!lineage_is_sensitive(target))
		return 0;
	*is_labelled = true;
	if (target->label.kind != LABEL_MASK) {
		use.clause = "a written column";
		return lineage_refuse_column(f, target, &use);
	}
	if (into->replaces && erases(value, into->written))
		rc = lineage_act(f, r->relation, QW_VERB_DELETE, QW_VERB_UNPARSED);
	return rc ? rc : lineage_add_write(f, r->relation->oid, target->attnum, &target->label);
}
