/* Names that want to be something else: whatever an identifier holds, the tree is read the same but for that name. */
#include "files.h"
#include "reprint.h"

#include <stdio.h>

static struct qw_arena arena;

/* The tree of a statement whose first output column is called `name`, as a server would print it. */
static void print_with(unsigned major, struct qw_bytes name, struct qw_buf *out)
{
	struct qw_bytes text = files_read(major, "point_select.txt");
	const struct qtree_limits limits = QTREE_LIMITS_DEFAULT;
	const struct qtree_value *column;
	struct qtree_value queries;

	assert_int_equal(qtree_read(major, text, &limits, &arena, &queries, NULL), 0);
	column = &qtree_get(queries.list.items[0].node, "targetList")->list.items[0];
	((struct qtree_value *)(uintptr_t)qtree_get(column->node, "resname"))->token =
		qw_bytes(qw_arena_strdup(&arena, name), name.n);
	reprint(major, &queries, true, out);
	free((void *)text.p);
}

/* 0: it is read, and comes out as it went in. */
static int round_trip(unsigned major, struct qw_bytes name)
{
	const struct qtree_value *columns;
	struct qtree_value queries;
	const char *problem;
	struct qw_buf text;
	int err;

	qw_arena_reset(&arena);
	qw_buf_init(&text, 1 << 20);
	print_with(major, name, &text);
	err = reprint_check(major, qw_buf_pending(&text), &arena, &queries, &problem);
	if (err) {
		assert_int_equal(err, QW_E_MALFORMED);
		assert_non_null(strstr(problem, "cannot be told what it was"));
	} else {
		columns = qtree_get(queries.list.items[0].node, "targetList");
		assert_int_equal(columns->list.count, 2);
		assert_bytes_equal(qtree_get(columns->list.items[0].node, "resname")->token, name);
		assert_bytes_equal(qtree_get(columns->list.items[1].node, "resname")->token, QW_LIT("b"));
	}
	qw_buf_fini(&text);
	return err;
}

static const char *const hostile[] = {":relid", ":resname", ":ressortgroupref 0", "<>", "\"\"", "\"", "\"a\"", "{", "}", "(", ")",
	"(i 1)", "(b)", "{QUERY", "}})", " ", "  ", "\\", "\\\\", "\\ ", " \\", "1", "-1", "+1", "+.5", "-.", "-", "+", "1 ", "true",
	"0 [ ]", "?", "\t", "\n", "a\nb", "\\\n", "\r", "\v", "<", "<>}", "x :ressortgroupref 5", "x\n:ressortgroupref 5", "é", "\xf0\x9f\x98\x80"};

static void test_hostile_names(void **state)
{
	(void)state;
	for (unsigned major = 13; major <= 18; major++)
		for (size_t i = 0; i < QW_COUNT(hostile); i++)
			if (round_trip(major, qw_bytes_from(hostile[i])) != 0)
				assert_non_null(strchr(hostile[i], '\n'));
}

/*
 * "x eight\nlines" and "x\neight lines": at the end of a line a server prints both the same, and only later lines differ. Then
 * neither is read; elsewhere both are.
 */
static void test_line_feed_near_a_break(void **state)
{
	static const char *const ends[] = {" eight\nlines", "\neight lines"};
	size_t refused[2] = {0};
	char name[100];

	(void)state;
	for (size_t pad = 0; pad < 60; pad++)
		for (size_t i = 0; i < 2; i++) {
			memset(name, 'x', pad);
			(void)snprintf(name + pad, sizeof(name) - pad, "%s", ends[i]);
			refused[i] += round_trip(13, qw_bytes_from(name)) != 0;
		}
	for (size_t i = 0; i < 2; i++)
		assert_in_range(refused[i], 1, 10);
}

static size_t escaped_length(struct qw_bytes s)
{
	size_t n = s.n + 1;

	for (size_t i = 0; i < s.n; i++)
		n += strchr(" \n\t(){}\\", s.p[i]) != NULL;
	return n;
}

/* All lengths at all places of a line, of every mixture of the bytes that mean something. */
static void test_random_names(void **state)
{
	static const char *const alphabets[] = {" ", "\\", "\n", " \\", "\n\\", "a ", "a\n", "a \n\\", "(a", ":a {}<>", "a", "\n "};
	uint32_t seed = 4711;
	size_t read = 0, refused = 0;

	(void)state;
	for (int i = 0; i < 12000; i++) {
		const char *alphabet = alphabets[i % (int)QW_COUNT(alphabets)];
		char name[90];
		size_t n;

		seed = seed * 1664525 + 1013904223;
		n = 1 + (seed >> 8) % 80;
		for (size_t k = 0; k < n; k++) {
			seed = seed * 1664525 + 1013904223;
			name[k] = alphabet[(seed >> 16) % strlen(alphabet)];
		}
		if (round_trip(13 + (unsigned)i % 6, qw_bytes(name, n)) == 0)
			read++;
		else
			refused++;
		/* Only what is said to be refused may be. */
		if (!memchr(name, '\n', n) && escaped_length(qw_bytes(name, n)) <= 76)
			assert_int_equal(refused, 0);
		refused = 0;
	}
	assert_true(read > 8000);
}

/* Every place in a line: a name of each length moves all breaks behind it. */
static void test_every_offset(void **state)
{
	char name[64];

	(void)state;
	for (size_t n = 1; n <= 63; n++)
		for (size_t at = 0; at < n; at++) {
			memset(name, 'x', sizeof(name));
			name[at] = ' ';
			assert_int_equal(round_trip(15, qw_bytes(name, n)), 0);
			name[at] = '\n'; /* one alone: near a break it can be refused, never misread */
			(void)round_trip(15, qw_bytes(name, n));
		}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_line_feed_near_a_break),
		cmocka_unit_test(test_random_names),
		cmocka_unit_test(test_every_offset),
	};
	int failed;

	QW_ASSERT(argc == 2);
	files_root = argv[1];
	qw_arena_init(&arena, 256 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	qw_arena_fini(&arena);
	return failed;
}
