/* What a reader of trees asks. */
#include "files.h"

static struct qw_arena arena;

static const struct qtree_node *query_of(unsigned major, const char *name)
{
	const struct qtree_limits limits = QTREE_LIMITS_DEFAULT;
	struct qw_bytes text = files_read(major, name);
	struct qtree_value out;

	assert_int_equal(qtree_read(major, text, &limits, &arena, &out, NULL), 0);
	free((void *)text.p); /* nothing of the tree is in the text */
	assert_int_equal(out.list.count, 1);
	return out.list.items[0].node;
}

static void test_point_select(void **state)
{
	(void)state;
	for (unsigned major = 13; major <= 18; major++) {
		const struct qtree_node *q = query_of(major, "point_select.txt"), *rte, *column;
		int64_t n;
		bool b;

		assert_string_equal(q->type, "QUERY");
		assert_true(qtree_int(qtree_get(q, "commandType"), &n) && n == 1);
		assert_true(qtree_bool(qtree_get(q, "canSetTag"), &b) && b);
		assert_true(qtree_bool(qtree_get(q, "hasAggs"), &b) && !b);
		assert_false(qtree_bool(qtree_get(q, "commandType"), &b));
		assert_int_equal(qtree_get(q, "cteList")->kind, QTREE_NONE);
		assert_true(qtree_is(qtree_get(q, "jointree"), "FROMEXPR"));
		assert_false(qtree_is(qtree_get(q, "jointree"), "QUERY"));
		assert_false(qtree_is(qtree_get(q, "cteList"), "QUERY"));
		assert_false(qtree_is(NULL, "QUERY"));
		assert_int_equal(qtree_get(q, "rtable")->list.count, 1);
		rte = qtree_get(q, "rtable")->list.items[0].node;
		assert_string_equal(rte->type, "RANGETBLENTRY"); /* 13 and 14 print RTE */
		assert_true(qtree_int(qtree_get(rte, "relid"), &n) && n >= 16384);
		assert_bytes_equal(qtree_get(rte, "relkind")->token, QW_LIT("r"));
		assert_int_equal(qtree_has(rte, "perminfoindex"), major >= 16);
		assert_int_equal(qtree_has(rte, "selectedCols"), major <= 15);
		assert_false(qtree_has(rte, "subquery"));
		assert_int_equal(qtree_get(rte, "subquery")->kind, QTREE_NONE);
		assert_bytes_equal(qtree_get(qtree_get(rte, "eref")->node, "colnames")->list.items[3].token, QW_LIT("d"));
		column = qtree_get(q, "targetList")->list.items[1].node;
		assert_bytes_equal(qtree_get(column, "resname")->token, QW_LIT("b"));
		assert_true(qtree_is(qtree_get(column, "expr"), "VAR"));
		assert_true(qtree_int(qtree_get(qtree_get(column, "expr")->node, "varattno"), &n) && n == 2);
		if (major <= 15) { /* a and b; counted from the first system column, which is -7 */
			assert_int_equal(qtree_get(rte, "selectedCols")->kind, QTREE_NUMBERS);
			assert_int_equal(qtree_get(rte, "selectedCols")->numbers.count, 2);
			assert_int_equal(qtree_get(rte, "selectedCols")->numbers.items[0], 1 + 7);
		}
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		bool is_number;
		int64_t value;
	} cases[] = {{"0", true, 0}, {"-1", true, -1}, {"9223372036854775807", true, INT64_MAX}, {"-9223372036854775808", true, INT64_MIN},
		{"9223372036854775808", false, 0}, {"-9223372036854775809", false, 0}, {"", false, 0}, {"-", false, 0}, {"1x", false, 0},
		{"+1", false, 0}, {"true", false, 0}, {"99999999999999999999", false, 0}};
	struct qtree_value v = {.kind = QTREE_TOKEN};
	int64_t n;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		v.token = qw_bytes_from(cases[i].text);
		n = 77;
		assert_int_equal(qtree_int(&v, &n), cases[i].is_number);
		assert_true(n == (cases[i].is_number ? cases[i].value : 77));
	}
	assert_false(qtree_int(NULL, &n));
	v.kind = QTREE_NONE;
	assert_false(qtree_int(&v, &n));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_point_select),
		cmocka_unit_test(test_numbers),
	};
	int failed;

	QW_ASSERT(argc == 2);
	files_root = argv[1];
	qw_arena_init(&arena, 64 << 20);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	qw_arena_fini(&arena);
	return failed;
}
