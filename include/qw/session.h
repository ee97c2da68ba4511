/*
 * The conversation: one client session, one upstream session, as a pure machine. Events in, actions out; no socket, no
 * clock, no thread. The street (io/) executes the actions:
 *   session_on(s, &event); while (session_next(s, &action)) execute(&action);
 * Executing an action may call session_on again before the next session_next; actions stay in order.
 */
#ifndef QW_SESSION_H
#define QW_SESSION_H

#include "qw/approval.h"
#include "qw/config.h"
#include "qw/identity.h"
#include "qw/labels.h"
#include "qw/policy.h"
#include "qw/record.h"

struct session;

enum session_side { SESSION_CLIENT, SESSION_UPSTREAM };

struct session_now { uint64_t mono_us, wall_us; };

enum session_event_kind {
	SESSION_EV_BYTES, /* side, bytes: plaintext as read; borrowed during the call */
	SESSION_EV_EOF, /* side; text: why, when it was not the other end */
	SESSION_EV_TLS_READY, /* tls; client side */
	SESSION_EV_IDENTIFIED, /* principal */
	SESSION_EV_REFUSED, /* the token is refused: text for the log and record */
	SESSION_EV_VERSION, /* text: what a MySQL client is greeted with; answer to VERSION, or CONNECT_FAILED */
	SESSION_EV_CONNECTED, /* upstream */
	SESSION_EV_CONNECT_FAILED, /* failure */
	SESSION_EV_CATALOG, /* labels for this role (never NULL), with generation */
	SESSION_EV_CATALOG_FAILED,
	SESSION_EV_AUDITED, /* seq: of an AUDIT action with wait != NONE */
	SESSION_EV_AUDIT_FAILED,
	SESSION_EV_PARSED, /* statements: answer to PARSE */
	SESSION_EV_ASKED, /* approval: pending, id known */
	SESSION_EV_APPROVED, /* approval: consumed for this session */
	SESSION_EV_NOT_APPROVED, /* approval: denied, expired or withdrawn */
	SESSION_EV_CANCEL, /* the client's CancelRequest was for this session */
	SESSION_EV_CANCEL_DONE, /* the upstream cancel connection has closed */
	SESSION_EV_POLICY, /* policy: a new one is in force */
	SESSION_EV_TICK, /* the deadline armed last has passed */
	SESSION_EV_DRAIN /* the gateway is going down: end when idle */
};

struct session_tls { const char *version, *cipher; bool is_direct, alpn_postgresql; };

struct session_connected {
	uint32_t backend_pid, server_version; struct upstream_mysql_wire mysql; /* mysql: of a MySQL target */
	const struct upstream_parameter *parameters; size_t parameter_count;
};

struct session_event {
	enum session_event_kind kind;
	struct session_now now;
	enum session_side side;
	struct qw_bytes bytes;
	uint64_t seq;
	const char *text;
	const struct session_tls *tls;
	const struct principal *principal; /* copied */
	const struct session_connected *connected; /* copied */
	const struct upstream_failure *failure;
	struct labels *labels; /* a reference is taken */
	const struct approval *approval; /* copied as needed */
	const struct qw_statements *statements; /* borrowed until the statement ends: see PARSE */
	const struct policy *policy; /* must outlive the session's use: the street keeps old ones until all sessions moved on */
};

enum session_wait { SESSION_WAIT_NONE, SESSION_WAIT_RING, SESSION_WAIT_DISK };

enum session_action_kind {
	SESSION_DO_SEND, /* side: session_output() has bytes to write */
	SESSION_DO_START_TLS, /* `bytes`: raw bytes that belong to the handshake already (direct TLS); is_direct */
	SESSION_DO_IDENTIFY, /* bytes: the token; answer IDENTIFIED or REFUSED. Wipe after use */
	SESSION_DO_VERSION, /* of the target that the listener leads to; answer VERSION or CONNECT_FAILED */
	SESSION_DO_CONNECT, /* connect: answer CONNECTED or CONNECT_FAILED */
	SESSION_DO_CATALOG, /* wants labels newer than `seq` (a generation); answer CATALOG or CATALOG_FAILED */
	SESSION_DO_CATALOG_STALE, /* DDL went through: whatever is cached of this database is old */
	SESSION_DO_AUDIT, /* bytes: an encoded record; wait tells what AUDITED means. In order, never dropped */
	SESSION_DO_PARSE, /* bytes: long SQL, to be parsed off the loop; answer PARSED */
	SESSION_DO_ASK, /* approval: answer ASKED, then APPROVED or NOT_APPROVED */
	SESSION_DO_WITHDRAW, /* approval id: the session no longer waits; text is the reason */
	SESSION_DO_CANCEL_UPSTREAM, /* answer CANCEL_DONE */
	SESSION_DO_CANCEL_REQUEST, /* this connection carries a CancelRequest: pid, bytes = key; then CLOSE */
	SESSION_DO_REGISTER_CANCEL, /* pid, bytes = key: requests for it are for this session */
	SESSION_DO_ARM, /* deadline_us (monotonic; 0: none): send TICK then; replaces the former */
	SESSION_DO_PAUSE, /* side: stop reading */
	SESSION_DO_RESUME, /* side: read again */
	SESSION_DO_LOG, /* text: event name, detail: one sentence; for the program's log */
	SESSION_DO_CLOSE /* after everything queued for the client is written; nothing follows */
};

struct session_connect {
	enum upstream_dialect dialect;
	uint32_t client_flags; /* of UPSTREAM_MYSQL_FLAGS */
	const struct config_target *target;
	const char *database, *application_name; /* database: NULL for none (MySQL) */
	const struct upstream_parameter *settings; size_t setting_count;
};

struct session_action {
	enum session_action_kind kind;
	enum session_side side;
	enum session_wait wait;
	bool is_direct;
	uint32_t pid;
	uint64_t seq, deadline_us;
	struct qw_bytes bytes; /* borrowed until the next session_next */
	const char *text, *detail;
	const struct session_connect *connect;
	const struct approval *approval;
};

struct session_options { /* outlives the session */
	const struct config *config;
	const struct policy *policy;
	struct mask_key *mask_key; /* NULL: hash masks give NULL */
	struct verdict_cache *cache; /* shared by the sessions of one loop; may be NULL */
	struct limits_table *limits; /* shared by all sessions, one thread; NULL: nothing is counted over sessions */
	const char *client_address;
	enum upstream_dialect dialect; /* what the client speaks: of the listener, */
	const struct config_target *target; /* and where that leads; NULL: by the database's name */
	const char *greeting_version; /* MySQL: what a client is greeted with; NULL: the session asks for it */
	uint8_t id[QW_SESSION_ID_BYTES];
	uint8_t entropy[48]; /* cancel key (32) and refusal token (16) */
	struct session_now now;
};

struct session *session_new(const struct session_options *o);
void session_free(struct session *s);
void session_on(struct session *s, const struct session_event *ev);
bool session_next(struct session *s, struct session_action *out);

/* Bytes waiting for a side; the street writes them and says how many went. */
struct qw_bytes session_output(const struct session *s, enum session_side side);
void session_sent(struct session *s, enum session_side side, size_t n);

struct verdict_cache *verdict_cache_new(size_t entries);
void verdict_cache_free(struct verdict_cache *c);

/* For metrics and the admin socket. */
struct session_info {
	const char *state, *role, *database, *target, *subject;
	uint64_t statements, refused, held, rows, masked_rows, found_masked, found_flagged;
};
void session_info_get(const struct session *s, struct session_info *out);

#endif
