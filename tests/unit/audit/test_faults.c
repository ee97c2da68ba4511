/* The n-th call of a kind fails, for n = 1, 2, ...: no crash, nothing acknowledged is lost, nothing
 * is consumed twice. */
#include "support.h"

#include <errno.h>
#include <lmdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum kind {
	FAIL_NOTHING,
	FAIL_MEMORY,
	FAIL_BEGIN,
	FAIL_BEGIN_PANIC,
	FAIL_COMMIT,
	FAIL_PUT,
	FAIL_READ,
	FAIL_OPEN,
	FAIL_FILE,
	FAIL_KINDS
};

static _Atomic int failing_kind, calls_left;
static _Atomic bool has_failed;

static bool fails(enum kind k)
{
	if ((int)k != failing_kind || atomic_fetch_sub(&calls_left, 1) != 1)
		return false;
	has_failed = true;
	return true;
}

#define WRAP(type, name, params, args, kind, failure)                                              \
	type __real_##name params;                                                                 \
	type __wrap_##name params;                                                                 \
	type __wrap_##name params                                                                  \
	{                                                                                          \
		return fails(kind) ? (failure) : __real_##name args;                               \
	}
WRAP(void *, malloc, (size_t n), (n), FAIL_MEMORY, NULL)
WRAP(void *, calloc, (size_t n, size_t size), (n, size), FAIL_MEMORY, NULL)
WRAP(void *, realloc, (void *p, size_t n), (p, n), FAIL_MEMORY, NULL)
WRAP(char *, strdup, (const char *s), (s), FAIL_MEMORY, NULL)
WRAP(void *, aligned_alloc, (size_t a, size_t n), (a, n), FAIL_MEMORY, NULL)
WRAP(int, mdb_put, (MDB_txn * t, MDB_dbi d, MDB_val *k, MDB_val *v, unsigned f), (t, d, k, v, f),
	FAIL_PUT, MDB_MAP_FULL)
WRAP(int, mdb_get, (MDB_txn * t, MDB_dbi d, MDB_val *k, MDB_val *v), (t, d, k, v), FAIL_READ,
	MDB_CORRUPTED)
WRAP(int, mdb_cursor_open, (MDB_txn * t, MDB_dbi d, MDB_cursor **c), (t, d, c), FAIL_READ, ENOMEM)
WRAP(int, mdb_env_open, (MDB_env * e, const char *p, unsigned f, mdb_mode_t m), (e, p, f, m),
	FAIL_OPEN, EIO)
WRAP(int, mdb_dbi_open, (MDB_txn * t, const char *n, unsigned f, MDB_dbi *d), (t, n, f, d),
	FAIL_OPEN, MDB_DBS_FULL)
WRAP(void *, mmap, (void *a, size_t n, int p, int f, int fd, off_t o), (a, n, p, f, fd, o),
	FAIL_FILE, MAP_FAILED)
WRAP(int, fsync, (int fd), (fd), FAIL_FILE, (errno = EIO, -1))
WRAP(int, posix_fallocate, (int fd, off_t o, off_t n), (fd, o, n), FAIL_FILE, ENOSPC)
WRAP(int, rename, (const char *from, const char *to), (from, to), FAIL_FILE, (errno = EIO, -1))

int __real_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn);
int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn);
int __wrap_mdb_txn_begin(MDB_env *env, MDB_txn *parent, unsigned flags, MDB_txn **txn)
{
	if (fails(FAIL_BEGIN))
		return EIO;
	return fails(FAIL_BEGIN_PANIC) ? MDB_PANIC : __real_mdb_txn_begin(env, parent, flags, txn);
}

int __real_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn);
int __wrap_mdb_txn_commit(MDB_txn *txn)
{
	if (!fails(FAIL_COMMIT))
		return __real_mdb_txn_commit(txn);
	mdb_txn_abort(txn); /* what LMDB does when the disk refuses */
	return ENOSPC;
}

struct run {
	struct audit *a;
	uint64_t acknowledged;
	unsigned used; /* how often the one approval let something through */
	bool was_approved;
};

static void ask_once(struct run *r)
{
	struct approval w = {.expires_us = 1000,
				.issuer = "i",
				.subject = "s",
				.statement = "drop table t"},
			out;
	bool consumed = false;

	if (audit_approval_ask(r->a, &w, 1, &out, &consumed) == 0) {
		r->used += consumed;
		assert_true(!consumed || r->was_approved);
		if (out.state == APPROVAL_PENDING &&
			!r->was_approved) /* even a failed call may not approve silently */
			r->was_approved = audit_approval_decide(r->a, out.id, APPROVAL_APPROVED,
						  "dba", NULL, 2, &out) == 0;
	} else {
		assert_false(consumed);
		assert_int_equal(out.state, APPROVAL_DENIED);
	}
}

static bool record_is_there(void *ctx, uint64_t seq, struct qw_bytes record)
{
	struct tally *t = ctx;

	return tally_record(t, seq, record);
}

static void work(struct run *r)
{
	struct qw_buf b;
	uint64_t seq;

	qw_buf_init(&b, 1 << 20);
	for (int i = 0; i < 10; i++) {
		struct qw_record_header h = {.version = QW_RECORD_VERSION,
			.type = i ? QW_RECORD_STATEMENT : QW_RECORD_SESSION_OPEN};
		uint8_t zero = 0;
		struct qw_record rec;

		qw_buf_clear(&b);
		qw_record_begin(&rec, &b, &h);
		qw_record_bytes(&rec, QW_FIELD_RESPONSE, qw_bytes(&zero, 1));
		if (qw_record_end(&rec) == 0 && audit_append(r->a, qw_buf_pending(&b), &seq) == 0) {
			assert_int_equal(seq, r->acknowledged + 1);
			r->acknowledged = seq;
		}
		if (i % 3 == 0)
			ask_once(r);
		if (i == 5 && r->acknowledged)
			audit_hurry(r->a, r->acknowledged);
	}
	qw_buf_fini(&b);
}

static void read_once(const char *directory)
{
	struct audit_reader *reader;
	struct tally t = {0};
	char why[256];

	if (audit_reader_open(directory, &reader, why, sizeof(why)) != 0)
		return;
	(void)!audit_each(reader, 0, record_is_there, &t);
	(void)!audit_each_session(reader, record_is_there, &t);
	audit_reader_close(reader);
}

/* True: the n-th call was reached. */
static bool one_run(enum kind kind, int n)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path,
		.ring_bytes = 1 << 14,
		.commit_records = 4,
		.map_bytes = 16 << 20};
	struct run r = {0};
	struct tally t;
	char why[512];
	int err;

	scratch_new(&dir);
	has_failed = false;
	calls_left = n;
	failing_kind = kind;
	err = audit_open(&o, &r.a, why, sizeof(why));
	if (err) {
		assert_true(has_failed);
		assert_null(r.a);
		assert_true(why[0] != '\0');
	} else {
		work(&r);
		read_once(dir.path);
	}
	failing_kind = FAIL_NOTHING;
	if (!err) {
		if (r.acknowledged)
			wait_durable(r.a, r.acknowledged);
		work(&r);
		ask_once(&r);
		assert_true(r.used <= 1);
		audit_close(r.a);
	} else { /* what failed to open opens once the fault is gone */
		audit_close(open_ledger(&o));
	}
	t = read_all(dir.path);
	assert_int_equal(t.records, r.acknowledged);
	assert_true(t.in_order && t.whole);
	scratch_remove(&dir);
	return has_failed;
}

static void every_call_may_fail(void **state)
{
	(void)state;
	for (int kind = FAIL_MEMORY; kind < FAIL_KINDS; kind++) {
		int n = 1;

		while (n < 60 && one_run((enum kind)kind, n))
			n++;
		assert_true(n > 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
