/* Reading and writing bytes in network order. Only wire/cursor.c does arithmetic on what is left. */
#ifndef QW_WIRE_H
#define QW_WIRE_H

#include "qw/base.h"

/* ---- cursor: reads; the first error sticks, every later read gives 0 or empty ---- */
struct cursor {
	const uint8_t *p, *end;
	bool failed;
};
struct cursor cur_from(struct qw_bytes b);
uint8_t cur_u8(struct cursor *c);
uint16_t cur_be16(struct cursor *c);
uint32_t cur_be32(struct cursor *c);
uint64_t cur_be64(struct cursor *c);
struct qw_bytes cur_bytes(struct cursor *c, size_t n);
const char *cur_cstr(struct cursor *c); /* up to and with the NUL; NULL when there is none */
struct qw_bytes cur_text(struct cursor *c); /* the same string as a span without its NUL */
struct qw_bytes cur_rest(struct cursor *c); /* everything left */
size_t cur_left(const struct cursor *c);
/* A count from the wire is believed only when `smallest` bytes for each item are left. */
bool cur_fits(struct cursor *c, size_t count, size_t smallest);
void cur_fail(struct cursor *c); /* the caller found the bytes wrong */
int cur_end(const struct cursor *c) QW_MUST_CHECK; /* 0: all read, nothing left over, no error; MALFORMED otherwise */

/* ---- builder: appends to a qw_buf; the first error sticks; lengths are patched and checked for 2^31 ---- */
struct builder {
	struct qw_buf *out;
	size_t mark; /* where the length word of the open message stands, relative to the pending bytes; 0: none */
	int err;
};
void bld_init(struct builder *b, struct qw_buf *out);
/* Type byte and length word of a PostgreSQL message. When anything fails before bld_end, the message is taken back whole. */
void bld_begin(struct builder *b, uint8_t type);
void bld_u8(struct builder *b, uint8_t v);
void bld_be16(struct builder *b, uint16_t v);
void bld_be32(struct builder *b, uint32_t v);
void bld_be64(struct builder *b, uint64_t v);
void bld_bytes(struct builder *b, struct qw_bytes v);
void bld_cstr(struct builder *b, const char *s); /* with NUL; s may not be NULL */
void bld_end(struct builder *b); /* patches the length word */
int bld_error(const struct builder *b) QW_MUST_CHECK;

#endif
