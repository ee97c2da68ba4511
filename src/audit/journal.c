#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int write_all(int fd, const uint8_t *p, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, p, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return QW_E_IO;
		p += done;
		n -= (size_t)done;
		at += (uint64_t)done;
	}
	return 0;
}

/*
 * Blocks that were only reserved are slow to sync for the first time: those that are used while the writer keeps up are
 * written now.
 */
static int fill(int fd, const struct ring *r)
{
	static const uint8_t zeros[1 << 16];
	uint64_t end = RING_HEADER_BYTES + r->size / RING_USED_PART;
	int err = posix_fallocate(fd, 0, (off_t)(RING_HEADER_BYTES + r->size));

	if (err) {
		errno = err;
		return QW_E_IO;
	}
	for (uint64_t at = RING_HEADER_BYTES; at < end && !err; at += sizeof(zeros))
		err = write_all(fd, zeros, end - at < sizeof(zeros) ? (size_t)(end - at) : sizeof(zeros), at);
	if (!err)
		err = write_all(fd, (const uint8_t *)r->header, RING_HEADER_BYTES, 0);
	if (!err && fsync(fd) != 0)
		err = QW_E_IO;
	return err;
}

static int create(const char *path, const struct ring *r, struct journal *out)
{
	char fresh[4200];
	int err = 0;

	*out = (struct journal){.fd = -1, .synced = ring_head(r)};
	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return QW_E_LIMIT;
	out->fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out->fd < 0)
		return QW_E_IO;
	err = fill(out->fd, r);
	if (!err && rename(fresh, path) != 0)
		err = QW_E_IO;
	if (err) {
		int keep = errno;

		(void)unlink(fresh);
		journal_close(out);
		errno = keep;
	}
	return err;
}

int journal_open(const char *path, const struct ring *r, struct journal *out)
{
	struct ring_header h;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	*out = (struct journal){.fd = fd, .synced = ring_head(r)};
	if (fd >= 0 && pread(fd, &h, sizeof(h), 0) == (ssize_t)sizeof(h) && h.id == r->id && h.size == r->size &&
		lseek(fd, 0, SEEK_END) == (off_t)(RING_HEADER_BYTES + r->size))
		return 0;
	journal_close(out);
	return create(path, r, out);
}

void journal_close(struct journal *j)
{
	if (j->fd >= 0)
		close(j->fd);
	j->fd = -1;
}

/* Part of one lap. */
static int write_part(const struct journal *j, const struct ring *r, uint64_t from, uint64_t to)
{
	uint64_t place = from & (r->size - 1);

	return from < to ? write_all(j->fd, r->data + place, to - from, RING_HEADER_BYTES + place) : 0;
}

int journal_sync(struct journal *j, const struct ring *r, uint64_t head)
{
	uint64_t skipped = atomic_load_explicit(&r->skipped, memory_order_relaxed);
	uint64_t lap = ring_next_lap(r, j->synced); /* where the lap begins that `synced` is not in */
	uint64_t end = skipped > j->synced && skipped <= lap ? skipped : lap;
	int err;

	if (head == j->synced)
		return 0;
	if (head - j->synced > r->size)
		return QW_E_STATE;
	err = write_part(j, r, j->synced, head < end ? head : end);
	if (!err && head > lap)
		err = write_part(j, r, lap, head);
	if (!err && fdatasync(j->fd) != 0)
		err = QW_E_IO;
	if (!err)
		j->synced = head;
	return err;
}

void journal_forget(struct journal *j, uint64_t pos)
{
	if (j->synced < pos)
		j->synced = pos;
}
