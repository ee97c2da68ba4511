#include "../../support/cmocka_qw.h"

#include "qw/myreply.h"

static const struct mywire_link classic = {MYWIRE_PROTOCOL_41, 0};
static const struct mywire_link track = {MYWIRE_PROTOCOL_41 | MYWIRE_SESSION_TRACK, 0};

static void expect_put(
	const struct myreply_ok *ok, struct mywire_link link, struct qw_bytes expected)
{
	struct qw_buf out;
	uint8_t seq = 3;

	qw_buf_init(&out, 500);
	assert_int_equal(myreply_put_ok(&out, &seq, link, ok), 0);
	assert_int_equal(seq, 4);
	assert_bytes_equal(qw_buf_pending(&out), expected);
	qw_buf_fini(&out);
}

static void test_ok(void **state)
{
	struct myreply_ok ok;

	(void)state;
	assert_int_equal(
		myreply_ok_decode(QW_LIT("\0\xfc\x2c\1\5\2\0\1\0\4info"), classic, &ok), 0);
	assert_int_equal(ok.affected_rows, 300);
	assert_int_equal(ok.last_insert_id, 5);
	assert_int_equal(ok.status, MYWIRE_AUTOCOMMIT);
	assert_int_equal(ok.warnings, 1);
	assert_bytes_equal(ok.info, QW_LIT("info"));
	expect_put(&ok, classic, QW_LIT("\x0e\0\0\3\0\xfc\x2c\1\5\2\0\1\0\4info"));
	expect_put(&ok, track, QW_LIT("\x0e\0\0\3\0\xfc\x2c\1\5\2\0\1\0\4info"));
}

/* Real: MariaDB 10.11, `set sql_mode='ANSI_QUOTES'`. */
#define ANSI                                                                                       \
	"\0\0\0\2\xc0\0\0\0\x17\0\x15\x08sql_mode\x0b"                                             \
	"ANSI_QUOTES"

static void test_changes(void **state)
{
	struct myreply_change change;
	struct myreply_ok ok;
	struct qw_bytes list;

	(void)state;
	assert_int_equal(myreply_ok_decode(QW_LIT(ANSI), track, &ok), 0);
	assert_int_equal(ok.status, MYWIRE_AUTOCOMMIT | MYWIRE_STATE_CHANGED | MYWIRE_ANSI_QUOTES);
	list = ok.changes;
	assert_int_equal(myreply_change_next(&list, &change), 0);
	assert_int_equal(change.kind, MYREPLY_SYSTEM_VARIABLE);
	assert_bytes_equal(change.name, QW_LIT("sql_mode"));
	assert_bytes_equal(change.value, QW_LIT("ANSI_QUOTES"));
	assert_bytes_equal(change.raw, ok.changes);
	assert_int_equal(myreply_change_next(&list, &change), QW_E_NOTFOUND);
	expect_put(&ok, track, QW_LIT("\x20\0\0\3" ANSI));
	expect_put(&ok, classic, QW_LIT("\7\0\0\3\0\0\0\2\x80\0\0"));
	/* on a link without it, the block is no part of the packet */
	assert_int_equal(myreply_ok_decode(QW_LIT(ANSI), classic, &ok), QW_E_MALFORMED);
}

/* Some entries, as a session passes on what its client asked for. */
static void test_some_changes(void **state)
{
	struct myreply_ok ok = {.status = MYWIRE_AUTOCOMMIT, .changes = QW_LIT("\1\5\4shop")};

	(void)state;
	expect_put(&ok, track, QW_LIT("\x10\0\0\3\0\0\0\2\x40\0\0\0\7\1\5\4shop"));
	ok.changes.n = 0;
	expect_put(&ok, track, QW_LIT("\7\0\0\3\0\0\0\2\0\0\0"));
	ok.status |= MYWIRE_STATE_CHANGED; /* MySQL: `drop procedure if exists` */
	expect_put(&ok, track, QW_LIT("\x09\0\0\3\0\0\0\2\x40\0\0\0\0"));
}

static void test_change_kinds(void **state)
{
	/* schema, state, GTIDs (MySQL), characteristics, transaction state, a variable that is NULL
	 */
	struct qw_bytes list = QW_LIT("\1\5\4shop\2\1"
				      "1"
				      "\3\4\0\2gt\4\1\0\5\x09\x08T_______\0\3\1a\xfb");
	struct myreply_change change;

	(void)state;
	assert_int_equal(myreply_change_next(&list, &change), 0);
	assert_true(change.kind == MYREPLY_SCHEMA);
	assert_bytes_equal(change.value, QW_LIT("shop"));
	assert_int_equal(myreply_change_next(&list, &change), 0);
	assert_true(change.kind == MYREPLY_STATE);
	assert_bytes_equal(change.value, QW_LIT("1"));
	assert_int_equal(myreply_change_next(&list, &change), 0);
	assert_true(change.kind == MYREPLY_GTIDS);
	assert_bytes_equal(change.value, QW_LIT("gt"));
	assert_int_equal(myreply_change_next(&list, &change), 0);
	assert_true(change.kind == MYREPLY_TRANSACTION_CHARACTERISTICS && change.value.n == 0);
	assert_int_equal(myreply_change_next(&list, &change), 0);
	assert_true(change.kind == MYREPLY_TRANSACTION_STATE && change.value.n == 8);
	assert_int_equal(myreply_change_next(&list, &change), 0);
	assert_true(change.kind == MYREPLY_SYSTEM_VARIABLE && change.is_null);
	assert_int_equal(myreply_change_next(&list, &change), QW_E_NOTFOUND);
}

static int changes(struct qw_bytes list)
{
	struct myreply_change change;

	return myreply_change_next(&list, &change);
}

static void test_refusals(void **state)
{
	struct myreply_ok ok;
	struct qw_bytes whole = QW_LIT(ANSI);

	(void)state;
	for (size_t n = 0; n < whole.n; n++)
		assert_int_equal(
			myreply_ok_decode(qw_bytes(whole.p, n), track, &ok), QW_E_MALFORMED);
	assert_int_equal(myreply_ok_decode(QW_LIT("\xfe\0\0\2\0\0\0"), track, &ok), QW_E_MALFORMED);
	assert_int_equal(
		myreply_ok_decode(QW_LIT("\0\0\0\2\0\0\0\4info."), track, &ok), QW_E_MALFORMED);
	assert_int_equal(changes(QW_LIT("\6\1x")), QW_E_MALFORMED); /* a kind that nobody knows */
	assert_int_equal(changes(QW_LIT("\1\6\4shopX")), QW_E_MALFORMED);
	assert_int_equal(changes(QW_LIT("\1\1\xfb")), QW_E_MALFORMED);
	assert_int_equal(changes(QW_LIT("\3\2\1\0")), QW_E_MALFORMED); /* GTIDs in another form */
	assert_int_equal(changes(QW_LIT("\0\2\1a")), QW_E_MALFORMED);
	/* the second entry is wrong: the packet is, before anybody reads the first */
	assert_int_equal(
		myreply_ok_decode(QW_LIT("\0\0\0\2\x40\0\0\0\x08\1\5\4shop\6"), track, &ok),
		QW_E_MALFORMED);
}

static void test_eof(void **state)
{
	struct myreply_eof eof;
	struct qw_buf out;
	uint8_t seq = 0;

	(void)state;
	assert_int_equal(myreply_eof_decode(QW_LIT("\xfe\1\0\x0a\x40"), &eof), 0);
	assert_int_equal(eof.warnings, 1);
	assert_int_equal(
		eof.status, MYWIRE_MORE_RESULTS | MYWIRE_AUTOCOMMIT | MYWIRE_STATE_CHANGED);
	qw_buf_init(&out, 100);
	assert_int_equal(myreply_put_eof(&out, &seq, track, &eof), 0);
	assert_int_equal(myreply_put_eof(&out, &seq, classic, &eof), 0);
	assert_bytes_equal(
		qw_buf_pending(&out), QW_LIT("\5\0\0\0\xfe\1\0\x0a\x40\5\0\0\1\xfe\1\0\x0a\0"));
	assert_int_equal(myreply_eof_decode(QW_LIT("\xfe\1\0\2"), &eof), QW_E_MALFORMED);
	assert_int_equal(myreply_eof_decode(QW_LIT("\xfe\1\0\2\0\0"), &eof), QW_E_MALFORMED);
	assert_int_equal(myreply_eof_decode(QW_LIT("\0\1\0\2\0"), &eof), QW_E_MALFORMED);
	qw_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ok),
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_some_changes),
		cmocka_unit_test(test_change_kinds),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_eof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
