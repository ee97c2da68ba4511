/*
 * The PostgreSQL frontend/backend protocol, version 3. Decoders read a message body and decide nothing; encoders append
 * whole messages. Strings and spans are borrowed from the body. Source: PostgreSQL, "Message Formats".
 */
#ifndef QW_PGWIRE_H
#define QW_PGWIRE_H

#include "qw/wire.h"

/* ---- frames ---- */
enum { PGWIRE_HEADER = 5, PGWIRE_STARTUP_MAX = 10000, PGWIRE_NAME_MAX = 63 };
struct pgwire_frame {
	uint8_t type;
	uint32_t body_bytes; /* without the length word */
};
/* First five bytes -> frame. INCOMPLETE; MALFORMED: length < 4 or >= 2^31. Says nothing of the body being there. */
int pgwire_frame_peek(struct qw_bytes in, struct pgwire_frame *out) QW_MUST_CHECK;

/* ---- before authentication ---- */
enum pgwire_first { PGWIRE_FIRST_TLS, PGWIRE_FIRST_SSL_REQUEST, PGWIRE_FIRST_GSS_REQUEST, PGWIRE_FIRST_CANCEL, PGWIRE_FIRST_STARTUP };
/*
 * What an unauthenticated client starts with, and how many bytes that packet has, length word included (0 for TLS).
 * INCOMPLETE, MALFORMED, LIMIT. Says nothing of the whole packet being there.
 */
int pgwire_first_peek(struct qw_bytes in, enum pgwire_first *kind, uint32_t *packet_bytes) QW_MUST_CHECK;

enum { PGWIRE_PARAMETERS_MAX = 64 };
struct pgwire_parameter {
	const char *name, *value;
};
struct pgwire_startup {
	uint16_t major, minor;
	const char *user, *database; /* database: user when absent */
	struct pgwire_parameter parameters[PGWIRE_PARAMETERS_MAX]; /* everything else, in order, without _pq_.* */
	size_t parameter_count;
	const char *options_pq[16]; /* names of _pq_.* options */
	size_t options_pq_count;
};
/*
 * Strict: duplicates (DUPLICATE, names without case), missing terminator or user, trailing bytes, invalid UTF-8, names over
 * 63 bytes or too many (LIMIT). Another major version is UNSUPPORTED, with major and minor filled and nothing else.
 */
int pgwire_startup_decode(struct qw_bytes packet, struct pgwire_startup *out) QW_MUST_CHECK;
/* The `options` startup parameter: "-c a=b --c-d=e", backslash escapes. Copied to the arena; of equal names the last counts. */
int pgwire_options_decode(const char *options, struct qw_arena *arena, struct pgwire_parameter *out, size_t max, size_t *count) QW_MUST_CHECK;
struct pgwire_cancel {
	uint32_t pid;
	struct qw_bytes key; /* 4 .. 256 bytes */
};
int pgwire_cancel_decode(struct qw_bytes packet, struct pgwire_cancel *out) QW_MUST_CHECK;
int pgwire_password_decode(struct qw_bytes body, struct qw_bytes *password) QW_MUST_CHECK; /* without its NUL */

/* ---- from the client ---- */
int pgwire_query_decode(struct qw_bytes body, struct qw_bytes *sql) QW_MUST_CHECK; /* NUL exactly at the end */
struct pgwire_parse {
	const char *name;
	struct qw_bytes sql;
	uint16_t type_count;
	struct qw_bytes types; /* 4 bytes each */
};
int pgwire_parse_decode(struct qw_bytes body, struct pgwire_parse *out) QW_MUST_CHECK;
struct pgwire_bind {
	const char *portal, *statement;
	struct qw_bytes binds; /* parameter formats, values and result formats: the exact rest of the body */
	uint16_t parameter_count, result_format_count;
	struct qw_bytes result_formats; /* 2 bytes each */
};
int pgwire_bind_decode(struct qw_bytes body, struct pgwire_bind *out) QW_MUST_CHECK;
/* Parameters as text for people: "$1 = '5', $2 = NULL, $3 = \x00ff"; at most `max` bytes. */
int pgwire_binds_text(struct qw_bytes binds, struct qw_buf *out, size_t max) QW_MUST_CHECK;
struct pgwire_named { /* Describe and Close */
	uint8_t kind; /* 'S' or 'P' */
	const char *name;
};
int pgwire_named_decode(struct qw_bytes body, struct pgwire_named *out) QW_MUST_CHECK;
struct pgwire_execute {
	const char *portal;
	uint32_t max_rows;
};
int pgwire_execute_decode(struct qw_bytes body, struct pgwire_execute *out) QW_MUST_CHECK;

/* ---- from the server ---- */
enum { PGWIRE_COLUMNS_MAX = 1664 }; /* MaxTupleAttributeNumber */
struct pgwire_column {
	const char *name;
	uint32_t table_oid;
	int16_t attnum;
	uint32_t type_oid;
	int16_t type_size;
	int32_t type_modifier;
	uint16_t format;
};
/* Columns are allocated from the arena; names are borrowed from the body. */
int pgwire_row_description_decode(struct qw_bytes body, struct qw_arena *arena, struct pgwire_column **out, size_t *count) QW_MUST_CHECK;

/* DataRow, value by value. */
struct pgwire_row {
	struct cursor c;
	uint16_t count, next;
};
int pgwire_row_open(struct qw_bytes body, struct pgwire_row *out) QW_MUST_CHECK;
/* NOTFOUND after the last (and then all bytes were read), MALFORMED. */
int pgwire_row_next(struct pgwire_row *r, struct qw_bytes *value, bool *is_null) QW_MUST_CHECK;

enum { PGWIRE_ERROR_FIELDS_MAX = 24 };
struct pgwire_error {
	const char *severity, *sqlstate, *message, *detail, *hint; /* NULL when absent (severity: field V, else S) */
	const char *schema, *table; /* what a violated constraint belongs to; NULL when absent */
	const char *routine; /* of the server's source; NULL when absent */
	const char *where; /* the call stack of functions, or the place in what the client sent; NULL when absent */
};
int pgwire_error_decode(struct qw_bytes body, struct pgwire_error *out) QW_MUST_CHECK; /* also notices; a field twice: DUPLICATE */
int pgwire_parameter_status_decode(struct qw_bytes body, struct pgwire_parameter *out) QW_MUST_CHECK;
int pgwire_ready_decode(struct qw_bytes body, uint8_t *status) QW_MUST_CHECK; /* 'I' 'T' 'E' */
int pgwire_tag_decode(struct qw_bytes body, const char **tag) QW_MUST_CHECK; /* CommandComplete */
uint64_t pgwire_tag_rows(const char *tag); /* "INSERT 0 5" -> 5, "SELECT 3" -> 3, else 0 */
struct pgwire_copy { /* CopyInResponse, CopyOutResponse */
	uint8_t format;
	uint16_t column_count;
};
int pgwire_copy_decode(struct qw_bytes body, struct pgwire_copy *out) QW_MUST_CHECK;

/* ---- to the client; every put writes its whole message or, when it fails, nothing ---- */
int pgwire_put_error(struct qw_buf *out, uint8_t type /* 'E' or 'N' */, const char *severity, const char *sqlstate,
	const char *message, const char *detail, const char *hint) QW_MUST_CHECK; /* detail, hint may be NULL */
int pgwire_put_auth_ok(struct qw_buf *out) QW_MUST_CHECK;
int pgwire_put_auth_cleartext(struct qw_buf *out) QW_MUST_CHECK;
int pgwire_put_parameter_status(struct qw_buf *out, const char *name, const char *value) QW_MUST_CHECK;
int pgwire_put_backend_key(struct qw_buf *out, uint32_t pid, struct qw_bytes key) QW_MUST_CHECK;
int pgwire_put_ready(struct qw_buf *out, uint8_t status) QW_MUST_CHECK;
int pgwire_put_negotiate(struct qw_buf *out, uint16_t newest_minor, const char *const *names, size_t count) QW_MUST_CHECK;
int pgwire_put_message(struct qw_buf *out, uint8_t type, struct qw_bytes body) QW_MUST_CHECK; /* any message, as it is */

/* ---- to the server ---- */
int pgwire_put_query(struct qw_buf *out, const char *sql) QW_MUST_CHECK;
int pgwire_put_describe(struct qw_buf *out, uint8_t kind, const char *name) QW_MUST_CHECK;
int pgwire_put_sync(struct qw_buf *out) QW_MUST_CHECK;
int pgwire_put_copy_fail(struct qw_buf *out, const char *reason) QW_MUST_CHECK;

#endif
