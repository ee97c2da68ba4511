/* What the operator and the service manager see: signals, policy files, sd_notify, listen.json. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "street.h"

enum { POLICY_BYTES_MAX = 1 << 20 };

/* ---- the service manager: sd_notify(3) is one datagram, no library is needed ---- */

void operate_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const struct timeval patience = {.tv_usec = 100000}; /* a manager that does not read must not stop the loop */
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(a.sun_path) || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(a.sun_path, path, n);
	if (a.sun_path[0] == '@')
		a.sun_path[0] = '\0'; /* the abstract name space */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)close(fd);
}

static void on_watchdog(uv_timer_t *t)
{
	(void)t;
	operate_notify("WATCHDOG=1");
}

static void watchdog_start(struct street *s)
{
	const char *usec = getenv("WATCHDOG_USEC");
	unsigned long long us = usec ? strtoull(usec, NULL, 10) : 0;

	if (us >= 2000)
		(void)uv_timer_start(&s->watchdog, on_watchdog, us / 2000, us / 2000);
}

/* ---- policies ---- */

static int read_file(const char *path, struct qw_buf *out, char *why, size_t why_size)
{
	FILE *f = fopen(path, "rbe");
	char part[4096];
	size_t n;
	int err = 0;

	if (!f) {
		(void)snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return QW_E_IO;
	}
	while (!err && (n = fread(part, 1, sizeof(part), f)) > 0)
		err = qw_buf_append(out, part, n);
	if (!err && ferror(f))
		err = QW_E_IO;
	if (err)
		(void)snprintf(why, why_size, "%s: %s", path, qw_error_text(err));
	(void)fclose(f);
	return err;
}

static int load(struct street *s, struct policy **out, char *why, size_t why_size)
{
	const char *file = s->config->policy_file;
	struct policy_problem problem = {0};
	struct qw_buf text;
	int err;

	qw_buf_init(&text, POLICY_BYTES_MAX);
	err = read_file(file, &text, why, why_size);
	if (!err) {
		err = policy_load(file, qw_buf_pending(&text), out, &problem);
		if (err) /* the text names file, line and column */
			(void)snprintf(why, why_size, "%s", problem.text[0] ? problem.text : qw_error_text(err));
	}
	qw_buf_fini(&text);
	return err;
}

static void note(struct street *s, const char *reason)
{
	const struct recorder_note n = {
		.type = QW_RECORD_POLICY_LOAD, .policy_revision = policy_revision(street_policy(s)), .reason = reason};

	recorder_note(s, &n);
}

int operate_policy_load(struct street *s, char *why, size_t why_size)
{
	struct policy_slot *slot = calloc(1, sizeof(*slot));
	int err = slot ? load(s, &slot->policy, why, why_size) : QW_E_NOMEM;

	if (err) {
		free(slot);
		return err;
	}
	if (s->policy_now)
		s->policy_now->next = slot;
	else
		s->policy_oldest = slot;
	s->policy_now = slot;
	note(s, "loaded");
	qw_log(QW_LOG_INFO, "policy.loaded", "policy_revision", policy_revision(slot->policy), NULL);
	return 0;
}

void operate_policies_free(struct street *s, bool all)
{
	struct policy_slot *slot;

	while ((slot = s->policy_oldest) && (all || (slot->users == 0 && slot != s->policy_now))) {
		s->policy_oldest = slot->next;
		catalogs_drop_policy(s->catalogs, slot->policy);
		policy_free(slot->policy);
		free(slot);
	}
	if (!s->policy_oldest)
		s->policy_now = NULL;
}

/* Each session moves on when it is told, but may still hold labels of the old policy: it keeps its place in the line. */
static void tell_policy(struct street *s)
{
	struct session_event ev = {.kind = SESSION_EV_POLICY, .policy = s->policy_now->policy};

	for (struct conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		if (c->phase != CONN_OPEN)
			continue;
		c->policy_now = s->policy_now;
		conn_event(c, &ev);
	}
}

int street_reload_policy(struct street *s, char *why, size_t why_size)
{
	int err;

	(void)snprintf(why, why_size, "out of memory");
	err = operate_policy_load(s, why, why_size);
	if (err) {
		qw_log(QW_LOG_ERROR, "policy.refused", "detail", why, "policy_revision",
			policy_revision(street_policy(s)), NULL);
		note(s, why);
		return err;
	}
	tell_policy(s);
	operate_policies_free(s, false);
	return 0;
}

/* ---- signals ---- */

/* The session hears that it is over, so that its end is on record. */
static void session_cut(struct conn *c)
{
	struct session_event ev = {.kind = SESSION_EV_EOF, .side = SESSION_CLIENT, .text = "the gateway was stopped"};

	conn_event(c, &ev);
}

static void cut_all(struct street *s)
{
	while (s->conns) {
		struct conn *c = s->conns;

		s->was_cut = true;
		session_cut(c);
		if (c == s->conns)
			conn_close(c);
	}
	street_conn_gone(s);
}

static void on_drain_over(uv_timer_t *t)
{
	struct street *s = t->data;

	qw_log(QW_LOG_WARN, "gateway.cut", "detail", "sessions that did not end in time are cut off", NULL);
	cut_all(s);
}

static void drain_begin(struct street *s)
{
	s->is_draining = true;
	operate_notify("STOPPING=1");
	qw_log(QW_LOG_INFO, "gateway.draining", NULL);
	listen_stop(s);
	(void)uv_timer_start(&s->drain, on_drain_over, DRAIN_MS, 0);
	for (struct conn *c = s->conns, *next; c; c = next) {
		next = c->next;
		conn_event_kind(c, SESSION_EV_DRAIN);
	}
	street_conn_gone(s);
}

static void on_end_signal(uv_signal_t *h, int number)
{
	struct street *s = h->data;

	(void)number;
	if (s->is_draining)
		cut_all(s);
	else
		drain_begin(s);
}

static void on_reload_signal(uv_signal_t *h, int number)
{
	struct street *s = h->data;
	char state[64], why[1024];

	(void)number;
	(void)snprintf(state, sizeof(state), "RELOADING=1\nMONOTONIC_USEC=%llu",
		(unsigned long long)street_now().mono_us);
	operate_notify(state);
	listen_reload_certificates(s);
	if (street_reload_policy(s, why, sizeof(why)))
		operate_notify("STATUS=the new policy was refused"); /* logged and recorded there */
	operate_notify("READY=1");
}

static void on_expire(uv_timer_t *t)
{
	approvals_expire(t->data);
}

static int signal_start(struct street *s, size_t i, int number, uv_signal_cb cb)
{
	if (uv_signal_init(&s->loop, &s->signals[i]))
		return QW_E_IO;
	s->signals[i].data = s;
	return uv_signal_start(&s->signals[i], cb, number) ? QW_E_IO : 0;
}

int operate_open(struct street *s, char *why, size_t why_size)
{
	uv_timer_t *timers[] = {&s->expire, &s->drain, &s->watchdog};

	(void)signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < QW_COUNT(timers); i++) {
		(void)uv_timer_init(&s->loop, timers[i]);
		timers[i]->data = s;
	}
	(void)uv_idle_init(&s->loop, &s->idle);
	s->idle.data = s;
	(void)uv_prepare_init(&s->loop, &s->prepare);
	s->prepare.data = s;
	(void)uv_prepare_start(&s->prepare, relay_on_prepare);
	uv_unref((uv_handle_t *)&s->prepare);
	s->handles_open = true;
	(void)uv_timer_start(&s->expire, on_expire, EXPIRE_EVERY_MS, EXPIRE_EVERY_MS);
	if (signal_start(s, 0, SIGTERM, on_end_signal) || signal_start(s, 1, SIGINT, on_end_signal) ||
		signal_start(s, 2, SIGHUP, on_reload_signal)) {
		(void)snprintf(why, why_size, "signal handlers could not be installed");
		return QW_E_IO;
	}
	return 0;
}

/* ---- where we listen: for tests and tools, since port 0 means any ---- */

static json_t *listen_json(const struct street *s)
{
	json_t *list = json_array(), *all;

	for (size_t i = 0; i < s->config->listener_count; i++)
		(void)json_array_append_new(list, json_pack("{s:s, s:i}", "address", s->config->listeners[i].address,
							  "port", (int)s->listeners[i].port));
	all = json_pack("{s:i, s:o, s:s?}", "pid", (int)getpid(), "listeners", list, "admin_socket",
		s->config->admin_socket);
	if (all && s->http_port)
		(void)json_object_set_new(all, "http",
			json_pack("{s:s, s:i}", "address", s->config->http_address, "port", (int)s->http_port));
	return all;
}

static int write_listen_json(const struct street *s)
{
	char path[4096], fresh[4200];
	json_t *all = listen_json(s);
	int err = QW_E_NOMEM;

	(void)snprintf(path, sizeof(path), "%s/listen.json", s->config->state_dir);
	(void)snprintf(fresh, sizeof(fresh), "%s.%d", path, (int)getpid());
	if (all)
		err = json_dump_file(all, fresh, JSON_INDENT(2)) || rename(fresh, path) ? QW_E_IO : 0;
	json_decref(all);
	return err;
}

void operate_ready(struct street *s)
{
	char port[8];

	if (write_listen_json(s))
		qw_log(QW_LOG_ERROR, "listen_json.failed", "detail", s->config->state_dir, NULL);
	for (size_t i = 0; i < s->config->listener_count; i++) {
		(void)snprintf(port, sizeof(port), "%u", (unsigned)s->listeners[i].port);
		qw_log(QW_LOG_INFO, "gateway.listening", "address", s->config->listeners[i].address, "port", port, NULL);
	}
	operate_notify("READY=1");
	watchdog_start(s);
}

void operate_close(struct street *s)
{
	if (!s->handles_open)
		return;
	for (size_t i = 0; i < QW_COUNT(s->signals); i++)
		if (s->signals[i].data)
			uv_close((uv_handle_t *)&s->signals[i], NULL);
	uv_close((uv_handle_t *)&s->expire, NULL);
	uv_close((uv_handle_t *)&s->drain, NULL);
	uv_close((uv_handle_t *)&s->watchdog, NULL);
	uv_close((uv_handle_t *)&s->idle, NULL);
	uv_close((uv_handle_t *)&s->prepare, NULL);
	s->handles_open = false;
}
