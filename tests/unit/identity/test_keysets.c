/* Key sets and discovery documents: what is kept, what is left out, what makes the whole of it refused. */
#include "forge.h"
#include "qw/identity.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static char why[256];

/* The number of usable keys, or -1 when the set is refused. */
static int usable(const char *json)
{
	struct identity_keys *set = NULL;
	int err = identity_keys_parse(qw_bytes_from(json), &set, why, sizeof(why)), n = (int)identity_keys_count(set);

	assert_int_equal(err == 0, set != NULL);
	assert_int_equal(err == 0, why[0] == '\0');
	assert_int_equal(ERR_peek_error(), 0);
	identity_keys_free(set);
	return err ? -1 : n;
}

static int usable_jwks(const char *a, const char *b)
{
	char *json = forge_printf("{\"keys\":[%s%s%s],\"other\":1}", a, b ? "," : "", b ? b : "");
	int n = usable(json);

	free(json);
	return n;
}

static int usable_key(enum forge_key kind, const char *extra)
{
	EVP_PKEY *key = forge_key_new(kind);
	char *jwk = forge_jwk(key, extra);
	int n = usable_jwks(jwk, NULL);

	free(jwk);
	EVP_PKEY_free(key);
	return n;
}

static void test_kinds(void **state)
{
	(void)state;
	assert_int_equal(usable_key(FORGE_RSA, ""), 1);
	assert_int_equal(usable_key(FORGE_P256, ",\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"x\""), 1);
	assert_int_equal(usable_key(FORGE_P384, ",\"key_ops\":[\"verify\"]"), 1);
	assert_int_equal(usable_key(FORGE_P521, ""), 1);
	assert_int_equal(usable_key(FORGE_ED25519, ",\"alg\":\"Ed25519\""), 1);
	assert_int_equal(usable("{\"keys\":[]}"), 0);
}

static void test_left_out(void **state)
{
	(void)state;
	assert_int_equal(usable_key(FORGE_RSA, ",\"use\":\"enc\""), 0);
	assert_int_equal(usable_key(FORGE_RSA, ",\"use\":7"), 0);
	assert_int_equal(usable_key(FORGE_RSA, ",\"alg\":\"RSA-OAEP\""), 0);
	assert_int_equal(usable_key(FORGE_RSA, ",\"alg\":\"HS256\""), 0);
	assert_int_equal(usable_key(FORGE_RSA, ",\"alg\":7"), 0);
	assert_int_equal(usable_key(FORGE_RSA, ",\"key_ops\":[\"sign\",\"encrypt\"]"), 0);
	assert_int_equal(usable_key(FORGE_RSA_1024, ",\"use\":\"enc\""), 0);
	assert_int_equal(usable_jwks("{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}", NULL), 0);
	assert_int_equal(usable_jwks("{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AA\"}", NULL), 0);
	assert_int_equal(usable_jwks("{\"kty\":\"AKP\",\"alg\":\"ML-DSA-44\"}", NULL), 0);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"", "{}", "[]", "null", "{\"keys\":{}}", "{\"keys\":[1]}", "{\"keys\":[{}]}", "{\"keys\":[],\"keys\":[]}",
		"{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}", "{\"keys\":[{\"kty\":\"RSA\",\"k\":\"AAAA\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\"}]}", "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ==\",\"e\":\"AQAB\"}]}",
		"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
		"{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}]}", "{\"keys\":[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]}",
		"{\"keys\":[]}{", "{\"keys\":[]",
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(bad); i++)
		assert_int_equal(usable(bad[i]), -1);
	assert_int_equal(usable_key(FORGE_RSA_1024, ""), -1);
	assert_non_null(strstr(why, "1024 bits"));
	assert_int_equal(usable_key(FORGE_RSA, ",\"d\":\"AQAB\""), -1);
	assert_non_null(strstr(why, "private"));
	assert_int_equal(usable_key(FORGE_RSA, ",\"alg\":\"ES256\""), -1);
	assert_int_equal(usable_key(FORGE_P384, ",\"alg\":\"ES256\""), -1);
	assert_int_equal(usable_key(FORGE_RSA, ",\"kid\":7"), -1);
	assert_int_equal(usable_key(FORGE_RSA, ",\"kid\":\"\""), -1);
}

static void test_duplicate_kid(void **state)
{
	EVP_PKEY *a = forge_key_new(FORGE_P256), *b = forge_key_new(FORGE_ED25519);
	char *same_a = forge_jwk(a, ",\"kid\":\"k\""), *same_b = forge_jwk(b, ",\"kid\":\"k\"");
	char *enc = forge_jwk(b, ",\"kid\":\"k\",\"use\":\"enc\""), *none = forge_jwk(b, "");

	(void)state;
	assert_int_equal(usable_jwks(same_a, same_b), -1);
	assert_non_null(strstr(why, "same kid"));
	assert_int_equal(usable_jwks(same_a, enc), 1);
	assert_int_equal(usable_jwks(same_a, none), 2);
	assert_int_equal(usable_jwks(none, none), 2);
	free(same_a);
	free(same_b);
	free(enc);
	free(none);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}

/* A point that is not on the curve, and an exponent of 1, which would make every signature verify. */
static void test_bad_numbers(void **state)
{
	EVP_PKEY *key = forge_key_new(FORGE_P256), *rsa = forge_key_new(FORGE_RSA);
	char *jwk = forge_jwk(key, ""), *x = strstr(jwk, "\"x\":\"") + 5, *e;

	(void)state;
	x[3] = x[3] == 'A' ? 'B' : 'A';
	assert_int_equal(usable_jwks(jwk, NULL), -1);
	free(jwk);
	for (size_t i = 0; i < 3; i++) {
		jwk = forge_jwk(rsa, "");
		e = strstr(jwk, "\"e\":\"AQAB\"");
		assert_non_null(e);
		memcpy(e + 5, &"AAABAAADAQAA"[4 * i], 4); /* 1, 3, 65536 */
		assert_int_equal(usable_jwks(jwk, NULL), -1);
		free(jwk);
	}
	EVP_PKEY_free(key);
	EVP_PKEY_free(rsa);
}

static void test_sizes(void **state)
{
	char *big = forge_printf("{\"keys\":[],\"x\":\"%0262144d\"}", 1), *many = strdup("{\"keys\":["), *more;
	EVP_PKEY *key = forge_key_new(FORGE_ED25519);
	char *jwk = forge_jwk(key, "");
	struct identity_keys *set;

	(void)state;
	assert_int_equal(identity_keys_parse(qw_bytes_from(big), &set, why, sizeof(why)), QW_E_LIMIT);
	assert_null(set);
	for (size_t i = 0; i < 65; i++) {
		more = forge_printf("%s%s%s", many, i ? "," : "", jwk);
		free(many);
		many = more;
	}
	more = forge_printf("%s]}", many);
	assert_int_equal(usable(more), -1);
	assert_non_null(strstr(why, "more than 64"));
	identity_keys_free(NULL);
	assert_int_equal(identity_keys_count(NULL), 0);
	free(more);
	free(many);
	free(big);
	free(jwk);
	EVP_PKEY_free(key);
}

static int discover(const char *issuer, const char *uri, size_t size, char *out)
{
	char *json = forge_printf("{\"issuer\":\"%s\",\"jwks_uri\":\"%s\",\"x\":[1]}", issuer, uri);
	int err = identity_discovery_parse(qw_bytes_from(json), "https://id.example", out, size, why, sizeof(why));

	free(json);
	return err;
}

static void test_discovery(void **state)
{
	static const char *const uris[] = {
		"http://id.example/k", "HTTPS://id.example/k", "https://", "https:///k", "https://:443/k", "https://a@b/k", "file:///etc/k",
		"https://id.example/k#f", "https://id.example/ k", "https://id.example\\\\@evil", "https://id.ex\\u0001", "", "//id.example/k",
	};
	char out[128];

	(void)state;
	assert_int_equal(discover("https://id.example", "https://keys.example:8443/k?v=1", sizeof(out), out), 0);
	assert_string_equal(out, "https://keys.example:8443/k?v=1");
	for (size_t i = 0; i < QW_COUNT(uris); i++)
		assert_int_equal(discover("https://id.example", uris[i], sizeof(out), out), QW_E_MALFORMED);
	assert_int_equal(discover("https://id.example/", "https://k/", sizeof(out), out), QW_E_MALFORMED);
	assert_non_null(strstr(why, "another issuer"));
	assert_int_equal(discover("https://id.example", "https://keys.example/k", 22, out), QW_E_MALFORMED);
	assert_int_equal(discover("https://id.example", "https://keys.example/k", 23, out), 0);
	assert_int_equal(identity_discovery_parse(QW_LIT("{\"issuer\":\"https://id.example\"}"), "https://id.example", out,
		sizeof(out), NULL, 0), QW_E_MALFORMED);
	assert_int_equal(identity_discovery_parse(QW_LIT("[]"), "https://id.example", out, sizeof(out), NULL, 0), QW_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds), cmocka_unit_test(test_left_out), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_duplicate_kid), cmocka_unit_test(test_bad_numbers), cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_discovery),
	};
	return cmocka_run_group_tests_name("identity key sets", tests, NULL, NULL);
}
