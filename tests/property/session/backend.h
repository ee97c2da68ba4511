/*
 * A small PostgreSQL: enough of its protocol to be wrong in front of. Knows the statements of `pool` by their text, keeps names,
 * portals and transactions, skips to Sync after an error, and holds answers of the extended protocol back until Flush or Sync, as
 * the real one does. While its trees are printed, nothing but the gateway's own question and a Bind that was judged may come. Written from the protocol's documentation and postgres.c, never from the gateway.
 */
#ifndef PROPERTY_BACKEND_H
#define PROPERTY_BACKEND_H

#include "qw/base.h"

enum effect {
	EFFECT_NONE,
	EFFECT_BEGIN,
	EFFECT_COMMIT,
	EFFECT_ROLLBACK,
	EFFECT_PREPARE, /* arg: name, inner: its text */
	EFFECT_EXECUTE,
	EFFECT_DEALLOCATE,
	EFFECT_DECLARE,
	EFFECT_FETCH,
	EFFECT_CLOSE,
	EFFECT_DISCARD, /* ALL */
	EFFECT_COPY_IN,
	EFFECT_COPY_OUT,
	EFFECT_PRINT_ON, /* of its trees: a setting local to the transaction */
	EFFECT_PRINT_OFF,
	EFFECT_FORGET /* plans */
};

struct statement {
	const char *sql;
	const char *columns, *row; /* in the words of transcripts; NULL: gives no rows */
	const char *tag;
	enum effect effect;
	const char *arg, *inner;
	const char *error; /* sqlstate and text; when it runs, or when it is analysed: */
	bool fails_early;
};
extern const struct statement pool[];
extern const size_t pool_count;

enum { BACKEND_NAMES = 16, BACKEND_REST = 32 };

struct backend_name {
	char name[64];
	const struct statement *st;
	unsigned rows_left;
	bool used, is_cursor, ran;
	bool is_stale; /* plans were forgotten: it is analysed when it is bound */
};

struct backend {
	struct qw_buf in, held, out; /* held: waits for a flush */
	struct backend_name prepared[BACKEND_NAMES], portal[BACKEND_NAMES];
	uint8_t tx; /* I T E */
	bool skips, in_extended_copy, in_simple_copy, ended;
	const struct statement *rest[BACKEND_REST]; /* of a Query, behind a COPY */
	bool in_text; /* of several statements */
	size_t rest_count;
	bool prints; /* the tree of what is analysed */
	bool is_open; /* the transaction of a question: a statement of the gateway ran in it */
	unsigned cancel_in; /* a cancel hits the so many-th message from here; 0: none is under way */
};

void backend_init(struct backend *b);
void backend_fini(struct backend *b);
void backend_on(struct backend *b, struct qw_bytes bytes); /* from the gateway */

#endif
