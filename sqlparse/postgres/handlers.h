/* What a node of a given tag adds to the facts. A handler pushes the node's children itself. */
#ifndef SQLPARSE_POSTGRES_HANDLERS_H
#define SQLPARSE_POSTGRES_HANDLERS_H

#include "walk.h"

typedef void node_handler(struct walk *w, const struct frame *f);

node_handler *handler_of(NodeTag tag); /* NULL: none */

/* query.c: queries and what is in them */
node_handler on_select, on_insert, on_update, on_delete, on_merge, on_multi_assign;
/* relation.c: FROM, INTO, common table expressions */
node_handler on_range_var, on_join, on_locking, on_table_sample;
/* Children of a statement with a WITH clause, each with the names it can see. Returns the body's context. */
struct ctx walk_with(struct walk *w, const struct frame *f, const WithClause *with, struct ctx ctx);
/* expression.c */
node_handler on_column_ref, on_indirection, on_func_call, on_index_elem, on_partition_elem, on_stats_elem;
/* setting.c */
node_handler on_variable_set, on_variable_show, on_alter_system;
void setting_of_transaction(struct walk *w, const List *options);
void setting_of_call(struct walk *w, const FuncCall *call); /* set_config() */
/* session.c: transactions, cursors, prepared statements, COPY, EXPLAIN ... */
node_handler on_transaction, on_prepare, on_execute, on_deallocate, on_declare, on_fetch, on_close, on_explain, on_copy,
	on_do, on_call, on_listen, on_unlisten, on_notify, on_load, on_checkpoint, on_discard;
/* ddl.c: the kinds with a rule in ddl_rules.c, and those that need more */
node_handler on_ddl, on_create_table, on_create_as, on_constraint, on_like, on_alter_table, on_alter_table_cmd,
	on_alter_domain, on_partition_cmd, on_vacuum_relation, on_publication_table, on_opclass_item, on_plain;
/* ddl_object.c: statements about objects of any type */
node_handler on_drop, on_rename, on_alter_schema, on_alter_owner, on_alter_depends, on_comment, on_seclabel, on_grant,
	on_grant_role, on_alter_role, on_alter_role_set, on_drop_role, on_define, on_reindex, on_extension_contents;
/* ddl_function.c: calls of the functions that a definition names */
void ddl_functions(struct walk *w, const Node *statement);

/* One line for every statement kind whose object is named in one field. */
enum ddl_name { DDL_NAME_NONE, DDL_NAME_TEXT, DDL_NAME_LIST, DDL_NAME_ARGS, DDL_NAME_RELATION };
struct ddl_rule {
	uint8_t verb, object, how;
	uint16_t field; /* offset of what `how` tells */
	uint16_t replace; /* offset of the OR REPLACE flag, 0 when there is none */
};
const struct ddl_rule *ddl_rule_of(NodeTag tag); /* NULL: none */

#endif
