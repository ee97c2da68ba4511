/*
 * The key set of one issuer, kept fresh in the background: from a file, or by OpenID discovery over HTTPS (libcurl's multi
 * interface inside the loop). Private to io/. Loop thread only; nothing here blocks but keys_open(), which may read a file.
 *
 * Refreshed every refresh_s. A failed fetch keeps the old keys and tries again, backing off; keys older than stale_max_s
 * are never given out. Opening succeeds while the issuer is down: keys_current() is NULL until it is up. The program must
 * ignore SIGPIPE.
 */
#ifndef IO_KEYS_H
#define IO_KEYS_H

#include "qw/config.h"

#include <uv.h>

struct keys;

enum keys_event {
	KEYS_FETCHED, /* text: how many keys; a warning when there are none */
	KEYS_FAILED, /* text: why, and when it is tried again */
};
/* For the log. `issuer` is the configured name. `text` is valid during the call only. */
typedef void (*keys_event_cb)(void *ctx, enum keys_event event, const char *issuer, const char *text);

struct keys_options {
	uv_loop_t *loop;
	const struct config_issuer *issuer; /* borrowed until the loop has run after keys_close() */
	keys_event_cb on_event; /* may be NULL */
	void *ctx;
	/* 0 for what the house uses: */
	uint32_t miss_interval_ms; /* between fetches that unknown kids cause: 30 s */
	uint32_t retry_min_ms, retry_max_ms; /* after a failure, doubled each time: 1 s to 5 min */
	uint32_t timeout_ms; /* of one request: 10 s */
};

/* CONFIG: no https issuer, or a file that cannot be used. The first fetch starts when the loop runs. */
int keys_open(const struct keys_options *opt, struct keys **out, char *why, size_t why_size) QW_MUST_CHECK;
/* Stops everything; waits are forgotten without a call. The memory goes when the loop has closed the handles. NULL is good. */
void keys_close(struct keys *k);

/* Borrowed until the caller returns to the loop. NULL: none yet, or too old; every token must then be refused. */
const struct identity_keys *keys_current(const struct keys *k);
uint64_t keys_age_s(const struct keys *k); /* since the last good fetch; UINT64_MAX: there was none */

/* One that waits for a fetch; embedded in the caller's own struct, which must cancel before it goes. */
struct keys_wait {
	void (*cb)(struct keys_wait *w, const struct identity_keys *current); /* once; NULL as keys_current() */
	struct keys_wait *next, **at; /* private */
};
/*
 * After IDENTITY_UNKNOWN_KEY: true when a fetch is under way or was started, cb comes when it has ended, well or not. All
 * who ask meanwhile share it. False when the last such fetch is too recent: refuse, cb will not come.
 */
bool keys_want(struct keys *k, struct keys_wait *w, void (*cb)(struct keys_wait *w, const struct identity_keys *current))
	QW_MUST_CHECK;
void keys_wait_cancel(struct keys_wait *w); /* good at any time on a zeroed or used one */

#endif
