#include "qw/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

struct qw_digest {
	EVP_MD_CTX *ctx;
	bool is_running;
};

/* Fetching an algorithm walks libcrypto's providers (about 1 us): once for the process, never
 * freed. */
static EVP_MD *sha256;
static pthread_once_t sha256_once = PTHREAD_ONCE_INIT;

static void sha256_fetch(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static const EVP_MD *sha256_get(void)
{
	if (pthread_once(&sha256_once, sha256_fetch) != 0)
		return NULL;
	return sha256;
}

struct qw_digest *qw_digest_new(void)
{
	const EVP_MD *md = sha256_get();
	struct qw_digest *d = md ? calloc(1, sizeof(*d)) : NULL;

	if (!d)
		return NULL;
	d->ctx = EVP_MD_CTX_new();
	if (!d->ctx || EVP_DigestInit_ex2(d->ctx, md, NULL) != 1) {
		qw_digest_free(d);
		return NULL;
	}
	return d;
}

void qw_digest_free(struct qw_digest *d)
{
	if (!d)
		return;
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

int qw_digest_start(struct qw_digest *d)
{
	/* No algorithm named: the context keeps its own and only starts over. */
	d->is_running = EVP_DigestInit_ex2(d->ctx, NULL, NULL) == 1;
	return d->is_running ? 0 : QW_E_CRYPTO;
}

int qw_digest_add(struct qw_digest *d, struct qw_bytes part)
{
	if (!d->is_running)
		return QW_E_STATE;
	if (part.n == 0)
		return 0;
	if (EVP_DigestUpdate(d->ctx, part.p, part.n) == 1)
		return 0;
	d->is_running = false; /* what was added is not known any more: no end but an error */
	return QW_E_CRYPTO;
}

int qw_digest_end(struct qw_digest *d, uint8_t out[QW_DIGEST_BYTES])
{
	unsigned n = 0;

	memset(out, 0, QW_DIGEST_BYTES);
	if (!d->is_running)
		return QW_E_STATE;
	d->is_running = false;
	if (EVP_DigestFinal_ex(d->ctx, out, &n) != 1 || n != QW_DIGEST_BYTES)
		return QW_E_CRYPTO;
	return 0;
}

int qw_sha256(struct qw_bytes in, uint8_t out[QW_DIGEST_BYTES])
{
	const EVP_MD *md = sha256_get();
	unsigned n = 0;

	memset(out, 0, QW_DIGEST_BYTES);
	if (!md || EVP_Digest(in.n ? in.p : out, in.n, out, &n, md, NULL) != 1 ||
		n != QW_DIGEST_BYTES)
		return QW_E_CRYPTO;
	return 0;
}
