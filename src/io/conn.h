/* Private to io/: one connection = a client's socket, a session, later an upstream socket. */
#ifndef QW_IO_CONN_H
#define QW_IO_CONN_H

#include <netinet/in.h>
#include <openssl/ssl.h>
#include <uv.h>

#include "qw/session.h"

enum {
	HIGH_WATER = 256 * 1024, /* more than this waits for one side: stop reading the other */
	LOW_WATER = 64 * 1024, /* read it again */
	FLUSH_MS = 10000, /* a closing connection whose client does not take its last bytes */
	LINGER_MS = 1000 /* after our FIN: so that unread input does not turn it into a reset that eats the last message */
};

enum conn_phase {
	CONN_OPEN,
	CONN_FLUSHING, /* the session said CLOSE: what is queued for the client still goes */
	CONN_LINGERING, /* our FIN is sent */
	CONN_CLOSED /* handles are closing; freed when the last is */
};

struct side {
	uv_poll_t poll;
	int fd; /* -1: none */
	int armed; /* events that the poll watches */
	bool is_open; /* the poll handle is */
	bool is_paused; /* by the session */
	bool is_throttled; /* too much waits for the other side */
	bool is_eof; /* nothing more will be read; the session has been told */
	bool is_broken; /* nothing can be written */
	bool wants_write; /* the socket was full */
};

struct street;
struct tls;

struct conn {
	struct street *street;
	struct conn *prev, *next;
	struct session *session;
	struct session_options options; /* borrowed by the session */
	struct side side[2]; /* by enum session_side */
	struct tls *tls; /* of the client */
	struct upstream *upstream; /* owns the fd of side[SESSION_UPSTREAM] */
	SSL *upstream_ssl; /* owned by it; NULL: plain */
	struct listener *listener;
	uv_timer_t timer;
	uint64_t deadline_us; /* 0: none */
	uint64_t timer_us; /* when the timer fires; 0: it does not run */
	unsigned handles; /* open libuv handles */
	enum conn_phase phase;
	bool is_running, has_more; /* conn_run is on the stack; there is more for it to do */
	bool is_held; /* the audit ring is full: no action, no byte moves until there is room */
	bool wants_version; /* of the listener's target; the job under way is the listener's */
	bool is_again, is_soon; /* in street.again, street.soon */
	struct conn *again, *soon;

	struct job *connecting, *cancelling;
	struct parse_job *parsing;
	struct qw_arena parsed; /* of the last PARSED event */
	struct qw_statements parsed_statements;
	struct catalog_wait *catalog_wait;
	const struct database *catalog_of; /* whose labels the session was given; compared only */
	struct record_wait *record_wait;
	struct cancel_entry *cancel_entry;
	struct identify *identify;
	bool is_approval_over; /* it expired; to be told */
	char approval_id[APPROVAL_ID_CHARS + 1]; /* that it waits for; "" for none */

	struct qw_arena principal_arena;
	struct principal principal; /* claims: for the role behind the labels */
	bool is_identified;
	struct policy_slot *policy_oldest; /* the session may still point into this one and all newer ones */
	struct policy_slot *policy_now; /* given last */
	struct in6_addr address;
	char address_text[INET6_ADDRSTRLEN + 8];
	char id_text[2 * QW_SESSION_ID_BYTES + 1];
};

/* Takes the fd over, also on failure. */
void conn_start(struct street *s, struct listener *from, int fd, const struct sockaddr_storage *peer);
/* Tells the session, then does what it wants done. The time is filled in. */
void conn_event(struct conn *c, struct session_event *ev);
void conn_event_kind(struct conn *c, enum session_event_kind kind);
void conn_run(struct conn *c); /* drains the actions, writes, arms */
void conn_let_go(struct conn *c); /* of everything but the client and the session */
void conn_close(struct conn *c); /* at once, whatever is queued; the session is freed */
void conn_handle_closed(struct conn *c); /* one of its libuv handles; frees it after the last */
void conn_log_failure(const struct conn *c, const char *event, const char *detail);

/* ---- relay.c: bytes ---- */
int relay_attach(struct conn *c, enum session_side side, int fd) QW_MUST_CHECK;
void relay_detach(struct conn *c, enum session_side side); /* stops polling; closes the fd of the client only */
void relay_write(struct conn *c, enum session_side side); /* what the session has for it, as far as the socket takes it */
bool relay_is_written(const struct conn *c); /* nothing waits for the client */
void relay_arm(struct conn *c);
void relay_eof(struct conn *c, enum session_side side); /* tells the session once */
void relay_again(struct conn *c); /* read the upstream in the next turn without a poll event */
void relay_on_idle(uv_idle_t *idle);
void relay_soon(struct conn *c); /* write both sides before the loop waits again */
void relay_on_prepare(uv_prepare_t *prepare);
void relay_forget(struct conn *c);

/* ---- tls.c: the client's TLS, without a socket ---- */
SSL_CTX *tls_context_new(const char *certificate, const char *key, char *why, size_t why_size);
struct tls *tls_new(SSL_CTX *context, struct street *s, bool is_direct);
void tls_free(struct tls *t);
bool tls_is_ready(const struct tls *t);
/* Ciphertext came: shakes hands, decrypts, tells the session. False: the stream is over, cleanly or not. */
bool tls_feed(struct conn *c, struct qw_bytes raw);
int tls_encrypt(struct tls *t, struct qw_bytes plain) QW_MUST_CHECK; /* at most READ_BYTES; into street.cipher */
void tls_errors_clear(void); /* OpenSSL's of this thread: before anything that may ask SSL_get_error */
void tls_goodbye(struct tls *t); /* close_notify */
/* Ciphertext for the socket. What one tls_sent leaves over is kept; to be called before another client is written to. */
struct qw_bytes tls_waiting(const struct tls *t);
int tls_sent(struct tls *t, size_t n) QW_MUST_CHECK;

#endif
