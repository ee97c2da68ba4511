/* /healthz and /metrics on loopback: libmicrohttpd without threads, its epoll descriptor in our loop. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "control.h"

enum { METRICS_BYTES_MAX = 256 * 1024, CONNECTIONS_MAX = 64, IDLE_S = 10 };

struct web {
	struct street *street;
	struct MHD_Daemon *daemon;
	uv_poll_t poll;
	uv_timer_t timer;
	uint16_t port;
	unsigned handles;
};

static enum MHD_Result respond(struct MHD_Connection *c, unsigned status, const char *type, struct qw_bytes body)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(body.n, (void *)(uintptr_t)body.p, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result result;

	if (!r)
		return MHD_NO;
	(void)MHD_add_response_header(r, "Content-Type", type);
	(void)MHD_add_response_header(r, "Cache-Control", "no-store");
	(void)MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	result = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return result;
}

static enum MHD_Result health(struct web *w, struct MHD_Connection *c)
{
	const char *why = NULL;
	char text[128];

	if (metrics_is_healthy(w->street, &why))
		return respond(c, MHD_HTTP_OK, "text/plain", QW_LIT("ok\n"));
	(void)snprintf(text, sizeof(text), "%s\n", why);
	return respond(c, MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain", qw_bytes_from(text));
}

static enum MHD_Result metrics(struct web *w, struct MHD_Connection *c)
{
	enum MHD_Result result;
	struct qw_buf out;

	qw_buf_init(&out, METRICS_BYTES_MAX);
	if (metrics_text(w->street, &out))
		result = respond(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "text/plain", QW_LIT("failed\n"));
	else
		result = respond(c, MHD_HTTP_OK, "text/plain; version=0.0.4", qw_buf_pending(&out));
	qw_buf_fini(&out);
	return result;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url, const char *method,
	const char *version, const char *body, size_t *body_n, void **state)
{
	struct web *w = ctx;

	(void)version;
	(void)body;
	(void)state;
	if (*body_n) { /* neither end point takes one */
		*body_n = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return respond(c, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", QW_LIT("GET only\n"));
	if (strcmp(url, "/healthz") == 0)
		return health(w, c);
	if (strcmp(url, "/metrics") == 0)
		return metrics(w, c);
	return respond(c, MHD_HTTP_NOT_FOUND, "text/plain", QW_LIT("not found\n"));
}

/* ---- the loop ---- */

static void on_timer(uv_timer_t *t);

static void web_run(struct web *w)
{
	MHD_UNSIGNED_LONG_LONG timeout_ms;

	(void)MHD_run(w->daemon);
	if (MHD_get_timeout(w->daemon, &timeout_ms) == MHD_YES)
		(void)uv_timer_start(&w->timer, on_timer, timeout_ms, 0);
	else
		(void)uv_timer_stop(&w->timer);
}

static void on_timer(uv_timer_t *t)
{
	web_run(t->data);
}

static void on_poll(uv_poll_t *p, int status, int events)
{
	(void)status;
	(void)events;
	web_run(p->data);
}

/* ---- opening and closing ---- */

static int address_of(const struct config *c, struct sockaddr_storage *out, char *why, size_t why_size)
{
	struct sockaddr_in *v4 = (void *)out;
	struct sockaddr_in6 *v6 = (void *)out;
	bool is_loopback = false;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, c->http_address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(c->http_port);
		is_loopback = ntohl(v4->sin_addr.s_addr) >> 24 == 127;
	} else if (inet_pton(AF_INET6, c->http_address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(c->http_port);
		is_loopback = IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
	}
	if (is_loopback)
		return 0;
	(void)snprintf(why, why_size, "http address %s: a loopback address is needed", c->http_address);
	return QW_E_CONFIG;
}

static int web_start(struct web *w, const struct sockaddr_storage *a, char *why, size_t why_size)
{
	unsigned flags = MHD_USE_EPOLL | (a->ss_family == AF_INET6 ? MHD_USE_IPv6 : 0U);
	const union MHD_DaemonInfo *info;

	w->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, w, MHD_OPTION_SOCK_ADDR, a,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(16 * 1024), MHD_OPTION_END);
	info = w->daemon ? MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
	if (!info) {
		(void)snprintf(why, why_size, "http: cannot listen on %s port %u",
			street_config(w->street)->http_address, (unsigned)street_config(w->street)->http_port);
		return QW_E_IO;
	}
	w->port = info->port;
	return 0;
}

static int web_watch(struct web *w, uv_loop_t *loop)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(w->daemon, MHD_DAEMON_INFO_EPOLL_FD);

	if (!info || uv_timer_init(loop, &w->timer) || uv_poll_init(loop, &w->poll, info->epoll_fd))
		return QW_E_IO;
	w->timer.data = w->poll.data = w;
	w->handles = 2;
	return uv_poll_start(&w->poll, UV_READABLE, on_poll) ? QW_E_IO : 0;
}

int web_open(struct street *s, uv_loop_t *loop, struct web **out, char *why, size_t why_size)
{
	struct sockaddr_storage a;
	struct web *w;
	int err = address_of(street_config(s), &a, why, why_size);

	if (err)
		return err;
	w = calloc(1, sizeof(*w));
	if (!w)
		return QW_E_NOMEM;
	w->street = s;
	*out = w;
	err = web_start(w, &a, why, why_size);
	return err ? err : web_watch(w, loop);
}

uint16_t web_port(const struct web *w)
{
	return w->port;
}

static void on_closed(uv_handle_t *h)
{
	struct web *w = h->data;

	if (--w->handles == 0)
		free(w);
}

void web_close(struct web *w)
{
	if (!w)
		return;
	if (w->handles) {
		uv_close((uv_handle_t *)&w->poll, on_closed);
		uv_close((uv_handle_t *)&w->timer, on_closed);
	}
	if (w->daemon)
		MHD_stop_daemon(w->daemon);
	if (!w->handles)
		free(w);
}
