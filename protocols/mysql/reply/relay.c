/* What the server said, as the client's link has it. */
#include "internal.h"

/*
 * A server tells by the status of the metadata's end, and leaves the result away for such a client
 * itself; the gateway's own link always has PS_MULTI_RESULTS.
 */
bool myreply_is_hidden(struct mywire_link client, const struct myreply_eof *columns_end)
{
	return (columns_end->status & MYWIRE_OUT_PARAMETERS) &&
	       !(client.capabilities & MYWIRE_PS_MULTI_RESULTS);
}

int myreply_put(struct qw_buf *out, uint8_t *seq, struct mywire_link client,
	const struct myreply_item *item)
{
	switch (item->kind) {
	case MYREPLY_OK:
		return myreply_put_ok(out, seq, client, &item->ok);
	case MYREPLY_EOF:
	case MYREPLY_COLUMNS_END:
	case MYREPLY_ROWS_END:
	case MYREPLY_PARAMETERS_END:
		return myreply_put_eof(out, seq, client, &item->eof);
	case MYREPLY_COUNT:
		return myreply_put_count(out, seq, item->count);
	case MYREPLY_COLUMN:
	case MYREPLY_PARAMETER:
		return myreply_put_column(out, seq, client, &item->column);
	case MYREPLY_ERROR:
	case MYREPLY_ROW:
	case MYREPLY_PREPARED:
	case MYREPLY_TEXT:
		return mywire_put_packet(out, seq, item->payload);
	case MYREPLY_PROGRESS:
		return 0;
	case MYREPLY_INFILE:
		break;
	}
	return QW_E_STATE;
}
