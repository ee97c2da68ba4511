/* Cells of MySQL's types as text, which is what masks work on, and back. What cannot be masked in its type becomes NULL. */
#include "mysql.h"

#include <stdio.h>
#include <stdlib.h>

/* Types of the protocol: field_types.h. */
enum { T_DECIMAL = 0, T_TINY = 1, T_SHORT = 2, T_LONG = 3, T_FLOAT = 4, T_DOUBLE = 5, T_TIMESTAMP = 7, T_LONGLONG = 8, T_INT24 = 9, T_DATE = 10,
	T_DATETIME = 12, T_VARCHAR = 15, T_JSON = 245, T_NEWDECIMAL = 246, T_TINY_BLOB = 249, T_BLOB = 252, T_VAR_STRING = 253, T_STRING = 254 };
/* The types of masks are named by PostgreSQL's OIDs (mask.h): of which class is it? */
enum { OID_NONE = 0, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_JSON = 114, OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_DATE = 1082,
	OID_TIMESTAMP = 1114, OID_NUMERIC = 1700 };
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

static double double_of(uint8_t type, uint64_t bits)
{
	uint32_t low = (uint32_t)bits;
	float f;
	double d;

	memcpy(&f, &low, sizeof(f));
	memcpy(&d, &bits, sizeof(d));
	return type == T_FLOAT ? (double)f : d;
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
	case T_FLOAT:
		err = qw_buf_printf(out, "%.9g", double_of(type, mywire_le(&c, 4)));
		break;
	case T_DOUBLE:
		err = qw_buf_printf(out, "%.17g", double_of(type, mywire_le(&c, 8)));
		break;
	case T_DATE:
	case T_DATETIME:
	case T_TIMESTAMP:
		err = binary.n < DATE_BYTES ? QW_E_UNSUPPORTED : put_time(&c, type == T_DATE ? DATE_BYTES : binary.n, out);
		return err ? err : c.failed ? QW_E_MALFORMED : 0; /* of a date the time is zero */
	default: /* a byte of the wire; text as it stands */
		return qw_buf_append(out, binary.p, binary.n);
	}
	return err ? err : cur_end(&c);
}

static int put_number(uint8_t type, const char *text, struct qw_buf *out)
{
	size_t bytes = type == T_SHORT ? 2 : type == T_LONG || type == T_FLOAT ? 4 : 8;
	struct builder b;
	char *end;
	uint64_t bits = 0;

	if (type == T_FLOAT || type == T_DOUBLE) {
		double d = strtod(text, &end);
		float f = (float)d;

		memcpy(&bits, type == T_FLOAT ? (void *)&f : (void *)&d, bytes);
	} else {
		bits = (uint64_t)strtoll(text, &end, 10);
	}
	if (end == text || *end)
		return QW_E_MALFORMED;
	bld_init(&b, out);
	mywire_put_le(&b, bits, bytes);
	return bld_error(&b);
}

static int put_date(uint8_t type, const char *text, struct qw_buf *out)
{
	unsigned part[6] = {0}, micros = 0;
	struct builder b;
	int n = sscanf(text, "%4u-%2u-%2u %2u:%2u:%2u.%6u", &part[0], &part[1], &part[2], &part[3], &part[4], &part[5], &micros);

	if (n < 3)
		return QW_E_MALFORMED;
	bld_init(&b, out);
	mywire_put_le(&b, part[0], 2);
	bld_u8(&b, (uint8_t)part[1]);
	bld_u8(&b, (uint8_t)part[2]);
	if (type != T_DATE && n >= 6)
		for (size_t i = 3; i < QW_COUNT(part); i++)
			bld_u8(&b, (uint8_t)part[i]);
	return bld_error(&b);
}

int my_cell_binary(uint8_t type, struct qw_bytes text, struct qw_buf *out)
{
	char copy[64];

	switch (type) {
	case T_SHORT:
	case T_LONG:
	case T_LONGLONG:
	case T_FLOAT:
	case T_DOUBLE:
	case T_DATE:
	case T_DATETIME:
	case T_TIMESTAMP:
		break;
	default: /* a byte of the wire; text as it stands */
		return qw_buf_append(out, text.p, text.n);
	}
	if (text.n >= sizeof(copy))
		return QW_E_MALFORMED;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	return type == T_DATE || type == T_DATETIME || type == T_TIMESTAMP ? put_date(type, copy, out) : put_number(type, copy, out);
}
