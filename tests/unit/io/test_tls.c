/* The client's TLS through the street: real sockets, a real TLS client. */
#include <fcntl.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/socket.h>

#include "world.h"

struct tls_client {
	SSL_CTX *context;
	SSL *ssl;
	int fd;
};

static bool tls_done(SSL *ssl, int r)
{
	int err = r > 0 ? 0 : SSL_get_error(ssl, r);

	assert_true(r > 0 || err == SSL_ERROR_WANT_READ || err == SSL_ERROR_WANT_WRITE);
	return r > 0;
}

static struct tls_client tls_dial(void)
{
	struct tls_client c = {.context = SSL_CTX_new(TLS_client_method()), .fd = dial()};

	put(c.fd, "s");
	expect(c.fd, "S");
	c.ssl = SSL_new(c.context);
	assert_int_equal(SSL_set_fd(c.ssl, c.fd), 1);
	assert_int_equal(fcntl(c.fd, F_SETFL, O_NONBLOCK), 0);
	UNTIL(tls_done(c.ssl, SSL_connect(c.ssl)));
	return c;
}

static void tls_hang_up(struct tls_client *c)
{
	SSL_free(c->ssl);
	SSL_CTX_free(c->context);
	(void)close(c->fd);
}

static size_t tls_read(struct tls_client *c, uint8_t *to, size_t n)
{
	int r = SSL_read(c->ssl, to, (int)n);

	return tls_done(c->ssl, r) ? (size_t)r : 0;
}

static void test_tls_echo(void **state)
{
	struct tls_client c = tls_dial();
	uint8_t got[64];
	size_t n = 0;

	(void)state;
	assert_true(SSL_version(c.ssl) >= TLS1_2_VERSION);
	assert_int_equal(SSL_write(c.ssl, "hello", 5), 5);
	UNTIL((n += tls_read(&c, got + n, sizeof(got) - n)) == 5);
	assert_memory_equal(got, "hello", 5);
	assert_int_equal(SSL_write(c.ssl, "x", 1), 1);
	n = 0;
	UNTIL((n += tls_read(&c, got + n, 3 - n)) == 3);
	assert_memory_equal(got, "bye", 3);
	UNTIL(SSL_read(c.ssl, got, 1) <= 0 && SSL_get_shutdown(c.ssl) == SSL_RECEIVED_SHUTDOWN);
	tls_hang_up(&c);
}

static void test_tls_flood(void **state)
{
	static uint8_t part[65536];
	struct tls_client c = tls_dial();
	size_t n = 0;

	(void)state;
	assert_int_equal(SSL_write(c.ssl, "fq", 2), 2);
	UNTIL(n == (8 << 20) + 1)
	{
		size_t got = tls_read(&c, part, sizeof(part));

		for (size_t i = 0; i < got; i++)
			assert_int_equal(part[i], n + i == (8 << 20) ? 'q' : 'f');
		n += got;
	}
	tls_hang_up(&c);
}

/* Two clients are written to in one turn: what one's socket does not take must not reach the other. */
static void test_tls_two_at_once(void **state)
{
	struct tls_client a = tls_dial(), b = tls_dial();
	uint8_t got[16];
	size_t n = 0;

	(void)state;
	assert_int_equal(SSL_write(a.ssl, "fk", 2), 2);
	UNTIL(recv(a.fd, got, 1, MSG_PEEK | MSG_DONTWAIT) == 1); /* the flood has begun: the key is registered, too */
	assert_int_equal(SSL_write(b.ssl, "z1", 2), 2); /* b's event makes a say something */
	UNTIL((n += tls_read(&b, got + n, sizeof(got) - n)) == 1);
	assert_int_equal(got[0], '1');
	n = 0;
	UNTIL(n == (8 << 20) + 1)
	{
		static uint8_t part[65536];
		size_t r = tls_read(&a, part, sizeof(part));

		n += r;
		if (r)
			assert_int_equal(part[r - 1], n == (8 << 20) + 1 ? '!' : 'f');
	}
	tls_hang_up(&a);
	tls_hang_up(&b);
}

static void test_tls_garbage(void **state)
{
	char got[64];
	int fd = dial();

	(void)state;
	put(fd, "s");
	expect(fd, "S");
	put(fd, "this is no handshake");
	UNTIL(recv(fd, got, sizeof(got), MSG_DONTWAIT) == 0);
	(void)close(fd);
	UNTIL(doubles.sessions_open == 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_street, close_street)
	const struct CMUnitTest tests[] = {
		T(test_tls_echo),
		T(test_tls_flood),
		T(test_tls_two_at_once),
		T(test_tls_garbage),
	};
#undef T
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, world_make, world_remove);
}
