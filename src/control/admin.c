/* The admin socket: lines in, lines out, one at a time. Who may speak is decided by the kernel's word on the peer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "qw/digest.h"

#include "control.h"

enum { LINE_BYTES_MAX = 64 * 1024, READ_BYTES = 4096, CLIENTS_MAX = 32 };

struct admin {
	struct street *street;
	uv_pipe_t server;
	struct client *clients;
	size_t client_count;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	bool is_bound, is_closing;
	uint8_t buffer[READ_BYTES];
};

struct client {
	uv_pipe_t pipe;
	struct admin *admin;
	struct client *prev, *next;
	struct request_peer peer;
	struct qw_buf in;
	struct request *request; /* under examination; further lines wait */
	bool is_busy, is_closing;
};

static void client_work(struct client *c);

/* ---- life of a client ---- */

static void admin_free_if_done(struct admin *a)
{
	if (a->is_closing && a->client_count == 0)
		free(a);
}

static void on_client_closed(uv_handle_t *h)
{
	struct client *c = h->data;
	struct admin *a = c->admin;

	qw_wipe(c->in.p, c->in.cap); /* lines may hold tokens */
	qw_buf_fini(&c->in);
	free(c);
	a->client_count--;
	admin_free_if_done(a);
}

static void client_close(struct client *c)
{
	if (c->is_closing)
		return;
	c->is_closing = true;
	request_abandon(c->request);
	if (c->prev)
		c->prev->next = c->next;
	else
		c->admin->clients = c->next;
	if (c->next)
		c->next->prev = c->prev;
	uv_close((uv_handle_t *)&c->pipe, on_client_closed);
}

/* ---- answers ---- */

struct answer {
	uv_write_t req;
	struct client *client;
	char *line;
	bool is_last;
};

static void on_written(uv_write_t *req, int status)
{
	struct answer *w = req->data;

	if (status < 0 || w->is_last)
		client_close(w->client);
	free(w->line);
	free(w);
}

static void client_answer(struct client *c, json_t *answer, bool is_last)
{
	struct answer *w = calloc(1, sizeof(*w));
	char *line = json_dumps(answer, JSON_COMPACT);
	size_t n = line ? strlen(line) : 0;
	uv_buf_t buf;

	json_decref(answer);
	if (!w || !line || c->is_closing) {
		free(w);
		free(line);
		client_close(c);
		return;
	}
	line[n] = '\n'; /* in place of the NUL: the length is known */
	*w = (struct answer){.client = c, .line = line, .is_last = is_last};
	w->req.data = w;
	buf = uv_buf_init(line, (unsigned)n + 1);
	if (uv_write(&w->req, (uv_stream_t *)&c->pipe, &buf, 1, on_written)) {
		free(w);
		free(line);
		client_close(c);
	}
}

static void on_done(void *ctx, json_t *answer)
{
	struct client *c = ctx;
	bool was_waiting = c->request != NULL;

	c->request = NULL;
	c->is_busy = false;
	client_answer(c, answer, false);
	if (was_waiting)
		client_work(c);
}

/* ---- requests ---- */

static void client_work(struct client *c)
{
	while (!c->is_busy && !c->is_closing) {
		struct qw_bytes all = qw_buf_pending(&c->in);
		const uint8_t *end = all.n ? memchr(all.p, '\n', all.n) : NULL;
		size_t n;

		if (!end)
			return;
		n = (size_t)(end - all.p);
		c->is_busy = true;
		c->request = request_start(c->admin->street, &c->peer, qw_bytes(all.p, n), on_done, c);
		qw_wipe((void *)(uintptr_t)all.p, n);
		qw_buf_consume(&c->in, n + 1);
	}
}

static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	const struct client *c = h->data;

	(void)suggested;
	*buf = uv_buf_init((char *)c->admin->buffer, READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct client *c = stream->data;

	if (n < 0 || (n > 0 && qw_buf_append(&c->in, buf->base, (size_t)n)))
		client_close(c);
	else if (n > 0)
		client_work(c);
	qw_wipe(c->admin->buffer, READ_BYTES);
}

/* ---- who may speak ---- */

static bool peer_of(struct client *c)
{
	struct ucred cred = {0};
	socklen_t size = sizeof(cred);
	uv_os_fd_t fd;

	if (uv_fileno((uv_handle_t *)&c->pipe, &fd) || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size))
		return false;
	c->peer = (struct request_peer){.uid = cred.uid, .pid = cred.pid};
	return true;
}

static bool peer_is_allowed(const struct client *c)
{
	const struct config *config = street_config(c->admin->street);
	bool allowed = c->peer.uid == 0 || c->peer.uid == geteuid();

	for (size_t i = 0; i < config->admin_uid_count; i++)
		allowed |= config->admin_uids[i] == c->peer.uid;
	return allowed;
}

static void client_admit(struct client *c)
{
	char uid[16];

	if (!peer_of(c)) {
		client_close(c);
		return;
	}
	if (peer_is_allowed(c) && c->admin->client_count <= CLIENTS_MAX) {
		if (uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read))
			client_close(c);
		return;
	}
	(void)snprintf(uid, sizeof(uid), "%u", (unsigned)c->peer.uid);
	qw_log(QW_LOG_WARN, "admin.refused", "uid", uid, NULL);
	client_answer(c, json_pack("{s:b, s:s}", "ok", 0, "error", "this user may not administer the gateway"), true);
}

static void on_connection(uv_stream_t *server, int status)
{
	struct admin *a = server->data;
	struct client *c = status == 0 ? calloc(1, sizeof(*c)) : NULL;

	if (!c)
		return;
	c->admin = a;
	qw_buf_init(&c->in, LINE_BYTES_MAX);
	(void)uv_pipe_init(server->loop, &c->pipe, 0);
	c->pipe.data = c;
	a->client_count++;
	c->next = a->clients;
	if (c->next)
		c->next->prev = c;
	a->clients = c;
	if (uv_accept(server, (uv_stream_t *)&c->pipe))
		client_close(c);
	else
		client_admit(c);
}

/* ---- opening and closing ---- */

/* A socket that nobody answers on was left by a dead gateway; one that is answered belongs to a live one. */
static int make_way(const char *path, char *why, size_t why_size)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct stat st;
	int fd, rc;

	if (lstat(path, &st))
		return 0;
	if (!S_ISSOCK(st.st_mode)) {
		(void)snprintf(why, why_size, "admin socket %s: something else is there", path);
		return QW_E_CONFIG;
	}
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rc = fd < 0 ? -1 : connect(fd, (struct sockaddr *)&a, sizeof(a));
	if (fd >= 0)
		(void)close(fd);
	if (rc == 0) {
		(void)snprintf(why, why_size, "admin socket %s: another gateway is running", path);
		return QW_E_STATE;
	}
	(void)unlink(path);
	return 0;
}

static int admin_listen(struct admin *a, char *why, size_t why_size)
{
	mode_t before = umask(0177);
	int rc = uv_pipe_bind(&a->server, a->path);

	(void)umask(before);
	a->is_bound = rc == 0;
	if (rc == 0 && street_config(a->street)->admin_uid_count > 0)
		rc = chmod(a->path, 0666) ? UV_EACCES : 0; /* others may knock; the kernel says who they are */
	if (rc == 0)
		rc = uv_listen((uv_stream_t *)&a->server, 16, on_connection);
	if (rc == 0)
		return 0;
	(void)snprintf(why, why_size, "admin socket %s: %s", a->path, uv_strerror(rc));
	return QW_E_IO;
}

int admin_open(struct street *s, uv_loop_t *loop, struct admin **out, char *why, size_t why_size)
{
	const char *path = street_config(s)->admin_socket;
	struct admin *a;
	int err;

	if (!path)
		return 0;
	if (strlen(path) >= sizeof(a->path)) {
		(void)snprintf(why, why_size, "admin socket: the path is too long for a UNIX socket");
		return QW_E_CONFIG;
	}
	err = make_way(path, why, why_size);
	if (err)
		return err;
	a = calloc(1, sizeof(*a));
	if (!a)
		return QW_E_NOMEM;
	a->street = s;
	(void)snprintf(a->path, sizeof(a->path), "%s", path);
	(void)uv_pipe_init(loop, &a->server, 0);
	a->server.data = a;
	*out = a;
	return admin_listen(a, why, why_size);
}

static void on_server_closed(uv_handle_t *h)
{
	struct admin *a = h->data;

	a->is_closing = true;
	admin_free_if_done(a);
}

void admin_close(struct admin *a)
{
	if (!a)
		return;
	if (a->is_bound)
		(void)unlink(a->path);
	while (a->clients)
		client_close(a->clients);
	uv_close((uv_handle_t *)&a->server, on_server_closed);
}
