/* Binary formats: src/backend/utils/adt, functions *_send. Type numbers: pg_type.dat. */
#include "transcript.h"

#include "qw/wire.h"

#include <float.h>
#include <inttypes.h>
#include <stdlib.h>

enum {
	BOOL = 16,
	BYTEA = 17,
	CHAR = 18,
	NAME = 19,
	INT8 = 20,
	INT2 = 21,
	INT4 = 23,
	TEXT = 25,
	OID = 26,
	JSON = 114,
	XML = 142,
	FLOAT4 = 700,
	FLOAT8 = 701,
	UNKNOWN = 705,
	MONEY = 790,
	BPCHAR = 1042,
	VARCHAR = 1043,
	DATE = 1082,
	TIME = 1083,
	TIMESTAMP = 1114,
	TIMESTAMPTZ = 1184,
	NUMERIC = 1700,
	UUID = 2950,
	JSONB = 3802
};

enum { EPOCH_DAYS = 10957 }; /* from 1970-01-01 to 2000-01-01 */

bool transcript_is_number(uint32_t type)
{
	switch (type) {
	case INT2:
	case INT4:
	case INT8:
	case OID:
	case FLOAT4:
	case FLOAT8:
	case NUMERIC:
	case MONEY:
		return true;
	default: /* the server's numbers, not ours */
		return false;
	}
}

static void put_hex(struct page *out, struct qw_bytes v)
{
	page_text(out, "\\x");
	for (size_t i = 0; i < v.n && !out->err; i++)
		page_printf(out, "%02x", v.p[i]);
}

static bool put_signed(struct page *out, struct qw_bytes v, size_t size)
{
	struct cursor c = cur_from(v);
	int64_t n = 0;

	if (v.n != size)
		return false;
	if (size == 2)
		n = (int16_t)cur_be16(&c);
	else if (size == 4)
		n = (int32_t)cur_be32(&c);
	else
		n = (int64_t)cur_be64(&c);
	page_printf(out, "%" PRId64, n);
	return true;
}

/* The shortest digits that read back as the same number, as the server prints. */
static void put_shortest(struct page *out, double d, bool is_single)
{
	char text[40];

	if (d != d || d > DBL_MAX || d < -DBL_MAX) {
		page_text(out, d != d ? "NaN" : d > 0 ? "Infinity" : "-Infinity");
		return;
	}
	for (int digits = is_single ? 6 : 15; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, d);
		if (is_single ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d)
			break;
	}
	page_text(out, text);
}

static bool put_float(struct page *out, struct qw_bytes v, size_t size)
{
	struct cursor c = cur_from(v);
	uint64_t bits8;
	uint32_t bits4;
	double d;
	float f;

	if (v.n != size)
		return false;
	if (size == 4) {
		bits4 = cur_be32(&c);
		memcpy(&f, &bits4, sizeof(f));
		put_shortest(out, (double)f, true);
	} else {
		bits8 = cur_be64(&c);
		memcpy(&d, &bits8, sizeof(d));
		put_shortest(out, d, false);
	}
	return true;
}

/* Howard Hinnant's days_from_civil, the other way: no library call reaches these years. */
static void put_date(struct page *out, int64_t days_since_2000)
{
	int64_t z = days_since_2000 + EPOCH_DAYS + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9, year = yoe + era * 400 + (month <= 2);

	page_printf(out, "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "%s", year > 0 ? year : 1 - year,
		month, doy - (153 * mp + 2) / 5 + 1, year > 0 ? "" : " BC");
}

static void put_time(struct page *out, int64_t us)
{
	page_printf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, us / 3600000000,
		us / 60000000 % 60, us / 1000000 % 60);
	if (us % 1000000)
		page_printf(out, ".%06" PRId64, us % 1000000);
}

static bool put_moment(struct page *out, uint32_t type, struct qw_bytes v)
{
	const int64_t day = INT64_C(86400000000);
	struct cursor c = cur_from(v);
	int64_t n;

	if (v.n != (type == DATE ? 4u : 8u))
		return false;
	n = type == DATE ? (int32_t)cur_be32(&c) : (int64_t)cur_be64(&c);
	if (type == DATE ? n == INT32_MIN || n == INT32_MAX : n == INT64_MIN || n == INT64_MAX) {
		page_text(out, n < 0 ? "-infinity" : "infinity");
		return true;
	}
	if (type == DATE) {
		put_date(out, n);
	} else if (type == TIME) {
		if (n < 0 || n > day)
			return false;
		put_time(out, n);
	} else {
		int64_t days = n / day - (n % day < 0);

		put_date(out, days);
		page_text(out, " ");
		put_time(out, n - days * day);
		page_text(out, type == TIMESTAMPTZ ? "+00" : "");
	}
	return true;
}

/* numeric_send: ndigits, weight, sign, dscale, then digits of base 10000. */
static bool put_numeric(struct page *out, struct qw_bytes v)
{
	struct cursor c = cur_from(v);
	uint16_t count = cur_be16(&c), sign, scale;
	int16_t weight = (int16_t)cur_be16(&c);
	struct qw_bytes digits;

	sign = cur_be16(&c);
	scale = cur_be16(&c);
	digits = cur_rest(&c);
	if (v.n < 8 || digits.n != 2u * count || scale > 0x3fff)
		return false;
	if (sign >= 0xc000) {
		page_text(out, sign == 0xd000 ? "Infinity" : sign == 0xf000 ? "-Infinity" : "NaN");
		return true;
	}
	page_text(out, sign == 0x4000 ? "-" : "");
	if (weight < 0)
		page_text(out, "0");
	for (int i = 0, shown = 0; i <= weight || shown < scale; i++) {
		int at =
			weight < 0 ? i + weight + 1 : i; /* the point stands after digit `weight` */
		int d = at >= 0 && at < count ? digits.p[2 * at] << 8 | digits.p[2 * at + 1] : 0;

		if (d > 9999)
			return false;
		if (weight >= 0 && i <= weight) {
			page_printf(out, i ? "%04d" : "%d", d);
			continue;
		}
		page_text(out, shown ? "" : ".");
		page_printf(out, "%.*s", scale - shown < 4 ? scale - shown : 4,
			(char[]){(char)('0' + d / 1000), (char)('0' + d / 100 % 10),
				(char)('0' + d / 10 % 10), (char)('0' + d % 10), 0});
		shown += 4;
	}
	return true;
}

static bool put_uuid(struct page *out, struct qw_bytes v)
{
	if (v.n != 16)
		return false;
	for (size_t i = 0; i < 16; i++)
		page_printf(
			out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", v.p[i]);
	return true;
}

static bool put_binary(struct page *out, uint32_t type, struct qw_bytes v)
{
	switch (type) {
	case BOOL:
		page_text(out, v.n == 1 && v.p[0] ? "t" : "f");
		return v.n == 1;
	case INT2:
		return put_signed(out, v, 2);
	case INT4:
		return put_signed(out, v, 4);
	case INT8:
		return put_signed(out, v, 8);
	case OID:
		if (v.n == 4)
			page_printf(out, "%u",
				(unsigned)v.p[0] << 24 | (unsigned)v.p[1] << 16 |
					(unsigned)v.p[2] << 8 | v.p[3]);
		return v.n == 4;
	case FLOAT4:
		return put_float(out, v, 4);
	case FLOAT8:
		return put_float(out, v, 8);
	case NUMERIC:
		return put_numeric(out, v);
	case DATE:
	case TIME:
	case TIMESTAMP:
	case TIMESTAMPTZ:
		return put_moment(out, type, v);
	case UUID:
		return put_uuid(out, v);
	case JSONB:
		if (v.n && v.p[0] == 1)
			page_safe(out, qw_bytes(v.p + 1, v.n - 1));
		return v.n && v.p[0] == 1;
	case CHAR:
	case NAME:
	case TEXT:
	case JSON:
	case XML:
	case UNKNOWN:
	case BPCHAR:
	case VARCHAR:
		page_safe(out, v);
		return true;
	default: /* the server's numbers, not ours */
		return false;
	}
}

void transcript_value(struct page *out, uint32_t type, bool is_binary, struct qw_bytes v)
{
	size_t mark = out->b.n - out->b.off;

	if (!is_binary && (type || qw_utf8_valid(v))) {
		page_safe(out, v);
		return;
	}
	if (is_binary && put_binary(out, type, v))
		return;
	if (!out->err)
		out->b.n = out->b.off + mark; /* what a lie began to print */
	put_hex(out, v);
}
