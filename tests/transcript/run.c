/*
 * Plays a transcript against a session: run POLICY FILE.wire [CUT]. With CUT, inputs are fed in pieces of that many bytes and the
 * outcome must be the same. Every output must be expected, every expectation met, in order for each side.
 */
#include "harness.h"
#include "words.h"

#include <stdio.h>
#include <stdlib.h>

static const char *file;
static int line_number;
static int failures;

static char *read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1 << 20);

	if (!f || !text || fread(text, 1, (1 << 20) - 1, f) == 0) {
		(void)fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	(void)fclose(f);
	return text;
}

static void complain(const char *what, const char *wanted, const char *got)
{
	(void)fprintf(stderr, "%s:%d: %s\n  wanted: %s\n  got:    %s\n", file, line_number, what, wanted, got);
	failures++;
}

static const char *first_of(struct lines *l)
{
	return l->count ? l->line[l->head] : "(nothing)";
}

static void expect_one(struct lines *l, const char *wanted)
{
	if (l->count == 0 || strcmp(first_of(l), wanted) != 0) {
		complain("not as expected", wanted, first_of(l));
		for (size_t i = 1; i < l->count; i++)
			(void)fprintf(stderr, "  then:   %s\n", l->line[l->head + i]);
	}
	if (l->count) {
		free(l->line[l->head]);
		l->head++;
		l->count--;
	}
}

static void expect(struct lines *l, char *words)
{
	for (char *part = words; part;) {
		char *bar = strstr(part, " | ");

		if (bar)
			*bar = '\0';
		expect_one(l, part);
		part = bar ? bar + 3 : NULL;
	}
}

static void expect_quiet(struct harness *h)
{
	struct lines *all[] = {&h->client, &h->upstream, &h->other};
	static const char *const names[] = {"C<", "U>", "?"};

	for (size_t i = 0; i < 3; i++) {
		if (all[i]->count)
			complain(names[i], "(nothing more)", first_of(all[i]));
		lines_clear(all[i]);
	}
}

static void feed(struct harness *h, enum session_side side, const char *words)
{
	struct qw_buf b;

	expect_quiet(h);
	qw_buf_init(&b, 1 << 22);
	if (words_encode(words, side == SESSION_UPSTREAM, &b))
		complain("cannot be encoded", words, "");
	harness_feed(h, side, qw_buf_pending(&b));
	qw_buf_fini(&b);
}

static void play_line(struct harness *h, char *line)
{
	if (strncmp(line, "C> ", 3) == 0)
		feed(h, SESSION_CLIENT, line + 3);
	else if (strncmp(line, "U< ", 3) == 0)
		feed(h, SESSION_UPSTREAM, line + 3);
	else if (strncmp(line, "C< ", 3) == 0)
		expect(&h->client, line + 3);
	else if (strncmp(line, "U> ", 3) == 0)
		expect(&h->upstream, line + 3);
	else if (strncmp(line, "? ", 2) == 0)
		expect(&h->other, line + 2);
	else if (strncmp(line, "! ", 2) == 0) {
		expect_quiet(h);
		harness_event(h, line + 2);
	} else if (*line && *line != '#')
		complain("unknown line", "C> C< U> U< ? ! #", line);
}

int main(int argc, char **argv)
{
	static struct harness h;
	char *policy, *script, *rest;

	if (argc < 3)
		return 2;
	file = argv[2];
	policy = read_file(argv[1]);
	script = read_file(argv[2]);
	h.cut = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	harness_open(&h, argv[1], policy);
	rest = script;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		line_number++;
		play_line(&h, line);
	}
	expect_quiet(&h);
	harness_close(&h);
	free(policy);
	free(script);
	return failures ? 1 : 0;
}
