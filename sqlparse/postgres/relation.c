/* Relations by name, and the common table expressions that can hide them. */
#include "facts.h"
#include "handlers.h"

enum { CTES_MAX = 1000 }; /* over one text: the look-up below is linear */

static uint32_t name_hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

static bool scope_has(const struct scope *scope, const char *name)
{
	uint32_t hash = scope ? name_hash(name) : 0;

	for (; scope; scope = scope->outer)
		if (scope->hash == hash && strcmp(scope->name, name) == 0)
			return true;
	return false;
}

static const struct scope *scope_add(
	struct walk *w, const struct scope *outer, const CommonTableExpr *cte)
{
	struct scope *s = qw_arena_alloc(w->arena, sizeof(*s));

	if (!s) {
		w->err = QW_E_NOMEM;
		return outer;
	}
	if (++w->ctes > CTES_MAX)
		spg_walk_refuse(w, qw_arena_printf(w->arena,
					   "the text has more than %d common table expressions: "
					   "send fewer, or use temporary tables",
					   CTES_MAX));
	*s = (struct scope){.outer = outer, .name = cte->ctename, .hash = name_hash(cte->ctename)};
	return s;
}

/*
 * parse_cte.c of PostgreSQL: in a plain WITH each query sees the names before it; with RECURSIVE
 * each sees all of them. The body sees all. Names of an outer WITH stay visible where no inner one
 * has the same name.
 */
struct ctx spg_walk_with(
	struct walk *w, const struct frame *f, const WithClause *with, struct ctx ctx)
{
	const struct scope **before;
	const int count = with ? list_length(with->ctes) : 0;
	struct ctx body = ctx, cte = ctx;

	spg_walk_children(w, f, ctx, with);
	if (!with)
		return ctx;
	before = qw_arena_alloc(w->arena, (size_t)count * sizeof(const struct scope *));
	if (!before) {
		w->err = QW_E_NOMEM;
		return ctx;
	}
	for (int i = 0; i < count; i++) {
		before[i] = body.scope;
		body.scope =
			scope_add(w, body.scope, list_nth_node(CommonTableExpr, with->ctes, i));
	}
	/* The body's frames were pushed just now, above f. */
	for (size_t i = w->frame_count; i-- > 0 && w->frames[i].depth == f->depth + 1;)
		w->frames[i].ctx.scope = body.scope;
	cte.flags &= CTX_EXPLAINED;
	for (int i = count; i-- > 0;) {
		cte.scope = with->recursive ? body.scope : before[i];
		spg_walk_push(w, list_nth(with->ctes, i), cte, f->depth + 1);
	}
	w->nodes++;
	if (w->tag_counts)
		w->tag_counts[T_WithClause]++;
	return body;
}

void spg_on_range_var(struct walk *w, const struct frame *f)
{
	const RangeVar *rv = f->node;
	const struct ctx *ctx = &f->ctx;
	bool is_read = ctx->verb == QW_VERB_SELECT;

	spg_walk_children(w, f, f->ctx, NULL);
	if (ctx->flags & CTX_SILENT)
		return;
	if (!(ctx->flags & CTX_TARGET) && !rv->schemaname && scope_has(ctx->scope, rv->relname))
		return;
	spg_facts_relation_act(w, (enum qw_verb)ctx->verb, ctx->object, rv);
	if (ctx->flags & CTX_REPLACE)
		spg_facts_relation_act(w, QW_VERB_DDL_REPLACE, ctx->object, rv);
	if (is_read && (ctx->flags & CTX_LOCK))
		spg_facts_relation_act(w, QW_VERB_SELECT_LOCK, ctx->object, rv);
	spg_facts_relation(w, rv, (ctx->flags & CTX_NATURAL) != 0, !is_read);
}

void spg_on_join(struct walk *w, const struct frame *f)
{
	const JoinExpr *j = f->node;
	struct ctx ctx = f->ctx;

	if (j->alias) /* whole rows of it can be read by a name that no relation has */
		w->join_renames = true;
	spg_facts_columns(w, NULL, j->usingClause);
	spg_walk_children(w, f, ctx, NULL);
	if (!j->isNatural)
		return;
	ctx.flags |= CTX_NATURAL;
	spg_walk_aim(w, j->larg, ctx);
	spg_walk_aim(w, j->rarg, ctx);
}

/* FOR UPDATE OF names aliases, no relations. */
void spg_on_locking(struct walk *w, const struct frame *f)
{
	struct ctx ctx = f->ctx;

	ctx.flags |= CTX_SILENT;
	spg_walk_children(w, f, ctx, NULL);
}

/* TABLESAMPLE method(...): the method is a function of the server or of an extension. */
void spg_on_table_sample(struct walk *w, const struct frame *f)
{
	const RangeTableSample *s = f->node;

	spg_facts_call(w, s->method, "function");
	spg_walk_children(w, f, f->ctx, NULL);
}
