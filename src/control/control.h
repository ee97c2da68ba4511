/* Private to control/: the admin socket and HTTP side by side. */
#ifndef QW_CONTROL_CONTROL_H
#define QW_CONTROL_CONTROL_H

#include <jansson.h>
#include <uv.h>

#include "qw/control.h"

struct admin;
struct web;

struct control {
	struct admin *admin;
	struct web *web;
};

/* ---- admin.c: the socket ---- */
int admin_open(struct street *s, uv_loop_t *loop, struct admin **out, char *why, size_t why_size) QW_MUST_CHECK;
void admin_close(struct admin *a);

/* ---- requests.c: what one request line means ---- */
struct request; /* one under examination: a token may need a fetch */
struct request_peer { /* from the kernel */
	uint32_t uid;
	int32_t pid;
};
typedef void (*request_done_cb)(void *ctx, json_t *answer /* the callee's */);
/* May call back before it returns, and returns NULL then. */
struct request *request_start(struct street *s, const struct request_peer *peer, struct qw_bytes line,
	request_done_cb done, void *ctx);
void request_abandon(struct request *r); /* nobody waits any more; NULL is fine */

/* ---- web.c: HTTP ---- */
int web_open(struct street *s, uv_loop_t *loop, struct web **out, char *why, size_t why_size) QW_MUST_CHECK;
void web_close(struct web *w);
uint16_t web_port(const struct web *w);

/* ---- metrics.c ---- */
int metrics_text(struct street *s, struct qw_buf *out) QW_MUST_CHECK;
bool metrics_is_healthy(struct street *s, const char **why);

#endif
