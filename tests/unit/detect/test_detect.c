#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "qw/detect.h"

enum { BYTEA = 17, TEXT = 25, JSON = 114, XML = 142, INT4 = 23, JSONB = 3802, TEXTS = 1009, CITEXT = 20000 };
static struct qw_buf scratch, out;

#define JWT "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
#define GH "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
#define PEM "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx1y2\n-----END RSA PRIVATE KEY-----"

/* What must be found, all of the text. Numbers are published examples and test numbers. */
static const struct {
	enum detect_kind kind;
	const char *text;
} secrets[] = {
	{DETECT_EMAIL, "ann@example.org"}, {DETECT_EMAIL, "ann.b+tag_1%x@sub.example.co.uk"}, {DETECT_EMAIL, "a@b.io"},
	{DETECT_EMAIL, "m\xc3\xbcller@b\xc3\xbc" "cher.example"}, {DETECT_EMAIL, "ann@xn--bcher-kva.xn--p1ai"}, {DETECT_EMAIL, "ANN@EXAMPLE.ORG"},
	{DETECT_CARD, "4111111111111111"}, {DETECT_CARD, "4111 1111 1111 1111"}, {DETECT_CARD, "5500-0000-0000-0004"},
	{DETECT_CARD, "340000000000009"}, {DETECT_CARD, "3400 000000 00009"}, {DETECT_CARD, "30000000000004"}, {DETECT_CARD, "3000 000000 0004"},
	{DETECT_CARD, "6011000000000004"}, {DETECT_CARD, "3530111333300000"}, {DETECT_CARD, "4222222222222"}, {DETECT_CARD, "2223003122003222"},
	{DETECT_CARD, "6200000000000005"}, {DETECT_CARD, "6304000000000000"}, {DETECT_CARD, "2200 0000 0000 0004"},
	{DETECT_IBAN, "DE89370400440532013000"}, {DETECT_IBAN, "DE89 3704 0044 0532 0130 00"}, {DETECT_IBAN, "GB29 NWBK 6016 1331 9268 19"},
	{DETECT_IBAN, "NO9386011117947"}, {DETECT_IBAN, "MT84MALT011000012345MTLCAST001S"}, {DETECT_IBAN, "fr1420041010050500013m02606"},
	{DETECT_IBAN, "CH9300762011623852957"},
	{DETECT_SSN, "078-05-1120"}, {DETECT_SSN, "219 09 9999"}, {DETECT_SSN, "899-12-3456"},
	{DETECT_PHONE, "+14155552671"}, {DETECT_PHONE, "+44 20 7946 0958"}, {DETECT_PHONE, "+49 (30) 123456"}, {DETECT_PHONE, "212-555-0123"},
	{DETECT_PHONE, "(212) 555-0123"}, {DETECT_PHONE, "(212)555-0123"}, {DETECT_PHONE, "212.555.0123"}, {DETECT_PHONE, "1-212-555-0123"},
	{DETECT_PHONE, "+1 (212) 555-0123"}, {DETECT_PHONE, "212 555 0123"}, {DETECT_PHONE, "+4930123456"},
	{DETECT_JWT, JWT}, {DETECT_AWS_KEY, "AKIAIOSFODNN7EXAMPLE"}, {DETECT_AWS_KEY, "ASIAY34FZKBOKMUTVV7A"}, {DETECT_GITHUB_TOKEN, GH},
	{DETECT_GITHUB_TOKEN, "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz"}, {DETECT_GITLAB_TOKEN, "glpat-abcDEF1234567890_-xy"},
	{DETECT_SLACK_TOKEN, "xoxb-123456789012-abcdefABCDEF"}, {DETECT_STRIPE_KEY, "sk_live_4eC39HqLyjWDarjtT1zdp7dc"},
	{DETECT_STRIPE_KEY, "rk_live_4eC39HqLyjWDarjtT1zdp7dc"}, {DETECT_GOOGLE_KEY, "AIzaSyDaGmWKa4JsXZ-HjGw7ISLn_3namBGewQe"},
	{DETECT_PRIVATE_KEY, PEM}, {DETECT_PRIVATE_KEY, "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg"},
	{DETECT_PRIVATE_KEY, "-----BEGIN OPENSSH PRIVATE KEY-----\\nb3BlbnNzaC1rZXk=\\n-----END OPENSSH PRIVATE KEY-----"},
	{DETECT_PRIVATE_KEY, "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQVYBGPE==\n-----END PGP PRIVATE KEY BLOCK-----"},
};

/* What looks like it and is not. */
static const char *const benign[] = {"1.2.3", "v10.15.7-rc.1+build.20240101", "2024-01-31 23:59:59.999999+02", "2024-01-31T10:00:00.000Z",
	"20240131235959", "1706745599", "1706745599123", "1706745599123456", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
	"12345678-1234-4123-8123-123456789012", "40128888-8888-4881-8111-411111111111", "11111111-1111-1111-1111-111111111111",
	"d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "de89370400440532013000ffffffffff",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "4111111111111112", "ORD-4111111111111112", "114-3941689-8772232",
	"0000000000000000", "1234567890123456", "3.14159265358979323846", "0.4111111111111111", "41111111111111111111111", "4111 1111 1111 1112",
	"192.168.100.100", "10.0.0.1:5432", "255.255.255.255", "2001:db8::ff00:42:8329", "000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567",
	"123-45-0000", "123456789", "1123-45-6789", "123-45-67890", "2024-05-1234", "211-555-0123", "911-555-0123", "111-555-0123", "212-155-0123",
	"212-555-01234", "2125550123", "1212-555-0123", "+123", "+0123456789", "1+12345678", "C++14 20.8.2.2.4", "UTC+02:00", "+1234567890123456", "user@localhost",
	"@example.org", "ann@", "ann@example", "ann@1.2.3.4", "@scope/package@1.2.3", "logo@2x.png", "git@host.example:org/repo.git", "a@b.c",
	"DE88370400440532013000", "DE8937040044053201300", "XX89370400440532013000", "DE89 3704 0044 0532 0130", "eyJhbGciOiJIUzI1NiJ9",
	"eyJhbGciOiJIUzI1NiJ9.e30.abc", "AKIAIOSFODNN7EXAMPL", "AKIAIOSFODNN7EXAMPLE1", "XAKIAIOSFODNN7EXAMPLE", "ghp_short", "sk_test_4eC39HqLyjWDarjtT1zdp7dc",
	"task_live_reloading_enabled_flag", "glpat-short", "xoxb-short", "-----BEGIN PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
	"----------------------------------------", "tok_7840fb814bc72bb9033a@gmail.com", "tok_7840fb814bc72bb9033a", "the quick brown fox jumps over the lazy dog",
	"SELECT * FROM customers WHERE id = 123456789", "/usr/share/postgresql/15/extension/plpgsql--1.0.sql", "sku_AB12CD34EF56GH78", "", " ", "[email]", "[card]"};

static struct detect_column column_of(uint32_t oid, uint16_t format, const char *name)
{
	static const enum detect_action all[DETECT_KIND_COUNT];
	struct detect_column c;
	struct detect_set set;

	detect_set_init(&set, all);
	(void)detect_column_init(&c, &set, name, oid, format);
	return c;
}

static size_t scan(const struct detect_column *c, struct qw_bytes cell, struct detect_match *m, size_t max)
{
	return detect_scan(c, cell, &scratch, m, max);
}

/* The cell as it would be sent. */
static struct qw_bytes masked(const struct detect_column *c, struct qw_bytes cell, struct detect_found *found)
{
	qw_buf_clear(&out);
	assert_int_equal(detect_mask(c, cell, &scratch, &out, found), 0);
	if (!found->masked)
		assert_int_equal(out.n, 0);
	return found->masked ? qw_buf_pending(&out) : cell;
}

static void assert_masked(uint32_t oid, uint16_t format, const char *in, const char *expected)
{
	struct detect_column c = column_of(oid, format, "note");
	struct detect_found found;
	struct qw_bytes got = masked(&c, qw_bytes_from(in), &found);

	if (!qw_bytes_equal(got, qw_bytes_from(expected)))
		fail_msg("%s: %.*s, not %s", in, (int)got.n, got.p, expected);
}

static void test_secrets(void **state)
{
	struct detect_column c = column_of(TEXT, 0, "note");
	struct detect_match m[4];

	(void)state;
	for (size_t i = 0; i < QW_COUNT(secrets); i++) {
		size_t n = scan(&c, qw_bytes_from(secrets[i].text), m, 4);

		if (n != 1 || m[0].kind != secrets[i].kind || m[0].start != 0 || m[0].end != strlen(secrets[i].text))
			fail_msg("%s: %zu matches, %s %zu-%zu", secrets[i].text, n, n ? detect_kind_name(m[0].kind) : "", m[0].start, m[0].end);
	}
}

static void test_benign(void **state)
{
	struct detect_column c = column_of(TEXT, 0, "note");
	struct detect_match m[4];

	(void)state;
	for (size_t i = 0; i < QW_COUNT(benign); i++)
		if (scan(&c, qw_bytes_from(benign[i]), m, 4))
			fail_msg("%s is no %s", benign[i], detect_kind_name(m[0].kind));
}

/* A secret is found at any place of a text that separates it, and nothing around it is taken. */
static void test_planted(void **state)
{
	static const char filler[] = "Lorem ipsum, dolor sit (amet) consectetur: \"adipisci\" velit; \xc3\xa4\xc3\xb6 <sed> do | ";
	struct detect_column c = column_of(TEXT, 0, "note");
	static char text[1024];
	struct detect_match m[8];

	(void)state;
	for (size_t i = 0; i < QW_COUNT(secrets); i++) {
		size_t n = strlen(secrets[i].text);

		if (secrets[i].kind == DETECT_PRIVATE_KEY)
			continue; /* without an end it takes what looks like its body */
		for (size_t place = 1; place < sizeof(filler) - 1; place++) {
			size_t found;

			if ((filler[place] & 0xC0) == 0x80 || (filler[place - 1] & 0x80))
				continue;
			memcpy(text, filler, place);
			text[place] = '|';
			memcpy(text + place + 1, secrets[i].text, n);
			text[place + 1 + n] = ',';
			memcpy(text + place + n + 2, filler + place, sizeof(filler) - place);
			found = scan(&c, qw_bytes_from(text), m, 8);
			assert_int_equal(found, 1);
			assert_int_equal(m[0].kind, secrets[i].kind);
			assert_int_equal(m[0].start, place + 1);
			assert_int_equal(m[0].end, place + 1 + n);
		}
	}
}

static void test_text(void **state)
{
	(void)state;
	assert_masked(TEXT, 0, "nothing here", "nothing here");
	assert_masked(TEXT, 0, "write to ann@example.org.", "write to [email].");
	assert_masked(TEXT, 0, "<ann@example.org>, bob@example.org", "<[email]>, [email]");
	assert_masked(TEXT, 0, "card 4111 1111 1111 1111 exp 12/29", "card [card] exp 12/29");
	assert_masked(TEXT, 0, "postgres://u:pw@db.example.org/x", "postgres://u:[email]/x");
	assert_masked(TEXT, 0, "key:\n" PEM "\nend", "key:\n[private-key]\nend");
	assert_masked(TEXT, 0, "Authorization: Bearer " JWT, "Authorization: Bearer [jwt]");
	assert_masked(TEXT, 0, "100 078-05-1120 x", "100 [ssn] x");
	assert_masked(CITEXT, 0, "ann@example.org", "[email]");
	assert_masked(CITEXT, 1, "ann@example.org", "ann@example.org"); /* a binary form that nobody knows */
	assert_masked(INT4, 0, "4111111111111111", "4111111111111111"); /* no text */
	assert_masked(TEXTS, 0, "{a,\"b c\",ann@example.org}", "{a,\"b c\",[email]}");
}

static void test_json(void **state)
{
	(void)state;
	assert_masked(JSON, 0, "{\"a\": \"ann@example.org\", \"b\": [1, 4111111111111111, -3]}", "{\"a\": \"[email]\", \"b\": [1, \"[card]\", -3]}");
	assert_masked(JSON, 0, "{\"ann@example.org\": true}", "{\"[email]\": true}");
	assert_masked(JSON, 0, "[\"x\\nann@example.org\\t\\u00e9\"]", "[\"x\\u000a[email]\\u0009\xc3\xa9\"]");
	assert_masked(JSON, 0, "[\"ann\\u0040example.org\"]", "[\"[email]\"]"); /* hidden behind an escape */
	assert_masked(JSON, 0, "[\"\\ud83d\\ude00 ann@example.org\"]", "[\"\xf0\x9f\x98\x80 [email]\"]");
	assert_masked(JSON, 0, "[\"\\\\ann@example.org \\\" \"]", "[\"\\\\[email] \\\" \"]");
	assert_masked(JSON, 0, "[\"x\\ny\", 1]", "[\"x\\ny\", 1]");
	assert_masked(JSON, 0, "-4111111111111111", "\"-[card]\"");
	assert_masked(JSONB, 1, "\001{\"a\": \"ann@example.org\"}", "\001{\"a\": \"[email]\"}");
	assert_masked(JSON, 0, "{\"api_key\": \"9f86d081884c7d659a2feaa0c55ad015\", \"id\": \"9f86d081884c7d659a2feaa0c55ad015\"}",
		"{\"api_key\": \"[secret]\", \"id\": \"9f86d081884c7d659a2feaa0c55ad015\"}");
	assert_masked(JSON, 0, "{\"token\": {\"a\": \"hello world\"}}", "{\"token\": {\"a\": \"hello world\"}}");
}

static void test_xml(void **state)
{
	(void)state;
	assert_masked(XML, 0, "<a b=\"ann@example.org\">bob@example.org<!-- c@example.org --></a>", "<a b=\"*email*\">*email*<!-- *email* --></a>");
	assert_masked(XML, 0, "<![CDATA[ann@example.org]]>", "<![CDATA[*email*]]>");
	assert_masked(XML, 0, "<a><" GH "/></a>", "<redacted/>"); /* no name can hold a placeholder */
}

static void test_bytea(void **state)
{
	struct detect_column c = column_of(BYTEA, 0, "note");
	struct detect_match m[2];

	(void)state;
	assert_masked(BYTEA, 0, "\\x0061006e6e406578616d706c652e6f726700", "\\x0061005b656d61696c5d00");
	assert_masked(BYTEA, 0, "\\x00ff", "\\x00ff");
	assert_masked(BYTEA, 0, "\\000ann@example.org\\\\", "\\x005b656d61696c5d5c");
	assert_masked(BYTEA, 1, "\001ann@example.org\002", "\001[email]\002");
	assert_int_equal(scan(&c, QW_LIT("\\x0061006e6e406578616d706c652e6f726700"), m, 2), 1);
	assert_true(m[0].start == 2 + 2 * 3 && m[0].end == 2 + 2 * 17);
	assert_masked(BYTEA, 0, "\\x0", "\\x"); /* no bytea: nothing is known, all is hidden */
}

static void test_binary_array(void **state)
{
	static const uint8_t cell[] = "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\3\0\0\0\1\0\0\0\1x\xff\xff\xff\xff\0\0\0\x0f" "ann@example.org";
	static const uint8_t expected[] = "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\3\0\0\0\1\0\0\0\1x\xff\xff\xff\xff\0\0\0\7[email]";
	struct detect_column c = column_of(TEXTS, 1, "note");
	struct detect_found found;
	struct detect_match m;
	struct qw_bytes got = masked(&c, qw_bytes(cell, sizeof(cell) - 1), &found);

	(void)state;
	assert_int_equal(found.masked, 1u << DETECT_EMAIL);
	assert_int_equal(got.n, sizeof(expected) - 1);
	assert_memory_equal(got.p, expected, got.n);
	assert_int_equal(scan(&c, qw_bytes(cell, sizeof(cell) - 1), &m, 1), 1);
	assert_memory_equal(cell + m.start, "ann@", 4);
	qw_buf_clear(&out);
	assert_int_equal(detect_mask(&c, qw_bytes(cell, 30), &scratch, &out, &found), QW_E_MALFORMED);
	assert_true(found.masked != 0 && out.n == 0); /* it must not be sent */
}

static void test_key_like_names(void **state)
{
	static const char *const keys[] = {"api_key", "apiKey", "API-KEY", "password", "passwd_hash", "client_secret", "auth_token", "aws_access_key_id"};
	static const char *const others[] = {"id", "key", "primary_key", "note", "monkey", "hash", NULL};
	static const char value[] = "9f86d081884c7d659a2feaa0c55ad015";
	struct detect_match m;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(keys); i++) {
		struct detect_column c = column_of(TEXT, 0, keys[i]);

		assert_int_equal(scan(&c, qw_bytes_from(value), &m, 1), 1);
		assert_int_equal(m.kind, DETECT_SECRET);
		assert_int_equal(scan(&c, QW_LIT("correct horse battery staple is long"), &m, 1), 0);
		assert_int_equal(scan(&c, QW_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaa1"), &m, 1), 0);
		assert_int_equal(scan(&c, QW_LIT("tok_7840fb814bc72bb9033a"), &m, 1), 0);
	}
	for (size_t i = 0; i < QW_COUNT(others); i++) {
		struct detect_column c = column_of(TEXT, 0, others[i]);

		assert_int_equal(scan(&c, qw_bytes_from(value), &m, 1), 0);
	}
}

static void test_actions(void **state)
{
	enum detect_action actions[DETECT_KIND_COUNT];
	struct detect_found found;
	struct detect_column c;
	struct detect_set set;
	enum detect_kind kind;

	(void)state;
	for (size_t i = 0; i < DETECT_KIND_COUNT; i++) {
		actions[i] = DETECT_OFF;
		assert_int_equal(detect_kind_parse(detect_kind_name((enum detect_kind)i), &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_int_equal(detect_kind_parse("Email", &kind), QW_E_NOTFOUND);
	detect_set_init(&set, actions);
	assert_false(detect_column_init(&c, &set, "note", TEXT, 0));
	actions[DETECT_EMAIL] = DETECT_FLAG;
	actions[DETECT_SSN] = DETECT_MASK;
	detect_set_init(&set, actions);
	assert_true(detect_column_init(&c, &set, "note", TEXT, 0));
	assert_false(detect_column_init(&c, &set, "note", INT4, 0));
	assert_false(detect_column_init(&c, &set, "note", TEXT, 2));
	assert_true(detect_column_init(&c, &set, "note", TEXT, 0));
	assert_true(qw_bytes_equal(masked(&c, QW_LIT("ann@example.org"), &found), QW_LIT("ann@example.org")));
	assert_true(found.flagged == 1u << DETECT_EMAIL && found.masked == 0);
	assert_true(qw_bytes_equal(masked(&c, QW_LIT("ann@example.org 078-05-1120 4111111111111111"), &found),
		QW_LIT("ann@example.org [ssn] 4111111111111111")));
	assert_true(found.flagged == 1u << DETECT_EMAIL && found.masked == 1u << DETECT_SSN);
	assert_true(detect_holds_placeholder(QW_LIT("to [email]")) && detect_holds_placeholder(QW_LIT("*card*")));
	assert_false(detect_holds_placeholder(QW_LIT("[emails]")) || detect_holds_placeholder(QW_LIT("[email")));
}

/* Too little memory: an error, and the cell is not sent. */
static void test_limits(void **state)
{
	struct detect_column c = column_of(TEXT, 0, "note");
	struct detect_found found;
	struct qw_buf small;

	(void)state;
	qw_buf_init(&small, 5);
	assert_int_equal(detect_mask(&c, QW_LIT("ann@example.org"), &scratch, &small, &found), QW_E_LIMIT);
	assert_true(found.masked != 0 && small.n == 0);
	qw_buf_fini(&small);
}

/* ---- properties over texts that are made of what matters ---- */
static size_t any_text(unsigned *seed, char *to, size_t max)
{
	static const char glue[] = " -.@+()[]{}\"\\/:,;_=<>x1";
	size_t n = 0;

	while (n + 120 < max && rand_r(seed) % 12) {
		const char *piece = rand_r(seed) % 3 ? secrets[(size_t)rand_r(seed) % QW_COUNT(secrets)].text : benign[(size_t)rand_r(seed) % QW_COUNT(benign)];
		size_t k = strlen(piece), from = rand_r(seed) % 4 ? 0 : (size_t)rand_r(seed) % (k + 1);

		memcpy(to + n, piece + from, k - from);
		n += k - from;
		if (rand_r(seed) % 4)
			to[n++] = glue[(size_t)rand_r(seed) % (sizeof(glue) - 1)];
		if (rand_r(seed) % 8 == 0)
			to[n++] = (char)rand_r(seed);
	}
	return n;
}

static void test_properties(void **state)
{
	static const struct {
		uint32_t oid;
		uint16_t format;
	} forms[] = {{TEXT, 0}, {JSON, 0}, {JSONB, 1}, {XML, 0}, {BYTEA, 0}, {BYTEA, 1}, {TEXTS, 1}};
	static char text[4096], again[65536];
	unsigned seed = 4711, hits = 0;

	(void)state;
	for (int round = 0; round < 40000; round++) {
		size_t f = (size_t)round % QW_COUNT(forms), n = any_text(&seed, text, sizeof(text)), found_n;
		struct detect_column c = column_of(forms[f].oid, forms[f].format, rand_r(&seed) % 4 ? "note" : "api_key");
		struct detect_match m[64];
		struct detect_found found;
		int err;

		found_n = scan(&c, qw_bytes(text, n), m, 64);
		for (size_t i = 0; i < found_n; i++) {
			assert_true((m[i].start < m[i].end || n == 0) && m[i].end <= n && m[i].kind < DETECT_KIND_COUNT);
			if (i && c.form == DETECT_FORM_TEXT && !c.is_binary_array)
				assert_true(m[i].start >= m[i - 1].end); /* in order, none across another */
		}
		qw_buf_clear(&out);
		err = detect_mask(&c, qw_bytes(text, n), &scratch, &out, &found);
		assert_true(err == 0 || (err == QW_E_MALFORMED && c.is_binary_array));
		assert_int_equal(found.masked != 0, found_n > 0);
		if (err || !found.masked)
			continue;
		hits++;
		n = qw_buf_pending(&out).n;
		assert_true(n <= sizeof(again));
		memcpy(again, qw_buf_pending(&out).p, n);
		if (scan(&c, qw_bytes(again, n), m, 64))
			fail_msg("form %zu: %s at %zu of %.*s from %s", f, detect_kind_name(m[0].kind), m[0].start, (int)n, again, text);
	}
	assert_true(hits > 5000);
}

static int set_up(void **state)
{
	(void)state;
	qw_buf_init(&scratch, 1 << 20);
	qw_buf_init(&out, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	qw_buf_fini(&scratch);
	qw_buf_fini(&out);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secrets), cmocka_unit_test(test_benign), cmocka_unit_test(test_planted), cmocka_unit_test(test_text),
		cmocka_unit_test(test_json), cmocka_unit_test(test_xml), cmocka_unit_test(test_bytea), cmocka_unit_test(test_binary_array),
		cmocka_unit_test(test_key_like_names), cmocka_unit_test(test_actions), cmocka_unit_test(test_limits), cmocka_unit_test(test_properties),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
