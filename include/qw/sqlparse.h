/*
 * text -> facts. Pure apart from libpg_query's own thread-local memory. Safe from any thread of a fixed pool
 * (each thread that parses uses one pthread key for ever).
 */
#ifndef QW_SQLPARSE_H
#define QW_SQLPARSE_H

#include "qw/statement.h"

struct sqlparse_limits {
	size_t text_bytes_max; /* longer text is refused unparsed */
	size_t depth_max; /* nesting of the tree */
	size_t statements_max; /* in one text */
	size_t nodes_max;
};
#define SQLPARSE_LIMITS_DEFAULT \
	((struct sqlparse_limits){.text_bytes_max = 1 << 20, .depth_max = 2000, .statements_max = 1000, .nodes_max = 1000000})

/*
 * What qw_statement.inner gives: the text of one statement that does what the wrapper would make of it, and that does show a tree
 * when it is analysed. Proven: it was parsed again, and shows the same facts and nodes as the part of the wrapper.
 *   EXPLAIN q, PREPARE AS q, DECLARE FOR q, CREATE TABLE/MATERIALIZED VIEW AS q, COPY (q) TO: q, a range of the wrapper's own
 *     bytes. EXPLAIN of DECLARE, CREATE AS: kind EXPLAIN and the innermost q. Where q is EXECUTE: "EXECUTE p(..)", by itself.
 *   COPY t (c) TO: made in the arena, SELECT "c" FROM ONLY "t"; without columns SELECT *. Careful: COPY without columns leaves out
 *     generated columns, SELECT * does not. When CopyOutResponse counts fewer columns than the tree, positions are unknown: refuse.
 *   COPY t (c) FROM: INSERT INTO "t" ("c") VALUES ($1); without columns INSERT INTO "t" DEFAULT VALUES. With WHERE: UNKNOWN.
 *   UNKNOWN: SELECT INTO, EXPLAIN REFRESH, types of PREPARE that are not built in, anything that could not be proven.
 */

/* How the data of COPY ... TO looks: as the server of any known major would take the options. */
enum qw_copy_format { QW_COPY_TEXT, QW_COPY_CSV, QW_COPY_BINARY };
struct qw_copy {
	bool is_known; /* false: an option that is unknown, invalid or unusual; nothing below holds but is_to_client */
	bool is_to_client; /* STDOUT, not a file or program of the server */
	enum qw_copy_format format;
	char delimiter, quote, escape; /* ASCII, never a line end; quote and escape: CSV */
	const char *null_text; /* TEXT "\\N", CSV "" unless told; not for BINARY */
	bool has_header; /* the first line holds names */
	bool force_quote_any, force_quote_all; /* FORCE_QUOTE: of some columns or of all */
};

/*
 * Returns 0 also when the text is refused (out->problem says why, in a sentence for the agent);
 * NOMEM or LIMIT when `arena` is exhausted. `text` must be valid UTF-8 without NUL; anything else is a problem.
 * standard_conforming_strings=on and UTF-8 are assumed: the session pins them.
 */
int sqlparse_postgres(struct qw_bytes text, const struct sqlparse_limits *limits, struct qw_arena *arena,
	struct qw_statements *out) QW_MUST_CHECK;

/* Parses known statements and compares the facts: the parser's private ABI is what we were built for. 0 or UNSUPPORTED. */
int sqlparse_postgres_selfcheck(void) QW_MUST_CHECK;

#endif
