#include "qw/upstream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "my.h"

enum {
	USER_TIMEOUT_MS = 120000, /* unacknowledged bytes older than this: the database is gone */
	READ_BUFFER_BYTES = 65536, /* several TLS records with one read */
};

struct upstream { /* pg or my is set; alive as long as its socket and SSL are used: the BIO's callbacks point into it */
	PGconn *pg;
	struct upstream_mysql *my;
	struct vault *vault; /* my: cancelling needs a connection of its own */
	const struct upstream_target *target;
	int fd;
	SSL *ssl;
};

struct upstream_cancel {
	PGcancel *pg; /* or, NULL, MySQL's: */
	struct vault *vault;
	const struct upstream_target *target;
	uint32_t id;
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

static int open_either(struct vault *v, const struct upstream_request *r, struct upstream *u, struct upstream_failure *failure)
{
	int err;

	if (r->target->dialect != r->dialect)
		return upstream_fail(failure, QW_E_CONFIG, "08001", "the gateway's configuration of this database is wrong",
			"target %s speaks another dialect", r->target->name);
	switch (r->target->dialect) {
	case UPSTREAM_POSTGRES:
		err = upstream_open(v, r, NULL, &u->pg, failure);
		if (err)
			return err;
		u->fd = PQsocket(u->pg);
		u->ssl = PQsslStruct(u->pg, "OpenSSL");
		return 0;
	case UPSTREAM_MYSQL:
		err = upstream_mysql_open(v, r, &u->my, failure);
		if (err)
			return err;
		u->fd = mysql_get_socket(u->my->m);
		u->ssl = upstream_mysql_ssl(u->my);
		return 0;
	}
	return upstream_fail(failure, QW_E_CONFIG, "08001", "the gateway's configuration of this database is wrong", "no such dialect");
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
	err = open_either(v, r, u, failure);
	if (err) {
		free(u);
		return err;
	}
	u->vault = v;
	u->target = r->target;
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
	upstream_mysql_close(u->my);
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
	return u->my ? (uint32_t)mysql_thread_id(u->my->m) : (uint32_t)PQbackendPID(u->pg);
}

uint32_t upstream_server_version(const struct upstream *u)
{
	return u->my ? u->my->version : (uint32_t)PQserverVersion(u->pg);
}

struct upstream_mysql_wire upstream_mysql_wire(const struct upstream *u)
{
	struct upstream_mysql_wire w = {0};
	unsigned long long extended = 0;

	if (!u->my)
		return w;
	w.is_mariadb = u->my->is_mariadb;
	w.capabilities = (uint32_t)u->my->m->client_flag;
	if (w.is_mariadb && mariadb_get_infov(u->my->m, MARIADB_CONNECTION_EXTENDED_SERVER_CAPABILITIES, &extended) == 0)
		w.extended = (uint32_t)extended;
	return w;
}

/* GUC_REPORT of PostgreSQL 13 to 18: libpq has no call that lists what it was told. */
size_t upstream_parameters(const struct upstream *u, struct upstream_parameter *out, size_t max)
{
	static const char *const names[] = {"application_name", "client_encoding", "DateStyle",
		"default_transaction_read_only", "in_hot_standby", "integer_datetimes", "IntervalStyle", "is_superuser",
		"scram_iterations", "search_path", "server_encoding", "server_version", "session_authorization",
		"standard_conforming_strings", "TimeZone"};
	size_t n = 0;

	for (; u->my && n < u->my->value_count && n < max; n++)
		out[n] = u->my->values[n];
	for (size_t i = 0; !u->my && i < QW_COUNT(names) && n < max; i++) {
		const char *value = PQparameterStatus(u->pg, names[i]);

		if (value)
			out[n++] = (struct upstream_parameter){names[i], value};
	}
	return n;
}

/* ---- cancelling: libpq 15 and 16 do it without TLS and wait for the server to close; MySQL's is a statement of another session ---- */

struct upstream_cancel *upstream_cancel_new(const struct upstream *u)
{
	struct upstream_cancel *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct upstream_cancel){.vault = u->vault, .target = u->target, .id = upstream_backend_pid(u)};
	if (u->my)
		return c;
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

	if (!c->pg)
		return upstream_mysql_kill(c->vault, c->target, c->id, why, why_size);
	if (PQcancel(c->pg, text, sizeof(text)) == 1)
		return 0;
	(void)snprintf(why, why_size, "%.*s", (int)strcspn(text, "\n"), text);
	return QW_E_IO;
}

void upstream_cancel_free(struct upstream_cancel *c)
{
	if (!c)
		return;
	if (c->pg)
		PQfreeCancel(c->pg);
	free(c);
}
