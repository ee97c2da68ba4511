/*
 * stdin: records of a 4-byte little-endian length and a text. stdout: a line each, "+" and the facts, or "-" and the problem.
 * Arguments: my or maria, then names of modes (ansi, nobackslash, pipes, ignorespace, highnot) and "prepare".
 */
#include <stdio.h>
#include <stdlib.h>

#include "text_facts.h"

static const struct {
	const char *name;
	unsigned mode;
} modes[] = {{"ansi", MYSQL_MODE_ANSI_QUOTES}, {"nobackslash", MYSQL_MODE_NO_BACKSLASH_ESCAPES}, {"pipes", MYSQL_MODE_PIPES_AS_CONCAT},
	{"ignorespace", MYSQL_MODE_IGNORE_SPACE}, {"highnot", MYSQL_MODE_HIGH_NOT_PRECEDENCE}};

static bool quiet; /* facts are not printed: that of many is slow */

static void configure(struct mysql_dialect *d, const char *word)
{
	if (strcmp(word, "maria") == 0)
		*d = (struct mysql_dialect){MYSQL_FLAVOUR_MARIADB, 101119, d->modes, MYSQL_CHARSET_UTF8, d->prepares};
	quiet |= strcmp(word, "quiet") == 0;
	if (strcmp(word, "prepare") == 0)
		d->prepares = true;
	for (size_t i = 0; i < QW_COUNT(modes); i++)
		if (strcmp(word, modes[i].name) == 0)
			d->modes |= modes[i].mode;
}

static void one(const struct mysql_dialect *d, struct qw_bytes text)
{
	struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	struct mysql_parsed parsed;
	struct qw_arena arena;
	int err;

	qw_arena_init(&arena, 1 << 30);
	err = sqlparse_mysql(text, d, &limits, &arena, &parsed);
	if (err)
		printf("! %s\n", qw_error_name(err));
	else if (parsed.facts.problem)
		printf("- %s\n", text_line(&arena, parsed.facts.problem));
	else if (quiet)
		printf("+\n");
	else {
		printf("+");
		for (size_t i = 0; i < parsed.facts.count; i++)
			printf(" %s;", text_line(&arena, text_all(&arena, &parsed.facts.list[i])));
		printf("\n");
	}
	qw_arena_fini(&arena);
}

int main(int argc, char **argv)
{
	struct mysql_dialect d = {MYSQL_FLAVOUR_MYSQL, 90704, 0, MYSQL_CHARSET_UTF8, false};
	uint32_t n;

	for (int i = 1; i < argc; i++)
		configure(&d, argv[i]);
	while (fread(&n, 1, 4, stdin) == 4) {
		uint8_t *text = malloc(n ? n : 1);

		if (!text || fread(text, 1, n, stdin) != n)
			abort();
		one(&d, qw_bytes(text, n));
		free(text);
	}
	return 0;
}
