#include "../../support/cmocka_qw.h"

#include "qw/mywire.h"

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(mywire_plugin_find("caching_sha2_password"), MYWIRE_PLUGIN_CACHING_SHA2);
	assert_int_equal(mywire_plugin_find("mysql_clear_password"), MYWIRE_PLUGIN_CLEAR);
	assert_int_equal(
		mywire_plugin_find("authentication_openid_connect_client"), MYWIRE_PLUGIN_OPENID);
	assert_int_equal(mywire_plugin_find("mysql_native_password"), MYWIRE_PLUGIN_OTHER);
	assert_int_equal(mywire_plugin_find(""), MYWIRE_PLUGIN_OTHER);
	assert_int_equal(mywire_plugin_find(NULL), MYWIRE_PLUGIN_OTHER);
}

static void test_puts(void **state)
{
	static const uint8_t nonce[] = "abcdefgh123456789012";
	struct qw_buf out;
	uint8_t seq = 2;

	(void)state;
	qw_buf_init(&out, 1000);
	assert_int_equal(mywire_put_auth_switch(&out, &seq, MYWIRE_PLUGIN_CACHING_SHA2, nonce), 0);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("\x2c\0\0\2\xfe"
							"caching_sha2_password\0"
							"abcdefgh123456789012\0"));
	qw_buf_clear(&out);
	assert_int_equal(mywire_put_full_auth(&out, &seq), 0);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("\2\0\0\3\1\4"));
	assert_int_equal(seq, 4);
	qw_buf_fini(&out);
}

static void expect_token(
	struct qw_bytes data, enum mywire_plugin p, int err, struct qw_bytes expected)
{
	struct qw_bytes token;

	assert_int_equal(mywire_token_decode(data, p, &token), err);
	assert_bytes_equal(token, expected);
}

static void test_tokens(void **state)
{
	static uint8_t big[MYWIRE_TOKEN_MAX + 2];
	struct qw_bytes none = {NULL, 0}, token;

	(void)state;
	for (enum mywire_plugin p = MYWIRE_PLUGIN_CACHING_SHA2; p <= MYWIRE_PLUGIN_CLEAR; p++) {
		expect_token(QW_LIT("a.b.c\0"), p, 0, QW_LIT("a.b.c"));
		expect_token(QW_LIT("\0"), p, 0, none);
		expect_token(QW_LIT("a.b.c"), p, QW_E_MALFORMED, none);
		expect_token(QW_LIT("a\0b\0"), p, QW_E_MALFORMED, none);
		expect_token(QW_LIT("a\0\0"), p, QW_E_MALFORMED, none);
		expect_token(QW_LIT(""), p, QW_E_MALFORMED, none);
	}
	expect_token(QW_LIT("\1\5a.b.c"), MYWIRE_PLUGIN_OPENID, 0, QW_LIT("a.b.c"));
	expect_token(QW_LIT("\2\5a.b.c"), MYWIRE_PLUGIN_OPENID, QW_E_MALFORMED, none);
	expect_token(QW_LIT("\1\4a.b.c"), MYWIRE_PLUGIN_OPENID, QW_E_MALFORMED, none);
	expect_token(QW_LIT("\1\6a.b.c"), MYWIRE_PLUGIN_OPENID, QW_E_MALFORMED, none);
	expect_token(QW_LIT("\1\5a.b.\0"), MYWIRE_PLUGIN_OPENID, QW_E_MALFORMED, none);
	expect_token(QW_LIT("a.b.c\0"), MYWIRE_PLUGIN_OTHER, QW_E_UNSUPPORTED, none);
	memset(big, 'a', sizeof(big) - 1);
	expect_token(qw_bytes(big, sizeof(big)), MYWIRE_PLUGIN_CLEAR, QW_E_LIMIT, none);
	assert_int_equal(mywire_token_decode(
				 qw_bytes(big + 1, sizeof(big) - 1), MYWIRE_PLUGIN_CLEAR, &token),
		0);
	assert_int_equal(token.n, MYWIRE_TOKEN_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_puts),
		cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
