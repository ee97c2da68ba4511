#include "room.h"

static size_t digits_at(const char *s)
{
	size_t n = 0;

	while (s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

bool mask_decimal_parse(const char *s, struct mask_decimal *out)
{
	size_t whole, fraction = 0;

	*out = (struct mask_decimal){.is_negative = *s == '-'};
	out->text = qw_bytes_from(s + (*s == '+'));
	s += *s == '-' || *s == '+';
	whole = digits_at(s);
	if (s[whole] == '.')
		fraction = digits_at(s + whole + 1);
	if (whole == 0 || whole + fraction > DECIMAL_DIGITS_MAX)
		return false;
	out->whole = qw_bytes(s, whole);
	if (fraction)
		out->fraction = qw_bytes(s + whole + 1, fraction);
	while (out->whole.n > 0 && out->whole.p[0] == '0') {
		out->whole.p++;
		out->whole.n--;
	}
	return s[fraction ? whole + 1 + fraction : whole] == '\0';
}

static uint64_t digits_value(struct qw_bytes digits, uint64_t v)
{
	for (size_t i = 0; i < digits.n; i++)
		v = v * 10 + (uint64_t)(digits.p[i] - '0');
	return v;
}

bool mask_decimal_to_int(const struct mask_decimal *d, int64_t min, int64_t max, int64_t *out)
{
	uint64_t v;

	if (d->fraction.n > 0 || d->whole.n > 19) /* 19 digits fit 64 bits */
		return false;
	v = digits_value(d->whole, 0);
	if (d->is_negative ? v > (uint64_t)0 - (uint64_t)min : v > (uint64_t)max)
		return false;
	*out = (int64_t)(d->is_negative ? (uint64_t)0 - v : v);
	return true;
}

bool mask_decimal_to_double(const struct mask_decimal *d, double *out)
{
	double scale = 1;
	uint64_t v;

	if (d->whole.n + d->fraction.n > 15) /* up to here digits and power of ten are exact */
		return false;
	v = digits_value(d->fraction, digits_value(d->whole, 0));
	for (size_t i = 0; i < d->fraction.n; i++)
		scale *= 10;
	*out = (d->is_negative ? -1.0 : 1.0) * (double)v / scale;
	return true;
}

/* Digit at `place`: 0 is the first of the fraction, -1 the last of the whole part. */
static unsigned digit(const struct mask_decimal *d, long place)
{
	long at = place < 0 ? place + (long)d->whole.n : place;
	struct qw_bytes part = place < 0 ? d->whole : d->fraction;

	return at >= 0 && (size_t)at < part.n ? (unsigned)(part.p[at] - '0') : 0;
}

/* numeric_send(): ndigits, weight, sign, dscale, then digits of base 10000; all 16 bit. */
size_t mask_decimal_to_numeric(const struct mask_decimal *d, uint8_t *out)
{
	long first = -(long)((d->whole.n + 3) / 4), end = (long)((d->fraction.n + 3) / 4);
	uint16_t groups[DECIMAL_DIGITS_MAX / 4 + 2];
	size_t n = 0;

	for (long g = first; g < end; g++) {
		unsigned v = 0;

		for (long k = 0; k < 4; k++)
			v = v * 10 + digit(d, g * 4 + k);
		if (n == 0 && v == 0) { /* a leading zero group: not sent, lowers the weight */
			first++;
			continue;
		}
		groups[n++] = (uint16_t)v;
	}
	while (n > 0 && groups[n - 1] == 0)
		n--;
	mask_store(out, n, 2);
	mask_store(out + 2, n ? (uint64_t)(-first - 1) : 0, 2);
	mask_store(out + 4, n && d->is_negative ? 0x4000 : 0, 2);
	mask_store(out + 6, d->fraction.n, 2);
	for (size_t i = 0; i < n; i++)
		mask_store(out + 8 + 2 * i, groups[i], 2);
	return 8 + 2 * n;
}
