#include "support.h"

#include "ledger.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void what_is_appended_is_read(void **state)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path, .ring_bytes = 1 << 16};
	struct audit_stats stats;
	struct audit *a;
	struct tally t;

	(void)state;
	scratch_new(&dir);
	a = open_ledger(&o);
	for (uint64_t i = 0; i < 3000; i++)
		append_one(a, 1, i, QW_RECORD_STATEMENT, (size_t)(i % 700));
	append_one(a, 1, 3000, QW_RECORD_RESULT, 30000);
	wait_durable(a, 3001);
	audit_stats_get(a, &stats);
	assert_int_equal(stats.appended, 3001);
	assert_int_equal(stats.durable, 3001);
	assert_int_equal(stats.failures, 0);
	assert_int_equal(stats.ring_bytes, 1 << 16);
	assert_true(stats.commits > 0 && stats.commits <= 3001);
	t = read_all(dir.path); /* shares the writer's environment */
	assert_int_equal(t.records, 3001);
	audit_close(a);
	t = read_all(dir.path); /* opens its own, read-only */
	assert_int_equal(t.records, 3001);
	assert_int_equal(t.first, 1);
	assert_true(t.in_order && t.whole);
	a = open_ledger(&o);
	append_one(a, 1, 3001, QW_RECORD_STATEMENT, 10);
	audit_close(a);
	t = read_all(dir.path);
	assert_int_equal(t.last, 3002);
	assert_true(t.in_order && t.whole);
	scratch_remove(&dir);
}

static void what_is_no_record_is_refused(void **state)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path, .ring_bytes = 1 << 16};
	struct qw_buf b;
	struct audit *a;
	uint64_t seq = 77;

	(void)state;
	scratch_new(&dir);
	a = open_ledger(&o);
	qw_buf_init(&b, 1 << 20);
	assert_int_equal(audit_append(a, QW_LIT(""), &seq), QW_E_MALFORMED);
	assert_int_equal(
		audit_append(a,
			QW_LIT("0123456789012345678901234567890123456789012345678901234567890"),
			&seq),
		QW_E_MALFORMED);
	assert_int_equal(audit_append(a, sample_record(&b, 1, 0, 20, 33000), &seq), QW_E_LIMIT);
	assert_int_equal(seq, 77);
	append_one(a, 1, 0, QW_RECORD_STATEMENT, 5);
	audit_close(a);
	assert_int_equal(read_all(dir.path).records, 1);
	qw_buf_fini(&b);
	scratch_remove(&dir);
}

struct seen {
	uint8_t ids[16];
	uint64_t seqs[16];
	size_t n, stop_after;
};

static bool see(void *ctx, uint64_t seq, struct qw_bytes record)
{
	struct seen *s = ctx;
	struct qw_record_header h;
	struct qw_bytes fields;

	assert_int_equal(qw_record_open(record, &h, &fields), 0);
	assert_true(s->n < QW_COUNT(s->ids));
	s->ids[s->n] = h.session[0];
	s->seqs[s->n++] = seq;
	return s->n != s->stop_after;
}

static void sessions_are_found(void **state)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path};
	struct audit_reader *r;
	struct seen s = {0};
	struct audit *a;
	uint8_t id[QW_SESSION_ID_BYTES];
	char why[256];

	(void)state;
	scratch_new(&dir);
	a = open_ledger(&o);
	append_one(a, 0, 0, QW_RECORD_GATEWAY_START, 1);   /* 1 */
	append_one(a, 5, 0, QW_RECORD_SESSION_OPEN, 1);	   /* 2 */
	append_one(a, 9, 0, QW_RECORD_SESSION_OPEN, 1);	   /* 3 */
	append_one(a, 5, 1, QW_RECORD_STATEMENT, 1);	   /* 4 */
	append_one(a, 9, 1, QW_RECORD_SESSION_CLOSE, 1);   /* 5 */
	append_one(a, 7, 0, QW_RECORD_SESSION_REFUSED, 1); /* 6 */
	append_one(a, 5, 2, QW_RECORD_SESSION_CLOSE, 1);   /* 7 */
	audit_close(a);
	assert_int_equal(audit_reader_open(dir.path, &r, why, sizeof(why)), 0);
	assert_int_equal(audit_each_session(r, see, &s), 0);
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.ids, "\7\11\5", 3);
	s = (struct seen){.stop_after = 1};
	assert_int_equal(audit_each_session(r, see, &s), 0);
	assert_int_equal(s.n, 1);
	memset(id, 5, sizeof(id));
	s = (struct seen){0};
	assert_int_equal(audit_each_of_session(r, id, see, &s), 0);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.seqs[0], 2);
	assert_int_equal(s.seqs[1], 4);
	assert_int_equal(s.seqs[2], 7);
	memset(id, 6, sizeof(id));
	s = (struct seen){0};
	assert_int_equal(audit_each_of_session(r, id, see, &s), 0);
	assert_int_equal(s.n, 0);
	s = (struct seen){0};
	assert_int_equal(audit_each(r, 6, see, &s), 0);
	assert_int_equal(s.n, 2);
	assert_int_equal(s.seqs[0], 6);
	audit_reader_close(r);
	scratch_remove(&dir);
}

static void change_record(const char *directory, uint64_t seq, bool take_out)
{
	uint8_t be[8], copy[4096];
	MDB_val key = store_val(be, 8), val;
	struct store *s;
	MDB_txn *txn;
	char why[256];

	store_put_be64(be, seq);
	assert_int_equal(store_open_write(directory, 64 << 20, &s, why, sizeof(why)), 0);
	assert_int_equal(store_begin(s, true, &txn), 0);
	assert_int_equal(mdb_get(txn, s->table[STORE_RECORDS], &key, &val), 0);
	assert_true(val.mv_size <= sizeof(copy));
	memcpy(copy, val.mv_data, val.mv_size);
	copy[val.mv_size - 1] ^= 1;
	val.mv_data = copy;
	assert_int_equal(mdb_put(txn, s->table[STORE_RECORDS], &key, &val, 0), 0);
	if (take_out) {
		uint8_t session[QW_SESSION_ID_BYTES];
		MDB_val id = store_val(session, sizeof(session)), at = store_val(be, 8);

		memcpy(session, copy + LEDGER_PREFIX_BYTES + 20, sizeof(session));
		assert_int_equal(mdb_del(txn, s->table[STORE_SESSIONS], &id, &at), 0);
	}
	assert_int_equal(store_end(s, txn, true), 0);
	store_release(s);
}

static int check(const char *directory, uint8_t session, uint64_t *good)
{
	uint8_t id[QW_SESSION_ID_BYTES];
	struct audit_reader *r;
	char why[256];
	int err;

	memset(id, session, sizeof(id));
	assert_int_equal(audit_reader_open(directory, &r, why, sizeof(why)), 0);
	err = audit_check_session(r, id, good);
	audit_reader_close(r);
	return err;
}

/* The chain goes on over restarts and over sessions that push each other out of the cache. */
static void chain_shows_a_change(void **state)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path, .map_bytes = 64 << 20};
	uint64_t good;

	(void)state;
	scratch_new(&dir);
	for (uint64_t round = 0; round < 3; round++) {
		struct audit *a = open_ledger(&o);

		for (int s = 1; s < 200; s++)
			append_one(a, (uint8_t)s, round, QW_RECORD_STATEMENT, 20);
		audit_close(a);
	}
	for (int s = 1; s < 200; s++) {
		assert_int_equal(check(dir.path, (uint8_t)s, &good), 0);
		assert_int_equal(good, 3);
	}
	change_record(dir.path, 199 + 3, false); /* second record of session 3 */
	assert_int_equal(check(dir.path, 3, &good), QW_E_MALFORMED);
	assert_int_equal(good, 1);
	change_record(dir.path, 199 + 5, true);
	assert_int_equal(check(dir.path, 5, &good), QW_E_MALFORMED);
	assert_int_equal(good, 1);
	assert_int_equal(check(dir.path, 4, &good), 0);
	scratch_remove(&dir);
}

static void one_gateway_for_a_directory(void **state)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path};
	struct audit *a, *b;
	char why[256], number[32];

	(void)state;
	scratch_new(&dir);
	a = open_ledger(&o);
	assert_int_equal(audit_open(&o, &b, why, sizeof(why)), QW_E_STATE);
	assert_null(b);
	(void)snprintf(number, sizeof(number), "process %ld)", (long)getpid());
	assert_non_null(strstr(why, "another gateway"));
	assert_non_null(strstr(why, number));
	audit_close(a);
	audit_close(open_ledger(&o));
	assert_int_equal(chmod(dir.path, 0777), 0);
	assert_int_equal(audit_open(&o, &b, why, sizeof(why)), QW_E_CONFIG);
	assert_int_equal(chmod(dir.path, 0700), 0);
	o.ring_bytes = 5000;
	assert_int_equal(audit_open(&o, &b, why, sizeof(why)), QW_E_CONFIG);
	o.directory = "/nonexistent/audit";
	assert_int_equal(audit_open(&o, &b, why, sizeof(why)), QW_E_IO);
	assert_non_null(strstr(why, "/nonexistent/audit"));
	scratch_remove(&dir);
}

static void no_store_is_said(void **state)
{
	struct scratch dir;
	struct audit_reader *r;
	char why[256];

	(void)state;
	scratch_new(&dir);
	assert_int_equal(audit_reader_open(dir.path, &r, why, sizeof(why)), QW_E_NOTFOUND);
	assert_non_null(strstr(why, "there is none"));
	assert_int_equal(audit_reader_open("/nonexistent", &r, why, sizeof(why)), QW_E_NOTFOUND);
	scratch_remove(&dir);
}

struct reading {
	const char *directory;
	_Atomic bool stop;
	int passes;
	bool good;
};

static void *read_on(void *arg)
{
	struct reading *r = arg;
	uint64_t last = 0;

	r->good = true;
	while (!r->stop) {
		struct tally t = read_all(r->directory);

		r->good = r->good && t.in_order && t.whole && t.last >= last &&
			  (t.records == 0 || t.first == 1);
		last = t.last;
		r->passes++;
	}
	return NULL;
}

static void readers_do_not_disturb(void **state)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path, .ring_bytes = 1 << 16};
	struct reading r = {.directory = dir.path};
	struct audit *a;
	pthread_t thread;

	(void)state;
	scratch_new(&dir);
	a = open_ledger(&o);
	append_one(a, 1, 0, QW_RECORD_STATEMENT, 100);
	assert_int_equal(pthread_create(&thread, NULL, read_on, &r), 0);
	for (uint64_t i = 1; i < 5000; i++)
		append_one(a, (uint8_t)(i % 7), i, QW_RECORD_STATEMENT, (size_t)(i % 900));
	wait_durable(a, 5000);
	r.stop = true;
	pthread_join(thread, NULL);
	assert_true(r.good && r.passes > 0);
	audit_close(a);
	scratch_remove(&dir);
}

static void another_ring_size_takes_over(void **state)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path, .ring_bytes = 1 << 16};
	struct audit_stats stats;
	struct audit *a;

	(void)state;
	scratch_new(&dir);
	for (uint64_t i = 0; i < 4; i++) {
		o.ring_bytes = (size_t)1 << (14 + i * 3 % 5);
		a = open_ledger(&o);
		audit_stats_get(a, &stats);
		assert_int_equal(stats.ring_bytes, o.ring_bytes);
		append_one(a, 1, i, QW_RECORD_STATEMENT, 3000);
		audit_close(a);
	}
	assert_int_equal(read_all(dir.path).records, 4);
	scratch_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_appended_is_read),
		cmocka_unit_test(what_is_no_record_is_refused),
		cmocka_unit_test(sessions_are_found),
		cmocka_unit_test(chain_shows_a_change),
		cmocka_unit_test(one_gateway_for_a_directory),
		cmocka_unit_test(no_store_is_said),
		cmocka_unit_test(readers_do_not_disturb),
		cmocka_unit_test(another_ring_size_takes_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
