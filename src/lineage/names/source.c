/* FROM: first every table is opened, from left to right; then the conditions are judged, each among the tables of its join. */
#include "../room.h"

struct opening {
	struct lineage *f;
	struct scope *s;
	bool is_second;
	size_t next; /* second: the range that comes next */
};

static int tree(struct opening *o, const struct my_source *src, struct visible *out);

static int whole_range(struct opening *o, size_t at, struct visible *out)
{
	const struct columns *c = o->s->ranges[at].columns;

	out->items = qw_arena_alloc(o->f->arena, (c->count + 1) * sizeof(struct ref));
	if (!out->items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < c->count; i++)
		out->items[i] = (struct ref){(uint32_t)at, (uint32_t)i};
	out->count = c->count;
	out->first = at;
	out->end = at + 1;
	return 0;
}

int names_add_range(struct lineage *f, struct scope *s, const struct range *r, struct visible *out)
{
	struct opening o = {.f = f, .s = s};

	if (!s->ranges)
		s->ranges = qw_arena_alloc(f->arena, LINEAGE_RANGES_MAX * sizeof(*s->ranges));
	if (!s->ranges)
		return QW_E_NOMEM;
	if (s->range_count >= LINEAGE_RANGES_MAX)
		return lineage_refuse(f, "flow.size", "tables", "more tables are joined than the server would take");
	s->ranges[s->range_count++] = *r;
	return whole_range(&o, s->range_count - 1, out);
}

static int derived(struct opening *o, const struct my_source *src, struct range *r)
{
	struct columns *c = qw_arena_alloc(o->f->arena, sizeof(*c));
	int rc;

	if (!c)
		return QW_E_NOMEM;
	rc = lineage_query(o->f, src->is_lateral ? o->s : o->s->up, o->s->ctes, src->query, c);
	if (rc == 0)
		rc = lineage_rename(o->f, src->columns, c);
	*r = (struct range){.alias = src->alias, .columns = c};
	return rc;
}

/* What the document tells stands in rows: nothing sensitive may go in. */
static int json_table(struct opening *o, const struct my_source *src, struct range *r)
{
	static const struct use document = {
		.rule = "flow.function", .clause = "FROM", .as = "an argument of function", .function = "json_table"};
	struct columns *c = qw_arena_alloc(o->f->arena, sizeof(*c));
	size_t n = 0;

	for (const struct my_named *name = src->columns; name; name = name->next)
		n++;
	if (!c)
		return QW_E_NOMEM;
	*c = lineage_columns_new(o->f, n);
	if (!c->items)
		return QW_E_NOMEM;
	n = 0;
	for (const struct my_named *name = src->columns; name; name = name->next)
		c->items[n++].name = name->name;
	*r = (struct range){.alias = src->alias, .columns = c};
	return lineage_used(o->f, o->s, src->expr, &document);
}

/* LATERAL, JSON_TABLE and points in time see the tables to their left. */
static int see_left(struct opening *o)
{
	struct visible v = {0}, one, more;
	int rc = 0;

	for (size_t i = 0; i < o->s->range_count && rc == 0; i++) {
		rc = whole_range(o, i, &one);
		if (rc == 0)
			rc = names_concat(o->f, &v, &one, &more);
		v = more;
	}
	o->s->visible = v;
	return rc;
}

static int leaf(struct opening *o, const struct my_source *src, struct visible *out)
{
	struct range r = {0};
	int rc = 0;

	if (o->is_second)
		return whole_range(o, o->next++, out);
	if (src->is_lateral || src->expr)
		rc = see_left(o);
	if (rc == 0 && src->kind == MY_SOURCE_QUERY)
		rc = derived(o, src, &r);
	else if (rc == 0 && src->kind == MY_SOURCE_JSON_TABLE)
		rc = json_table(o, src, &r);
	else if (rc == 0)
		rc = names_table(o->f, o->s->ctes, src, &r);
	if (rc == 0 && src->kind != MY_SOURCE_JSON_TABLE)
		rc = lineage_used_all(o->f, o->s, src->expr, &use_from);
	return rc ? rc : names_add_range(o->f, o->s, &r, out);
}

static int condition(struct opening *o, const struct my_source *src, const struct visible *left, const struct visible *right)
{
	struct visible before = o->s->visible;
	int rc;

	if (!o->is_second || !src->expr)
		return 0;
	rc = names_concat(o->f, left, right, &o->s->visible);
	if (rc == 0)
		rc = lineage_condition(o->f, o->s, src->expr, &use_where);
	o->s->visible = before;
	return rc;
}

static int join(struct opening *o, const struct my_source *src, struct visible *out)
{
	struct visible left = {0}, right = {0};
	int rc = tree(o, src->left, &left);

	if (rc == 0)
		rc = tree(o, src->right, &right);
	if (rc == 0)
		rc = condition(o, src, &left, &right);
	return rc ? rc : names_join(o->f, o->s, src, &left, &right, out);
}

static int tree(struct opening *o, const struct my_source *src, struct visible *out)
{
	int rc = lineage_enter(o->f);

	if (rc)
		return rc;
	switch (src->kind) {
	case MY_SOURCE_JOIN:
		rc = join(o, src, out);
		break;
	case MY_SOURCE_DUAL:
		*out = (struct visible){0};
		break;
	case MY_SOURCE_TABLE:
	case MY_SOURCE_QUERY:
	case MY_SOURCE_JSON_TABLE:
		rc = leaf(o, src, out);
		break;
	}
	o->f->depth--;
	return rc;
}

int names_open(struct lineage *f, struct scope *s, const struct my_source *from)
{
	struct opening o = {.f = f, .s = s};
	struct visible v = {0};
	int rc;

	if (!from)
		return 0;
	rc = tree(&o, from, &v);
	if (rc)
		return rc;
	o.is_second = true;
	s->all = v;
	rc = tree(&o, from, &v);
	s->all = (struct visible){0};
	s->visible = v;
	return rc;
}
