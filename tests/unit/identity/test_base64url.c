#include "private.h"
#include "forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static int decode(const char *in, uint8_t *out, size_t size, size_t *n)
{
	return identity_base64url_decode(qw_bytes_from(in), out, size, n);
}

static void test_rfc_vector(void **state)
{
	const uint8_t want[] = {3, 236, 255, 224, 193}; /* RFC 7515, appendix C */
	uint8_t got[8];
	size_t n = 0;

	(void)state;
	assert_int_equal(decode("A-z_4ME", got, sizeof(got), &n), 0);
	assert_int_equal(n, sizeof(want));
	assert_memory_equal(got, want, n);
}

static void test_only_canonical(void **state)
{
	static const char *const bad[] = {"A", "AA==", "AB", "A-z_4MF", "A+z/4ME", "A z_4ME", "AAAAA", "AAA=", "\xC3\xA9zz", "AA\n"};
	uint8_t got[16];
	size_t n;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(bad); i++)
		assert_int_equal(decode(bad[i], got, sizeof(got), &n), QW_E_MALFORMED);
	assert_int_equal(identity_base64url_decode(qw_bytes("AA\0A", 4), got, sizeof(got), &n), QW_E_MALFORMED);
	assert_int_equal(decode("AAAA", got, 2, &n), QW_E_LIMIT);
	assert_int_equal(decode("", got, 0, &n), 0);
	assert_int_equal(n, 0);
}

/* Decode after encode is identity, and no other last character gives the same bytes. */
static void test_round_trip(void **state)
{
	uint8_t in[64], out[64];
	uint32_t seed = 7;
	size_t n;

	(void)state;
	for (size_t len = 1; len <= sizeof(in); len++) {
		char *text, last;

		for (size_t i = 0; i < len; i++)
			in[i] = (uint8_t)((seed = seed * 1664525 + 1013904223) >> 24);
		text = forge_base64url(qw_bytes(in, len));
		assert_int_equal(decode(text, out, sizeof(out), &n), 0);
		assert_int_equal(n, len);
		assert_memory_equal(in, out, n);
		last = text[strlen(text) - 1];
		for (int c = 1; c < 256; c++) {
			text[strlen(text) - 1] = (char)c;
			if ((char)c != last && decode(text, out, sizeof(out), &n) == 0)
				assert_true(n != len || memcmp(in, out, n) != 0);
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_vector),
		cmocka_unit_test(test_only_canonical),
		cmocka_unit_test(test_round_trip),
	};
	return cmocka_run_group_tests_name("identity base64url", tests, NULL, NULL);
}
