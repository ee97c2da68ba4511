/*
 * The strict shell (RFC 8725) around the signature: cheap and exact checks first, the key by configuration, the signature
 * last. A key is called unknown only for a token that is otherwise good, so that garbage cannot cause fetches.
 */
#include "private.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <strings.h>

struct jws {
	struct qw_bytes header_b64, payload_b64, signature_b64; /* borrowed from the token */
	struct qw_bytes payload; /* borrowed from scratch */
	struct signature signature;
	json_t *header, *claims;
	const struct algorithm *alg;
	const char *kid; /* borrowed from header; may be NULL */
	uint8_t *scratch;
	size_t scratch_n;
};

/* Exactly three parts, none empty: five would be encrypted (JWE), an empty last one unsigned. */
static int split(struct qw_bytes token, struct jws *t)
{
	const uint8_t *dot[2];
	size_t dots = 0;

	for (size_t i = 0; i < token.n; i++) {
		if (token.p[i] != '.')
			continue;
		if (dots == 2)
			return QW_E_MALFORMED;
		dot[dots++] = token.p + i;
	}
	if (dots != 2)
		return QW_E_MALFORMED;
	t->header_b64 = qw_bytes(token.p, (size_t)(dot[0] - token.p));
	t->payload_b64 = qw_bytes(dot[0] + 1, (size_t)(dot[1] - dot[0] - 1));
	t->signature_b64 = qw_bytes(dot[1] + 1, token.n - (size_t)(dot[1] + 1 - token.p));
	t->signature.token = token;
	t->signature.input = qw_bytes(token.p, (size_t)(dot[1] - token.p));
	return t->header_b64.n && t->payload_b64.n && t->signature_b64.n ? 0 : QW_E_MALFORMED;
}

/* Decodes one part behind what scratch holds already; `used` grows. */
static int decode(const struct jws *t, struct qw_bytes in, size_t *used, struct qw_bytes *out)
{
	size_t n = 0;
	int err = identity_base64url_decode(in, t->scratch + *used, t->scratch_n - *used, &n);

	*out = qw_bytes(t->scratch + *used, n);
	*used += n;
	return err;
}

static int jws_parse(struct qw_bytes token, struct jws *t, struct why why)
{
	struct qw_bytes header;
	size_t used = 0;

	if (token.n == 0 || token.n > TOKEN_BYTES_MAX)
		return identity_refuse(why, "empty or larger than %d bytes", TOKEN_BYTES_MAX);
	if (split(token, t))
		return identity_refuse(why, "not three parts between dots");
	t->scratch = malloc(token.n);
	t->scratch_n = token.n;
	if (!t->scratch)
		return identity_refuse(why, "out of memory");
	if (decode(t, t->header_b64, &used, &header) || decode(t, t->payload_b64, &used, &t->payload) ||
		decode(t, t->signature_b64, &used, &t->signature.value))
		return identity_refuse(why, "a part is not canonical base64url");
	t->header = identity_json_object(header);
	if (!t->header)
		return identity_refuse(why, "the header is not a strict JSON object");
	t->claims = identity_json_object(t->payload);
	return t->claims ? 0 : identity_refuse(why, "the payload is not a strict JSON object");
}

static bool is_allowed(const struct identity_issuer *issuer, const char *name)
{
	for (size_t i = 0; i < issuer->algorithm_count; i++)
		if (strcmp(issuer->algorithms[i], name) == 0)
			return true;
	return false;
}

/* RFC 7519 section 5.1, RFC 9068 section 2.1. Anything else is a token made for another purpose (RFC 8725 section 3.11). */
static bool is_typ(const json_t *typ, bool *is_jwt)
{
	static const char *const others[] = {"at+jwt", "application/at+jwt", "application/jwt"};
	const char *text = json_string_value(typ);

	*is_jwt = !typ || (text && strcasecmp(text, "JWT") == 0);
	for (size_t i = 0; text && i < QW_COUNT(others); i++)
		if (strcasecmp(text, others[i]) == 0)
			return true;
	return *is_jwt;
}

static int header_check(const struct identity_issuer *issuer, struct jws *t, struct why why)
{
	/*
	 * crit, b64 and zip change what the bytes mean. jwk, jku, x5u and x5c bring a key of the sender's own: a key is
	 * never taken from there, and a token that asks for it is refused rather than half understood. cty: nested.
	 */
	static const char *const never[] = {"crit", "b64", "zip", "enc", "cty", "jwk", "jku", "x5u", "x5c"};
	const json_t *kid = json_object_get(t->header, "kid"), *alg = json_object_get(t->header, "alg");

	for (size_t i = 0; i < QW_COUNT(never); i++)
		if (json_object_get(t->header, never[i]))
			return identity_refuse(why, "the header holds %s, which is never accepted", never[i]);
	if (!is_typ(json_object_get(t->header, "typ"), &t->signature.libjwt_reads))
		return identity_refuse(why, "the header's typ is neither JWT nor at+jwt");
	t->alg = algorithm_find(json_string_value(alg));
	if (!t->alg || !is_allowed(issuer, t->alg->name))
		return identity_refuse(why, "the header's alg is not among those of the issuer");
	t->kid = json_string_value(kid);
	if (kid && (!t->kid || !*t->kid || strlen(t->kid) > KID_BYTES_MAX))
		return identity_refuse(why, "the header's kid is not text of 1 to %d bytes", KID_BYTES_MAX);
	return 0;
}

static enum identity_verdict signature_check(const struct identity_keys *keys, const struct jws *t, struct why why)
{
	const struct identity_key *key = NULL;
	enum identity_verdict v = identity_keys_find(keys, t->kid, t->alg, &key, why);

	if (v != IDENTITY_ACCEPTED)
		return v;
	if (signature_verify(&t->signature, t->alg, key)) {
		(void)identity_refuse(why, "the signature does not verify");
		return IDENTITY_REFUSED;
	}
	return IDENTITY_ACCEPTED;
}

static int principal_make(const struct identity_issuer *issuer, const struct jws *t, struct qw_arena *arena,
	struct principal *out, struct why why)
{
	int err = claims_copy(issuer, t->claims, arena, out);

	if (err == QW_E_DUPLICATE)
		return identity_refuse(why, "two claims have the same name once nested names are joined by dots");
	if (err)
		return identity_refuse(why, "the claims do not fit the memory of one session");
	if (EVP_Digest(t->payload.p, t->payload.n, out->claims_digest, NULL, EVP_sha256(), NULL) != 1)
		return identity_refuse(why, "out of memory");
	return 0;
}

static void jws_fini(struct jws *t)
{
	json_decref(t->header);
	json_decref(t->claims);
	if (t->scratch)
		OPENSSL_cleanse(t->scratch, t->scratch_n);
	free(t->scratch);
}

enum identity_verdict identity_verify(const struct identity_issuer *issuer, const struct identity_keys *keys,
	struct qw_bytes token, int64_t now_s, struct qw_arena *arena, struct principal *out, char *why, size_t why_size)
{
	struct why reason = {why, why_size};
	enum identity_verdict verdict = IDENTITY_REFUSED;
	struct principal made = {0};
	struct jws t = {0};

	*out = made;
	(void)identity_refuse(reason, "%s", "");
	(void)ERR_set_mark(); /* what fails here must not be taken for a failure of somebody's TLS later */
	if (jws_parse(token, &t, reason) == 0 && header_check(issuer, &t, reason) == 0 &&
		claims_check(issuer, t.claims, now_s, reason) == 0)
		verdict = signature_check(keys, &t, reason);
	if (verdict == IDENTITY_ACCEPTED && principal_make(issuer, &t, arena, &made, reason))
		verdict = IDENTITY_REFUSED;
	if (verdict == IDENTITY_ACCEPTED)
		*out = made;
	(void)ERR_pop_to_mark();
	jws_fini(&t);
	return verdict;
}

bool identity_peek_issuer(struct qw_bytes token, char *out, size_t out_size)
{
	struct jws t = {0};
	struct why nobody = {0};
	const char *iss = NULL;
	size_t n = 0;

	if (jws_parse(token, &t, nobody) == 0)
		iss = json_string_value(json_object_get(t.claims, "iss"));
	if (iss)
		n = strlen(iss);
	if (n && n < out_size)
		memcpy(out, iss, n + 1);
	jws_fini(&t);
	return n && n < out_size;
}

int identity_peek_claims(struct qw_bytes token, struct qw_arena *arena, struct qw_claim **out, size_t *count)
{
	struct principal flat = {0};
	struct jws t = {0};
	struct why nobody = {0};
	int err = jws_parse(token, &t, nobody) ? QW_E_MALFORMED : claims_flatten(t.claims, arena, &flat);

	*out = err ? NULL : flat.claims;
	*count = err ? 0 : flat.claim_count;
	jws_fini(&t);
	return err;
}
