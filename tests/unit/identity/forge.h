/* Makes keys, key sets and tokens, good and bad. Every string that is returned is the caller's to free. */
#ifndef FORGE_H
#define FORGE_H

#include "qw/base.h"

#include <openssl/types.h>

enum forge_key { FORGE_RSA, FORGE_RSA_1024, FORGE_P256, FORGE_P384, FORGE_P521, FORGE_ED25519 };

EVP_PKEY *forge_key_new(enum forge_key kind);
/* One JWK; `extra` such as ",\"kid\":\"a\"" goes before the closing brace. */
char *forge_jwk(EVP_PKEY *key, const char *extra);
char *forge_base64url(struct qw_bytes in);

/* How to sign. HS256 takes its secret from `secret`, and no key. */
enum forge_scheme { FORGE_PKCS1, FORGE_PSS, FORGE_PSS_SALT_20, FORGE_ECDSA, FORGE_ECDSA_DER, FORGE_EDDSA, FORGE_HMAC, FORGE_NOTHING };
struct forge {
	enum forge_scheme scheme;
	const char *md; /* "SHA256"; NULL for EdDSA */
	EVP_PKEY *key;
	struct qw_bytes secret;
};
/* The compact token over header and payload as they are. */
char *forge_token(const struct forge *how, const char *header, const char *payload);
char *forge_token_bytes(const struct forge *how, struct qw_bytes header, struct qw_bytes payload);
char *forge_pem(EVP_PKEY *key);
/* DER of the SubjectPublicKeyInfo; n bytes. */
uint8_t *forge_der(EVP_PKEY *key, size_t *n);

__attribute__((format(printf, 1, 2))) char *forge_printf(const char *fmt, ...);

#endif
