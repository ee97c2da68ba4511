/* Shared inside protocols/postgres only. */
#ifndef PGWIRE_INTERNAL_H
#define PGWIRE_INTERNAL_H

#include "qw/pgwire.h"

enum { PGWIRE_LENGTH_BYTES = 4, PGWIRE_KEY_MIN = 4, PGWIRE_KEY_MAX = 256 };
/* Request codes that stand where a startup packet has its protocol version (major 1234). */
enum {
	PGWIRE_CODE_CANCEL = 80877102,
	PGWIRE_CODE_SSL = 80877103,
	PGWIRE_CODE_GSS = 80877104,
};

/* A setting's name as the server compares it: ASCII letters without case (guc_name_compare). */
bool pgwire_same_name(const char *a, const char *b);
/* `count` format codes of 2 bytes: each is 0 (text) or 1 (binary). Fails the cursor otherwise. */
struct qw_bytes pgwire_formats(struct cursor *c, size_t count);

#endif
