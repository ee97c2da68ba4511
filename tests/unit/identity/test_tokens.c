/* Tokens, good ones and forged ones of every kind (RFC 8725), against one issuer with a key of every type. */
#include "forge.h"
#include "qw/identity.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define NOW "1800000000"
#define EXP "\"exp\":1800000600"
#define IAT "\"iat\":1799999990"
#define WHO "\"iss\":\"https://id.example\",\"aud\":\"querywarden\",\"sub\":\"ann\""
#define GOOD "{" WHO "," EXP "," IAT "}"
#define RS "{\"alg\":\"RS256\",\"kid\":\"rsa\"}"

static const int64_t now = 1800000000;
static EVP_PKEY *rsa, *rsa_other, *p256, *p384, *p521, *ed;
static struct identity_keys *keys;
static struct qw_arena arena;
static struct principal who;
static char why[256];

static const char *algorithms[] = {"RS256", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA"};
static struct identity_issuer issuer = {
	.name = "corp", .issuer = "https://id.example", .audience = "querywarden", .algorithms = algorithms,
	.algorithm_count = QW_COUNT(algorithms), .lifetime_max_s = 86400, .skew_s = 30,
};

static struct identity_keys *set_of(size_t n, EVP_PKEY *const *list, const char *const *extra)
{
	struct identity_keys *set;
	char *text = strdup("{\"keys\":["), *jwk, *more;

	for (size_t i = 0; i < n; i++) {
		jwk = forge_jwk(list[i], extra[i]);
		more = forge_printf("%s%s%s", text, i ? "," : "", jwk);
		free(jwk);
		free(text);
		text = more;
	}
	more = forge_printf("%s]}", text);
	assert_int_equal(identity_keys_parse(qw_bytes_from(more), &set, why, sizeof(why)), 0);
	free(text);
	free(more);
	return set;
}

static int setup(void **state)
{
	(void)state;
	rsa = forge_key_new(FORGE_RSA);
	rsa_other = forge_key_new(FORGE_RSA);
	p256 = forge_key_new(FORGE_P256);
	p384 = forge_key_new(FORGE_P384);
	p521 = forge_key_new(FORGE_P521);
	ed = forge_key_new(FORGE_ED25519);
	keys = set_of(5, (EVP_PKEY *[]){rsa, p256, p384, p521, ed},
		(const char *[]){",\"kid\":\"rsa\"", ",\"kid\":\"p256\"", ",\"kid\":\"p384\"", ",\"kid\":\"p521\"",
			",\"kid\":\"ed\""});
	qw_arena_init(&arena, 1 << 20);
	return 0;
}

static int teardown(void **state)
{
	EVP_PKEY *all[] = {rsa, rsa_other, p256, p384, p521, ed};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(all); i++)
		EVP_PKEY_free(all[i]);
	identity_keys_free(keys);
	qw_arena_fini(&arena);
	return 0;
}

static enum identity_verdict verify_with(const struct identity_keys *set, const char *token)
{
	qw_arena_reset(&arena);
	return identity_verify(&issuer, set, qw_bytes_from(token), now, &arena, &who, why, sizeof(why));
}

/* A refusal says why, gives no principal, and leaves nothing in libcrypto's queue for the TLS code to trip over. */
static void expect(enum identity_verdict want, const char *part_of_why, char *token)
{
	const enum identity_verdict got = verify_with(keys, token);

	if (got != want || (part_of_why && !strstr(why, part_of_why)))
		print_error("want %d (%s), got %d: %s\n", want, part_of_why ? part_of_why : "", got, why);
	assert_int_equal(got, want);
	if (part_of_why)
		assert_non_null(strstr(why, part_of_why));
	if (want != IDENTITY_ACCEPTED)
		assert_true(!who.subject && !who.claims && who.claim_count == 0 && who.expires_at == 0);
	assert_int_equal(ERR_peek_error(), 0);
	free(token);
}

static char *by_rsa(const char *header, const char *payload)
{
	return forge_token(&(struct forge){FORGE_PKCS1, "SHA256", rsa, {0}}, header, payload);
}

static void test_every_algorithm(void **state)
{
	const struct {
		const char *header;
		struct forge how;
	} all[] = {
		{"{\"alg\":\"RS256\",\"kid\":\"rsa\"}", {FORGE_PKCS1, "SHA256", rsa, {0}}},
		{"{\"alg\":\"RS512\",\"kid\":\"rsa\",\"typ\":\"JWT\"}", {FORGE_PKCS1, "SHA512", rsa, {0}}},
		{"{\"alg\":\"PS256\",\"kid\":\"rsa\",\"typ\":\"jwt\"}", {FORGE_PSS, "SHA256", rsa, {0}}},
		{"{\"alg\":\"ES256\",\"kid\":\"p256\",\"typ\":\"JWT\"}", {FORGE_ECDSA, "SHA256", p256, {0}}},
		{"{\"alg\":\"ES256\",\"kid\":\"p256\",\"typ\":\"at+jwt\"}", {FORGE_ECDSA, "SHA256", p256, {0}}},
		{"{\"alg\":\"ES384\",\"kid\":\"p384\"}", {FORGE_ECDSA, "SHA384", p384, {0}}},
		{"{\"alg\":\"ES512\",\"kid\":\"p521\"}", {FORGE_ECDSA, "SHA512", p521, {0}}},
		{"{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"typ\":\"application/at+jwt\"}", {FORGE_EDDSA, NULL, ed, {0}}},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(all); i++) {
		expect(IDENTITY_ACCEPTED, NULL, forge_token(&all[i].how, all[i].header, GOOD));
		assert_string_equal(who.subject, "ann");
		assert_string_equal(why, "");
	}
}

static const char *claim(const char *name, size_t nth)
{
	for (size_t i = 0; i < who.claim_count; i++)
		if (strcmp(who.claims[i].name, name) == 0 && nth-- == 0)
			return who.claims[i].value;
	return NULL;
}

static void test_principal(void **state)
{
	static const char payload[] = "{" WHO "," EXP "," IAT ",\"nbf\":" NOW ",\"jti\":\"t-1\",\"act\":{\"sub\":\"bot-7\"},"
		"\"realm\":{\"roles\":[\"a\",\"b\",null,[\"x\"],{\"y\":1},3]},\"admin\":false,\"ok\":true,\"f\":1.5,"
		"\"deep\":{\"er\":{\"n\":-2}},\"none\":null,\"empty\":[],\"https://x.example/g\":\"q\"}";
	uint8_t digest[32];

	(void)state;
	expect(IDENTITY_ACCEPTED, NULL, by_rsa(RS, payload));
	assert_string_equal(who.issuer_name, "corp");
	assert_string_equal(who.issuer, "https://id.example");
	assert_string_equal(who.subject, "ann");
	assert_string_equal(who.actor, "bot-7");
	assert_string_equal(who.token_id, "t-1");
	assert_int_equal(who.expires_at, 1800000600);
	assert_int_equal(who.issued_at, 1799999990);
	assert_int_equal(EVP_Digest(payload, sizeof(payload) - 1, digest, NULL, EVP_sha256(), NULL), 1);
	assert_memory_equal(who.claims_digest, digest, 32);
	assert_string_equal(claim("realm.roles", 0), "a");
	assert_string_equal(claim("realm.roles", 1), "b");
	assert_string_equal(claim("realm.roles", 2), "3");
	assert_null(claim("realm.roles", 3));
	assert_string_equal(claim("admin", 0), "false");
	assert_string_equal(claim("ok", 0), "true");
	assert_string_equal(claim("f", 0), "1.5");
	assert_string_equal(claim("deep.er.n", 0), "-2");
	assert_string_equal(claim("act.sub", 0), "bot-7");
	assert_string_equal(claim("sub", 0), "ann");
	assert_string_equal(claim("exp", 0), "1800000600");
	assert_string_equal(claim("https://x.example/g", 0), "q");
	assert_null(claim("none", 0));
	assert_int_equal(who.claim_count, 16);
}

static void test_audience_list(void **state)
{
	(void)state;
	expect(IDENTITY_ACCEPTED, NULL, by_rsa(RS, "{\"iss\":\"https://id.example\",\"aud\":[\"x\",\"querywarden\"],\"sub\":\"ann\","
		EXP "," IAT "}"));
	assert_null(who.actor);
	assert_null(who.token_id);
}

static const struct {
	const char *why, *payload;
} bad_claims[] = {
	{"iss", "{\"iss\":\"https://id.example/\",\"aud\":\"querywarden\",\"sub\":\"ann\"," EXP "," IAT "}"},
	{"iss", "{\"iss\":\"HTTPS://id.example\",\"aud\":\"querywarden\",\"sub\":\"ann\"," EXP "," IAT "}"},
	{"iss", "{\"iss\":[\"https://id.example\"],\"aud\":\"querywarden\",\"sub\":\"ann\"," EXP "," IAT "}"},
	{"iss", "{\"aud\":\"querywarden\",\"sub\":\"ann\"," EXP "," IAT "}"},
	{"aud", "{\"iss\":\"https://id.example\",\"aud\":\"querywarden2\",\"sub\":\"ann\"," EXP "," IAT "}"},
	{"aud", "{\"iss\":\"https://id.example\",\"aud\":\"Querywarden\",\"sub\":\"ann\"," EXP "," IAT "}"},
	{"aud", "{\"iss\":\"https://id.example\",\"aud\":[],\"sub\":\"ann\"," EXP "," IAT "}"},
	{"aud", "{\"iss\":\"https://id.example\",\"aud\":[\"querywarden\",1],\"sub\":\"ann\"," EXP "," IAT "}"},
	{"aud", "{\"iss\":\"https://id.example\",\"aud\":{\"querywarden\":1},\"sub\":\"ann\"," EXP "," IAT "}"},
	{"aud", "{\"iss\":\"https://id.example\",\"sub\":\"ann\"," EXP "," IAT "}"},
	{"sub", "{\"iss\":\"https://id.example\",\"aud\":\"querywarden\",\"sub\":\"\"," EXP "," IAT "}"},
	{"sub", "{\"iss\":\"https://id.example\",\"aud\":\"querywarden\",\"sub\":7," EXP "," IAT "}"},
	{"sub", "{\"iss\":\"https://id.example\",\"aud\":\"querywarden\",\"sub\":\"a\\nb\"," EXP "," IAT "}"},
	{"sub", "{\"iss\":\"https://id.example\",\"aud\":\"querywarden\"," EXP "," IAT "}"},
	{"exp", "{" WHO "," IAT "}"},
	{"whole number", "{" WHO ",\"exp\":\"1800000600\"," IAT "}"},
	{"whole number", "{" WHO ",\"exp\":1800000600.0," IAT "}"},
	{"whole number", "{" WHO ",\"exp\":1.8e9," IAT "}"},
	{"whole number", "{" WHO ",\"exp\":null," IAT "}"},
	{"whole number", "{" WHO ",\"exp\":true," IAT "}"},
	{"whole number", "{" WHO ",\"exp\":-1," IAT "}"},
	{"whole number", "{" WHO ",\"exp\":9223372036854775807," IAT "}"},
	{"strict JSON", "{" WHO ",\"exp\":9223372036854775808," IAT "}"},
	{"strict JSON", "{" WHO ",\"exp\":1e999," IAT "}"},
	{"expired 30 s", "{" WHO ",\"exp\":1799999970,\"iat\":1799999000}"},
	{"expired", "{" WHO ",\"exp\":0,\"iat\":1799999000}"},
	{"nbf", "{" WHO "," EXP "," IAT ",\"nbf\":1800000031}"},
	{"nbf", "{" WHO "," EXP "," IAT ",\"nbf\":\"" NOW "\"}"},
	{"iat", "{" WHO "," EXP ",\"iat\":1800000031}"},
	{"iat", "{" WHO "," EXP ",\"iat\":1799999990.5}"},
	{"iat is missing", "{" WHO "," EXP "}"},
	{"before it was issued", "{" WHO ",\"exp\":1800000010,\"iat\":1800000010}"},
	{"lives 86401 s", "{" WHO ",\"exp\":1800086390,\"iat\":1799999989}"},
	{"cnf", "{" WHO "," EXP "," IAT ",\"cnf\":{\"jkt\":\"x\"}}"},
	{"cnf", "{" WHO "," EXP "," IAT ",\"cnf\":null}"},
	{"act", "{" WHO "," EXP "," IAT ",\"act\":\"bot\"}"},
	{"act", "{" WHO "," EXP "," IAT ",\"act\":{}}"},
	{"act", "{" WHO "," EXP "," IAT ",\"act\":{\"sub\":\"\"}}"},
	{"act", "{" WHO "," EXP "," IAT ",\"act\":null}"},
	{"jti", "{" WHO "," EXP "," IAT ",\"jti\":1}"},
	{"strict JSON", "{" WHO "," EXP "," IAT ",\"sub\":\"root\"}"},
	{"strict JSON", "{" WHO "," EXP "," IAT ",\"x\":{\"a\":1,\"a\":2}}"},
	{"strict JSON", "{" WHO "," EXP "," IAT ",\"s\\u0075b\":\"root\"}"},
	{"strict JSON", "{" WHO "," EXP "," IAT ",\"x\":\"a\\u0000b\"}"},
	{"strict JSON", "{" WHO "," EXP "," IAT ",\"a\\u0000\":1}"},
	{"strict JSON", "{" WHO "," EXP "," IAT ",\"x\":\"\\ud800\"}"},
	{"strict JSON", "{" WHO "," EXP "," IAT ",\"x\":\"\xC0\xAF\"}"},
	{"strict JSON", GOOD "x"},
	{"strict JSON", GOOD GOOD},
	{"strict JSON", "\xEF\xBB\xBF" GOOD},
	{"strict JSON", "[" GOOD "]"},
	{"strict JSON", "\"ann\""},
	{"strict JSON", "null"},
	{"strict JSON", "{"},
	{"strict JSON", "{" WHO "," EXP "," IAT ",\"x\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}"},
	{"same name", "{" WHO "," EXP "," IAT ",\"realm\":{\"roles\":[\"a\"]},\"realm.roles\":\"dba\"}"},
};

/* Every payload here is well signed: only the claims are wrong. */
static void test_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(bad_claims); i++)
		expect(IDENTITY_REFUSED, bad_claims[i].why, by_rsa(RS, bad_claims[i].payload));
}

/* The edges of the 30 s are on the right side. */
static void test_skew(void **state)
{
	(void)state;
	expect(IDENTITY_ACCEPTED, NULL, by_rsa(RS, "{" WHO ",\"exp\":1799999971,\"iat\":1799999000}"));
	expect(IDENTITY_ACCEPTED, NULL, by_rsa(RS, "{" WHO "," EXP "," IAT ",\"nbf\":1800000030}"));
	expect(IDENTITY_ACCEPTED, NULL, by_rsa(RS, "{" WHO "," EXP ",\"iat\":1800000030}"));
	expect(IDENTITY_ACCEPTED, NULL, by_rsa(RS, "{" WHO ",\"exp\":1800086390,\"iat\":1799999990}"));
	issuer.lifetime_max_s = 0;
	expect(IDENTITY_ACCEPTED, NULL, by_rsa(RS, "{" WHO ",\"exp\":4000000000}"));
	assert_int_equal(who.issued_at, 0);
	issuer.lifetime_max_s = 86400;
}

static const struct {
	const char *why, *header;
} bad_headers[] = {
	{"crit", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[\"exp\"],\"exp\":1}"},
	{"crit", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"crit\":[]}"},
	{"b64", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"b64\":true}"},
	{"zip", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"zip\":\"DEF\"}"},
	{"enc", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"enc\":\"A128GCM\"}"},
	{"cty", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"cty\":\"JWT\"}"},
	{"jku", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jku\":\"https://evil.example/keys\"}"},
	{"x5u", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5u\":\"https://evil.example/cert\"}"},
	{"x5c", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5c\":[\"MII=\"]}"},
	{"jwk", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"jwk\":{}}"},
	{"typ", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":\"secevent+jwt\"}"},
	{"typ", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"typ\":7}"},
	{"strict JSON", "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"kid\":\"rsa\"}"},
	{"strict JSON", "{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"rsa\"}"},
	{"strict JSON", "{\"alg\":\"RS256\",\"kid\":\"rsa\\u0000\"}"},
	{"strict JSON", "[]"},
	{"strict JSON", "RS256"},
	{"alg", "{\"kid\":\"rsa\"}"},
	{"alg", "{\"alg\":null,\"kid\":\"rsa\"}"},
	{"alg", "{\"alg\":[\"RS256\"],\"kid\":\"rsa\"}"},
	{"alg", "{\"alg\":\"RS256 \",\"kid\":\"rsa\"}"},
	{"alg", "{\"alg\":\"rs256\",\"kid\":\"rsa\"}"},
	{"alg", "{\"alg\":\"RS384\",\"kid\":\"rsa\"}"}, /* known, but not allowed by the issuer */
	{"kid", "{\"alg\":\"RS256\",\"kid\":7}"},
	{"kid", "{\"alg\":\"RS256\",\"kid\":\"\"}"},
	{"kid", "{\"alg\":\"RS256\"}"},
	{"does not fit", "{\"alg\":\"RS256\",\"kid\":\"p256\"}"},
	{"does not fit", "{\"alg\":\"ES256\",\"kid\":\"rsa\"}"},
	{"does not fit", "{\"alg\":\"ES256\",\"kid\":\"p384\"}"},
	{"does not fit", "{\"alg\":\"EdDSA\",\"kid\":\"rsa\"}"},
	{"signature", "{\"alg\":\"PS256\",\"kid\":\"rsa\"}"},
	{"signature", "{\"alg\":\"RS512\",\"kid\":\"rsa\"}"},
};

/* Well signed over a header that must not be. */
static void test_headers(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(bad_headers); i++)
		expect(IDENTITY_REFUSED, bad_headers[i].why, by_rsa(bad_headers[i].header, GOOD));
	expect(IDENTITY_ACCEPTED, NULL, by_rsa("{\"alg\":\"RS256\",\"kid\":\"rsa\",\"x5t\":\"abc\",\"other\":1}", GOOD));
}

static void test_none(void **state)
{
	static const char *const names[] = {"none", "None", "NONE", "nOnE", "noNE", "NoNe", ""};
	static const char *const allowed[] = {"none", "None", "HS256", "RS256"};
	const char **before = issuer.algorithms;
	char *header;

	(void)state;
	for (int allow = 0; allow < 2; allow++) {
		for (size_t i = 0; i < QW_COUNT(names); i++) {
			header = forge_printf("{\"alg\":\"%s\",\"kid\":\"rsa\"}", names[i]);
			expect(IDENTITY_REFUSED, "three parts", forge_token(&(struct forge){.scheme = FORGE_NOTHING}, header, GOOD));
			expect(IDENTITY_REFUSED, "alg", by_rsa(header, GOOD));
			free(header);
		}
		issuer.algorithms = (const char **)allowed; /* not even when the configuration asks for it */
		issuer.algorithm_count = QW_COUNT(allowed);
	}
	issuer.algorithms = before;
	issuer.algorithm_count = QW_COUNT(algorithms);
}

static void test_hmac_with_public_key(void **state)
{
	static const char *const names[] = {"HS256", "hs256", "HS384", "HS512", "RS256"};
	static const char *const digests[] = {"SHA256", "SHA256", "SHA384", "SHA512", "SHA256"};
	char *pem = forge_pem(rsa), *jwk = forge_jwk(rsa, ",\"kid\":\"rsa\""), *header;
	size_t der_n;
	uint8_t *der = forge_der(rsa, &der_n);
	const struct qw_bytes secrets[] = {qw_bytes_from(pem), qw_bytes(pem, strlen(pem) - 1), qw_bytes(pem, strlen(pem) + 1),
		qw_bytes(der, der_n), qw_bytes_from(jwk), {0}};
	const char *before = issuer.algorithms[0];

	(void)state;
	for (size_t i = 0; i < QW_COUNT(names); i++)
		for (size_t k = 0; k < QW_COUNT(secrets); k++) {
			issuer.algorithms[0] = k % 2 ? names[i] : before;
			header = forge_printf("{\"alg\":\"%s\",\"kid\":\"rsa\"}", names[i]);
			expect(IDENTITY_REFUSED, NULL, forge_token(&(struct forge){FORGE_HMAC, digests[i], NULL, secrets[k]}, header, GOOD));
			free(header);
		}
	issuer.algorithms[0] = before;
	free(pem);
	free(jwk);
	OPENSSL_free(der);
}

static void test_signatures(void **state)
{
	static const char es[] = "{\"alg\":\"ES256\",\"kid\":\"p256\"}", ps[] = "{\"alg\":\"PS256\",\"kid\":\"rsa\"}";
	char *good = by_rsa(RS, GOOD), *other = by_rsa(RS, "{" WHO "," EXP "," IAT ",\"x\":1}"), *zero, *cut, *dot;

	(void)state;
	/* the key of another issuer, or of an attacker, under our kid */
	expect(IDENTITY_REFUSED, "signature", forge_token(&(struct forge){FORGE_PKCS1, "SHA256", rsa_other, {0}}, RS, GOOD));
	expect(IDENTITY_REFUSED, "signature", forge_token(&(struct forge){FORGE_ECDSA_DER, "SHA256", p256, {0}}, es, GOOD));
	expect(IDENTITY_REFUSED, "signature", forge_token(&(struct forge){FORGE_ECDSA, "SHA384", p384, {0}}, es, GOOD));
	expect(IDENTITY_REFUSED, "signature", forge_token(&(struct forge){FORGE_PSS_SALT_20, "SHA256", rsa, {0}}, ps, GOOD));
	expect(IDENTITY_REFUSED, "signature", forge_token(&(struct forge){FORGE_PSS, "SHA256", rsa, {0}}, RS, GOOD));
	/* the signature of another token */
	dot = strrchr(good, '.');
	zero = forge_printf("%.*s%s", (int)(dot - good), good, strrchr(other, '.'));
	expect(IDENTITY_REFUSED, "signature", zero);
	/* r = s = 0 (CVE-2022-21449), all zero RSA and Ed25519 */
	zero = forge_token(&(struct forge){.scheme = FORGE_NOTHING}, es, GOOD);
	cut = forge_printf("%s%086d", zero, 0);
	memset(strrchr(cut, '.') + 1, 'A', 86);
	expect(IDENTITY_REFUSED, "signature", cut);
	free(zero);
	zero = forge_token(&(struct forge){.scheme = FORGE_NOTHING}, "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", GOOD);
	cut = forge_printf("%s%086d", zero, 0);
	memset(strrchr(cut, '.') + 1, 'A', 86);
	expect(IDENTITY_REFUSED, "signature", cut);
	free(zero);
	/* cut and grown signatures */
	expect(IDENTITY_REFUSED, NULL, forge_printf("%.*s", (int)strlen(good) - 4, good));
	expect(IDENTITY_REFUSED, "signature", forge_printf("%.*sAAAA", (int)strlen(good) - 4, good));
	expect(IDENTITY_REFUSED, "base64url", forge_printf("%s====", good));
	expect(IDENTITY_REFUSED, NULL, forge_printf("%sAAAA", good));
	expect(IDENTITY_REFUSED, "three parts", forge_printf("%.*s.", (int)(dot - good), good));
	expect(IDENTITY_REFUSED, "three parts", forge_printf("%.*s", (int)(dot - good), good));
	free(good);
	free(other);
}

static void test_shapes(void **state)
{
	char *good = by_rsa(RS, GOOD), *big;

	(void)state;
	expect(IDENTITY_REFUSED, "empty", strdup(""));
	expect(IDENTITY_REFUSED, "three parts", strdup("abc"));
	expect(IDENTITY_REFUSED, "three parts", strdup(".."));
	expect(IDENTITY_REFUSED, "three parts", strdup("..."));
	expect(IDENTITY_REFUSED, "three parts", forge_printf("%s.", good));
	expect(IDENTITY_REFUSED, "three parts", forge_printf("%s.x", good));
	expect(IDENTITY_REFUSED, "three parts", forge_printf("%s.x.y", good));
	expect(IDENTITY_REFUSED, "three parts", forge_printf(".%s", strchr(good, '.') + 1));
	expect(IDENTITY_REFUSED, "base64url", forge_printf(" %s", good));
	expect(IDENTITY_REFUSED, "base64url", forge_printf("%s\n", good));
	expect(IDENTITY_REFUSED, "base64url", forge_printf("Bearer %s", good));
	assert_int_equal(identity_verify(&issuer, keys, qw_bytes(good, strlen(good) + 1), now, &arena, &who, why, sizeof(why)),
		IDENTITY_REFUSED); /* NUL behind it */
	big = forge_printf("{" WHO "," EXP "," IAT ",\"x\":\"%012000d\"}", 7);
	expect(IDENTITY_REFUSED, "larger than 16384", by_rsa(RS, big));
	free(big);
	big = forge_printf("{" WHO "," EXP "," IAT ",\"x\":\"%011500d\"}", 7);
	expect(IDENTITY_ACCEPTED, NULL, by_rsa(RS, big));
	free(big);
	big = forge_printf("%01200d", 0); /* 600 values of one claim */
	for (size_t i = 1; i < 1199; i += 2)
		big[i] = ',';
	for (size_t i = 0; i < 1199; i += 2)
		big[i] = '1';
	big[1199] = '\0';
	free(good);
	good = forge_printf("{" WHO "," EXP "," IAT ",\"g\":[%s]}", big);
	expect(IDENTITY_REFUSED, "more than 512 claims", by_rsa(RS, good));
	free(big);
	free(good);
}

/* A fetch is asked for only by a token that is good in all else. */
static void test_unknown_key(void **state)
{
	static const char unknown[] = "{\"alg\":\"RS256\",\"kid\":\"new\"}";
	char *token = by_rsa(RS, GOOD);

	(void)state;
	expect(IDENTITY_UNKNOWN_KEY, "kid", by_rsa(unknown, GOOD));
	expect(IDENTITY_REFUSED, "expired", by_rsa(unknown, "{" WHO ",\"exp\":1,\"iat\":0}"));
	expect(IDENTITY_REFUSED, "aud", by_rsa(unknown, "{\"iss\":\"https://id.example\",\"aud\":\"x\",\"sub\":\"a\"," EXP "," IAT "}"));
	expect(IDENTITY_REFUSED, "alg", by_rsa("{\"alg\":\"HS256\",\"kid\":\"new\"}", GOOD));
	expect(IDENTITY_REFUSED, "three parts", forge_token(&(struct forge){.scheme = FORGE_NOTHING}, unknown, GOOD));
	assert_int_equal(verify_with(NULL, token), IDENTITY_UNKNOWN_KEY);
	free(token);
}

static void test_without_kid(void **state)
{
	EVP_PKEY *two[] = {rsa, p256};
	const char *plain[] = {"", ""}, *named[] = {",\"kid\":\"a\"", ",\"alg\":\"ES384\""};
	struct identity_keys *one = set_of(1, two, plain), *both = set_of(2, two, plain), *a = set_of(1, two, named);
	char *token = by_rsa("{\"alg\":\"RS256\"}", GOOD), *with_kid = by_rsa(RS, GOOD);
	char *es = forge_token(&(struct forge){FORGE_ECDSA, "SHA256", p256, {0}}, "{\"alg\":\"ES256\"}", GOOD);

	(void)state;
	assert_int_equal(verify_with(one, token), IDENTITY_ACCEPTED);
	assert_int_equal(verify_with(a, token), IDENTITY_ACCEPTED);
	assert_int_equal(verify_with(both, token), IDENTITY_REFUSED);
	assert_int_equal(verify_with(one, es), IDENTITY_REFUSED);
	assert_int_equal(verify_with(one, with_kid), IDENTITY_UNKNOWN_KEY);
	free(token);
	free(with_kid);
	free(es);
	identity_keys_free(one);
	identity_keys_free(both);
	identity_keys_free(a);
}

/* The alg of the JWK binds, even where the kind of key would do. */
static void test_alg_of_the_key(void **state)
{
	const char *extra[] = {",\"kid\":\"rsa\",\"alg\":\"PS256\",\"use\":\"sig\""};
	struct identity_keys *set = set_of(1, &rsa, extra);
	char *rs = by_rsa(RS, GOOD);
	char *ps = forge_token(&(struct forge){FORGE_PSS, "SHA256", rsa, {0}}, "{\"alg\":\"PS256\",\"kid\":\"rsa\"}", GOOD);

	(void)state;
	assert_int_equal(verify_with(set, rs), IDENTITY_REFUSED);
	assert_int_equal(verify_with(set, ps), IDENTITY_ACCEPTED);
	free(rs);
	free(ps);
	identity_keys_free(set);
}

static void test_peek(void **state)
{
	char *token = by_rsa(RS, GOOD), *numeric = by_rsa(RS, "{\"iss\":1}"), out[64], small[18];

	(void)state;
	assert_true(identity_peek_issuer(qw_bytes_from(token), out, sizeof(out)));
	assert_string_equal(out, "https://id.example");
	assert_false(identity_peek_issuer(qw_bytes_from(token), small, sizeof(small)));
	assert_false(identity_peek_issuer(qw_bytes_from(numeric), out, sizeof(out)));
	assert_false(identity_peek_issuer(qw_bytes_from("secret password"), out, sizeof(out)));
	assert_false(identity_peek_issuer(qw_bytes_from(""), out, sizeof(out)));
	free(token);
	free(numeric);
}

static void test_peek_claims(void **state)
{
	char *token = by_rsa(RS, "{\"sub\":\"ann\",\"groups\":[\"a\",\"b\"],\"realm\":{\"kind\":1}}");
	char *twice = by_rsa(RS, "{\"a.b\":1,\"a\":{\"b\":2}}");
	struct qw_claim *claims;
	size_t n;

	(void)state;
	assert_int_equal(identity_peek_claims(qw_bytes_from(token), &arena, &claims, &n), 0);
	assert_int_equal(n, 4);
	assert_string_equal(claims[2].name, "groups");
	assert_string_equal(claims[2].value, "b");
	assert_string_equal(claims[3].name, "realm.kind");
	assert_int_equal(identity_peek_claims(qw_bytes_from(twice), &arena, &claims, &n), QW_E_DUPLICATE);
	assert_int_equal(n, 0);
	assert_int_equal(identity_peek_claims(qw_bytes_from("a.b.c"), &arena, &claims, &n), QW_E_MALFORMED);
	assert_int_equal(identity_peek_claims(qw_bytes_from(""), &arena, &claims, &n), QW_E_MALFORMED);
	free(token);
	free(twice);
}

static void test_misconfigured(void **state)
{
	struct identity_issuer empty = issuer;
	char *token = by_rsa(RS, "{\"iss\":\"\",\"aud\":\"\",\"sub\":\"ann\"," EXP "," IAT "}"), *good = by_rsa(RS, GOOD);

	(void)state;
	empty.issuer = empty.audience = "";
	assert_int_equal(identity_verify(&empty, keys, qw_bytes_from(token), now, &arena, &who, NULL, 0), IDENTITY_REFUSED);
	empty.issuer = empty.audience = NULL;
	assert_int_equal(identity_verify(&empty, keys, qw_bytes_from(token), now, &arena, &who, NULL, 0), IDENTITY_REFUSED);
	empty = issuer;
	empty.algorithm_count = 0;
	assert_int_equal(identity_verify(&empty, keys, qw_bytes_from(good), now, &arena, &who, NULL, 0), IDENTITY_REFUSED);
	assert_int_equal(identity_verify(&issuer, keys, qw_bytes_from(good), -1, &arena, &who, NULL, 0), IDENTITY_REFUSED);
	free(token);
	free(good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_algorithm), cmocka_unit_test(test_principal),
		cmocka_unit_test(test_audience_list), cmocka_unit_test(test_claims),
		cmocka_unit_test(test_skew), cmocka_unit_test(test_headers),
		cmocka_unit_test(test_none), cmocka_unit_test(test_hmac_with_public_key),
		cmocka_unit_test(test_signatures), cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_unknown_key), cmocka_unit_test(test_without_kid),
		cmocka_unit_test(test_alg_of_the_key), cmocka_unit_test(test_peek), cmocka_unit_test(test_peek_claims),
		cmocka_unit_test(test_misconfigured),
	};
	return cmocka_run_group_tests_name("identity tokens", tests, setup, teardown);
}
