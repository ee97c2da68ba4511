/* The statements of the rules: which one a text begins, and what was found goes into the tree. */
#include "../core/other.h"
#include "run.h"

/* A statement's rules, in the order in which they are tried. */
static const struct {
	uint16_t word;
	uint16_t rule;
} firsts[] = {
	{MYW_SET, RULE_set},
	{MYW_SHOW, RULE_show},
	{MYW_USE, RULE_use},
	{MYW_START, RULE_transaction},
	{MYW_BEGIN, RULE_transaction},
	{MYW_COMMIT, RULE_transaction},
	{MYW_ROLLBACK, RULE_transaction},
	{MYW_SAVEPOINT, RULE_transaction},
	{MYW_RELEASE, RULE_transaction},
	{MYW_EXPLAIN, RULE_describe},
	{MYW_EXPLAIN, RULE_explain},
	{MYW_DESCRIBE, RULE_describe},
	{MYW_DESCRIBE, RULE_explain},
	{MYW_DESC, RULE_describe},
	{MYW_DESC, RULE_explain},
	{MYW_ANALYZE, RULE_maintain},
	{MYW_ANALYZE, RULE_explain},
	{MYW_PREPARE, RULE_prepared},
	{MYW_EXECUTE, RULE_prepared},
	{MYW_DEALLOCATE, RULE_prepared},
	{MYW_DROP, RULE_prepared},
	{MYW_CALL, RULE_call},
	{MYW_DO, RULE_do},
	{MYW_HANDLER, RULE_handler},
	{MYW_LOCK, RULE_lock},
	{MYW_UNLOCK, RULE_lock},
	{MYW_SIGNAL, RULE_signal},
	{MYW_RESIGNAL, RULE_signal},
	{MYW_GET, RULE_diagnostics},
	{MYW_LOAD, RULE_load},
	{MYW_XA, RULE_xa},
	{MYW_HELP, RULE_help},
	{MYW_CHECK, RULE_maintain},
	{MYW_CHECKSUM, RULE_maintain},
	{MYW_OPTIMIZE, RULE_maintain},
	{MYW_REPAIR, RULE_maintain},
	{MYW_CACHE, RULE_maintain},
	{MYW_FLUSH, RULE_flush},
	{MYW_RESET, RULE_reset},
	{MYW_PURGE, RULE_purge},
	{MYW_KILL, RULE_kill},
	{MYW_SHUTDOWN, RULE_shutdown},
	{MYW_RESTART, RULE_shutdown},
	{MYW_BACKUP, RULE_backup},
	{MYW_BINLOG, RULE_binlog},
	{MYW_INSTALL, RULE_install},
	{MYW_UNINSTALL, RULE_install},
	{MYW_CHANGE, RULE_replication},
	{MYW_START, RULE_replication},
	{MYW_STOP, RULE_replication},
	{MYW_CREATE, RULE_create_table},
	{MYW_CREATE, RULE_create_index},
	{MYW_CREATE, RULE_create_view},
	{MYW_CREATE, RULE_create_database},
	{MYW_CREATE, RULE_create_user},
	{MYW_CREATE, RULE_create_role},
	{MYW_CREATE, RULE_create_sequence},
	{MYW_CREATE, RULE_create_server},
	{MYW_CREATE, RULE_create_routine},
	{MYW_ALTER, RULE_alter_table},
	{MYW_ALTER, RULE_alter_database},
	{MYW_ALTER, RULE_create_view},
	{MYW_ALTER, RULE_alter_user},
	{MYW_ALTER, RULE_alter_sequence},
	{MYW_ALTER, RULE_alter_server},
	{MYW_ALTER, RULE_alter_routine},
	{MYW_DROP, RULE_drop},
	{MYW_RENAME, RULE_rename},
	{MYW_TRUNCATE, RULE_truncate},
	{MYW_GRANT, RULE_grant},
	{MYW_REVOKE, RULE_revoke},
	{MYW_IF, RULE_block},
	{MYW_CASE, RULE_block},
	{MYW_LOOP, RULE_block},
	{MYW_WHILE, RULE_block},
	{MYW_REPEAT, RULE_block},
	{MYW_FOR, RULE_block},
};

/* Links what was found to the statement, in the order of the text. */
static bool give(struct rules_run *r)
{
	struct my_noted **tail = &r->s->noted;

	while (*tail)
		tail = &(*tail)->next;
	for (size_t i = 0; i < r->count; i++) {
		const struct rules_found *f = &r->found[i];

		if (f->query || f->expr || f->statement) {
			if (!(f->query	      ? myparse_note_query(r->p, r->s, f->query)
				    : f->expr ? myparse_note_expr(r->p, r->s, f->expr)
					      : myparse_note_statement(r->p, r->s, f->statement)))
				return false;
			continue;
		}
		*tail = MYPARSE_NEW(r->p, struct my_noted);
		if (!*tail)
			return false;
		(*tail)->act = f->act;
		tail = &(*tail)->next;
	}
	return true;
}

/* One rule from the first token on. Where it does not match all is as it was but for what the furthest way said. */
static bool attempt(struct rules_run *r, enum rules_rule rule)
{
	size_t at = r->p->at, depth = r->p->depth;

	if (rules_match(r, rule) && myparse_is_end(r->p))
		return true;
	if (r->p->at >= r->problem_at && !rules_is_over(r)) {
		r->problem = r->p->problem;
		r->problem_at = r->p->at;
	}
	r->p->problem = NULL;
	r->p->at = at;
	r->p->depth = depth;
	r->count = 0;
	r->s->preset = (struct qw_statement){0};
	return false;
}

/* Tells of the place that no rule came past. */
static bool unknown(struct rules_run *r)
{
	if (r->refused)
		return myparse_fail(r->p, r->refused);
	if (r->problem)
		return myparse_fail(r->p, r->problem);
	r->p->at = r->problem_at > r->p->at ? r->problem_at : r->p->at;
	return myparse_unknown(r->p);
}

bool myparse_other(struct myparse *p, struct my_statement *s)
{
	struct rules_run r = {.p = p, .s = s, .from = p->at, .problem_at = p->at};

	s->kind = MY_STATEMENT_OTHER;
	for (size_t i = 0; i < QW_COUNT(firsts) && !rules_is_over(&r); i++)
		if (myparse_is_word(p, 0, firsts[i].word) && attempt(&r, (enum rules_rule)firsts[i].rule))
			return give(&r);
	return unknown(&r);
}
