/*
 * The MySQL and MariaDB client/server protocol, version 10 (4.1). Decoders read a packet's payload and decide nothing; encoders
 * append whole packets, split at 16 MB, and count *seq on. Strings and spans are borrowed from the payload. What the gateway
 * offers: docs/mysql-wire.md. Sources: "MySQL Source Code Documentation", "MariaDB: Client/Server Protocol".
 */
#ifndef QW_MYWIRE_H
#define QW_MYWIRE_H

#include "qw/wire.h"

/* ---- packets ---- */
enum { MYWIRE_HEADER = 4, MYWIRE_FRAME_MAX = 0xFFFFFF, MYWIRE_PACKET_MAX = 64 << 20, MYWIRE_LOGIN_MAX = 32768 };
struct mywire_packet {
	size_t wire_bytes, payload_bytes; /* with all its headers; without */
	uint32_t frames; /* more than one: payload is empty, see mywire_packet_join */
	uint8_t next; /* the sequence number after it */
	struct qw_bytes payload; /* borrowed from `in` */
};
/* A whole packet, numbered from `seq`. INCOMPLETE; MALFORMED: out of sequence; LIMIT: over max, told as soon as known. */
int mywire_packet_peek(struct qw_bytes in, uint8_t seq, size_t max, struct mywire_packet *out) QW_MUST_CHECK;
int mywire_packet_join(struct qw_bytes in, const struct mywire_packet *p, struct qw_buf *out) QW_MUST_CHECK; /* appends it whole */
/* Only a header, for rows that pass unread. INCOMPLETE, MALFORMED (sequence). A payload of MYWIRE_FRAME_MAX goes on in the next frame. */
int mywire_frame_peek(struct qw_bytes in, uint8_t seq, uint32_t *payload_bytes) QW_MUST_CHECK;
int mywire_put_packet(struct qw_buf *out, uint8_t *seq, struct qw_bytes payload) QW_MUST_CHECK;

/* ---- capabilities and status ---- */
enum mywire_capability {
	MYWIRE_CLIENT_MYSQL = 1, MYWIRE_FOUND_ROWS = 2, MYWIRE_LONG_FLAG = 4, MYWIRE_CONNECT_WITH_DB = 8, MYWIRE_NO_SCHEMA = 0x10,
	MYWIRE_COMPRESS = 0x20, MYWIRE_ODBC = 0x40, MYWIRE_LOCAL_FILES = 0x80, MYWIRE_IGNORE_SPACE = 0x100, MYWIRE_PROTOCOL_41 = 0x200,
	MYWIRE_INTERACTIVE = 0x400, MYWIRE_SSL = 0x800, MYWIRE_IGNORE_SIGPIPE = 0x1000, MYWIRE_TRANSACTIONS = 0x2000,
	MYWIRE_RESERVED = 0x4000, MYWIRE_SECURE_CONNECTION = 0x8000, MYWIRE_MULTI_STATEMENTS = 0x10000, MYWIRE_MULTI_RESULTS = 0x20000,
	MYWIRE_PS_MULTI_RESULTS = 0x40000, MYWIRE_PLUGIN_AUTH = 0x80000, MYWIRE_CONNECT_ATTRS = 0x100000,
	MYWIRE_AUTH_LENENC = 0x200000, MYWIRE_EXPIRED_PASSWORDS = 0x400000, MYWIRE_SESSION_TRACK = 0x800000,
	MYWIRE_DEPRECATE_EOF = 0x1000000, MYWIRE_OPTIONAL_METADATA = 0x2000000, MYWIRE_ZSTD = 0x4000000,
	MYWIRE_QUERY_ATTRIBUTES = 0x8000000, MYWIRE_MFA = 0x10000000, MYWIRE_CAPABILITY_EXTENSION = 0x20000000
};
enum { MYWIRE_EXT_PROGRESS = 1, MYWIRE_EXT_BULK = 4, MYWIRE_EXT_METADATA = 8, MYWIRE_EXT_CACHE_METADATA = 0x10 }; /* MariaDB's word */
enum mywire_status {
	MYWIRE_IN_TRANSACTION = 1, MYWIRE_AUTOCOMMIT = 2, MYWIRE_MORE_RESULTS = 8, MYWIRE_CURSOR_EXISTS = 0x40, MYWIRE_LAST_ROW_SENT = 0x80,
	MYWIRE_DB_DROPPED = 0x100, MYWIRE_NO_BACKSLASH_ESCAPES = 0x200, MYWIRE_METADATA_CHANGED = 0x400, MYWIRE_OUT_PARAMETERS = 0x1000,
	MYWIRE_IN_TRANSACTION_READONLY = 0x2000, MYWIRE_STATE_CHANGED = 0x4000, MYWIRE_ANSI_QUOTES = 0x8000 /* MariaDB only */
};
struct mywire_link { uint32_t capabilities, extended; }; /* what both ends of one connection agreed on */
struct mywire_link mywire_offer(bool multi_statements, bool mariadb); /* what the greeting offers; for MariaDB EXT_METADATA, too */

/* ---- login ---- */
enum { MYWIRE_NONCE_BYTES = 20, MYWIRE_COLLATION_MYSQL = 255, MYWIRE_COLLATION_MARIADB = 45, MYWIRE_USER_MAX = 384, MYWIRE_NAME_MAX = 256,
	MYWIRE_TOKEN_MAX = 16384 };
struct mywire_greeting {
	const char *version, *plugin; /* version: the upstream's, as it said it ("5.5.5-10.11.19-MariaDB-...") */
	struct mywire_link offered;
	uint32_t connection_id;
	uint16_t status;
	uint8_t collation, nonce[MYWIRE_NONCE_BYTES]; /* no byte of the nonce is 0 */
};
int mywire_put_greeting(struct qw_buf *out, uint8_t *seq, const struct mywire_greeting *g) QW_MUST_CHECK;
int mywire_greeting_decode(struct qw_bytes payload, struct mywire_greeting *out) QW_MUST_CHECK;
/* `offered`: the greeting's words; what a client sets beyond them is dropped. SSLRequest: 32 bytes. UNSUPPORTED: it asks for no TLS. */
int mywire_ssl_request_decode(struct qw_bytes payload, struct mywire_link offered, struct mywire_link *out) QW_MUST_CHECK;
enum { MYWIRE_ATTRIBUTES_MAX = 64 };
struct mywire_attribute { struct qw_bytes name, value; };
struct mywire_response {
	struct mywire_link link;
	uint32_t packet_max, collation;
	const char *user, *database, *plugin; /* database, plugin: NULL when absent or empty */
	struct qw_bytes auth;
	struct mywire_attribute attributes[MYWIRE_ATTRIBUTES_MAX];
	size_t attribute_count;
};
/* HandshakeResponse41. Strict: user and database UTF-8, bounded; reserved bytes 0; nothing left over. UNSUPPORTED: before 4.1; LIMIT. */
int mywire_response_decode(struct qw_bytes payload, struct mywire_link offered, struct mywire_response *out) QW_MUST_CHECK;
enum mywire_plugin { MYWIRE_PLUGIN_OTHER, MYWIRE_PLUGIN_CACHING_SHA2, MYWIRE_PLUGIN_CLEAR, MYWIRE_PLUGIN_OPENID };
enum mywire_plugin mywire_plugin_find(const char *name); /* NULL: OTHER */
const char *mywire_plugin_name(enum mywire_plugin p); /* not of OTHER */
int mywire_put_auth_switch(struct qw_buf *out, uint8_t *seq, enum mywire_plugin p, const uint8_t *nonce) QW_MUST_CHECK;
int mywire_put_full_auth(struct qw_buf *out, uint8_t *seq) QW_MUST_CHECK; /* caching_sha2_password: AuthMoreData 04, "send it in clear" */
/* The token in a client's answer: clear text with its NUL (CACHING_SHA2 after full auth, CLEAR), or OPENID's frame. MALFORMED, LIMIT. */
int mywire_token_decode(struct qw_bytes data, enum mywire_plugin p, struct qw_bytes *token) QW_MUST_CHECK;

/* ---- commands ---- */
enum mywire_policy { /* refused: not known (ERR 1047); not for agents; streams the server's data past every mask, an attack */
	MYWIRE_UNKNOWN, MYWIRE_REFUSED, MYWIRE_RAW,
	MYWIRE_ALLOWED, MYWIRE_SQL, MYWIRE_NAME, /* QUERY, STMT_PREPARE; INIT_DB, FIELD_LIST: to be judged as USE and SHOW COLUMNS */
	MYWIRE_STATEMENT, MYWIRE_STATE, /* by statement id; SET_OPTION, RESET_CONNECTION */
	MYWIRE_KILL /* PROCESS_KILL: to be judged as KILL */
};
enum mywire_code {
	MYWIRE_QUIT = 0x01, MYWIRE_INIT_DB = 0x02, MYWIRE_QUERY = 0x03, MYWIRE_FIELD_LIST = 0x04, MYWIRE_STATISTICS = 0x09,
	MYWIRE_PROCESS_KILL = 0x0C, MYWIRE_PING = 0x0E, MYWIRE_CHANGE_USER = 0x11, MYWIRE_STMT_PREPARE = 0x16, MYWIRE_STMT_EXECUTE = 0x17,
	MYWIRE_STMT_SEND_LONG_DATA = 0x18, MYWIRE_STMT_CLOSE = 0x19, MYWIRE_STMT_RESET = 0x1A, MYWIRE_SET_OPTION = 0x1B,
	MYWIRE_STMT_FETCH = 0x1C, MYWIRE_RESET_CONNECTION = 0x1F
};
enum mywire_answer { MYWIRE_ANSWER_NONE, MYWIRE_ANSWER_OK, MYWIRE_ANSWER_RESULT, MYWIRE_ANSWER_EXECUTE, MYWIRE_ANSWER_PREPARE,
	MYWIRE_ANSWER_FETCH, MYWIRE_ANSWER_FIELDS, MYWIRE_ANSWER_TEXT };
struct mywire_command {
	uint8_t code;
	const char *name; /* "COM_QUERY"; "COM_UNKNOWN" */
	enum mywire_policy policy;
	enum mywire_answer answer;
	struct qw_bytes text; /* QUERY, PREPARE: SQL as mywire_sql_trim leaves it; INIT_DB: the schema; FIELD_LIST: the table */
	struct qw_bytes rest; /* FIELD_LIST: the wildcard; SEND_LONG_DATA: the data; others that have no line here: undecoded */
	uint32_t id; /* STMT_*: the statement; PROCESS_KILL: the connection */
	uint32_t number; /* FETCH: rows; SEND_LONG_DATA: parameter; SET_OPTION: 0 multi-statements on, 1 off */
};
/* Any payload; for links without QUERY_ATTRIBUTES. MALFORMED: empty, or a command that passes with a wrong body. EXECUTE: see below. */
int mywire_command_decode(struct qw_bytes payload, struct mywire_command *out) QW_MUST_CHECK;
struct qw_bytes mywire_sql_trim(struct qw_bytes sql); /* as the server: one NUL at the end, blanks around, ';' behind */
int mywire_put_command(struct qw_buf *out, uint8_t *seq, uint8_t code, struct qw_bytes body) QW_MUST_CHECK;

/* ---- STMT_EXECUTE and its parameters; types are 2 bytes each: type, and 0x80 in the second for unsigned ---- */
struct mywire_statement {
	uint16_t parameter_count;
	struct qw_bytes types; /* of the last EXECUTE that sent some; empty: none did */
	const struct qw_bytes *long_data; /* for each parameter what SEND_LONG_DATA gave (p not NULL); NULL: none for any */
};
#define MYWIRE_STATEMENT_LAST UINT32_MAX /* as id: what was prepared last; clients of MariaDB pipeline so */
struct mywire_execute {
	uint32_t id;
	uint8_t flags; /* 1: a cursor; others are UNSUPPORTED */
	bool has_types; /* new ones, to be kept for the next */
	struct qw_bytes types, nulls, values;
	uint16_t parameter_count, next;
	struct cursor c; /* of the values, for mywire_execute_next */
	const struct qw_bytes *long_data;
};
int mywire_execute_decode(struct qw_bytes payload, const struct mywire_statement *s, struct mywire_execute *out) QW_MUST_CHECK;
struct mywire_value {
	uint8_t type;
	bool is_unsigned, is_null, is_long; /* is_long: from SEND_LONG_DATA */
	struct qw_bytes value; /* without its length */
};
int mywire_execute_next(struct mywire_execute *e, struct mywire_value *out) QW_MUST_CHECK; /* NOTFOUND after the last */
/* Parameters as text for people: "?1 = 5, ?2 = NULL, ?3 = 'it''s', ?4 = x'00ff'"; at most `max` bytes. */
int mywire_execute_text(const struct mywire_execute *e, struct qw_buf *out, size_t max) QW_MUST_CHECK;

/* ---- numbers, little endian, and types; for the room of replies ---- */
uint64_t mywire_le(struct cursor *c, size_t bytes); /* 1 to 8 */
uint64_t mywire_lenenc(struct cursor *c); /* fails at fb (NULL) and ff; more bytes than needed are fine */
struct qw_bytes mywire_lenenc_bytes(struct cursor *c);
bool mywire_lenenc_null(struct cursor *c, struct qw_bytes *value); /* true: fb, NULL */
void mywire_put_le(struct builder *b, uint64_t v, size_t bytes);
void mywire_put_lenenc(struct builder *b, uint64_t v);
void mywire_put_lenenc_bytes(struct builder *b, struct qw_bytes v);
void mywire_begin(struct builder *b, struct qw_buf *out); /* a packet; what fails before the end is taken back whole */
int mywire_end(struct builder *b, uint8_t *seq) QW_MUST_CHECK;
enum { MYWIRE_FORM_LENENC = -1, MYWIRE_FORM_TEMPORAL = -2, MYWIRE_FORM_UNKNOWN = -3 };
int mywire_type_form(uint8_t type); /* in binary rows and parameters: bytes (0 for NULL's own type), or one of these */
struct qw_bytes mywire_binary_value(struct cursor *c, uint8_t type); /* without its length; fails at unknown types */

#endif
