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

/* AES contexts of FF1, one for each domain, derived from the secret. */
enum { DOMAIN_SLOTS = 16 };
struct mask_key {
	struct qw_hmac *hmac;
	struct {
		char *domain; /* owned; NULL: empty slot */
		struct qw_aes *aes;
	} slots[DOMAIN_SLOTS];
};

/* What all masks of one value need. */
struct mask_job {
	const struct mask_column *column;
	enum mask_class class; /* of column->type_oid */
	struct mask_key *key; /* may be NULL: then keyed kinds fail */
	const struct mask_subject *subject; /* may be NULL */
};

enum mask_class mask_type_class(uint32_t type_oid);
uint32_t mask_type_element(uint32_t type_oid); /* of an array that is in the table, else 0 */
static inline bool mask_class_is_text(enum mask_class c)
{
	return c >= CLASS_TEXT && c <= CLASS_CHAR;
}

/*
 * Each of these appends the whole value and sets *is_null to false, or appends nothing and leaves
 * it true. Where both may happen for a malformed value, mask_value_of takes back what was appended.
 */
int mask_put(struct qw_bytes value, struct qw_buf *out, bool *is_null) QW_MUST_CHECK;
int mask_put_text(const struct mask_column *column, enum mask_class class, struct qw_bytes text,
	struct qw_buf *out, bool *is_null) QW_MUST_CHECK; /* cut and filled as the type wants it */
int mask_fill(const struct mask_column *column, enum mask_class class, size_t chars,
	struct qw_buf *out) QW_MUST_CHECK; /* char(n) up to n */
int mask_redact(const struct mask_column *column, enum mask_class class, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_constant(const struct mask_column *column, enum mask_class class, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_json_string(const struct mask_job *j, struct qw_bytes text, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK; /* the text as a JSON string */

typedef int (*mask_fn)(
	const struct mask_job *j, struct qw_bytes value, struct qw_buf *out, bool *is_null);
int mask_one(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK; /* by the spec's kind; no arrays */
int mask_partial(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_hash(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_email(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_ff1(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_date_shift(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_truncate(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_round(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
int mask_array(const struct mask_job *j, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;
/* Does the kind give another value than NULL for some values of the class? */
bool mask_gives(enum mask_kind kind, enum mask_class class);

/* Calls `on` for each element that is not NULL; false as soon as it says so or the array is malformed. */
typedef bool (*mask_element_fn)(void *ctx, struct qw_bytes element);
bool mask_array_each(uint32_t type_oid, uint16_t format, struct qw_bytes value, mask_element_fn on, void *ctx);

/* ---- values ---- */
enum { UUID_TEXT = 36, DATE_TEXT = 10 };
/* char(n) is filled with blanks that are no part of the value. */
struct qw_bytes mask_unfilled(enum mask_class class, struct qw_bytes value);
bool mask_ascii_fits(const struct mask_job *j, size_t chars); /* into the column, if it is of a text type */
/* HMAC over domain, 0, value. */
int mask_digest(struct mask_key *key, const char *domain, struct qw_bytes value,
	uint8_t out[QW_DIGEST_BYTES]) QW_MUST_CHECK;
/* The same over 0, purpose, 0, domain, 0, value: a domain holds no 0 and none is empty, so no two meanings meet. */
int mask_digest_for(struct mask_key *key, const char *purpose, const char *domain, struct qw_bytes value,
	uint8_t out[QW_DIGEST_BYTES]) QW_MUST_CHECK;
int mask_domain_aes(struct mask_key *key, const char *domain, struct qw_aes **out) QW_MUST_CHECK; /* borrowed */
bool mask_uuid_parse(struct qw_bytes text, uint8_t out[16]);
void mask_uuid_text(const uint8_t uuid[16], char out[UUID_TEXT]);

/* Days since 2000-01-01, Gregorian for all years as the server counts; years 1 to 9999. */
bool mask_date_parse(struct qw_bytes text, int64_t *days); /* the first ten bytes: YYYY-MM-DD */
bool mask_date_text(int64_t days, char out[DATE_TEXT]);
bool mask_number_at(const uint8_t *s, size_t digits, unsigned min, unsigned max, unsigned *out);

static inline uint64_t mask_load(const uint8_t *p, size_t bytes) /* big endian */
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

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

/* numeric(p,s): at most p - s digits before the point, without leading zeros. */
bool mask_numeric_fits(const struct mask_column *column, size_t whole_digits);

/* ---- numbers of a result: decimal digits and where the point stands ---- */
struct mask_number {
	uint8_t digits[DECIMAL_DIGITS_MAX + 2]; /* ASCII; at least one before the point */
	size_t count, scale; /* scale: how many of them stand behind the point */
	bool is_negative;
};
/* int2, int4, int8, oid, numeric, float4, float8. False: no number (NaN, infinity, garbage, more digits than fit). */
bool mask_number_read(const struct mask_job *j, struct qw_bytes value, struct mask_number *out);
/* NULL where the type (its range, numeric's precision) does not hold it. */
int mask_number_put(const struct mask_job *j, struct mask_number *n, struct qw_buf *out, bool *is_null) QW_MUST_CHECK;

static inline void mask_store(uint8_t *p, uint64_t v, size_t bytes) /* big endian */
{
	while (bytes-- > 0) {
		p[bytes] = (uint8_t)v;
		v >>= 8;
	}
}

#endif
