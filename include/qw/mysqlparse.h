/*
 * text -> facts and trees, for MySQL and MariaDB. Pure; safe from any thread.
 * What is forwarded must be qw_statement.text: comments are taken out of it (each is one blank there), so that what runs is what
 * was parsed. Executable comments, and whatever else is not known, are refused with a sentence.
 */
#ifndef QW_MYSQLPARSE_H
#define QW_MYSQLPARSE_H

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

struct my_statement; /* qw/mysqltree.h */

struct mysql_parsed {
	struct qw_statements facts;
	const struct my_statement **trees; /* as many as facts.list */
};

/*
 * Returns 0 also when the text is refused (out->facts.problem says why); NOMEM or LIMIT when `arena` is exhausted.
 * Everything in `out` is borrowed from `text` and `arena`.
 */
int sqlparse_mysql(struct qw_bytes text, const struct mysql_dialect *dialect, const struct sqlparse_limits *limits,
	struct qw_arena *arena, struct mysql_parsed *out) QW_MUST_CHECK;

#endif
