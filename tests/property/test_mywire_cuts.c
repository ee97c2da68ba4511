/* However the bytes of a stream are cut into reads, the same packets are found, and the same end.
 */
#include "../support/cmocka_qw.h"

#include "qw/mywire.h"

#include <stdlib.h>

enum { PACKETS_MAX = 64, STREAM_MAX = 1 << 14, LIMIT = 300 };

struct found {
	size_t bytes[PACKETS_MAX];
	uint32_t sums[PACKETS_MAX]; /* of the payloads */
	size_t count;
	int err;
};

static uint32_t random_state = 5;

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

/* What a reader does after each read: takes every whole packet. */
static void drain(struct qw_buf *in, uint8_t *seq, struct found *out)
{
	struct mywire_packet packet;

	while ((out->err = mywire_packet_peek(qw_buf_pending(in), *seq, LIMIT, &packet)) == 0) {
		assert_true(out->count < PACKETS_MAX);
		out->bytes[out->count] = packet.payload_bytes;
		out->sums[out->count++] = sum(packet.payload);
		*seq = packet.next;
		qw_buf_consume(in, packet.wire_bytes);
	}
}

static void read_stream(struct qw_bytes stream, size_t (*cut_next)(size_t left), struct found *out)
{
	struct qw_buf in;
	uint8_t seq = 0;

	*out = (struct found){0};
	qw_buf_init(&in, STREAM_MAX);
	for (size_t at = 0; at < stream.n && (out->err == 0 || out->err == QW_E_INCOMPLETE);) {
		size_t n = cut_next(stream.n - at);

		assert_int_equal(qw_buf_append(&in, stream.p + at, n), 0);
		drain(&in, &seq, out);
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
	uint32_t n = 1 + random_below(random_below(2) ? 6 : 500);

	return n < left ? n : left;
}

static void expect_same(const struct found *a, const struct found *b)
{
	assert_int_equal(a->err, b->err);
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->bytes, b->bytes, sizeof(a->bytes));
	assert_memory_equal(a->sums, b->sums, sizeof(a->sums));
}

static size_t make_stream(struct qw_buf *out, uint8_t *seq)
{
	size_t packets = 1 + random_below(PACKETS_MAX - 1);

	for (size_t i = 0; i < packets; i++) {
		uint8_t payload[LIMIT];
		size_t n = random_below(3) ? random_below(12) : random_below(LIMIT + 1);

		for (size_t j = 0; j < n; j++)
			payload[j] = (uint8_t)random_below(256);
		assert_int_equal(mywire_put_packet(out, seq, qw_bytes(payload, n)), 0);
	}
	return packets;
}

static void put_end(struct qw_buf *out, uint8_t seq, unsigned how)
{
	uint8_t lie[] = {1, 0, 0, (uint8_t)(seq + 1), 'x'}, half[] = {2, 0, 0, seq, 'x'},
		large[] = {0x2D, 1, 0, seq};

	if (how == 1)
		assert_int_equal(qw_buf_append(out, lie, sizeof(lie)), 0);
	if (how == 2)
		assert_int_equal(qw_buf_append(out, half, sizeof(half)), 0);
	if (how == 3)
		assert_int_equal(qw_buf_append(out, large, sizeof(large)), 0);
}

static void test_any_cut_finds_the_same_packets(void **state)
{
	static const int ends[] = {QW_E_INCOMPLETE, QW_E_MALFORMED, QW_E_INCOMPLETE, QW_E_LIMIT};

	(void)state;
	for (unsigned round = 0; round < 200; round++) {
		struct found whole, cut;
		struct qw_buf buf;
		uint8_t seq = 0;
		size_t packets;

		qw_buf_init(&buf, STREAM_MAX);
		packets = make_stream(&buf, &seq);
		put_end(&buf, seq, round % 4);
		read_stream(qw_buf_pending(&buf), cut_nowhere, &whole);
		assert_int_equal(whole.count, packets);
		assert_int_equal(whole.err, ends[round % 4]);
		read_stream(qw_buf_pending(&buf), cut_everywhere, &cut);
		expect_same(&whole, &cut);
		for (unsigned i = 0; i < 20; i++) {
			read_stream(qw_buf_pending(&buf), cut_random, &cut);
			expect_same(&whole, &cut);
		}
		qw_buf_fini(&buf);
	}
}

/* Packets of 16 MB and more, with cuts around every header. */
static void test_continuation_in_pieces(void **state)
{
	const size_t n = 2u * MYWIRE_FRAME_MAX, wire = n + 3 * MYWIRE_HEADER;
	uint8_t *payload = calloc(1, n);
	struct mywire_packet packet;
	struct qw_buf out;
	uint8_t seq = 0;

	(void)state;
	assert_non_null(payload);
	qw_buf_init(&out, wire + 100);
	assert_int_equal(mywire_put_packet(&out, &seq, qw_bytes(payload, n)), 0);
	assert_int_equal(qw_buf_pending(&out).n, wire);
	for (size_t frame = 0; frame < 3; frame++) {
		for (size_t near = 0; near < 12; near++) {
			size_t cut = frame * (MYWIRE_FRAME_MAX + MYWIRE_HEADER) + near;

			if (cut < wire)
				assert_int_equal(
					mywire_packet_peek(qw_bytes(qw_buf_pending(&out).p, cut), 0,
						n, &packet),
					QW_E_INCOMPLETE);
		}
	}
	assert_int_equal(mywire_packet_peek(qw_buf_pending(&out), 0, n, &packet), 0);
	assert_int_equal(packet.frames, 3);
	qw_buf_fini(&out);
	free(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_cut_finds_the_same_packets),
		cmocka_unit_test(test_continuation_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
