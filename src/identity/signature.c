#include "private.h"

#include <jwt.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

/* JWS keeps r and s side by side (RFC 7518 section 3.4); libcrypto wants DER. Caller frees *der with OPENSSL_free. */
static int ecdsa_to_der(struct qw_bytes raw, size_t coordinate_bytes, unsigned char **der, size_t *der_n)
{
	ECDSA_SIG *sig;
	BIGNUM *r, *s;
	int n = -1;

	if (raw.n != 2 * coordinate_bytes)
		return QW_E_CRYPTO;
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(raw.p, (int)coordinate_bytes, NULL);
	s = BN_bin2bn(raw.p + coordinate_bytes, (int)coordinate_bytes, NULL);
	*der = NULL;
	if (sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
		r = s = NULL; /* they belong to sig now */
		n = i2d_ECDSA_SIG(sig, der);
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(sig);
	if (n <= 0)
		return QW_E_CRYPTO;
	*der_n = (size_t)n;
	return 0;
}

static bool scheme_set(EVP_PKEY_CTX *pctx, const struct algorithm *alg)
{
	if (alg->scheme == SCHEME_PKCS1)
		return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PADDING) == 1;
	if (alg->scheme != SCHEME_PSS)
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_mgf1_md(pctx, alg->digest()) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static int evp_verify(const struct algorithm *alg, EVP_PKEY *pkey, struct qw_bytes input, struct qw_bytes value)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL; /* owned by ctx */
	bool good;

	good = ctx && EVP_DigestVerifyInit(ctx, &pctx, alg->digest ? alg->digest() : NULL, NULL, pkey) == 1 &&
		scheme_set(pctx, alg) && EVP_DigestVerify(ctx, value.p, value.n, input.p, input.n) == 1;
	EVP_MD_CTX_free(ctx);
	return good ? 0 : QW_E_CRYPTO;
}

static int by_libcrypto(const struct signature *s, const struct algorithm *alg, EVP_PKEY *pkey)
{
	unsigned char *der = NULL;
	size_t der_n = 0;
	int err;

	if (alg->scheme != SCHEME_ECDSA) {
		if (s->value.n != (size_t)EVP_PKEY_get_size(pkey))
			return QW_E_CRYPTO;
		return evp_verify(alg, pkey, s->input, s->value);
	}
	err = ecdsa_to_der(s->value, alg->coordinate_bytes, &der, &der_n);
	if (err == 0)
		err = evp_verify(alg, pkey, s->input, qw_bytes(der, der_n));
	OPENSSL_free(der);
	return err;
}

/* libjwt takes the algorithm from the token; the caller has bound it to the key, and we ask which one it took. */
static int by_libjwt(const struct signature *s, const struct algorithm *alg, const struct identity_key *key)
{
	char *text = strndup((const char *)s->token.p, s->token.n);
	jwt_t *jwt = NULL;
	int err = QW_E_CRYPTO;

	if (text && key->pem && jwt_decode(&jwt, text, (const unsigned char *)key->pem, (int)key->pem_n) == 0 &&
		jwt_get_alg(jwt) == jwt_str_alg(alg->name) && jwt_get_alg(jwt) != JWT_ALG_INVAL)
		err = 0;
	if (jwt)
		jwt_free(jwt);
	if (text)
		OPENSSL_cleanse(text, s->token.n);
	free(text);
	return err;
}

int signature_verify(const struct signature *s, const struct algorithm *alg, const struct identity_key *key)
{
	int err = QW_E_CRYPTO;

	if (key->kind != alg->kind || s->value.n == 0)
		return QW_E_CRYPTO;
	switch (alg->scheme) {
	case SCHEME_PKCS1:
	case SCHEME_ECDSA:
		err = by_libcrypto(s, alg, key->pkey);
		if (err == 0 && s->libjwt_reads)
			err = by_libjwt(s, alg, key);
		break;
	case SCHEME_PSS:
	case SCHEME_EDDSA:
		err = by_libcrypto(s, alg, key->pkey);
		break;
	case SCHEME_NONE:
		break;
	}
	return err;
}
