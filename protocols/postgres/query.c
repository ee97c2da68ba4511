/* The simple query protocol. */
#include "internal.h"

int pgwire_query_decode(struct qw_bytes body, struct qw_bytes *sql)
{
	struct cursor c = cur_from(body);

	/* The server stops at the first NUL: text behind it would be seen by one side only. */
	*sql = cur_text(&c);
	return cur_end(&c);
}

int pgwire_put_query(struct qw_buf *out, const char *sql)
{
	struct builder b;

	bld_init(&b, out);
	bld_begin(&b, 'Q');
	bld_cstr(&b, sql);
	bld_end(&b);
	return bld_error(&b);
}
