#include "qw/upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "internal.h"

enum {
	USER_TIMEOUT_MS = 120000, /* unacknowledged bytes older than this: the database is gone */
	READ_BUFFER_BYTES = 65536, /* several TLS records with one read */
};

struct upstream {
	PGconn *pg; /* alive as long as its socket and SSL are used: the BIO's callbacks point into it */
	int fd;
	SSL *ssl;
};

struct upstream_cancel {
	PGcancel *pg;
};

static void prepare_for_relay(struct upstream *u)
{
	int timeout_ms = USER_TIMEOUT_MS, one = 1;

	/* Both only help; a UNIX socket has neither. */
	(void)setsockopt(u->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
	(void)setsockopt(u->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (!u->ssl)
		return;
	(void)SSL_set_mode(u->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					   SSL_MODE_AUTO_RETRY | SSL_MODE_RELEASE_BUFFERS);
	SSL_set_default_read_buffer_len(u->ssl, READ_BUFFER_BYTES);
	SSL_set_read_ahead(u->ssl, 1);
}

int upstream_connect(struct vault *v, const struct upstream_request *r, struct upstream **out,
	struct upstream_failure *failure)
{
	struct upstream *u = calloc(1, sizeof(*u));
	int err;

	*out = NULL;
	*failure = (struct upstream_failure){.sqlstate = ""};
	if (!u)
		return upstream_fail(failure, QW_E_NOMEM, "53200", "out of memory", "out of memory");
	err = upstream_open(v, r, NULL, &u->pg, failure);
	if (err) {
		free(u);
		return err;
	}
	u->fd = PQsocket(u->pg);
	u->ssl = PQsslStruct(u->pg, "OpenSSL");
	prepare_for_relay(u);
	*out = u;
	return 0;
}

/*
 * PQfinish sends Terminate and a TLS close_notify, and waits while the socket is full. On a socket that is shut down both
 * fail at once. The server takes the end of an idle session for granted.
 */
void upstream_free(struct upstream *u)
{
	if (!u)
		return;
	upstream_drop(u->pg);
	free(u);
}

int upstream_socket(const struct upstream *u)
{
	return u->fd;
}

void *upstream_ssl(const struct upstream *u)
{
	return u->ssl;
}

uint32_t upstream_backend_pid(const struct upstream *u)
{
	return (uint32_t)PQbackendPID(u->pg);
}

uint32_t upstream_server_version(const struct upstream *u)
{
	return (uint32_t)PQserverVersion(u->pg);
}

/* GUC_REPORT of PostgreSQL 13 to 18: libpq has no call that lists what it was told. */
size_t upstream_parameters(const struct upstream *u, struct upstream_parameter *out, size_t max)
{
	static const char *const names[] = {"application_name", "client_encoding", "DateStyle",
		"default_transaction_read_only", "in_hot_standby", "integer_datetimes", "IntervalStyle", "is_superuser",
		"scram_iterations", "search_path", "server_encoding", "server_version", "session_authorization",
		"standard_conforming_strings", "TimeZone"};
	size_t n = 0;

	for (size_t i = 0; i < QW_COUNT(names) && n < max; i++) {
		const char *value = PQparameterStatus(u->pg, names[i]);

		if (value)
			out[n++] = (struct upstream_parameter){names[i], value};
	}
	return n;
}

/* ---- cancelling: libpq 15 and 16 do it without TLS and wait for the server to close ---- */

struct upstream_cancel *upstream_cancel_new(const struct upstream *u)
{
	struct upstream_cancel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->pg = PQgetCancel(u->pg);
	if (!c->pg) {
		free(c);
		return NULL;
	}
	return c;
}

int upstream_cancel(struct upstream_cancel *c, char *why, size_t why_size)
{
	char text[256] = "";

	if (PQcancel(c->pg, text, sizeof(text)) == 1)
		return 0;
	(void)snprintf(why, why_size, "%.*s", (int)strcspn(text, "\n"), text);
	return QW_E_IO;
}

void upstream_cancel_free(struct upstream_cancel *c)
{
	if (!c)
		return;
	PQfreeCancel(c->pg);
	free(c);
}
