/* The command line's end of the admin socket. Blocks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qw/control.h"

enum { ANSWER_BYTES_MAX = 64 << 20 };

static int dial(const char *path, char *why, size_t why_size)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 60}; /* a token may need a fetch of keys */
	int fd;

	if (strlen(path) >= sizeof(a.sun_path)) {
		(void)snprintf(why, why_size, "%s: too long for a UNIX socket", path);
		return -1;
	}
	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0) {
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
		return fd;
	}
	(void)snprintf(why, why_size, "%s: %s (is the gateway running?)", path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static int send_all(int fd, struct qw_bytes b)
{
	while (b.n > 0) {
		ssize_t n = send(fd, b.p, b.n, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return QW_E_IO;
		b.p += n;
		b.n -= (size_t)n;
	}
	return 0;
}

static int read_line(int fd, struct qw_buf *in)
{
	for (;;) {
		struct qw_bytes all = qw_buf_pending(in);
		ssize_t n;

		if (all.n && all.p[all.n - 1] == '\n')
			return 0;
		if (qw_buf_reserve(in, 4096))
			return QW_E_LIMIT;
		n = recv(fd, in->p + in->n, 4096, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return QW_E_IO;
		in->n += (size_t)n;
	}
}

int control_call(const char *socket_path, const char *request_line, char **answer, char *why, size_t why_size)
{
	int fd = dial(socket_path, why, why_size), err;
	struct qw_buf in;

	*answer = NULL;
	if (fd < 0)
		return QW_E_IO;
	qw_buf_init(&in, ANSWER_BYTES_MAX);
	err = send_all(fd, qw_bytes_from(request_line));
	if (!err)
		err = send_all(fd, QW_LIT("\n"));
	if (!err || err == QW_E_IO) /* a refusal may be there although nobody took the request */
		err = read_line(fd, &in);
	(void)close(fd);
	if (err) {
		(void)snprintf(why, why_size, "%s: %s", socket_path, qw_error_text(err));
	} else {
		*answer = strndup((const char *)in.p, in.n - 1);
		err = *answer ? 0 : QW_E_NOMEM;
	}
	qw_buf_fini(&in);
	return err;
}
