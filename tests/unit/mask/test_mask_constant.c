#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qw/mask.h"

#define NONE {NULL, 0}
#define B(s) {(const uint8_t *)(s), sizeof(s) - 1}

/* Binary forms as a PostgreSQL 15 sends them for the same literal. */
static const struct {
	uint32_t oid;
	int32_t modifier;
	const char *constant;
	struct qw_bytes text, binary;
} cases[] = {
	{25, -1, "hidden", B("hidden"), B("hidden")},
	{25, -1, "", B(""), B("")},
	{25, -1, "\xff", NONE, NONE},
	{25, -1, NULL, NONE, NONE},
	{1043, 4 + 3, "hidden", B("hid"), B("hid")},
	{1043, 4 + 3, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", B("\xc3\xa4\xc3\xb6\xc3\xbc"), B("\xc3\xa4\xc3\xb6\xc3\xbc")},
	{1042, 4 + 8, "h\xc3\xa4", B("h\xc3\xa4      "), B("h\xc3\xa4      ")},
	{19, -1, "a2345678901234567890123456789012345678901234567890123456789012\xc3\xa4",
		B("a2345678901234567890123456789012345678901234567890123456789012"),
		B("a2345678901234567890123456789012345678901234567890123456789012")},
	{18, -1, "hidden", B("h"), B("h")},
	{18, -1, "\xc3\xa4", NONE, NONE},
	{21, -1, "-32768", B("-32768"), B("\x80\x00")},
	{21, -1, "32767", B("32767"), B("\x7f\xff")},
	{21, -1, "32768", NONE, NONE},
	{21, -1, "-32769", NONE, NONE},
	{23, -1, "+42", B("42"), B("\0\0\0\x2a")},
	{23, -1, "-2147483648", B("-2147483648"), B("\x80\0\0\0")},
	{23, -1, "2147483648", NONE, NONE},
	{23, -1, "1.0", NONE, NONE},
	{23, -1, "", NONE, NONE},
	{23, -1, "-", NONE, NONE},
	{23, -1, "+-1", NONE, NONE},
	{23, -1, "12x", NONE, NONE},
	{23, -1, "hidden", NONE, NONE},
	{20, -1, "-9223372036854775808", B("-9223372036854775808"), B("\x80\0\0\0\0\0\0\0")},
	{20, -1, "9223372036854775807", B("9223372036854775807"), B("\x7f\xff\xff\xff\xff\xff\xff\xff")},
	{20, -1, "9223372036854775808", NONE, NONE},
	{20, -1, "99999999999999999999999999", NONE, NONE},
	{26, -1, "4294967295", B("4294967295"), B("\xff\xff\xff\xff")},
	{26, -1, "-1", NONE, NONE},
	{700, -1, "1.5", B("1.5"), B("\x3f\xc0\0\0")},
	{700, -1, "-0.1", B("-0.1"), B("\xbd\xcc\xcc\xcd")},
	{701, -1, "-0.1", B("-0.1"), B("\xbf\xb9\x99\x99\x99\x99\x99\x9a")},
	{701, -1, "123456789012345", B("123456789012345"), B("\x42\xdc\x12\x21\x83\x77\xde\x40")},
	{701, -1, "1234567890123456", NONE, NONE},
	{701, -1, "NaN", NONE, NONE},
	{1700, -1, "0", B("0"), B("\0\0\0\0\0\0\0\0")},
	{1700, -1, "0.00", B("0.00"), B("\0\0\0\0\0\0\0\2")},
	{1700, -1, "1", B("1"), B("\0\1\0\0\0\0\0\0\0\1")},
	{1700, -1, "-12345.678", B("-12345.678"), B("\0\3\0\1\x40\0\0\3\0\1\x09\x29\x1a\x7c")},
	{1700, -1, "0.0001", B("0.0001"), B("\0\1\xff\xff\0\0\0\4\0\1")},
	{1700, -1, "0.00001", B("0.00001"), B("\0\1\xff\xfe\0\0\0\5\x03\xe8")},
	{1700, -1, "10000", B("10000"), B("\0\1\0\1\0\0\0\0\0\1")},
	{1700, -1, "00010000.5", B("00010000.5"), B("\0\3\0\1\0\0\0\1\0\1\0\0\x13\x88")},
	{1700, -1, "1.", NONE, NONE},
	{1700, -1, ".5", NONE, NONE},
	{1700, -1, "1e5", NONE, NONE},
	{16, -1, "true", B("t"), B("\1")},
	{16, -1, "f", B("f"), B("\0")},
	{16, -1, "hidden", NONE, NONE},
	{1082, -1, "2000-01-01", B("2000-01-01"), B("\0\0\0\0")},
	{1082, -1, "1970-01-01", B("1970-01-01"), B("\xff\xff\xd5\x33")},
	{1082, -1, "2024-02-29", B("2024-02-29"), B("\0\0\x22\x79")},
	{1082, -1, "0001-01-01", B("0001-01-01"), B("\xff\xf4\xdb\xf9")},
	{1082, -1, "9999-12-31", B("9999-12-31"), B("\0\x2c\x95\xd3")},
	{1082, -1, "2023-02-29", NONE, NONE},
	{1082, -1, "1900-02-29", NONE, NONE},
	{1082, -1, "2023-13-01", NONE, NONE},
	{1082, -1, "2023-01-01 00:00:00", NONE, NONE},
	{1082, -1, "today", NONE, NONE},
	{1114, -1, "2000-01-02", B("2000-01-02 00:00:00"), B("\0\0\0\x14\x1d\xd7\x60\x00")},
	{1114, -1, "1999-12-31T23:59:59", B("1999-12-31 23:59:59"), B("\xff\xff\xff\xff\xff\xf0\xbd\xc0")},
	{1114, -1, "1999-12-31 24:00:00", NONE, NONE},
	{1114, -1, "1999-12-31 1", NONE, NONE},
	{1184, -1, "2000-01-01 00:00:01", B("2000-01-01 00:00:01+00"), B("\0\0\0\0\0\x0f\x42\x40")},
	{2950, -1, "12345678-1234-ABCD-abcd-000000000001", B("12345678-1234-ABCD-abcd-000000000001"),
		B("\x12\x34\x56\x78\x12\x34\xab\xcd\xab\xcd\0\0\0\0\0\1")},
	{2950, -1, "12345678-1234-ABCD-abcd-00000000000g", NONE, NONE},
	{2950, -1, "1234567812341234abcd0000000000010000", NONE, NONE},
	{2950, -1, "hidden", NONE, NONE},
	{114, -1, "hi\"\\\n\x1f\xc3\xa4", B("\"hi\\\"\\\\\\u000a\\u001f\xc3\xa4\""), B("\"hi\\\"\\\\\\u000a\\u001f\xc3\xa4\"")},
	{3802, -1, "hi", B("\"hi\""), B("\1\"hi\"")},
	{3802, -1, "", B("\"\""), B("\1\"\"")},
	{142, -1, "hidden", NONE, NONE},
	{17, -1, "hidden", NONE, NONE},
	{790, -1, "1", NONE, NONE},
	{1083, -1, "00:00:00", NONE, NONE},
	{1009, -1, "{}", B("{\"{}\"}"), B("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\2{}")},
	{1009, -1, "", B("{\"\"}"), B("\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\0")},
	{1007, -1, "7", B("{7}"), B("\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\1\0\0\0\1\0\0\0\4\0\0\0\7")},
	{1007, -1, "hidden", NONE, NONE},
	{1700, 4 + (4 << 16) + 2, "99", B("99"), B("\0\1\0\0\0\0\0\0\0\x63")},
	{1700, 4 + (4 << 16) + 2, "100", NONE, NONE},
	{16384, -1, "hidden", NONE, NONE},
};

static void check(size_t i, uint16_t format, struct qw_bytes expected)
{
	struct mask_spec spec = {.kind = MASK_CONSTANT, .constant = cases[i].constant};
	struct mask_column column = {
		.spec = &spec, .type_oid = cases[i].oid, .type_modifier = cases[i].modifier, .format = format};
	struct qw_buf out;
	struct qw_bytes got;
	bool is_null;

	qw_buf_init(&out, 1000);
	assert_int_equal(mask_value(&column, NULL, QW_LIT("1234567890"), &out, &is_null), 0);
	got = qw_buf_pending(&out);
	if (is_null != (expected.p == NULL) || !qw_bytes_equal(got, expected))
		fail_msg("type %u constant %s format %u", cases[i].oid, cases[i].constant, format);
	qw_buf_fini(&out);
}

static void test_constants(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		check(i, 0, cases[i].text);
		check(i, 1, cases[i].binary);
	}
}

static void test_longest_number(void **state)
{
	static char digits[300];
	struct mask_spec spec = {.kind = MASK_CONSTANT, .constant = digits};
	struct mask_column column = {.spec = &spec, .type_oid = 1700, .format = 1};
	struct qw_buf out;
	bool is_null;

	(void)state;
	qw_buf_init(&out, 1000);
	for (size_t point = 1; point < 128; point++) {
		memset(digits, '9', 129);
		digits[point] = '.';
		digits[129] = '\0';
		qw_buf_clear(&out);
		assert_int_equal(mask_value(&column, NULL, QW_LIT(""), &out, &is_null), 0);
		assert_false(is_null);
		assert_int_equal(out.n, 8 + 2 * ((point + 3) / 4 + (128 - point + 3) / 4));
	}
	memset(digits, '9', 129);
	assert_int_equal(mask_value(&column, NULL, QW_LIT(""), &out, &is_null), 0);
	assert_true(is_null);
	qw_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_longest_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
