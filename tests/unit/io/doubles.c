#include "doubles.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct doubles doubles;

/* ---- session ---- */

enum { QUEUE = 64, OUT_MAX = 64 << 20, FLOOD = 8 << 20 };

struct session {
	struct session_action queue[QUEUE];
	size_t first, count;
	struct qw_buf out[2];
	const struct session_options *o;
	char waits[QUEUE]; /* what to say when the next record is there */
	size_t wait_count;
	uint64_t now_us;
	bool is_relaying, is_closed;
};

static struct session_action *queue(struct session *s, enum session_action_kind kind)
{
	struct session_action *a = &s->queue[(s->first + s->count++) % QUEUE];

	QW_ASSERT(s->count < QUEUE);
	*a = (struct session_action){.kind = kind};
	return a;
}

static void say(struct session *s, enum session_side side, struct qw_bytes b)
{
	QW_ASSERT(!qw_buf_append(&s->out[side], b.p, b.n));
	if (!s->is_closed)
		queue(s, SESSION_DO_SEND)->side = side;
}

static void end(struct session *s)
{
	if (s->is_closed)
		return;
	(void)queue(s, SESSION_DO_CLOSE);
	s->is_closed = true;
}

static void audit(struct session *s, char what, enum session_wait wait)
{
	static const uint8_t names[256] = {['a'] = 'a', ['d'] = 'd', ['n'] = 'n'};
	struct session_action *a = queue(s, SESSION_DO_AUDIT);

	a->bytes = qw_bytes(&names[(uint8_t)what], 1);
	a->wait = wait;
	if (wait == SESSION_WAIT_NONE)
		say(s, SESSION_CLIENT, QW_LIT("n"));
	else
		s->waits[s->wait_count++] = what;
}

static void flood(struct session *s)
{
	static uint8_t part[65536];

	memset(part, 'f', sizeof(part));
	for (size_t i = 0; i < FLOOD / sizeof(part); i++)
		QW_ASSERT(!qw_buf_append(&s->out[SESSION_CLIENT], part, sizeof(part)));
	queue(s, SESSION_DO_SEND)->side = SESSION_CLIENT;
}

static void obey(struct session *s, uint8_t what)
{
	static const struct config_target target = {.up = {.name = "t"}};
	static const struct session_connect connect = {.target = &target, .database = "d", .application_name = "n"};
	struct session_action *a;

	switch (what) {
	case 's':
		say(s, SESSION_CLIENT, QW_LIT("S"));
		(void)queue(s, SESSION_DO_START_TLS);
		break;
	case 'a': audit(s, 'a', SESSION_WAIT_RING); break;
	case 'd': audit(s, 'd', SESSION_WAIT_DISK); break;
	case 'n': audit(s, 'n', SESSION_WAIT_NONE); break;
	case 'c': queue(s, SESSION_DO_CONNECT)->connect = &connect; break;
	case 't': queue(s, SESSION_DO_ARM)->deadline_us = s->now_us + 30000; break;
	case 'p': queue(s, SESSION_DO_PARSE)->bytes = QW_LIT("select 1"); break;
	case 'k':
	case 'z':
		a = queue(s, what == 'k' ? SESSION_DO_REGISTER_CANCEL : SESSION_DO_CANCEL_REQUEST);
		a->pid = 7;
		a->bytes = QW_LIT("key!");
		break;
	case 'f': flood(s); break;
	case 'x':
		say(s, SESSION_CLIENT, QW_LIT("bye"));
		end(s);
		break;
	default: say(s, SESSION_CLIENT, qw_bytes(&what, 1)); break;
	}
}

static void on_bytes(struct session *s, const struct session_event *ev)
{
	if (s->is_relaying) {
		say(s, ev->side == SESSION_CLIENT ? SESSION_UPSTREAM : SESSION_CLIENT, ev->bytes);
		return;
	}
	for (size_t i = 0; i < ev->bytes.n && !s->is_closed; i++)
		obey(s, ev->bytes.p[i]);
}

static void on_audited(struct session *s)
{
	QW_ASSERT(s->wait_count > 0);
	say(s, SESSION_CLIENT, qw_bytes(&s->waits[0], 1));
	memmove(s->waits, s->waits + 1, --s->wait_count);
}

struct session *session_new(const struct session_options *o)
{
	struct session *s = calloc(1, sizeof(*s));

	QW_ASSERT(s);
	s->o = o;
	qw_buf_init(&s->out[0], OUT_MAX);
	qw_buf_init(&s->out[1], OUT_MAX);
	doubles.sessions_open++;
	return s;
}

void session_free(struct session *s)
{
	if (!s)
		return;
	qw_buf_fini(&s->out[0]);
	qw_buf_fini(&s->out[1]);
	free(s);
	doubles.sessions_open--;
}

void session_on(struct session *s, const struct session_event *ev)
{
	if (s->is_closed)
		return;
	s->now_us = ev->now.mono_us;
	switch (ev->kind) {
	case SESSION_EV_BYTES: on_bytes(s, ev); break;
	case SESSION_EV_EOF:
		doubles.eofs++;
		end(s);
		break;
	case SESSION_EV_AUDITED: on_audited(s); break;
	case SESSION_EV_CONNECTED:
		say(s, SESSION_CLIENT, QW_LIT("c"));
		s->is_relaying = true;
		break;
	case SESSION_EV_TICK:
		doubles.ticks++;
		say(s, SESSION_CLIENT, QW_LIT("t"));
		break;
	case SESSION_EV_PARSED:
		QW_ASSERT(ev->statements && ev->statements->count == 0);
		say(s, SESSION_CLIENT, QW_LIT("p"));
		break;
	case SESSION_EV_CANCEL:
		doubles.cancels++;
		say(s, SESSION_CLIENT, QW_LIT("!"));
		break;
	case SESSION_EV_AUDIT_FAILED:
	case SESSION_EV_CONNECT_FAILED:
		say(s, SESSION_CLIENT, QW_LIT("F"));
		end(s);
		break;
	case SESSION_EV_DRAIN:
		doubles.drains++;
		end(s);
		break;
	case SESSION_EV_POLICY: doubles.policies++; break;
	case SESSION_EV_VERSION:
	case SESSION_EV_TLS_READY:
	case SESSION_EV_IDENTIFIED:
	case SESSION_EV_REFUSED:
	case SESSION_EV_CATALOG:
	case SESSION_EV_CATALOG_FAILED:
	case SESSION_EV_ASKED:
	case SESSION_EV_APPROVED:
	case SESSION_EV_NOT_APPROVED:
	case SESSION_EV_CANCEL_DONE: break;
	}
}

bool session_next(struct session *s, struct session_action *out)
{
	if (s->count == 0)
		return false;
	*out = s->queue[s->first];
	s->first = (s->first + 1) % QUEUE;
	s->count--;
	return true;
}

struct qw_bytes session_output(const struct session *s, enum session_side side)
{
	return qw_buf_pending(&s->out[side]);
}

void session_sent(struct session *s, enum session_side side, size_t n)
{
	qw_buf_consume(&s->out[side], n);
}

void session_info_get(const struct session *s, struct session_info *out)
{
	(void)s;
	*out = (struct session_info){.statements = 1};
}

struct verdict_cache *verdict_cache_new(size_t entries)
{
	return malloc(entries + 1);
}

void verdict_cache_free(struct verdict_cache *c)
{
	free(c);
}

/* ---- audit ---- */

int audit_open(const struct audit_options *o, struct audit **out, char *why, size_t why_size)
{
	(void)why;
	(void)why_size;
	doubles.on_progress = o->on_progress;
	doubles.ctx = o->ctx;
	*out = (struct audit *)&doubles;
	return 0;
}

void audit_close(struct audit *a)
{
	(void)a;
}

void doubles_progress(void)
{
	doubles.on_progress(doubles.ctx);
}

int audit_append(struct audit *a, struct qw_bytes record, uint64_t *seq)
{
	(void)a;
	if (doubles.append_error)
		return doubles.append_error;
	*seq = ++doubles.appended;
	if (record.n == 1 && strlen(doubles.order) + 1 < sizeof(doubles.order))
		doubles.order[strlen(doubles.order)] = (char)record.p[0];
	return 0;
}

void audit_hurry(struct audit *a, uint64_t seq)
{
	(void)a;
	(void)seq;
}

uint64_t audit_durable(const struct audit *a)
{
	(void)a;
	return doubles.durable;
}

bool audit_failed(const struct audit *a)
{
	(void)a;
	return doubles.audit_failed;
}

int audit_approval_ask(struct audit *a, const struct approval *wanted, int64_t now_us, struct approval *out, bool *consumed)
{
	(void)a;
	(void)wanted;
	(void)now_us;
	(void)out;
	(void)consumed;
	return QW_E_IO;
}

int audit_approval_get(struct audit *a, const char *id, struct approval *out)
{
	(void)a;
	(void)id;
	(void)out;
	return QW_E_NOTFOUND;
}

int audit_approval_decide(struct audit *a, const char *id, enum approval_state to, const char *approver, const char *reason,
	int64_t now_us, struct approval *out)
{
	(void)a;
	(void)id;
	(void)to;
	(void)approver;
	(void)reason;
	(void)now_us;
	(void)out;
	return QW_E_NOTFOUND;
}

int audit_approval_expire(struct audit *a, int64_t now_us, audit_approval_cb cb, void *ctx)
{
	(void)a;
	(void)now_us;
	(void)cb;
	(void)ctx;
	return 0;
}

const char *approval_refuse_decision(const struct approval *a, const char *issuer, const char *subject, int64_t now_us)
{
	(void)a;
	(void)issuer;
	(void)subject;
	(void)now_us;
	return "no";
}

/* ---- upstream: a socket pair ---- */

struct upstream {
	int fd;
};

int upstream_connect(struct vault *v, const struct upstream_request *r, struct upstream **out, struct upstream_failure *failure)
{
	int pair[2];

	(void)v;
	(void)r;
	(void)usleep((useconds_t)doubles.connect_delay_ms * 1000);
	if (doubles.connect_error) {
		*failure = (struct upstream_failure){.sqlstate = "08001"};
		return doubles.connect_error;
	}
	QW_ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) == 0);
	*out = malloc(sizeof(**out));
	QW_ASSERT(*out);
	(*out)->fd = pair[0];
	doubles.upstream_peer = pair[1];
	doubles.upstreams_open++;
	return 0;
}

void upstream_free(struct upstream *u)
{
	if (!u)
		return;
	(void)close(u->fd);
	free(u);
	doubles.upstreams_open--;
}

int upstream_socket(const struct upstream *u)
{
	return u->fd;
}

void *upstream_ssl(const struct upstream *u)
{
	(void)u;
	return NULL;
}

uint32_t upstream_backend_pid(const struct upstream *u)
{
	(void)u;
	return 7;
}

uint32_t upstream_server_version(const struct upstream *u)
{
	(void)u;
	return 150000;
}

struct upstream_mysql_wire upstream_mysql_wire(const struct upstream *u)
{
	(void)u;
	return (struct upstream_mysql_wire){.is_mariadb = false};
}

size_t upstream_parameters(const struct upstream *u, struct upstream_parameter *out, size_t max)
{
	(void)u;
	(void)out;
	(void)max;
	return 0;
}

struct upstream_cancel *upstream_cancel_new(const struct upstream *u)
{
	(void)u;
	return NULL;
}

int upstream_cancel(struct upstream_cancel *c, char *why, size_t why_size)
{
	(void)c;
	(void)why;
	(void)why_size;
	return 0;
}

void upstream_cancel_free(struct upstream_cancel *c)
{
	(void)c;
}

int upstream_read_catalog(struct vault *v, const struct upstream_target *t, const char *database, uint64_t generation,
	struct catalog **out, struct upstream_failure *failure)
{
	(void)v;
	(void)t;
	(void)database;
	(void)generation;
	(void)out;
	(void)failure;
	return QW_E_IO;
}

int upstream_pulse_open(struct vault *v, const struct upstream_target *t, const char *database, struct upstream_pulse **out,
	struct upstream_failure *failure)
{
	(void)v;
	(void)t;
	(void)database;
	(void)failure;
	*out = NULL;
	return QW_E_IO;
}

int upstream_pulse(struct upstream_pulse *p, uint64_t *beat, struct upstream_failure *failure)
{
	(void)p;
	(void)beat;
	(void)failure;
	return QW_E_IO;
}

void upstream_pulse_free(struct upstream_pulse *p)
{
	(void)p;
}

/* ---- the rest ---- */

int vault_open(const char *file, const char *key_file, struct vault **out, char *why, size_t why_size)
{
	(void)file;
	(void)key_file;
	(void)why;
	(void)why_size;
	*out = NULL;
	return 0;
}

void vault_close(struct vault *v)
{
	(void)v;
}

int vault_get(struct vault *v, const char *name, struct vault_secret *out)
{
	(void)v;
	(void)name;
	(void)out;
	return QW_E_NOTFOUND;
}

void vault_secret_free(struct vault_secret *s)
{
	(void)s;
}

struct mask_key *mask_key_new(struct qw_bytes secret)
{
	(void)secret;
	return NULL;
}

void mask_key_free(struct mask_key *k)
{
	(void)k;
}

int policy_load(const char *file, struct qw_bytes yaml, struct policy **out, struct policy_problem *problem)
{
	(void)file;
	if (yaml.n && yaml.p[0] == '!') {
		(void)snprintf(problem->text, sizeof(problem->text), "bad");
		return QW_E_CONFIG;
	}
	*out = malloc(1);
	return *out ? 0 : QW_E_NOMEM;
}

void policy_free(struct policy *p)
{
	free(p);
}

const char *policy_revision(const struct policy *p)
{
	(void)p;
	return "revision";
}

const struct policy_role *policy_role_find(const struct policy *p, const char *role, const char *database,
	const struct qw_claim *claims, size_t claim_count)
{
	(void)p;
	(void)role;
	(void)database;
	(void)claims;
	(void)claim_count;
	return NULL;
}

const struct policy_role *policy_role_find_approver(const struct policy *p, const struct qw_claim *claims, size_t claim_count)
{
	(void)p;
	(void)claims;
	(void)claim_count;
	return NULL;
}

struct catalog *catalog_ref(struct catalog *c)
{
	return c;
}

void catalog_unref(struct catalog *c)
{
	(void)c;
}

bool catalog_same(const struct catalog *a, const struct catalog *b)
{
	return a == b;
}

uint64_t catalog_generation(const struct catalog *c)
{
	(void)c;
	return 0;
}

struct labels *labels_build(struct catalog *c, const struct policy *p, const struct policy_role *role, const char *database)
{
	(void)database;
	(void)c;
	(void)p;
	(void)role;
	return NULL;
}

void labels_unref(struct labels *l)
{
	(void)l;
}

int sqlparse_postgres(struct qw_bytes text, const struct sqlparse_limits *limits, struct qw_arena *arena,
	struct qw_statements *out)
{
	(void)text;
	(void)limits;
	(void)arena;
	*out = (struct qw_statements){0};
	return 0;
}

int sqlparse_postgres_selfcheck(void)
{
	return 0;
}

enum identity_verdict identity_verify(const struct identity_issuer *issuer, const struct identity_keys *keys,
	struct qw_bytes token, int64_t now_s, struct qw_arena *arena, struct principal *out, char *why, size_t why_size)
{
	(void)issuer;
	(void)keys;
	(void)token;
	(void)now_s;
	(void)arena;
	(void)out;
	(void)why;
	(void)why_size;
	return IDENTITY_REFUSED;
}

bool identity_peek_issuer(struct qw_bytes token, char *out, size_t out_size)
{
	(void)token;
	(void)out;
	(void)out_size;
	return false;
}

int identity_keys_parse(struct qw_bytes json, struct identity_keys **out, char *why, size_t why_size)
{
	(void)json;
	(void)out;
	(void)why;
	(void)why_size;
	return QW_E_MALFORMED;
}

void identity_keys_free(struct identity_keys *k)
{
	(void)k;
}

size_t identity_keys_count(const struct identity_keys *k)
{
	(void)k;
	return 0;
}

int identity_discovery_parse(struct qw_bytes json, const char *issuer, char *jwks_uri, size_t size, char *why, size_t why_size)
{
	(void)json;
	(void)issuer;
	(void)jwks_uri;
	(void)size;
	(void)why;
	(void)why_size;
	return QW_E_MALFORMED;
}
