/* The words of definitions, and which names a text mentions. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "mysql/reading.h"

/* The words, each in brackets; ! at the end: broken. */
static const char *words(const char *text)
{
	static char out[4000];
	struct my_scan s = {.p = text};
	size_t n = 0;

	out[0] = '\0';
	for (;;) {
		struct my_word w = my_scan_next(&s);
		char name[MY_NAME_MAX];

		if (w.kind == MY_END)
			break;
		assert_true(w.text.n < sizeof(out) - n - 10);
		assert_true(my_word_name(&w, name));
		n += (size_t)snprintf(out + n, sizeof(out) - n, w.kind == MY_QUOTED ? "`%s` " : "%s ", name);
	}
	if (s.is_broken)
		(void)snprintf(out + n, sizeof(out) - n, "!");
	return out;
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(words(""), "");
	assert_string_equal(words("select `a`.`b` AS `c` from `d`"), "select `a` . `b` AS `c` from `d` ");
	assert_string_equal(words("`a``b`.id"), "`a`b` . id ");
	assert_string_equal(words("concat('it''s \\' `x`.`y` ', `z`)"), "concat ( , `z` ) ");
	assert_string_equal(words("\"a `b` \"\"c\" d"), "d ");
	assert_string_equal(words("_utf8mb4'x' 1.5 a/**/b /* c */ d"), "_utf8mb4 1 . 5 a b d ");
	assert_string_equal(words("caf\xc3\xa9.x$y"), "caf\xc3\xa9 . x$y ");
	assert_string_equal(words("'\\\\' `a` '"), "`a` !");
	assert_string_equal(words("`a"), "`a` !");
	assert_string_equal(words("`"), "`` !");
	assert_string_equal(words("a /* b"), "a !");
	assert_string_equal(words("'a\\"), "!");
}

static void test_long_names(void **state)
{
	char text[600], name[MY_NAME_MAX];
	struct my_word w = {.kind = MY_BARE};

	(void)state;
	memset(text, 'a', sizeof(text));
	w.text = qw_bytes(text, MY_NAME_MAX - 1);
	assert_true(my_word_name(&w, name));
	assert_int_equal(strlen(name), MY_NAME_MAX - 1);
	w.text.n++;
	assert_false(my_word_name(&w, name));
	memset(text, '`', sizeof(text));
	w.kind = MY_QUOTED;
	w.text = qw_bytes(text, 2 * (MY_NAME_MAX - 1));
	assert_true(my_word_name(&w, name));
	assert_int_equal(strlen(name), MY_NAME_MAX - 1);
}

static void test_mentions(void **state)
{
	static const struct {
		const char *text, *name;
		bool is_there;
	} cases[] = {
		{"lower(`email`)", "email", true}, {"lower(`email`)", "mail", false}, {"lower(`email`)", "EMAIL", true},
		{"a + b", "a", true}, {"ab + b", "a", false}, {"ba", "a", false}, {"b.a", "a", true}, {"a", "a", true}, {"", "a", false},
		{"concat(`full name`)", "full name", true}, {"'ssn'", "ssn", true}, {"`a``b`", "a`b", true}, {"`a`b`", "a`b", false},
		{"_ssn", "ssn", false}, {"ssn_", "ssn", false}, {"ssnssn ssn", "ssn", true}, {"caf\xc3\xa9", "caf", false},
		{"anything", "", true}, {"x-y", "-", true}, {"a+-b", "-b", true},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++)
		if (my_mentions(cases[i].text, cases[i].name) != cases[i].is_there)
			fail_msg("%s in %s", cases[i].name, cases[i].text);
}

/* Whatever it is given, it ends, within the text. */
static void test_garbage(void **state)
{
	static const char letters[] = "`'\"\\/* ab.(),_1";
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t n = (size_t)(round % 40), steps = 0;
		char *text = malloc(n + 1); /* so that sanitizers see the end */
		struct my_scan s;

		assert_non_null(text);
		for (size_t i = 0; i < n; i++) {
			seed = seed * 1103515245u + 12345u;
			text[i] = letters[(seed >> 16) % (sizeof(letters) - 1)];
		}
		text[n] = '\0';
		s = (struct my_scan){.p = text};
		for (struct my_word w = my_scan_next(&s); w.kind != MY_END; w = my_scan_next(&s)) {
			assert_true((const char *)w.text.p >= text && (const char *)w.text.p + w.text.n <= text + n);
			assert_true(++steps <= n);
		}
		assert_true(s.p <= text + n);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_mentions),
		cmocka_unit_test(test_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
