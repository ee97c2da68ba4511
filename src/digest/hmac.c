#include "qw/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

struct qw_hmac {
	EVP_MAC_CTX *ctx; /* holds the key; libcrypto wipes it when the context is freed */
};

static EVP_MAC_CTX *context_new(struct qw_bytes key)
{
	char name[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = mac ? EVP_MAC_CTX_new(mac) : NULL;

	EVP_MAC_free(mac); /* the context keeps its own reference */
	if (ctx && EVP_MAC_init(ctx, key.p, key.n, params) != 1) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

struct qw_hmac *qw_hmac_new(struct qw_bytes key)
{
	struct qw_hmac *h;

	if (key.n == 0) /* anybody could compute what an empty key gives */
		return NULL;
	h = calloc(1, sizeof(*h));
	if (!h)
		return NULL;
	h->ctx = context_new(key);
	if (!h->ctx) {
		qw_hmac_free(h);
		return NULL;
	}
	return h;
}

void qw_hmac_free(struct qw_hmac *h)
{
	if (!h)
		return;
	EVP_MAC_CTX_free(h->ctx);
	free(h);
}

int qw_hmac_start(struct qw_hmac *h)
{
	/* Without a key the context starts over with its own: no key schedule, no allocation. */
	return EVP_MAC_init(h->ctx, NULL, 0, NULL) == 1 ? 0 : QW_E_CRYPTO;
}

int qw_hmac_add(struct qw_hmac *h, struct qw_bytes part)
{
	if (part.n == 0)
		return 0;
	return EVP_MAC_update(h->ctx, part.p, part.n) == 1 ? 0 : QW_E_CRYPTO;
}

int qw_hmac_end(struct qw_hmac *h, uint8_t out[QW_DIGEST_BYTES])
{
	size_t n = 0;

	memset(out, 0, QW_DIGEST_BYTES);
	if (EVP_MAC_final(h->ctx, out, &n, QW_DIGEST_BYTES) != 1 || n != QW_DIGEST_BYTES)
		return QW_E_CRYPTO;
	return 0;
}

int qw_hmac_compute(struct qw_hmac *h, struct qw_bytes msg, uint8_t out[QW_DIGEST_BYTES])
{
	int err = qw_hmac_start(h);

	memset(out, 0, QW_DIGEST_BYTES);
	if (!err)
		err = qw_hmac_add(h, msg);
	if (!err)
		err = qw_hmac_end(h, out);
	return err;
}
