/* What the whole process must give up before it holds a secret. */
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "internal.h"

enum {
	HEAP_BYTES = 256 * 1024, /* a power of two; at 4.2 KiB for the largest secret, 60 connects at once */
	HEAP_PIECE_BYTES = 32,
};

/* OpenSSL answers 2 when the heap stands but could not be locked or guarded: then it might reach the swap. */
static int make_heap(void)
{
	struct rlimit lock;

	if (CRYPTO_secure_malloc_initialized())
		return 0;
	if (getrlimit(RLIMIT_MEMLOCK, &lock) == 0 && lock.rlim_cur < lock.rlim_max) {
		lock.rlim_cur = lock.rlim_max;
		(void)setrlimit(RLIMIT_MEMLOCK, &lock);
	}
	switch (CRYPTO_secure_malloc_init(HEAP_BYTES, HEAP_PIECE_BYTES)) {
	case 1:
		return 0;
	case 2:
		(void)CRYPTO_secure_malloc_done();
		return QW_E_LIMIT;
	default:
		return QW_E_CRYPTO;
	}
}

int vault_harden_process(void)
{
	struct rlimit core = {0, 0};

	if (setrlimit(RLIMIT_CORE, &core) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return QW_E_STATE;
	return make_heap();
}

void *vault_memory_new(size_t n)
{
	if (!CRYPTO_secure_malloc_initialized()) /* OpenSSL would fall back to the common heap */
		return NULL;
	return OPENSSL_secure_zalloc(n ? n : 1);
}

void vault_memory_free(void *p, size_t n)
{
	if (p)
		OPENSSL_secure_clear_free(p, n ? n : 1);
}
