/*
 * The one writer thread.
 *
 *   idle --record--> lingers --8192 records | 4 MiB | 100 ms | hurry--> commit --ring empty--> idle
 *                       ^---------------------- more in the ring ----------'
 *   commit --fails--> paused --200 ms--> commit
 *
 * While it lingers, the journal is brought up to date every 5 ms: two calls and one stretch of the disk, where a commit takes
 * some 25 calls and a tree's worth of pages.
 */
#include "internal.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	BATCH_FACTOR = 8
}; /* a batch is due at the limits, but may take this much more of what is there: fewer commits */

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void futex_sleep(_Atomic uint32_t *word, uint32_t while_it_is, uint64_t us)
{
	struct timespec t = {
		.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

	(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, while_it_is,
		us == UINT64_MAX ? NULL : &t, NULL, 0);
}

void audit_wake(struct audit *a)
{
	if (atomic_exchange(&a->sleep, AUDIT_AWAKE) != AUDIT_AWAKE)
		(void)syscall(SYS_futex, &a->sleep, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static bool is_empty(const struct audit *a)
{
	return ring_head(&a->ring) == ring_tail(&a->ring);
}

bool audit_batch_is_due(const struct audit *a)
{
	uint64_t durable = atomic_load_explicit(&a->durable, memory_order_relaxed);

	return ring_head(&a->ring) - ring_tail(&a->ring) >= a->o.commit_bytes ||
	       atomic_load_explicit(&a->appended, memory_order_relaxed) >=
		       durable + a->o.commit_records ||
	       atomic_load_explicit(&a->hurry, memory_order_relaxed) > durable;
}

/* Says that it sleeps, looks once more, sleeps. `us` from now; UINT64_MAX: no limit. */
static void rest(
	struct audit *a, enum audit_sleep how, bool (*is_over)(const struct audit *), uint64_t us)
{
	atomic_store(&a->sleep, how);
	atomic_thread_fence(memory_order_seq_cst);
	if (!atomic_load(&a->stop) && !is_over(a))
		futex_sleep(&a->sleep, how, us);
	atomic_store(&a->sleep, AUDIT_AWAKE);
}

static bool has_records(const struct audit *a)
{
	return !is_empty(a);
}

static bool never(const struct audit *a)
{
	(void)a;
	return false;
}

/* A journal that fails makes a commit due at once: that one tells what is wrong, or nothing is. */
static void linger(struct audit *a)
{
	uint64_t now = now_us(), end = now + (uint64_t)a->o.commit_ms * 1000;
	uint64_t sync_us = (uint64_t)a->o.sync_ms * 1000, sync_at = now + sync_us;

	while (!atomic_load(&a->stop) && !audit_batch_is_due(a) && now < end) {
		rest(a, AUDIT_LINGERS, audit_batch_is_due, (sync_at < end ? sync_at : end) - now);
		now = now_us();
		if (now < sync_at || audit_batch_is_due(a))
			continue;
		if (journal_sync(&a->journal, &a->ring, ring_head(&a->ring)))
			return;
		now = now_us();
		sync_at = now + sync_us;
	}
}

static void progress(struct audit *a)
{
	if (a->o.on_progress)
		a->o.on_progress(a->o.ctx);
}

static void note_failure(struct audit *a, int rc)
{
	bool was;

	atomic_store(&a->last_rc, rc);
	atomic_fetch_add(&a->failures, 1);
	was = atomic_exchange(&a->failed, true);
	if (rc == MDB_PANIC)
		store_reopen(a->store);
	if (!was)
		progress(a);
}

static void note_commit(struct audit *a, uint64_t us)
{
	ring_release(&a->ring, a->ledger->at.ring_pos);
	journal_forget(&a->journal, a->ledger->at.ring_pos);
	atomic_store_explicit(&a->durable, a->ledger->at.next_seq - 1, memory_order_release);
	atomic_fetch_add(&a->commits, 1);
	atomic_fetch_add(&a->commit_us_sum, us);
	atomic_store(&a->failed, false);
	progress(a);
}

static bool commit(struct audit *a)
{
	struct ledger_limits max = {(size_t)a->o.commit_records * BATCH_FACTOR,
		(size_t)a->o.commit_bytes * BATCH_FACTOR};
	uint64_t before = a->ledger->at.next_seq, start = now_us();
	int rc = 0, err = ledger_drain(a->ledger, &a->ring, ring_head(&a->ring), max, &rc);

	if (err == 0 || (err == QW_E_MALFORMED && a->ledger->at.next_seq != before))
		note_commit(a, now_us() - start);
	if (err)
		note_failure(a, err == QW_E_MALFORMED ? AUDIT_DAMAGED : rc);
	return err == 0;
}

static void *writer_main(void *arg)
{
	struct audit *a = arg;

	for (;;) {
		bool stop = atomic_load(&a->stop);

		if (is_empty(a)) {
			if (stop)
				break;
			rest(a, AUDIT_IDLE, has_records, UINT64_MAX);
			continue;
		}
		if (!stop && !audit_failed(a))
			linger(a);
		if (commit(a))
			continue;
		if (stop)
			break; /* what could not be stored stays in the ring for the next start */
		rest(a, AUDIT_PAUSED, never, AUDIT_RETRY_MS * 1000);
	}
	return NULL;
}

int audit_writer_start(struct audit *a)
{
	sigset_t all, old;
	int rc;

	/* The program's signals are for its loop. SIGXFSZ too: a file size limit is then an error,
	 * not a death. */
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	rc = pthread_create(&a->thread, NULL, writer_main, a);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	a->has_thread = rc == 0;
	return rc == 0 ? 0 : QW_E_NOMEM;
}

void audit_writer_stop(struct audit *a)
{
	if (!a->has_thread)
		return;
	atomic_store(&a->stop, true);
	audit_wake(a);
	pthread_join(a->thread, NULL);
	a->has_thread = false;
}
