/* Shared inside protocols/postgres/copy only. */
#ifndef PGCOPY_INTERNAL_H
#define PGCOPY_INTERNAL_H

#include "qw/pgcopy.h"

/* Flags of a cell. */
enum {
	CELL_NULL = 1,
	CELL_ESCAPED = 2, /* the value has other bytes than the stream */
	CELL_QUOTED = 4,
	CELL_CLOSED = 8, /* the closing quote was read: only the cell's end may follow */
	CELL_END_MARKER = 16 /* holds "\.", which ends a stream of text */
};
enum { LENGTH_WORD = 4, FIRST_PRINTABLE = 0x20 };

/*
 * Each reads on from c->at in the bytes of one row and possibly more. 0: the row ends before c->at, and its cells are closed;
 * INCOMPLETE: call again with more bytes, of which the first in.n are the same.
 */
int pgcopy_scan_text(struct pgcopy *c, struct qw_bytes in) QW_MUST_CHECK;
int pgcopy_scan_csv(struct pgcopy *c, struct qw_bytes in) QW_MUST_CHECK;
int pgcopy_scan_binary(struct pgcopy *c, struct qw_bytes in) QW_MUST_CHECK;

/* Decoded into `out`, which has room for raw.n bytes. */
int pgcopy_text_decode(struct qw_bytes raw, uint8_t *out, size_t *n) QW_MUST_CHECK;
int pgcopy_put_text(const struct pgcopy *c, struct qw_bytes value, struct qw_buf *out) QW_MUST_CHECK;

/* The open cell ends before `at`. */
static inline int pgcopy_cell_close(struct pgcopy *c, struct qw_bytes in, size_t at)
{
	size_t n = at - c->cell_at;
	uint8_t flags = c->flags;

	if (c->count == c->o.columns)
		return QW_E_MALFORMED;
	if (n == c->null_text.n && !(flags & CELL_QUOTED) &&
		(n == 0 || memcmp(in.p + c->cell_at, c->null_text.p, n) == 0))
		flags = (flags | CELL_NULL) & ~CELL_END_MARKER;
	if (flags & CELL_END_MARKER)
		return QW_E_MALFORMED;
	c->cells[c->count++] = (struct pgcopy_cell){.at = (uint32_t)c->cell_at, .n = (uint32_t)n, .flags = flags};
	c->cell_at = at + 1; /* behind the delimiter */
	c->flags = 0;
	return 0;
}

/* A line's end stands at `at`. A table without columns has empty lines. */
static inline int pgcopy_line_close(struct pgcopy *c, struct qw_bytes in, size_t at)
{
	if (c->o.columns > 0 || at > 0) {
		int err = pgcopy_cell_close(c, in, at);

		if (err)
			return err;
	}
	if (c->count != c->o.columns)
		return QW_E_MALFORMED;
	c->at = at + 1;
	return 0;
}

#define PGCOPY_EACH (~(uint64_t)0 / 255) /* 0x01 in each byte */

/* 0x80 in each byte that is zero. Exact: no carry goes from byte to byte. */
static inline uint64_t pgcopy_zeroes(uint64_t w)
{
	return ~(((w & PGCOPY_EACH * 0x7f) + PGCOPY_EACH * 0x7f) | w) & PGCOPY_EACH * 0x80;
}

/* 0x80 in each byte that is `a`, `b` (each repeated eight times) or below FIRST_PRINTABLE. */
static inline uint64_t pgcopy_specials(uint64_t w, uint64_t a, uint64_t b)
{
	uint64_t control = ~(((w & PGCOPY_EACH * 0x7f) + PGCOPY_EACH * (0x80 - FIRST_PRINTABLE)) | w);

	return pgcopy_zeroes(w ^ a) | pgcopy_zeroes(w ^ b) | (control & PGCOPY_EACH * 0x80);
}

static inline uint64_t pgcopy_word(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

/* The first byte from `at` on that is `a`, `b` or below FIRST_PRINTABLE; in.n when there is none. */
static inline size_t pgcopy_special(struct qw_bytes in, size_t at, uint8_t a, uint8_t b)
{
	const uint64_t all_a = PGCOPY_EACH * a, all_b = PGCOPY_EACH * b;
	uint64_t found;

	for (; in.n - at >= sizeof(found); at += sizeof(found)) {
		found = pgcopy_specials(pgcopy_word(in.p + at), all_a, all_b);
		if (found)
			return at + (size_t)__builtin_ctzll(found) / 8;
	}
	if (in.n >= sizeof(found) && at < in.n) { /* the last word, without the bytes that were looked at */
		unsigned int seen = 8 * (unsigned int)(sizeof(found) - (in.n - at));

		found = pgcopy_specials(pgcopy_word(in.p + in.n - sizeof(found)), all_a, all_b) >> seen;
		return found ? at + (size_t)__builtin_ctzll(found) / 8 : in.n;
	}
	for (; at < in.n; at++)
		if (in.p[at] == a || in.p[at] == b || in.p[at] < FIRST_PRINTABLE)
			return at;
	return in.n;
}

#endif
