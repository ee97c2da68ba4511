/*
 * lineage_try WORLD: a statement a line on standard input ("\n" and "\\" escaped); on standard output a line each: the verdict, why it is
 * refused, and what the facts say it does, parted by tabs.
 */
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

static void tell_facts(const struct test_world *w, const char *sql, struct qw_arena *arena)
{
	const struct lineage_world *world = test_world_of(w);
	struct mysql_parsed p;

	if (sqlparse_mysql(qw_bytes_from(sql), world->dialect, world->limits, arena, &p))
		return;
	for (size_t i = 0; i < p.facts.count; i++)
		for (size_t k = 0; k < p.facts.list[i].act_count; k++) {
			const struct qw_act *a = &p.facts.list[i].acts[k];

			(void)printf("%s %s %s%s%s, ", qw_verb_name(a->verb), a->kind_name, a->schema ? a->schema : "", a->schema ? "." : "",
				a->name ? a->name : "");
		}
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
		for (; *told; told++)
			(void)putchar(*told >= 0 && *told < ' ' ? ' ' : *told);
		(void)printf("\t%s\t", r.is_refused && r.refusal.reason ? r.refusal.reason : "");
		tell_facts(w, line, &arena);
		(void)fputs("\n", stdout);
		(void)fflush(stdout);
		qw_arena_fini(&arena);
	}
	test_world_free(w);
	free(line);
	return 0;
}
