#include "../../support/cmocka_qw.h"

#include "qw/mywire.h"

enum { TEXT_MAX = 1000 };
#define EXECUTE "\x17\7\0\0\0\0\1\0\0\0"

static void expect_text(
	struct qw_bytes payload, uint16_t parameters, size_t max, struct qw_bytes expected)
{
	struct mywire_statement s = {.parameter_count = parameters};
	struct mywire_execute e;
	struct qw_buf out;

	qw_buf_init(&out, TEXT_MAX);
	assert_int_equal(mywire_execute_decode(payload, &s, &e), 0);
	assert_int_equal(mywire_execute_text(&e, &out, max), 0);
	assert_bytes_equal(qw_buf_pending(&out), expected);
	qw_buf_fini(&out);
}

static void test_numbers(void **state)
{
	(void)state;
	expect_text(QW_LIT(EXECUTE "\0\1"
				   "\1\0\1\x80\2\0\3\x80"
				   "\xff\xff\0\x80\xff\xff\xff\xff"),
		4, TEXT_MAX, QW_LIT("?1 = -1, ?2 = 255, ?3 = -32768, ?4 = 4294967295"));
	expect_text(QW_LIT(EXECUTE "\0\1"
				   "\x08\0\x08\x80"
				   "\0\0\0\0\0\0\0\x80\xff\xff\xff\xff\xff\xff\xff\xff"),
		2, TEXT_MAX, QW_LIT("?1 = -9223372036854775808, ?2 = 18446744073709551615"));
	expect_text(QW_LIT(EXECUTE "\0\1"
				   "\4\0\5\0"
				   "\0\0\xc0\x3f\0\0\0\0\0\0\xf8\xbf"),
		2, TEXT_MAX, QW_LIT("?1 = 1.5, ?2 = -1.5"));
}

static void test_strings(void **state)
{
	(void)state;
	expect_text(QW_LIT(EXECUTE "\4\1"
				   "\xfd\0\xfc\0\xfd\0\xf6\0"
				   "\4it's\2\0\xff\3"
				   "1.5"),
		4, TEXT_MAX, QW_LIT("?1 = 'it''s', ?2 = x'00ff', ?3 = NULL, ?4 = '1.5'"));
}

static void test_times(void **state)
{
	(void)state;
	expect_text(QW_LIT(EXECUTE "\0\1"
				   "\x0a\0\x0c\0\x07\0\x0a\0"
				   "\4\xea\7\1\2\7\xea\7\1\2\3\4\5\x0b\xea\7\1\2\3\4\5\1\0\0\0\0"),
		4, TEXT_MAX,
		QW_LIT("?1 = '2026-01-02', ?2 = '2026-01-02 03:04:05', ?3 = '2026-01-02 "
		       "03:04:05.000001', ?4 = '0000-00-00'"));
	expect_text(QW_LIT(EXECUTE "\0\1"
				   "\x0b\0\x0b\0\x0b\0"
				   "\0\x08\1\1\0\0\0\2\3\4\x0c\0\0\0\0\0\1\2\3\x40\x42\x0f\0"),
		3, TEXT_MAX, QW_LIT("?1 = '00:00:00', ?2 = '-26:03:04', ?3 = '01:02:03.1000000'"));
}

static void test_cut(void **state)
{
	(void)state;
	expect_text(QW_LIT(EXECUTE "\0\1"
				   "\xfd\0"
				   "\x0a"
				   "0123456789"),
		1, 10, QW_LIT("?1 = '0..."));
	expect_text(QW_LIT(EXECUTE "\0\1"
				   "\xfd\0"
				   "\6\xe2\x82\xac\xe2\x82\xac"),
		1, 12, QW_LIT("?1 = '\xe2\x82\xac..."));
	expect_text(QW_LIT(EXECUTE "\0\1"
				   "\xfd\0"
				   "\6\xe2\x82\xac\xe2\x82\xac"),
		1, 11, QW_LIT("?1 = '..."));
	expect_text(QW_LIT(EXECUTE), 0, 0, QW_LIT(""));
}

static void test_long_data_and_no_room(void **state)
{
	const struct qw_bytes long_data[1] = {QW_LIT("long")};
	struct mywire_statement s = {.parameter_count = 1, .long_data = long_data};
	struct mywire_execute e;
	struct qw_buf out;

	(void)state;
	qw_buf_init(&out, 5);
	assert_int_equal(mywire_execute_decode(QW_LIT(EXECUTE "\0\1\xfc\0"), &s, &e), 0);
	assert_int_equal(mywire_execute_text(&e, &out, TEXT_MAX), QW_E_LIMIT);
	assert_int_equal(qw_buf_pending(&out).n, 0);
	qw_buf_fini(&out);
	qw_buf_init(&out, 50);
	assert_int_equal(mywire_execute_text(&e, &out, TEXT_MAX), 0);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("?1 = 'long'"));
	qw_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_long_data_and_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
