/* WITH: each of its queries is judged once, a recursive one until what its columns carry stays the
 * same. */
#include "../room.h"

static int cte_open(struct flow *f, const struct qtree_value *v, struct cte *c)
{
	const struct qtree_value *slots[CTE_FIELD_COUNT], *name, *names;

	if (!shape_read(SHAPE_CTE, v, slots) ||
		!qtree_bool(SLOT(slots, CTE, cterecursive), &c->is_recursive))
		return flow_unsupported(f, "another node", "WITH");
	name = SLOT(slots, CTE, ctename);
	names = SLOT(slots, CTE, ctecolnames);
	if (name->kind != QTREE_TOKEN || (names->kind != QTREE_LIST && names->kind != QTREE_NONE))
		return flow_unsupported(f, "a name", "WITH");
	c->name = (const char *)name->token.p;
	c->query = SLOT(slots, CTE, ctequery);
	c->columns = columns_new(f, names->kind == QTREE_LIST ? names->list.count : 0);
	return c->columns.items ? 0 : QW_E_NOMEM;
}

int scope_open_ctes(struct flow *f, struct scope *s)
{
	const struct qtree_value *list = SLOT(s->slots, QUERY, cteList);
	int rc = 0;

	if (list->kind == QTREE_NONE)
		return 0;
	if (list->kind != QTREE_LIST)
		return flow_unsupported(f, "no list", "WITH");
	s->ctes = qw_arena_alloc(f->arena, (list->list.count + 1) * sizeof(struct cte));
	if (!s->ctes)
		return QW_E_NOMEM;
	s->cte_count = list->list.count;
	for (size_t i = 0; i < s->cte_count && rc == 0; i++)
		rc = cte_open(f, &list->list.items[i], &s->ctes[i]);
	return rc;
}

/* Takes what one more pass found. *changed: the next pass may find more. */
static int absorb(struct flow *f, struct cte *c, const struct columns *found, bool *changed)
{
	*changed = false;
	if (found->count != c->columns.count)
		return flow_unsupported(f, "another number of columns", "WITH RECURSIVE");
	for (size_t i = 0; i < found->count; i++) {
		struct column was = c->columns.items[i];

		if (!column_join(&c->columns.items[i], &found->items[i]))
			return flow_refuse_union(f, &c->columns.items[i], &found->items[i]);
		*changed = *changed || was.is_empty != c->columns.items[i].is_empty ||
			   was.label.is_guarded != c->columns.items[i].label.is_guarded ||
			   was.is_composed != c->columns.items[i].is_composed;
	}
	return 0;
}

/* A column changes a few times at most, from empty to what it carries: so this ends. The last pass has
 * judged with the final columns. */
static int judge_recursive(struct flow *f, struct scope *owner, struct cte *c)
{
	unsigned equalities = f->out->equalities;
	struct columns found;
	bool changed = true;
	int rc = 0;

	while (rc == 0 && changed) {
		f->out->equalities = equalities;
		rc = flow_query(f, owner, c->query, false, &found);
		if (rc == 0)
			rc = absorb(f, c, &found, &changed);
	}
	return rc;
}

static int judge_cte(struct flow *f, struct scope *owner, struct cte *c)
{
	int rc;

	if (c->state == RANGE_DONE || (c->state == RANGE_RUNNING && c->is_recursive))
		return 0;
	if (c->state == RANGE_RUNNING)
		return flow_unsupported(f, "a query that depends on itself", "WITH");
	c->state = RANGE_RUNNING;
	rc = c->is_recursive ? judge_recursive(f, owner, c)
			     : flow_query(f, owner, c->query, false, &c->columns);
	c->state = RANGE_DONE;
	return rc;
}

int scope_judge_ctes(struct flow *f, struct scope *s)
{
	int rc = 0;

	for (size_t i = 0; i < s->cte_count && rc == 0; i++)
		rc = judge_cte(f, s, &s->ctes[i]);
	return rc;
}

int cte_columns(struct flow *f, struct scope *s, const struct range *r, struct columns *out)
{
	const struct qtree_value *name = SLOT(r->slots, RTE, ctename);
	int64_t up;

	if (name->kind != QTREE_TOKEN || !qtree_int(SLOT(r->slots, RTE, ctelevelsup), &up) ||
		up < 0)
		return flow_unsupported(f, "a name", "WITH");
	for (; s && up > 0; up--)
		s = s->up;
	for (size_t i = 0; s && i < s->cte_count; i++) {
		if (strcmp(s->ctes[i].name, (const char *)name->token.p) == 0) {
			int rc = judge_cte(f, s, &s->ctes[i]);

			*out = s->ctes[i].columns;
			return rc;
		}
	}
	return flow_unsupported(f, "a name that is not there", "WITH");
}
