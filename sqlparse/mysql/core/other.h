/* Every statement that is no query and no INSERT, REPLACE, UPDATE or DELETE: other/. */
#ifndef SQLPARSE_MYSQL_OTHER_H
#define SQLPARSE_MYSQL_OTHER_H

#include "parser.h"

/* The first word is next and not yet taken. Sets s->kind to OTHER, notes at least one act; stops at the statement's end. */
bool myparse_other(struct myparse *p, struct my_statement *s);

#endif
