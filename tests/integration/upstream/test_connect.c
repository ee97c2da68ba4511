/* Which connections come to be, and what may be known of those that do not. */
#include <openssl/ssl.h>
#include <sys/prctl.h>

#include "support.h"

static struct upstream_failure refused_db(const struct upstream_target *t, const char *database, const char *sqlstate)
{
	struct upstream_request r = {.target = t, .database = database};
	struct upstream_failure f;
	struct upstream *u = NULL;

	assert_true(upstream_connect(world.vault, &r, &u, &f) < 0);
	assert_null(u);
	if (strcmp(f.sqlstate, sqlstate) != 0)
		fail_msg("%s, not %s: %s", f.sqlstate, sqlstate, f.detail);
	/* Clean: nothing of the server, nothing secret */
	assert_true(strlen(f.message) > 10 && strlen(f.detail) > 5);
	assert_null(strstr(f.message, "localhost"));
	assert_null(strstr(f.message, "127.0.0.1"));
	assert_null(strstr(f.message, "app"));
	assert_null(strstr(f.detail, world.password));
	assert_null(strstr(f.detail, "Wr0ng-password"));
	assert_null(strchr(f.detail, '\n'));
	return f;
}

static struct upstream_failure refused(const struct upstream_target *t, const char *sqlstate, const char *detail)
{
	struct upstream_failure f = refused_db(t, "shop", sqlstate);

	if (!strstr(f.detail, detail))
		fail_msg("\"%s\" does not say \"%s\"", f.detail, detail);
	return f;
}

static void test_plain(void **state)
{
	struct upstream_target t = target_plain();
	struct upstream *u = connected(&t);

	(void)state;
	assert_null(upstream_ssl(u));
	assert_true(upstream_socket(u) >= 0);
	assert_true(upstream_backend_pid(u) > 1);
	assert_true(upstream_server_version(u) >= 130000);
	upstream_free(u);
	upstream_free(NULL);
}

static void test_tls(void **state)
{
	struct upstream_target t = target_tls();
	struct upstream *u;

	(void)state;
	for (int i = 0; i < 2; i++) {
		u = connected(&t);
		assert_non_null(upstream_ssl(u));
		assert_string_equal(SSL_get_version(upstream_ssl(u)), "TLSv1.3");
		upstream_free(u);
		t.channel_binding = "require";
	}
	t.host = "127.0.0.1"; /* the certificate names localhost only */
	t.tls_mode = "verify-ca";
	upstream_free(connected(&t));
	t.tls_mode = "require";
	t.tls_ca_file = NULL;
	upstream_free(connected(&t));
}

static void test_tls_refused(void **state)
{
	struct upstream_target t = target_tls();

	(void)state;
	t.host = "127.0.0.1";
	(void)refused(&t, "08001", "does not match host name");
	t = target_tls();
	t.tls_ca_file = world.other_ca;
	(void)refused(&t, "08001", "certificate verify failed");
	t.tls_ca_file = "/nonexistent/ca.crt";
	(void)refused(&t, "08001", "does not exist");
	t.tls_ca_file = NULL; /* the system's authorities do not know ours */
	(void)refused(&t, "08001", "");
	t = target_tls();
	t.tls_mode = "prefer";
	(void)refused(&t, "08001", "no tls mode is named prefer");
	t = target_plain();
	t.channel_binding = "require";
	(void)refused(&t, "08001", "channel binding");
	t = target_tls();
	t.host = world.dir; /* a UNIX socket never has TLS */
	(void)refused(&t, "08001", "TLS is not as configured");
}

static void test_login_refused(void **state)
{
	struct upstream_target t = target_tls();
	struct upstream_failure f;

	(void)state;
	t.credential = "wrong";
	f = refused(&t, "08004", "28P01");
	assert_string_equal(f.message, "the gateway could not log in to the database");
	t.credential = "absent";
	f = refused(&t, "08004", "not found");
	assert_string_equal(f.message, "the gateway could not log in to the database");
	t.credential = NULL;
	(void)refused(&t, "08004", "(none)");
	t.credential = "key";
	(void)refused(&t, "08004", "has no user");
	t.credential = "limited";
	(void)refused(&t, "53300", "53300");
}

static void test_databases(void **state)
{
	struct upstream_target t = target_tls();
	char name[100];
	static const char evil[] = "host=127.0.0.1 dbname=shop user=postgres", uri[] = "postgresql://postgres@127.0.0.1/shop";

	(void)state;
	(void)refused_db(&t, "nonesuch", "3D000");
	(void)refused_db(&t, evil, "3D000"); /* a name, not a connection string */
	(void)refused_db(&t, uri, "3D000");
	(void)refused_db(&t, "", "3D000");
	(void)refused_db(&t, NULL, "3D000");
	(void)refused_db(&t, "\xff", "3D000");
	memset(name, 'n', sizeof(name));
	name[64] = '\0';
	(void)refused_db(&t, name, "3D000");
	(void)refused_db(&t, "private", "08004");
	assert_non_null(strstr(refused_db(&t, "ascii", "08001").detail, "must be UTF8"));
}

static void test_unreachable(void **state)
{
	struct upstream_target t = target_plain();

	(void)state;
	t.port = world.down_port;
	(void)refused(&t, "08001", "refused");
	t.port = world.silent_port;
	t.connect_timeout_s = 1;
	(void)refused(&t, "08001", "no connection after 1 s");
	t.host = "name.invalid";
	(void)refused(&t, "08001", "name.invalid");
	t.host = "localhost,127.0.0.1";
	(void)refused(&t, "08001", "exactly one host");
}

static void test_echoed_password(void **state)
{
	struct upstream_target t = target_plain();

	(void)state;
	t.port = world.echo_port;
	(void)refused(&t, "08004", "no: [secret] and [secret]");
}

static void test_environment(void **state)
{
	struct upstream_target t = target_tls();

	(void)state;
	assert_int_equal(setenv("PGHOSTADDR", "192.0.2.1", 1), 0);
	assert_int_equal(setenv("PGSERVICE", "other", 1), 0);
	assert_int_equal(setenv("PGOPTIONS", "-c role=postgres", 1), 0);
	assert_int_equal(setenv("NOTPG", "stays", 1), 0);
	(void)refused(&t, "08001", "environment");
	assert_int_equal(upstream_process_init(), 0);
	assert_null(getenv("PGHOSTADDR"));
	assert_null(getenv("PGSERVICE"));
	assert_null(getenv("PGOPTIONS"));
	assert_string_equal(getenv("NOTPG"), "stays");
	upstream_free(connected(&t));
}

static bool file_has(const char *path, const char *what)
{
	static char content[1 << 16];
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(content, 1, sizeof(content), f);
	(void)fclose(f);
	return memmem(content, n, what, strlen(what)) != NULL;
}

static void test_nothing_shows(void **state)
{
	struct upstream_target t = target_tls();
	struct upstream *u = connected(&t);

	(void)state;
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	assert_false(file_has("/proc/self/environ", world.password));
	assert_false(file_has("/proc/self/cmdline", world.password));
	assert_true(file_has("/proc/self/cmdline", "qw-upstream")); /* we looked at the right thing */
	upstream_free(u);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_tls_refused),
		cmocka_unit_test(test_login_refused),
		cmocka_unit_test(test_databases),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_echoed_password),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_nothing_shows),
	};
	int failed;

	if (world_init(argc, argv))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	vault_close(world.vault);
	return failed;
}
