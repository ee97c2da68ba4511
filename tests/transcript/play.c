/* The lines of a transcript, one by one. See fixtures/postgres/README.md. */
#include "play.h"

#include "words.h"

#include <stdlib.h>

char *play_read(const char *path)
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

static void complain(struct play *p, const char *what, const char *wanted, const char *got)
{
	if (p->blind)
		return;
	(void)fprintf(stderr, "%s:%d: %s\n  wanted: %s\n  got:    %s\n", p->file, p->line, what, wanted, got);
	p->failures++;
}

static const char *first_of(struct lines *l)
{
	return l->count ? l->line[l->head] : "(nothing)";
}

static void expect_one(struct play *p, struct lines *l, const char *wanted)
{
	if (l->count == 0 || strcmp(first_of(l), wanted) != 0) {
		complain(p, "not as expected", wanted, first_of(l));
		for (size_t i = 1; !p->blind && i < l->count; i++)
			(void)fprintf(stderr, "  then:   %s\n", l->line[l->head + i]);
	}
	if (l->count) {
		free(l->line[l->head]);
		l->head++;
		l->count--;
	}
}

static void expect(struct play *p, struct lines *l, char *words)
{
	for (char *part = words; part;) {
		char *bar = strstr(part, " | ");

		if (bar)
			*bar = '\0';
		expect_one(p, l, part);
		part = bar ? bar + 3 : NULL;
	}
}

static void write_lines(struct play *p, struct lines *l, const char *side)
{
	for (size_t i = 0; i < l->count; i++)
		(void)fprintf(p->out, "%s %s", i ? " |" : side, l->line[l->head + i]);
	if (l->count)
		(void)fprintf(p->out, "\n");
	lines_clear(l);
}

/* What came of one input; a result comes behind the rows that it is of. */
static void write_out(struct play *p, struct harness *h)
{
	bool is_result = h->other.count && strncmp(first_of(&h->other), "record statement", 16) != 0;

	if (!is_result)
		write_lines(p, &h->other, "?");
	write_lines(p, &h->upstream, "U>");
	write_lines(p, &h->client, "C<");
	write_lines(p, &h->other, "?");
}

static void expect_quiet(struct play *p, struct harness *h)
{
	struct lines *all[] = {&h->client, &h->upstream, &h->other};
	static const char *const names[] = {"C<", "U>", "?"};

	for (size_t i = 0; i < 3; i++) {
		if (all[i]->count)
			complain(p, names[i], "(nothing more)", first_of(all[i]));
		lines_clear(all[i]);
	}
}

static void feed(struct play *p, struct harness *h, enum session_side side, const char *words)
{
	struct qw_buf b;

	expect_quiet(p, h);
	qw_buf_init(&b, 1 << 22);
	if (words_encode(words, side == SESSION_UPSTREAM, &b))
		complain(p, "cannot be encoded", words, "");
	if (p->on_input)
		p->on_input(p, NULL, side, qw_buf_pending(&b));
	harness_feed(h, side, qw_buf_pending(&b));
	qw_buf_fini(&b);
}

/* The script again, with what came out instead of what was expected. */
static bool rewrites(struct play *p, struct harness *h, const char *line)
{
	bool is_output = strncmp(line, "C< ", 3) == 0 || strncmp(line, "U> ", 3) == 0 || strncmp(line, "? ", 2) == 0;

	if (!p->out)
		return false;
	write_out(p, h);
	if (!is_output && *line)
		(void)fprintf(p->out, "%s\n", line);
	return is_output;
}

static void play_line(struct play *p, struct harness *h, char *line)
{
	if (rewrites(p, h, line))
		return;
	if (strncmp(line, "C> ", 3) == 0)
		feed(p, h, SESSION_CLIENT, line + 3);
	else if (strncmp(line, "U< ", 3) == 0)
		feed(p, h, SESSION_UPSTREAM, line + 3);
	else if (strncmp(line, "C< ", 3) == 0)
		expect(p, &h->client, line + 3);
	else if (strncmp(line, "U> ", 3) == 0)
		expect(p, &h->upstream, line + 3);
	else if (strncmp(line, "? ", 2) == 0)
		expect(p, &h->other, line + 2);
	else if (strncmp(line, "! ", 2) == 0) {
		expect_quiet(p, h);
		if (p->on_input)
			p->on_input(p, line + 2, SESSION_CLIENT, qw_bytes(NULL, 0));
		harness_event(h, line + 2);
	} else if (*line && *line != '#')
		complain(p, "unknown line", "C> C< U> U< ? ! #", line);
}

void play_script(struct play *p, struct harness *h, const char *script)
{
	char *text = strdup(script), *rest = text;

	QW_ASSERT(text);
	p->line = 0;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		p->line++;
		play_line(p, h, line);
	}
	expect_quiet(p, h);
	free(text);
}
