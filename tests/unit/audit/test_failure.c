#include "support.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct progress {
	_Atomic unsigned calls;
};

static void count(void *ctx)
{
	struct progress *p = ctx;

	p->calls++;
}

/* Appends until the store fails; how many were taken. */
static uint64_t fill_until_failed(struct audit *a)
{
	struct qw_buf b;
	uint64_t seq = 0, i = 0;
	int err = 0;

	qw_buf_init(&b, 1 << 20);
	for (; i < 100000; i++) {
		struct qw_bytes record = sample_record(&b, 1, i, QW_RECORD_STATEMENT, 900);

		while ((err = audit_append(a, record, &seq)) == QW_E_FULL)
			usleep(100);
		if (err)
			break;
		assert_int_equal(seq, i + 1);
	}
	assert_int_equal(err, QW_E_IO);
	assert_true(audit_failed(a));
	qw_buf_fini(&b);
	return i;
}

static void a_full_map_denies_and_loses_nothing(void **state)
{
	struct scratch dir;
	struct progress p = {0};
	struct audit_options o = {.directory = dir.path,
		.ring_bytes = 1 << 16,
		.map_bytes = 256 << 10,
		.on_progress = count,
		.ctx = &p};
	struct audit_stats stats;
	char why[256];
	struct audit *a;
	uint64_t taken;
	struct tally t;
	unsigned calls;

	(void)state;
	scratch_new(&dir);
	a = open_ledger(&o);
	taken = fill_until_failed(a);
	audit_failure_text(a, why, sizeof(why));
	assert_non_null(strstr(why, "MAP_FULL"));
	calls = p.calls;
	assert_true(calls > 0);
	audit_stats_get(a, &stats);
	assert_true(stats.failures > 0);
	assert_true(stats.durable < taken && stats.appended == taken && stats.ring_used > 0);
	usleep(450000); /* it tries again, and fails again */
	audit_stats_get(a, &stats);
	assert_true(stats.failures >= 2 && audit_failed(a));
	audit_close(a);
	assert_true(read_all(dir.path).records < taken);
	assert_int_equal(audit_open(&o, &a, why, sizeof(why)),
		QW_E_IO); /* still no room for what is in the ring */
	assert_non_null(strstr(why, "MAP_FULL"));
	o.map_bytes = 64 << 20;
	audit_close(open_ledger(&o));
	t = read_all(dir.path);
	assert_int_equal(t.records, taken);
	assert_true(t.in_order && t.whole);
	scratch_remove(&dir);
}

/* The disk is full, then it is not: a file size limit stands for it. Runs in a child, which has the
 * limit. */
static int full_disk_child(const char *directory)
{
	struct progress p = {0};
	struct audit_options o = {
		.directory = directory, .ring_bytes = 1 << 16, .on_progress = count, .ctx = &p};
	struct rlimit limit = {.rlim_cur = 400 << 10, .rlim_max = RLIM_INFINITY};
	struct audit *a = open_ledger(&o);
	uint64_t taken, seq;
	unsigned calls;
	struct qw_buf b;

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 3;
	taken = fill_until_failed(a);
	calls = p.calls;
	qw_buf_init(&b, 1 << 20);
	if (audit_append(a, sample_record(&b, 1, taken, QW_RECORD_STATEMENT, 900), &seq) != QW_E_IO)
		return 4;
	limit.rlim_cur = RLIM_INFINITY;
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		return 5;
	for (int i = 0; i < 400 && audit_failed(a); i++)
		usleep(10000);
	if (audit_failed(a) || p.calls == calls)
		return 6;
	if (audit_append(a, qw_buf_pending(&b), &seq) != 0 || seq != taken + 1)
		return 7;
	wait_durable(a, taken + 1);
	qw_buf_fini(&b);
	audit_close(a);
	return 0;
}

static void a_full_disk_denies_until_there_is_room(void **state)
{
	struct scratch dir;
	struct tally t;
	int status;
	pid_t pid;

	(void)state;
	scratch_new(&dir);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGXFSZ, SIG_IGN);
		_exit(full_disk_child(dir.path));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	t = read_all(dir.path);
	assert_true(t.records > 10 && t.in_order && t.whole);
	scratch_remove(&dir);
}

static void a_full_ring_has_room_again(void **state)
{
	struct scratch dir;
	struct progress p = {0};
	struct audit_options o = {.directory = dir.path,
		.ring_bytes = 8192,
		.commit_records = 100000,
		.commit_bytes = 1 << 30,
		.commit_ms = 60000, /* the writer lingers: the ring fills */
		.on_progress = count,
		.ctx = &p};
	struct audit *a;
	struct qw_buf b;
	uint64_t seq = 0;
	int err = 0;

	(void)state;
	scratch_new(&dir);
	a = open_ledger(&o);
	qw_buf_init(&b, 1 << 20);
	for (int i = 0; i < 100 && !err; i++)
		err = audit_append(
			a, sample_record(&b, 1, (uint64_t)i, QW_RECORD_STATEMENT, 1000), &seq);
	assert_int_equal(err, QW_E_FULL);
	assert_int_equal(seq, 7);
	/* nobody has to ask for it: being full is reason enough not to linger for 60 s */
	for (int i = 0; i < 10000 && p.calls == 0; i++)
		usleep(500);
	assert_int_equal(audit_durable(a), 7);
	assert_int_equal(
		audit_append(a, sample_record(&b, 1, 7, QW_RECORD_STATEMENT, 1000), &seq), 0);
	assert_int_equal(seq, 8);
	audit_close(a);
	assert_int_equal(read_all(dir.path).records, 8);
	qw_buf_fini(&b);
	scratch_remove(&dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_map_denies_and_loses_nothing),
		cmocka_unit_test(a_full_disk_denies_until_there_is_room),
		cmocka_unit_test(a_full_ring_has_room_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
