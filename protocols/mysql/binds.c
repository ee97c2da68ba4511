/* Parameters for people: approvals and the record. Never parsed again, so it may be cut. */
#include "internal.h"

#include <stdio.h>

static const char cut_sign[] = "...";

/* Writes at most `left` bytes; once something did not fit, nothing more is written. */
struct text {
	struct qw_buf *out;
	size_t left;
	bool is_cut;
	int err;
};

static void put(struct text *t, struct qw_bytes s)
{
	size_t n = s.n;

	if (t->err || t->is_cut)
		return;
	if (n > t->left) {
		n = t->left;
		t->is_cut = true;
	}
	t->err = qw_buf_append(t->out, s.p, n);
	t->left -= n;
}

static void put_quoted(struct text *t, struct qw_bytes s)
{
	put(t, QW_LIT("'"));
	while (s.n && !t->is_cut && !t->err) {
		const uint8_t *quote = memchr(s.p, '\'', s.n);
		size_t n = quote ? (size_t)(quote - s.p) : s.n;

		put(t, qw_bytes(s.p, n));
		if (quote) {
			put(t, QW_LIT("''"));
			n++;
		}
		s = qw_bytes(s.p + n, s.n - n);
	}
	put(t, QW_LIT("'"));
}

static void put_hex(struct text *t, struct qw_bytes s)
{
	char digits[3];

	put(t, QW_LIT("x'"));
	for (size_t i = 0; i < s.n && !t->is_cut && !t->err; i++) {
		qw_hex(qw_bytes(s.p + i, 1), digits);
		put(t, qw_bytes(digits, 2));
	}
	put(t, QW_LIT("'"));
}

static void put_whole(struct text *t, const struct mywire_value *v)
{
	size_t bytes = v->value.n;
	struct cursor c = cur_from(v->value);
	uint64_t number = mywire_le(&c, bytes);
	char digits[24];
	int n;

	if (v->is_unsigned) {
		n = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
	} else {
		uint64_t sign = 1ull << (8 * bytes - 1);

		number = (number ^ sign) - sign; /* of 1 to 8 bytes to 64 bits */
		n = snprintf(digits, sizeof(digits), "%lld", (long long)number);
	}
	put(t, qw_bytes(digits, (size_t)n));
}

static void put_float(struct text *t, struct qw_bytes value)
{
	struct cursor c = cur_from(value);
	uint64_t bits = mywire_le(&c, value.n);
	uint32_t low = (uint32_t)bits;
	char digits[32];
	double d;
	float f;
	int n;

	if (value.n == sizeof(f)) {
		memcpy(&f, &low, sizeof(f));
		n = snprintf(digits, sizeof(digits), "%.9g", (double)f);
	} else {
		memcpy(&d, &bits, sizeof(d));
		n = snprintf(digits, sizeof(digits), "%.17g", d);
	}
	put(t, qw_bytes(digits, (size_t)n));
}

/* year, month, day, hour, minute, second, microseconds: as many as there are. */
static void put_date(struct text *t, struct qw_bytes value)
{
	struct cursor c = cur_from(value);
	unsigned year, month, day, hour, minute, second;
	char s[64];
	int n = 0;

	if (value.n == 0) {
		put(t, QW_LIT("'0000-00-00'"));
		return;
	}
	year = (unsigned)mywire_le(&c, 2);
	month = cur_u8(&c);
	day = cur_u8(&c);
	n = snprintf(s, sizeof(s), "'%04u-%02u-%02u", year, month, day);
	if (cur_left(&c)) {
		hour = cur_u8(&c);
		minute = cur_u8(&c);
		second = cur_u8(&c);
		n += snprintf(
			s + n, sizeof(s) - (size_t)n, " %02u:%02u:%02u", hour, minute, second);
	}
	if (cur_left(&c))
		n += snprintf(s + n, sizeof(s) - (size_t)n, ".%06u", (unsigned)mywire_le(&c, 4));
	put(t, qw_bytes(s, (size_t)n));
	put(t, QW_LIT("'"));
}

/* sign, days, hour, minute, second, microseconds. */
static void put_time(struct text *t, struct qw_bytes value)
{
	struct cursor c = cur_from(value);
	unsigned hour, minute, second;
	unsigned long long days;
	const char *sign;
	char s[64];
	int n;

	if (value.n == 0) {
		put(t, QW_LIT("'00:00:00'"));
		return;
	}
	sign = cur_u8(&c) ? "-" : "";
	days = mywire_le(&c, 4);
	hour = cur_u8(&c);
	minute = cur_u8(&c);
	second = cur_u8(&c);
	n = snprintf(s, sizeof(s), "'%s%02llu:%02u:%02u", sign, days * 24 + hour, minute, second);
	if (cur_left(&c))
		n += snprintf(s + n, sizeof(s) - (size_t)n, ".%06u", (unsigned)mywire_le(&c, 4));
	put(t, qw_bytes(s, (size_t)n));
	put(t, QW_LIT("'"));
}

static void put_value(struct text *t, const struct mywire_value *v)
{
	if (v->is_null)
		put(t, QW_LIT("NULL"));
	else if (v->is_long || mywire_type_form(v->type) == MYWIRE_FORM_LENENC)
		(qw_utf8_valid(v->value) ? put_quoted : put_hex)(t, v->value);
	else if (v->type == MYWIRE_TYPE_TIME)
		put_time(t, v->value);
	else if (mywire_type_form(v->type) == MYWIRE_FORM_TEMPORAL)
		put_date(t, v->value);
	else if (v->type == MYWIRE_TYPE_FLOAT || v->type == MYWIRE_TYPE_DOUBLE)
		put_float(t, v->value);
	else
		put_whole(t, v);
}

static int put_all(struct mywire_execute e, struct text *t)
{
	struct mywire_value value;
	char name[16];
	int err;

	e.c = cur_from(e.values);
	e.next = 0;
	while ((err = mywire_execute_next(&e, &value)) == 0 && !t->err && !t->is_cut) {
		int n = snprintf(name, sizeof(name), e.next == 1 ? "?%u = " : ", ?%u = ", e.next);

		put(t, qw_bytes(name, (size_t)n));
		put_value(t, &value);
	}
	if (t->err)
		return t->err;
	return err == QW_E_NOTFOUND ? 0 : err;
}

/* The last place at or before n where a character begins. */
static size_t char_start(struct qw_bytes s, size_t n)
{
	while (n > 0 && n < s.n && (s.p[n] & 0xC0) == 0x80)
		n--;
	return n;
}

int mywire_execute_text(const struct mywire_execute *e, struct qw_buf *out, size_t max)
{
	const size_t sign = sizeof(cut_sign) - 1, before = qw_buf_pending(out).n;
	struct text t = {.out = out, .left = max};
	int err = put_all(*e, &t);
	size_t keep;

	if (!err && t.is_cut && max >= sign) {
		struct qw_bytes done = qw_buf_pending(out);

		done = qw_bytes(done.p + before, done.n - before);
		keep = char_start(done, done.n > max - sign ? max - sign : done.n);
		out->n = out->off + before + keep;
		err = qw_buf_append(out, cut_sign, sign);
	}
	if (err) /* all or nothing */
		out->n = out->off + before;
	return err;
}
