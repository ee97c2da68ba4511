#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#include "qw/digest.h"

static void assert_hex(const uint8_t got[QW_DIGEST_BYTES], const char *expected)
{
	char hex[2 * QW_DIGEST_BYTES + 1];

	qw_hex(qw_bytes(got, QW_DIGEST_BYTES), hex);
	assert_string_equal(hex, expected);
}

/* FIPS 180-4 examples. */
static const struct {
	const char *in, *hex;
} sha_vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static void test_sha256_vectors(void **state)
{
	struct qw_digest *d = qw_digest_new();
	uint8_t out[QW_DIGEST_BYTES];

	(void)state;
	assert_non_null(d);
	for (size_t i = 0; i < QW_COUNT(sha_vectors); i++) {
		struct qw_bytes in = qw_bytes_from(sha_vectors[i].in);

		assert_int_equal(qw_sha256(in, out), 0);
		assert_hex(out, sha_vectors[i].hex);
		assert_int_equal(qw_digest_start(d), 0);
		for (size_t k = 0; k < in.n; k++)
			assert_int_equal(qw_digest_add(d, qw_bytes(in.p + k, 1)), 0);
		assert_int_equal(qw_digest_end(d, out), 0);
		assert_hex(out, sha_vectors[i].hex);
	}
	assert_int_equal(qw_sha256((struct qw_bytes){0}, out), 0);
	assert_hex(out, sha_vectors[0].hex);
	qw_digest_free(d);
}

static void test_digest_refuses_wrong_order(void **state)
{
	struct qw_digest *d = qw_digest_new();
	uint8_t out[QW_DIGEST_BYTES];

	(void)state;
	assert_int_equal(qw_digest_add(d, QW_LIT("a")), QW_E_STATE);
	assert_int_equal(qw_digest_end(d, out), QW_E_STATE);
	assert_int_equal(qw_digest_start(d), 0);
	assert_int_equal(qw_digest_add(d, QW_LIT("left over")), 0);
	assert_int_equal(qw_digest_start(d), 0); /* starts over */
	assert_int_equal(qw_digest_add(d, QW_LIT("abc")), 0);
	assert_int_equal(qw_digest_end(d, out), 0);
	assert_hex(out, sha_vectors[1].hex);
	assert_int_equal(qw_digest_end(d, out), QW_E_STATE);
	assert_int_equal(qw_digest_add(d, QW_LIT("a")), QW_E_STATE);
	qw_digest_free(d);
	qw_digest_free(NULL);
}

/* RFC 4231, cases 1, 2, 3 and 6. */
static void test_hmac_vectors(void **state)
{
	uint8_t key[131], msg[50], out[QW_DIGEST_BYTES];
	struct qw_hmac *h;

	(void)state;
	memset(key, 0x0b, 20);
	h = qw_hmac_new(qw_bytes(key, 20));
	assert_non_null(h);
	for (int i = 0; i < 3; i++) { /* the key survives its use */
		assert_int_equal(qw_hmac_compute(h, QW_LIT("Hi There"), out), 0);
		assert_hex(out, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	}
	qw_hmac_free(h);
	h = qw_hmac_new(QW_LIT("Jefe"));
	assert_int_equal(qw_hmac_compute(h, QW_LIT("what do ya want for nothing?"), out), 0);
	assert_hex(out, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	qw_hmac_free(h);
	memset(key, 0xaa, sizeof(key));
	memset(msg, 0xdd, sizeof(msg));
	h = qw_hmac_new(qw_bytes(key, 20));
	assert_int_equal(qw_hmac_compute(h, qw_bytes(msg, sizeof(msg)), out), 0);
	assert_hex(out, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	qw_hmac_free(h);
	h = qw_hmac_new(qw_bytes(key, sizeof(key)));
	assert_int_equal(
		qw_hmac_compute(
			h, QW_LIT("Test Using Larger Than Block-Size Key - Hash Key First"), out),
		0);
	assert_hex(out, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	qw_hmac_free(h);
	qw_hmac_free(NULL);
}

static void test_hmac_parts(void **state)
{
	struct qw_hmac *h = qw_hmac_new(QW_LIT("Jefe"));
	uint8_t whole[QW_DIGEST_BYTES], parts[QW_DIGEST_BYTES];

	(void)state;
	assert_int_equal(qw_hmac_compute(h, QW_LIT("abcdef"), whole), 0);
	assert_int_equal(qw_hmac_start(h), 0);
	assert_int_equal(qw_hmac_add(h, QW_LIT("forgotten")), 0);
	assert_int_equal(qw_hmac_start(h), 0);
	assert_int_equal(qw_hmac_add(h, QW_LIT("abc")), 0);
	assert_int_equal(qw_hmac_add(h, QW_LIT("")), 0);
	assert_int_equal(qw_hmac_add(h, QW_LIT("def")), 0);
	assert_int_equal(qw_hmac_end(h, parts), 0);
	assert_memory_equal(whole, parts, sizeof(whole));
	assert_int_equal(qw_hmac_compute(h, QW_LIT(""), parts), 0);
	assert_memory_not_equal(whole, parts, sizeof(whole));
	qw_hmac_free(h);
	assert_null(qw_hmac_new(QW_LIT("")));
	assert_null(qw_hmac_new((struct qw_bytes){0}));
}

static void *hash_many(void *arg)
{
	uint8_t out[QW_DIGEST_BYTES];

	for (int i = 0; i < 200; i++) {
		if (qw_sha256(QW_LIT("abc"), out) || out[0] != 0xba || out[31] != 0xad)
			return arg;
	}
	return NULL;
}

static void test_sha256_from_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < QW_COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_many, threads), 0);
	for (size_t i = 0; i < QW_COUNT(threads); i++) {
		void *failed = threads;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
}

static void test_random_and_wipe(void **state)
{
	static uint8_t a[5000], b[5000];
	static const uint8_t zero[5000];

	(void)state;
	assert_int_equal(qw_random(a, 0), 0);
	assert_memory_equal(a, zero, sizeof(a));
	assert_int_equal(qw_random(a, sizeof(a)), 0);
	assert_int_equal(qw_random(b, sizeof(b)), 0);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + sizeof(a) - 32, zero, 32); /* filled to the end */
	qw_wipe(a, sizeof(a));
	assert_memory_equal(a, zero, sizeof(a));
	qw_wipe(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256_vectors),
		cmocka_unit_test(test_digest_refuses_wrong_order),
		cmocka_unit_test(test_hmac_vectors),
		cmocka_unit_test(test_hmac_parts),
		cmocka_unit_test(test_sha256_from_threads),
		cmocka_unit_test(test_random_and_wipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
