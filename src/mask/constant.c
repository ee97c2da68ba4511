#include "room.h"

/* ---- whole numbers, decimals ---- */
static int put_int(const struct mask_column *column, size_t bytes, bool is_signed,
	struct qw_buf *out, bool *is_null)
{
	const int64_t max = is_signed ? (int64_t)(UINT64_MAX >> (65 - 8 * bytes)) : UINT32_MAX;
	const int64_t min = is_signed ? -max - 1 : 0;
	struct mask_decimal d;
	uint8_t p[8];
	int64_t v;

	if (!mask_decimal_parse(column->spec->constant, &d) ||
		!mask_decimal_to_int(&d, min, max, &v))
		return 0;
	if (column->format == FORMAT_TEXT)
		return mask_put(d.text, out, is_null);
	mask_store(p, (uint64_t)v, bytes);
	return mask_put(qw_bytes(p, bytes), out, is_null);
}

static int put_float(
	const struct mask_column *column, enum mask_class class, struct qw_buf *out, bool *is_null)
{
	size_t bytes = class == CLASS_FLOAT4 ? 4 : 8;
	struct mask_decimal d;
	uint64_t bits = 0;
	uint32_t bits4;
	uint8_t p[8];
	double v;
	float v4;

	if (!mask_decimal_parse(column->spec->constant, &d) || !mask_decimal_to_double(&d, &v))
		return 0;
	if (column->format == FORMAT_TEXT)
		return mask_put(d.text, out, is_null);
	memcpy(&bits, &v, sizeof(v));
	if (class == CLASS_FLOAT4) {
		v4 = (float)v;
		memcpy(&bits4, &v4, sizeof(v4));
		bits = bits4;
	}
	mask_store(p, bits, bytes);
	return mask_put(qw_bytes(p, bytes), out, is_null);
}

static int put_numeric(const struct mask_column *column, struct qw_buf *out, bool *is_null)
{
	uint8_t p[8 + 2 * (DECIMAL_DIGITS_MAX / 4 + 2)];
	struct mask_decimal d;

	if (!mask_decimal_parse(column->spec->constant, &d) ||
		!mask_numeric_fits(column, d.whole.n))
		return 0;
	if (column->format == FORMAT_TEXT)
		return mask_put(d.text, out, is_null);
	return mask_put(qw_bytes(p, mask_decimal_to_numeric(&d, p)), out, is_null);
}

static int put_bool(const struct mask_column *column, struct qw_buf *out, bool *is_null)
{
	const char *s = column->spec->constant;
	bool v = strcmp(s, "true") == 0 || strcmp(s, "t") == 0;

	if (!v && strcmp(s, "false") != 0 && strcmp(s, "f") != 0)
		return 0;
	if (column->format == FORMAT_TEXT)
		return mask_put(qw_bytes(v ? "t" : "f", 1), out, is_null);
	return mask_put(qw_bytes(v ? "\1" : "\0", 1), out, is_null);
}

/* ---- dates: YYYY-MM-DD, and for timestamps optionally HH:MM:SS after a blank or T ---- */
static bool time_at(const char *s, int64_t *seconds)
{
	unsigned h, m, sec;

	*seconds = 0;
	if (*s == '\0')
		return true;
	if ((*s != ' ' && *s != 'T') || strlen(s) != 9 || s[3] != ':' || s[6] != ':')
		return false;
	if (!mask_number_at((const uint8_t *)s + 1, 2, 0, 23, &h) ||
		!mask_number_at((const uint8_t *)s + 4, 2, 0, 59, &m) ||
		!mask_number_at((const uint8_t *)s + 7, 2, 0, 59, &sec))
		return false;
	*seconds = (int64_t)h * 3600 + (int64_t)m * 60 + (int64_t)sec;
	return true;
}

static int put_date(const struct mask_column *column, struct qw_buf *out, bool *is_null)
{
	const char *s = column->spec->constant;
	int64_t days;
	uint8_t p[4];

	if (!mask_date_parse(qw_bytes_from(s), &days) || s[10] != '\0')
		return 0;
	if (column->format == FORMAT_TEXT)
		return mask_put(qw_bytes(s, 10), out, is_null);
	mask_store(p, (uint64_t)days, 4);
	return mask_put(qw_bytes(p, 4), out, is_null);
}

static int put_timestamp(
	const struct mask_column *column, enum mask_class class, struct qw_buf *out, bool *is_null)
{
	const char *s = column->spec->constant;
	int64_t days, seconds;
	char text[32];
	uint8_t p[8];
	size_t n = 19;

	if (!mask_date_parse(qw_bytes_from(s), &days) || !time_at(s + 10, &seconds))
		return 0;
	if (column->format == FORMAT_BINARY) {
		mask_store(p, (uint64_t)((days * 86400 + seconds) * 1000000), 8);
		return mask_put(qw_bytes(p, 8), out, is_null);
	}
	memcpy(text, s, 10);
	memcpy(text + 10, s[10] ? s + 10 : " 00:00:00", 9);
	text[10] = ' ';
	if (class == CLASS_TIMESTAMPTZ) { /* the constant is UTC */
		memcpy(text + n, "+00", 3);
		n += 3;
	}
	return mask_put(qw_bytes(text, n), out, is_null);
}

/* ---- uuid, JSON ---- */
bool mask_uuid_parse(struct qw_bytes s, uint8_t out[16])
{
	uint8_t hex[32];
	size_t n = 0;

	if (s.n != UUID_TEXT)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_dash != (s.p[i] == '-'))
			return false;
		if (!is_dash)
			hex[n++] = s.p[i];
	}
	return qw_unhex(qw_bytes(hex, sizeof(hex)), out) == 0;
}

void mask_uuid_text(const uint8_t uuid[16], char out[UUID_TEXT])
{
	char hex[33];
	size_t from = 0;

	qw_hex(qw_bytes(uuid, 16), hex);
	for (size_t i = 0; i < UUID_TEXT; i++)
		out[i] = i == 8 || i == 13 || i == 18 || i == 23 ? '-' : hex[from++];
}

static int put_uuid(const struct mask_column *column, struct qw_buf *out, bool *is_null)
{
	struct qw_bytes s = qw_bytes_from(column->spec->constant);
	uint8_t p[16];

	if (!mask_uuid_parse(s, p))
		return 0;
	return mask_put(column->format == FORMAT_TEXT ? s : qw_bytes(p, sizeof(p)), out, is_null);
}

/* One character of a JSON string (RFC 8259); returns its length, writes it when `to` is not NULL.
 */
static size_t json_char(uint8_t c, uint8_t *to)
{
	static const uint8_t digits[] = "0123456789abcdef";

	if (c == '"' || c == '\\') {
		if (to)
			memcpy(to, (uint8_t[]){'\\', c}, 2);
		return 2;
	}
	if (c >= 0x20) {
		if (to)
			*to = c;
		return 1;
	}
	if (to)
		memcpy(to, (uint8_t[]){'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]}, 6);
	return 6;
}

/* Legal whatever the text says, if it is UTF-8. */
int mask_json_string(
	const struct mask_job *j, struct qw_bytes s, struct qw_buf *out, bool *is_null)
{
	bool has_version = j->class == CLASS_JSONB && j->column->format == FORMAT_BINARY;
	size_t n = 2 + (has_version ? 1 : 0);
	uint8_t *p;
	int err;

	for (size_t i = 0; i < s.n; i++)
		n += json_char(s.p[i], NULL);
	err = qw_buf_reserve(out, n);
	if (err)
		return err;
	p = out->p + out->n;
	if (has_version)
		*p++ = 1;
	*p++ = '"';
	for (size_t i = 0; i < s.n; i++)
		p += json_char(s.p[i], p);
	*p = '"';
	out->n += n;
	*is_null = false;
	return 0;
}

int mask_constant(
	const struct mask_column *column, enum mask_class class, struct qw_buf *out, bool *is_null)
{
	struct qw_bytes text = qw_bytes_from(column->spec->constant);

	if (!column->spec->constant || !qw_utf8_valid(text))
		return 0;
	if (mask_class_is_text(class))
		return mask_put_text(column, class, text, out, is_null);
	switch (class) {
	case CLASS_INT2:
		return put_int(column, 2, true, out, is_null);
	case CLASS_INT4:
		return put_int(column, 4, true, out, is_null);
	case CLASS_INT8:
		return put_int(column, 8, true, out, is_null);
	case CLASS_OID:
		return put_int(column, 4, false, out, is_null);
	case CLASS_FLOAT4:
	case CLASS_FLOAT8:
		return put_float(column, class, out, is_null);
	case CLASS_NUMERIC:
		return put_numeric(column, out, is_null);
	case CLASS_BOOL:
		return put_bool(column, out, is_null);
	case CLASS_DATE:
		return put_date(column, out, is_null);
	case CLASS_TIMESTAMP:
	case CLASS_TIMESTAMPTZ:
		return put_timestamp(column, class, out, is_null);
	case CLASS_UUID:
		return put_uuid(column, out, is_null);
	case CLASS_JSON:
	case CLASS_JSONB:
		return mask_json_string(
			&(struct mask_job){.column = column, .class = class}, text, out, is_null);
	case CLASS_TEXT: /* done above */
	case CLASS_VARCHAR:
	case CLASS_BPCHAR:
	case CLASS_NAME:
	case CLASS_CHAR:
	case CLASS_UNKNOWN: /* no form is known to be legal: NULL */
	case CLASS_XML:
	case CLASS_BYTEA:
	case CLASS_MONEY:
	case CLASS_TIME:
	case CLASS_TIMETZ:
	case CLASS_INTERVAL:
	case CLASS_RANGE:
	case CLASS_MULTIRANGE:
	case CLASS_ARRAY:
	case CLASS_COUNT:
		break;
	}
	return 0;
}
