#include "ring.h"

#include "qw/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char MAGIC[8] = "QWRING1";

static bool is_power_of_two(uint64_t v)
{
	return v && (v & (v - 1)) == 0;
}

static bool size_is_good(uint64_t size)
{
	return is_power_of_two(size) && size >= RING_BYTES_MIN && size <= UINT32_MAX &&
	       size % (uint64_t)sysconf(_SC_PAGESIZE) == 0;
}

/* Header once, data twice in a row: a slot at the end runs on into the second view of the start. */
static int map_file(int fd, size_t size, struct ring *r)
{
	uint8_t *area = mmap(NULL, RING_HEADER_BYTES + 2 * size, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;

	if (area == MAP_FAILED)
		return QW_E_NOMEM;
	if (mmap(area, RING_HEADER_BYTES + size, prot, flags, fd, 0) == MAP_FAILED ||
		mmap(area + RING_HEADER_BYTES + size, size, prot, flags, fd, RING_HEADER_BYTES) ==
			MAP_FAILED) {
		munmap(area, RING_HEADER_BYTES + 2 * size);
		return QW_E_IO;
	}
	*r = (struct ring){.header = (struct ring_header *)area,
		.data = area + RING_HEADER_BYTES,
		.size = size};
	r->id = r->header->id;
	return 0;
}

static int fill_new(int fd, size_t size)
{
	struct ring_header h;
	int err;

	memset(&h, 0, sizeof(h)); /* the gaps between its lines too */
	h.version = RING_VERSION;
	h.size = size;
	memcpy(h.magic, MAGIC, sizeof(MAGIC));
	err = qw_random(&h.id, sizeof(h.id));
	if (err)
		return err;
	if (h.id == 0)
		h.id = 1; /* zero means "no ring yet" in the store */
	/* Every block now: a hole in a shared mapping on a full disk would kill the gateway with
	 * SIGBUS later. */
	err = posix_fallocate(fd, 0, (off_t)(RING_HEADER_BYTES + size));
	if (err) {
		errno = err;
		return QW_E_IO;
	}
	if (pwrite(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h) || fsync(fd) != 0)
		return QW_E_IO;
	return 0;
}

int ring_create(const char *path, size_t size, struct ring *out)
{
	char fresh[4096];
	int fd, err;

	*out = (struct ring){0};
	if (!size_is_good(size))
		return QW_E_CONFIG;
	if (snprintf(fresh, sizeof(fresh), "%s.new", path) >= (int)sizeof(fresh))
		return QW_E_LIMIT;
	fd = open(fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return QW_E_IO;
	err = fill_new(fd, size);
	if (!err)
		err = map_file(fd, size, out);
	if (!err && rename(fresh, path) != 0) {
		ring_close(out);
		err = QW_E_IO;
	}
	if (err) {
		int keep = errno;

		(void)unlink(fresh);
		errno = keep;
	}
	close(fd);
	return err;
}

static int check_file(int fd, size_t *size)
{
	struct ring_header h;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return QW_E_IO;
	if (!S_ISREG(st.st_mode) || pread(fd, &h, sizeof(h), 0) != (ssize_t)sizeof(h))
		return QW_E_MALFORMED;
	if (memcmp(h.magic, MAGIC, sizeof(MAGIC)) != 0 || h.version != RING_VERSION || h.id == 0)
		return QW_E_MALFORMED;
	if (!size_is_good(h.size) || (uint64_t)st.st_size != RING_HEADER_BYTES + h.size)
		return QW_E_MALFORMED;
	*size = h.size;
	return 0;
}

int ring_open(const char *path, struct ring *out)
{
	size_t size = 0;
	int err, fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	*out = (struct ring){0};
	if (fd < 0)
		return errno == ENOENT ? QW_E_NOTFOUND : QW_E_IO;
	err = check_file(fd, &size);
	if (!err)
		err = map_file(fd, size, out);
	close(fd);
	return err;
}

void ring_close(struct ring *r)
{
	if (!r->header)
		return;
	munmap(r->header, RING_HEADER_BYTES + 2 * r->size);
	*r = (struct ring){0};
}

void ring_resume(struct ring *r)
{
	r->head = r->seen_tail = atomic_load(&r->header->head);
	atomic_store(&r->header->tail, r->head);
}

uint64_t ring_head(const struct ring *r)
{
	return atomic_load_explicit(&r->header->head, memory_order_acquire);
}

uint64_t ring_tail(const struct ring *r)
{
	return atomic_load_explicit(&r->header->tail, memory_order_acquire);
}

void ring_release(struct ring *r, uint64_t pos)
{
	atomic_store_explicit(&r->header->tail, pos, memory_order_release);
}

static size_t slot_bytes(size_t record)
{
	return (sizeof(struct ring_slot) + record + 7) & ~(size_t)7;
}

static uint64_t slot_checksum(const struct ring *r, uint64_t pos, const uint8_t *at, size_t record)
{
	const size_t skip = sizeof(uint64_t); /* the checksum itself */

	return ring_checksum(qw_bytes(at + skip, sizeof(struct ring_slot) - skip + record),
		r->id ^ pos * 0x9E3779B97F4A7C15);
}

static bool has_room(struct ring *r, size_t need)
{
	if (need <= r->size - (r->head - r->seen_tail))
		return true;
	r->seen_tail = ring_tail(r);
	return r->head - r->seen_tail <= r->size && need <= r->size - (r->head - r->seen_tail);
}

static void write_slot(const struct ring *r, uint64_t pos, struct ring_slot s, size_t record)
{
	uint8_t *at = r->data + (pos & (r->size - 1));

	memcpy(at, &s, sizeof(s));
	s.checksum = slot_checksum(r, pos, at, record);
	memcpy(at, &s.checksum, sizeof(s.checksum));
}

uint64_t ring_next_lap(const struct ring *r, uint64_t pos)
{
	return (pos | (r->size - 1)) + 1;
}

/*
 * While the writer keeps up, only the first part of the ring is used: its pages stay mapped and in the processor's cache.
 * What is left over of the lap is skipped, marked by a slot that holds no record.
 */
static void skip_rest_of_lap(struct ring *r, uint64_t seq, size_t need)
{
	struct ring_slot skip = {.seq = seq, .length = RING_SKIP};
	uint64_t offset = r->head & (r->size - 1);

	if (offset < r->size / RING_USED_PART || offset > r->size - sizeof(skip))
		return;
	r->seen_tail = ring_tail(r);
	if (r->head - r->seen_tail > offset / 2 || need > offset / 2)
		return;
	write_slot(r, r->head, skip, 0);
	atomic_store_explicit(&r->skipped, r->head + sizeof(skip), memory_order_relaxed); /* seen by whoever sees the new head */
	r->head = ring_next_lap(r, r->head);
}

int ring_put(struct ring *r, uint64_t seq, struct qw_bytes record)
{
	struct ring_slot s = {.seq = seq, .length = (uint32_t)record.n};

	if (record.n > r->size / 2 - sizeof(s))
		return QW_E_LIMIT;
	skip_rest_of_lap(r, seq, slot_bytes(record.n));
	if (!has_room(r, slot_bytes(record.n)))
		return QW_E_FULL;
	memcpy(r->data + (r->head & (r->size - 1)) + sizeof(s), record.p, record.n);
	write_slot(r, r->head, s, record.n);
	/* Body, checksum, and only now the head: whoever sees the new head sees a whole slot in
	 * front of it. */
	r->head += slot_bytes(record.n);
	atomic_store_explicit(&r->header->head, r->head, memory_order_release);
	return 0;
}

int ring_peek(const struct ring *r, uint64_t pos, uint64_t head, uint64_t seq,
	struct qw_bytes *record, uint64_t *next)
{
	const uint8_t *at = r->data + (pos & (r->size - 1));
	struct ring_slot s;

	*record = (struct qw_bytes){0};
	*next = pos;
	if (pos == head)
		return QW_E_NOTFOUND;
	if (pos % 8 || head - pos > r->size || head - pos < sizeof(s))
		return QW_E_MALFORMED;
	memcpy(&s, at, sizeof(s));
	if (s.seq == seq && s.length == RING_SKIP && slot_checksum(r, pos, at, 0) == s.checksum &&
		head - pos > ring_next_lap(r, pos) - pos)
		return ring_peek(r, ring_next_lap(r, pos), head, seq, record, next);
	if (s.seq != seq || s.length > r->size / 2 - sizeof(s) || slot_bytes(s.length) > head - pos)
		return QW_E_MALFORMED;
	if (slot_checksum(r, pos, at, s.length) != s.checksum)
		return QW_E_MALFORMED;
	*record = qw_bytes(at + sizeof(s), s.length);
	*next = pos + slot_bytes(s.length);
	return 0;
}
