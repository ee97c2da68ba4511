/* The verbs of statement.h. Knows no parser, so that policy can link it alone. */
#include "qw/statement.h"

static const struct {
	const char *name;
	bool is_sensitive;
} verbs[] = {
#define X(id, name, sensitive) {name, sensitive},
	QW_VERBS(X)
#undef X
};

static bool is_known(enum qw_verb v)
{
	return (size_t)v < QW_COUNT(verbs);
}

const char *qw_verb_name(enum qw_verb v)
{
	return verbs[is_known(v) ? v : QW_VERB_UNPARSED].name;
}

bool qw_verb_is_sensitive(enum qw_verb v)
{
	return verbs[is_known(v) ? v : QW_VERB_UNPARSED].is_sensitive;
}

bool qw_verb_is_ddl(enum qw_verb v)
{
	return is_known(v) && strncmp(verbs[v].name, "ddl.", 4) == 0;
}

/*
 * The wrappers (EXPLAIN, PREPARE, cursors) change nothing by themselves: what they hold has acts of
 * its own. A function can do anything, so CALL writes; the statement's own flag knows the harmless
 * ones.
 */
bool qw_verb_writes(enum qw_verb v)
{
	switch (v) {
	case QW_VERB_SELECT:
	case QW_VERB_SELECT_LOCK:
	case QW_VERB_COPY_OUT:
	case QW_VERB_EXPLAIN:
	case QW_VERB_EXPLAIN_ANALYZE:
	case QW_VERB_SHOW:
	case QW_VERB_SET:
	case QW_VERB_SET_ROLE:
	case QW_VERB_RESET_ALL:
	case QW_VERB_DISCARD:
	case QW_VERB_TX_BEGIN:
	case QW_VERB_TX_COMMIT:
	case QW_VERB_TX_ROLLBACK:
	case QW_VERB_TX_SAVEPOINT:
	case QW_VERB_TX_ROLLBACK_TO:
	case QW_VERB_TX_SET:
	case QW_VERB_PREPARE:
	case QW_VERB_EXECUTE:
	case QW_VERB_DEALLOCATE:
	case QW_VERB_CURSOR_DECLARE:
	case QW_VERB_CURSOR_FETCH:
	case QW_VERB_CURSOR_CLOSE:
	case QW_VERB_LISTEN:
	case QW_VERB_UNLISTEN:
	case QW_VERB_NOTIFY:
	case QW_VERB_LOCK:
	case QW_VERB_CHECKPOINT:
	case QW_VERB_HANDLER:
		return false;
	case QW_VERB_UNPARSED:
	case QW_VERB_INSERT:
	case QW_VERB_UPDATE:
	case QW_VERB_UPSERT:
	case QW_VERB_DELETE:
	case QW_VERB_MERGE:
	case QW_VERB_TRUNCATE:
	case QW_VERB_COPY_IN:
	case QW_VERB_COPY_FILE:
	case QW_VERB_COPY_PROGRAM:
	case QW_VERB_CALL:
	case QW_VERB_DO:
	case QW_VERB_SET_PINNED:
	case QW_VERB_TX_TWO_PHASE:
	case QW_VERB_LOAD:
	case QW_VERB_ALTER_SYSTEM:
	case QW_VERB_ADMIN_SERVER:
	case QW_VERB_KILL:
	case QW_VERB_FASTPATH:
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
	case QW_VERB_COUNT:
		return true;
	}
	return true;
}
