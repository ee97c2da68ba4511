/* Frames by hand over a connection that was handed over. */
#ifndef UPSTREAM_TEST_FRAMES_H
#define UPSTREAM_TEST_FRAMES_H

#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include "support.h"

static inline void wait_for(struct upstream *u, short events)
{
	struct pollfd p = {.fd = upstream_socket(u), .events = events};

	assert_int_equal(poll(&p, 1, 20000), 1);
}

/* One attempt: > 0 bytes, 0 end, -1 would block (and was waited for). */
static inline ssize_t read_some(struct upstream *u, void *p, size_t max)
{
	SSL *ssl = upstream_ssl(u);
	ssize_t n = ssl ? SSL_read(ssl, p, (int)max) : recv(upstream_socket(u), p, max, 0);

	if (n > 0)
		return n;
	if (ssl ? SSL_get_error(ssl, (int)n) == SSL_ERROR_WANT_READ : n < 0 && errno == EAGAIN) {
		wait_for(u, POLLIN);
		return -1;
	}
	return 0;
}

static inline void send_frame(struct upstream *u, char kind, const char *text)
{
	SSL *ssl = upstream_ssl(u);
	uint8_t frame[1024] = {(uint8_t)kind};
	size_t n = strlen(text) + 5;

	assert_true(n < sizeof(frame) - 1);
	frame[3] = (uint8_t)(n >> 8);
	frame[4] = (uint8_t)n;
	memcpy(frame + 5, text, n - 4);
	n++;
	assert_int_equal(ssl ? SSL_write(ssl, frame, (int)n) : send(upstream_socket(u), frame, n, 0), (ssize_t)n);
}

/* Everything up to and including ReadyForQuery. */
static inline size_t answer(struct upstream *u, uint8_t *out, size_t max)
{
	size_t n = 0, at = 0;

	for (;;) {
		ssize_t got;

		while (n - at >= 5) {
			size_t length = 1 + ((size_t)out[at + 1] << 24 | (size_t)out[at + 2] << 16 | (size_t)out[at + 3] << 8 | out[at + 4]);

			if (n - at < length)
				break;
			at += length;
			if (out[at - length] == 'Z') {
				assert_int_equal(at, n);
				return n;
			}
		}
		assert_true(n < max);
		got = read_some(u, out + n, max - n);
		assert_int_not_equal(got, 0);
		n += got > 0 ? (size_t)got : 0;
	}
}

static inline bool answers(struct upstream *u, const char *sql, const char *text)
{
	static uint8_t bytes[1 << 20];
	size_t n;

	send_frame(u, 'Q', sql);
	n = answer(u, bytes, sizeof(bytes));
	return memmem(bytes, n, text, strlen(text)) != NULL;
}

#endif
