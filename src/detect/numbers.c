#include "room.h"

/* ---- what stands around a number ---- */

/* Or is it a part of something longer: 1.23, 12-34, a1? */
static bool is_free_before(const struct scan *s, size_t start)
{
	if (start == 0)
		return true;
	if (is_alnum(s->text.p[start - 1]))
		return false;
	return start == 1 || !((s->text.p[start - 1] == '-' || s->text.p[start - 1] == '.') && is_digit(s->text.p[start - 2]));
}

static bool is_free_after(const struct scan *s, size_t end)
{
	uint8_t c = at(s, end);

	if (is_alnum(c))
		return false;
	return !((c == '-' || c == '.') && is_digit(at(s, end + 1)));
}

/* ---- payment cards: ISO/IEC 7812 ---- */
enum { CARD_MIN = 13, CARD_MAX = 19 };

/* Ranges of the first four digits, and the lengths that are issued: bit n - 13. */
static const struct {
	uint16_t first, last;
	uint8_t lengths;
} issuers[] = {
#define L(n) (1u << ((n) - CARD_MIN))
#define FROM(n) (0x7Fu & ~(L(n) - 1))
	{2200, 2204, FROM(16)}, /* Mir */
	{2221, 2720, L(16)}, /* Mastercard */
	{3000, 3059, FROM(14)}, {3095, 3095, FROM(14)}, {3600, 3699, FROM(14)}, {3800, 3999, FROM(14)}, /* Diners */
	{3400, 3499, L(15)}, {3700, 3799, L(15)}, /* American Express */
	{3528, 3589, FROM(16)}, /* JCB */
	{4000, 4999, L(13) | L(16) | L(19)}, /* Visa */
	{5018, 5018, FROM(13)}, {5020, 5020, FROM(13)}, {5038, 5038, FROM(13)}, {5893, 5893, FROM(13)}, /* Maestro */
	{5100, 5599, L(16)}, /* Mastercard */
	{6011, 6011, FROM(16)}, {6440, 6599, FROM(16)}, /* Discover */
	{6200, 6299, FROM(16)}, /* UnionPay */
	{6304, 6304, FROM(13)}, {6759, 6759, FROM(13)}, {6761, 6763, FROM(13)}, /* Maestro */
	{9792, 9792, L(16)}, /* Troy */
#undef FROM
#undef L
};

static bool is_issued(const uint8_t *digits, size_t n)
{
	unsigned four = digits[0] * 1000u + digits[1] * 100u + digits[2] * 10u + digits[3];

	for (size_t i = 0; i < QW_COUNT(issuers); i++)
		if (four >= issuers[i].first && four <= issuers[i].last)
			return issuers[i].lengths & 1u << (n - CARD_MIN);
	return false;
}

static bool luhn_holds(const uint8_t *digits, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned v = digits[n - 1 - i] * (i % 2 ? 2u : 1u);

		sum += v > 9 ? v - 9 : v;
	}
	return sum % 10 == 0;
}

/* Groups of a printed number: fours and a shorter last, 4-6-5 or 4-6-4. */
static bool group_fits(size_t index, size_t digits, bool is_last, size_t second)
{
	if (index == 0)
		return digits == 4;
	if (index == 1)
		return digits == 4 || digits == 6;
	if (second == 6)
		return index == 2 && (digits == 4 || digits == 5);
	return digits == 4 || (is_last && digits >= 1 && digits < 4);
}

/* One run of digits, or groups with the same blank or dash between. The longest that is a card counts. */
static bool find_card(const struct scan *s, size_t i, struct detect_match *m)
{
	uint8_t digits[CARD_MAX + 7], mark = 0;
	size_t n = 0, p = i, second = 0, found = 0;

	for (size_t group = 0; group < 6; group++) {
		size_t start = p;

		while (is_digit(at(s, p)) && p - start <= CARD_MAX && n < sizeof(digits))
			digits[n++] = (uint8_t)(s->text.p[p++] - '0');
		if (group == 1)
			second = p - start;
		if (n > CARD_MAX || is_alnum(at(s, p)))
			break;
		if ((group > 0 && !group_fits(group, p - start, true, second)) || p == start)
			break;
		if (n >= CARD_MIN && is_issued(digits, n) && luhn_holds(digits, n) && (group > 0 || is_free_after(s, p)))
			found = p;
		if (!group_fits(group, p - start, false, second) || (at(s, p) != ' ' && at(s, p) != '-') ||
			(group > 0 && at(s, p) != mark))
			break;
		mark = at(s, p++);
	}
	*m = (struct detect_match){DETECT_CARD, i, found};
	return found > 0;
}

/* ---- numbers of fixed groups ---- */

/* The groups of `sizes` with `mark` between; where it ends, 0: no. */
static size_t groups_end(const struct scan *s, size_t i, const uint8_t *sizes, size_t count, uint8_t mark)
{
	for (size_t g = 0; g < count; g++) {
		if (g > 0 && at(s, i++) != mark)
			return 0;
		for (uint8_t k = 0; k < sizes[g]; k++)
			if (!is_digit(at(s, i++)))
				return 0;
	}
	return is_free_after(s, i) ? i : 0;
}

/* Social Security Administration: no area 000, 666 or from 900, no group 00, no serial 0000. */
static bool find_ssn(const struct scan *s, size_t i, struct detect_match *m)
{
	static const uint8_t sizes[] = {3, 2, 4};
	const uint8_t *p = s->text.p + i;
	uint8_t mark = at(s, i + 3);
	size_t end = mark == '-' || mark == ' ' ? groups_end(s, i, sizes, QW_COUNT(sizes), mark) : 0;

	if (!end || p[0] == '9' || memcmp(p, "000", 3) == 0 || memcmp(p, "666", 3) == 0 || memcmp(p + 4, "00", 2) == 0 ||
		memcmp(p + 7, "0000", 4) == 0)
		return false;
	*m = (struct detect_match){DETECT_SSN, i, end};
	return true;
}

/* North American Numbering Plan: area and exchange begin with 2 to 9 and do not end in 11. */
static bool is_nanp(const uint8_t *area, const uint8_t *exchange)
{
	return area[0] >= '2' && exchange[0] >= '2' && memcmp(area + 1, "11", 2) != 0 && memcmp(exchange + 1, "11", 2) != 0;
}

/* 212-555-0123, 212.555.0123, 212 555 0123, and with 1 before. */
static bool find_nanp(const struct scan *s, size_t i, struct detect_match *m)
{
	static const uint8_t sizes[] = {3, 3, 4};
	size_t start = at(s, i) == '1' ? i + 2 : i, end;
	uint8_t mark = at(s, start + 3);

	if ((mark != '-' && mark != '.' && mark != ' ') || (start > i && at(s, i + 1) != mark))
		return false;
	end = groups_end(s, start, sizes, QW_COUNT(sizes), mark);
	if (!end || !is_nanp(s->text.p + start, s->text.p + start + 4))
		return false;
	*m = (struct detect_match){DETECT_PHONE, i, end};
	return true;
}

bool detect_area(const struct scan *s, size_t bracket, struct detect_match *m)
{
	static const uint8_t area[] = {3}, rest[] = {3, 4};
	size_t i = bracket + 5, end;

	if (!wants(s, DETECT_PHONE) || at(s, bracket + 4) != ')' || !groups_end(s, bracket + 1, area, 1, 0))
		return false;
	i += at(s, i) == ' ';
	end = groups_end(s, i, rest, QW_COUNT(rest), '-');
	if (!end)
		end = groups_end(s, i, rest, QW_COUNT(rest), ' ');
	if (!end || !is_nanp(s->text.p + bracket + 1, s->text.p + i))
		return false;
	*m = (struct detect_match){DETECT_PHONE, bracket, end};
	return true;
}

bool detect_number(const struct scan *s, size_t i, struct detect_match *m)
{
	if (!is_free_before(s, i)) {
		/* A printed card may follow another number: "7-4111 1111 1111 1111". */
		return at(s, i - 1) == '-' && wants(s, DETECT_CARD) && !is_digit(at(s, i + 4)) && find_card(s, i, m);
	}
	if (wants(s, DETECT_CARD) && find_card(s, i, m))
		return true;
	if (wants(s, DETECT_SSN) && find_ssn(s, i, m))
		return true;
	return wants(s, DETECT_PHONE) && find_nanp(s, i, m);
}

/* ITU E.164: a plus, a country, eight to fifteen digits in all; single blanks, dots, dashes and brackets between. */
bool detect_e164(const struct scan *s, size_t plus, struct detect_match *m)
{
	size_t i = plus + 1, digits = 0, end = 0;
	uint8_t first = at(s, i), second = at(s, i + 1);

	if (!wants(s, DETECT_PHONE) || first < '1' || first > '9')
		return false;
	if (plus > 0 && (is_alnum(s->text.p[plus - 1]) || s->text.p[plus - 1] == '+'))
		return false; /* 1+1, C++14 */
	if ((first == '2' && second == '8') || (first == '8' && (second == '3' || second == '9')))
		return false; /* no country has these */
	while (digits <= 15) {
		size_t start = i;

		while (is_digit(at(s, i)) && i - start <= 15)
			i++;
		digits += i - start;
		if (i == start || is_alnum(at(s, i)))
			break;
		if (digits >= 8 && digits <= 15)
			end = i;
		if (at(s, i) == ')' || (at(s, i) == ' ' && at(s, i + 1) == '('))
			i++; /* with what follows: ") " and " (" */
		if (at(s, i) == ' ' || at(s, i) == '.' || at(s, i) == '-' || at(s, i) == '(')
			i++;
	}
	*m = (struct detect_match){DETECT_PHONE, plus, end};
	return end > 0;
}

/* ---- IBAN: ISO 13616; country and length from the registry ---- */
static const char iban_countries[] =
	"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18"
	"GR27GT28HN28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27MT31MU30NI28NL18NO15"
	"OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30";
enum { IBAN_MAX = 34 };

static size_t iban_length(uint8_t a, uint8_t b)
{
	for (const char *c = iban_countries; *c; c += 4)
		if (c[0] == a && c[1] == b)
			return (size_t)(c[2] - '0') * 10 + (size_t)(c[3] - '0');
	return 0;
}

static unsigned iban_mod97(const uint8_t *c, size_t n)
{
	unsigned r = 0;

	for (size_t k = 0; k < n; k++) {
		uint8_t v = c[(k + 4) % n]; /* the first four come last */

		r = is_digit(v) ? (r * 10 + (unsigned)(v - '0')) % 97 : (r * 100 + (unsigned)(v - 'A') + 10) % 97;
	}
	return r;
}

bool detect_iban(const struct scan *s, size_t i, struct detect_match *m)
{
	uint8_t c[IBAN_MAX];
	size_t length, n = 0, p = i;

	if (!wants(s, DETECT_IBAN) || !is_digit(at(s, i + 2)) || !is_digit(at(s, i + 3)) || (i > 0 && is_alnum(s->text.p[i - 1])))
		return false;
	length = iban_length(at(s, i) & 0xDF, at(s, i + 1) & 0xDF);
	while (n < length) {
		uint8_t v = at(s, p++);

		if (v == ' ' && n % 4 == 0 && is_alnum(at(s, p)))
			v = at(s, p++);
		if (!is_alnum(v))
			return false;
		c[n++] = is_digit(v) ? v : v & 0xDF;
	}
	if (n == 0 || is_alnum(at(s, p)) || iban_mod97(c, n) != 1)
		return false;
	*m = (struct detect_match){DETECT_IBAN, i, p};
	return true;
}
