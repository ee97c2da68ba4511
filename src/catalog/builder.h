/* Inside the catalog room: a snapshot while it grows. */
#ifndef QW_CATALOG_BUILDER_H
#define QW_CATALOG_BUILDER_H

#include "snapshot.h"

/* A relation while it grows. The public part comes first and is what the snapshot keeps. */
struct growing {
	struct catalog_relation r;
	size_t column_cap, depend_cap, parent_cap, generated_cap;
};

struct catalog_builder {
	struct catalog *c; /* its arena takes all copies from the start */
	struct growing **table; /* open addressing by oid, table_size is a power of two */
	size_t table_size;
	const char *last_schema; /* relations of one schema mostly come together: one copy */
};

/* The array with room for one more, doubled when full; NULL: no memory, the old one stays as it was. */
void *catalog_grown(struct catalog_builder *b, void *old, size_t count, size_t *cap, size_t item);
/* Sorts what running.c was given, once the relations are in their places. NOMEM, CRYPTO. */
int catalog_finish_running(struct catalog_builder *b) QW_MUST_CHECK;

#endif
