/* The street alone: real sockets, real TLS, everything behind it stood in for. One thread: the test turns the loop. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "cmocka_qw.h"
#include "doubles.h"

enum { PATIENCE = 20000, BIG = 32 << 20 };

static char folder[64], certificate[128], key[128], policy[128];
static struct config_listener listener = {.address = "127.0.0.1", .certificate = certificate, .key = key};
static struct config config;
static struct street *street;

/* ---- the world ---- */

static void write_certificate(void)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	FILE *f;

	(void)ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(x), 0);
	(void)X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	(void)X509_set_pubkey(x, k);
	assert_true(X509_sign(x, k, EVP_sha256()) > 0);
	assert_non_null(f = fopen(certificate, "w"));
	assert_int_equal(PEM_write_X509(f, x), 1);
	(void)fclose(f);
	assert_non_null(f = fopen(key, "w"));
	assert_int_equal(PEM_write_PrivateKey(f, k, NULL, NULL, 0, NULL, NULL), 1);
	(void)fclose(f);
	X509_free(x);
	EVP_PKEY_free(k);
}

static void write_policy(const char *text)
{
	FILE *f = fopen(policy, "w");

	assert_non_null(f);
	(void)fputs(text, f);
	(void)fclose(f);
}

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/qw-street-XXXXXX");
	assert_non_null(mkdtemp(folder));
	(void)snprintf(certificate, sizeof(certificate), "%s/c.pem", folder);
	(void)snprintf(key, sizeof(key), "%s/k.pem", folder);
	(void)snprintf(policy, sizeof(policy), "%s/policy", folder);
	write_certificate();
	return 0;
}

static int remove_folder(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command);
}

static int open_street(void **state)
{
	char why[256];

	(void)state;
	doubles = (struct doubles){.upstream_peer = -1};
	write_policy("fine");
	config = (struct config){
		.name = "test",
		.state_dir = folder,
		.listeners = &listener,
		.listener_count = 1,
		.policy_file = policy,
		.limits = {.connections_max = 50, .token_bytes_max = 100, .verdict_cache_entries = 1},
	};
	qw_log_level_set(QW_LOG_ERROR);
	return street_open(&config, &street, why, sizeof(why));
}

static int close_street(void **state)
{
	(void)state;
	if (doubles.upstream_peer >= 0)
		(void)close(doubles.upstream_peer);
	street_close(street);
	street = NULL;
	assert_int_equal(doubles.sessions_open, 0);
	assert_int_equal(doubles.upstreams_open, 0);
	return 0;
}

static void turn(void)
{
	(void)uv_run(street_loop(street), UV_RUN_NOWAIT);
}

static void turn_patiently(int left)
{
	assert_true(left > 0);
	turn();
	(void)usleep(200);
}

/* With a body, or with none. */
#define UNTIL(condition) for (int left_ = PATIENCE; !(condition); turn_patiently(left_--))

static int dial(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(street_port(street, 0))};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static void put(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Exactly this comes. */
static void expect(int fd, const char *text)
{
	char got[256];
	size_t n = 0, want = strlen(text);

	UNTIL(n >= want)
	{
		ssize_t r = recv(fd, got + n, want - n, MSG_DONTWAIT);

		assert_true(r > 0 || (r < 0 && errno == EAGAIN));
		n += r > 0 ? (size_t)r : 0;
	}
	got[n] = '\0';
	assert_string_equal(got, text);
}

static void expect_nothing(int fd)
{
	char got;

	for (int i = 0; i < 50; i++) {
		turn();
		(void)usleep(200);
	}
	assert_int_equal(recv(fd, &got, 1, MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void expect_end(int fd)
{
	char got;
	ssize_t r = -1;

	UNTIL(r >= 0)
	{
		r = recv(fd, &got, 1, MSG_DONTWAIT);
		if (r < 0 && errno == ECONNRESET)
			r = 0;
	}
	assert_int_equal(r, 0);
	(void)close(fd);
}

static uint64_t open_now(void)
{
	struct street_stats t;

	street_stats_get(street, &t);
	return t.sessions_open;
}

/* ---- sockets ---- */

static void test_echo_and_end(void **state)
{
	int fd = dial();

	(void)state;
	put(fd, "hello");
	expect(fd, "hello");
	assert_int_equal(open_now(), 1);
	put(fd, "x");
	expect(fd, "bye");
	expect_end(fd);
	UNTIL(open_now() == 0);
}

static void test_unread_input_does_not_eat_the_last_message(void **state)
{
	int fd = dial();

	(void)state;
	put(fd, "x");
	put(fd, "more that nobody reads");
	expect(fd, "bye");
	expect_end(fd);
}

static void test_client_gone(void **state)
{
	int fd = dial();

	(void)state;
	put(fd, "h");
	expect(fd, "h");
	(void)close(fd);
	UNTIL(doubles.sessions_open == 0);
	assert_int_equal(doubles.eofs, 1);
}

static void test_reset_while_flooded(void **state)
{
	struct linger hard = {.l_onoff = 1};
	int fd = dial();

	(void)state;
	put(fd, "f");
	expect(fd, "ffff");
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	(void)close(fd);
	UNTIL(doubles.sessions_open == 0);
}

static void test_timer(void **state)
{
	int fd = dial();

	(void)state;
	put(fd, "t");
	expect(fd, "t");
	assert_int_equal(doubles.ticks, 1);
	(void)close(fd);
}

static void test_limits(void **state)
{
	int fd[4];

	(void)state;
	config.limits.connections_per_address_max = 3;
	for (int i = 0; i < 4; i++)
		fd[i] = dial();
	for (int i = 0; i < 3; i++) {
		put(fd[i], "h");
		expect(fd[i], "h");
	}
	expect_end(fd[3]);
	(void)close(fd[0]);
	UNTIL(open_now() == 2);
	fd[0] = dial();
	put(fd[0], "h");
	expect(fd[0], "h");
	for (int i = 0; i < 3; i++)
		(void)close(fd[i]);
}

static void test_cancel_registry(void **state)
{
	int a = dial(), b = dial(), c;

	(void)state;
	put(a, "k");
	put(b, "h");
	expect(b, "h");
	put(b, "z");
	expect(a, "!");
	assert_int_equal(doubles.cancels, 1);
	(void)close(a);
	UNTIL(open_now() == 1);
	put(b, "z"); /* nobody is there any more */
	put(b, "h");
	expect(b, "h");
	assert_int_equal(doubles.cancels, 1);
	c = dial();
	put(c, "kkz"); /* registered twice, cancels itself */
	expect(c, "!");
	(void)close(b);
	(void)close(c);
}

static void test_parse_aside(void **state)
{
	int fd = dial();

	(void)state;
	put(fd, "p");
	expect(fd, "p");
	put(fd, "p");
	(void)close(fd); /* while it is being parsed */
	UNTIL(doubles.sessions_open == 0);
}

/* ---- records ---- */

static void test_ring_and_disk(void **state)
{
	int fd = dial();

	(void)state;
	put(fd, "a");
	expect(fd, "a");
	put(fd, "d");
	UNTIL(strcmp(doubles.order, "ad") == 0);
	expect_nothing(fd);
	doubles.durable = doubles.appended;
	doubles_progress();
	expect(fd, "d");
	put(fd, "ddd");
	UNTIL(strcmp(doubles.order, "adddd") == 0);
	doubles.durable = doubles.appended - 1;
	doubles_progress();
	expect(fd, "dd");
	expect_nothing(fd);
	(void)close(fd); /* with a wait that never ends */
	UNTIL(doubles.sessions_open == 0);
	doubles.durable = doubles.appended;
	doubles_progress();
	turn();
}

static void test_full_ring_holds_everything_in_order(void **state)
{
	int a = dial(), b = dial();

	(void)state;
	put(a, "h");
	expect(a, "h");
	put(b, "h");
	expect(b, "h");
	doubles.append_error = QW_E_FULL;
	put(a, "1n2");
	put(b, "n");
	expect_nothing(a); /* not even the echo that stands before the record: it may be its consequence */
	expect_nothing(b);
	put(a, "3"); /* is not read */
	doubles.append_error = 0;
	doubles_progress();
	expect(a, "1n23");
	expect(b, "n");
	assert_string_equal(doubles.order, "nn");
	(void)close(a);
	(void)close(b);
}

static void close_while_held(int append_error_then, const char *written)
{
	int fd = dial();

	put(fd, "h");
	expect(fd, "h");
	doubles.append_error = QW_E_FULL;
	put(fd, "n");
	expect_nothing(fd);
	doubles.append_error = append_error_then;
	doubles.audit_failed = append_error_then != 0;
	street_close(street);
	assert_string_equal(doubles.order, written);
	(void)close(fd);
	assert_int_equal(open_street(NULL), 0);
}

static void test_held_record_outlives_its_connection(void **state)
{
	(void)state;
	close_while_held(0, "n");
	close_while_held(QW_E_FULL, ""); /* a dead store does not keep us from ending */
}

static void test_failing_store_denies(void **state)
{
	int fd = dial();

	(void)state;
	doubles.append_error = QW_E_IO;
	put(fd, "a");
	expect(fd, "F");
	expect_end(fd);
	doubles.append_error = 0;
	doubles.audit_failed = true; /* in the ring, but the disk is gone */
	fd = dial();
	put(fd, "d");
	expect(fd, "F");
	expect_end(fd);
	doubles.audit_failed = false;
}

/* ---- upstream ---- */

static int relayed(void)
{
	int fd = dial();

	put(fd, "c");
	expect(fd, "c");
	return fd;
}

static void test_relay(void **state)
{
	int fd = relayed();

	(void)state;
	put(fd, "question");
	expect(doubles.upstream_peer, "question");
	put(doubles.upstream_peer, "answer");
	expect(fd, "answer");
	(void)close(doubles.upstream_peer);
	doubles.upstream_peer = -1;
	expect_end(fd);
	UNTIL(doubles.sessions_open == 0);
}

static void test_gone_while_connecting(void **state)
{
	int fd = dial();

	(void)state;
	doubles.connect_delay_ms = 100;
	put(fd, "c");
	put(fd, "h");
	expect(fd, "h");
	(void)close(fd);
	UNTIL(doubles.sessions_open == 0);
	UNTIL(doubles.upstream_peer >= 0 && doubles.upstreams_open == 0);
}

static void test_connect_fails(void **state)
{
	int fd = dial();

	(void)state;
	doubles.connect_error = QW_E_IO;
	put(fd, "c");
	expect(fd, "F");
	expect_end(fd);
}

/* The database talks, the client does not listen: reading stops, and everything arrives in the end. */
static void test_backpressure(void **state)
{
	static uint8_t part[65536];
	size_t in = 0, out = 0, stalled = 0;
	int fd = relayed();

	(void)state;
	for (; stalled < 200; stalled++) {
		ssize_t n = send(doubles.upstream_peer, part, sizeof(part), MSG_DONTWAIT | MSG_NOSIGNAL);

		in += n > 0 ? (size_t)n : 0;
		stalled = n > 0 ? 0 : stalled;
		turn();
		assert_true(in < BIG);
	}
	UNTIL(out == in)
	{
		ssize_t n = recv(fd, part, sizeof(part), MSG_DONTWAIT);

		out += n > 0 ? (size_t)n : 0;
	}
	put(doubles.upstream_peer, "on");
	expect(fd, "on");
	(void)close(fd);
}

/* ---- TLS ---- */

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
	while (n < (8 << 20) + 1) {
		size_t got = tls_read(&c, part, sizeof(part));

		for (size_t i = 0; i < got; i++)
			assert_int_equal(part[i], n + i == (8 << 20) ? 'q' : 'f');
		n += got;
		turn();
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
	for (int i = 0; i < 200; i++)
		turn();
	assert_int_equal(SSL_write(b.ssl, "z1", 2), 2); /* b's event makes a say something */
	UNTIL((n += tls_read(&b, got + n, sizeof(got) - n)) == 1);
	assert_int_equal(got[0], '1');
	n = 0;
	while (n < (8 << 20) + 1) {
		static uint8_t part[65536];
		size_t r = tls_read(&a, part, sizeof(part));

		n += r;
		if (r)
			assert_int_equal(part[r - 1], n == (8 << 20) + 1 ? '!' : 'f');
		turn();
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

/* ---- operation ---- */

static void test_reload(void **state)
{
	char why[256];
	int fd = dial();

	(void)state;
	put(fd, "h");
	expect(fd, "h");
	write_policy("!");
	assert_int_equal(street_reload_policy(street, why, sizeof(why)), QW_E_CONFIG);
	assert_string_equal(why, "bad");
	assert_int_equal(doubles.policies, 0);
	write_policy("fine");
	for (int i = 0; i < 3; i++)
		assert_int_equal(street_reload_policy(street, why, sizeof(why)), 0);
	assert_int_equal(doubles.policies, 3);
	(void)close(fd);
	UNTIL(doubles.sessions_open == 0);
	assert_int_equal(street_reload_policy(street, why, sizeof(why)), 0);
}

static void test_run_until_drained(void **state)
{
	int fd = dial();

	(void)state;
	put(fd, "h");
	expect(fd, "h");
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(street_run(street), 0);
	assert_int_equal(doubles.drains, 1);
	(void)close(fd);
}

static void test_bad_certificate_is_a_reason(void **state)
{
	struct config_listener bad = {.address = "127.0.0.1", .certificate = "/nowhere", .key = "/nowhere"};
	struct street *s;
	char why[256];

	(void)state;
	config.listeners = &bad;
	assert_int_equal(street_open(&config, &s, why, sizeof(why)), QW_E_CONFIG);
	assert_non_null(strstr(why, "/nowhere"));
	config.listeners = &listener;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, open_street, close_street)
	const struct CMUnitTest tests[] = {
		T(test_echo_and_end),
		T(test_unread_input_does_not_eat_the_last_message),
		T(test_client_gone),
		T(test_reset_while_flooded),
		T(test_timer),
		T(test_limits),
		T(test_cancel_registry),
		T(test_parse_aside),
		T(test_ring_and_disk),
		T(test_full_ring_holds_everything_in_order),
		T(test_held_record_outlives_its_connection),
		T(test_failing_store_denies),
		T(test_relay),
		T(test_gone_while_connecting),
		T(test_connect_fails),
		T(test_backpressure),
		T(test_tls_echo),
		T(test_tls_flood),
		T(test_tls_two_at_once),
		T(test_tls_garbage),
		T(test_reload),
		T(test_run_until_drained),
		T(test_bad_certificate_is_a_reason),
	};
#undef T
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
