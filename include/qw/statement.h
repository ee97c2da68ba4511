/* What a statement does, in words that hold for every SQL dialect. sqlparse makes it, policy and labels judge it.
   All pointers are borrowed from the arena that was given to the parser. */
#ifndef QW_STATEMENT_H
#define QW_STATEMENT_H

#include "qw/base.h"

/*
 * Verbs: classes of parsed statements. The dotted name is what a policy file says; "ddl.*" matches every verb below it.
 * `sensitive` (third column) marks the verbs that a bare "*" in a policy does not match: they must be named.
 */
#define QW_VERBS(X) \
	X(UNPARSED, "unparsed", true) /* text that the grammar or the facts cannot describe */ \
	X(SELECT, "select", false) \
	X(SELECT_LOCK, "select.lock", false) /* FOR UPDATE, FOR SHARE ... */ \
	X(INSERT, "insert", false) \
	X(UPDATE, "update", false) \
	X(UPSERT, "upsert", false) /* ON CONFLICT DO UPDATE, besides insert */ \
	X(DELETE, "delete", false) \
	X(MERGE, "merge", false) /* besides the insert, update, delete that it holds */ \
	X(TRUNCATE, "truncate", false) \
	X(COPY_OUT, "copy.out", false) /* to the client */ \
	X(COPY_IN, "copy.in", false) /* from the client */ \
	X(COPY_FILE, "copy.file", false) /* a file of the server, either way */ \
	X(COPY_PROGRAM, "copy.program", false) /* a program on the server, either way */ \
	X(CALL, "call", false) /* a function, procedure or aggregate is called: object is its name */ \
	X(DO, "do", false) /* an anonymous block: opaque */ \
	X(EXPLAIN, "explain", false) \
	X(EXPLAIN_ANALYZE, "explain.analyze", false) \
	X(SHOW, "show", false) /* object: setting */ \
	X(SET, "set", false) /* object: setting; also set_config() and RESET */ \
	X(SET_PINNED, "set.pinned", true) /* would unpin client_encoding or standard_conforming_strings */ \
	X(SET_ROLE, "set.role", false) /* role, session_authorization */ \
	X(RESET_ALL, "set.reset_all", false) /* RESET ALL */ \
	X(DISCARD, "discard", false) \
	X(TX_BEGIN, "tx.begin", false) \
	X(TX_COMMIT, "tx.commit", false) \
	X(TX_ROLLBACK, "tx.rollback", false) \
	X(TX_SAVEPOINT, "tx.savepoint", false) /* SAVEPOINT, RELEASE */ \
	X(TX_ROLLBACK_TO, "tx.rollback_to", false) \
	X(TX_SET, "tx.set", false) /* SET TRANSACTION, SET SESSION CHARACTERISTICS */ \
	X(TX_TWO_PHASE, "tx.two_phase", false) \
	X(PREPARE, "prepare", false) /* besides the verbs of what is prepared */ \
	X(EXECUTE, "execute", false) /* the session adds the verbs of what was prepared */ \
	X(DEALLOCATE, "deallocate", false) \
	X(CURSOR_DECLARE, "cursor.declare", false) \
	X(CURSOR_FETCH, "cursor.fetch", false) /* FETCH, MOVE */ \
	X(CURSOR_CLOSE, "cursor.close", false) \
	X(LISTEN, "listen", false) \
	X(UNLISTEN, "unlisten", false) \
	X(NOTIFY, "notify", false) \
	X(LOCK, "lock", false) \
	X(CHECKPOINT, "admin.checkpoint", false) \
	X(LOAD, "admin.load", false) \
	X(ALTER_SYSTEM, "admin.alter_system", false) /* also SET GLOBAL, PERSIST */ \
	X(ADMIN_SERVER, "admin.server", false) /* MySQL: FLUSH, RESET, PURGE, SHUTDOWN, BACKUP, replication ... */ \
	X(KILL, "admin.kill", false) /* MySQL: object: "connection", "query": its number when written as one; "user" */ \
	X(HANDLER, "handler", true) /* MySQL: reads rows past every query */ \
	X(FASTPATH, "fastpath", true) /* FunctionCall message: no SQL at all */ \
	X(MAINTAIN, "ddl.maintain", false) /* VACUUM, ANALYZE, REINDEX, CLUSTER, REFRESH */ \
	X(DDL_CREATE, "ddl.create", false) \
	X(DDL_CREATE_AS, "ddl.create_as", false) /* CREATE TABLE AS, SELECT INTO, materialized view */ \
	X(DDL_REPLACE, "ddl.replace", false) /* CREATE OR REPLACE: what stood there is gone */ \
	X(DDL_ALTER, "ddl.alter", false) \
	X(DDL_ALTER_DROP, "ddl.alter_drop", false) /* ALTER that removes a column, constraint, default, value */ \
	X(DDL_RENAME, "ddl.rename", false) \
	X(DDL_DROP, "ddl.drop", false) \
	X(DDL_GRANT, "ddl.grant", false) /* GRANT, REVOKE, default privileges, REASSIGN OWNED */ \
	X(DDL_ROLE, "ddl.role", false) /* CREATE, ALTER ROLE, USER, GROUP */ \
	X(DDL_COMMENT, "ddl.comment", false) /* COMMENT, SECURITY LABEL */ \
	X(DDL_OTHER, "ddl.other", false)

enum qw_verb {
#define X(id, name, sensitive) QW_VERB_##id,
	QW_VERBS(X)
#undef X
	QW_VERB_COUNT
};
const char *qw_verb_name(enum qw_verb v);
bool qw_verb_is_sensitive(enum qw_verb v);
bool qw_verb_writes(enum qw_verb v); /* may change data or schema: the record must be on disk first */
bool qw_verb_is_ddl(enum qw_verb v);

enum qw_object_kind {
	QW_OBJECT_NONE, QW_OBJECT_RELATION, /* table, view, sequence, index, foreign table */
	QW_OBJECT_FUNCTION, QW_OBJECT_SETTING, /* function, procedure, aggregate; name of a setting is lower case */
	QW_OBJECT_OTHER /* schema, type, role, ...: kind_name tells */
};

/* One thing the statement does to one object: it is judged act by act. */
struct qw_act {
	enum qw_verb verb;
	enum qw_object_kind kind;
	const char *kind_name; /* "table", "setting", ...; never NULL. DROP TRIGGER x ON s.t: RELATION "trigger" s.t */
	const char *schema; /* NULL when the text does not qualify it; "pg_temp" for CREATE TEMP */
	const char *name; /* NULL when there is none, or it cannot be told; exact case, cut to 63 bytes as the server does */
	const char *value; /* SET: the literal value, NULL when it is none (DEFAULT, expression) */
	bool is_local; /* SET LOCAL, set_config(.., true) */
};

/* A relation named in FROM, INTO, USING ...; common table expressions are taken out by scope. */
struct qw_relation {
	const char *schema, *name, *alias; /* schema and alias may be NULL */
	bool has_column_aliases; /* t AS a(x, y): its columns can be named otherwise */
	bool in_natural_join; /* its columns are compared without being named */
	bool is_written;
};

/* A column reference as written: qualifier NULL for a bare name; name NULL for a star. */
struct qw_colref {
	const char *qualifier, *name; /* qualifier: the part just before the name: alias or relation */
	bool is_deep; /* fields are selected: in (c).x both c and x are deep (x may be a function), in a.b.c.d d is */
};

/* PREPARE/EXECUTE/DEALLOCATE and DECLARE/FETCH/CLOSE share the name spaces of protocol statements and portals. */
enum qw_named_op {
	QW_NAMED_NONE, QW_NAMED_PREPARE, QW_NAMED_EXECUTE, QW_NAMED_DEALLOCATE, QW_NAMED_DECLARE, QW_NAMED_FETCH, QW_NAMED_CLOSE
};

/* A statement that holds another one: sqlparse.h tells of the texts. */
enum qw_inner_kind {
	QW_INNER_NONE, QW_INNER_EXPLAIN, QW_INNER_COPY, QW_INNER_COPY_IN, QW_INNER_PREPARE, QW_INNER_DECLARE, QW_INNER_CREATE_AS,
	QW_INNER_UNKNOWN /* the text of what it holds cannot be given: refuse */
};

struct qw_statement {
	struct qw_bytes text; /* this statement's part of the text, blanks and semicolon trimmed; it begins at `text_at` */
	struct qw_act *acts; /* at least one */
	struct qw_relation *relations;
	struct qw_colref *columns;
	const char **operators, **types, **literals; /* spelled: "=" of IN; "int4" for int; "s.x" outside of pg_catalog; strings, of what writes */
	size_t text_at, act_count, relation_count, column_count, operator_count, type_count, literal_count, inner_type_count;
	enum qw_named_op named_op; const char *named; /* NULL with named_op != NONE: ALL */
	bool is_ddl, writes; /* writes: any act for which qw_verb_writes(), but for calls of harmless catalog functions */
	bool with_hold, binary_cursor; /* DECLARE ... BINARY ... WITH HOLD */
	bool explains, writes_below; /* EXPLAIN: result is a plan, not rows; a WITH writes rows, which the command tag does not count */
	enum qw_inner_kind inner_kind;
	struct qw_bytes inner; /* n == 0: NONE or UNKNOWN */
	const uint32_t *inner_types; /* PREPARE: declared types of the parameters, OIDs in host order */
	bool inner_types_bare; /* one was named without its schema: a user's type of that name could be meant instead */
	const struct qw_copy *copy; /* COPY ... TO, of sqlparse.h; NULL: none */
};

struct qw_statements {
	struct qw_statement *list;
	size_t count; /* 0: only blanks, comments, semicolons */
	const char *problem; /* why the text is refused; NULL when all of it is described. Then count is 0. */
};

#endif
