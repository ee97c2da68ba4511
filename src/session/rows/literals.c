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

static int hide(struct qw_bytes text, struct qw_buf *out, bool *is_hidden)
{
	size_t at = 0, done = 0;
	int err = 0;

	*is_hidden = false;
	while (at < text.n && !err) {
		const uint8_t *quote = memchr(text.p + at, '\'', text.n - at);
		size_t begin = quote ? (size_t)(quote - text.p) + 1 : text.n, end;

		if (!quote)
			break;
		end = literal_end(text, begin);
		if (looks_like_data(qw_bytes(text.p + begin, end - begin))) {
			*is_hidden = true;
			err = qw_buf_append(out, text.p + done, begin - done);
			if (!err)
				err = qw_buf_append(out, "***", 3);
			done = end;
		}
		at = end + 1;
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
	if (hide(value, &s->literals, &is_hidden))
		return CELL_NULL;
	if (!is_hidden)
		return CELL_SAME;
	*out = qw_buf_pending(&s->literals);
	return CELL_OTHER;
}
