/* Binary: a signature, flags and an extension; tuples of a count and of length and bytes each; a count of -1. */
#include "internal.h"
#include "qw/wire.h"

enum { COUNT_BYTES = 2 };

/* No flag and no extension is known to us, so none may pass: with OIDs, a flag of old, every tuple has one value more. */
static int head_scan(struct pgcopy *c, struct qw_bytes in)
{
	static const uint8_t signature[] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n', 0};
	struct cursor cur = cur_from(in);
	struct qw_bytes begin = cur_bytes(&cur, sizeof(signature));
	uint32_t flags = cur_be32(&cur);
	uint32_t extension_bytes = cur_be32(&cur);

	if (cur.failed)
		return QW_E_INCOMPLETE;
	if (!qw_bytes_equal(begin, qw_bytes(signature, sizeof(signature))))
		return QW_E_MALFORMED;
	if (flags || extension_bytes)
		return QW_E_MALFORMED;
	c->at = in.n - cur_left(&cur);
	c->head_seen = true;
	return 0;
}

/* The count of a tuple, or the trailer. */
static int count_scan(struct pgcopy *c, struct qw_bytes in)
{
	struct cursor cur = cur_from(qw_bytes(in.p + c->at, in.n - c->at));
	uint16_t count = cur_be16(&cur);

	if (cur.failed)
		return QW_E_INCOMPLETE;
	if (count != UINT16_MAX && count != c->o.columns)
		return QW_E_MALFORMED;
	c->has_ended = count == UINT16_MAX;
	c->at += COUNT_BYTES;
	c->cell_at = c->at;
	return 0;
}

static int cell_scan(struct pgcopy *c, struct qw_bytes in)
{
	struct cursor cur = cur_from(qw_bytes(in.p + c->at, in.n - c->at));
	uint32_t length = cur_be32(&cur);
	bool is_null = length == UINT32_MAX;
	size_t n = LENGTH_WORD + (is_null ? 0 : (size_t)length);

	if (cur.failed)
		return QW_E_INCOMPLETE;
	if (!is_null && length > INT32_MAX)
		return QW_E_MALFORMED;
	if (n > c->o.row_bytes_max)
		return QW_E_LIMIT;
	if (n - LENGTH_WORD > cur_left(&cur))
		return QW_E_INCOMPLETE;
	c->cells[c->count++] = (struct pgcopy_cell){
		.at = (uint32_t)c->at, .n = (uint32_t)n, .flags = is_null ? CELL_NULL : 0};
	c->at += n;
	return 0;
}

/* cell_at is behind the row's count, and 0 before it was read. */
int pgcopy_scan_binary(struct pgcopy *c, struct qw_bytes in)
{
	int err = c->has_ended ? QW_E_MALFORMED : 0;

	if (!err && !c->head_seen)
		err = head_scan(c, in);
	if (!err && c->cell_at == 0)
		err = count_scan(c, in);
	while (!err && !c->has_ended && c->count < c->o.columns)
		err = cell_scan(c, in);
	return err;
}
