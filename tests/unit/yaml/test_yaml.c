#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "qw/yaml.h"

static struct qw_arena arena;

static struct yaml_node *read_good(const char *text)
{
	struct yaml_problem problem;
	struct yaml_node *root = NULL;

	if (yaml_read(qw_bytes_from(text), &arena, &root, &problem) != 0)
		fail_msg("%u:%u: %s", problem.line, problem.column, problem.text);
	return root;
}

static void refused(struct qw_bytes text, unsigned line, unsigned column, const char *why)
{
	struct yaml_problem problem;
	struct yaml_node *root;

	assert_int_equal(yaml_read(text, &arena, &root, &problem), QW_E_CONFIG);
	assert_null(root);
	if (!strstr(problem.text, why) || problem.line != line || problem.column != column)
		fail_msg("expected %u:%u: %s, got %u:%u: %s", line, column, why, problem.line,
			problem.column, problem.text);
}

static void every_node_knows_its_place(void **state)
{
	const struct yaml_node *root =
		read_good("# comment\na: 1\nlist:\n  - x\n  - {k: 'v', deep: [1, 2]}\n");
	const struct yaml_node *list = yaml_get(root, "list"), *map;

	(void)state;
	assert_int_equal(root->kind, YAML_MAP);
	assert_int_equal(root->count, 2);
	assert_string_equal(yaml_get(root, "a")->text, "1");
	assert_int_equal(yaml_get(root, "a")->line, 2);
	assert_int_equal(yaml_get(root, "a")->column, 4);
	assert_int_equal(list->key_line, 3);
	assert_int_equal(list->key_column, 1);
	assert_int_equal(list->count, 2);
	map = list->first->next;
	assert_int_equal(map->line, 5);
	assert_int_equal(map->column, 5);
	assert_true(yaml_get(map, "k")->quoted);
	assert_int_equal(yaml_get(map, "deep")->first->next->column, 24);
	assert_null(yaml_get(root, "A"));
	assert_null(yaml_get(list, "x"));
	assert_null(yaml_get(NULL, "x"));
}

static void what_yaml_can_do_beyond_is_refused(void **state)
{
	(void)state;
	refused(QW_LIT(""), 1, 1, "empty");
	refused(QW_LIT("# only a comment\n"), 2, 1, "empty");
	refused(QW_LIT("a: &x 1\n"), 1, 4, "anchors");
	refused(QW_LIT("a: *x\n"), 1, 4, "aliases");
	refused(QW_LIT("a: !!int 1\n"), 1, 4, "tags");
	refused(QW_LIT("a: !mine {}\n"), 1, 4, "tags");
	refused(QW_LIT("a: 1\n---\nb: 1\n"), 2, 1, "second document");
	refused(QW_LIT("%YAML 1.1\n---\na: 1\n"), 1, 1, "directives");
	refused(QW_LIT("a: 1\nb: 2\na: 3\n"), 3, 1, "stands here twice (first in line 1)");
	refused(QW_LIT("{a: 1, \"a\": 2}\n"), 1, 8, "twice");
	refused(QW_LIT("[a]: 1\n"), 1, 1, "a key must be plain text");
	refused(QW_LIT("? {a: 1}\n: 1\n"), 1, 3, "a key must be plain text");
	refused(QW_LIT("a: \"x\\0y\"\n"), 1, 4, "NUL");
	refused(QW_LIT("\"a\\0\": 1\n"), 1, 1, "a key must");
	refused(QW_LIT("\"\": 1\n"), 1, 1, "a key must");
	refused(QW_LIT("a: 1\nb: x\0y\n"), 2, 5, "NUL");
	refused(QW_LIT("\xff\xfe\x61\x00"), 1, 1, "UTF-8");
	refused(QW_LIT("a: \xc3\x28\n"), 1, 4, "UTF-8");
	refused(QW_LIT("a: [1, 2\nb: 3\n"), 2, 2, "not valid YAML");
	refused(QW_LIT("a:\n\t- b\n"), 2, 1, "not valid YAML");
}

static void limits_hold(void **state)
{
	static char text[(1 << 20) + 2];
	struct yaml_problem problem;
	struct yaml_node *root;
	struct qw_arena small;
	struct qw_buf b;

	(void)state;
	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	text[64] = '\0';
	assert_non_null(read_good(text));
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	refused(qw_bytes(text, 66), 1, 33, "deeper than 32");
	memset(text, '[', sizeof(text));
	refused(qw_bytes(text, 1 << 20), 1, 33, "deeper than 32");
	memset(text, '#', sizeof(text));
	refused(qw_bytes(text, (1 << 20) + 1), 1, 1, "larger than");
	qw_buf_init(&b, 1 << 20);
	for (int i = 0; i < 1001; i++)
		assert_int_equal(qw_buf_printf(&b, "k%d: 1\n", i), 0);
	refused(qw_buf_pending(&b), 1001, 1, "more than 1000 keys");
	qw_buf_fini(&b);
	for (size_t max = 0; max < 1500; max += 16) { /* the n-th allocation fails */
		int err;

		qw_arena_init(&small, max);
		err = yaml_read(
			QW_LIT("a: {b: [1, 2, three]}\nc: \"d\"\n"), &small, &root, &problem);
		assert_true(err == 0 || (err == QW_E_NOMEM && !root && problem.text[0]));
		qw_arena_fini(&small);
	}
}

static bool reads_u64(const char *word, uint64_t min, uint64_t max, uint64_t *out)
{
	struct yaml_reader r = {.arena = &arena};
	char text[100] = "a: ";

	strncat(text, word, 90);
	if (yaml_u64(&r, yaml_get(read_good(text), "a"), min, max, out))
		return true;
	assert_true(r.problem.text[0] && r.problem.line == 1 && r.problem.column == 4);
	return false;
}

static void numbers_are_plain_and_in_range(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_true(reads_u64("18446744073709551609", 0, UINT64_MAX, &v));
	assert_true(v == UINT64_C(18446744073709551609));
	assert_true(reads_u64("007", 0, 10, &v));
	assert_int_equal(v, 7);
	assert_false(reads_u64("18446744073709551616", 0, UINT64_MAX, &v));
	assert_false(reads_u64("99999999999999999999999999", 0, UINT64_MAX, &v));
	assert_false(reads_u64("-1", 0, 10, &v));
	assert_false(reads_u64("+1", 0, 10, &v));
	assert_false(reads_u64("0x10", 0, 100, &v));
	assert_false(reads_u64("1e3", 0, 10000, &v));
	assert_false(reads_u64("1_000", 0, 10000, &v));
	assert_false(reads_u64("11", 0, 10, &v));
	assert_false(reads_u64("1", 2, 10, &v));
	assert_false(reads_u64("'1'", 0, 10, &v));
	assert_false(reads_u64("''", 0, 10, &v));
	assert_false(reads_u64("~", 0, 10, &v));
	assert_false(reads_u64("[1]", 0, 10, &v));
}

static void other_types_are_strict(void **state)
{
	struct yaml_reader r = {.arena = &arena};
	const struct yaml_node *n = read_good(
		"t: true\ny: yes\nq: 'true'\ns: word\nnone:\ntilde: ~\nlist: [a, b]\nempty: []\n"
		"map: {a: 1}\nmixed: [a, [b]]\nlines: \"a\\nb\"\n");
	const char *s, **list;
	size_t count;
	bool b;

	(void)state;
	assert_true(yaml_bool(&r, yaml_get(n, "t"), &b) && b);
	assert_true(yaml_string(&r, yaml_get(n, "s"), &s));
	assert_string_equal(s, "word");
	assert_true(yaml_strings(&r, yaml_get(n, "list"), &list, &count) && count == 2);
	assert_string_equal(list[1], "b");
	assert_true(yaml_strings(&r, yaml_get(n, "s"), &list, &count) && count == 1);
	assert_true(yaml_text(&r, yaml_get(n, "lines"), &s));
	assert_false(r.problem.text[0]);
	assert_false(yaml_bool(&r, yaml_get(n, "y"), &b));
	assert_false(b);
	assert_int_equal(r.problem.line, 2);
	assert_false(yaml_bool(&r, yaml_get(n, "q"), &b)); /* the first problem stays */
	assert_int_equal(r.problem.line, 2);
	assert_false(yaml_string(&r, yaml_get(n, "none"), &s));
	assert_false(yaml_string(&r, yaml_get(n, "tilde"), &s));
	assert_false(yaml_string(&r, yaml_get(n, "list"), &s));
	assert_false(yaml_string(&r, yaml_get(n, "lines"), &s));
	assert_false(yaml_strings(&r, yaml_get(n, "empty"), &list, &count));
	assert_false(yaml_strings(&r, yaml_get(n, "map"), &list, &count));
	assert_false(yaml_strings(&r, yaml_get(n, "mixed"), &list, &count));
}

static void near_words_are_found(void **state)
{
	static const char *const words[] = {"select", "insert", "delete", "x", NULL};

	(void)state;
	assert_string_equal(yaml_nearest("selct", words), "select");
	assert_string_equal(yaml_nearest("esnert", words), "insert");
	assert_string_equal(yaml_nearest("dleete", words), "delete");
	assert_null(yaml_nearest("completely", words));
	assert_null(yaml_nearest("", words));
	assert_null(yaml_nearest(
		"a very long word that nobody would ever write into such a file, really", words));
}

static void garbage_never_crashes(void **state)
{
	static const char bits[] = "a:-[]{},&*!|>'\"%@`#? \n\t\\\x01\xc3\xa9\x7f";
	unsigned seed = 42;
	char text[200];

	(void)state;
	for (int round = 0; round < 5000; round++) {
		size_t n = (size_t)rand_r(&seed) % sizeof(text);
		struct yaml_problem problem;
		struct yaml_node *root;
		int err;

		for (size_t i = 0; i < n; i++)
			text[i] = bits[(size_t)rand_r(&seed) % (sizeof(bits) - 1)];
		err = yaml_read(qw_bytes(text, n), &arena, &root, &problem);
		assert_true(err ? !root && problem.text[0] && problem.line > 0 && problem.column > 0
				: root != NULL);
		qw_arena_reset(&arena);
	}
}

static int open_arena(void **state)
{
	(void)state;
	qw_arena_init(&arena, 1 << 26);
	return 0;
}

static int close_arena(void **state)
{
	(void)state;
	qw_arena_fini(&arena);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_node_knows_its_place),
		TEST(what_yaml_can_do_beyond_is_refused),
		TEST(limits_hold),
		TEST(numbers_are_plain_and_in_range),
		TEST(other_types_are_strict),
		TEST(near_words_are_found),
		TEST(garbage_never_crashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
