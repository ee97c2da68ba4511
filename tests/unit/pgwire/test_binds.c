#include "../../support/cmocka_qw.h"

#include "qw/pgwire.h"

static void expect(struct qw_bytes binds, size_t max, const char *want)
{
	struct qw_buf out;

	qw_buf_init(&out, 10000);
	assert_int_equal(qw_buf_append(&out, "before ", 7), 0);
	assert_int_equal(pgwire_binds_text(binds, &out, max), 0);
	qw_buf_consume(&out, 7);
	assert_bytes_equal(qw_buf_pending(&out), qw_bytes_from(want));
	qw_buf_fini(&out);
}

static void test_values(void **state)
{
	(void)state;
	expect(QW_LIT("\0\3\0\0\0\0\0\1\0\3\0\0\0\1"
		      "5\xff\xff\xff\xff\0\0\0\2\0\xff\0\0"),
		1000, "$1 = '5', $2 = NULL, $3 = \\x00ff");
	expect(QW_LIT("\0\0\0\0\0\0"), 1000, "");
	expect(QW_LIT("\0\0\0\1\0\0\0\4it's\0\0"), 1000, "$1 = 'it''s'");
	expect(QW_LIT("\0\1\0\1\0\2\0\0\0\1"
		      "5\0\0\0\0\0\0"),
		1000, "$1 = \\x35, $2 = \\x"); /* one format for all */
	expect(QW_LIT("\0\0\0\1\0\0\0\2\xc0\xaf\0\0"), 1000,
		"$1 = \\xc0af"); /* text that is none */
	expect(QW_LIT("\0\0\0\1\0\0\0\2a\0\0\0"), 1000, "$1 = \\x6100");
	expect(QW_LIT("\0\0\0\2\0\0\0\0\0\0\0\4''''\0\0"), 1000, "$1 = '', $2 = ''''''''''");
}

static void test_cut(void **state)
{
	struct qw_bytes binds =
		QW_LIT("\0\0\0\1\0\0\0\6\xe2\x82\xac\xe2\x82\xac\0\0"); /* $1 = '(euro)(euro)' */

	(void)state;
	expect(binds, 13, "$1 = '\xe2\x82\xac\xe2\x82\xac'");
	expect(binds, 12, "$1 = '\xe2\x82\xac...");
	expect(binds, 11, "$1 = '...");
	expect(binds, 9, "$1 = '...");
	expect(binds, 8, "$1 = ...");
	expect(binds, 3, "...");
	expect(binds, 2, "$1");
	expect(binds, 0, "");
}

static void test_malformed_and_small_buffer(void **state)
{
	struct qw_bytes good = QW_LIT("\0\0\0\2\0\0\0\1"
				      "5\0\0\0\1x\0\1\0\0");
	struct qw_buf out;

	(void)state;
	qw_buf_init(&out, 1000);
	for (size_t n = 0; n < good.n; n++) {
		assert_int_equal(
			pgwire_binds_text(qw_bytes(good.p, n), &out, 1000), QW_E_MALFORMED);
		assert_int_equal(qw_buf_pending(&out).n, 0);
	}
	qw_buf_fini(&out);
	for (size_t max = 0; max < 17; max++) {
		qw_buf_init(&out, max);
		assert_int_equal(pgwire_binds_text(good, &out, 1000), QW_E_LIMIT);
		assert_int_equal(qw_buf_pending(&out).n, 0);
		qw_buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_malformed_and_small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
