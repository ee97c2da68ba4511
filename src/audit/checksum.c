/* XXH64 (xxHash specification 0.1.1): four independent lanes, so that a 64 KiB record costs about 6
 * us. Not a MAC. */
#include "ring.h"

static const uint64_t P1 = 0x9E3779B185EBCA87, P2 = 0xC2B2AE3D27D4EB4F, P3 = 0x165667B19E3779F9,
		      P4 = 0x85EBCA77C2B2AE63, P5 = 0x27D4EB2F165667C5;

static uint64_t rotate(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

static uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t lane(uint64_t acc, uint64_t in)
{
	return rotate(acc + in * P2, 31) * P1;
}

static uint64_t merge(uint64_t h, uint64_t acc)
{
	return (h ^ lane(0, acc)) * P1 + P4;
}

static uint64_t finish(uint64_t h, const uint8_t *p, size_t left)
{
	for (; left >= 8; p += 8, left -= 8)
		h = rotate(h ^ lane(0, load64(p)), 27) * P1 + P4;
	if (left >= 4) {
		h = rotate(h ^ load32(p) * P1, 23) * P2 + P3;
		p += 4;
		left -= 4;
	}
	for (; left > 0; p++, left--)
		h = rotate(h ^ *p * P5, 11) * P1;
	h = (h ^ h >> 33) * P2;
	h = (h ^ h >> 29) * P3;
	return h ^ h >> 32;
}

uint64_t ring_checksum(struct qw_bytes in, uint64_t seed)
{
	uint64_t a = seed + P1 + P2, b = seed + P2, c = seed, d = seed - P1, h = seed + P5;
	const uint8_t *p = in.p;
	size_t left = in.n;

	for (; left >= 32; p += 32, left -= 32) {
		a = lane(a, load64(p));
		b = lane(b, load64(p + 8));
		c = lane(c, load64(p + 16));
		d = lane(d, load64(p + 24));
	}
	if (in.n >= 32) {
		h = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18);
		h = merge(merge(merge(merge(h, a), b), c), d);
	}
	return finish(h + in.n, p, left);
}
