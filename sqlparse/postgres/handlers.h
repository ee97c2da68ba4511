/* What a node of a given tag adds to the facts. A handler pushes the node's children itself. */
#ifndef SQLPARSE_POSTGRES_HANDLERS_H
#define SQLPARSE_POSTGRES_HANDLERS_H

#include "walk.h"

typedef void node_handler(struct walk *w, const struct frame *f);

node_handler *spg_handler_of(NodeTag tag); /* NULL: none */

/* query.c: queries and what is in them */
node_handler spg_on_select, spg_on_insert, spg_on_update, spg_on_delete, spg_on_merge,
	spg_on_multi_assign;
/* relation.c: FROM, INTO, common table expressions */
node_handler spg_on_range_var, spg_on_join, spg_on_locking, spg_on_table_sample;
/* Children of a statement with a WITH clause, each with the names it can see. Returns the body's
 * context. */
struct ctx spg_walk_with(
	struct walk *w, const struct frame *f, const WithClause *with, struct ctx ctx);
/* expression.c */
node_handler spg_on_column_ref, spg_on_indirection, spg_on_func_call, spg_on_index_elem,
	spg_on_partition_elem, spg_on_stats_elem;
/* setting.c */
node_handler spg_on_variable_set, spg_on_variable_show, spg_on_alter_system;
void spg_setting_of_transaction(struct walk *w, const List *options);
bool spg_setting_is_utf8(const char *encoding); /* a name of UTF-8 as the server takes it */
void spg_setting_of_call(struct walk *w, const FuncCall *call); /* set_config() */
/* session.c: transactions, cursors, prepared statements, COPY, EXPLAIN ... */
node_handler spg_on_transaction, spg_on_prepare, spg_on_execute, spg_on_deallocate, spg_on_declare,
	spg_on_fetch, spg_on_close, spg_on_explain, spg_on_copy, spg_on_do, spg_on_call,
	spg_on_listen, spg_on_unlisten, spg_on_notify, spg_on_load, spg_on_checkpoint,
	spg_on_discard;
/* ddl/ddl.c: the kinds with a rule in ddl/rules.c, and those that need more */
node_handler spg_on_ddl, spg_on_create_table, spg_on_create_as, spg_on_constraint, spg_on_like,
	spg_on_alter_table, spg_on_alter_table_cmd, spg_on_alter_domain, spg_on_partition_cmd,
	spg_on_vacuum_relation, spg_on_publication_table, spg_on_opclass_item, spg_on_plain;
/* ddl/object.c: statements about objects of any type */
node_handler spg_on_drop, spg_on_rename, spg_on_alter_schema, spg_on_alter_owner,
	spg_on_alter_depends, spg_on_comment, spg_on_seclabel, spg_on_grant, spg_on_grant_role,
	spg_on_alter_role, spg_on_alter_role_set, spg_on_drop_role, spg_on_define, spg_on_reindex,
	spg_on_extension_contents;
/* ddl/function.c: calls of the functions that a definition names */
void spg_ddl_functions(struct walk *w, const Node *statement);

/* One line for every statement kind whose object is named in one field. */
enum ddl_name { DDL_NAME_NONE, DDL_NAME_TEXT, DDL_NAME_LIST, DDL_NAME_ARGS, DDL_NAME_RELATION };
struct ddl_rule {
	uint8_t verb, object, how;
	uint16_t field;	  /* offset of what `how` tells */
	uint16_t replace; /* offset of the OR REPLACE flag, 0 when there is none */
};
const struct ddl_rule *spg_ddl_rule_of(NodeTag tag); /* NULL: none */

#endif
