/* What the server says of the session: sql_mode, character sets, database. The parser reads text as it does, or the session ends. */
#include "conversation.h"

#include <stdio.h>
#include <strings.h>

/* Numbers of collations: "SHOW COLLATION" of MariaDB 10.11 and MySQL 9.7. */
const char *my_charset_of(uint32_t collation)
{
	if (collation == 8 || collation == 5 || collation == 15 || collation == 31 || (collation >= 47 && collation <= 49) ||
		collation == 94)
		return "latin1";
	if (collation == 11 || collation == 65)
		return "ascii";
	if (collation == 63)
		return "binary";
	if (collation == 33 || collation == 76 || collation == 83 || (collation >= 192 && collation <= 223))
		return "utf8mb3";
	if (collation == 45 || collation == 46 || (collation >= 224 && collation <= 323))
		return "utf8mb4";
	return NULL;
}

void my_own(struct session *s, const char *sql)
{
	struct my_conversation *my = s->my;

	if (my->own_count == MY_OWN_MAX)
		session_fatal(s, "08P01", "the session's state cannot be followed", "Connect again.");
	else
		my->own[my->own_count++] = sql;
}

bool my_dialects_equal(const struct mysql_dialect *a, const struct mysql_dialect *b)
{
	return a->flavour == b->flavour && a->version == b->version && a->modes == b->modes && a->charset == b->charset;
}

static bool is_word(struct qw_bytes word, const char *text)
{
	return word.n == strlen(text) && strncasecmp((const char *)word.p, text, word.n) == 0;
}

static uint32_t mode_of(struct qw_bytes word)
{
	static const struct {
		const char *name;
		uint32_t mode;
	} modes[] = {
		{"ANSI_QUOTES", MYSQL_MODE_ANSI_QUOTES},
		{"NO_BACKSLASH_ESCAPES", MYSQL_MODE_NO_BACKSLASH_ESCAPES},
		{"PIPES_AS_CONCAT", MYSQL_MODE_PIPES_AS_CONCAT},
		{"IGNORE_SPACE", MYSQL_MODE_IGNORE_SPACE},
		{"HIGH_NOT_PRECEDENCE", MYSQL_MODE_HIGH_NOT_PRECEDENCE},
		{"ORACLE", MYSQL_MODE_OTHER},
		{"MSSQL", MYSQL_MODE_OTHER},
		{"DB2", MYSQL_MODE_OTHER},
		{"POSTGRESQL", MYSQL_MODE_OTHER},
		{"MAXDB", MYSQL_MODE_OTHER},
	};

	for (size_t i = 0; i < QW_COUNT(modes); i++)
		if (is_word(word, modes[i].name))
			return modes[i].mode;
	return 0;
}

static bool drifted(struct session *s, const char *what)
{
	char message[120];

	(void)snprintf(message, sizeof(message), "the session's %.40s is now one under which the gateway cannot read statements", what);
	session_fatal(s, "08P01", message, "Connect again, and leave it as it was.");
	return false;
}

static bool take_modes(struct session *s, struct qw_bytes value)
{
	struct my_conversation *my = s->my;
	uint32_t modes = 0;

	if (value.n >= sizeof(my->modes))
		return drifted(s, "sql_mode");
	memcpy(my->modes, value.p ? value.p : (const uint8_t *)"", value.n);
	my->modes[value.n] = '\0';
	for (size_t at = 0; at < value.n;) {
		size_t n = strcspn(my->modes + at, ",");

		modes |= mode_of(qw_bytes(my->modes + at, n));
		at += n + 1;
	}
	my->dialect.modes = modes;
	return modes & MYSQL_MODE_OTHER ? drifted(s, "sql_mode") : true;
}

static bool take_charset(struct session *s, struct qw_bytes value)
{
	static const char *const utf8[] = {"utf8mb4", "utf8mb3", "utf8"}, *const bytes[] = {"latin1", "ascii", "binary"};
	struct my_conversation *my = s->my;

	my->dialect.charset = MYSQL_CHARSET_OTHER;
	for (size_t i = 0; i < QW_COUNT(utf8); i++)
		if (is_word(value, utf8[i]))
			my->dialect.charset = MYSQL_CHARSET_UTF8;
	for (size_t i = 0; i < QW_COUNT(bytes); i++)
		if (is_word(value, bytes[i]))
			my->dialect.charset = MYSQL_CHARSET_BYTES;
	return my->dialect.charset == MYSQL_CHARSET_OTHER ? drifted(s, "character_set_client") : true;
}

static bool take_variable(struct session *s, struct qw_bytes name, struct qw_bytes value)
{
	if (is_word(name, "sql_mode"))
		return take_modes(s, value);
	if (is_word(name, "character_set_client"))
		return take_charset(s, value);
	return true;
}

static bool take_database(struct session *s, struct qw_bytes name)
{
	struct my_conversation *my = s->my;

	if (name.n > MY_DATABASE_MAX || memchr(name.p ? name.p : (const uint8_t *)"", 0, name.n))
		return drifted(s, "database");
	if (name.n)
		memcpy(my->database, name.p, name.n);
	my->database[name.n] = '\0';
	if (!name.n || my_reaches(s, my->database))
		return true;
	session_fatal(s, "28000", "the session's database is now one that its role does not reach", NULL);
	return false;
}

bool my_take_changes(struct session *s, const struct myreply_ok *ok)
{
	struct qw_bytes left = ok->changes;
	struct myreply_change c;
	int err;

	s->my->status = ok->status;
	while ((err = myreply_change_next(&left, &c)) == 0) {
		if (c.kind == MYREPLY_SYSTEM_VARIABLE && !take_variable(s, c.name, c.is_null ? qw_bytes(NULL, 0) : c.value))
			return false;
		if (c.kind == MYREPLY_SCHEMA && !take_database(s, c.value))
			return false;
	}
	if (err == QW_E_NOTFOUND)
		return true;
	session_fatal(s, "08P01", "the database told of its state in a way that cannot be read", NULL);
	return false;
}

/* Every status tells two of the modes: they must be those that the text is read under. */
bool my_status_agrees(struct session *s)
{
	const struct my_conversation *my = s->my;
	const bool no_escapes = my->dialect.modes & MYSQL_MODE_NO_BACKSLASH_ESCAPES, quotes = my->dialect.modes & MYSQL_MODE_ANSI_QUOTES;

	if (((my->status & MYWIRE_NO_BACKSLASH_ESCAPES) != 0) != no_escapes)
		return drifted(s, "sql_mode");
	if (my->dialect.flavour == MYSQL_FLAVOUR_MARIADB && ((my->status & MYWIRE_ANSI_QUOTES) != 0) != quotes)
		return drifted(s, "sql_mode");
	return true;
}

/* As it was after the login; what the client asked for then comes behind. */
void my_state_again(struct session *s)
{
	struct my_conversation *my = s->my;

	if (!take_modes(s, qw_bytes_from(my->first_modes)))
		return;
	my->dialect.charset = MYSQL_CHARSET_UTF8;
	my_own(s, my->again);
	my_own(s, UPSTREAM_MYSQL_NAMES);
	if (strcmp(my->names, UPSTREAM_MYSQL_NAMES) != 0)
		my_own(s, my->names);
}

/* What upstream/ forced and read back when it connected. */
bool my_take_parameters(struct session *s)
{
	struct my_conversation *my = s->my;

	my->status = MYWIRE_AUTOCOMMIT;
	for (size_t i = 0; i < s->connected.parameter_count; i++) {
		const struct upstream_parameter *p = &s->connected.parameters[i];

		if (!take_variable(s, qw_bytes_from(p->name), qw_bytes_from(p->value)))
			return false;
		if (strcmp(p->name, "lower_case_table_names") == 0)
			my->folds_tables = strcmp(p->value, "0") != 0;
		if (strcmp(p->name, "autocommit") == 0 && strcmp(p->value, "0") == 0)
			my->status = 0;
	}
	memcpy(my->first_modes, my->modes, sizeof(my->first_modes));
	(void)snprintf(my->again, sizeof(my->again), UPSTREAM_MYSQL_AGAIN, my->first_modes);
	return my->dialect.charset != MYSQL_CHARSET_OTHER ? true : drifted(s, "character_set_client");
}

const char *my_protocol(const struct session *s)
{
	const bool has_types = s->my->client.extended & MYWIRE_EXT_METADATA;

	if (s->my->work == MY_WORK_EXECUTE)
		return has_types ? "mysql-binary-types" : "mysql-binary";
	return has_types ? "mysql-text-types" : "mysql-text";
}
