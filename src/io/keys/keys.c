/* When to fetch, what is current, who waits. How: fetch.c, or a file read on a worker thread. */
#include "private.h"

#include <stdio.h>
#include <stdlib.h>

enum { MISS_INTERVAL_MS = 30000, RETRY_MIN_MS = 1000, RETRY_MAX_MS = 300000, TIMEOUT_MS = 10000, REFRESH_S = 900,
	STALE_MAX_S = 86400 };

/* What a fetch is doing: idle -> document -> keys -> idle, or idle -> file -> idle. */
enum stage { IDLE, DOCUMENT, KEYS, FILE_READ };

struct keys {
	struct keys_options opt;
	enum stage stage;
	struct fetcher *fetcher; /* NULL for a file */
	struct identity_keys *current;
	uint64_t fetched_at_ms; /* the loop's clock; means nothing while current is NULL */
	uint64_t missed_at_ms; /* when an unknown kid last caused a fetch */
	bool has_missed;
	bool is_due; /* a fetch starts in the next turn of the loop */
	uint32_t retry_ms; /* the next pause after a failure; 0: the last fetch was good */
	struct keys_wait *waits;
	uv_timer_t timer; /* the next fetch */
	bool timer_is_open, is_closing;
	/* the file's; touched by the worker thread only while stage is FILE_READ */
	uv_work_t work;
	struct identity_keys *from_file;
	char file_why[KEYS_WHY_MAX];
};

static void fetch_start(struct keys *k);

/* ---- ends of a fetch ---- */
static void tell(struct keys *k, enum keys_event event, const char *text)
{
	if (k->opt.on_event)
		k->opt.on_event(k->opt.ctx, event, k->opt.issuer->id.name, text);
}

static void on_due(uv_timer_t *h)
{
	fetch_start(h->data);
}

static void schedule(struct keys *k, uint64_t ms)
{
	(void)uv_timer_start(&k->timer, on_due, ms, 0);
}

/* A callback may cancel other waits, close us, or ask again: then it waits for a later fetch. */
static void wake(struct keys *k)
{
	struct keys_wait *list = k->waits;

	k->waits = NULL;
	if (list)
		list->at = &list;
	while (list) {
		struct keys_wait *w = list;

		keys_wait_cancel(w);
		if (!k->is_closing)
			w->cb(w, keys_current(k));
	}
}

static uint32_t or_default(uint32_t value, uint32_t house)
{
	return value ? value : house;
}

static uint64_t refresh_ms(const struct keys *k)
{
	return 1000ULL * or_default(k->opt.issuer->refresh_s, REFRESH_S);
}

static void fetch_failed(struct keys *k, const char *why)
{
	char text[KEYS_WHY_MAX + 128];
	uint64_t pause = k->retry_ms ? 2ULL * k->retry_ms : k->opt.retry_min_ms;

	if (pause > k->opt.retry_max_ms)
		pause = k->opt.retry_max_ms;
	k->retry_ms = (uint32_t)pause;
	k->stage = IDLE;
	(void)snprintf(text, sizeof(text), "%s; tried again in %llu ms; %s", why, (unsigned long long)pause,
		keys_current(k) ? "the old keys stay in use" : "no keys: every login is refused");
	schedule(k, pause);
	tell(k, KEYS_FAILED, text);
	wake(k);
}

static void fetch_good(struct keys *k, struct identity_keys *set)
{
	char text[64];
	const size_t n = identity_keys_count(set);

	identity_keys_free(k->current);
	k->current = set;
	k->fetched_at_ms = uv_now(k->opt.loop);
	k->retry_ms = 0;
	k->stage = IDLE;
	(void)snprintf(text, sizeof(text), "%zu usable %s%s", n, n == 1 ? "key" : "keys", n ? "" : ": every login is refused");
	schedule(k, refresh_ms(k));
	tell(k, KEYS_FETCHED, text);
	wake(k);
}

/* ---- discovery ---- */
static void document_take(struct keys *k, struct qw_bytes body)
{
	char url[KEYS_URL_MAX], why[KEYS_WHY_MAX];

	if (identity_discovery_parse(body, k->opt.issuer->id.issuer, url, sizeof(url), why, sizeof(why))) {
		fetch_failed(k, why);
		return;
	}
	k->stage = KEYS;
	if (fetcher_get(k->fetcher, url))
		fetch_failed(k, "the key set's address cannot be fetched");
}

static void keys_take(struct keys *k, struct qw_bytes body)
{
	struct identity_keys *set;
	char why[KEYS_WHY_MAX], text[KEYS_WHY_MAX + 32];

	if (identity_keys_parse(body, &set, why, sizeof(why)) == 0) {
		fetch_good(k, set);
		return;
	}
	(void)snprintf(text, sizeof(text), "the key set is refused: %s", why);
	fetch_failed(k, text);
}

static void on_fetched(void *ctx, struct qw_bytes body, const char *why)
{
	struct keys *k = ctx;
	char text[KEYS_WHY_MAX];

	if (why) {
		(void)snprintf(text, sizeof(text), "%s: %s",
			k->stage == DOCUMENT ? "the discovery document" : "the key set", why);
		fetch_failed(k, text);
	} else if (k->stage == DOCUMENT) {
		document_take(k, body);
	} else {
		keys_take(k, body);
	}
}

static void discovery_start(struct keys *k)
{
	static const char path[] = "/.well-known/openid-configuration";
	const char *issuer = k->opt.issuer->id.issuer;
	char url[KEYS_URL_MAX];
	size_t n = strlen(issuer);

	k->stage = DOCUMENT;
	while (n && issuer[n - 1] == '/')
		n--;
	(void)snprintf(url, sizeof(url), "%.*s%s", (int)n, issuer, path); /* keys_open() has seen that it fits */
	if (fetcher_get(k->fetcher, url))
		fetch_failed(k, "the discovery document's address cannot be fetched");
}

/* ---- a file ---- */
static void file_load(const char *path, struct identity_keys **out, char *why, size_t size)
{
	char *text = malloc(KEYS_DOCUMENT_MAX + 1);
	FILE *f = fopen(path, "rbe");
	size_t n = text && f ? fread(text, 1, KEYS_DOCUMENT_MAX + 1, f) : 0;

	*out = NULL;
	if (!text || !f || ferror(f))
		(void)snprintf(why, size, "the file cannot be read");
	else
		(void)!identity_keys_parse(qw_bytes(text, n), out, why, size);
	if (f)
		(void)fclose(f);
	free(text);
}

static void on_file_work(uv_work_t *work)
{
	struct keys *k = work->data;

	file_load(k->opt.issuer->jwks_file, &k->from_file, k->file_why, sizeof(k->file_why));
}

static void keys_free(struct keys *k)
{
	identity_keys_free(k->current);
	identity_keys_free(k->from_file);
	free(k);
}

static void on_file_done(uv_work_t *work, int status)
{
	struct keys *k = work->data;
	struct identity_keys *set = k->from_file;

	(void)status; /* cancelled only by keys_close() */
	k->stage = IDLE;
	if (k->is_closing) {
		if (!k->timer_is_open)
			keys_free(k);
		return;
	}
	k->from_file = NULL;
	if (set)
		fetch_good(k, set);
	else
		fetch_failed(k, k->file_why);
}

static void file_start(struct keys *k)
{
	k->stage = FILE_READ;
	k->work.data = k;
	if (uv_queue_work(k->opt.loop, &k->work, on_file_work, on_file_done))
		fetch_failed(k, "no worker thread");
}

static void fetch_start(struct keys *k)
{
	if (k->stage != IDLE)
		return;
	k->is_due = false;
	(void)uv_timer_stop(&k->timer);
	if (k->fetcher)
		discovery_start(k);
	else
		file_start(k);
}

/* ---- opening ---- */
/* OpenID Connect Discovery 1.0 section 3: https, neither query nor fragment. */
static int discovery_check(const struct config_issuer *issuer, char *why, size_t size)
{
	const char *url = issuer->id.issuer;

	if (!url || strncmp(url, "https://", 8) != 0 || !url[8] || url[8] == '/') {
		(void)snprintf(why, size, "issuer %s: discovery needs an issuer that begins with https://", issuer->id.name);
		return QW_E_CONFIG;
	}
	if (strpbrk(url, "?#@\\ ") || strlen(url) > KEYS_URL_MAX - 64) {
		(void)snprintf(why, size, "issuer %s: an issuer has no user, query, fragment or blank, and is not that long",
			issuer->id.name);
		return QW_E_CONFIG;
	}
	return 0;
}

static int discovery_open(struct keys *k, char *why, size_t size)
{
	struct fetcher_options opt = {.loop = k->opt.loop, .ca_file = k->opt.issuer->ca_file, .timeout_ms = k->opt.timeout_ms,
		.cb = on_fetched, .ctx = k};
	FILE *ca;
	int err = discovery_check(k->opt.issuer, why, size);

	if (err)
		return err;
	ca = opt.ca_file ? fopen(opt.ca_file, "rbe") : NULL;
	if (opt.ca_file && !ca) {
		(void)snprintf(why, size, "issuer %s: ca_file %s cannot be read", k->opt.issuer->id.name, opt.ca_file);
		return QW_E_CONFIG;
	}
	if (ca)
		(void)fclose(ca);
	err = fetcher_open(&opt, &k->fetcher);
	if (err)
		(void)snprintf(why, size, "issuer %s: %s", k->opt.issuer->id.name, qw_error_text(err));
	return err;
}

static int file_open(struct keys *k, char *why, size_t size)
{
	char text[KEYS_WHY_MAX] = "";

	if (!k->opt.issuer->jwks_file) {
		(void)snprintf(why, size, "issuer %s: neither jwks_file nor discovery", k->opt.issuer->id.name);
		return QW_E_CONFIG;
	}
	file_load(k->opt.issuer->jwks_file, &k->current, text, sizeof(text));
	if (k->current) {
		k->fetched_at_ms = uv_now(k->opt.loop);
		return 0;
	}
	(void)snprintf(why, size, "issuer %s: jwks_file %s: %s", k->opt.issuer->id.name, k->opt.issuer->jwks_file, text);
	return QW_E_CONFIG;
}

int keys_open(const struct keys_options *opt, struct keys **out, char *why, size_t why_size)
{
	struct keys *k = calloc(1, sizeof(*k));
	int err;

	*out = NULL;
	if (!k) {
		(void)snprintf(why, why_size, "%s", qw_error_text(QW_E_NOMEM));
		return QW_E_NOMEM;
	}
	k->opt = *opt;
	k->opt.miss_interval_ms = or_default(opt->miss_interval_ms, MISS_INTERVAL_MS);
	k->opt.retry_min_ms = or_default(opt->retry_min_ms, RETRY_MIN_MS);
	k->opt.retry_max_ms = or_default(opt->retry_max_ms, RETRY_MAX_MS);
	k->opt.timeout_ms = or_default(opt->timeout_ms, TIMEOUT_MS);
	uv_update_time(opt->loop);
	err = opt->issuer->discovery ? discovery_open(k, why, why_size) : file_open(k, why, why_size);
	if (err) {
		keys_free(k);
		return err;
	}
	(void)uv_timer_init(opt->loop, &k->timer); /* cannot fail */
	k->timer.data = k;
	k->timer_is_open = true;
	k->is_due = !k->current;
	schedule(k, k->is_due ? 0 : refresh_ms(k));
	*out = k;
	return 0;
}

/* ---- asking ---- */
uint64_t keys_age_s(const struct keys *k)
{
	return k->current ? (uv_now(k->opt.loop) - k->fetched_at_ms) / 1000 : UINT64_MAX;
}

const struct identity_keys *keys_current(const struct keys *k)
{
	if (!k->current || uv_now(k->opt.loop) - k->fetched_at_ms > 1000ULL * or_default(k->opt.issuer->stale_max_s, STALE_MAX_S))
		return NULL;
	return k->current;
}

bool keys_want(struct keys *k, struct keys_wait *w, void (*cb)(struct keys_wait *w, const struct identity_keys *current))
{
	const uint64_t now = uv_now(k->opt.loop);

	QW_ASSERT(!w->at);
	if (k->is_closing)
		return false;
	if (k->stage == IDLE && !k->is_due) {
		if (k->has_missed && now - k->missed_at_ms < k->opt.miss_interval_ms)
			return false;
		k->has_missed = true;
		k->missed_at_ms = now;
		k->is_due = true; /* not at once: cb never comes before we have returned */
		schedule(k, 0);
	}
	w->cb = cb;
	w->next = k->waits;
	w->at = &k->waits;
	if (w->next)
		w->next->at = &w->next;
	k->waits = w;
	return true;
}

void keys_wait_cancel(struct keys_wait *w)
{
	if (!w->at)
		return;
	*w->at = w->next;
	if (w->next)
		w->next->at = w->at;
	w->next = NULL;
	w->at = NULL;
}

/* ---- closing ---- */
static void on_timer_closed(uv_handle_t *h)
{
	struct keys *k = h->data;

	k->timer_is_open = false;
	if (k->stage != FILE_READ)
		keys_free(k);
}

void keys_close(struct keys *k)
{
	if (!k || k->is_closing)
		return;
	k->is_closing = true;
	while (k->waits)
		keys_wait_cancel(k->waits);
	fetcher_close(k->fetcher);
	k->fetcher = NULL;
	if (k->stage == FILE_READ)
		(void)uv_cancel((uv_req_t *)&k->work); /* on_file_done() comes in any case */
	else
		k->stage = IDLE;
	uv_close((uv_handle_t *)&k->timer, on_timer_closed);
}
