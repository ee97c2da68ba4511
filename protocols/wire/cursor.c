/* The only place that does arithmetic on what is left of a message. */
#include "qw/wire.h"

#include <endian.h>

struct cursor cur_from(struct qw_bytes b)
{
	return (struct cursor){.p = b.p, .end = b.n ? b.p + b.n : b.p};
}

size_t cur_left(const struct cursor *c)
{
	return (size_t)(c->end - c->p);
}

/* After an error nothing is left, so that every later read fails by the one check it has anyway. */
void cur_fail(struct cursor *c)
{
	c->failed = true;
	c->p = c->end;
}

/* The next n bytes; NULL and failed when there are fewer. */
static const uint8_t *take(struct cursor *c, size_t n)
{
	const uint8_t *p = c->p;

	if (n > cur_left(c)) {
		cur_fail(c);
		return NULL;
	}
	if (n)
		c->p += n;
	return p;
}

uint8_t cur_u8(struct cursor *c)
{
	const uint8_t *p = take(c, 1);

	return p ? p[0] : 0;
}

uint16_t cur_be16(struct cursor *c)
{
	const uint8_t *p = take(c, sizeof(uint16_t));
	uint16_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

uint32_t cur_be32(struct cursor *c)
{
	const uint8_t *p = take(c, sizeof(uint32_t));
	uint32_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

uint64_t cur_be64(struct cursor *c)
{
	const uint8_t *p = take(c, sizeof(uint64_t));
	uint64_t v;

	if (!p)
		return 0;
	memcpy(&v, p, sizeof(v));
	return be64toh(v);
}

struct qw_bytes cur_bytes(struct cursor *c, size_t n)
{
	const uint8_t *p = take(c, n);

	return p ? qw_bytes(p, n) : qw_bytes(NULL, 0);
}

struct qw_bytes cur_text(struct cursor *c)
{
	size_t left = cur_left(c);
	const uint8_t *p = c->p, *nul = left ? memchr(p, 0, left) : NULL;

	if (!nul) {
		cur_fail(c);
		return qw_bytes(NULL, 0);
	}
	c->p = nul + 1;
	return qw_bytes(p, (size_t)(nul - p));
}

const char *cur_cstr(struct cursor *c)
{
	return (const char *)cur_text(c).p;
}

struct qw_bytes cur_rest(struct cursor *c)
{
	return cur_bytes(c, cur_left(c));
}

bool cur_fits(struct cursor *c, size_t count, size_t smallest)
{
	QW_ASSERT(smallest > 0);
	if (count <= cur_left(c) / smallest && !c->failed)
		return true;
	cur_fail(c);
	return false;
}

int cur_end(const struct cursor *c)
{
	return c->failed || c->p != c->end ? QW_E_MALFORMED : 0;
}
