/* Where a message begins and ends: a type byte and an int32 length that counts itself. */
#include "internal.h"

int pgwire_frame_peek(struct qw_bytes in, struct pgwire_frame *out)
{
	struct cursor c = cur_from(in);
	uint32_t length;

	if (in.n < PGWIRE_HEADER)
		return QW_E_INCOMPLETE;
	out->type = cur_u8(&c);
	length = cur_be32(&c);
	if (length < PGWIRE_LENGTH_BYTES || length > INT32_MAX)
		return QW_E_MALFORMED;
	out->body_bytes = length - PGWIRE_LENGTH_BYTES;
	return 0;
}

int pgwire_put_message(struct qw_buf *out, uint8_t type, struct qw_bytes body)
{
	struct builder b;

	bld_init(&b, out);
	bld_begin(&b, type);
	bld_bytes(&b, body);
	bld_end(&b);
	return bld_error(&b);
}

struct qw_bytes pgwire_formats(struct cursor *c, size_t count)
{
	struct qw_bytes formats = cur_bytes(c, count * sizeof(uint16_t));
	struct cursor each = cur_from(formats);

	while (cur_left(&each)) {
		if (cur_be16(&each) > 1)
			cur_fail(c);
	}
	return formats;
}
