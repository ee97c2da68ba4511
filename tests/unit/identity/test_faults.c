/* Memory that runs out and tokens that were touched: never a crash, never an acceptance. */
#include "forge.h"
#include "qw/identity.h"

#include <jansson.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define PAYLOAD "{\"iss\":\"https://id.example\",\"aud\":\"querywarden\",\"sub\":\"ann\",\"exp\":1800000600,\"iat\":1799999990," \
	"\"act\":{\"sub\":\"bot\"},\"groups\":[\"a\",\"b\",\"c\"]}"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif

static long left = -1; /* allocations until one fails; -1: none does */
static const char *algorithms[] = {"ES256"};
static const struct identity_issuer issuer = {
	.name = "corp", .issuer = "https://id.example", .audience = "querywarden", .algorithms = algorithms,
	.algorithm_count = 1, .lifetime_max_s = 86400, .skew_s = 30,
};
static EVP_PKEY *key;
static char *jwks, *token;
static char *access_token; /* typ at+jwt: libjwt is not asked */

static bool fails(void)
{
	return left >= 0 && left-- == 0;
}
static void *json_alloc(size_t n)
{
	return fails() ? NULL : malloc(n);
}
static void *crypto_alloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : malloc(n);
}
static void *crypto_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails() ? NULL : realloc(p, n);
}
static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

static int setup(void **state)
{
	char *jwk;

	(void)state;
	json_set_alloc_funcs(json_alloc, free);
	key = forge_key_new(FORGE_P256);
	jwk = forge_jwk(key, ",\"kid\":\"k\"");
	jwks = forge_printf("{\"keys\":[%s]}", jwk);
	token = forge_token(&(struct forge){FORGE_ECDSA, "SHA256", key, {0}}, "{\"alg\":\"ES256\",\"kid\":\"k\"}", PAYLOAD);
	access_token = forge_token(&(struct forge){FORGE_ECDSA, "SHA256", key, {0}},
		"{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"at+jwt\"}", PAYLOAD);
	free(jwk);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	EVP_PKEY_free(key);
	free(jwks);
	free(token);
	free(access_token);
	return 0;
}

static enum identity_verdict verify(const struct identity_keys *set, size_t arena_max, const char *text)
{
	struct qw_arena arena;
	struct principal p;
	enum identity_verdict v;

	qw_arena_init(&arena, arena_max);
	v = identity_verify(&issuer, set, qw_bytes_from(text), 1800000000, &arena, &p, NULL, 0);
	if (v == IDENTITY_ACCEPTED)
		assert_true(p.subject && p.actor && p.issuer && p.issuer_name && p.claim_count == 9);
	else
		assert_true(!p.subject && !p.claims);
	qw_arena_fini(&arena);
	return v;
}

static struct identity_keys *parse(void)
{
	struct identity_keys *set;

	(void)!identity_keys_parse(qw_bytes_from(jwks), &set, NULL, 0);
	return set;
}

static void test_arena(void **state)
{
	struct identity_keys *set = parse();
	size_t first = 0;

	(void)state;
	for (size_t max = 0; max <= 2048; max += 16) {
		enum identity_verdict v = verify(set, max, token);

		assert_int_not_equal(v, IDENTITY_UNKNOWN_KEY);
		if (v == IDENTITY_ACCEPTED && !first)
			first = max;
		assert_int_equal(v == IDENTITY_ACCEPTED, first != 0);
	}
	assert_true(first > 256);
	identity_keys_free(set);
}

static void fail_each_allocation(const struct identity_keys *set, const char *text)
{
	enum identity_verdict v;
	long n = 0;

	assert_int_equal(verify(set, 4096, text), IDENTITY_ACCEPTED); /* lazily made things are made */
	for (bool ran_out = true; ran_out && n < 5000; n++) {
		left = n;
		v = verify(set, 4096, text);
		ran_out = left < 0;
		left = -1;
		assert_true(v == IDENTITY_ACCEPTED || v == IDENTITY_REFUSED);
	}
	assert_in_range(n, 20, 4999);
	assert_int_equal(verify(set, 4096, text), IDENTITY_ACCEPTED);
}

/*
 * libjwt itself asks for -1 bytes when i2d_ECDSA_SIG() fails (and copes with the NULL), and loses one of two numbers when
 * the other could not be made. The address sanitizer would stop at these, so there libjwt is left out.
 */
static void test_allocations_of_verify(void **state)
{
	struct identity_keys *set = parse();

	(void)state;
	fail_each_allocation(set, access_token);
	if (!WITH_ASAN)
		fail_each_allocation(set, token);
	identity_keys_free(set);
}

/* A bad signature stays bad, whatever fails on the way. */
static void test_allocations_of_a_forgery(void **state)
{
	struct identity_keys *set = parse();
	char *bad = strdup(access_token), *last = strrchr(bad, '.') + 40;
	bool ran_out = true;

	(void)state;
	*last = *last == 'A' ? 'B' : 'A';
	for (long n = 0; ran_out && n < 5000; n++) {
		left = n;
		assert_int_equal(verify(set, 4096, bad), IDENTITY_REFUSED);
		ran_out = left < 0;
		left = -1;
	}
	assert_false(ran_out);
	free(bad);
	identity_keys_free(set);
}

static void test_allocations_of_parse(void **state)
{
	struct identity_keys *set;
	long n = 0;

	(void)state;
	for (bool ran_out = true; ran_out && n < 5000; n++) {
		left = n;
		set = parse();
		ran_out = left < 0;
		left = -1;
		identity_keys_free(set);
	}
	assert_in_range(n, 20, 4999);
}

/* Any other character anywhere in the token, and any cut of it, is refused (or names another key). */
static void test_touched(void **state)
{
	struct identity_keys *set = parse();
	const size_t n = strlen(token);
	char *copy = strdup(token);
	uint32_t seed = 11;

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (int k = 0; k < 4; k++) {
			seed = seed * 1664525 + 1013904223;
			copy[i] = k == 3 ? (char)(seed >> 24) : "AB."[k];
			if (copy[i] != token[i])
				assert_int_not_equal(verify(set, 4096, copy), IDENTITY_ACCEPTED);
			copy[i] = token[i];
		}
	for (size_t i = 0; i < n; i++) {
		copy[i] = '\0';
		assert_int_equal(verify(set, 4096, copy), IDENTITY_REFUSED);
		copy[i] = token[i];
	}
	assert_int_equal(verify(set, 4096, copy), IDENTITY_ACCEPTED);
	free(copy);
	identity_keys_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_allocations_of_verify),
		cmocka_unit_test(test_allocations_of_a_forgery),
		cmocka_unit_test(test_allocations_of_parse),
		cmocka_unit_test(test_touched),
	};

	if (CRYPTO_set_mem_functions(crypto_alloc, crypto_realloc, crypto_free) != 1)
		return 1;
	return cmocka_run_group_tests_name("identity faults", tests, setup, teardown);
}
