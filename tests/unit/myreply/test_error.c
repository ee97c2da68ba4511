#include "../../support/cmocka_qw.h"

#include "qw/myreply.h"

static int try(struct qw_bytes payload)
{
	struct myreply_error e;

	return myreply_error_decode(payload, &e);
}

static void test_error(void **state)
{
	struct myreply_error e;
	struct qw_buf out;
	uint8_t seq = 1;

	(void)state;
	assert_int_equal(myreply_error_decode(QW_LIT("\xff\x7a\4#42S02no such table"), &e), 0);
	assert_int_equal(e.code, 1146);
	assert_string_equal(e.sqlstate, "42S02");
	assert_bytes_equal(e.message, QW_LIT("no such table"));
	qw_buf_init(&out, 100);
	assert_int_equal(myreply_put_error(&out, &seq, 1146, "42S02", "no such table"), 0);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("\x16\0\0\1\xff\x7a\4#42S02no such table"));
	qw_buf_fini(&out);
	/* before anybody logged in, servers leave the state away */
	assert_int_equal(myreply_error_decode(QW_LIT("\xff\x10\4Too many"), &e), 0);
	assert_string_equal(e.sqlstate, "HY000");
	assert_bytes_equal(e.message, QW_LIT("Too many"));
	assert_int_equal(myreply_error_decode(QW_LIT("\xff\x10\4"), &e), 0);
	assert_int_equal(e.message.n, 0);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_int_equal(try(QW_LIT("")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\xff\x10")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\xfe\x10\4x")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\xff\0\0#HY000x")),
		QW_E_MALFORMED); /* clients take code 0 for "no error" */
	assert_int_equal(try(QW_LIT("\xff\xff\xff#HY000x")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\xff\x10\4#HY00")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\xff\x10\4#hy000x")), QW_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
