/* The captured trees of fixtures/querytree. */
#ifndef FILES_H
#define FILES_H

#include "../../support/cmocka_qw.h"
#include "qw/querytree.h"

#include <stdlib.h>

extern const char *files_root;

struct files_tree {
	unsigned major;
	const char *name;
	struct qw_bytes text;
};

/* All of them, each once; returns how many. */
size_t files_each(void (*on_tree)(const struct files_tree *t));
/* One of them; free(text.p) is the caller's. */
struct qw_bytes files_read(unsigned major, const char *name);

#endif
