#include "../../support/cmocka_qw.h"

#include "qw/mywire.h"

#include <stdlib.h>

enum { FULL = MYWIRE_FRAME_MAX, BIG = 2 * FULL + 5 };

static struct qw_bytes lit(const char *s, size_t n)
{
	return qw_bytes(s, n);
}
#define WIRE(s) lit("" s, sizeof(s) - 1)

static void test_one_frame(void **state)
{
	struct mywire_packet p;

	(void)state;
	assert_int_equal(mywire_packet_peek(WIRE("\3\0\0\5abcd"), 5, 100, &p), 0);
	assert_int_equal(p.frames, 1);
	assert_int_equal(p.wire_bytes, 7);
	assert_int_equal(p.payload_bytes, 3);
	assert_int_equal(p.next, 6);
	assert_bytes_equal(p.payload, QW_LIT("abc"));
}

static void test_empty_packet(void **state)
{
	struct mywire_packet p;

	(void)state;
	assert_int_equal(mywire_packet_peek(WIRE("\0\0\0\xff"), 255, 0, &p), 0);
	assert_int_equal(p.payload_bytes, 0);
	assert_int_equal(p.next, 0); /* the number is one byte */
}

static void test_refusals(void **state)
{
	struct mywire_packet p;
	uint32_t n;

	(void)state;
	for (size_t i = 0; i < 7; i++)
		assert_int_equal(
			mywire_packet_peek(lit("\3\0\0\0abc", i), 0, 100, &p), QW_E_INCOMPLETE);
	assert_int_equal(mywire_packet_peek(WIRE("\3\0\0\1abc"), 0, 100, &p), QW_E_MALFORMED);
	assert_int_equal(mywire_packet_peek(WIRE("\3\0\0\0"), 0, 2, &p), QW_E_LIMIT);
	assert_int_equal(mywire_packet_peek(WIRE("\xff\xff\xff\0"), 0, FULL - 1, &p), QW_E_LIMIT);
	assert_int_equal(mywire_packet_peek(WIRE("\xff\xff\xff\0"), 0, FULL, &p), QW_E_INCOMPLETE);
	assert_int_equal(mywire_frame_peek(WIRE("\3\0\0"), 0, &n), QW_E_INCOMPLETE);
	assert_int_equal(mywire_frame_peek(WIRE("\3\0\0\1"), 0, &n), QW_E_MALFORMED);
	assert_int_equal(mywire_frame_peek(WIRE("\xfe\xff\xff\1"), 1, &n), 0);
	assert_int_equal(n, FULL - 1);
}

static uint8_t *make_payload(size_t n)
{
	uint8_t *p = malloc(n);

	assert_non_null(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 31 + i / 7919);
	return p;
}

/* What is split is joined again, at the very edges too; a stranger's bytes stand before and behind.
 */
static void round_trip(const uint8_t *payload, size_t n)
{
	struct qw_buf wire, joined;
	struct mywire_packet p;
	struct qw_bytes in;
	uint8_t seq = 254;

	qw_buf_init(&wire, (size_t)BIG + 100);
	qw_buf_init(&joined, n);
	assert_int_equal(mywire_put_packet(&wire, &seq, QW_LIT("x")), 0);
	assert_int_equal(mywire_put_packet(&wire, &seq, qw_bytes(payload, n)), 0);
	assert_int_equal(seq, (uint8_t)(254 + 1 + n / FULL + 1));
	assert_int_equal(mywire_put_packet(&wire, &seq, QW_LIT("y")), 0);
	qw_buf_consume(&wire, 5);
	in = qw_buf_pending(&wire);
	assert_int_equal(mywire_packet_peek(in, 255, n, &p), 0);
	assert_int_equal(p.frames, n / FULL + 1);
	assert_int_equal(p.payload_bytes, n);
	assert_int_equal(p.wire_bytes, in.n - 5);
	assert_int_equal(mywire_packet_peek(in, 255, n - 1, &p), QW_E_LIMIT);
	for (size_t cut = 1; cut < 12 && cut <= in.n - 5; cut++)
		assert_int_equal(mywire_packet_peek(qw_bytes(in.p, in.n - 5 - cut), 255, n, &p),
			QW_E_INCOMPLETE);
	assert_int_equal(mywire_packet_peek(in, 255, n, &p), 0);
	if (p.frames > 1)
		assert_int_equal(p.payload.n, 0);
	assert_int_equal(mywire_packet_join(in, &p, &joined), 0);
	assert_bytes_equal(qw_buf_pending(&joined), qw_bytes(payload, n));
	qw_buf_fini(&wire);
	qw_buf_fini(&joined);
}

static void test_continuation(void **state)
{
	static const size_t sizes[] = {
		1, FULL - 1, FULL, FULL + 1, 2 * FULL - 1, 2 * FULL, 2 * FULL + 1};
	uint8_t *payload = make_payload(BIG);

	(void)state;
	for (size_t i = 0; i < QW_COUNT(sizes); i++)
		round_trip(payload, sizes[i]);
	free(payload);
}

static void test_second_frame_out_of_sequence(void **state)
{
	struct mywire_packet p;
	uint8_t *wire = calloc(1, FULL + 8);

	(void)state;
	assert_non_null(wire);
	memset(wire, 0xFF, 3);
	wire[FULL + 4] = 0;
	wire[FULL + 7] = 2;
	assert_int_equal(mywire_packet_peek(qw_bytes(wire, FULL + 8), 0, BIG, &p), QW_E_MALFORMED);
	wire[FULL + 7] = 1;
	assert_int_equal(mywire_packet_peek(qw_bytes(wire, FULL + 8), 0, BIG, &p), 0);
	assert_int_equal(p.frames, 2);
	free(wire);
}

/* Nothing half: what does not fit leaves the buffer and the number as they were. */
static void test_full_buffer(void **state)
{
	uint8_t *payload = make_payload(FULL);
	struct qw_buf out;
	uint8_t seq = 7;

	(void)state;
	qw_buf_init(&out, (size_t)FULL + 4 + 3);
	assert_int_equal(mywire_put_packet(&out, &seq, qw_bytes(payload, FULL)), QW_E_LIMIT);
	assert_int_equal(qw_buf_pending(&out).n, 0);
	assert_int_equal(seq, 7);
	assert_int_equal(mywire_put_packet(&out, &seq, qw_bytes(payload, FULL - 1)), 0);
	assert_int_equal(seq, 8);
	assert_int_equal(mywire_put_packet(&out, &seq, QW_LIT("a")), QW_E_LIMIT);
	assert_int_equal(qw_buf_pending(&out).n, FULL - 1 + 4);
	qw_buf_fini(&out);
	free(payload);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_frame),
		cmocka_unit_test(test_empty_packet),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_continuation),
		cmocka_unit_test(test_second_frame_out_of_sequence),
		cmocka_unit_test(test_full_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
