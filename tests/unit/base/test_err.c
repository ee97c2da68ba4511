#include "../../support/cmocka_qw.h"
#include "alloc_fail.h"

#include <limits.h>

static void test_every_error_has_its_name_and_text(void **state)
{
	(void)state;
#define X(name, text)                                                                              \
	assert_true(QW_E_##name < 0);                                                              \
	assert_string_equal(qw_error_name(QW_E_##name), #name);                                    \
	assert_string_equal(qw_error_text(QW_E_##name), text);
	QW_ERRORS(X)
#undef X
}

static void test_what_is_no_error(void **state)
{
	static const int unknown[] = {1, INT_MAX, INT_MIN, -1000};

	(void)state;
	assert_string_equal(qw_error_name(QW_OK), "OK");
	assert_string_equal(qw_error_text(QW_OK), "ok");
	for (size_t i = 0; i < QW_COUNT(unknown); i++) {
		assert_string_equal(qw_error_name(unknown[i]), "UNKNOWN");
		assert_string_equal(qw_error_text(unknown[i]), "unknown error");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error_has_its_name_and_text),
		cmocka_unit_test(test_what_is_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
