#include "private.h"

static int value_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	return c == '_' ? 63 : -1;
}

/* Left-over bits must be zero: else one signature would have several spellings, and so would one token. */
int identity_base64url_decode(struct qw_bytes in, uint8_t *out, size_t out_size, size_t *out_n)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	if (in.n % 4 == 1)
		return QW_E_MALFORMED;
	if (in.n / 4 * 3 + (in.n % 4 ? in.n % 4 - 1 : 0) > out_size)
		return QW_E_LIMIT;
	for (size_t i = 0; i < in.n; i++) {
		int v = value_of(in.p[i]);

		if (v < 0)
			return QW_E_MALFORMED;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
			bits &= (1U << have) - 1;
		}
	}
	*out_n = n;
	return bits ? QW_E_MALFORMED : 0;
}
