#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "qw/mask.h"

enum { TEXT = 25, VARCHAR = 1043, BPCHAR = 1042, NAME = 19, CHAR = 18, JSON = 114, INT4 = 23 };
static struct mask_key *key;

/* The masked value in a static buffer; NULL (p == NULL) when the answer is NULL. */
static struct qw_bytes masked(
	struct mask_column column, struct mask_spec spec, struct qw_bytes value)
{
	static uint8_t copy[4096];
	struct qw_bytes got = {0};
	struct qw_buf out;
	bool is_null = false;

	column.spec = &spec;
	column.domain = column.domain ? column.domain : "public.t.c";
	qw_buf_init(&out, sizeof(copy));
	assert_int_equal(mask_value(&column, key, value, &out, &is_null), 0);
	if (!is_null) {
		got = qw_bytes(copy, qw_buf_pending(&out).n);
		if (got.n)
			memcpy(copy, qw_buf_pending(&out).p, got.n);
	} else {
		assert_int_equal(out.n, 0);
	}
	qw_buf_fini(&out);
	return got;
}

static void assert_bytes(struct qw_bytes got, struct qw_bytes expected)
{
	assert_int_equal(got.p == NULL, expected.p == NULL);
	assert_int_equal(got.n, expected.n);
	if (got.n)
		assert_memory_equal(got.p, expected.p, got.n);
}

/* ---- redact: every row of the table of types ---- */
#define NONE \
	{ \
		NULL, 0 \
	}
#define B(s) \
	{ \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}
#define Z4 "\0\0\0\0"
#define Z8 Z4 Z4
static const struct {
	uint32_t oid;
	struct qw_bytes text, binary;
} redacted[] = {
	{TEXT, B("***"), B("***")},
	{VARCHAR, B("***"), B("***")},
	{BPCHAR, B("***"), B("***")},
	{NAME, B("***"), B("***")},
	{CHAR, B("*"), B("*")},
	{705, B("***"), B("***")},
	{JSON, B("{}"), B("{}")},
	{142, B("<redacted/>"), B("<redacted/>")},
	{3802, B("{}"), B("\1{}")},
	{17, B("\\x"), B("")},
	{21, B("0"), B("\0\0")},
	{INT4, B("0"), B(Z4)},
	{20, B("0"), B(Z8)},
	{26, B("0"), B(Z4)},
	{700, B("0"), B(Z4)},
	{701, B("0"), B(Z8)},
	{1700, B("0"), B(Z8)},
	{16, NONE, NONE},
	{1082, B("2000-01-01"), B(Z4)},
	{1083, B("00:00:00"), B(Z8)},
	{1266, B("00:00:00+00"), B(Z8 Z4)},
	{1114, B("2000-01-01 00:00:00"), B(Z8)},
	{1184, B("2000-01-01 00:00:00+00"), B(Z8)},
	{1186, B("00:00:00"), B(Z8 Z8)},
	{2950, B("00000000-0000-0000-0000-000000000000"), B(Z8 Z8)},
	{869, NONE, NONE}, /* inet */
	{650, NONE, NONE}, /* cidr */
	{829, NONE, NONE}, /* macaddr */
	{790, B("0"), B(Z8)},
	{1009, B("{}"), B(Z8 "\0\0\0\x19")}, /* text[] */
	{1007, B("{}"), B(Z8 "\0\0\0\x17")}, /* int4[] */
	{3807, B("{}"), B(Z8 "\0\0\x0e\xda")}, /* jsonb[] */
	{1041, B("{}"), B(Z8 "\0\0\x03\x65")}, /* inet[] */
	{2249, NONE, NONE}, /* record */
	{2287, NONE, NONE}, /* record[] */
	{3904, B("empty"), B("\1")},
	{3926, B("empty"), B("\1")},
	{4451, B("{}"), B(Z4)},
	{4536, B("{}"), B(Z4)},
	{3614, NONE, NONE}, /* tsvector */
	{3615, NONE, NONE}, /* tsquery */
	{600, NONE, NONE}, /* point */
	{1560, NONE, NONE}, /* bit */
	{4072, NONE, NONE}, /* jsonpath */
	{5069, NONE, NONE}, /* xid8 */
	{3220, NONE, NONE}, /* pg_lsn */
	{27, NONE, NONE}, /* tid */
	{5038, NONE, NONE}, /* pg_snapshot */
	{0, NONE, NONE},
	{16384, NONE, NONE}, /* an enum, a domain over nothing we know */
	{UINT32_MAX, NONE, NONE},
};

static void test_redact_every_type(void **state)
{
	const struct mask_spec spec = {.kind = MASK_REDACT};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(redacted); i++) {
		struct mask_column column = {.type_oid = redacted[i].oid, .type_modifier = -1};

		assert_bytes(masked(column, spec, QW_LIT("some value")), redacted[i].text);
		assert_bytes(masked(column, spec, QW_LIT("")), redacted[i].text);
		column.format = 1;
		assert_bytes(masked(column, spec, QW_LIT("some value")), redacted[i].binary);
	}
}

static void test_other_kinds_of_other_types_are_null(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(redacted); i++) {
		struct mask_column column = {.type_oid = redacted[i].oid, .type_modifier = -1};
		bool is_text = redacted[i].text.n > 0 && redacted[i].text.p[0] == '*';
		bool is_array = redacted[i].binary.n == 12;

		for (column.format = 0; column.format < 2; column.format++) {
			struct mask_spec email = {.kind = MASK_EMAIL},
					 partial = {.kind = MASK_PARTIAL, .keep_last = 4};
			struct mask_spec null = {.kind = MASK_NULL};

			assert_null(masked(column, null, QW_LIT("1234567890")).p);
			if (is_array) /* this is no array */
				assert_null(masked(column, partial, QW_LIT("1234567890")).p);
			else
				assert_int_equal(masked(column, partial, QW_LIT("1234567890")).p != NULL, is_text);
			assert_int_equal(masked(column, email, QW_LIT("1234567890")).p != NULL, is_text);
		}
	}
}

static void test_unknown_format_and_kind_are_null(void **state)
{
	(void)state;
	for (int kind = 0; kind < 20; kind++) {
		struct mask_spec spec = {
			.kind = (enum mask_kind)kind, .constant = "x", .keep_last = 4};

		assert_null(masked((struct mask_column){.type_oid = TEXT, .format = 2}, spec,
			QW_LIT("1234567890"))
				    .p);
		if (kind >= (int)MASK_KIND_COUNT)
			assert_null(masked(
				(struct mask_column){.type_oid = TEXT}, spec, QW_LIT("1234567890"))
					    .p);
	}
}

/* ---- length limits of varchar(n), char(n), name, "char" ---- */
static void test_redact_fits_the_column(void **state)
{
	const struct mask_spec spec = {.kind = MASK_REDACT};

	(void)state;
	assert_bytes(masked((struct mask_column){.type_oid = VARCHAR, .type_modifier = 5}, spec,
			     QW_LIT("a")),
		QW_LIT("*"));
	assert_bytes(masked((struct mask_column){.type_oid = VARCHAR, .type_modifier = 6}, spec,
			     QW_LIT("a")),
		QW_LIT("**"));
	assert_bytes(masked((struct mask_column){.type_oid = VARCHAR, .type_modifier = 104}, spec,
			     QW_LIT("a")),
		QW_LIT("***"));
	assert_bytes(masked((struct mask_column){.type_oid = BPCHAR, .type_modifier = 5}, spec,
			     QW_LIT("a")),
		QW_LIT("*"));
	assert_bytes(masked((struct mask_column){.type_oid = BPCHAR, .type_modifier = 12}, spec,
			     QW_LIT("a")),
		QW_LIT("***     "));
	assert_bytes(masked((struct mask_column){.type_oid = BPCHAR, .type_modifier = 10485764},
			     spec, QW_LIT("a")),
		QW_LIT("***"));
	assert_bytes(masked((struct mask_column){.type_oid = TEXT, .type_modifier = 5}, spec,
			     QW_LIT("a")),
		QW_LIT("***"));
	assert_bytes(masked((struct mask_column){.type_oid = VARCHAR, .type_modifier = INT32_MIN},
			     spec, QW_LIT("a")),
		QW_LIT("***"));
}

/* ---- partial ---- */
static const struct {
	uint8_t keep;
	const char *in, *out;
} partials[] = {
	{4, "4111-1111-1111-1234", "****1234"},
	{4, "12345678", "****5678"},
	{4, "1234567", "***"}, /* shorter than 8 */
	{4, "", "***"},
	{4, "abcd", "***"},
	{2, "ann@example.org", "****rg"},
	{1, "1234567", "***"},
	{1, "12345678", "****8"},
	{6, "123456789", "***"}, /* 3 hidden are too few */
	{6, "1234567890", "****567890"},
	{0, "1234567890", "***"}, /* nothing is kept: nothing to show, not even that it was long */
	{4, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f",
		"****\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f"},
	{4, "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc",
		"***"}, /* 14 bytes, 7 characters */
	{2, "1234567890\xe2\x82\xac\xf0\x9f\x98\x80", "****\xe2\x82\xac\xf0\x9f\x98\x80"},
	{4, "1234567890\xff\x31\x32", "***"}, /* no UTF-8 in what would be kept */
	{4, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", "***"},
	{1, "1234567890a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", "***"},
};

static void test_partial(void **state)
{
	struct mask_column column = {.type_oid = TEXT, .type_modifier = -1};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(partials); i++) {
		struct mask_spec spec = {.kind = MASK_PARTIAL, .keep_last = partials[i].keep};

		for (column.format = 0; column.format < 2; column.format++)
			assert_bytes(masked(column, spec, qw_bytes_from(partials[i].in)),
				qw_bytes_from(partials[i].out));
	}
}

static void test_partial_of_char_n(void **state)
{
	struct mask_column column = {.type_oid = BPCHAR, .type_modifier = 16};
	struct mask_spec spec = {.kind = MASK_PARTIAL, .keep_last = 2};

	(void)state;
	assert_bytes(masked(column, spec, QW_LIT("123456789   ")), QW_LIT("****89      "));
	assert_bytes(masked(column, spec, QW_LIT("1234567     ")), QW_LIT("***         "));
	assert_bytes(masked(column, spec, QW_LIT("            ")), QW_LIT("***         "));
}

static void test_partial_keeps_at_most_255(void **state)
{
	struct mask_column column = {.type_oid = TEXT, .type_modifier = -1};
	struct mask_spec spec = {.kind = MASK_PARTIAL, .keep_last = 255};
	static uint8_t big[4 * 300];
	struct qw_bytes got;

	(void)state;
	for (size_t i = 0; i < sizeof(big); i += 4)
		memcpy(big + i, "\xf0\x9f\x98\x80", 4);
	got = masked(column, spec, qw_bytes(big, sizeof(big)));
	assert_int_equal(got.n, 4 + 4 * 255);
	got = masked(column, spec, qw_bytes(big, 4 * 259));
	assert_int_equal(got.n, 4 + 4 * 255);
	got = masked(column, spec, qw_bytes(big, 4 * 258));
	assert_bytes(got, QW_LIT("***"));
}

/* Random values: what is shown beyond four stars is never more than the last `keep` characters. */
static void test_partial_never_shows_more(void **state)
{
	struct mask_column column = {.type_oid = TEXT, .type_modifier = -1};
	unsigned seed = 20240229;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct mask_spec spec = {
			.kind = MASK_PARTIAL, .keep_last = (uint8_t)(rand_r(&seed) % 12)};
		size_t n = (size_t)rand_r(&seed) % 24;
		size_t chars = 0;
		struct qw_bytes got;
		uint8_t in[24];

		for (size_t i = 0; i < n; i++)
			in[i] = (uint8_t)(rand_r(&seed) % 3 ? 'a' + rand_r(&seed) % 26
							    : rand_r(&seed) % 256);
		got = masked(column, spec, qw_bytes(in, n));
		if (got.n == 3) {
			assert_bytes(got, QW_LIT("***"));
			continue;
		}
		assert_true(qw_utf8_valid(got));
		assert_true(got.n > 4 && got.n - 4 < n && n >= 8);
		assert_memory_equal(got.p, "****", 4);
		assert_memory_equal(got.p + 4, in + n - (got.n - 4), got.n - 4);
		for (size_t i = 4; i < got.n; i++)
			chars += (got.p[i] & 0xC0) != 0x80;
		assert_int_equal(chars, spec.keep_last);
	}
}

/* ---- hash ---- */
static struct qw_bytes hashed(uint32_t oid, int32_t modifier, const char *domain, const char *value)
{
	static uint8_t copies[16][4096];
	static int next;
	uint8_t *copy = copies[next++ % 16];
	struct mask_column column = {.type_oid = oid, .type_modifier = modifier, .domain = domain};
	struct qw_bytes got =
		masked(column, (struct mask_spec){.kind = MASK_HASH}, qw_bytes_from(value));

	if (got.n)
		memcpy(copy, got.p, got.n);
	return qw_bytes(copy, got.n);
}

static void test_hash(void **state)
{
	struct qw_bytes token = hashed(TEXT, -1, "d", "ann@example.org");

	(void)state;
	/* printf 'd\0ann@example.org' | openssl dgst -sha256 -hmac secret */
	assert_bytes(token, QW_LIT("tok_7840fb814bc72bb9033a"));
	assert_bytes(hashed(TEXT, -1, "d", "ann@example.org"), token); /* deterministic */
	assert_bytes(hashed(VARCHAR, 204, "d", "ann@example.org"),
		token); /* joinable across text types */
	assert_bytes(hashed(BPCHAR, -1, "d", "ann@example.org   "),
		token); /* blanks of char(n) do not count */
	assert_false(qw_bytes_equal(hashed(TEXT, -1, "e", "ann@example.org"), token));
	assert_false(qw_bytes_equal(hashed(TEXT, -1, "d", "ann@example.orh"), token));
	assert_false(qw_bytes_equal(hashed(TEXT, -1, "da", "nn@example.org"), token));
	assert_int_equal(hashed(TEXT, -1, "d", "").n, 24); /* '' has a token too */
}

static void test_hash_fits_the_column(void **state)
{
	struct qw_bytes token = hashed(TEXT, -1, "d", "x");

	(void)state;
	assert_bytes(hashed(VARCHAR, 4 + 24, "d", "x"), token);
	assert_bytes(hashed(VARCHAR, 4 + 23, "d", "x"),
		qw_bytes(token.p + 4, 20)); /* digits without the prefix */
	assert_bytes(hashed(VARCHAR, 4 + 11, "d", "x"), qw_bytes(token.p + 4, 11));
	assert_bytes(hashed(CHAR, -1, "d", "x"), qw_bytes(token.p + 4, 1));
	token = hashed(BPCHAR, 4 + 30, "d", "x");
	assert_int_equal(token.n, 30);
	assert_memory_equal(token.p + 24, "      ", 6);
}

static void test_hash_of_long_values(void **state)
{
	static char a[2000], b[2000];
	struct mask_key *other = mask_key_new(QW_LIT("another"));
	struct mask_key *mine = key;
	struct qw_bytes token;

	(void)state;
	memset(a, 'a', sizeof(a) - 1);
	memset(b, 'a', sizeof(b) - 2);
	assert_false(qw_bytes_equal(hashed(TEXT, -1, "d", a), hashed(TEXT, -1, "d", b)));
	for (size_t n = 500; n < 520;
		n++) { /* around the size of the joined buffer: nothing collides */
		char cut = a[n];

		a[n] = '\0';
		token = hashed(TEXT, -1, "d", a);
		a[n] = cut;
		cut = a[n + 1];
		a[n + 1] = '\0';
		assert_false(qw_bytes_equal(token, hashed(TEXT, -1, "d", a)));
		a[n + 1] = cut;
	}
	token = hashed(TEXT, -1, "d", "x");
	key = other;
	assert_false(qw_bytes_equal(hashed(TEXT, -1, "d", "x"), token));
	key = mine;
	mask_key_free(other);
}

/* ---- failures ---- */
static void test_fails_closed(void **state)
{
	struct mask_spec spec = {.kind = MASK_HASH};
	struct mask_column column = {.spec = &spec, .type_oid = TEXT, .type_modifier = -1};
	struct qw_buf out;
	bool is_null = false;

	(void)state;
	qw_buf_init(&out, 5);
	assert_int_equal(
		mask_value(&column, key, QW_LIT("x"), &out, &is_null), QW_E_STATE); /* no domain */
	assert_true(is_null);
	column.domain = "d";
	is_null = false;
	assert_int_equal(
		mask_value(&column, NULL, QW_LIT("x"), &out, &is_null), QW_E_STATE); /* no key */
	assert_true(is_null);
	for (int kind = MASK_REDACT; kind <= (int)MASK_CONSTANT; kind++) {
		spec = (struct mask_spec){
			.kind = (enum mask_kind)kind, .keep_last = 4, .constant = "hidden"};
		column.type_oid = kind == (int)MASK_REDACT ? 142 : TEXT;
		is_null = false;
		assert_int_equal(
			mask_value(&column, key, QW_LIT("1234567890"), &out, &is_null), QW_E_LIMIT);
		assert_true(is_null);
		assert_int_equal(out.n, 0);
	}
	spec.kind = MASK_CONSTANT;
	column.type_oid = JSON;
	assert_int_equal(mask_value(&column, key, QW_LIT("x"), &out, &is_null), QW_E_LIMIT);
	assert_true(is_null);
	column.type_oid = BPCHAR;
	column.type_modifier = 4 + 6;
	assert_int_equal(mask_value(&column, key, QW_LIT("x"), &out, &is_null), QW_E_LIMIT);
	assert_int_equal(out.n, 0);
	column.spec = NULL;
	is_null = false;
	assert_int_equal(mask_value(&column, key, QW_LIT("x"), &out, &is_null), QW_E_STATE);
	assert_true(is_null);
	qw_buf_fini(&out);
	assert_null(mask_key_new(QW_LIT("")));
	mask_key_free(NULL);
}

static void test_appends(void **state)
{
	struct mask_spec spec = {.kind = MASK_REDACT};
	struct mask_column column = {.spec = &spec, .type_oid = TEXT, .type_modifier = -1};
	struct qw_buf out;
	bool is_null;

	(void)state;
	qw_buf_init(&out, 100);
	assert_int_equal(qw_buf_append(&out, "row:", 4), 0);
	assert_int_equal(mask_value(&column, NULL, QW_LIT("x"), &out, &is_null), 0);
	assert_bytes(qw_buf_pending(&out), QW_LIT("row:***"));
	qw_buf_fini(&out);
}

static void test_kind_names(void **state)
{
	enum mask_kind kind;

	(void)state;
	for (int i = 0; i < (int)MASK_KIND_COUNT; i++) {
		assert_int_equal(mask_kind_parse(mask_kind_name((enum mask_kind)i), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(mask_kind_parse("NULL", &kind), QW_E_NOTFOUND);
	assert_int_equal(mask_kind_parse(NULL, &kind), QW_E_NOTFOUND);
	assert_string_equal(mask_kind_name((enum mask_kind)99), "unknown");
	assert_string_equal(mask_kind_name(MASK_NULL), "null");
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
		cmocka_unit_test(test_redact_every_type),
		cmocka_unit_test(test_other_kinds_of_other_types_are_null),
		cmocka_unit_test(test_unknown_format_and_kind_are_null),
		cmocka_unit_test(test_redact_fits_the_column),
		cmocka_unit_test(test_partial),
		cmocka_unit_test(test_partial_of_char_n),
		cmocka_unit_test(test_partial_keeps_at_most_255),
		cmocka_unit_test(test_partial_never_shows_more),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_hash_fits_the_column),
		cmocka_unit_test(test_hash_of_long_values),
		cmocka_unit_test(test_fails_closed),
		cmocka_unit_test(test_appends),
		cmocka_unit_test(test_kind_names),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
