/*
 * Appends messages. A message that fails half-way is taken back whole: what stands in the buffer is
 * always complete messages, because half a message followed by another would be read by the peer as
 * something else.
 */
#include "qw/wire.h"

#include <endian.h>

enum { LENGTH_BYTES = 4 };
static const size_t length_max = INT32_MAX; /* a larger one would wrap (CVE-2024-27304) */

void bld_init(struct builder *b, struct qw_buf *out)
{
	*b = (struct builder){.out = out};
}

/* mark counts from the first pending byte, where at least the type byte stands: 0 is no message. */
static void fail(struct builder *b, int err)
{
	b->err = err;
	if (b->mark)
		b->out->n = b->out->off + b->mark - 1;
	b->mark = 0;
}

static void append_slow(struct builder *b, const void *p, size_t n)
{
	int err;

	if (b->err)
		return;
	err = qw_buf_append(b->out, p, n);
	if (err)
		fail(b, err);
}

/* For every value of a masked row: no call where the storage is there and the maximum is far. */
static inline void append(struct builder *b, const void *p, size_t n)
{
	struct qw_buf *out = b->out;

	if (b->err || n == 0 || n > out->cap - out->n || out->cap > out->max) {
		append_slow(b, p, n);
		return;
	}
	memcpy(out->p + out->n, p, n);
	out->n += n;
}

void bld_begin(struct builder *b, uint8_t type)
{
	uint8_t head[1 + LENGTH_BYTES] = {type};
	size_t start = qw_buf_pending(b->out).n;

	QW_ASSERT(b->mark == 0);
	append(b, head, sizeof(head));
	if (!b->err)
		b->mark = start + 1;
}

void bld_u8(struct builder *b, uint8_t v)
{
	append(b, &v, sizeof(v));
}

void bld_be16(struct builder *b, uint16_t v)
{
	v = htobe16(v);
	append(b, &v, sizeof(v));
}

void bld_be32(struct builder *b, uint32_t v)
{
	v = htobe32(v);
	append(b, &v, sizeof(v));
}

void bld_be64(struct builder *b, uint64_t v)
{
	v = htobe64(v);
	append(b, &v, sizeof(v));
}

void bld_bytes(struct builder *b, struct qw_bytes v)
{
	append(b, v.p, v.n);
}

void bld_cstr(struct builder *b, const char *s)
{
	append(b, s, strlen(s) + 1);
}

void bld_end(struct builder *b)
{
	struct qw_bytes pending = qw_buf_pending(b->out);
	uint32_t length;

	if (b->err)
		return;
	QW_ASSERT(b->mark > 0);
	if (pending.n - b->mark > length_max) {
		fail(b, QW_E_LIMIT);
		return;
	}
	length = htobe32((uint32_t)(pending.n - b->mark));
	memcpy(b->out->p + b->out->off + b->mark, &length, sizeof(length));
	b->mark = 0;
}

int bld_error(const struct builder *b)
{
	return b->err;
}
