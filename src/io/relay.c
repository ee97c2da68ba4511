/*
 * Bytes between sockets and sessions. A poll stays armed for reading and changes only for backpressure and short writes
 * (uv_poll_start costs two epoll_ctl each time), so a query costs 2 recv, 2 send and what epoll_wait it shares.
 */
#include <errno.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include "street.h"

static void on_client(uv_poll_t *poll, int status, int events);
static void on_upstream(uv_poll_t *poll, int status, int events);

int relay_attach(struct conn *c, enum session_side which, int fd)
{
	struct side *side = &c->side[which];

	side->fd = fd;
	if (uv_poll_init_socket(&c->street->loop, &side->poll, fd))
		return QW_E_IO;
	side->poll.data = c;
	side->is_open = true;
	c->handles++;
	return 0;
}

static void on_handle_closed(uv_handle_t *h)
{
	conn_handle_closed(h->data);
}

/* libuv has let go of the descriptor when uv_close returns, so it may be closed at once. */
void relay_detach(struct conn *c, enum session_side which)
{
	struct side *side = &c->side[which];

	if (side->is_open)
		uv_close((uv_handle_t *)&side->poll, on_handle_closed);
	side->is_open = false;
	if (which == SESSION_CLIENT && side->fd >= 0)
		(void)close(side->fd);
	side->fd = -1;
}

/* ---- reading ---- */

void relay_eof(struct conn *c, enum session_side which)
{
	struct session_event ev = {.kind = SESSION_EV_EOF, .side = which};

	if (c->side[which].is_eof)
		return;
	c->side[which].is_eof = true;
	if (c->phase == CONN_OPEN)
		conn_event(c, &ev);
}

static void relay_broken(struct conn *c, enum session_side which)
{
	c->side[which].is_broken = true;
	relay_eof(c, which);
}

/* -1: nothing now, 0: over, else so many bytes. */
static ssize_t socket_read(int fd, uint8_t *to)
{
	ssize_t n;

	do
		n = recv(fd, to, READ_BYTES, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK ? -1 : 0;
	return n;
}

static void read_client(struct conn *c)
{
	struct street *s = c->street;
	struct session_event ev = {.kind = SESSION_EV_BYTES, .side = SESSION_CLIENT};
	ssize_t n = socket_read(c->side[SESSION_CLIENT].fd, s->raw);

	if (n < 0)
		return;
	if (n == 0) {
		relay_eof(c, SESSION_CLIENT);
		return;
	}
	if (c->phase != CONN_OPEN)
		return; /* closing: read only to see the end */
	ev.bytes = qw_bytes(s->raw, (size_t)n);
	if (!c->tls)
		conn_event(c, &ev);
	else if (!tls_feed(c, ev.bytes))
		relay_eof(c, SESSION_CLIENT);
}

/* libpq's SSL reads the socket itself. 1: the scratch is full, 0: nothing more now, -1: over. */
static int read_upstream_tls(struct conn *c, size_t *n)
{
	struct street *s = c->street;
	struct side *side = &c->side[SESSION_UPSTREAM];
	int r = 1, err;

	*n = 0;
	while (*n < READ_BYTES) {
		tls_errors_clear();
		r = SSL_read(c->upstream_ssl, s->plain + *n, (int)(READ_BYTES - *n));
		if (r <= 0)
			break;
		*n += (size_t)r;
		if (!SSL_has_pending(c->upstream_ssl))
			return 0; /* asking again would be a recv for nothing; the poll tells */
	}
	if (r > 0)
		return 1;
	err = SSL_get_error(c->upstream_ssl, r);
	tls_errors_clear();
	if (err == SSL_ERROR_WANT_WRITE)
		side->wants_write = true;
	return err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static void read_upstream(struct conn *c)
{
	struct street *s = c->street;
	struct session_event ev = {.kind = SESSION_EV_BYTES, .side = SESSION_UPSTREAM};
	size_t n = 0;
	int state = 0;

	if (c->upstream_ssl) {
		state = read_upstream_tls(c, &n);
	} else {
		ssize_t got = socket_read(c->side[SESSION_UPSTREAM].fd, s->plain);

		n = got > 0 ? (size_t)got : 0;
		state = got == 0 ? -1 : 0;
	}
	ev.bytes = qw_bytes(s->plain, n);
	if (n > 0)
		conn_event(c, &ev);
	if (state > 0 && c->phase == CONN_OPEN)
		relay_again(c);
	if (state < 0)
		relay_eof(c, SESSION_UPSTREAM);
}

static bool may_read(const struct conn *c, enum session_side which)
{
	const struct side *side = &c->side[which];

	if (!side->is_open || side->is_eof)
		return false;
	if (c->phase != CONN_OPEN) /* the end of a client that lingers is still of interest */
		return which == SESSION_CLIENT && c->phase != CONN_CLOSED;
	return !side->is_paused && !side->is_throttled && !c->is_held;
}

static void on_client(uv_poll_t *poll, int status, int events)
{
	struct conn *c = poll->data;

	if (status < 0) /* POLLERR: libuv has stopped the poll; what was received before is still to be had */
		c->side[SESSION_CLIENT].armed = 0;
	if ((status < 0 || (events & UV_READABLE)) && may_read(c, SESSION_CLIENT))
		read_client(c);
	if (status < 0)
		relay_broken(c, SESSION_CLIENT);
	c->has_more = true;
	conn_run(c);
}

static void on_upstream(uv_poll_t *poll, int status, int events)
{
	struct conn *c = poll->data;

	if (status < 0)
		c->side[SESSION_UPSTREAM].armed = 0;
	c->side[SESSION_UPSTREAM].wants_write = false;
	if ((status < 0 || events) && may_read(c, SESSION_UPSTREAM))
		read_upstream(c);
	if (status < 0)
		relay_broken(c, SESSION_UPSTREAM);
	c->has_more = true;
	conn_run(c);
}

/* ---- decrypted bytes that no poll will report ---- */

void relay_again(struct conn *c)
{
	struct street *s = c->street;

	if (c->is_again)
		return;
	c->is_again = true;
	c->again = s->again;
	if (!s->again)
		(void)uv_idle_start(&s->idle, relay_on_idle);
	s->again = c;
}

static void forget_again(struct conn *c)
{
	struct conn **p = &c->street->again;

	if (!c->is_again)
		return;
	while (*p != c)
		p = &(*p)->again;
	*p = c->again;
	c->is_again = false;
}

void relay_forget(struct conn *c)
{
	struct conn **p = &c->street->soon;

	forget_again(c);
	if (!c->is_soon)
		return;
	while (*p != c)
		p = &(*p)->soon;
	*p = c->soon;
	c->is_soon = false;
}

void relay_on_idle(uv_idle_t *idle)
{
	struct street *s = idle->data;
	struct conn *list = s->again;

	(void)uv_idle_stop(idle);
	s->again = NULL;
	for (struct conn *c = list; c; c = c->again)
		c->is_again = false;
	while (list) {
		struct conn *c = list;

		list = c->again;
		if (may_read(c, SESSION_UPSTREAM))
			read_upstream(c);
		c->has_more = true;
		conn_run(c);
	}
}

/* ---- writing ---- */

/* What went; -1: the socket is broken. */
static ssize_t socket_write(struct side *side, struct qw_bytes out)
{
	ssize_t n;

	do
		n = send(side->fd, out.p, out.n, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		n = 0;
	side->wants_write = n >= 0 && (size_t)n < out.n;
	return n;
}

/* True: everything went. */
static bool write_plain(struct conn *c, enum session_side which)
{
	struct qw_bytes out = session_output(c->session, which);
	ssize_t n = out.n ? socket_write(&c->side[which], out) : 0;

	if (n < 0) {
		relay_broken(c, which);
		return false;
	}
	session_sent(c->session, which, (size_t)n);
	return (size_t)n == out.n;
}

static bool write_held(struct conn *c)
{
	struct qw_bytes out = tls_waiting(c->tls);
	ssize_t n = out.n ? socket_write(&c->side[SESSION_CLIENT], out) : 0;

	if (n < 0 || (out.n && tls_sent(c->tls, (size_t)n))) {
		relay_broken(c, SESSION_CLIENT);
		return false;
	}
	return (size_t)n == out.n;
}

static void write_client_tls(struct conn *c)
{
	struct qw_bytes out;

	while (write_held(c) && tls_is_ready(c->tls)) {
		out = session_output(c->session, SESSION_CLIENT);
		if (out.n == 0)
			return;
		out.n = out.n < READ_BYTES ? out.n : READ_BYTES;
		if (tls_encrypt(c->tls, out)) {
			relay_broken(c, SESSION_CLIENT);
			return;
		}
		session_sent(c->session, SESSION_CLIENT, out.n);
		c->street->totals.bytes_to_client += out.n;
	}
}

static void write_upstream_tls(struct conn *c)
{
	struct side *side = &c->side[SESSION_UPSTREAM];

	for (;;) {
		struct qw_bytes out = session_output(c->session, SESSION_UPSTREAM);
		int n, err;

		if (out.n == 0)
			return;
		tls_errors_clear();
		n = SSL_write(c->upstream_ssl, out.p, (int)(out.n < READ_BYTES ? out.n : READ_BYTES));
		err = n > 0 ? SSL_ERROR_NONE : SSL_get_error(c->upstream_ssl, n);
		tls_errors_clear();
		if (n > 0) {
			session_sent(c->session, SESSION_UPSTREAM, (size_t)n);
			c->street->totals.bytes_to_upstream += (size_t)n;
		} else if (err == SSL_ERROR_WANT_WRITE) {
			side->wants_write = true;
			return;
		} else if (err == SSL_ERROR_WANT_READ) {
			return; /* the next read event writes again */
		} else {
			relay_broken(c, SESSION_UPSTREAM);
			return;
		}
	}
}

/* Nobody will take these bytes. */
static void discard(struct conn *c, enum session_side which)
{
	session_sent(c->session, which, session_output(c->session, which).n);
}

void relay_write(struct conn *c, enum session_side which)
{
	struct side *side = &c->side[which];
	uint64_t *count =
		which == SESSION_CLIENT ? &c->street->totals.bytes_to_client : &c->street->totals.bytes_to_upstream;
	size_t before;

	if (!side->is_open && !side->is_broken)
		return;
	if (side->is_broken) {
		discard(c, which);
		return;
	}
	if (which == SESSION_CLIENT && c->tls) {
		write_client_tls(c);
	} else if (which == SESSION_UPSTREAM && c->upstream_ssl) {
		write_upstream_tls(c);
	} else {
		before = session_output(c->session, which).n;
		(void)write_plain(c, which);
		*count += before - session_output(c->session, which).n;
	}
}

bool relay_is_written(const struct conn *c)
{
	if (c->side[SESSION_CLIENT].is_broken || !c->side[SESSION_CLIENT].is_open)
		return true;
	if (c->tls && !tls_is_ready(c->tls)) /* a handshake that was never finished: nothing can be said */
		return tls_waiting(c->tls).n == 0;
	return session_output(c->session, SESSION_CLIENT).n == 0 && (!c->tls || tls_waiting(c->tls).n == 0);
}

/*
 * Each send wakes somebody up, who then wants a processor. So all that a turn of the loop has to send is sent at its end, when
 * all that it could read has been read.
 */
void relay_soon(struct conn *c)
{
	if (c->is_soon)
		return;
	c->is_soon = true;
	c->soon = c->street->soon;
	c->street->soon = c;
}

void relay_on_prepare(uv_prepare_t *prepare)
{
	struct street *s = prepare->data;

	while (s->soon) {
		struct conn *c = s->soon;

		s->soon = c->soon;
		c->is_soon = false;
		if (c->phase != CONN_OPEN)
			continue; /* it was written on its way out */
		relay_write(c, SESSION_CLIENT);
		if (c->phase == CONN_OPEN)
			relay_write(c, SESSION_UPSTREAM);
		if (c->phase == CONN_OPEN)
			relay_arm(c);
	}
}

/* ---- what to watch ---- */

static void throttle(struct conn *c, enum session_side reader, size_t waiting)
{
	struct side *side = &c->side[reader];

	if (waiting > HIGH_WATER)
		side->is_throttled = true;
	else if (waiting < LOW_WATER)
		side->is_throttled = false;
}

static void arm(struct conn *c, enum session_side which)
{
	struct side *side = &c->side[which];
	int want = 0;

	if (!side->is_open)
		return;
	if (may_read(c, which))
		want |= UV_READABLE;
	if (side->wants_write && !side->is_broken && !c->is_held)
		want |= UV_WRITABLE;
	if (want == side->armed)
		return;
	if (which == SESSION_UPSTREAM && c->upstream_ssl && (want & ~side->armed & UV_READABLE) &&
		SSL_has_pending(c->upstream_ssl))
		relay_again(c);
	side->armed = want;
	if (!want)
		(void)uv_poll_stop(&side->poll);
	else if (uv_poll_start(&side->poll, want, which == SESSION_CLIENT ? on_client : on_upstream))
		relay_broken(c, which);
}

void relay_arm(struct conn *c)
{
	if (c->phase == CONN_OPEN) {
		throttle(c, SESSION_UPSTREAM,
			session_output(c->session, SESSION_CLIENT).n + (c->tls ? tls_waiting(c->tls).n : 0));
		throttle(c, SESSION_CLIENT, session_output(c->session, SESSION_UPSTREAM).n);
	}
	arm(c, SESSION_CLIENT);
	arm(c, SESSION_UPSTREAM);
}
