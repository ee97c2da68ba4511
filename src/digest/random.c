#include "qw/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <sys/random.h>

int qw_random(void *out, size_t n)
{
	uint8_t *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			qw_wipe(out, (size_t)(p - (uint8_t *)out));
			return QW_E_CRYPTO;
		}
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

void qw_wipe(void *p, size_t n)
{
	if (p && n)
		OPENSSL_cleanse(p, n);
}
