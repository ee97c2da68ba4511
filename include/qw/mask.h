/*
 * Masks: pure functions of (key, column, value), type-correct in text and binary format. NULL stays NULL.
 */
#ifndef QW_MASK_H
#define QW_MASK_H

#include "qw/base.h"

enum mask_kind {
	MASK_NULL, /* the zero value leaks nothing and fits every type */
	MASK_REDACT, /* a constant of the type: '***', 0, epoch, zero uuid, {} */
	MASK_PARTIAL, /* keep the last n characters, hide the rest; text types only, NULL for others */
	MASK_HASH, /* keyed: "tok_" + 20 hex digits of HMAC-SHA-256(key, domain, value); text types only */
	MASK_CONSTANT /* the configured text; NULL where the type cannot hold it */
};

struct mask_spec {
	enum mask_kind kind;
	const char *name; /* of the policy's mask entry; goes into the record */
	uint8_t keep_last; /* PARTIAL */
	const char *constant; /* CONSTANT */
	const char *domain; /* HASH: joinable columns share one; NULL: "schema.table.column" */
};

/* What the wire says of a result column. */
struct mask_column {
	const struct mask_spec *spec; /* NULL: not masked */
	const char *domain; /* of HASH, resolved: never NULL when spec->kind is HASH */
	uint32_t type_oid;
	int32_t type_modifier;
	uint16_t format; /* 0 text, 1 binary */
};

struct mask_key; /* from the vault; owns an HMAC context: one thread at a time */
struct mask_key *mask_key_new(struct qw_bytes secret); /* NULL: out of memory, or an empty secret */
void mask_key_free(struct mask_key *k);

/*
 * Appends the masked value (without its length word) to `out`. *is_null tells whether the answer is NULL instead.
 * Fails closed: any error leaves *is_null true. A type that the table does not know gives NULL.
 */
int mask_value(const struct mask_column *column, struct mask_key *key, struct qw_bytes value, struct qw_buf *out,
	bool *is_null) QW_MUST_CHECK;

int mask_kind_parse(const char *name, enum mask_kind *out) QW_MUST_CHECK; /* "null", "redact", ... */
const char *mask_kind_name(enum mask_kind kind);

#endif
