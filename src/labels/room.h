/* Inside the labels room. */
#ifndef QW_LABELS_ROOM_H
#define QW_LABELS_ROOM_H

#include <stdatomic.h>

#include "qw/labels.h"

/* ---- what is read: one place for each relation, labels only where something is sensitive ---- */
struct place {
	const struct catalog_relation *relation;
	const struct label *labels; /* parallel to relation->columns; NULL: all PLAIN */
	const char *name; /* "schema.table"; set with labels */
	const char *sensitive; /* the first sensitive column's full name */
};

struct labels {
	atomic_size_t refs;
	struct catalog *catalog;
	struct qw_arena arena; /* owns everything below */
	bool has_masks;
	struct place *places; /* in the catalog's order */
	size_t place_count;
	uint32_t *slots; /* open addressing by oid: index into places + 1, 0 is free */
	size_t slot_count; /* a power of two */
	const struct place **sensitive; /* sorted by relation name */
	size_t sensitive_count;
	const struct place **named; /* every relation, sorted by name */
};

const struct place *labels_place(const struct labels *l, uint32_t oid);

/* ---- how it is found out ---- */
enum cell_state { CELL_NEW, CELL_BUSY, CELL_DONE };
struct cell { /* one column while labels are built */
	enum cell_state state;
	enum label_kind kind; /* PLAIN, MASK, DERIVED once DONE */
	size_t mask; /* MASK: index in the policy; else SIZE_MAX */
	/* Where the values come from in the end: the domain of a hash. */
	const struct catalog_relation *base;
	size_t base_column;
};

struct work {
	struct labels *labels;
	const struct policy *policy;
	uint64_t role_bit;
	struct cell *cells; /* of all relations, one after the other */
	size_t *first; /* index of a relation's first cell */
	uint8_t *depends; /* of each relation: enum depends_state */
	char *text; /* "schema.table.column" while patterns are matched */
	size_t text_bytes;
};

/* Fills every cell. */
void labels_resolve(struct work *w);

#endif
