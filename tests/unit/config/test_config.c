#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "qw/config.h"

static const char *sample_file;
static char folder[] = "/tmp/qw-config-XXXXXX";
static char path[64];

/* The smallest good file; each part can be replaced by a test. */
struct parts {
	const char *head, *listen, *issuers, *targets, *rest;
};
static const struct parts good = {
	.head = "version: 1\nname: gw\nstate_dir: state\n",
	.listen = "listen: [{address: '[::1]', port: 0, tls: {certificate: c.pem, key: /k.pem}}]\n",
	.issuers = "issuers: [{name: i, issuer: 'https://i', audience: a, algorithms: [RS256], "
		   "jwks_file: keys.json}]\n",
	.targets = "targets: [{name: t, host: 127.0.0.1, databases: shop, credential: c}]\n",
	.rest = "vault: {file: v, key_file: k}\npolicy: {file: p.yaml}\naudit: {directory: a}\n",
};

static int load(struct parts p, struct config *c, struct config_problem *problem)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fprintf(f, "%s%s%s%s%s", p.head, p.listen, p.issuers, p.targets, p.rest) > 0);
	assert_int_equal(fclose(f), 0);
	return config_load(path, c, problem);
}

static void refused(struct parts p, const char *why)
{
	struct config_problem problem;
	struct config c;

	assert_int_equal(load(p, &c, &problem), QW_E_CONFIG);
	assert_null(c.arena.head);
	assert_null(c.listeners);
	if (!strstr(problem.text, why) || strncmp(problem.text, path, strlen(path)) != 0 ||
		problem.line == 0)
		fail_msg("expected \"%s\", got \"%s\"", why, problem.text);
	config_fini(&c);
}

static void the_sample_loads(void **state)
{
	struct config_problem problem;
	struct config c;

	(void)state;
	if (config_load(sample_file, &c, &problem) != 0)
		fail_msg("%s", problem.text);
	assert_string_equal(c.name, "gw-1");
	assert_int_equal(c.listeners[0].port, 6432);
	assert_true(c.issuers[0].discovery);
	assert_int_equal(c.issuers[0].id.algorithm_count, 3);
	assert_string_equal(c.targets[0].up.tls_mode, "verify-full");
	assert_int_equal(c.limits.sql.text_bytes_max, 1048576);
	assert_string_equal(c.http_address, "127.0.0.1");
	assert_int_equal(c.admin_uid_count, 0);
	assert_int_equal(c.log_level, QW_LOG_INFO);
	config_fini(&c);
	config_fini(&c);
	config_fini(NULL);
}

static void defaults_and_paths(void **state)
{
	struct config_problem problem;
	char expected[128];
	struct config c;

	(void)state;
	if (load(good, &c, &problem) != 0)
		fail_msg("%s", problem.text);
	(void)snprintf(expected, sizeof(expected), "%s/state/admin.sock", folder);
	assert_string_equal(c.admin_socket, expected);
	(void)snprintf(expected, sizeof(expected), "%s/c.pem", folder);
	assert_string_equal(c.listeners[0].certificate, expected);
	assert_string_equal(c.listeners[0].key, "/k.pem");
	assert_string_equal(c.listeners[0].address, "::1");
	assert_string_equal(c.file, path);
	assert_string_equal(c.targets[0].up.tls_mode, "verify-full");
	assert_string_equal(c.targets[0].up.channel_binding, "prefer");
	assert_int_equal(c.targets[0].up.port, 5432);
	assert_int_equal(c.targets[0].database_count, 1);
	assert_int_equal(c.issuers[0].id.skew_s, 30);
	assert_int_equal(c.issuers[0].refresh_s, 900);
	assert_int_equal(c.issuers[0].stale_max_s, 86400);
	assert_int_equal(c.audit.ring_bytes, 64 << 20);
	assert_true(c.audit.map_bytes == (size_t)64 << 30);
	assert_int_equal(c.audit_mode, AUDIT_SPOOLED);
	assert_int_equal(c.hold_s, 25);
	assert_int_equal(c.approval_expires_s, 900);
	assert_int_equal(c.notice_every_s, 20);
	assert_int_equal(c.rows_kept_bytes, 65536);
	assert_int_equal(c.limits.connections_max, 10000);
	assert_int_equal(c.limits.connections_per_address_max, 0);
	assert_int_equal(c.limits.sql.depth_max, 2000);
	assert_int_equal(c.limits.token_bytes_max, 16384);
	assert_null(c.http_address);
	assert_null(c.mask_key);
	config_fini(&c);
}

static void places_are_checked(void **state)
{
	struct parts p = good;

	(void)state;
	p.listen = "listen: [{address: '::1', port: 1}]\n";
	refused(p, "without TLS");
	p.listen = "listen: []\n";
	refused(p, "empty list");
	p.listen = "listen: [{address: a, port: 65536, tls: {certificate: c, key: k}}]\n";
	refused(p, "from 0 to 65535");
	p.listen = "listen:\n  - {address: a, port: 1, tls: {certificate: c, key: k}}\n  - "
		   "{address: a, port: 1, tls: {certificate: c, key: k}}\n";
	refused(p, ":6:5: a port 1 is listened on already");
	p = good;
	p.issuers = "issuers: [{name: i, issuer: 'https://i', audience: a, algorithms: [RS256]}]\n";
	refused(p, "exactly one source of keys");
	p.issuers = "issuers: [{name: i, issuer: 'https://i', audience: a, algorithms: [RS256], "
		    "jwks_file: k, discovery: true}]\n";
	refused(p, "exactly one source of keys");
	p.issuers = "issuers: [{name: i, issuer: 'http://i', audience: a, algorithms: [RS256], "
		    "discovery: true}]\n";
	refused(p, "https only");
	p.issuers = "issuers: [{name: i, issuer: 'https://i', audience: a, algorithms: [HS256], "
		    "jwks_file: k}]\n";
	refused(p, "never accepted");
	p.issuers = "issuers: [{name: i, issuer: 'https://i', audience: a, algorithms: [none], "
		    "jwks_file: k}]\n";
	refused(p, "never accepted");
	p.issuers = "issuers: [{name: i, issuer: 'https://i', audience: a, algorithms: [rs256], "
		    "jwks_file: k}]\n";
	refused(p, "did you mean");
	p.issuers = "issuers: [{name: i, issuer: x, audience: a, algorithms: [RS256], jwks_file: "
		    "k, ca_file: c}]\n";
	refused(p, "ca_file is for discovery only");
	p = good;
	p.targets = "targets: [{name: t, host: h, databases: [a], credential: c}, {name: u, host: "
		    "h, databases: [b, a], credential: c}]\n";
	refused(p, "the database \"a\" belongs to the target \"t\" already");
	p.targets = "targets: [{name: t, host: h, databases: [a], credential: c}, {name: t, host: "
		    "h, databases: [b], credential: c}]\n";
	refused(p, "the target \"t\" has an entry already");
	p.targets = "targets: [{name: t, host: h, databases: [a], credential: c, tls: {mode: "
		    "verify_full}}]\n";
	refused(p, "did you mean \"verify-full\"?");
	p.targets = "targets: [{name: t, host: h, databases: [a], credential: c, password: x}]\n";
	refused(p, ":6:61: secrets do not belong into this file");
	p.targets = "targets: [{name: t, host: h, databases: [], credential: c}]\n";
	refused(p, "empty list");
}

#define TLS "tls: {certificate: c, key: k}"
#define MYSQL_LISTENER "{dialect: mysql, target: m, address: a, port: 2, " TLS "}"
#define MYSQL_TARGET "{name: m, dialect: mysql, host: h, databases: [a, '*'], credential: c}"

static void dialects_are_joined(void **state)
{
	static const struct {
		const char *listen, *targets, *why;
	} bad[] = {
		{"{dialect: mysql, address: a, port: 2, " TLS "}", MYSQL_TARGET, "add target: NAME"},
		{"{dialect: mysql, target: n, address: a, port: 2, " TLS "}", MYSQL_TARGET, "no target is named \"n\""},
		{"{dialect: mysql, target: p, address: a, port: 2, " TLS "}", "{name: p, host: h, databases: a, credential: c}",
			"the target \"p\" is of dialect postgres"},
		{"{target: m, address: a, port: 2, " TLS "}", MYSQL_TARGET, "names its database, which names the target"},
		{"{dialect: mariadb, target: m, address: a, port: 2, " TLS "}", MYSQL_TARGET, "write one of postgres, mysql"},
		{"{address: a, port: 2, " TLS "}", MYSQL_TARGET, "add one with dialect: mysql and target: m"},
		{MYSQL_LISTENER, MYSQL_TARGET ", {name: p, host: h, databases: a, credential: c}",
			"no listener leads to the target \"p\": add one with dialect: postgres"},
		{MYSQL_LISTENER, "{name: m, dialect: mysql, host: h, databases: a, credential: c, tls: {channel_binding: require}}",
			"MySQL has no channel binding"},
		{MYSQL_LISTENER, MYSQL_TARGET ", " MYSQL_TARGET, "has an entry already"},
		{MYSQL_LISTENER, "{name: m, dialect: [mysql], host: h, databases: a, credential: c}", "dialect"},
	};
	struct config_problem problem;
	char listen[400], targets[400];
	struct parts p = good;
	struct config c;

	(void)state;
	p.listen = listen;
	p.targets = targets;
	for (size_t i = 0; i < QW_COUNT(bad); i++) {
		(void)snprintf(listen, sizeof(listen), "listen: [%s]\n", bad[i].listen);
		(void)snprintf(targets, sizeof(targets), "targets: [%s]\n", bad[i].targets);
		refused(p, bad[i].why);
	}
	p.listen = "listen: [{address: a, port: 1, " TLS "}, " MYSQL_LISTENER "]\n";
	p.targets = "targets: [{name: p, dialect: postgres, host: h, databases: a, credential: c}, " MYSQL_TARGET "]\n";
	if (load(p, &c, &problem) != 0)
		fail_msg("%s", problem.text);
	assert_int_equal(c.listeners[0].dialect, UPSTREAM_POSTGRES);
	assert_null(c.listeners[0].target);
	assert_int_equal(c.listeners[1].dialect, UPSTREAM_MYSQL);
	assert_ptr_equal(c.listeners[1].target, &c.targets[1]);
	assert_int_equal(c.targets[0].up.dialect, UPSTREAM_POSTGRES);
	assert_int_equal(c.targets[1].up.dialect, UPSTREAM_MYSQL);
	assert_int_equal(c.targets[1].up.port, 3306);
	assert_string_equal(c.targets[1].up.tls_mode, "verify-full");
	config_fini(&c);
}

static void sections_are_checked(void **state)
{
	static const struct {
		const char *rest, *why;
	} bad[] = {
		{"vault: {file: v, key_file: k}\npolicy: {file: p}\n",
			"the key \"audit\" is missing"},
		{"policy: {file: p}\naudit: {directory: a}\n", "the key \"vault\" is missing"},
		{"vault: {file: v, key_file: k}\npolicy: p\naudit: {directory: a}\n",
			"policy must be a map"},
	};
	static const struct {
		const char *more, *why;
	} worse[] = {
		{"http: {address: 0.0.0.0, port: 1}\n", "listens on this machine only"},
		{"http: {address: '::', port: 1}\n", "listens on this machine only"},
		{"http: {address: 127.0.0.1.evil.example, port: 1}\n",
			"listens on this machine only"},
		{"http: {port: x}\n", "whole number"},
		{"approvals: {hold_s: 1000}\n", "expires_s (900) is less than hold_s (1000)"},
		{"limits: {statement_bytes: 16777216, frame_bytes: 1024}\n", "raise frame_bytes"},
		{"limits: {conections: 1}\n", "did you mean \"connections\"?"},
		{"log: {level: verbose}\n",
			"level: unknown word \"verbose\": write one of error, warn, info, debug"},
		{"admin: {uids: [root]}\n", "whole number"},
		{"admin: {uids: 0}\n", "must be a list"},
		{"admin: {socket: "
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}\n",
			"longer than 107 bytes"},
		{"colour: red\n", "unknown key \"colour\""},
	};
	struct parts p = good;
	char rest[1024];

	(void)state;
	for (size_t i = 0; i < QW_COUNT(bad); i++) {
		p.rest = bad[i].rest;
		refused(p, bad[i].why);
	}
	for (size_t i = 0; i < QW_COUNT(worse); i++) {
		(void)snprintf(rest, sizeof(rest), "%s%s", good.rest, worse[i].more);
		p.rest = rest;
		refused(p, worse[i].why);
	}
	p = good;
	p.head = "version: 2\nname: gw\nstate_dir: state\n";
	refused(p, "version must be");
	p.rest = "vault: {file: v, key_file: k}\npolicy: {file: p}\naudit: {directory: a, "
		 "ring_bytes: 100000}\n";
	p.head = good.head;
	refused(p, "power of two");
	p.rest = "vault: {file: v, key_file: k}\npolicy: {file: p}\naudit: {directory: a, ring_bytes: 16777216}\n";
	refused(p, "raise audit.ring_bytes");
}

static void what_cannot_be_read_is_an_error(void **state)
{
	struct config_problem problem;
	struct config c;

	(void)state;
	assert_int_equal(config_load("/nonexistent/file", &c, &problem), QW_E_IO);
	assert_non_null(strstr(problem.text, "/nonexistent/file"));
	assert_int_equal(config_load("/tmp", &c, &problem), QW_E_IO);
	assert_int_equal(config_load("/dev/zero", &c, &problem), QW_E_CONFIG);
	config_fini(&c);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/q.yaml", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_loads),
		cmocka_unit_test(defaults_and_paths),
		cmocka_unit_test(places_are_checked),
		cmocka_unit_test(dialects_are_joined),
		cmocka_unit_test(sections_are_checked),
		cmocka_unit_test(what_cannot_be_read_is_an_error),
	};

	if (argc != 2)
		return 2;
	sample_file = argv[1];
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
