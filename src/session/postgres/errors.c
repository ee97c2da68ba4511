/*
 * Errors and notices are data channels: casts, constraints and RAISE put values into their texts. While masks apply they
 * are reduced to the SQLSTATE and a text of the gateway; the original goes into the record.
 */
#include "../machine.h"

#include <stdio.h>

static const struct {
	const char *sqlstate, *meaning;
} meanings[] = {
	{"22001", "a value is too long for its column"},
	{"22003", "a number is out of range"},
	{"22007", "a date or time has an invalid format"},
	{"22008", "a date or time is out of range"},
	{"22012", "division by zero"},
	{"22P02", "a text cannot be read as the type that is wanted"},
	{"23502", "a NOT NULL constraint is violated"},
	{"23503", "a foreign key constraint is violated"},
	{"23505", "a unique constraint is violated"},
	{"23514", "a CHECK constraint is violated"},
	{"25006", "the transaction is read-only"},
	{"25P02", "the transaction is aborted: ROLLBACK first"},
	{"40001", "serialization failure: try the transaction again"},
	{"40P01", "deadlock: try the transaction again"},
	{"42501", "the database denies permission"},
	{"42601", "syntax error"},
	{"42703", "a column does not exist"},
	{"42883", "a function or operator does not exist for these types"},
	{"42P01", "a table or view does not exist"},
	{"55P03", "a lock is not available"},
	{"57014", "canceling statement due to user request or timeout"},
	{"57P01", "the database connection was ended by an administrator"},
};

static const char *meaning_of(const char *sqlstate)
{
	for (size_t i = 0; i < QW_COUNT(meanings); i++)
		if (strcmp(meanings[i].sqlstate, sqlstate) == 0)
			return meanings[i].meaning;
	return "the database reported an error";
}

static const char *safe_sqlstate(const char *sqlstate)
{
	size_t n = sqlstate ? strlen(sqlstate) : 0;

	if (n != 5)
		return "XX000";
	for (size_t i = 0; i < n; i++)
		if (!((sqlstate[i] >= '0' && sqlstate[i] <= '9') || (sqlstate[i] >= 'A' && sqlstate[i] <= 'Z')))
			return "XX000";
	return sqlstate;
}

static const char *safe_severity(const char *severity, uint8_t type)
{
	static const char *const known[] = {"ERROR", "FATAL", "PANIC", "WARNING", "NOTICE", "INFO", "LOG", "DEBUG"};

	for (size_t i = 0; severity && i < QW_COUNT(known); i++)
		if (strcmp(severity, known[i]) == 0)
			return known[i];
	return type == 'E' ? "ERROR" : "NOTICE";
}

/* A cascade, or a deferred constraint: it shows a row of a relation that the statement did not name. */
static bool tells_of_secret_relation(const struct session *s, const struct pgwire_error *e)
{
	struct qw_relation r = {.schema = e->schema, .name = e->table};
	const struct qw_statement st = {.relations = &r, .relation_count = 1};
	const char *which;

	return s->labels && e->table && labels_relation_touched(s->labels, &st, &which);
}

/* A function or trigger of the database speaks: it reads what no statement names. Not so the places in the client's own data. */
static bool comes_from_code(const struct session *s, const struct pgwire_error *e)
{
	static const char *const own[] = {"COPY ", "JSON data, ", "unnamed portal ", "portal \""};

	if (!s->labels || !e->where)
		return false;
	for (size_t i = 0; i < QW_COUNT(own); i++)
		if (strncmp(e->where, own[i], strlen(own[i])) == 0)
			return strchr(e->where, '\n') != NULL;
	return true;
}

void errors_pass(struct session *s, uint8_t type, struct qw_bytes body, bool verbatim)
{
	struct pgwire_error e;
	char message[200];
	bool is_readable = !pgwire_error_decode(body, &e);

	if (is_readable && type == 'E' && e.severity && (strcmp(e.severity, "FATAL") == 0 || strcmp(e.severity, "PANIC") == 0))
		s->was_fatal = true;
	if (verbatim && is_readable && !tells_of_secret_relation(s, &e) && !comes_from_code(s, &e)) {
		session_put(s, SESSION_CLIENT, pgwire_put_message(&s->out[SESSION_CLIENT], type, body));
		return;
	}
	ledger_error(s, s->unit ? s->unit->id : 0, body);
	if (type == 'N')
		(void)snprintf(message, sizeof(message), "querywarden: a notice of the database is withheld");
	else
		(void)snprintf(message, sizeof(message), "%s",
			meaning_of(safe_sqlstate(is_readable ? e.sqlstate : NULL)));
	session_put(s, SESSION_CLIENT,
		pgwire_put_error(&s->out[SESSION_CLIENT], type, safe_severity(is_readable ? e.severity : NULL, type),
			safe_sqlstate(is_readable ? e.sqlstate : NULL), message, NULL,
			"The database's own text is withheld because it can repeat masked values; it is in the audit record."));
}

/* Analysis knows nothing of the data; a statement that names no labelled relation repeats it only through code (errors_pass). */
bool errors_may_be_verbatim(const struct session *s, const struct pending *p)
{
	const struct judged *j;

	if (!s->labels)
		return true;
	if (!p)
		return false;
	if (p->kind == PENDING_PARSE || p->is_preflight)
		return true;
	j = p->unit ? p->unit->judged : p->portal ? p->portal->judged : NULL;
	return j && !j->relation_touched && !j->is_unparsed && !j->by_name;
}

static bool is_our_poison(const struct session *s, const struct pending *p, struct qw_bytes body)
{
	struct pgwire_error e;

	return p && p->is_poison && p->refusal && !pgwire_error_decode(body, &e) && e.message &&
		strstr(e.message, s->poison);
}

static void failed(struct session *s, struct pending *p, struct qw_bytes body)
{
	if (p && p->unit)
		result_attach(s, p->unit);
	if (guards_on_error(s, p, body)) {
		if (s->state == STATE_READY && p && p->unit)
			p->unit->failed = true;
		return;
	}
	if (is_our_poison(s, p, body))
		refusal_put(s, p->refusal);
	else
		errors_pass(s, 'E', body, errors_may_be_verbatim(s, p));
	if (p && p->unit && s->unit == p->unit) {
		struct pgwire_error e;

		s->unit->failed = true;
		if (!pgwire_error_decode(body, &e) && e.sqlstate)
			(void)snprintf(s->unit->tag, sizeof(s->unit->tag), "%.5s", e.sqlstate);
	}
}

void errors_on_error(struct session *s, struct pending *p, struct qw_bytes body)
{
	const enum pending_kind kind = p ? p->kind : PENDING_SYNC; /* the list may move when something is sent */

	s->copy_in = s->copy_out = false;
	if (s->tx_settings)
		settings_extend(s, QW_LIT("failed")); /* whatever was set in this transaction may not hold */
	if (p && p->is_preflight)
		s->run.preflight_failed = true;
	failed(s, p, body);
	if (p && p->is_resolve && s->state == STATE_READY)
		resolve_failed(s, kind, body);
	if (s->state != STATE_READY || kind == PENDING_SYNC || s->was_fatal)
		return;
	if (kind == PENDING_QUERY || kind == PENDING_FASTPATH)
		return; /* ReadyForQuery follows */
	if (kind == PENDING_EXECUTE)
		result_finish(s, "failed");
	pending_skip_to_sync(s);
}
