#include "room.h"

#define LOCAL_TOO(c) ((c) == '.' || (c) == '%' || (c) == '+' || (c) == '_' || (c) == '-')
#define CLASS(c) \
	(uint8_t)(((c) >= '0' && (c) <= '9' ? D_DIGIT | D_LOCAL : 0) | ((c) >= 'a' && (c) <= 'z' ? D_LOWER | D_LOCAL : 0) | \
		((c) >= 'A' && (c) <= 'Z' ? D_UPPER | D_LOCAL : 0) | ((c) == '_' || (c) == '-' ? D_LINK : 0) | \
		(LOCAL_TOO(c) || (c) >= 0x80 ? D_LOCAL : 0) | ((c) == '+' || (c) == '/' || (c) == '=' ? D_BASE64 : 0))
#define ROW(r) \
	CLASS(r), CLASS(r + 1), CLASS(r + 2), CLASS(r + 3), CLASS(r + 4), CLASS(r + 5), CLASS(r + 6), CLASS(r + 7), CLASS(r + 8), \
		CLASS(r + 9), CLASS(r + 10), CLASS(r + 11), CLASS(r + 12), CLASS(r + 13), CLASS(r + 14), CLASS(r + 15)
const uint8_t detect_classes[256] = {ROW(0), ROW(16), ROW(32), ROW(48), ROW(64), ROW(80), ROW(96), ROW(112), ROW(128), ROW(144),
	ROW(160), ROW(176), ROW(192), ROW(208), ROW(224), ROW(240)};

/* The least that each detector needs: see theirs. */
enum { DIGITS_MIN = 8, RUN_MIN = 16, DASHES_MIN = 10, RANDOM_MIN = 20, BLOCK = 64 };

bool detect_suspects(struct qw_bytes text, bool is_key_like, unsigned run_classes)
{
	size_t digits = 0, dashes = 0, run = 0;

	if (is_key_like && text.n >= RANDOM_MIN)
		return true;
	for (size_t i = 0; i < text.n;) {
		size_t end = text.n - i < BLOCK ? text.n : i + BLOCK;
		size_t longest = 0;
		bool has_sign = false;

		for (; i < end; i++) {
			uint8_t c = text.p[i];

			digits += is_digit(c);
			dashes += c == '-';
			has_sign |= c == '@';
			run = is_of(c, run_classes) ? run + 1 : 0;
			longest = run > longest ? run : longest;
		}
		if (has_sign || digits >= DIGITS_MIN || longest >= RUN_MIN || dashes >= DASHES_MIN)
			return true;
	}
	return false;
}

/* At the first byte of a run of letters and digits. */
static bool find_word(const struct scan *s, size_t i, struct detect_match *m)
{
	uint8_t c = s->text.p[i];

	if (is_digit(c)) {
		if (detect_number(s, i, m))
			return true;
	} else if (detect_token(s, i, m)) {
		return true;
	} else if (is_digit(at(s, i + 2)) && detect_iban(s, i, m)) {
		return true;
	}
	return s->is_key_like && detect_random(s, i, m);
}

bool detect_find(const struct scan *s, struct detect_match *m)
{
	size_t i = 0;

	while (i < s->text.n) {
		uint8_t c = s->text.p[i];

		if (is_alnum(c)) {
			if (find_word(s, i, m))
				return true;
			i = run_end(s, i, D_DIGIT | D_LOWER | D_UPPER);
			continue;
		}
		if (c == '@' && detect_email(s, i, m))
			return true;
		if (c == '+' && detect_e164(s, i, m))
			return true;
		if (c == '(' && detect_area(s, i, m))
			return true;
		if (c == '-' && detect_pem(s, i, m))
			return true;
		i++;
	}
	return false;
}

/* ---- addresses ---- */
static bool is_our_token(const struct scan *s, size_t start, size_t end)
{
	if (end - start != 24 || memcmp(s->text.p + start, "tok_", 4) != 0)
		return false;
	for (size_t i = start + 4; i < end; i++)
		if (!is_digit(s->text.p[i]) && (s->text.p[i] < 'a' || s->text.p[i] > 'f'))
			return false;
	return true;
}

/* logo@2x.png */
static bool is_image_name(struct qw_bytes domain)
{
	static const char *const ends[] = {"png", "jpg", "jpeg", "gif", "webp", "svg", "avif", "ico"};

	if (domain.n < 6 || !is_digit(domain.p[0]) || domain.p[1] != 'x' || domain.p[2] != '.')
		return false;
	for (size_t i = 0; i < QW_COUNT(ends); i++)
		if (qw_bytes_equal(qw_bytes(domain.p + 3, domain.n - 3), qw_bytes_from(ends[i])))
			return true;
	return false;
}

/* Labels with dots between, the last of at least two letters. Returns where it ends; 0: this is no domain. */
static size_t domain_end(const struct scan *s, size_t start)
{
	size_t end = start, label = start, dots = 0;
	bool has_digit;

	while (end < s->text.n && (end - start < 255 || (s->text.p[end] & 0xC0) == 0x80) && /* no half character */
		(is_alnum(s->text.p[end]) || s->text.p[end] == '-' || s->text.p[end] == '.' || s->text.p[end] >= 0x80)) {
		if (s->text.p[end] == '.') {
			if (!is_alnum(at(s, end + 1)) && at(s, end + 1) < 0x80)
				break; /* the end of a sentence */
			if (label == end)
				return 0;
			label = end + 1;
			dots++;
		}
		end++;
	}
	while (end > label && s->text.p[end - 1] == '-')
		end--;
	if (dots == 0 || end < label + 2)
		return 0;
	has_digit = false;
	for (size_t i = label; i < end; i++)
		has_digit |= is_digit(s->text.p[i]);
	return has_digit && memcmp(s->text.p + label, "xn", 2) != 0 ? 0 : end;
}

bool detect_email(const struct scan *s, size_t sign, struct detect_match *m)
{
	size_t start = sign, end;

	if (!wants(s, DETECT_EMAIL))
		return false;
	while (start > 0 && sign - start < 64 && is_of(s->text.p[start - 1], D_LOCAL))
		start--;
	while (start < sign && !is_alnum(s->text.p[start]) && s->text.p[start] < 0x80)
		start++;
	while (start < sign && (s->text.p[start] & 0xC0) == 0x80)
		start++; /* the limit may have cut a character */
	if (start == sign || s->text.p[sign - 1] == '.')
		return false;
	end = domain_end(s, sign + 1);
	if (end == 0 || is_our_token(s, start, sign) || is_image_name(qw_bytes(s->text.p + sign + 1, end - sign - 1)))
		return false;
	if (sign - start == 3 && memcmp(s->text.p + start, "git", 3) == 0 && at(s, end) == ':')
		return false; /* git@host.example:path */
	*m = (struct detect_match){DETECT_EMAIL, start, end};
	return true;
}
