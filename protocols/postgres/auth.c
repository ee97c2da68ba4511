/* Authentication toward the client, and the key of its session. PostgreSQL, "Message Formats". */
#include "internal.h"

enum { AUTH_OK = 0, AUTH_CLEARTEXT = 3 };

int pgwire_password_decode(struct qw_bytes body, struct qw_bytes *password)
{
	struct cursor c = cur_from(body);

	*password = cur_text(&c);
	return cur_end(&c);
}

static int put_auth(struct qw_buf *out, uint32_t kind)
{
	struct builder b;

	bld_init(&b, out);
	bld_begin(&b, 'R');
	bld_be32(&b, kind);
	bld_end(&b);
	return bld_error(&b);
}

int pgwire_put_auth_ok(struct qw_buf *out)
{
	return put_auth(out, AUTH_OK);
}

int pgwire_put_auth_cleartext(struct qw_buf *out)
{
	return put_auth(out, AUTH_CLEARTEXT);
}

/* BackendKeyData. A key without bytes must never be sent: send no message instead. */
int pgwire_put_backend_key(struct qw_buf *out, uint32_t pid, struct qw_bytes key)
{
	struct builder b;

	if (key.n < PGWIRE_KEY_MIN || key.n > PGWIRE_KEY_MAX)
		return QW_E_LIMIT;
	bld_init(&b, out);
	bld_begin(&b, 'K');
	bld_be32(&b, pid);
	bld_bytes(&b, key);
	bld_end(&b);
	return bld_error(&b);
}
