/*
 * The street: libuv loop, listeners, sockets, client TLS; executes the actions of sessions. The only room that sees <uv.h>,
 * and the client side of <openssl/ssl.h>. Key sets are fetched here too (libcurl multi in the loop).
 */
#ifndef QW_IO_H
#define QW_IO_H

#include "qw/session.h"

struct street; /* the running gateway */

/*
 * Opens everything in order: vault, loop, audit, policy, parser, key sets, listeners. The process is hardened already; the
 * caller opens the admin socket and HTTP (control.h) on street_loop() before it runs. `why`: first failure.
 */
int street_open(const struct config *c, struct street **out, char *why, size_t why_size) QW_MUST_CHECK;
int street_run(struct street *s); /* until drained after SIGTERM/SIGINT; a second signal ends at once. 0, or 1: sessions were cut */
void street_close(struct street *s);

void *street_loop(struct street *s); /* uv_loop_t * */
uint16_t street_port(const struct street *s, size_t listener); /* the actual one */
void street_http_port_set(struct street *s, uint16_t port); /* for listen.json, which street_run writes */

/* ---- what control/ asks of the street; loop thread only ---- */
struct audit *street_audit(struct street *s);
const struct config *street_config(const struct street *s);
const struct policy *street_policy(const struct street *s);
/* A token given on the admin socket. REFUSED unless its role may approve; may need a fetch first: then cb comes later. */
typedef void (*street_identified_cb)(void *ctx, const struct principal *p /* NULL: refused */, const char *why);
void street_identify(struct street *s, struct qw_bytes token, street_identified_cb cb, void *ctx);
/* Decides and wakes the session that waits. `approver` e.g. "unix:root" or "issuer|subject". NULL or why not. */
const char *street_decide(struct street *s, const char *id, bool approve, const char *approver_issuer,
	const char *approver_subject, const char *reason, struct approval *out);
int street_reload_policy(struct street *s, char *why, size_t why_size) QW_MUST_CHECK; /* a bad one is refused, the old stays */

struct street_stats {
	uint64_t connections_total, connections_refused, sessions_open, logins_ok, logins_refused, statements, refused, held, rows, masked_rows,
		found_masked, found_flagged;
	uint64_t bytes_to_client, bytes_to_upstream, upstream_failures, uptime_s;
	bool draining;
};
void street_stats_get(const struct street *s, struct street_stats *out);

#endif
