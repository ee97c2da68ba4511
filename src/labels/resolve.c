#include "room.h"

#include <stdio.h>

/*
 * From masks to labels. Values flow from a table to the tables that inherit from it (a query may
 * name the child), from a child to its parents (a query of the parent returns the child's rows),
 * from a column to those that reference it by a foreign key, and from any of them into views. What
 * cannot be followed (a cycle, a relation that is not in the snapshot, a chain deeper than
 * DEPTH_MAX) counts as sensitive.
 */
enum { DEPTH_MAX = 200 };
enum depends_state { DEPENDS_NEW, DEPENDS_BUSY, DEPENDS_PLAIN, DEPENDS_SENSITIVE };

static void resolve_column(struct work *w, size_t place, size_t column, unsigned depth);

static bool is_system(const struct catalog_relation *r)
{
	return r->oid < FIRST_USER_OID;
}

static bool is_view(const struct catalog_relation *r)
{
	return r->kind == CATALOG_VIEW || r->kind == CATALOG_MATVIEW;
}

static size_t place_index(const struct work *w, uint32_t oid)
{
	const struct place *p = labels_place(w->labels, oid);

	return p ? (size_t)(p - w->labels->places) : SIZE_MAX;
}

static struct cell *cell_at(const struct work *w, size_t place, size_t column)
{
	return &w->cells[w->first[place] + column];
}

static const struct catalog_relation *relation_at(const struct work *w, size_t place)
{
	return w->labels->places[place].relation;
}

/* Parents and children mostly agree on the place: tried first. */
static int column_named(const struct catalog_relation *r, const char *name, size_t hint)
{
	if (hint < r->column_count && strcmp(r->columns[hint].name, name) == 0)
		return (int)hint;
	for (size_t i = 0; i < r->column_count; i++) {
		if (strcmp(r->columns[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static bool is_sensitive(const struct cell *c)
{
	return c->kind != LABEL_PLAIN;
}

static void make_derived(struct cell *c)
{
	if (c->kind == LABEL_PLAIN)
		c->kind = LABEL_DERIVED;
}

static void make_masked(struct cell *c, size_t mask)
{
	if (mask == SIZE_MAX || (c->kind == LABEL_MASK && c->mask <= mask))
		return;
	c->kind = LABEL_MASK;
	c->mask = mask;
}

/* ---- patterns of the policy ---- */

/* `*` as the table's name means all tables that hold data, not a word about one view. */
static bool names_relation(const char *pattern)
{
	const char *last = strrchr(pattern, '.');

	for (const char *p = pattern; last && p < last; p++) {
		if (*p == '*')
			return false;
	}
	return last != NULL;
}

struct match_mode {
	bool folds; /* MySQL: whatever the case (ASCII), of tables too: what is spelled another way is masked rather than missed */
	bool skips_open_schema; /* `*` at the start does not reach the server's own catalogs */
	bool wants_named_relation;
};

static void fold(char *text)
{
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + ('a' - 'A'));
}

/* Text is folded already. */
static bool matches(const char *pattern, const char *text, bool folds)
{
	char folded[1024];

	if (!folds)
		return policy_pattern_match(pattern, text);
	if (strlen(pattern) >= sizeof(folded))
		return true; /* no name is so long: rather masked than missed */
	memcpy(folded, pattern, strlen(pattern) + 1);
	fold(folded);
	return policy_pattern_match(folded, text);
}

static bool mask_matches(const struct policy_mask *m, const char *text, struct match_mode mode)
{
	for (size_t i = 0; i < m->column_count; i++) {
		const char *pattern = m->columns[i];

		if (mode.skips_open_schema && pattern[0] == '*')
			continue;
		if (mode.wants_named_relation && !names_relation(pattern))
			continue;
		if (matches(pattern, text, mode.folds))
			return true;
	}
	return false;
}

/* The first mask of the role that matches the column by its own name; SIZE_MAX: none. */
size_t labels_direct_mask(
	struct work *w, const struct catalog_relation *r, size_t column, bool wants_named_relation)
{
	bool folds = catalog_dialect(w->labels->catalog) == CATALOG_MYSQL;
	struct match_mode mode = {folds, is_system(r), wants_named_relation};
	size_t count = policy_mask_count(w->policy);

	(void)snprintf(
		w->text, w->text_bytes, "%s.%s.%s", r->schema, r->name, r->columns[column].name);
	if (folds)
		fold(w->text);
	for (size_t i = 0; i < count; i++) {
		const struct policy_mask *m = policy_mask_at(w->policy, i);

		if ((m->roles & w->role_bit) && mask_matches(m, w->text, mode))
			return i;
	}
	return SIZE_MAX;
}

/* Nobody has looked at it yet: the policy may say that such columns of its schema are masked until then. */
static void make_unreviewed(struct work *w, size_t place, size_t column)
{
	const struct catalog_relation *r = relation_at(w, place);
	struct policy_column c = {r->schema, r->name, r->columns[column].name};

	if (policy_unreviewed(w->policy, w->role, w->labels->database, &c))
		make_masked(cell_at(w, place, column), MASK_UNREVIEWED);
}

/* ---- tables: down from parents to children ---- */
static void resolve_inherited(struct work *w, size_t place, size_t column, unsigned depth)
{
	const struct catalog_relation *r = relation_at(w, place);
	struct cell *c = cell_at(w, place, column);

	make_masked(c, labels_direct_mask(w, r, column, false));
	make_unreviewed(w, place, column);
	for (size_t i = 0; i < r->parent_count; i++) {
		size_t parent = place_index(w, r->parents[i]);
		struct cell *above;
		int k;

		if (parent == SIZE_MAX) {
			make_derived(c);
			continue;
		}
		k = column_named(relation_at(w, parent), r->columns[column].name, column);
		if (k < 0)
			continue;
		resolve_column(w, parent, (size_t)k, depth + 1);
		above = cell_at(w, parent, (size_t)k);
		if (above->state == CELL_BUSY || above->kind == LABEL_DERIVED)
			make_derived(c);
		make_masked(c, above->kind == LABEL_MASK ? above->mask : SIZE_MAX);
		if (c->base == r && above->state == CELL_DONE) {
			c->base = above->base;
			c->base_column = above->base_column;
		}
	}
}

/* ---- tables: up from children to parents; labels only get stricter, so this ends ---- */
static bool lift_column(struct work *w, size_t place, size_t column, size_t parent)
{
	const struct catalog_column *column_of = &relation_at(w, place)->columns[column];
	const struct cell *c = cell_at(w, place, column);
	struct cell before, *above;
	int k;

	if (!is_sensitive(c))
		return false;
	k = column_named(relation_at(w, parent), column_of->name, column);
	if (k < 0)
		return false;
	above = cell_at(w, parent, (size_t)k);
	before = *above;
	if (c->kind == LABEL_MASK)
		make_masked(above, c->mask);
	else
		make_derived(above);
	return before.kind != above->kind || before.mask != above->mask;
}

/* A generated column repeats what it is made of. Who masks it by its own name decides for it. */
static bool lift_generated(struct work *w, size_t place, const struct catalog_generated *g)
{
	const struct catalog_relation *r = relation_at(w, place);
	int to = catalog_column_index(r, g->attnum), from = catalog_column_index(r, g->from);
	bool sensitive = from >= 0 && is_sensitive(cell_at(w, place, (size_t)from));

	for (size_t k = 0; g->from == 0 && k < r->column_count; k++)
		sensitive |= is_sensitive(cell_at(w, place, k));
	if (to < 0 || !sensitive || is_sensitive(cell_at(w, place, (size_t)to)))
		return false;
	make_derived(cell_at(w, place, (size_t)to));
	return true;
}

/* Its values are those of the column that it references; and so those of the children of its table, as far as they show there. */
static bool take_label(struct work *w, size_t place, size_t column, const struct cell *from, unsigned depth)
{
	const struct catalog_relation *r = relation_at(w, place);
	struct cell *c = cell_at(w, place, column);
	size_t count;
	const uint32_t *children = catalog_children(w->labels->catalog, r->oid, &count);

	if (is_sensitive(c) || depth > DEPTH_MAX)
		return false;
	c->kind = from->kind;
	c->mask = from->mask;
	c->base = from->base;
	c->base_column = from->base_column;
	for (size_t i = 0; i < count; i++) {
		size_t child = place_index(w, children[i]);
		int k = child == SIZE_MAX ? -1 : column_named(relation_at(w, child), r->columns[column].name, column);

		if (k >= 0)
			(void)take_label(w, child, (size_t)k, from, depth + 1);
	}
	return true;
}

static bool lift_reference(struct work *w, size_t place, const struct catalog_rule *rule)
{
	size_t parent = place_index(w, rule->parent);
	bool changed = false;

	for (size_t i = 0; i < rule->key_count && parent != SIZE_MAX; i++) {
		int to = catalog_column_index(relation_at(w, place), rule->keys[i]);
		int from = catalog_column_index(relation_at(w, parent), rule->parent_keys[i]);

		if (to >= 0 && from >= 0 && is_sensitive(cell_at(w, parent, (size_t)from)))
			changed |= take_label(w, place, (size_t)to, cell_at(w, parent, (size_t)from), 0);
	}
	return changed;
}

static bool lift_references(struct work *w, size_t place)
{
	size_t count;
	const struct catalog_hazard *h = catalog_hazards(w->labels->catalog, relation_at(w, place)->oid, &count);
	bool changed = false;

	for (size_t i = 0; i < count; i++)
		if (h[i].rule && h[i].text && h[i].rule->kind == CATALOG_REFERENCE && h[i].rule->relation == relation_at(w, place)->oid)
			changed |= lift_reference(w, place, h[i].rule);
	return changed;
}

static bool lift_relation(struct work *w, size_t place)
{
	const struct catalog_relation *r = relation_at(w, place);
	bool changed = lift_references(w, place);

	for (size_t i = 0; i < r->generated_count; i++)
		changed |= lift_generated(w, place, &r->generated[i]);

	for (size_t i = 0; i < r->parent_count; i++) {
		size_t parent = place_index(w, r->parents[i]);

		for (size_t k = 0; parent != SIZE_MAX && k < r->column_count; k++)
			changed |= lift_column(w, place, k, parent);
	}
	return changed;
}

/* ---- views ---- */
static bool relation_is_sensitive(struct work *w, size_t place, unsigned depth)
{
	bool sensitive = false;

	for (size_t i = 0; i < relation_at(w, place)->column_count; i++) {
		resolve_column(w, place, i, depth + 1);
		sensitive |= cell_at(w, place, i)->state != CELL_DONE ||
			     is_sensitive(cell_at(w, place, i));
	}
	return sensitive;
}

/* The cell behind an origin; NULL: it cannot be told, or is no single column (*plain: harmless). */
static struct cell *origin_cell(
	struct work *w, struct catalog_origin o, unsigned depth, bool *plain)
{
	size_t place = place_index(w, o.relation_oid);
	int k;

	*plain = false;
	if (place == SIZE_MAX)
		return NULL;
	if (o.attnum <= 0) {
		*plain = o.attnum < 0 || !relation_is_sensitive(w, place, depth);
		return NULL;
	}
	k = catalog_column_index(relation_at(w, place), o.attnum);
	if (k < 0)
		return NULL;
	resolve_column(w, place, (size_t)k, depth + 1);
	return cell_at(w, place, (size_t)k);
}

static bool origin_is_sensitive(struct work *w, struct catalog_origin o, unsigned depth)
{
	bool plain;
	const struct cell *c = origin_cell(w, o, depth, &plain);

	return c ? c->state != CELL_DONE || is_sensitive(c) : !plain;
}

/* Does the view's definition mention anything sensitive? Found out once for all its expressions. */
static bool depends_on_sensitive(struct work *w, size_t place, unsigned depth)
{
	const struct catalog_relation *r = relation_at(w, place);
	uint8_t state = DEPENDS_PLAIN;

	if (w->depends[place] != DEPENDS_NEW)
		return w->depends[place] != DEPENDS_PLAIN; /* BUSY: a cycle */
	w->depends[place] = DEPENDS_BUSY;
	for (size_t i = 0; i < r->depend_count && state == DEPENDS_PLAIN; i++) {
		struct catalog_origin on = r->depends[i];

		if (on.relation_oid != r->oid && origin_is_sensitive(w, on, depth))
			state = DEPENDS_SENSITIVE;
	}
	w->depends[place] = state;
	return state != DEPENDS_PLAIN;
}

static void resolve_from_origin(
	struct work *w, struct cell *c, struct catalog_origin origin, unsigned depth)
{
	bool plain;
	const struct cell *from = origin_cell(w, origin, depth, &plain);

	if (!from) {
		if (!plain)
			make_derived(c);
		return;
	}
	if (from->state != CELL_DONE || from->kind == LABEL_DERIVED) {
		make_derived(c);
		return;
	}
	make_masked(c, from->mask);
	c->base = from->base;
	c->base_column = from->base_column;
}

static void resolve_view(struct work *w, size_t place, size_t column, unsigned depth)
{
	const struct catalog_relation *r = relation_at(w, place);
	struct catalog_origin origin = r->columns[column].origin;
	struct cell *c = cell_at(w, place, column);

	if (r->is_unresolved)
		make_derived(c);
	else if (origin.relation_oid != 0)
		resolve_from_origin(w, c, origin, depth);
	else if (depends_on_sensitive(w, place, depth))
		make_derived(c);
	/*
	 * Whoever names this very view decides for it, even what is computed. A pattern with `*`
	 * for the relation speaks of a column name: it may add a mask, but not replace that of the
	 * column that hides behind the name.
	 */
	make_masked(c, labels_direct_mask(w, r, column, is_sensitive(c)));
}

static void resolve_system(struct work *w, size_t place, size_t column)
{
	const struct catalog_relation *r = relation_at(w, place);
	struct cell *c = cell_at(w, place, column);

	if (labels_system_kind(w->labels, r, r->columns[column].name) == SYSTEM_SECRET)
		make_derived(c);
	make_masked(c, labels_direct_mask(w, r, column, false));
}

static void resolve_column(struct work *w, size_t place, size_t column, unsigned depth)
{
	const struct catalog_relation *r = relation_at(w, place);
	struct cell *c = cell_at(w, place, column);

	if (c->state != CELL_NEW)
		return;
	*c = (struct cell){.state = CELL_BUSY,
		.kind = LABEL_PLAIN,
		.mask = SIZE_MAX,
		.base = r,
		.base_column = column};
	if (depth > DEPTH_MAX || strcmp(r->schema, "pg_toast") == 0)
		make_derived(c); /* a TOAST table holds pieces of any column */
	else if (is_view(r))
		resolve_view(w, place, column, depth);
	else if (is_system(r))
		resolve_system(w, place, column);
	else
		resolve_inherited(w, place, column, depth);
	c->state = CELL_DONE;
}

static void resolve_all(struct work *w, bool views)
{
	for (size_t i = 0; i < w->labels->place_count; i++) {
		if (is_view(relation_at(w, i)) != views)
			continue;
		for (size_t k = 0; k < relation_at(w, i)->column_count; k++)
			resolve_column(w, i, k, 0);
	}
}

void labels_resolve(struct work *w)
{
	bool changed = true;

	resolve_all(w, false);
	while (changed) {
		changed = false;
		for (size_t i = 0; i < w->labels->place_count; i++)
			changed |= lift_relation(w, i);
	}
	resolve_all(w, true);
}

bool labels_view_reads(struct work *w, size_t place)
{
	return depends_on_sensitive(w, place, 0);
}
