/* Between keys.c (when to fetch, what is current) and fetch.c (how: libcurl in the loop). */
#ifndef IO_KEYS_PRIVATE_H
#define IO_KEYS_PRIVATE_H

#include "keys.h"

enum { KEYS_DOCUMENT_MAX = 256 * 1024, KEYS_URL_MAX = 2048, KEYS_WHY_MAX = 256 };

/* ---- fetch.c: one HTTPS client; one request at a time ---- */
struct fetcher;

/* body: valid during the call; why: NULL when good. A next fetcher_get() may be made from inside. */
typedef void (*fetched_cb)(void *ctx, struct qw_bytes body, const char *why);

struct fetcher_options {
	uv_loop_t *loop;
	const char *ca_file; /* NULL: the system's; borrowed until fetcher_close() */
	uint32_t timeout_ms;
	fetched_cb cb;
	void *ctx;
};
int fetcher_open(const struct fetcher_options *opt, struct fetcher **out) QW_MUST_CHECK;
void fetcher_close(struct fetcher *f); /* no call after this; freed by the loop */
int fetcher_get(struct fetcher *f, const char *url) QW_MUST_CHECK;

#endif
