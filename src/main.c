/* The table of subcommands; everything else is in the rooms. */
#include <stdio.h>
#include <string.h>

#include "qw/base.h"
#include "qw/cli.h"

static const struct command {
	const char *name, *help;
	int (*run)(int argc, char **argv);
} commands[] = {
#define X(name, help) {#name, help, cli_##name},
	CLI_COMMANDS(X)
#undef X
};

static void print_help(FILE *to)
{
	(void)fputs("querywarden: a gateway between AI agents and their databases\n\nusage: querywarden COMMAND ...\n\n", to);
	for (size_t i = 0; i < QW_COUNT(commands); i++)
		(void)fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].help);
	(void)fputs("\n  --help, --version\n", to);
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < QW_COUNT(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	if (strcmp(name, "--version") == 0) {
		(void)puts("querywarden " QW_VERSION);
		return 0;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "help") == 0) {
		print_help(stdout);
		return 0;
	}
	print_help(stderr);
	return 2;
}
