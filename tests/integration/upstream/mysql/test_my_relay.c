/* What io does with a connection to MySQL that was handed over: packets by hand, cancel, tracked changes, and letting go of it. */
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include "my.h"

static uint8_t bytes[4 << 20];

static void send_query(struct upstream *u, const char *sql)
{
	SSL *ssl = upstream_ssl(u);
	uint8_t frame[1024];
	size_t n = strlen(sql) + 1;

	assert_true(n + 4 < sizeof(frame));
	frame[0] = (uint8_t)n;
	frame[1] = (uint8_t)(n >> 8);
	frame[2] = frame[3] = 0;
	frame[4] = 3; /* COM_QUERY */
	memcpy(frame + 5, sql, n - 1);
	assert_int_equal(ssl ? SSL_write(ssl, frame, (int)n + 4) : send(upstream_socket(u), frame, n + 4, 0), (ssize_t)n + 4);
}

/* One attempt: > 0 bytes, 0 end, -1 would block (and was waited for). */
static ssize_t read_some(struct upstream *u, void *p, size_t max)
{
	struct pollfd wait = {.fd = upstream_socket(u), .events = POLLIN};
	SSL *ssl = upstream_ssl(u);
	ssize_t n = ssl ? SSL_read(ssl, p, (int)max) : recv(upstream_socket(u), p, max, 0);

	if (n > 0)
		return n;
	if (ssl ? SSL_get_error(ssl, (int)n) == SSL_ERROR_WANT_READ : n < 0 && errno == EAGAIN) {
		assert_int_equal(poll(&wait, 1, 20000), 1);
		return -1;
	}
	return 0;
}

/* Until OK or ERR, or the second EOF. */
static size_t answer(struct upstream *u)
{
	size_t n = 0, at = 0, packets = 0, eofs = 0;

	for (;;) {
		ssize_t got;

		while (n - at >= 4) {
			size_t size = bytes[at] | (size_t)bytes[at + 1] << 8 | (size_t)bytes[at + 2] << 16;
			uint8_t first = bytes[at + 4];

			if (n - at < size + 4)
				break;
			at += size + 4;
			packets++;
			eofs += first == 0xfe && size < 9;
			if (first == 0xff || (first == 0 && packets == 1) || eofs == 2) {
				assert_int_equal(at, n);
				return n;
			}
		}
		assert_true(n < sizeof(bytes));
		got = read_some(u, bytes + n, sizeof(bytes) - n);
		assert_int_not_equal(got, 0);
		n += got > 0 ? (size_t)got : 0;
	}
}

static bool answers(struct upstream *u, const char *sql, const char *text)
{
	size_t n;

	send_query(u, sql);
	n = answer(u);
	return memmem(bytes, n, text, strlen(text)) != NULL;
}

static void exercise(const struct upstream_target *t)
{
	struct upstream *u = connected(t);

	assert_true(answers(u, "select concat('a', 'b')", "ab"));
	assert_true(answers(u, "select concat(repeat('x', 300000), 'the end')", "the end"));
	assert_true(answers(u, "select database()", "shop"));
	assert_true(answers(u, "select nosuch", "42S22"));
	assert_true(answers(u, "select 1; select 2", "42000")); /* no multi-statements */
	assert_true(answers(u, "load data local infile '/etc/passwd' into table scratch", "disabled"));
	upstream_free(u);
}

static void test_frames(void **state)
{
	struct upstream_target plain = my_plain(), tls = my_tls();

	(void)state;
	exercise(&plain);
	exercise(&tls);
}

/* What the session watches: each change is told with the evaluated value. */
static void test_tracked(void **state)
{
	static const struct {
		const char *sql, *name, *value;
	} changes[] = {
		{"set sql_mode=concat(@@sql_mode, ',NO_BACKSLASH_ESCAPES')", "sql_mode", "NO_BACKSLASH_ESCAPES"},
		{"set names gbk", "character_set_client", "gbk"},
		{"set character_set_results=latin1", "character_set_results", "latin1"},
		{"set character set utf8mb4", "character_set_client", "utf8mb4"},
		{"set autocommit=0", "autocommit", "OFF"},
		{"set collation_connection=utf8mb4_bin", "collation_connection", "utf8mb4_bin"},
	};
	struct upstream_target t = my_tls();
	struct upstream *u = connected(&t);

	(void)state;
	for (size_t i = 0; i < QW_COUNT(changes); i++) {
		assert_true(answers(u, changes[i].sql, changes[i].name));
		assert_true(answers(u, changes[i].sql, changes[i].value) || i == 5);
	}
	assert_true(answers(u, "use information_schema", "information_schema"));
	upstream_free(u);
}

static void test_cancel(void **state)
{
	struct upstream_target ts[] = {my_plain(), my_tls()};
	char why[300] = "";

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct upstream *u = connected(&ts[i]);
		struct upstream_cancel *c = upstream_cancel_new(u);
		time_t begin = time(NULL);
		int failed;

		assert_non_null(c);
		send_query(u, "select count(*) from information_schema.columns a, information_schema.columns b, information_schema.columns c");
		(void)usleep(200000);
		if (upstream_cancel(c, why, sizeof(why)))
			fail_msg("%s", why);
		assert_non_null(memmem(bytes, answer(u), "70100", 5));
		assert_true(time(NULL) - begin < 30);
		assert_true(answers(u, "select 'still here'", "still here"));
		upstream_free(u);
		(void)usleep(300000);
		*why = 0;
		failed = upstream_cancel(c, why, sizeof(why)); /* mostly there is no such session any more */
		assert_int_equal(failed != 0, *why != 0);
		upstream_cancel_free(c);
	}
	upstream_cancel_free(NULL);
}

/* Both directions full: closing still returns at once (else the alarm ends us). */
static void test_free_never_blocks(void **state)
{
	struct upstream_target ts[] = {my_plain(), my_tls()};
	static uint8_t flood[65536];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct upstream *u = connected(&ts[i]);
		SSL *ssl = upstream_ssl(u);

		send_query(u, "select repeat('x', 1000000) union all select repeat('y', 1000000) union all select repeat('z', 9000000)");
		while ((ssl ? SSL_write(ssl, flood, sizeof(flood)) : send(upstream_socket(u), flood, sizeof(flood), 0)) > 0)
			;
		upstream_free(u);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_tracked),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_free_never_blocks),
	};
	int failed;

	if (my_init(argc, argv))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	vault_close(world.vault);
	return failed;
}
