#include "support.h"

#include "ring.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

struct board { /* shared with the child: what it was told is in the record */
	_Atomic uint64_t acknowledged;
};

static void child_appends(const char *directory, uint64_t from, struct board *board)
{
	struct audit_options o = {
		.directory = directory, .ring_bytes = 1 << 15, .commit_records = 16};
	struct audit *a;
	struct qw_buf b;
	char why[256];
	uint64_t seq;

	if (audit_open(&o, &a, why, sizeof(why)) != 0 || why[0])
		_exit(3);
	qw_buf_init(&b, 1 << 20);
	for (uint64_t i = from;; i++) {
		struct qw_bytes record = sample_record(
			&b, (uint8_t)(i % 5), i, QW_RECORD_STATEMENT, (size_t)(i * 37 % 1500));
		int err;

		while ((err = audit_append(a, record, &seq)) == QW_E_FULL)
			usleep(50);
		if (err)
			_exit(4);
		atomic_store(&board->acknowledged, seq);
	}
}

static pid_t start_child(const char *directory, uint64_t from, struct board *board)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		child_appends(directory, from, board);
		_exit(5);
	}
	return pid;
}

/* kill -9 at moments of chance, also while it recovers: all that was acknowledged is there, once
 * and in order. */
static void killed_gateways_lose_nothing(void **state)
{
	struct scratch dir;
	struct board *board =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct audit_options o = {.directory = dir.path, .ring_bytes = 1 << 15};
	unsigned seed = 4711;
	uint64_t last = 0;

	(void)state;
	assert_true(board != MAP_FAILED);
	scratch_new(&dir);
	for (int round = 0; round < 40; round++) {
		pid_t pid = start_child(dir.path, last, board);
		struct tally t;
		int status;

		usleep((useconds_t)(rand_r(&seed) % (round % 4 ? 25000 : 3000)));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		if (round % 3 == 2) /* the next child recovers instead */
			continue;
		audit_close(open_ledger(&o));
		t = read_all(dir.path);
		assert_true(t.last >= board->acknowledged);
		assert_true(t.last <=
			    board->acknowledged + 1); /* the one whose append was about to return */
		assert_true(t.in_order && t.whole);
		assert_true(t.records == t.last);
		last = t.last;
	}
	assert_true(last > 500);
	munmap(board, 4096);
	scratch_remove(&dir);
}

/* Another process reads while the gateway writes, and when it has died: always a whole beginning,
 * never less than before. */
static void others_read_meanwhile(void **state)
{
	struct scratch dir;
	struct board *board =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t last = 0;
	pid_t pid;

	(void)state;
	assert_true(board != MAP_FAILED);
	scratch_new(&dir);
	pid = start_child(dir.path, 0, board);
	while (atomic_load(&board->acknowledged) < 200)
		usleep(1000);
	for (int i = 0; i < 60; i++) {
		struct tally t = read_all(dir.path);

		assert_true(t.in_order && t.whole && t.last >= last);
		assert_true(t.records == t.last);
		last = t.last;
		if (i == 50) {
			assert_int_equal(kill(pid, SIGKILL), 0);
			assert_int_equal(waitpid(pid, NULL, 0), pid);
		}
	}
	assert_true(last > 0);
	munmap(board, 4096);
	scratch_remove(&dir);
}

/* A store that was cut off, or is none, is refused and not mapped into a SIGBUS. */
static void stores_that_are_cut_off(void **state)
{
	struct scratch dir;
	struct audit_options o = {.directory = dir.path, .ring_bytes = 1 << 15};
	struct audit_reader *r;
	struct audit *a;
	char path[128], why[256];

	(void)state;
	scratch_new(&dir);
	a = open_ledger(&o);
	for (uint64_t i = 0; i < 2000; i++)
		append_one(a, 1, i, QW_RECORD_STATEMENT, 1500);
	audit_close(a);
	scratch_file(&dir, "data.mdb", path);
	for (off_t size = 100000; size >= 0; size -= 20000) {
		assert_int_equal(truncate(path, size), 0);
		if (size) { /* an empty file is a new store */
			assert_true(audit_open(&o, &a, why, sizeof(why)) < 0);
			assert_true(audit_reader_open(dir.path, &r, why, sizeof(why)) < 0);
			assert_non_null(strstr(why, "cannot open the store"));
		}
	}
	assert_int_equal(audit_open(&o, &a, why, sizeof(why)),
		QW_E_STATE); /* but not the one of this ring */
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(truncate(path, 50000), 0); /* zeros */
	assert_true(audit_open(&o, &a, why, sizeof(why)) < 0);
	scratch_remove(&dir);
}

enum { SLOT = 24 + 44 + 5 + 100 + 3 }; /* of the records of leave() */

/* What the journal holds at the end of the n-th record of leave(). */
static bool is_in_journal(const char *directory, uint64_t n)
{
	char path[256];
	uint8_t byte = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/journal", directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && pread(fd, &byte, 1, RING_HEADER_BYTES + (off_t)(n * SLOT) - 8) != 1)
		byte = 0;
	if (fd >= 0)
		close(fd);
	return byte != 0;
}

/* A child that leaves n records in the ring and nothing in the store: its writer may not commit for
 * a long time. With sync_ms it lives until they are in the journal. */
static void leave(const char *directory, uint64_t n, uint32_t sync_ms)
{
	struct audit_options o = {.directory = directory,
		.ring_bytes = 1 << 15,
		.sync_ms = sync_ms ? sync_ms : 60000,
		.commit_records = 100000,
		.commit_bytes = 1 << 30,
		.commit_ms = 60000};
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		struct audit *a;
		char why[256];

		if (audit_open(&o, &a, why, sizeof(why)))
			_exit(3);
		for (uint64_t i = 0; i < n; i++)
			append_one(a, 1, i, QW_RECORD_STATEMENT, 100);
		for (int i = 0; i < 2000 && sync_ms && !is_in_journal(directory, n); i++)
			usleep(5000);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void leave_in_ring(const char *directory, uint64_t n)
{
	leave(directory, n, 0);
}

static void poke(const struct scratch *dir, off_t at, uint8_t with)
{
	char path[128];
	uint8_t b;
	int fd;

	scratch_file(dir, "ring", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &b, 1, at), 1);
	b ^= with;
	assert_int_equal(pwrite(fd, &b, 1, at), 1);
	close(fd);
}

static bool has_damaged_file(const struct scratch *dir)
{
	DIR *d = opendir(dir->path);
	struct dirent *e;
	bool found = false;

	assert_non_null(d);
	while ((e = readdir(d)))
		found = found || strncmp(e->d_name, "ring.damaged.", 13) == 0;
	closedir(d);
	return found;
}

/* Opens with a warning that contains `says`, keeps the first `kept`, and works on from there. */
static void check_recovers(struct scratch *dir, const char *says, uint64_t kept)
{
	struct audit_options o = {.directory = dir->path, .ring_bytes = 1 << 15};
	struct audit *a;
	struct tally t;
	char why[512];

	assert_int_equal(audit_open(&o, &a, why, sizeof(why)), 0);
	if (!strstr(why, says))
		print_message("warning: %s\n", why);
	assert_non_null(strstr(why, says));
	append_one(a, 1, 1000, QW_RECORD_STATEMENT, 10);
	audit_close(a);
	t = read_all(dir->path);
	assert_int_equal(t.records, kept + 1);
	assert_int_equal(t.last, kept + 1);
	assert_true(t.in_order && t.whole);
	audit_close(open_ledger(&o)); /* and no warning again */
	scratch_remove(dir);
}

static void damage_costs_only_what_is_behind_it(void **state)
{
	struct scratch dir;

	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		scratch_new(&dir);
		leave_in_ring(dir.path, 10);
		poke(&dir, RING_HEADER_BYTES + (off_t)(2 * i) * SLOT + 90, 1);
		check_recovers(&dir, "damaged", 2 * i);
	}
	scratch_new(&dir);
	leave_in_ring(dir.path, 10);
	poke(&dir, 0, 1); /* magic */
	assert_false(has_damaged_file(&dir));
	check_recovers(&dir, "not a ring", 0);
}

static void wild_heads_are_not_believed(void **state)
{
	const off_t head = (off_t)offsetof(struct ring_header, head);
	struct scratch dir;

	(void)state;
	scratch_new(&dir);
	leave_in_ring(dir.path, 10);
	poke(&dir, head + 7, 0x80); /* far away */
	check_recovers(&dir, "does not go on", 0);
	scratch_new(&dir);
	leave_in_ring(dir.path, 10);
	poke(&dir, head, 1); /* no multiple of 8 */
	check_recovers(&dir, "does not go on", 0);
	scratch_new(&dir);
	leave_in_ring(dir.path, 10);
	poke(&dir, head + 1, 0x10); /* beyond the last */
	check_recovers(&dir, "damaged", 10);
}

/* A power cut: of the ring the disk has only what it was at the start. The journal has the rest. */
static void the_journal_survives_a_power_cut(void **state)
{
	static const uint8_t nothing[RING_HEADER_BYTES];
	struct scratch dir;
	char path[128];
	int fd;

	(void)state;
	scratch_new(&dir);
	leave(dir.path, 12, 1);
	scratch_file(&dir, "ring", path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, nothing, sizeof(uint64_t), (off_t)offsetof(struct ring_header, head)), sizeof(uint64_t));
	assert_int_equal(pwrite(fd, nothing, sizeof(nothing), RING_HEADER_BYTES), sizeof(nothing));
	close(fd);
	check_recovers(&dir, "power cut", 12);
}

/* Died without one: journal and ring hold the same, and each record is stored once. */
static void journal_and_ring_are_stored_once(void **state)
{
	struct scratch dir;

	(void)state;
	scratch_new(&dir);
	leave(dir.path, 12, 1);
	check_recovers(&dir, "", 12);
}

static void rings_that_are_gone_or_foreign(void **state)
{
	struct scratch dir, other;
	struct audit_options o = {.directory = dir.path, .ring_bytes = 1 << 15};
	char path[128], foreign[128], why[512];
	struct audit *a;

	(void)state;
	scratch_new(&dir);
	audit_close(open_ledger(&o));
	a = open_ledger(&o);
	append_one(a, 1, 0, QW_RECORD_STATEMENT, 10);
	audit_close(a);
	scratch_file(&dir, "ring", path);
	assert_int_equal(unlink(path), 0);
	check_recovers(&dir, "was missing", 1);

	scratch_new(&dir);
	scratch_new(&other);
	audit_close(open_ledger(&o));
	leave_in_ring(other.path, 3);
	scratch_file(&dir, "ring", path);
	scratch_file(&other, "ring", foreign);
	assert_int_equal(rename(foreign, path), 0);
	assert_int_equal(audit_open(&o, &a, why, sizeof(why)), QW_E_STATE);
	assert_non_null(strstr(why, "do not belong together"));
	scratch_remove(&dir);
	scratch_remove(&other);
}

/* Bytes of chance anywhere in the ring file: opens or refuses, and what it keeps is a whole
 * beginning. */
static void any_damage_is_survived(void **state)
{
	struct audit_options o = {.ring_bytes = 1 << 15};
	struct scratch dir;
	unsigned seed = 99;

	(void)state;
	for (int round = 0; round < 60; round++) {
		struct audit *a;
		struct tally t;
		char why[512];

		scratch_new(&dir);
		o.directory = dir.path;
		leave_in_ring(dir.path, 20);
		for (int i = 0; i <= round % 5; i++)
			poke(&dir,
				rand_r(&seed) % (round % 2 ? 256 : RING_HEADER_BYTES + 20 * SLOT),
				(uint8_t)(1 + rand_r(&seed) % 255));
		if (audit_open(&o, &a, why, sizeof(why)) == 0)
			audit_close(a);
		else
			assert_true(why[0] != '\0');
		t = read_all(dir.path);
		assert_true(t.records <= 20 && t.in_order && t.whole &&
			    (t.records == 0 || t.first == 1));
		scratch_remove(&dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_gateways_lose_nothing),
		cmocka_unit_test(others_read_meanwhile),
		cmocka_unit_test(stores_that_are_cut_off),
		cmocka_unit_test(damage_costs_only_what_is_behind_it),
		cmocka_unit_test(wild_heads_are_not_believed),
		cmocka_unit_test(the_journal_survives_a_power_cut),
		cmocka_unit_test(journal_and_ring_are_stored_once),
		cmocka_unit_test(rings_that_are_gone_or_foreign),
		cmocka_unit_test(any_damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
