/* What a join lets names mean: its columns in the order of *, those of USING and NATURAL as one. */
#include "../room.h"

int names_concat(struct lineage *f, const struct visible *left, const struct visible *right, struct visible *out)
{
	out->items = qw_arena_alloc(f->arena, (left->count + right->count + 1) * sizeof(struct ref));
	if (!out->items)
		return QW_E_NOMEM;
	if (left->count)
		memcpy(out->items, left->items, left->count * sizeof(struct ref));
	if (right->count)
		memcpy(out->items + left->count, right->items, right->count * sizeof(struct ref));
	out->count = left->count + right->count;
	out->first = left->first < left->end ? left->first : right->first;
	out->end = right->end > left->end ? right->end : left->end;
	return 0;
}

enum { NOT_FOUND = -1, UNCLEAR = -2 };

static int64_t place_of(const struct scope *s, const struct visible *v, const char *name)
{
	int64_t at = NOT_FOUND;

	for (size_t i = 0; i < v->count; i++) {
		const struct column *c = names_at(s, v->items[i]);
		enum match m = c->name ? names_match(c->name, name) : MATCH_MAYBE;

		if (m == MATCH_MAYBE || (m == MATCH_YES && at != NOT_FOUND))
			return UNCLEAR;
		if (m == MATCH_YES)
			at = (int64_t)i;
	}
	return at;
}

struct joining {
	const struct my_source *join;
	const struct visible *left, *right;
	bool *in_left, *in_right; /* common columns */
	struct visible *out;
};

static int unclear(struct lineage *f, const char *name)
{
	const char *which = name ? name : "one has no name";

	return lineage_refuse(f, "flow.unknown", name ? name : "column",
		qw_arena_printf(f->arena, "it cannot be told which columns USING or NATURAL JOIN compares: %s", which));
}

/* Both sides are compared; what either shows is plain. */
static int common(struct lineage *f, struct scope *s, struct joining *j, size_t left, size_t right)
{
	const struct column *a = names_at(s, j->left->items[left]), *b = names_at(s, j->right->items[right]);

	if (lineage_is_sensitive(a) && !f->is_blind)
		return lineage_refuse_column(f, a, &use_join);
	if (lineage_is_sensitive(b) && !f->is_blind)
		return lineage_refuse_column(f, b, &use_join);
	j->in_left[left] = j->in_right[right] = true;
	return 0;
}

static int using(struct lineage *f, struct scope *s, struct joining *j)
{
	for (const struct my_named *n = j->join->columns; n; n = n->next) {
		int64_t left = place_of(s, j->left, n->name), right = place_of(s, j->right, n->name);
		int rc = left < 0 || right < 0 ? unclear(f, n->name) : common(f, s, j, (size_t)left, (size_t)right);

		if (rc)
			return rc;
	}
	return 0;
}

/* A hidden column is, or is not, compared: that depends on the version. */
static bool is_telling(const struct scope *s, const struct visible *v, const char **name)
{
	for (size_t i = 0; i < v->count; i++) {
		const struct column *c = names_at(s, v->items[i]);

		*name = c->name;
		if (!c->name || c->is_hidden)
			return false;
	}
	return true;
}

static int natural(struct lineage *f, struct scope *s, struct joining *j)
{
	const char *name = NULL;

	if (!is_telling(s, j->left, &name) || !is_telling(s, j->right, &name))
		return unclear(f, name);
	for (size_t i = 0; i < j->left->count; i++) {
		const struct column *c = names_at(s, j->left->items[i]);
		int64_t right = place_of(s, j->right, c->name);
		int rc = right == NOT_FOUND ? 0 : right == UNCLEAR ? unclear(f, c->name) : common(f, s, j, i, (size_t)right);

		if (rc)
			return rc;
	}
	return 0;
}

static void add(struct visible *out, const struct visible *from, const bool *is_common, bool wanted)
{
	for (size_t i = 0; i < from->count; i++)
		if (is_common[i] == wanted)
			out->items[out->count++] = from->items[i];
}

/* Common columns first, in the order of the first table; of a RIGHT JOIN, which the servers turn round, that is the right one. */
static void put_in_order(struct joining *j)
{
	bool turned = j->join->is_outer_right;
	const struct visible *first = turned ? j->right : j->left, *second = turned ? j->left : j->right;
	const bool *in_first = turned ? j->in_right : j->in_left, *in_second = turned ? j->in_left : j->in_right;

	j->out->count = 0;
	add(j->out, first, in_first, true);
	add(j->out, first, in_first, false);
	add(j->out, second, in_second, false);
}

int names_join(struct lineage *f, struct scope *s, const struct my_source *join, const struct visible *left,
	const struct visible *right, struct visible *out)
{
	struct joining j = {.join = join, .left = left, .right = right, .out = out};
	int rc = names_concat(f, left, right, out);

	if (rc == 0)
		rc = lineage_work(f, join->is_natural ? left->count * right->count : left->count + right->count);
	if (rc || (!join->is_natural && !join->columns))
		return rc;
	j.in_left = qw_arena_alloc(f->arena, left->count + 1);
	j.in_right = qw_arena_alloc(f->arena, right->count + 1);
	if (!j.in_left || !j.in_right)
		return QW_E_NOMEM;
	rc = join->is_natural ? natural(f, s, &j) : using(f, s, &j);
	if (rc == 0)
		put_in_order(&j);
	return rc;
}
