/* Inside the catalog room: what a builder makes and a snapshot reads. */
#ifndef QW_CATALOG_SNAPSHOT_H
#define QW_CATALOG_SNAPSHOT_H

#include <stdatomic.h>

#include "qw/catalog.h"

enum {
	CATALOG_BYTES_MAX = 512 << 20
}; /* a database larger than this has no snapshot, and so no access */

struct catalog_pair {
	uint32_t key, value;
};
struct catalog_pairs { /* sorted by key, then value, without doubles; values apart, so that a run of them can be shown */
	struct catalog_pair *list;
	uint32_t *values;
	size_t count, cap;
};
struct catalog_names { /* sorted; may hold doubles */
	const char **list;
	size_t count, cap;
};

struct catalog_named_type {
	const char *name;
	uint32_t oid;
};

struct catalog {
	atomic_size_t refs;
	uint64_t generation;
	struct qw_arena arena; /* owns everything below */
	struct catalog_relation **relations; /* sorted by oid */
	size_t count;
	struct catalog_names functions, operator_names, type_names;
	struct catalog_function *known; /* sorted by oid */
	size_t known_count, known_cap;
	struct catalog_named_type *named_types; /* sorted by name, then OID */
	size_t named_type_count, named_type_cap;
	struct catalog_hazard *hazards; /* sorted by subject; as they came within one */
	size_t hazard_count, hazard_cap;
	struct catalog_pairs operators, children, parts, types;
	unsigned server_major;
	bool is_verified;
	enum catalog_dialect dialect;
	bool folds_tables;
	struct catalog_relation **named; /* sorted by schema, then name */
	unsigned quiet; /* CATALOG_QUIET_* */
};

#endif
