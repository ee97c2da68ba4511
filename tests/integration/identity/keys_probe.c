/*
 * The background fetcher in a loop of its own, driven by lines on standard input and answering by lines: what a login would
 * see. Commands: verify TOKEN, age, tick (answers at once: is the loop alive?). The end of input closes everything.
 */
#include "keys.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const char *algorithms[] = {"RS256", "PS256", "ES256", "EdDSA"};
static struct config_issuer issuer = {
	.id = {.name = "test", .audience = "querywarden", .algorithms = algorithms, .algorithm_count = 4,
		.lifetime_max_s = 86400, .skew_s = 30},
	.discovery = true,
};
static struct keys *keys;
static uv_pipe_t input;
static char line[64 * 1024];
static size_t line_n;

struct login {
	struct keys_wait wait;
	char *token;
};

static void on_event(void *ctx, enum keys_event event, const char *name, const char *text)
{
	(void)ctx;
	printf("%s %s: %s\n", event == KEYS_FETCHED ? "fetched" : "failed", name, text);
}

static enum identity_verdict verify(const struct identity_keys *set, const char *token)
{
	static const char *const names[] = {"refused", "unknown", "accepted"};
	struct qw_arena arena;
	struct principal p;
	enum identity_verdict v;
	char why[256];

	qw_arena_init(&arena, 1 << 16);
	v = identity_verify(&issuer.id, set, qw_bytes_from(token), time(NULL), &arena, &p, why, sizeof(why));
	printf("%s %s%s", names[v], why, v == IDENTITY_ACCEPTED ? p.subject : "");
	for (size_t i = 0; v == IDENTITY_ACCEPTED && i < p.claim_count; i++)
		if (strcmp(p.claims[i].name, "groups") == 0)
			printf(" groups=%s", p.claims[i].value);
	qw_arena_fini(&arena);
	return v;
}

static void on_keys(struct keys_wait *w, const struct identity_keys *current)
{
	struct login *l = (struct login *)w; /* its first member */

	printf("after a fetch: ");
	(void)verify(current, l->token);
	printf("\n");
	free(l->token);
	free(l);
}

static void login(const char *token)
{
	struct login *l;

	if (verify(keys_current(keys), token) == IDENTITY_UNKNOWN_KEY) {
		l = calloc(1, sizeof(*l));
		QW_ASSERT(l);
		l->token = strdup(token);
		if (keys_want(keys, &l->wait, on_keys)) {
			printf(" waits\n");
			return;
		}
		printf(" no fetch");
		free(l->token);
		free(l);
	}
	printf("\n");
}

static void command(const char *text)
{
	if (strncmp(text, "verify ", 7) == 0)
		login(text + 7);
	else if (strcmp(text, "age") == 0)
		printf("age %llu usable %d\n", (unsigned long long)keys_age_s(keys), keys_current(keys) != NULL);
	else
		printf("tock\n");
}

static void on_alloc(uv_handle_t *h, size_t size, uv_buf_t *buf)
{
	(void)h;
	(void)size;
	*buf = uv_buf_init(line + line_n, (unsigned)(sizeof(line) - line_n));
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	char *end;

	(void)buf;
	if (n < 0) {
		uv_close((uv_handle_t *)s, NULL);
		keys_close(keys);
		return;
	}
	line_n += (size_t)n;
	while ((end = memchr(line, '\n', line_n)) != NULL) {
		*end = '\0';
		command(line);
		line_n -= (size_t)(end + 1 - line);
		memmove(line, end + 1, line_n);
	}
}

static bool options(int argc, char **argv, struct keys_options *opt)
{
	int c;

	while ((c = getopt(argc, argv, "i:f:c:r:s:m:b:B:t:")) != -1) {
		const uint32_t n = optarg ? (uint32_t)strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'i': issuer.id.issuer = optarg; break;
		case 'f': issuer.jwks_file = optarg; issuer.discovery = false; break;
		case 'c': issuer.ca_file = optarg; break;
		case 'r': issuer.refresh_s = n; break;
		case 's': issuer.stale_max_s = n; break;
		case 'm': opt->miss_interval_ms = n; break;
		case 'b': opt->retry_min_ms = n; break;
		case 'B': opt->retry_max_ms = n; break;
		case 't': opt->timeout_ms = n; break;
		default: return false;
		}
	}
	return true;
}

int main(int argc, char **argv)
{
	uv_loop_t loop;
	struct keys_options opt = {.loop = &loop, .issuer = &issuer, .on_event = on_event};
	char why[256];

	setvbuf(stdout, NULL, _IOLBF, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!options(argc, argv, &opt) || uv_loop_init(&loop))
		return 2;
	if (keys_open(&opt, &keys, why, sizeof(why))) {
		printf("not opened: %s\n", why);
		(void)uv_loop_close(&loop);
		return 1;
	}
	printf("opened\n");
	if (uv_pipe_init(&loop, &input, 0) || uv_pipe_open(&input, 0) ||
		uv_read_start((uv_stream_t *)&input, on_alloc, on_read))
		return 2;
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) ? 3 : 0; /* 3: a handle was left open */
}
