/* COPY. The responses that open it carry neither names nor origins of columns. */
#include "internal.h"

int pgwire_copy_decode(struct qw_bytes body, struct pgwire_copy *out)
{
	struct cursor c = cur_from(body);

	out->format = cur_u8(&c);
	out->column_count = cur_be16(&c);
	(void)pgwire_formats(&c, out->column_count);
	if (out->format > 1)
		return QW_E_MALFORMED;
	return cur_end(&c);
}

int pgwire_put_copy_fail(struct qw_buf *out, const char *reason)
{
	return pgwire_put_message(out, 'f', qw_bytes(reason, strlen(reason) + 1));
}
