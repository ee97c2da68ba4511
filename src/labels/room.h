/* Inside the labels room. */
#ifndef QW_LABELS_ROOM_H
#define QW_LABELS_ROOM_H

#include <stdatomic.h>

#include "qw/labels.h"

/* ---- what is read: one place for each relation, labels only where something is sensitive ---- */
struct place {
	bool is_closed; /* a foreign table that nobody reviewed: nothing of it may be read */
	const struct catalog_relation *relation;
	const struct label *said; /* MySQL's views: two for each column, by who names the view and by any pattern; kind MASK or UNKNOWN */
	const struct label *labels; /* parallel to relation->columns; NULL: all PLAIN */
	const char *name; /* "schema.table"; set with labels */
	const char *sensitive; /* the first sensitive column's full name */
	bool has_guarded; /* columns that are definitions of which nothing is known; of the server's own tables */
	bool is_clear; /* reading any of it shows and runs nothing but what is plain; see clear.c */
};

struct labels {
	atomic_size_t refs;
	struct catalog *catalog;
	const struct policy *policy; /* borrowed */
	const char *database;
	struct qw_arena arena; /* owns everything below */
	bool has_masks;
	enum policy_effect unreviewed; /* the role's word on code that nobody has reviewed */
	struct place *places; /* in the catalog's order */
	size_t place_count;
	uint32_t *slots; /* open addressing by oid: index into places + 1, 0 is free */
	size_t slot_count; /* a power of two */
	const struct place **sensitive; /* sorted by relation name */
	size_t sensitive_count;
	const struct place **named; /* every relation, sorted by name */
};

bool labels_is_trusted_foreign(const struct labels *l, const struct catalog_relation *r);
bool labels_has_guarded(const struct labels *l, const struct catalog_relation *r);
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
	const struct policy_role *role;
	uint64_t role_bit;
	struct cell *cells; /* of all relations, one after the other */
	size_t *first; /* index of a relation's first cell */
	uint8_t *depends; /* of each relation: enum depends_state */
	char *text; /* "schema.table.column" while patterns are matched */
	size_t text_bytes;
};

enum { MASK_UNREVIEWED = INT32_MAX, FIRST_USER_OID = 16384 }; /* in cell.mask: policy_unreviewed() of the base column */

/* Fills every cell. */
void labels_resolve(struct work *w);
/* The first mask of the role whose pattern the column's name matches; SIZE_MAX: none. */
size_t labels_direct_mask(struct work *w, const struct catalog_relation *r, size_t column, bool wants_named_relation);
/* Does the view's definition mention anything sensitive? After labels_resolve(). */
bool labels_view_reads(struct work *w, size_t place);
/* clear.c: sets is_clear of every place. Without masks nothing is sensitive and w is NULL. NOMEM. */
int labels_clear(struct labels *l, struct work *w) QW_MUST_CHECK;

/* world.c: like labels_write_hazard; is_unseen: what a tree would show counts, too. */
const char *labels_runs(const struct labels *l, uint32_t relation_oid, enum qw_verb verb, bool is_unseen);
unsigned labels_writes_of(enum qw_verb verb); /* CATALOG_ON_* */
/* tells.c: may any write of this kind tell of a sensitive column? */
bool labels_may_tell(const struct labels *l, uint32_t relation_oid, enum qw_verb verb);
/* knows.c: where in l->named the first of that name is, or would be */
size_t labels_first_named(const struct labels *l, const char *name);
/* Is column reference `i`, which is qualified, a column of every relation that its qualifier may stand for? */
bool labels_is_column(const struct labels *l, const struct qw_statement *s, size_t i);

/* ---- system.c: the server's own catalogs ---- */
enum system_column { SYSTEM_PLAIN, SYSTEM_SECRET /* repeats data, or is a credential */, SYSTEM_DEFINITION };
enum system_column labels_system_column(const char *relation, const char *column);
/* system_mysql.c */
enum system_column labels_system_column_mysql(const char *schema, const char *relation, const char *column);
/* Either. Of relations below FIRST_USER_OID. */
enum system_column labels_system_kind(const struct labels *l, const struct catalog_relation *r, const char *column);
bool labels_system_is_guarded(const struct labels *l, const char *relation, const char *column);
struct functions_entry;
bool labels_system_returns_guarded(const struct labels *l, const struct functions_entry *e);

#endif
