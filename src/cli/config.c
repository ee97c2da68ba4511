/* querywarden config check FILE */
#include "qw/cli.h"
#include "qw/config.h"

#include <stdio.h>

static int usage(void)
{
	(void)fputs("usage: querywarden config check FILE\n", stderr);
	return 2;
}

int cli_config(int argc, char **argv)
{
	struct config_problem problem;
	struct config config;

	if (argc != 3 || strcmp(argv[1], "check") != 0)
		return usage();
	if (config_load(argv[2], &config, &problem) != 0) {
		(void)fprintf(stderr, "%s\n", problem.text);
		return 1;
	}
	(void)printf("%s: ok: %zu listeners, %zu issuers, %zu targets, policy %s\n", argv[2],
		config.listener_count, config.issuer_count, config.target_count,
		config.policy_file);
	config_fini(&config);
	return 0;
}
