/*
 * What masking one column of five costs a byte of COPY TO STDOUT: read, replaced by a constant, written; one message a row.
 *
 *   bench_pgcopy [MEGABYTES]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "qw/pgcopy.h"

enum { COLUMNS = 5, ROW_MAX = 4096, DISTINCT = 1000 };

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
	(void)fprintf(stderr, "%s failed\n", what);
	exit(1);
}

struct message {
	uint8_t bytes[ROW_MAX];
	size_t n;
};

static void put(struct message *m, const void *p, size_t n)
{
	memcpy(m->bytes + m->n, p, n);
	m->n += n;
}

static void put_length(struct message *m, size_t n)
{
	put(m, (const uint8_t[4]){0, 0, (uint8_t)(n >> 8), (uint8_t)n}, 4);
}

static void message_make(struct message *m, enum pgcopy_format format, int i, int note_bytes)
{
	char cell[COLUMNS][ROW_MAX / 2];

	(void)snprintf(cell[0], sizeof(cell[0]), "%d", 100000 + i);
	(void)snprintf(cell[1], sizeof(cell[1]), "customer-%d@example.org", i * 7919);
	(void)snprintf(cell[2], sizeof(cell[2]), "2026-%02d-11 10:11:12.345+00", i % 12 + 1);
	(void)snprintf(cell[3], sizeof(cell[3]), "%0*d", note_bytes, i);
	(void)snprintf(cell[4], sizeof(cell[4]), "%d.50", i);
	m->n = 0;
	if (format == PGCOPY_BINARY && i == 0)
		put(m, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0", 19);
	if (format == PGCOPY_BINARY)
		put(m, "\0\5", 2);
	for (int k = 0; k < COLUMNS; k++) {
		if (format == PGCOPY_BINARY)
			put_length(m, strlen(cell[k]));
		else if (k)
			put(m, format == PGCOPY_CSV ? "," : "\t", 1);
		put(m, cell[k], strlen(cell[k]));
	}
	if (format != PGCOPY_BINARY)
		put(m, "\n", 1);
}

static void mask_message(struct pgcopy *c, const struct message *m, struct qw_buf *out)
{
	static const bool changed[COLUMNS] = {[1] = true};
	struct pgcopy_value values[COLUMNS] = {0}, v;
	struct pgcopy_row row;

	if (pgcopy_feed(c, qw_bytes(m->bytes, m->n)))
		die("feed");
	while (pgcopy_next(c, &row) == 0) {
		if (pgcopy_value_get(c, 1, &v))
			die("value");
		values[1] = (struct pgcopy_value){.bytes = QW_LIT("***"), .is_null = v.is_null};
		qw_buf_clear(out);
		if (pgcopy_mask_row(c, changed, values, out))
			die("mask");
	}
}

static void run(const char *name, enum pgcopy_format format, int note_bytes, double bytes_wanted)
{
	static struct message messages[DISTINCT];
	struct pgcopy_options o = {.format = format, .columns = COLUMNS, .row_bytes_max = 1 << 20};
	struct qw_arena arena;
	struct qw_buf out;
	struct pgcopy c;
	double bytes = 0, rows = 0, start, took;

	qw_arena_init(&arena, 1 << 16);
	qw_buf_init(&out, 1 << 20);
	if (pgcopy_init(&c, &o, &arena))
		die("init");
	for (int i = 0; i < DISTINCT; i++)
		message_make(&messages[i], format, i, note_bytes);
	mask_message(&c, &messages[0], &out); /* the one with the file header */
	start = now_s();
	while (bytes < bytes_wanted) {
		for (int i = 1; i < DISTINCT; i++) {
			mask_message(&c, &messages[i], &out);
			bytes += (double)messages[i].n;
		}
		rows += DISTINCT - 1;
	}
	took = now_s() - start;
	(void)printf("%-7s %5.0f bytes a row  %6.2f ns a byte  %6.1f ns a row\n", name, bytes / rows, took / bytes * 1e9,
		took / rows * 1e9);
	pgcopy_fini(&c);
	qw_buf_fini(&out);
	qw_arena_fini(&arena);
}

int main(int argc, char **argv)
{
	static const int note_bytes[] = {8, 80, 1000};
	double bytes = 1e6 * (argc > 1 ? atof(argv[1]) : 50);

	for (size_t i = 0; i < QW_COUNT(note_bytes); i++) {
		run("text", PGCOPY_TEXT, note_bytes[i], bytes);
		run("csv", PGCOPY_CSV, note_bytes[i], bytes);
		run("binary", PGCOPY_BINARY, note_bytes[i], bytes);
	}
	return 0;
}
