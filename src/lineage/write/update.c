/* UPDATE and DELETE of one table or several. */
#include "../room.h"

/* FOR PORTION OF: its points in time are not in the tree. */
static int no_portion(struct lineage *f)
{
	static const char word[] = "portion";

	for (size_t i = 0; i + sizeof(word) - 1 <= f->text.n; i++) {
		size_t k = 0;

		while (word[k] && (f->text.p[i + k] | 32) == (uint8_t)word[k])
			k++;
		if (!word[k])
			return lineage_unsupported(f, "FOR PORTION OF");
	}
	return 0;
}

/* The table of a written column: by its qualifier, or the one that has it. */
static int range_of(struct lineage *f, const struct scope *s, const struct my_column *c, size_t *out)
{
	size_t count = 0;

	if (c->table)
		return names_range(f, s, c->schema, c->table, out);
	for (size_t i = 0; i < s->range_count; i++)
		for (size_t k = 0; k < s->ranges[i].columns->count; k++) {
			const char *name = s->ranges[i].columns->items[k].name;
			enum match m = name ? names_match(name, c->name) : MATCH_MAYBE;

			if (m != MATCH_NO) {
				*out = i;
				count += m == MATCH_YES ? 1 : 2;
			}
		}
	if (count == 1)
		return 0;
	return lineage_refuse(f, "flow.unknown", c->name,
		qw_arena_printf(f->arena, "it cannot be told which table's column %s is written", c->name));
}

static int written_range(struct lineage *f, const struct range *r, const char *name)
{
	if (r->relation && r->relation->oid >= 16384)
		return 0;
	return lineage_refuse(f, "flow.write", name, "what is written is no table of a user");
}

static int set(struct lineage *f, struct scope *s, const struct my_set_item *item)
{
	const struct column *target;
	struct column value;
	size_t at = 0;
	bool is_labelled;
	int rc = range_of(f, s, item->column->column, &at);

	if (rc)
		return rc;
	rc = written_range(f, &s->ranges[at], item->column->column->name);
	if (rc == 0)
		rc = lineage_act(f, s->ranges[at].relation, QW_VERB_UPDATE, QW_VERB_UPDATE);
	if (rc == 0)
		rc = lineage_target_column(f, &s->ranges[at], item->column->column, &target);
	if (rc == 0)
		rc = lineage_value(f, s, item->value, &use_write, &value);
	return rc ? rc : lineage_into(f, &(struct into){&s->ranges[at], target, item->value, true}, &value, &is_labelled);
}

/* WHERE, ORDER BY, LIMIT, RETURNING */
static int rest(struct lineage *f, struct scope *s, const struct my_expr *where, const struct my_order *order, const struct my_expr *limit,
	const struct my_item *items)
{
	struct columns c;
	int rc = lineage_condition(f, s, where, &use_where);

	if (rc == 0)
		rc = lineage_order(f, s, order, &use_order);
	if (rc == 0)
		rc = lineage_used_all(f, s, limit, &use_limit);
	if (rc || !items)
		return rc;
	rc = lineage_items(f, s, items, &use_returning);
	if (rc == 0)
		rc = lineage_item_columns(f, s, &c);
	return rc ? rc : lineage_outputs(f, &c, items, &use_returning);
}

int lineage_update(struct lineage *f, const struct my_update *u)
{
	struct scope s = {0};
	int rc = no_portion(f);

	if (rc == 0)
		rc = lineage_with(f, NULL, u->with, &s.ctes);
	if (rc == 0)
		rc = names_open(f, &s, u->from);
	for (const struct my_set_item *item = u->sets; item && rc == 0; item = item->next)
		rc = set(f, &s, item);
	return rc ? rc : rest(f, &s, u->where, u->order, u->limit, u->returning);
}

static int delete_from(struct lineage *f, struct scope *s, size_t at, const char *name)
{
	int rc = written_range(f, &s->ranges[at], name);

	return rc ? rc : lineage_act(f, s->ranges[at].relation, QW_VERB_DELETE, QW_VERB_DELETE);
}

int lineage_delete(struct lineage *f, const struct my_delete *d)
{
	struct scope s = {0};
	int rc = no_portion(f);

	if (rc == 0)
		rc = lineage_with(f, NULL, d->with, &s.ctes);
	if (rc == 0)
		rc = names_open(f, &s, d->from);
	if (rc == 0 && !d->targets)
		rc = s.range_count == 1 ? delete_from(f, &s, 0, "table") : lineage_unsupported(f, "DELETE from several tables");
	for (const struct my_target *t = d->targets; t && rc == 0; t = t->next) {
		size_t at = 0;

		rc = names_range(f, &s, t->schema, t->name, &at);
		if (rc == 0)
			rc = delete_from(f, &s, at, t->name);
	}
	return rc ? rc : rest(f, &s, d->where, d->order, d->limit, d->returning);
}
