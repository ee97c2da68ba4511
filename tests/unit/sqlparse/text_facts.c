#include "text_facts.h"

static const char *dotted(struct qw_arena *arena, const char *first, const char *second)
{
	return first ? qw_arena_printf(arena, "%s.%s", first, second) : second;
}

static const char *text_act(struct qw_arena *arena, const struct qw_act *a)
{
	const char *name = a->name ? dotted(arena, a->schema, a->name) : NULL;

	return qw_arena_printf(arena, "%s%s%s%s%s%s", qw_verb_name(a->verb), name ? ":" : "",
		name ? name : "", a->value ? "=" : "", a->value ? a->value : "",
		a->is_local ? "!local" : "");
}

const char *text_acts(struct qw_arena *arena, const struct qw_statement *s)
{
	const char *all = "";

	for (size_t i = 0; i < s->act_count; i++)
		all = qw_arena_printf(
			arena, "%s%s%s", all, i ? " " : "", text_act(arena, &s->acts[i]));
	return all;
}

const char *text_columns(struct qw_arena *arena, const struct qw_statement *s)
{
	const char *all = "";

	for (size_t i = 0; i < s->column_count; i++) {
		const struct qw_colref *c = &s->columns[i];

		all = qw_arena_printf(arena, "%s%s%s%s", all, i ? " " : "",
			dotted(arena, c->qualifier, c->name ? c->name : "*"),
			c->is_deep ? "^" : "");
	}
	return all;
}

const char *text_spelled(struct qw_arena *arena, const struct qw_statement *s)
{
	const char *all = "";

	for (size_t i = 0; i < s->operator_count; i++)
		all = qw_arena_printf(arena, "%s%s ", all, s->operators[i]);
	all = qw_arena_printf(arena, "%s|", all);
	for (size_t i = 0; i < s->type_count; i++)
		all = qw_arena_printf(arena, "%s %s", all, s->types[i]);
	return all;
}

const char *text_relations(struct qw_arena *arena, const struct qw_statement *s)
{
	const char *all = "";

	for (size_t i = 0; i < s->relation_count; i++) {
		const struct qw_relation *r = &s->relations[i];

		all = qw_arena_printf(arena, "%s%s%s%s%s%s%s%s%s", all, i ? " " : "",
			dotted(arena, r->schema, r->name), r->alias ? "(" : "",
			r->alias ? r->alias : "", r->alias ? ")" : "",
			r->is_written ? "+written" : "", r->in_natural_join ? "+natural" : "",
			r->has_column_aliases ? "+renamed" : "");
	}
	return all;
}
