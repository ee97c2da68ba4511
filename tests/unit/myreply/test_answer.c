/* Which packet comes next: whole answers, written as short lists of packets, and what must break
 * the reader. */
#include "../../support/cmocka_qw.h"

#include "qw/myreply.h"

static const struct mywire_link plain = {MYWIRE_PROTOCOL_41, 0};
static const struct mywire_link mariadb = {MYWIRE_PROTOCOL_41, 0x1D};

#define COLUMN "\3def\0\0\0\1a\0\x0c\x3f\0\1\0\0\0\3\x81\0\0\0\0"
#define COLUMN_X                                                                                   \
	"\3def\0\0\0\1a\0\0\x0c\x3f\0\1\0\0\0\3\x81\0\0\0\0" /* extended metadata: none            \
							      */
#define OK "\0\0\0\2\0\0\0"
#define OK_MORE "\0\0\0\x0a\0\0\0"
#define EOF_ "\xfe\0\0\2\0"
#define EOF_MORE "\xfe\0\0\x0a\0"
#define EOF_CURSOR "\xfe\0\0\x42\0"
#define ERROR_ "\xff\x7a\4#42S02x"

struct step {
	struct qw_bytes payload;
	int kind; /* enum myreply_kind, or an error */
};
#define S(payload, kind)                                                                           \
	{                                                                                          \
		{(const uint8_t *)("" payload), sizeof(payload) - 1}, kind                         \
	}

static void expect(enum mywire_answer answer, struct mywire_link link, size_t columns,
	const struct step *steps, size_t count)
{
	struct myreply reply;
	struct myreply_item item;

	myreply_begin(&reply, answer, link, columns);
	for (size_t i = 0; i < count; i++) {
		int err;

		assert_false(myreply_is_done(&reply));
		err = myreply_read(&reply, steps[i].payload, &item);
		assert_int_equal(err ? err : (int)item.kind, steps[i].kind);
	}
	if (steps[count - 1].kind >= 0 && steps[count - 1].kind != MYREPLY_INFILE) {
		assert_true(myreply_is_done(&reply));
		assert_int_equal(myreply_read(&reply, QW_LIT(OK), &item), QW_E_STATE);
	} else {
		assert_false(myreply_is_done(&reply));
		assert_int_equal(myreply_read(&reply, QW_LIT(OK), &item), QW_E_MALFORMED);
	}
}
#define EXPECT(answer, link, columns, ...)                                                         \
	do {                                                                                       \
		static const struct step steps_[] = {__VA_ARGS__};                                 \
		expect(answer, link, columns, steps_, QW_COUNT(steps_));                           \
	} while (0)

enum { M = QW_E_MALFORMED };

static void test_simple(void **state)
{
	struct myreply reply;

	(void)state;
	EXPECT(MYWIRE_ANSWER_OK, plain, 0, S(OK, MYREPLY_OK));
	EXPECT(MYWIRE_ANSWER_OK, plain, 0,
		S(OK_MORE, MYREPLY_OK)); /* such an answer has one packet */
	EXPECT(MYWIRE_ANSWER_OK, plain, 0, S(EOF_, MYREPLY_EOF));
	EXPECT(MYWIRE_ANSWER_OK, plain, 0, S(ERROR_, MYREPLY_ERROR));
	EXPECT(MYWIRE_ANSWER_OK, plain, 0, S("\1", M));
	EXPECT(MYWIRE_ANSWER_OK, plain, 0, S("", M));
	EXPECT(MYWIRE_ANSWER_TEXT, plain, 0, S("Uptime: 5", MYREPLY_TEXT));
	EXPECT(MYWIRE_ANSWER_TEXT, plain, 0, S(ERROR_, MYREPLY_ERROR));
	myreply_begin(&reply, MYWIRE_ANSWER_NONE, plain, 0);
	assert_true(myreply_is_done(&reply));
}

static void test_results(void **state)
{
	(void)state;
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S(OK, MYREPLY_OK));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_, MYREPLY_COLUMNS_END), S("\1x", MYREPLY_ROW), S("\xfb", MYREPLY_ROW),
		S(EOF_, MYREPLY_ROWS_END));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_, MYREPLY_COLUMNS_END), S(EOF_MORE, MYREPLY_ROWS_END), S(OK_MORE, MYREPLY_OK),
		S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN), S(EOF_, MYREPLY_COLUMNS_END),
		S("\1x", MYREPLY_ROW), S(ERROR_, MYREPLY_ERROR));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S(OK_MORE, MYREPLY_OK), S(OK, MYREPLY_OK));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\xfb/etc/passwd", MYREPLY_INFILE));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S(EOF_, M));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1\1", M)); /* a byte that was not negotiated */
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\xfc\1\x10", M)); /* 4097 columns */
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1", MYREPLY_COUNT), S(EOF_, M));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(COLUMN, M));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(OK, M));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_, MYREPLY_COLUMNS_END), S("\xfe\0\0\2\0\0", M));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1", MYREPLY_COUNT), S(ERROR_, MYREPLY_ERROR));
	/* a text row is no EOF when it is long enough: its first cell has 16 MB (here it only says
	 * so) */
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_, MYREPLY_COLUMNS_END), S("\xfe\0\0\0\1\0\0\0\0x", MYREPLY_ROW),
		S(EOF_, MYREPLY_ROWS_END));
}

static void test_prepared(void **state)
{
	(void)state;
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0, S("\0\1\0\0\0\0\0\0\0\0\0\0", MYREPLY_PREPARED));
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0, S("\0\1\0\0\0\1\0\2\0\0\0\0", MYREPLY_PREPARED),
		S(COLUMN, MYREPLY_PARAMETER), S(COLUMN, MYREPLY_PARAMETER),
		S(EOF_, MYREPLY_PARAMETERS_END), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_, MYREPLY_COLUMNS_END));
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0, S("\0\1\0\0\0\0\0\1\0\0\0\0", MYREPLY_PREPARED),
		S(COLUMN, MYREPLY_PARAMETER), S(EOF_, MYREPLY_PARAMETERS_END));
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0, S("\0\1\0\0\0\1\0\0\0\0\0\0", MYREPLY_PREPARED),
		S(COLUMN, MYREPLY_COLUMN), S(EOF_, MYREPLY_COLUMNS_END));
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0, S(ERROR_, MYREPLY_ERROR));
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0, S(OK, M));
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0,
		S("\0\1\0\0\0\1\x10\0\0\0\0\0", M)); /* 4097 columns */
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0,
		S("\0\1\0\0\0\1\0\0\0\0\0\0\1", M)); /* OPTIONAL_RESULTSET_METADATA */
	EXPECT(MYWIRE_ANSWER_PREPARE, plain, 0, S("\0\1\0\0\0\1\0\0\0\1\0\0", M));
}

static void test_executed(void **state)
{
	(void)state;
	EXPECT(MYWIRE_ANSWER_EXECUTE, plain, 1, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_, MYREPLY_COLUMNS_END), S("\0\0\5\0\0\0", MYREPLY_ROW),
		S(EOF_, MYREPLY_ROWS_END));
	EXPECT(MYWIRE_ANSWER_EXECUTE, plain, 1, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_CURSOR, MYREPLY_COLUMNS_END));
	EXPECT(MYWIRE_ANSWER_EXECUTE, plain, 1, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_, MYREPLY_COLUMNS_END), S("\1x", M));
	EXPECT(MYWIRE_ANSWER_EXECUTE, plain, 0, S(OK, MYREPLY_OK));
	EXPECT(MYWIRE_ANSWER_FETCH, plain, 1, S("\0\0\5\0\0\0", MYREPLY_ROW),
		S("\xfe\0\0\x82\0", MYREPLY_ROWS_END));
	EXPECT(MYWIRE_ANSWER_FETCH, plain, 1,
		S(EOF_MORE, MYREPLY_ROWS_END)); /* a fetch has no second result */
	EXPECT(MYWIRE_ANSWER_FETCH, plain, 1, S(ERROR_, MYREPLY_ERROR));
	EXPECT(MYWIRE_ANSWER_FETCH, plain, 1, S("\1", M));
}

/* Real: MySQL 9.7 sends an OK after the OUT parameters and says in their EOF that nothing follows.
 */
static void test_out_parameters(void **state)
{
#define EOF_OUT "\xfe\0\0\x2a\x10"
	(void)state;
	EXPECT(MYWIRE_ANSWER_EXECUTE, plain, 1, S("\1", MYREPLY_COUNT), S(COLUMN, MYREPLY_COLUMN),
		S(EOF_OUT, MYREPLY_COLUMNS_END), S("\0\0\5\0\0\0", MYREPLY_ROW),
		S(EOF_, MYREPLY_ROWS_END), S(OK, MYREPLY_OK));
}

static void test_fields(void **state)
{
	(void)state;
	EXPECT(MYWIRE_ANSWER_FIELDS, plain, 0, S(COLUMN "\xfb", MYREPLY_COLUMN),
		S(COLUMN "\1x", MYREPLY_COLUMN), S(EOF_, MYREPLY_COLUMNS_END));
	EXPECT(MYWIRE_ANSWER_FIELDS, plain, 0, S(EOF_, MYREPLY_COLUMNS_END));
	EXPECT(MYWIRE_ANSWER_FIELDS, plain, 0, S(ERROR_, MYREPLY_ERROR));
	EXPECT(MYWIRE_ANSWER_FIELDS, plain, 0, S(COLUMN, M));
}

static void test_cached_metadata(void **state)
{
	(void)state;
	EXPECT(MYWIRE_ANSWER_EXECUTE, mariadb, 1, S("\1\0", MYREPLY_COUNT),
		S(EOF_, MYREPLY_COLUMNS_END), S("\0\0\5\0\0\0", MYREPLY_ROW),
		S(EOF_, MYREPLY_ROWS_END));
	EXPECT(MYWIRE_ANSWER_EXECUTE, mariadb, 1, S("\1\1", MYREPLY_COUNT),
		S(COLUMN_X, MYREPLY_COLUMN), S(EOF_, MYREPLY_COLUMNS_END),
		S(EOF_, MYREPLY_ROWS_END));
	EXPECT(MYWIRE_ANSWER_EXECUTE, mariadb, 1, S("\1", M));
	EXPECT(MYWIRE_ANSWER_EXECUTE, mariadb, 1, S("\1\2", M));
	EXPECT(MYWIRE_ANSWER_EXECUTE, mariadb, 2,
		S("\1\0", M)); /* another count than the metadata that we kept */
	EXPECT(MYWIRE_ANSWER_EXECUTE, mariadb, 0, S("\1\0", M));
	EXPECT(MYWIRE_ANSWER_RESULT, mariadb, 1, S("\1\0", M));
	/* the second result is of something else */
	EXPECT(MYWIRE_ANSWER_EXECUTE, mariadb, 1, S("\1\0", MYREPLY_COUNT),
		S(EOF_, MYREPLY_COLUMNS_END), S(EOF_MORE, MYREPLY_ROWS_END), S("\1\0", M));
}

static void test_progress(void **state)
{
	(void)state;
	EXPECT(MYWIRE_ANSWER_RESULT, mariadb, 0,
		S("\xff\xff\xff\1\1\2\5\x0d\0\4copy", MYREPLY_PROGRESS),
		S("\xff\xff\xff\1\2\2\0\0\0\0", MYREPLY_PROGRESS), S(OK, MYREPLY_OK));
	EXPECT(MYWIRE_ANSWER_RESULT, mariadb, 0, S("\xff\xff\xff\1\1\2\5\x0d\0\4cop", M));
	EXPECT(MYWIRE_ANSWER_RESULT, mariadb, 0, S("\xff\xff\xff\2\1\2\5\x0d\0\4copy", M));
	EXPECT(MYWIRE_ANSWER_RESULT, plain, 0, S("\xff\xff\xff\1\1\2\5\x0d\0\4copy", M));
}

static void test_put_refuses_local_infile(void **state)
{
	struct myreply_item item = {.kind = MYREPLY_INFILE, .payload = QW_LIT("\xfb/etc/passwd")};
	struct qw_buf out;
	uint8_t seq = 1;

	(void)state;
	qw_buf_init(&out, 100);
	assert_int_equal(myreply_put(&out, &seq, plain, &item), QW_E_STATE);
	item.kind = MYREPLY_PROGRESS;
	assert_int_equal(myreply_put(&out, &seq, plain, &item), 0);
	assert_int_equal(qw_buf_pending(&out).n, 0);
	assert_int_equal(seq, 1);
	qw_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_simple),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_prepared),
		cmocka_unit_test(test_executed),
		cmocka_unit_test(test_out_parameters),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_cached_metadata),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_put_refuses_local_infile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
