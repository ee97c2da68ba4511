/*
 * Information flow of MySQL and MariaDB: flow.h's result, judged on the gateway's own tree (mysqlparse.h), with names resolved by
 * the catalog behind the labels as the server would. What flow.h says of outputs, acts, reads, writes and refusals holds here.
 * Whatever is not known or cannot be resolved is refused. Pure; views are parsed from their definitions.
 *
 * What is the session's to do, since no tree can tell:
 *   - Forward qw_statement.text of the same parse, under the same database, sql_mode and character set; the snapshot behind the
 *     labels must be the newest (its pulse), and no temporary table of the session may have the name of one of its tables.
 *   - Result: as many columns as output_count; each output with an origin must be called as `name` says (letter case apart).
 *     Where the server tells org_table (not empty) for an output without an origin, or none of its tables: abort.
 *   - EXPLAIN, ANALYZE (facts.explains): outputs are those of the statement inside; rows are a plan. Where reads_labelled_count is
 *     not 0, SHOW WARNINGS after it prints values: keep it back until the next statement, and let no other EXPLAIN kind through.
 *   - Parameters of statements with equalities are bound as strings, or refused: text compared with a number is compared as numbers.
 *   - ERR texts and warnings repeat values: code and SQLSTATE only. SHOW WARNINGS, GET DIAGNOSTICS: not in sessions with masks.
 *   - Affected and found rows of a statement that passes depend on nothing sensitive, but for equalities that the policy opened.
 *   - User variables hold nothing sensitive as long as every statement of the session was judged here.
 *   - Statements of MY_STATEMENT_OTHER are judged by their parts (no sensitive column in any) and by what SHOW looks at; their acts
 *     are facts.acts. The text of a PREPARE is judged with it, but its outputs are not told: the session judges it again for EXECUTE.
 */
#ifndef QW_LINEAGE_H
#define QW_LINEAGE_H

#include "qw/flow.h"
#include "qw/mysqlparse.h"

struct lineage_world { /* borrowed for the call */
	const struct labels *labels; /* of a CATALOG_MYSQL */
	const struct mysql_dialect *dialect; /* as the statement was parsed */
	const struct sqlparse_limits *limits; /* for the definitions of views */
	const char *database; /* the current one; NULL: none */
	void *ctx;
	/* As flow_world's. `schema` of the server's own functions is "mysql". NULL: never. */
	bool (*may_apply)(void *ctx, const struct label *column, const char *schema, const char *function);
	bool (*may_compare)(void *ctx, const struct label *column);
};

/* `text`: qw_statement.text of this tree. NOMEM; whatever is not understood is a refusal. */
int lineage_judge(const struct my_statement *s, struct qw_bytes text, const struct lineage_world *world, struct qw_arena *arena,
	struct flow_result *out) QW_MUST_CHECK;

/* The server's own functions, as reviewed: src/lineage/functions.tsv. */
enum lineage_class { /* zero is deny */
	LINEAGE_DENY, /* has an effect, waits, locks, reads files, tells secrets, or was not reviewed: a CALL for the policy */
	LINEAGE_PLAIN, /* no effect but its result, which depends on its arguments and nothing secret */
	LINEAGE_MUCH, /* PLAIN, but may be huge: an entry of flow_result.calls */
	LINEAGE_SESSION, /* tells of the session or the clock, nothing secret: now(), user(), found_rows(), rand() */
	LINEAGE_AGGREGATE
};
enum lineage_class lineage_function_class(enum mysql_flavour flavour, const char *name /* lower case */);

#endif
