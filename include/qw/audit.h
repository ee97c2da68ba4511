/*
 * The ledger. Records go into a ring in a memory-mapped file (they survive the death of the process there) and from it,
 * by one writer thread in group commits, into LMDB. The only room that sees <lmdb.h>. Nothing is ever dropped.
 */
#ifndef QW_AUDIT_H
#define QW_AUDIT_H

#include "qw/approval.h"
#include "qw/record.h"

struct audit_options {
	const char *directory; /* made when missing, mode 0700 */
	size_t ring_bytes; /* power of two; default 16 MiB; one record may fill at most half of it */
	size_t map_bytes; /* LMDB map; default 64 GiB, sparse */
	uint32_t sync_ms; /* what is in the ring is on disk after this: 5 */
	uint32_t commit_records, commit_bytes, commit_ms; /* into LMDB, whichever first: 8192, 4 MiB (a quarter of the ring), 100 ms */
	void (*on_progress)(void *ctx); /* from the writer thread: durable or failed state moved */
	void *ctx;
};

struct audit;
/*
 * Recovers what a dead process left in the ring before it returns. `why` gets the reason of a failure; after success it is
 * empty, or a warning to log (a damaged ring was put aside, ...). STATE: another gateway writes here, or ring and store do
 * not belong together. The process should ignore SIGXFSZ.
 */
int audit_open(const struct audit_options *o, struct audit **out, char *why, size_t why_size) QW_MUST_CHECK;
void audit_close(struct audit *a); /* drains, syncs, joins the writer; NULL is fine */

/*
 * Loop thread only. Copies the record into the ring and gives it the next sequence number (from 1).
 * FULL: no room now, try again after on_progress. IO: the store has failed; deny. LIMIT: record larger than the ring takes.
 * MALFORMED: not a record of qw/record.h.
 */
int audit_append(struct audit *a, struct qw_bytes record, uint64_t *seq) QW_MUST_CHECK;
/* Loop thread: somebody waits for this record to be on disk; the writer does not linger for a fuller batch. Cheap, never blocks. */
void audit_hurry(struct audit *a, uint64_t seq);
uint64_t audit_durable(const struct audit *a); /* highest sequence number on disk; any thread */
bool audit_failed(const struct audit *a); /* the last commit failed (disk full, ...); retried until it works; any thread */
void audit_failure_text(const struct audit *a, char *out, size_t size); /* why; any thread */

struct audit_stats {
	uint64_t appended, durable, commits, commit_us_sum, failures;
	size_t ring_used, ring_bytes;
};
void audit_stats_get(const struct audit *a, struct audit_stats *out);

/*
 * ---- reading: also while a gateway writes, in any process; not yet what waits in its ring ----
 * Callbacks run outside of any transaction, however long they take. Records are borrowed for the call.
 */
struct audit_reader;
int audit_reader_open(const char *directory, struct audit_reader **out, char *why, size_t why_size) QW_MUST_CHECK;
void audit_reader_close(struct audit_reader *r);
typedef bool (*audit_record_cb)(void *ctx, uint64_t seq, struct qw_bytes record); /* false: stop */
int audit_each(struct audit_reader *r, uint64_t from_seq, audit_record_cb cb, void *ctx) QW_MUST_CHECK;
int audit_each_of_session(struct audit_reader *r, const uint8_t session[QW_SESSION_ID_BYTES], audit_record_cb cb,
	void *ctx) QW_MUST_CHECK;
/* Sessions, newest first: called with the SESSION_OPEN (or _REFUSED) record of each. */
int audit_each_session(struct audit_reader *r, audit_record_cb cb, void *ctx) QW_MUST_CHECK;

/* Recomputes the session's hash chain. 0, or MALFORMED: a record was changed or taken out; *good records in front of it hold. */
int audit_check_session(struct audit_reader *r, const uint8_t session[QW_SESSION_ID_BYTES], uint64_t *good) QW_MUST_CHECK;

/* ---- approvals: one guarded, durable update for each edge; loop thread; results are borrowed until the next call ---- */
enum { AUDIT_APPROVALS_OPEN_MAX = 1000, AUDIT_APPROVALS_OPEN_PER_REQUESTER_MAX = 50 };
/*
 * Finds an approved, unexpired approval with this digest and consumes it (*consumed true), else finds or makes the pending
 * one. `wanted` gives the texts of a new one; its id, state, created_us are filled here. now_us: wall clock.
 * LIMIT: too many are open already, of all or of this requester.
 */
int audit_approval_ask(struct audit *a, const struct approval *wanted, int64_t now_us, struct approval *out, bool *consumed) QW_MUST_CHECK;
int audit_approval_get(struct audit *a, const char *id, struct approval *out) QW_MUST_CHECK;
/*
 * STATE when the edge is not allowed from where it is now. EXPIRED: past its time (audit_approval_expire moves it).
 * To CONSUMED: for the session that waits for it; *out is then this one use.
 */
int audit_approval_decide(struct audit *a, const char *id, enum approval_state to, const char *approver, const char *reason,
	int64_t now_us, struct approval *out) QW_MUST_CHECK;
typedef bool (*audit_approval_cb)(void *ctx, const struct approval *ap);
int audit_approval_each(struct audit *a, audit_approval_cb cb, void *ctx) QW_MUST_CHECK; /* oldest first */
/* Moves what has outlived its expiry; calls cb for each that moved. */
int audit_approval_expire(struct audit *a, int64_t now_us, audit_approval_cb cb, void *ctx) QW_MUST_CHECK;

#endif
