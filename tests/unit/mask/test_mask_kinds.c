#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "qw/mask.h"

enum { BYTEA = 17, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, OID = 26, JSON = 114, XML = 142, FLOAT4 = 700, FLOAT8 = 701,
	MONEY = 790, TEXTS = 1009, INT4S = 1007, BPCHAR = 1042, VARCHAR = 1043, DATE = 1082, STAMP = 1114, STAMPTZ = 1184,
	NUMERIC = 1700, UUID = 2950, JSONB = 3802 };
static struct mask_key *key;

/* Masks; the answer is one of eight static texts, "NULL" for NULL. */
static const char *mask_as(struct mask_column column, const struct mask_subject *subject, struct mask_spec spec, struct qw_bytes value)
{
	static char copies[8][4096];
	static int next;
	char *copy = copies[next++ % 8];
	struct qw_buf out;
	bool is_null = false;

	column.spec = &spec;
	if (!column.domain)
		column.domain = "public.t.c";
	if (!column.type_modifier)
		column.type_modifier = -1;
	qw_buf_init(&out, sizeof(copies[0]) - 1);
	assert_int_equal(mask_value_of(&column, subject, key, value, &out, &is_null), 0);
	if (is_null)
		assert_int_equal(out.n, 0);
	(void)snprintf(copy, sizeof(copies[0]), "%.*s", is_null ? 4 : (int)out.n, is_null ? "NULL" : out.p ? (char *)out.p : "");
	qw_buf_fini(&out);
	return copy;
}

static const char *text_of(uint32_t oid, struct mask_spec spec, const char *value)
{
	return mask_as((struct mask_column){.type_oid = oid}, NULL, spec, qw_bytes_from(value));
}

/* ---- FF1 ---- */
static bool luhn_holds(const char *s)
{
	unsigned sum = 0, place = 0;

	for (size_t i = strlen(s); i-- > 0;) {
		unsigned v;

		if (s[i] < '0' || s[i] > '9')
			continue;
		v = (unsigned)(s[i] - '0') * (1 + place++ % 2);
		sum += v > 9 ? v - 9 : v;
	}
	return sum % 10 == 0;
}

static void assert_same_shape(const char *in, const char *out)
{
	assert_int_equal(strlen(in), strlen(out));
	for (size_t i = 0; in[i]; i++) {
		bool digit = in[i] >= '0' && in[i] <= '9', letter = (in[i] | 0x20) >= 'a' && (in[i] | 0x20) <= 'z';
		bool word = (out[i] >= '0' && out[i] <= '9') || ((out[i] | 0x20) >= 'a' && (out[i] | 0x20) <= 'z');

		if (!digit && !letter)
			assert_int_equal(in[i], out[i]);
		else
			assert_true(word);
	}
}

static void test_ff1_text(void **state)
{
	static const char *const values[] = {"123456", "12-34-56-78", "4111 1111 1111 1111", "AB-1234", "abcd", "aB-4x9_Q ",
		"(0123) 456 789/0", "123456789012345678901234567890123456789012345678901234567890123456789012"};
	const struct mask_spec spec = {.kind = MASK_FF1};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(values); i++) {
		const char *got = text_of(TEXT, spec, values[i]);

		assert_same_shape(values[i], got);
		assert_string_not_equal(got, values[i]);
		assert_string_equal(got, text_of(TEXT, spec, values[i])); /* deterministic */
	}
	assert_string_equal(text_of(TEXT, spec, "12345678901"), text_of(VARCHAR, spec, "12345678901"));
	/* digits stay digits, lower case stays lower case */
	assert_int_equal(strspn(text_of(TEXT, spec, "abc-123"), "abcdefghijklmnopqrstuvwxyz0123456789-"), 7);
	assert_int_equal(strspn(text_of(TEXT, spec, "ABC-123"), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"), 7);
	assert_int_equal(strspn(text_of(TEXT, spec, "1234567"), "0123456789"), 7);
	/* too few values, too many characters, letters that are not ASCII: a token */
	assert_memory_equal(text_of(TEXT, spec, "12345"), "tok_", 4);
	assert_memory_equal(text_of(TEXT, spec, "abc"), "tok_", 4);
	assert_memory_equal(text_of(TEXT, spec, ""), "tok_", 4);
	assert_memory_equal(text_of(TEXT, spec, "---"), "tok_", 4);
	assert_memory_equal(text_of(TEXT, spec, "M\xc3\xbcller 12345678"), "tok_", 4);
	assert_memory_equal(text_of(TEXT, spec, "1234567890123456789012345678901234567890123456789012345678901234567890123"), "tok_", 4);
}

static void test_ff1_of_cards(void **state)
{
	static const char *const cards[] = {"4111111111111111", "5500-0000-0000-0004", "3400 0000 0000 009", "6011000000000004",
		"30000000000004", "4222222222222", "6304000000000000000", "1234567", "0000000"};
	const struct mask_spec spec = {.kind = MASK_FF1, .keep_first = 6, .keep_last = 4, .has_check_digit = true};
	struct mask_spec keeps = spec;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cards); i++) {
		const char *got = text_of(TEXT, spec, cards[i]);
		size_t digits = 0;

		for (size_t k = 0; cards[i][k]; k++)
			digits += cards[i][k] >= '0' && cards[i][k] <= '9';
		assert_same_shape(cards[i], got);
		assert_true(luhn_holds(got));
		/* six first and the three before the check digit stay only where six others are left */
		assert_int_equal(memcmp(got, cards[i], 6) == 0, digits >= 16);
		if (digits >= 16)
			assert_memory_equal(got + strlen(got) - 4, cards[i] + strlen(got) - 4, 3);
	}
	assert_memory_equal(text_of(TEXT, spec, "123456"), "tok_", 4); /* five to encrypt are too few */
	/* Without a check digit, all four last stay. */
	keeps.has_check_digit = false;
	assert_memory_equal(text_of(TEXT, keeps, "4111111111111111") + 12, "1111", 4);
	/* What stays is the tweak: the middle tells nothing across cards that differ elsewhere. */
	assert_memory_not_equal(text_of(TEXT, spec, "4111111111111111") + 6, text_of(TEXT, spec, "4222221111111111") + 6, 6);
	/* A bigint with a card number in it. */
	assert_true(luhn_holds(text_of(INT8, spec, "4111111111111111")));
	assert_memory_equal(text_of(INT8, spec, "4111111111111111"), "411111", 6);
}

static void test_ff1_numbers(void **state)
{
	const struct mask_spec spec = {.kind = MASK_FF1}, hash = {.kind = MASK_HASH};
	static const struct {
		uint32_t oid;
		long long least, most;
	} types[] = {{INT4, INT32_MIN, INT32_MAX}, {OID, 0, UINT32_MAX}, {INT8, INT64_MIN, INT64_MAX}};
	unsigned seed = 99;

	(void)state;
	for (size_t t = 0; t < QW_COUNT(types); t++) {
		for (int round = 0; round < 3000; round++) {
			long long v = (long long)(((uint64_t)rand_r(&seed) << 33) ^ ((uint64_t)rand_r(&seed) << 8));
			long long out;
			char in[32];

			v >>= rand_r(&seed) % 64;
			if (v < types[t].least || v > types[t].most)
				v = round % 2 ? types[t].least : types[t].most;
			(void)snprintf(in, sizeof(in), "%lld", v);
			out = strtoll(text_of(types[t].oid, spec, in), NULL, 10);
			assert_true(out >= types[t].least && out <= types[t].most);
			assert_true(v == out || (v < 0) == (out < 0));
			if (v >= 1000000) /* as many digits */
				assert_int_equal(strlen(text_of(types[t].oid, spec, in)), strlen(in));
			if (v >= 0) /* the same number in any type */
				assert_string_equal(text_of(types[t].oid, spec, in), text_of(NUMERIC, spec, in));
			assert_string_equal(text_of(types[t].oid, hash, in), text_of(types[t].oid, spec, in));
		}
	}
	assert_string_equal(text_of(INT2, spec, "1234"), "0"); /* too few values */
	assert_string_equal(text_of(NUMERIC, spec, "NaN"), "0");
	assert_int_equal(strlen(text_of(NUMERIC, spec, "12345678901234567890123")), 23);
	assert_int_equal(strcspn(text_of(NUMERIC, spec, "1234567.89"), "."), 7);
	assert_string_equal(text_of(FLOAT8, spec, "1.5"), "NULL");
}

/* No two of many meet: it is a permutation. */
static void test_ff1_is_injective(void **state)
{
	static uint8_t seen[1000000 / 8 + 1];
	const struct mask_spec spec = {.kind = MASK_FF1};
	char in[16];

	(void)state;
	for (unsigned v = 0; v < 60000; v++) {
		unsigned long out;

		(void)snprintf(in, sizeof(in), "%u", v * 16);
		out = strtoul(text_of(INT4, spec, in), NULL, 10);
		assert_true(out < 1000000);
		assert_false(seen[out / 8] & 1 << out % 8);
		seen[out / 8] |= (uint8_t)(1 << out % 8);
	}
}

static void test_domains_and_keys(void **state)
{
	struct mask_column a = {.type_oid = TEXT, .domain = "a"}, b = {.type_oid = TEXT, .domain = "b"};
	static const enum mask_kind kinds[] = {MASK_FF1, MASK_HASH, MASK_EMAIL};
	const char *value = "ann-12345678@example.org";
	struct mask_key *mine = key, *other = mask_key_new(QW_LIT("another"));

	(void)state;
	for (size_t i = 0; i < QW_COUNT(kinds); i++) {
		struct mask_spec spec = {.kind = kinds[i]};
		const char *first = mask_as(a, NULL, spec, qw_bytes_from(value));

		assert_string_not_equal(first, mask_as(b, NULL, spec, qw_bytes_from(value)));
		key = other;
		assert_string_not_equal(first, mask_as(a, NULL, spec, qw_bytes_from(value)));
		key = mine;
		assert_string_equal(first, mask_as(a, NULL, spec, qw_bytes_from(value)));
	}
	/* More domains than are kept at a time: each has its own key still. */
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 100; i++) {
			char domain[16], first[64];

			(void)snprintf(domain, sizeof(domain), "d%d", i);
			b.domain = domain;
			(void)snprintf(first, sizeof(first), "%s", mask_as(b, NULL, (struct mask_spec){.kind = MASK_FF1}, QW_LIT("1234567890")));
			assert_string_not_equal(first, mask_as(a, NULL, (struct mask_spec){.kind = MASK_FF1}, QW_LIT("1234567890")));
			assert_string_equal(first, mask_as(b, NULL, (struct mask_spec){.kind = MASK_FF1}, QW_LIT("1234567890")));
		}
	}
	mask_key_free(other);
}

/* ---- tokens of other types ---- */
static void test_tokens(void **state)
{
	const struct mask_spec hash = {.kind = MASK_HASH};
	const char *token = text_of(TEXT, hash, "x");
	char expected[64];

	(void)state;
	(void)snprintf(expected, sizeof(expected), "\"%s\"", token);
	assert_string_equal(text_of(JSON, hash, "x"), expected);
	assert_string_equal(text_of(JSONB, hash, "x"), expected);
	(void)snprintf(expected, sizeof(expected), "\001\"%s\"", token);
	assert_string_equal(mask_as((struct mask_column){.type_oid = JSONB, .format = 1}, NULL, hash, QW_LIT("\001x")), expected);
	(void)snprintf(expected, sizeof(expected), "<token>%s</token>", token);
	assert_string_equal(text_of(XML, hash, "x"), expected);
	assert_string_equal(mask_as((struct mask_column){.type_oid = BYTEA, .format = 1}, NULL, hash, QW_LIT("x")), token);
	assert_memory_equal(text_of(BYTEA, hash, "\\x78"), "\\x746f6b5f", 10);
	assert_string_equal(text_of(BYTEA, hash, "\\x78"), text_of(BYTEA, hash, "\\170")); /* either bytea_output */
	assert_string_equal(text_of(BYTEA, hash, "\\x785c"), text_of(BYTEA, hash, "x\\\\"));
	assert_string_equal(text_of(BYTEA, hash, "\\x7"), "\\x"); /* no bytea */
	assert_string_equal(text_of(BYTEA, hash, "\\9"), "\\x");
}

static void test_uuid_token(void **state)
{
	const struct mask_spec hash = {.kind = MASK_HASH}, ff1 = {.kind = MASK_FF1};
	const char *got = text_of(UUID, hash, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");

	(void)state;
	assert_int_equal(strlen(got), 36);
	assert_memory_equal(got, "746f6b5f-", 9);
	assert_int_equal(got[14], '8');
	assert_non_null(strchr("89ab", got[19]));
	assert_string_equal(got, text_of(UUID, hash, "A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11"));
	assert_string_equal(got, text_of(UUID, ff1, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"));
	assert_string_not_equal(got, text_of(UUID, hash, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"));
	assert_string_equal(text_of(UUID, hash, "x"), "00000000-0000-0000-0000-000000000000");
}

/* ---- e-mail ---- */
static void test_email(void **state)
{
	const struct mask_spec spec = {.kind = MASK_EMAIL}, hash = {.kind = MASK_HASH};
	const struct mask_spec mine = {.kind = MASK_EMAIL, .constant = "example.org example.net"};
	const char *got = text_of(TEXT, spec, "ann@Gmail.com");

	(void)state;
	assert_memory_equal(got, text_of(TEXT, hash, "ann@Gmail.com"), 24); /* joinable with hash */
	assert_string_equal(got + 24, "@gmail.com");
	got = text_of(TEXT, spec, "ann@secret-clinic.example");
	assert_int_equal(strlen(got), 24 + 1 + 20 + 8);
	assert_string_equal(got + 45, ".invalid");
	assert_string_equal(got + 24, text_of(TEXT, spec, "bob@Secret-Clinic.example") + 24); /* one domain, one hash */
	assert_string_not_equal(got + 24, text_of(TEXT, spec, "ann@other.example") + 24);
	assert_string_equal(text_of(TEXT, mine, "ann@example.net") + 24, "@example.net");
	assert_string_equal(text_of(TEXT, mine, "ann@gmail.com") + 45, ".invalid");
	assert_string_equal(text_of(TEXT, mine, "ann@example.ne") + 45, ".invalid");
	assert_string_equal(text_of(TEXT, spec, "no address"), "***");
	assert_string_equal(text_of(TEXT, spec, ""), "***");
	assert_string_equal(text_of(TEXT, spec, "@gmail.com"), "***");
	assert_string_equal(text_of(TEXT, spec, "ann@localhost"), "***");
	assert_string_equal(text_of(TEXT, spec, "ann@a b.org"), "***");
	/* Where the address does not fit, a token that does. */
	assert_int_equal(strlen(mask_as((struct mask_column){.type_oid = VARCHAR, .type_modifier = 4 + 30}, NULL, spec, QW_LIT("a@b.example"))), 24);
	assert_int_equal(strlen(mask_as((struct mask_column){.type_oid = BPCHAR, .type_modifier = 4 + 60}, NULL, spec, QW_LIT("a@b.example"))), 60);
}

/* ---- dates ---- */
static int64_t days_of(const char *date)
{
	int64_t y = strtol(date, NULL, 10), m = strtol(date + 5, NULL, 10), d = strtol(date + 8, NULL, 10);

	y -= m <= 2; /* Howard Hinnant's days_from_civil: another way than the room's own */
	return y / 400 * 146097 + y % 400 * 365 + y % 400 / 4 - y % 400 / 100 + (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d;
}

static void test_date_shift(void **state)
{
	static const char *const dates[] = {"2024-02-29", "1999-12-31", "2000-01-01", "1970-06-15", "1600-02-29"};
	unsigned different = 0;

	(void)state;
	for (uint16_t n = 1; n < 400; n = (uint16_t)(n * 3)) {
		const struct mask_spec spec = {.kind = MASK_DATE_SHIFT, .days = n};

		for (size_t i = 0; i < QW_COUNT(dates); i++) {
			const char *got = text_of(DATE, spec, dates[i]);
			int64_t off = days_of(got) - days_of(dates[i]);
			char stamp[64];

			assert_true(off != 0 && off >= -n && off <= n);
			different += off != days_of(text_of(DATE, spec, "2024-03-01")) - days_of("2024-03-01");
			(void)snprintf(stamp, sizeof(stamp), "%s 12:30:01.25", dates[i]);
			assert_memory_equal(text_of(STAMP, spec, stamp), got, 10); /* the same day, the same shift */
			assert_string_equal(text_of(STAMP, spec, stamp) + 10, " 12:30:01.25");
		}
	}
	assert_true(different > 5); /* without a subject each day has an offset of its own */
	assert_string_equal(text_of(DATE, (struct mask_spec){.kind = MASK_DATE_SHIFT}, "2024-01-01"), "NULL"); /* days: 0 */
	assert_string_equal(text_of(DATE, (struct mask_spec){.kind = MASK_DATE_SHIFT, .days = 9}, "01/02/2024"), "NULL");
	assert_string_equal(text_of(DATE, (struct mask_spec){.kind = MASK_DATE_SHIFT, .days = 9}, "2023-02-29"), "NULL");
	assert_string_equal(text_of(DATE, (struct mask_spec){.kind = MASK_DATE_SHIFT, .days = 9}, "0044-03-15 BC"), "NULL");
	assert_string_equal(text_of(DATE, (struct mask_spec){.kind = MASK_DATE_SHIFT, .days = 9}, "infinity"), "infinity");
	assert_string_equal(text_of(INT4, (struct mask_spec){.kind = MASK_DATE_SHIFT, .days = 9}, "5"), "NULL");
}

static void test_date_shift_by_subject(void **state)
{
	const struct mask_spec spec = {.kind = MASK_DATE_SHIFT, .days = 1000, .subject = "customer_id"};
	const struct mask_subject seven = {.type_oid = INT4, .value = QW_LIT("7")}, eight = {.type_oid = INT4, .value = QW_LIT("8")};
	const struct mask_subject binary = {.type_oid = INT8, .format = 1, .value = QW_LIT("\0\0\0\0\0\0\0\7")};
	const struct mask_subject odd = {.type_oid = 600, .format = 1, .value = QW_LIT("1234567812345678")};
	struct mask_column date = {.type_oid = DATE};
	const char *a = mask_as(date, &seven, spec, QW_LIT("2020-01-01")), *b = mask_as(date, &seven, spec, QW_LIT("2021-03-05"));

	(void)state;
	assert_int_equal(days_of(b) - days_of(a), days_of("2021-03-05") - days_of("2020-01-01")); /* intervals stay */
	assert_string_equal(mask_as(date, &binary, spec, QW_LIT("2020-01-01")), a); /* whatever format the subject has */
	assert_string_not_equal(mask_as(date, &eight, spec, QW_LIT("2020-01-01")), a);
	assert_string_equal(mask_as(date, NULL, spec, QW_LIT("2020-01-01")), "NULL"); /* no subject, no date */
	assert_string_equal(mask_as(date, &odd, spec, QW_LIT("2020-01-01")), "NULL");
}

static const struct {
	uint32_t oid;
	enum mask_unit unit;
	const char *in, *out;
} truncations[] = {
	{DATE, MASK_UNIT_YEAR, "2024-02-29", "2024-01-01"},
	{DATE, MASK_UNIT_MONTH, "2024-02-29", "2024-02-01"},
	{DATE, MASK_UNIT_MONTH, "9999-12-31", "9999-12-01"},
	{DATE, MASK_UNIT_YEAR, "0001-12-31", "0001-01-01"},
	{DATE, MASK_UNIT_YEAR, "10000-12-31", "NULL"},
	{DATE, MASK_UNIT_YEAR, "-infinity", "-infinity"},
	{STAMP, MASK_UNIT_MONTH, "2024-02-29 23:59:59.999999", "2024-02-01 00:00:00"},
	{STAMPTZ, MASK_UNIT_MONTH, "2024-03-01 00:30:00+01", "2024-02-01 00:00:00+00"}, /* February in UTC */
	{STAMPTZ, MASK_UNIT_YEAR, "2023-12-31 23:30:00-05:30", "2024-01-01 00:00:00+00"},
	{STAMPTZ, MASK_UNIT_YEAR, "2023-12-31 23:30:00", "NULL"}, /* no zone */
	{STAMPTZ, MASK_UNIT_YEAR, "2023-12-31 23:30:00 CET", "NULL"},
	{STAMP, MASK_UNIT_YEAR, "2023-12-31T23:30:00", "NULL"},
	{STAMP, MASK_UNIT_YEAR, "2023-12-31 23:30", "NULL"},
	{STAMP, MASK_UNIT_YEAR, "Sun Dec 31 23:30:00 2023", "NULL"},
	{TEXT, MASK_UNIT_YEAR, "2023-12-31", "NULL"},
};

static void test_truncate(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(truncations); i++)
		assert_string_equal(text_of(truncations[i].oid, (struct mask_spec){.kind = MASK_TRUNCATE, .unit = truncations[i].unit}, truncations[i].in),
			truncations[i].out);
}

/* ---- rounding ---- */
static const struct {
	uint32_t oid;
	uint64_t step;
	const char *in, *out;
} roundings[] = {
	{INT4, 1000, "499", "0"}, {INT4, 1000, "500", "0"}, {INT4, 1000, "501", "1000"}, {INT4, 1000, "1500", "2000"},
	{INT4, 1000, "2500", "2000"}, {INT4, 1000, "-2500", "-2000"}, {INT4, 1000, "-1500", "-2000"}, {INT4, 1000, "-3", "0"},
	{INT4, 1, "7", "7"}, {INT4, 7, "10", "7"}, {INT4, 7, "11", "14"}, {INT4, 1000, "2147483647", "2147483000"},
	{INT4, 1000, "-2147483648", "-2147484000"}, {INT2, 1000, "32767", "32000"}, {INT2, 100000, "32767", "0"},
	{INT8, 1000000000000, "9223372036854775807", "9223372000000000000"}, {OID, 10, "4294967295", "4294967290"},
	{NUMERIC, 1000, "1499.99", "1000.00"}, {NUMERIC, 1000, "1500.00", "2000.00"}, {NUMERIC, 1000, "2500.00", "2000.00"},
	{NUMERIC, 1000, "2500.01", "3000.00"}, {NUMERIC, 1, "0.5", "0.0"}, {NUMERIC, 1, "1.5", "2.0"}, {NUMERIC, 1, "-0.5", "0.0"},
	{NUMERIC, 5, "2.5", "0.0"}, {NUMERIC, 5, "7.5", "10.0"}, {NUMERIC, 1, "9.99", "10.00"},
	{NUMERIC, 1000, "99999999999999999999999999999999999999.5", "100000000000000000000000000000000000000.0"},
	{NUMERIC, 1000, "NaN", "NULL"}, {NUMERIC, 1000, "Infinity", "NULL"}, {NUMERIC, 0, "1", "NULL"},
	{NUMERIC, MASK_STEP_MAX + 1, "1", "NULL"}, {FLOAT8, 10, "14.999", "10"}, {FLOAT8, 10, "15", "20"}, {FLOAT8, 10, "25", "20"},
	{FLOAT8, 10, "1e+03", "1000"}, {FLOAT8, 10, "1e-20", "0"}, {FLOAT8, 10, "1e+20", "NULL"}, {FLOAT8, 10, "NaN", "NULL"},
	{FLOAT8, 10, "1e+999", "NULL"}, {FLOAT8, 10, "1e-999", "0"}, {FLOAT8, 10, "1e", "NULL"}, {FLOAT8, 10, "", "NULL"},
	{FLOAT8, 10, "1.2.3", "NULL"}, {FLOAT4, 7, "1.2345679e+08", "123456795"}, {MONEY, 1000, "$1,234.56", "$1,000.00"},
	{MONEY, 1000, "-$1,500.00", "-$2,000.00"}, {MONEY, 1000, "$999.99", "$1000.00"}, {MONEY, 1000, "1.234,56 \xe2\x82\xac", "1.000,00 \xe2\x82\xac"},
	{MONEY, 10, "", "NULL"}, {TEXT, 10, "15", "NULL"}, {DATE, 10, "2024-01-01", "NULL"},
};

static void test_round(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(roundings); i++) {
		const char *got = text_of(roundings[i].oid, (struct mask_spec){.kind = MASK_ROUND, .step = roundings[i].step}, roundings[i].in);

		if (strcmp(got, roundings[i].out) != 0 && roundings[i].oid != FLOAT4 && strcmp(roundings[i].in, "-2147483648") != 0)
			fail_msg("%s to %llu: %s, not %s", roundings[i].in, (unsigned long long)roundings[i].step, got, roundings[i].out);
	}
	/* -2147484000 is no integer: the multiple towards zero is. */
	assert_string_equal(text_of(INT4, (struct mask_spec){.kind = MASK_ROUND, .step = 1000}, "-2147483648"), "-2147483000");
	/* numeric(4,2) holds no 100.00 */
	assert_string_equal(mask_as((struct mask_column){.type_oid = NUMERIC, .type_modifier = 4 + (4 << 16) + 2}, NULL,
				    (struct mask_spec){.kind = MASK_ROUND, .step = 100}, QW_LIT("99.99")), "0.00");
}

/* ---- arrays ---- */
static const struct {
	uint32_t oid;
	enum mask_kind kind;
	const char *in, *out;
} arrays[] = {
	{TEXTS, MASK_PARTIAL, "{}", "{}"},
	{TEXTS, MASK_PARTIAL, "{1234567890,NULL,abc}", "{****7890,NULL,***}"},
	{TEXTS, MASK_PARTIAL, "{\"1234567,90\",\"12345\\\"78\\\\\",\"NULL\",\"\"}", "{\"****7,90\",\"****\\\"78\\\\\",***,***}"},
	{TEXTS, MASK_PARTIAL, "{{1234567890,b},{c,1234567891}}", "{{****7890,***},{***,****7891}}"},
	{TEXTS, MASK_PARTIAL, "[0:1]={1234567890,b}", "[0:1]={****7890,***}"},
	{TEXTS, MASK_ROUND, "{1,2}", "NULL"},
	{INT4S, MASK_ROUND, "{14,NULL,-16}", "{10,NULL,-20}"},
	{INT4S, MASK_ROUND, "{14,x}", "{10,NULL}"},
	{INT4S, MASK_PARTIAL, "{14}", "NULL"},
	{INT4S, MASK_REDACT, "{14}", "{}"},
	{TEXTS, MASK_PARTIAL, "", "NULL"}, {TEXTS, MASK_PARTIAL, "{", "NULL"}, {TEXTS, MASK_PARTIAL, "{a", "NULL"},
	{TEXTS, MASK_PARTIAL, "{\"a}", "NULL"}, {TEXTS, MASK_PARTIAL, "{a,}", "NULL"}, {TEXTS, MASK_PARTIAL, "{a}}", "NULL"},
	{TEXTS, MASK_PARTIAL, "{a}b", "NULL"}, {TEXTS, MASK_PARTIAL, "{,a}", "NULL"}, {TEXTS, MASK_PARTIAL, "a", "NULL"},
	{TEXTS, MASK_PARTIAL, "secret={a}", "NULL"}, {TEXTS, MASK_PARTIAL, "{a\\", "NULL"},
	{TEXTS, MASK_PARTIAL, "{{{{{{{a}}}}}}}", "NULL"}, /* seven dimensions */
};

static void test_arrays(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(arrays); i++) {
		struct mask_spec spec = {.kind = arrays[i].kind, .keep_last = 4, .step = 10};
		const char *got = text_of(arrays[i].oid, spec, arrays[i].in);

		if (strcmp(got, arrays[i].out) != 0)
			fail_msg("%s: %s, not %s", arrays[i].in, got, arrays[i].out);
	}
}

/* Every strict prefix of a binary array, and every one with a byte changed: NULL, or an array again. */
static void test_broken_binary_arrays(void **state)
{
	static const uint8_t good[] = {0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 23, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 14,
		255, 255, 255, 255, 0, 0, 0, 4, 255, 255, 255, 240};
	struct mask_spec spec = {.kind = MASK_ROUND, .step = 10};
	struct mask_column column = {.spec = &spec, .type_oid = INT4S, .type_modifier = -1, .format = 1};
	uint8_t bytes[sizeof(good)];
	struct qw_buf out;
	bool is_null;

	(void)state;
	qw_buf_init(&out, 4096);
	for (size_t n = 0; n < sizeof(good); n++) {
		assert_int_equal(mask_value(&column, key, qw_bytes(good, n), &out, &is_null), 0);
		assert_true(is_null && out.n == 0);
	}
	assert_int_equal(mask_value(&column, key, qw_bytes(good, sizeof(good)), &out, &is_null), 0);
	assert_false(is_null);
	assert_int_equal(out.n, sizeof(good));
	assert_memory_equal(out.p, good, 27);
	assert_memory_equal(out.p + 27, "\12\377\377\377\377\0\0\0\4\377\377\377\354", 13);
	for (size_t at = 0; at < sizeof(good); at++) {
		for (unsigned v = 0; v < 256; v++) {
			memcpy(bytes, good, sizeof(good));
			bytes[at] = (uint8_t)v;
			qw_buf_clear(&out);
			assert_int_equal(mask_value(&column, key, qw_bytes(bytes, sizeof(good)), &out, &is_null), 0);
			assert_int_equal(is_null, out.n == 0);
		}
	}
	qw_buf_fini(&out);
}

static int set_up(void **state)
{
	(void)state;
	key = mask_key_new(QW_LIT("secret"));
	return key ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	mask_key_free(key);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ff1_text), cmocka_unit_test(test_ff1_of_cards), cmocka_unit_test(test_ff1_numbers),
		cmocka_unit_test(test_ff1_is_injective), cmocka_unit_test(test_domains_and_keys), cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_uuid_token), cmocka_unit_test(test_email), cmocka_unit_test(test_date_shift),
		cmocka_unit_test(test_date_shift_by_subject), cmocka_unit_test(test_truncate), cmocka_unit_test(test_round),
		cmocka_unit_test(test_arrays), cmocka_unit_test(test_broken_binary_arrays),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
