#include "facts.h"

/*
 * PROBES_MAX bounds what names chosen to collide can cost: beyond it a fact is simply listed twice.
 */
enum { LINEAR_MAX = 12, FIRST_CAP = 8, PROBES_MAX = 64 };

static uint32_t hash_text(uint32_t h, const char *s)
{
	if (!s)
		return h * 31 + 7;
	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return (h ^ 0xff) * 16777619u;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static const char *keep(struct walk *w, const char *s)
{
	char *copy;

	if (!s)
		return NULL;
	copy = qw_arena_strdup(w->arena, qw_bytes_from(s));
	if (!copy)
		w->err = QW_E_NOMEM;
	return copy;
}

/* ---- sets ---- */
typedef bool same_fn(const void *a, const void *b);

static void index_put(struct fact_set *s, size_t item)
{
	for (uint32_t n = 0; n < PROBES_MAX; n++) {
		size_t at = (s->hashes[item] + n) & (s->slot_count - 1);

		if (!s->slots[at]) {
			s->slots[at] = (uint32_t)item + 1;
			return;
		}
	}
}

static bool set_grow(struct walk *w, struct fact_set *s, size_t size)
{
	size_t cap = s->cap ? s->cap * 2 : FIRST_CAP;
	void *items = qw_arena_alloc(w->arena, cap * size);
	uint32_t *hashes = qw_arena_alloc(w->arena, cap * sizeof(*hashes));
	uint32_t *slots =
		cap > LINEAR_MAX ? qw_arena_alloc(w->arena, cap * 2 * sizeof(*slots)) : NULL;

	if (!items || !hashes || (cap > LINEAR_MAX && !slots)) {
		w->err = QW_E_NOMEM;
		return false;
	}
	if (s->count) {
		memcpy(items, s->items, s->count * size);
		memcpy(hashes, s->hashes, s->count * sizeof(*hashes));
	}
	*s = (struct fact_set){.items = items,
		.hashes = hashes,
		.slots = slots,
		.count = s->count,
		.cap = cap,
		.slot_count = slots ? cap * 2 : 0};
	for (size_t i = 0; slots && i < s->count; i++)
		index_put(s, i);
	return true;
}

static void *set_find(
	const struct fact_set *s, size_t size, const void *item, uint32_t hash, same_fn *same)
{
	for (size_t i = 0; !s->slots && i < s->count; i++)
		if (s->hashes[i] == hash && same((const char *)s->items + i * size, item))
			return (char *)s->items + i * size;
	if (!s->slots)
		return NULL;
	for (uint32_t n = 0; n < PROBES_MAX; n++) {
		size_t i = s->slots[(hash + n) & (s->slot_count - 1)];

		if (i == 0)
			return NULL;
		if (s->hashes[i - 1] == hash && same((const char *)s->items + (i - 1) * size, item))
			return (char *)s->items + (i - 1) * size;
	}
	return NULL;
}

static void *set_add(
	struct walk *w, struct fact_set *s, size_t size, const void *item, uint32_t hash)
{
	if (s->count == s->cap && !set_grow(w, s, size))
		return NULL;
	memcpy((char *)s->items + s->count * size, item, size);
	s->hashes[s->count++] = hash;
	if (s->slots)
		index_put(s, s->count - 1);
	return (char *)s->items + (s->count - 1) * size;
}

/* ---- acts ---- */
static bool same_act(const void *left, const void *right)
{
	const struct qw_act *a = left, *b = right;

	return a->verb == b->verb && a->kind == b->kind && a->is_local == b->is_local &&
	       same_text(a->name, b->name) && same_text(a->schema, b->schema) &&
	       same_text(a->value, b->value) && same_text(a->kind_name, b->kind_name);
}

void spg_facts_act(struct walk *w, const struct qw_act *act)
{
	uint32_t hash = hash_text(
		hash_text(hash_text((uint32_t)act->verb + 1, act->name), act->schema), act->value);
	struct qw_act *new;

	w->reads |= act->verb == QW_VERB_SELECT;
	if (w->err || set_find(&w->acts, sizeof(*act), act, hash, same_act))
		return;
	new = set_add(w, &w->acts, sizeof(*act), act, hash);
	if (!new)
		return;
	new->schema = keep(w, act->schema);
	new->name = keep(w, act->name);
	new->value = keep(w, act->value);
	w->out->is_ddl |= qw_verb_is_ddl(act->verb);
	if (act->verb != QW_VERB_CALL || !spg_function_is_harmless(act->schema, act->name))
		w->out->writes |= qw_verb_writes(act->verb);
}

void spg_facts_object(
	struct walk *w, enum qw_verb verb, int object, const char *schema, const char *name)
{
	spg_facts_act(w, &(struct qw_act){.verb = verb,
				 .kind = name ? spg_object_kind(object) : QW_OBJECT_NONE,
				 .kind_name = spg_object_name(object),
				 .schema = name ? schema : NULL,
				 .name = name});
}

void spg_facts_bare(struct walk *w, enum qw_verb verb, const char *kind_name, const char *name)
{
	spg_facts_act(w, &(struct qw_act){.verb = verb,
				 .kind = name ? QW_OBJECT_OTHER : QW_OBJECT_NONE,
				 .kind_name = kind_name,
				 .name = name});
}

void spg_facts_call(struct walk *w, const List *name, const char *kind_name)
{
	if (name)
		spg_facts_act(w, &(struct qw_act){.verb = QW_VERB_CALL,
					 .kind = QW_OBJECT_FUNCTION,
					 .kind_name = kind_name,
					 .schema = spg_name_schema(name),
					 .name = spg_name_last(name)});
}

/* CREATE TEMP names no schema, but pg_temp is where it goes. */
static const char *schema_of(const RangeVar *rv)
{
	if (!rv->schemaname && rv->relpersistence == 't')
		return "pg_temp";
	return rv->schemaname;
}

void spg_facts_relation_act(struct walk *w, enum qw_verb verb, int object, const RangeVar *rv)
{
	spg_facts_act(
		w, &(struct qw_act){.verb = verb,
			   .kind = object == OBJECT_TYPE ? QW_OBJECT_OTHER : QW_OBJECT_RELATION,
			   .kind_name = spg_object_name(object),
			   .schema = schema_of(rv),
			   .name = rv->relname});
}

/* ---- relations ---- */
static bool same_relation(const void *left, const void *right)
{
	const struct qw_relation *a = left, *b = right;

	return same_text(a->name, b->name) && same_text(a->schema, b->schema) &&
	       same_text(a->alias, b->alias);
}

void spg_facts_relation(struct walk *w, const RangeVar *rv, bool in_natural_join, bool is_written)
{
	struct qw_relation r = {.schema = schema_of(rv),
		.name = rv->relname,
		.alias = rv->alias ? rv->alias->aliasname : NULL};
	uint32_t hash = hash_text(hash_text(hash_text(1, r.name), r.schema), r.alias);
	struct qw_relation *known;

	if (w->err)
		return;
	known = set_find(&w->relations, sizeof(r), &r, hash, same_relation);
	if (!known) {
		known = set_add(w, &w->relations, sizeof(r), &r, hash);
		if (!known)
			return;
		known->schema = keep(w, r.schema);
		known->name = keep(w, r.name);
		known->alias = keep(w, r.alias);
	}
	known->has_column_aliases |= rv->alias && rv->alias->colnames;
	known->in_natural_join |= in_natural_join;
	known->is_written |= is_written;
}

/* ---- columns ---- */
static bool same_column(const void *left, const void *right)
{
	const struct qw_colref *a = left, *b = right;

	return a->is_deep == b->is_deep && same_text(a->name, b->name) &&
	       same_text(a->qualifier, b->qualifier);
}

void spg_facts_column(struct walk *w, const char *qualifier, const char *name, bool is_deep)
{
	struct qw_colref c = {.qualifier = qualifier, .name = name, .is_deep = is_deep};
	uint32_t hash = hash_text(hash_text(is_deep ? 2 : 1, name), qualifier);
	struct qw_colref *new;

	if (w->err || set_find(&w->columns, sizeof(c), &c, hash, same_column))
		return;
	new = set_add(w, &w->columns, sizeof(c), &c, hash);
	if (!new)
		return;
	new->qualifier = keep(w, qualifier);
	new->name = keep(w, name);
}

void spg_facts_columns(struct walk *w, const char *qualifier, const List *names)
{
	const ListCell *cell;

	foreach (cell, names) {
		const Node *n = lfirst(cell);

		if (n && IsA(n, String))
			spg_facts_column(w, qualifier, strVal(n), false);
	}
}

/* ---- operators and types ---- */
static bool same_name(const void *left, const void *right)
{
	return strcmp(*(const char *const *)left, *(const char *const *)right) == 0;
}

static void spelled(struct walk *w, struct fact_set *set, const char *name)
{
	uint32_t hash = hash_text(1, name);
	const char **new;

	if (w->err || !name || set_find(set, sizeof(name), &name, hash, same_name))
		return;
	new = set_add(w, set, sizeof(name), &name, hash);
	if (new)
		*new = keep(w, name);
}

/* A schema that is written, and is not the server's own, stays: what is there is nothing of the server's. */
static void spelled_list(struct walk *w, struct fact_set *set, const List *names)
{
	const char *schema = spg_name_schema(names), *last = spg_name_last(names);
	const char *full = last;

	if (last && schema && strcmp(schema, "pg_catalog") != 0)
		full = qw_arena_printf(w->arena, "%s.%s", schema, last);
	if (last && !full)
		w->err = QW_E_NOMEM;
	spelled(w, set, full);
}

static void literal(struct walk *w, const char *text)
{
	if (w->literal_count == w->literal_cap) {
		size_t cap = w->literal_cap ? w->literal_cap * 2 : 16;
		const char **more = qw_arena_alloc(w->arena, cap * sizeof(*more));

		if (!more) {
			w->err = QW_E_NOMEM;
			return;
		}
		if (w->literal_count)
			memcpy(more, w->literals, w->literal_count * sizeof(*more));
		w->literals = more;
		w->literal_cap = cap;
	}
	w->literals[w->literal_count++] = text;
}

void spg_facts_spelled(struct walk *w, const void *node)
{
	const NodeTag tag = nodeTag(node);

	if (tag == T_A_Expr)
		spelled_list(w, &w->operators, ((const A_Expr *)node)->name);
	else if (tag == T_SubLink)
		spelled_list(w, &w->operators, ((const SubLink *)node)->operName);
	else if (tag == T_SortBy)
		spelled_list(w, &w->operators, ((const SortBy *)node)->useOp);
	else if (tag == T_TypeName)
		spelled_list(w, &w->types, ((const TypeName *)node)->names);
	else if (tag == T_A_Const && !((const A_Const *)node)->isnull &&
		 nodeTag(&((const A_Const *)node)->val) == T_String)
		literal(w, ((const A_Const *)node)->val.sval.sval);
}

/* What is written may have been copied from a mask: the session looks at it. */
static void keep_literals(struct walk *w)
{
	struct qw_statement *out = w->out;

	if (!w->literal_count || !(out->writes || out->named_op == QW_NAMED_EXECUTE))
		return;
	out->literals = qw_arena_alloc(w->arena, w->literal_count * sizeof(*out->literals));
	if (!out->literals) {
		w->err = QW_E_NOMEM;
		return;
	}
	for (size_t i = 0; i < w->literal_count && !w->err; i++)
		out->literals[i] = keep(w, w->literals[i]);
	out->literal_count = w->literal_count;
}

/* ---- the rest ---- */
void spg_facts_named(struct walk *w, enum qw_named_op op, const char *name)
{
	w->out->named_op = op;
	w->out->named = keep(w, name);
}

void spg_facts_finish(struct walk *w)
{
	struct qw_statement *out = w->out;
	struct qw_relation *relations;

	if (w->has_query && !w->reads)
		spg_facts_bare(w, QW_VERB_SELECT, "query", NULL);
	relations = w->relations.items;
	for (size_t i = 0; w->join_renames && i < w->relations.count; i++)
		relations[i].has_column_aliases = true;
	if (!w->acts.count)
		spg_walk_refuse(w, "the gateway cannot tell what this statement does");
	out->acts = w->acts.items;
	out->act_count = w->acts.count;
	out->relations = relations;
	out->relation_count = w->relations.count;
	out->columns = w->columns.items;
	out->column_count = w->columns.count;
	out->operators = w->operators.items;
	out->operator_count = w->operators.count;
	out->types = w->types.items;
	out->type_count = w->types.count;
	keep_literals(w);
}
