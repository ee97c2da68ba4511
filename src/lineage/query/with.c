/* WITH: each table sees those before it; a recursive one itself. */
#include "../room.h"

enum { ROUNDS_MAX = 16 };

int lineage_rename(struct lineage *f, const struct my_named *names, struct columns *c)
{
	size_t i = 0;

	for (const struct my_named *n = names; n; n = n->next, i++) {
		if (i >= c->count)
			break;
		c->items[i].name = names_heading(n->name);
	}
	if (!names || i == c->count)
		return 0;
	return lineage_refuse(f, "flow.unknown", "columns", "a list of column names is not as long as the columns");
}

int lineage_cte_read(struct lineage *f, const struct cte *c)
{
	if (c->state != CTE_RUNNING)
		return 0;
	if (f->running != c || !c->columns.items)
		return lineage_unsupported(f, "a table of WITH that reads itself by way of another, or before its first rows");
	((struct cte *)(uintptr_t)c)->was_read = true;
	return 0;
}

static bool columns_same(const struct columns *a, const struct columns *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!lineage_same_column(&a->items[i], &b->items[i]))
			return false;
	return true;
}

/* Until what the recursion shows is what it read. */
static int recurse(struct lineage *f, struct scope *up, struct cte *c, const struct cte *ctes, struct columns *out)
{
	struct columns before = {0};
	int rc = 0;

	c->state = CTE_RUNNING;
	f->running = c;
	for (int i = 0; i < ROUNDS_MAX && rc == 0; i++) {
		c->columns = before; /* of the first round: tell_recursion() */
		c->is_seeded = before.items != NULL;
		rc = lineage_query(f, up, ctes, c->written->query, out);
		if (rc == 0)
			rc = lineage_rename(f, c->written->columns, out);
		if (rc || !c->was_read || (before.items && columns_same(&before, out)))
			return rc;
		before = *out;
	}
	return rc ? rc : lineage_unsupported(f, "a recursion whose columns do not come to rest");
}

static int declare(struct lineage *f, struct scope *up, const struct my_cte *written, bool is_recursive, const struct cte **ctes)
{
	const struct cte *running = f->running, *outer = *ctes;
	struct cte *c = qw_arena_alloc(f->arena, sizeof(*c));
	struct columns columns = {0};
	bool locks = f->locks;
	int rc;

	if (!c)
		return QW_E_NOMEM;
	c->written = written;
	c->outer = outer;
	f->locks = false;
	if (is_recursive) {
		*ctes = c;
		rc = recurse(f, up, c, c, &columns);
	} else {
		rc = lineage_query(f, up, outer, written->query, &columns);
		if (rc == 0)
			rc = lineage_rename(f, written->columns, &columns);
	}
	f->locks = locks;
	f->running = running;
	c->columns = columns;
	c->state = CTE_DONE;
	*ctes = c;
	return rc;
}

/* Of those that are declared further down, which some versions see: a table of their name could be meant. */
static int hide(struct lineage *f, const struct my_with *with, const struct cte **ctes)
{
	for (const struct my_cte *w = with->is_recursive ? with->ctes : NULL; w; w = w->next) {
		struct cte *c = qw_arena_alloc(f->arena, sizeof(*c));

		if (!c)
			return QW_E_NOMEM;
		*c = (struct cte){.outer = *ctes, .written = w, .state = CTE_HIDDEN};
		*ctes = c;
	}
	return 0;
}

int lineage_with(struct lineage *f, struct scope *up, const struct my_with *with, const struct cte **ctes)
{
	int rc = with ? hide(f, with, ctes) : 0;

	for (const struct my_cte *w = with ? with->ctes : NULL; w && rc == 0; w = w->next)
		rc = declare(f, up, w, with->is_recursive, ctes);
	return rc;
}
