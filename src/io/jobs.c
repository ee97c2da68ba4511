/*
 * What blocks runs on libuv's worker threads: connecting upstream, cancelling there. A result whose connection is gone by
 * then is freed. And the register of cancel keys.
 */
#include <stdlib.h>

#include "qw/digest.h"

#include "street.h"

enum { PARAMETERS_MAX = 64, JOB_ARENA_BYTES = 256 * 1024 };

struct job {
	uv_work_t work;
	struct street *street;
	struct conn *conn; /* NULL: gone */
	struct listener *listener; /* of a probe */
	struct qw_arena arena;
	struct upstream_request request;
	struct upstream *upstream; /* result */
	struct upstream_failure failure;
	struct upstream_cancel *cancel;
	int err;
};

static struct job *job_new(struct conn *c)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->work.data = j;
	j->street = c->street;
	j->conn = c;
	qw_arena_init(&j->arena, JOB_ARENA_BYTES);
	return j;
}

static void job_free(struct job *j)
{
	if (!j)
		return;
	upstream_free(j->upstream);
	upstream_cancel_free(j->cancel);
	qw_arena_fini(&j->arena);
	free(j);
}

static int job_queue(struct job *j, uv_work_cb work, uv_after_work_cb done)
{
	if (uv_queue_work(&j->street->loop, &j->work, work, done))
		return QW_E_NOMEM;
	j->street->jobs++;
	return 0;
}

/* ---- connecting ---- */

static void failed(struct conn *c, const struct upstream_failure *failure)
{
	struct session_event ev = {.kind = SESSION_EV_CONNECT_FAILED, .failure = failure};

	c->street->totals.upstream_failures++;
	qw_log(QW_LOG_WARN, "upstream.failed", "session", c->id_text, "sqlstate", failure->sqlstate, "detail",
		failure->detail, NULL);
	conn_event(c, &ev);
}

static void failed_here(struct conn *c, const char *detail)
{
	struct upstream_failure f = {.sqlstate = "53200", .message = "the gateway could not open the database"};

	(void)strncpy(f.detail, detail, sizeof(f.detail) - 1);
	failed(c, &f);
}

/* The server may have been upgraded: each new connection tells. */
static void keep_version(struct listener *l, const struct upstream *u)
{
	struct upstream_parameter parameters[PARAMETERS_MAX];
	size_t n = upstream_parameters(u, parameters, PARAMETERS_MAX);

	for (size_t i = 0; i < n; i++) {
		char *copy;

		if (strcmp(parameters[i].name, "greeting_version") != 0 || (l->version && strcmp(parameters[i].value, l->version) == 0))
			continue;
		copy = strdup(parameters[i].value);
		if (!copy)
			return;
		free(l->version);
		l->version = copy;
	}
}

static bool take_over(struct conn *c, struct upstream *u)
{
	c->upstream = u;
	c->upstream_ssl = upstream_ssl(u);
	if (relay_attach(c, SESSION_UPSTREAM, upstream_socket(u)))
		return false;
	if (!c->upstream_ssl)
		return true;
	SSL_set_read_ahead(c->upstream_ssl, 1); /* one recv for a burst of records */
	SSL_set_default_read_buffer_len(c->upstream_ssl, READ_BYTES);
	(void)SSL_set_mode(c->upstream_ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
						    SSL_MODE_RELEASE_BUFFERS);
	relay_again(c); /* decrypted already, perhaps */
	return true;
}

static void connected(struct conn *c, struct upstream *u)
{
	struct upstream_parameter parameters[PARAMETERS_MAX];
	struct session_connected facts;
	struct session_event ev = {.kind = SESSION_EV_CONNECTED, .connected = &facts};

	if (!take_over(c, u)) {
		failed_here(c, "the event loop refuses the socket");
		return;
	}
	facts = (struct session_connected){
		.backend_pid = upstream_backend_pid(u),
		.server_version = upstream_server_version(u),
		.parameters = parameters,
		.parameter_count = upstream_parameters(u, parameters, PARAMETERS_MAX),
	};
	if (c->listener->config->dialect == UPSTREAM_MYSQL) {
		facts.mysql = upstream_mysql_wire(u);
		keep_version(c->listener, u);
	}
	conn_event(c, &ev);
}

static void work_connect(uv_work_t *w) /* on a worker thread */
{
	struct job *j = w->data;

	j->err = upstream_connect(j->street->vault, &j->request, &j->upstream, &j->failure);
}

static void after_connect(uv_work_t *w, int status)
{
	struct job *j = w->data;
	struct conn *c = j->conn;
	struct upstream *u = j->upstream;

	j->street->jobs--;
	if (c) {
		c->connecting = NULL;
		if (status == 0 && !j->err)
			j->upstream = NULL; /* the connection's now */
		if (status)
			failed_here(c, "the job was cancelled");
		else if (j->err)
			failed(c, &j->failure);
		else
			connected(c, u);
	}
	job_free(j);
}

/* Copies what the worker needs: the session's memory may be gone by then. */
static int copy_request(struct job *j, const struct session_connect *from)
{
	struct upstream_parameter *settings = qw_arena_alloc(&j->arena, (from->setting_count + 1) * sizeof(*settings));
	struct upstream_request *r = &j->request;

	if (!settings)
		return QW_E_NOMEM;
	r->dialect = from->dialect;
	r->client_flags = from->client_flags;
	r->target = &from->target->up;
	r->database = from->database ? qw_arena_strdup(&j->arena, qw_bytes_from(from->database)) : NULL;
	r->application_name = qw_arena_strdup(&j->arena, qw_bytes_from(from->application_name));
	r->settings = settings;
	r->setting_count = from->setting_count;
	for (size_t i = 0; i < from->setting_count; i++) {
		settings[i].name = qw_arena_strdup(&j->arena, qw_bytes_from(from->settings[i].name));
		settings[i].value = qw_arena_strdup(&j->arena, qw_bytes_from(from->settings[i].value));
		if (!settings[i].name || !settings[i].value)
			return QW_E_NOMEM;
	}
	return (r->database || !from->database) && r->application_name ? 0 : QW_E_NOMEM;
}

void jobs_connect(struct conn *c, const struct session_connect *connect)
{
	struct job *j = c->connecting || c->upstream ? NULL : job_new(c);

	if (!j || copy_request(j, connect) || job_queue(j, work_connect, after_connect)) {
		job_free(j);
		failed_here(c, "no memory for a connection, or it has one");
		return;
	}
	c->connecting = j;
}

/* ---- the version that a listener's clients are greeted with ---- */

static void answer_version(struct listener *l, const struct upstream_failure *failure)
{
	struct street *s = l->street;
	bool is_found;

	do { /* whoever is told may close, and others with it */
		is_found = false;
		for (struct conn *c = s->conns; c && !is_found; c = c->next) {
			struct session_event ev = {.kind = l->version ? SESSION_EV_VERSION : SESSION_EV_CONNECT_FAILED, .text = l->version,
				.failure = failure};

			is_found = c->listener == l && c->wants_version;
			if (!is_found)
				continue;
			c->wants_version = false;
			conn_event(c, &ev);
		}
	} while (is_found);
}

static void after_probe(uv_work_t *w, int status)
{
	struct job *j = w->data;
	struct listener *l = j->listener;

	j->street->jobs--;
	l->is_probing = false;
	if (status == 0 && !j->err)
		keep_version(l, j->upstream);
	else
		qw_log(QW_LOG_WARN, "upstream.failed", "target", l->config->target->up.name, "sqlstate", j->failure.sqlstate, "detail",
			j->failure.detail, NULL);
	if (!j->failure.message[0])
		(void)strncpy(j->failure.message, "the database cannot be reached", sizeof(j->failure.message) - 1);
	answer_version(l, &j->failure);
	job_free(j);
}

void jobs_probe(struct listener *l)
{
	struct job *j = l->is_probing ? NULL : calloc(1, sizeof(*j));

	if (!j)
		return;
	j->work.data = j;
	j->street = l->street;
	j->listener = l;
	qw_arena_init(&j->arena, JOB_ARENA_BYTES);
	j->request = (struct upstream_request){
		.dialect = UPSTREAM_MYSQL, .target = &l->config->target->up, .application_name = "querywarden"};
	if (job_queue(j, work_connect, after_probe))
		job_free(j);
	else
		l->is_probing = true;
}

void jobs_version(struct conn *c)
{
	c->wants_version = true;
	if (!c->listener->version)
		jobs_probe(c->listener);
	if (c->listener->version || !c->listener->is_probing)
		answer_version(c->listener,
			&(struct upstream_failure){.sqlstate = "53200", .message = "the gateway could not open the database"});
}

/* ---- cancelling upstream ---- */

static void work_cancel(uv_work_t *w) /* on a worker thread */
{
	struct job *j = w->data;

	j->err = upstream_cancel(j->cancel, j->failure.detail, sizeof(j->failure.detail));
}

static void after_cancel(uv_work_t *w, int status)
{
	struct job *j = w->data;
	struct conn *c = j->conn;

	j->street->jobs--;
	if (status == 0 && j->err)
		qw_log(QW_LOG_WARN, "cancel.failed", "session", c ? c->id_text : NULL, "detail", j->failure.detail, NULL);
	if (c) {
		c->cancelling = NULL;
		conn_event_kind(c, SESSION_EV_CANCEL_DONE);
	}
	job_free(j);
}

void jobs_cancel_upstream(struct conn *c)
{
	struct job *j = c->upstream && !c->cancelling ? job_new(c) : NULL;

	if (c->cancelling)
		return; /* one CANCEL_DONE answers both */
	if (j)
		j->cancel = upstream_cancel_new(c->upstream);
	if (!j || !j->cancel || job_queue(j, work_cancel, after_cancel)) {
		job_free(j);
		conn_event_kind(c, SESSION_EV_CANCEL_DONE);
		return;
	}
	c->cancelling = j;
}

void jobs_forget(struct conn *c)
{
	if (c->connecting) {
		c->connecting->conn = NULL;
		(void)uv_cancel((uv_req_t *)&c->connecting->work); /* works while it is queued */
	}
	if (c->cancelling) /* runs to its end: the statement is to be stopped also when its client has gone */
		c->cancelling->conn = NULL;
	c->connecting = c->cancelling = NULL;
}

/* ---- cancel keys ---- */

struct cancel_entry {
	struct cancel_entry *next;
	struct conn *conn;
	uint32_t pid;
	uint8_t key[32];
	size_t key_n;
};

static struct cancel_entry **cancel_bucket(struct street *s, uint32_t pid)
{
	return &s->cancels[pid % CANCEL_BUCKETS];
}

void cancel_register(struct conn *c, uint32_t pid, struct qw_bytes key)
{
	struct cancel_entry **bucket = cancel_bucket(c->street, pid), *e;

	cancel_unregister(c);
	e = key.n > 0 && key.n <= sizeof(e->key) ? calloc(1, sizeof(*e)) : NULL;
	if (!e)
		return; /* this session cannot be cancelled; nothing else is lost */
	*e = (struct cancel_entry){.next = *bucket, .conn = c, .pid = pid, .key_n = key.n};
	memcpy(e->key, key.p, key.n);
	*bucket = e;
	c->cancel_entry = e;
}

void cancel_unregister(struct conn *c)
{
	struct cancel_entry *e = c->cancel_entry, **p;

	if (!e)
		return;
	for (p = cancel_bucket(c->street, e->pid); *p != e;)
		p = &(*p)->next;
	*p = e->next;
	qw_wipe(e, sizeof(*e));
	free(e);
	c->cancel_entry = NULL;
}

static bool cancel_is_allowed(struct street *s)
{
	uint64_t second = street_now().mono_us / 1000000;

	if (s->cancel_second != second)
		s->cancels_this_second = 0;
	s->cancel_second = second;
	return s->cancels_this_second++ < CANCELS_PER_SECOND;
}

/* Two backends of two servers may have the same pid. Every entry is compared, so that time tells nothing. */
void cancel_request(struct street *s, uint32_t pid, struct qw_bytes key)
{
	struct conn *found = NULL;

	if (!cancel_is_allowed(s))
		return;
	for (struct cancel_entry *e = *cancel_bucket(s, pid); e; e = e->next) {
		bool is_equal = qw_bytes_equal_consttime(qw_bytes(e->key, e->key_n), key);

		if (e->pid == pid && is_equal)
			found = e->conn;
	}
	if (found)
		conn_event_kind(found, SESSION_EV_CANCEL);
}
