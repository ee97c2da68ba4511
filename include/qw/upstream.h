/*
 * Opens database connections: libpq or the MySQL client library connects and authenticates (it blocks: worker threads only), then
 * hands over socket and TLS. Also cancels, and reads the catalog. The only room that sees <libpq-fe.h> and <mysql.h>.
 */
#ifndef QW_UPSTREAM_H
#define QW_UPSTREAM_H

#include "qw/catalog.h"
#include "qw/vault.h"

enum upstream_dialect { UPSTREAM_POSTGRES, UPSTREAM_MYSQL /* and MariaDB */ };

struct upstream_target { /* from the configuration; outlives everything */
	enum upstream_dialect dialect;
	const char *name, *host, *credential; /* host: one name, address or socket folder (MySQL: socket); credential: name in the vault */
	uint16_t port; /* 0: 5432, 3306 */
	const char *tls_mode; /* disable, require, verify-ca, verify-full (default); never allow or prefer, which fall back */
	const char *tls_ca_file; /* NULL: the system's */
	const char *channel_binding; /* PostgreSQL: prefer (default), require, disable */
	uint32_t connect_timeout_s; /* for all of it; 0: 10 */
};

struct upstream_parameter {
	const char *name, *value;
};

struct upstream_request {
	enum upstream_dialect dialect; /* what the caller speaks: a target of another is refused (CONFIG) */
	const struct upstream_target *target;
	const char *database; /* MySQL: NULL for none */
	const char *application_name;
	/* Startup settings, whitelisted by the session; they go as `options`. Ours follow and win: UTF8, standard strings. MySQL: none. */
	const struct upstream_parameter *settings;
	size_t setting_count;
	uint32_t client_flags; /* MySQL: of UPSTREAM_MYSQL_FLAGS, as the client has them; they change what statements mean */
};
/* FOUND_ROWS, NO_SCHEMA, ODBC, IGNORE_SPACE, INTERACTIVE, MULTI_STATEMENTS: the flags of the protocol that a client may choose. */
#define UPSTREAM_MYSQL_FLAGS UINT32_C(0x00010552)
/*
 * A MySQL session begins with the first of these, where %s is the server's own sql_mode without what changes how text is read (and
 * whatever we do not know), and the second. The server answers each change of a tracked variable. COM_RESET_CONNECTION undoes all of
 * it: the session then sends UPSTREAM_MYSQL_AGAIN with the sql_mode of upstream_parameters(), and UPSTREAM_MYSQL_NAMES.
 */
#define UPSTREAM_MYSQL_TRACKED \
	"autocommit,character_set_client,character_set_connection,character_set_results,collation_connection,sql_mode"
#define UPSTREAM_MYSQL_AGAIN \
	"SET SESSION session_track_system_variables='" UPSTREAM_MYSQL_TRACKED "', session_track_schema=ON, " \
	"session_track_state_change=OFF, session_track_transaction_info='OFF', sql_mode='%s'"
#define UPSTREAM_MYSQL_NAMES "SET NAMES utf8mb4"

struct upstream; /* an open, authenticated, idle session; owns PGconn or MYSQL, hence socket and SSL */

/* Why a connect failed, reduced for the agent; `detail` is for our log only and holds no secret. */
struct upstream_failure {
	char sqlstate[6]; /* 08001, 08004, 3D000, 53300, 57P03, 22023 */
	char message[160]; /* clean: no host, user, or server text */
	char detail[512]; /* one line */
};

/*
 * Before threads: takes PGHOST, PGPASSWORD, MYSQL_PWD, MARIADB_PLUGIN_DIR, ... out of the environment, so that nothing but the
 * configuration says where and as whom we connect. While any of them is there, connecting fails with CONFIG. IO: the MySQL client
 * library cannot be started. Afterwards SIGPIPE is ignored: that library does not hide it from us.
 */
int upstream_process_init(void) QW_MUST_CHECK;

/* Blocks. IO, NOTFOUND (credential), CRYPTO, CONFIG, MALFORMED (a setting), NOMEM: *failure is filled. */
int upstream_connect(struct vault *v, const struct upstream_request *r, struct upstream **out, struct upstream_failure *failure) QW_MUST_CHECK;
/* Closes at once and never blocks. Sends no Terminate: only the owner of the socket knows whether a message is half sent. */
void upstream_free(struct upstream *u);
int upstream_socket(const struct upstream *u); /* non-blocking; stays ours: never close it */
/* SSL * or NULL. PARTIAL_WRITE, MOVING_WRITE_BUFFER, AUTO_RETRY and read_ahead are on: ask SSL_has_pending, not the socket. */
void *upstream_ssl(const struct upstream *u);
uint32_t upstream_backend_pid(const struct upstream *u); /* MySQL: CONNECTION_ID() */
uint32_t upstream_server_version(const struct upstream *u); /* 150020; MySQL: 90704, 101119 */
struct upstream_mysql_wire { /* what the client library and the server agreed on */
	bool is_mariadb;
	uint32_t capabilities; /* CLIENT_*; of MULTI_STATEMENTS, ... what was asked for; never COMPRESS, LOCAL_FILES, DEPRECATE_EOF */
	uint32_t extended; /* MariaDB's own: 1 progress, 4 bulk, 8 extended metadata, 16 cached metadata */
};
struct upstream_mysql_wire upstream_mysql_wire(const struct upstream *u);
/*
 * Every ParameterStatus that libpq can name. MySQL: greeting_version (as a client expects it in a greeting), version, the tracked
 * variables and some that do not change: upstream/mysql/opening.c has the list. Returned strings live as long as `u`.
 */
size_t upstream_parameters(const struct upstream *u, struct upstream_parameter *out, size_t max);
/* A token for cancelling that another thread may use after `u` moved on. Blocks in upstream_cancel. */
struct upstream_cancel *upstream_cancel_new(const struct upstream *u);
int upstream_cancel(struct upstream_cancel *c, char *why, size_t why_size) QW_MUST_CHECK;
void upstream_cancel_free(struct upstream_cancel *c);

/*
 * Blocks: opens its own connection, reads relations, columns, view origins and dependencies. MySQL: of all databases that the login
 * may see (`database` may be NULL), see catalog.h.
 */
int upstream_read_catalog(struct vault *v, const struct upstream_target *t, const char *database, uint64_t generation,
	struct catalog **out, struct upstream_failure *failure) QW_MUST_CHECK;

/*
 * A connection of its own that tells cheaply whether the schema may have changed. Blocks: worker threads only, one at a time.
 * While *beat stays the same, nothing of what upstream_read_catalog() reads was changed (but names of owners, and what belongs to
 * an extension); stand-bys and servers without statistics included. Take the beat before the catalog is read: what changes in
 * between is seen by the next. Any error: free it, read the catalog by the clock, open anew. Measured: 0.1 ms while no transaction
 * ended, else 2 ms, 10 ms with 1000 tables. Temporary tables of other sessions change it, too: bound how often you re-read.
 * MySQL: sums over all definitions that the catalog is read from, made by the server; upstream/mysql/pulse.c tells how.
 */
struct upstream_pulse;
int upstream_pulse_open(struct vault *v, const struct upstream_target *t, const char *database, struct upstream_pulse **out,
	struct upstream_failure *failure) QW_MUST_CHECK;
int upstream_pulse(struct upstream_pulse *p, uint64_t *beat, struct upstream_failure *failure) QW_MUST_CHECK;
void upstream_pulse_free(struct upstream_pulse *p); /* NULL is fine */

/*
 * A connection of its own that shows what the server makes of a statement, for explanations: debug_print_rewritten and a Parse
 * in a transaction that reads only and is rolled back; nothing is executed. Blocks. MySQL has none of it: UNSUPPORTED.
 */
struct upstream_tree;
int upstream_tree_open(struct vault *v, const struct upstream_target *t, const char *database, struct upstream_tree **out,
	struct upstream_failure *failure) QW_MUST_CHECK;
struct upstream_question {
	struct qw_bytes sql; /* one statement */
	const uint32_t *types; /* of its first parameters; 0: the server finds out */
	size_t type_count;
};
/*
 * Appends the tree as the notice has it, for qtree_read(). MALFORMED: the server refuses the statement, and failure has its SQLSTATE
 * and its words in `detail`; it may be asked another. UNSUPPORTED: it showed none, or several. IO: the connection is lost.
 */
int upstream_tree_show(struct upstream_tree *t, const struct upstream_question *q, struct qw_buf *out,
	struct upstream_failure *failure) QW_MUST_CHECK;
unsigned upstream_tree_server_major(const struct upstream_tree *t); /* 15 */
void upstream_tree_free(struct upstream_tree *t); /* NULL is fine */

#endif
