/* The claims of a token: RFC 7519 section 4, RFC 8693 section 4.1 (act), RFC 7800 (cnf), RFC 8725. */
#include "private.h"

static const int64_t second_max = 253402300799; /* the end of the year 9999: keeps every sum far from overflow */

static bool text_equals(const json_t *j, const char *text)
{
	return json_is_string(j) && strcmp(json_string_value(j), text) == 0;
}

/* Printable, since it goes into records, notices and the names of people. */
static bool is_subject(const json_t *j)
{
	const char *s = json_string_value(j);
	size_t n = s ? json_string_length(j) : 0;

	if (n == 0 || n > SUBJECT_BYTES_MAX)
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7F)
			return false;
	return true;
}

static bool audience_holds(const json_t *aud, const char *ours)
{
	bool found = false;
	size_t i;
	json_t *one;

	if (json_is_string(aud))
		return text_equals(aud, ours);
	json_array_foreach(aud, i, one) {
		if (!json_is_string(one))
			return false;
		found = found || text_equals(one, ours);
	}
	return found;
}

static int who_check(const struct identity_issuer *issuer, const json_t *claims, struct why why)
{
	const json_t *act = json_object_get(claims, "act"), *jti = json_object_get(claims, "jti");

	if (!text_equals(json_object_get(claims, "iss"), issuer->issuer))
		return identity_refuse(why, "iss is not the configured issuer");
	if (!audience_holds(json_object_get(claims, "aud"), issuer->audience))
		return identity_refuse(why, "aud does not hold the configured audience");
	if (!is_subject(json_object_get(claims, "sub")))
		return identity_refuse(why, "sub is missing, or not printable text of 1 to %d bytes", SUBJECT_BYTES_MAX);
	if (act && (!json_is_object(act) || !is_subject(json_object_get(act, "sub"))))
		return identity_refuse(why, "act does not name its sub");
	if (jti && !json_is_string(jti))
		return identity_refuse(why, "jti is not text");
	if (json_object_get(claims, "cnf"))
		return identity_refuse(why, "the token is bound to a key (cnf), which cannot be proved on this wire");
	return 0;
}

/* A time that may be absent: false when it is there and is not whole seconds in our range. */
static bool time_get(const json_t *claims, const char *name, int64_t *out, bool *is_there)
{
	const json_t *j = json_object_get(claims, name);

	*is_there = j != NULL;
	*out = json_is_integer(j) ? json_integer_value(j) : 0;
	return !j || (json_is_integer(j) && *out >= 0 && *out <= second_max);
}

static int times_check(const struct identity_issuer *issuer, const json_t *claims, int64_t now_s, struct why why)
{
	const int64_t skew = issuer->skew_s;
	int64_t exp, nbf, iat;
	bool has_exp, has_nbf, has_iat;

	if (!time_get(claims, "exp", &exp, &has_exp) || !time_get(claims, "nbf", &nbf, &has_nbf) ||
		!time_get(claims, "iat", &iat, &has_iat))
		return identity_refuse(why, "exp, nbf or iat is not a whole number of seconds before the year 10000");
	if (!has_exp)
		return identity_refuse(why, "exp is missing");
	if (now_s < 0 || now_s > second_max)
		return identity_refuse(why, "the gateway's clock is wrong");
	if (now_s - skew >= exp)
		return identity_refuse(why, "expired %lld s ago", (long long)(now_s - exp));
	if (has_nbf && nbf - skew > now_s)
		return identity_refuse(why, "not valid for another %lld s (nbf)", (long long)(nbf - now_s));
	if (has_iat && iat - skew > now_s)
		return identity_refuse(why, "issued %lld s in the future (iat)", (long long)(iat - now_s));
	if (has_iat && exp <= iat)
		return identity_refuse(why, "expires before it was issued");
	if (issuer->lifetime_max_s && !has_iat)
		return identity_refuse(why, "iat is missing, so that its lifetime cannot be checked");
	if (issuer->lifetime_max_s && exp - iat > (int64_t)issuer->lifetime_max_s)
		return identity_refuse(why, "lives %lld s; at most %u s are allowed", (long long)(exp - iat),
			issuer->lifetime_max_s);
	return 0;
}

static bool is_scalar(const json_t *j)
{
	return json_is_string(j) || json_is_number(j) || json_is_boolean(j);
}

/* Values under one name: lists of scalars count each of them. null, and lists of lists or objects, give none. */
static size_t claims_count(const json_t *j)
{
	const char *name;
	size_t n = 0, i;
	json_t *v;

	if (is_scalar(j))
		return 1;
	if (json_is_array(j)) {
		json_array_foreach(j, i, v)
			n += is_scalar(v);
		return n;
	}
	json_object_foreach((json_t *)j, name, v)
		n += claims_count(v);
	return n;
}

int claims_check(const struct identity_issuer *issuer, const json_t *claims, int64_t now_s, struct why why)
{
	int err;

	if (!issuer->issuer || !*issuer->issuer || !issuer->audience || !*issuer->audience)
		return identity_refuse(why, "the issuer is configured without a name or an audience");
	err = who_check(issuer, claims, why);
	if (err == 0)
		err = times_check(issuer, claims, now_s, why);
	if (err == 0 && claims_count(claims) > CLAIMS_MAX)
		err = identity_refuse(why, "more than %d claims", CLAIMS_MAX);
	return err;
}

/* ---- flattening ---- */
struct flat {
	struct qw_arena *arena;
	struct qw_claim *claims;
	size_t n, max;
};

static char *scalar_text(struct flat *f, const json_t *j)
{
	char buf[64];
	size_t n;

	if (json_is_string(j))
		return qw_arena_strdup(f->arena, qw_bytes(json_string_value(j), json_string_length(j)));
	if (json_is_boolean(j))
		return qw_arena_strdup(f->arena, json_is_true(j) ? QW_LIT("true") : QW_LIT("false"));
	n = json_dumpb(j, buf, sizeof(buf), JSON_ENCODE_ANY | JSON_REAL_PRECISION(17));
	return n && n <= sizeof(buf) ? qw_arena_strdup(f->arena, qw_bytes(buf, n)) : NULL;
}

static int flat_add(struct flat *f, const char *name, const json_t *value)
{
	char *text = scalar_text(f, value);

	if (!text)
		return QW_E_NOMEM;
	QW_ASSERT(f->n < f->max);
	f->claims[f->n++] = (struct qw_claim){name, text};
	return 0;
}

/*
 * {"a":{"b":1}} and {"a.b":1} would be told apart by nobody after this: a token that holds both is refused, so that a
 * claim which its subject may choose can never add to one which the issuer vouches for.
 */
static bool is_taken(const struct flat *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->claims[i].name, name) == 0)
			return true;
	return false;
}

static int flatten_value(struct flat *f, const char *name, const json_t *value)
{
	size_t i;
	json_t *v;
	int err = 0;

	if (is_taken(f, name))
		return QW_E_DUPLICATE;
	if (is_scalar(value))
		return flat_add(f, name, value);
	json_array_foreach(value, i, v) {
		if (is_scalar(v))
			err = flat_add(f, name, v);
		if (err)
			break;
	}
	return err;
}

/* Recursion is bounded by JSON_DEPTH_MAX. */
static int flatten(struct flat *f, const char *prefix, json_t *object)
{
	const char *key;
	json_t *v;
	int err = 0;

	json_object_foreach(object, key, v) {
		char *name;

		if (json_is_null(v))
			continue;
		name = prefix ? qw_arena_printf(f->arena, "%s.%s", prefix, key) : qw_arena_strdup(f->arena, qw_bytes_from(key));
		if (!name)
			return QW_E_NOMEM;
		err = json_is_object(v) ? flatten(f, name, v) : flatten_value(f, name, v);
		if (err)
			return err;
	}
	return 0;
}

static const char *text_copy(struct qw_arena *arena, const json_t *j)
{
	return json_is_string(j) ? qw_arena_strdup(arena, qw_bytes(json_string_value(j), json_string_length(j))) : NULL;
}

int claims_flatten(const json_t *claims, struct qw_arena *arena, struct principal *out)
{
	struct flat f = {.arena = arena, .max = claims_count(claims)};
	int err;

	f.claims = qw_arena_alloc(arena, f.max * sizeof(*f.claims));
	if (!f.claims)
		return QW_E_NOMEM;
	err = flatten(&f, NULL, (json_t *)claims);
	out->claims = f.claims;
	out->claim_count = f.n;
	return err;
}

int claims_copy(const struct identity_issuer *issuer, const json_t *claims, struct qw_arena *arena, struct principal *out)
{
	const json_t *act = json_object_get(json_object_get(claims, "act"), "sub"), *jti = json_object_get(claims, "jti");

	out->issuer_name = qw_arena_strdup(arena, qw_bytes_from(issuer->name));
	out->issuer = qw_arena_strdup(arena, qw_bytes_from(issuer->issuer));
	out->subject = text_copy(arena, json_object_get(claims, "sub"));
	out->actor = text_copy(arena, act);
	out->token_id = text_copy(arena, jti);
	out->expires_at = json_integer_value(json_object_get(claims, "exp"));
	out->issued_at = json_integer_value(json_object_get(claims, "iat"));
	if (!out->issuer_name || !out->issuer || !out->subject || (act && !out->actor) || (jti && !out->token_id))
		return QW_E_NOMEM;
	return claims_flatten(claims, arena, out);
}
