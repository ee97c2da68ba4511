/*
 * What a target database contains. A snapshot is immutable once built and shared by reference count; the upstream room
 * fills a builder with what the server answered. Pure: no I/O here.
 */
#ifndef QW_CATALOG_H
#define QW_CATALOG_H

#include "qw/base.h"

/* Where a view's output column comes from, as the server itself resolved it. */
struct catalog_origin {
	uint32_t relation_oid; /* 0: an expression */
	int16_t attnum;
};

struct catalog_column {
	const char *name;
	int16_t attnum; /* as on the wire; dropped columns are absent */
	uint32_t type_oid;
	struct catalog_origin origin; /* views only: RowDescription origin of the defining query */
};

enum catalog_relkind { CATALOG_TABLE, CATALOG_VIEW, CATALOG_MATVIEW, CATALOG_FOREIGN, CATALOG_PARTITIONED, CATALOG_OTHER };

struct catalog_relation {
	uint32_t oid;
	const char *schema, *name;
	enum catalog_relkind kind;
	struct catalog_column *columns; /* sorted by attnum */
	size_t column_count;
	struct catalog_origin *depends; /* views: every base column that the definition mentions (attnum 0: whole relation) */
	size_t depend_count;
	uint32_t *parents; /* inheritance and partitions: direct parents */
	size_t parent_count;
	bool is_unresolved; /* a view that the server could not describe: all its columns count as sensitive */
};

struct catalog; /* the snapshot */
struct catalog *catalog_ref(struct catalog *c);
void catalog_unref(struct catalog *c); /* NULL is fine */
bool catalog_same(const struct catalog *a, const struct catalog *b); /* hold the same, whatever their generations */
uint64_t catalog_generation(const struct catalog *c);
size_t catalog_count(const struct catalog *c);
const struct catalog_relation *catalog_at(const struct catalog *c, size_t i); /* sorted by oid */
/* Is there a function of this name outside of pg_catalog and information_schema? Attribute notation, x.f, may call it. */
bool catalog_has_function(const struct catalog *c, const char *name);
const struct catalog_relation *catalog_find(const struct catalog *c, uint32_t oid);
/* Index in r->columns, or -1. */
int catalog_column_index(const struct catalog_relation *r, int16_t attnum);

/*
 * ---- building: copies everything it is given ----
 * In any order, but a relation before its columns, and a view's columns before their origins. NOTFOUND: that order was
 * broken (the relation or column is not there); DUPLICATE: added twice; MALFORMED: oid 0, attnum < 1 of a column, no
 * name; NOMEM. What failed changed nothing. Parents and what views depend on need not be in the snapshot.
 */
struct catalog_builder *catalog_builder_new(uint64_t generation); /* NULL: out of memory */
void catalog_builder_free(struct catalog_builder *b);
int catalog_add_relation(struct catalog_builder *b, uint32_t oid, const char *schema, const char *name,
	enum catalog_relkind kind) QW_MUST_CHECK;
int catalog_add_column(struct catalog_builder *b, uint32_t relation_oid, int16_t attnum, const char *name,
	uint32_t type_oid) QW_MUST_CHECK;
int catalog_add_parent(struct catalog_builder *b, uint32_t relation_oid, uint32_t parent_oid) QW_MUST_CHECK;
int catalog_add_depend(struct catalog_builder *b, uint32_t view_oid, struct catalog_origin on) QW_MUST_CHECK;
int catalog_set_origin(struct catalog_builder *b, uint32_t view_oid, int16_t attnum, struct catalog_origin from) QW_MUST_CHECK;
int catalog_set_unresolved(struct catalog_builder *b, uint32_t view_oid) QW_MUST_CHECK;
int catalog_add_function(struct catalog_builder *b, const char *name) QW_MUST_CHECK; /* may come more than once */
struct catalog *catalog_builder_finish(struct catalog_builder *b); /* frees the builder; NULL: out of memory */

#endif
