#include "private.h"

#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>

/* RFC 7518 section 3.1, RFC 8037, RFC 9864. What is not here does not exist for us: no HS*, no none, no ES256K. */
static const struct algorithm algorithms[] = {
	{"RS256", KEY_RSA, SCHEME_PKCS1, EVP_sha256, 0},
	{"RS384", KEY_RSA, SCHEME_PKCS1, EVP_sha384, 0},
	{"RS512", KEY_RSA, SCHEME_PKCS1, EVP_sha512, 0},
	{"PS256", KEY_RSA, SCHEME_PSS, EVP_sha256, 0},
	{"PS384", KEY_RSA, SCHEME_PSS, EVP_sha384, 0},
	{"PS512", KEY_RSA, SCHEME_PSS, EVP_sha512, 0},
	{"ES256", KEY_P256, SCHEME_ECDSA, EVP_sha256, 32},
	{"ES384", KEY_P384, SCHEME_ECDSA, EVP_sha384, 48},
	{"ES512", KEY_P521, SCHEME_ECDSA, EVP_sha512, 66},
	{"EdDSA", KEY_ED25519, SCHEME_EDDSA, NULL, 0},
	{"Ed25519", KEY_ED25519, SCHEME_EDDSA, NULL, 0},
};

const struct algorithm *algorithm_find(const char *name)
{
	for (size_t i = 0; name && i < QW_COUNT(algorithms); i++)
		if (strcmp(algorithms[i].name, name) == 0)
			return &algorithms[i];
	return NULL;
}

int identity_refuse(struct why why, const char *fmt, ...)
{
	va_list args;

	if (why.p && why.n) {
		va_start(args, fmt);
		(void)vsnprintf(why.p, why.n, fmt, args);
		va_end(args);
	}
	return QW_E_DENIED;
}
