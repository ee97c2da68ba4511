/*
 * How the token comes: as the password that caching_sha2_password sends in clear inside TLS when
 * the server asks for full authentication, or by the two plugins that are made for it.
 */
#include "internal.h"

enum { AUTH_SWITCH = 0xFE, AUTH_MORE = 0x01, FULL_AUTHENTICATION = 0x04, OPENID_CAPABILITY = 0x01 };

static const char *const names[] = {
	[MYWIRE_PLUGIN_OTHER] = NULL,
	[MYWIRE_PLUGIN_CACHING_SHA2] = "caching_sha2_password",
	[MYWIRE_PLUGIN_CLEAR] = "mysql_clear_password",
	[MYWIRE_PLUGIN_OPENID] = "authentication_openid_connect_client",
};

enum mywire_plugin mywire_plugin_find(const char *name)
{
	for (size_t i = MYWIRE_PLUGIN_CACHING_SHA2; name && i < QW_COUNT(names); i++) {
		if (strcmp(names[i], name) == 0)
			return (enum mywire_plugin)i;
	}
	return MYWIRE_PLUGIN_OTHER;
}

const char *mywire_plugin_name(enum mywire_plugin p)
{
	QW_ASSERT(p != MYWIRE_PLUGIN_OTHER && (size_t)p < QW_COUNT(names));
	return names[p];
}

int mywire_put_auth_switch(
	struct qw_buf *out, uint8_t *seq, enum mywire_plugin p, const uint8_t *nonce)
{
	struct builder b;

	mywire_begin(&b, out);
	bld_u8(&b, AUTH_SWITCH);
	bld_cstr(&b, mywire_plugin_name(p));
	bld_bytes(&b, qw_bytes(nonce, MYWIRE_NONCE_BYTES));
	bld_u8(&b, 0);
	return mywire_end(&b, seq);
}

int mywire_put_full_auth(struct qw_buf *out, uint8_t *seq)
{
	static const uint8_t more[] = {AUTH_MORE, FULL_AUTHENTICATION};

	return mywire_put_packet(out, seq, qw_bytes(more, sizeof(more)));
}

/* capability byte, length, token: sha2 and the clear plugin end in NUL instead. */
static int openid_decode(struct qw_bytes data, struct qw_bytes *token)
{
	struct cursor c = cur_from(data);

	if (cur_u8(&c) != OPENID_CAPABILITY)
		return QW_E_MALFORMED;
	*token = mywire_lenenc_bytes(&c);
	return token->n && memchr(token->p, 0, token->n) ? QW_E_MALFORMED : cur_end(&c);
}

int mywire_token_decode(struct qw_bytes data, enum mywire_plugin p, struct qw_bytes *token)
{
	struct cursor c = cur_from(data);
	int err = QW_E_UNSUPPORTED;

	*token = qw_bytes(NULL, 0);
	switch (p) {
	case MYWIRE_PLUGIN_OTHER:
		break;
	case MYWIRE_PLUGIN_CACHING_SHA2:
	case MYWIRE_PLUGIN_CLEAR:
		*token = cur_text(&c);
		err = cur_end(&c);
		break;
	case MYWIRE_PLUGIN_OPENID:
		err = openid_decode(data, token);
		break;
	}
	if (!err && token->n > MYWIRE_TOKEN_MAX)
		err = QW_E_LIMIT;
	if (err)
		*token = qw_bytes(NULL, 0);
	return err;
}
