/* Statements that are no query and no write. */
#include "other.h"

bool myparse_other(struct myparse *p, struct my_statement *s)
{
	(void)s;
	return myparse_unknown(p);
}
