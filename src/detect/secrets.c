#include "room.h"

enum { WORD = D_DIGIT | D_LOWER | D_UPPER };

/* Published prefixes; the rest is a run of these classes. The longer of two that begin alike comes first. */
static const struct {
	const char *prefix;
	uint8_t prefix_bytes, classes, least;
	bool is_exact; /* `least` characters, no more */
	enum detect_kind kind;
} tokens[] = {
	{"AKIA", 4, D_DIGIT | D_UPPER, 16, true, DETECT_AWS_KEY},
	{"ASIA", 4, D_DIGIT | D_UPPER, 16, true, DETECT_AWS_KEY},
	{"AIza", 4, WORD | D_LINK, 35, false, DETECT_GOOGLE_KEY},
	{"ghp_", 4, WORD, 36, false, DETECT_GITHUB_TOKEN},
	{"gho_", 4, WORD, 36, false, DETECT_GITHUB_TOKEN},
	{"ghu_", 4, WORD, 36, false, DETECT_GITHUB_TOKEN},
	{"ghs_", 4, WORD, 36, false, DETECT_GITHUB_TOKEN},
	{"ghr_", 4, WORD, 36, false, DETECT_GITHUB_TOKEN},
	{"github_pat_", 11, WORD | D_LINK, 22, false, DETECT_GITHUB_TOKEN},
	{"glpat-", 6, WORD | D_LINK, 20, false, DETECT_GITLAB_TOKEN},
	{"sk_live_", 8, WORD, 16, false, DETECT_STRIPE_KEY},
	{"rk_live_", 8, WORD, 16, false, DETECT_STRIPE_KEY},
};

static bool starts(const struct scan *s, size_t i, const char *with, size_t n)
{
	return s->text.n - i >= n && memcmp(s->text.p + i, with, n) == 0;
}

/* Three parts of base64url with dots between, the first two JSON objects: RFC 7519. */
static bool find_jwt(const struct scan *s, size_t i, struct detect_match *m)
{
	enum { PART_MIN = 10 };
	size_t end = i;

	if (i > 0 && is_of(s->text.p[i - 1], WORD | D_LINK))
		return false; /* each run is looked at once: linear */
	for (int part = 0; part < 3; part++) {
		size_t start = part ? end + 1 : i;

		if ((part && at(s, end) != '.') || start > s->text.n || (part < 2 && !starts(s, start, "eyJ", 3)))
			return false;
		end = run_end(s, start, WORD | D_LINK);
		if (end - start < PART_MIN)
			return false;
	}
	*m = (struct detect_match){DETECT_JWT, i, end};
	return true;
}

/* xoxb-, xoxp- ... */
static bool find_slack(const struct scan *s, size_t i, struct detect_match *m)
{
	size_t end;

	if (!is_of(at(s, i + 3), D_LOWER) || at(s, i + 4) != '-')
		return false;
	end = run_end(s, i + 5, WORD | D_LINK);
	*m = (struct detect_match){DETECT_SLACK_TOKEN, i, end};
	return end - i >= 5 + 10;
}

bool detect_token(const struct scan *s, size_t i, struct detect_match *m)
{
	uint8_t c = s->text.p[i];

	if (c == 'e')
		return wants(s, DETECT_JWT) && starts(s, i, "eyJ", 3) && find_jwt(s, i, m);
	if (c == 'x')
		return wants(s, DETECT_SLACK_TOKEN) && starts(s, i, "xox", 3) && find_slack(s, i, m);
	if (c != 'A' && c != 'g' && c != 's' && c != 'r')
		return false;
	for (size_t k = 0; k < QW_COUNT(tokens); k++) {
		size_t body = i + tokens[k].prefix_bytes, end;

		if (!wants(s, tokens[k].kind) || !starts(s, i, tokens[k].prefix, tokens[k].prefix_bytes))
			continue;
		end = run_end(s, body, tokens[k].classes);
		if (end - body < tokens[k].least || (tokens[k].is_exact && (end - body > tokens[k].least || is_alnum(at(s, end)))))
			continue;
		*m = (struct detect_match){tokens[k].kind, i, end};
		return true;
	}
	return false;
}

/* ---- PEM: RFC 7468 and the older forms ---- */
static const char pem_begin[] = "-----BEGIN ", pem_end[] = "-----END ";
static const char pem_what[] = "PRIVATE KEY", pem_pgp[] = " BLOCK", pem_dashes[] = "-----";

/* What may stand in the body, besides base64: line ends (also written as \n), headers. */
static bool is_pem_body(uint8_t c)
{
	return is_of(c, WORD | D_BASE64) || c == '\n' || c == '\r' || c == ' ' || c == '\t' || c == '\\' || c == ':' || c == ',' ||
	       c == '-' || c == '.' || c == '(' || c == ')' || c == '"';
}

/* After "-----BEGIN " or "-----END ": words, PRIVATE KEY, dashes. Where it ends; 0: something else. */
static size_t pem_label_end(const struct scan *s, size_t i)
{
	size_t limit = i + 40;

	for (; i < limit && (is_of(at(s, i), D_UPPER | D_DIGIT) || at(s, i) == ' '); i++) {
		size_t end = i + sizeof(pem_what) - 1;

		if (i >= s->text.n || !starts(s, i, pem_what, sizeof(pem_what) - 1))
			continue;
		if (end < s->text.n && starts(s, end, pem_pgp, sizeof(pem_pgp) - 1))
			end += sizeof(pem_pgp) - 1;
		return end < s->text.n && starts(s, end, pem_dashes, 5) ? end + 5 : 0;
	}
	return 0;
}

bool detect_pem(const struct scan *s, size_t dash, struct detect_match *m)
{
	size_t i;

	if (!wants(s, DETECT_PRIVATE_KEY) || !starts(s, dash, pem_begin, sizeof(pem_begin) - 1))
		return false;
	i = pem_label_end(s, dash + sizeof(pem_begin) - 1);
	if (i == 0)
		return false;
	while (i < s->text.n && is_pem_body(s->text.p[i])) {
		if (s->text.p[i] == '-' && starts(s, i, pem_end, sizeof(pem_end) - 1)) {
			size_t end = pem_label_end(s, i + sizeof(pem_end) - 1);

			i = end ? end : i;
			break;
		}
		if (s->text.p[i] == '"')
			break;
		i++;
	}
	*m = (struct detect_match){DETECT_PRIVATE_KEY, dash, i};
	return true;
}

/* ---- random-looking text under a key-like name ---- */
enum { RANDOM_MIN = 20, RANDOM_LOOKED_AT = 256 };

/*
 * Letters and digits, and two characters drawn from it are the same in less than one of nine cases (Renyi's entropy of order 2
 * above 3.2 bits a character; random hex has 4, random base64 nearly 6).
 */
static bool looks_random(const uint8_t *p, size_t n)
{
	uint16_t counts[256] = {0};
	bool has_digit = false, has_letter = false;
	size_t pairs = 0;

	for (size_t i = 0; i < n; i++) {
		has_digit |= is_of(p[i], D_DIGIT);
		has_letter |= is_of(p[i], D_LOWER | D_UPPER);
		pairs += counts[p[i]]++; /* with each of the same before it */
	}
	return has_digit && has_letter && pairs * 2 * 9 < n * (n - 1);
}

bool detect_random(const struct scan *s, size_t i, struct detect_match *m)
{
	size_t end, n;

	if (!wants(s, DETECT_SECRET) || (i > 0 && is_of(s->text.p[i - 1], WORD | D_LINK | D_BASE64)))
		return false;
	end = run_end(s, i, WORD | D_LINK | D_BASE64);
	n = end - i;
	if (n < RANDOM_MIN || (n == 24 && starts(s, i, "tok_", 4)))
		return false;
	if (!looks_random(s->text.p + i, n < RANDOM_LOOKED_AT ? n : RANDOM_LOOKED_AT))
		return false;
	*m = (struct detect_match){DETECT_SECRET, i, end};
	return true;
}

bool detect_key_like(struct qw_bytes name)
{
	static const char *const words[] = {"secret", "token", "passw", "passphrase", "pwd", "apikey", "accesskey", "privatekey",
		"signingkey", "encryptionkey", "secretkey", "authkey", "credential", "bearer"};
	char flat[128];
	size_t n = 0;

	for (size_t i = 0; i < name.n && n < sizeof(flat) - 1; i++)
		if (is_alnum(name.p[i]))
			flat[n++] = (char)(is_of(name.p[i], D_UPPER) ? name.p[i] | 0x20 : name.p[i]);
	flat[n] = '\0';
	for (size_t i = 0; i < QW_COUNT(words); i++)
		if (strstr(flat, words[i]))
			return true;
	return false;
}
