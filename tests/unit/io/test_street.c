/* The street alone: real sockets, everything behind it stood in for. */
#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "world.h"

enum { BIG = 32 << 20 };

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
	struct config_listener *good = config.listeners;

	(void)state;
	config.listeners = &bad;
	assert_int_equal(street_open(&config, &s, why, sizeof(why)), QW_E_CONFIG);
	assert_non_null(strstr(why, "/nowhere"));
	config.listeners = good;
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
		T(test_reload),
		T(test_run_until_drained),
		T(test_bad_certificate_is_a_reason),
	};
#undef T
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, world_make, world_remove);
}
