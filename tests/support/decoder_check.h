/*
 * One entry for each decoder of a protocol, for the property tests and the fuzz targets: decodes one
 * body and, when it is accepted, asserts what must hold then (all spans lie inside the body; encoding
 * what was decoded gives the body again). Each protocol's list is a library of its own.
 */
#ifndef DECODER_CHECK_H
#define DECODER_CHECK_H

#include "qw/base.h"

struct decoder_check {
	const char *name;		  /* the fuzz target, and its folder in fixtures/corpus */
	int (*run)(struct qw_bytes body); /* 0: accepted; the decoder's error otherwise */
	bool is_stream; /* not one whole body: a prefix of what is accepted may be accepted too */
};

extern const struct decoder_check decoder_checks[];
extern const size_t decoder_check_count;
const struct decoder_check *decoder_check_find(const char *name); /* NULL when there is none */

#endif
