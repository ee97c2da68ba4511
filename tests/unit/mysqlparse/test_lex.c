/* What the servers' lexers do with odd text (measured on MySQL 9.7 and MariaDB 10.11): the same here, or a refusal. */
#include "support.h"

#include "lex.h"

/* Tokens as "kind:text kind:text"; "-" and the problem. */
static const char *tokens(struct qw_arena *a, const struct mysql_dialect *d, struct qw_bytes text)
{
	static const char kinds[] = "$wiqsNIhbndfHo";
	struct mylex lex;
	const char *line = "";

	assert_int_equal(mylex_run(text, d, 100000, a, &lex), 0);
	if (lex.problem)
		return "-";
	for (size_t i = 0; i + 1 < lex.count; i++) {
		const struct mylex_token *t = &lex.tokens[i];

		line = qw_arena_printf(a, "%s%s%c:%.*s", line, *line ? " " : "", kinds[t->kind], (int)t->n, lex.text.p + t->at);
	}
	assert_int_equal(lex.tokens[lex.count - 1].kind, MYLEX_END);
	return line;
}

struct lexed {
	const char *text, *mysql, *mariadb; /* mariadb NULL: the same */
};

static void check(const struct lexed *l, uint32_t modes)
{
	struct mysql_dialect my = MYSQL, maria = MARIADB;
	struct qw_arena a;

	my.modes = maria.modes = modes;
	qw_arena_init(&a, 1 << 20);
	assert_string_equal(tokens(&a, &my, qw_bytes_from(l->text)), l->mysql);
	assert_string_equal(tokens(&a, &maria, qw_bytes_from(l->text)), l->mariadb ? l->mariadb : l->mysql);
	qw_arena_fini(&a);
}

static void numbers_and_names(void **state)
{
	static const struct lexed cases[] = {
		{"1from", "i:1from", NULL},
		{"1e0from", "f:1e0 w:from", NULL},
		{"1.from", "d:1. w:from", NULL},
		{"1e+from", "i:1e o:+ w:from", NULL},
		{"1e", "i:1e", NULL},
		{"1.5e3", "f:1.5e3", NULL},
		{"1.5e", "-", NULL},
		{".5", "d:.5", NULL},
		{"0x", "i:0x", NULL},
		{"0x4D", "h:0x4D", NULL},
		{"0X41", "i:0X41", NULL},
		{"0x4g", "i:0x4g", NULL},
		{"0b01", "b:0b01", NULL},
		{"0b12", "i:0b12", NULL},
		{"x'4D'", "h:x'4D'", NULL},
		{"x'4'", "-", NULL},
		{"b'012'", "-", NULL},
		{"18446744073709551615", "n:18446744073709551615", NULL},
		{"18446744073709551616", "d:18446744073709551616", NULL},
		{"00000000000000000000001", "n:00000000000000000000001", NULL},
		{"t.select", "i:t o:. i:select", NULL},
		{"t. select", "i:t o:. w:select", NULL},
		{"select.a", "i:select o:. i:a", NULL},
		{"t.1e5", "i:t o:. i:1e5", NULL},
		{"`a``b`.c", "q:`a``b` o:. i:c", NULL},
		{"$a", "i:$a", NULL},
		{"$a$", "-", "i:$a$"},
		{"$$", "-", "i:$$"},
		{"count(", "w:count o:(", NULL},
		{"count (", "i:count o:(", NULL},
		{"_utf8mb4'a'", "I:_utf8mb4 s:'a'", NULL},
		{"_nothing'a'", "i:_nothing s:'a'", NULL},
		{"\\N", "-", "w:\\N"},
		{"``", "-", NULL},
		{"a\xc3\xa4", "i:a\xc3\xa4", NULL},
		{"a\xc3", "-", NULL},
		{"\xf0\x9f\x98\x80", "-", NULL},
		{"'\xff\xfe'", "s:'\xff\xfe'", NULL},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++)
		check(&cases[i], 0);
}

static void comments_and_operators(void **state)
{
	static const struct lexed cases[] = {
		{"a/**/b", "i:a i:b", NULL},
		{"1--1", "n:1 o:- o:- n:1", NULL},
		{"1-- 1", "n:1", NULL},
		{"1--", "n:1", NULL},
		{"1--\n2", "n:1 n:2", NULL},
		{"1--\x01"
		 "x\n2",
			"n:1 n:2", NULL},
		{"1#x\r2\n3", "n:1 n:3", NULL},
		{"/* a /* b */ 2", "n:2", NULL},
		{"/* a", "-", NULL},
		{"/*!50000 1*/", "-", NULL},
		{"/*M! 1*/", "-", NULL},
		{"/*m! 1*/2", "n:2", NULL},
		{"/*+ hint */2", "n:2", NULL},
		{"'/* no comment */'", "s:'/* no comment */'", NULL},
		{"`-- `", "q:`-- `", NULL},
		{"count/**/(1)", "i:count o:( n:1 o:)", NULL},
		{"-/**/-  1", "o:- o:- n:1", NULL},
		{"1 --/**/ 2", "-", NULL},
		{"1 ---- 2\n3", "-", NULL},
		{"1 --/**/", "-", NULL},
		{"1 -/**/- 2", "n:1 o:- o:- n:2", NULL},
		{"1 /\t/**/* 2", "n:1 o:/ o:* n:2", NULL},
		{"a<=>b", "i:a o:<=> i:b", NULL},
		{"a<=-b", "i:a o:<= o:- i:b", NULL},
		{"a=!b", "-", "i:a o:= o:! i:b"},
		{"a!!b", "-", "i:a o:! o:! i:b"},
		{"a<>!b", "-", "i:a o:<> o:! i:b"},
		{"a->'$'", "i:a o:-> s:'$'", "i:a o:- o:> s:'$'"},
		{"a->>'$'", "i:a o:->> s:'$'", "i:a o:- o:>> s:'$'"},
		{"a:=1", "i:a o::= n:1", NULL},
		{"@a.b$c", "o:@ H:a.b$c", NULL},
		{"@'x y'", "o:@ s:'x y'", NULL},
		{"@@global.x", "o:@@ w:global o:. i:x", NULL},
		{"@@", "o:@@", NULL},
		{"@@ x", "-", NULL},
		{"?", "o:?", NULL},
		{"?a", "-", NULL},
		{"\x01", "-", NULL},
		{"\x0b"
		 "1",
			"n:1", NULL},
		{"\xc2\xa0", "i:\xc2\xa0", NULL},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++)
		check(&cases[i], 0);
}

static void modes_change_it(void **state)
{
	static const struct {
		uint32_t modes;
		struct lexed lexed;
	} cases[] = {
		{MYSQL_MODE_ANSI_QUOTES, {"\"a\\\"", "q:\"a\\\"", NULL}},
		{MYSQL_MODE_ANSI_QUOTES, {"'a\\''", "s:'a\\''", NULL}},
		{MYSQL_MODE_NO_BACKSLASH_ESCAPES, {"'a\\' b", "s:'a\\' i:b", NULL}},
		{0, {"'a\\' b'", "s:'a\\' b'", NULL}},
		{MYSQL_MODE_IGNORE_SPACE, {"count (1)", "w:count o:( n:1 o:)", NULL}},
		{MYSQL_MODE_IGNORE_SPACE, {"count /**/ (1)", "w:count o:( n:1 o:)", NULL}},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++)
		check(&cases[i].lexed, cases[i].modes);
}

static void what_is_not_known_is_refused(void **state)
{
	static const struct mysql_dialect unknown[] = {{0}, {MYSQL_FLAVOUR_MYSQL, 50700, 0, MYSQL_CHARSET_UTF8, false},
		{MYSQL_FLAVOUR_MARIADB, 90704, 0, MYSQL_CHARSET_UTF8, false}, {MYSQL_FLAVOUR_MYSQL, 90704, 0, MYSQL_CHARSET_OTHER, false},
		{MYSQL_FLAVOUR_MARIADB, 101119, MYSQL_MODE_OTHER, MYSQL_CHARSET_UTF8, false}};
	struct mysql_dialect bytes = MYSQL;
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 1 << 20);
	for (size_t i = 0; i < QW_COUNT(unknown); i++)
		assert_string_equal(tokens(&a, &unknown[i], QW_LIT("1")), "-");
	bytes.charset = MYSQL_CHARSET_BYTES;
	assert_string_equal(tokens(&a, &bytes, QW_LIT("'\xe4'")), "s:'\xe4'");
	assert_string_equal(tokens(&a, &bytes, QW_LIT("\xe4")), "-");
	assert_string_equal(tokens(&a, &bytes, QW_LIT("`\xe4`")), "-");
	assert_string_equal(tokens(&a, &bytes, QW_LIT("1\xa0")), "-");
	assert_string_equal(tokens(&a, &MYSQL, QW_LIT("1\0")), "-");
	assert_string_equal(tokens(&a, &MYSQL, QW_LIT("/*\0*/1")), "-");
	assert_string_equal(tokens(&a, &MYSQL, QW_LIT("#\0\n1")), "-");
	assert_string_equal(tokens(&a, &MYSQL, QW_LIT("1 --\0")), "-");
	assert_string_equal(tokens(&a, &MYSQL, QW_LIT("`a\0b`")), "-");
	qw_arena_fini(&a);
}

static void values_are_read(void **state)
{
	static const struct {
		const char *text, *value;
	} cases[] = {{"'a''b'", "a'b"}, {"'a\\'b\\n'", "a'b\n"}, {"'\\%\\_\\x'", "\\%\\_x"}, {"`a``b`", "a`b"}, {"`a\\`", "a\\"},
		{"N'x'", "x"}, {"\"a\"\"b'\"", "a\"b'"}, {"''", ""}, {"'\\\\'", "\\"}};
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 1 << 20);
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		struct qw_bytes value;
		struct mylex lex;

		assert_int_equal(mylex_run(qw_bytes_from(cases[i].text), &MYSQL, 10, &a, &lex), 0);
		assert_null(lex.problem);
		assert_int_equal(mylex_value(&lex, &lex.tokens[0], &MYSQL, &a, &value), 0);
		assert_true(qw_bytes_equal(value, qw_bytes_from(cases[i].value)));
	}
	qw_arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_and_names),
		cmocka_unit_test(comments_and_operators),
		cmocka_unit_test(modes_change_it),
		cmocka_unit_test(what_is_not_known_is_refused),
		cmocka_unit_test(values_are_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
