/*
 * The spool: a ring in a memory-mapped file. One producer (the loop thread), one consumer (the
 * writer thread). Whatever ring_put returned 0 for is in the page cache and survives the death of
 * the process at any instruction.
 *
 * File: one page of header, then `size` data bytes, mapped twice in a row so that no slot is ever
 * cut in two. Positions count bytes since the ring was made and never wrap; position modulo size is
 * the place. Host byte order: the file never leaves its machine, and another byte order fails on
 * the version word.
 */
#ifndef QW_AUDIT_RING_H
#define QW_AUDIT_RING_H

#include "qw/base.h"

#include <stdatomic.h>

enum {
	RING_HEADER_BYTES = 4096,
	RING_VERSION = 1,
	RING_BYTES_MIN = 4096,
	RING_USED_PART = 16 /* while the writer keeps up only this part of the ring, the first, is used */
};
#define RING_SKIP UINT32_MAX /* length of a slot that holds no record: the next one is at the start of the lap */

struct ring_header {
	char magic[8];
	uint32_t version, zero;
	uint64_t id; /* random; the store names the ring that it has drained by it */
	uint64_t size;
	_Alignas(64) _Atomic uint64_t head; /* producer: everything in front of it is whole */
	_Alignas(64) _Atomic uint64_t tail; /* consumer: everything in front of it is on disk */
};

struct ring_slot {	   /* 8-byte aligned; the record follows */
	uint64_t checksum; /* of all that follows here, seeded with ring id and position: an older
			      lap never fits */
	uint64_t seq;
	uint32_t length, zero;
};

struct ring {
	struct ring_header *header; /* NULL: not open */
	uint8_t *data;
	size_t size;
	uint64_t id;
	_Alignas(64) uint64_t head; /* these two are the producer's own */
	uint64_t seen_tail;
	_Atomic uint64_t skipped; /* behind the last slot that says: go on at the start of the next lap */
};

/* Makes the file whole or not at all (written beside it, then renamed), with all its blocks. */
int ring_create(const char *path, size_t size, struct ring *out) QW_MUST_CHECK;
/* NOTFOUND; MALFORMED: not a ring, or cut off; IO. Head is not judged yet: ring_resume. */
int ring_open(const char *path, struct ring *out) QW_MUST_CHECK;
void ring_close(struct ring *r);
/* After recovery: producer and consumer go on at head. */
void ring_resume(struct ring *r);

int ring_put(struct ring *r, uint64_t seq, struct qw_bytes record) QW_MUST_CHECK; /* FULL, LIMIT */
/*
 * The record at `pos`, if it is whole and has this sequence number; *next is the position behind
 * it. NOTFOUND: pos is `head`. MALFORMED: damaged. The span is borrowed until ring_release passes
 * it.
 */
int ring_peek(const struct ring *r, uint64_t pos, uint64_t head, uint64_t seq,
	struct qw_bytes *record, uint64_t *next) QW_MUST_CHECK;
uint64_t ring_next_lap(const struct ring *r, uint64_t pos);
void ring_release(struct ring *r, uint64_t pos);
uint64_t ring_head(const struct ring *r); /* any thread */
uint64_t ring_tail(const struct ring *r); /* any thread */

uint64_t ring_checksum(struct qw_bytes in, uint64_t seed);

#endif
