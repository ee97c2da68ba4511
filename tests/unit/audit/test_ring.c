#include "support.h"

#include "journal.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void checksum_is_xxh64(void **state)
{
	(void)state;
	assert_true(ring_checksum(QW_LIT(""), 0) == 0xEF46DB3751D8E999);
	assert_true(ring_checksum(QW_LIT("abc"), 0) == 0x44BC2CF5AD770999);
	assert_true(ring_checksum(QW_LIT("Nobody inspects the spammish repetition"), 0) ==
		    0xFBCEA83C8A378BF1);
}

struct fixture {
	struct scratch dir;
	char path[128];
	struct ring ring;
};

static void fixture_new(struct fixture *f, size_t size)
{
	scratch_new(&f->dir);
	scratch_file(&f->dir, "ring", f->path);
	assert_int_equal(ring_create(f->path, size, &f->ring), 0);
}

static void fixture_free(struct fixture *f)
{
	ring_close(&f->ring);
	scratch_remove(&f->dir);
}

/* Many laps with every size of record: what comes out is what went in, and a full ring says so. */
static void laps(void **state)
{
	struct fixture f;
	uint8_t bytes[2000];
	uint64_t put = 1, got = 1, pos = 0, next;
	struct qw_bytes record;
	unsigned seed = 7;
	int full = 0;

	(void)state;
	fixture_new(&f, 8192);
	while (got < 20000) {
		memset(bytes, (int)(put & 255), sizeof(bytes));
		if (rand_r(&seed) % 8) {
			int err = ring_put(
				&f.ring, put, qw_bytes(bytes, (size_t)(put * 7 % sizeof(bytes))));

			full += err == QW_E_FULL;
			assert_true(err == 0 || err == QW_E_FULL);
			put += err == 0;
			if (err == 0)
				continue;
		}
		while (rand_r(&seed) % 16 &&
			ring_peek(&f.ring, pos, ring_head(&f.ring), got, &record, &next) == 0) {
			assert_int_equal(record.n, got * 7 % sizeof(bytes));
			for (size_t i = 0; i < record.n; i++)
				assert_int_equal(record.p[i], got & 255);
			got++;
			pos = next;
			ring_release(&f.ring, pos);
		}
	}
	assert_true(full > 100);
	fixture_free(&f);
}

static void limits(void **state)
{
	struct fixture f;
	uint8_t bytes[4096] = {0};
	struct ring r;

	(void)state;
	fixture_new(&f, 4096);
	assert_int_equal(ring_put(&f.ring, 1, qw_bytes(bytes, 2048 - sizeof(struct ring_slot) + 1)),
		QW_E_LIMIT);
	assert_int_equal(ring_put(&f.ring, 1, qw_bytes(bytes, SIZE_MAX / 2)), QW_E_LIMIT);
	assert_int_equal(ring_put(&f.ring, 1, qw_bytes(bytes, 2048 - sizeof(struct ring_slot))), 0);
	assert_int_equal(ring_put(&f.ring, 2, qw_bytes(bytes, 2048 - sizeof(struct ring_slot))), 0);
	assert_int_equal(ring_put(&f.ring, 3, qw_bytes(bytes, 0)), QW_E_FULL);
	assert_int_equal(ring_head(&f.ring), 4096);
	assert_int_equal(ring_create(f.path, 5000, &r), QW_E_CONFIG);
	assert_int_equal(ring_create(f.path, 2048, &r), QW_E_CONFIG);
	fixture_free(&f);
}

/* Any single byte of a slot that changes makes exactly that slot, and no other, unbelievable. */
static void any_changed_byte_is_seen(void **state)
{
	struct fixture f;
	uint64_t pos[5] = {0}, next;
	struct qw_bytes record;

	(void)state;
	fixture_new(&f, 4096);
	for (uint64_t i = 0; i < 4; i++) {
		assert_int_equal(ring_put(&f.ring, i + 1,
					 QW_LIT("forty-eight bytes of a record, a multiple of 8.")),
			0);
		pos[i + 1] = ring_head(&f.ring);
	}
	for (uint64_t at = pos[1]; at < pos[1] + sizeof(struct ring_slot) + 47; at++) {
		f.ring.data[at] ^= 0x40;
		assert_int_equal(ring_peek(&f.ring, pos[0], pos[4], 1, &record, &next), 0);
		assert_int_equal(
			ring_peek(&f.ring, pos[1], pos[4], 2, &record, &next), QW_E_MALFORMED);
		assert_int_equal(ring_peek(&f.ring, pos[2], pos[4], 3, &record, &next), 0);
		f.ring.data[at] ^= 0x40;
	}
	assert_int_equal(ring_peek(&f.ring, pos[1], pos[4], 3, &record, &next),
		QW_E_MALFORMED); /* wrong number */
	assert_int_equal(ring_peek(&f.ring, pos[1], pos[2] - 8, 2, &record, &next),
		QW_E_MALFORMED); /* behind head */
	assert_int_equal(ring_peek(&f.ring, pos[1] + 1, pos[4], 2, &record, &next), QW_E_MALFORMED);
	assert_int_equal(ring_peek(&f.ring, pos[4], pos[1], 2, &record, &next), QW_E_MALFORMED);
	assert_int_equal(ring_peek(&f.ring, pos[1] + 4096, pos[4] + 4096, 2, &record, &next),
		QW_E_MALFORMED); /* old lap */
	fixture_free(&f);
}

/* A producer that dies before it moves the head has put nothing. */
static void half_a_record_is_not_there(void **state)
{
	struct fixture f;
	struct qw_bytes record;
	uint64_t next, head;
	struct ring again;

	(void)state;
	fixture_new(&f, 4096);
	assert_int_equal(ring_put(&f.ring, 1, QW_LIT("first")), 0);
	head = ring_head(&f.ring);
	memset(f.ring.data + head, 0xee, 100);
	assert_int_equal(ring_open(f.path, &again), 0);
	assert_int_equal(ring_peek(&again, 0, ring_head(&again), 1, &record, &next), 0);
	assert_true(qw_bytes_equal(record, QW_LIT("first")));
	assert_int_equal(
		ring_peek(&again, next, ring_head(&again), 2, &record, &next), QW_E_NOTFOUND);
	ring_close(&again);
	fixture_free(&f);
}

static void bad_files_are_refused(void **state)
{
	struct fixture f;
	struct ring r;
	unsigned seed = 11;
	uint8_t junk[256];
	int fd;

	(void)state;
	fixture_new(&f, 4096);
	assert_int_equal(truncate(f.path, 8000), 0);
	assert_int_equal(ring_open(f.path, &r), QW_E_MALFORMED);
	assert_int_equal(truncate(f.path, 10), 0);
	assert_int_equal(ring_open(f.path, &r), QW_E_MALFORMED);
	for (int i = 0; i < 200; i++) {
		fd = open(f.path, O_RDWR | O_TRUNC | O_CLOEXEC);
		assert_true(fd >= 0);
		for (size_t k = 0; k < sizeof(junk); k++)
			junk[k] = (uint8_t)rand_r(&seed);
		if (i % 2) {
			memcpy(junk, "QWRING1\0\1\0\0\0\0\0\0", 16);
			memset(junk + 24, i % 4 == 1 ? 0 : 0xff, 8);
		}
		assert_int_equal(write(fd, junk, sizeof(junk)), sizeof(junk));
		assert_int_equal(ftruncate(fd, 8192), 0);
		close(fd);
		assert_int_equal(ring_open(f.path, &r), QW_E_MALFORMED);
	}
	assert_int_equal(unlink(f.path), 0);
	assert_int_equal(ring_open(f.path, &r), QW_E_NOTFOUND);
	assert_int_equal(symlink("/dev/zero", f.path), 0);
	assert_int_equal(ring_open(f.path, &r), QW_E_IO);
	fixture_free(&f);
}

/* All that the file of the journal holds from `pos` on; how many. */
static uint64_t count_in(const char *path, uint64_t pos, uint64_t seq)
{
	struct ring copy;
	struct qw_bytes record;
	uint64_t end, n = 0;

	assert_int_equal(ring_open(path, &copy), 0);
	for (end = pos + copy.size; ring_peek(&copy, pos, end, seq + n, &record, &pos) == 0; n++)
		for (size_t i = 0; i < record.n; i++)
			assert_int_equal(record.p[i], (uint8_t)(seq + n));
	ring_close(&copy);
	return n;
}

/* Records of any size, a store that keeps up or does not: whenever the power goes, the journal has what was synced. */
static void the_journal_follows(void **state)
{
	struct fixture f;
	struct journal j;
	char path[128];
	uint8_t bytes[300];
	uint64_t put = 1, synced = 1, got = 1, pos = 0, laps_skipped = 0;
	unsigned seed = 5;

	(void)state;
	fixture_new(&f, 8192);
	scratch_file(&f.dir, "journal", path);
	assert_int_equal(journal_open(path, &f.ring, &j), 0);
	for (int round = 0; round < 20000; round++) {
		unsigned what = (unsigned)rand_r(&seed) % 8;
		uint64_t before = ring_head(&f.ring);

		memset(bytes, (int)(put & 255), sizeof(bytes));
		if (what < 5 && ring_put(&f.ring, put, qw_bytes(bytes, 20 + put * 7 % 250)) == 0) {
			put++;
			laps_skipped += ring_head(&f.ring) - before > 1000;
		} else if (what == 5) {
			assert_int_equal(journal_sync(&j, &f.ring, ring_head(&f.ring)), 0);
			synced = put;
		} else if (what == 6) { /* a commit */
			struct qw_bytes record;

			while (ring_peek(&f.ring, pos, ring_head(&f.ring), got, &record, &pos) == 0)
				got++;
			ring_release(&f.ring, pos);
			journal_forget(&j, pos);
		} else if (what == 7 && round % 16 == 0) {
			uint64_t least = synced > got ? synced - got : 0;

			assert_true(count_in(path, pos, got) >= least);
		}
	}
	assert_true(laps_skipped > 10);
	journal_close(&j);
	fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_is_xxh64),
		cmocka_unit_test(laps),
		cmocka_unit_test(limits),
		cmocka_unit_test(any_changed_byte_is_seen),
		cmocka_unit_test(half_a_record_is_not_there),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(the_journal_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
