#include "forge.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

char *forge_printf(const char *fmt, ...)
{
	va_list args;
	char *s = NULL;

	va_start(args, fmt);
	QW_ASSERT(vasprintf(&s, fmt, args) >= 0);
	va_end(args);
	return s;
}

EVP_PKEY *forge_key_new(enum forge_key kind)
{
	EVP_PKEY *key = NULL;

	switch (kind) {
	case FORGE_RSA:
		key = EVP_RSA_gen(2048);
		break;
	case FORGE_RSA_1024:
		key = EVP_RSA_gen(1024);
		break;
	case FORGE_P256:
		key = EVP_EC_gen("P-256");
		break;
	case FORGE_P384:
		key = EVP_EC_gen("P-384");
		break;
	case FORGE_P521:
		key = EVP_EC_gen("P-521");
		break;
	case FORGE_ED25519:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	}
	QW_ASSERT(key);
	return key;
}

char *forge_base64url(struct qw_bytes in)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char *out = malloc(in.n * 4 / 3 + 5);
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	QW_ASSERT(out);
	for (size_t i = 0; i < in.n; i++) {
		bits = bits << 8 | in.p[i];
		for (have += 8; have >= 6; have -= 6)
			out[n++] = alphabet[bits >> (have - 6) & 63];
	}
	if (have)
		out[n++] = alphabet[bits << (6 - have) & 63];
	out[n] = '\0';
	return out;
}

static char *number(EVP_PKEY *key, const char *name, int size)
{
	uint8_t raw[2048];
	BIGNUM *bn = NULL;
	int n;

	QW_ASSERT(EVP_PKEY_get_bn_param(key, name, &bn) == 1);
	n = size ? BN_bn2binpad(bn, raw, size) : BN_bn2bin(bn, raw);
	BN_free(bn);
	return forge_base64url(qw_bytes(raw, (size_t)n));
}

static char *ec_jwk(EVP_PKEY *key, const char *extra)
{
	const int bits = EVP_PKEY_get_bits(key);
	char *x = number(key, OSSL_PKEY_PARAM_EC_PUB_X, (bits + 7) / 8);
	char *y = number(key, OSSL_PKEY_PARAM_EC_PUB_Y, (bits + 7) / 8);
	char *jwk = forge_printf("{\"kty\":\"EC\",\"crv\":\"P-%d\",\"x\":\"%s\",\"y\":\"%s\"%s}", bits, x, y, extra);

	free(x);
	free(y);
	return jwk;
}

char *forge_jwk(EVP_PKEY *key, const char *extra)
{
	uint8_t raw[32];
	size_t raw_n = sizeof(raw);
	char *a, *b, *jwk;

	if (EVP_PKEY_is_a(key, "EC"))
		return ec_jwk(key, extra);
	if (EVP_PKEY_is_a(key, "RSA")) {
		a = number(key, OSSL_PKEY_PARAM_RSA_N, 0);
		b = number(key, OSSL_PKEY_PARAM_RSA_E, 0);
		jwk = forge_printf("{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"%s}", a, b, extra);
		free(a);
		free(b);
		return jwk;
	}
	QW_ASSERT(EVP_PKEY_get_raw_public_key(key, raw, &raw_n) == 1);
	a = forge_base64url(qw_bytes(raw, raw_n));
	jwk = forge_printf("{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"%s}", a, extra);
	free(a);
	return jwk;
}

char *forge_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *pem;
	long n;

	QW_ASSERT(bio && PEM_write_bio_PUBKEY(bio, key) == 1);
	n = BIO_get_mem_data(bio, &data);
	pem = strndup(data, (size_t)n);
	BIO_free(bio);
	return pem;
}

uint8_t *forge_der(EVP_PKEY *key, size_t *n)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	QW_ASSERT(len > 0);
	*n = (size_t)len;
	return der;
}

static size_t ecdsa_raw(EVP_PKEY *key, uint8_t *sig, size_t n)
{
	const unsigned char *p = sig;
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &p, (long)n);
	const int size = (EVP_PKEY_get_bits(key) + 7) / 8;

	QW_ASSERT(parsed);
	BN_bn2binpad(ECDSA_SIG_get0_r(parsed), sig, size);
	BN_bn2binpad(ECDSA_SIG_get0_s(parsed), sig + size, size);
	ECDSA_SIG_free(parsed);
	return (size_t)(2 * size);
}

static size_t sign(const struct forge *how, struct qw_bytes input, uint8_t *sig, size_t size)
{
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *pctx = NULL;
	unsigned mac_n = 0;

	if (how->scheme == FORGE_NOTHING)
		return 0;
	if (how->scheme == FORGE_HMAC) {
		QW_ASSERT(HMAC(EVP_get_digestbyname(how->md), how->secret.p, (int)how->secret.n, input.p, input.n, sig, &mac_n));
		return mac_n;
	}
	ctx = EVP_MD_CTX_new();
	QW_ASSERT(EVP_DigestSignInit_ex(ctx, &pctx, how->md, NULL, NULL, how->key, NULL) == 1);
	if (how->scheme == FORGE_PSS || how->scheme == FORGE_PSS_SALT_20) {
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, how->scheme == FORGE_PSS ? RSA_PSS_SALTLEN_DIGEST : 20);
	}
	QW_ASSERT(EVP_DigestSign(ctx, sig, &size, input.p, input.n) == 1);
	EVP_MD_CTX_free(ctx);
	return how->scheme == FORGE_ECDSA ? ecdsa_raw(how->key, sig, size) : size;
}

char *forge_token_bytes(const struct forge *how, struct qw_bytes header, struct qw_bytes payload)
{
	char *h = forge_base64url(header), *p = forge_base64url(payload);
	char *input = forge_printf("%s.%s", h, p), *s, *token;
	uint8_t sig[2048];
	size_t n = sign(how, qw_bytes_from(input), sig, sizeof(sig));

	s = forge_base64url(qw_bytes(sig, n));
	token = forge_printf("%s.%s", input, s);
	free(h);
	free(p);
	free(s);
	free(input);
	return token;
}

char *forge_token(const struct forge *how, const char *header, const char *payload)
{
	return forge_token_bytes(how, qw_bytes_from(header), qw_bytes_from(payload));
}
