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

/* ---- what constraints would tell ---- */

static char seen[400];
static bool is_guess;

/* Every write is compared with all rows. */
static int tells(void *ctx, const struct labels_write *w, struct qw_arena *a, struct labels_tells **out, size_t *count)
{
	static const char kinds[] = "alnf"; /* of enum labels_value */
	size_t n = strlen(seen);

	n += (size_t)snprintf(seen + n, sizeof(seen) - n, "%s%s", n ? " " : "", qw_verb_name(w->verb));
	for (size_t i = 0; i < w->count; i++)
		n += (size_t)snprintf(seen + n, sizeof(seen) - n, " %d%c", w->columns[i].attnum, kinds[w->columns[i].value]);
	*count = 1;
	*out = qw_arena_alloc(a, sizeof(**out));
	**out = (struct labels_tells){.said = "unique index u of public.customers", .relation_oid = w->relation_oid,
		.is_equality = is_guess, .label = world_of(ctx).label(ctx, w->relation_oid, 5)};
	return 0;
}

static void judge_told(const char *sql, const char *writes)
{
	const struct flow_case *c = flow_case_find(&cases, sql);
	struct flow_world world = world_of(cases.world);
	const char *problem = NULL;
	struct qtree_value trees;

	assert_non_null(c);
	world.write_tells = tells;
	qw_arena_reset(&arena);
	seen[0] = '\0';
	assert_int_equal(qtree_read(15, qw_bytes_from(c->tree), &QTREE_LIMITS_DEFAULT, &arena, &trees, &problem), 0);
	assert_int_equal(flow_judge(15, &trees, &world, &arena, &result), 0);
	assert_string_equal(seen, writes);
}

/* Customers: 1 id, 2 name, 3 email, 4 ssn, 5 phone (which may be compared), 8 created_at with a constant default. */
static void test_what_is_written_and_how(void **state)
{
	(void)state;
	is_guess = true;
	judge_told("INSERT INTO customers (name) VALUES ('Dave')", "insert 1f 2l 8l");
	assert_false(result.is_refused);
	assert_int_equal(result.equalities, 1);
	judge_told("INSERT INTO customers (name, email, ssn) VALUES ($1, $2, 'x') RETURNING id, email", "insert 1f 2l 3l 4l 8l");
	judge_told("INSERT INTO customers (name, email) VALUES ('a', 'b'), ('c', 'd') RETURNING *", "insert 1f 2a 3a 8l");
	judge_told("INSERT INTO customers (id, name, email) VALUES (1, 'a', 'b') ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email",
		"insert 1l 2l 3l 8l update 3l");
	assert_int_equal(result.equalities, 2);
	judge_told("UPDATE customers SET email = $1 WHERE id = $2", "update 3l");
	judge_told("UPDATE v_customers SET email = 'x' WHERE id = 1", "update 3l");
	is_guess = false;
	judge_told("UPDATE customers SET email = $1 WHERE id = $2", "update 3l");
	assert_true(result.is_refused);
	assert_string_equal(result.refusal.rule, "flow.constraint");
	assert_string_equal(result.refusal.object, "public.customers.phone");
	assert_non_null(strstr(result.refusal.reason, "unique index u of public.customers"));
	is_guess = true;
	judge_told("INSERT INTO scratch VALUES (1, 'x')", "insert 1l 2l"); /* of a column that nobody knows: never */
	assert_true(result.is_refused);
}

static void test_what_a_plan_may_tell(void **state)
{
	(void)state;
	judge("SELECT id, name FROM customers");
	assert_false(result.meets_labelled);
	judge("SELECT id, email FROM customers");
	assert_true(result.meets_labelled);
	judge("SELECT id FROM v_upper"); /* computed, and dropped */
	assert_true(result.meets_labelled);
	judge("INSERT INTO customers (name) VALUES ('Dave')");
	assert_false(result.meets_labelled);
	judge("UPDATE customers SET name = 'x' WHERE phone = '1'");
	assert_true(result.meets_labelled);
	judge("INSERT INTO scratch VALUES (1, 'x')");
	assert_false(result.meets_labelled);
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
	assert_int_equal(count, 26);
	free(page);
}

/* Each rule refuses something in the table, but those that only a broken tree or another world can meet. */
static void test_rules_are_tested(void **state)
{
	static const char *const untested[] = {
		"flow.call", "flow.size", "flow.unsupported", "flow.limit", "flow.sample", "flow.constraint"};

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
		cmocka_unit_test(test_what_is_written_and_how),
		cmocka_unit_test(test_what_a_plan_may_tell),
		cmocka_unit_test(test_rules_are_documented),
		cmocka_unit_test(test_rules_are_tested),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
