/* Forged texts and limits. */
#include "files.h"
#include "reprint.h"

#include <stdio.h>

static struct qw_arena arena;

static int read_limited(unsigned major, struct qw_bytes text, struct qtree_limits limits, const char **problem)
{
	struct qtree_value out;
	int err;

	qw_arena_reset(&arena);
	err = qtree_read(major, text, &limits, &arena, &out, problem);
	assert_int_equal(err != 0, out.kind == QTREE_NONE);
	assert_int_equal(err != 0, *problem != NULL);
	return err;
}

static int read_text(unsigned major, const char *text, const char **problem)
{
	return read_limited(major, qw_bytes_from(text), QTREE_LIMITS_DEFAULT, problem);
}

static void test_versions(void **state)
{
	const char *problem;

	(void)state;
	for (unsigned major = 0; major < 30; major++) {
		assert_int_equal(qtree_knows(major), major >= 13 && major <= 18);
		assert_int_equal(read_text(major, "<>\n", &problem), qtree_knows(major) ? 0 : QW_E_UNSUPPORTED);
	}
}

static void test_forged(void **state)
{
	static const char *const texts[] = {"", "\n", "<>", "<>\n\n", " <>\n", "<> \n", "\n<>\n", "(<>)\n", "((<>))\n", "<><>\n", "{}\n",
		"({QUERY})\n", "({QUERY }\n", "({QUERY :commandType 1})\n", "({ALIAS :aliasname x :colnames <>})\n",
		"({ALIAS :aliasname x  :colnames <>})\n", "({ALIAS :aliasname  :colnames <>})\n", "(i 1)\n", "(\"x\")\n", "x\n", "(\n",
		"({QUERY :commandType 01\n", "({QUERY :commandType -0\n", "({QUERY :commandType +1\n", "({QUERY :commandType\n1\n"};
	const char *problem;

	(void)state;
	for (unsigned major = 13; major <= 18; major++)
		for (size_t i = 0; i < QW_COUNT(texts); i++)
			assert_int_equal(read_text(major, texts[i], &problem), QW_E_MALFORMED);
	assert_int_equal(read_limited(15, qw_bytes("<>\0\n", 4), QTREE_LIMITS_DEFAULT, &problem), QW_E_MALFORMED);
}

static void test_unknown_types(void **state)
{
	const char *problem;

	(void)state;
	assert_int_equal(read_text(15, "({CREATESTMT :relation <>})\n", &problem), QW_E_UNSUPPORTED);
	assert_string_equal(problem, "byte 2 of the tree: the node type CREATESTMT is not known of PostgreSQL 15");
	assert_int_equal(read_text(15, "({})\n", &problem), QW_E_UNSUPPORTED);
	assert_int_equal(read_text(14, "({RANGETBLENTRY :alias <>})\n", &problem), QW_E_UNSUPPORTED);
	assert_int_equal(read_text(15, "({RTE :alias <>})\n", &problem), QW_E_UNSUPPORTED);
	assert_int_equal(read_text(16, "({RETURNINGEXPR :retlevelsup 0})\n", &problem), QW_E_UNSUPPORTED);
}

/* The text, with the first `from` after `behind` as `to`; lines are broken anew. */
static int read_changed(unsigned major, const char *name, const char *from, const char *to)
{
	struct qw_bytes text = files_read(major, name);
	char *line = malloc(text.n + 200);
	const char *at, *problem;
	struct qw_buf whole, broken;
	int err;

	QW_ASSERT(line != NULL);
	memcpy(line, text.p, text.n);
	line[text.n - 1] = '\0';
	for (size_t i = 0; i + 1 < text.n; i++)
		line[i] = line[i] == '\n' ? ' ' : line[i];
	at = strstr(line, from);
	QW_ASSERT(at != NULL);
	qw_buf_init(&whole, 1 << 20);
	qw_buf_init(&broken, 1 << 20);
	QW_ASSERT(!qw_buf_append(&whole, line, (size_t)(at - line)));
	QW_ASSERT(!qw_buf_printf(&whole, "%s%s", to, at + strlen(from)));
	reprint_lines(qw_buf_pending(&whole), &broken);
	err = read_limited(major, qw_buf_pending(&broken), QTREE_LIMITS_DEFAULT, &problem);
	qw_buf_fini(&whole);
	qw_buf_fini(&broken);
	free(line);
	free((void *)text.p);
	return err;
}

static void test_forged_fields(void **state)
{
	static const struct {
		const char *from, *to;
	} forged[] = {{":relid ", ":relid 5 :relid "}, {":canSetTag true", ":canSetTag TRUE"}, {":canSetTag true", ":canSetTag 1"},
		{":resno 1", ":resno 1 "}, {":resno 1", ":resno"}, {":resno 1", ":resno (i 1)"}, {":resno 1", ":resno <>"},
		{":resno 1", ":resno 1.0"}, {":resno 1", ":resno 123456789012345678901"}, {":resname a", ":resname"},
		{":resname a", ":resname \"a\""}, {":resname a", ":resname <a"}, {":resname a", ":resname 1a"},
		{":resname a", ":resname \\a"}, {":resname a", ":resname a{"}, {":resname a", ":resname a\\b"},
		{":resname a", ":resname a :resname b"}, {"(\"a\" ", "(a "}, {"(\"a\" ", "(\"a\\\" "}, {"(\"a\" ", "(\"\\a\" "},
		{"(\"a\" ", "(\"a\"  "}, {"(\"a\" ", "(\"\"a\" "}, {"(\"a\" ", "(o 1 "}, {":rtekind 0", ":rtekind 1"},
		{":rtable (", ":rtable (i 1 "}, {":rtable (", ":rtable ()("}, {":jointree {", ":jointree ({"}, {":cteList <>", ":cteList ()"},
		{":cteList <>", ":cteList {}"}, {":cteList <>", ":cteList (o 1)"}, {":constraintDeps <>", ":constraintDeps (o)"},
		{":constraintDeps <>", ":constraintDeps (o -1)"}, {":constraintDeps <>", ":constraintDeps (o 4294967296)"},
		{":constraintDeps <>", ":constraintDeps (i 1)"}, {":constraintDeps <>", ":constraintDeps (o 1"},
		{":constraintDeps <>", ":constraintDeps (o  1)"}, {"{QUERY ", "{QUERY  "}, {"{QUERY", "{query"}};

	(void)state;
	for (unsigned major = 13; major <= 18; major++) {
		for (size_t i = 0; i < QW_COUNT(forged); i++)
			if (read_changed(major, "point_select.txt", forged[i].from, forged[i].to) == 0)
				fail_msg("%u: %s is read", major, forged[i].to);
		assert_int_equal(read_changed(major, "point_select.txt", ":constraintDeps <>", ":constraintDeps (o 4294967295)"), 0);
		assert_int_equal(read_changed(major, "point_select.txt", ":resname a", ":resname \\<a"), 0);
		assert_int_equal(read_changed(major, "point_select.txt", ":resname a", ":resname <>"), 0);
		assert_int_equal(read_changed(major, "point_select.txt", ":resname a", ":resname \"\"") == 0, major >= 16);
		assert_int_equal(read_changed(major, "point_select.txt", ":rtekind 0", ":rtekind 10"), QW_E_UNSUPPORTED);
		assert_int_equal(read_changed(major, "point_select.txt", ":utilityStmt <>", ":utilityStmt ?") == 0, major <= 15);
	}
}

static void test_forged_data(void **state)
{
	static const char *const data[] = {"<>", "4 [ 1 0 0 0 ]", "4 [ 1 0 0 0 0 0 0 ]", "4 [ 1 0 0 0 0 0 0 0 0 ]", "4 [ 1 0 0 0 0 0 0 256 ]",
		"4 [ 1 0 0 0 0 0 0 -129 ]", "4 [ 1 0 0 0 0 0 -1 200 ]", "4 [ 1 0 0 0 0 0 0 x ]", "4 [ 1 0 0 0 0 0 0 0]", "4 [1 0 0 0 0 0 0 0 ]",
		"8 [ 1 0 0 0 0 0 0 0 ]", "-4 [ 1 0 0 0 0 0 0 0 ]", "4", "4294967295 [ 1 0 0 0 0 0 0 0 ]", "99999999999 [ 1 0 0 0 0 0 0 0 ]"};

	(void)state;
	for (unsigned major = 13; major <= 18; major++) {
		for (size_t i = 0; i < QW_COUNT(data); i++)
			assert_int_equal(read_changed(major, "aggregate_join.txt", "4 [ 10 0 0 0 0 0 0 0 ]", data[i]), QW_E_MALFORMED);
		assert_int_equal(read_changed(major, "aggregate_join.txt", "4 [ 10 0 0 0 0 0 0 0 ]", "4 [ 10 0 0 0 0 0 0 255 ]"), 0);
	}
}

/* A tree that goes down and never up; blanks in it, or its lines would break inside of a token. */
static int read_deep(size_t depth, struct qtree_limits limits)
{
	struct qw_bytes head = QW_LIT("({QUERY :commandType 1 :querySource 0 :canSetTag true :utilityStmt <> :resultRelation 0 :hasAggs "
				      "false :hasWindowFuncs false :hasTargetSRFs false :hasSubLinks false :hasDistinctOn false "
				      ":hasRecursive false :hasModifyingCTE false :hasForUpdate false :hasRowSecurity false :cteList ");
	struct qw_buf line, text;
	const char *problem;
	int err;

	qw_buf_init(&line, 64 << 20);
	qw_buf_init(&text, 64 << 20);
	QW_ASSERT(!qw_buf_append(&line, head.p, head.n));
	for (size_t i = 0; i < depth; i++)
		QW_ASSERT(!qw_buf_append(&line, "(<> ", 4));
	QW_ASSERT(!qw_buf_append(&line, "<>", 2));
	reprint_lines(qw_buf_pending(&line), &text);
	err = read_limited(13, qw_buf_pending(&text), limits, &problem);
	qw_buf_fini(&line);
	qw_buf_fini(&text);
	return err;
}

static void test_limits(void **state)
{
	struct qw_bytes text = files_read(15, "point_select.txt");
	struct qtree_limits limits = QTREE_LIMITS_DEFAULT;
	const char *problem;

	(void)state;
	limits.text_bytes_max = text.n;
	assert_int_equal(read_limited(15, text, limits, &problem), 0);
	limits.text_bytes_max = text.n - 1;
	assert_int_equal(read_limited(15, text, limits, &problem), QW_E_LIMIT);
	limits = QTREE_LIMITS_DEFAULT;
	limits.depth_max = 3;
	assert_int_equal(read_limited(15, text, limits, &problem), QW_E_LIMIT);
	limits = QTREE_LIMITS_DEFAULT;
	limits.nodes_max = 5;
	assert_int_equal(read_limited(15, text, limits, &problem), QW_E_LIMIT);
	free((void *)text.p);
	limits = QTREE_LIMITS_DEFAULT;
	assert_int_equal(read_deep(900, limits), QW_E_MALFORMED);
	assert_int_equal(read_deep(1100, limits), QW_E_LIMIT);
	limits.depth_max = SIZE_MAX;
	assert_int_equal(read_deep(1000000, limits), QW_E_LIMIT);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_unknown_types),
		cmocka_unit_test(test_forged_fields),
		cmocka_unit_test(test_forged_data),
		cmocka_unit_test(test_limits),
	};
	int failed;

	QW_ASSERT(argc == 2);
	files_root = argv[1];
	qw_arena_init(&arena, 256 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	qw_arena_fini(&arena);
	return failed;
}
