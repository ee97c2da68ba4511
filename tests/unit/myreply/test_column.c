#include "../../support/cmocka_qw.h"

#include "qw/myreply.h"

static const struct mywire_link classic = {MYWIRE_PROTOCOL_41, 0};
static const struct mywire_link extended = {MYWIRE_PROTOCOL_41, MYWIRE_EXT_METADATA};

/* Real: MariaDB 10.11, a JSON column. */
#define NAMES "\3def\4shop\2t1\2t1\1o\1o"
#define FIXED "\x0c\x2d\0\xff\xff\xff\xff\xfc\x90\0\0\0\0"

static void expect_put(
	struct mywire_link client, const struct myreply_column *column, struct qw_bytes expected)
{
	struct qw_buf out;
	uint8_t seq = 0;

	qw_buf_init(&out, 500);
	assert_int_equal(myreply_put_column(&out, &seq, client, column), 0);
	assert_int_equal(qw_buf_pending(&out).n, expected.n + MYWIRE_HEADER);
	assert_memory_equal(qw_buf_pending(&out).p + MYWIRE_HEADER, expected.p, expected.n);
	qw_buf_fini(&out);
}

static void test_column(void **state)
{
	struct myreply_column column;

	(void)state;
	assert_int_equal(myreply_column_decode(QW_LIT(NAMES FIXED), classic, false, &column), 0);
	assert_bytes_equal(column.catalog, QW_LIT("def"));
	assert_bytes_equal(column.schema, QW_LIT("shop"));
	assert_bytes_equal(column.org_table, QW_LIT("t1"));
	assert_bytes_equal(column.org_name, QW_LIT("o"));
	assert_int_equal(column.collation, 45);
	assert_true(column.length == UINT32_MAX);
	assert_int_equal(column.type, 252);
	assert_int_equal(column.flags, 0x90);
	expect_put(classic, &column, QW_LIT(NAMES FIXED));
}

static void test_extended_metadata(void **state)
{
	struct myreply_column column;

	(void)state;
	assert_int_equal(
		myreply_column_decode(QW_LIT(NAMES "\6\1\4json" FIXED), extended, false, &column),
		0);
	assert_bytes_equal(column.extended, QW_LIT("\1\4json"));
	expect_put(extended, &column, QW_LIT(NAMES "\6\1\4json" FIXED));
	expect_put(classic, &column, QW_LIT(NAMES FIXED));
	assert_int_equal(
		myreply_column_decode(QW_LIT(NAMES "\6\1\4json" FIXED), classic, false, &column),
		QW_E_MALFORMED);
	assert_int_equal(myreply_column_decode(QW_LIT(NAMES FIXED), extended, false, &column),
		QW_E_MALFORMED);
}

static void test_defaults(void **state)
{
	struct myreply_column column;

	(void)state;
	assert_int_equal(
		myreply_column_decode(QW_LIT(NAMES FIXED "\1x"), classic, true, &column), 0);
	assert_bytes_equal(column.default_value, QW_LIT("x"));
	expect_put(classic, &column, QW_LIT(NAMES FIXED "\1x"));
	assert_int_equal(
		myreply_column_decode(QW_LIT(NAMES FIXED "\xfb"), classic, true, &column), 0);
	assert_true(column.default_is_null);
	expect_put(classic, &column, QW_LIT(NAMES FIXED "\xfb"));
	assert_int_equal(myreply_column_decode(QW_LIT(NAMES FIXED "\1x"), classic, false, &column),
		QW_E_MALFORMED);
	assert_int_equal(
		myreply_column_decode(QW_LIT(NAMES FIXED), classic, true, &column), QW_E_MALFORMED);
}

static void test_refusals(void **state)
{
	struct qw_bytes whole = QW_LIT(NAMES FIXED);
	struct myreply_column column;

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		assert_int_equal(
			myreply_column_decode(qw_bytes(whole.p, n), classic, false, &column),
			QW_E_MALFORMED);
	assert_int_equal(
		myreply_column_decode(QW_LIT(NAMES "\x0b\x2d\0\xff\xff\xff\xff\xfc\x90\0\0\0"),
			classic, false, &column),
		QW_E_MALFORMED);
	assert_int_equal(
		myreply_column_decode(QW_LIT(NAMES "\x0c\x2d\0\xff\xff\xff\xff\xfc\x90\0\0\0\1"),
			classic, false, &column),
		QW_E_MALFORMED);
	assert_int_equal(myreply_column_decode(
				 QW_LIT("\xfb\4shop\2t1\2t1\1o\1o" FIXED), classic, false, &column),
		QW_E_MALFORMED);
}

static void test_count(void **state)
{
	struct qw_buf out;
	uint8_t seq = 1;

	(void)state;
	qw_buf_init(&out, 100);
	assert_int_equal(myreply_put_count(&out, &seq, 2), 0);
	assert_int_equal(myreply_put_count(&out, &seq, 4096), 0);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("\1\0\0\1\2\3\0\0\2\xfc\0\x10"));
	qw_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_column),
		cmocka_unit_test(test_extended_metadata),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
