/*
 * The client library has a timeout for each wait, and none for TLS reads: a peer that sends a byte now and then would keep a worker
 * for ever. It asks us to wait instead, which we do until one deadline. That works for TLS because the socket does not block, which
 * the library does not know. We also look at what comes before TLS: the library would read what somebody appended to the greeting
 * in clear as if it had come through TLS.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>

#include "../my.h"

typedef unsigned char uchar; /* which the library's headers want, as they want HAVE_TLS */
#define HAVE_TLS 1
#include <ma_pvio.h>

/* Exported by the library, declared by none of its headers. */
int ma_pvio_register_callback(my_bool is_added, void (*on_bytes)(int mode, MYSQL *m, const uchar *bytes, size_t count));

enum { HEADER_BYTES = 4, GREETING_MAX = 16384 };

static _Thread_local struct {
	int64_t deadline_ms; /* 0: outside of begin and end nothing waits */
	bool wants_tls;
	enum upstream_mysql_trouble trouble;
	uint8_t header[HEADER_BYTES];
	size_t plain; /* bytes that came in clear */
} watch;

static void make_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && !(flags & O_NONBLOCK))
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static bool is_late(void)
{
	if (upstream_now_ms() < watch.deadline_ms)
		return false;
	if (watch.trouble == UPSTREAM_MYSQL_FINE)
		watch.trouble = UPSTREAM_MYSQL_LATE;
	errno = ETIMEDOUT;
	return true;
}

/* As poll(2): 1 ready, 0 too late, -1 an error. */
int upstream_mysql_wait(my_socket fd, my_bool is_read, int timeout)
{
	struct pollfd p = {.fd = fd, .events = is_read ? POLLIN : POLLOUT};

	(void)timeout; /* sometimes milliseconds, sometimes seconds */
	make_nonblocking(fd);
	while (!is_late()) {
		int64_t left = watch.deadline_ms - upstream_now_ms();
		int n = poll(&p, 1, (int)(left < 1 ? 1 : left < 60000 ? left : 60000));

		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return -1;
	}
	return 0;
}

/* One packet may come in clear: 3 bytes of length, a number, and as many bytes. */
static void look_at_plain(MYSQL *m, const uchar *bytes, size_t count)
{
	size_t size;

	for (size_t i = 0; i < count && watch.plain + i < HEADER_BYTES; i++)
		watch.header[watch.plain + i] = bytes[i];
	watch.plain += count;
	if (watch.plain < HEADER_BYTES)
		return;
	size = watch.header[0] | (size_t)watch.header[1] << 8 | (size_t)watch.header[2] << 16;
	if (watch.plain <= size + HEADER_BYTES && size < GREETING_MAX)
		return;
	watch.trouble = UPSTREAM_MYSQL_INJECTED;
	(void)shutdown(mysql_get_socket(m), SHUT_RDWR);
}

static void on_bytes(int mode, MYSQL *m, const uchar *bytes, size_t count)
{
	my_socket fd = watch.deadline_ms ? mysql_get_socket(m) : -1;

	if (fd == -1)
		return;
	make_nonblocking(fd);
	if (is_late()) /* bytes that come without a wait in between */
		(void)shutdown(fd, SHUT_RDWR);
	if (mode == 0 && watch.wants_tls && !m->net.pvio->ctls && count <= SSIZE_MAX)
		look_at_plain(m, bytes, count);
}

int upstream_mysql_watch(void)
{
	return ma_pvio_register_callback(1, on_bytes) == 0 ? 0 : QW_E_STATE;
}

void upstream_mysql_begin(int64_t deadline_ms, bool wants_tls)
{
	watch.deadline_ms = deadline_ms;
	watch.wants_tls = wants_tls;
	watch.trouble = UPSTREAM_MYSQL_FINE;
	watch.plain = 0;
}

enum upstream_mysql_trouble upstream_mysql_end(void)
{
	watch.deadline_ms = 0;
	return watch.trouble;
}
