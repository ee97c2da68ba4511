#include "../../support/cmocka_qw.h"

#include "qw/mywire.h"

static void expect_lenenc(uint64_t v, size_t bytes)
{
	struct qw_buf out;
	struct builder b;
	struct cursor c;

	qw_buf_init(&out, 100);
	bld_init(&b, &out);
	mywire_put_lenenc(&b, v);
	assert_int_equal(bld_error(&b), 0);
	assert_int_equal(qw_buf_pending(&out).n, bytes);
	c = cur_from(qw_buf_pending(&out));
	assert_true(mywire_lenenc(&c) == v);
	assert_int_equal(cur_end(&c), 0);
	for (size_t n = 0; n < bytes; n++) {
		c = cur_from(qw_bytes(qw_buf_pending(&out).p, n));
		(void)mywire_lenenc(&c);
		assert_int_equal(cur_end(&c), QW_E_MALFORMED);
	}
	qw_buf_fini(&out);
}

static void test_lenenc(void **state)
{
	(void)state;
	expect_lenenc(0, 1);
	expect_lenenc(250, 1);
	expect_lenenc(251, 3);
	expect_lenenc(0xFFFF, 3);
	expect_lenenc(0x10000, 4);
	expect_lenenc(0xFFFFFF, 4);
	expect_lenenc(0x1000000, 9);
	expect_lenenc(UINT64_MAX, 9);
}

static void test_lenenc_refusals(void **state)
{
	struct cursor c = cur_from(QW_LIT("\xfb"));
	struct qw_bytes value;

	(void)state;
	(void)mywire_lenenc(&c);
	assert_true(c.failed);
	c = cur_from(QW_LIT("\xff"));
	(void)mywire_lenenc(&c);
	assert_true(c.failed);
	c = cur_from(QW_LIT("\xfb"));
	assert_true(mywire_lenenc_null(&c, &value));
	assert_int_equal(cur_end(&c), 0);
	c = cur_from(QW_LIT("\xff"));
	assert_false(mywire_lenenc_null(&c, &value));
	assert_true(c.failed);
	c = cur_from(QW_LIT("\3ab")); /* shorter than it says */
	assert_int_equal(mywire_lenenc_bytes(&c).n, 0);
	assert_true(c.failed);
	c = cur_from(QW_LIT("\xfe\xff\xff\xff\xff\xff\xff\xff\xff"
			    "abc"));
	assert_int_equal(mywire_lenenc_bytes(&c).n, 0);
	assert_true(c.failed);
}

/* The mariadb npm package writes the attributes' length in three bytes whatever it is. */
static void test_lenenc_longer_than_needed(void **state)
{
	struct cursor c = cur_from(QW_LIT("\xfc\3\0abc"));

	(void)state;
	assert_bytes_equal(mywire_lenenc_bytes(&c), QW_LIT("abc"));
	assert_int_equal(cur_end(&c), 0);
}

static void test_le(void **state)
{
	struct cursor c = cur_from(QW_LIT("\1\2\3\4\5\6\7\x88"
					  "ab"));

	(void)state;
	assert_true(mywire_le(&c, 8) == 0x8807060504030201u);
	assert_int_equal(mywire_le(&c, 2), 0x6261);
	assert_int_equal(cur_end(&c), 0);
	assert_int_equal(mywire_le(&c, 1), 0);
	assert_true(c.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lenenc),
		cmocka_unit_test(test_lenenc_refusals),
		cmocka_unit_test(test_lenenc_longer_than_needed),
		cmocka_unit_test(test_le),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
