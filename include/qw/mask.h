/*
 * Masks: pure functions of (key, domain, value), type-correct in text and binary format. NULL stays NULL. docs/masks.md says
 * what each kind gives for each type. Arrays are masked element by element, in all dimensions.
 */
#ifndef QW_MASK_H
#define QW_MASK_H

#include "qw/base.h"

enum mask_kind {
	MASK_NULL, /* the zero value leaks nothing and fits every type */
	MASK_REDACT, /* a constant of the type: '***', 0, epoch, zero uuid, {} */
	MASK_PARTIAL, /* keep the last n characters, hide the rest; text types only, NULL for others */
	MASK_HASH, /* keyed and joinable: "tok_" + 20 hex digits of HMAC-SHA-256(key, domain, value); FF1 for whole numbers */
	MASK_CONSTANT, /* the configured text; NULL where the type cannot hold it */
	MASK_EMAIL, /* a valid address: the local part is a token, the domain too unless it says nothing */
	MASK_FF1, /* format-preserving encryption (NIST SP 800-38G): digits stay digits, letters and digits stay such */
	MASK_DATE_SHIFT, /* +-days by a keyed hash of the subject, or of the date itself */
	MASK_ROUND, /* to a multiple of `step`, half to even */
	MASK_TRUNCATE /* dates to the first of their month or year */
};
enum { MASK_KIND_COUNT = MASK_TRUNCATE + 1 };
enum mask_unit { MASK_UNIT_YEAR, MASK_UNIT_MONTH };

struct mask_spec {
	enum mask_kind kind;
	const char *name; /* of the policy's mask entry; goes into the record */
	uint8_t keep_last; /* PARTIAL: characters; FF1: characters that stay */
	const char *constant; /* CONSTANT: the text. EMAIL: domains that may stay, a blank between; NULL: the well-known public ones */
	const char *domain; /* keyed kinds: joinable columns share one; NULL: "schema.table.column" */
	uint8_t keep_first; /* FF1: characters that stay */
	bool has_check_digit; /* FF1: of digits, the last is Luhn's and is made anew */
	uint16_t days; /* DATE_SHIFT: at most so many, at least one */
	const char *subject; /* DATE_SHIFT: column of the same table whose value decides; NULL: each date by itself */
	uint64_t step; /* ROUND: 1 to MASK_STEP_MAX */
	enum mask_unit unit; /* TRUNCATE */
};
#define MASK_STEP_MAX 1000000000000u

/* What the wire says of a result column. */
struct mask_column {
	const struct mask_spec *spec; /* NULL: not masked */
	const char *domain; /* of keyed kinds, resolved: never NULL when mask_needs_key(spec->kind) */
	uint32_t type_oid;
	int32_t type_modifier;
	uint16_t format; /* 0 text, 1 binary */
};

struct mask_key; /* from the vault; owns contexts and a few derived keys: one thread at a time */
struct mask_key *mask_key_new(struct qw_bytes secret); /* NULL: out of memory, or an empty secret */
void mask_key_free(struct mask_key *k);

/*
 * Appends the masked value (without its length word) to `out`. *is_null tells whether the answer is NULL instead.
 * Fails closed: any error leaves *is_null true. A type that the table does not know gives NULL.
 */
int mask_value(const struct mask_column *column, struct mask_key *key, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;

/*
 * The same with the value of spec->subject in the same row, as the wire gave it; NULL: the row has none, or it is NULL. A spec
 * that names a subject gives NULL without one. mask_value is this without subject.
 */
struct mask_subject {
	uint32_t type_oid;
	uint16_t format;
	struct qw_bytes value;
};
int mask_value_of(const struct mask_column *column, const struct mask_subject *subject, struct mask_key *key,
	struct qw_bytes value, struct qw_buf *out, bool *is_null) QW_MUST_CHECK;

/*
 * Is a value that somebody writes the output of a mask? CERTAIN: nobody writes this but by copying a masked value ("tok_" and
 * 20 hex digits, "***", "****1234" of a partial mask). POSSIBLE: the mask gives it, and it may be genuine (0, 2000-01-01).
 */
enum mask_trace { MASK_TRACE_CERTAIN, MASK_TRACE_POSSIBLE, MASK_TRACE_NONE }; /* zero refuses */
enum mask_trace mask_recognise(const struct mask_spec *spec, uint32_t type_oid, uint16_t format, struct qw_bytes value);
/* Do this kind's outputs of text types show that they are masked? If not, a write into the column cannot be told from a copy. */
bool mask_is_recognisable(enum mask_kind kind);

bool mask_needs_key(enum mask_kind kind);
int mask_kind_parse(const char *name, enum mask_kind *out) QW_MUST_CHECK; /* "null", "redact", ... */
const char *mask_kind_name(enum mask_kind kind);

#endif
