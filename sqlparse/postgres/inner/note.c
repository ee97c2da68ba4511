/* What a statement wraps, as its tree tells. */
#include "inner.h"

/* SELECT ... INTO t: the clause is at the leftmost SELECT of a UNION. */
static bool selects_into(const SelectStmt *s)
{
	while (s->op != SETOP_NONE && s->larg)
		s = s->larg;
	return s->intoClause != NULL;
}

/* Shows a tree when it is analysed; EXECUTE: the session knows what the name stands for. */
static bool is_innermost(const Node *n)
{
	switch ((int)nodeTag(n)) {
	case T_SelectStmt:
		return !selects_into((const SelectStmt *)(const void *)n);
	case T_InsertStmt:
	case T_UpdateStmt:
	case T_DeleteStmt:
	case T_MergeStmt:
	case T_ExecuteStmt:
		return true;
	default:
		return false;
	}
}

struct wrapper {
	enum qw_inner_kind kind; /* NONE: it is none */
	enum peel peel;
	const Node *inner;
};

static struct wrapper wrapper_of(const Node *n)
{
	const void *s = n;

	switch ((int)nodeTag(n)) {
	case T_ExplainStmt:
		return (struct wrapper){QW_INNER_EXPLAIN,
			((const ExplainStmt *)s)->options ? PEEL_EXPLAIN_OPTIONS : PEEL_EXPLAIN,
			((const ExplainStmt *)s)->query};
	case T_PrepareStmt:
		return (struct wrapper){
			QW_INNER_PREPARE, PEEL_AS, ((const PrepareStmt *)s)->query};
	case T_DeclareCursorStmt:
		return (struct wrapper){
			QW_INNER_DECLARE, PEEL_FOR, ((const DeclareCursorStmt *)s)->query};
	case T_CreateTableAsStmt:
		return (struct wrapper){QW_INNER_CREATE_AS, PEEL_CREATE_AS,
			((const CreateTableAsStmt *)s)->query};
	case T_CopyStmt:
		return (struct wrapper){((const CopyStmt *)s)->is_from ? QW_INNER_COPY_IN
								      : QW_INNER_COPY,
			PEEL_PARENTHESES, ((const CopyStmt *)s)->query};
	default:
		return (struct wrapper){QW_INNER_NONE, PEEL_EXPLAIN, NULL};
	}
}

/* The facts of the innermost statement, by a walk of its own. */
static void expect(struct walk *w, const Node *n, struct qw_arena *notes, struct inner_note *note)
{
	struct walk v;

	spg_walk_init(&v, notes, w->limits);
	spg_walk_statement(&v, n, &note->expected);
	note->shape = v.shape;
	if (v.err)
		w->err = v.err;
	else if (v.problem)
		note->kind = QW_INNER_UNKNOWN;
}

void spg_inner_note(struct walk *w, const Node *statement, struct qw_statement *out,
	struct qw_arena *notes, struct inner_note *note)
{
	const CopyStmt *copy = (const CopyStmt *)(const void *)statement;
	struct wrapper p = wrapper_of(statement);
	const Node *n = statement;

	*note = (struct inner_note){.kind = p.kind};
	if (IsA(statement, SelectStmt) && !is_innermost(statement))
		note->kind = QW_INNER_UNKNOWN;
	if (p.kind == QW_INNER_PREPARE &&
		!spg_inner_types(w, ((const PrepareStmt *)(const void *)statement)->argtypes, out))
		note->kind = QW_INNER_UNKNOWN;
	if (p.kind == QW_INNER_COPY)
		out->copy = spg_inner_copy(w, copy);
	if ((p.kind == QW_INNER_COPY || p.kind == QW_INNER_COPY_IN) && copy->relation) {
		note->made = spg_inner_copy_text(w, copy);
		if (note->made.n == 0)
			note->kind = QW_INNER_UNKNOWN;
		p.kind = QW_INNER_NONE;
	}
	while (p.kind != QW_INNER_NONE && p.inner && note->peel_count < PEELS_MAX) {
		note->peels[note->peel_count++] = p.peel;
		n = p.inner;
		p = wrapper_of(n);
	}
	if (note->peel_count && !is_innermost(n))
		note->kind = QW_INNER_UNKNOWN;
	if (note->peel_count && note->kind != QW_INNER_UNKNOWN)
		expect(w, n, notes, note);
	out->inner_kind = note->kind;
}
