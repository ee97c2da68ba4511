#include "ff1.h"
#include "room.h"

/*
 * Format-preserving encryption. Text: ASCII letters and digits are the message, everything else
 * stays where it is. Numbers: the decimal digits, within what the type holds. What has too few
 * possible values for FF1 (SP 800-38G Rev. 1 draft: a million) falls back: text to the token of
 * mask_hash, which is keyed and joinable as well; numbers to the constant of mask_redact.
 */
enum { WALK_MAX = 1000, SMALL_DIGITS = 6 };

struct message {
	uint8_t digits[FF1_DIGITS_MAX];
	size_t n;
	unsigned radix;
	bool has_lower, has_upper, has_digit;
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(uint8_t c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

/* 0-9a-z, or 0-9A-Z, or 0-9A-Za-z when both occur: what went in says what may come out. */
static unsigned value_of(const struct message *m, uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	if (is_upper(c))
		return c - 'A' + 10u;
	return c - 'a' + (m->has_upper ? 36u : 10u);
}

static uint8_t char_of(const struct message *m, unsigned v)
{
	if (v < 10)
		return (uint8_t)('0' + v);
	if (v < 36 && m->has_upper)
		return (uint8_t)('A' + v - 10);
	return (uint8_t)('a' + v - (m->has_upper ? 36 : 10));
}

/* False: letters beyond ASCII, or more than FF1 takes. */
static bool message_read(struct qw_bytes value, struct message *m)
{
	*m = (struct message){0};
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];

		if (c >= 0x80)
			return false;
		m->has_digit |= is_digit(c);
		m->has_lower |= is_lower(c);
		m->has_upper |= is_upper(c);
	}
	m->radix = 10 + (m->has_lower ? 26u : 0u) + (m->has_upper ? 26u : 0u);
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];

		if (!is_digit(c) && !is_lower(c) && !is_upper(c))
			continue;
		if (m->n == FF1_DIGITS_MAX)
			return false;
		m->digits[m->n++] = (uint8_t)value_of(m, c);
	}
	return true;
}

/* ISO/IEC 7812-1 annex B: of the digits before it. */
static uint8_t luhn_digit(const uint8_t *digits, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned v = digits[n - 1 - i] * (i % 2 ? 1u : 2u);

		sum += v > 9 ? v - 9 : v;
	}
	return (uint8_t)((10 - sum % 10) % 10);
}

/* *is_small: too few values to encrypt; nothing is changed then. */
static int message_encrypt(const struct mask_spec *spec, struct qw_aes *aes, struct message *m, bool *is_small)
{
	bool has_check = spec->has_check_digit && m->radix == 10;
	size_t first = spec->keep_first, last = spec->keep_last;
	uint8_t kept[FF1_DIGITS_MAX];
	int err;

	if (has_check && last == 0)
		last = 1;
	if (first + last > m->n || !ff1_fits(m->radix, m->n - first - last)) {
		first = 0; /* what would be left is too little: nothing is kept but the check digit */
		last = has_check;
	}
	*is_small = last > m->n || !ff1_fits(m->radix, m->n - last - first);
	if (*is_small)
		return 0;
	/* The digits that stay are the tweak: two numbers that differ there share nothing else. */
	memcpy(kept, m->digits, first);
	memcpy(kept + first, m->digits + m->n - last, last - has_check);
	err = ff1_encrypt(aes, m->radix, qw_bytes(kept, first + last - has_check), m->digits + first, m->n - first - last);
	if (!err && has_check)
		m->digits[m->n - 1] = luhn_digit(m->digits, m->n - 1);
	return err;
}

static int ff1_text(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	struct qw_bytes bare = mask_unfilled(j->class, value);
	struct qw_aes *aes;
	struct message m;
	bool is_small = true;
	size_t k = 0;
	uint8_t *p;
	int err = mask_domain_aes(j->key, j->column->domain, &aes);

	if (!err && mask_ascii_fits(j, bare.n) && message_read(bare, &m))
		err = message_encrypt(j->column->spec, aes, &m, &is_small);
	if (err)
		return err;
	if (is_small)
		return mask_hash(j, value, out, is_null);
	err = qw_buf_append(out, bare.p, bare.n);
	if (err)
		return err;
	p = out->p + out->n - bare.n;
	for (size_t i = 0; i < bare.n; i++)
		if (is_digit(p[i]) || is_lower(p[i]) || is_upper(p[i]))
			p[i] = char_of(&m, m.digits[k++]);
	*is_null = false;
	return mask_fill(j->column, j->class, bare.n, out);
}

/*
 * ---- numbers ----
 * Each block is a domain of its own: a number keeps its count of digits, except that all of up to
 * six digits are one block. 2^31 and 2^32 are bounds too, so that what an integer or an oid holds
 * stays there, and equal numbers in columns of different types still meet.
 */
static const uint64_t bounds[] = {0, 1000000, 10000000, 100000000, 1000000000, (uint64_t)1 << 31, (uint64_t)1 << 32,
	10000000000u, 100000000000u, 1000000000000u, 10000000000000u, 100000000000000u, 1000000000000000u,
	10000000000000000u, 100000000000000000u, 1000000000000000000u, (uint64_t)1 << 63};

static int block_encrypt(struct qw_aes *aes, bool is_negative, uint64_t *v)
{
	uint8_t i = 0;
	uint64_t x;
	int err;

	while (bounds[i + 1] <= *v)
		i++;
	x = *v - bounds[i];
	err = ff1_number(aes, (uint8_t)(i * 2 + is_negative), bounds[i + 1] - bounds[i], &x);
	*v = bounds[i] + x;
	return err;
}

static bool digits_to_u64(const struct mask_number *n, uint64_t *out)
{
	uint64_t v = 0;

	if (n->count > 19)
		return false;
	for (size_t i = 0; i < n->count; i++)
		v = v * 10 + (uint64_t)(n->digits[i] - '0'); /* 19 digits fit */
	*out = v;
	return v < (uint64_t)1 << 63;
}

/* With zeros before it where the point stands further left: 5 of thousandths is 0.005. */
static void digits_from_u64(uint64_t v, struct mask_number *n)
{
	uint8_t digits[20];
	size_t k = sizeof(digits), count, zeros;

	do {
		digits[--k] = (uint8_t)('0' + v % 10);
		v /= 10;
	} while (v);
	count = sizeof(digits) - k;
	zeros = count > n->scale ? 0 : n->scale + 1 - count; /* scale <= DECIMAL_DIGITS_MAX: it fits */
	memset(n->digits, '0', zeros);
	memcpy(n->digits + zeros, digits + k, count);
	n->count = zeros + count;
}

/* -1 is to the negative numbers what 0 is to the others. */
static int encrypt_by_value(struct qw_aes *aes, struct mask_number *n, uint64_t v)
{
	int err;

	v -= n->is_negative;
	err = block_encrypt(aes, n->is_negative, &v);
	digits_from_u64(v + n->is_negative, n);
	return err;
}

/* As text, until the first digit is not 0 and the type holds it. */
static int encrypt_by_digits(const struct mask_job *j, struct qw_aes *aes, struct mask_number *n, struct qw_buf *out,
	bool *is_null)
{
	struct message m = {.radix = 10, .n = n->count};
	bool is_small;
	int err = 0;

	if (n->count > FF1_DIGITS_MAX)
		return 0;
	for (size_t i = 0; i < n->count; i++)
		m.digits[i] = n->digits[i] - '0';
	for (int i = 0; i < WALK_MAX && *is_null && !err; i++) {
		err = message_encrypt(j->column->spec, aes, &m, &is_small);
		if (err || is_small)
			return err;
		for (size_t k = 0; k < m.n; k++)
			n->digits[k] = '0' + m.digits[k];
		if (m.digits[0] != 0)
			err = mask_number_put(j, n, out, is_null);
	}
	return err;
}

static void strip_all_zeros(struct mask_number *n) /* of a decimal: 0.05 is 5 of hundredths */
{
	size_t zeros = 0;

	while (zeros + 1 < n->count && n->digits[zeros] == '0')
		zeros++;
	n->count -= zeros;
	memmove(n->digits, n->digits + zeros, n->count);
}

static int ff1_whole(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	const struct mask_spec *spec = j->column->spec;
	bool by_digits = spec->kind == MASK_FF1 && (spec->has_check_digit || spec->keep_first || spec->keep_last);
	struct mask_number n;
	struct qw_aes *aes;
	uint64_t v;
	int err = mask_domain_aes(j->key, j->column->domain, &aes);

	if (err || !mask_number_read(j, value, &n))
		return err;
	strip_all_zeros(&n);
	if (by_digits && !n.is_negative && n.scale == 0 && n.count > SMALL_DIGITS)
		err = encrypt_by_digits(j, aes, &n, out, is_null);
	if (err || !*is_null)
		return err;
	if (digits_to_u64(&n, &v)) {
		err = encrypt_by_value(aes, &n, v);
		return err ? err : mask_number_put(j, &n, out, is_null);
	}
	return n.scale < n.count ? encrypt_by_digits(j, aes, &n, out, is_null) : 0;
}

int mask_ff1(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	int err;

	if (mask_class_is_text(j->class))
		return ff1_text(j, value, out, is_null);
	if (j->class == CLASS_UUID)
		return mask_hash(j, value, out, is_null);
	err = j->class == CLASS_INT2 ? 0 : ff1_whole(j, value, out, is_null);
	if (err || !*is_null)
		return err;
	return mask_redact(j->column, j->class, out, is_null); /* too few values, or no number */
}
