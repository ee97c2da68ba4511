/* JSON Web Key Sets (RFC 7517) of one issuer. Only public signing keys that we know how to use are kept. */
#include "private.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <stdlib.h>

enum {
	RSA_BITS_MIN = 2048,
	RSA_BITS_MAX = 8192, /* a larger one only costs us time */
	EXPONENT_MIN = 65537,
	NUMBER_BYTES_MAX = RSA_BITS_MAX / 8 + 1, /* some issuers put a zero byte in front */
	COORDINATE_BYTES_MAX = 66,
};

struct identity_keys {
	size_t count;
	struct identity_key keys[KEYS_MAX];
};

struct curve {
	const char *crv, *group;
	enum key_kind kind;
	size_t coordinate_bytes;
};
static const struct curve curves[] = {
	{"P-256", "P-256", KEY_P256, 32},
	{"P-384", "P-384", KEY_P384, 48},
	{"P-521", "P-521", KEY_P521, 66},
};

/* A member that must be a base64url string of at most `size` bytes. */
static int bytes_get(const json_t *jwk, const char *name, uint8_t *out, size_t size, size_t *n)
{
	const char *text = json_string_value(json_object_get(jwk, name));

	if (!text || !*text)
		return QW_E_MALFORMED;
	return identity_base64url_decode(qw_bytes_from(text), out, size, n);
}

static BIGNUM *number_get(const json_t *jwk, const char *name)
{
	uint8_t raw[NUMBER_BYTES_MAX];
	size_t n;

	if (bytes_get(jwk, name, raw, sizeof(raw), &n))
		return NULL;
	return BN_bin2bn(raw, (int)n, NULL);
}

static EVP_PKEY *pkey_from(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY_CTX *check = NULL;
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *pkey = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		goto out;
	check = EVP_PKEY_CTX_new(pkey, NULL);
	if (!check || EVP_PKEY_public_check(check) != 1) {
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
out:
	EVP_PKEY_CTX_free(check);
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static EVP_PKEY *rsa_build(const BIGNUM *n, const BIGNUM *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		pkey = pkey_from("RSA", build);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

static int rsa_parse(const json_t *jwk, struct identity_key *key, struct why why)
{
	BIGNUM *n = number_get(jwk, "n"), *e = number_get(jwk, "e");
	int bits = n ? BN_num_bits(n) : 0, err = 0;

	if (!n || !e)
		err = identity_refuse(why, "an RSA key's n or e is missing, malformed or larger than %d bits", RSA_BITS_MAX);
	else if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		err = identity_refuse(why, "an RSA key has %d bits; %d to %d are allowed", bits, RSA_BITS_MIN, RSA_BITS_MAX);
	else if (!BN_is_odd(e) || BN_num_bits(e) > 64 || BN_get_word(e) < EXPONENT_MIN)
		err = identity_refuse(why, "an RSA key's exponent is not an odd number from %d to 64 bits", EXPONENT_MIN);
	else if (!(key->pkey = rsa_build(n, e)))
		err = identity_refuse(why, "an RSA key is not a valid one");
	BN_free(n);
	BN_free(e);
	key->kind = KEY_RSA;
	return err;
}

static EVP_PKEY *ec_build(const struct curve *curve, const uint8_t *point, size_t point_n)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (build && OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, point_n) == 1)
		pkey = pkey_from("EC", build);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

/* x and y have exactly the curve's size (RFC 7518 section 6.2.1); libcrypto checks that the point is on the curve. */
static int ec_parse(const json_t *jwk, const struct curve *curve, struct identity_key *key, struct why why)
{
	uint8_t point[1 + 2 * COORDINATE_BYTES_MAX] = {4}; /* 4: uncompressed */
	const size_t size = curve->coordinate_bytes;
	size_t x_n = 0, y_n = 0;

	if (bytes_get(jwk, "x", point + 1, size, &x_n) || x_n != size ||
		bytes_get(jwk, "y", point + 1 + size, size, &y_n) || y_n != size)
		return identity_refuse(why, "an EC key's x or y is missing, malformed or of the wrong size");
	key->kind = curve->kind;
	key->pkey = ec_build(curve, point, 1 + 2 * size);
	return key->pkey ? 0 : identity_refuse(why, "an EC key is not a point of its curve");
}

static int ed25519_parse(const json_t *jwk, struct identity_key *key, struct why why)
{
	uint8_t raw[32];
	size_t n = 0;

	if (bytes_get(jwk, "x", raw, sizeof(raw), &n) || n != sizeof(raw))
		return identity_refuse(why, "an Ed25519 key's x is missing, malformed or of the wrong size");
	key->kind = KEY_ED25519;
	key->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, n);
	return key->pkey ? 0 : identity_refuse(why, "an Ed25519 key is not a valid one");
}

static int pem_make(struct identity_key *key)
{
	BIO *bio;
	char *data;
	long n;
	int err = QW_E_NOMEM;

	if (key->kind == KEY_ED25519) /* libjwt 1.x cannot use it */
		return 0;
	bio = BIO_new(BIO_s_mem());
	if (bio && PEM_write_bio_PUBKEY(bio, key->pkey) == 1) {
		n = BIO_get_mem_data(bio, &data);
		key->pem = n > 0 ? strndup(data, (size_t)n) : NULL;
		key->pem_n = key->pem ? (size_t)n : 0;
		err = key->pem ? 0 : QW_E_NOMEM;
	}
	BIO_free(bio);
	return err;
}

static bool has_verify(const json_t *ops)
{
	size_t i;
	json_t *op;

	json_array_foreach(ops, i, op)
		if (json_is_string(op) && strcmp(json_string_value(op), "verify") == 0)
			return true;
	return false;
}

/* Is it meant for signatures, by an algorithm that we know? Others are left out (RFC 7517 section 5). */
static bool is_usable(const json_t *jwk)
{
	const json_t *use = json_object_get(jwk, "use"), *ops = json_object_get(jwk, "key_ops");
	const json_t *alg = json_object_get(jwk, "alg");

	if (use && (!json_is_string(use) || strcmp(json_string_value(use), "sig") != 0))
		return false;
	if (ops && !has_verify(ops))
		return false;
	return !alg || algorithm_find(json_string_value(alg));
}

static const struct curve *curve_find(const char *crv)
{
	for (size_t i = 0; i < QW_COUNT(curves); i++)
		if (strcmp(curves[i].crv, crv) == 0)
			return &curves[i];
	return NULL;
}

/* 0 with key->pkey NULL: a kind of key that we do not know. */
static int material_parse(const json_t *jwk, const char *kty, struct identity_key *key, struct why why)
{
	const char *crv = json_string_value(json_object_get(jwk, "crv"));
	const struct curve *curve = crv ? curve_find(crv) : NULL;

	if (strcmp(kty, "RSA") == 0)
		return rsa_parse(jwk, key, why);
	if (strcmp(kty, "EC") == 0 && curve)
		return ec_parse(jwk, curve, key, why);
	if (strcmp(kty, "OKP") == 0 && crv && strcmp(crv, "Ed25519") == 0)
		return ed25519_parse(jwk, key, why);
	return 0;
}

static int kid_parse(const json_t *jwk, struct identity_key *key, struct why why)
{
	const json_t *kid = json_object_get(jwk, "kid");
	const char *text = json_string_value(kid);

	if (!kid)
		return 0;
	if (!text || !*text || strlen(text) > KID_BYTES_MAX)
		return identity_refuse(why, "a key's kid is not a string of 1 to %d bytes", KID_BYTES_MAX);
	key->kid = strdup(text);
	return key->kid ? 0 : QW_E_NOMEM;
}

static void key_fini(struct identity_key *key)
{
	free(key->kid);
	free(key->pem);
	EVP_PKEY_free(key->pkey);
	*key = (struct identity_key){0};
}

/* Kept in `out` when it is usable; on errors key_fini() is the caller's. */
static int key_parse(const json_t *jwk, struct identity_key *out, struct why why)
{
	const char *kty = json_string_value(json_object_get(jwk, "kty"));
	const json_t *alg = json_object_get(jwk, "alg");
	int err;

	if (!kty)
		return identity_refuse(why, "a key has no kty");
	if (strcmp(kty, "oct") == 0 || json_object_get(jwk, "k"))
		return identity_refuse(why, "the set holds a symmetric key, which is no public key");
	if (json_object_get(jwk, "d"))
		return identity_refuse(why, "the set holds a private key");
	if (!is_usable(jwk))
		return 0;
	out->alg = alg ? algorithm_find(json_string_value(alg)) : NULL;
	err = material_parse(jwk, kty, out, why);
	if (err || !out->pkey)
		return err;
	if (out->alg && out->alg->kind != out->kind)
		return identity_refuse(why, "a key's alg does not fit its kty or crv");
	err = kid_parse(jwk, out, why);
	return err ? err : pem_make(out);
}

static bool has_kid(const struct identity_keys *set, const char *kid)
{
	for (size_t i = 0; i < set->count; i++)
		if (kid && set->keys[i].kid && strcmp(set->keys[i].kid, kid) == 0)
			return true;
	return false;
}

static int set_add(struct identity_keys *set, const json_t *jwk, struct why why)
{
	struct identity_key key = {0};
	int err = key_parse(jwk, &key, why);

	if (err == 0 && !key.pkey)
		return 0;
	if (err == 0 && has_kid(set, key.kid))
		err = identity_refuse(why, "two keys have the same kid");
	if (err == 0 && set->count == KEYS_MAX)
		err = identity_refuse(why, "more than %d keys", KEYS_MAX);
	if (err)
		key_fini(&key);
	else
		set->keys[set->count++] = key;
	return err;
}

static int set_fill(struct identity_keys *set, const json_t *doc, struct why why)
{
	const json_t *list = json_object_get(doc, "keys");
	size_t i;
	json_t *jwk;
	int err = 0;

	if (!json_is_array(list))
		return identity_refuse(why, "not a JSON object with a list named keys");
	json_array_foreach(list, i, jwk) {
		err = json_is_object(jwk) ? set_add(set, jwk, why) : identity_refuse(why, "a key is not an object");
		if (err)
			break;
	}
	return err;
}

int identity_keys_parse(struct qw_bytes jwks_json, struct identity_keys **out, char *why, size_t why_size)
{
	struct why reason = {why, why_size};
	struct identity_keys *set;
	json_t *doc;
	int err;

	*out = NULL;
	if (jwks_json.n > DOCUMENT_BYTES_MAX) {
		(void)identity_refuse(reason, "larger than %d bytes", DOCUMENT_BYTES_MAX);
		return QW_E_LIMIT;
	}
	(void)identity_refuse(reason, "not a strict JSON object with a list named keys, or out of memory");
	set = calloc(1, sizeof(*set));
	if (!set)
		return QW_E_NOMEM;
	(void)ERR_set_mark();
	doc = identity_json_object(jwks_json);
	err = doc ? set_fill(set, doc, reason) : QW_E_MALFORMED;
	json_decref(doc);
	(void)ERR_pop_to_mark();
	if (err) {
		identity_keys_free(set);
		return err == QW_E_DENIED ? QW_E_MALFORMED : err;
	}
	(void)identity_refuse(reason, "%s", "");
	*out = set;
	return 0;
}

void identity_keys_free(struct identity_keys *k)
{
	for (size_t i = 0; k && i < k->count; i++)
		key_fini(&k->keys[i]);
	free(k);
}

size_t identity_keys_count(const struct identity_keys *k)
{
	return k ? k->count : 0;
}

static enum identity_verdict fits(const struct identity_key *key, const struct algorithm *alg,
	const struct identity_key **out, struct why why)
{
	if (key->kind != alg->kind || (key->alg && key->alg != alg)) {
		(void)identity_refuse(why, "the token's alg does not fit the key that it names");
		return IDENTITY_REFUSED;
	}
	*out = key;
	return IDENTITY_ACCEPTED;
}

/* A key without a kid is found only by a token without one, and only where there is nothing to choose from. */
enum identity_verdict identity_keys_find(const struct identity_keys *keys, const char *kid, const struct algorithm *alg,
	const struct identity_key **out, struct why why)
{
	if (identity_keys_count(keys) == 0) {
		(void)identity_refuse(why, "the issuer's key set is empty or was never fetched");
		return IDENTITY_UNKNOWN_KEY;
	}
	if (!kid && keys->count > 1) {
		(void)identity_refuse(why, "the token names no kid and the issuer has %zu keys", keys->count);
		return IDENTITY_REFUSED;
	}
	for (size_t i = 0; i < keys->count; i++) {
		const char *have = keys->keys[i].kid;

		if (!kid || (have && strcmp(have, kid) == 0))
			return fits(&keys->keys[i], alg, out, why);
	}
	(void)identity_refuse(why, "no key of the issuer has the token's kid");
	return IDENTITY_UNKNOWN_KEY;
}
