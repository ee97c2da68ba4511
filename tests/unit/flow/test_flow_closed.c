/* What is not understood is refused: foreign nodes, foreign fields, wrong values, no memory, depth,
 * an unknown world. */
#include "cmocka_qw.h"

#include "cases.h"

static struct flow_cases cases_15, cases_18;
static struct qw_arena arena;

static int setup(void **state)
{
	(void)state;
	qw_arena_init(&arena, 512 << 20);
	return flow_cases_load(&cases_15, 15) && flow_cases_load(&cases_18, 18) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	qw_arena_fini(&arena);
	flow_cases_free(&cases_15);
	flow_cases_free(&cases_18);
	return 0;
}

/* ---- each node and each field of a tree is made foreign, one by one ---- */

/* Places whose nodes only name things, or are looked at where they are used. */
static const char *const inert[] = {"alias", "eref", "rteperminfos", "join_using_alias",
	"joinaliasvars", "exclRelTlist", "search_clause", "cycle_clause", "groupingSets",
	"content"};

struct walk {
	const struct flow_cases *cases;
	const struct flow_case *c;
	struct qtree_value trees;
	size_t tried, wrong;
};

static bool is_refused(const struct walk *w)
{
	const struct flow_world world = world_of(w->cases->world);
	struct qw_arena mine;
	struct flow_result result;
	int rc;

	qw_arena_init(&mine, 64 << 20);
	rc = flow_judge(w->cases->major, &w->trees, &world, &mine, &result);
	qw_arena_fini(&mine);
	return rc != 0 || result.is_refused;
}

static void complain_unless_refused(
	struct walk *w, const char *what, const char *name, const char *more)
{
	w->tried++;
	if (is_refused(w))
		return;
	w->wrong++;
	print_error("%s: not refused with %s %s %s\n", w->c->sql, what, name, more);
}

static void walk_value(struct walk *w, const struct qtree_value *v);

static void walk_node(struct walk *w, struct qtree_node *n)
{
	const char *type = n->type;

	n->type = "ALIEN";
	complain_unless_refused(w, "a foreign", type, "");
	n->type = type;
	for (size_t i = 0; i < n->field_count; i++) {
		struct qtree_field *f = (struct qtree_field *)(uintptr_t)&n->fields[i];
		const char *name = f->name;
		struct qtree_value value = f->value, list = {.kind = QTREE_LIST,
							     .list = {.items = &value, .count = 1}};
		bool is_inert = false;

		for (size_t j = 0; j < QW_COUNT(inert); j++)
			is_inert = is_inert || strcmp(inert[j], name) == 0;
		f->name = "alien";
		complain_unless_refused(w, "a foreign field in place of", name, type);
		f->name = name;
		if (is_inert)
			continue;
		if (value.kind == QTREE_NODE) {
			f->value =
				(struct qtree_value){.kind = QTREE_TOKEN, .token = QW_LIT("alien")};
			complain_unless_refused(w, "a word in place of", name, type);
			f->value = list;
			(void)is_refused(w); /* must not crash */
			f->value = value;
		}
		walk_value(w, &f->value);
	}
}

static void walk_value(struct walk *w, const struct qtree_value *v)
{
	if (v->kind == QTREE_NODE)
		walk_node(w, (struct qtree_node *)(uintptr_t)v->node);
	else if (v->kind == QTREE_LIST)
		for (size_t i = 0; i < v->list.count; i++)
			walk_value(w, &v->list.items[i]);
}

static void check_foreign(const struct flow_cases *cases)
{
	size_t tried = 0, wrong = 0;

	for (size_t i = 0; i < cases->count; i++) {
		struct walk w = {.cases = cases, .c = &cases->list[i]};
		const struct flow_case *c = &cases->list[i];

		if (!c->want || strncmp(c->want, "out", 3) != 0 || strlen(c->tree) > 12000)
			continue;
		qw_arena_reset(&arena);
		assert_int_equal(qtree_read(cases->major, qw_bytes_from(c->tree),
					 &QTREE_LIMITS_DEFAULT, &arena, &w.trees, NULL),
			0);
		assert_false(is_refused(&w));
		walk_value(&w, &w.trees);
		assert_false(is_refused(&w));
		tried += w.tried;
		wrong += w.wrong;
	}
	assert_true(tried > 10000);
	assert_int_equal(wrong, 0);
}

static void test_foreign_nodes_and_fields_15(void **state)
{
	(void)state;
	check_foreign(&cases_15);
}

static void test_foreign_nodes_and_fields_18(void **state)
{
	(void)state;
	check_foreign(&cases_18);
}

/* ---- memory ---- */

static void test_no_memory_is_never_an_answer(void **state)
{
	const struct flow_world world = world_of(cases_15.world);

	(void)state;
	for (size_t i = 0; i < cases_15.count; i += 7) {
		struct qtree_value trees;
		struct flow_result all, some;
		struct qw_arena small;

		qw_arena_reset(&arena);
		if (qtree_read(15, qw_bytes_from(cases_15.list[i].tree), &QTREE_LIMITS_DEFAULT,
			    &arena, &trees, NULL))
			continue;
		assert_int_equal(flow_judge(15, &trees, &world, &arena, &all), 0);
		for (size_t max = 0; max < 100000; max += 512) {
			int rc;

			qw_arena_init(&small, max);
			rc = flow_judge(15, &trees, &world, &small, &some);
			if (rc)
				assert_int_equal(rc, QW_E_NOMEM);
			assert_true(rc == 0 || some.is_refused);
			if (rc == 0)
				assert_int_equal(some.is_refused, all.is_refused);
			qw_arena_fini(&small);
		}
	}
}

/* ---- worlds ---- */

/* Nothing is sensitive: only rules that do not speak of columns refuse. Nothing is known: no column
 * of a table leaves. */
static void test_labels_alone_decide(void **state)
{
	static const char *const of_world[] = {"flow.hazard", "flow.type", "flow.utility"};
	struct flow_cases c;

	(void)state;
	assert_true(flow_cases_load(&c, 15));
	world_make_plain(c.world);
	for (size_t i = 0; i < c.count; i++) {
		struct flow_result result;
		bool may_refuse = false;

		qw_arena_reset(&arena);
		(void)verdict_of(15, c.list[i].tree, c.world, &arena, &result);
		for (size_t j = 0;
			result.is_refused && result.refusal.rule && j < QW_COUNT(of_world); j++)
			may_refuse = may_refuse || strcmp(of_world[j], result.refusal.rule) == 0;
		if (result.is_refused && !may_refuse)
			print_error("%s: %s\n", c.list[i].sql,
				result.refusal.rule ? result.refusal.rule : "no rule");
		assert_int_equal(result.is_refused, may_refuse);
		for (size_t j = 0; j < result.output_count; j++)
			assert_int_equal(result.outputs[j].label.kind, LABEL_PLAIN);
	}
	flow_cases_free(&c);
}

static void test_an_unknown_world_allows_no_more(void **state)
{
	struct flow_cases c;

	(void)state;
	assert_true(flow_cases_load(&c, 15));
	world_make_unknown(c.world);
	for (size_t i = 0; i < c.count; i++) {
		struct flow_result result;

		qw_arena_reset(&arena);
		(void)verdict_of(15, c.list[i].tree, c.world, &arena, &result);
		if (result.is_refused)
			continue;
		assert_true(c.list[i].want && strncmp(c.list[i].want, "out", 3) == 0);
		for (size_t j = 0; j < result.output_count; j++)
			assert_int_equal(result.outputs[j].origin_relation, 0);
	}
	flow_cases_free(&c);
}

/* ---- limits and edges ---- */

/* 1 + (1 + (...)): nodes of the point select's own constant, wrapped `depth` times. */
static struct qtree_value wrapped(const struct qtree_value *inner, size_t depth)
{
	struct qtree_value v = *inner;

	for (size_t i = 0; i < depth; i++) {
		struct qtree_field *f = qw_arena_alloc(&arena, sizeof(*f) * 3);
		struct qtree_node *n = qw_arena_alloc(&arena, sizeof(*n));
		struct qtree_value *args = qw_arena_alloc(&arena, sizeof(*args));

		assert_true(f && n && args);
		*args = v;
		f[0] = (struct qtree_field){
			"boolop", {.kind = QTREE_TOKEN, .token = QW_LIT("not")}};
		f[1] = (struct qtree_field){"args", {.kind = QTREE_LIST, .list = {args, 1}}};
		f[2] = (struct qtree_field){
			"location", {.kind = QTREE_TOKEN, .token = QW_LIT("-1")}};
		*n = (struct qtree_node){"BOOLEXPR", f, 3};
		v = (struct qtree_value){.kind = QTREE_NODE, .node = n};
	}
	return v;
}

static void judge_wrapped(size_t depth, struct flow_result *result)
{
	const struct flow_world world = world_of(cases_15.world);
	const struct flow_case *c = flow_case_find(&cases_15, "SELECT 1");
	struct qtree_value trees, *expr;

	assert_non_null(c);
	qw_arena_reset(&arena);
	assert_int_equal(
		qtree_read(15, qw_bytes_from(c->tree), &QTREE_LIMITS_DEFAULT, &arena, &trees, NULL),
		0);
	expr = (struct qtree_value *)(uintptr_t)qtree_get(
		qtree_get(trees.list.items[0].node, "targetList")->list.items[0].node, "expr");
	*expr = wrapped(expr, depth);
	assert_int_equal(flow_judge(15, &trees, &world, &arena, result), 0);
}

static void test_depth_is_limited(void **state)
{
	struct flow_result result;

	(void)state;
	judge_wrapped(100, &result);
	assert_false(result.is_refused);
	judge_wrapped(100000, &result);
	assert_true(result.is_refused);
	assert_string_equal(result.refusal.rule, "flow.size");
}

static uint32_t no_operator(void *ctx, uint32_t oid)
{
	(void)ctx;
	(void)oid;
	return 0;
}

static bool no_name(void *ctx, uint32_t oid, const char **schema, const char **name)
{
	(void)ctx;
	(void)oid;
	(void)schema;
	(void)name;
	return false;
}

static bool not_plain(void *ctx, uint32_t oid)
{
	(void)ctx;
	(void)oid;
	return false;
}

static const char *rule_in(const struct flow_world *world, const char *sql)
{
	static struct flow_result result;
	const struct flow_case *c = flow_case_find(&cases_15, sql);
	struct qtree_value trees;

	assert_non_null(c);
	qw_arena_reset(&arena);
	assert_int_equal(
		qtree_read(15, qw_bytes_from(c->tree), &QTREE_LIMITS_DEFAULT, &arena, &trees, NULL),
		0);
	assert_int_equal(flow_judge(15, &trees, world, &arena, &result), 0);
	assert_true(result.is_refused);
	return result.refusal.rule;
}

static void test_what_the_catalog_does_not_know(void **state)
{
	struct flow_world world = world_of(cases_15.world);

	(void)state;
	world.operator_function = no_operator;
	assert_string_equal(rule_in(&world, "SELECT status, count(*) FROM orders GROUP BY status "
					    "HAVING count(*) > 1 ORDER BY 2 DESC"),
		"flow.call");
	world = world_of(cases_15.world);
	world.function = no_name;
	assert_string_equal(rule_in(&world, "SELECT f_get_ssn(1)"), "flow.call");
	world.function_is_plain = not_plain;
	assert_string_equal(rule_in(&world, "SELECT count(*) FROM customers"), "flow.call");
	world = world_of(cases_15.world);
	world.relation = no_name;
	assert_string_equal(rule_in(&world, "SELECT count(*) FROM customers"), "flow.unknown");
	assert_string_equal(rule_in(&world, "INSERT INTO scratch VALUES (1, 'x')"), "flow.unknown");
}

static void test_versions(void **state)
{
	const struct flow_world world = world_of(cases_15.world);
	const struct qtree_value none = {.kind = QTREE_NONE};
	struct flow_result result;

	(void)state;
	assert_int_equal(flow_judge(12, &none, &world, &arena, &result), QW_E_UNSUPPORTED);
	assert_true(result.is_refused);
	assert_int_equal(flow_judge(19, &none, &world, &arena, &result), QW_E_UNSUPPORTED);
	assert_true(result.is_refused);
}

/* DO INSTEAD NOTHING leaves no query; a tree that is no list, or two queries that both set the tag,
 * are no statement. */
static void test_statement_shapes(void **state)
{
	const struct flow_world world = world_of(cases_15.world);
	const struct flow_case *c = flow_case_find(&cases_15, "SELECT 1");
	const struct qtree_value none = {.kind = QTREE_NONE},
				 word = {.kind = QTREE_TOKEN, .token = QW_LIT("x")};
	struct qtree_value trees, twice[2], both = {.kind = QTREE_LIST, .list = {twice, 2}};
	struct flow_result result;

	(void)state;
	assert_int_equal(flow_judge(15, &none, &world, &arena, &result), 0);
	assert_false(result.is_refused);
	assert_int_equal(result.output_count, 0);
	assert_int_equal(flow_judge(15, &word, &world, &arena, &result), 0);
	assert_true(result.is_refused);
	assert_int_equal(
		qtree_read(15, qw_bytes_from(c->tree), &QTREE_LIMITS_DEFAULT, &arena, &trees, NULL),
		0);
	twice[0] = twice[1] = trees.list.items[0];
	assert_int_equal(flow_judge(15, &both, &world, &arena, &result), 0);
	assert_true(result.is_refused);
	assert_string_equal(result.refusal.rule, "flow.unsupported");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_foreign_nodes_and_fields_15),
		cmocka_unit_test(test_foreign_nodes_and_fields_18),
		cmocka_unit_test(test_no_memory_is_never_an_answer),
		cmocka_unit_test(test_labels_alone_decide),
		cmocka_unit_test(test_an_unknown_world_allows_no_more),
		cmocka_unit_test(test_depth_is_limited),
		cmocka_unit_test(test_what_the_catalog_does_not_know),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_statement_shapes),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
