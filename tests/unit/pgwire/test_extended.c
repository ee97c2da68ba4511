#include "../../support/cmocka_qw.h"

#include "qw/pgwire.h"

static void test_query_and_password(void **state)
{
	struct qw_bytes text;

	(void)state;
	assert_int_equal(pgwire_query_decode(QW_LIT("select 1\0"), &text), 0);
	assert_bytes_equal(text, QW_LIT("select 1"));
	assert_int_equal(pgwire_query_decode(QW_LIT("\0"), &text), 0);
	assert_int_equal(text.n, 0);
	assert_int_equal(
		pgwire_query_decode(QW_LIT("select 1\0; drop table t\0"), &text), QW_E_MALFORMED);
	assert_int_equal(pgwire_query_decode(QW_LIT("select 1"), &text), QW_E_MALFORMED);
	assert_int_equal(pgwire_query_decode(QW_LIT(""), &text), QW_E_MALFORMED);
	assert_int_equal(pgwire_password_decode(QW_LIT("a.b.c\0"), &text), 0);
	assert_bytes_equal(text, QW_LIT("a.b.c"));
	assert_int_equal(pgwire_password_decode(QW_LIT("a\0b\0"), &text), QW_E_MALFORMED);
	assert_int_equal(pgwire_password_decode(QW_LIT("a"), &text), QW_E_MALFORMED);
}

static void test_parse(void **state)
{
	struct pgwire_parse p;

	(void)state;
	assert_int_equal(
		pgwire_parse_decode(QW_LIT("s1\0select $1\0\0\2\0\0\0\x17\0\0\0\x19"), &p), 0);
	assert_string_equal(p.name, "s1");
	assert_bytes_equal(p.sql, QW_LIT("select $1"));
	assert_int_equal(p.type_count, 2);
	assert_bytes_equal(p.types, QW_LIT("\0\0\0\x17\0\0\0\x19"));
	assert_int_equal(pgwire_parse_decode(QW_LIT("\0\0\0\0"), &p), 0);
	assert_int_equal(pgwire_parse_decode(QW_LIT("\0x\0\0\1\0\0\0"), &p), QW_E_MALFORMED);
	assert_int_equal(pgwire_parse_decode(QW_LIT("\0x\0\0\0\0"), &p), QW_E_MALFORMED);
	assert_int_equal(pgwire_parse_decode(QW_LIT("\0x\0\xff\xff\0\0\0\1"), &p), QW_E_MALFORMED);
}

static void test_bind(void **state)
{
	struct qw_bytes body = QW_LIT("p\0s\0\0\1\0\1\0\2\0\0\0\1x\xff\xff\xff\xff\0\2\0\0\0\1");
	struct pgwire_bind b;

	(void)state;
	assert_int_equal(pgwire_bind_decode(body, &b), 0);
	assert_string_equal(b.portal, "p");
	assert_string_equal(b.statement, "s");
	assert_int_equal(b.parameter_count, 2);
	assert_int_equal(b.result_format_count, 2);
	assert_bytes_equal(b.result_formats, QW_LIT("\0\0\0\1"));
	assert_bytes_equal(b.binds, qw_bytes(body.p + 4, body.n - 4));
	assert_int_equal(pgwire_bind_decode(QW_LIT("\0\0\0\0\0\0\0\0"), &b), 0);
}

static void test_bind_that_lies(void **state)
{
	struct pgwire_bind b;

	(void)state;
	/* 2 formats for 3 values */
	assert_int_equal(
		pgwire_bind_decode(QW_LIT("\0\0\0\2\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), &b),
		QW_E_MALFORMED);
	/* 2 formats for 2 values are right */
	assert_int_equal(
		pgwire_bind_decode(QW_LIT("\0\0\0\2\0\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0"), &b), 0);
	/* a length of -2, and of 2^31 - 1 */
	assert_int_equal(
		pgwire_bind_decode(QW_LIT("\0\0\0\0\0\1\xff\xff\xff\xfe\0\0"), &b), QW_E_MALFORMED);
	assert_int_equal(pgwire_bind_decode(QW_LIT("\0\0\0\0\0\1\x7f\xff\xff\xffx\0\0"), &b),
		QW_E_MALFORMED);
	/* 65535 values that are not there */
	assert_int_equal(
		pgwire_bind_decode(QW_LIT("\0\0\0\0\xff\xff\0\0\0\0\0\0"), &b), QW_E_MALFORMED);
	/* format codes that do not exist */
	assert_int_equal(pgwire_bind_decode(QW_LIT("\0\0\0\1\0\2\0\0\0\0"), &b), QW_E_MALFORMED);
	assert_int_equal(
		pgwire_bind_decode(QW_LIT("\0\0\0\0\0\0\0\1\xff\xff"), &b), QW_E_MALFORMED);
	/* one byte more */
	assert_int_equal(pgwire_bind_decode(QW_LIT("\0\0\0\0\0\0\0\0\0"), &b), QW_E_MALFORMED);
}

static void test_named_and_execute(void **state)
{
	struct pgwire_named n;
	struct pgwire_execute e;

	(void)state;
	assert_int_equal(pgwire_named_decode(QW_LIT("Ss1\0"), &n), 0);
	assert_int_equal(n.kind, 'S');
	assert_string_equal(n.name, "s1");
	assert_int_equal(pgwire_named_decode(QW_LIT("P\0"), &n), 0);
	assert_int_equal(pgwire_named_decode(QW_LIT("Xs1\0"), &n), QW_E_MALFORMED);
	assert_int_equal(pgwire_named_decode(QW_LIT("Ss1\0\0"), &n), QW_E_MALFORMED);
	assert_int_equal(pgwire_execute_decode(QW_LIT("p\0\0\0\0\5"), &e), 0);
	assert_string_equal(e.portal, "p");
	assert_int_equal(e.max_rows, 5);
	assert_int_equal(pgwire_execute_decode(QW_LIT("p\0\0\0\5"), &e), QW_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query_and_password),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_bind_that_lies),
		cmocka_unit_test(test_named_and_execute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
