/*
 * The stream of COPY ... TO STDOUT: rows out of the bodies of CopyData messages, and rows written again with some cells
 * replaced. Cells that are not replaced keep their very bytes. Source: PostgreSQL, "COPY", "File Formats".
 *
 * The stream's encoding must have no ASCII byte inside of a character: the caller refuses SJIS, BIG5, GBK, UHC, GB18030, JOHAB
 * and SHIFT_JIS_2004, be it by client_encoding or by COPY's own ENCODING.
 */
#ifndef QW_PGCOPY_H
#define QW_PGCOPY_H

#include "qw/base.h"

enum pgcopy_format { PGCOPY_TEXT, PGCOPY_CSV, PGCOPY_BINARY };
enum { PGCOPY_COLUMNS_MAX = 1664, PGCOPY_NULL_TEXT_MAX = 256, PGCOPY_ROW_BYTES_MAX = 1 << 30 };

/* What the statement says. Zero and NULL are COPY's own defaults; BINARY needs the format alone. */
struct pgcopy_options {
	enum pgcopy_format format;
	uint8_t delimiter; /* tab; comma in CSV */
	uint8_t quote, escape; /* of CSV: the double quote; what quote is */
	const char *null_text; /* as it stands in the stream: \N; nothing in CSV */
	bool header; /* the first line holds names: HEADER in any form that is true */
	const bool *force_quote; /* FORCE_QUOTE: of each column; NULL: none. Borrowed until _fini */
	size_t columns; /* that a row must have: CopyOutResponse agrees, says the caller */
	size_t row_bytes_max; /* as they stand in the stream */
};

/* Bytes are offsets into the row, because the row may move before it is whole. */
struct pgcopy_cell {
	uint32_t at, n; /* as the stream has it: with escapes, quotes or the length word */
	uint8_t flags; /* of the room's own */
};

enum pgcopy_kind {
	PGCOPY_ROW,
	PGCOPY_HEADER, /* names; cells are there, and are never replaced */
	PGCOPY_TRAILER /* the end of BINARY; no cells */
};
/* Borrowed until the next pgcopy_next. A server joins the file header of BINARY to what comes first, and so does `bytes`. */
struct pgcopy_row {
	enum pgcopy_kind kind;
	struct qw_bytes bytes; /* all of it: the body of a CopyData message */
	const struct pgcopy_cell *cells;
	size_t count; /* `columns`; 0 in the trailer */
};

struct pgcopy_value {
	struct qw_bytes bytes; /* empty when NULL */
	bool is_null;
};

struct pgcopy {
	struct pgcopy_options o; /* with every default filled in */
	struct qw_bytes null_text;
	bool null_is_ambiguous; /* see pgcopy_value_get */
	struct pgcopy_cell *cells;
	struct qw_bytes body; /* what is left of the message that was fed */
	struct qw_buf carry; /* the beginning of a row whose end is in a later message */
	struct qw_buf values; /* decoded cells of the row, each at its own offset */
	struct pgcopy_row row;
	size_t at, cell_at, count; /* how far the row is read, where its open cell begins, cells that are closed */
	uint8_t flags; /* of the open cell */
	bool is_carried, has_row, has_values, head_seen, has_ended;
	int err; /* the first error sticks */
};

/*
 * Cells and the NULL text are allocated from the arena. UNSUPPORTED: options that the server refuses or that make a stream
 * which cannot be read back (a NULL text that ends in an open backslash, a line end as quote, ...); LIMIT; NOMEM. _fini takes
 * half-built and zeroed objects.
 */
int pgcopy_init(struct pgcopy *c, const struct pgcopy_options *options, struct qw_arena *arena) QW_MUST_CHECK;
void pgcopy_fini(struct pgcopy *c);

/*
 * One CopyData body, borrowed until pgcopy_next says INCOMPLETE; STATE when it has not said so of the one before. Rows may be
 * cut and joined by the messages as they like.
 */
int pgcopy_feed(struct pgcopy *c, struct qw_bytes body) QW_MUST_CHECK;
/*
 * The next row. INCOMPLETE: feed again. MALFORMED: whatever COPY TO would not write: another number of columns, an open
 * escape, a raw carriage return or NUL, something behind a closing quote, an end marker, flags or an extension in the header
 * of BINARY, bytes behind its trailer. LIMIT: a row over row_bytes_max. The last two stay.
 */
int pgcopy_next(struct pgcopy *c, struct pgcopy_row *out) QW_MUST_CHECK;
int pgcopy_end(struct pgcopy *c) QW_MUST_CHECK; /* CopyDone: MALFORMED inside of a row, before a header or a trailer */

/*
 * The value of a cell of the row that pgcopy_next gave last, as COPY FROM would read it; borrowed like the row. MALFORMED: an
 * escape that stands for NUL.
 * Where a value can look like the NULL text (text format, NULL 'x'), the stream does not tell them apart, and who chooses the
 * NULL text could guess values with it. Such a cell is therefore given as a value, never as NULL: a mask covers both.
 */
int pgcopy_value_get(struct pgcopy *c, size_t column, struct pgcopy_value *out) QW_MUST_CHECK;

/*
 * Appends the body of the row's new CopyData message: `values[i]` where `changed[i]`, else the cell's own bytes. A header or
 * a trailer is appended as it is. How a new cell is quoted depends on its value and the options, not on the cell that was
 * there. MALFORMED: a NUL in text or CSV; then, as after LIMIT and NOMEM, `out` is as it was.
 */
int pgcopy_mask_row(const struct pgcopy *c, const bool changed[], const struct pgcopy_value values[], struct qw_buf *out)
	QW_MUST_CHECK;

#endif
