/*
 * The LMDB environment of an audit directory. LMDB must not be opened twice in one process (closing
 * one of the two drops the other's file locks), so a process has one `struct store` for a
 * directory, counted; readers share the writer's.
 */
#ifndef QW_AUDIT_STORE_H
#define QW_AUDIT_STORE_H

#include "qw/base.h"

#include <lmdb.h>

enum store_table {
	STORE_META,	     /* "ledger" -> struct ledger_position, encoded */
	STORE_RECORDS,	     /* seq, u64 big-endian -> LEDGER_PREFIX_BYTES, record */
	STORE_SESSIONS,	     /* session id, 16 bytes -> its seqs, sorted (DUPSORT) */
	STORE_OPENS,	     /* seq of SESSION_OPEN or _REFUSED -> session id */
	STORE_APPROVALS,     /* number, u64 big-endian -> encoded approval */
	STORE_APPROVAL_IDS,  /* id -> number */
	STORE_APPROVAL_OPEN, /* digest, 32 bytes, and number -> nothing: pending and approved ones
			      */
	STORE_TABLES
};

struct store {
	MDB_env *env;
	MDB_dbi table[STORE_TABLES];
	void *shared; /* bookkeeping of the process; store.c only */
};

/* Writing: at most one of a process (STATE). Reading shares what is open, or opens read-only;
 * NOTFOUND: no store there. */
int store_open_write(const char *directory, size_t map_bytes, struct store **out, char *why,
	size_t why_size) QW_MUST_CHECK;
int store_open_read(
	const char *directory, struct store **out, char *why, size_t why_size) QW_MUST_CHECK;
void store_release(struct store *s);

/* A transaction; also keeps the environment from being reopened until store_end. LMDB's return
 * codes. */
int store_begin(struct store *s, bool writes, MDB_txn **txn) QW_MUST_CHECK;
int store_end(
	struct store *s, MDB_txn *txn, bool commit) QW_MUST_CHECK; /* durable when it returns 0 */
void store_abort(struct store *s, MDB_txn *txn);
/* After MDB_PANIC: a failed write of the meta page condemns the environment until it is opened
 * again. */
void store_reopen(struct store *s);

int store_error(int rc); /* LMDB's code -> QW_E_* */

static inline MDB_val store_val(const void *p, size_t n)
{
	return (MDB_val){.mv_size = n, .mv_data = (void *)(uintptr_t)p};
}
void store_put_be64(uint8_t out[8], uint64_t v);
uint64_t store_be64(MDB_val v); /* 0 when it is not 8 bytes */

#endif
