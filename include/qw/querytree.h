/*
 * The server's own analysed and rewritten tree of a statement, as debug_print_rewritten prints it in a LOG notice. Read
 * strictly: each server version has a table of its node types and their fields in order; whatever is not in it is refused.
 * All memory is the arena's. Pure.
 */
#ifndef QW_QUERYTREE_H
#define QW_QUERYTREE_H

#include "qw/base.h"

enum qtree_kind {
	QTREE_NONE, /* <>: a null node, list, string or datum */
	QTREE_NODE,
	QTREE_LIST, /* of nodes, lists and nulls; or of strings */
	QTREE_NUMBERS, /* a list of integers, OIDs or transaction ids, or a bitmap set */
	QTREE_TOKEN, /* number, boolean, enum value, string, character: text, unescaped */
	QTREE_DATUM /* of a CONST, in the server's memory format; always 8 bytes if constbyval, of which constlen count */
};

struct qtree_node;
struct qtree_value {
	enum qtree_kind kind;
	union {
		const struct qtree_node *node;
		struct {
			const struct qtree_value *items;
			size_t count;
		} list;
		struct {
			const int64_t *items;
			size_t count;
		} numbers;
		struct qw_bytes token; /* NUL after it */
		struct qw_bytes datum;
	};
};
struct qtree_field {
	const char *name; /* as the server prints it, without the colon; static */
	struct qtree_value value;
};
struct qtree_node {
	/* "QUERY", "VAR", "OPEXPR" ...: as servers print it, always by its newest name (RANGETBLENTRY, where 13 and 14 print
	 * RTE; so CASEEXPR, COALESCEEXPR, ROWEXPR ...); static */
	const char *type;
	const struct qtree_field *fields; /* those that this node prints: of a RANGETBLENTRY, those of its rtekind */
	size_t field_count;
};

struct qtree_limits {
	size_t text_bytes_max, depth_max, nodes_max;
};
#define QTREE_LIMITS_DEFAULT ((struct qtree_limits){.text_bytes_max = 16 << 20, .depth_max = 1000, .nodes_max = 1000000})

/* Is there a table for this major version (13 to 18)? */
bool qtree_knows(unsigned server_major);
/*
 * `text`: the DETAIL of the notice, as it came (debug_pretty_print=off: the server breaks its lines after 78 characters).
 * *out: the list of QUERY nodes that the rewriter made (empty: the statement does nothing, as DO INSTEAD NOTHING).
 * MALFORMED, LIMIT, NOMEM, UNSUPPORTED (version, node type): *problem (if not NULL) is a sentence with the offset.
 * Utility statements: utilityStmt is the TOKEN "?" until 15; UNSUPPORTED from 16 on, and CREATE TABLE and CREATE INDEX before.
 * DECLARE CURSOR and NOTIFY are read in every version; but DECLARE's query is not rewritten: its views and policies are not in it.
 */
int qtree_read(unsigned server_major, struct qw_bytes text, const struct qtree_limits *limits, struct qw_arena *arena,
	struct qtree_value *out, const char **problem) QW_MUST_CHECK;

/* ---- looking ---- a field that the node's type does not have is QTREE_NONE: ask for names that the version prints. */
const struct qtree_value *qtree_get(const struct qtree_node *n, const char *field);
bool qtree_has(const struct qtree_node *n, const char *field); /* is there such a field in this node? */
bool qtree_is(const struct qtree_value *v, const char *type); /* is it a node of that type? NULL is none */
/* Numbers of a TOKEN; false when it is none or no such number. */
bool qtree_int(const struct qtree_value *v, int64_t *out);
bool qtree_bool(const struct qtree_value *v, bool *out); /* true, false */

#endif
