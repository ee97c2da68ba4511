/* INSERT, REPLACE, UPDATE, DELETE. */
#ifndef SQLPARSE_MYSQL_WRITE_H
#define SQLPARSE_MYSQL_WRITE_H

#include "../core/parser.h"

bool myparse_insert(struct myparse *p, struct my_statement *s);
bool myparse_update(struct myparse *p, struct my_statement *s);
bool myparse_delete(struct myparse *p, struct my_statement *s);
bool myparse_with_statement(struct myparse *p, struct my_statement *s); /* WITH ... SELECT, UPDATE or DELETE */

#endif
