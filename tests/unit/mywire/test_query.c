#include "../../support/cmocka_qw.h"

#include "qw/mywire.h"

static struct mywire_command decode(struct qw_bytes payload)
{
	struct mywire_command c;

	assert_int_equal(mywire_command_decode(payload, &c), 0);
	return c;
}

static int try(struct qw_bytes payload)
{
	struct mywire_command c;

	return mywire_command_decode(payload, &c);
}

/* Every code there is: which pass, and what becomes of the rest (mysql-wire.md 1.5). */
static void test_policy_of_every_code(void **state)
{
	static const uint8_t raw[] = {0x12, 0x13, 0x15, 0x1E, 0x20, 0x21};
	static const uint8_t refused[] = {0x00, 0x05, 0x06, 0x07, 0x08, 0x0A, 0x0B, 0x0D, 0x0F,
		0x10, 0x11, 0x14, 0x1D, 0xFA, 0xFE};
	static const uint8_t passes[] = {0x01, 0x02, 0x03, 0x04, 0x09, 0x0C, 0x0E, 0x16, 0x17, 0x18,
		0x19, 0x1A, 0x1B, 0x1C, 0x1F};

	(void)state;
	for (unsigned code = 0; code < 256; code++) {
		uint8_t payload[] = {(uint8_t)code, 0, 0, 0, 0, 0, 0, 0, 0};
		struct mywire_command c;
		int err = mywire_command_decode(qw_bytes(payload, sizeof(payload)), &c);

		assert_int_equal(c.code, code);
		if (memchr(raw, (int)code, sizeof(raw)))
			assert_true(!err && c.policy == MYWIRE_RAW);
		else if (memchr(refused, (int)code, sizeof(refused)))
			assert_true(!err && c.policy == MYWIRE_REFUSED);
		else if (memchr(passes, (int)code, sizeof(passes)))
			assert_true(c.policy >= MYWIRE_ALLOWED);
		else
			assert_true(!err && c.policy == MYWIRE_UNKNOWN &&
				    strcmp(c.name, "COM_UNKNOWN") == 0);
		if (c.policy < MYWIRE_ALLOWED)
			assert_true(c.answer == MYWIRE_ANSWER_NONE && c.text.n == 0);
	}
}

static void test_sql(void **state)
{
	struct mywire_command c = decode(QW_LIT("\3 \t\r\nselect 1; ;\n\0"));

	(void)state;
	assert_bytes_equal(c.text, QW_LIT("select 1"));
	assert_int_equal(c.policy, MYWIRE_SQL);
	assert_int_equal(c.answer, MYWIRE_ANSWER_RESULT);
	c = decode(QW_LIT("\x16select ?"));
	assert_bytes_equal(c.text, QW_LIT("select ?"));
	assert_int_equal(c.answer, MYWIRE_ANSWER_PREPARE);
	c = decode(QW_LIT("\3"));
	assert_int_equal(c.text.n, 0);
}

static void test_trim(void **state)
{
	(void)state;
	assert_bytes_equal(
		mywire_sql_trim(QW_LIT(";select 1")), QW_LIT(";select 1")); /* only behind */
	assert_bytes_equal(mywire_sql_trim(QW_LIT("select 1\0\0")),
		QW_LIT("select 1\0")); /* one; the lexer refuses the other */
	assert_bytes_equal(mywire_sql_trim(QW_LIT("select 1\0;")), QW_LIT("select 1\0"));
	assert_bytes_equal(mywire_sql_trim(QW_LIT("\xa0select 1\xa0")), QW_LIT("\xa0select 1\xa0"));
	assert_bytes_equal(mywire_sql_trim(QW_LIT("\x0b\x0c;\0")), QW_LIT(""));
	assert_bytes_equal(mywire_sql_trim(QW_LIT("")), QW_LIT(""));
}

static void test_names(void **state)
{
	struct mywire_command c = decode(QW_LIT("\2shop"));

	(void)state;
	assert_bytes_equal(c.text, QW_LIT("shop"));
	assert_int_equal(c.policy, MYWIRE_NAME);
	c = decode(QW_LIT("\4people\0e%"));
	assert_bytes_equal(c.text, QW_LIT("people"));
	assert_bytes_equal(c.rest, QW_LIT("e%"));
	assert_int_equal(c.answer, MYWIRE_ANSWER_FIELDS);
	assert_int_equal(try(QW_LIT("\2shop\0")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\2\xff")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\4people")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\4people\0a\0")), QW_E_MALFORMED);
}

static void test_statements(void **state)
{
	struct mywire_command c = decode(QW_LIT("\x18\4\3\2\1\2\1data\0"));

	(void)state;
	assert_int_equal(c.id, 0x01020304);
	assert_int_equal(c.number, 0x0102);
	assert_bytes_equal(c.rest, QW_LIT("data\0"));
	assert_int_equal(c.answer, MYWIRE_ANSWER_NONE);
	c = decode(QW_LIT("\x1c\1\0\0\0\x0a\0\0\0"));
	assert_int_equal(c.id, 1);
	assert_int_equal(c.number, 10);
	c = decode(QW_LIT("\x19\7\0\0\0"));
	assert_int_equal(c.id, 7);
	c = decode(QW_LIT("\x17\7\0\0\0\1\1\0\0\0"));
	assert_int_equal(c.id, 7);
	assert_int_equal(c.answer, MYWIRE_ANSWER_EXECUTE);
	assert_int_equal(decode(QW_LIT("\x1b\1\0")).number, 1);
	assert_int_equal(decode(QW_LIT("\x0c\5\0\0\0")).policy, MYWIRE_KILL);
	assert_int_equal(decode(QW_LIT("\x0c\5\0\0\0")).id, 5);
}

static void test_refusals(void **state)
{
	(void)state;
	assert_int_equal(try(QW_LIT("")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x0ex")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\1x")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x1f\0")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x1b\2\0")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x1b\0")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x19\7\0\0")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x19\7\0\0\0\0")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x18\7\0\0\0\0")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x1c\7\0\0\0\1\0\0")), QW_E_MALFORMED);
	assert_int_equal(try(QW_LIT("\x17\7\0\0")), QW_E_MALFORMED);
}

static void test_put(void **state)
{
	struct qw_buf out;
	uint8_t seq = 0;

	(void)state;
	qw_buf_init(&out, 100);
	assert_int_equal(mywire_put_command(&out, &seq, MYWIRE_QUERY, QW_LIT("do 1")), 0);
	assert_bytes_equal(qw_buf_pending(&out), QW_LIT("\5\0\0\0\3do 1"));
	qw_buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy_of_every_code),
		cmocka_unit_test(test_sql),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
