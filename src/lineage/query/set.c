/* UNION, EXCEPT, INTERSECT: all but UNION ALL compare rows. */
#include "../room.h"

static int join(struct lineage *f, struct columns *into, const struct columns *from)
{
	if (into->count != from->count)
		return lineage_refuse(f, "flow.unknown", "columns", "the arms of a UNION have not as many columns as one another");
	for (size_t i = 0; i < into->count; i++) {
		struct column before = into->items[i];

		if (!lineage_join_column(&into->items[i], &from->items[i]))
			return lineage_refuse_union(f, &before, &from->items[i]);
	}
	return 0;
}

static int first_arm(struct lineage *f, const struct columns *arm, struct columns *out)
{
	*out = lineage_columns_new(f, arm->count);
	if (!out->items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < arm->count; i++) {
		out->items[i] = arm->items[i];
		out->items[i].relation_oid = 0; /* the wire names no table for it */
		out->items[i].attnum = 0;
	}
	return 0;
}

/* In the first round, what a recursion has found so far is what its own name shows. */
static int tell_recursion(struct lineage *f, const struct my_body *b, const struct columns *so_far)
{
	struct cte *c = (struct cte *)(uintptr_t)f->running;

	if (!c || c->is_seeded || c->written->query->body != b)
		return 0;
	c->columns = lineage_columns_new(f, so_far->count);
	if (!c->columns.items)
		return QW_E_NOMEM;
	memcpy(c->columns.items, so_far->items, so_far->count * sizeof(struct column));
	return lineage_rename(f, c->written->columns, &c->columns);
}

int lineage_set(struct lineage *f, struct scope *up, const struct cte *ctes, const struct my_body *b, struct columns *out)
{
	bool is_first = true;
	int rc = 0;

	for (const struct my_body *arm = b->arms; arm && rc == 0; arm = arm->next) {
		struct columns c;

		rc = lineage_body(f, up, ctes, arm, NULL, &c);
		if (rc == 0 && is_first)
			rc = first_arm(f, &c, out);
		else if (rc == 0) {
			bool compares = !arm->is_all || arm->set != MY_SET_UNION;

			if (compares)
				rc = lineage_clean(f, out, &use_setop);
			if (rc == 0 && compares)
				rc = lineage_clean(f, &c, &use_setop);
			if (rc == 0)
				rc = join(f, out, &c);
		}
		is_first = false;
		if (rc == 0)
			rc = tell_recursion(f, b, out);
	}
	return rc;
}
