/* What the server sends. */
#include "../../support/cmocka_qw.h"

#include "qw/pgwire.h"

static const struct qw_bytes description = {
	(const uint8_t *)"\0\2"
			 "id\0\0\0\x40\0\0\1\0\0\0\x17\0\4\xff\xff\xff\xff\0\0"
			 "e\0\0\0\0\0\xff\xff\0\0\0\x19\xff\xff\0\0\0\x0c\0\1",
	2 + 21 + 20};

static void test_row_description(void **state)
{
	struct qw_arena arena;
	struct pgwire_column *columns;
	size_t count;

	(void)state;
	qw_arena_init(&arena, 4096);
	assert_int_equal(pgwire_row_description_decode(description, &arena, &columns, &count), 0);
	assert_int_equal(count, 2);
	assert_string_equal(columns[0].name, "id");
	assert_int_equal(columns[0].table_oid, 0x4000);
	assert_int_equal(columns[0].attnum, 1);
	assert_int_equal(columns[0].type_oid, 23);
	assert_int_equal(columns[0].type_size, 4);
	assert_int_equal(columns[0].type_modifier, -1);
	assert_int_equal(columns[0].format, 0);
	assert_int_equal(columns[1].attnum, -1);
	assert_int_equal(columns[1].type_size, -1);
	assert_int_equal(columns[1].type_modifier, 12);
	assert_int_equal(columns[1].format, 1);
	for (size_t n = 0; n < description.n; n++) {
		assert_int_equal(pgwire_row_description_decode(
					 qw_bytes(description.p, n), &arena, &columns, &count),
			QW_E_MALFORMED);
		assert_null(columns);
		qw_arena_reset(&arena);
	}
	assert_int_equal(
		pgwire_row_description_decode(QW_LIT("\0\0"), &arena, &columns, &count), 0);
	assert_int_equal(count, 0);
	assert_int_equal(
		pgwire_row_description_decode(QW_LIT("\x06\x81"), &arena, &columns, &count),
		QW_E_LIMIT);
	qw_arena_fini(&arena);
	qw_arena_init(&arena, 40);
	assert_int_equal(
		pgwire_row_description_decode(description, &arena, &columns, &count), QW_E_NOMEM);
	qw_arena_fini(&arena);
}

static void test_row(void **state)
{
	struct pgwire_row r;
	struct qw_bytes v;
	bool is_null;

	(void)state;
	assert_int_equal(pgwire_row_open(QW_LIT("\0\3\0\0\0\2ab\xff\xff\xff\xff\0\0\0\0"), &r), 0);
	assert_int_equal(r.count, 3);
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), 0);
	assert_false(is_null);
	assert_bytes_equal(v, QW_LIT("ab"));
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), 0);
	assert_true(is_null);
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), 0);
	assert_false(is_null);
	assert_int_equal(v.n, 0);
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), QW_E_NOTFOUND);
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), QW_E_NOTFOUND);
}

static void test_row_that_lies(void **state)
{
	struct pgwire_row r;
	struct qw_bytes v;
	bool is_null;

	(void)state;
	assert_int_equal(pgwire_row_open(QW_LIT(""), &r), QW_E_MALFORMED);
	assert_int_equal(pgwire_row_open(QW_LIT("\0"), &r), QW_E_MALFORMED);
	assert_int_equal(pgwire_row_open(QW_LIT("\0\2\0\0\0\0\0\0\0"), &r), QW_E_MALFORMED);
	assert_int_equal(pgwire_row_open(QW_LIT("\0\1\0\0\0\2a"), &r), 0);
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), QW_E_MALFORMED);
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), QW_E_MALFORMED);
	assert_int_equal(pgwire_row_open(QW_LIT("\0\1\xff\xff\xff\xfe"), &r), 0);
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), QW_E_MALFORMED);
	assert_int_equal(
		pgwire_row_open(QW_LIT("\0\1\0\0\0\0x"), &r), 0); /* a byte behind the last value */
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), 0);
	assert_int_equal(pgwire_row_next(&r, &v, &is_null), QW_E_MALFORMED);
}

static void test_error(void **state)
{
	struct pgwire_error e;

	(void)state;
	assert_int_equal(pgwire_error_decode(
				 QW_LIT("SFEHLER\0VERROR\0C42P01\0Mno table\0P5\0Hlook\0Wf()\0\0"), &e),
		0);
	assert_string_equal(e.severity, "ERROR");
	assert_string_equal(e.sqlstate, "42P01");
	assert_string_equal(e.message, "no table");
	assert_string_equal(e.where, "f()");
	assert_null(e.detail);
	assert_string_equal(e.hint, "look");
	assert_int_equal(pgwire_error_decode(QW_LIT("SFEHLER\0Mx\0\0"), &e), 0);
	assert_string_equal(e.severity, "FEHLER");
	assert_null(e.sqlstate);
	assert_int_equal(pgwire_error_decode(QW_LIT("\0"), &e), 0);
	assert_null(e.severity);
	assert_int_equal(pgwire_error_decode(QW_LIT("Ma\0Mb\0\0"), &e), QW_E_DUPLICATE);
	assert_int_equal(pgwire_error_decode(QW_LIT("Ma\0"), &e), QW_E_MALFORMED);
	assert_int_equal(pgwire_error_decode(QW_LIT("Ma"), &e), QW_E_MALFORMED);
	assert_int_equal(pgwire_error_decode(QW_LIT(""), &e), QW_E_MALFORMED);
	assert_int_equal(pgwire_error_decode(QW_LIT("Ma\0\0x"), &e), QW_E_MALFORMED);
}

static void test_status_and_tag(void **state)
{
	struct pgwire_parameter p;
	const char *tag;
	uint8_t status;

	(void)state;
	assert_int_equal(pgwire_parameter_status_decode(QW_LIT("TimeZone\0UTC\0"), &p), 0);
	assert_string_equal(p.name, "TimeZone");
	assert_string_equal(p.value, "UTC");
	assert_int_equal(
		pgwire_parameter_status_decode(QW_LIT("TimeZone\0UTC"), &p), QW_E_MALFORMED);
	assert_int_equal(pgwire_ready_decode(QW_LIT("T"), &status), 0);
	assert_int_equal(status, 'T');
	assert_int_equal(pgwire_ready_decode(QW_LIT("X"), &status), QW_E_MALFORMED);
	assert_int_equal(pgwire_ready_decode(QW_LIT("II"), &status), QW_E_MALFORMED);
	assert_int_equal(pgwire_ready_decode(QW_LIT(""), &status), QW_E_MALFORMED);
	assert_int_equal(pgwire_tag_decode(QW_LIT("SELECT 1\0"), &tag), 0);
	assert_string_equal(tag, "SELECT 1");
	assert_int_equal(pgwire_tag_decode(QW_LIT("SELECT 1"), &tag), QW_E_MALFORMED);
}

static void test_tag_rows(void **state)
{
	(void)state;
	assert_int_equal(pgwire_tag_rows("INSERT 0 5"), 5);
	assert_int_equal(pgwire_tag_rows("SELECT 3"), 3);
	assert_int_equal(pgwire_tag_rows("CREATE TABLE"), 0);
	assert_int_equal(pgwire_tag_rows("BEGIN"), 0);
	assert_int_equal(pgwire_tag_rows(""), 0);
	assert_int_equal(pgwire_tag_rows("SELECT "), 0);
	assert_int_equal(pgwire_tag_rows("SELECT -1"), 0);
	assert_int_equal(pgwire_tag_rows("SELECT 1x"), 0);
	assert_int_equal(pgwire_tag_rows(NULL), 0);
	assert_true(pgwire_tag_rows("COPY 18446744073709551615") == UINT64_MAX);
	assert_int_equal(pgwire_tag_rows("COPY 18446744073709551619"), 0);
}

static void test_copy(void **state)
{
	struct pgwire_copy c;

	(void)state;
	assert_int_equal(pgwire_copy_decode(QW_LIT("\1\0\2\0\1\0\1"), &c), 0);
	assert_int_equal(c.format, 1);
	assert_int_equal(c.column_count, 2);
	assert_int_equal(pgwire_copy_decode(QW_LIT("\2\0\0"), &c), QW_E_MALFORMED);
	assert_int_equal(pgwire_copy_decode(QW_LIT("\0\0\1\0\3"), &c), QW_E_MALFORMED);
	assert_int_equal(pgwire_copy_decode(QW_LIT("\0\0\2\0\0"), &c), QW_E_MALFORMED);
	assert_int_equal(pgwire_copy_decode(QW_LIT("\0\0\0x"), &c), QW_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row_description),
		cmocka_unit_test(test_row),
		cmocka_unit_test(test_row_that_lies),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_status_and_tag),
		cmocka_unit_test(test_tag_rows),
		cmocka_unit_test(test_copy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
