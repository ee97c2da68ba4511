/*
 * Who is calling: a strict verifier of OIDC JSON Web Tokens (RFC 7519, RFC 8725) around libjwt and libcrypto. Pure: keys
 * and time are given. The street (io/) fetches key sets.
 */
#ifndef QW_IDENTITY_H
#define QW_IDENTITY_H

#include "qw/policy.h"

struct identity_issuer { /* from the configuration */
	const char *name, *issuer, *audience; /* issuer and audience compare exactly */
	const char **algorithms; /* RS256 PS256 ES256 EdDSA (and 384, 512); never HS*, never none */
	size_t algorithm_count;
	uint32_t lifetime_max_s; /* exp - iat may not exceed it; 0: no limit */
	uint32_t skew_s; /* default 30 */
};

struct identity_keys; /* a parsed JWKS of one issuer */
/* Refuses what RFC 8725 forbids: HS keys, RSA < 2048, duplicate kid, size > 256 KiB. Unusable keys are left out. */
int identity_keys_parse(struct qw_bytes jwks_json, struct identity_keys **out, char *why, size_t why_size) QW_MUST_CHECK;
void identity_keys_free(struct identity_keys *k);
size_t identity_keys_count(const struct identity_keys *k);

struct principal { /* owned by the arena given to identity_verify */
	const char *issuer_name, *issuer, *subject;
	const char *actor; /* RFC 8693 act.sub, or NULL */
	const char *token_id; /* jti or NULL */
	int64_t expires_at, issued_at; /* seconds since the epoch */
	struct qw_claim *claims;
	size_t claim_count;
	uint8_t claims_digest[32]; /* SHA-256 of the payload bytes */
};

enum identity_verdict {
	IDENTITY_REFUSED, /* zero */
	IDENTITY_UNKNOWN_KEY, /* everything else is well, but no key has this kid: fetch the key set and try once more */
	IDENTITY_ACCEPTED
};
/*
 * `why` gets a sentence for our log (never for the client, never with token bytes). Principal is set when ACCEPTED.
 */
enum identity_verdict identity_verify(const struct identity_issuer *issuer, const struct identity_keys *keys,
	struct qw_bytes token, int64_t now_s, struct qw_arena *arena, struct principal *out, char *why, size_t why_size);

/* The token's claimed issuer, unverified, to choose the configured issuer by; false: not a JWT. */
bool identity_peek_issuer(struct qw_bytes token, char *out, size_t out_size);

/* Its claims, flattened, unverified: for explanations, never for a session. MALFORMED: not a JWT; DUPLICATE, NOMEM. */
int identity_peek_claims(struct qw_bytes token, struct qw_arena *arena, struct qw_claim **out, size_t *count) QW_MUST_CHECK;

/* Discovery document -> jwks_uri (https only); its issuer must equal `issuer` exactly. */
int identity_discovery_parse(struct qw_bytes json, const char *issuer, char *jwks_uri, size_t size, char *why,
	size_t why_size) QW_MUST_CHECK;

#endif
