#include "room.h"

/* To the nearest multiple of a whole number; from the middle, to the even multiple. */

/* The whole part modulo `step`; *is_odd: is the quotient? */
static uint64_t remainder_of(const struct mask_number *n, uint64_t step, bool *is_odd)
{
	uint64_t r = 0, q = 0; /* r < step <= 10^14 */

	for (size_t i = 0; i < n->count - n->scale; i++) {
		r = r * 10 + (uint64_t)(n->digits[i] - '0');
		q = r / step;
		r -= q * step;
	}
	*is_odd = q & 1; /* the last digit of the quotient */
	return r;
}

/* The fraction against a half: -2 is none, -1 less, 0 equal, 1 more. */
static int fraction_of(const struct mask_number *n)
{
	const uint8_t *f = n->digits + n->count - n->scale;
	bool rest = false;

	for (size_t i = 1; i < n->scale; i++)
		rest |= f[i] != '0';
	if (n->scale == 0 || (f[0] == '0' && !rest))
		return -2;
	if (f[0] != '5')
		return f[0] > '5' ? 1 : -1;
	return rest ? 1 : 0;
}

static bool rounds_up(uint64_t r, int fraction, uint64_t step, bool is_odd)
{
	uint64_t half = step / 2;

	if (step % 2 == 0) { /* r + fraction against half */
		if (r != half)
			return r > half;
		return fraction > -2 || is_odd;
	}
	if (r != half) /* against half + 1/2 */
		return r > half;
	return fraction > 0 || (fraction == 0 && is_odd);
}

/* Subtracts `v`, which is not more than the whole part. */
static void subtract(struct mask_number *n, uint64_t v)
{
	unsigned borrow = 0;

	for (size_t i = n->count - n->scale; i-- > 0 && (v || borrow); v /= 10) {
		unsigned take = (unsigned)(v % 10) + borrow, have = (unsigned)(n->digits[i] - '0');

		borrow = have < take;
		n->digits[i] = (uint8_t)('0' + have + 10 * borrow - take);
	}
}

/* Adds; the number may become one digit longer (or as long as `v`). */
static void add(struct mask_number *n, uint64_t v)
{
	unsigned carry = 0;
	size_t i = n->count - n->scale;

	while (v || carry) {
		if (i == 0) {
			if (n->count >= DECIMAL_DIGITS_MAX + 1) {
				n->count = DECIMAL_DIGITS_MAX + 1; /* too long: mask_number_put refuses it */
				return;
			}
			memmove(n->digits + 1, n->digits, n->count++);
			n->digits[0] = '0';
			i = 1;
		}
		carry += (unsigned)(n->digits[--i] - '0') + (unsigned)(v % 10);
		n->digits[i] = (uint8_t)('0' + carry % 10);
		carry /= 10;
		v /= 10;
	}
}

static void round_to(struct mask_number *n, uint64_t step, bool may_rise)
{
	bool is_odd, rises;
	uint64_t r = remainder_of(n, step, &is_odd);

	rises = may_rise && rounds_up(r, fraction_of(n), step, is_odd);
	memset(n->digits + n->count - n->scale, '0', n->scale);
	subtract(n, r);
	if (rises)
		add(n, step);
}

/* ---- money: whole numbers of the smallest unit, of which 100 are taken for one; its text is the locale's ---- */
enum { MINOR_UNITS = 100, MONEY_DIGITS = 19 };

static bool money_digits(struct qw_bytes s, struct mask_number *n)
{
	n->count = n->scale = 0;
	n->is_negative = false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '-' || s.p[i] == '(')
			n->is_negative = true;
		if (s.p[i] < '0' || s.p[i] > '9')
			continue;
		if (n->count == MONEY_DIGITS)
			return false;
		n->digits[n->count++] = s.p[i];
	}
	return n->count > 0;
}

/* The digits of `value` are replaced where they stand; one that is new comes before the first. */
static int money_text(struct qw_bytes value, const struct mask_number *n, struct qw_buf *out, bool *is_null)
{
	size_t at = 0, old = 0;
	uint8_t *p;
	int err = qw_buf_reserve(out, value.n + n->count);

	if (err)
		return err;
	for (size_t i = 0; i < value.n; i++)
		old += value.p[i] >= '0' && value.p[i] <= '9';
	p = out->p + out->n;
	for (size_t i = 0; i < value.n; i++) {
		bool is_digit = value.p[i] >= '0' && value.p[i] <= '9';

		while (is_digit && at == 0 && n->count - at > old)
			*p++ = n->digits[at++];
		*p++ = is_digit ? n->digits[at++] : value.p[i];
	}
	out->n = (size_t)(p - out->p);
	*is_null = false;
	return 0;
}

/* int8 holds it */
static bool money_fits(const struct mask_number *n)
{
	static const char most[] = "9223372036854775807";
	size_t zeros = 0;

	while (zeros < n->count && n->digits[zeros] == '0')
		zeros++;
	if (n->count - zeros != MONEY_DIGITS)
		return n->count - zeros < MONEY_DIGITS;
	return memcmp(n->digits + zeros, most, MONEY_DIGITS) <= 0;
}

static int round_money(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	struct mask_column as_int8 = *j->column;
	struct mask_job binary = {.column = &as_int8, .class = CLASS_INT8};
	bool is_text = j->column->format == FORMAT_TEXT;
	uint64_t step = j->column->spec->step * MINOR_UNITS;
	struct mask_number n, again;

	if (is_text ? !money_digits(value, &n) : !mask_number_read(&binary, value, &n))
		return 0;
	again = n;
	round_to(&n, step, true);
	if (!money_fits(&n)) {
		n = again;
		round_to(&n, step, false);
	}
	return is_text ? money_text(value, &n, out, is_null) : mask_number_put(&binary, &n, out, is_null);
}

int mask_round(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null)
{
	uint64_t step = j->column->spec->step;
	struct mask_number n, again;
	int err;

	if (step < 1 || step > MASK_STEP_MAX)
		return 0;
	if (j->class == CLASS_MONEY)
		return round_money(j, value, out, is_null);
	if (!mask_number_read(j, value, &n))
		return 0;
	again = n;
	round_to(&n, step, true);
	err = mask_number_put(j, &n, out, is_null);
	if (err || !*is_null)
		return err;
	round_to(&again, step, false); /* the multiple above is beyond the type: the one below is not */
	return mask_number_put(j, &again, out, is_null);
}
