/*
 * CSV. A cell is quoted as a whole or not at all: COPY TO writes no other, though COPY FROM reads it. In quotes, the escape stands
 * before quote and escape; a line's end may be in them.
 */
#include "internal.h"

/* In quotes: up to the closing one, and behind it. */
static int quoted_skip(struct pgcopy *c, struct qw_bytes in, size_t *at)
{
	const uint8_t quote = c->o.quote, escape = c->o.escape;

	for (;;) {
		uint8_t here, next;

		*at = pgcopy_special(in, *at, quote, escape);
		if (*at == in.n)
			return QW_E_INCOMPLETE;
		here = in.p[*at];
		if (here != quote && here != escape) { /* a control character */
			if (here == 0)
				return QW_E_MALFORMED;
			++*at;
			continue;
		}
		if (here == escape && in.n - *at < 2)
			return QW_E_INCOMPLETE;
		next = here == escape ? in.p[*at + 1] : 0;
		if (here == escape && (next == escape || next == quote)) {
			c->flags |= CELL_ESCAPED;
			*at += 2;
			continue;
		}
		if (here != quote)
			return QW_E_MALFORMED; /* an escape before something else */
		c->flags |= CELL_CLOSED;
		++*at;
		return 0;
	}
}

/* Alone on its line it ends a stream, so COPY TO quotes it. */
static void end_marker_note(struct pgcopy *c, struct qw_bytes in, size_t at)
{
	if (c->o.columns == 1 && at == 2 && memcmp(in.p, "\\.", 2) == 0)
		c->flags |= CELL_END_MARKER;
}

int pgcopy_scan_csv(struct pgcopy *c, struct qw_bytes in)
{
	const uint8_t delimiter = c->o.delimiter, quote = c->o.quote;
	size_t at = c->at;
	int err = 0;

	while (!err) {
		if ((c->flags & (CELL_QUOTED | CELL_CLOSED)) == CELL_QUOTED) {
			err = quoted_skip(c, in, &at);
			continue;
		}
		if (!(c->flags & CELL_CLOSED))
			at = pgcopy_special(in, at, delimiter, quote);
		if (at == in.n) {
			err = QW_E_INCOMPLETE;
		} else if (in.p[at] == delimiter) {
			err = pgcopy_cell_close(c, in, at++);
		} else if (in.p[at] == quote && at == c->cell_at) {
			c->flags = CELL_QUOTED;
			at++;
		} else if (in.p[at] == '\n') {
			end_marker_note(c, in, at);
			return pgcopy_line_close(c, in, at);
		} else if (in.p[at] == quote || in.p[at] == '\r' || in.p[at] == 0 || c->flags & CELL_CLOSED) {
			err = QW_E_MALFORMED;
		} else {
			at++;
		}
	}
	c->at = at;
	return err;
}
