/*
 * Which columns of this database are sensitive to this role: the policy's masks laid over a catalog snapshot, through
 * views, inheritance and partitions. Built once for (snapshot, policy, role), then only read.
 */
#ifndef QW_LABELS_H
#define QW_LABELS_H

#include "qw/catalog.h"
#include "qw/policy.h"

struct labels;
/* NULL: out of memory. Keeps a reference of c and borrows p, which must live longer. Ready for any thread to read. */
struct labels *labels_build(struct catalog *c, const struct policy *p, const struct policy_role *role);
struct labels *labels_ref(struct labels *l);
void labels_unref(struct labels *l);
/* The policy has no mask for the role. With masks that match nothing yet it is false: the next table may be the one. */
bool labels_is_empty(const struct labels *l);

enum label_kind {
	LABEL_UNKNOWN, /* zero: the relation or column is not in the snapshot */
	LABEL_PLAIN,
	LABEL_MASK, /* mask_spec and domain are set */
	LABEL_DERIVED /* computed from a sensitive column inside a view, or unresolved: refuse */
};
struct label {
	enum label_kind kind;
	const struct mask_spec *spec;
	const char *domain; /* MASK: "schema.table.column" of the base column, or the mask's own domain */
	const char *column; /* MASK, DERIVED: "schema.table.column" as the agent sees it, for messages and records */
};
/* Label of a RowDescription origin. attnum 0 (whole row) of a relation with any sensitive column is DERIVED;
   negative (system columns) is PLAIN. */
struct label labels_of(const struct labels *l, uint32_t relation_oid, int16_t attnum);

/*
 * Does this statement, as far as its text shows, mention a sensitive column? Conservative: names are matched in every
 * schema when unqualified; stars, whole-row references, renamed columns, attribute notation and natural joins of a
 * relation with sensitive columns count. On true *which names the column or relation ("public.customers.ssn").
 */
bool labels_touched(const struct labels *l, const struct qw_statement *s, const char **which);
/* Is every relation that the statement reads or writes in the snapshot? Otherwise the snapshot may be old. */
bool labels_knows(const struct labels *l, const struct qw_statement *s);
/*
 * May column reference `i` of the statement call a user function by attribute notation: x.f, (x).f, where no relation of the
 * statement has a column f that x stands for?
 */
bool labels_may_call(const struct labels *l, const struct qw_statement *s, size_t i);
/* Does it name a relation that has sensitive columns (or a view over one)? */
bool labels_relation_touched(const struct labels *l, const struct qw_statement *s, const char **which);

#endif
