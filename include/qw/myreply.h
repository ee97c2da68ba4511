/*
 * What a MySQL or MariaDB server answers: packets decoded and encoded, rows cell by cell, and which packet of an answer comes
 * next. What MariaDB's extensions add is read here, and written as the client's link has it. Spans are borrowed from the payload.
 * docs/mysql-wire.md.
 */
#ifndef QW_MYREPLY_H
#define QW_MYREPLY_H

#include "qw/mywire.h"

/* ---- OK, EOF, ERR ---- */
struct myreply_ok {
	uint64_t affected_rows, last_insert_id;
	uint16_t status, warnings;
	struct qw_bytes info;
	struct qw_bytes changes; /* the tracked state changes; a list for myreply_change_next */
};
int myreply_ok_decode(struct qw_bytes payload, struct mywire_link link, struct myreply_ok *out) QW_MUST_CHECK;
/* A client without SESSION_TRACK gets neither changes nor STATE_CHANGED; others an empty list (MySQL does so), too, if flagged. */
int myreply_put_ok(struct qw_buf *out, uint8_t *seq, struct mywire_link client, const struct myreply_ok *ok) QW_MUST_CHECK;

enum myreply_change_kind { MYREPLY_SYSTEM_VARIABLE, MYREPLY_SCHEMA, MYREPLY_STATE, MYREPLY_GTIDS, MYREPLY_TRANSACTION_CHARACTERISTICS,
	MYREPLY_TRANSACTION_STATE }; /* as on the wire; a kind beyond these is malformed */
struct myreply_change {
	enum myreply_change_kind kind;
	bool is_null; /* a variable's value */
	struct qw_bytes name; /* SYSTEM_VARIABLE */
	struct qw_bytes value;
	struct qw_bytes raw; /* the entry as it came: to build a list with some of them */
};
int myreply_change_next(struct qw_bytes *changes, struct myreply_change *out) QW_MUST_CHECK; /* NOTFOUND at the end; MALFORMED */

struct myreply_eof { uint16_t warnings, status; }; /* STATE_CHANGED here: what changed is told by the next OK only */
int myreply_eof_decode(struct qw_bytes payload, struct myreply_eof *out) QW_MUST_CHECK;
int myreply_put_eof(struct qw_buf *out, uint8_t *seq, struct mywire_link client, const struct myreply_eof *eof) QW_MUST_CHECK;

struct myreply_error {
	uint16_t code;
	char sqlstate[6]; /* "HY000" when the server gives none (before login) */
	struct qw_bytes message;
};
int myreply_error_decode(struct qw_bytes payload, struct myreply_error *out) QW_MUST_CHECK;
int myreply_put_error(struct qw_buf *out, uint8_t *seq, uint16_t code, const char *sqlstate, const char *message) QW_MUST_CHECK;

/* ---- columns ---- */
enum { MYREPLY_COLUMNS_MAX = 4096, MYREPLY_PARAMETERS_MAX = 65535 };
enum { MYREPLY_NOT_NULL = 1, MYREPLY_UNSIGNED = 0x20, MYREPLY_BINARY = 0x80 }; /* flags */
enum { MYREPLY_COLLATION_BINARY = 63 };
struct myreply_column {
	struct qw_bytes catalog, schema, table, org_table, name, org_name;
	struct qw_bytes extended; /* MariaDB's names of type and format ("json"): empty them where a mask makes another type */
	uint16_t collation, flags;
	uint32_t length;
	uint8_t type, decimals;
	bool has_default, default_is_null; /* in answers to FIELD_LIST */
	struct qw_bytes default_value;
};
int myreply_column_decode(struct qw_bytes payload, struct mywire_link link, bool has_default, struct myreply_column *out) QW_MUST_CHECK;
int myreply_put_column(struct qw_buf *out, uint8_t *seq, struct mywire_link client, const struct myreply_column *column) QW_MUST_CHECK;
int myreply_put_count(struct qw_buf *out, uint8_t *seq, size_t columns) QW_MUST_CHECK;

/* ---- rows ---- */
struct myreply_format { /* lives as long as the rows that are read with it */
	const uint8_t *types; /* of the columns; NULL: text rows */
	size_t count;
};
struct myreply_row {
	const struct myreply_format *format;
	struct cursor c;
	struct qw_bytes nulls;
	size_t next;
};
struct myreply_cell {
	bool is_null;
	struct qw_bytes value; /* without its length */
	struct qw_bytes raw; /* as it stands in the row; empty for NULL of a binary row */
};
int myreply_row_open(struct qw_bytes payload, const struct myreply_format *format, struct myreply_row *out) QW_MUST_CHECK;
int myreply_row_next(struct myreply_row *r, struct myreply_cell *out) QW_MUST_CHECK; /* NOTFOUND after the last: all was read */

/* A row written cell by cell. Any failure sticks and takes the row back whole. */
struct myreply_row_out {
	struct builder b;
	const struct myreply_format *format;
	size_t next, nulls; /* nulls: where the bitmap stands in the pending bytes */
};
void myreply_row_begin(struct myreply_row_out *r, struct qw_buf *out, const struct myreply_format *format);
void myreply_row_copy(struct myreply_row_out *r, const struct myreply_cell *cell);
void myreply_row_value(struct myreply_row_out *r, struct qw_bytes value); /* MALFORMED: a binary value of the wrong size for its type */
void myreply_row_null(struct myreply_row_out *r);
int myreply_row_end(struct myreply_row_out *r, uint8_t *seq) QW_MUST_CHECK; /* MALFORMED: not one cell for each column */

/* ---- an answer, packet by packet ---- */
enum myreply_kind {
	MYREPLY_OK, MYREPLY_ERROR, MYREPLY_EOF, /* EOF: instead of OK, of SET_OPTION */
	MYREPLY_INFILE, /* the server wants a file of the client: an attack; BROKEN afterwards */
	MYREPLY_COUNT, /* columns that follow; when !metadata_follows, MariaDB left them away: those of the statement's last metadata */
	MYREPLY_COLUMN, MYREPLY_COLUMNS_END, MYREPLY_ROW, MYREPLY_ROWS_END,
	MYREPLY_PREPARED, MYREPLY_PARAMETER, MYREPLY_PARAMETERS_END,
	MYREPLY_TEXT, /* of STATISTICS */
	MYREPLY_PROGRESS /* MariaDB's; dropped */
};
struct myreply_prepared {
	uint32_t id;
	uint16_t columns, parameters, warnings;
};
struct myreply_item {
	enum myreply_kind kind;
	struct qw_bytes payload;
	struct myreply_ok ok;
	struct myreply_eof eof; /* EOF, COLUMNS_END, ROWS_END, PARAMETERS_END */
	struct myreply_error error;
	struct myreply_column column; /* COLUMN, PARAMETER */
	struct myreply_prepared prepared;
	size_t count;
	bool metadata_follows;
};
struct myreply {
	struct mywire_link link;
	enum mywire_answer answer;
	enum myreply_state { MYREPLY_BROKEN, MYREPLY_DONE, MYREPLY_FIRST, MYREPLY_IN_PARAMETERS, MYREPLY_IN_PARAMETERS_END,
		MYREPLY_IN_COLUMNS, MYREPLY_IN_COLUMNS_END, MYREPLY_IN_ROWS } state;
	size_t columns, left, known; /* of the open result; definitions still to come; of the metadata that may be left away */
	bool has_cursor; /* rows come when they are fetched */
	bool is_parameters; /* the open result is of OUT parameters: an OK follows, though MySQL does not say MORE_RESULTS (we do) */
};
/* `columns`: of the statement, for ANSWER_FETCH and for metadata that MariaDB leaves away; 0 otherwise. ANSWER_NONE is DONE at once. */
void myreply_begin(struct myreply *r, enum mywire_answer answer, struct mywire_link link, size_t columns);
/* Decodes the next packet and moves on. MALFORMED: then the reader is BROKEN and every later packet is, too. STATE: the answer is over. */
int myreply_read(struct myreply *r, struct qw_bytes payload, struct myreply_item *out) QW_MUST_CHECK;
bool myreply_is_done(const struct myreply *r);
/* Is a packet with this first byte and so many bytes in its first frame a row of the open result? Rows may pass without myreply_read. */
bool myreply_is_row(const struct myreply *r, uint8_t first, uint32_t frame_bytes);
/* A result of OUT parameters, known by its COLUMNS_END: a client without PS_MULTI_RESULTS gets none of it, COUNT to ROWS_END. */
bool myreply_is_hidden(struct mywire_link client, const struct myreply_eof *columns_end);
/* Writes an item as the client's link has it: nothing for PROGRESS, no metadata byte; STATE for INFILE. */
int myreply_put(struct qw_buf *out, uint8_t *seq, struct mywire_link client, const struct myreply_item *item) QW_MUST_CHECK;

#endif
