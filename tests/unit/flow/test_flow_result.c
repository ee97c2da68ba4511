/* What a result holds besides the verdict: names, origins, reads, masks, and what a refusal says.
 */
#include "cmocka_qw.h"

#include "cases.h"

#include "qw/mask.h"

#include <stdio.h>
#include <stdlib.h>

static struct flow_cases cases;
static struct qw_arena arena;
static struct flow_result result;

static int setup(void **state)
{
	(void)state;
	qw_arena_init(&arena, 64 << 20);
	return flow_cases_load(&cases, 15) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	qw_arena_fini(&arena);
	flow_cases_free(&cases);
	return 0;
}

static void judge(const char *sql)
{
	const struct flow_case *c = flow_case_find(&cases, sql);

	assert_non_null(c);
	qw_arena_reset(&arena);
	(void)verdict_of(15, c->tree, cases.world, &arena, &result);
}

static void test_outputs(void **state)
{
	(void)state;
	judge("SELECT c.ssn AS s, c.id FROM customers AS c WHERE c.id = 1");
	assert_int_equal(result.output_count, 2);
	assert_string_equal(result.outputs[0].name, "s");
	assert_int_equal(result.outputs[0].label.kind, LABEL_MASK);
	assert_int_equal(result.outputs[0].label.spec->kind, MASK_REDACT);
	assert_string_equal(result.outputs[0].label.domain, "ssn");
	assert_string_equal(result.outputs[0].label.column, "public.customers.ssn");
	assert_int_equal(result.outputs[0].origin_attnum, 4);
	assert_int_equal(result.outputs[1].label.kind, LABEL_PLAIN);
	assert_int_equal(result.outputs[1].origin_attnum, 1);
	assert_int_equal(result.read_count, 1);
	assert_int_equal(result.outputs[1].origin_relation, result.reads[0]);
	assert_int_equal(result.reads_labelled_count, 1);
	assert_string_equal(result.reads_labelled[0], "public.customers.ssn");
	assert_int_equal(result.act_count, 0);
}

static void test_view_origin_is_the_view(void **state)
{
	const char *schema, *name;
	const struct flow_world world = world_of(cases.world);

	(void)state;
	judge("SELECT * FROM v_of_view WHERE key = 1");
	assert_true(world.relation(world.ctx, result.outputs[0].origin_relation, &schema, &name));
	assert_string_equal(name, "v_of_view");
	assert_string_equal(result.outputs[0].name, "t");
	assert_string_equal(result.outputs[0].label.column, "public.customers.ssn");
	assert_int_equal(result.read_count, 3); /* both views and the table */
}

static void test_insert_reads_nothing(void **state)
{
	(void)state;
	judge("INSERT INTO scratch VALUES (1, 'x')");
	assert_int_equal(result.read_count, 0);
	assert_int_equal(result.output_count, 0);
	assert_int_equal(result.act_count, 1);
	assert_int_equal(result.acts[0].kind, QW_OBJECT_RELATION);
	assert_string_equal(result.acts[0].kind_name, "table");
}

static void test_call_act(void **state)
{
	(void)state;
	judge("SELECT f_get_ssn(1)");
	assert_int_equal(result.acts[0].verb, QW_VERB_CALL);
	assert_int_equal(result.acts[0].kind, QW_OBJECT_FUNCTION);
	assert_string_equal(result.acts[0].kind_name, "function");
}

static void test_refusal_says_where(void **state)
{
	(void)state;
	judge("SELECT lower(ssn) FROM customers");
	assert_string_equal(result.refusal.rule, "flow.function");
	assert_string_equal(result.refusal.object, "public.customers.ssn");
	assert_non_null(strstr(result.refusal.reason,
		"the select list, as an argument of function pg_catalog.lower"));
	assert_non_null(strstr(result.refusal.instead, "masked"));
	judge("SELECT id FROM customers ORDER BY ssn");
	assert_non_null(strstr(result.refusal.reason, "ORDER BY"));
	judge("SELECT secret FROM fresh");
	assert_string_equal(result.refusal.object, "public.fresh.secret");
	assert_non_null(strstr(result.refusal.reason, "not reviewed yet"));
	judge("INSERT INTO scratch SELECT id, ssn FROM customers");
	assert_non_null(strstr(result.refusal.reason, "written into public.scratch.t"));
	judge("INSERT INTO watched VALUES (1, 'x')");
	assert_string_equal(result.refusal.object, "public.watched");
	assert_non_null(strstr(result.refusal.reason, "t_audit"));
}

static void test_rules_are_documented(void **state)
{
	const struct flow_rule *r = flow_rules();
	char *page = read_whole(FLOW_DOCUMENT);
	size_t count = 0;

	(void)state;
	assert_non_null(page);
	for (; r[count].name; count++) {
		char word[64];

		snprintf(word, sizeof(word), "`%s`", r[count].name);
		if (!strstr(page, word))
			print_error("docs/flow.md does not explain %s\n", word);
		assert_non_null(strstr(page, word));
		assert_true(strlen(r[count].meaning) > 10);
	}
	assert_int_equal(count, 25);
	free(page);
}

/* Each rule refuses something in the table, but those that only a broken tree or world can meet. */
static void test_rules_are_tested(void **state)
{
	static const char *const untested[] = {
		"flow.call", "flow.size", "flow.unsupported", "flow.limit", "flow.sample"};

	(void)state;
	for (const struct flow_rule *r = flow_rules(); r->name; r++) {
		bool is_met = false;

		for (size_t i = 0; i < cases.count && !is_met; i++)
			is_met = cases.list[i].want &&
				 strncmp(cases.list[i].want, "refuse ", 7) == 0 &&
				 strcmp(cases.list[i].want + 7, r->name) == 0;
		for (size_t i = 0; i < QW_COUNT(untested); i++)
			is_met = is_met || strcmp(untested[i], r->name) == 0;
		if (!is_met)
			print_error("no case meets %s\n", r->name);
		assert_true(is_met);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_outputs),
		cmocka_unit_test(test_view_origin_is_the_view),
		cmocka_unit_test(test_insert_reads_nothing),
		cmocka_unit_test(test_call_act),
		cmocka_unit_test(test_refusal_says_where),
		cmocka_unit_test(test_rules_are_documented),
		cmocka_unit_test(test_rules_are_tested),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
