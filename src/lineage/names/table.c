/* A name in FROM: a table of WITH, a table, a view. */
#include "../room.h"

static int unknown(struct lineage *f, const char *schema, const char *name, const char *why)
{
	return lineage_refuse(f, "flow.unknown", qw_arena_printf(f->arena, "%s%s%s", schema ? schema : "", schema ? "." : "", name),
		qw_arena_printf(f->arena, "the table %s %s", name, why));
}

int names_relation(struct lineage *f, const char *schema, const char *name, const struct catalog_relation **out)
{
	const char *in = schema ? schema : f->database;

	if (!in)
		return unknown(f, NULL, name, "has no database before it, and none is chosen");
	*out = catalog_find_named(f->catalog, in, name);
	return *out ? 0 : unknown(f, in, name, "is not one that the catalog knows");
}

/* Of two names that differ by case alone, the server's set-up tells; the user's text may not have them: the parser sees to it. */
static int find_cte(struct lineage *f, const struct cte *ctes, const char *name, const struct cte **out)
{
	for (const struct cte *c = ctes; c; c = c->outer) {
		if (strcmp(c->written->name, name) == 0) {
			*out = c;
			return c->state == CTE_HIDDEN ? unknown(f, NULL, name, "of WITH is used before it is declared") : 0;
		}
		if (names_match(c->written->name, name) != MATCH_NO)
			return unknown(f, NULL, name, "is named as a table of WITH but for the case of letters");
	}
	*out = NULL;
	return 0;
}

static int table_columns(struct lineage *f, const struct catalog_relation *r, struct columns *out)
{
	*out = lineage_columns_new(f, r->column_count);
	if (!out->items)
		return QW_E_NOMEM;
	for (size_t i = 0; i < r->column_count; i++) {
		const struct catalog_column *c = &r->columns[i];

		out->items[i] = (struct column){.label = labels_of(f->world->labels, r->oid, c->attnum), .is_hidden = c->is_hidden,
			.name = c->name, .relation_oid = r->oid, .type_oid = c->type_oid, .attnum = c->attnum};
	}
	return 0;
}

int names_columns(struct lineage *f, const struct catalog_relation *r, const struct columns **out)
{
	struct known *k;

	if (r->kind == CATALOG_VIEW)
		return names_view(f, r, out);
	for (k = f->known; k; k = (struct known *)(uintptr_t)k->next)
		if (k->oid == r->oid)
			break;
	if (!k) {
		k = qw_arena_alloc(f->arena, sizeof(*k));
		if (!k || table_columns(f, r, &k->columns))
			return QW_E_NOMEM;
		k->oid = r->oid;
		k->next = f->known;
		f->known = k;
	}
	*out = &k->columns;
	return 0;
}

static int open_relation(struct lineage *f, const struct my_source *src, struct range *out)
{
	const struct catalog_relation *r = NULL;
	int rc = names_relation(f, src->schema, src->name, &r);

	if (rc == 0)
		rc = lineage_add_read(f, r->oid);
	if (rc == 0 && f->locks)
		rc = lineage_add_act(f, QW_VERB_SELECT_LOCK, QW_OBJECT_RELATION, r->schema, r->name);
	if (rc == 0)
		rc = names_columns(f, r, &out->columns);
	out->relation = r;
	out->schema = r ? r->schema : NULL;
	return rc;
}

int names_table(struct lineage *f, const struct cte *ctes, const struct my_source *src, struct range *out)
{
	const struct cte *c = NULL;
	int rc = src->schema ? 0 : find_cte(f, ctes, src->name, &c);

	*out = (struct range){.alias = src->alias ? src->alias : src->name};
	if (rc)
		return rc;
	if (!c)
		return open_relation(f, src, out);
	out->columns = &c->columns;
	return lineage_cte_read(f, c);
}
