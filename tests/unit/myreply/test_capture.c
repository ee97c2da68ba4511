/*
 * One script of commands was run against MariaDB 10.11 on three links: classic, with SESSION_TRACK,
 * and with what MariaDB's client library forces (extended and cached metadata, progress). What the
 * third link said, read and put for the other two, must be byte for byte what the server said to
 * them. Every row is also rebuilt cell by cell.
 */
#include "../../support/cmocka_qw.h"

#include "qw/myreply.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	CAPTURE_MAX = 1 << 18,
	STATEMENTS = 32,
	COLUMNS = 64,
	PACKETS_MAX = 1 << 24,
	ALL_EXTENDED = 0x1D
};
enum { BASE = MYWIRE_PROTOCOL_41 | MYWIRE_MULTI_RESULTS | MYWIRE_PS_MULTI_RESULTS };

static const char *folder;
#define CLASSIC                                                                                    \
	{                                                                                          \
		BASE, 0                                                                            \
	}
#define TRACK                                                                                      \
	{                                                                                          \
		BASE | MYWIRE_SESSION_TRACK, 0                                                     \
	}
#define NO_PARAMETERS                                                                              \
	{                                                                                          \
		BASE & ~MYWIRE_PS_MULTI_RESULTS, 0                                                 \
	}
static const struct mywire_link classic = CLASSIC, track = TRACK, no_parameters = NO_PARAMETERS;
static const struct mywire_link metadata = {BASE | MYWIRE_SESSION_TRACK, MYWIRE_EXT_METADATA};
static const struct mywire_link extended = {BASE | MYWIRE_SESSION_TRACK, ALL_EXTENDED};

/* ---- a capture: '>' or '<', 4 bytes of length, a payload ---- */
struct capture {
	uint8_t *bytes;
	struct cursor c;
};

static void capture_open(struct capture *out, const char *name)
{
	char path[4096];
	size_t n;
	FILE *f;

	assert_true(
		snprintf(path, sizeof(path), "%s/%s.packets", folder, name) < (int)sizeof(path));
	f = fopen(path, "rb");
	assert_non_null(f);
	out->bytes = malloc(CAPTURE_MAX);
	assert_non_null(out->bytes);
	n = fread(out->bytes, 1, CAPTURE_MAX, f);
	(void)fclose(f);
	assert_true(n > 0 && n < CAPTURE_MAX);
	out->c = cur_from(qw_bytes(out->bytes, n));
}

/* false: at the end, or not from this side */
static bool capture_next(struct capture *capture, char side, struct qw_bytes *payload)
{
	struct cursor c = capture->c;

	if (cur_left(&c) == 0 || cur_u8(&c) != (uint8_t)side)
		return false;
	*payload = cur_bytes(&c, mywire_le(&c, 4));
	assert_false(c.failed);
	capture->c = c;
	return true;
}

/* ---- what a session keeps ---- */
struct metadata {
	size_t count;
	struct qw_bytes definitions[COLUMNS]; /* as the server gave them */
	uint8_t types[COLUMNS];
};
struct statement {
	uint32_t id;
	uint16_t parameters;
	struct metadata metadata;
	struct qw_bytes types;
	struct qw_bytes long_data[COLUMNS];
};
struct run {
	struct mywire_link from, to;
	struct statement statements[STATEMENTS];
	size_t statement_count;
	struct metadata metadata;
	struct myreply reply;
	struct statement *current;
	struct qw_buf out;
	uint8_t seq, seq_of_result;
	size_t out_of_result; /* where the open result began */
	bool is_binary, is_hidden;
	unsigned rows, cached, progress, results, corrected;
};

static struct statement *find(struct run *run, uint32_t id)
{
	for (size_t i = 0; i < run->statement_count; i++) {
		if (run->statements[i].id == id)
			return &run->statements[i];
	}
	return NULL;
}

/* The row again: its cells as they stand, and their values written anew, give the same bytes. */
static void rebuild(struct run *run, struct qw_bytes payload)
{
	struct myreply_format format = {
		.types = run->is_binary ? run->metadata.types : NULL, .count = run->metadata.count};
	struct myreply_row_out copied, written;
	struct qw_buf a, b;
	struct myreply_row row;
	struct myreply_cell cell;
	uint8_t seq = 0, other = 0;
	int err;

	qw_buf_init(&a, PACKETS_MAX);
	qw_buf_init(&b, PACKETS_MAX);
	assert_int_equal(myreply_row_open(payload, &format, &row), 0);
	myreply_row_begin(&copied, &a, &format);
	myreply_row_begin(&written, &b, &format);
	while ((err = myreply_row_next(&row, &cell)) == 0) {
		myreply_row_copy(&copied, &cell);
		if (cell.is_null)
			myreply_row_null(&written);
		else
			myreply_row_value(&written, cell.value);
	}
	assert_int_equal(err, QW_E_NOTFOUND);
	assert_int_equal(myreply_row_end(&copied, &seq), 0);
	assert_int_equal(myreply_row_end(&written, &other), 0);
	assert_int_equal(qw_buf_pending(&a).n, payload.n + MYWIRE_HEADER);
	assert_memory_equal(qw_buf_pending(&a).p + MYWIRE_HEADER, payload.p, payload.n);
	assert_bytes_equal(qw_buf_pending(&a), qw_buf_pending(&b));
	qw_buf_fini(&a);
	qw_buf_fini(&b);
}

static void put(struct run *run, const struct myreply_item *item)
{
	if (item->kind == MYREPLY_COUNT) {
		run->seq_of_result = run->seq;
		run->out_of_result = run->out.n;
	}
	if (run->is_hidden) {
		run->is_hidden = item->kind != MYREPLY_ROWS_END;
		return;
	}
	if (item->kind == MYREPLY_COLUMNS_END && myreply_is_hidden(run->to, &item->eof)) {
		run->is_hidden = true;
		run->seq = run->seq_of_result;
		run->out.n = run->out_of_result;
		return;
	}
	assert_int_equal(myreply_put(&run->out, &run->seq, run->to, item), 0);
}

/* MariaDB left the metadata away: the statement's last goes to the client. */
static void put_cached(struct run *run)
{
	run->cached++;
	assert_non_null(run->current);
	run->metadata = run->current->metadata;
	for (size_t i = 0; i < run->metadata.count; i++) {
		struct myreply_item item = {.kind = MYREPLY_COLUMN};

		assert_int_equal(myreply_column_decode(run->metadata.definitions[i], run->from,
					 false, &item.column),
			0);
		put(run, &item);
	}
}

static void keep_column(struct run *run, const struct myreply_item *item)
{
	struct metadata *m = &run->metadata;

	assert_true(m->count < COLUMNS);
	m->types[m->count] = item->column.type;
	m->definitions[m->count++] = item->payload;
}

static void take(struct run *run, const struct myreply_item *item, bool is_execute)
{
	put(run, item);
	switch (item->kind) {
	case MYREPLY_PREPARED:
		assert_true(run->statement_count < STATEMENTS);
		run->current = &run->statements[run->statement_count++];
		run->current->id = item->prepared.id;
		run->current->parameters = item->prepared.parameters;
		run->metadata.count = 0;
		break;
	case MYREPLY_COUNT:
		run->metadata.count = 0;
		if (!item->metadata_follows)
			put_cached(run);
		break;
	case MYREPLY_COLUMN:
		keep_column(run, item);
		break;
	case MYREPLY_COLUMNS_END:
		run->results++;
		if (run->current && (is_execute || run->reply.answer == MYWIRE_ANSWER_PREPARE))
			run->current->metadata = run->metadata;
		break;
	case MYREPLY_ROW:
		run->rows++;
		rebuild(run, item->payload);
		break;
	case MYREPLY_PROGRESS:
		run->progress++;
		break;
	case MYREPLY_OK:
	case MYREPLY_ERROR:
	case MYREPLY_EOF:
	case MYREPLY_INFILE:
	case MYREPLY_ROWS_END:
	case MYREPLY_PARAMETER:
	case MYREPLY_PARAMETERS_END:
	case MYREPLY_TEXT:
		break;
	}
}

static void execute(struct run *run, struct qw_bytes payload)
{
	struct mywire_statement s = {.parameter_count = run->current->parameters,
		.types = run->current->types,
		.long_data = run->current->long_data};
	struct mywire_execute e;

	assert_int_equal(mywire_execute_decode(payload, &s, &e), 0);
	run->current->types = e.types;
	memset(run->current->long_data, 0, sizeof(run->current->long_data));
}

static void start(struct run *run, struct qw_bytes payload)
{
	struct mywire_command command;
	size_t columns = 0;

	assert_int_equal(mywire_command_decode(payload, &command), 0);
	run->seq = 1;
	run->current = command.policy == MYWIRE_STATEMENT ? find(run, command.id) : NULL;
	run->is_binary =
		command.answer == MYWIRE_ANSWER_EXECUTE || command.answer == MYWIRE_ANSWER_FETCH;
	if (run->current && command.code == MYWIRE_STMT_EXECUTE)
		execute(run, payload);
	if (run->current && command.code == MYWIRE_STMT_SEND_LONG_DATA)
		run->current->long_data[command.number] = command.rest;
	if (run->current && run->is_binary)
		columns = run->current->metadata.count;
	if (run->current && command.code == MYWIRE_STMT_FETCH)
		run->metadata = run->current->metadata;
	myreply_begin(&run->reply, command.answer, run->from, columns);
}

static void play(const char *name, struct run *run)
{
	struct capture capture;
	struct qw_bytes command, payload;
	struct myreply_item item;

	qw_buf_init(&run->out, PACKETS_MAX);
	capture_open(&capture, name);
	while (capture_next(&capture, '>', &command)) {
		start(run, command);
		while (!myreply_is_done(&run->reply)) {
			bool is_row;

			assert_true(capture_next(&capture, '<', &payload));
			is_row = myreply_is_row(&run->reply, payload.p[0], (uint32_t)payload.n);
			assert_int_equal(myreply_read(&run->reply, payload, &item), 0);
			assert_int_equal(is_row, item.kind == MYREPLY_ROW);
			take(run, &item, run->reply.answer == MYWIRE_ANSWER_EXECUTE);
		}
	}
	assert_int_equal(cur_left(&capture.c), 0);
	free(capture.bytes);
}

/*
 * MariaDB says STATE_CHANGED in every EOF once something changed, to clients that can never learn
 * what, too. Here these do not see it.
 */
static struct qw_bytes without_state(struct qw_bytes payload, uint8_t eof[5])
{
	if (payload.n != 5 || payload.p[0] != 0xFE)
		return payload;
	memcpy(eof, payload.p, 5);
	eof[4] &= (uint8_t) ~(MYWIRE_STATE_CHANGED >> 8);
	return qw_bytes(eof, 5);
}

/* MySQL forgets to say that an OK follows the OUT parameters; we do not. */
static bool is_corrected(struct qw_bytes ours, struct qw_bytes theirs)
{
	uint8_t eof[5];

	if (ours.n != 5 || theirs.n != 5 || theirs.p[0] != 0xFE)
		return false;
	memcpy(eof, theirs.p, 5);
	eof[3] |= MYWIRE_MORE_RESULTS;
	return memcmp(ours.p, theirs.p, 5) != 0 && memcmp(ours.p, eof, 5) == 0;
}

/* Packet by packet what another link was told. */
static void expect_said(struct run *run, const char *name)
{
	struct capture capture;
	struct qw_bytes all = qw_buf_pending(&run->out), payload;

	capture_open(&capture, name);
	while (cur_left(&capture.c)) {
		uint8_t eof[5];
		uint32_t n = 0;

		while (capture_next(&capture, '>', &payload))
			;
		if (cur_left(&capture.c) == 0)
			break;
		assert_true(capture_next(&capture, '<', &payload));
		if (!(run->to.capabilities & MYWIRE_SESSION_TRACK))
			payload = without_state(payload, eof);
		assert_true(all.n >= MYWIRE_HEADER);
		assert_int_equal(mywire_frame_peek(all, all.p[3], &n), 0);
		if (is_corrected(qw_bytes(all.p + MYWIRE_HEADER, n), payload))
			run->corrected++;
		else
			assert_bytes_equal(qw_bytes(all.p + MYWIRE_HEADER, n), payload);
		all = qw_bytes(all.p + MYWIRE_HEADER + n, all.n - MYWIRE_HEADER - n);
	}
	assert_int_equal(all.n, 0);
	free(capture.bytes);
}

static void test_same_link(void **state)
{
	static struct run a, b;

	(void)state;
	a = (struct run){.from = classic, .to = classic};
	play("mariadb-classic", &a);
	expect_said(&a, "mariadb-classic");
	assert_true(a.rows > 50 && a.cached == 0);
	b = (struct run){.from = track, .to = track};
	play("mariadb-track", &b);
	expect_said(&b, "mariadb-track");
	qw_buf_fini(&a.out);
	qw_buf_fini(&b.out);
}

static void test_extended_to_classic(void **state)
{
	static struct run run;

	(void)state;
	run = (struct run){.from = extended, .to = classic};
	play("mariadb-extended", &run);
	expect_said(&run, "mariadb-classic");
	assert_true(run.cached > 4);
	qw_buf_fini(&run.out);
}

static void test_extended_to_metadata(void **state)
{
	static struct run run;

	(void)state;
	run = (struct run){.from = extended, .to = metadata};
	play("mariadb-extended", &run);
	expect_said(&run, "mariadb-metadata");
	qw_buf_fini(&run.out);
}

/* A client without PS_MULTI_RESULTS is not told of OUT parameters. */
static void test_hidden_results(void **state)
{
	static struct run run;

	(void)state;
	run = (struct run){.from = extended, .to = no_parameters};
	play("mariadb-extended", &run);
	expect_said(&run, "mariadb-no-parameters");
	qw_buf_fini(&run.out);
}

static void test_extended_to_track(void **state)
{
	static struct run run;

	(void)state;
	run = (struct run){.from = extended, .to = track};
	play("mariadb-extended", &run);
	expect_said(&run, "mariadb-track");
	qw_buf_fini(&run.out);
}

static void test_track_to_classic(void **state)
{
	static struct run run;

	(void)state;
	run = (struct run){.from = track, .to = classic};
	play("mariadb-track", &run);
	expect_said(&run, "mariadb-classic");
	qw_buf_fini(&run.out);
}

static void test_mysql(void **state)
{
	static const struct {
		struct mywire_link from, to;
		const char *heard, *said;
		unsigned corrected;
	} cases[] = {
		{CLASSIC, CLASSIC, "mysql-classic", "mysql-classic", 2},
		{TRACK, TRACK, "mysql-track", "mysql-track", 2},
		{TRACK, CLASSIC, "mysql-track", "mysql-classic", 2},
		{TRACK, NO_PARAMETERS, "mysql-track", "mysql-no-parameters", 0},
	};
	static struct run run;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		run = (struct run){.from = cases[i].from, .to = cases[i].to};
		play(cases[i].heard, &run);
		expect_said(&run, cases[i].said);
		assert_int_equal(run.corrected, cases[i].corrected);
		qw_buf_fini(&run.out);
	}
}

static void test_progress_is_swallowed(void **state)
{
	static struct run run;

	(void)state;
	run = (struct run){.from = extended, .to = classic};
	play("mariadb-progress", &run);
	assert_int_equal(run.progress, 4);
	qw_buf_fini(&run.out);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_link),
		cmocka_unit_test(test_extended_to_classic),
		cmocka_unit_test(test_extended_to_track),
		cmocka_unit_test(test_extended_to_metadata),
		cmocka_unit_test(test_hidden_results),
		cmocka_unit_test(test_track_to_classic),
		cmocka_unit_test(test_mysql),
		cmocka_unit_test(test_progress_is_swallowed),
	};

	folder = argc > 1 ? argv[1] : "fixtures/mysql";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
