/* A deep copy of facts, for statements that outlive the arena they were parsed into. */
#include "machine.h"

static const char *copy_text(struct qw_arena *a, const char *s, int *err)
{
	char *p = s ? qw_arena_strdup(a, qw_bytes_from(s)) : NULL;

	if (s && !p)
		*err = QW_E_NOMEM;
	return p;
}

static void *copy_list(struct qw_arena *a, const void *list, size_t n, size_t size, int *err)
{
	void *p = n ? qw_arena_alloc(a, n * size) : NULL;

	if (p)
		memcpy(p, list, n * size);
	else if (n)
		*err = QW_E_NOMEM;
	return p;
}

static void copy_acts(struct qw_arena *a, struct qw_statement *st, int *err)
{
	st->acts = copy_list(a, st->acts, st->act_count, sizeof(*st->acts), err);
	for (size_t i = 0; !*err && i < st->act_count; i++) {
		st->acts[i].kind_name = copy_text(a, st->acts[i].kind_name, err);
		st->acts[i].schema = copy_text(a, st->acts[i].schema, err);
		st->acts[i].name = copy_text(a, st->acts[i].name, err);
		st->acts[i].value = copy_text(a, st->acts[i].value, err);
	}
}

static void copy_names(struct qw_arena *a, struct qw_statement *st, int *err)
{
	st->relations = copy_list(a, st->relations, st->relation_count, sizeof(*st->relations), err);
	for (size_t i = 0; !*err && i < st->relation_count; i++) {
		st->relations[i].schema = copy_text(a, st->relations[i].schema, err);
		st->relations[i].name = copy_text(a, st->relations[i].name, err);
		st->relations[i].alias = copy_text(a, st->relations[i].alias, err);
	}
	st->columns = copy_list(a, st->columns, st->column_count, sizeof(*st->columns), err);
	for (size_t i = 0; !*err && i < st->column_count; i++) {
		st->columns[i].qualifier = copy_text(a, st->columns[i].qualifier, err);
		st->columns[i].name = copy_text(a, st->columns[i].name, err);
	}
	st->named = copy_text(a, st->named, err);
}

static void copy_words(struct qw_arena *a, const char ***list, size_t n, int *err)
{
	*list = copy_list(a, *list, n, sizeof(**list), err);
	for (size_t i = 0; !*err && i < n; i++)
		(*list)[i] = copy_text(a, (*list)[i], err);
}

static void copy_inner(struct qw_arena *a, struct qw_statement *st, int *err)
{
	struct qw_copy *copy = st->copy ? copy_list(a, st->copy, 1, sizeof(*copy), err) : NULL;

	if (copy)
		copy->null_text = copy_text(a, copy->null_text, err);
	st->copy = copy;
	st->inner_types =
		copy_list(a, st->inner_types, st->inner_type_count, sizeof(*st->inner_types), err);
	if (st->inner.n)
		st->inner.p = (const uint8_t *)qw_arena_strdup(a, st->inner);
	if (!st->inner.p && st->inner.n)
		*err = QW_E_NOMEM;
}

int facts_copy(struct qw_arena *a, const struct qw_statements *from, struct qw_statements *to)
{
	int err = 0;

	*to = *from;
	to->problem = copy_text(a, from->problem, &err);
	to->list = copy_list(a, from->list, from->count, sizeof(*to->list), &err);
	for (size_t i = 0; !err && i < to->count; i++) {
		struct qw_statement *st = &to->list[i];

		st->text.p = (const uint8_t *)qw_arena_strdup(a, st->text);
		if (!st->text.p)
			err = QW_E_NOMEM;
		if (!err)
			copy_acts(a, st, &err);
		if (!err)
			copy_names(a, st, &err);
		if (!err)
			copy_words(a, &st->operators, st->operator_count, &err);
		if (!err)
			copy_words(a, &st->types, st->type_count, &err);
		if (!err)
			copy_words(a, &st->literals, st->literal_count, &err);
		if (!err)
			copy_inner(a, st, &err);
	}
	return err;
}
