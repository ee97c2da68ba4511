/* Inside the upstream room: one reading of a database's catalog. */
#ifndef QW_UPSTREAM_READING_H
#define QW_UPSTREAM_READING_H

#include "../internal.h"

/* What can be selected from; the tables that hold long values (toast) are there to be known as such. */
#define READING_KINDS "('r','p','v','m','f','S','t')"

struct reading_oids { /* sorted, each once; malloc'd */
	uint32_t *list;
	size_t count, cap;
};

struct reading {
	PGconn *pg;
	struct catalog_builder *b;
	struct upstream_failure *f;
	int64_t deadline_ms;
	unsigned major;
	bool is_verified; /* the fixed functions are those of the version, but for `changed` */
	struct reading_oids changed;
};

int reading_oids_add(struct reading_oids *o, uint32_t oid) QW_MUST_CHECK;
bool reading_oids_has(const struct reading_oids *o, uint32_t oid);
void reading_oids_drop(struct reading_oids *o, uint32_t oid);
void reading_oids_fini(struct reading_oids *o);

int reading_fail(struct reading *rd, const char *what); /* the server's fault: returns IO */
int reading_fail_build(struct reading *rd, int err); /* ours: returns err */
uint32_t reading_oid(const PGresult *r, int row, int column);
int16_t reading_attnum(const PGresult *r, int row, int column);
/* One command; its last result, which is PQcleared by the caller. */
int reading_run(struct reading *rd, const char *sql, ExecStatusType wanted, PGresult **out) QW_MUST_CHECK;
int reading_execute(struct reading *rd, const char *sql) QW_MUST_CHECK;
typedef int (*reading_row_fn)(struct reading *rd, const PGresult *r, int row);
/* Row by row as they arrive: a large catalog is never in memory twice. */
int reading_rows(struct reading *rd, const char *sql, reading_row_fn take) QW_MUST_CHECK;

int reading_functions(struct reading *rd) QW_MUST_CHECK; /* functions.c: functions, operators, types; first */
int reading_hazards(struct reading *rd) QW_MUST_CHECK; /* hazards/hazards.c: after the relations and functions */
int reading_rules(struct reading *rd) QW_MUST_CHECK; /* hazards/rules.c */
int reading_type_hazards(struct reading *rd) QW_MUST_CHECK; /* hazards/types.c */
int reading_quiet(struct reading *rd) QW_MUST_CHECK; /* quiet.c: outside of a transaction: what fails says nothing */

/* expression.c: what the text of a stored expression (pg_node_tree) runs. Scanning adds to what is there. */
struct reading_expression {
	struct reading_oids functions; /* without those that are plain */
	struct reading_oids types; /* that something is cast to, but for the server's own */
	struct reading_oids columns; /* attribute numbers of its variables; 0: a whole row */
};
int reading_expression_scan(const struct reading *rd, const char *tree, struct reading_expression *e) QW_MUST_CHECK;
void reading_expression_fini(struct reading_expression *e);

#endif
