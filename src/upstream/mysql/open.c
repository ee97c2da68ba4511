/*
 * The client library connects, negotiates TLS and authenticates; then we check that what we got is what we asked for. It reads no
 * option file (we ask for none), and the environment was cleaned (environment.c).
 */
#include <errmsg.h>
#include <mysqld_error.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "../my.h"

typedef unsigned char uchar; /* which the library's headers want, as they want HAVE_TLS */
#define HAVE_TLS 1
#include <ma_pvio.h>

enum { NAME_BYTES_MAX = 192 /* 64 characters */, PACKET_BYTES_MAX = 64 << 20 };

/* Never the password itself but inside of TLS that was verified, or under a key: not mysql_clear_password, dialog, ... */
static const char plugins[] = "mysql_native_password,caching_sha2_password,client_ed25519";

/* ---- what we ask for ---- */

static bool wants_tls(const struct upstream_target *t)
{
	return strcmp(upstream_tls_mode(t), "disable") != 0;
}

static int check_request(const struct upstream_request *r, struct upstream_failure *f)
{
	static const char message[] = "the gateway's configuration of this database is wrong";
	const struct upstream_target *t = r->target;

	if (!upstream_environment_is_clean())
		return upstream_fail(f, QW_E_CONFIG, "08001", message, "MYSQL* or MARIADB* variables are set in the environment");
	if (!t->host || !*t->host || strchr(t->host, ','))
		return upstream_fail(f, QW_E_CONFIG, "08001", message, "target %s: exactly one host is needed", t->name);
	if (!upstream_is_tls_mode(upstream_tls_mode(t)))
		return upstream_fail(f, QW_E_CONFIG, "08001", message, "target %s: no tls mode is named %s", t->name, t->tls_mode);
	if (*t->host == '/' && wants_tls(t))
		return upstream_fail(f, QW_E_CONFIG, "08001", message, "target %s: a socket has no TLS: say tls mode disable", t->name);
	if (r->setting_count || (r->client_flags & ~UPSTREAM_MYSQL_FLAGS))
		return upstream_fail(f, QW_E_MALFORMED, "22023", "the database refused a startup setting",
			"settings, or flags that a client may not choose: %x", (unsigned)r->client_flags);
	if (r->database && (!*r->database || strlen(r->database) > NAME_BYTES_MAX || !qw_utf8_valid(qw_bytes_from(r->database))))
		return upstream_fail(f, QW_E_MALFORMED, "3D000", "the database does not exist", "not a database name");
	return 0;
}

/* A file: without one the library would verify nothing. `require` verifies nothing, as its name says in docs/operations.md. */
static const char *root_certificates(const struct upstream_target *t)
{
	if (strncmp(upstream_tls_mode(t), "verify-", 7) != 0)
		return NULL;
	return t->tls_ca_file && *t->tls_ca_file ? t->tls_ca_file : "/etc/ssl/certs/ca-certificates.crt";
}

static int set_tls(MYSQL *m, const struct upstream_target *t)
{
	const my_bool is_wanted = wants_tls(t), names_host = strcmp(upstream_tls_mode(t), "verify-full") == 0;
	const char *ca = root_certificates(t);
	int err = mysql_optionsv(m, MYSQL_OPT_SSL_ENFORCE, &is_wanted);

	if (is_wanted)
		err |= mysql_optionsv(m, MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3");
	if (ca) /* verifies the chain; the name only with the other */
		err |= mysql_optionsv(m, MYSQL_OPT_SSL_CA, ca);
	err |= mysql_optionsv(m, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &names_host);
	return err;
}

static int set_options(MYSQL *m, const struct upstream_request *r)
{
	const unsigned timeout = upstream_timeout_s(r->target);
	const unsigned protocol = *r->target->host == '/' ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
	const unsigned local_infile = 0;
	const size_t packet = PACKET_BYTES_MAX;
	int err = set_tls(m, r->target);

	err |= mysql_optionsv(m, MYSQL_OPT_PROTOCOL, &protocol);
	err |= mysql_optionsv(m, MYSQL_OPT_CONNECT_TIMEOUT, &timeout);
	err |= mysql_optionsv(m, MYSQL_OPT_READ_TIMEOUT, &timeout);
	err |= mysql_optionsv(m, MYSQL_OPT_WRITE_TIMEOUT, &timeout);
	err |= mysql_optionsv(m, MARIADB_OPT_IO_WAIT, upstream_mysql_wait);
	err |= mysql_optionsv(m, MYSQL_OPT_LOCAL_INFILE, &local_infile);
	err |= mysql_optionsv(m, MARIADB_OPT_RESTRICTED_AUTH, plugins);
	err |= mysql_optionsv(m, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	err |= mysql_optionsv(m, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	err |= mysql_optionsv(m, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name",
		r->application_name && *r->application_name ? r->application_name : "querywarden");
	return err ? QW_E_NOMEM : 0;
}

/* ---- what went wrong ---- */

/* As a SQLSTATE of PostgreSQL, whose classes failure.c knows. */
static const char *state_of(unsigned number)
{
	switch (number) {
	case ER_ACCESS_DENIED_ERROR:
	case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
	case ER_MUST_CHANGE_PASSWORD:
	case ER_MUST_CHANGE_PASSWORD_LOGIN:
	case ER_ACCOUNT_HAS_BEEN_LOCKED:
	case ER_HOST_NOT_PRIVILEGED:
	case ER_HOST_IS_BLOCKED: return "28000";
	case ER_DBACCESS_DENIED_ERROR:
	case ER_SPECIFIC_ACCESS_DENIED_ERROR: return "42501";
	case ER_BAD_DB_ERROR: return "3D000";
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
	case ER_USER_LIMIT_REACHED: return "53300";
	case ER_SERVER_SHUTDOWN: return "57P01";
	default: return "";
	}
}

int upstream_mysql_fail(MYSQL *m, const struct upstream_target *t, struct qw_bytes secret, enum upstream_mysql_trouble trouble,
	struct upstream_failure *f)
{
	char text[1024];

	switch (trouble) {
	case UPSTREAM_MYSQL_FINE: break;
	case UPSTREAM_MYSQL_LATE:
		return upstream_fail(f, QW_E_IO, "08001", "the database did not answer in time", "target %s: no connection after %u s",
			t->name, (unsigned)upstream_timeout_s(t));
	case UPSTREAM_MYSQL_INJECTED:
		return upstream_fail(f, QW_E_IO, "08001", "the gateway could not connect to the database",
			"target %s: somebody spoke in clear after the greeting, where TLS begins", t->name);
	}
	(void)snprintf(text, sizeof(text), "%u (%s): %s", mysql_errno(m), mysql_sqlstate(m), mysql_error(m));
	return upstream_fail_state(f, state_of(mysql_errno(m)), text, secret);
}

/* ---- what we got ---- */

static SSL *ssl_of(const MYSQL *m)
{
	return m->net.pvio && m->net.pvio->ctls ? m->net.pvio->ctls->ssl : NULL;
}

static bool has_leftover(const MYSQL *m)
{
	const MARIADB_PVIO *p = m->net.pvio;

	return (p->cache && p->cache + p->cache_size > p->cache_pos) || m->net.remain_in_buf || (ssl_of(m) && SSL_has_pending(ssl_of(m)));
}

static const char *fault_of(const struct upstream_mysql *u, const struct upstream_target *t)
{
	const MYSQL *m = u->m;
	const unsigned long never = CLIENT_COMPRESS | CLIENT_ZSTD_COMPRESSION | CLIENT_LOCAL_FILES | (1UL << 24) /* DEPRECATE_EOF */;
	const unsigned long always = CLIENT_PROTOCOL_41 | CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH | CLIENT_SESSION_TRACKING;

	if (wants_tls(t) != (ssl_of(m) != NULL))
		return "TLS is not as configured";
	if (m->protocol_version != 10 || (m->client_flag & always) != always || !(m->server_capabilities & CLIENT_SESSION_TRACKING))
		return "MySQL 5.7 or MariaDB 10.3 is needed, or newer";
	if (m->client_flag & never)
		return "the client library negotiated what it must not";
	if (u->is_mariadb != !(m->server_capabilities & CLIENT_MYSQL))
		return "what it says of itself in its greeting and after it is not the same";
	if ((m->server_status & (SERVER_STATUS_IN_TRANS | SERVER_MORE_RESULTS_EXIST)) || has_leftover(m))
		return "the new session is not idle";
	return NULL;
}

void *upstream_mysql_ssl(const struct upstream_mysql *u)
{
	return ssl_of(u->m);
}

/* ---- all of it ---- */

/* The library's own copy, and what it sent: nothing of both is needed any more. */
static void wipe(MYSQL *m)
{
	if (m->passwd)
		explicit_bzero(m->passwd, strlen(m->passwd));
	if (m->net.buff && m->net.buff_end > m->net.buff)
		explicit_bzero(m->net.buff, (size_t)(m->net.buff_end - m->net.buff));
}

static int talk(struct upstream_mysql *u, const struct upstream_request *r, const struct vault_secret *s, struct upstream_failure *f)
{
	static const char unlike_us[] = "the gateway cannot protect this database as it is set up";
	const struct upstream_target *t = r->target;
	const bool is_socket = *t->host == '/';
	struct qw_bytes secret = qw_bytes(s->secret, s->secret_bytes);
	enum upstream_mysql_trouble trouble;
	const char *fault;
	int err;

	upstream_mysql_begin(upstream_now_ms() + (int64_t)upstream_timeout_s(t) * 1000, wants_tls(t));
	err = mysql_real_connect(u->m, is_socket ? NULL : t->host, s->user, (const char *)s->secret, r->database,
		is_socket ? 0 : t->port ? t->port : 3306, is_socket ? t->host : NULL, r->client_flags) ? 0 : QW_E_IO;
	if (!err) {
		wipe(u->m);
		err = upstream_mysql_begin_session(u);
	}
	trouble = upstream_mysql_end();
	if (err == QW_E_IO || trouble != UPSTREAM_MYSQL_FINE)
		return upstream_mysql_fail(u->m, t, secret, trouble, f);
	if (err == QW_E_NOMEM)
		return upstream_fail(f, err, "53200", "out of memory", "out of memory");
	fault = err ? "the session's variables are not as we set them" : fault_of(u, t);
	return fault ? upstream_fail(f, QW_E_UNSUPPORTED, "08001", unlike_us, "target %s: %s", t->name, fault) : 0;
}

int upstream_mysql_open(struct vault *v, const struct upstream_request *r, struct upstream_mysql **out, struct upstream_failure *f)
{
	struct vault_secret s = {.user = NULL};
	struct upstream_mysql *u = NULL;
	int err = check_request(r, f);

	*out = NULL;
	if (!err)
		err = upstream_credential(v, r->target, &s, f);
	if (err)
		return err;
	u = calloc(1, sizeof(*u));
	if (u)
		u->m = mysql_init(NULL);
	if (!u || !u->m || set_options(u->m, r))
		err = upstream_fail(f, QW_E_NOMEM, "53200", "out of memory", "out of memory");
	else
		err = talk(u, r, &s, f);
	vault_secret_free(&s);
	if (err) {
		upstream_mysql_close(u);
		return err;
	}
	*out = u;
	return 0;
}

/* mysql_close() sends COM_QUIT and waits while the socket is full: on one that is shut down it cannot. */
void upstream_mysql_close(struct upstream_mysql *u)
{
	if (!u)
		return;
	if (u->m && u->m->net.pvio && mysql_get_socket(u->m) != -1)
		(void)shutdown(mysql_get_socket(u->m), SHUT_RDWR);
	if (u->m)
		mysql_close(u->m);
	upstream_mysql_forget(u);
	free(u);
}

int upstream_mysql_kill(struct vault *v, const struct upstream_target *t, uint32_t id, char *why, size_t why_size)
{
	struct upstream_request r = {.target = t, .application_name = "querywarden cancel"};
	struct upstream_failure f = {.sqlstate = ""};
	struct upstream_mysql *u = NULL;
	int err = upstream_mysql_open(v, &r, &u, &f);
	char sql[64];

	if (!err) {
		(void)snprintf(sql, sizeof(sql), "KILL QUERY %u", (unsigned)id);
		upstream_mysql_begin(upstream_now_ms() + (int64_t)upstream_timeout_s(t) * 1000, false);
		err = mysql_real_query(u->m, sql, (unsigned long)strlen(sql)) ? QW_E_IO : 0;
		if (err)
			(void)upstream_mysql_fail(u->m, t, qw_bytes(NULL, 0), upstream_mysql_end(), &f);
		else
			(void)upstream_mysql_end();
	}
	if (err)
		(void)snprintf(why, why_size, "%s", f.detail);
	upstream_mysql_close(u);
	return err;
}
