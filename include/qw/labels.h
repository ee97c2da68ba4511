/*
 * Which columns of this database are sensitive to this role: the policy's masks laid over a catalog snapshot, through
 * views, inheritance and partitions. Built once for (snapshot, policy, role), then only read.
 */
#ifndef QW_LABELS_H
#define QW_LABELS_H

#include "qw/catalog.h"
#include "qw/policy.h"

struct labels;
/* NULL: out of memory. Keeps a reference of c, borrows p, which must live longer; database is copied. Any thread may read it. */
struct labels *labels_build(struct catalog *c, const struct policy *p, const struct policy_role *role, const char *database);
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
	/* PLAIN: a definition of the server's catalogs. It may be shown, but literals of data may stand in it: content detectors look
	   at it whatever the policy says of other columns. */
	bool is_definition;
	/* PLAIN: and nothing here says that it holds no data: it may be shown, but nothing may depend on it (flow.definition). */
	bool is_guarded;
};
/* Label of a RowDescription origin. attnum 0 (whole row) of a relation with any sensitive column is DERIVED;
   negative (system columns) is PLAIN. */
struct label labels_of(const struct labels *l, uint32_t relation_oid, int16_t attnum);
const struct catalog *labels_catalog(const struct labels *l); /* borrowed */
/*
 * MySQL, where nobody but lineage.h knows what a view's column shows: what the policy says of the view's own column. True: *out is
 * its mask, whatever is behind it. is_sensitive: what is behind it is; then only who names the view decides, not a pattern like *.email.
 */
bool labels_of_view(const struct labels *l, uint32_t view_oid, int16_t attnum, bool is_sensitive, struct label *out);

/* ---- for content detectors ---- */
/*
 * The names under which a policy may mean a column: its own, of parents, and of what a view shows. 0: it is computed, unknown, or
 * has more than `max`, so it may be any.
 */
size_t labels_names_of(const struct labels *l, uint32_t relation_oid, int16_t attnum, struct policy_column *out, size_t max);
uint32_t labels_type_of(const struct labels *l, uint32_t relation_oid, int16_t attnum); /* OID; 0: unknown */
/* May definitions of the server's catalogs be read through this relation, by it or behind it? Unknown ones: yes. */
bool labels_may_define(const struct labels *l, uint32_t relation_oid);
bool labels_mentions_definitions(const struct labels *l, const struct qw_statement *s); /* by its names, like labels_touched() */

/*
 * Does this statement, as far as its text shows, mention a sensitive column? Conservative: names are matched in every
 * schema when unqualified; stars, whole-row references, renamed columns, attribute notation and natural joins of a
 * relation with sensitive columns count. On true *which names the column or relation ("public.customers.ssn").
 */
bool labels_touched(const struct labels *l, const struct qw_statement *s, const char **which);
/* Does each name stand for a table without children, whatever its schema? Then what is read is what is named. */
bool labels_names_only_tables(const struct labels *l, const struct qw_statement *s);
/* Is every relation that the statement reads or writes in the snapshot? Otherwise the snapshot may be old. */
bool labels_knows(const struct labels *l, const struct qw_statement *s);
/*
 * May column reference `i` of the statement call a user function by attribute notation: x.f, (x).f, where no relation of the
 * statement has a column f that x stands for?
 */
bool labels_may_call(const struct labels *l, const struct qw_statement *s, size_t i);
/* Does it name a relation that has sensitive columns (or a view over one)? */
bool labels_relation_touched(const struct labels *l, const struct qw_statement *s, const char **which);
/*
 * Does it provably touch nothing labelled and run nothing that is not plain, whatever its names resolve to? Any doubt is false:
 * then the server's tree is asked. It says nothing of the acts: the policy judges those all the same.
 */
bool labels_provably_clear(const struct labels *l, const struct qw_statement *s);

/* ---- what the flow asks of the world (flow.h), for one role ---- */
bool labels_relation(const struct labels *l, uint32_t oid, const char **schema, const char **name);
/* A function of the server or a user's; false: unknown. */
bool labels_function(const struct labels *l, uint32_t oid, const char **schema, const char **name);
/* One of the server's that is plain, unchanged; or reviewed by the policy and unchanged since. */
bool labels_function_is_plain(const struct labels *l, uint32_t oid);
/* One of the users' functions of this name that the policy's `reviewed` does not name as it is now; NULL: none. */
const struct catalog_function *labels_unreviewed(const struct labels *l, const char *schema, const char *name);
/* Column (from 1; 0: any) of what a function returns: pg_stat_get_activity's query is DERIVED, pg_get_viewdef's a definition. */
struct label labels_of_function(const struct labels *l, uint32_t function_oid, int16_t column);
/* Does it return definitions in which data may stand, whatever it is called with? */
bool labels_function_is_guarded(const struct labels *l, uint32_t oid);
uint32_t labels_operator_function(const struct labels *l, uint32_t operator_oid); /* 0: unknown */
/* The first thing that a write would also run and that was not reviewed, cascades and children included; NULL: nothing. */
const char *labels_write_hazard(const struct labels *l, uint32_t relation_oid, enum qw_verb verb);
const char *labels_type_hazard(const struct labels *l, uint32_t type_oid);
/*
 * What the server would run, that nobody reviewed, by merely analysing the statement or reading its parameters: constants and
 * parameters are read with the input of their type, and domains check then. To be asked before any Parse; NULL: nothing.
 */
const char *labels_reading_hazard(const struct labels *l, const struct qw_statement *s);
enum labels_value { LABELS_VALUE_ANY, LABELS_VALUE_LITERAL /* a constant, a parameter */, LABELS_VALUE_NULL, LABELS_VALUE_FRESH /* of a sequence */ };
struct labels_written {
	int16_t attnum;
	enum labels_value value;
};
struct labels_write { /* INSERT (what it does not name is NULL), UPDATE, DELETE; COPY_IN: every column */
	uint32_t relation_oid;
	enum qw_verb verb;
	const struct labels_written *columns;
	size_t count;
	bool is_every; /* any column, with any value */
};
struct labels_tells {
	const char *said; /* "unique index people_email_key of public.people [sha256 HEX]" */
	uint32_t relation_oid;
	struct label label; /* of the column that it tells of */
	bool is_equality; /* it tells no more than `column = literal` would */
};
/* What the write's failure or success tells of sensitive columns, without what the policy has reviewed; in the arena. NOMEM. */
int labels_tells(const struct labels *l, const struct labels_write *w, struct qw_arena *arena, struct labels_tells **out,
	size_t *count) QW_MUST_CHECK;
/*
 * The i-th thing that foreign keys do to other relations when this one is written: DELETE public.orders. For policy_judge_act().
 * False: there are no more.
 */
bool labels_cascade(const struct labels *l, uint32_t relation_oid, enum qw_verb verb, size_t i, struct qw_act *out);

#endif
