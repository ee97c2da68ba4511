#include "qw/base.h"

bool qw_bytes_equal_consttime(struct qw_bytes a, struct qw_bytes b)
{
	uint8_t diff = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		diff |= (uint8_t)(a.p[i] ^ b.p[i]);
	return *(volatile uint8_t *)&diff == 0;
}

static bool is_tail(uint8_t c)
{
	return (c & 0xC0) == 0x80;
}

/* Length of the well-formed sequence at p (Unicode 15, table 3-7), 0 when there is none. */
static size_t utf8_step(const uint8_t *p, size_t left)
{
	uint8_t c = p[0];

	if (c < 0x80)
		return c ? 1 : 0;
	if (c < 0xC2 || left < 2 || !is_tail(p[1]))
		return 0;
	if (c < 0xE0)
		return 2;
	if (left < 3 || !is_tail(p[2]))
		return 0;
	if (c < 0xF0)
		return (c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F) ? 0 : 3;
	if (left < 4 || !is_tail(p[3]) || c > 0xF4)
		return 0;
	return (c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F) ? 0 : 4;
}

bool qw_utf8_valid(struct qw_bytes s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t step = utf8_step(s.p + i, s.n - i);

		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

void qw_hex(struct qw_bytes in, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < in.n; i++) {
		out[2 * i] = digits[in.p[i] >> 4];
		out[2 * i + 1] = digits[in.p[i] & 15];
	}
	out[2 * in.n] = '\0';
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int qw_unhex(struct qw_bytes in, uint8_t *out)
{
	if (in.n % 2)
		return QW_E_MALFORMED;
	for (size_t i = 0; i < in.n / 2; i++) {
		int hi = hex_value(in.p[2 * i]), lo = hex_value(in.p[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return QW_E_MALFORMED;
		out[i] = (uint8_t)(hi * 16 + lo);
	}
	return 0;
}
