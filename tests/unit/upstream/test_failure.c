/* What the server said is reduced to a class for the agent, and to one line without the secret for the log. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "internal.h"

#define TO "connection to server at \"db\" (10.0.0.1), port 5432 failed: "

static void test_classes(void **state)
{
	static const struct {
		const char *text, *sqlstate;
	} cases[] = {
		{TO "FATAL:  28P01: password authentication failed for user \"app\"\nLOCATION:  auth_failed\n", "08004"},
		{TO "FATAL:  28000: no pg_hba.conf entry for host\n", "08004"},
		{TO "FATALE:  28P01: autenticazione fallita\n", "08004"},
		{TO "FATAL:  3D000: database \"x\" does not exist\n", "3D000"},
		{TO "FATAL:  53300: sorry, too many clients already\n", "53300"},
		{TO "FATAL:  57P03: the database system is starting up\n", "57P03"},
		{TO "FATAL:  57P01: terminating connection\n", "57P03"},
		{TO "FATAL:  42704: unrecognized configuration parameter \"x\"\n", "22023"},
		{TO "FATAL:  22023: invalid value for parameter\n", "22023"},
		{TO "FATAL:  42501: permission denied for database\n", "08004"},
		{TO "FATAL:  XX000: whatever\n", "08001"},
		{TO "FATAL:  28P01\n", "08004"},
		{TO "Connection refused\n", "08001"},
		{TO "Connection refused\n" TO "FATAL:  3D000: database does not exist\n", "3D000"},
		{TO "FATAL:  28p01: lower case\n", "08001"},
		{"FATAL:  28P0", "08001"},
		{":  ", "08001"},
		{"", "08001"},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		struct upstream_failure f;

		assert_int_equal(upstream_fail_text(&f, cases[i].text, qw_bytes(NULL, 0)), QW_E_IO);
		assert_string_equal(f.sqlstate, cases[i].sqlstate);
		assert_true(strlen(f.message) > 10);
		assert_null(strstr(f.message, "10.0.0.1"));
		assert_null(strchr(f.detail, '\n'));
	}
}

static void test_secret_is_blotted_out(void **state)
{
	struct upstream_failure f;
	char text[2000];

	(void)state;
	(void)upstream_fail_text(&f, "FATAL:  28P01: you sent s3cret, s3cret!\x1b[31m\n", QW_LIT("s3cret"));
	assert_string_equal(f.detail, "FATAL:  28P01: you sent [secret], [secret]! [31m");
	/* at the very end of the room, too */
	for (size_t at = 480; at < 520; at++) {
		memset(text, 'x', sizeof(text));
		memcpy(text + at, "s3cret", 7);
		(void)upstream_fail_text(&f, text, QW_LIT("s3cret"));
		assert_null(strstr(f.detail, "s3c"));
		assert_true(strlen(f.detail) < sizeof(f.detail));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_secret_is_blotted_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
