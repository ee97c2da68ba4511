/*
 * text -> facts and trees, for MySQL and MariaDB. Pure; safe from any thread.
 * What is forwarded must be qw_statement.text: comments are taken out of it (each is one blank there), so that what runs is what
 * was parsed. Executable comments, and whatever else is not known, are refused with a sentence.
 */
#ifndef QW_MYSQLPARSE_H
#define QW_MYSQLPARSE_H

#include "qw/mysqltree.h"
#include "qw/sqlparse.h"

enum mysql_flavour { MYSQL_FLAVOUR_NONE, MYSQL_FLAVOUR_MYSQL, MYSQL_FLAVOUR_MARIADB };

/* character_set_client. Only sets in which no byte of a longer character can be a quote or a backslash. */
enum mysql_charset {
	MYSQL_CHARSET_OTHER, /* refused */
	MYSQL_CHARSET_UTF8, /* utf8mb4, utf8mb3 */
	MYSQL_CHARSET_BYTES /* ascii, latin1, binary: bytes above 7F stand in strings only */
};

/* What of sql_mode changes how text is read. ORACLE, MSSQL, DB2, POSTGRESQL, MAXDB: MYSQL_MODE_OTHER, refused. */
enum mysql_mode {
	MYSQL_MODE_ANSI_QUOTES = 1,
	MYSQL_MODE_NO_BACKSLASH_ESCAPES = 2,
	MYSQL_MODE_PIPES_AS_CONCAT = 4,
	MYSQL_MODE_IGNORE_SPACE = 8,
	MYSQL_MODE_HIGH_NOT_PRECEDENCE = 16,
	MYSQL_MODE_OTHER = 32
};

struct mysql_dialect {
	enum mysql_flavour flavour;
	uint32_t version; /* 90704, 101119. MySQL 8.0 to 9.x, MariaDB 10.6 to 11.x are read; others are refused */
	uint32_t modes;
	enum mysql_charset charset;
	bool prepares; /* COM_STMT_PREPARE, PREPARE FROM: "?" may stand for a value */
};

/* ---- trees of statements; queries and expressions are in mysqltree.h ---- */
struct my_set_item { /* column = value */
	struct my_expr *column, *value;
	struct my_set_item *next;
};
struct my_insert {
	bool is_replace, is_ignore;
	struct my_source *table;
	struct my_expr *columns; /* COLUMN */
	struct my_row *rows; /* VALUES; NULL with query or sets */
	const char *row_alias; /* AS new */
	struct my_named *row_columns;
	struct my_query *query;
	struct my_set_item *sets, *duplicate; /* SET a = 1; ON DUPLICATE KEY UPDATE */
	struct my_item *returning;
};
struct my_update {
	struct my_with *with;
	struct my_source *from; /* every table of it may be written: the qualifiers of `sets` tell */
	struct my_set_item *sets;
	struct my_expr *where, *limit;
	struct my_order *order;
	struct my_item *returning;
};
struct my_target { /* DELETE t1, s.t2.* FROM ... : a name or alias of `from` */
	const char *schema, *name;
	struct my_target *next;
};
struct my_delete {
	struct my_with *with;
	struct my_target *targets; /* of the forms with several tables; else NULL and `from` is the one table */
	struct my_source *from;
	struct my_expr *where, *limit;
	struct my_order *order;
	struct my_item *returning;
};

/* What a statement of another kind does, noted while it is parsed: acts, and the parts that hold queries or expressions. */
struct my_noted {
	struct qw_act act;
	struct my_noted *next;
};
struct my_part {
	struct my_query *query;
	struct my_expr *expr;
	struct my_source *source;
	struct my_statement *statement; /* EXPLAIN, CREATE EVENT DO ... */
	struct my_part *next;
};
enum my_statement_kind { MY_STATEMENT_QUERY, MY_STATEMENT_INSERT, MY_STATEMENT_UPDATE, MY_STATEMENT_DELETE, MY_STATEMENT_OTHER };
struct my_statement {
	enum my_statement_kind kind;
	uint16_t word; /* OTHER: of its first word, by the room's own numbers */
	union {
		struct my_query *query;
		struct my_insert *insert;
		struct my_update *update;
		struct my_delete *del;
	};
	struct my_noted *noted; /* acts besides those that the tree shows */
	struct my_part *parts;
	struct qw_statement preset; /* of OTHER: named, inner, explains ...: whatever is no list */
	uint32_t at, n;
};

struct mysql_parsed {
	struct qw_statements facts;
	struct my_statement **trees; /* as many as facts.list */
};

/*
 * Returns 0 also when the text is refused (out->facts.problem says why); NOMEM or LIMIT when `arena` is exhausted.
 * Everything in `out` is borrowed from `text` and `arena`.
 */
int sqlparse_mysql(struct qw_bytes text, const struct mysql_dialect *dialect, const struct sqlparse_limits *limits,
	struct qw_arena *arena, struct mysql_parsed *out) QW_MUST_CHECK;

#endif
