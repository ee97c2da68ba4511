#include "../../support/cmocka_qw.h"

#include "qw/wire.h"

static void test_reads_in_network_order(void **state)
{
	struct cursor c =
		cur_from(QW_LIT("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
				"abc\0rest"));

	(void)state;
	assert_int_equal(cur_u8(&c), 0x01);
	assert_int_equal(cur_be16(&c), 0x0203);
	assert_int_equal(cur_be32(&c), 0x04050607);
	assert_true(cur_be64(&c) == 0x08090a0b0c0d0e0fu);
	assert_string_equal(cur_cstr(&c), "abc");
	assert_int_equal(cur_end(&c), QW_E_MALFORMED); /* something is left */
	assert_bytes_equal(cur_bytes(&c, 2), QW_LIT("re"));
	assert_int_equal(cur_left(&c), 2);
	assert_bytes_equal(cur_rest(&c), QW_LIT("st"));
	assert_int_equal(cur_end(&c), 0);
}

static void expect_failed(struct cursor *c)
{
	assert_true(c->failed);
	assert_int_equal(cur_left(c), 0);
	assert_int_equal(cur_u8(c), 0);
	assert_int_equal(cur_be16(c), 0);
	assert_int_equal(cur_be32(c), 0);
	assert_true(cur_be64(c) == 0);
	assert_null(cur_cstr(c));
	assert_int_equal(cur_text(c).n, 0);
	assert_int_equal(cur_bytes(c, 1).n, 0);
	assert_int_equal(cur_rest(c).n, 0);
	assert_false(cur_fits(c, 0, 1));
	assert_int_equal(cur_end(c), QW_E_MALFORMED);
}

static void test_first_error_sticks(void **state)
{
	struct qw_bytes seven = QW_LIT("1234567");
	struct cursor c;

	(void)state;
	c = cur_from(seven);
	(void)cur_be64(&c);
	expect_failed(&c);
	c = cur_from(seven);
	assert_null(cur_cstr(&c)); /* no NUL inside: what stands behind the span is not looked at */
	expect_failed(&c);
	c = cur_from(seven);
	(void)cur_bytes(&c, 8);
	expect_failed(&c);
	c = cur_from(seven);
	(void)cur_bytes(&c, SIZE_MAX);
	expect_failed(&c);
	c = cur_from(seven);
	cur_fail(&c);
	expect_failed(&c);
	for (size_t n = 0; n < 2; n++) {
		c = cur_from(qw_bytes(seven.p, n));
		(void)cur_be16(&c);
		expect_failed(&c);
	}
}

static void test_nothing_at_all(void **state)
{
	struct cursor c = cur_from(qw_bytes(NULL, 0));

	(void)state;
	assert_int_equal(cur_left(&c), 0);
	assert_int_equal(cur_rest(&c).n, 0);
	assert_int_equal(cur_bytes(&c, 0).n, 0);
	assert_int_equal(cur_end(&c), 0);
	assert_int_equal(cur_u8(&c), 0);
	expect_failed(&c);
}

static void test_counts_are_believed_only_when_they_fit(void **state)
{
	struct cursor c = cur_from(QW_LIT("12345678"));

	(void)state;
	assert_true(cur_fits(&c, 2, 4));
	assert_true(cur_fits(&c, 8, 1));
	assert_true(cur_fits(&c, 0, 1000));
	assert_int_equal(cur_left(&c), 8);
	assert_false(cur_fits(&c, SIZE_MAX, 4)); /* a product would wrap */
	expect_failed(&c);
	c = cur_from(QW_LIT("12345678"));
	assert_false(cur_fits(&c, 3, 3));
	expect_failed(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_in_network_order),
		cmocka_unit_test(test_first_error_sticks),
		cmocka_unit_test(test_nothing_at_all),
		cmocka_unit_test(test_counts_are_believed_only_when_they_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
