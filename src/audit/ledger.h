/* What a commit of the writer thread does: whole records from the ring into the store's tables, in
 * one transaction. */
#ifndef QW_AUDIT_LEDGER_H
#define QW_AUDIT_LEDGER_H

#include "qw/audit.h"
#include "qw/digest.h"
#include "ring.h"
#include "store.h"

/* In front of every stored record: {u8 format 1, 7 zero bytes, chain}. chain = SHA-256(domain,
 * chain before, record). */
enum {
	LEDGER_CHAIN_BYTES = 32,
	LEDGER_PREFIX_BYTES = 8 + LEDGER_CHAIN_BYTES,
	LEDGER_FORMAT = 1,
	LEDGER_CACHE = 1024
};

struct ledger_position {   /* kept in the same transaction as the records: nothing is lost or stored
			      twice */
	uint64_t next_seq; /* from 1 */
	uint64_t ring_id, ring_pos; /* everything in front of it in that ring is stored */
};

struct ledger {
	struct store *store;
	struct qw_digest *digest;
	struct ledger_position at;
	struct ledger_link { /* last chain value of sessions that wrote lately, by a hash of their
				id */
		uint8_t session[QW_SESSION_ID_BYTES];
		uint8_t chain[LEDGER_CHAIN_BYTES];
		bool is_set;
	} cache[LEDGER_CACHE];
};

int ledger_new(struct store *store, struct ledger **out) QW_MUST_CHECK; /* reads its position */
void ledger_free(struct ledger *l);
int ledger_save(struct ledger *l, struct ledger_position at) QW_MUST_CHECK; /* LMDB's codes */

struct ledger_limits {
	size_t records, bytes;
};
/*
 * One transaction. 0: *l is at its new position. MALFORMED: the ring is damaged at *l's position
 * (what was whole in front of it is stored). IO, NOMEM: nothing has changed, *rc says why.
 */
int ledger_drain(struct ledger *l, const struct ring *r, uint64_t head, struct ledger_limits max,
	int *rc) QW_MUST_CHECK;

/* The chain value of a record, given the one before it in its session (zeros before the first). */
int ledger_chain(struct qw_digest *d, const uint8_t before[LEDGER_CHAIN_BYTES],
	struct qw_bytes record, uint8_t out[LEDGER_CHAIN_BYTES]) QW_MUST_CHECK;
/* A stored value -> its record and chain; MALFORMED. */
int ledger_split(MDB_val stored, struct qw_bytes *record, const uint8_t **chain) QW_MUST_CHECK;

#endif
