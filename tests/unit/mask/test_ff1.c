#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "../../../src/mask/ff1.h"

/* NIST's published examples for SP 800-38G ("FF1 samples", 1 to 9). */
#define KEY16 "2B7E151628AED2A6ABF7158809CF4F3C"
#define KEY24 KEY16 "EF4359D8D580AA4F"
#define KEY32 KEY24 "7F036D6F04FC6A94"
#define TWEAK10 "39383736353433323130"
#define TWEAK11 "3737373770717273373737"
static const struct {
	const char *key, *tweak;
	unsigned radix;
	const char *plain, *cipher;
} samples[] = {
	{KEY16, "", 10, "0123456789", "2433477484"},
	{KEY16, TWEAK10, 10, "0123456789", "6124200773"},
	{KEY16, TWEAK11, 36, "0123456789abcdefghi", "a9tv40mll9kdu509eum"},
	{KEY24, "", 10, "0123456789", "2830668132"},
	{KEY24, TWEAK10, 10, "0123456789", "2496655549"},
	{KEY24, TWEAK11, 36, "0123456789abcdefghi", "xbj3kv35jrawxv32ysr"},
	{KEY32, "", 10, "0123456789", "6657667009"},
	{KEY32, TWEAK10, 10, "0123456789", "1001623463"},
	{KEY32, TWEAK11, 36, "0123456789abcdefghi", "xs8a0azh2avyalyzuwd"},
};
static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static struct qw_bytes unhex(const char *hex, uint8_t *out)
{
	assert_int_equal(qw_unhex(qw_bytes_from(hex), out), 0);
	return qw_bytes(out, strlen(hex) / 2);
}

static void test_samples(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(samples); i++) {
		uint8_t key[32], tweak[32], digits[32];
		struct qw_aes *aes = qw_aes_new(unhex(samples[i].key, key));
		struct qw_bytes t = unhex(samples[i].tweak, tweak);
		size_t n = strlen(samples[i].plain);

		assert_non_null(aes);
		for (size_t k = 0; k < n; k++)
			digits[k] = (uint8_t)(strchr(alphabet, samples[i].plain[k]) - alphabet);
		assert_int_equal(ff1_encrypt(aes, samples[i].radix, t, digits, n), 0);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(alphabet[digits[k]], samples[i].cipher[k]);
		assert_int_equal(ff1_decrypt(aes, samples[i].radix, t, digits, n), 0);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(alphabet[digits[k]], samples[i].plain[k]);
		qw_aes_free(aes);
	}
}

static struct qw_aes *any_key(void)
{
	struct qw_aes *aes = qw_aes_new(QW_LIT("0123456789abcdef0123456789abcdef"));

	assert_non_null(aes);
	return aes;
}

/* Every radix and length that fits: back comes what went in, and the digits stay digits. */
static void test_back_and_forth(void **state)
{
	struct qw_aes *aes = any_key();
	unsigned seed = 38, fitted = 0;

	(void)state;
	for (unsigned radix = 2; radix <= FF1_RADIX_MAX; radix++) {
		for (size_t n = 2; n <= 242; n++) {
			uint8_t digits[242], before[242], tweak[FF1_TWEAK_MAX];
			size_t t = (size_t)rand_r(&seed) % 40;

			if (!ff1_fits(radix, n))
				continue;
			fitted++;
			for (size_t i = 0; i < n; i++)
				before[i] = digits[i] = (uint8_t)((unsigned)rand_r(&seed) % radix);
			for (size_t i = 0; i < t; i++)
				tweak[i] = (uint8_t)rand_r(&seed);
			assert_int_equal(ff1_encrypt(aes, radix, qw_bytes(tweak, t), digits, n), 0);
			for (size_t i = 0; i < n; i++)
				assert_true(digits[i] < radix);
			assert_int_equal(ff1_decrypt(aes, radix, qw_bytes(tweak, t), digits, n), 0);
			assert_memory_equal(digits, before, n);
		}
	}
	assert_true(fitted > 2000);
	qw_aes_free(aes);
}

/* A permutation: no two of a million six-digit numbers meet. */
static void test_permutation(void **state)
{
	static uint8_t seen[1000000];
	struct qw_aes *aes = any_key();

	(void)state;
	for (unsigned x = 0; x < 1000000; x++) {
		uint8_t digits[6];
		unsigned y = 0, rest = x;

		for (int i = 5; i >= 0; i--, rest /= 10)
			digits[i] = (uint8_t)(rest % 10);
		assert_int_equal(ff1_encrypt(aes, 10, QW_LIT("t"), digits, 6), 0);
		for (int i = 0; i < 6; i++)
			y = y * 10 + digits[i];
		assert_false(seen[y]);
		seen[y] = 1;
	}
	qw_aes_free(aes);
}

static void test_numbers(void **state)
{
	static const uint64_t sizes[] = {1000000, 1000001, 1147483648, (uint64_t)1 << 32, (uint64_t)1 << 63, 9000000,
		(uint64_t)9000000000000000000u};
	struct qw_aes *aes = any_key();
	unsigned seed = 7;
	uint64_t x;

	(void)state;
	for (size_t s = 0; s < QW_COUNT(sizes); s++) {
		for (int round = 0; round < 3000; round++) {
			uint64_t before = (((uint64_t)rand_r(&seed) << 33) ^ ((uint64_t)rand_r(&seed) << 11) ^
						  (uint64_t)rand_r(&seed)) % sizes[s];

			if (round < 2)
				before = round ? sizes[s] - 1 : 0;
			x = before;
			assert_int_equal(ff1_number(aes, 3, sizes[s], &x), 0);
			assert_true(x < sizes[s]);
			assert_int_equal(ff1_number_back(aes, 3, sizes[s], &x), 0);
			assert_true(x == before);
		}
	}
	x = 5;
	assert_int_equal(ff1_number(aes, 3, 999999, &x), QW_E_UNSUPPORTED);
	assert_int_equal(ff1_number(aes, 3, 0, &x), QW_E_UNSUPPORTED);
	x = 1000000;
	assert_int_equal(ff1_number(aes, 3, 1000000, &x), QW_E_UNSUPPORTED);
	qw_aes_free(aes);
}

static void test_small_domains_are_refused(void **state)
{
	struct qw_aes *aes = any_key();
	uint8_t digits[300] = {0};

	(void)state;
	assert_false(ff1_fits(10, 5));
	assert_true(ff1_fits(10, 6));
	assert_true(ff1_fits(10, 72));
	assert_false(ff1_fits(10, 73));
	assert_false(ff1_fits(36, 3));
	assert_true(ff1_fits(36, 4));
	assert_true(ff1_fits(36, 46));
	assert_false(ff1_fits(36, 47));
	assert_true(ff1_fits(2, 240));
	assert_false(ff1_fits(2, 241));
	assert_false(ff1_fits(2, 19));
	assert_false(ff1_fits(1, 20));
	assert_false(ff1_fits(63, 20));
	assert_int_equal(ff1_encrypt(aes, 10, QW_LIT(""), digits, 5), QW_E_UNSUPPORTED);
	assert_int_equal(ff1_encrypt(aes, 10, qw_bytes(digits, FF1_TWEAK_MAX + 1), digits, 8), QW_E_UNSUPPORTED);
	assert_null(qw_aes_new(QW_LIT("")));
	assert_null(qw_aes_new(QW_LIT("17 bytes are none")));
	qw_aes_free(aes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_samples),
		cmocka_unit_test(test_back_and_forth),
		cmocka_unit_test(test_permutation),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_small_domains_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
