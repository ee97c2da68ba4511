/*
 * Rows out of messages. A row that is whole in one message, as PostgreSQL sends them, is read where it lies. The beginning of
 * another is carried in a buffer, and its reading goes on where it stopped: no byte is read twice however it is cut.
 */
#include "internal.h"

enum { CHUNK_BYTES = 4096 }; /* of what follows a carried row, at a time: most of it is not of that row */

static int scan(struct pgcopy *c, struct qw_bytes in)
{
	switch (c->o.format) {
	case PGCOPY_TEXT:
		return pgcopy_scan_text(c, in);
	case PGCOPY_CSV:
		return pgcopy_scan_csv(c, in);
	case PGCOPY_BINARY:
		return pgcopy_scan_binary(c, in);
	}
	return QW_E_STATE;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void body_skip(struct pgcopy *c, size_t n)
{
	c->body = qw_bytes(c->body.p + n, c->body.n - n);
}

static void row_drop(struct pgcopy *c)
{
	if (c->is_carried)
		qw_buf_clear(&c->carry);
	else
		body_skip(c, c->row.bytes.n);
	c->is_carried = c->has_row = c->has_values = false;
	c->at = c->cell_at = c->count = 0;
	c->flags = 0;
}

static int next_of_body(struct pgcopy *c)
{
	struct qw_bytes in = qw_bytes(c->body.p, smaller(c->body.n, c->o.row_bytes_max));
	int err;

	if (in.n == 0)
		return QW_E_INCOMPLETE;
	err = scan(c, in);
	if (!err)
		c->row.bytes = qw_bytes(in.p, c->at);
	if (err != QW_E_INCOMPLETE)
		return err;
	if (in.n == c->o.row_bytes_max)
		return QW_E_LIMIT;
	err = qw_buf_append(&c->carry, in.p, in.n);
	if (err)
		return err;
	body_skip(c, in.n);
	c->is_carried = true;
	return QW_E_INCOMPLETE;
}

static int next_carried(struct pgcopy *c)
{
	while (c->body.n) {
		size_t n = smaller(smaller(c->body.n, CHUNK_BYTES), c->o.row_bytes_max - c->carry.n);
		int err = qw_buf_append(&c->carry, c->body.p, n);

		if (err)
			return err;
		body_skip(c, n);
		err = scan(c, qw_buf_pending(&c->carry));
		if (!err) { /* what is not of this row was of this very chunk: given back */
			size_t more = c->carry.n - c->at;

			c->body = qw_bytes(c->body.p - more, c->body.n + more);
			c->row.bytes = qw_bytes(c->carry.p, c->at);
		}
		if (err == QW_E_INCOMPLETE && c->carry.n == c->o.row_bytes_max)
			err = QW_E_LIMIT;
		if (err != QW_E_INCOMPLETE)
			return err;
	}
	return QW_E_INCOMPLETE;
}

static enum pgcopy_kind row_kind(struct pgcopy *c)
{
	if (c->has_ended)
		return PGCOPY_TRAILER;
	if (!c->o.header || c->head_seen)
		return PGCOPY_ROW;
	c->head_seen = true;
	return PGCOPY_HEADER;
}

int pgcopy_feed(struct pgcopy *c, struct qw_bytes body)
{
	if (c->err)
		return c->err;
	if (c->has_row || c->body.n)
		return QW_E_STATE;
	c->body = body;
	return 0;
}

int pgcopy_next(struct pgcopy *c, struct pgcopy_row *out)
{
	int err;

	*out = (struct pgcopy_row){.kind = PGCOPY_ROW};
	if (c->err)
		return c->err;
	if (c->has_row)
		row_drop(c);
	err = c->is_carried ? next_carried(c) : next_of_body(c);
	if (err) {
		c->err = err == QW_E_INCOMPLETE ? 0 : err;
		return err;
	}
	c->has_row = true;
	c->row.kind = row_kind(c);
	c->row.cells = c->cells;
	c->row.count = c->count;
	*out = c->row;
	return 0;
}

int pgcopy_end(struct pgcopy *c)
{
	bool is_whole = c->o.format == PGCOPY_BINARY ? c->has_ended : !c->o.header || c->head_seen;

	if (c->err)
		return c->err;
	if (c->has_row || c->body.n)
		return QW_E_STATE;
	return c->is_carried || !is_whole ? QW_E_MALFORMED : 0;
}
