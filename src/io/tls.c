/*
 * The client's TLS, over a BIO that reads from a borrowed span and writes into the street's scratch: one recv and one send
 * for a burst, no copy in between, and no buffer for an idle connection but OpenSSL's own.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#include "street.h"

struct tls {
	SSL *ssl;
	struct street *street;
	struct qw_bytes in; /* borrowed during tls_feed */
	struct qw_buf held; /* ciphertext that the socket did not take */
	bool is_ready, is_direct, alpn_postgresql, has_failed;
};

static const char CIPHERS_TLS12[] = "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK";
static const unsigned char ALPN_POSTGRESQL[] = "\x0apostgresql";

/* ---- the BIO ---- */

static struct qw_bytes tls_scratch(const struct tls *t)
{
	const struct street *s = t->street;

	return s->cipher_owner == t ? qw_bytes(s->cipher, s->cipher_n) : (struct qw_bytes){0};
}

static int bio_read(BIO *b, char *out, int n)
{
	struct tls *t = BIO_get_data(b);
	size_t take = (size_t)n < t->in.n ? (size_t)n : t->in.n;

	BIO_clear_retry_flags(b);
	if (take == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	memcpy(out, t->in.p, take);
	t->in.p += take;
	t->in.n -= take;
	return (int)take;
}

/* Ciphertext goes into the scratch unless older bytes of this client are held, or another client's are in it. */
static bool tls_take_scratch(struct tls *t)
{
	struct street *s = t->street;

	if (qw_buf_pending(&t->held).n > 0 || (s->cipher_n > 0 && s->cipher_owner != t))
		return false;
	s->cipher_owner = t;
	return true;
}

/* What is in the scratch is older than what comes next: it has to go in front. */
static int tls_spill(struct tls *t)
{
	struct qw_bytes scratch = tls_scratch(t);

	t->street->cipher_n -= scratch.n;
	return qw_buf_append(&t->held, scratch.p, scratch.n);
}

static int bio_write(BIO *b, const char *p, int n)
{
	struct tls *t = BIO_get_data(b);
	struct street *s = t->street;

	BIO_clear_retry_flags(b);
	if (!tls_take_scratch(t) || (size_t)n > CIPHER_BYTES - s->cipher_n) {
		t->has_failed |= tls_spill(t) || qw_buf_append(&t->held, p, (size_t)n);
		return t->has_failed ? -1 : n;
	}
	memcpy(s->cipher + s->cipher_n, p, (size_t)n);
	s->cipher_n += (size_t)n;
	return n;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	(void)b;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *bio_method(void)
{
	static BIO_METHOD *m; /* one for the process */

	if (m)
		return m;
	m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "querywarden span");
	if (!m)
		return NULL;
	BIO_meth_set_read(m, bio_read);
	BIO_meth_set_write(m, bio_write);
	BIO_meth_set_ctrl(m, bio_ctrl);
	return m;
}

/* ---- contexts ---- */

static int on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_n, const unsigned char *in, unsigned int in_n,
	void *ctx)
{
	unsigned char *chosen = NULL;

	(void)ssl;
	(void)ctx;
	if (SSL_select_next_proto(&chosen, out_n, ALPN_POSTGRESQL, sizeof(ALPN_POSTGRESQL) - 1, in, in_n) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void tls_error(const char *what, const char *file, char *why, size_t why_size)
{
	unsigned long e = ERR_peek_error(), last = ERR_peek_last_error();
	const char *reason = ERR_SYSTEM_ERROR(e) ? strerror(ERR_GET_REASON(e)) : ERR_reason_error_string(last);

	(void)snprintf(why, why_size, "%s %s: %s", what, file ? file : "", reason ? reason : "failed");
	ERR_clear_error();
}

static bool context_configure(SSL_CTX *c)
{
	/* No resumption: database sessions are long, and then there are no ticket keys to rotate or to lose. */
	SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET |
				       SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_read_ahead(c, 1);
	SSL_CTX_set_alpn_select_cb(c, on_alpn, NULL);
	return SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) == 1 && SSL_CTX_set_num_tickets(c, 0) == 1 &&
		SSL_CTX_set_cipher_list(c, CIPHERS_TLS12) == 1;
}

SSL_CTX *tls_context_new(const char *certificate, const char *key, char *why, size_t why_size)
{
	SSL_CTX *c;

	ERR_clear_error();
	c = SSL_CTX_new(TLS_server_method());
	if (!c || !bio_method() || !context_configure(c))
		tls_error("TLS set-up", NULL, why, why_size);
	else if (SSL_CTX_use_certificate_chain_file(c, certificate) != 1)
		tls_error("certificate", certificate, why, why_size);
	else if (SSL_CTX_use_PrivateKey_file(c, key, SSL_FILETYPE_PEM) != 1 || SSL_CTX_check_private_key(c) != 1)
		tls_error("private key", key, why, why_size);
	else
		return c;
	SSL_CTX_free(c);
	return NULL;
}

/* ---- one connection ---- */

/* SSL_get_error needs an empty queue. Clearing one walks all its places; it is empty nearly always. */
void tls_errors_clear(void)
{
	if (ERR_peek_error())
		ERR_clear_error();
}

struct tls *tls_new(SSL_CTX *context, struct street *s, bool is_direct)
{
	struct tls *t = calloc(1, sizeof(*t));
	BIO *bio = t ? BIO_new(bio_method()) : NULL;

	if (!bio) {
		free(t);
		return NULL;
	}
	t->street = s;
	t->is_direct = is_direct;
	qw_buf_init(&t->held, 4 * CIPHER_BYTES);
	BIO_set_data(bio, t);
	BIO_set_init(bio, 1);
	t->ssl = SSL_new(context);
	if (!t->ssl) {
		BIO_free(bio);
		free(t);
		return NULL;
	}
	SSL_set_bio(t->ssl, bio, bio); /* takes the reference over */
	SSL_set_accept_state(t->ssl);
	return t;
}

void tls_free(struct tls *t)
{
	if (!t)
		return;
	t->street->cipher_n -= tls_scratch(t).n;
	SSL_free(t->ssl);
	qw_buf_fini(&t->held);
	free(t);
}

bool tls_is_ready(const struct tls *t)
{
	return t->is_ready;
}

static void tell_ready(struct conn *c)
{
	struct tls *t = c->tls;
	const unsigned char *alpn = NULL;
	unsigned int alpn_n = 0;
	struct session_tls facts;
	struct session_event ev = {.kind = SESSION_EV_TLS_READY, .tls = &facts};

	SSL_get0_alpn_selected(t->ssl, &alpn, &alpn_n);
	facts = (struct session_tls){
		.version = SSL_get_version(t->ssl),
		.cipher = SSL_get_cipher_name(t->ssl),
		.is_direct = t->is_direct,
		.alpn_postgresql = alpn_n == sizeof(ALPN_POSTGRESQL) - 2,
	};
	t->is_ready = true;
	conn_event(c, &ev);
}

/* True: go on. The alert, if there is one, lies in the scratch and is written by the caller's relay_write. */
static bool shake(struct conn *c)
{
	struct tls *t = c->tls;
	int r;

	ERR_clear_error();
	r = SSL_do_handshake(t->ssl);
	if (r == 1) {
		tell_ready(c);
		return true;
	}
	if (SSL_get_error(t->ssl, r) == SSL_ERROR_WANT_READ)
		return true;
	r = (int)ERR_GET_REASON(ERR_peek_last_error());
	conn_log_failure(c, "tls.refused", ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return false;
}

/* Decrypts one street.plain full. 1: there may be more, 0: all of it, -1: the stream is over. */
static int decrypt(struct conn *c)
{
	struct street *s = c->street;
	struct session_event ev = {.kind = SESSION_EV_BYTES, .side = SESSION_CLIENT};
	size_t n = 0;
	int r = 1, err = SSL_ERROR_NONE;

	tls_errors_clear();
	while (n < READ_BYTES) {
		r = SSL_read(c->tls->ssl, s->plain + n, (int)(READ_BYTES - n));
		if (r <= 0)
			break;
		n += (size_t)r;
		if (c->tls->in.n == 0 && !SSL_has_pending(c->tls->ssl)) {
			err = SSL_ERROR_WANT_READ; /* what asking again would say */
			break;
		}
	}
	if (r <= 0)
		err = SSL_get_error(c->tls->ssl, r);
	if (n > 0) {
		ev.bytes = qw_bytes(s->plain, n);
		conn_event(c, &ev);
	}
	if (err == SSL_ERROR_NONE)
		return 1;
	return err == SSL_ERROR_WANT_READ ? 0 : -1;
}

bool tls_feed(struct conn *c, struct qw_bytes raw)
{
	struct tls *t = c->tls;
	bool is_alive = true;
	int more = 1;

	t->in = raw;
	if (!t->is_ready)
		is_alive = shake(c);
	while (c->phase == CONN_OPEN && is_alive && more > 0 && t->is_ready) {
		more = decrypt(c);
		is_alive = more >= 0;
	}
	tls_errors_clear();
	if (c->phase == CONN_CLOSED)
		return true; /* the client is gone, and `t` with it */
	t->in = (struct qw_bytes){0};
	return is_alive && !t->has_failed;
}

int tls_encrypt(struct tls *t, struct qw_bytes plain)
{
	if (!t->has_failed && SSL_write(t->ssl, plain.p, (int)plain.n) == (int)plain.n && !t->has_failed)
		return 0;
	tls_errors_clear();
	return QW_E_CRYPTO;
}

void tls_goodbye(struct tls *t)
{
	ERR_clear_error();
	if (t->is_ready && !t->has_failed)
		(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
}

struct qw_bytes tls_waiting(const struct tls *t)
{
	struct qw_bytes held = qw_buf_pending(&t->held);

	return held.n > 0 ? held : tls_scratch(t);
}

int tls_sent(struct tls *t, size_t n)
{
	struct qw_bytes scratch = tls_scratch(t);

	if (qw_buf_pending(&t->held).n > 0) {
		qw_buf_consume(&t->held, n);
		return 0;
	}
	if (n < scratch.n)
		t->has_failed |= qw_buf_append(&t->held, scratch.p + n, scratch.n - n) != 0;
	t->street->cipher_n -= scratch.n;
	return t->has_failed ? QW_E_NOMEM : 0;
}
