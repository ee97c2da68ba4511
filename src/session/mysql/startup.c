/* From the greeting to the token. MySQL protocol, "Connection Phase"; docs/mysql-wire.md. */
#include "conversation.h"

#include <stdlib.h>
#include <strings.h>

enum { COMMAND_ARENA_MAX = 256 << 20 };

static void ask_version(struct session *s)
{
	const char *known = s->options->greeting_version;

	if (known && *known)
		my_version(s, known);
	else
		(void)session_queue(s, SESSION_DO_VERSION);
}

bool my_new(struct session *s)
{
	struct my_conversation *my = calloc(1, sizeof(*my));

	if (!my)
		return false;
	s->my = my;
	s->target = s->options->target;
	s->database = my->database;
	qw_arena_init(&my->arena, COMMAND_ARENA_MAX);
	my_rows_init(&my->result);
	qw_buf_init(&my->joined, MYWIRE_PACKET_MAX);
	qw_buf_init(&my->binds, MYWIRE_PACKET_MAX);
	qw_buf_init(&my->recorded, MYWIRE_PACKET_MAX + 2u);
	qw_buf_init(&my->binds_text, 64 * 1024);
	memcpy(&my->id, s->options->entropy, sizeof(my->id));
	my->id = my->id ? my->id : 1;
	for (size_t i = 0; i < sizeof(my->nonce); i++) {
		my->nonce[i] = s->options->entropy[4 + i] & 0x7f; /* printable or not, but never 0: clients take it for a string */
		my->nonce[i] = my->nonce[i] ? my->nonce[i] : 1;
	}
	ask_version(s);
	return true;
}

void my_free(struct session *s)
{
	if (!s->my)
		return;
	qw_arena_fini(&s->my->arena);
	my_rows_fini(&s->my->result);
	my_prepared_drop_all(s);
	qw_buf_fini(&s->my->joined);
	qw_buf_fini(&s->my->binds);
	qw_buf_fini(&s->my->recorded);
	qw_buf_fini(&s->my->binds_text);
	free(s->my);
	s->my = NULL;
}

void my_version(struct session *s, const char *version)
{
	struct my_conversation *my = s->my;
	bool is_mariadb = strstr(version, "MariaDB") != NULL;
	struct mywire_greeting g = {.version = version, .plugin = mywire_plugin_name(MYWIRE_PLUGIN_CACHING_SHA2),
		.status = MYWIRE_AUTOCOMMIT, .collation = is_mariadb ? MYWIRE_COLLATION_MARIADB : MYWIRE_COLLATION_MYSQL};

	if (!my || my->login != MY_LOGIN_VERSION || s->state != STATE_FIRST)
		return;
	g.connection_id = my->id;
	my->offered = mywire_offer(true, is_mariadb);
	g.offered = my->offered;
	memcpy(g.nonce, my->nonce, sizeof(g.nonce));
	session_put(s, SESSION_CLIENT, mywire_put_greeting(&s->out[SESSION_CLIENT], &my->seq_out, &g));
	my->seq_in = my->seq_out;
	my->login = MY_LOGIN_REQUEST;
}

/* ---- SSLRequest ---- */

/* What comes behind it is ciphertext, and goes to TLS as it is: no byte of it is ever read as a packet. */
static void on_request(struct session *s, struct qw_bytes payload, size_t wire_bytes)
{
	struct qw_buf *in = &s->in[SESSION_CLIENT];
	struct qw_bytes have = qw_buf_pending(in);
	struct mywire_link link;
	int err = mywire_ssl_request_decode(payload, s->my->offered, &link);

	if (err == QW_E_UNSUPPORTED) {
		session_fatal(s, "28000", "this gateway takes tokens inside TLS only", "Connect with TLS (--ssl, --ssl-mode=REQUIRED).");
		return;
	}
	if (err) {
		session_fatal(s, "08P01", "invalid SSLRequest", NULL);
		return;
	}
	session_queue_bytes(s, SESSION_DO_START_TLS, qw_bytes(have.p + wire_bytes, have.n - wire_bytes));
	if (s->state == STATE_CLOSED)
		return;
	s->state = STATE_HANDSHAKE;
	s->my->login = MY_LOGIN_RESPONSE;
	qw_buf_clear(in);
}

void my_tls_ready(struct session *s)
{
	s->state = STATE_FIRST;
}

/* ---- HandshakeResponse ---- */

static bool keep_response(struct session *s, const struct mywire_response *r)
{
	struct my_conversation *my = s->my;

	my->client = r->link;
	my->collation = r->collation;
	my->multi_statements = r->link.capabilities & MYWIRE_MULTI_STATEMENTS;
	s->user = login_copied(s, r->user);
	s->application_name = "";
	for (size_t i = 0; i < r->attribute_count; i++)
		if (qw_bytes_equal(r->attributes[i].name, QW_LIT("program_name")) && qw_utf8_valid(r->attributes[i].value))
			s->application_name = qw_arena_strdup(&s->arena, r->attributes[i].value);
	if (r->database && strlen(r->database) <= MY_DATABASE_MAX)
		memcpy(my->database, r->database, strlen(r->database) + 1);
	return s->user && s->application_name;
}

static void take_token(struct session *s, struct qw_bytes data, enum mywire_plugin plugin)
{
	struct qw_bytes token;
	int err = mywire_token_decode(data, plugin, &token);

	s->state = STATE_IDENTIFYING;
	if (err || token.n == 0 || token.n > s->config->limits.token_bytes_max) { /* as wrong as any other token */
		login_refused(s, token.n && err != QW_E_LIMIT ? "no token" : "longer than limits.token_bytes, or not whole");
		return;
	}
	s->wipe_blob = true;
	session_queue_bytes(s, SESSION_DO_IDENTIFY, token);
}

static void ask_token(struct session *s)
{
	session_put(s, SESSION_CLIENT, mywire_put_full_auth(&s->out[SESSION_CLIENT], &s->my->seq_out));
	s->my->login = MY_LOGIN_TOKEN;
}

static void on_response(struct session *s, struct qw_bytes payload)
{
	struct mywire_response r;
	struct my_conversation *my = s->my;
	int err = mywire_response_decode(payload, my->offered, &r);

	if (err) {
		session_fatal(s, "08P01",
			err == QW_E_UNSUPPORTED ? "this client is too old: protocol 4.1 is needed" : "invalid handshake response", NULL);
		return;
	}
	if (!keep_response(s, &r)) {
		session_out_of_memory(s);
		return;
	}
	if (r.database && strlen(r.database) > MY_DATABASE_MAX) {
		session_fatal(s, "3D000", "unknown database", NULL);
		return;
	}
	s->state = STATE_PASSWORD;
	my->plugin = mywire_plugin_find(r.plugin);
	switch (my->plugin) {
	case MYWIRE_PLUGIN_CLEAR:
	case MYWIRE_PLUGIN_OPENID:
		take_token(s, r.auth, my->plugin);
		return;
	case MYWIRE_PLUGIN_CACHING_SHA2:
		if (r.auth.n) {
			ask_token(s);
			return;
		}
		break; /* an empty password; asked again with a plugin that it may answer */
	case MYWIRE_PLUGIN_OTHER:
		break;
	}
	my->plugin = MYWIRE_PLUGIN_CACHING_SHA2;
	session_put(s, SESSION_CLIENT, mywire_put_auth_switch(&s->out[SESSION_CLIENT], &my->seq_out, my->plugin, my->nonce));
	my->login = MY_LOGIN_SCRAMBLE;
}

static void on_scramble(struct session *s, struct qw_bytes payload)
{
	if (payload.n < 2) { /* without a password there is no token */
		s->state = STATE_IDENTIFYING;
		login_refused(s, "no password was given");
		return;
	}
	ask_token(s);
}

static void on_packet(struct session *s, struct qw_bytes payload, const struct mywire_packet *p)
{
	struct my_conversation *my = s->my;

	my->seq_in = p->next;
	my->seq_out = p->next;
	switch (my->login) {
	case MY_LOGIN_VERSION:
		break;
	case MY_LOGIN_REQUEST:
		on_request(s, payload, p->wire_bytes);
		return; /* its bytes are gone */
	case MY_LOGIN_RESPONSE:
		on_response(s, payload);
		break;
	case MY_LOGIN_SCRAMBLE:
		on_scramble(s, payload);
		break;
	case MY_LOGIN_TOKEN:
		take_token(s, payload, MYWIRE_PLUGIN_CACHING_SHA2);
		break;
	}
	my->seq_in = my->seq_out;
	if (s->state != STATE_CLOSED) {
		struct qw_buf *in = &s->in[SESSION_CLIENT];

		qw_wipe(in->p + in->off, p->wire_bytes);
		qw_buf_consume(in, p->wire_bytes);
	}
}

void my_startup_pump(struct session *s)
{
	while (s->state == STATE_FIRST || s->state == STATE_PASSWORD) {
		struct qw_bytes have = qw_buf_pending(&s->in[SESSION_CLIENT]);
		struct mywire_packet p;
		int err;

		if (s->my->login == MY_LOGIN_VERSION)
			return;
		err = mywire_packet_peek(have, s->my->seq_in, MYWIRE_LOGIN_MAX, &p);
		if (err == QW_E_INCOMPLETE) {
			/* Room for the whole token at once: a buffer that grows leaves pieces of it in freed memory. */
			if (s->is_tls && qw_buf_reserve(&s->in[SESSION_CLIENT], MYWIRE_LOGIN_MAX))
				session_out_of_memory(s);
			return;
		}
		if (err || p.frames > 1) {
			if (s->is_tls)
				session_fatal(s, "08P01", "not a packet of a login", NULL);
			else
				session_close(s, "not a MySQL client");
			return;
		}
		on_packet(s, p.payload, &p);
	}
}
