/* A token -> a principal: chooses the issuer, asks for its keys, and once more when the key is not known yet. */
#include <stdio.h>
#include <stdlib.h>

#include "qw/digest.h"

#include "keys/keys.h"
#include "street.h"

enum { PRINCIPAL_BYTES_MAX = 256 * 1024, ISSUER_CHARS_MAX = 1024 };

struct question {
	struct street *street;
	size_t issuer;
	struct qw_bytes token; /* borrowed */
	identify_cb cb;
	void *ctx;
};

struct identify {
	struct keys_wait wait; /* first: the callback gets it */
	struct question question;
	uint8_t *copy; /* of the token, wiped */
};

/* ---- key sets ---- */

static void on_keys_event(void *ctx, enum keys_event event, const char *issuer, const char *text)
{
	(void)ctx;
	switch (event) {
	case KEYS_FETCHED:
		qw_log(QW_LOG_INFO, "keys.fetched", "issuer", issuer, "detail", text, NULL);
		return;
	case KEYS_FAILED:
		qw_log(QW_LOG_WARN, "keys.failed", "issuer", issuer, "detail", text, NULL);
		return;
	}
}

int identify_open(struct street *s, char *why, size_t why_size)
{
	const struct config *c = s->config;
	int err = 0;

	s->keys = calloc(c->issuer_count + 1, sizeof(*s->keys));
	if (!s->keys)
		return QW_E_NOMEM;
	for (size_t i = 0; i < c->issuer_count && !err; i++) {
		const struct keys_options o = {.loop = &s->loop, .issuer = &c->issuers[i], .on_event = on_keys_event};

		err = keys_open(&o, &s->keys[i], why, why_size);
	}
	return err;
}

void identify_close(struct street *s)
{
	for (size_t i = 0; s->keys && i < s->config->issuer_count; i++)
		keys_close(s->keys[i]);
	free(s->keys);
	s->keys = NULL;
}

/* ---- one token ---- */

static void identify_free(struct identify *i)
{
	if (!i)
		return;
	keys_wait_cancel(&i->wait);
	if (i->copy)
		qw_wipe(i->copy, i->question.token.n);
	free(i->copy);
	free(i);
}

void identify_cancel(struct identify *i)
{
	identify_free(i);
}

static enum identity_verdict verify(const struct question *q, const struct identity_keys *keys, struct qw_arena *arena,
	struct principal *p, char *why, size_t why_size)
{
	int64_t now_s = (int64_t)(street_now().wall_us / 1000000);

	if (!keys) {
		(void)snprintf(why, why_size, "no key set of this issuer is at hand");
		return IDENTITY_UNKNOWN_KEY;
	}
	return identity_verify(&q->street->config->issuers[q->issuer].id, keys, q->token, now_s, arena, p, why,
		why_size);
}

/* True when it is decided, and then cb has been called. */
static bool decide(const struct question *q, const struct identity_keys *keys, bool is_last)
{
	struct qw_arena arena;
	struct principal p = {0};
	char why[256] = "refused";
	enum identity_verdict v;

	qw_arena_init(&arena, PRINCIPAL_BYTES_MAX);
	v = verify(q, keys, &arena, &p, why, sizeof(why));
	if (v != IDENTITY_UNKNOWN_KEY || is_last)
		q->cb(q->ctx, v == IDENTITY_ACCEPTED ? &p : NULL, &arena, why);
	qw_arena_fini(&arena);
	return v != IDENTITY_UNKNOWN_KEY || is_last;
}

static void on_fetched(struct keys_wait *w, const struct identity_keys *current)
{
	struct identify *i = (struct identify *)w;
	/* The callback forgets us (it clears its pointer), so the memory is ours to free afterwards. */
	(void)decide(&i->question, current, true);
	identify_free(i);
}

static struct identify *wait_for_keys(const struct question *q)
{
	struct identify *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->question = *q;
	i->copy = malloc(q->token.n);
	if (i->copy) {
		memcpy(i->copy, q->token.p, q->token.n);
		i->question.token = qw_bytes(i->copy, q->token.n);
	}
	if (i->copy && keys_want(q->street->keys[q->issuer], &i->wait, on_fetched))
		return i;
	identify_free(i);
	return NULL;
}

static bool issuer_of(const struct config *c, struct qw_bytes token, size_t *issuer)
{
	char name[ISSUER_CHARS_MAX];

	if (token.n == 0 || token.n > c->limits.token_bytes_max || !identity_peek_issuer(token, name, sizeof(name)))
		return false;
	for (*issuer = 0; *issuer < c->issuer_count; ++*issuer)
		if (strcmp(c->issuers[*issuer].id.issuer, name) == 0)
			return true;
	return false;
}

struct identify *identify_start(struct street *s, struct qw_bytes token, identify_cb cb, void *ctx)
{
	struct question q = {.street = s, .token = token, .cb = cb, .ctx = ctx};
	struct identify *i;

	if (!issuer_of(s->config, token, &q.issuer)) {
		cb(ctx, NULL, NULL, "not a token of a configured issuer");
		return NULL;
	}
	if (decide(&q, keys_current(s->keys[q.issuer]), false))
		return NULL;
	i = wait_for_keys(&q);
	if (!i)
		(void)decide(&q, keys_current(s->keys[q.issuer]), true);
	return i;
}

/* ---- for control/ ---- */

struct approver_check {
	struct street *street;
	street_identified_cb cb;
	void *ctx;
};

static void on_approver(void *ctx, const struct principal *p, struct qw_arena *arena, const char *why)
{
	struct approver_check *a = ctx;

	(void)arena;
	if (p && !policy_role_find_approver(street_policy(a->street), p->claims, p->claim_count)) {
		p = NULL;
		why = "no role of this principal may approve";
	}
	a->cb(a->ctx, p, p ? NULL : why);
	free(a);
}

void street_identify(struct street *s, struct qw_bytes token, street_identified_cb cb, void *ctx)
{
	struct approver_check *a = malloc(sizeof(*a));

	if (!a) {
		cb(ctx, NULL, "out of memory");
		return;
	}
	*a = (struct approver_check){.street = s, .cb = cb, .ctx = ctx};
	(void)identify_start(s, token, on_approver, a);
}
