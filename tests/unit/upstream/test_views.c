/* The words of definitions, and which names a text mentions. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "mysql/looking.h"

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

/* ---- views of two tables ---- */
static const char *const table_columns[] = {"a", "b", "from"};
static struct my_relation relations[] = {
	{.oid = 20000, .schema = "shop", .name = "t", .kind = "BASE TABLE", .first = 0, .count = 3},
	{.oid = 20001, .schema = "shop", .name = "u", .kind = "BASE TABLE", .first = 3, .count = 3},
	{.oid = 20002, .schema = "shop", .name = "v", .kind = "VIEW", .first = 6, .count = 2},
};
static struct my_column all_columns[8];
static struct my_routine routines[] = {{30000, "shop", "f"}};

static struct catalog *view_of(const char *definition)
{
	const char *const row[] = {"shop", "v", definition};
	struct my_reading rd = {.b = catalog_builder_new(1), .relations = relations, .relation_count = 3, .columns = all_columns,
		.column_count = 8, .routines = routines, .routine_count = 1};

	assert_non_null(rd.b);
	qw_arena_init(&rd.arena, 64 << 20);
	for (size_t i = 0; i < QW_COUNT(relations); i++) {
		const struct my_relation *r = &relations[i];

		assert_int_equal(catalog_add_relation(rd.b, r->oid, r->schema, r->name, i < 2 ? CATALOG_TABLE : CATALOG_VIEW), 0);
		for (size_t n = 0; n < r->count; n++) {
			all_columns[r->first + n] = (struct my_column){.name = i < 2 ? table_columns[n] : n ? "y" : "x", .relation = r->oid,
				.attnum = (int16_t)(n + 1)};
			assert_int_equal(catalog_add_column(rd.b, r->oid, (int16_t)(n + 1), all_columns[r->first + n].name, 3), 0);
		}
	}
	assert_int_equal(my_take_view(&rd, row), 0);
	qw_arena_fini(&rd.arena);
	return catalog_builder_finish(rd.b);
}

/* "t.a u.b": the origins of both columns, - for none; then what it depends on; ! unresolved, f calls. */
static const char *said(const char *definition)
{
	static char out[400];
	struct catalog *c = view_of(definition);
	const struct catalog_relation *v = catalog_find(c, 20002);
	size_t n = 0, count;

	for (size_t i = 0; i < 2; i++) {
		const struct catalog_origin o = v->columns[i].origin;

		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s", i ? " " : "");
		n += o.relation_oid ? (size_t)snprintf(out + n, sizeof(out) - n, "%s.%s", o.relation_oid == 20000 ? "t" : "u",
			table_columns[o.attnum - 1]) : (size_t)snprintf(out + n, sizeof(out) - n, "-");
	}
	n += (size_t)snprintf(out + n, sizeof(out) - n, " |");
	for (size_t i = 0; i < v->depend_count; i++)
		n += (size_t)snprintf(out + n, sizeof(out) - n, " %s.%s", v->depends[i].relation_oid == 20000 ? "t" : "u",
			table_columns[v->depends[i].attnum - 1]);
	(void)catalog_hazards(c, 20002, &count);
	(void)snprintf(out + n, sizeof(out) - n, "%s%s", count ? " f" : "", v->is_unresolved ? " !" : "");
	catalog_unref(c);
	return out;
}

static void test_views(void **state)
{
	static const struct {
		const char *definition, *said;
	} cases[] = {
		{"select `shop`.`t`.`a` AS `x`,`shop`.`t`.`b` AS `y` from `shop`.`t`", "t.a t.b | t.a t.b t.from"},
		{"select `q`.`a` AS `x`,`r`.`b` AS `y` from (`shop`.`t` `q` join `shop`.`u` `r`)", "t.a u.b | t.a t.b t.from u.a u.b u.from"},
		{"select q.a AS x,max(q.b) AS y from shop.t q", "t.a - | t.a t.b t.from"},
		{"select `q`.`a` AS `x`,`shop`.`f`(`q`.`b`) AS `y` from `shop`.`t` `q`", "t.a - | t.a t.b t.from f"},
		{"select `q`.`a` AS `x`,`f`(1) AS `y` from `shop`.`t` `q`", "t.a - | t.a t.from f"},
		{"select q.a AS x,hidden.g(1) AS y from shop.t q", "- - | t.a t.from !"},
		{"select `q`.`a` AS `x`,`g`(1) AS `y` from `shop`.`t` `q`", "- - | t.a t.from !"},
		{"with `c`(`n`) as (select `shop`.`t`.`a` AS `a` from `shop`.`t`) select `c`.`n` AS `x`,1 AS `y` from `c`", "- - | t.a t.from"},
		{"select `q`.`a` AS `x`,1 AS `y` from `shop`.`hidden` `q`", "- - | !"},
		{"select `q`.`a` AS `x`,1 AS `y` from `shop`.`t` `q` where exists(select 1 from `other`.`hidden`)", "- - | t.a t.from !"},
		{"select `q`.`a` AS `x`,'`q`.`b`' AS `y` from `shop`.`t` `q`", "t.a - | t.a t.b t.from"},
		{"select `q`.`a` AS `x`,`q`.`b` AS `y` from (select `shop`.`t`.`b` AS `a`,`shop`.`t`.`a` AS `b` from `shop`.`t`) `q`",
			"- - | t.a t.b t.from"},
		{"select `t`.`a` AS `x`,`t`.`b` AS `y` from (select `shop`.`u`.`b` AS `a`,1 AS `b` from `shop`.`u`) `t` join `shop`.`t`",
			"- - | u.a u.b u.from t.a t.b t.from"},
		{"with `t` as (select `shop`.`u`.`b` AS `a` from `shop`.`u`) select `t`.`a` AS `x`,1 AS `y` from `t`", "- - | u.a u.b u.from"},
		{"select `q`.`a` AS `x`,`q`.`b` AS `y` from `shop`.`t` `q` union select 1 AS `1`,2 AS `2`", "- - | t.a t.b t.from"},
		{"select distinct `q`.`a` AS `x`,`q`.`from` AS `from` from `shop`.`t` `q`", "t.a t.from | t.a t.from"},
		{"select (select max(`q`.`b`),1 from `shop`.`u` `q`) AS `x`,`q`.`a` AS `y` from `shop`.`t` `q`",
			"- - | u.a u.b u.from t.a t.b t.from"},
		{"select `q`.`a` AS `x` from `shop`.`t` `q`", "- - | t.a t.from"},
		{"select 1 AS `x`,2 AS `y`", "- - |"},
		{"select `q`.`a` AS `x`,`q`.`b` AS `y` from `shop`.`t` `q", "- - | t.a t.b t.from !"},
		{"", "- - | !"},
	};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++)
		if (strcmp(said(cases[i].definition), cases[i].said) != 0)
			fail_msg("%s: %s, not %s", cases[i].definition, said(cases[i].definition), cases[i].said);
}

static void test_views_of_garbage(void **state)
{
	static const char *const parts[] = {"select ", "`shop`", "`t`", ".", "`a`", ",", " AS ", "`q`", "(", ")", " from ", " join ", "'x'", "f",
		" union ", " with ", "`", "'", "distinct ", "b", "shop.t", "1", "*", "/*", "`shop`.`t` `q`"};
	unsigned seed = 11;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		char text[800] = "";
		size_t at = 0;

		for (int n = round % 30; n > 0; n--) {
			seed = seed * 1103515245u + 12345u;
			at += (size_t)snprintf(text + at, sizeof(text) - at, "%s", parts[(seed >> 16) % QW_COUNT(parts)]);
		}
		catalog_unref(view_of(text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_mentions),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_views),
		cmocka_unit_test(test_views_of_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
