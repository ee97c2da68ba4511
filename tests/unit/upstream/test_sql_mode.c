/* What stays of a server's sql_mode. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "my.h"

static void test_modes(void **state)
{
	static const struct {
		const char *given, *kept;
	} cases[] = {
		{"", ""},
		{"STRICT_TRANS_TABLES", "STRICT_TRANS_TABLES"},
		{"ANSI_QUOTES", ""},
		{"NO_BACKSLASH_ESCAPES,ANSI_QUOTES", ""},
		{"STRICT_TRANS_TABLES,ANSI_QUOTES,NO_ENGINE_SUBSTITUTION", "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"},
		{"REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ANSI", "REAL_AS_FLOAT,PIPES_AS_CONCAT,IGNORE_SPACE"},
		{"PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ORACLE,NO_KEY_OPTIONS,NO_TABLE_OPTIONS,NO_FIELD_OPTIONS,NO_AUTO_CREATE_USER",
			"PIPES_AS_CONCAT,IGNORE_SPACE,NO_AUTO_CREATE_USER"},
		{"MSSQL,DB2,POSTGRESQL,MAXDB,MYSQL323,MYSQL40", ""},
		{"STRICT_TRANS_TABLES_AND_MORE,STRICT,ansi_quotes,SOMETHING_NEW", ""},
		{",,TRADITIONAL,", "TRADITIONAL"},
		{"IGNORE_SPACE', character_set_client='gbk", ""},
	};
	char out[UPSTREAM_MYSQL_MODE_MAX];

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		assert_int_equal(upstream_mysql_sql_mode(cases[i].given, out), 0);
		assert_string_equal(out, cases[i].kept);
	}
}

static void test_limit(void **state)
{
	char given[4000], out[UPSTREAM_MYSQL_MODE_MAX];

	(void)state;
	for (size_t n = 0; n + 14 < sizeof(given); n += 13)
		memcpy(given + n, "IGNORE_SPACE,", 14);
	assert_int_equal(upstream_mysql_sql_mode(given, out), QW_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_modes), cmocka_unit_test(test_limit)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
