/* Bind parameters for people: approvals and the record. Never parsed again, so it may be cut. */
#include "internal.h"

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

	put(t, QW_LIT("\\x"));
	for (size_t i = 0; i < s.n && !t->is_cut && !t->err; i++) {
		qw_hex(qw_bytes(s.p + i, 1), digits);
		put(t, qw_bytes(digits, 2));
	}
}

static void put_value(struct text *t, struct cursor *c, uint16_t format)
{
	uint32_t n = cur_be32(c);
	struct qw_bytes value;

	if (n == UINT32_MAX) {
		put(t, QW_LIT("NULL"));
		return;
	}
	value = cur_bytes(c, n);
	if (format == 0 && qw_utf8_valid(value))
		put_quoted(t, value);
	else
		put_hex(t, value);
}

static void put_number(struct text *t, unsigned number)
{
	char digits[8], *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	put(t, qw_bytes(p, (size_t)(digits + sizeof(digits) - p)));
}

/* One format code for all, one for each, or none (all are text). */
static uint16_t format_next(struct cursor *formats, uint16_t count, uint16_t *last)
{
	if (count > 1 || cur_left(formats))
		*last = cur_be16(formats);
	return *last;
}

static int put_all(struct cursor *c, struct text *t)
{
	uint16_t format_count = cur_be16(c), last = 0, count;
	struct cursor formats = cur_from(pgwire_formats(c, format_count));

	count = cur_be16(c);
	if (format_count > 1 && format_count != count)
		return QW_E_MALFORMED;
	for (unsigned i = 1; i <= count && !c->failed && !t->err; i++) {
		put(t, i == 1 ? QW_LIT("$") : QW_LIT(", $"));
		put_number(t, i);
		put(t, QW_LIT(" = "));
		put_value(t, c, format_next(&formats, format_count, &last));
	}
	(void)pgwire_formats(c, cur_be16(c));
	return t->err ? t->err : cur_end(c);
}

/* The last place at or before n where a character begins. */
static size_t char_start(struct qw_bytes s, size_t n)
{
	while (n > 0 && n < s.n && (s.p[n] & 0xC0) == 0x80)
		n--;
	return n;
}

int pgwire_binds_text(struct qw_bytes binds, struct qw_buf *out, size_t max)
{
	const size_t sign = sizeof(cut_sign) - 1, before = qw_buf_pending(out).n;
	struct text t = {.out = out, .left = max};
	struct cursor c = cur_from(binds);
	int err = put_all(&c, &t);
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
