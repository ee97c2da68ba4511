/* What io does with a connection that was handed over: frames by hand, cancel, settings, and letting go of it. */
#include <errno.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include "support.h"

static void wait_for(struct upstream *u, short events)
{
	struct pollfd p = {.fd = upstream_socket(u), .events = events};

	assert_int_equal(poll(&p, 1, 20000), 1);
}

/* One attempt: > 0 bytes, 0 end, -1 would block (and was waited for). */
static ssize_t read_some(struct upstream *u, void *p, size_t max)
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

static void send_frame(struct upstream *u, char kind, const char *text)
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
static size_t answer(struct upstream *u, uint8_t *out, size_t max)
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

static bool answers(struct upstream *u, const char *sql, const char *text)
{
	static uint8_t bytes[1 << 20];
	size_t n;

	send_frame(u, 'Q', sql);
	n = answer(u, bytes, sizeof(bytes));
	return memmem(bytes, n, text, strlen(text)) != NULL;
}

static void exercise(const struct upstream_target *t)
{
	struct upstream *u = connected(t);

	assert_true(answers(u, "select 'a' || 'b'", "ab"));
	assert_true(answers(u, "select repeat('x', 300000) || 'the end'", "the end"));
	assert_true(answers(u, "select current_user || ' of ' || current_database()", "app of shop"));
	assert_true(answers(u, "select 1/0", "22012"));
	upstream_free(u);
}

static void test_frames(void **state)
{
	struct upstream_target plain = target_plain(), tls = target_tls();

	(void)state;
	exercise(&plain);
	tls.channel_binding = "require";
	exercise(&tls);
}

static void test_cancel(void **state)
{
	struct upstream_target ts[] = {target_plain(), target_tls()};
	static uint8_t bytes[10000];
	char why[300] = "";

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct upstream *u = connected(&ts[i]);
		struct upstream_cancel *c = upstream_cancel_new(u);
		size_t n;

		assert_non_null(c);
		if (upstream_cancel(c, why, sizeof(why))) /* idle: nothing happens to the next one */
			fail_msg("%s", why);
		assert_true(answers(u, "select 'still here'", "still here"));
		send_frame(u, 'Q', "select pg_sleep(60)");
		(void)usleep(100000);
		assert_int_equal(upstream_cancel(c, why, sizeof(why)), 0);
		n = answer(u, bytes, sizeof(bytes));
		assert_non_null(memmem(bytes, n, "57014", 5));
		assert_true(answers(u, "select 'still here'", "still here"));
		upstream_free(u);
		upstream_cancel_free(c); /* outlives it */
	}
	upstream_cancel_free(NULL);
}

static const char *parameter(struct upstream *u, const char *name)
{
	struct upstream_parameter p[32];
	size_t n = upstream_parameters(u, p, QW_COUNT(p));

	for (size_t i = 0; i < n; i++)
		if (strcmp(p[i].name, name) == 0)
			return p[i].value;
	return "(none)";
}

static void test_settings(void **state)
{
	static const struct upstream_parameter settings[] = {
		{"search_path", "\"a b\", \"c\\d\", public"}, {"DateStyle", "SQL, DMY"}, {"TimeZone", "Asia/Kolkata"},
		{"client_encoding", "SJIS"}, {"standard_conforming_strings", "off"}, {"my.setting", " tab\tand -c role=postgres "},
	};
	static const char *const credentials[] = {"app", "stubborn"};
	struct upstream_parameter one[1];
	struct upstream_failure f;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct upstream_target t = target_tls();
		struct upstream_request r = {.target = &t, .database = "shop", .application_name = "it's \\ me",
			.settings = settings, .setting_count = QW_COUNT(settings)};
		struct upstream *u = NULL;

		t.credential = credentials[i];
		if (upstream_connect(world.vault, &r, &u, &f))
			fail_msg("%s", f.detail);
		assert_string_equal(parameter(u, "DateStyle"), "SQL, DMY");
		assert_string_equal(parameter(u, "TimeZone"), "Asia/Kolkata");
		assert_string_equal(parameter(u, "client_encoding"), "UTF8");
		assert_string_equal(parameter(u, "standard_conforming_strings"), "on");
		assert_string_equal(parameter(u, "application_name"), "it's \\ me");
		assert_string_equal(parameter(u, "server_encoding"), "UTF8");
		assert_string_equal(parameter(u, "integer_datetimes"), "on");
		assert_int_equal(upstream_parameters(u, one, 1), 1);
		assert_true(answers(u, "show search_path", "\"a b\", \"c\\d\", public"));
		assert_true(answers(u, "select '[' || current_setting('my.setting') || ']'", "[ tab\tand -c role=postgres ]"));
		assert_true(answers(u, "select 'I am ' || current_user", i ? "I am stubborn" : "I am app"));
		assert_true(answers(u, "reset all; show standard_conforming_strings", "on"));
		assert_true(answers(u, "show client_encoding", "UTF8"));
		upstream_free(u);
	}
}

static void test_bad_settings(void **state)
{
	static const struct upstream_parameter bad[] = {{"nosuch_setting", "1"}, {"DateStyle", "nonsense"}, {"work_mem", "x"},
		{"shared_buffers", "1MB"}, {"a b", "1"}};
	struct upstream_target t = target_tls();

	(void)state;
	for (size_t i = 0; i < QW_COUNT(bad); i++) {
		struct upstream_request r = {.target = &t, .database = "shop", .settings = &bad[i], .setting_count = 1};
		struct upstream_failure f;
		struct upstream *u = NULL;

		assert_true(upstream_connect(world.vault, &r, &u, &f) < 0);
		assert_null(u);
		if (i != 3)
			assert_string_equal(f.sqlstate, "22023");
	}
}

/* Both directions full: closing still returns at once (else the alarm ends us). */
static void test_free_never_blocks(void **state)
{
	struct upstream_target ts[] = {target_plain(), target_tls()};
	static uint8_t flood[65536];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct upstream *u = connected(&ts[i]);
		SSL *ssl = upstream_ssl(u);

		send_frame(u, 'Q', "select repeat('x', 1000000) from generate_series(1, 50)");
		while ((ssl ? SSL_write(ssl, flood, sizeof(flood)) : send(upstream_socket(u), flood, sizeof(flood), 0)) > 0)
			;
		upstream_free(u);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_bad_settings),
		cmocka_unit_test(test_free_never_blocks),
	};
	int failed;

	if (world_init(argc, argv))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	vault_close(world.vault);
	return failed;
}
