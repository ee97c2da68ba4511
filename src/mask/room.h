/* Inside the mask room: what the files of the room share. */
#ifndef QW_MASK_ROOM_H
#define QW_MASK_ROOM_H

#include "qw/digest.h"
#include "qw/mask.h"

/* What a value of a type may look like. Types share a class when the same constants fit them. */
enum mask_class {
	CLASS_UNKNOWN, /* only NULL is safe */
	CLASS_TEXT,
	CLASS_VARCHAR, /* type modifier - 4 = characters at most */
	CLASS_BPCHAR, /* the same, filled up with blanks */
	CLASS_NAME, /* 63 bytes */
	CLASS_CHAR, /* "char": one byte */
	CLASS_JSON,
	CLASS_JSONB,
	CLASS_XML,
	CLASS_BYTEA,
	CLASS_BOOL,
	CLASS_INT2,
	CLASS_INT4,
	CLASS_INT8,
	CLASS_OID,
	CLASS_FLOAT4,
	CLASS_FLOAT8,
	CLASS_NUMERIC,
	CLASS_MONEY,
	CLASS_DATE,
	CLASS_TIME,
	CLASS_TIMETZ,
	CLASS_TIMESTAMP,
	CLASS_TIMESTAMPTZ,
	CLASS_INTERVAL,
	CLASS_UUID,
	CLASS_RANGE,
	CLASS_MULTIRANGE,
	CLASS_ARRAY,
	CLASS_COUNT
};
enum { FORMAT_TEXT = 0, FORMAT_BINARY = 1 };

struct mask_key {
	struct qw_hmac *hmac;
};

enum mask_class mask_type_class(uint32_t type_oid);
uint32_t mask_type_element(uint32_t type_oid); /* of an array that is in the table, else 0 */
static inline bool mask_class_is_text(enum mask_class c)
{
	return c >= CLASS_TEXT && c <= CLASS_CHAR;
}

/*
 * Each of these appends the whole value and sets *is_null to false, or appends nothing and leaves
 * it true. `class` is that of column->type_oid.
 */
int mask_put(struct qw_bytes value, struct qw_buf *out, bool *is_null) QW_MUST_CHECK;
int mask_put_text(const struct mask_column *column, enum mask_class class, struct qw_bytes text,
	struct qw_buf *out, bool *is_null) QW_MUST_CHECK; /* cut and filled as the type wants it */
int mask_redact(const struct mask_column *column, enum mask_class class, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_partial(const struct mask_column *column, enum mask_class class, struct qw_bytes value,
	struct qw_buf *out, bool *is_null) QW_MUST_CHECK;
int mask_hash(const struct mask_column *column, enum mask_class class, struct mask_key *key,
	struct qw_bytes value, struct qw_buf *out, bool *is_null) QW_MUST_CHECK;
int mask_constant(const struct mask_column *column, enum mask_class class, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;

/* ---- decimal numbers of a policy file: [+-]digits[.digits] ---- */
enum { DECIMAL_DIGITS_MAX = 128 };
struct mask_decimal {
	struct qw_bytes text; /* without a plus */
	struct qw_bytes whole, fraction; /* digits; whole without leading zeros */
	bool is_negative;
};
bool mask_decimal_parse(const char *s, struct mask_decimal *out);
bool mask_decimal_to_int(const struct mask_decimal *d, int64_t min, int64_t max, int64_t *out);
bool mask_decimal_to_double(
	const struct mask_decimal *d, double *out); /* only where exact by one division */
size_t mask_decimal_to_numeric(
	const struct mask_decimal *d, uint8_t *out /* 8 + 2 * (DECIMAL_DIGITS_MAX / 4 + 2) */);

static inline void mask_store(uint8_t *p, uint64_t v, size_t bytes) /* big endian */
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

#endif
