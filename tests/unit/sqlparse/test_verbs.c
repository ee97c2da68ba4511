#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "qw/statement.h"

static void names_are_unique_and_never_null(void **state)
{
	(void)state;
	for (int v = 0; v < QW_VERB_COUNT; v++)
		for (int w = 0; w < v; w++)
			assert_string_not_equal(
				qw_verb_name((enum qw_verb)v), qw_verb_name((enum qw_verb)w));
}

static void what_lies_outside_the_list_is_unparsed(void **state)
{
	const enum qw_verb bad = (enum qw_verb)1000;

	(void)state;
	assert_string_equal(qw_verb_name(QW_VERB_COUNT), "unparsed");
	assert_string_equal(qw_verb_name(bad), "unparsed");
	assert_true(qw_verb_is_sensitive(bad));
	assert_true(qw_verb_writes(bad));
	assert_false(qw_verb_is_ddl(bad));
}

static void every_ddl_verb_writes(void **state)
{
	(void)state;
	for (int v = 0; v < QW_VERB_COUNT; v++)
		if (qw_verb_is_ddl((enum qw_verb)v))
			assert_true(qw_verb_writes((enum qw_verb)v));
	assert_true(qw_verb_is_ddl(QW_VERB_MAINTAIN));
	assert_false(qw_verb_is_ddl(QW_VERB_DELETE));
	assert_true(qw_verb_writes(QW_VERB_DELETE));
	assert_false(qw_verb_writes(QW_VERB_SELECT));
	assert_true(qw_verb_is_sensitive(QW_VERB_SET_PINNED));
	assert_false(qw_verb_is_sensitive(QW_VERB_DELETE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_unique_and_never_null),
		cmocka_unit_test(what_lies_outside_the_list_is_unparsed),
		cmocka_unit_test(every_ddl_verb_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
