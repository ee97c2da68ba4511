#include "builder.h"

#include <stdlib.h>

struct catalog_builder *catalog_builder_new(uint64_t generation)
{
	struct catalog_builder *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->table_size = 256;
	b->table = calloc(b->table_size, sizeof(struct growing *));
	b->c = calloc(1, sizeof(*b->c));
	if (b->c)
		atomic_init(&b->c->refs, 1);
	if (!b->table || !b->c) {
		catalog_builder_free(b);
		return NULL;
	}
	b->c->generation = generation;
	qw_arena_init(&b->c->arena, CATALOG_BYTES_MAX);
	return b;
}

void catalog_builder_free(struct catalog_builder *b)
{
	if (!b)
		return;
	catalog_unref(b->c);
	free(b->table);
	free(b);
}

static size_t slot_of(struct growing *const *table, size_t size, uint32_t oid)
{
	size_t i = (oid * UINT32_C(2654435769)) & (size - 1);

	while (table[i] && table[i]->r.oid != oid)
		i = (i + 1) & (size - 1);
	return i;
}

static struct growing *find(const struct catalog_builder *b, uint32_t oid)
{
	return oid ? b->table[slot_of(b->table, b->table_size, oid)] : NULL;
}

/* Keeps the table at most half full. */
static int make_room(struct catalog_builder *b)
{
	size_t size = b->table_size * 2;
	struct growing **table;

	if (b->c->count < b->table_size / 2)
		return 0;
	table = calloc(size, sizeof(struct growing *));
	if (!table)
		return QW_E_NOMEM;
	for (size_t i = 0; i < b->table_size; i++) {
		if (b->table[i])
			table[slot_of(table, size, b->table[i]->r.oid)] = b->table[i];
	}
	free(b->table);
	b->table = table;
	b->table_size = size;
	return 0;
}

int catalog_add_relation(struct catalog_builder *b, uint32_t oid, const char *schema,
	const char *name, enum catalog_relkind kind)
{
	struct qw_arena *arena = &b->c->arena;
	struct growing *g;

	if (oid == 0 || !schema || !name)
		return QW_E_MALFORMED;
	if (find(b, oid))
		return QW_E_DUPLICATE;
	if (make_room(b))
		return QW_E_NOMEM;
	if (!b->last_schema || strcmp(b->last_schema, schema) != 0)
		b->last_schema = qw_arena_strdup(arena, qw_bytes_from(schema));
	g = qw_arena_alloc(arena, sizeof(*g));
	if (!g || !b->last_schema)
		return QW_E_NOMEM;
	g->r = (struct catalog_relation){.oid = oid, .schema = b->last_schema, .kind = kind};
	g->r.name = qw_arena_strdup(arena, qw_bytes_from(name));
	if (!g->r.name)
		return QW_E_NOMEM;
	b->table[slot_of(b->table, b->table_size, oid)] = g;
	b->c->count++;
	return 0;
}

void *catalog_grown(struct catalog_builder *b, void *old, size_t count, size_t *cap, size_t item)
{
	size_t more = *cap ? *cap * 2 : 4;
	void *p;

	if (count < *cap)
		return old;
	p = qw_arena_alloc(&b->c->arena, more * item);
	if (!p)
		return NULL;
	if (count)
		memcpy(p, old, count * item);
	*cap = more;
	return p;
}

int catalog_add_column(struct catalog_builder *b, uint32_t relation_oid, int16_t attnum,
	const char *name, uint32_t type_oid)
{
	struct growing *g = find(b, relation_oid);
	struct catalog_column *columns;
	const char *copy;
	size_t at;

	if (attnum < 1 || !name)
		return QW_E_MALFORMED;
	if (!g)
		return QW_E_NOTFOUND;
	if (catalog_column_index(&g->r, attnum) >= 0)
		return QW_E_DUPLICATE;
	copy = qw_arena_strdup(&b->c->arena, qw_bytes_from(name));
	columns = catalog_grown(b, g->r.columns, g->r.column_count, &g->column_cap, sizeof(*columns));
	if (!columns || !copy)
		return QW_E_NOMEM;
	g->r.columns = columns;
	for (at = g->r.column_count; at > 0 && columns[at - 1].attnum > attnum; at--)
		columns[at] = columns[at - 1];
	columns[at] = (struct catalog_column){.name = copy, .attnum = attnum, .type_oid = type_oid};
	g->r.column_count++;
	return 0;
}

int catalog_add_parent(struct catalog_builder *b, uint32_t relation_oid, uint32_t parent_oid)
{
	struct growing *g = find(b, relation_oid);
	uint32_t *parents;

	if (parent_oid == 0)
		return QW_E_MALFORMED;
	if (!g)
		return QW_E_NOTFOUND;
	parents = catalog_grown(b, g->r.parents, g->r.parent_count, &g->parent_cap, sizeof(*parents));
	if (!parents)
		return QW_E_NOMEM;
	parents[g->r.parent_count++] = parent_oid;
	g->r.parents = parents;
	return 0;
}

int catalog_add_depend(struct catalog_builder *b, uint32_t view_oid, struct catalog_origin on)
{
	struct growing *g = find(b, view_oid);
	struct catalog_origin *depends;

	if (on.relation_oid == 0)
		return QW_E_MALFORMED;
	if (!g)
		return QW_E_NOTFOUND;
	depends = catalog_grown(b, g->r.depends, g->r.depend_count, &g->depend_cap, sizeof(*depends));
	if (!depends)
		return QW_E_NOMEM;
	depends[g->r.depend_count++] = on;
	g->r.depends = depends;
	return 0;
}

int catalog_add_generated(struct catalog_builder *b, uint32_t relation_oid, struct catalog_generated g)
{
	struct growing *r = find(b, relation_oid);
	struct catalog_generated *list;

	if (g.attnum < 1)
		return QW_E_MALFORMED;
	if (!r)
		return QW_E_NOTFOUND;
	list = catalog_grown(b, r->r.generated, r->r.generated_count, &r->generated_cap, sizeof(*list));
	if (!list)
		return QW_E_NOMEM;
	list[r->r.generated_count++] = g;
	r->r.generated = list;
	return 0;
}

int catalog_set_origin(
	struct catalog_builder *b, uint32_t view_oid, int16_t attnum, struct catalog_origin from)
{
	struct growing *g = find(b, view_oid);
	int i = g ? catalog_column_index(&g->r, attnum) : -1;

	if (!g || i < 0)
		return QW_E_NOTFOUND;
	g->r.columns[i].origin = from;
	return 0;
}

int catalog_set_unresolved(struct catalog_builder *b, uint32_t view_oid)
{
	struct growing *g = find(b, view_oid);

	if (!g)
		return QW_E_NOTFOUND;
	g->r.is_unresolved = true;
	return 0;
}

void catalog_set_mysql(struct catalog_builder *b, bool folds_tables)
{
	b->c->dialect = CATALOG_MYSQL;
	b->c->folds_tables = folds_tables;
}

int catalog_set_hidden(struct catalog_builder *b, uint32_t relation_oid, int16_t attnum)
{
	struct growing *g = find(b, relation_oid);
	int i = g ? catalog_column_index(&g->r, attnum) : -1;

	if (i < 0)
		return QW_E_NOTFOUND;
	g->r.columns[i].is_hidden = true;
	return 0;
}

int catalog_set_definition(struct catalog_builder *b, uint32_t view_oid, const char *text)
{
	struct growing *g = find(b, view_oid);
	const char *copy = g && text ? qw_arena_strdup(&b->c->arena, qw_bytes_from(text)) : NULL;

	if (!text)
		return QW_E_MALFORMED;
	if (!g)
		return QW_E_NOTFOUND;
	if (!copy)
		return QW_E_NOMEM;
	g->r.definition = copy;
	return 0;
}

static int by_oid(const void *a, const void *b)
{
	const struct catalog_relation *const *left = a, *const *right = b;

	return ((*left)->oid > (*right)->oid) - ((*left)->oid < (*right)->oid);
}

static int by_names(const void *a, const void *b)
{
	const struct catalog_relation *const *left = a, *const *right = b;
	int order = strcmp((*left)->schema, (*right)->schema);

	return order ? order : strcmp((*left)->name, (*right)->name);
}

static int take_relations(struct catalog_builder *b)
{
	struct catalog *c = b->c;
	size_t n = 0;

	c->relations = qw_arena_alloc(&c->arena, c->count * sizeof(struct catalog_relation *));
	c->named = qw_arena_alloc(&c->arena, c->count * sizeof(struct catalog_relation *));
	if (!c->relations || !c->named)
		return QW_E_NOMEM;
	for (size_t i = 0; i < b->table_size; i++) {
		if (b->table[i])
			c->relations[n++] = &b->table[i]->r;
	}
	QW_ASSERT(n == c->count);
	if (n)
		memcpy(c->named, c->relations, n * sizeof(struct catalog_relation *));
	if (n > 1) {
		qsort(c->relations, n, sizeof(struct catalog_relation *), by_oid);
		qsort(c->named, n, sizeof(struct catalog_relation *), by_names);
	}
	return 0;
}

struct catalog *catalog_builder_finish(struct catalog_builder *b)
{
	struct catalog *c = b->c;

	if (take_relations(b) || catalog_finish_running(b)) {
		catalog_builder_free(b);
		return NULL;
	}
	b->c = NULL;
	catalog_builder_free(b);
	return c;
}
