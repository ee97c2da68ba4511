/* What io does with a connection that was handed over: frames by hand, cancel, settings, and letting go of it. */
#include "frames.h"

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
