/*
 * The greeting and what a client answers before anybody knows who it is: SSLRequest and
 * HandshakeResponse41. A client's word of capabilities counts only as far as it was offered; the
 * fields are laid out by that.
 */
#include "internal.h"

enum {
	VERSION = 10,
	NONCE_FIRST = 8,
	RESERVED_GREETING = 6,
	RESERVED_RESPONSE = 19,
	SSL_REQUEST_BYTES = 32
};

/*
 * CLIENT_MYSQL unset says "MariaDB", and that the second word counts. Of that word only the names
 * of types are offered: without them JSON is a string to MariaDB's clients.
 */
struct mywire_link mywire_offer(bool multi_statements, bool mariadb)
{
	uint32_t always = MYWIRE_FOUND_ROWS | MYWIRE_LONG_FLAG | MYWIRE_CONNECT_WITH_DB |
			  MYWIRE_NO_SCHEMA | MYWIRE_ODBC | MYWIRE_IGNORE_SPACE |
			  MYWIRE_PROTOCOL_41 | MYWIRE_INTERACTIVE | MYWIRE_SSL |
			  MYWIRE_IGNORE_SIGPIPE | MYWIRE_TRANSACTIONS | MYWIRE_RESERVED |
			  MYWIRE_SECURE_CONNECTION | MYWIRE_MULTI_RESULTS |
			  MYWIRE_PS_MULTI_RESULTS | MYWIRE_PLUGIN_AUTH | MYWIRE_CONNECT_ATTRS |
			  MYWIRE_AUTH_LENENC | MYWIRE_SESSION_TRACK;

	struct mywire_link offer = {always, mariadb ? MYWIRE_EXT_METADATA : 0};

	if (multi_statements)
		offer.capabilities |= MYWIRE_MULTI_STATEMENTS;
	if (!mariadb)
		offer.capabilities |= MYWIRE_CLIENT_MYSQL;
	return offer;
}

static void put_zeros(struct builder *b, size_t n)
{
	for (; n; n--)
		bld_u8(b, 0);
}

int mywire_put_greeting(struct qw_buf *out, uint8_t *seq, const struct mywire_greeting *g)
{
	struct builder b;

	QW_ASSERT(!memchr(g->nonce, 0, sizeof(g->nonce)));
	mywire_begin(&b, out);
	bld_u8(&b, VERSION);
	bld_cstr(&b, g->version);
	mywire_put_le(&b, g->connection_id, 4);
	bld_bytes(&b, qw_bytes(g->nonce, NONCE_FIRST));
	bld_u8(&b, 0);
	mywire_put_le(&b, g->offered.capabilities & 0xFFFF, 2);
	bld_u8(&b, g->collation);
	mywire_put_le(&b, g->status, 2);
	mywire_put_le(&b, g->offered.capabilities >> 16, 2);
	bld_u8(&b, MYWIRE_NONCE_BYTES + 1);
	put_zeros(&b, RESERVED_GREETING);
	mywire_put_le(&b, g->offered.extended, 4);
	bld_bytes(&b, qw_bytes(g->nonce + NONCE_FIRST, MYWIRE_NONCE_BYTES - NONCE_FIRST));
	bld_u8(&b, 0);
	bld_cstr(&b, g->plugin);
	return mywire_end(&b, seq);
}

static void expect_zeros(struct cursor *c, size_t n)
{
	for (; n; n--) {
		if (cur_u8(c) != 0)
			cur_fail(c);
	}
}

static void read_nonce(struct cursor *c, uint8_t *to, size_t n)
{
	struct qw_bytes part = cur_bytes(c, n);

	if (part.n && !memchr(part.p, 0, part.n))
		memcpy(to, part.p, n);
	else
		cur_fail(c);
	expect_zeros(c, 1);
}

int mywire_greeting_decode(struct qw_bytes payload, struct mywire_greeting *out)
{
	struct cursor c = cur_from(payload);

	*out = (struct mywire_greeting){0};
	if (cur_u8(&c) != VERSION)
		return QW_E_MALFORMED;
	out->version = cur_cstr(&c);
	out->connection_id = (uint32_t)mywire_le(&c, 4);
	read_nonce(&c, out->nonce, NONCE_FIRST);
	out->offered.capabilities = (uint32_t)mywire_le(&c, 2);
	out->collation = cur_u8(&c);
	out->status = (uint16_t)mywire_le(&c, 2);
	out->offered.capabilities |= (uint32_t)mywire_le(&c, 2) << 16;
	if (cur_u8(&c) != MYWIRE_NONCE_BYTES + 1)
		return QW_E_MALFORMED;
	expect_zeros(&c, RESERVED_GREETING);
	out->offered.extended = (uint32_t)mywire_le(&c, 4);
	read_nonce(&c, out->nonce + NONCE_FIRST, MYWIRE_NONCE_BYTES - NONCE_FIRST);
	out->plugin = cur_cstr(&c);
	return cur_end(&c);
}

/* The 32 bytes that both packets begin with. The last 4 are MariaDB's second word, if the first
 * says so. */
static void read_head(struct cursor *c, struct mywire_link offered, struct mywire_response *out)
{
	uint32_t capabilities = (uint32_t)mywire_le(c, 4), extended;

	out->packet_max = (uint32_t)mywire_le(c, 4);
	out->collation = cur_u8(c);
	expect_zeros(c, RESERVED_RESPONSE);
	extended = (uint32_t)mywire_le(c, 4);
	out->link.capabilities = capabilities & offered.capabilities;
	if (!(capabilities & MYWIRE_CLIENT_MYSQL))
		out->link.extended = extended & offered.extended;
}

int mywire_ssl_request_decode(
	struct qw_bytes payload, struct mywire_link offered, struct mywire_link *out)
{
	struct cursor c = cur_from(payload);
	struct mywire_response head = {0};
	uint32_t needed = MYWIRE_SSL | MYWIRE_PROTOCOL_41;

	read_head(&c, offered, &head);
	*out = head.link;
	if (c.failed)
		return QW_E_MALFORMED;
	if ((head.link.capabilities & needed) != needed)
		return QW_E_UNSUPPORTED;
	return payload.n == SSL_REQUEST_BYTES ? cur_end(&c) : QW_E_MALFORMED;
}

/* NULL for an empty one. */
static const char *read_name(struct cursor *c)
{
	const char *name = cur_cstr(c);

	return name && *name ? name : NULL;
}

static int read_attributes(struct cursor *c, struct mywire_response *out)
{
	struct cursor each = cur_from(mywire_lenenc_bytes(c));

	while (cur_left(&each)) {
		struct mywire_attribute *a = &out->attributes[out->attribute_count];

		if (out->attribute_count == MYWIRE_ATTRIBUTES_MAX)
			return QW_E_LIMIT;
		a->name = mywire_lenenc_bytes(&each);
		a->value = mywire_lenenc_bytes(&each);
		out->attribute_count++;
	}
	return cur_end(&each);
}

static int check_name(const char *name, size_t max)
{
	struct qw_bytes s = qw_bytes_from(name);

	if (s.n > max)
		return QW_E_LIMIT;
	return qw_utf8_valid(s) ? 0 : QW_E_MALFORMED;
}

static int check_names(const struct mywire_response *r)
{
	int err = r->user ? check_name(r->user, MYWIRE_USER_MAX) : QW_E_MALFORMED;

	if (!err)
		err = check_name(r->database, MYWIRE_NAME_MAX);
	return err ? err : check_name(r->plugin, MYWIRE_NAME_MAX);
}

int mywire_response_decode(
	struct qw_bytes payload, struct mywire_link offered, struct mywire_response *out)
{
	struct cursor c = cur_from(payload);
	uint32_t needed = MYWIRE_PROTOCOL_41 | MYWIRE_SECURE_CONNECTION, has;
	int err = 0;

	*out = (struct mywire_response){0};
	read_head(&c, offered, out);
	has = out->link.capabilities;
	if (c.failed)
		return QW_E_MALFORMED;
	if ((has & needed) != needed)
		return QW_E_UNSUPPORTED;
	out->user = cur_cstr(&c);
	out->auth = cur_bytes(&c, has & MYWIRE_AUTH_LENENC ? mywire_lenenc(&c) : cur_u8(&c));
	if (has & MYWIRE_CONNECT_WITH_DB)
		out->database = read_name(&c);
	if (has & MYWIRE_PLUGIN_AUTH)
		out->plugin = read_name(&c);
	if (has & MYWIRE_CONNECT_ATTRS)
		err = read_attributes(&c, out);
	if (!err)
		err = cur_end(&c);
	return err ? err : check_names(out);
}
