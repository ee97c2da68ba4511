#include "qw/mysqltree.h"

const char *my_op_spelled(enum my_op op)
{
	static const char *const spelled[] = {
#define X(id, text) text,
		MY_OPS(X)
#undef X
	};

	return (size_t)op < QW_COUNT(spelled) ? spelled[op] : "";
}
