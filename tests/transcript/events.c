/* The "! ..." lines of transcripts: what the street tells a session. */
#include "harness.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

static void identified(struct harness *h, const char *group)
{
	struct qw_claim claims[] = {{"groups", group}};
	struct principal p = {.issuer_name = "test", .issuer = "https://issuer.example", .subject = "ann",
		.expires_at = (int64_t)(h->now.wall_us / 1000000) + 3600, .claims = claims, .claim_count = 1};

	harness_post(h, (struct session_event){.kind = SESSION_EV_IDENTIFIED, .principal = &p});
}

static void connected(struct harness *h)
{
	static const struct upstream_parameter parameters[] = {{"server_version", "15.20"}, {"client_encoding", "UTF8"}};
	struct session_connected c = {.backend_pid = 4242, .server_version = h->server_version ? h->server_version : 150020,
		.parameters = parameters, .parameter_count = 2};

	harness_post(h, (struct session_event){.kind = SESSION_EV_CONNECTED, .connected = &c});
}

static void tick(struct harness *h, const char *seconds)
{
	h->now.mono_us += 1000000ull * strtoull(seconds, NULL, 10);
	h->now.wall_us += 1000000ull * strtoull(seconds, NULL, 10);
	harness_post(h, (struct session_event){.kind = SESSION_EV_TICK});
}

static bool is(const char *line, const char *word, const char **rest)
{
	size_t n = strlen(word);

	if (strncmp(line, word, n) != 0 || (line[n] && line[n] != ' '))
		return false;
	*rest = line[n] ? line + n + 1 : "";
	return true;
}

static bool plain_event(struct harness *h, const char *line)
{
	static const struct {
		const char *word;
		enum session_event_kind kind;
		enum session_side side;
	} plain[] = {{"audited", SESSION_EV_AUDITED, 0}, {"audit failed", SESSION_EV_AUDIT_FAILED, 0},
		{"eof client", SESSION_EV_EOF, SESSION_CLIENT}, {"eof upstream", SESSION_EV_EOF, SESSION_UPSTREAM},
		{"cancel", SESSION_EV_CANCEL, 0}, {"cancel done", SESSION_EV_CANCEL_DONE, 0}, {"drain", SESSION_EV_DRAIN, 0},
		{"catalog failed", SESSION_EV_CATALOG_FAILED, 0}};

	for (size_t i = 0; i < QW_COUNT(plain); i++)
		if (strcmp(line, plain[i].word) == 0) {
			harness_post(h, (struct session_event){.kind = plain[i].kind, .side = plain[i].side});
			return true;
		}
	return false;
}

/* As if the database had nothing sensitive (yet). */
static void unlabelled(struct harness *h)
{
	const struct policy_role *admin =
		policy_role_find(h->policy, "admin", "shop", &(struct qw_claim){"groups", "admin"}, 1);
	struct labels *none = labels_build(h->catalog, h->policy, admin, "shop");

	QW_ASSERT(none);
	h->is_unlabelled = true;
	harness_post(h, (struct session_event){.kind = SESSION_EV_CATALOG, .labels = none});
	labels_unref(none);
}

/* Read again: nothing of what was judged before is current. `p` is the policy, or one with other masks. */
static void relabelled(struct harness *h, const struct policy *p)
{
	const struct policy_role *agent = policy_role_find(p, "agent", "shop", &(struct qw_claim){"groups", "agent"}, 1);

	labels_unref(h->labels);
	h->labels = labels_build(h->catalog, p, agent, "shop");
	QW_ASSERT(h->labels);
	harness_post(h, (struct session_event){.kind = SESSION_EV_CATALOG, .labels = h->labels});
}

void harness_event(struct harness *h, const char *line)
{
	const struct session_tls tls = {.version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384", .alpn_postgresql = true};
	struct session_tls direct = tls;
	const char *rest;

	direct.is_direct = true;
	if (plain_event(h, line))
		return;
	if (strcmp(line, "tls") == 0)
		harness_post(h, (struct session_event){.kind = SESSION_EV_TLS_READY, .tls = &tls});
	else if (strcmp(line, "tls direct") == 0)
		harness_post(h, (struct session_event){.kind = SESSION_EV_TLS_READY, .tls = &direct});
	else if (is(line, "identified", &rest))
		identified(h, rest);
	else if (is(line, "refused", &rest))
		harness_post(h, (struct session_event){.kind = SESSION_EV_REFUSED, .text = rest});
	else if (strcmp(line, "connected") == 0)
		connected(h);
	else if (strcmp(line, "connect failed") == 0) {
		struct upstream_failure f = {"08001", "the database cannot be reached", "refused"};

		harness_post(h, (struct session_event){.kind = SESSION_EV_CONNECT_FAILED, .failure = &f});
	} else if (strcmp(line, "catalog") == 0)
		harness_post(h, (struct session_event){.kind = SESSION_EV_CATALOG, .labels = h->labels});
	else if (strcmp(line, "catalog none") == 0)
		unlabelled(h);
	else if (strcmp(line, "catalog new") == 0)
		relabelled(h, h->policy);
	else if (strcmp(line, "catalog other") == 0) { /* customers are not sensitive */
		h->is_unlabelled = true;
		relabelled(h, h->policy2);
	}
	else if (strcmp(line, "policy") == 0)
		harness_post(h, (struct session_event){.kind = SESSION_EV_POLICY, .policy = h->policy});
	else if (strcmp(line, "approve") == 0)
		harness_decide(h, true, NULL);
	else if (is(line, "deny", &rest))
		harness_decide(h, false, rest);
	else if (is(line, "tick", &rest))
		tick(h, rest);
	else if (strcmp(line, "manual audit") == 0)
		h->manual_audit = true;
	else if (strcmp(line, "manual catalog") == 0)
		h->manual_catalog = true;
	else if (strcmp(line, "manual trees") == 0)
		h->manual_trees = true;
	else if (is(line, "version", &rest))
		h->server_version = (uint32_t)strtoul(rest, NULL, 10);
	else if (strcmp(line, "own trees") == 0)
		h->manual_trees = false;
	else if (strcmp(line, "session") == 0) { /* the next client of the same gateway */
		harness_end(h);
		(void)harness_begin(h);
	}
	else if (is(line, "mode", &rest))
		h->config.audit_mode = strcmp(rest, "strict") == 0 ? AUDIT_STRICT : AUDIT_SPOOLED;
	else if (is(line, "login", &rest))
		harness_login(h, rest, "3.0");
	else {
		(void)fprintf(stderr, "unknown event: %s\n", line);
		abort();
	}
}

static void feed_words(struct harness *h, const char *words)
{
	struct qw_buf b;

	qw_buf_init(&b, 1 << 20);
	QW_ASSERT(!words_encode(words, false, &b));
	harness_feed(h, SESSION_CLIENT, qw_buf_pending(&b));
	qw_buf_fini(&b);
}

void harness_login(struct harness *h, const char *role, const char *minor)
{
	char startup[200];
	bool manual = h->manual_audit;

	(void)snprintf(startup, sizeof(startup), "startup %s user=%s database=shop", minor, role);
	h->manual_audit = false;
	feed_words(h, "sslrequest");
	harness_event(h, "tls");
	feed_words(h, startup);
	feed_words(h, "p token");
	identified(h, role);
	connected(h);
	h->manual_audit = manual;
	lines_clear(&h->client);
	lines_clear(&h->upstream);
	lines_clear(&h->other);
}
