#include "room.h"

/*
 * What the failure of a write tells of sensitive columns, or its success. A unique index compares what is written with the values
 * of all rows; a foreign key with those of another table; a check looks at columns of the row that the write leaves alone. We walk
 * to all relations that the write reaches: children, partitions, and what foreign keys do to other tables.
 */
enum { STEPS_MAX = 20000, DEPTH_MAX = 64, WALK_BYTES_MAX = 64 << 20 };

struct step { /* a relation that is written, how, and which of its columns */
	const struct catalog_relation *r;
	const struct labels_written *columns;
	size_t count;
	unsigned on; /* one of CATALOG_ON_* */
	bool is_every; /* any column, with any value */
};

struct telling {
	const struct labels *l;
	struct qw_arena *out; /* of the answer */
	struct qw_arena scratch;
	struct labels_tells *list;
	size_t count, cap;
	struct step *steps;
	size_t step_count, step_cap;
	int err; /* NOMEM; LIMIT: it cannot be told */
};

static void *grown(struct qw_arena *arena, void *list, size_t count, size_t *cap, size_t item)
{
	size_t more = *cap ? *cap * 2 : 8;
	void *new;

	if (count < *cap)
		return list;
	new = qw_arena_alloc(arena, more * item);
	if (new && count)
		memcpy(new, list, count * item);
	*cap = new ? more : *cap;
	return new;
}

/* ---- columns of a step ---- */

static const struct labels_written *written(const struct step *s, int16_t attnum)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->columns[i].attnum == attnum)
			return &s->columns[i];
	return NULL;
}

static bool is_generated(const struct step *s, int16_t attnum)
{
	for (size_t i = 0; i < s->r->generated_count; i++)
		if (s->r->generated[i].attnum == attnum)
			return true;
	return false;
}

/* Does the column get another value, be it by being generated anew? 0 is any column. */
static bool is_touched(const struct step *s, int16_t attnum)
{
	if (s->is_every || written(s, attnum) || (attnum == 0 && s->count))
		return true;
	for (size_t i = 0; i < s->r->generated_count; i++) {
		const struct catalog_generated *g = &s->r->generated[i];

		if (g->attnum == attnum && (g->from == 0 || written(s, g->from)))
			return true;
	}
	return false;
}

/* Does who writes know its value? It was sent, or is generated from what was sent. */
static bool is_known(const struct step *s, int16_t attnum)
{
	if (s->is_every || written(s, attnum))
		return !s->is_every;
	for (size_t i = 0; i < s->r->generated_count; i++) {
		const struct catalog_generated *g = &s->r->generated[i];

		if (g->attnum == attnum && (g->from == 0 || !written(s, g->from)))
			return false;
	}
	return is_generated(s, attnum);
}

/* What an INSERT does not mention is NULL: the tree has the defaults. */
static bool is_null(const struct step *s, int16_t attnum)
{
	const struct labels_written *w = written(s, attnum);

	if (s->is_every || is_generated(s, attnum))
		return false;
	return w ? w->value == LABELS_VALUE_NULL : s->on == CATALOG_ON_INSERT;
}

static bool is_one_guess(const struct step *s, int16_t attnum)
{
	const struct labels_written *w = written(s, attnum);

	return is_null(s, attnum) || (w && w->value == LABELS_VALUE_LITERAL && !s->is_every);
}

static bool is_sensitive(const struct telling *t, uint32_t oid, int16_t attnum)
{
	return labels_of(t->l, oid, attnum).kind != LABEL_PLAIN;
}

/* ---- the answer ---- */

static void tell(struct telling *t, const char *said, uint32_t oid, int16_t attnum, bool is_equality)
{
	struct labels_tells *new = grown(t->out, t->list, t->count, &t->cap, sizeof(*new));
	struct label label = labels_of(t->l, oid, attnum);

	if (!new) {
		t->err = QW_E_NOMEM;
		return;
	}
	t->list = new;
	for (size_t i = 0; i < t->count; i++)
		if (new[i].said == said && new[i].label.column == label.column) {
			new[i].is_equality &= is_equality;
			return;
		}
	new[t->count++] = (struct labels_tells){.said = said, .relation_oid = oid, .label = label, .is_equality = is_equality};
}

static void tell_if_sensitive(struct telling *t, const char *said, uint32_t oid, int16_t attnum, bool is_equality)
{
	const struct catalog_relation *r = attnum ? NULL : catalog_find(t->l->catalog, oid);

	if (attnum && is_sensitive(t, oid, attnum))
		tell(t, said, oid, attnum, is_equality);
	for (size_t i = 0; r && i < r->column_count; i++)
		if (is_sensitive(t, oid, r->columns[i].attnum))
			tell(t, said, oid, r->columns[i].attnum, is_equality);
}

/* ---- what one rule tells ---- */

static void unique(struct telling *t, const struct step *s, const struct catalog_rule *rule, const char *said)
{
	bool is_compared = s->on == CATALOG_ON_INSERT, is_guess = rule->is_equality;

	for (size_t i = 0; i < rule->key_count; i++) {
		const struct labels_written *w = written(s, rule->keys[i]);

		if ((rule->nulls_differ && is_null(s, rule->keys[i])) || (w && w->value == LABELS_VALUE_FRESH && !s->is_every))
			return;
		is_compared |= is_touched(s, rule->keys[i]);
		is_guess &= !is_sensitive(t, rule->relation, rule->keys[i]) || is_one_guess(s, rule->keys[i]);
	}
	for (size_t i = 0; i < rule->other_count; i++)
		is_compared |= is_touched(s, rule->others[i]);
	for (size_t i = 0; is_compared && i < rule->key_count; i++)
		tell_if_sensitive(t, said, rule->relation, rule->keys[i], is_guess);
	for (size_t i = 0; is_compared && i < rule->other_count; i++)
		tell_if_sensitive(t, said, rule->relation, rule->others[i], false);
}

/* A value is written: is it in the table that it references? */
static void referencing(struct telling *t, const struct step *s, const struct catalog_rule *rule, const char *said)
{
	bool is_compared = s->on == CATALOG_ON_INSERT, is_guess = rule->is_equality;

	for (size_t i = 0; i < rule->key_count; i++) {
		if (is_null(s, rule->keys[i]))
			return;
		is_compared |= is_touched(s, rule->keys[i]);
		is_guess &= is_one_guess(s, rule->keys[i]) || !(is_sensitive(t, rule->relation, rule->keys[i]) ||
			is_sensitive(t, rule->parent, rule->parent_keys[i]));
	}
	for (size_t i = 0; is_compared && i < rule->key_count; i++) {
		tell_if_sensitive(t, said, rule->parent, rule->parent_keys[i], is_guess);
		if (!is_known(s, rule->keys[i]) && s->on == CATALOG_ON_UPDATE)
			tell_if_sensitive(t, said, rule->relation, rule->keys[i], is_guess);
	}
}

/* A row goes, or its key: do others reference it? They are many rows' values at a time, so no equality opens this. */
static void referenced(struct telling *t, const struct step *s, const struct catalog_rule *rule, const char *said)
{
	bool is_compared = s->on == CATALOG_ON_DELETE;

	for (size_t i = 0; i < rule->key_count; i++)
		is_compared |= is_touched(s, rule->parent_keys[i]);
	for (size_t i = 0; is_compared && i < rule->key_count; i++) {
		tell_if_sensitive(t, said, rule->relation, rule->keys[i], false);
		tell_if_sensitive(t, said, rule->parent, rule->parent_keys[i], false);
	}
}

static bool any_touched(const struct step *s, const int16_t *columns, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_touched(s, columns[i]))
			return true;
	return false;
}

static void unknown_ones(struct telling *t, const struct step *s, const int16_t *columns, size_t count, const char *said)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < s->r->column_count; k++) {
			int16_t attnum = s->r->columns[k].attnum;

			if ((columns[i] == 0 || columns[i] == attnum) && !is_known(s, attnum))
				tell_if_sensitive(t, said, s->r->oid, attnum, false);
		}
}

/* What an INSERT checks was sent with it; an UPDATE checks the rest of the row, too. */
static void check(struct telling *t, const struct step *s, const struct catalog_rule *rule, const char *said)
{
	if (s->on != CATALOG_ON_UPDATE ||
		(rule->is_fixed && !any_touched(s, rule->keys, rule->key_count) && !any_touched(s, rule->others, rule->other_count)))
		return;
	unknown_ones(t, s, rule->keys, rule->key_count, said);
	unknown_ones(t, s, rule->others, rule->other_count, said);
}

static void judge_rule(struct telling *t, const struct step *s, const struct catalog_hazard *h)
{
	if (!h->rule || !h->text || !(h->on & s->on) ||
		policy_hazard_reviewed(t->l->policy, t->l->database, h->text, h->sha256) == POLICY_REVIEWED_YES)
		return;
	switch (h->rule->kind) {
	case CATALOG_UNIQUE:
		unique(t, s, h->rule, h->said);
		return;
	case CATALOG_REFERENCE:
		if (h->rule->relation == s->r->oid && s->on != CATALOG_ON_DELETE)
			referencing(t, s, h->rule, h->said);
		if (h->rule->parent == s->r->oid && s->on != CATALOG_ON_INSERT)
			referenced(t, s, h->rule, h->said);
		return;
	case CATALOG_CHECK:
		check(t, s, h->rule, h->said);
		return;
	}
}

/* ---- the walk ---- */

static void add_step(struct telling *t, const struct step *s)
{
	struct step *steps;

	if (t->err || t->step_count == STEPS_MAX) {
		t->err = t->err ? t->err : QW_E_LIMIT;
		return;
	}
	steps = grown(&t->scratch, t->steps, t->step_count, &t->step_cap, sizeof(*steps));
	if (!steps) {
		t->err = QW_E_LIMIT;
		return;
	}
	t->steps = steps;
	steps[t->step_count++] = *s;
}

static int16_t attnum_named(const struct catalog_relation *r, const char *name)
{
	for (size_t i = 0; i < r->column_count; i++)
		if (strcmp(r->columns[i].name, name) == 0)
			return r->columns[i].attnum;
	return 0;
}

/* The same write, in the numbers of another relation that has the columns by their names. */
static bool translate(struct telling *t, const struct step *from, const struct catalog_relation *to, struct step *out)
{
	struct labels_written *columns = qw_arena_alloc(&t->scratch, (from->count + 1) * sizeof(*columns));

	*out = *from;
	out->r = to;
	out->columns = columns;
	out->count = 0;
	for (size_t i = 0; columns && i < from->count; i++) {
		int at = catalog_column_index(from->r, from->columns[i].attnum);
		int16_t attnum = at < 0 ? 0 : attnum_named(to, from->r->columns[at].name);

		if (attnum)
			columns[out->count++] = (struct labels_written){attnum, from->columns[i].value};
	}
	if (!columns)
		t->err = QW_E_LIMIT;
	return columns != NULL;
}

/* A row that goes to another partition is new there, with all that it holds. */
static bool may_move(const struct step *s, const struct catalog_hazard *h, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (h[i].rule && h[i].for_children && s->on == CATALOG_ON_UPDATE &&
			(any_touched(s, h[i].rule->keys, h[i].rule->key_count) ||
				any_touched(s, h[i].rule->others, h[i].rule->other_count)))
			return true;
	return false;
}

static void step_down(struct telling *t, const struct step *s, bool is_moved)
{
	size_t count;
	const uint32_t *children = catalog_children(t->l->catalog, s->r->oid, &count);

	if (s->on == CATALOG_ON_INSERT && s->r->kind != CATALOG_PARTITIONED)
		return;
	for (size_t i = 0; i < count && !t->err; i++) {
		const struct catalog_relation *child = catalog_find(t->l->catalog, children[i]);
		struct step below;

		if (!child || !translate(t, s, child, &below)) /* of partitioned indexes there are children, too */
			continue;
		below.is_every |= is_moved;
		add_step(t, &below);
	}
}

static bool is_same(const struct step *a, const struct step *b)
{
	if (a->r != b->r || a->on != b->on || a->is_every != b->is_every || a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->columns[i].attnum != b->columns[i].attnum || a->columns[i].value != b->columns[i].value)
			return false;
	return true;
}

/* What a foreign key does is the same each time. */
static void step_over(struct telling *t, const struct step *s, const struct catalog_hazard *h)
{
	const struct catalog_relation *then = catalog_find(t->l->catalog, h->then_relation);
	bool is_hit = s->on == CATALOG_ON_DELETE || !h->rule || any_touched(s, h->rule->parent_keys, h->rule->key_count);
	struct step next = {.r = then, .on = h->then_on, .is_every = !h->rule};
	struct labels_written *columns;

	if (!(h->on & s->on) || !is_hit || !then)
		return;
	if (h->rule && h->then_on == CATALOG_ON_UPDATE) {
		columns = qw_arena_alloc(&t->scratch, (h->rule->key_count + 1) * sizeof(*columns));
		for (size_t i = 0; columns && i < h->rule->key_count; i++)
			columns[i] = (struct labels_written){h->rule->keys[i], LABELS_VALUE_ANY};
		next.columns = columns;
		next.count = h->rule->key_count;
		if (!columns) {
			t->err = QW_E_LIMIT;
			return;
		}
	}
	for (size_t i = 0; i < t->step_count; i++)
		if (is_same(&t->steps[i], &next))
			return;
	add_step(t, &next);
}

static void judge_above(struct telling *t, const struct step *s, const struct catalog_relation *r, unsigned depth)
{
	for (size_t i = 0; i < r->parent_count && depth < DEPTH_MAX && !t->err; i++) {
		const struct catalog_relation *parent = catalog_find(t->l->catalog, r->parents[i]);
		struct step above;
		size_t count;
		const struct catalog_hazard *h = parent ? catalog_hazards(t->l->catalog, parent->oid, &count) : NULL;

		for (size_t k = 0; h && k < count && !t->err; k++)
			if (h[k].rule && h[k].for_children && translate(t, s, parent, &above))
				judge_rule(t, &above, &h[k]);
		if (parent)
			judge_above(t, s, parent, depth + 1);
	}
}

static void judge_step(struct telling *t, const struct step *s)
{
	size_t count;
	const struct catalog_hazard *h = catalog_hazards(t->l->catalog, s->r->oid, &count);

	for (size_t i = 0; i < count && !t->err; i++) {
		judge_rule(t, s, &h[i]);
		if (h[i].then_relation && h[i].then_on != CATALOG_ON_TRUNCATE)
			step_over(t, s, &h[i]);
	}
	if (s->on == CATALOG_ON_UPDATE)
		judge_above(t, s, s->r, 0);
	step_down(t, s, may_move(s, h, count));
}

static void walk(struct telling *t, const struct labels_write *w)
{
	unsigned all = labels_writes_of(w->verb);
	struct step first = {.r = catalog_find(t->l->catalog, w->relation_oid), .columns = w->columns, .count = w->count,
		.is_every = w->is_every || w->verb == QW_VERB_COPY_IN};

	if (!first.r) {
		t->err = QW_E_LIMIT;
		return;
	}
	for (unsigned on = CATALOG_ON_INSERT; on <= CATALOG_ON_DELETE; on <<= 1) {
		first.on = on;
		if (all & on)
			add_step(t, &first);
	}
	for (size_t i = 0; i < t->step_count && !t->err; i++) {
		struct step s = t->steps[i]; /* the list may move */

		judge_step(t, &s);
	}
}

int labels_tells(const struct labels *l, const struct labels_write *w, struct qw_arena *arena, struct labels_tells **out, size_t *count)
{
	struct telling t = {.l = l, .out = arena};

	*out = NULL;
	*count = 0;
	if (l->sensitive_count == 0)
		return 0;
	qw_arena_init(&t.scratch, WALK_BYTES_MAX);
	walk(&t, w);
	if (t.err == QW_E_LIMIT) {
		t.err = 0;
		tell(&t, "something that the gateway cannot tell", w->relation_oid, 0, false);
	}
	qw_arena_fini(&t.scratch);
	*out = t.list;
	*count = t.count;
	return t.err;
}

bool labels_may_tell(const struct labels *l, uint32_t relation_oid, enum qw_verb verb)
{
	const struct labels_write w = {.relation_oid = relation_oid, .verb = verb, .is_every = true};
	struct labels_tells *list;
	struct qw_arena arena;
	size_t count;
	int err;

	qw_arena_init(&arena, WALK_BYTES_MAX);
	err = labels_tells(l, &w, &arena, &list, &count);
	qw_arena_fini(&arena);
	return err || count;
}
