/*
 * The bytes of an audit record: a fixed clear header and tagged fields. Pure: the session encodes, the ledger keeps, the
 * command line decodes. Layout (big-endian): header QW_RECORD_HEADER_BYTES, then fields {u8 tag, u32 length, bytes}.
 */
#ifndef QW_RECORD_H
#define QW_RECORD_H

#include "qw/base.h"

enum qw_record_type { /* values are stored: never renumber */
	QW_RECORD_GATEWAY_START = 1,
	QW_RECORD_GATEWAY_STOP = 2,
	QW_RECORD_POLICY_LOAD = 3,
	QW_RECORD_SESSION_OPEN = 10,
	QW_RECORD_SESSION_REFUSED = 11,
	QW_RECORD_SESSION_CLOSE = 12,
	QW_RECORD_STATEMENT = 20, /* text, decision, rule; before anything goes upstream */
	QW_RECORD_RESULT = 21,
	QW_RECORD_ERROR = 22, /* the server's original error, as it was before it was reduced */
	QW_RECORD_APPROVAL = 30 /* asked, approved, denied, expired, withdrawn, consumed */
};
const char *qw_record_type_name(unsigned type);

/* X(id, stored tag, name in exports, kind): kind is text, u64, digest or bytes */
#define QW_RECORD_FIELDS(X) \
	X(REASON, 1, "reason", TEXT) \
	X(CLIENT, 2, "client", TEXT) /* address:port */ \
	X(TLS, 3, "tls", TEXT) \
	X(ISSUER, 4, "issuer", TEXT) \
	X(SUBJECT, 5, "subject", TEXT) \
	X(ACTOR, 6, "actor", TEXT) \
	X(CLAIMS_DIGEST, 7, "claims_sha256", DIGEST) \
	X(ROLE, 8, "role", TEXT) \
	X(TARGET, 9, "target", TEXT) \
	X(DATABASE, 10, "database", TEXT) \
	X(APPLICATION, 11, "application_name", TEXT) \
	X(POLICY, 12, "policy_revision", TEXT) \
	X(STATEMENT_ID, 20, "statement", U64) /* number within the session; result, error and approval refer to it */ \
	X(PROTOCOL, 21, "protocol", TEXT) /* simple, extended, ... */ \
	X(SQL, 22, "sql", TEXT) /* exact bytes */ \
	X(BINDS, 23, "binds", BYTES) /* body of Bind from the format codes on, exact bytes */ \
	X(DECISION, 24, "decision", TEXT) /* allow, deny, review */ \
	X(RULE, 25, "rule", TEXT) \
	X(VERBS, 26, "verbs", TEXT) /* space-separated */ \
	X(OBJECTS, 27, "objects", TEXT) /* space-separated */ \
	X(MASKS, 28, "masks", TEXT) /* column=mask, space-separated */ \
	X(FOUND, 29, "found", TEXT) /* by content detectors: column=detector:masked:count or :flagged:, space-separated */ \
	X(TAINT, 35, "taint", TEXT) /* the untrusted relation that taints the session from here on */ \
	X(ROWS, 40, "rows", U64) \
	X(BYTES, 41, "bytes", U64) /* sent to the client for this statement */ \
	X(DIGEST, 42, "sha256", DIGEST) /* of those bytes */ \
	X(TAG, 43, "tag", TEXT) /* command tag, or SQLSTATE and message sent to the client */ \
	X(RESPONSE, 44, "response", BYTES) /* wire messages as sent, after masking, up to the limit */ \
	X(TRUNCATED, 45, "truncated", U64) /* 1: RESPONSE holds less than BYTES */ \
	X(DURATION_US, 46, "duration_us", U64) \
	X(OUTCOME, 47, "outcome", TEXT) /* done, failed, suspended, skipped, cancelled, refused, lost */ \
	X(ERROR, 48, "error", BYTES) /* original ErrorResponse body */ \
	X(APPROVAL_ID, 60, "approval", TEXT) \
	X(APPROVAL_EVENT, 61, "event", TEXT) \
	X(APPROVER, 62, "approver", TEXT) \
	X(VERSION, 63, "version", TEXT)

enum qw_record_field {
#define X(id, tag, name, kind) QW_FIELD_##id = tag,
	QW_RECORD_FIELDS(X)
#undef X
};
enum qw_field_kind { QW_KIND_UNKNOWN, QW_KIND_TEXT, QW_KIND_U64, QW_KIND_DIGEST, QW_KIND_BYTES };
const char *qw_record_field_name(unsigned tag, enum qw_field_kind *kind);

enum { QW_SESSION_ID_BYTES = 16, QW_RECORD_HEADER_BYTES = 2 + 2 + 8 + 8 + QW_SESSION_ID_BYTES + 8, QW_RECORD_VERSION = 1 };

struct qw_record_header {
	uint16_t version; /* QW_RECORD_VERSION */
	uint16_t type;
	uint64_t wall_us, mono_us;
	uint8_t session[QW_SESSION_ID_BYTES]; /* zeros: of the gateway itself */
	uint64_t session_seq; /* from 0 within the session, without gaps */
};

/* ---- encoding: append header, then fields; errors stick, and _end returns them and takes the half record back ---- */
struct qw_record {
	struct qw_buf *out;
	size_t mark; /* what was pending in front of this record */
	int err;
};
void qw_record_begin(struct qw_record *r, struct qw_buf *out, const struct qw_record_header *h);
void qw_record_text(struct qw_record *r, enum qw_record_field f, const char *s); /* NULL: left out */
void qw_record_bytes(struct qw_record *r, enum qw_record_field f, struct qw_bytes b);
void qw_record_u64(struct qw_record *r, enum qw_record_field f, uint64_t v);
int qw_record_end(struct qw_record *r) QW_MUST_CHECK;

/* ---- decoding: spans are borrowed from the record ---- */
/* MALFORMED: too short. UNSUPPORTED: of another version. */
int qw_record_open(struct qw_bytes record, struct qw_record_header *h, struct qw_bytes *fields) QW_MUST_CHECK;
/* One field; advances *fields. NOTFOUND at the end, MALFORMED when it lies. Tags of a later version pass. */
int qw_record_next(struct qw_bytes *fields, unsigned *tag, struct qw_bytes *value) QW_MUST_CHECK;
bool qw_record_find(struct qw_bytes fields, enum qw_record_field f, struct qw_bytes *value); /* first of that tag */
uint64_t qw_record_u64_value(struct qw_bytes value);

#endif
