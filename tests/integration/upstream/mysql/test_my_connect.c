/* Which connections to MySQL come to be, how they begin, and what may be known of those that do not. */
#include <openssl/ssl.h>
#include <sys/prctl.h>
#include <time.h>

#include "my.h"

static struct upstream_failure refused_request(const struct upstream_request *r, const char *sqlstate)
{
	struct upstream_failure f;
	struct upstream *u = NULL;

	assert_true(upstream_connect(world.vault, r, &u, &f) < 0);
	assert_null(u);
	if (strcmp(f.sqlstate, sqlstate) != 0)
		fail_msg("%s, not %s: %s", f.sqlstate, sqlstate, f.detail);
	/* Clean: nothing of the server, nothing secret */
	assert_true(strlen(f.message) > 10 && strlen(f.detail) > 5);
	assert_null(strstr(f.message, "localhost"));
	assert_null(strstr(f.message, "127.0.0.1"));
	assert_null(strstr(f.message, "app"));
	assert_null(strstr(f.message, "using password"));
	assert_null(strstr(f.detail, world.password));
	assert_null(strstr(f.detail, "Wr0ng-password"));
	assert_null(strchr(f.detail, '\n'));
	return f;
}

static struct upstream_failure refused_db(const struct upstream_target *t, const char *database, const char *sqlstate)
{
	struct upstream_request r = {.dialect = UPSTREAM_MYSQL, .target = t, .database = database};

	return refused_request(&r, sqlstate);
}

static struct upstream_failure refused(const struct upstream_target *t, const char *sqlstate, const char *detail)
{
	struct upstream_failure f = refused_db(t, "shop", sqlstate);

	if (!strstr(f.detail, detail))
		fail_msg("\"%s\" does not say \"%s\"", f.detail, detail);
	return f;
}

static void test_tls(void **state)
{
	struct upstream_target t = my_tls();
	struct upstream *u = connected(&t);

	(void)state;
	assert_non_null(upstream_ssl(u));
	assert_string_equal(SSL_get_version(upstream_ssl(u)), "TLSv1.3");
	assert_true(upstream_socket(u) >= 0);
	assert_true(upstream_backend_pid(u) > 1);
	assert_true(upstream_server_version(u) >= 80000);
	upstream_free(u);
	upstream_free(NULL);
	t.host = "127.0.0.1"; /* the certificate names localhost only */
	t.tls_mode = "verify-ca";
	upstream_free(connected(&t));
	t.tls_mode = "require";
	t.tls_ca_file = NULL;
	u = connected(&t);
	assert_non_null(upstream_ssl(u));
	upstream_free(u);
}

static void test_plain(void **state)
{
	struct upstream_target t = my_plain();
	struct upstream *u = connected(&t);
	char path[300];

	(void)state;
	assert_null(upstream_ssl(u));
	upstream_free(u);
	(void)snprintf(path, sizeof(path), "%s/socket", world.dir);
	t.host = path;
	upstream_free(connected(&t));
	t.tls_mode = "verify-full";
	(void)refused(&t, "08001", "no TLS");
}

static void test_tls_refused(void **state)
{
	struct upstream_target t = my_tls();

	(void)state;
	t.host = "127.0.0.1";
	(void)refused(&t, "08001", "");
	t = my_tls();
	t.tls_ca_file = world.other_ca;
	(void)refused(&t, "08001", "");
	t.tls_mode = "verify-ca";
	(void)refused(&t, "08001", "");
	t.tls_ca_file = "/nonexistent/ca.crt";
	(void)refused(&t, "08001", "");
	t.tls_mode = NULL;
	t.tls_ca_file = NULL; /* the system's authorities do not know ours */
	(void)refused(&t, "08001", "");
	t = my_tls();
	t.tls_mode = "prefer";
	(void)refused(&t, "08001", "no tls mode is named prefer");
}

static void test_login_refused(void **state)
{
	struct upstream_target t = my_tls();
	struct upstream_failure f;
	struct upstream *u;

	(void)state;
	t.credential = "wrong";
	f = refused(&t, "08004", "1045");
	assert_string_equal(f.message, "the gateway could not log in to the database");
	t.credential = "absent";
	f = refused(&t, "08004", "not found");
	t.credential = NULL;
	(void)refused(&t, "08004", "(none)");
	t.credential = "key";
	(void)refused(&t, "08004", "has no user");
	t.credential = "limited";
	u = connected(&t);
	(void)refused(&t, "53300", "");
	upstream_free(u);
	t = my_plain();
	t.credential = "app"; /* REQUIRE SSL */
	(void)refused(&t, "08004", "1045");
}

static void test_databases(void **state)
{
	struct upstream_target t = my_tls();
	struct upstream_request r = {.dialect = UPSTREAM_MYSQL, .target = &t};
	struct upstream_failure f;
	struct upstream *u = NULL;
	char name[300];

	(void)state;
	(void)refused_db(&t, "", "3D000");
	(void)refused_db(&t, "\xff", "3D000");
	memset(name, 'n', sizeof(name));
	name[193] = '\0';
	(void)refused_db(&t, name, "3D000");
	assert_true(strcmp(refused_db(&t, "private", "08004").detail, "") != 0);
	(void)refused_db(&t, "shop;DROP DATABASE shop", "08004"); /* whether it is there is nobody's business */
	t = my_admin();
	(void)refused_db(&t, "nonesuch", "3D000");
	if (upstream_connect(world.vault, &r, &u, &f)) /* none at all */
		fail_msg("%s", f.detail);
	upstream_free(u);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_unreachable(void **state)
{
	static const enum hostile slow[] = {SLOW_TLS, SLOW_GREETING};
	struct upstream_target t = my_tls();
	int64_t begin;

	(void)state;
	t.port = world.down_port;
	(void)refused(&t, "08001", "");
	t.port = world.silent_port;
	t.connect_timeout_s = 1;
	(void)refused(&t, "08001", "no connection after 1 s");
	for (size_t i = 0; i < QW_COUNT(slow); i++) { /* bytes keep coming, the deadline comes all the same */
		t.port = hostile_port[slow[i]];
		begin = now_ms();
		(void)refused(&t, "08001", "no connection after 1 s");
		assert_true(now_ms() - begin < 20000);
	}
	t = my_tls();
	t.host = "name.invalid";
	(void)refused(&t, "08001", "");
	t.host = "localhost,127.0.0.1";
	(void)refused(&t, "08001", "exactly one host");
}

static void test_hostile(void **state)
{
	struct upstream_target t = my_hostile(WITHOUT_TLS);
	struct upstream_request r = {.dialect = UPSTREAM_MYSQL, .target = &t, .database = "shop"};
	struct upstream *u = NULL;
	struct upstream_failure f;

	(void)state;
	(void)refused(&t, "08001", "SSL");
	t = my_hostile(OTHER_FLAVOUR);
	(void)refused_db(&t, "shop", "08001");
	t = my_hostile(APPENDED_OK);
	(void)refused(&t, "08001", "in clear");
	t = my_hostile(ERROR_INSTEAD);
	(void)refused(&t, "08001", "cannot be verified"); /* nobody knows who says so */
	t = my_hostile(HUGE);
	t.connect_timeout_s = 1;
	(void)refused_db(&t, "shop", "08001");
	t = my_hostile(CLEAR_PASSWORD); /* inside of no TLS, and asked by nobody we trust: the password stays here */
	t.tls_mode = "disable";
	f = refused_db(&t, "shop", "08001");
	assert_null(strstr(f.detail, "you said"));
	t.port = hostile_port[CLEAR_GREETING];
	assert_true(upstream_connect(world.vault, &r, &u, &f) < 0);
	assert_null(strstr(f.detail, "you said"));
	t = my_plain();
	t.port = hostile_port[WANTS_FILE];
	(void)refused(&t, "08004", "no file");
}

/* The greeting comes in clear, so that its version is no version: the session's own word counts. */
static void test_version(void **state)
{
	struct upstream_target t = my_hostile(OTHER_VERSION), real = my_tls();
	struct upstream *u = connected(&t), *honest = connected(&real);

	(void)state;
	assert_string_equal(my_value(u, "version"), my_value(honest, "version"));
	assert_string_equal(my_value(u, "greeting_version"), my_value(honest, "greeting_version"));
	assert_int_equal(upstream_server_version(u), upstream_server_version(honest));
	assert_non_null(strstr(my_value(u, "greeting_version"), my_value(u, "version")));
	upstream_free(u);
	upstream_free(honest);
}

/* Our init_connect tries to have strings read another way. */
static void test_session(void **state)
{
	struct upstream_target t = my_tls();
	struct upstream *u = connected(&t);
	struct upstream_mysql_wire w = upstream_mysql_wire(u);
	struct upstream_parameter one[1];

	(void)state;
	assert_non_null(strstr(my_value(u, "sql_mode"), "STRICT_TRANS_TABLES"));
	assert_null(strstr(my_value(u, "sql_mode"), "ANSI_QUOTES"));
	assert_null(strstr(my_value(u, "sql_mode"), "NO_BACKSLASH_ESCAPES"));
	assert_null(strstr(my_value(u, "sql_mode"), "IGNORE_SPACE"));
	assert_string_equal(my_value(u, "character_set_client"), "utf8mb4");
	assert_string_equal(my_value(u, "character_set_results"), "utf8mb4");
	assert_string_equal(my_value(u, "session_track_system_variables"), UPSTREAM_MYSQL_TRACKED);
	assert_string_equal(my_value(u, "autocommit"), "1");
	assert_string_equal(my_value(u, "lower_case_table_names"), "0");
	assert_int_equal(upstream_parameters(u, one, 1), 1);
	assert_int_equal(w.is_mariadb, strstr(my_value(u, "version"), "MariaDB") != NULL);
	assert_int_equal(w.is_mariadb, strncmp(my_value(u, "greeting_version"), "5.5.5-", 6) == 0); /* this one is older than 11 */
	assert_int_equal(w.capabilities & (0x20 | 0x80 | 1u << 24 | UPSTREAM_MYSQL_FLAGS), 0);
	assert_int_equal(w.is_mariadb, w.extended != 0);
	upstream_free(u);
}

static void test_flags(void **state)
{
	struct upstream_target t = my_tls();
	struct upstream_request r = {.dialect = UPSTREAM_MYSQL, .target = &t, .database = "shop", .client_flags = 0x10102};
	static const struct upstream_parameter setting[] = {{"sql_mode", ""}};
	struct upstream_failure f;
	struct upstream *u = NULL;

	(void)state;
	if (upstream_connect(world.vault, &r, &u, &f))
		fail_msg("%s", f.detail);
	assert_int_equal(upstream_mysql_wire(u).capabilities & UPSTREAM_MYSQL_FLAGS, 0x10102);
	assert_non_null(strstr(my_value(u, "sql_mode"), "IGNORE_SPACE"));
	upstream_free(u);
	for (unsigned bit = 0; bit < 32; bit++) {
		r.client_flags = 1u << bit;
		if (!(r.client_flags & UPSTREAM_MYSQL_FLAGS))
			(void)refused_request(&r, "22023");
	}
	r.client_flags = 0;
	r.settings = setting;
	r.setting_count = 1;
	(void)refused_request(&r, "22023");
	r.setting_count = 0;
	r.dialect = UPSTREAM_POSTGRES; /* whoever would speak PostgreSQL to it */
	(void)refused_request(&r, "08001");
}

static void test_plugins(void **state)
{
	struct upstream_target t = my_tls();
	struct upstream *u = connected(&t);
	bool is_mariadb = upstream_mysql_wire(u).is_mariadb;

	(void)state;
	upstream_free(u);
	t.credential = "native";
	if (is_mariadb)
		upstream_free(connected(&t));
}

static void test_environment(void **state)
{
	static const char *const told[] = {"MYSQL_PWD", "MYSQL_TCP_PORT", "MYSQL_UNIX_PORT", "MARIADB_PLUGIN_DIR", "LIBMYSQL_PLUGINS", "MYSQL_HOME"};
	struct upstream_target t = my_tls();

	(void)state;
	for (size_t i = 0; i < QW_COUNT(told); i++) {
		assert_int_equal(setenv(told[i], "/tmp", 1), 0);
		(void)refused(&t, "08001", "environment");
		assert_int_equal(upstream_process_init(), 0);
		assert_null(getenv(told[i]));
	}
	upstream_free(connected(&t));
}

static bool memory_has(const char *what)
{
	static char maps[1 << 18];
	char line[400];
	FILE *f = fopen("/proc/self/maps", "r"), *mem = fopen("/proc/self/mem", "rb");
	bool found = false;

	assert_non_null(f);
	if (!mem) {
		(void)fclose(f);
		return false; /* not ours to read: hardened */
	}
	while (!found && fgets(line, sizeof(line), f)) {
		unsigned long from, to;
		char kind[8];

		if (!strstr(line, "[heap]") || sscanf(line, "%lx-%lx %7s", &from, &to, kind) != 3)
			continue;
		for (; !found && from < to; from += sizeof(maps)) {
			size_t n;

			if (fseek(mem, (long)from, SEEK_SET) != 0)
				break;
			n = fread(maps, 1, sizeof(maps), mem);
			found = memmem(maps, n, what, strlen(what)) != NULL;
		}
	}
	(void)fclose(f);
	(void)fclose(mem);
	return found;
}

/* Of an open connection the password is nowhere in the heap, in no form that this process was given. */
static void test_nothing_shows(void **state)
{
	struct upstream_target t = my_tls();
	struct upstream *u;
	char kept[100];
	bool before;

	(void)state;
	(void)snprintf(kept, sizeof(kept), "%s", world.password);
	explicit_bzero(world.password, sizeof(world.password));
	before = memory_has(kept);
	u = connected(&t);
	assert_int_equal(before, memory_has(kept));
	upstream_free(u);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	(void)snprintf(world.password, sizeof(world.password), "%s", kept);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tls),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_tls_refused),
		cmocka_unit_test(test_login_refused),
		cmocka_unit_test(test_databases),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_version),
		cmocka_unit_test(test_session),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_plugins),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_nothing_shows),
	};
	int failed;

	if (my_init(argc, argv))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	vault_close(world.vault);
	return failed;
}
