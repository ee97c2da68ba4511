#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define JOURNAL_NAME "journal"

struct reason {
	char *text;
	size_t size;
};

static int join(const struct audit *a, const char *name, char out[4096])
{
	return snprintf(out, 4096, "%s/%s", a->o.directory, name) < 4096 ? 0 : QW_E_LIMIT;
}

static int make_directory(const struct audit *a, struct reason why)
{
	struct stat st;

	if ((mkdir(a->o.directory, 0700) != 0 && errno != EEXIST) ||
		stat(a->o.directory, &st) != 0) {
		(void)snprintf(why.text, why.size, "%s: %s", a->o.directory, strerror(errno));
		return QW_E_IO;
	}
	if (!S_ISDIR(st.st_mode) || (st.st_mode & 022)) {
		(void)snprintf(why.text, why.size,
			"%s: must be a directory that nobody else can write to", a->o.directory);
		return QW_E_CONFIG;
	}
	return 0;
}

/* The lock belongs to the open file: it goes with the process, however that ends. */
static int lock_directory(struct audit *a, struct reason why)
{
	char path[4096], pid[32] = "?";
	int err = join(a, "gateway.lock", path);
	ssize_t n;

	if (err)
		return err;
	a->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (a->lock_fd < 0) {
		(void)snprintf(why.text, why.size, "%s: %s", path, strerror(errno));
		return QW_E_IO;
	}
	if (flock(a->lock_fd, LOCK_EX | LOCK_NB) != 0) {
		n = pread(a->lock_fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? strspn(pid, "0123456789") : 1] = '\0';
		(void)snprintf(why.text, why.size,
			"%s: another gateway (process %s) writes to this audit directory",
			a->o.directory, pid);
		return QW_E_STATE;
	}
	n = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(a->lock_fd, 0) == 0 && pwrite(a->lock_fd, pid, (size_t)n, 0) == n)
		return 0;
	/* The number is only for the message above, but a disk this full cannot hold records
	 * either. */
	(void)snprintf(why.text, why.size, "%s: %s", path, strerror(errno));
	return QW_E_IO;
}

static void sync_directory(const struct audit *a)
{
	int fd = open(a->o.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)fsync(fd);
	close(fd);
}

/* A fresh ring in place of whatever has its name; the store learns its name before anything is put
 * into it. */
static int replace_ring(struct audit *a, const char *path, struct reason why)
{
	struct ledger_position at = a->ledger->at;
	int err, rc;

	ring_close(&a->ring);
	err = ring_create(path, a->o.ring_bytes, &a->ring);
	if (err) {
		(void)snprintf(why.text, why.size, "%s: %s", path,
			err == QW_E_CONFIG
				? "ring_bytes must be a power of two, from 4 KiB to 2 GiB"
				: strerror(errno));
		return err;
	}
	sync_directory(a);
	at.ring_id = a->ring.id;
	at.ring_pos = 0;
	rc = ledger_save(a->ledger, at);
	if (rc)
		(void)snprintf(why.text, why.size, "%s: %s", a->o.directory, mdb_strerror(rc));
	return store_error(rc);
}

/* Keeps a damaged ring as evidence and says so; the gateway goes on with a new one. */
static int put_aside(struct audit *a, const char *path, const char *what, struct reason why)
{
	char aside[4096 + 64], text[512];
	int err;

	(void)snprintf(aside, sizeof(aside), "%s.damaged.%lld", path, (long long)time(NULL));
	if (rename(path, aside) != 0) {
		(void)snprintf(why.text, why.size, "%s: %s, and cannot be put aside: %s", path,
			what, strerror(errno));
		return QW_E_IO;
	}
	(void)snprintf(text, sizeof(text),
		"%.200s: %.100s; records up to %llu are kept, the file was put aside as %.100s",
		path, what, (unsigned long long)(a->ledger->at.next_seq - 1),
		strrchr(aside, '/') + 1);
	err = replace_ring(a, path, why);
	if (!err)
		(void)snprintf(why.text, why.size, "%s", text);
	return err;
}

static int drain_left_over(struct audit *a, uint64_t head, struct reason why)
{
	const struct ledger_limits max = {4096, 4 << 20};
	int err = 0, rc = 0;

	while (!err && a->ledger->at.ring_pos != head)
		err = ledger_drain(a->ledger, &a->ring, head, max, &rc);
	if (err && err != QW_E_MALFORMED)
		(void)snprintf(why.text, why.size, "%s: cannot store what is left in the ring: %s",
			a->o.directory, mdb_strerror(rc));
	return err;
}

/*
 * After a power cut the ring may be older than what the writer had put on disk. What the journal has of it comes first: after
 * any other end of the process that is nothing, or the same.
 */
static int drain_journal(struct audit *a, struct reason why)
{
	const struct ledger_limits max = {4096, 4 << 20};
	struct ring journal;
	char path[4096];
	int rc = 0, err = join(a, JOURNAL_NAME, path);

	if (err || ring_open(path, &journal))
		return err; /* none, or none that was ever synced */
	if (journal.id == a->ledger->at.ring_id) {
		uint64_t end = a->ledger->at.ring_pos + journal.size;

		while (!err)
			err = ledger_drain(a->ledger, &journal, end, max, &rc);
	}
	ring_close(&journal);
	if (!err || err == QW_E_MALFORMED)
		return 0; /* where its records end is something else */
	(void)snprintf(why.text, why.size, "%s: cannot store what is left in the journal: %s", a->o.directory, mdb_strerror(rc));
	return err;
}

static int open_journal(struct audit *a, struct reason why)
{
	char path[4096];
	int err = join(a, JOURNAL_NAME, path);

	if (!err)
		err = journal_open(path, &a->ring, &a->journal);
	if (err)
		(void)snprintf(why.text, why.size, "%s: %s", path, strerror(errno));
	return err;
}

static int take_over(struct audit *a, const char *path, struct reason why)
{
	uint64_t head = ring_head(&a->ring), pos = a->ledger->at.ring_pos;
	int err;

	if (a->ring.id != a->ledger->at.ring_id) {
		if (head == 0)
			return replace_ring(a, path,
				why); /* died between making the ring and telling the store */
		(void)snprintf(why.text, why.size,
			"%s: the ring and the store do not belong together (one of them was "
			"replaced); move the ring away to go on "
			"without the records in it",
			a->o.directory);
		return QW_E_STATE;
	}
	/* The store is synced and the ring's header is not: after a power cut the header may be the
	 * older of the two. */
	if (head < pos || head - pos > a->ring.size || head % 8)
		return put_aside(
			a, path, "the ring does not go on where the store ends (power cut?)", why);
	err = drain_left_over(a, head, why);
	if (err == QW_E_MALFORMED)
		return put_aside(a, path, "the ring is damaged (power cut?)", why);
	if (err)
		return err;
	if (a->ring.size != a->o.ring_bytes)
		return replace_ring(a, path, why);
	ring_resume(&a->ring);
	return 0;
}

static int recover_ring(struct audit *a, struct reason why)
{
	char path[4096];
	int err = join(a, "ring", path);

	if (!err)
		err = ring_open(path, &a->ring);
	if (err == 0)
		return take_over(a, path, why);
	if (err == QW_E_MALFORMED)
		return put_aside(a, path, "is not a ring of this version, or cut off", why);
	if (err != QW_E_NOTFOUND) {
		(void)snprintf(why.text, why.size, "%s: %s", path, strerror(errno));
		return err;
	}
	err = replace_ring(a, path, why);
	if (!err && a->ledger->at.next_seq > 1)
		(void)snprintf(why.text, why.size,
			"%s was missing: records that were only there are lost", path);
	return err;
}

int audit_recover(struct audit *a, char *why, size_t why_size)
{
	struct reason r = {why, why_size};
	int err = make_directory(a, r);

	if (!err)
		err = lock_directory(a, r);
	if (!err)
		err = store_open_write(a->o.directory, a->o.map_bytes, &a->store, why, why_size);
	if (!err)
		err = ledger_new(a->store, &a->ledger);
	if (!err)
		err = drain_journal(a, r);
	if (!err)
		err = recover_ring(a, r);
	if (!err)
		err = open_journal(a, r);
	if (err)
		return err;
	a->next_seq = a->ledger->at.next_seq;
	atomic_store(&a->durable, a->next_seq - 1);
	atomic_store(&a->appended, a->next_seq - 1);
	return 0;
}
