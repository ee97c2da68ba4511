/*
 * One entry for each decoder of protocols/postgres, for the property tests and the fuzz targets:
 * decodes one body and, when it is accepted, asserts what must hold then (all spans lie inside the
 * body; encoding what was decoded gives the body again).
 */
#ifndef PGWIRE_CHECKS_H
#define PGWIRE_CHECKS_H

#include "qw/pgwire.h"

struct pgwire_check {
	const char *name;		  /* the fuzz target, and its folder in fixtures/corpus */
	int (*run)(struct qw_bytes body); /* 0: accepted; the decoder's error otherwise */
	bool is_stream; /* not one whole body: a prefix of what is accepted may be accepted too */
};

enum { PGWIRE_CHECKS = 19 };
extern const struct pgwire_check pgwire_checks[PGWIRE_CHECKS];
const struct pgwire_check *pgwire_check_find(const char *name); /* NULL when there is none */

#endif
