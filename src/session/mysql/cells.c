/* Cells of MySQL's types as text, which is what masks work on, and back. What cannot be masked in its type becomes NULL. */
#include "conversation.h"

/* Types of the protocol: field_types.h. */
enum { T_DECIMAL = 0, T_SHORT = 2, T_LONG = 3, T_FLOAT = 4, T_DOUBLE = 5, T_TIMESTAMP = 7, T_LONGLONG = 8, T_DATE = 10, T_DATETIME = 12,
	T_VARCHAR = 15, T_JSON = 245, T_NEWDECIMAL = 246, T_TINY_BLOB = 249, T_BLOB = 252, T_VAR_STRING = 253, T_STRING = 254 };
/* The types of masks are named by PostgreSQL's OIDs (mask.h): of which class is it? */
enum { OID_NONE = 0, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_JSON = 114, OID_FLOAT4 = 700, OID_FLOAT8 = 701,
	OID_DATE = 1082, OID_TIMESTAMP = 1114, OID_NUMERIC = 1700 };
enum { DATE_BYTES = 4, SECONDS_BYTES = 7, MICROS_BYTES = 11 };

uint32_t my_mask_type(const struct myreply_column *c)
{
	bool is_unsigned = c->flags & MYREPLY_UNSIGNED;

	switch (c->type) {
	case T_SHORT:
		return is_unsigned ? OID_NONE : OID_INT2;
	case T_LONG:
		return is_unsigned ? OID_NONE : OID_INT4;
	case T_LONGLONG:
		return is_unsigned ? OID_NONE : OID_INT8;
	case T_FLOAT:
		return OID_FLOAT4;
	case T_DOUBLE:
		return OID_FLOAT8;
	case T_DECIMAL:
	case T_NEWDECIMAL:
		return OID_NUMERIC;
	case T_DATE:
		return OID_DATE;
	case T_DATETIME:
	case T_TIMESTAMP:
		return OID_TIMESTAMP;
	case T_JSON:
		return OID_JSON;
	case T_VARCHAR:
	case T_VAR_STRING:
	case T_STRING:
		return c->collation == MYREPLY_COLLATION_BINARY ? OID_NONE : OID_TEXT;
	default: /* a byte of the wire */
		return c->type >= T_TINY_BLOB && c->type <= T_BLOB && c->collation != MYREPLY_COLLATION_BINARY ? OID_TEXT : OID_NONE;
	}
}

static int put_time(struct cursor *c, size_t n, struct qw_buf *out)
{
	unsigned year = (unsigned)mywire_le(c, 2), month = cur_u8(c), day = cur_u8(c), hour, minute, second;
	int err = qw_buf_printf(out, "%04u-%02u-%02u", year, month, day);

	if (n < SECONDS_BYTES || err)
		return err;
	hour = cur_u8(c);
	minute = cur_u8(c);
	second = cur_u8(c);
	err = qw_buf_printf(out, " %02u:%02u:%02u", hour, minute, second);
	return n < MICROS_BYTES || err ? err : qw_buf_printf(out, ".%06u", (unsigned)mywire_le(c, 4));
}

int my_cell_text(uint8_t type, struct qw_bytes binary, struct qw_buf *out)
{
	struct cursor c = cur_from(binary);
	int err;

	switch (type) {
	case T_SHORT:
		err = qw_buf_printf(out, "%d", (int16_t)mywire_le(&c, 2));
		break;
	case T_LONG:
		err = qw_buf_printf(out, "%d", (int32_t)mywire_le(&c, 4));
		break;
	case T_LONGLONG:
		err = qw_buf_printf(out, "%lld", (long long)mywire_le(&c, 8));
		break;
	case T_FLOAT: /* nothing reads them back: NULL */
	case T_DOUBLE:
		return QW_E_UNSUPPORTED;
	case T_DATE:
	case T_DATETIME:
	case T_TIMESTAMP:
		err = binary.n < DATE_BYTES ? QW_E_UNSUPPORTED : put_time(&c, type == T_DATE ? DATE_BYTES : binary.n, out);
		if (!err && type != T_DATE && binary.n < SECONDS_BYTES) /* what is zero is left away */
			err = qw_buf_append(out, " 00:00:00", 9);
		return err ? err : c.failed ? QW_E_MALFORMED : 0;
	default: /* a byte of the wire; text as it stands */
		return qw_buf_append(out, binary.p, binary.n);
	}
	return err ? err : cur_end(&c);
}

/* Digits up to the end, or to what is no digit. */
static bool take_number(struct qw_bytes *text, size_t digits_max, uint64_t *out)
{
	size_t n = 0;

	for (*out = 0; n < text->n && n < digits_max && text->p[n] >= '0' && text->p[n] <= '9'; n++)
		*out = *out * 10 + (uint64_t)(text->p[n] - '0');
	*text = qw_bytes(text->p + n, text->n - n);
	return n > 0;
}

static bool take_sign(struct qw_bytes *text, char sign)
{
	if (!text->n || text->p[0] != (uint8_t)sign)
		return false;
	*text = qw_bytes(text->p + 1, text->n - 1);
	return true;
}

static int put_number(uint8_t type, struct qw_bytes text, struct qw_buf *out)
{
	const size_t bytes = type == T_SHORT ? 2 : type == T_LONG ? 4 : 8;
	const uint64_t max = UINT64_MAX >> (64 - 8 * bytes) >> 1;
	struct builder b;
	bool is_negative = take_sign(&text, '-');
	uint64_t v;

	if (!take_number(&text, 19, &v) || text.n || v > max)
		return QW_E_MALFORMED;
	bld_init(&b, out);
	mywire_put_le(&b, is_negative ? 0 - v : v, bytes);
	return bld_error(&b);
}

/* 2024-01-31, or with a time: its fractions are lost. */
static int put_date(uint8_t type, struct qw_bytes text, struct qw_buf *out)
{
	static const char between[] = "-- ::";
	uint64_t part[6] = {0};
	struct builder b;
	size_t n = 0;

	while (n < QW_COUNT(part) && take_number(&text, 4, &part[n]) && ++n < QW_COUNT(part) && take_sign(&text, between[n - 1]))
		;
	if (n != 3 && n != QW_COUNT(part))
		return QW_E_MALFORMED;
	bld_init(&b, out);
	mywire_put_le(&b, part[0], 2);
	for (size_t i = 1; i < (type == T_DATE ? 3 : n); i++)
		bld_u8(&b, (uint8_t)part[i]);
	return bld_error(&b);
}

int my_cell_binary(uint8_t type, struct qw_bytes text, struct qw_buf *out)
{
	switch (type) {
	case T_SHORT:
	case T_LONG:
	case T_LONGLONG:
		return put_number(type, text, out);
	case T_DATE:
	case T_DATETIME:
	case T_TIMESTAMP:
		return put_date(type, text, out);
	case T_FLOAT:
	case T_DOUBLE:
		return QW_E_UNSUPPORTED;
	default: /* a byte of the wire; text as it stands */
		return qw_buf_append(out, text.p, text.n);
	}
}
