#include "room.h"

#include <stdio.h>
#include <stdlib.h>

enum { LABELS_BYTES_MAX = 512 << 20 };

/* ---- the table by oid ---- */
static size_t slot_of(const struct labels *l, uint32_t oid)
{
	size_t i = (oid * UINT32_C(2654435769)) & (l->slot_count - 1);

	while (l->slots[i] && l->places[l->slots[i] - 1].relation->oid != oid)
		i = (i + 1) & (l->slot_count - 1);
	return i;
}

const struct place *labels_place(const struct labels *l, uint32_t oid)
{
	uint32_t at = l->slots[slot_of(l, oid)];

	return at ? &l->places[at - 1] : NULL;
}

static int places_init(struct labels *l)
{
	size_t count = catalog_count(l->catalog);

	l->slot_count = 16;
	while (l->slot_count < count * 2)
		l->slot_count *= 2;
	l->slots = qw_arena_alloc(&l->arena, l->slot_count * sizeof(uint32_t));
	l->places = qw_arena_alloc(&l->arena, count * sizeof(struct place));
	if (!l->slots || !l->places)
		return QW_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		l->places[i].relation = catalog_at(l->catalog, i);
		l->places[i].is_closed = l->places[i].relation->kind == CATALOG_FOREIGN &&
			!labels_is_trusted_foreign(l, l->places[i].relation);
		l->slots[slot_of(l, l->places[i].relation->oid)] = (uint32_t)i + 1;
		l->place_count++;
	}
	return 0;
}

/* ---- from cells to labels ---- */
static const char *column_name(
	struct qw_arena *arena, const struct catalog_relation *r, size_t column)
{
	return qw_arena_printf(arena, "%s.%s.%s", r->schema, r->name, r->columns[column].name);
}

static const struct mask_spec *spec_of(const struct work *w, const struct cell *c)
{
	struct policy_column base = {c->base->schema, c->base->name, c->base->columns[c->base_column].name};

	if (c->mask != MASK_UNREVIEWED)
		return &policy_mask_at(w->policy, c->mask)->spec;
	return policy_unreviewed(w->policy, w->role, w->labels->database, &base);
}

static int label_fill(struct labels *l, const struct work *w, const struct catalog_relation *r,
	size_t column, const struct cell *c, struct label *out)
{
	out->kind = c->kind;
	if (c->kind == LABEL_PLAIN)
		return 0;
	out->column = column_name(&l->arena, r, column);
	if (!out->column)
		return QW_E_NOMEM;
	if (c->kind != LABEL_MASK)
		return 0;
	out->spec = spec_of(w, c);
	if (!out->spec) { /* what came from another table's column, of which the policy says nothing */
		out->kind = LABEL_DERIVED;
		return 0;
	}
	out->domain = out->spec->domain;
	if (!out->domain)
		out->domain = c->base == r ? out->column
					   : column_name(&l->arena, c->base, c->base_column);
	return out->domain ? 0 : QW_E_NOMEM;
}

static int place_fill(
	struct labels *l, const struct work *w, struct place *p, const struct cell *cells)
{
	const struct catalog_relation *r = p->relation;
	struct label *labels;

	labels = qw_arena_alloc(&l->arena, r->column_count * sizeof(struct label));
	p->name = qw_arena_printf(&l->arena, "%s.%s", r->schema, r->name);
	if (!labels || !p->name)
		return QW_E_NOMEM;
	for (size_t i = 0; i < r->column_count; i++) {
		if (label_fill(l, w, r, i, &cells[i], &labels[i]))
			return QW_E_NOMEM;
		if (!p->sensitive && labels[i].kind != LABEL_PLAIN)
			p->sensitive = labels[i].column;
	}
	p->labels = labels;
	l->sensitive[l->sensitive_count++] = p;
	return 0;
}

static bool any_sensitive(const struct cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (cells[i].kind != LABEL_PLAIN)
			return true;
	}
	return false;
}

/* ---- MySQL's views: what the policy says of them, whatever is behind ---- */
static int said_fill(struct labels *l, struct work *w, const struct catalog_relation *r, size_t column, struct label *out)
{
	for (int any = 0; any < 2; any++) {
		size_t mask = labels_direct_mask(w, r, column, !any);
		struct cell c = {.kind = LABEL_MASK, .mask = mask, .base = r, .base_column = column};

		if (mask != SIZE_MAX && label_fill(l, w, r, column, &c, &out[any]))
			return QW_E_NOMEM;
	}
	return 0;
}

static int views_fill(struct labels *l, struct work *w)
{
	for (size_t i = 0; i < l->place_count; i++) {
		const struct catalog_relation *r = l->places[i].relation;
		struct label *said;

		if (r->kind != CATALOG_VIEW || catalog_dialect(l->catalog) != CATALOG_MYSQL)
			continue;
		said = qw_arena_alloc(&l->arena, 2 * r->column_count * sizeof(struct label));
		if (!said)
			return QW_E_NOMEM;
		for (size_t k = 0; k < r->column_count; k++)
			if (said_fill(l, w, r, k, &said[2 * k]))
				return QW_E_NOMEM;
		l->places[i].said = said;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct place *const *left = a, *const *right = b;

	return strcmp((*left)->relation->name, (*right)->relation->name);
}

static int labels_fill(struct labels *l, const struct work *w)
{
	l->sensitive = qw_arena_alloc(&l->arena, l->place_count * sizeof(struct place *));
	if (!l->sensitive)
		return QW_E_NOMEM;
	for (size_t i = 0; i < l->place_count; i++) {
		struct place *p = &l->places[i];
		const struct cell *cells = &w->cells[w->first[i]];

		if (any_sensitive(cells, p->relation->column_count) && place_fill(l, w, p, cells))
			return QW_E_NOMEM;
	}
	if (l->sensitive_count > 1)
		qsort(l->sensitive, l->sensitive_count, sizeof(struct place *), by_name);
	return 0;
}

/* ---- the work in between, in memory of its own ---- */
static size_t longest_name(const struct catalog_relation *r)
{
	size_t longest = 0;

	for (size_t i = 0; i < r->column_count; i++) {
		size_t n = strlen(r->columns[i].name);

		longest = n > longest ? n : longest;
	}
	return longest + strlen(r->schema) + strlen(r->name) + sizeof("..");
}

static int work_init(struct work *w, struct qw_arena *arena)
{
	size_t count = w->labels->place_count, cells = 0;

	w->first = qw_arena_alloc(arena, count * sizeof(size_t));
	w->depends = qw_arena_alloc(arena, count);
	if (!w->first || !w->depends)
		return QW_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct catalog_relation *r = w->labels->places[i].relation;
		size_t n = longest_name(r);

		w->first[i] = cells;
		cells += r->column_count;
		w->text_bytes = n > w->text_bytes ? n : w->text_bytes;
	}
	w->cells = qw_arena_alloc(arena, cells * sizeof(struct cell));
	w->text = qw_arena_alloc(arena, w->text_bytes);
	return w->cells && w->text ? 0 : QW_E_NOMEM;
}

static int labels_compute(struct labels *l, const struct policy *p, const struct policy_role *role)
{
	struct work w = {.labels = l, .policy = p, .role = role, .role_bit = role->id_bit};
	struct qw_arena arena;
	int err;

	qw_arena_init(&arena, LABELS_BYTES_MAX);
	err = work_init(&w, &arena);
	if (!err) {
		labels_resolve(&w);
		err = labels_fill(l, &w);
	}
	if (!err)
		err = views_fill(l, &w);
	if (!err)
		err = labels_clear(l, &w);
	qw_arena_fini(&arena);
	return err;
}

static int names_init(struct labels *l)
{
	l->named = qw_arena_alloc(&l->arena, l->place_count * sizeof(struct place *));
	if (!l->named)
		return QW_E_NOMEM;
	for (size_t i = 0; i < l->place_count; i++)
		l->named[i] = &l->places[i];
	if (l->place_count > 1)
		qsort(l->named, l->place_count, sizeof(struct place *), by_name);
	return 0;
}

struct labels *labels_build(struct catalog *c, const struct policy *p, const struct policy_role *role, const char *database)
{
	struct labels *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return NULL;
	atomic_init(&l->refs, 1);
	l->catalog = catalog_ref(c);
	l->policy = p;
	qw_arena_init(&l->arena, LABELS_BYTES_MAX);
	l->database = qw_arena_strdup(&l->arena, qw_bytes_from(database));
	l->has_masks = policy_has_masks(p, role);
	l->unreviewed = role->unreviewed_code;
	err = l->database ? places_init(l) : QW_E_NOMEM;
	if (!err)
		err = names_init(l);
	if (!err)
		err = l->has_masks ? labels_compute(l, p, role) : labels_clear(l, NULL);
	if (err) {
		labels_unref(l);
		return NULL;
	}
	return l;
}
