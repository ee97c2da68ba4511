#include "internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { APPROVAL_ARENA_MAX = 64 << 20, APPROVAL_BYTES_MAX = 32 << 20 };

static void set_defaults(struct audit_options *o)
{
	if (!o->ring_bytes)
		o->ring_bytes = (size_t)16 << 20;
	if (!o->map_bytes)
		o->map_bytes = (size_t)64 << 30;
	if (!o->sync_ms)
		o->sync_ms = 5;
	if (!o->commit_records)
		o->commit_records = 8192;
	if (!o->commit_bytes)
		o->commit_bytes = 4 << 20;
	if (o->commit_bytes > o->ring_bytes / 4)
		o->commit_bytes = (uint32_t)(o->ring_bytes / 4);
	if (!o->commit_ms)
		o->commit_ms = 100;
}

static int audit_new(const struct audit_options *o, struct audit **out)
{
	struct audit *a = aligned_alloc(64, (sizeof(*a) + 63) & ~(size_t)63);

	*out = NULL;
	if (!a)
		return QW_E_NOMEM;
	memset(a, 0, sizeof(*a));
	a->lock_fd = a->journal.fd = -1;
	a->o = *o;
	a->o.directory = strdup(o->directory);
	set_defaults(&a->o);
	for (size_t i = 0; i < QW_COUNT(a->approval_arena); i++)
		qw_arena_init(&a->approval_arena[i], APPROVAL_ARENA_MAX);
	qw_buf_init(&a->approval_buf, APPROVAL_BYTES_MAX);
	*out = a;
	return a->o.directory ? 0 : QW_E_NOMEM;
}

int audit_open(const struct audit_options *o, struct audit **out, char *why, size_t why_size)
{
	struct audit *a;
	int err;

	*out = NULL;
	if (why_size)
		why[0] = '\0';
	err = audit_new(o, &a);
	if (!err)
		err = audit_recover(a, why, why_size);
	if (!err)
		err = audit_writer_start(a);
	if (err) {
		if (why_size && !why[0])
			(void)snprintf(why, why_size, "%s: %s", o->directory, qw_error_text(err));
		audit_close(a);
		return err;
	}
	*out = a;
	return 0;
}

void audit_close(struct audit *a)
{
	if (!a)
		return;
	audit_writer_stop(a);
	ledger_free(a->ledger);
	store_release(a->store);
	ring_close(&a->ring);
	journal_close(&a->journal);
	if (a->lock_fd >= 0)
		close(a->lock_fd); /* gives the directory free, last */
	for (size_t i = 0; i < QW_COUNT(a->approval_arena); i++)
		qw_arena_fini(&a->approval_arena[i]);
	qw_buf_fini(&a->approval_buf);
	free((char *)(uintptr_t)a->o.directory);
	free(a);
}

static bool is_record(struct qw_bytes record)
{
	return record.n >= QW_RECORD_HEADER_BYTES && record.p[0] == 0 &&
	       record.p[1] == QW_RECORD_VERSION;
}

void audit_hurry(struct audit *a, uint64_t seq)
{
	uint32_t sleep;

	if (seq <= atomic_load_explicit(&a->durable, memory_order_relaxed) ||
		seq <= atomic_load_explicit(&a->hurry, memory_order_relaxed))
		return;
	atomic_store_explicit(&a->hurry, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
	sleep = atomic_load_explicit(&a->sleep, memory_order_relaxed);
	if (sleep == AUDIT_IDLE || sleep == AUDIT_LINGERS)
		audit_wake(a);
}

int audit_append(struct audit *a, struct qw_bytes record, uint64_t *seq)
{
	uint32_t sleep;
	int err;

	if (atomic_load_explicit(&a->failed, memory_order_relaxed))
		return QW_E_IO;
	if (!is_record(record))
		return QW_E_MALFORMED;
	err = ring_put(&a->ring, a->next_seq, record);
	if (err == QW_E_FULL)
		audit_hurry(a, a->next_seq - 1); /* room cannot wait for a fuller batch */
	if (err)
		return err;
	*seq = a->next_seq++;
	atomic_store_explicit(&a->appended, *seq, memory_order_relaxed);
	/* The writer says that it sleeps, then looks at the head; we move the head, then look
	 * whether it sleeps. */
	atomic_thread_fence(memory_order_seq_cst);
	sleep = atomic_load_explicit(&a->sleep, memory_order_relaxed);
	if (sleep == AUDIT_IDLE || (sleep == AUDIT_LINGERS && audit_batch_is_due(a)))
		audit_wake(a);
	return 0;
}

uint64_t audit_durable(const struct audit *a)
{
	return atomic_load_explicit(&a->durable, memory_order_acquire);
}

bool audit_failed(const struct audit *a)
{
	return atomic_load_explicit(&a->failed, memory_order_acquire);
}

void audit_failure_text(const struct audit *a, char *out, size_t size)
{
	int rc = atomic_load(&a->last_rc);

	if (rc == 0)
		(void)snprintf(out, size, "the store has not failed");
	else if (rc == AUDIT_DAMAGED)
		(void)snprintf(out, size, "%s/ring was damaged while in use", a->o.directory);
	else
		(void)snprintf(out, size, "%s: %s", a->o.directory, mdb_strerror(rc));
}

void audit_stats_get(const struct audit *a, struct audit_stats *out)
{
	uint64_t tail = ring_tail(&a->ring), head = ring_head(&a->ring);

	*out = (struct audit_stats){
		.appended = atomic_load(&a->appended),
		.durable = atomic_load(&a->durable),
		.commits = atomic_load(&a->commits),
		.commit_us_sum = atomic_load(&a->commit_us_sum),
		.failures = atomic_load(&a->failures),
		.ring_used = head > tail ? (size_t)(head - tail) : 0,
		.ring_bytes = a->ring.size,
	};
}
