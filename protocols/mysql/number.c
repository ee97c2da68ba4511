/* Numbers as MySQL writes them: little endian, and length-encoded (1, 3, 4 or 9 bytes). */
#include "internal.h"

enum { IS_NULL = 0xFB, IS_16 = 0xFC, IS_24 = 0xFD, IS_64 = 0xFE };

uint64_t mywire_le(struct cursor *c, size_t bytes)
{
	struct qw_bytes b = cur_bytes(c, bytes);
	uint64_t v = 0;

	for (size_t i = b.n; i-- > 0;)
		v = v << 8 | b.p[i];
	return v;
}

static uint64_t lenenc_after(struct cursor *c, uint8_t first)
{
	switch (first) {
	case IS_16:
		return mywire_le(c, 2);
	case IS_24:
		return mywire_le(c, 3);
	case IS_64:
		return mywire_le(c, 8);
	default:
		if (first >= IS_NULL)
			cur_fail(c);
		return first >= IS_NULL ? 0 : first;
	}
}

uint64_t mywire_lenenc(struct cursor *c)
{
	return lenenc_after(c, cur_u8(c));
}

struct qw_bytes mywire_lenenc_bytes(struct cursor *c)
{
	return cur_bytes(c, mywire_lenenc(c));
}

bool mywire_lenenc_null(struct cursor *c, struct qw_bytes *value)
{
	uint8_t first = cur_u8(c);

	*value = qw_bytes(NULL, 0);
	if (first == IS_NULL)
		return true;
	*value = cur_bytes(c, lenenc_after(c, first));
	return false;
}

void mywire_put_le(struct builder *b, uint64_t v, size_t bytes)
{
	uint8_t le[8];

	QW_ASSERT(bytes <= sizeof(le));
	for (size_t i = 0; i < bytes; i++)
		le[i] = (uint8_t)(v >> 8 * i);
	bld_bytes(b, qw_bytes(le, bytes));
}

void mywire_put_lenenc(struct builder *b, uint64_t v)
{
	if (v < IS_NULL) {
		bld_u8(b, (uint8_t)v);
	} else if (v <= 0xFFFF) {
		bld_u8(b, IS_16);
		mywire_put_le(b, v, 2);
	} else if (v <= 0xFFFFFF) {
		bld_u8(b, IS_24);
		mywire_put_le(b, v, 3);
	} else {
		bld_u8(b, IS_64);
		mywire_put_le(b, v, 8);
	}
}

void mywire_put_lenenc_bytes(struct builder *b, struct qw_bytes v)
{
	mywire_put_lenenc(b, v.n);
	bld_bytes(b, v);
}
