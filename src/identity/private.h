/* What the files of this room share. Nobody else includes it. */
#ifndef IDENTITY_PRIVATE_H
#define IDENTITY_PRIVATE_H

#include "qw/identity.h"

#include <jansson.h>
#include <openssl/types.h>

enum {
	TOKEN_BYTES_MAX = 16 * 1024,
	DOCUMENT_BYTES_MAX = 256 * 1024, /* a JWKS or a discovery document */
	JSON_DEPTH_MAX = 16,
	KEYS_MAX = 64, /* usable keys of one issuer */
	KID_BYTES_MAX = 256,
	SUBJECT_BYTES_MAX = 255, /* OpenID Connect Core 1.0, section 2 */
	CLAIMS_MAX = 512,
};

/* ---- why: where the sentence for the log goes; `p` may be NULL ---- */
struct why {
	char *p;
	size_t n;
};
/* Always QW_E_DENIED, so that a check reads `return refuse(why, "...")`. Never give it bytes of a token. */
int identity_refuse(struct why why, const char *fmt, ...) QW_PRINTF(2, 3);

/* ---- base64url.c: RFC 7515 section 2, canonical: no padding, no stray bits. MALFORMED or LIMIT ---- */
int identity_base64url_decode(struct qw_bytes in, uint8_t *out, size_t out_size, size_t *out_n) QW_MUST_CHECK;

/* ---- json.c: one object, no duplicate names, no NUL, valid UTF-8, shallow; NULL otherwise ---- */
json_t *identity_json_object(struct qw_bytes text);

/* ---- algorithm.c ---- */
enum key_kind { KEY_NONE, KEY_RSA, KEY_P256, KEY_P384, KEY_P521, KEY_ED25519 };
enum scheme { SCHEME_NONE, SCHEME_PKCS1, SCHEME_PSS, SCHEME_ECDSA, SCHEME_EDDSA };
struct algorithm {
	const char *name;
	enum key_kind kind;
	enum scheme scheme;
	const EVP_MD *(*digest)(void); /* NULL: the scheme has its own */
	size_t coordinate_bytes; /* ECDSA only: a signature is exactly two of these */
};
const struct algorithm *algorithm_find(const char *name); /* NULL: unknown, HS* and none are */

/* ---- keys.c ---- */
struct identity_key {
	char *kid; /* NULL: it has none */
	enum key_kind kind;
	const struct algorithm *alg; /* the only one that it may be used with; NULL: any of its kind */
	EVP_PKEY *pkey;
	char *pem; /* for libjwt; NULL for Ed25519 */
	size_t pem_n;
};
/* IDENTITY_ACCEPTED: *out is set. `kid` may be NULL. */
enum identity_verdict identity_keys_find(const struct identity_keys *keys, const char *kid, const struct algorithm *alg,
	const struct identity_key **out, struct why why);

/* ---- signature.c: all who can verify it must agree; 0 or an error ---- */
struct signature {
	struct qw_bytes token; /* the whole of it */
	struct qw_bytes input; /* header.payload, as they came */
	struct qw_bytes value;
	bool libjwt_reads; /* libjwt 1.x refuses headers whose typ is not "JWT" */
};
int signature_verify(const struct signature *s, const struct algorithm *alg, const struct identity_key *key) QW_MUST_CHECK;

/* ---- claims.c ---- */
/* Everything that RFC 7519, RFC 8725 and the issuer's settings ask of the claims. */
int claims_check(const struct identity_issuer *issuer, const json_t *claims, int64_t now_s, struct why why) QW_MUST_CHECK;
/* Checked claims -> principal, copied into the arena. */
int claims_copy(const struct identity_issuer *issuer, const json_t *claims, struct qw_arena *arena,
	struct principal *out) QW_MUST_CHECK;
/* Only `claims` and `claim_count` of it. */
int claims_flatten(const json_t *claims, struct qw_arena *arena, struct principal *out) QW_MUST_CHECK;

#endif
