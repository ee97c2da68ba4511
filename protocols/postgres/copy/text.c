/*
 * Text format. COPY TO writes a line feed at the end of a row and nowhere else, and never a carriage return or NUL: in a value
 * they are escaped. So the reader needs to stop at delimiters, backslashes and control characters only.
 */
#include "internal.h"

/* The backslash at `at` and what it escapes; *at is behind it. */
static int escape_skip(struct pgcopy *c, struct qw_bytes in, size_t *at)
{
	uint8_t next;

	if (in.n - *at < 2)
		return QW_E_INCOMPLETE;
	next = in.p[*at + 1];
	if (next == '\n' || next == '\r' || next == 0)
		return QW_E_MALFORMED;
	c->flags |= next == '.' ? CELL_ESCAPED | CELL_END_MARKER : CELL_ESCAPED;
	*at += 2;
	return 0;
}

/* Word by word, as long as nothing but delimiters is special. */
static int words_skip(struct pgcopy *c, struct qw_bytes in, size_t *at)
{
	const uint8_t delimiter = c->o.delimiter;
	uint64_t found;

	for (; in.n - *at >= sizeof(found); *at += sizeof(found)) {
		found = pgcopy_specials(pgcopy_word(in.p + *at), PGCOPY_EACH * delimiter, PGCOPY_EACH * '\\');
		for (; found; found &= found - 1) {
			size_t i = *at + (size_t)__builtin_ctzll(found) / 8;
			int err;

			if (in.p[i] != delimiter) {
				*at = i;
				return 0;
			}
			err = pgcopy_cell_close(c, in, i);
			if (err)
				return err;
		}
	}
	return 0;
}

int pgcopy_scan_text(struct pgcopy *c, struct qw_bytes in)
{
	const uint8_t delimiter = c->o.delimiter;
	size_t at = c->at;
	int err = 0;

	while (!err) {
		err = words_skip(c, in, &at);
		if (err)
			break;
		at = pgcopy_special(in, at, delimiter, '\\');
		if (at == in.n) {
			err = QW_E_INCOMPLETE;
		} else if (in.p[at] == delimiter) {
			err = pgcopy_cell_close(c, in, at++);
		} else if (in.p[at] == '\n') {
			return pgcopy_line_close(c, in, at);
		} else if (in.p[at] == '\\') {
			err = escape_skip(c, in, &at);
		} else if (in.p[at] == '\r' || in.p[at] == 0) {
			err = QW_E_MALFORMED;
		} else { /* another control character: a value's own */
			at++;
		}
	}
	c->at = at;
	return err;
}

static unsigned int digit_of(uint8_t c)
{
	uint8_t lower = c | 0x20;

	if (c >= '0' && c <= '9')
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

/* Digits of base 8 or 16 (as a shift), at most `max` of them, from raw.p[*i] on. */
static bool digits(struct qw_bytes raw, size_t *i, unsigned int shift, unsigned int max, uint8_t *out)
{
	unsigned int v = 0, n = 0;

	for (; n < max && *i < raw.n; n++, (*i)++) {
		unsigned int digit = digit_of(raw.p[*i]);

		if (digit >> shift)
			break;
		v = v << shift | digit;
	}
	*out = (uint8_t)v; /* \777 is \377, as the server reads it */
	return n > 0;
}

/* What stands behind a backslash, at raw.p[*i]. CopyReadAttributesText. */
static uint8_t escape_decode(struct qw_bytes raw, size_t *i)
{
	static const char letters[] = "bfnrtv", bytes[] = "\b\f\n\r\t\v";
	uint8_t c = raw.p[*i], v;
	const char *letter = strchr(letters, c);

	if (c >= '0' && c <= '7') {
		(void)digits(raw, i, 3, 3, &v);
		return v;
	}
	(*i)++;
	if (c == 'x' && digits(raw, i, 4, 2, &v))
		return v;
	return c && letter ? (uint8_t)bytes[letter - letters] : c;
}

int pgcopy_text_decode(struct qw_bytes raw, uint8_t *out, size_t *n)
{
	size_t i = 0, end = 0;

	while (i < raw.n) {
		const uint8_t *backslash = memchr(raw.p + i, '\\', raw.n - i);
		size_t run = backslash ? (size_t)(backslash - raw.p) - i : raw.n - i;

		memcpy(out + end, raw.p + i, run);
		end += run;
		i += run;
		if (i == raw.n)
			break;
		if (++i == raw.n)
			return QW_E_MALFORMED;
		out[end] = escape_decode(raw, &i);
		if (out[end++] == 0)
			return QW_E_MALFORMED;
	}
	*n = end;
	return 0;
}
