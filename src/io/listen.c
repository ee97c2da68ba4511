/* Listeners: many connections a turn, counted by address, refused politely when there is no room. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "street.h"

enum { BACKLOG = 4096, ACCEPT_BURST = 64 };

/* ---- counting by address ---- */

struct in6_addr listen_address_of(const struct sockaddr_storage *peer)
{
	struct in6_addr a = IN6ADDR_ANY_INIT;

	if (peer->ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
	a.s6_addr[10] = a.s6_addr[11] = 0xff;
	memcpy(a.s6_addr + 12, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
	return a;
}

static struct address_count **address_find(struct street *s, const struct in6_addr *a)
{
	uint32_t h = 2166136261U; /* FNV-1a */
	struct address_count **p;

	for (size_t i = 0; i < sizeof(a->s6_addr); i++)
		h = (h ^ a->s6_addr[i]) * 16777619U;
	p = &s->addresses[h % ADDRESS_BUCKETS];
	while (*p && memcmp(&(*p)->address, a, sizeof(*a)) != 0)
		p = &(*p)->next;
	return p;
}

static bool address_take(struct street *s, const struct in6_addr *a)
{
	uint32_t max = s->config->limits.connections_per_address_max;
	struct address_count **p = address_find(s, a);

	if (!*p) {
		*p = calloc(1, sizeof(**p));
		if (!*p)
			return false;
		(*p)->address = *a;
	}
	if (max && (*p)->connections >= max)
		return false;
	(*p)->connections++;
	return true;
}

void listen_address_release(struct street *s, const struct in6_addr *a)
{
	struct address_count **p = address_find(s, a), *gone = *p;

	QW_ASSERT(gone && gone->connections > 0);
	if (--gone->connections > 0)
		return;
	*p = gone->next;
	free(gone);
}

/* ---- accepting ---- */

static void keep_alive(int fd)
{
	int on = 1, idle_s = 60, every_s = 15, times = 4;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every_s, sizeof(every_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &times, sizeof(times));
}

static void refuse(struct street *s, int fd, const char *why)
{
	static uint64_t last_logged_us; /* one line a second, however many knock */
	uint64_t now_us = street_now().mono_us;

	(void)close(fd);
	s->totals.connections_refused++;
	if (now_us - last_logged_us < 1000000 && last_logged_us)
		return;
	last_logged_us = now_us;
	qw_log(QW_LOG_WARN, "connection.refused", "detail", why, NULL);
}

/* No descriptor left: the reserve takes the connection off the queue, so that its client is not left hanging. */
static void accept_with_reserve(struct street *s, int listen_fd)
{
	int fd;

	if (s->reserve_fd < 0)
		return;
	(void)close(s->reserve_fd);
	fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)
		refuse(s, fd, "out of file descriptors");
	s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void take(struct listener *l, int fd, const struct sockaddr_storage *peer)
{
	struct street *s = l->street;
	struct in6_addr address = listen_address_of(peer);

	if (s->conn_count >= s->config->limits.connections_max) {
		refuse(s, fd, "limits.connections is reached");
		return;
	}
	if (!address_take(s, &address)) {
		refuse(s, fd, "the limit of connections for one address is reached");
		return;
	}
	keep_alive(fd);
	conn_start(s, l, fd, peer);
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;

	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPT_BURST; i++) {
		struct sockaddr_storage peer = {0};
		socklen_t size = sizeof(peer);
		int fd = accept4(l->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && (errno == EMFILE || errno == ENFILE))
			accept_with_reserve(l->street, l->fd);
		if (fd < 0)
			return;
		take(l, fd, &peer);
	}
}

/* ---- opening ---- */

static int bind_one(const struct addrinfo *ai)
{
	int on = 1, fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	on = errno;
	(void)close(fd);
	errno = on;
	return -1;
}

static int listen_socket(const struct config_listener *l, char *why, size_t why_size)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *list = NULL;
	char host[256], port[8];
	size_t n = strlen(l->address);
	bool is_bracketed = n > 2 && l->address[0] == '[' && l->address[n - 1] == ']';
	int fd = -1, err;

	(void)snprintf(host, sizeof(host), "%.*s", (int)(is_bracketed ? n - 2 : n), l->address + is_bracketed);
	(void)snprintf(port, sizeof(port), "%u", (unsigned)l->port);
	err = getaddrinfo(host, port, &hints, &list);
	if (err) {
		(void)snprintf(why, why_size, "listen on %s: %s", l->address, gai_strerror(err));
		return -1;
	}
	for (const struct addrinfo *ai = list; ai && fd < 0; ai = ai->ai_next)
		fd = bind_one(ai);
	if (fd < 0)
		(void)snprintf(why, why_size, "listen on %s port %s: %s", l->address, port, strerror(errno));
	freeaddrinfo(list);
	return fd;
}

static uint16_t port_of(int fd)
{
	struct sockaddr_storage a = {0};
	socklen_t size = sizeof(a);

	if (getsockname(fd, (struct sockaddr *)&a, &size))
		return 0;
	return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&a)->sin6_port :
					       ((struct sockaddr_in *)(void *)&a)->sin_port);
}

static int listener_open(struct listener *l, char *why, size_t why_size)
{
	struct street *s = l->street;

	l->tls = tls_context_new(l->config->certificate, l->config->key, why, why_size);
	if (!l->tls)
		return QW_E_CONFIG;
	l->fd = listen_socket(l->config, why, why_size);
	if (l->fd < 0)
		return QW_E_IO;
	l->port = port_of(l->fd);
	if (uv_poll_init_socket(&s->loop, &l->poll, l->fd)) {
		(void)snprintf(why, why_size, "listen: the event loop refuses the socket");
		return QW_E_IO;
	}
	l->poll.data = l;
	l->is_open = true;
	if (l->config->dialect == UPSTREAM_MYSQL)
		jobs_probe(l);
	return uv_poll_start(&l->poll, UV_READABLE, on_acceptable) ? QW_E_IO : 0;
}

static void raise_descriptor_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) || r.rlim_cur == r.rlim_max)
		return;
	r.rlim_cur = r.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &r);
}

int listen_open(struct street *s, char *why, size_t why_size)
{
	const struct config *c = s->config;
	int err = 0;

	raise_descriptor_limit();
	s->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	s->listeners = calloc(c->listener_count + 1, sizeof(*s->listeners));
	if (!s->listeners)
		return QW_E_NOMEM;
	for (size_t i = 0; i < c->listener_count; i++) {
		s->listeners[i] = (struct listener){.street = s, .config = &c->listeners[i], .fd = -1};
	}
	for (size_t i = 0; i < c->listener_count && !err; i++)
		err = listener_open(&s->listeners[i], why, why_size);
	return err;
}

void listen_reload_certificates(struct street *s)
{
	char why[512];

	for (size_t i = 0; i < s->config->listener_count; i++) {
		struct listener *l = &s->listeners[i];
		SSL_CTX *fresh = tls_context_new(l->config->certificate, l->config->key, why, sizeof(why));

		if (!fresh) {
			qw_log(QW_LOG_ERROR, "certificate.refused", "detail", why, NULL);
			continue;
		}
		SSL_CTX_free(l->tls); /* connections keep their own reference */
		l->tls = fresh;
	}
}

/* ---- closing ---- */

void listen_stop(struct street *s)
{
	for (size_t i = 0; s->listeners && i < s->config->listener_count; i++) {
		struct listener *l = &s->listeners[i];

		if (l->is_open)
			uv_close((uv_handle_t *)&l->poll, NULL);
		if (l->fd >= 0)
			(void)close(l->fd);
		l->is_open = false;
		l->fd = -1;
	}
}

void listen_close(struct street *s) /* the handles are closed and the loop has run */
{
	for (size_t i = 0; s->listeners && i < s->config->listener_count; i++) {
		SSL_CTX_free(s->listeners[i].tls);
		free(s->listeners[i].version);
	}
	free(s->listeners);
	s->listeners = NULL;
	if (s->reserve_fd >= 0)
		(void)close(s->reserve_fd);
	s->reserve_fd = -1;
}
