/* From the first byte to the password: TLS, startup packet, cancel requests. PostgreSQL protocol, "Start-up". */
#include "../machine.h"
#include "../mysql/conversation.h"

#include <stdio.h>

enum { NEWEST_MINOR = 2 };

static void refuse_layout(struct session *s, int err)
{
	if (err == QW_E_DUPLICATE)
		session_fatal(s, "08P01", "invalid startup packet: a parameter occurs twice", NULL);
	else if (err == QW_E_LIMIT)
		session_fatal(s, "08P01", "invalid startup packet: a name or the packet is too long", NULL);
	else
		session_fatal(s, "08P01", "invalid startup packet layout", NULL);
}

static void start_tls(struct session *s, bool is_direct, struct qw_bytes raw)
{
	struct session_action *a;

	session_queue_bytes(s, SESSION_DO_START_TLS, raw);
	if (s->state == STATE_CLOSED)
		return;
	a = &s->queue[(s->queue_head + s->queue_count - 1) % s->queue_cap].action;
	a->is_direct = is_direct;
	s->state = STATE_HANDSHAKE;
}

/* SSLRequest: answered S, and nothing that came before the handshake is ever believed (CVE-2021-23214). */
static void on_ssl_request(struct session *s, size_t left_over)
{
	if (s->saw_ssl_request || s->is_tls) {
		session_fatal(s, "08P01", "TLS was asked for twice", NULL);
		return;
	}
	s->saw_ssl_request = true;
	if (left_over) {
		session_fatal(s, "08P01", "received unencrypted data after SSL request", NULL);
		return;
	}
	session_put(s, SESSION_CLIENT, qw_buf_append(&s->out[SESSION_CLIENT], "S", 1));
	start_tls(s, false, qw_bytes(NULL, 0));
}

static void on_gss_request(struct session *s, size_t left_over)
{
	if (s->saw_gss_request || s->is_tls || left_over) {
		session_fatal(s, "08P01", "unexpected GSSAPI encryption request", NULL);
		return;
	}
	s->saw_gss_request = true;
	session_put(s, SESSION_CLIENT, qw_buf_append(&s->out[SESSION_CLIENT], "N", 1));
}

static void on_cancel_request(struct session *s, struct qw_bytes packet)
{
	struct pgwire_cancel c;

	if (!pgwire_cancel_decode(packet, &c)) {
		session_queue_bytes(s, SESSION_DO_CANCEL_REQUEST, c.key);
		if (s->state != STATE_CLOSED)
			s->queue[(s->queue_head + s->queue_count - 1) % s->queue_cap].action.pid = c.pid;
	}
	session_close(s, "cancel request"); /* never an answer, right or wrong */
}

static void negotiate(struct session *s, const struct pgwire_startup *st)
{
	s->minor = st->minor > NEWEST_MINOR ? NEWEST_MINOR : st->minor;
	if (st->minor <= NEWEST_MINOR && st->options_pq_count == 0)
		return;
	session_put(s, SESSION_CLIENT,
		pgwire_put_negotiate(&s->out[SESSION_CLIENT], s->minor, st->options_pq, st->options_pq_count));
}

static bool is_replication(const struct pgwire_startup *st)
{
	for (size_t i = 0; i < st->parameter_count; i++)
		if (strcmp(st->parameters[i].name, "replication") == 0)
			return true;
	return false;
}

static void keep_startup(struct session *s, const struct pgwire_startup *st, struct qw_bytes packet)
{
	struct pgwire_startup *kept = qw_arena_alloc(&s->arena, sizeof(*kept));
	char *copy = qw_arena_strdup(&s->arena, packet);

	/* The packet is kept as it came and decoded where it stays: settings are judged once the role is known. */
	if (!kept || !copy || pgwire_startup_decode(qw_bytes(copy, packet.n), kept)) {
		session_out_of_memory(s);
		return;
	}
	s->startup = kept;
	s->user = kept->user;
	s->database = kept->database;
	(void)st;
}

static void on_startup(struct session *s, struct qw_bytes packet)
{
	struct pgwire_startup st;
	int err = pgwire_startup_decode(packet, &st);

	if (err && err != QW_E_UNSUPPORTED) {
		refuse_layout(s, err);
		return;
	}
	if (err || st.major != 3) {
		char message[96];

		(void)snprintf(message, sizeof(message), "unsupported frontend protocol %u.%u: server supports 3.0 to 3.2",
			st.major, st.minor);
		session_fatal(s, "0A000", message, NULL);
		return;
	}
	if (is_replication(&st)) {
		session_fatal(s, "0A000", "replication connections are refused: nothing on them could be judged", NULL);
		return;
	}
	if (!s->is_tls) {
		session_fatal(s, "28000", "this gateway takes tokens inside TLS only",
			"Connect with sslmode=require (or verify-full).");
		return;
	}
	keep_startup(s, &st, packet);
	if (s->state == STATE_CLOSED)
		return;
	negotiate(s, &st);
	session_put(s, SESSION_CLIENT, pgwire_put_auth_cleartext(&s->out[SESSION_CLIENT]));
	if (s->state == STATE_CLOSED)
		return;
	s->state = STATE_PASSWORD;
}

static void on_first(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_CLIENT];
	struct qw_bytes have = qw_buf_pending(in), packet;
	enum pgwire_first kind;
	uint32_t n;
	int err = pgwire_first_peek(have, &kind, &n);

	if (err == QW_E_INCOMPLETE)
		return;
	if (err) {
		session_close(s, "not a PostgreSQL client"); /* nothing to say in a protocol that it does not speak */
		return;
	}
	if (kind == PGWIRE_FIRST_TLS) {
		if (s->is_tls || s->saw_ssl_request) {
			session_close(s, "TLS inside TLS");
			return;
		}
		start_tls(s, true, have);
		qw_buf_clear(in);
		return;
	}
	if (have.n < n)
		return;
	packet = qw_bytes(have.p, n);
	switch (kind) {
	case PGWIRE_FIRST_SSL_REQUEST:
		on_ssl_request(s, have.n - n);
		break;
	case PGWIRE_FIRST_GSS_REQUEST:
		on_gss_request(s, have.n - n);
		break;
	case PGWIRE_FIRST_CANCEL:
		on_cancel_request(s, packet);
		break;
	case PGWIRE_FIRST_STARTUP:
		on_startup(s, packet);
		break;
	case PGWIRE_FIRST_TLS:
		break;
	}
	qw_buf_consume(in, n);
	/* Room for the whole token at once: a buffer that grows leaves pieces of it in freed memory. */
	if (s->state == STATE_PASSWORD && qw_buf_reserve(in, s->config->limits.token_bytes_max + PGWIRE_HEADER + 1))
		session_out_of_memory(s);
}

/* After the offer only a password message is legal: a second startup packet would change who logs in. */
static void on_password(struct session *s)
{
	struct qw_buf *in = &s->in[SESSION_CLIENT];
	struct qw_bytes have = qw_buf_pending(in), token;
	struct pgwire_frame f;
	int err = pgwire_frame_peek(have, &f);

	if (err == QW_E_INCOMPLETE)
		return;
	if (err || f.type != 'p') {
		session_fatal(s, "08P01", "expected a password message", NULL);
		return;
	}
	if (f.body_bytes > s->config->limits.token_bytes_max + 1) {
		s->state = STATE_IDENTIFYING; /* a token as wrong as any other: same answer, log and record */
		login_refused(s, "longer than limits.token_bytes");
		return;
	}
	if (have.n - PGWIRE_HEADER < f.body_bytes)
		return;
	if (pgwire_password_decode(qw_bytes(have.p + PGWIRE_HEADER, f.body_bytes), &token)) {
		session_fatal(s, "08P01", "invalid password packet", NULL);
		return;
	}
	s->state = STATE_IDENTIFYING;
	s->wipe_blob = true;
	session_queue_bytes(s, SESSION_DO_IDENTIFY, token);
	qw_wipe(in->p + in->off, PGWIRE_HEADER + f.body_bytes);
	qw_buf_consume(in, PGWIRE_HEADER + f.body_bytes);
}

void startup_pump(struct session *s)
{
	enum session_state before;
	size_t left;

	do {
		before = s->state;
		left = qw_buf_pending(&s->in[SESSION_CLIENT]).n;
		if (s->state == STATE_FIRST)
			on_first(s);
		else if (s->state == STATE_PASSWORD)
			on_password(s);
	} while (s->state != STATE_CLOSED && (s->state != before || qw_buf_pending(&s->in[SESSION_CLIENT]).n != left));
}

void startup_tls_ready(struct session *s, const struct session_tls *tls)
{
	if (s->state != STATE_HANDSHAKE)
		return;
	s->is_tls = true;
	s->state = STATE_FIRST;
	s->tls_text = qw_arena_printf(&s->arena, "%s %s%s", tls->version, tls->cipher, tls->is_direct ? " direct" : "");
	if (s->my)
		my_tls_ready(s);
	else if (tls->is_direct && !tls->alpn_postgresql)
		session_close(s, "direct TLS without ALPN postgresql");
}
