/* Between the files of this folder. */
#ifndef SQLPARSE_MYSQL_PARTS_H
#define SQLPARSE_MYSQL_PARTS_H

#include "../query/query.h"
#include "write.h"

struct my_set_item *mywrite_sets(struct myparse *p); /* a = 1, t.b := DEFAULT */
bool mywrite_returning(struct myparse *p, struct my_item **out); /* [RETURNING ...]: MariaDB */
bool mywrite_order_limit(struct myparse *p, struct my_order **order, struct my_expr **limit); /* [ORDER BY ...] [LIMIT n] */
bool mywrite_portion(struct myparse *p, struct my_source *table); /* [FOR PORTION OF period FROM a TO b]: MariaDB; into its expr */

struct my_source *mywrite_update_tables(struct myparse *p);
bool mywrite_update(struct myparse *p, struct my_statement *s, struct my_with *with);
bool mywrite_delete(struct myparse *p, struct my_statement *s, struct my_with *with);

#endif
