/* What a real server said of a statement when it was asked for its tree: fixtures/postgres/trees.txt, made by `capture`. */
#ifndef TRANSCRIPT_TREES_H
#define TRANSCRIPT_TREES_H

#include "qw/base.h"

struct tree {
	char *key; /* tree "the text" 23 25: as it is printed, with the types of its parameters */
	char *said; /* DETAIL of the notice; or the words of an error: 42703 "no such column" */
	bool is_error;
};

/* NULL: nobody asked a server. Then the key is added to the file that TREES_WANTED names in the environment. */
const struct tree *trees_find(struct qw_bytes sql, struct qw_bytes types);
int trees_put_key(struct qw_bytes sql, struct qw_bytes types, struct qw_buf *out) QW_MUST_CHECK; /* types: 4 bytes each */

#endif
