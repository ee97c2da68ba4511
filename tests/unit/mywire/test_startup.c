#include "../../support/cmocka_qw.h"

#include "qw/mywire.h"

static const struct mywire_greeting greeting = {
	.version = "5.5.5-10.11.19-MariaDB",
	.plugin = "caching_sha2_password",
	.connection_id = 0x01020304,
	.nonce = "abcdefgh12345678901\xff",
	.collation = MYWIRE_COLLATION_MARIADB,
	.status = MYWIRE_AUTOCOMMIT,
};

/* Never what the gateway cannot do, whatever else changes (mysql-wire.md 1.2). */
static void test_offer(void **state)
{
	uint32_t never = MYWIRE_COMPRESS | MYWIRE_ZSTD | MYWIRE_LOCAL_FILES | MYWIRE_DEPRECATE_EOF |
			 MYWIRE_QUERY_ATTRIBUTES | MYWIRE_OPTIONAL_METADATA | MYWIRE_MFA |
			 MYWIRE_CAPABILITY_EXTENSION | MYWIRE_EXPIRED_PASSWORDS;
	uint32_t always = MYWIRE_SSL | MYWIRE_PLUGIN_AUTH | MYWIRE_AUTH_LENENC |
			  MYWIRE_SESSION_TRACK | MYWIRE_CONNECT_ATTRS | MYWIRE_PROTOCOL_41 |
			  MYWIRE_SECURE_CONNECTION | MYWIRE_PS_MULTI_RESULTS;

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct mywire_link offer = mywire_offer(i & 1, i & 2);

		assert_int_equal(offer.capabilities & never, 0);
		assert_int_equal(offer.capabilities & always, always);
		assert_true(!(offer.capabilities & MYWIRE_MULTI_STATEMENTS) == !(i & 1));
		/* the bit that MariaDB leaves unset, and its word: never progress, bulk, or cached
		 * metadata */
		assert_true(!(offer.capabilities & MYWIRE_CLIENT_MYSQL) == !!(i & 2));
		assert_int_equal(offer.extended, i & 2 ? MYWIRE_EXT_METADATA : 0);
	}
}

static void test_greeting(void **state)
{
	struct mywire_greeting g = greeting, again;
	struct qw_buf out;
	struct qw_bytes all;
	uint8_t seq = 0;

	(void)state;
	g.offered = mywire_offer(true, true);
	qw_buf_init(&out, 1000);
	assert_int_equal(mywire_put_greeting(&out, &seq, &g), 0);
	assert_int_equal(seq, 1);
	all = qw_buf_pending(&out);
	assert_true(all.n > MYWIRE_HEADER);
	all = qw_bytes(&all.p[MYWIRE_HEADER], all.n - MYWIRE_HEADER);
	assert_memory_equal(all.p,
		"\x0a"
		"5.5.5-",
		7);
	assert_int_equal(mywire_greeting_decode(all, &again), 0);
	assert_string_equal(again.version, g.version);
	assert_string_equal(again.plugin, g.plugin);
	assert_int_equal(again.connection_id, g.connection_id);
	assert_int_equal(again.offered.capabilities, g.offered.capabilities);
	assert_int_equal(again.offered.extended, MYWIRE_EXT_METADATA);
	assert_int_equal(again.collation, 45);
	assert_int_equal(again.status, 2);
	assert_memory_equal(again.nonce, g.nonce, sizeof(g.nonce));
	for (size_t n = 0; n < all.n; n++)
		assert_int_not_equal(mywire_greeting_decode(qw_bytes(all.p, n), &again), 0);
	qw_buf_fini(&out);
}

#define HEAD(caps)                                                                                 \
	caps "\0\0\0\1"                                                                            \
	     "\xff"                                                                                \
	     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"                                              \
	     "\0\0\0\0"
/* PROTOCOL_41 | SSL; PROTOCOL_41; everything */
#define SSL "\0\x0a\0\0"
#define NO_SSL "\0\x02\0\0"
#define ALL "\xff\xff\xff\xff"
/* without CONNECT_WITH_DB, PLUGIN_AUTH, CONNECT_ATTRS, AUTH_LENENC */
#define PLAIN "\0\x8a\0\0"

static struct qw_bytes bytes(const char *s, size_t n)
{
	return qw_bytes(s, n);
}
#define B(s) bytes("" s, sizeof(s) - 1)

static void test_ssl_request(void **state)
{
	struct mywire_link offer = mywire_offer(true, false), caps;

	(void)state;
	assert_int_equal(mywire_ssl_request_decode(B(HEAD(SSL)), offer, &caps), 0);
	assert_int_equal(caps.capabilities, MYWIRE_SSL | MYWIRE_PROTOCOL_41);
	assert_int_equal(mywire_ssl_request_decode(B(HEAD(ALL)), offer, &caps), 0);
	assert_int_equal(caps.capabilities, offer.capabilities);
	assert_int_equal(
		mywire_ssl_request_decode(B(HEAD(NO_SSL)), offer, &caps), QW_E_UNSUPPORTED);
	/* a whole login in clear is no request for TLS, with or without the flag */
	assert_int_equal(
		mywire_ssl_request_decode(B(HEAD(NO_SSL) "ann\0"), offer, &caps), QW_E_UNSUPPORTED);
	assert_int_equal(mywire_ssl_request_decode(B(HEAD(SSL) "a"), offer, &caps), QW_E_MALFORMED);
	assert_int_equal(
		mywire_ssl_request_decode(bytes(HEAD(SSL), 31), offer, &caps), QW_E_MALFORMED);
	assert_int_equal(mywire_ssl_request_decode(B(""), offer, &caps), QW_E_MALFORMED);
	assert_int_equal(mywire_ssl_request_decode(B(HEAD(SSL)), (struct mywire_link){0}, &caps),
		QW_E_UNSUPPORTED);
}

static int response(struct qw_bytes payload, struct mywire_response *r)
{
	return mywire_response_decode(payload, mywire_offer(true, false), r);
}

static void test_response(void **state)
{
	struct mywire_response r;

	(void)state;
	assert_int_equal(response(B(HEAD(ALL) "ann\0"
					      "\3tok"
					      "shop\0"
					      "caching_sha2_password\0"
					      "\xfc\x08\0"
					      "\2os\1L"
					      "\1v\0"),
				 &r),
		0);
	assert_int_equal(r.link.capabilities, mywire_offer(true, false).capabilities);
	assert_string_equal(r.user, "ann");
	assert_string_equal(r.database, "shop");
	assert_string_equal(r.plugin, "caching_sha2_password");
	assert_bytes_equal(r.auth, QW_LIT("tok"));
	assert_int_equal(r.collation, 255);
	assert_int_equal(r.packet_max, 0x1000000);
	assert_int_equal(r.attribute_count, 2);
	assert_bytes_equal(r.attributes[0].name, QW_LIT("os"));
	assert_bytes_equal(r.attributes[0].value, QW_LIT("L"));
	assert_int_equal(r.attributes[1].value.n, 0);

	assert_int_equal(response(B(HEAD(PLAIN) "ann\0"
						"\3tok"),
				 &r),
		0);
	assert_null(r.database);
	assert_null(r.plugin);
	assert_int_equal(r.attribute_count, 0);
	assert_int_equal(response(B(HEAD(PLAIN) "\0\0"), &r),
		0); /* no user, no answer: the session refuses it */
	assert_string_equal(r.user, "");
}

static void test_response_refusals(void **state)
{
	static const char many[] = HEAD("\0\x8a\x10\0") "ann\0"
							"\0";
	struct mywire_response r;
	uint8_t attributes[200];
	size_t n = sizeof(many) - 1;

	(void)state;
	assert_int_equal(response(B(HEAD("\0\x88\0\0") "ann\0"
						       "\0"),
				 &r),
		QW_E_UNSUPPORTED); /* before 4.1 */
	assert_int_equal(response(B(HEAD(NO_SSL) "ann\0"
						 "\0"),
				 &r),
		QW_E_UNSUPPORTED); /* of 4.0's passwords */
	assert_int_equal(response(B(HEAD(PLAIN) "ann\0"
						"\3to"),
				 &r),
		QW_E_MALFORMED);
	assert_int_equal(response(B(HEAD(PLAIN) "ann\0"
						"\3tokX"),
				 &r),
		QW_E_MALFORMED);
	assert_int_equal(response(B(HEAD(PLAIN) "ann"), &r), QW_E_MALFORMED);
	assert_int_equal(response(B(HEAD(PLAIN) "\xc0\xaf\0"
						"\0"),
				 &r),
		QW_E_MALFORMED);
	assert_int_equal(response(B(HEAD("\x08\x8a\0\0") "ann\0"
							 "\0"
							 "\xff\0"),
				 &r),
		QW_E_MALFORMED); /* database */
	assert_int_equal(response(B(HEAD("\0\x8a\x10\0") "ann\0"
							 "\0"
							 "\3\1a\1"),
				 &r),
		QW_E_MALFORMED);
	assert_int_equal(response(B(HEAD("\0\x8a\x10\0") "ann\0"
							 "\0"
							 "\2\1a"),
				 &r),
		QW_E_MALFORMED); /* a name alone */
	assert_int_equal(response(B(PLAIN "\0\0\0\1"
					  "\xff"
					  "\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0"
					  "\0\0\0\0"
					  "ann\0"
					  "\0"),
				 &r),
		QW_E_MALFORMED);

	memcpy(attributes, many, n);
	attributes[n] = 130;
	memset(attributes + n + 1, 0, 130); /* 65 attributes of nothing */
	assert_int_equal(response(qw_bytes(attributes, n + 131), &r), QW_E_LIMIT);
	attributes[n] = 128;
	assert_int_equal(response(qw_bytes(attributes, n + 129), &r), 0);
	assert_int_equal(r.attribute_count, 64);
}

static void test_long_names(void **state)
{
	uint8_t payload[32 + 386 + 2] = PLAIN;
	struct mywire_response r;

	(void)state;
	memset(payload + 32, 'u', 385);
	assert_int_equal(response(qw_bytes(payload, 32 + 385 + 2), &r), QW_E_LIMIT);
	payload[32 + 384] = 0;
	assert_int_equal(response(qw_bytes(payload, 32 + 384 + 2), &r), 0);
	assert_int_equal(strlen(r.user), 384);
}

/* The mysql2 package sets flags that nobody offered: they change nothing, the layout neither. */
static void test_unoffered_flags_count_for_nothing(void **state)
{
	struct mywire_response r;

	(void)state;
	assert_int_equal(
		mywire_response_decode(B(HEAD(ALL) "ann\0"
						   "\3tok"),
			(struct mywire_link){MYWIRE_PROTOCOL_41 | MYWIRE_SECURE_CONNECTION, 0}, &r),
		0);
	assert_int_equal(r.link.capabilities, MYWIRE_PROTOCOL_41 | MYWIRE_SECURE_CONNECTION);
	assert_null(r.database);
}

/* The last four reserved bytes are MariaDB's word when bit 0 is unset, and count only as far as
 * offered. */
static void test_mariadb_word(void **state)
{
#define WORD(caps)                                                                                 \
	caps "\0\0\0\1"                                                                            \
	     "\xff"                                                                                \
	     "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"                                              \
	     "\x1d\0\0\0"                                                                          \
	     "ann\0"                                                                               \
	     "\0"
	struct mywire_response r;

	(void)state;
	assert_int_equal(
		mywire_response_decode(B(WORD("\0\x82\0\0")), mywire_offer(true, true), &r), 0);
	assert_int_equal(r.link.extended, MYWIRE_EXT_METADATA);
	assert_int_equal(
		mywire_response_decode(B(WORD("\0\x82\0\0")), mywire_offer(true, false), &r), 0);
	assert_int_equal(r.link.extended, 0);
	assert_int_equal(
		mywire_response_decode(B(WORD("\1\x82\0\0")), mywire_offer(true, true), &r), 0);
	assert_int_equal(r.link.extended, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_greeting),
		cmocka_unit_test(test_ssl_request),
		cmocka_unit_test(test_response),
		cmocka_unit_test(test_response_refusals),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_unoffered_flags_count_for_nothing),
		cmocka_unit_test(test_mariadb_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
