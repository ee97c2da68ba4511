/*
 * What a client sends before anybody knows who it is. Everything here is hostile until proven
 * otherwise, so packets that the server would read in a surprising way (the last of two `user`
 * parameters wins, over-long names are cut) are refused.
 */
#include "internal.h"

enum { TLS_HANDSHAKE = 0x16, REQUEST_BYTES = 8, CANCEL_HEAD = 12, MAJOR = 3 };

static int cancel_size_check(uint32_t packet_bytes)
{
	if (packet_bytes < CANCEL_HEAD + PGWIRE_KEY_MIN)
		return QW_E_MALFORMED;
	return packet_bytes > CANCEL_HEAD + PGWIRE_KEY_MAX ? QW_E_MALFORMED : 0;
}

static int kind_of(uint32_t code, uint32_t packet_bytes, enum pgwire_first *kind)
{
	switch (code) {
	case PGWIRE_CODE_SSL:
		*kind = PGWIRE_FIRST_SSL_REQUEST;
		return packet_bytes == REQUEST_BYTES ? 0 : QW_E_MALFORMED;
	case PGWIRE_CODE_GSS:
		*kind = PGWIRE_FIRST_GSS_REQUEST;
		return packet_bytes == REQUEST_BYTES ? 0 : QW_E_MALFORMED;
	case PGWIRE_CODE_CANCEL:
		*kind = PGWIRE_FIRST_CANCEL;
		return cancel_size_check(packet_bytes);
	default:
		*kind = PGWIRE_FIRST_STARTUP;
		return 0;
	}
}

int pgwire_first_peek(struct qw_bytes in, enum pgwire_first *kind, uint32_t *packet_bytes)
{
	struct cursor c = cur_from(in);
	uint32_t length, code;

	if (in.n < 1)
		return QW_E_INCOMPLETE;
	if (in.p[0] == TLS_HANDSHAKE) { /* no length: that would be far over the limit */
		*kind = PGWIRE_FIRST_TLS;
		*packet_bytes = 0;
		return 0;
	}
	if (in.n < PGWIRE_LENGTH_BYTES)
		return in.p[0] ? QW_E_LIMIT : QW_E_INCOMPLETE;
	length = cur_be32(&c);
	if (length < REQUEST_BYTES)
		return QW_E_MALFORMED;
	/* ProcessStartupPacket counts without the length word. */
	if (length - PGWIRE_LENGTH_BYTES > PGWIRE_STARTUP_MAX)
		return QW_E_LIMIT;
	if (in.n < REQUEST_BYTES)
		return QW_E_INCOMPLETE;
	code = cur_be32(&c);
	*packet_bytes = length;
	return kind_of(code, length, kind);
}

bool pgwire_same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		char x = *a >= 'A' && *a <= 'Z' ? (char)(*a - 'A' + 'a') : *a;
		char y = *b >= 'A' && *b <= 'Z' ? (char)(*b - 'A' + 'a') : *b;

		if (x != y)
			return false;
		if (x == '\0')
			return true;
	}
}

static bool is_known(const struct pgwire_startup *s, const char *name)
{
	if ((s->user && pgwire_same_name(name, "user")) ||
		(s->database && pgwire_same_name(name, "database")))
		return true;
	for (size_t i = 0; i < s->parameter_count; i++) {
		if (pgwire_same_name(s->parameters[i].name, name))
			return true;
	}
	for (size_t i = 0; i < s->options_pq_count; i++) {
		if (pgwire_same_name(s->options_pq[i], name))
			return true;
	}
	return false;
}

static int set_name(const char **to, const char *value)
{
	if (strlen(value) > PGWIRE_NAME_MAX)
		return QW_E_LIMIT;
	*to = value;
	return 0;
}

static int add(struct pgwire_startup *s, const char *name, const char *value)
{
	if (strlen(name) > PGWIRE_NAME_MAX)
		return QW_E_LIMIT;
	if (!qw_utf8_valid(qw_bytes_from(name)) || !qw_utf8_valid(qw_bytes_from(value)))
		return QW_E_MALFORMED;
	if (is_known(s, name))
		return QW_E_DUPLICATE;
	if (strcmp(name, "user") == 0)
		return set_name(&s->user, value);
	if (strcmp(name, "database") == 0)
		return set_name(&s->database, value);
	if (pgwire_same_name(name, "user") || pgwire_same_name(name, "database"))
		return QW_E_MALFORMED; /* "User" would be a setting, which no server has */
	if (strncmp(name, "_pq_.", 5) == 0) {
		if (s->options_pq_count == QW_COUNT(s->options_pq))
			return QW_E_LIMIT;
		s->options_pq[s->options_pq_count++] = name;
		return 0;
	}
	if (s->parameter_count == PGWIRE_PARAMETERS_MAX)
		return QW_E_LIMIT;
	s->parameters[s->parameter_count++] = (struct pgwire_parameter){name, value};
	return 0;
}

/* name NUL value NUL ... and one NUL more, which must be the last byte. */
static int read_parameters(struct cursor *c, struct pgwire_startup *out)
{
	const char *name = cur_cstr(c), *value;
	int err;

	while (name && *name) {
		value = cur_cstr(c);
		if (!value)
			return QW_E_MALFORMED;
		err = add(out, name, value);
		if (err)
			return err;
		name = cur_cstr(c);
	}
	return cur_end(c);
}

int pgwire_startup_decode(struct qw_bytes packet, struct pgwire_startup *out)
{
	struct cursor c = cur_from(packet);
	uint32_t length = cur_be32(&c);
	int err;

	*out = (struct pgwire_startup){0};
	out->major = cur_be16(&c);
	out->minor = cur_be16(&c);
	if (c.failed || length != packet.n)
		return QW_E_MALFORMED;
	if (out->major != MAJOR)
		return QW_E_UNSUPPORTED;
	err = read_parameters(&c, out);
	if (err)
		return err;
	if (!out->user || !*out->user)
		return QW_E_MALFORMED;
	if (!out->database || !*out->database) /* an empty one counts as absent, as on the server */
		out->database = out->user;
	return 0;
}

int pgwire_cancel_decode(struct qw_bytes packet, struct pgwire_cancel *out)
{
	struct cursor c = cur_from(packet);
	uint32_t length = cur_be32(&c);
	uint32_t code = cur_be32(&c);

	out->pid = cur_be32(&c);
	out->key = cur_rest(&c);
	if (length != packet.n || code != PGWIRE_CODE_CANCEL || cancel_size_check(length))
		return QW_E_MALFORMED;
	return cur_end(&c);
}

int pgwire_put_negotiate(
	struct qw_buf *out, uint16_t newest_minor, const char *const *names, size_t count)
{
	struct builder b;

	bld_init(&b, out);
	bld_begin(&b, 'v');
	bld_be32(&b, (uint32_t)MAJOR << 16 | newest_minor); /* whole, as PostgreSQL 18 does */
	bld_be32(&b, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		bld_cstr(&b, names[i]);
	bld_end(&b);
	return bld_error(&b);
}
