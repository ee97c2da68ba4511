/* Settings become one command line that the server cuts exactly where we mean it. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "internal.h"

#define OURS "-c client_encoding=UTF8 -c standard_conforming_strings=on"

static void expect(const struct upstream_parameter *s, size_t n, const char *extra, const char *text)
{
	struct qw_buf b;

	qw_buf_init(&b, UPSTREAM_OPTIONS_MAX);
	assert_int_equal(upstream_options(s, n, extra, &b), 0);
	assert_string_equal((const char *)b.p, text);
	qw_buf_fini(&b);
}

static void test_text(void **state)
{
	const struct upstream_parameter s[] = {{"DateStyle", "ISO, MDY"}, {"my.x_1", ""}, {"search_path", "a\\b\t\"c d\"\n"}};

	(void)state;
	expect(NULL, 0, NULL, OURS);
	expect(NULL, 0, "-c a=b", "-c a=b " OURS);
	expect(s, 3, NULL, "-c DateStyle=ISO,\\ MDY -c my.x_1= -c search_path=a\\\\b\\\t\"c\\ d\"\\\n " OURS);
}

/* The server's pg_split_opts. */
static size_t split(char *s, char **words, size_t max)
{
	size_t n = 0;

	while (*s) {
		char *to;

		while (*s && strchr(" \t\n\v\f\r", *s))
			s++;
		if (!*s)
			break;
		assert_true(n < max);
		words[n++] = to = s;
		for (; *s && !strchr(" \t\n\v\f\r", *s); s++) {
			if (*s == '\\' && s[1])
				s++;
			*to++ = *s;
		}
		if (*s)
			s++;
		*to = '\0';
	}
	return n;
}

static void test_round_trip(void **state)
{
	static const char letters[] = "a \\\t\n=-'c\"\r\v\f";
	char value[32], line[200], *words[8];

	(void)state;
	srand(7);
	for (int round = 0; round < 3000; round++) {
		size_t n = (size_t)rand() % (sizeof(value) - 1);
		struct upstream_parameter s = {"x", value};
		struct qw_buf b;

		for (size_t i = 0; i < n; i++)
			value[i] = letters[(size_t)rand() % (sizeof(letters) - 1)];
		value[n] = '\0';
		qw_buf_init(&b, UPSTREAM_OPTIONS_MAX);
		assert_int_equal(upstream_options(&s, 1, NULL, &b), 0);
		assert_true(b.n <= sizeof(line));
		memcpy(line, b.p, b.n);
		assert_int_equal(split(line, words, QW_COUNT(words)), 6);
		assert_string_equal(words[0], "-c");
		assert_memory_equal(words[1], "x=", 2);
		assert_string_equal(words[1] + 2, value);
		assert_string_equal(words[5], "standard_conforming_strings=on");
		qw_buf_fini(&b);
	}
}

static void test_refused(void **state)
{
	static const struct upstream_parameter bad[] = {{"", "x"}, {"a b", "x"}, {"a=b", "x"}, {"-c", "x"}, {"1a", "x"},
		{NULL, "x"}, {"a", NULL}, {"a", "\xff"}, {"a-b", "x"}, {"a\\", "x"}};
	static char long_value[UPSTREAM_OPTIONS_MAX + 1];
	struct upstream_parameter s = {"a", long_value};
	struct qw_buf b;

	(void)state;
	qw_buf_init(&b, UPSTREAM_OPTIONS_MAX);
	for (size_t i = 0; i < QW_COUNT(bad); i++)
		assert_int_equal(upstream_options(&bad[i], 1, NULL, &b), QW_E_MALFORMED);
	memset(long_value, ' ', sizeof(long_value) - 1);
	assert_int_equal(upstream_options(&s, 1, NULL, &b), QW_E_LIMIT);
	qw_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
