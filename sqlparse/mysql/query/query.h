/* Queries: between the files of this folder. */
#ifndef SQLPARSE_MYSQL_QUERY_H
#define SQLPARSE_MYSQL_QUERY_H

#include "../expression/expr.h"

struct my_with *myquery_with(struct myparse *p); /* WITH comes next */
struct my_query *myquery_rest(struct myparse *p, struct my_with *with, bool into); /* what follows WITH; with its tail */
struct my_select *myquery_select(struct myparse *p, struct my_into **into); /* SELECT comes next; `into` NULL: none may stand */
bool myquery_into(struct myparse *p, struct my_into **into); /* INTO comes next */
bool myquery_tail(struct myparse *p, struct my_query *q, bool into); /* ORDER BY, LIMIT, FOR UPDATE, INTO */
bool myquery_at_tail(const struct myparse *p);
bool myquery_limit(struct myparse *p, struct my_expr **out); /* [LIMIT ...] */
bool myquery_limit_value(struct myparse *p, struct my_expr **out); /* one number, ? or variable of a routine: appended */
bool myquery_partitions(struct myparse *p); /* [PARTITION (a, b)] */
bool myquery_alias(struct myparse *p, const char **out); /* [[AS] alias] of a table */
bool myquery_system_time(struct myparse *p, struct my_expr **points); /* behind FOR SYSTEM_TIME */
bool myquery_history_point(struct myparse *p, struct my_expr **points);
struct my_source *myquery_table(struct myparse *p); /* with what may follow its name in FROM */
struct my_source *myquery_json_table(struct myparse *p);
struct my_expr *myquery_star(struct myparse *p); /* * */
struct my_row *myquery_rows(struct myparse *p, bool row_word, bool defaults); /* (1, 2), (3, 4) or ROW(1, 2), ... */
struct my_expr *myquery_value(struct myparse *p); /* expr, DEFAULT, MariaDB: IGNORE */

#endif
