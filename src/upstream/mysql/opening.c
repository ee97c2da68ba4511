/*
 * How a session begins. What changes how the server reads text (quotes, backslashes, other dialects) is taken out of sql_mode, the
 * character sets are ours, and the server tells of each change of them. All of that is read back: nothing of the greeting, which
 * came in clear, is believed.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "../my.h"

/*
 * Kept. Not in the list, on purpose: ANSI_QUOTES, NO_BACKSLASH_ESCAPES, and what implies one of them (ANSI, ORACLE, MSSQL, DB2,
 * POSTGRESQL, MAXDB), MYSQL323, MYSQL40 and NO_FIELD_OPTIONS, ...: output for other servers.
 */
static const char *const kept[] = {"ALLOW_INVALID_DATES", "EMPTY_STRING_IS_NULL", "ERROR_FOR_DIVISION_BY_ZERO", "HIGH_NOT_PRECEDENCE",
	"IGNORE_BAD_TABLE_OPTIONS", "IGNORE_SPACE", "NO_AUTO_CREATE_USER", "NO_AUTO_VALUE_ON_ZERO", "NO_DIR_IN_CREATE",
	"NO_ENGINE_SUBSTITUTION", "NO_UNSIGNED_SUBTRACTION", "NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ONLY_FULL_GROUP_BY",
	"PAD_CHAR_TO_FULL_LENGTH", "PIPES_AS_CONCAT", "REAL_AS_FLOAT", "SIMULTANEOUS_ASSIGNMENT", "STRICT_ALL_TABLES",
	"STRICT_TRANS_TABLES", "TIME_ROUND_FRACTIONAL", "TIME_TRUNCATE_FRACTIONAL", "TRADITIONAL"};

static bool is_kept(const char *mode, size_t n)
{
	for (size_t i = 0; i < QW_COUNT(kept); i++)
		if (strlen(kept[i]) == n && memcmp(kept[i], mode, n) == 0)
			return true;
	return false;
}

int upstream_mysql_sql_mode(const char *given, char out[UPSTREAM_MYSQL_MODE_MAX])
{
	size_t length = 0;

	while (*given) {
		size_t n = strcspn(given, ",");

		if (is_kept(given, n)) {
			if (length + n + 2 > UPSTREAM_MYSQL_MODE_MAX)
				return QW_E_LIMIT;
			if (length)
				out[length++] = ',';
			memcpy(out + length, given, n);
			length += n;
		}
		given += n + (given[n] == ',');
	}
	out[length] = '\0';
	return 0;
}

/* ---- values ---- */

/* In this order. `must`: what it has to be; the others differ from server to server. */
static const struct {
	const char *name, *expression, *must;
} asked[] = {
	{"version", "@@version", NULL},
	{"sql_mode", "@@session.sql_mode", NULL},
	{"autocommit", "@@session.autocommit", NULL},
	{"character_set_client", "@@session.character_set_client", "utf8mb4"},
	{"character_set_connection", "@@session.character_set_connection", "utf8mb4"},
	{"character_set_results", "@@session.character_set_results", "utf8mb4"},
	{"collation_connection", "@@session.collation_connection", NULL},
	{"session_track_system_variables", "@@session.session_track_system_variables", UPSTREAM_MYSQL_TRACKED},
	{"session_track_schema", "@@session.session_track_schema", "1"},
	{"lower_case_table_names", "@@lower_case_table_names", NULL},
	{"version_comment", "@@version_comment", NULL},
	{"max_allowed_packet", "@@session.max_allowed_packet", NULL},
	{"wait_timeout", "@@session.wait_timeout", NULL},
	{"time_zone", "@@session.time_zone", NULL},
};
enum { VERSION, SQL_MODE };
_Static_assert(QW_COUNT(asked) < UPSTREAM_MYSQL_VALUES, "one more comes after them");

static int run(MYSQL *m, const char *sql)
{
	return mysql_real_query(m, sql, (unsigned long)strlen(sql)) == 0 && mysql_field_count(m) == 0 ? 0 : QW_E_IO;
}

/* One row; freed by the caller. */
static int ask(MYSQL *m, const char *sql, MYSQL_RES **out, MYSQL_ROW *row)
{
	*out = NULL;
	if (mysql_real_query(m, sql, (unsigned long)strlen(sql)) != 0)
		return QW_E_IO;
	*out = mysql_store_result(m);
	*row = *out ? mysql_fetch_row(*out) : NULL;
	return *row ? 0 : QW_E_IO;
}

/* To a value that can go into a log, a greeting or SQL: no control characters. */
static int keep(struct upstream_mysql *u, const char *name, const char *value)
{
	char *copy = value ? strdup(value) : NULL;

	if (!value)
		return QW_E_MALFORMED;
	if (!copy)
		return QW_E_NOMEM;
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
	u->values[u->value_count++] = (struct upstream_parameter){name, copy};
	return 0;
}

void upstream_mysql_forget(struct upstream_mysql *u)
{
	for (size_t i = 0; i < u->value_count; i++)
		free((char *)u->values[i].value);
	u->value_count = 0;
}

static int set_mode(MYSQL *m)
{
	char sql[UPSTREAM_MYSQL_MODE_MAX + 400], mode[UPSTREAM_MYSQL_MODE_MAX];
	MYSQL_RES *r;
	MYSQL_ROW row;
	int err = ask(m, "SELECT @@session.sql_mode", &r, &row);

	if (!err)
		err = upstream_mysql_sql_mode(row[0] ? row[0] : "", mode);
	mysql_free_result(r);
	if (err)
		return err;
	(void)snprintf(sql, sizeof(sql), UPSTREAM_MYSQL_AGAIN, mode);
	return run(m, sql);
}

/* "10.11.19-MariaDB-0+deb12u1" -> 101119 */
static uint32_t number_of(const char *version)
{
	char *end = NULL;
	unsigned long part[3] = {0};

	for (size_t i = 0; i < 3 && isdigit((unsigned char)*version); i++) {
		part[i] = strtoul(version, &end, 10);
		version = end + (*end == '.');
	}
	return part[0] < 1000 && part[1] < 100 && part[2] < 100 ? (uint32_t)(part[0] * 10000 + part[1] * 100 + part[2]) : 0;
}

/* Before 11, MariaDB puts a version of MySQL in front of its own in its greeting; clients take it off, or are content with 5.5. */
static int keep_version(struct upstream_mysql *u)
{
	char greeting[128];
	const char *version = u->values[VERSION].value;

	u->is_mariadb = strcasestr(version, "mariadb") != NULL;
	u->version = number_of(version);
	(void)snprintf(greeting, sizeof(greeting), "%s%s", u->is_mariadb && u->version < 110000 ? "5.5.5-" : "", version);
	return u->version ? keep(u, "greeting_version", greeting) : QW_E_MALFORMED;
}

static int check(const struct upstream_mysql *u)
{
	char mode[UPSTREAM_MYSQL_MODE_MAX];
	int err = upstream_mysql_sql_mode(u->values[SQL_MODE].value, mode);

	if (!err && strcmp(mode, u->values[SQL_MODE].value) != 0)
		err = QW_E_MALFORMED;
	for (size_t i = 0; !err && i < QW_COUNT(asked); i++)
		if (asked[i].must && strcmp(u->values[i].value, asked[i].must) != 0)
			err = QW_E_MALFORMED;
	return err;
}

static int read_values(struct upstream_mysql *u)
{
	struct qw_buf sql;
	MYSQL_RES *r = NULL;
	MYSQL_ROW row;
	int err = 0;

	qw_buf_init(&sql, 4096);
	for (size_t i = 0; !err && i < QW_COUNT(asked); i++)
		err = qw_buf_printf(&sql, "%s %s", i ? "," : "SELECT", asked[i].expression);
	if (!err)
		err = qw_buf_append(&sql, "", 1);
	if (!err)
		err = ask(u->m, (const char *)sql.p, &r, &row);
	if (!err && mysql_num_fields(r) != QW_COUNT(asked))
		err = QW_E_MALFORMED;
	for (size_t i = 0; !err && i < QW_COUNT(asked); i++)
		err = keep(u, asked[i].name, row[i]);
	mysql_free_result(r);
	qw_buf_fini(&sql);
	return err;
}

int upstream_mysql_begin_session(struct upstream_mysql *u)
{
	int err = set_mode(u->m);

	if (!err)
		err = run(u->m, UPSTREAM_MYSQL_NAMES);
	if (!err)
		err = read_values(u);
	if (!err)
		err = keep_version(u);
	return err ? err : check(u);
}
