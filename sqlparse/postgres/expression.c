/* Column references and function calls. */
#include "facts.h"
#include "handlers.h"

static const char *field_name(const List *fields, int at)
{
	const Node *n = at >= 0 ? list_nth(fields, at) : NULL;

	return n && IsA(n, String) ? strVal(n) : NULL;
}

/*
 * col, rel.col, schema.rel.col and the same with a star, exactly as parse_expr.c reads them: the
 * part before the name is always the relation's name or alias. With four parts a database comes
 * first; nothing sends that.
 */
void spg_on_column_ref(struct walk *w, const struct frame *f)
{
	const ColumnRef *c = f->node;
	const int count = list_length(c->fields);

	spg_facts_column(w, field_name(c->fields, count - 2), field_name(c->fields, count - 1),
		count > 3 || (f->ctx.flags & CTX_DEEP));
	spg_walk_children(w, f, f->ctx, NULL);
}

/* (x).field can be a column of x, or a call of a function of that name: it is listed as a deep
 * reference. */
void spg_on_indirection(struct walk *w, const struct frame *f)
{
	const A_Indirection *a = f->node;
	const char *qualifier = NULL;
	const ListCell *cell;
	struct ctx ctx = f->ctx;
	bool selects = false;

	if (IsA(a->arg, ColumnRef))
		qualifier = spg_name_last(((const ColumnRef *)(const void *)a->arg)->fields);
	foreach (cell, a->indirection) {
		const Node *n = lfirst(cell);

		if (!n || IsA(n, A_Indices))
			continue;
		spg_facts_column(
			w, selects ? NULL : qualifier, IsA(n, String) ? strVal(n) : NULL, true);
		selects = true;
	}
	spg_walk_children(w, f, ctx, NULL);
	if (selects && IsA(a->arg, ColumnRef)) {
		ctx.flags |= CTX_DEEP;
		spg_walk_aim(w, a->arg, ctx);
	}
}

void spg_on_func_call(struct walk *w, const struct frame *f)
{
	const FuncCall *call = f->node;
	struct ctx ctx = f->ctx;

	spg_facts_call(w, call->funcname, f->ctx.flags & CTX_PROCEDURE ? "procedure" : "function");
	spg_setting_of_call(w, call);
	ctx.flags &= (uint16_t) ~(CTX_PROCEDURE | CTX_DEEP);
	spg_walk_children(w, f, ctx, NULL);
}

/* Columns that are named without a ColumnRef: of an index, ON CONFLICT, a partition key,
 * statistics. */
void spg_on_index_elem(struct walk *w, const struct frame *f)
{
	const IndexElem *e = f->node;

	if (e->name)
		spg_facts_column(w, NULL, e->name, false);
	spg_walk_children(w, f, f->ctx, NULL);
}

void spg_on_partition_elem(struct walk *w, const struct frame *f)
{
	const PartitionElem *e = f->node;

	if (e->name)
		spg_facts_column(w, NULL, e->name, false);
	spg_walk_children(w, f, f->ctx, NULL);
}

void spg_on_stats_elem(struct walk *w, const struct frame *f)
{
	const StatsElem *e = f->node;

	if (e->name)
		spg_facts_column(w, NULL, e->name, false);
	spg_walk_children(w, f, f->ctx, NULL);
}
