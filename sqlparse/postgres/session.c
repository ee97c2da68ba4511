/* Transactions, prepared statements, cursors, EXPLAIN, COPY, and what else belongs to a session. */
#include "facts.h"
#include "handlers.h"

#include <strings.h>

/* The statement that another one holds: it shows acts of its own. */
static struct ctx inner(struct ctx ctx)
{
	ctx.flags = (uint16_t)((ctx.flags & CTX_EXPLAINED) | CTX_TOP);
	ctx.verb = QW_VERB_SELECT;
	ctx.object = OBJECT_ANY_RELATION;
	return ctx;
}

static const char *arg_text(const Node *n)
{
	const A_Const *c = (const A_Const *)(const void *)n;

	if (!n)
		return NULL;
	if (IsA(n, String))
		return strVal(n);
	if (IsA(n, A_Const) && !c->isnull && IsA(&c->val, String))
		return c->val.sval.sval;
	return NULL;
}

void spg_on_transaction(struct walk *w, const struct frame *f)
{
	const TransactionStmt *s = f->node;

	switch (s->kind) {
	case TRANS_STMT_BEGIN:
	case TRANS_STMT_START:
		spg_facts_bare(w, QW_VERB_TX_BEGIN, "transaction", NULL);
		spg_setting_of_transaction(w, s->options);
		break;
	case TRANS_STMT_COMMIT:
		spg_facts_bare(w, QW_VERB_TX_COMMIT, "transaction", NULL);
		break;
	case TRANS_STMT_ROLLBACK:
		spg_facts_bare(w, QW_VERB_TX_ROLLBACK, "transaction", NULL);
		break;
	case TRANS_STMT_SAVEPOINT:
	case TRANS_STMT_RELEASE:
		spg_facts_bare(w, QW_VERB_TX_SAVEPOINT, "savepoint", s->savepoint_name);
		break;
	case TRANS_STMT_ROLLBACK_TO:
		spg_facts_bare(w, QW_VERB_TX_ROLLBACK_TO, "savepoint", s->savepoint_name);
		break;
	case TRANS_STMT_PREPARE:
	case TRANS_STMT_COMMIT_PREPARED:
	case TRANS_STMT_ROLLBACK_PREPARED:
		spg_facts_bare(w, QW_VERB_TX_TWO_PHASE, "prepared transaction", s->gid);
		break;
	default:
		spg_walk_refuse(w, "the gateway does not know this transaction statement");
	}
	spg_walk_children(w, f, f->ctx, NULL);
}

void spg_on_prepare(struct walk *w, const struct frame *f)
{
	const PrepareStmt *s = f->node;

	spg_facts_bare(w, QW_VERB_PREPARE, "prepared statement", s->name);
	spg_facts_named(w, QW_NAMED_PREPARE, s->name);
	spg_walk_children(w, f, inner(f->ctx), NULL);
}

void spg_on_execute(struct walk *w, const struct frame *f)
{
	const ExecuteStmt *s = f->node;

	spg_facts_bare(w, QW_VERB_EXECUTE, "prepared statement", s->name);
	spg_facts_named(w, QW_NAMED_EXECUTE, s->name);
	spg_walk_children(w, f, inner(f->ctx), NULL);
}

void spg_on_deallocate(struct walk *w, const struct frame *f)
{
	const DeallocateStmt *s = f->node;

	spg_facts_bare(w, QW_VERB_DEALLOCATE, "prepared statement", s->name);
	spg_facts_named(w, QW_NAMED_DEALLOCATE, s->name);
}

/* EXPLAIN of a DECLARE plans the query, and opens no cursor. */
void spg_on_declare(struct walk *w, const struct frame *f)
{
	const DeclareCursorStmt *s = f->node;

	spg_facts_bare(w, QW_VERB_CURSOR_DECLARE, "cursor", s->portalname);
	if (!(f->ctx.flags & CTX_EXPLAINED)) {
		spg_facts_named(w, QW_NAMED_DECLARE, s->portalname);
		w->out->with_hold = (s->options & CURSOR_OPT_HOLD) != 0;
		w->out->binary_cursor = (s->options & CURSOR_OPT_BINARY) != 0;
	}
	spg_walk_children(w, f, inner(f->ctx), NULL);
}

void spg_on_fetch(struct walk *w, const struct frame *f)
{
	const FetchStmt *s = f->node;

	spg_facts_bare(w, QW_VERB_CURSOR_FETCH, "cursor", s->portalname);
	spg_facts_named(w, QW_NAMED_FETCH, s->portalname);
}

void spg_on_close(struct walk *w, const struct frame *f)
{
	const ClosePortalStmt *s = f->node;

	spg_facts_bare(w, QW_VERB_CURSOR_CLOSE, "cursor", s->portalname);
	spg_facts_named(w, QW_NAMED_CLOSE, s->portalname);
}

/* ---- EXPLAIN ---- */

/* defGetBoolean(); anything unclear counts as true. */
static bool is_false(const Node *n)
{
	const char *text = arg_text(n);

	if (!n)
		return false;
	if (IsA(n, Integer))
		return intVal(n) == 0;
	if (IsA(n, Boolean))
		return !boolVal(n);
	return text && (strcasecmp(text, "false") == 0 || strcasecmp(text, "off") == 0);
}

void spg_on_explain(struct walk *w, const struct frame *f)
{
	const ExplainStmt *s = f->node;
	struct ctx ctx = inner(f->ctx);
	const ListCell *cell;
	bool analyzes = false;

	foreach (cell, s->options) {
		const DefElem *d = lfirst(cell);

		if (strcmp(d->defname, "analyze") == 0 && !is_false(d->arg))
			analyzes = true;
	}
	spg_facts_bare(w, analyzes ? QW_VERB_EXPLAIN_ANALYZE : QW_VERB_EXPLAIN, "query", NULL);
	w->out->explains = true;
	ctx.flags |= CTX_EXPLAINED;
	spg_walk_children(w, f, ctx, NULL);
}

/* ---- COPY ---- */

static enum qw_verb copy_verb(const CopyStmt *s)
{
	if (s->is_program)
		return QW_VERB_COPY_PROGRAM;
	if (s->filename)
		return QW_VERB_COPY_FILE;
	return s->is_from ? QW_VERB_COPY_IN : QW_VERB_COPY_OUT;
}

static void copy_columns(struct walk *w, const CopyStmt *s)
{
	if (s->is_from)
		return;
	if (s->attlist)
		spg_facts_columns(w, s->relation->relname, s->attlist);
	else
		spg_facts_column(w, s->relation->relname, NULL, false);
}

void spg_on_copy(struct walk *w, const struct frame *f)
{
	const CopyStmt *s = f->node;
	struct ctx ctx = inner(f->ctx), silent = ctx;

	silent.flags |= CTX_SILENT;
	if (s->relation) {
		spg_facts_relation_act(w, copy_verb(s), OBJECT_ANY_RELATION, s->relation);
		spg_facts_relation_act(w, s->is_from ? QW_VERB_INSERT : QW_VERB_SELECT,
			OBJECT_ANY_RELATION, s->relation);
		spg_facts_relation(w, s->relation, false, s->is_from);
		copy_columns(w, s);
	} else {
		spg_facts_bare(w, copy_verb(s), "query", NULL);
	}
	spg_walk_children(w, f, ctx, NULL);
	spg_walk_aim(w, s->relation, silent);
}

/* ---- the rest ---- */

void spg_on_do(struct walk *w, const struct frame *f)
{
	spg_facts_bare(w, QW_VERB_DO, "code block", NULL);
	spg_walk_children(w, f, f->ctx, NULL);
}

void spg_on_call(struct walk *w, const struct frame *f)
{
	struct ctx ctx = inner(f->ctx);

	ctx.flags |= CTX_PROCEDURE;
	spg_walk_children(w, f, ctx, NULL);
}

void spg_on_listen(struct walk *w, const struct frame *f)
{
	spg_facts_bare(w, QW_VERB_LISTEN, "channel", ((const ListenStmt *)f->node)->conditionname);
}

void spg_on_unlisten(struct walk *w, const struct frame *f)
{
	spg_facts_bare(
		w, QW_VERB_UNLISTEN, "channel", ((const UnlistenStmt *)f->node)->conditionname);
}

void spg_on_notify(struct walk *w, const struct frame *f)
{
	spg_facts_bare(w, QW_VERB_NOTIFY, "channel", ((const NotifyStmt *)f->node)->conditionname);
}

void spg_on_load(struct walk *w, const struct frame *f)
{
	spg_facts_bare(w, QW_VERB_LOAD, "library", ((const LoadStmt *)f->node)->filename);
}

void spg_on_checkpoint(struct walk *w, const struct frame *f)
{
	(void)f;
	spg_facts_bare(w, QW_VERB_CHECKPOINT, "server", NULL);
}

/* DISCARD ALL also resets the settings, closes cursors and forgets prepared statements. */
void spg_on_discard(struct walk *w, const struct frame *f)
{
	switch (((const DiscardStmt *)f->node)->target) {
	case DISCARD_ALL:
		spg_facts_bare(w, QW_VERB_DISCARD, "session state", "all");
		spg_facts_bare(w, QW_VERB_RESET_ALL, "setting", NULL);
		spg_facts_named(w, QW_NAMED_DEALLOCATE, NULL);
		break;
	case DISCARD_PLANS:
		spg_facts_bare(w, QW_VERB_DISCARD, "session state", "plans");
		break;
	case DISCARD_SEQUENCES:
		spg_facts_bare(w, QW_VERB_DISCARD, "session state", "sequences");
		break;
	case DISCARD_TEMP:
		spg_facts_bare(w, QW_VERB_DISCARD, "session state", "temp");
		break;
	default:
		spg_walk_refuse(w, "the gateway does not know this form of DISCARD");
	}
}
