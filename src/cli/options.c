#include "options.h"

#include <stdio.h>

#include "qw/cli.h"

static const struct cli_option *option_find(const struct cli_option *options, size_t count, const char *arg, size_t n)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(options[i].name) == n && memcmp(options[i].name, arg, n) == 0)
			return &options[i];
	return NULL;
}

/* How many arguments it took; 0: not understood. */
static int option_take(const struct cli_option *o, const char *arg, const char *next)
{
	const char *equals = strchr(arg, '=');

	if (o->flag) {
		*o->flag = true;
		return equals ? 0 : 1;
	}
	*o->value = equals ? equals + 1 : next;
	if (!*o->value)
		return 0;
	return equals ? 1 : 2;
}

int cli_parse(int argc, char **argv, const struct cli_option *options, size_t count, const char **positional, size_t max)
{
	bool is_over = false;
	size_t n = 0;

	for (int i = 1; i < argc;) {
		bool is_option = !is_over && argv[i][0] == '-' && argv[i][1] == '-';
		const struct cli_option *o =
			is_option ? option_find(options, count, argv[i], strcspn(argv[i], "=")) : NULL;
		int took = 1;

		if (is_option && argv[i][2] == '\0')
			is_over = true;
		else if (is_option)
			took = o ? option_take(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL) : 0;
		else if (n < max)
			positional[n++] = argv[i];
		else
			took = 0;
		if (took == 0) {
			(void)fprintf(stderr, "querywarden %s: %s: not understood\n", argv[0], argv[i]);
			return -1;
		}
		i += took;
	}
	return (int)n;
}

int cli_usage(const char *command)
{
	static const struct {
		const char *name, *help;
	} list[] = {
#define X(name, help) {#name, help},
		CLI_COMMANDS(X)
#undef X
	};

	for (size_t i = 0; i < QW_COUNT(list); i++)
		if (strcmp(list[i].name, command) == 0)
			(void)fprintf(stderr, "usage: querywarden %s: %s\n", list[i].name, list[i].help);
	return 2;
}

int cli_fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "querywarden %s: %s\n", what, why);
	return 1;
}

int cli_config_load(const char *file, struct config *out)
{
	struct config_problem problem = {0};
	int err = config_load(file, out, &problem);

	if (err) /* the text names file, line and column */
		(void)fprintf(stderr, "%s\n", problem.text[0] ? problem.text : qw_error_text(err));
	return err;
}
