/* Private to cli/: reading a subcommand's arguments. */
#ifndef QW_CLI_OPTIONS_H
#define QW_CLI_OPTIONS_H

#include "qw/config.h"

struct cli_option {
	const char *name; /* "--config" */
	const char **value; /* takes a value, or */
	bool *flag;
};
/* Options and positional arguments in any order; "--" ends the options. Number of positionals; -1: said on stderr. */
int cli_parse(int argc, char **argv, const struct cli_option *options, size_t count, const char **positional, size_t max);
int cli_usage(const char *command); /* prints the line of CLI_COMMANDS; gives 2 */
int cli_fail(const char *what, const char *why); /* gives 1 */
/* Prints file:line:column: text when it cannot be loaded. */
int cli_config_load(const char *file, struct config *out) QW_MUST_CHECK;

#endif
