/* Private to io/: what the files of the street share. Everything here runs on the loop thread unless it says otherwise. */
#ifndef QW_IO_STREET_H
#define QW_IO_STREET_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <uv.h>

#include "qw/io.h"

#include "conn.h"

enum {
	READ_BYTES = 64 * 1024, /* of one socket in one turn of the loop */
	CIPHER_BYTES = 80 * 1024, /* READ_BYTES of plaintext as TLS records, and room for a handshake */
	THREADPOOL_SIZE = 16,
	ADDRESS_BUCKETS = 1024,
	CANCEL_BUCKETS = 4096,
	CANCELS_PER_SECOND = 1000,
	DRAIN_MS = 30000,
	EXPIRE_EVERY_MS = 1000
};

struct policy_slot { /* one loaded policy; old ones stay in the list until no session can still point into them */
	struct policy_slot *next; /* the newer one */
	struct policy *policy;
	size_t users; /* sessions whose oldest policy this is */
};

struct listener {
	struct street *street;
	const struct config_listener *config;
	SSL_CTX *tls;
	uv_poll_t poll;
	bool is_open;
	int fd;
	uint16_t port; /* the actual one */
	char *version; /* MySQL: what its clients are greeted with, as the target's server said last; NULL: nobody knows yet */
	bool is_probing; /* a worker asks */
};

struct address_count {
	struct address_count *next;
	struct in6_addr address;
	uint32_t connections;
};

struct street {
	const struct config *config;
	uv_loop_t loop;
	bool loop_is_open, is_draining, is_done, was_cut;
	uint64_t started_us;

	struct vault *vault;
	struct mask_key *mask_key;
	struct audit *audit;
	struct keys **keys; /* one for each configured issuer */
	struct verdict_cache *verdicts;
	struct limits_table *limits; /* of all principals */
	struct policy_slot *policy_oldest, *policy_now;
	struct recorder *recorder;
	struct parser *parser;
	struct catalogs *catalogs;

	struct listener *listeners;
	int reserve_fd; /* given up to be able to refuse when descriptors run out */
	struct address_count *addresses[ADDRESS_BUCKETS];
	struct cancel_entry *cancels[CANCEL_BUCKETS];
	uint64_t cancel_second;
	uint32_t cancels_this_second;

	struct conn *conns; /* every connection, in no order */
	size_t conn_count; /* not yet freed */
	size_t jobs; /* on worker threads */
	struct conn *again; /* have decrypted bytes that no poll will report */
	uv_idle_t idle; /* active while `again` is not empty */
	struct conn *soon; /* may have something to write */
	uv_prepare_t prepare; /* writes it, once everything that could be read has been read */

	uv_signal_t signals[3];
	uv_timer_t expire, drain, watchdog;
	bool handles_open;
	uint16_t http_port;

	struct street_stats totals; /* of connections that are gone, and the counters that are never summed */

	uint8_t raw[READ_BYTES]; /* as read from a client's socket */
	uint8_t plain[READ_BYTES]; /* decrypted, or as read from an upstream socket */
	uint8_t cipher[CIPHER_BYTES]; /* on its way out to the one client that is being written to */
	size_t cipher_n;
	const struct tls *cipher_owner;
};

/* ---- street.c ---- */
struct session_now street_now(void);
void street_conn_gone(struct street *s); /* a connection is freed: when draining, the last one ends the loop */

/* ---- operate.c: signals, policy files, service manager, listen.json ---- */
int operate_open(struct street *s, char *why, size_t why_size) QW_MUST_CHECK;
void operate_ready(struct street *s);
void operate_close(struct street *s);
int operate_policy_load(struct street *s, char *why, size_t why_size) QW_MUST_CHECK;
void operate_policies_free(struct street *s, bool all); /* those that no session uses; `all`: the street closes */
void operate_notify(const char *state); /* sd_notify; without a manager nothing */

/* ---- listen.c ---- */
int listen_open(struct street *s, char *why, size_t why_size) QW_MUST_CHECK;
void listen_stop(struct street *s); /* accepts no more */
void listen_close(struct street *s);
void listen_reload_certificates(struct street *s); /* a bad one is logged, the old stays */
struct in6_addr listen_address_of(const struct sockaddr_storage *peer); /* IPv4 as mapped IPv6 */
void listen_address_release(struct street *s, const struct in6_addr *address);

/* ---- jobs.c: what blocks, on libuv's worker threads; and cancel requests ---- */
void jobs_connect(struct conn *c, const struct session_connect *connect);
void jobs_cancel_upstream(struct conn *c);
void jobs_version(struct conn *c); /* of the target that its listener leads to: one probe for all who wait */
void jobs_probe(struct listener *l);
void jobs_forget(struct conn *c); /* the connection goes away; results will be freed when they come */
void cancel_register(struct conn *c, uint32_t pid, struct qw_bytes key);
void cancel_unregister(struct conn *c);
void cancel_request(struct street *s, uint32_t pid, struct qw_bytes key);

/* ---- parser.c: long statements, on threads with a large stack ---- */
int parser_open(struct street *s, struct parser **out) QW_MUST_CHECK;
void parser_close(struct parser *p);
void parser_parse(struct conn *c, struct qw_bytes text);
void parser_forget(struct conn *c); /* frees what the connection keeps and drops what is under way */

/* ---- catalogs.c: what the databases contain, and which columns are sensitive to whom ---- */
int catalogs_open(struct street *s, struct catalogs **out) QW_MUST_CHECK;
void catalogs_close(struct catalogs *c);
void catalogs_want(struct conn *c, uint64_t newer_than);
void catalogs_stale(struct conn *c);
void catalogs_forget(struct conn *c);
void catalogs_drop_policy(struct catalogs *c, const struct policy *p); /* before that policy is freed */

/* ---- recorder.c: records in order, and who waits for them ---- */
int recorder_open(struct street *s, struct recorder **out, char *why, size_t why_size) QW_MUST_CHECK;
void recorder_close(struct recorder *r);
void recorder_append(struct conn *c, struct qw_bytes record, enum session_wait wait, uint64_t action_seq);
void recorder_forget(struct conn *c);
struct recorder_note { /* a record of the gateway itself; NULL fields are left out */
	enum qw_record_type type;
	const char *reason, *policy_revision, *version;
	const struct approval *approval;
	const char *event;
};
void recorder_note(struct street *s, const struct recorder_note *n);

/* ---- approvals.c ---- */
void approvals_ask(struct conn *c, const struct approval *wanted);
void approvals_withdraw(struct conn *c, const char *why); /* NULL: stays open, to be consumed by a repetition */
void approvals_expire(struct street *s);
void approvals_forget(struct conn *c);

/* ---- identify.c ---- */
int identify_open(struct street *s, char *why, size_t why_size) QW_MUST_CHECK; /* the issuers' key sets */
void identify_close(struct street *s);
struct identify; /* one token under examination */
typedef void (*identify_cb)(void *ctx, const struct principal *p /* NULL: refused */, struct qw_arena *arena, const char *why);
/* Copies the token (wiped later). May call back before it returns, and returns NULL then. cb may take *arena over. */
struct identify *identify_start(struct street *s, struct qw_bytes token, identify_cb cb, void *ctx);
void identify_cancel(struct identify *i); /* NULL is fine */

#endif
