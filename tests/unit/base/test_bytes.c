#include "../../support/cmocka_qw.h"
#include "alloc_fail.h"

static void test_equality(void **state)
{
	(void)state;
	assert_true(qw_bytes_equal(qw_bytes(NULL, 0), QW_LIT("")));
	assert_true(qw_bytes_equal_consttime(qw_bytes(NULL, 0), QW_LIT("")));
	assert_true(qw_bytes_equal_consttime(QW_LIT("a\0b"), QW_LIT("a\0b")));
	assert_false(qw_bytes_equal_consttime(QW_LIT("a\0b"), QW_LIT("a\0c")));
	assert_false(qw_bytes_equal_consttime(QW_LIT("\x80zz"), QW_LIT("\0zz")));
	assert_false(qw_bytes_equal_consttime(QW_LIT("ab"), QW_LIT("a")));
	assert_false(qw_bytes_equal(QW_LIT("ab"), QW_LIT("ax")));
	assert_int_equal(qw_bytes_from(NULL).n, 0);
}

static void test_utf8_good(void **state)
{
	static const char *const good[] = {"", "abc", "\x7f", "\xc2\x80", "\xdf\xbf",
		"\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf", "a\xc3\xa9z"};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(good); i++)
		assert_true(qw_utf8_valid(qw_bytes_from(good[i])));
	assert_true(qw_utf8_valid(qw_bytes(NULL, 0)));
}

static void test_utf8_bad(void **state)
{
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\xaf", "\xc1\xbf", "\xc2", "\xc2z",
		"\xe0\x9f\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82",
		"\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
		"\xfe", "abc\x80"};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(bad); i++)
		assert_false(qw_utf8_valid(qw_bytes_from(bad[i])));
	assert_false(qw_utf8_valid(QW_LIT("a\0b")));
}

/* All two-, three- and four-byte strings against the definition: decode, then compare with the
 * shortest encoding. */
static bool utf8_by_definition(const uint8_t *p, size_t n)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t v = n == 2 ? p[0] & 0x1Fu : n == 3 ? p[0] & 0x0Fu : p[0] & 0x07u;
	uint8_t lead = n == 2	? 0xC0
		       : n == 3 ? 0xE0
				: 0xF0,
		mask = n == 2	? 0xE0
		       : n == 3 ? 0xF0
				: 0xF8;

	if ((p[0] & mask) != lead)
		return false;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return false;
		v = v << 6 | (p[i] & 0x3Fu);
	}
	return v >= smallest[n] && v <= 0x10FFFF && (v < 0xD800 || v > 0xDFFF);
}

static void test_utf8_all_short_sequences(void **state)
{
	static const uint8_t tails[] = {0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0};
	uint8_t p[4];

	(void)state;
	for (unsigned lead = 0xC0; lead < 0x100; lead++) {
		size_t n = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

		for (unsigned i = 0; i < 512; i++) {
			p[0] = (uint8_t)lead;
			p[1] = tails[i & 7];
			p[2] = tails[(i >> 3) & 7];
			p[3] = tails[(i >> 6) & 7];
			assert_int_equal(qw_utf8_valid(qw_bytes(p, n)), utf8_by_definition(p, n));
		}
	}
}

static void test_hex(void **state)
{
	uint8_t out[4];
	char text[9];

	(void)state;
	qw_hex(QW_LIT("\x00\xff\x1a\x90"), text);
	assert_string_equal(text, "00ff1a90");
	assert_int_equal(qw_unhex(QW_LIT("00fF1A90"), out), 0);
	assert_memory_equal(out, "\x00\xff\x1a\x90", 4);
	assert_int_equal(qw_unhex(QW_LIT(""), out), 0);
	assert_int_equal(qw_unhex(QW_LIT("0"), out), QW_E_MALFORMED);
	assert_int_equal(qw_unhex(QW_LIT("0g"), out), QW_E_MALFORMED);
	assert_int_equal(qw_unhex(QW_LIT("@0"), out), QW_E_MALFORMED);
	qw_hex(QW_LIT(""), text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_utf8_good),
		cmocka_unit_test(test_utf8_bad),
		cmocka_unit_test(test_utf8_all_short_sequences),
		cmocka_unit_test(test_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
