/*
 * Judges trees by hand: flow_try MAJOR WORLD < TREES. TREES as fixtures/flow/capture.py writes
 * them; a line of answer each: the verdict, and the reason of a refusal. -t: microseconds of a
 * judgement, instead.
 */
#include "verdict.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void time_one(
	unsigned major, const char *sql, const char *tree, struct world *w, struct qw_arena *arena)
{
	enum { ROUNDS = 2000 };
	const struct flow_world world = world_of(w);
	struct qtree_value trees;
	struct flow_result result;
	double from, read = 0, judge = 0;

	for (int i = 0; i < ROUNDS; i++) {
		qw_arena_reset(arena);
		from = now_us();
		if (qtree_read(
			    major, qw_bytes_from(tree), &QTREE_LIMITS_DEFAULT, arena, &trees, NULL))
			return;
		read += now_us() - from;
		from = now_us();
		if (flow_judge(major, &trees, &world, arena, &result))
			return;
		judge += now_us() - from;
	}
	printf("%8zu bytes, read %8.2f us, judge %8.2f us: %.80s\n", strlen(tree), read / ROUNDS,
		judge / ROUNDS, sql);
}

static void judge_one(unsigned major, const char *tree, struct world *w, struct qw_arena *arena)
{
	struct flow_result result;
	const char *said = verdict_of(major, tree, w, arena, &result);

	printf("%s", said);
	if (result.is_refused && result.refusal.rule)
		printf("\t%s: %s; instead: %s", result.refusal.object, result.refusal.reason,
			result.refusal.instead);
	printf("\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	bool is_timed = argc == 5 && strcmp(argv[4], "-t") == 0;
	struct world *w = argc >= 4 ? world_load(argv[2]) : NULL;
	char *text = w ? read_whole(argv[3]) : NULL;
	struct qw_arena arena;

	if (!text) {
		fprintf(stderr, "usage: flow_try MAJOR WORLD TREES [-t]\n");
		return 2;
	}
	qw_arena_init(&arena, 256 << 20);
	for (char *at = text; at && *at;) {
		char *end = strstr(at, "\n@ "), *tree = strchr(at, '\n');

		if (end)
			*end = '\0';
		if (!tree)
			break;
		*tree++ = '\0';
		if (!end && strlen(tree) && tree[strlen(tree) - 1] == '\n')
			tree[strlen(tree) - 1] = '\0';
		qw_arena_reset(&arena);
		if (is_timed)
			time_one((unsigned)strtoul(argv[1], NULL, 10), at, tree, w, &arena);
		else
			judge_one((unsigned)strtoul(argv[1], NULL, 10), tree, w, &arena);
		at = end ? end + 1 : NULL;
	}
	qw_arena_fini(&arena);
	free(text);
	world_free(w);
	return 0;
}
