/* The parts of an open ledger, and which thread each belongs to. */
#ifndef QW_AUDIT_INTERNAL_H
#define QW_AUDIT_INTERNAL_H

#include "journal.h"
#include "ledger.h"

#include <pthread.h>

/* What the writer thread does right now; also the futex it sleeps on. Whoever wakes it sets AWAKE
 * first. */
enum audit_sleep {
	AUDIT_AWAKE,   /* busy: it looks at the ring again before it sleeps */
	AUDIT_IDLE,    /* any record wakes it */
	AUDIT_LINGERS, /* records are waiting; a full batch or somebody in a hurry wakes it */
	AUDIT_PAUSED   /* the store has failed; only audit_close wakes it */
};

struct audit {
	struct audit_options o; /* directory is our own copy */
	int lock_fd;
	struct store *store;
	struct ledger *ledger; /* these two are the writer thread's, once it runs */
	struct journal journal;
	pthread_t thread;
	bool has_thread;

	/* loop thread */
	_Alignas(64) struct ring ring;
	uint64_t next_seq;
	struct qw_arena approval_arena[2]; /* results of this call and of the one before */
	unsigned approval_turn;
	struct qw_buf approval_buf;

	/* written by the writer thread */
	_Alignas(64) _Atomic uint64_t durable;
	_Atomic uint64_t commits, commit_us_sum, failures;
	_Atomic bool failed;
	_Atomic int last_rc; /* LMDB's code of the last failure */

	/* written by both, seldom */
	_Alignas(64) _Atomic uint32_t sleep;
	_Atomic uint64_t hurry; /* somebody waits for this sequence number */
	_Atomic bool stop;

	/* written by the loop thread for everyone */
	_Alignas(64) _Atomic uint64_t appended;
};

enum { AUDIT_RETRY_MS = 200, AUDIT_DAMAGED = -1 /* in last_rc: the ring, not the store */ };

/* recover.c: locks the directory, opens store and ring, drains what is there. `why` may hold a
 * warning after 0. */
int audit_recover(struct audit *a, char *why, size_t why_size) QW_MUST_CHECK;
/* writer.c */
int audit_writer_start(struct audit *a) QW_MUST_CHECK;
void audit_writer_stop(struct audit *a);
void audit_wake(struct audit *a);
bool audit_batch_is_due(const struct audit *a);

#endif
