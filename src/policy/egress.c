/* What carries data out of the database past the client: "@egress", and what `untrusted` refuses. */
#include "policy_int.h"

/*
 * Functions by name: of extensions there is no table. A schema is named where the names in it are ordinary words; there an
 * unqualified call is judged when the server's tree has told its schema.
 */
static const struct {
	const char *schema, *name; /* schema NULL: any */
} functions[] = {
	{NULL, "dblink*"},
	{NULL, "pg_notify"},
	{NULL, "lo_export"},
	{NULL, "pg_file_write"},
	{NULL, "pg_logical_emit_message"},
	{NULL, "http"},
	{NULL, "http_*"},
	{NULL, "postgres_fdw_*"},
	{NULL, "query_export_to_s3"},
	{"net", "*"},
	{"aws_s3", "*"},
	{"aws_lambda", "*"},
	{"azure_storage", "*"},
	{"azure_ai", "*"},
	{"azure_openai", "*"},
	{"google_ml", "*"},
	{"ai", "*"},
	{"cron", "*"},
	{"amqp", "*"},
	{"kafka", "*"},
	{"pgmq", "*"},
	{"pg_smtp_client", "*"},
};

bool egress_is_function(const struct qw_act *act)
{
	size_t i;

	for (i = 0; i < QW_COUNT(functions); i++) {
		const char *schema = functions[i].schema;

		if (act->name && policy_pattern_match(functions[i].name, act->name) &&
			(!schema || (act->schema && strcmp(schema, act->schema) == 0)))
			return true;
	}
	return false;
}

/* Definitions of connections to elsewhere. */
static bool is_connection(const char *kind)
{
	static const char *const kinds[] = {"server", "user mapping", "foreign data wrapper", "foreign table", "subscription",
		"publication", "extension"};
	size_t i;

	for (i = 0; i < QW_COUNT(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

bool egress_is_act(const struct qw_act *act)
{
	switch (act->verb) {
	case QW_VERB_CALL:
		return !act->name || egress_is_function(act);
	case QW_VERB_COPY_FILE:
	case QW_VERB_COPY_PROGRAM:
	case QW_VERB_NOTIFY:
	case QW_VERB_DO: /* opaque: it may call anything */
	case QW_VERB_UNPARSED:
	case QW_VERB_FASTPATH:
	case QW_VERB_LOAD:
	case QW_VERB_ALTER_SYSTEM:
	case QW_VERB_ADMIN_SERVER: /* replication sends everything */
		return true;
	case QW_VERB_SELECT:
	case QW_VERB_SELECT_LOCK:
	case QW_VERB_INSERT:
	case QW_VERB_UPDATE:
	case QW_VERB_UPSERT:
	case QW_VERB_DELETE:
	case QW_VERB_MERGE:
	case QW_VERB_TRUNCATE:
	case QW_VERB_COPY_OUT:
	case QW_VERB_COPY_IN:
	case QW_VERB_EXPLAIN:
	case QW_VERB_EXPLAIN_ANALYZE:
	case QW_VERB_SHOW:
	case QW_VERB_SET:
	case QW_VERB_SET_PINNED:
	case QW_VERB_SET_ROLE:
	case QW_VERB_RESET_ALL:
	case QW_VERB_DISCARD:
	case QW_VERB_TX_BEGIN:
	case QW_VERB_TX_COMMIT:
	case QW_VERB_TX_ROLLBACK:
	case QW_VERB_TX_SAVEPOINT:
	case QW_VERB_TX_ROLLBACK_TO:
	case QW_VERB_TX_SET:
	case QW_VERB_TX_TWO_PHASE:
	case QW_VERB_PREPARE:
	case QW_VERB_EXECUTE:
	case QW_VERB_DEALLOCATE:
	case QW_VERB_CURSOR_DECLARE:
	case QW_VERB_CURSOR_FETCH:
	case QW_VERB_CURSOR_CLOSE:
	case QW_VERB_LISTEN: case QW_VERB_UNLISTEN:
	case QW_VERB_LOCK:
	case QW_VERB_CHECKPOINT:
	case QW_VERB_KILL:
	case QW_VERB_HANDLER:
		return false;
	case QW_VERB_MAINTAIN:
	case QW_VERB_DDL_CREATE:
	case QW_VERB_DDL_CREATE_AS:
	case QW_VERB_DDL_REPLACE:
	case QW_VERB_DDL_ALTER:
	case QW_VERB_DDL_ALTER_DROP:
	case QW_VERB_DDL_RENAME:
	case QW_VERB_DDL_DROP:
	case QW_VERB_DDL_GRANT:
	case QW_VERB_DDL_ROLE:
	case QW_VERB_DDL_COMMENT:
	case QW_VERB_DDL_OTHER:
		return is_connection(act->kind_name);
	case QW_VERB_COUNT:
		break;
	}
	return true; /* no verb that we know */
}
