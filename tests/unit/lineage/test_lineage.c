/* fixtures/lineage/cases.txt: a statement, and on the next line that begins with "= " its verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

static unsigned check(struct test_world *w, const char *sql, const char *expected)
{
	struct qw_arena arena;
	struct flow_result r;
	const char *told;
	bool same;

	qw_arena_init(&arena, 64 << 20);
	told = test_world_judge(w, sql, &arena, &r);
	same = strcmp(told, expected) == 0;
	if (!same)
		print_error("%s\n  is:     %s\n  wanted: %s\n", sql, told, expected);
	if (r.is_refused)
		assert_true(r.refusal.rule && r.refusal.object && r.refusal.reason && r.refusal.instead);
	qw_arena_fini(&arena);
	return !same;
}

static void check_file(struct test_world *w, const char *file, unsigned least)
{
	FILE *in = fopen(file, "r");
	unsigned wrong = 0, all = 0;
	char sql[8192] = "", line[8192];

	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		if (strncmp(line, "= ", 2) != 0) {
			(void)snprintf(sql, sizeof(sql), "%s", line);
			continue;
		}
		wrong += check(w, sql, line + 2);
		all++;
	}
	(void)fclose(in);
	test_world_free(w);
	assert_true(all >= least);
	assert_int_equal(wrong, 0);
}

static void cases_hold(void **state)
{
	(void)state;
	check_file(test_world_read(LINEAGE_FIXTURES "/world.txt"), LINEAGE_FIXTURES "/cases.txt", 250);
}

static void cases_of_mysql_hold(void **state)
{
	(void)state;
	check_file(test_world_read_more(LINEAGE_FIXTURES "/world.txt", "flavour\tmysql\t90704\n"), LINEAGE_FIXTURES "/cases_mysql.txt", 20);
}

/* lower_case_table_names: tables and aliases are compared whatever their case. */
static void cases_of_folded_names_hold(void **state)
{
	(void)state;
	check_file(test_world_read_more(LINEAGE_FIXTURES "/world.txt", "folds\n"), LINEAGE_FIXTURES "/cases_folded.txt", 5);
}

/* Whatever allocation fails: no crash, and no verdict but a refusal. */
static void memory_fails_closed(void **state)
{
	static const char sql[] = "WITH q AS (SELECT id, ssn FROM customers) SELECT v.tax_id, concat(q.id, 'x') FROM q JOIN v_customers v"
		" USING (id) WHERE q.id IN (SELECT customer_id FROM orders) ORDER BY 2 LIMIT 3";
	struct test_world *w = test_world_read(LINEAGE_FIXTURES "/world.txt");
	struct lineage_world world;
	struct mysql_dialect dialect;
	struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	struct qw_arena parsed;
	struct mysql_parsed p;
	unsigned failed = 0;

	(void)state;
	world = *test_world_of(w);
	dialect = *world.dialect;
	qw_arena_init(&parsed, 16 << 20);
	assert_int_equal(sqlparse_mysql(qw_bytes_from(sql), &dialect, &limits, &parsed, &p), 0);
	assert_null(p.facts.problem);
	for (size_t bytes = 0; bytes < 1 << 20; bytes += 512) {
		struct flow_result r = {0};
		struct qw_arena arena;
		int rc;

		qw_arena_init(&arena, bytes);
		rc = lineage_judge(p.trees[0], p.facts.list[0].text, &world, &arena, &r);
		assert_true(rc == 0 || (r.is_refused && (rc == QW_E_NOMEM || rc == QW_E_LIMIT)));
		failed += r.is_refused;
		qw_arena_fini(&arena);
	}
	assert_true(failed > 2 && failed < 2048);
	qw_arena_fini(&parsed);
	test_world_free(w);
}

static void deep_statements_are_refused(void **state)
{
	struct test_world *w = test_world_read(LINEAGE_FIXTURES "/world.txt");
	char sql[8000], *p = sql;
	struct flow_result r;
	struct qw_arena arena;

	(void)state;
	for (int i = 0; i < 330; i++)
		p += snprintf(p, 20, "%s", i ? "abs(" : "SELECT ");
	*p++ = '1';
	memset(p, ')', 329);
	p[329] = '\0';
	qw_arena_init(&arena, 64 << 20);
	assert_string_equal(test_world_judge(w, sql, &arena, &r), "refuse flow.size depth");
	qw_arena_fini(&arena);
	test_world_free(w);
}

static void functions_are_classed(void **state)
{
	(void)state;
	assert_int_equal(lineage_function_class(MYSQL_FLAVOUR_MARIADB, "lower"), LINEAGE_PLAIN);
	assert_int_equal(lineage_function_class(MYSQL_FLAVOUR_MYSQL, "repeat"), LINEAGE_MUCH);
	assert_int_equal(lineage_function_class(MYSQL_FLAVOUR_MYSQL, "now"), LINEAGE_SESSION);
	assert_int_equal(lineage_function_class(MYSQL_FLAVOUR_MYSQL, "group_concat"), LINEAGE_AGGREGATE);
	assert_int_equal(lineage_function_class(MYSQL_FLAVOUR_MYSQL, "load_file"), LINEAGE_DENY);
	assert_int_equal(lineage_function_class(MYSQL_FLAVOUR_MYSQL, "no_such"), LINEAGE_DENY);
	assert_int_equal(lineage_function_class(MYSQL_FLAVOUR_NONE, "lower"), LINEAGE_DENY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cases_hold),
		cmocka_unit_test(cases_of_mysql_hold),
		cmocka_unit_test(cases_of_folded_names_hold),
		cmocka_unit_test(memory_fails_closed),
		cmocka_unit_test(deep_statements_are_refused),
		cmocka_unit_test(functions_are_classed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
