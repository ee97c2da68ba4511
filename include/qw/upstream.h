/*
 * Opens database connections: libpq connects and authenticates (it blocks: worker threads only), then hands over socket
 * and TLS. Also cancels, and reads the catalog. The only room that sees <libpq-fe.h>.
 */
#ifndef QW_UPSTREAM_H
#define QW_UPSTREAM_H

#include "qw/catalog.h"
#include "qw/vault.h"

struct upstream_target { /* from the configuration; outlives everything */
	const char *name, *host, *credential; /* credential: name in the vault */
	uint16_t port;
	const char *tls_mode; /* libpq's sslmode: disable .. verify-full (default) */
	const char *tls_ca_file;
	const char *channel_binding; /* prefer (default), require, disable */
	uint32_t connect_timeout_s;
};

struct upstream_parameter {
	const char *name, *value;
};

struct upstream_request {
	const struct upstream_target *target;
	const char *database;
	const char *application_name;
	const struct upstream_parameter *settings; /* startup settings, whitelisted by the session; go as `options` or keys */
	size_t setting_count;
};

struct upstream; /* an open, authenticated, idle session; owns PGconn, hence socket and SSL */

/* Why a connect failed, reduced for the agent; `detail` is for our log only and holds no secret. */
struct upstream_failure {
	char sqlstate[6]; /* 08001, 28P01 -> 08004, 3D000, 53300, 57P03 ... */
	char message[160]; /* clean: no host, user, or server text */
	char detail[512];
};

/* Blocks. IO, NOTFOUND (credential), CRYPTO, NOMEM: *failure is filled. */
int upstream_connect(struct vault *v, const struct upstream_request *r, struct upstream **out, struct upstream_failure *failure) QW_MUST_CHECK;
void upstream_free(struct upstream *u); /* closes; sends Terminate only if nothing was relayed since */
int upstream_socket(const struct upstream *u);
void *upstream_ssl(const struct upstream *u); /* SSL * or NULL */
uint32_t upstream_backend_pid(const struct upstream *u);
uint32_t upstream_server_version(const struct upstream *u); /* 150020 */
/* Every ParameterStatus that libpq can name. Returned strings live as long as `u`. */
size_t upstream_parameters(const struct upstream *u, struct upstream_parameter *out, size_t max);
/* A token for cancelling that another thread may use after `u` moved on. Blocks in upstream_cancel. */
struct upstream_cancel *upstream_cancel_new(const struct upstream *u);
int upstream_cancel(struct upstream_cancel *c, char *why, size_t why_size) QW_MUST_CHECK;
void upstream_cancel_free(struct upstream_cancel *c);

/* Blocks: opens its own connection, reads relations, columns, view origins and dependencies. */
int upstream_read_catalog(struct vault *v, const struct upstream_target *t, const char *database, uint64_t generation,
	struct catalog **out, struct upstream_failure *failure) QW_MUST_CHECK;

#endif
