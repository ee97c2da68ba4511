/*
 * For tests/unit/sqlparse/differential.py and for people: texts on standard input, each ended by a
 * zero byte; for each one: "problem: ...", or the count of every node type met and then the facts;
 * ended by \x01 and a newline. With the argument "inner": for each statement its text, the kind of
 * what it wraps and the text of that, each ended by \x02, for tests/unit/sqlparse/wrapping.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "text_facts.h"
#include "walk.h"

static void print_counts(const size_t *counts)
{
	for (int tag = 0; tag < NODE_SHAPES; tag++)
		if (counts[tag])
			(void)(printf)("%s=%zu ", spg_node_shapes[tag].name, counts[tag]);
}

static void print_inner(const struct qw_statements *s)
{
	for (size_t i = 0; i < s->count; i++)
		(void)(printf)("%.*s\x02%d\x02%.*s\x02", (int)s->list[i].text.n,
			(const char *)s->list[i].text.p, (int)s->list[i].inner_kind,
			(int)s->list[i].inner.n, (const char *)s->list[i].inner.p);
}

static void one(struct qw_bytes text, bool inner)
{
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	size_t counts[NODE_SHAPES] = {0};
	struct qw_statements s;
	struct qw_arena arena;
	struct walk w;

	qw_arena_init(&arena, 1 << 28);
	spg_walk_init(&w, &arena, &limits);
	w.tag_counts = counts;
	if (spg_walk_text(text, &w, &s)) {
		(void)(printf)("error");
	} else if (s.problem) {
		(void)(printf)("problem: %s", s.problem);
	} else if (inner) {
		print_inner(&s);
	} else {
		print_counts(counts);
		for (size_t i = 0; i < s.count; i++)
			(void)(printf)("\t%s | %s | %s", text_acts(&arena, &s.list[i]),
				text_columns(&arena, &s.list[i]),
				text_relations(&arena, &s.list[i]));
	}
	(void)(printf)("\x01\n");
	qw_arena_fini(&arena);
}

int main(int argc, char **argv)
{
	bool inner = argc > 1 && strcmp(argv[1], "inner") == 0;
	char *text = NULL;
	size_t size = 0;
	ssize_t n;

	while ((n = getdelim(&text, &size, '\0', stdin)) > 0)
		one(qw_bytes(text, (size_t)n - (text[n - 1] == '\0')), inner);
	free(text);
	return 0;
}
