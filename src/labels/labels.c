#include "room.h"

#include <stdlib.h>

struct labels *labels_ref(struct labels *l)
{
	if (l)
		atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
	return l;
}

void labels_unref(struct labels *l)
{
	size_t before;

	if (!l)
		return;
	before = atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel);
	QW_ASSERT(before > 0);
	if (before > 1)
		return;
	catalog_unref(l->catalog);
	qw_arena_fini(&l->arena);
	free(l);
}

bool labels_is_empty(const struct labels *l)
{
	return !l->has_masks;
}

static bool is_of_server(const struct catalog_relation *r)
{
	return r->oid < FIRST_USER_OID && strcmp(r->schema, "pg_catalog") == 0;
}

/* What a materialized view took from the catalogs is a definition still. */
static struct label plain_of(const struct labels *l, const struct catalog_relation *r, size_t column)
{
	struct label out = {.kind = LABEL_PLAIN};
	const char *name = r->columns[column].name;

	if (r->kind == CATALOG_MATVIEW)
		out.is_guarded = labels_may_define(l, r->oid);
	out.is_definition = r->oid < FIRST_USER_OID && labels_system_kind(l, r, name) == SYSTEM_DEFINITION;
	if (!is_of_server(r))
		return out;
	out.is_guarded = labels_system_is_guarded(l, r->name, name);
	return out;
}

bool labels_has_guarded(const struct labels *l, const struct catalog_relation *r)
{
	for (size_t i = 0; i < r->column_count; i++)
		if (plain_of(l, r, i).is_guarded)
			return true;
	return false;
}

struct label labels_of(const struct labels *l, uint32_t relation_oid, int16_t attnum)
{
	const struct place *p = labels_place(l, relation_oid);
	int i;

	if (!p)
		return (struct label){.kind = LABEL_UNKNOWN};
	if (attnum < 0 || (attnum == 0 && !p->labels))
		return (struct label){.kind = LABEL_PLAIN, .is_guarded = attnum == 0 && p->has_guarded};
	if (attnum == 0)
		return (struct label){.kind = LABEL_DERIVED, .column = p->sensitive};
	i = catalog_column_index(p->relation, attnum);
	if (i < 0)
		return (struct label){.kind = LABEL_UNKNOWN};
	if (p->labels && p->labels[i].kind != LABEL_PLAIN)
		return p->labels[i];
	if (p->is_closed)
		return (struct label){.kind = LABEL_DERIVED, .column = p->relation->name};
	return plain_of(l, p->relation, (size_t)i);
}

const struct catalog *labels_catalog(const struct labels *l)
{
	return l->catalog;
}

bool labels_of_view(const struct labels *l, uint32_t view_oid, int16_t attnum, bool is_sensitive, struct label *out)
{
	const struct place *p = labels_place(l, view_oid);
	int i = p && p->said ? catalog_column_index(p->relation, attnum) : -1;

	if (i < 0)
		return false;
	*out = p->said[2 * i + (is_sensitive ? 0 : 1)];
	return out->kind == LABEL_MASK;
}
