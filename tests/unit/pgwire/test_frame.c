#include "../../support/cmocka_qw.h"

#include "qw/pgwire.h"

static void test_header(void **state)
{
	struct pgwire_frame f;

	(void)state;
	assert_int_equal(pgwire_frame_peek(QW_LIT("Q\0\0\0\x0d"
						  "select 1"),
				 &f),
		0);
	assert_int_equal(f.type, 'Q');
	assert_int_equal(f.body_bytes, 9); /* the body need not be there yet */
	assert_int_equal(pgwire_frame_peek(QW_LIT("S\0\0\0\4"), &f), 0);
	assert_int_equal(f.body_bytes, 0);
	assert_int_equal(pgwire_frame_peek(QW_LIT("d\x7f\xff\xff\xff"), &f), 0);
	assert_true(f.body_bytes == 0x7ffffffb);
	for (size_t n = 0; n < PGWIRE_HEADER; n++)
		assert_int_equal(pgwire_frame_peek(qw_bytes("S\0\0\0\4", n), &f), QW_E_INCOMPLETE);
}

static void test_lengths_that_lie(void **state)
{
	static const char *const bad[] = {
		"Q\0\0\0\0", "Q\0\0\0\1", "Q\0\0\0\3", "Q\x80\0\0\0", "Q\xff\xff\xff\xff"};
	struct pgwire_frame f;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(bad); i++)
		assert_int_equal(
			pgwire_frame_peek(qw_bytes(bad[i], PGWIRE_HEADER), &f), QW_E_MALFORMED);
}

static void expect_first(
	struct qw_bytes in, int want, enum pgwire_first want_kind, uint32_t want_bytes)
{
	enum pgwire_first kind = PGWIRE_FIRST_TLS;
	uint32_t bytes = 0;

	assert_int_equal(pgwire_first_peek(in, &kind, &bytes), want);
	if (want)
		return;
	assert_int_equal(kind, want_kind);
	assert_int_equal(bytes, want_bytes);
}

static void test_first_packet(void **state)
{
	(void)state;
	expect_first(QW_LIT("\x16"), 0, PGWIRE_FIRST_TLS, 0);
	expect_first(QW_LIT("\0\0\0\x08\x04\xd2\x16\x2f"), 0, PGWIRE_FIRST_SSL_REQUEST, 8);
	expect_first(QW_LIT("\0\0\0\x08\x04\xd2\x16\x30"), 0, PGWIRE_FIRST_GSS_REQUEST, 8);
	expect_first(QW_LIT("\0\0\0\x10\x04\xd2\x16\x2e"), 0, PGWIRE_FIRST_CANCEL, 16);
	expect_first(QW_LIT("\0\0\x01\x0c\x04\xd2\x16\x2e"), 0, PGWIRE_FIRST_CANCEL, 268);
	expect_first(QW_LIT("\0\0\0\x09\0\3\0\0"), 0, PGWIRE_FIRST_STARTUP, 9);
	expect_first(QW_LIT("\0\0\x27\x14\0\3\0\2"), 0, PGWIRE_FIRST_STARTUP, 10004);
	expect_first(QW_LIT("\0\0\0\x08\0\2\0\0"), 0, PGWIRE_FIRST_STARTUP,
		8); /* the decoder refuses the version */
	expect_first(QW_LIT("\0\0\0\x08\x04\xd2\x16"), QW_E_INCOMPLETE, 0, 0);
	expect_first(QW_LIT(""), QW_E_INCOMPLETE, 0, 0);
	expect_first(qw_bytes(NULL, 0), QW_E_INCOMPLETE, 0, 0);
}

static void test_first_packet_that_lies(void **state)
{
	(void)state;
	expect_first(QW_LIT("\0\0\x27\x15\0\3\0\0"), QW_E_LIMIT, 0, 0);
	expect_first(QW_LIT("GET "), QW_E_LIMIT, 0, 0);
	expect_first(
		QW_LIT("G"), QW_E_LIMIT, 0, 0); /* nothing that may follow would be small enough */
	expect_first(QW_LIT("\xff\xff\xff\xff"), QW_E_LIMIT, 0, 0);
	expect_first(QW_LIT("\0\0\0\0"), QW_E_MALFORMED, 0, 0);
	expect_first(QW_LIT("\0\0\0\x07"), QW_E_MALFORMED, 0, 0);
	expect_first(QW_LIT("\0\0\0\x09\x04\xd2\x16\x2f"), QW_E_MALFORMED, 0, 0);
	expect_first(QW_LIT("\0\0\0\x0c\x04\xd2\x16\x30"), QW_E_MALFORMED, 0, 0);
	expect_first(
		QW_LIT("\0\0\0\x0f\x04\xd2\x16\x2e"), QW_E_MALFORMED, 0, 0); /* a key of 3 bytes */
	expect_first(QW_LIT("\0\0\x01\x0d\x04\xd2\x16\x2e"), QW_E_MALFORMED, 0, 0); /* of 257 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_lengths_that_lie),
		cmocka_unit_test(test_first_packet),
		cmocka_unit_test(test_first_packet_that_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
