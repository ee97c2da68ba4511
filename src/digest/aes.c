#include "qw/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct qw_aes {
	EVP_CIPHER_CTX *ctx; /* holds the key schedule; libcrypto wipes it when the context is freed */
};

/* Fetched once for the process and never freed, as SHA-256 is. */
static EVP_CIPHER *ciphers[3];
static pthread_once_t ciphers_once = PTHREAD_ONCE_INIT;

static void ciphers_fetch(void)
{
	ciphers[0] = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
	ciphers[1] = EVP_CIPHER_fetch(NULL, "AES-192-ECB", NULL);
	ciphers[2] = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
}

static const EVP_CIPHER *cipher_of(size_t key_bytes)
{
	if (key_bytes != 16 && key_bytes != 24 && key_bytes != 32)
		return NULL;
	if (pthread_once(&ciphers_once, ciphers_fetch) != 0)
		return NULL;
	return ciphers[key_bytes / 8 - 2];
}

struct qw_aes *qw_aes_new(struct qw_bytes key)
{
	const EVP_CIPHER *cipher = cipher_of(key.n);
	struct qw_aes *a = cipher ? calloc(1, sizeof(*a)) : NULL;

	if (!a)
		return NULL;
	a->ctx = EVP_CIPHER_CTX_new();
	if (!a->ctx || EVP_EncryptInit_ex2(a->ctx, cipher, key.p, NULL, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(a->ctx, 0) != 1) {
		qw_aes_free(a);
		return NULL;
	}
	return a;
}

void qw_aes_free(struct qw_aes *a)
{
	if (!a)
		return;
	EVP_CIPHER_CTX_free(a->ctx);
	free(a);
}

int qw_aes_block(struct qw_aes *a, const uint8_t in[QW_AES_BLOCK], uint8_t out[QW_AES_BLOCK])
{
	int n = 0;

	if (EVP_EncryptUpdate(a->ctx, out, &n, in, QW_AES_BLOCK) == 1 && n == QW_AES_BLOCK)
		return 0;
	memset(out, 0, QW_AES_BLOCK);
	return QW_E_CRYPTO;
}
