#include "../../support/cmocka_qw.h"

#include "qw/myreply.h"

static int read_all(struct qw_bytes payload, const struct myreply_format *format)
{
	struct myreply_cell cell;
	struct myreply_row row;
	int err = myreply_row_open(payload, format, &row);

	while (!err)
		err = myreply_row_next(&row, &cell);
	return err == QW_E_NOTFOUND ? 0 : err;
}

static void test_text(void **state)
{
	struct myreply_format format = {.count = 3};
	struct myreply_cell cell;
	struct myreply_row row;

	(void)state;
	assert_int_equal(myreply_row_open(QW_LIT("\1a\xfb\0"), &format, &row), 0);
	assert_int_equal(myreply_row_next(&row, &cell), 0);
	assert_bytes_equal(cell.value, QW_LIT("a"));
	assert_bytes_equal(cell.raw, QW_LIT("\1a"));
	assert_int_equal(myreply_row_next(&row, &cell), 0);
	assert_true(cell.is_null);
	assert_bytes_equal(cell.raw, QW_LIT("\xfb"));
	assert_int_equal(myreply_row_next(&row, &cell), 0);
	assert_true(!cell.is_null && cell.value.n == 0);
	assert_int_equal(myreply_row_next(&row, &cell), QW_E_NOTFOUND);
	assert_int_equal(read_all(QW_LIT("\1a\xfb"), &format), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\1a\xfb\0\0"), &format), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\1a\xfb\2x"), &format), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\1a\xff\0"), &format), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT(""), &format), QW_E_MALFORMED);
}

static const uint8_t types[] = {3, 253, 10, 11, 13, 8, 246};
static const struct myreply_format binary = {.types = types, .count = 7};
#define VALUES                                                                                     \
	"\1\2\3\4"                                                                                 \
	"\3ann"                                                                                    \
	"\4\xea\7\1\2"                                                                             \
	"\0"                                                                                       \
	"\xea\7"                                                                                   \
	"\1\2\3\4\5\6\7\x08"                                                                       \
	"\4"                                                                                       \
	"1.50"

static void test_binary(void **state)
{
	struct myreply_cell cell;
	struct myreply_row row;

	(void)state;
	assert_int_equal(read_all(QW_LIT("\0\0\0" VALUES), &binary), 0);
	assert_int_equal(myreply_row_open(QW_LIT("\0\xf4\1"
						 "\3ann"),
				 &binary, &row),
		0);
	assert_int_equal(myreply_row_next(&row, &cell), 0);
	assert_true(cell.is_null && cell.raw.n == 0);
	assert_int_equal(myreply_row_next(&row, &cell), 0);
	assert_bytes_equal(cell.value, QW_LIT("ann"));
	for (unsigned i = 2; i < 7; i++) {
		assert_int_equal(myreply_row_next(&row, &cell), 0);
		assert_true(cell.is_null);
	}
	assert_int_equal(myreply_row_next(&row, &cell), QW_E_NOTFOUND);
}

static void test_binary_refusals(void **state)
{
	struct qw_bytes whole = QW_LIT("\0\0\0" VALUES);
	static const uint8_t strange[] = {14};
	static const uint8_t null[] = {6};
	static const struct myreply_format unknown = {.types = strange, .count = 1},
					   nothing = {.types = null, .count = 1};

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		assert_int_equal(read_all(qw_bytes(whole.p, n), &binary), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\1\0\0" VALUES), &binary), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\0\1\0" VALUES), &binary),
		QW_E_MALFORMED); /* the two unused bits, and those behind */
	assert_int_equal(read_all(QW_LIT("\0\2\0" VALUES), &binary), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\0\0\2" VALUES), &binary), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\0\0\0" VALUES "x"), &binary), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\0\0"
					 "\1"),
				 &unknown),
		QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\0\4"), &unknown), 0);
	assert_int_equal(read_all(QW_LIT("\0\0"), &nothing), QW_E_MALFORMED);
	assert_int_equal(read_all(QW_LIT("\0\4"), &nothing), 0);
}

/* As a session masks: some cells as they are, one replaced, one made NULL. */
static void test_rebuilt_binary(void **state)
{
	struct myreply_row_out out_row;
	struct myreply_cell cell;
	struct myreply_row row;
	struct qw_buf out;
	uint8_t seq = 9;

	(void)state;
	qw_buf_init(&out, 200);
	assert_int_equal(qw_buf_append(&out, "before", 6), 0);
	qw_buf_consume(&out, 3);
	assert_int_equal(myreply_row_open(QW_LIT("\0\0\0" VALUES), &binary, &row), 0);
	myreply_row_begin(&out_row, &out, &binary);
	for (unsigned i = 0; i < 7; i++) {
		assert_int_equal(myreply_row_next(&row, &cell), 0);
		if (i == 1)
			myreply_row_value(&out_row, QW_LIT("***"));
		else if (i == 2)
			myreply_row_value(&out_row, QW_LIT("\xd0\7\1\1\0\0\0"));
		else if (i == 5)
			myreply_row_null(&out_row);
		else
			myreply_row_copy(&out_row, &cell);
	}
	assert_int_equal(myreply_row_end(&out_row, &seq), 0);
	assert_int_equal(seq, 10);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("ore\x1b\0\0\x09\0\x80\0"
							"\1\2\3\4"
							"\3***"
							"\7\xd0\7\1\1\0\0\0"
							"\0"
							"\xea\7"
							"\4"
							"1.50"));
	qw_buf_fini(&out);
}

static void test_rebuilt_text(void **state)
{
	const struct myreply_format format = {.count = 3};
	const struct myreply_cell null = {.is_null = true, .raw = QW_LIT("\xfb")};
	struct myreply_row_out row;
	struct qw_buf out;
	uint8_t seq = 0;

	(void)state;
	qw_buf_init(&out, 200);
	myreply_row_begin(&row, &out, &format);
	myreply_row_value(&row, QW_LIT("***"));
	myreply_row_copy(&row, &null);
	myreply_row_null(&row);
	assert_int_equal(myreply_row_end(&row, &seq), 0);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("\6\0\0\0\3***\xfb\xfb"));
	qw_buf_fini(&out);
}

/* A mask that gives a value of the wrong size must not shift the cells behind it. */
static void expect_refused(unsigned column, struct qw_bytes value)
{
	struct myreply_row_out row;
	struct qw_buf out;
	uint8_t seq = 5;

	qw_buf_init(&out, 1000);
	assert_int_equal(qw_buf_append(&out, "x", 1), 0);
	myreply_row_begin(&row, &out, &binary);
	for (unsigned i = 0; i < 7; i++) {
		if (i == column)
			myreply_row_value(&row, value);
		else
			myreply_row_null(&row);
	}
	assert_int_equal(myreply_row_end(&row, &seq), QW_E_MALFORMED);
	assert_int_equal(seq, 5);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("x"));
	qw_buf_fini(&out);
}

static void test_wrong_sizes(void **state)
{
	static const uint8_t big[300] = {0};

	(void)state;
	expect_refused(0, QW_LIT("\1\2\3"));
	expect_refused(0, QW_LIT("\1\2\3\4\5"));
	expect_refused(0, QW_LIT(""));
	expect_refused(2, QW_LIT("\1\2\3\4\5"));
	expect_refused(2, qw_bytes(big, 260)); /* 260 is 4 in one byte */
	expect_refused(3, QW_LIT("\1\2\3\4"));
	expect_refused(4, QW_LIT("\1\2\3\4"));
}

static void test_wrong_count(void **state)
{
	struct myreply_row_out row;
	struct qw_buf out;
	uint8_t seq = 0;

	(void)state;
	qw_buf_init(&out, 200);
	myreply_row_begin(&row, &out, &binary);
	for (unsigned i = 0; i < 6; i++)
		myreply_row_null(&row);
	assert_int_equal(myreply_row_end(&row, &seq), QW_E_MALFORMED);
	myreply_row_begin(&row, &out, &binary);
	for (unsigned i = 0; i < 8; i++)
		myreply_row_null(&row);
	assert_int_equal(myreply_row_end(&row, &seq), QW_E_MALFORMED);
	assert_int_equal(qw_buf_pending(&out).n, 0);
	qw_buf_fini(&out);
}

static void test_no_room(void **state)
{
	struct myreply_cell cell;
	struct myreply_row row;

	(void)state;
	for (size_t max = 0; max < 34; max++) {
		struct myreply_row_out out_row;
		struct qw_buf out;
		uint8_t seq = 0;

		qw_buf_init(&out, max);
		assert_int_equal(myreply_row_open(QW_LIT("\0\0\0" VALUES), &binary, &row), 0);
		myreply_row_begin(&out_row, &out, &binary);
		while (myreply_row_next(&row, &cell) == 0)
			myreply_row_copy(&out_row, &cell);
		assert_int_equal(myreply_row_end(&out_row, &seq), QW_E_LIMIT);
		assert_int_equal(qw_buf_pending(&out).n, 0);
		qw_buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_binary),
		cmocka_unit_test(test_binary_refusals),
		cmocka_unit_test(test_rebuilt_binary),
		cmocka_unit_test(test_rebuilt_text),
		cmocka_unit_test(test_wrong_sizes),
		cmocka_unit_test(test_wrong_count),
		cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
