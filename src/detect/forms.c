#include "room.h"

/* ---- JSON: enough of RFC 8259 to tell strings and numbers from the rest; the server has checked it ---- */
static size_t string_end(struct qw_bytes s, size_t i, bool *has_escapes)
{
	*has_escapes = false;
	while (i < s.n && s.p[i] != '"') {
		if (s.p[i] == '\\') {
			*has_escapes = true;
			i++;
		}
		i++;
	}
	return i < s.n ? i : s.n;
}

static bool is_number_char(uint8_t c)
{
	return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

bool detect_json_next(struct json_walk *w, struct json_leaf *leaf)
{
	struct qw_bytes s = w->s;
	size_t i = w->at, end;

	while (i < s.n && s.p[i] != '"' && !is_digit(s.p[i]))
		i++;
	if (i >= s.n)
		return false;
	*leaf = (struct json_leaf){.is_string = s.p[i] == '"', .is_key_like = w->is_key_like};
	i += leaf->is_string;
	end = i;
	if (leaf->is_string)
		end = string_end(s, i, &leaf->has_escapes);
	else
		while (end < s.n && is_number_char(s.p[end]))
			end++;
	leaf->raw = qw_bytes(s.p + i, end - i);
	w->at = end + (leaf->is_string && end < s.n);
	for (i = w->at; i < s.n && (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\t' || s.p[i] == '\r');)
		i++;
	if (leaf->is_string && i < s.n && s.p[i] == ':') {
		/* "[github-token]" was a secret itself: it does not speak of its value. */
		w->is_key_like = detect_key_like(leaf->raw) && !detect_holds_placeholder(leaf->raw);
		leaf->is_key_like = false; /* a name is no secret */
	}
	return true;
}

static int hex4(const uint8_t *p, unsigned *out)
{
	uint8_t b[2];
	int err = qw_unhex(qw_bytes(p, 4), b);

	*out = err ? 0 : b[0] * 256u + b[1];
	return err;
}

static int put_utf8(unsigned c, struct qw_buf *out)
{
	uint8_t u[4];

	if (c < 0x80)
		return qw_buf_append(out, (uint8_t[]){(uint8_t)c}, 1);
	if (c < 0x800) {
		u[0] = (uint8_t)(0xC0 | c >> 6);
		u[1] = (uint8_t)(0x80 | (c & 0x3F));
		return qw_buf_append(out, u, 2);
	}
	if (c < 0x10000) {
		u[0] = (uint8_t)(0xE0 | c >> 12);
		u[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
		u[2] = (uint8_t)(0x80 | (c & 0x3F));
		return qw_buf_append(out, u, 3);
	}
	u[0] = (uint8_t)(0xF0 | c >> 18);
	u[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
	u[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
	u[3] = (uint8_t)(0x80 | (c & 0x3F));
	return qw_buf_append(out, u, 4);
}

/* An escape at *i. A lone half of a surrogate pair becomes a question mark: the server's encoding could not hold it either. */
static int decode_escape(struct qw_bytes raw, size_t *i, struct qw_buf *out)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *which;
	unsigned c, low;

	if (*i + 1 >= raw.n)
		return QW_E_MALFORMED;
	if (raw.p[*i + 1] != 'u') {
		which = memchr(from, raw.p[*i + 1], sizeof(from) - 1);
		*i += 2;
		return which ? qw_buf_append(out, to + (which - from), 1) : QW_E_MALFORMED;
	}
	if (raw.n - *i < 6 || hex4(raw.p + *i + 2, &c))
		return QW_E_MALFORMED;
	*i += 6;
	if (c >= 0xD800 && c < 0xDC00 && raw.n - *i >= 6 && raw.p[*i] == '\\' && raw.p[*i + 1] == 'u' && !hex4(raw.p + *i + 2, &low) &&
		low >= 0xDC00 && low < 0xE000) {
		*i += 6;
		c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
	}
	return put_utf8(c >= 0xD800 && c < 0xE000 ? '?' : c, out);
}

int detect_json_decode(struct qw_bytes raw, struct qw_buf *out)
{
	size_t i = 0;
	int err = 0;

	while (i < raw.n && !err) {
		const uint8_t *slash = memchr(raw.p + i, '\\', raw.n - i);
		size_t plain = slash ? (size_t)(slash - raw.p) - i : raw.n - i;

		err = qw_buf_append(out, raw.p + i, plain);
		i += plain;
		if (!err && slash)
			err = decode_escape(raw, &i, out);
	}
	return err;
}

int detect_json_encode(struct qw_bytes text, struct qw_buf *out)
{
	static const char digits[] = "0123456789abcdef";
	int err = qw_buf_append(out, "\"", 1);

	for (size_t i = 0; i < text.n && !err; i++) {
		uint8_t c = text.p[i];

		if (c == '"' || c == '\\')
			err = qw_buf_append(out, (uint8_t[]){'\\', c}, 2);
		else if (c < 0x20)
			err = qw_buf_append(out, (char[]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
		else
			err = qw_buf_append(out, &text.p[i], 1);
	}
	return err ? err : qw_buf_append(out, "\"", 1);
}

/* ---- bytea ---- */
bool detect_bytea_is_hex(struct qw_bytes cell)
{
	return cell.n >= 2 && cell.n % 2 == 0 && cell.p[0] == '\\' && cell.p[1] == 'x';
}

/* bytea_output = escape: \\ and \ooo */
static int decode_octal(struct qw_bytes cell, struct qw_buf *out)
{
	int err = 0;

	for (size_t i = 0; i < cell.n && !err; i++) {
		uint8_t c = cell.p[i];

		if (c == '\\' && i + 1 < cell.n && cell.p[i + 1] == '\\') {
			i++;
		} else if (c == '\\') {
			if (cell.n - i < 4)
				return QW_E_MALFORMED;
			c = (uint8_t)(((cell.p[i + 1] - '0') & 3) << 6 | ((cell.p[i + 2] - '0') & 7) << 3 | ((cell.p[i + 3] - '0') & 7));
			i += 3;
		}
		err = qw_buf_append(out, &c, 1);
	}
	return err;
}

int detect_bytea_decode(struct qw_bytes cell, struct qw_buf *out)
{
	size_t n = cell.n / 2 - 1;
	int err;

	if (!detect_bytea_is_hex(cell))
		return decode_octal(cell, out);
	if (n == 0)
		return 0;
	err = qw_buf_reserve(out, n);
	if (!err)
		err = qw_unhex(qw_bytes(cell.p + 2, cell.n - 2), out->p + out->n);
	if (!err)
		out->n += n;
	return err;
}
