/* However the bytes of a stream are cut into reads, the same frames are found. */
#include "../support/cmocka_qw.h"
#include "qw/pgwire.h"

enum { FRAMES_MAX = 64, STREAM_MAX = 1 << 14 };

struct found {
	struct pgwire_frame frames[FRAMES_MAX];
	uint32_t sums[FRAMES_MAX]; /* of the bodies */
	size_t count;
	int err;
};

static uint32_t random_state = 3;

static uint32_t random_below(uint32_t n)
{
	random_state = random_state * 1664525u + 1013904223u;
	return (random_state >> 8) % n;
}

static uint32_t sum(struct qw_bytes b)
{
	uint32_t s = 2166136261u;

	for (size_t i = 0; i < b.n; i++)
		s = (s ^ b.p[i]) * 16777619u;
	return s;
}

/* What a reader does after each read: takes every whole frame. */
static void drain(struct qw_buf *in, struct found *out)
{
	struct pgwire_frame frame;

	while ((out->err = pgwire_frame_peek(qw_buf_pending(in), &frame)) == 0) {
		struct qw_bytes all = qw_buf_pending(in);

		if (all.n - PGWIRE_HEADER < frame.body_bytes) {
			out->err = QW_E_INCOMPLETE;
			return;
		}
		assert_true(out->count < FRAMES_MAX);
		out->frames[out->count] = frame;
		out->sums[out->count++] = sum(qw_bytes(all.p + PGWIRE_HEADER, frame.body_bytes));
		qw_buf_consume(in, PGWIRE_HEADER + (size_t)frame.body_bytes);
	}
}

/* cut_next: how many bytes the next read brings, at most `left`. */
static void read_stream(struct qw_bytes stream, size_t (*cut_next)(size_t left), struct found *out)
{
	struct qw_buf in;

	*out = (struct found){0};
	qw_buf_init(&in, STREAM_MAX);
	for (size_t at = 0; at < stream.n && out->err != QW_E_MALFORMED;) {
		size_t n = cut_next(stream.n - at);

		assert_int_equal(qw_buf_append(&in, stream.p + at, n), 0);
		drain(&in, out);
		at += n;
	}
	qw_buf_fini(&in);
}

static size_t cut_nowhere(size_t left)
{
	return left;
}

static size_t cut_everywhere(size_t left)
{
	(void)left;
	return 1;
}

static size_t cut_random(size_t left)
{
	uint32_t n = 1 + random_below(random_below(2) ? 9 : 700);

	return n < left ? n : left;
}

static size_t first_cut;

static size_t cut_once(size_t left)
{
	size_t n = first_cut && first_cut < left ? first_cut : left;

	first_cut = 0;
	return n;
}

static void expect_same(const struct found *a, const struct found *b)
{
	assert_int_equal(a->err, b->err);
	assert_int_equal(a->count, b->count);
	for (size_t i = 0; i < a->count; i++) {
		assert_int_equal(a->frames[i].type, b->frames[i].type);
		assert_int_equal(a->frames[i].body_bytes, b->frames[i].body_bytes);
		assert_int_equal(a->sums[i], b->sums[i]);
	}
}

static size_t make_stream(struct qw_buf *out)
{
	size_t frames = 1 + random_below(FRAMES_MAX - 1);

	for (size_t i = 0; i < frames; i++) {
		uint8_t body[200];
		size_t n = random_below(4) ? random_below(20) : random_below(sizeof(body));

		for (size_t j = 0; j < n; j++)
			body[j] = (uint8_t)random_below(256);
		assert_int_equal(pgwire_put_message(
					 out, (uint8_t)(1 + random_below(255)), qw_bytes(body, n)),
			0);
	}
	return frames;
}

static void test_any_cut_finds_the_same_frames(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		struct found whole, cut;
		struct qw_bytes stream;
		struct qw_buf buf;
		size_t frames;

		qw_buf_init(&buf, STREAM_MAX);
		frames = make_stream(&buf);
		if (round % 3 == 1)
			assert_int_equal(
				qw_buf_append(&buf, "Q\0\0\0\3zzz", 8), 0); /* ends in a lie */
		if (round % 3 == 2)
			assert_int_equal(
				qw_buf_append(&buf, "Q\0\0\0\xff", 5), 0); /* ends in a half */
		stream = qw_buf_pending(&buf);
		read_stream(stream, cut_nowhere, &whole);
		assert_int_equal(whole.count, frames);
		assert_int_equal(whole.err, round % 3 == 1 ? QW_E_MALFORMED : QW_E_INCOMPLETE);
		read_stream(stream, cut_everywhere, &cut);
		expect_same(&whole, &cut);
		for (unsigned i = 0; i < 20; i++) {
			read_stream(stream, cut_random, &cut);
			expect_same(&whole, &cut);
		}
		for (size_t at = 1; at < stream.n; at += 1 + stream.n / 300) {
			first_cut = at;
			read_stream(stream, cut_once, &cut);
			expect_same(&whole, &cut);
		}
		qw_buf_fini(&buf);
	}
}

/* The first packet: on fewer bytes the answer is "incomplete" or the same, and never changes once
 * given. */
static void test_first_packet_never_changes_its_mind(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 200000; round++) {
		uint8_t packet[8];
		enum pgwire_first kind, last_kind = PGWIRE_FIRST_TLS;
		uint32_t bytes, last_bytes = 0;
		int last = QW_E_INCOMPLETE;

		for (size_t i = 0; i < sizeof(packet); i++)
			packet[i] = (uint8_t)(i < 3 && random_below(4) ? 0 : random_below(256));
		if (random_below(2))
			memcpy(packet + 4, "\x04\xd2\x16", 3);
		for (size_t n = 0; n <= sizeof(packet); n++) {
			int err = pgwire_first_peek(qw_bytes(packet, n), &kind, &bytes);

			if (last != QW_E_INCOMPLETE)
				assert_int_equal(err, last);
			if (last == 0)
				assert_true(kind == last_kind && bytes == last_bytes);
			last = err;
			if (err == 0) {
				last_kind = kind;
				last_bytes = bytes;
			}
		}
		assert_int_not_equal(last, QW_E_INCOMPLETE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut_finds_the_same_frames),
		cmocka_unit_test(test_first_packet_never_changes_its_mind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
