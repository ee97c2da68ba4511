/* One connection: makes events, executes the session's actions. The life of a connection is the life of this file, in order. */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "qw/digest.h"

#include "street.h"

static void timer_arm(struct conn *c, uint64_t deadline_us);

void conn_log_failure(const struct conn *c, const char *event, const char *detail)
{
	qw_log(QW_LOG_INFO, event, "session", c->id_text, "client", c->address_text, "detail", detail, NULL);
}

/* ---- birth ---- */

static void name_peer(struct conn *c, const struct sockaddr_storage *peer)
{
	char host[INET6_ADDRSTRLEN] = "?";
	const struct sockaddr_in *v4 = (const void *)peer;
	const struct sockaddr_in6 *v6 = (const void *)peer;
	bool is_v6 = peer->ss_family == AF_INET6;

	(void)inet_ntop(peer->ss_family, is_v6 ? (const void *)&v6->sin6_addr : (const void *)&v4->sin_addr, host,
		sizeof(host));
	(void)snprintf(c->address_text, sizeof(c->address_text), is_v6 ? "[%s]:%u" : "%s:%u", host,
		(unsigned)ntohs(is_v6 ? v6->sin6_port : v4->sin_port));
	c->address = listen_address_of(peer);
}

static int give_session(struct conn *c)
{
	struct street *s = c->street;
	struct session_options *o = &c->options;

	*o = (struct session_options){
		.config = s->config,
		.policy = s->policy_now->policy,
		.mask_key = s->mask_key,
		.cache = s->verdicts,
		.limits = s->limits,
		.client_address = c->address_text,
		.dialect = c->listener->config->dialect,
		.target = c->listener->config->target,
		.greeting_version = c->listener->version,
		.now = street_now(),
	};
	if (qw_random(o->id, sizeof(o->id)) || qw_random(o->entropy, sizeof(o->entropy)))
		return QW_E_CRYPTO;
	qw_hex(qw_bytes(o->id, sizeof(o->id)), c->id_text);
	c->session = session_new(o);
	if (!c->session)
		return QW_E_NOMEM;
	c->policy_now = s->policy_now;
	c->policy_oldest = s->policy_now;
	c->policy_oldest->users++;
	return 0;
}

static void link_in(struct conn *c)
{
	struct street *s = c->street;

	c->next = s->conns;
	if (c->next)
		c->next->prev = c;
	s->conns = c;
	s->conn_count++;
	s->totals.connections_total++;
}

void conn_start(struct street *s, struct listener *from, int fd, const struct sockaddr_storage *peer)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (!c) {
		(void)close(fd);
		return;
	}
	c->street = s;
	c->listener = from;
	c->side[SESSION_UPSTREAM].fd = -1;
	name_peer(c, peer);
	link_in(c);
	(void)uv_timer_init(&s->loop, &c->timer);
	c->timer.data = c;
	c->handles = 1;
	if (relay_attach(c, SESSION_CLIENT, fd) || give_session(c)) {
		conn_log_failure(c, "connection.failed", "no memory or no randomness");
		conn_close(c);
		return;
	}
	c->has_more = true; /* the session may want a deadline before the first byte */
	conn_run(c);
}

/* ---- events ---- */

void conn_event(struct conn *c, struct session_event *ev)
{
	if (c->phase != CONN_OPEN || !c->session)
		return;
	ev->now = street_now();
	session_on(c->session, ev);
	c->has_more = true;
	conn_run(c);
}

void conn_event_kind(struct conn *c, enum session_event_kind kind)
{
	struct session_event ev = {.kind = kind};

	conn_event(c, &ev);
}

static void on_timer(uv_timer_t *t)
{
	struct conn *c = t->data;
	uint64_t now_us = street_now().mono_us;

	c->timer_us = 0;
	if (c->deadline_us == 0)
		return;
	if (now_us < c->deadline_us) {
		timer_arm(c, c->deadline_us);
		return;
	}
	c->deadline_us = 0;
	if (c->phase == CONN_OPEN)
		conn_event_kind(c, SESSION_EV_TICK);
	else
		conn_close(c);
}

/* A timer that fires too early is cheaper than one that is moved for every statement. */
static void timer_arm(struct conn *c, uint64_t deadline_us)
{
	uint64_t now_us = street_now().mono_us;

	c->deadline_us = deadline_us;
	if (deadline_us == 0 || (c->timer_us != 0 && c->timer_us <= deadline_us))
		return;
	c->timer_us = deadline_us;
	(void)uv_timer_start(&c->timer, on_timer, deadline_us > now_us ? (deadline_us - now_us) / 1000 + 1 : 0, 0);
}

/* ---- actions ---- */

static void start_tls(struct conn *c, const struct session_action *a)
{
	struct side *side = &c->side[SESSION_CLIENT];

	relay_write(c, SESSION_CLIENT); /* the answer to SSLRequest goes in the clear */
	if (!c->tls && session_output(c->session, SESSION_CLIENT).n == 0 && !side->is_broken)
		c->tls = tls_new(c->listener->tls, c->street, a->is_direct);
	if (!c->tls) {
		side->is_broken = true;
		relay_eof(c, SESSION_CLIENT);
	} else if (a->bytes.n > 0 && !tls_feed(c, a->bytes)) {
		relay_eof(c, SESSION_CLIENT);
	}
}

static void on_identified(void *ctx, const struct principal *p, struct qw_arena *arena, const char *why)
{
	struct conn *c = ctx;
	struct session_event ev = {.kind = p ? SESSION_EV_IDENTIFIED : SESSION_EV_REFUSED, .text = why};

	c->identify = NULL;
	if (p) {
		qw_arena_fini(&c->principal_arena);
		c->principal_arena = *arena;
		*arena = (struct qw_arena){0};
		c->principal = *p;
		c->is_identified = true;
		c->street->totals.logins_ok++;
	} else {
		c->street->totals.logins_refused++;
	}
	ev.principal = p ? &c->principal : NULL;
	conn_event(c, &ev);
}

/* The session wipes its own copies when its queue is empty; here go ours. The answer may move what `a` borrows. */
static void identify(struct conn *c, const struct session_action *a)
{
	struct qw_bytes token = a->bytes;
	uint8_t *copy = c->identify ? NULL : malloc(token.n + 1); /* one token a session */

	if (!copy) {
		on_identified(c, NULL, NULL, "no memory, or a second token");
		return;
	}
	if (token.n)
		memcpy(copy, token.p, token.n);
	qw_wipe((void *)(uintptr_t)token.p, token.n);
	qw_wipe(c->street->plain, READ_BYTES);
	c->identify = identify_start(c->street, qw_bytes(copy, token.n), on_identified, c);
	qw_wipe(copy, token.n);
	free(copy);
}

static void log_for_session(const struct conn *c, const struct session_action *a)
{
	struct session_info info = {0};

	session_info_get(c->session, &info);
	qw_log(QW_LOG_INFO, a->text ? a->text : "session", "session", c->id_text, "client", c->address_text, "role",
		info.role, "database", info.database, "subject", info.subject, "detail", a->detail, NULL);
}

static void begin_close(struct conn *c)
{
	c->phase = CONN_FLUSHING;
	relay_write(c, SESSION_UPSTREAM);
	conn_let_go(c);
	timer_arm(c, street_now().mono_us + FLUSH_MS * 1000ULL);
}

static void perform(struct conn *c, const struct session_action *a)
{
	switch (a->kind) {
	case SESSION_DO_SEND:
		break; /* everything is written together after the last action */
	case SESSION_DO_START_TLS:
		start_tls(c, a);
		break;
	case SESSION_DO_IDENTIFY:
		identify(c, a);
		break;
	case SESSION_DO_VERSION:
		jobs_version(c);
		break;
	case SESSION_DO_CONNECT:
		jobs_connect(c, a->connect);
		break;
	case SESSION_DO_CATALOG:
		catalogs_want(c, a->seq);
		break;
	case SESSION_DO_CATALOG_STALE:
		catalogs_stale(c);
		break;
	case SESSION_DO_AUDIT:
		recorder_append(c, a->bytes, a->wait, a->seq);
		break;
	case SESSION_DO_PARSE:
		parser_parse(c, a->bytes);
		break;
	case SESSION_DO_ASK:
		approvals_ask(c, a->approval);
		break;
	case SESSION_DO_WITHDRAW:
		approvals_withdraw(c, a->text);
		break;
	case SESSION_DO_CANCEL_UPSTREAM:
		jobs_cancel_upstream(c);
		break;
	case SESSION_DO_CANCEL_REQUEST:
		cancel_request(c->street, a->pid, a->bytes);
		break;
	case SESSION_DO_REGISTER_CANCEL:
		cancel_register(c, a->pid, a->bytes);
		break;
	case SESSION_DO_ARM:
		timer_arm(c, a->deadline_us);
		break;
	case SESSION_DO_PAUSE:
		c->side[a->side].is_paused = true;
		break;
	case SESSION_DO_RESUME:
		c->side[a->side].is_paused = false;
		break;
	case SESSION_DO_LOG:
		log_for_session(c, a);
		break;
	case SESSION_DO_CLOSE:
		begin_close(c);
		break;
	}
}

/* ---- the one place where a connection moves ---- */

static void say_goodbye(struct conn *c)
{
	struct side *side = &c->side[SESSION_CLIENT];

	if (c->phase == CONN_FLUSHING && relay_is_written(c) && !side->is_broken) {
		c->phase = CONN_LINGERING;
		if (c->tls && tls_is_ready(c->tls))
			tls_goodbye(c->tls);
		relay_write(c, SESSION_CLIENT);
		(void)shutdown(side->fd, SHUT_WR);
		timer_arm(c, street_now().mono_us + LINGER_MS * 1000ULL);
	}
	if (c->phase == CONN_CLOSED)
		return;
	if ((c->phase == CONN_LINGERING && side->is_eof) || (c->phase == CONN_FLUSHING && side->is_broken))
		conn_close(c);
}

void conn_run(struct conn *c)
{
	struct session_action a;

	if (c->is_running || !c->session)
		return;
	c->is_running = true;
	while (c->has_more) {
		c->has_more = false;
		while (!c->is_held && c->phase == CONN_OPEN && session_next(c->session, &a))
			perform(c, &a);
		if (c->is_held)
			break;
		if (c->phase == CONN_OPEN) {
			relay_soon(c);
			continue;
		}
		relay_write(c, SESSION_CLIENT);
		relay_write(c, SESSION_UPSTREAM);
	}
	c->is_running = false;
	if (c->phase != CONN_OPEN)
		say_goodbye(c);
	if (c->phase != CONN_CLOSED)
		relay_arm(c);
}

/* ---- death ---- */

static void add_totals(struct conn *c)
{
	struct street_stats *t = &c->street->totals;
	struct session_info info = {0};

	session_info_get(c->session, &info);
	t->statements += info.statements;
	t->refused += info.refused;
	t->held += info.held;
	t->rows += info.rows;
	t->masked_rows += info.masked_rows;
	t->found_masked += info.found_masked;
	t->found_flagged += info.found_flagged;
}

/* Everything but the client's socket and the session. */
void conn_let_go(struct conn *c)
{
	relay_forget(c);
	jobs_forget(c);
	parser_forget(c);
	catalogs_forget(c);
	recorder_forget(c);
	approvals_forget(c);
	cancel_unregister(c);
	identify_cancel(c->identify);
	c->identify = NULL;
	relay_detach(c, SESSION_UPSTREAM);
	upstream_free(c->upstream);
	c->upstream = NULL;
	c->upstream_ssl = NULL;
}

static void unlink_from(struct conn *c)
{
	struct street *s = c->street;

	if (c->prev)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next)
		c->next->prev = c->prev;
}

static void on_timer_closed(uv_handle_t *h)
{
	conn_handle_closed(h->data);
}

void conn_close(struct conn *c)
{
	QW_ASSERT(!c->is_running);
	if (c->phase == CONN_CLOSED)
		return;
	c->phase = CONN_CLOSED;
	conn_let_go(c);
	tls_free(c->tls);
	relay_detach(c, SESSION_CLIENT);
	uv_close((uv_handle_t *)&c->timer, on_timer_closed);
	unlink_from(c);
	listen_address_release(c->street, &c->address);
	if (c->session)
		add_totals(c);
	session_free(c->session);
	c->session = NULL;
	qw_arena_fini(&c->parsed);
	qw_arena_fini(&c->principal_arena);
	if (c->policy_oldest) {
		c->policy_oldest->users--;
		operate_policies_free(c->street, false);
	}
}

void conn_handle_closed(struct conn *c)
{
	struct street *s = c->street;

	if (--c->handles > 0)
		return;
	free(c);
	s->conn_count--;
	street_conn_gone(s);
}
