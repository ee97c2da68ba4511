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

/* ---- numbers of a result ---- */
static size_t strip_zeros(struct mask_number *n)
{
	size_t zeros = 0;

	while (zeros + 1 < n->count - n->scale && n->digits[zeros] == '0')
		zeros++;
	if (zeros)
		memmove(n->digits, n->digits + zeros, n->count - zeros);
	n->count -= zeros;
	return zeros;
}

static bool push(struct mask_number *n, unsigned digit)
{
	if (n->count == DECIMAL_DIGITS_MAX)
		return false;
	n->digits[n->count++] = (uint8_t)('0' + digit);
	return true;
}

/* 15 or 1e+15 of 1.5e+15: moves the point by `exponent` places. */
static bool move_point(struct mask_number *n, int exponent)
{
	if (exponent < -100) { /* all that rounding asks for: almost nothing */
		n->count = n->scale = 0;
		(void)push(n, 0);
		(void)push(n, 1);
		n->scale = 1;
		return true;
	}
	for (; exponent > 0; exponent--) {
		if (n->scale)
			n->scale--;
		else if (!push(n, 0))
			return false;
	}
	for (; exponent < 0; exponent++) {
		if (++n->scale < n->count)
			continue;
		if (n->count == DECIMAL_DIGITS_MAX)
			return false;
		memmove(n->digits + 1, n->digits, n->count++);
		n->digits[0] = '0';
	}
	return true;
}

static bool read_text(struct qw_bytes s, struct mask_number *n)
{
	bool has_point = false, is_negative_exponent;
	size_t i = 0;
	int exponent = 0;

	if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
		n->is_negative = s.p[i++] == '-';
	for (; i < s.n && (s.p[i] == '.' || (s.p[i] >= '0' && s.p[i] <= '9')); i++) {
		if (s.p[i] == '.') {
			if (has_point || n->count == 0)
				return false;
			has_point = true;
			continue;
		}
		if (!push(n, (unsigned)(s.p[i] - '0')))
			return false;
		n->scale += has_point;
	}
	if (n->count == 0 || i == s.n)
		return n->count > 0;
	if (s.p[i++] != 'e' || i + 1 >= s.n || s.n - i > 4 || (s.p[i] != '+' && s.p[i] != '-'))
		return false;
	is_negative_exponent = s.p[i++] == '-';
	for (; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		exponent = exponent * 10 + (s.p[i] - '0');
	}
	return move_point(n, is_negative_exponent ? -exponent : exponent);
}

static bool read_u64(uint64_t v, struct mask_number *n)
{
	uint8_t reversed[20];
	size_t count = 0;

	do {
		reversed[count++] = (uint8_t)(v % 10);
		v /= 10;
	} while (v);
	while (count > 0)
		if (!push(n, reversed[--count]))
			return false;
	return true;
}

static bool read_int(struct qw_bytes s, size_t bytes, bool is_signed, struct mask_number *n)
{
	uint64_t v, sign = (uint64_t)1 << (8 * bytes - 1);

	if (s.n != bytes)
		return false;
	v = mask_load(s.p, bytes);
	n->is_negative = is_signed && (v & sign);
	if (n->is_negative)
		v = sign - (v & (sign - 1));
	return read_u64(v, n);
}

/* numeric_send() */
static bool read_numeric(struct qw_bytes s, struct mask_number *n)
{
	size_t groups, scale;
	int weight;
	uint64_t sign;

	if (s.n < 8)
		return false;
	groups = (size_t)mask_load(s.p, 2);
	weight = (int16_t)mask_load(s.p + 2, 2);
	sign = mask_load(s.p + 4, 2);
	scale = (size_t)mask_load(s.p + 6, 2);
	if ((sign != 0 && sign != 0x4000) || s.n - 8 != 2 * groups || scale > DECIMAL_DIGITS_MAX ||
		weight > DECIMAL_DIGITS_MAX / 4)
		return false;
	n->is_negative = sign != 0;
	n->scale = scale;
	if (weight < 0)
		(void)push(n, 0);
	for (int w = weight < 0 ? -1 : weight; w >= 0 || (size_t)(-w - 1) * 4 < scale; w--) {
		int at = weight - w;
		unsigned v = at >= 0 && (size_t)at < groups ? (unsigned)mask_load(s.p + 8 + 2 * at, 2) : 0;
		unsigned unit = 1000;

		for (size_t k = 0; k < 4; k++, unit /= 10) {
			if (w < 0 && (size_t)(-w - 1) * 4 + k >= scale)
				break;
			if (!push(n, v / unit % 10))
				return false;
		}
	}
	return n->count > n->scale;
}

/* Whole part and, of the fraction, whether it is none, less than a half, a half or more: all that rounding asks for. */
static bool read_double(double v, struct mask_number *n)
{
	double whole, fraction;

	n->is_negative = v < 0;
	v = n->is_negative ? -v : v;
	if (!(v < 1e15)) /* NaN too */
		return false;
	whole = (double)(uint64_t)v;
	fraction = v - whole;
	n->scale = 1;
	return read_u64((uint64_t)v, n) &&
	       push(n, fraction > 0.5 ? 7 : fraction == 0.5 ? 5 : fraction > 0 ? 3 : 0);
}

static bool read_float(struct qw_bytes s, size_t bytes, struct mask_number *n)
{
	uint64_t bits;
	uint32_t bits4;
	double v;
	float v4;

	if (s.n != bytes)
		return false;
	bits = mask_load(s.p, bytes);
	if (bytes == 8) {
		memcpy(&v, &bits, sizeof(v));
		return read_double(v, n);
	}
	bits4 = (uint32_t)bits;
	memcpy(&v4, &bits4, sizeof(v4));
	return read_double((double)v4, n);
}

static size_t int_bytes(enum mask_class class)
{
	return class == CLASS_INT2 ? 2 : class == CLASS_INT8 ? 8 : 4;
}

/* The shortest text of a large float4 is not its value: 1.2345679e+08 is 123456792. */
static void exact_float4(struct mask_number *n)
{
	uint64_t v = 0;

	if (n->count - n->scale < 8 || n->count - n->scale > 15)
		return;
	for (size_t i = 0; i < n->count - n->scale; i++)
		v = v * 10 + (uint64_t)(n->digits[i] - '0');
	n->count = n->scale = 0;
	(void)read_u64((uint64_t)(float)v, n);
}

bool mask_number_read(const struct mask_job *j, struct qw_bytes value, struct mask_number *out)
{
	bool is_float = j->class == CLASS_FLOAT4 || j->class == CLASS_FLOAT8, is_good;

	out->count = out->scale = 0;
	out->is_negative = false;
	if (j->column->format == FORMAT_TEXT)
		is_good = read_text(value, out);
	else if (is_float)
		is_good = read_float(value, j->class == CLASS_FLOAT4 ? 4 : 8, out);
	else if (j->class == CLASS_NUMERIC)
		is_good = read_numeric(value, out);
	else
		is_good = read_int(value, int_bytes(j->class), j->class != CLASS_OID, out);
	if (!is_good || out->count <= out->scale)
		return false;
	(void)strip_zeros(out);
	if (j->class == CLASS_FLOAT4 && j->column->format == FORMAT_TEXT)
		exact_float4(out);
	/* Not far from here a double no longer holds every whole number, and the two formats would part. */
	return !is_float || out->count - out->scale <= 15;
}

static bool is_zero(const struct mask_number *n)
{
	for (size_t i = 0; i < n->count; i++)
		if (n->digits[i] != '0')
			return false;
	return true;
}

bool mask_numeric_fits(const struct mask_column *column, size_t whole_digits)
{
	int32_t m = column->type_modifier - 4;
	long precision = (m >> 16) & 0xFFFF, scale = ((m & 0x7FF) ^ 0x400) - 0x400;

	return column->type_modifier < 4 || (long)whole_digits <= precision - scale;
}

static int put_decimal(const struct mask_job *j, const char *text, struct qw_buf *out, bool *is_null)
{
	struct mask_spec spec = {.kind = MASK_CONSTANT, .constant = text};
	struct mask_column column = *j->column;

	column.spec = &spec; /* checks ranges and knows the binary forms */
	return mask_constant(&column, j->class, out, is_null);
}

int mask_number_put(const struct mask_job *j, struct mask_number *n, struct qw_buf *out, bool *is_null)
{
	char text[DECIMAL_DIGITS_MAX + 6], *to = text;
	size_t whole;
	bool is_float = j->class == CLASS_FLOAT4 || j->class == CLASS_FLOAT8;

	if (is_zero(n))
		n->is_negative = false;
	(void)strip_zeros(n);
	whole = n->count - n->scale;
	if (n->count > DECIMAL_DIGITS_MAX)
		return 0;
	if (n->is_negative)
		*to++ = '-';
	memcpy(to, n->digits, whole);
	to += whole;
	if (n->scale && !is_float) {
		*to++ = '.';
		memcpy(to, n->digits + whole, n->scale);
		to += n->scale;
	}
	*to = '\0';
	return put_decimal(j, text, out, is_null);
}
