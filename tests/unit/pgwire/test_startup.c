#include "../../support/cmocka_qw.h"

#include "qw/pgwire.h"

#include <stdio.h>

enum { PACKET_MAX = 20000 };
static struct qw_buf packet;

/* A packet of version 3.0 with these pairs, its terminator and a true length. */
static struct qw_bytes startup_of(const char *const *words, size_t count)
{
	struct qw_bytes all;
	struct builder b;

	qw_buf_fini(&packet);
	qw_buf_init(&packet, PACKET_MAX);
	bld_init(&b, &packet);
	bld_begin(&b, 'x');
	bld_be32(&b, 0x30000);
	for (size_t i = 0; i < count; i++)
		bld_cstr(&b, words[i]);
	bld_u8(&b, 0);
	bld_end(&b);
	assert_int_equal(bld_error(&b), 0);
	all = qw_buf_pending(&packet);
	return qw_bytes(all.p + 1, all.n - 1);
}
#define STARTUP(...)                                                                               \
	startup_of((const char *const[]){__VA_ARGS__},                                             \
		QW_COUNT(((const char *const[]){__VA_ARGS__})))

static int fini(void **state)
{
	(void)state;
	qw_buf_fini(&packet);
	return 0;
}

static void test_what_psql_sends(void **state)
{
	struct pgwire_startup s;

	(void)state;
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "ann", "database", "shop", "application_name",
					      "psql", "_pq_.test", "", "options", "-c a=b"),
			&s),
		0);
	assert_int_equal(s.major, 3);
	assert_int_equal(s.minor, 0);
	assert_string_equal(s.user, "ann");
	assert_string_equal(s.database, "shop");
	assert_int_equal(s.parameter_count, 2);
	assert_string_equal(s.parameters[0].name, "application_name");
	assert_string_equal(s.parameters[0].value, "psql");
	assert_string_equal(s.parameters[1].name, "options");
	assert_int_equal(s.options_pq_count, 1);
	assert_string_equal(s.options_pq[0], "_pq_.test");
}

static void test_database_is_the_user_when_absent(void **state)
{
	struct pgwire_startup s;

	(void)state;
	assert_int_equal(pgwire_startup_decode(STARTUP("user", "ann"), &s), 0);
	assert_string_equal(s.database, "ann");
	assert_int_equal(pgwire_startup_decode(STARTUP("user", "ann", "database", ""), &s), 0);
	assert_string_equal(s.database, "ann");
}

static void test_duplicates(void **state)
{
	struct pgwire_startup s;

	(void)state;
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "user", "b"), &s), QW_E_DUPLICATE);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "user", "a"), &s), QW_E_DUPLICATE);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "USER", "b"), &s), QW_E_DUPLICATE);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "database", "b", "Database", "c"), &s),
		QW_E_DUPLICATE);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "database", "", "database", "c"), &s),
		QW_E_DUPLICATE);
	assert_int_equal(pgwire_startup_decode(STARTUP("user", "a", "role", "b", "ROLE", "c"), &s),
		QW_E_DUPLICATE);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "_pq_.x", "", "_pq_.X", ""), &s),
		QW_E_DUPLICATE);
	assert_int_equal(pgwire_startup_decode(STARTUP("user", "a", "users", "b"), &s), 0);
}

static void test_layout(void **state)
{
	struct pgwire_startup s;
	struct qw_bytes good = STARTUP("user", "ann", "role", "x"), wrong;

	(void)state;
	wrong = QW_LIT("\0\0\0\x12\0\3\0\0user\0ann\0");
	assert_int_equal(wrong.n, 17);
	assert_int_equal(pgwire_startup_decode(wrong, &s), QW_E_MALFORMED);
	wrong = QW_LIT("\0\0\0\x11\0\3\0\0user\0ann\0"); /* a true length, no terminator */
	assert_int_equal(pgwire_startup_decode(wrong, &s), QW_E_MALFORMED);
	wrong = QW_LIT("\0\0\0\x14\0\3\0\0user\0ann\0\0x\0"); /* something behind it */
	assert_int_equal(pgwire_startup_decode(wrong, &s), QW_E_MALFORMED);
	for (size_t n = 0; n < good.n; n++)
		assert_int_equal(pgwire_startup_decode(qw_bytes(good.p, n), &s), QW_E_MALFORMED);
	assert_int_equal(pgwire_startup_decode(STARTUP("user", ""), &s), QW_E_MALFORMED);
	assert_int_equal(pgwire_startup_decode(STARTUP("database", "x"), &s), QW_E_MALFORMED);
	assert_int_equal(pgwire_startup_decode(STARTUP("user", "a", "role"), &s), QW_E_MALFORMED);
	assert_int_equal(pgwire_startup_decode(STARTUP("user", "\xc0\xaf"), &s), QW_E_MALFORMED);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "Database", "b"), &s), QW_E_MALFORMED);
	assert_int_equal(pgwire_startup_decode(STARTUP("User", "a"), &s), QW_E_MALFORMED);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "r\xff", "x"), &s), QW_E_MALFORMED);
}

static void test_limits(void **state)
{
	char name[65], names[65][8];
	const char *words[2 + 2 * 65] = {"user", "a"};
	struct pgwire_startup s;

	(void)state;
	memset(name, 'n', 64);
	name[64] = '\0';
	assert_int_equal(pgwire_startup_decode(STARTUP("user", name), &s), QW_E_LIMIT);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", "a", "database", name), &s), QW_E_LIMIT);
	assert_int_equal(pgwire_startup_decode(STARTUP("user", "a", name, "v"), &s), QW_E_LIMIT);
	assert_int_equal(
		pgwire_startup_decode(STARTUP("user", name + 1, "application_name", name), &s), 0);
	for (size_t i = 0; i < 65; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "p%zu", i);
		words[2 + 2 * i] = names[i];
		words[3 + 2 * i] = "v";
	}
	assert_int_equal(pgwire_startup_decode(startup_of(words, 2 + 2 * 64), &s), 0);
	assert_int_equal(s.parameter_count, 64);
	assert_int_equal(pgwire_startup_decode(startup_of(words, 2 + 2 * 65), &s), QW_E_LIMIT);
	for (size_t i = 0; i < 17; i++)
		(void)snprintf(names[i], sizeof(names[i]), "_pq_.%zu", i);
	assert_int_equal(pgwire_startup_decode(startup_of(words, 2 + 2 * 16), &s), 0);
	assert_int_equal(s.options_pq_count, 16);
	assert_int_equal(pgwire_startup_decode(startup_of(words, 2 + 2 * 17), &s), QW_E_LIMIT);
}

static void test_versions(void **state)
{
	struct pgwire_startup s;

	(void)state;
	assert_int_equal(pgwire_startup_decode(QW_LIT("\0\0\0\x10\0\3\x27\x0fuser\0a\0\0"), &s), 0);
	assert_int_equal(s.minor, 9999);
	assert_int_equal(pgwire_startup_decode(QW_LIT("\0\0\0\x10\0\4\0\1user\0a\0\0"), &s),
		QW_E_UNSUPPORTED);
	assert_int_equal(s.major, 4);
	assert_int_equal(s.minor, 1);
	assert_null(s.user);
	assert_int_equal(pgwire_startup_decode(QW_LIT("\0\0\0\x08\0\2\0\0"), &s), QW_E_UNSUPPORTED);
	assert_int_equal(
		pgwire_startup_decode(QW_LIT("\0\0\0\x08\x04\xd2\x16\x31"), &s), QW_E_UNSUPPORTED);
}

static void test_cancel(void **state)
{
	struct pgwire_cancel c;

	(void)state;
	assert_int_equal(pgwire_cancel_decode(QW_LIT("\0\0\0\x10\x04\xd2\x16\x2e\0\0\x12\x67"
						     "abcd"),
				 &c),
		0);
	assert_int_equal(c.pid, 4711);
	assert_bytes_equal(c.key, QW_LIT("abcd"));
	assert_int_equal(pgwire_cancel_decode(QW_LIT("\0\0\0\x0f\x04\xd2\x16\x2e\0\0\x12\x67"
						     "abc"),
				 &c),
		QW_E_MALFORMED);
	assert_int_equal(pgwire_cancel_decode(QW_LIT("\0\0\0\x11\x04\xd2\x16\x2e\0\0\x12\x67"
						     "abcd"),
				 &c),
		QW_E_MALFORMED);
	assert_int_equal(pgwire_cancel_decode(QW_LIT("\0\0\0\x10\x04\xd2\x16\x2f\0\0\x12\x67"
						     "abcd"),
				 &c),
		QW_E_MALFORMED);
	assert_int_equal(
		pgwire_cancel_decode(QW_LIT("\0\0\0\x08\x04\xd2\x16\x2e"), &c), QW_E_MALFORMED);
	assert_int_equal(pgwire_cancel_decode(qw_bytes(NULL, 0), &c), QW_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_psql_sends),
		cmocka_unit_test(test_database_is_the_user_when_absent),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests(tests, NULL, fini);
}
