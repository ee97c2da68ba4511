/* Inside the catalog room: what a builder makes and a snapshot reads. */
#ifndef QW_CATALOG_SNAPSHOT_H
#define QW_CATALOG_SNAPSHOT_H

#include <stdatomic.h>

#include "qw/catalog.h"

enum {
	CATALOG_BYTES_MAX = 512 << 20
}; /* a database larger than this has no snapshot, and so no access */

struct catalog {
	atomic_size_t refs;
	uint64_t generation;
	struct qw_arena arena; /* owns everything below */
	struct catalog_relation **relations; /* sorted by oid */
	size_t count;
	const char **functions; /* sorted */
	size_t function_count, function_cap;
};

#endif
