#include "../../support/cmocka_qw.h"

#include "qw/mywire.h"

#define EXECUTE "\x17\7\0\0\0\0\1\0\0\0"

static struct mywire_execute decode(struct qw_bytes payload, const struct mywire_statement *s)
{
	struct mywire_execute e;

	assert_int_equal(mywire_execute_decode(payload, s, &e), 0);
	return e;
}

static int try(struct qw_bytes payload, uint16_t parameters)
{
	struct mywire_statement s = {.parameter_count = parameters};
	struct mywire_execute e;

	return mywire_execute_decode(payload, &s, &e);
}

static void expect_bytes(struct mywire_execute *e, struct qw_bytes expected)
{
	struct mywire_value v;

	assert_int_equal(mywire_execute_next(e, &v), 0);
	assert_false(v.is_null);
	assert_bytes_equal(v.value, expected);
}

static void expect_null(struct mywire_execute *e)
{
	struct mywire_value v;

	assert_int_equal(mywire_execute_next(e, &v), 0);
	assert_true(v.is_null);
}

static void expect_end(struct mywire_execute *e)
{
	struct mywire_value v;

	assert_int_equal(mywire_execute_next(e, &v), QW_E_NOTFOUND);
	assert_int_equal(mywire_execute_next(e, &v), QW_E_NOTFOUND);
}

static void test_no_parameters(void **state)
{
	struct mywire_statement s = {0};
	struct mywire_execute e = decode(QW_LIT(EXECUTE), &s);

	(void)state;
	assert_int_equal(e.id, 7);
	assert_int_equal(e.flags, 0);
	expect_end(&e);
	assert_int_equal(try(QW_LIT(EXECUTE "\1"), 0), 0); /* the mariadb package */
	assert_int_equal(try(QW_LIT(EXECUTE "\2"), 0), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\1\0"), 0), QW_E_MALFORMED);
	e = decode(QW_LIT("\x17\7\0\0\0\1\1\0\0\0"), &s);
	assert_int_equal(e.flags, 1);
}

static void test_all_forms(void **state)
{
	struct mywire_statement s = {.parameter_count = 9};
	struct mywire_execute e = decode(QW_LIT(EXECUTE "\2\0"
							"\1"
							"\1\0"
							"\6\0"
							"\2\x80"
							"\3\0"
							"\x08\x80"
							"\xfd\0"
							"\x0a\0"
							"\x0c\0"
							"\x0b\0"
							"\xff"
							"\1\2"
							"\1\2\3\4"
							"\1\2\3\4\5\6\7\x08"
							"\3abc"
							"\4\xea\7\1\2"
							"\7\xea\7\1\2\3\4\5"
							"\x08\1\0\0\0\0\1\2\3"),
		&s);

	(void)state;
	assert_true(e.has_types);
	assert_int_equal(e.types.n, 18);
	expect_bytes(&e, QW_LIT("\xff"));
	expect_null(&e);
	expect_bytes(&e, QW_LIT("\1\2"));
	expect_bytes(&e, QW_LIT("\1\2\3\4"));
	expect_bytes(&e, QW_LIT("\1\2\3\4\5\6\7\x08"));
	expect_bytes(&e, QW_LIT("abc"));
	expect_bytes(&e, QW_LIT("\xea\7\1\2"));
	expect_bytes(&e, QW_LIT("\xea\7\1\2\3\4\5"));
	expect_bytes(&e, QW_LIT("\1\0\0\0\0\1\2\3"));
	expect_end(&e);
}

/* Types come once; without them, in this EXECUTE or before, no value can be read. */
static void test_types_are_kept(void **state)
{
	struct mywire_statement s = {.parameter_count = 1};
	struct mywire_execute e, again;

	(void)state;
	assert_int_equal(mywire_execute_decode(QW_LIT(EXECUTE "\0"
							      "\0"
							      "\5\0\0\0"),
				 &s, &e),
		QW_E_MALFORMED);
	e = decode(QW_LIT(EXECUTE "\0"
				  "\1"
				  "\3\x80"
				  "\5\0\0\0"),
		&s);
	s.types = e.types;
	again = decode(QW_LIT(EXECUTE "\0"
				      "\0"
				      "\6\0\0\0"),
		&s);
	assert_false(again.has_types);
	expect_bytes(&again, QW_LIT("\6\0\0\0"));
	expect_end(&again);
	s.parameter_count = 2; /* the kept types are of another statement */
	assert_int_equal(mywire_execute_decode(QW_LIT(EXECUTE "\0"
							      "\0"
							      "\6\0\0\0\6\0\0\0"),
				 &s, &e),
		QW_E_MALFORMED);
}

/* What came as long data has no value here, and its NULL bit counts for nothing, as on the servers.
 */
static void test_long_data(void **state)
{
	const struct qw_bytes long_data[3] = {[1] = QW_LIT("long"), [2] = QW_LIT("")};
	struct mywire_statement s = {.parameter_count = 3, .long_data = long_data};
	struct mywire_execute e = decode(QW_LIT(EXECUTE "\2"
							"\1"
							"\3\0\xfc\0\xfc\0"
							"\5\0\0\0"),
		&s);
	struct mywire_value v;

	(void)state;
	expect_bytes(&e, QW_LIT("\5\0\0\0"));
	assert_int_equal(mywire_execute_next(&e, &v), 0);
	assert_true(v.is_long && !v.is_null);
	assert_bytes_equal(v.value, QW_LIT("long"));
	assert_int_equal(mywire_execute_next(&e, &v), 0);
	assert_true(v.is_long && v.value.n == 0);
	expect_end(&e);
	assert_int_equal(try(QW_LIT(EXECUTE "\2"
					    "\1"
					    "\3\0\xfc\0\xfc\0"
					    "\5\0\0\0"),
				 3),
		QW_E_MALFORMED);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_int_equal(
		try(QW_LIT("\x17\7\0\0\0\2\1\0\0\0"), 0), QW_E_UNSUPPORTED); /* FOR UPDATE */
	assert_int_equal(try(QW_LIT("\x17\7\0\0\0\x08\1\0\0\0"), 0),
		QW_E_UNSUPPORTED); /* query attributes */
	assert_int_equal(
		try(QW_LIT("\x17\7\0\0\0\0\2\0\0\0"), 0), QW_E_MALFORMED); /* two iterations */
	assert_int_equal(try(QW_LIT("\x16\7\0\0\0\0\1\0\0\0"), 0), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE), 1), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\3\0\1\2\3"), 1), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\3\0\1\2\3\4\5"), 1), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\0\2\3\0\1\2\3\4"), 1),
		QW_E_MALFORMED); /* bound: neither yes nor no */
	assert_int_equal(
		try(QW_LIT(EXECUTE "\0\1\3\1\1\2\3\4"), 1), QW_E_MALFORMED); /* more than a sign */
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\x0e\0\1\2\3\4"), 1),
		QW_E_MALFORMED); /* no such type on the wire */
	assert_int_equal(
		try(QW_LIT(EXECUTE "\0\1\6\0"), 1), QW_E_MALFORMED); /* NULL's type, and not NULL */
	assert_int_equal(try(QW_LIT(EXECUTE "\1\1\6\0"), 1), 0);
	/* the servers read these as strings, whatever a client means */
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\x09\0\1\2\3\4"), 1), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\x0d\0\1\2"), 1), QW_E_MALFORMED);
	/* a date of 5 bytes, a time of 4 */
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\x0a\0\5\1\2\3\4\5"), 1), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\x0b\0\4\1\2\3\4"), 1), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\xfd\0\xfb"), 1), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\0\1\xfd\0\xfe\xff\xff\xff\xff\xff\xff\xff\xff"), 1),
		QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT(EXECUTE "\0"), 65535), QW_E_MALFORMED);
}

static void test_forms_of_every_type(void **state)
{
	unsigned known = 0;

	(void)state;
	for (unsigned type = 0; type < 256; type++)
		known += mywire_type_form((uint8_t)type) != MYWIRE_FORM_UNKNOWN;
	assert_int_equal(known, 28);
	assert_int_equal(mywire_type_form(13), 2);
	assert_int_equal(mywire_type_form(9), 4);
	assert_int_equal(mywire_type_form(242), MYWIRE_FORM_LENENC);
	assert_int_equal(mywire_type_form(14), MYWIRE_FORM_UNKNOWN);
	assert_int_equal(mywire_type_form(17), MYWIRE_FORM_UNKNOWN);
	assert_int_equal(mywire_type_form(243), MYWIRE_FORM_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_parameters),
		cmocka_unit_test(test_all_forms),
		cmocka_unit_test(test_types_are_kept),
		cmocka_unit_test(test_long_data),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_forms_of_every_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
