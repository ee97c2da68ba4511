/*
 * HTTPS GET of small documents: libcurl's multi interface with its sockets and timer in the loop. https only, no redirects,
 * no proxy from the environment, 200 only, bodies of at most 256 KiB, one deadline for the whole request.
 */
#include "private.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEADER_BYTES_MAX = 64 * 1024 };

struct fetcher {
	struct fetcher_options opt;
	CURLM *multi;
	CURL *easy; /* one request; NULL: idle */
	uv_timer_t timer;
	struct qw_buf body;
	size_t header_bytes;
	char error[CURL_ERROR_SIZE];
	bool is_closing;
	unsigned handles; /* of libuv, not yet closed */
};

/* A socket of libcurl that the loop watches. */
struct watch {
	uv_poll_t poll;
	struct fetcher *fetcher;
	curl_socket_t fd;
};

static void fetcher_unref(struct fetcher *f)
{
	if (--f->handles == 0)
		free(f);
}

static void on_timer_closed(uv_handle_t *h)
{
	fetcher_unref(h->data);
}

static void on_watch_closed(uv_handle_t *h)
{
	struct watch *w = h->data;

	fetcher_unref(w->fetcher);
	free(w);
}

/* ---- the answer ---- */
static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct fetcher *f = ctx;

	return qw_buf_append(&f->body, p, size * n) ? 0 : size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct fetcher *f = ctx;

	(void)p;
	f->header_bytes += size * n;
	return f->header_bytes > HEADER_BYTES_MAX ? 0 : size * n;
}

/* NULL: good. */
static const char *failure_of(struct fetcher *f, CURLcode result, char *text, size_t size)
{
	long status = 0;

	if (result == CURLE_WRITE_ERROR) {
		(void)snprintf(text, size, "the answer is larger than %d bytes, or its headers are", KEYS_DOCUMENT_MAX);
		return text;
	}
	if (result != CURLE_OK) {
		(void)snprintf(text, size, "%s", f->error[0] ? f->error : curl_easy_strerror(result));
		return text;
	}
	(void)curl_easy_getinfo(f->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status == 200)
		return NULL;
	(void)snprintf(text, size, "HTTP status %ld", status);
	return text;
}

static void request_end(struct fetcher *f)
{
	if (!f->easy)
		return;
	(void)curl_multi_remove_handle(f->multi, f->easy);
	curl_easy_cleanup(f->easy);
	f->easy = NULL;
}

static void on_done(struct fetcher *f, CURLcode result)
{
	char text[CURL_ERROR_SIZE + 32];
	const char *why = failure_of(f, result, text, sizeof(text));
	struct qw_buf body = f->body; /* the callback may start the next request */

	qw_buf_init(&f->body, KEYS_DOCUMENT_MAX);
	request_end(f);
	f->opt.cb(f->opt.ctx, qw_buf_pending(&body), why);
	qw_buf_fini(&body);
}

static void drain(struct fetcher *f)
{
	CURLMsg *msg;
	int left;

	while (!f->is_closing && (msg = curl_multi_info_read(f->multi, &left)) != NULL)
		if (msg->msg == CURLMSG_DONE && msg->easy_handle == f->easy)
			on_done(f, msg->data.result); /* msg is gone after this */
}

/* ---- libcurl's sockets and timer in the loop ---- */
static void on_ready(uv_poll_t *h, int status, int events)
{
	struct watch *w = h->data;
	struct fetcher *f = w->fetcher;
	int flags = 0, running;

	if (status < 0)
		flags = CURL_CSELECT_ERR;
	if (events & UV_READABLE)
		flags |= CURL_CSELECT_IN;
	if (events & UV_WRITABLE)
		flags |= CURL_CSELECT_OUT;
	(void)curl_multi_socket_action(f->multi, w->fd, flags, &running);
	drain(f);
}

static void on_timeout(uv_timer_t *h)
{
	struct fetcher *f = h->data;
	int running;

	(void)curl_multi_socket_action(f->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	drain(f);
}

static int on_multi_timer(CURLM *multi, long timeout_ms, void *ctx)
{
	struct fetcher *f = ctx;

	(void)multi;
	if (timeout_ms < 0 || f->is_closing)
		return uv_timer_stop(&f->timer);
	return uv_timer_start(&f->timer, on_timeout, (uint64_t)timeout_ms, 0);
}

static struct watch *watch_new(struct fetcher *f, curl_socket_t fd)
{
	struct watch *w = calloc(1, sizeof(*w));

	if (!w || uv_poll_init_socket(f->opt.loop, &w->poll, fd)) {
		free(w);
		return NULL;
	}
	w->poll.data = w;
	w->fetcher = f;
	w->fd = fd;
	f->handles++;
	(void)curl_multi_assign(f->multi, fd, w);
	return w;
}

static int on_multi_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
	struct fetcher *f = ctx;
	struct watch *w = known;
	int events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		(void)curl_multi_assign(f->multi, fd, NULL);
		if (w)
			uv_close((uv_handle_t *)&w->poll, on_watch_closed);
		return 0;
	}
	if (!w)
		w = watch_new(f, fd);
	if (what != CURL_POLL_OUT)
		events |= UV_READABLE;
	if (what != CURL_POLL_IN)
		events |= UV_WRITABLE;
	return w && uv_poll_start(&w->poll, events, on_ready) == 0 ? 0 : -1;
}

/* ---- requests ---- */
static bool is_set_up(struct fetcher *f, CURL *e, const char *url)
{
	bool good = curl_easy_setopt(e, CURLOPT_URL, url) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_PROXY, "") == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)f->opt.timeout_ms) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_MAXFILESIZE, (long)KEYS_DOCUMENT_MAX) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_USERAGENT, "querywarden") == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_WRITEDATA, f) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_HEADERDATA, f) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_ERRORBUFFER, f->error) == CURLE_OK;

	/* a timed-out look-up must not be waited for: its thread ends by itself */
	good = good && curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
	if (!f->opt.ca_file)
		return good;
	/* only this one: libcurl would add the system's folder; and read each time, so that it can be replaced */
	return good && curl_easy_setopt(e, CURLOPT_CAINFO, f->opt.ca_file) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK &&
		curl_easy_setopt(e, CURLOPT_CA_CACHE_TIMEOUT, 0L) == CURLE_OK;
}

int fetcher_get(struct fetcher *f, const char *url)
{
	QW_ASSERT(!f->easy && !f->is_closing);
	f->header_bytes = 0;
	f->error[0] = '\0';
	qw_buf_clear(&f->body);
	f->easy = curl_easy_init();
	if (!f->easy)
		return QW_E_NOMEM;
	if (is_set_up(f, f->easy, url) && curl_multi_add_handle(f->multi, f->easy) == CURLM_OK)
		return 0;
	curl_easy_cleanup(f->easy);
	f->easy = NULL;
	return QW_E_IO;
}

/* ---- life and death ---- */
static void curl_start(void)
{
	(void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

static bool multi_is_set_up(struct fetcher *f)
{
	return curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, on_multi_socket) == CURLM_OK &&
		curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f) == CURLM_OK &&
		curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, on_multi_timer) == CURLM_OK &&
		curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f) == CURLM_OK &&
		curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, 2L) == CURLM_OK;
}

int fetcher_open(const struct fetcher_options *opt, struct fetcher **out)
{
	static uv_once_t once = UV_ONCE_INIT;
	struct fetcher *f = calloc(1, sizeof(*f));

	*out = NULL;
	uv_once(&once, curl_start);
	if (f) {
		f->opt = *opt;
		qw_buf_init(&f->body, KEYS_DOCUMENT_MAX);
		f->multi = curl_multi_init();
	}
	if (!f || !f->multi || !multi_is_set_up(f) || uv_timer_init(opt->loop, &f->timer)) {
		if (f && f->multi)
			(void)curl_multi_cleanup(f->multi);
		free(f);
		return QW_E_NOMEM;
	}
	f->timer.data = f;
	f->handles = 1;
	*out = f;
	return 0;
}

void fetcher_close(struct fetcher *f)
{
	if (!f)
		return;
	f->is_closing = true;
	request_end(f);
	(void)curl_multi_cleanup(f->multi); /* closes idle connections; their watches close through on_multi_socket */
	f->multi = NULL;
	qw_buf_fini(&f->body);
	uv_close((uv_handle_t *)&f->timer, on_timer_closed);
}
