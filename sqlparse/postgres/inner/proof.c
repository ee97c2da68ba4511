/*
 * The text of what is wrapped is parsed by itself. It must be one statement, with the facts and
 * the nodes of the wrapper's own part; else it is not the text.
 */
#include "inner.h"

enum { SCRATCH_MAX = 256 << 20 };

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_acts(const struct qw_act *a, const struct qw_act *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i].verb != b[i].verb || a[i].kind != b[i].kind ||
			a[i].is_local != b[i].is_local || !same_text(a[i].name, b[i].name) ||
			!same_text(a[i].schema, b[i].schema) ||
			!same_text(a[i].value, b[i].value) ||
			!same_text(a[i].kind_name, b[i].kind_name))
			return false;
	return true;
}

static bool same_relations(const struct qw_statement *a, const struct qw_statement *b)
{
	if (a->relation_count != b->relation_count)
		return false;
	for (size_t i = 0; i < a->relation_count; i++) {
		const struct qw_relation *r = &a->relations[i], *s = &b->relations[i];

		if (!same_text(r->schema, s->schema) || !same_text(r->name, s->name) ||
			!same_text(r->alias, s->alias) ||
			r->has_column_aliases != s->has_column_aliases ||
			r->in_natural_join != s->in_natural_join || r->is_written != s->is_written)
			return false;
	}
	return true;
}

static bool same_columns(
	const struct qw_statement *a, const struct qw_statement *b, bool with_qualifiers)
{
	if (a->column_count != b->column_count)
		return false;
	for (size_t i = 0; i < a->column_count; i++) {
		const struct qw_colref *c = &a->columns[i], *d = &b->columns[i];

		if (!same_text(c->name, d->name) || c->is_deep != d->is_deep ||
			(with_qualifiers && !same_text(c->qualifier, d->qualifier)))
			return false;
	}
	return true;
}

static bool same_words(const char *const *a, const char *const *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!same_text(a[i], b[i]))
			return false;
	return true;
}

static bool same_facts(const struct qw_statement *a, const struct qw_statement *b)
{
	return a->act_count == b->act_count && same_acts(a->acts, b->acts, a->act_count) &&
	       same_relations(a, b) && same_columns(a, b, true) &&
	       a->operator_count == b->operator_count &&
	       same_words(a->operators, b->operators, a->operator_count) &&
	       a->type_count == b->type_count && same_words(a->types, b->types, a->type_count) &&
	       a->named_op == b->named_op && same_text(a->named, b->named) &&
	       a->is_ddl == b->is_ddl && a->writes == b->writes && a->explains == b->explains;
}

/* COPY of a relation: its first act is the copying, the second one what we made a text of. */
static bool same_made(const struct qw_statement *copy, const struct qw_statement *made)
{
	return copy->act_count == 2 && made->act_count == 1 &&
	       same_acts(&copy->acts[1], made->acts, 1) && same_relations(copy, made) &&
	       (copy->inner_kind == QW_INNER_COPY_IN || same_columns(copy, made, false));
}

static bool is_proven(struct walk *w, const struct inner_note *note,
	const struct qw_statement *out, struct qw_bytes text, struct qw_arena *scratch)
{
	struct qw_statements s;
	struct walk v;

	spg_walk_init(&v, scratch, w->limits);
	v.is_proof = true;
	w->err = spg_walk_text(text, &v, &s);
	if (w->err || s.problem || s.count != 1)
		return false;
	if (!note->peel_count)
		return same_made(out, &s.list[0]);
	return v.shape == note->shape && same_facts(&note->expected, &s.list[0]);
}

void spg_inner_prove(struct walk *w, const struct inner_note *note, struct qw_statement *out)
{
	struct qw_bytes text = note->made;
	struct qw_arena scratch;

	if (note->kind == QW_INNER_NONE || note->kind == QW_INNER_UNKNOWN)
		return;
	qw_arena_init(&scratch, SCRATCH_MAX);
	if (note->peel_count)
		w->err = spg_inner_range(out->text, note, &scratch, &text);
	if (!w->err && text.n && is_proven(w, note, out, text, &scratch))
		out->inner = text;
	else
		out->inner_kind = QW_INNER_UNKNOWN;
	qw_arena_fini(&scratch);
}
