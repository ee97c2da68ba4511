/* The subcommands `policy` and `config`: exit statuses, and that the examples stay true. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "qw/base.h"
#include "qw/cli.h"

static char policy_file[4096], config_file[4096], bad_file[4096];

#define RUN(command, ...) run(command, (const char *[]){#command, __VA_ARGS__, NULL})

static int run(int (*command)(int, char **), const char **words)
{
	char copies[12][4096], *argv[13];
	int argc = 0;

	for (; words[argc]; argc++) {
		(void)snprintf(copies[argc], sizeof(copies[argc]), "%s", words[argc]);
		argv[argc] = copies[argc];
	}
	argv[argc] = NULL;
	return command(argc, argv);
}

static void files_are_checked(void **state)
{
	(void)state;
	assert_int_equal(RUN(cli_policy, "check", policy_file), 0);
	assert_int_equal(RUN(cli_policy, "check", bad_file), 1);
	assert_int_equal(RUN(cli_policy, "check", "/nonexistent"), 1);
	assert_int_equal(RUN(cli_policy, "check", "/dev/zero"), 1);
	assert_int_equal(RUN(cli_policy, "check", "/tmp"), 1);
	assert_int_equal(RUN(cli_policy, "check"), 2);
	assert_int_equal(RUN(cli_policy, "chekc", policy_file), 2);
	assert_int_equal(RUN(cli_config, "check", config_file), 0);
	assert_int_equal(RUN(cli_config, "check", policy_file), 1);
	assert_int_equal(RUN(cli_config, "check"), 2);
	assert_int_equal(RUN(cli_config, "show", config_file), 2);
}

static void the_cases_of_the_sample_pass(void **state)
{
	(void)state;
	assert_int_equal(RUN(cli_policy, "test", policy_file), 0);
	assert_int_equal(RUN(cli_policy, "test", bad_file), 1);
}

static void statements_are_explained(void **state)
{
	const char *sql =
		"WITH d AS (DELETE FROM t RETURNING *) SELECT lower(d.a), f(b) FROM d, s.u";

	(void)state;
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agent", "--database",
				 "shop", sql),
		0);
	assert_int_equal(RUN(cli_policy, "explain", "--config", config_file, "--role", "agent",
				 "--database", "shop", "--as", "groups=x,groups=shop-agents", sql),
		0);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agent", "--database",
				 "shop", "--as", "groups=x", sql),
		1);
	assert_int_equal(
		RUN(cli_policy, "explain", policy_file, "--role", "agent", "--database", "hr", sql),
		1);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agnt", "--database",
				 "shop", sql),
		1);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agent", "--database",
				 "shop", "--as", "groups", sql),
		1);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agent", "--database",
				 "shop", "SELEC 1"),
		0);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agent", "--database",
				 "shop", ""),
		0);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agent", "--database",
				 "shop", "--when", "tainted,in_transaction,reads_secret", sql),
		0);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agent", "--database",
				 "shop", "--when", "dirty", sql),
		2);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--role", "agent", sql), 2);
	assert_int_equal(
		RUN(cli_policy, "explain", "--role", "agent", "--database", "shop", sql), 2);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--config", config_file, "--role",
				 "a", "--database", "b", sql),
		2);
	assert_int_equal(RUN(cli_policy, "explain", policy_file, "--database", "b", "--role"), 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_checked),
		cmocka_unit_test(the_cases_of_the_sample_pass),
		cmocka_unit_test(statements_are_explained),
	};

	if (argc != 2)
		return 2;
	(void)snprintf(policy_file, sizeof(policy_file), "%s/docs/examples/policy.yaml", argv[1]);
	(void)snprintf(
		config_file, sizeof(config_file), "%s/docs/examples/querywarden.yaml", argv[1]);
	(void)snprintf(bad_file, sizeof(bad_file), "%s/fixtures/policy/refused/unknown-verb.yaml",
		argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
