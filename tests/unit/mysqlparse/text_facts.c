#include "text_facts.h"

static const char *joined(struct qw_arena *a, const char *left, const char *right)
{
	const char *both = qw_arena_printf(a, "%s%s%s", left, *left && *right ? " " : "", right);

	QW_ASSERT(both);
	return both;
}

static const char *dotted(struct qw_arena *a, const char *schema, const char *name)
{
	const char *both = qw_arena_printf(a, "%s%s%s", schema ? schema : "", schema ? "." : "", name ? name : "*");

	QW_ASSERT(both);
	return both;
}

static const char *act_text(struct qw_arena *a, const struct qw_act *act)
{
	const char *text = qw_verb_name(act->verb);

	if (act->name)
		text = qw_arena_printf(a, "%s:%s", text, dotted(a, act->schema, act->name));
	if (text && act->value)
		text = qw_arena_printf(a, "%s=%s", text, act->value);
	QW_ASSERT(text);
	return text;
}

const char *text_acts(struct qw_arena *a, const struct qw_statement *s)
{
	const char *text = "";

	for (size_t i = 0; i < s->act_count; i++)
		text = joined(a, text, act_text(a, &s->acts[i]));
	return text;
}

static const char *relation_text(struct qw_arena *a, const struct qw_relation *r)
{
	const char *text = qw_arena_printf(a, "%s%s%s%s%s", dotted(a, r->schema, r->name), r->alias ? " AS " : "", r->alias ? r->alias : "",
		r->in_natural_join ? " natural" : "", r->is_written ? " written" : "");

	QW_ASSERT(text);
	return text;
}

static const char *words(struct qw_arena *a, const char *const *list, size_t count)
{
	const char *text = "";

	for (size_t i = 0; i < count; i++)
		text = joined(a, text, list[i]);
	return text;
}

const char *text_all(struct qw_arena *a, const struct qw_statement *s)
{
	const char *relations = "", *columns = "", *text;

	for (size_t i = 0; i < s->relation_count; i++)
		relations = joined(a, relations, qw_arena_printf(a, "[%s]", relation_text(a, &s->relations[i])));
	for (size_t i = 0; i < s->column_count; i++)
		columns = joined(a, columns, dotted(a, s->columns[i].qualifier, s->columns[i].name));
	text = qw_arena_printf(a, "%s | %s | %s | %s | %s | %s%s", text_acts(a, s), relations, columns,
		words(a, s->operators, s->operator_count), words(a, s->types, s->type_count), words(a, s->literals, s->literal_count),
		s->writes ? " | writes" : "");
	QW_ASSERT(text);
	return text;
}

const char *text_line(struct qw_arena *a, const char *text)
{
	char *copy = qw_arena_strdup(a, qw_bytes_from(text));

	QW_ASSERT(copy);
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = '?';
	return copy;
}
