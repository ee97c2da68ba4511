/*
 * libpq connects, negotiates TLS and authenticates; then we check that what we got is what we asked for. Everything that
 * libpq would otherwise take from the environment, a service file, ~/.pgpass or ~/.postgresql is said explicitly.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"

/* A path that cannot exist, for files that libpq would look for in the home directory (ENOTDIR: "no such file", quietly). */
#define NO_FILE "/dev/null/none"

enum { PARAM_MAX = 32, TIMEOUT_DEFAULT_S = 10, NAME_BYTES_MAX = 63 /* NAMEDATALEN - 1: longer ones are cut silently */ };

struct params {
	const char *keys[PARAM_MAX + 1], *values[PARAM_MAX + 1];
	size_t n;
	char port[8], user_timeout_ms[16];
	struct qw_buf options;
};

int64_t upstream_now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what we ask for ---- */

static const char *or_default(const char *s, const char *otherwise)
{
	return s && *s ? s : otherwise;
}

static bool is_one_of(const char *s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(s, list[i]) == 0)
			return true;
	}
	return false;
}

const char *upstream_tls_mode(const struct upstream_target *t)
{
	return or_default(t->tls_mode, "verify-full");
}

bool upstream_is_tls_mode(const char *mode)
{
	static const char *const modes[] = {"disable", "require", "verify-ca", "verify-full"};

	return is_one_of(mode, modes, QW_COUNT(modes));
}

static int check_request(const struct upstream_request *r, struct upstream_failure *f)
{
	static const char *const bindings[] = {"disable", "prefer", "require"};
	static const char message[] = "the gateway's configuration of this database is wrong";
	const struct upstream_target *t = r->target;

	if (!upstream_environment_is_clean())
		return upstream_fail(f, QW_E_CONFIG, "08001", message, "PG* variables are set in the environment");
	if (!t->host || !*t->host || strchr(t->host, ','))
		return upstream_fail(f, QW_E_CONFIG, "08001", message, "target %s: exactly one host is needed", t->name);
	if (!upstream_is_tls_mode(upstream_tls_mode(t)))
		return upstream_fail(f, QW_E_CONFIG, "08001", message, "target %s: no tls mode is named %s", t->name, t->tls_mode);
	if (!is_one_of(or_default(t->channel_binding, "prefer"), bindings, QW_COUNT(bindings)))
		return upstream_fail(f, QW_E_CONFIG, "08001", message, "target %s: channel_binding cannot be %s", t->name,
			t->channel_binding);
	if (!r->database || !*r->database || strlen(r->database) > NAME_BYTES_MAX ||
	    !qw_utf8_valid(qw_bytes_from(r->database)))
		return upstream_fail(f, QW_E_MALFORMED, "3D000", "the database does not exist", "not a database name");
	return 0;
}

static void add(struct params *p, const char *key, const char *value)
{
	QW_ASSERT(p->n < PARAM_MAX && value && *value); /* an empty value would mean libpq's default */
	p->keys[p->n] = key;
	p->values[p->n++] = value;
}

/* A file or, for libpq >= 16, "system". Without a verifying mode a missing file is ignored: no verification was asked for. */
static const char *root_certificates(const struct upstream_target *t)
{
	if (t->tls_ca_file && *t->tls_ca_file)
		return t->tls_ca_file;
	if (strncmp(upstream_tls_mode(t), "verify-", 7) != 0)
		return NO_FILE;
	return PQlibVersion() >= 160000 ? "system" : "/etc/ssl/certs/ca-certificates.crt";
}

static void add_tls(struct params *p, const struct upstream_target *t)
{
	add(p, "sslmode", upstream_tls_mode(t));
	add(p, "sslrootcert", root_certificates(t));
	add(p, "sslcert", NO_FILE);
	add(p, "sslkey", NO_FILE);
	add(p, "sslcrl", NO_FILE);
	add(p, "sslcompression", "0");
	add(p, "sslsni", "1");
	add(p, "ssl_min_protocol_version", "TLSv1.2");
	add(p, "channel_binding", or_default(t->channel_binding, "prefer"));
	add(p, "gssencmode", "disable"); /* a GSS-wrapped socket cannot be relayed */
}

uint32_t upstream_timeout_s(const struct upstream_target *t)
{
	return t->connect_timeout_s ? t->connect_timeout_s : TIMEOUT_DEFAULT_S;
}

/*
 * tcp_user_timeout bounds each SYN, so that a dead first address leaves time for the next one; it also bounds PQcancel, which
 * has no timeout of its own. libpq's connect_timeout has no effect when we poll ourselves.
 */
static void build_params(struct params *p, const struct upstream_request *r, const struct vault_secret *s)
{
	const struct upstream_target *t = r->target;

	(void)snprintf(p->port, sizeof(p->port), "%u", t->port ? (unsigned)t->port : 5432u);
	(void)snprintf(p->user_timeout_ms, sizeof(p->user_timeout_ms), "%llu", upstream_timeout_s(t) * 500ull);
	add(p, "host", t->host);
	add(p, "port", p->port);
	add(p, "user", s->user);
	add(p, "password", (const char *)s->secret);
	add(p, "passfile", NO_FILE);
	add(p, "dbname", r->database);
	add(p, "client_encoding", "UTF8");
	add(p, "application_name", or_default(r->application_name, "querywarden"));
	add(p, "options", (const char *)p->options.p);
	add(p, "target_session_attrs", "any"); /* others run queries */
	add(p, "keepalives", "1");
	add(p, "keepalives_idle", "60");
	add(p, "keepalives_interval", "10");
	add(p, "keepalives_count", "6");
	add(p, "tcp_user_timeout", p->user_timeout_ms);
	add_tls(p, t);
}

/* ---- connecting ---- */

static void ignore_notice(void *ctx, const PGresult *r)
{
	(void)ctx;
	(void)r; /* libpq's own receiver prints it on standard error */
}

int upstream_wait(PGconn *pg, short events, int64_t deadline_ms)
{
	struct pollfd p = {.fd = PQsocket(pg), .events = events};

	for (;;) {
		int64_t left = deadline_ms - upstream_now_ms();
		int n = left > 0 ? poll(&p, 1, (int)(left < 60000 ? left : 60000)) : 0;

		if (n > 0)
			return 0;
		if (left <= 0)
			return QW_E_EXPIRED;
		if (n < 0 && errno != EINTR)
			return QW_E_IO;
	}
}

int upstream_result(PGconn *pg, int64_t deadline_ms, PGresult **out)
{
	for (;;) {
		int err, unsent = PQflush(pg);

		if (unsent < 0)
			return QW_E_IO;
		if (!PQisBusy(pg))
			break;
		err = upstream_wait(pg, unsent ? POLLIN | POLLOUT : POLLIN, deadline_ms);
		if (err)
			return err;
		if (PQconsumeInput(pg) != 1)
			return QW_E_IO;
	}
	*out = PQgetResult(pg);
	return 0;
}

void upstream_drop(PGconn *pg)
{
	if (!pg)
		return;
	if (PQsocket(pg) >= 0)
		(void)shutdown(PQsocket(pg), SHUT_RDWR);
	PQfinish(pg);
}

static int poll_until_open(PGconn *pg, const struct upstream_target *t, struct qw_bytes secret, struct upstream_failure *f)
{
	int64_t deadline_ms = upstream_now_ms() + (int64_t)upstream_timeout_s(t) * 1000;
	PostgresPollingStatusType now = PGRES_POLLING_WRITING;

	while (now == PGRES_POLLING_READING || now == PGRES_POLLING_WRITING) {
		int err = upstream_wait(pg, now == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms);

		if (err == QW_E_EXPIRED)
			return upstream_fail(f, QW_E_IO, "08001", "the database did not answer in time",
				"target %s: no connection after %u s", t->name, (unsigned)upstream_timeout_s(t));
		if (err)
			return upstream_fail(f, err, "08001", "the gateway could not connect to the database",
				"target %s: poll: %s", t->name, strerror(errno));
		now = PQconnectPoll(pg);
	}
	return now == PGRES_POLLING_OK ? 0 : upstream_fail_text(f, PQerrorMessage(pg), secret);
}

/* ---- what we got ---- */

static bool reports(const PGconn *pg, const char *name, const char *value)
{
	const char *got = PQparameterStatus(pg, name);

	return got && strcmp(got, value) == 0;
}

static bool has_notify(PGconn *pg)
{
	PGnotify *n = PQnotifies(pg);
	bool had = n != NULL;

	PQfreemem(n);
	return had;
}

/*
 * SQL_ASCII would let bytes through unchecked that our reading of the text calls UTF-8, and other server encodings fold the
 * case of identifiers by their own rules: only UTF8 databases.
 */
static int check_session(PGconn *pg, const struct upstream_target *t, struct upstream_failure *f)
{
	static const char message[] = "the gateway cannot protect this database as it is set up";
	bool want_tls = strcmp(upstream_tls_mode(t), "disable") != 0;

	if (want_tls != (PQsslInUse(pg) == 1) || want_tls != (PQsslStruct(pg, "OpenSSL") != NULL))
		return upstream_fail(f, QW_E_IO, "08001", message, "target %s: TLS is not as configured", t->name);
	if (PQgssEncInUse(pg))
		return upstream_fail(f, QW_E_IO, "08001", message, "target %s: GSS encryption was not asked for", t->name);
	if (PQtransactionStatus(pg) != PQTRANS_IDLE || has_notify(pg))
		return upstream_fail(f, QW_E_IO, "08001", message, "target %s: the new session is not idle", t->name);
	if (!reports(pg, "server_encoding", "UTF8"))
		return upstream_fail(f, QW_E_UNSUPPORTED, "08001", message,
			"target %s: the encoding of the database must be UTF8", t->name);
	if (!reports(pg, "client_encoding", "UTF8") || !reports(pg, "standard_conforming_strings", "on"))
		return upstream_fail(f, QW_E_UNSUPPORTED, "08001", message,
			"target %s: client_encoding or standard_conforming_strings is not what we set", t->name);
	if (PQprotocolVersion(pg) != 3 || PQsocket(pg) < 0)
		return upstream_fail(f, QW_E_UNSUPPORTED, "08001", message, "target %s: not protocol 3", t->name);
	return 0;
}

/* ---- all of it ---- */

int upstream_credential(struct vault *v, const struct upstream_target *t, struct vault_secret *s, struct upstream_failure *f)
{
	static const char message[] = "the gateway could not log in to the database";
	int err = vault_get(v, t->credential ? t->credential : "", s);

	if (err)
		return upstream_fail(f, err, "08004", message, "target %s: credential %s: %s", t->name,
			or_default(t->credential, "(none)"), qw_error_text(err));
	if (*s->user && s->secret_bytes && !memchr(s->secret, 0, s->secret_bytes))
		return 0;
	vault_secret_free(s);
	return upstream_fail(f, QW_E_CONFIG, "08004", message,
		"target %s: credential %s has no user or is a key, not a password", t->name, t->credential);
}

/* Our copy of the password is wiped by the caller. libpq keeps its own in the PGconn until PQfinish: no public way to it. */
static int open_with(const struct upstream_request *r, const struct vault_secret *s, struct params *p, PGconn **out,
	struct upstream_failure *f)
{
	struct qw_bytes secret = qw_bytes(s->secret, s->secret_bytes);
	PGconn *pg;
	int err;

	build_params(p, r, s);
	pg = PQconnectStartParams(p->keys, p->values, 0); /* 0: a database named "host=..." is only a name */
	if (!pg)
		return upstream_fail(f, QW_E_NOMEM, "53200", "out of memory", "out of memory");
	(void)PQsetErrorVerbosity(pg, PQERRORS_VERBOSE);
	(void)PQsetNoticeReceiver(pg, ignore_notice, NULL);
	if (PQstatus(pg) == CONNECTION_BAD)
		err = upstream_fail_text(f, PQerrorMessage(pg), secret);
	else
		err = poll_until_open(pg, r->target, secret, f);
	if (!err)
		err = check_session(pg, r->target, f);
	if (err)
		upstream_drop(pg);
	else
		*out = pg;
	return err;
}

int upstream_open(struct vault *v, const struct upstream_request *r, const char *extra, PGconn **out,
	struct upstream_failure *f)
{
	struct params p = {.n = 0};
	struct vault_secret s = {.user = NULL};
	int err = check_request(r, f);

	if (err)
		return err;
	qw_buf_init(&p.options, UPSTREAM_OPTIONS_MAX);
	err = upstream_options(r->settings, r->setting_count, extra, &p.options);
	if (err)
		(void)upstream_fail(f, err, "22023", "the database refused a startup setting",
			"a setting cannot be sent: %s", qw_error_text(err));
	else
		err = upstream_credential(v, r->target, &s, f);
	if (!err)
		err = open_with(r, &s, &p, out, f);
	vault_secret_free(&s);
	qw_buf_fini(&p.options);
	return err;
}
