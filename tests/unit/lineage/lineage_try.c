/* lineage_try WORLD: a statement a line on standard input ("\n" and "\\" escaped), a verdict a line on standard output. */
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

enum { LINE_MAX_BYTES = 1 << 20 };

static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++, to++) {
		*to = *s;
		if (*s == '\\' && s[1])
			*to = *++s == 'n' ? '\n' : *s;
	}
	*to = '\0';
}

int main(int argc, char **argv)
{
	char *line = malloc(LINE_MAX_BYTES);
	struct test_world *w = argc == 2 ? test_world_read(argv[1]) : NULL;

	if (!line || !w)
		return 2;
	while (fgets(line, LINE_MAX_BYTES, stdin)) {
		struct qw_arena arena;
		struct flow_result r;
		const char *told;

		line[strcspn(line, "\n")] = '\0';
		unescape(line);
		qw_arena_init(&arena, 64 << 20);
		told = test_world_judge(w, line, &arena, &r);
		(void)fputs(told, stdout);
		if (r.is_refused)
			(void)printf("\t%s", r.refusal.reason);
		(void)fputs("\n", stdout);
		(void)fflush(stdout);
		qw_arena_fini(&arena);
	}
	test_world_free(w);
	free(line);
	return 0;
}
