/*
 * Literals inside of definitions: a CHECK, a view, a default, a function's text. Values of columns may stand there that no label
 * covers, so what looks like data is hidden: it has an @, or letters and at least four digits, or seven digits that are no date.
 * Words of a status, names of sequences, small numbers and dates stay.
 */
#include "../machine.h"

enum { MIXED_DIGITS_MIN = 4, DIGITS_MIN = 7 };

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_date(struct qw_bytes v)
{
	static const char shape[] = "dddd-dd-dd";

	if (v.n < sizeof(shape) - 1 || (v.p[0] != '1' && v.p[0] != '2'))
		return false;
	for (size_t i = 0; i < sizeof(shape) - 1; i++)
		if (shape[i] == 'd' ? !is_digit(v.p[i]) : v.p[i] != shape[i])
			return false;
	for (size_t i = sizeof(shape) - 1; i < v.n; i++)
		if (!is_digit(v.p[i]) && !strchr(" T:.+-Z", v.p[i]))
			return false;
	return v.n <= sizeof("2000-01-01 00:00:00.000000+00:00");
}

static bool looks_like_data(struct qw_bytes v)
{
	size_t digits = 0, letters = 0;

	for (size_t i = 0; i < v.n; i++) {
		uint8_t c = v.p[i] | 0x20;

		if (v.p[i] == '@' || v.p[i] >= 0x80)
			return true;
		digits += is_digit(v.p[i]);
		letters += c >= 'a' && c <= 'z';
	}
	return (digits >= DIGITS_MIN && !is_date(v)) || (letters && digits >= MIXED_DIGITS_MIN);
}

/* Where the literal that begins behind a quote ends: at its closing quote, or the end of the text. */
static size_t literal_end(struct qw_bytes text, size_t at)
{
	for (; at < text.n; at++) {
		if (text.p[at] != '\'')
			continue;
		if (at + 1 < text.n && text.p[at + 1] == '\'')
			at++;
		else
			return at;
	}
	return text.n;
}

/* In the text of a tree (pg_node_tree) constants are bytes: ":constvalue 7 [ 28 0 0 0 97 98 99 ]". */
static const char constant[] = ":constvalue ";
enum { CONSTANT_BYTES = sizeof(constant) - 1 };

static const uint8_t *find_constant(const uint8_t *p, size_t n)
{
	for (const uint8_t *at = p; n && (at = memchr(at, constant[0], n - (size_t)(at - p))); at++)
		if (n - (size_t)(at - p) > CONSTANT_BYTES && memcmp(at, constant, CONSTANT_BYTES) == 0 && at[CONSTANT_BYTES] != '<')
			return at + CONSTANT_BYTES;
	return NULL;
}

static size_t constant_end(struct qw_bytes text, size_t at)
{
	const uint8_t *end = memchr(text.p + at, ']', text.n - at);

	return end ? (size_t)(end - text.p) : text.n;
}

/* The next literal or constant from `at` on: [*begin, *end). False: there is none. */
static bool next_part(struct qw_bytes text, size_t at, size_t *begin, size_t *end, bool *is_constant)
{
	const uint8_t *quote = at < text.n ? memchr(text.p + at, '\'', text.n - at) : NULL;
	const uint8_t *tree = at < text.n ? find_constant(text.p + at, text.n - at) : NULL;

	*is_constant = tree && (!quote || tree < quote);
	if (!quote && !tree)
		return false;
	*begin = (size_t)((*is_constant ? tree : quote + 1) - text.p);
	*end = *is_constant ? constant_end(text, *begin) : literal_end(text, *begin);
	return true;
}

static int hide(struct qw_bytes text, bool is_composed, struct qw_buf *out, bool *is_hidden)
{
	size_t at = 0, done = 0, begin, end;
	bool is_constant;
	int err = 0;

	*is_hidden = false;
	while (!err && next_part(text, at, &begin, &end, &is_constant)) {
		struct qw_bytes part = qw_bytes(text.p + begin, end - begin);

		if (is_constant || looks_like_data(part) || find_constant(part.p, part.n)) {
			*is_hidden = true;
			err = qw_buf_append(out, text.p + done, begin - done);
			if (!err)
				err = qw_buf_append(out, "***", 3);
			done = end;
		}
		/* What was put before a definition may hold a quote: then a literal begins where one seems to end. */
		at = is_composed || is_constant ? end : end + 1;
	}
	return err ? err : qw_buf_append(out, text.p + done, text.n - done);
}

static int hex_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Arguments of a trigger: one text behind the other, in bytea's hex form or as they are. */
static bool bytes_look_like_data(struct session *s, struct qw_bytes v)
{
	if (v.n < 2 || v.p[0] != '\\' || v.p[1] != 'x')
		return looks_like_data(v);
	qw_buf_clear(&s->literals);
	for (size_t i = 2; i + 1 < v.n; i += 2) {
		int high = hex_value(v.p[i]), low = hex_value(v.p[i + 1]);
		uint8_t byte = (uint8_t)(high << 4 | low);

		if (high < 0 || low < 0 || qw_buf_append(&s->literals, &byte, 1))
			return true;
	}
	return looks_like_data(qw_buf_pending(&s->literals));
}

enum cell literals_hide(struct session *s, const struct scan *scan, struct qw_bytes value, struct qw_bytes *out)
{
	bool is_hidden;

	*out = value;
	if (scan->column.form == DETECT_FORM_BYTEA || scan->is_bytes)
		return bytes_look_like_data(s, value) ? CELL_NULL : CELL_SAME;
	qw_buf_clear(&s->literals);
	if (hide(value, scan->is_composed, &s->literals, &is_hidden))
		return CELL_NULL;
	if (!is_hidden)
		return CELL_SAME;
	*out = qw_buf_pending(&s->literals);
	return CELL_OTHER;
}
