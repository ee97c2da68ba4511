/*
 * A stream of COPY TO STDOUT through the room pgcopy: messages (length in 4 bytes, body) from stdin to stdout.
 *
 *   recode FORMAT COLUMNS OPTIONS CHANGES SEED
 *
 * OPTIONS: "delimiter quote escape null header force" in hex, each "-" when not given; force: a byte of 0 or 1 for each column.
 * CHANGES: "column:how" with commas; how: null, first (the first value that the column had), or +HEX (the value and these bytes).
 * SEED: 0 reads the messages as they came; else they are joined and cut at random.
 */
#include <stdio.h>
#include <stdlib.h>

#include "qw/pgcopy.h"

enum { STREAM_MAX = 1 << 26, SUFFIX_MAX = 256 };
enum how { KEEP, SET_NULL, SET_FIRST, APPEND };

struct change {
	enum how how;
	uint8_t suffix[SUFFIX_MAX];
	size_t suffix_bytes;
	struct qw_buf first;
	bool has_first;
};

struct recode {
	struct pgcopy_options o;
	struct change changes[PGCOPY_COLUMNS_MAX];
	bool changed[PGCOPY_COLUMNS_MAX], force[PGCOPY_COLUMNS_MAX];
	char null_text[SUFFIX_MAX];
	struct pgcopy c;
	struct qw_buf out;
	uint32_t seed;
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "recode: %s\n", what);
	exit(1);
}

static size_t hex_read(const char *text, uint8_t *out, size_t max)
{
	size_t n = strlen(text);

	need(n % 2 == 0 && n / 2 <= max && qw_unhex(qw_bytes(text, n), out) == 0, "bad hex");
	return n / 2;
}

static void options_read(struct recode *r, char *text)
{
	uint8_t byte[6][PGCOPY_COLUMNS_MAX] = {{0}};
	bool given[6] = {false};
	size_t n[6] = {0}, k = 0;

	for (char *word; (word = strsep(&text, " ")); k++) {
		need(k < 6, "too many options");
		given[k] = strcmp(word, "-") != 0;
		if (given[k])
			n[k] = hex_read(word, byte[k], sizeof(byte[k]) - 1);
	}
	r->o.delimiter = byte[0][0];
	r->o.quote = byte[1][0];
	r->o.escape = byte[2][0];
	need(n[3] < sizeof(r->null_text), "long NULL text");
	memcpy(r->null_text, byte[3], n[3]);
	r->o.null_text = given[3] ? r->null_text : NULL;
	r->o.header = byte[4][0];
	for (size_t i = 0; i < n[5]; i++)
		r->force[i] = byte[5][i];
	r->o.force_quote = given[5] ? r->force : NULL;
}

static void changes_read(struct recode *r, char *text)
{
	for (char *word; (word = strsep(&text, ","));) {
		char *how = strchr(word, ':');
		size_t column = strtoul(word, NULL, 10);
		struct change *change = &r->changes[column < PGCOPY_COLUMNS_MAX ? column : 0];

		if (!how)
			continue;
		r->changed[column] = true;
		qw_buf_init(&change->first, STREAM_MAX);
		change->how = how[1] == '+' ? APPEND : strcmp(how, ":null") == 0 ? SET_NULL : SET_FIRST;
		if (how[1] == '+')
			change->suffix_bytes = hex_read(how + 2, change->suffix, SUFFIX_MAX);
	}
}

static struct pgcopy_value change_apply(struct change *change, const struct pgcopy_value *old, struct qw_buf *scratch)
{
	if (old->is_null || change->how == SET_NULL)
		return (struct pgcopy_value){.is_null = true};
	if (change->how == APPEND) {
		size_t at = scratch->n;

		need(!qw_buf_append(scratch, old->bytes.p, old->bytes.n) &&
				!qw_buf_append(scratch, change->suffix, change->suffix_bytes),
			"scratch");
		return (struct pgcopy_value){.bytes = qw_bytes(scratch->p + at, scratch->n - at)};
	}
	if (!change->has_first)
		need(!qw_buf_append(&change->first, old->bytes.p, old->bytes.n), "first");
	change->has_first = true;
	return (struct pgcopy_value){.bytes = qw_buf_pending(&change->first)};
}

static void message_write(struct qw_bytes body)
{
	const uint8_t head[] = {(uint8_t)(body.n >> 24), (uint8_t)(body.n >> 16), (uint8_t)(body.n >> 8), (uint8_t)body.n};

	need(fwrite(head, 1, 4, stdout) == 4 && fwrite(body.p, 1, body.n, stdout) == body.n, "write");
}

static void row_write(struct recode *r, const struct pgcopy_row *row)
{
	static struct pgcopy_value values[PGCOPY_COLUMNS_MAX];
	struct qw_buf scratch;

	qw_buf_init(&scratch, STREAM_MAX);
	need(!qw_buf_reserve(&scratch, row->bytes.n + row->count * SUFFIX_MAX), "scratch");
	for (size_t i = 0; row->kind == PGCOPY_ROW && i < row->count; i++) {
		struct pgcopy_value v;

		need(!pgcopy_value_get(&r->c, i, &v), "value");
		if (r->changed[i])
			values[i] = change_apply(&r->changes[i], &v, &scratch);
	}
	qw_buf_clear(&r->out);
	need(!pgcopy_mask_row(&r->c, r->changed, values, &r->out), "mask");
	message_write(qw_buf_pending(&r->out));
	qw_buf_fini(&scratch);
}

static void feed(struct recode *r, struct qw_bytes body)
{
	struct pgcopy_row row;
	int err;

	need(!pgcopy_feed(&r->c, body), "feed");
	while (!(err = pgcopy_next(&r->c, &row)))
		row_write(r, &row);
	need(err == QW_E_INCOMPLETE, qw_error_text(err));
}

static size_t piece(struct recode *r, size_t left)
{
	size_t n;

	r->seed = r->seed * 1664525u + 1013904223u;
	n = 1 + (r->seed >> 8) % ((r->seed >> 4) % 8 ? 60 : 9000);
	return n < left ? n : left;
}

int main(int argc, char **argv)
{
	static const char *const formats[] = {"text", "csv", "binary"};
	static uint8_t in[STREAM_MAX], stream[STREAM_MAX];
	static struct recode r;
	struct qw_arena arena;
	size_t n, total = 0;

	need(argc == 6, "usage: recode FORMAT COLUMNS OPTIONS CHANGES SEED");
	while (r.o.format < 3 && strcmp(argv[1], formats[r.o.format]) != 0)
		r.o.format++;
	r.o.columns = strtoul(argv[2], NULL, 10);
	r.o.row_bytes_max = STREAM_MAX;
	options_read(&r, argv[3]);
	changes_read(&r, argv[4]);
	r.seed = (uint32_t)strtoul(argv[5], NULL, 10);
	qw_arena_init(&arena, 1 << 20);
	qw_buf_init(&r.out, STREAM_MAX);
	need(!pgcopy_init(&r.c, &r.o, &arena), "options are refused");
	n = fread(in, 1, sizeof(in), stdin);
	for (size_t at = 0; at < n;) {
		size_t size = (size_t)in[at] << 24 | (size_t)in[at + 1] << 16 | (size_t)in[at + 2] << 8 | in[at + 3];

		memcpy(stream + total, in + at + 4, size);
		if (!r.seed)
			feed(&r, qw_bytes(stream + total, size));
		total += size;
		at += 4 + size;
	}
	for (size_t at = 0; r.seed && at < total;) {
		size_t size = piece(&r, total - at);

		feed(&r, qw_bytes(stream + at, size));
		at += size;
	}
	need(!pgcopy_end(&r.c), "the end");
	pgcopy_fini(&r.c);
	qw_arena_fini(&arena);
	qw_buf_fini(&r.out);
	for (size_t i = 0; i < PGCOPY_COLUMNS_MAX; i++)
		qw_buf_fini(&r.changes[i].first);
	return 0;
}
