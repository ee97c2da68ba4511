/* SELECT, INSERT, UPDATE, DELETE, MERGE wherever they stand. */
#include "facts.h"
#include "handlers.h"

static struct ctx reading(struct ctx ctx)
{
	ctx.verb = QW_VERB_SELECT;
	ctx.object = OBJECT_ANY_RELATION;
	ctx.flags &= CTX_LOCK | CTX_NATURAL | CTX_EXPLAINED;
	return ctx;
}

static struct ctx target(struct ctx ctx, enum qw_verb verb)
{
	ctx.verb = (uint8_t)verb;
	ctx.object = OBJECT_ANY_RELATION;
	ctx.flags = (uint16_t)((ctx.flags & CTX_EXPLAINED) | CTX_TARGET);
	return ctx;
}

void spg_on_select(struct walk *w, const struct frame *f)
{
	const SelectStmt *s = f->node;
	struct ctx ctx = reading(f->ctx), from;

	if (f->ctx.flags & CTX_TOP)
		w->has_query = true;
	ctx = spg_walk_with(w, f, s->withClause, ctx);
	if (s->intoClause) {
		struct ctx into = target(ctx, QW_VERB_DDL_CREATE_AS);

		into.object = OBJECT_TABLE;
		spg_walk_aim(w, s->intoClause, into);
	}
	if (!s->lockingClause)
		return;
	from = ctx;
	from.flags |= CTX_LOCK;
	spg_walk_aim(w, s->fromClause, from);
	if (!s->fromClause)
		spg_facts_bare(w, QW_VERB_SELECT_LOCK, "query", NULL);
}

/* RETURNING reads the target, besides what is done to it. */
static void reads_target(struct walk *w, const RangeVar *relation, const List *returning)
{
	if (relation && returning)
		spg_facts_relation_act(w, QW_VERB_SELECT, OBJECT_ANY_RELATION, relation);
}

/* Of a write in a WITH nobody counts the rows. */
static void note_place(struct walk *w, const struct frame *f)
{
	if (!(f->ctx.flags & CTX_TOP))
		w->out->writes_below = true;
}

void spg_on_insert(struct walk *w, const struct frame *f)
{
	const InsertStmt *s = f->node;
	const OnConflictClause *conflict = s->onConflictClause;
	struct ctx ctx = reading(f->ctx);

	note_place(w, f);
	spg_facts_relation_act(w, QW_VERB_INSERT, OBJECT_ANY_RELATION, s->relation);
	if (conflict && conflict->action == ONCONFLICT_UPDATE)
		spg_facts_relation_act(w, QW_VERB_UPSERT, OBJECT_ANY_RELATION, s->relation);
	if (conflict && conflict->infer &&
		conflict->infer->conname) /* an index of unknown columns is asked */
		spg_facts_column(w, s->relation->relname, NULL, false);
	reads_target(w, s->relation, s->returningList);
	ctx = spg_walk_with(w, f, s->withClause, ctx);
	spg_walk_aim(w, s->relation, target(ctx, QW_VERB_INSERT));
}

/* Writing the view pg_settings is SET in disguise, of any setting. */
static bool is_settings_view(const RangeVar *rv)
{
	return strcmp(rv->relname, "pg_settings") == 0;
}

void spg_on_update(struct walk *w, const struct frame *f)
{
	const UpdateStmt *s = f->node;
	struct ctx ctx = reading(f->ctx);

	note_place(w, f);
	spg_facts_relation_act(w, QW_VERB_UPDATE, OBJECT_ANY_RELATION, s->relation);
	if (is_settings_view(s->relation))
		spg_facts_bare(w, QW_VERB_SET_PINNED, "setting", NULL);
	reads_target(w, s->relation, s->returningList);
	ctx = spg_walk_with(w, f, s->withClause, ctx);
	spg_walk_aim(w, s->relation, target(ctx, QW_VERB_UPDATE));
}

void spg_on_delete(struct walk *w, const struct frame *f)
{
	const DeleteStmt *s = f->node;
	struct ctx ctx = reading(f->ctx);

	note_place(w, f);
	spg_facts_relation_act(w, QW_VERB_DELETE, OBJECT_ANY_RELATION, s->relation);
	reads_target(w, s->relation, s->returningList);
	ctx = spg_walk_with(w, f, s->withClause, ctx);
	spg_walk_aim(w, s->relation, target(ctx, QW_VERB_DELETE));
}

static void merge_action(struct walk *w, const MergeStmt *s, const MergeWhenClause *when)
{
	if (when->commandType == CMD_INSERT)
		spg_facts_relation_act(w, QW_VERB_INSERT, OBJECT_ANY_RELATION, s->relation);
	else if (when->commandType == CMD_UPDATE)
		spg_facts_relation_act(w, QW_VERB_UPDATE, OBJECT_ANY_RELATION, s->relation);
	else if (when->commandType == CMD_DELETE)
		spg_facts_relation_act(w, QW_VERB_DELETE, OBJECT_ANY_RELATION, s->relation);
	else if (when->commandType != CMD_NOTHING)
		spg_walk_refuse(w, "the gateway does not know this action of MERGE");
}

void spg_on_merge(struct walk *w, const struct frame *f)
{
	const MergeStmt *s = f->node;
	const ListCell *cell;
	struct ctx ctx = reading(f->ctx);

	note_place(w, f);
	spg_facts_relation_act(w, QW_VERB_MERGE, OBJECT_ANY_RELATION, s->relation);
	foreach (cell, s->mergeWhenClauses)
		merge_action(w, s, lfirst(cell));
	if (is_settings_view(s->relation))
		spg_facts_bare(w, QW_VERB_SET_PINNED, "setting", NULL);
	ctx = spg_walk_with(w, f, s->withClause, ctx);
	spg_walk_aim(w, s->relation, target(ctx, QW_VERB_MERGE));
}

/* SET (a, b) = (source): the grammar hangs one source below every column; walked once. */
void spg_on_multi_assign(struct walk *w, const struct frame *f)
{
	const MultiAssignRef *ref = f->node;

	if (ref->colno == 1 || w->tag_counts)
		spg_walk_children(w, f, f->ctx, NULL);
}
