/* Every encoder: its exact bytes, and nothing at all when the buffer is too small by any amount. */
#include "../../support/cmocka_qw.h"

#include "qw/pgwire.h"

static int put_full_error(struct qw_buf *out)
{
	return pgwire_put_error(out, 'E', "ERROR", "42501", "no", "d", "h");
}

static int put_notice(struct qw_buf *out)
{
	return pgwire_put_error(out, 'N', "NOTICE", "00000", "held", NULL, NULL);
}

static int put_status(struct qw_buf *out)
{
	return pgwire_put_parameter_status(out, "a", "b");
}

static int put_key(struct qw_buf *out)
{
	return pgwire_put_backend_key(out, 4711, QW_LIT("abcd"));
}

static int put_ready(struct qw_buf *out)
{
	return pgwire_put_ready(out, 'T');
}

static int put_negotiate(struct qw_buf *out)
{
	static const char *const names[] = {"_pq_.a", "_pq_.b"};

	return pgwire_put_negotiate(out, 2, names, QW_COUNT(names));
}

static int put_message(struct qw_buf *out)
{
	return pgwire_put_message(out, 'd', QW_LIT("a\0b"));
}

static int put_query(struct qw_buf *out)
{
	return pgwire_put_query(out, "x");
}

static int put_describe(struct qw_buf *out)
{
	return pgwire_put_describe(out, 'P', "");
}

static int put_copy_fail(struct qw_buf *out)
{
	return pgwire_put_copy_fail(out, "no");
}

static const struct {
	int (*put)(struct qw_buf *out);
	struct qw_bytes want;
} cases[] = {
#define WANT(s)                                                                                    \
	{                                                                                          \
		(const uint8_t *)("" s), sizeof(s) - 1                                             \
	}
	{put_full_error, WANT("E\0\0\0\x24SERROR\0VERROR\0C42501\0Mno\0Dd\0Hh\0\0")},
	{put_notice, WANT("N\0\0\0\x22SNOTICE\0VNOTICE\0C00000\0Mheld\0\0")},
	{pgwire_put_auth_ok, WANT("R\0\0\0\x08\0\0\0\0")},
	{pgwire_put_auth_cleartext, WANT("R\0\0\0\x08\0\0\0\3")},
	{put_status, WANT("S\0\0\0\x08"
			  "a\0b\0")},
	{put_key, WANT("K\0\0\0\x0c\0\0\x12\x67"
		       "abcd")},
	{put_ready, WANT("Z\0\0\0\5T")},
	{put_negotiate, WANT("v\0\0\0\x1a\0\3\0\2\0\0\0\2_pq_.a\0_pq_.b\0")},
	{put_message, WANT("d\0\0\0\7a\0b")},
	{put_query, WANT("Q\0\0\0\6x\0")},
	{put_describe, WANT("D\0\0\0\6P\0")},
	{pgwire_put_sync, WANT("S\0\0\0\4")},
	{put_copy_fail, WANT("f\0\0\0\7no\0")},
#undef WANT
};

static void test_exact_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		struct qw_buf out;

		qw_buf_init(&out, 1000);
		assert_int_equal(cases[i].put(&out), 0);
		assert_bytes_equal(qw_buf_pending(&out), cases[i].want);
		qw_buf_fini(&out);
	}
}

static void test_whole_or_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		for (size_t max = 0; max < cases[i].want.n; max++) {
			struct qw_buf out;

			qw_buf_init(&out, max + 3);
			assert_int_equal(qw_buf_append(&out, "abc", 3), 0);
			assert_int_equal(cases[i].put(&out), QW_E_LIMIT);
			assert_bytes_equal(qw_buf_pending(&out), QW_LIT("abc"));
			qw_buf_fini(&out);
		}
	}
}

static void test_keys_that_must_not_be_sent(void **state)
{
	static const uint8_t key[257];
	struct qw_buf out;

	(void)state;
	qw_buf_init(&out, 1000);
	assert_int_equal(pgwire_put_backend_key(&out, 1, qw_bytes(key, 0)), QW_E_LIMIT);
	assert_int_equal(pgwire_put_backend_key(&out, 1, qw_bytes(key, 3)), QW_E_LIMIT);
	assert_int_equal(pgwire_put_backend_key(&out, 1, qw_bytes(key, 257)), QW_E_LIMIT);
	assert_int_equal(qw_buf_pending(&out).n, 0);
	assert_int_equal(pgwire_put_backend_key(&out, 1, qw_bytes(key, 256)), 0);
	qw_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exact_bytes),
		cmocka_unit_test(test_whole_or_nothing),
		cmocka_unit_test(test_keys_that_must_not_be_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
