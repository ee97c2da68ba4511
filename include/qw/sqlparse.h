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
 * Returns 0 also when the text is refused (out->problem says why, in a sentence for the agent);
 * NOMEM or LIMIT when `arena` is exhausted. `text` must be valid UTF-8 without NUL; anything else is a problem.
 * standard_conforming_strings=on and UTF-8 are assumed: the session pins them.
 */
int sqlparse_postgres(struct qw_bytes text, const struct sqlparse_limits *limits, struct qw_arena *arena,
	struct qw_statements *out) QW_MUST_CHECK;

/* Parses known statements and compares the facts: the parser's private ABI is what we were built for. 0 or UNSUPPORTED. */
int sqlparse_postgres_selfcheck(void) QW_MUST_CHECK;

#endif
