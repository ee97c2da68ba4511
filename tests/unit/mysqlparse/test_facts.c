/* Facts: acts | relations | columns | operators | types | literals of what writes. */
#include "support.h"

struct fact {
	const char *sql, *facts;
};

static void check(const struct mysql_dialect *d, const struct fact *cases, size_t count)
{
	for (size_t i = 0; i < count; i++)
		expect_facts(d, cases[i].sql, cases[i].facts);
}

static void queries(void **state)
{
	static const struct fact cases[] = {
		{"SELECT 1", "select |  |  |  |  | "},
		{"SELECT * FROM s.t", "select:s.t | [s.t] | * |  |  | "},
		{"SELECT a.x, `b` AS y FROM t a", "select:t | [t AS a] | a.x b |  |  | "},
		{"SELECT count(*) FROM t WHERE a = 'x' AND b > 2", "call:count select:t | [t] | a b | AND = > |  | "},
		{"SELECT a FROM t WHERE b IN (SELECT c FROM u)", "select:t select:u | [t] [u] | a b c | = |  | "},
		{"SELECT a FROM t1 JOIN t2 USING (k) NATURAL JOIN t3", "select:t1 select:t2 select:t3 | [t1 natural] [t2 natural] [t3 natural] | a k |  |  | "},
		{"SELECT x FROM (SELECT a AS x FROM t) d UNION SELECT b FROM u ORDER BY 1", "select:t select:u | [t] [u] | x a b |  |  | "},
		{"WITH c AS (SELECT a FROM t) SELECT * FROM c, u", "select:t select:u | [t] [u] | a * |  |  | "},
		{"WITH c AS (SELECT a FROM c) SELECT * FROM c", "select:c | [c] | a * |  |  | "},
		{"WITH RECURSIVE c AS (SELECT 1 UNION SELECT n FROM c) SELECT * FROM c", "select |  | n * |  |  | "},
		{"WITH c AS (SELECT 1) SELECT * FROM s.c", "select:s.c | [s.c] | * |  |  | "},
		{"SELECT (SELECT max(a) FROM t) FROM dual", "call:max select:t | [t] | a |  |  | "},
		{"SELECT Foo(1), s.Bar(a), NOW(), CURRENT_DATE FROM t",
			"call:foo call:s.bar call:now call:current_date select:t | [t] | a |  |  |  | writes"},
		{"SELECT load_file('/etc/passwd')", "call:load_file select |  |  |  |  | /etc/passwd | writes"},
		{"SELECT CAST(a AS DECIMAL(10, 2)) FROM t", "select:t | [t] | a |  | decimal(10, 2) | "},
		{"SELECT a FROM t FOR UPDATE", "select:t select.lock:t select.lock | [t] | a |  |  | "},
		{"SELECT @@version_comment LIMIT 1", "show:version_comment select |  |  |  |  | "},
		{"SELECT @a := 'x', @b", "set:a=x select |  |  |  |  | "},
		{"SELECT a INTO @x FROM t", "select:t set:x | [t] | a |  |  | "},
		{"SELECT a FROM t INTO OUTFILE '/tmp/f'", "select:t copy.file:/tmp/f | [t] | a |  |  |  | writes"},
		{"SELECT sum(a) OVER (PARTITION BY b ORDER BY c) FROM t", "call:sum select:t | [t] | b c a |  |  | "},
		{"SELECT a FROM t WHERE MATCH (b, c) AGAINST ('x' IN BOOLEAN MODE)", "select:t | [t] | a b c |  |  | "},
		{"(SELECT a FROM t LIMIT 1) UNION ALL (SELECT b FROM u)", "select:t select:u | [t] [u] | a b |  |  | "},
		{"SELECT * FROM JSON_TABLE(x, '$' COLUMNS (a INT PATH '$.a')) j", "select |  | * x |  |  | "},
	};

	(void)state;
	check(&MYSQL, cases, QW_COUNT(cases));
	check(&MARIADB, cases, QW_COUNT(cases));
}

static void writes(void **state)
{
	static const struct fact cases[] = {
		{"INSERT INTO t (a, b) VALUES (1, 'x'), (DEFAULT, 'y')", "insert:t | [t written] | a b |  |  | x y | writes"},
		{"INSERT INTO s.t SELECT * FROM u", "insert:s.t select:u | [s.t written] [u] | * |  |  |  | writes"},
		{"INSERT t SET a = 1 ON DUPLICATE KEY UPDATE a = VALUES(a) + 1", "insert:t upsert:t | [t written] | a | + |  |  | writes"},
		{"REPLACE INTO t VALUES (1)", "insert:t delete:t | [t written] |  |  |  |  | writes"},
		{"UPDATE t SET a = 'n' WHERE b = 1 LIMIT 2", "update:t | [t written] | a b | = |  | n | writes"},
		{"UPDATE t x, u y SET x.a = y.b WHERE x.k = y.k",
			"update:t select:t select:u | [t AS x written] [u AS y] | x.a y.b x.k y.k | = |  |  | writes"},
		{"UPDATE t, u SET a = 1", "update:t update:u select:t select:u | [t written] [u written] | a |  |  |  | writes"},
		{"DELETE FROM t WHERE a = 1", "delete:t | [t written] | a | = |  |  | writes"},
		{"DELETE x, u FROM t x JOIN u ON x.a = u.a JOIN v ON v.a = u.a",
			"delete:t delete:u select:t select:u select:v | [t AS x written] [u written] [v] | x.a u.a v.a | = |  |  | writes"},
		{"DELETE FROM t USING t, u WHERE t.a = u.a", "delete:t select:t select:u | [t written] [u] | t.a u.a | = |  |  | writes"},
		{"DELETE s.t.* FROM s.t", "delete:s.t select:s.t | [s.t written] |  |  |  |  | writes"},
	};

	(void)state;
	check(&MYSQL, cases, QW_COUNT(cases));
	check(&MARIADB, cases, QW_COUNT(cases));
}

static void of_one_flavour(void **state)
{
	static const struct fact mysql[] = {
		{"TABLE t", "select:t | [t] | * |  |  | "},
		{"VALUES ROW(1, 2), ROW(3, 4)", "select |  |  |  |  | "},
		{"WITH c AS (SELECT a FROM u) DELETE FROM t WHERE b IN (SELECT a FROM c)",
			"select:u delete:t | [u] [t written] | a b | = |  |  | writes"},
		{"WITH c AS (SELECT a FROM u) UPDATE t, c SET t.a = c.a", "select:u update:t select:t | [u] [t written] | a t.a c.a |  |  |  | writes"},
		{"SELECT a->>'$.x' FROM t, LATERAL (SELECT b FROM u WHERE u.k = t.k) d", "select:t select:u | [t] [u] | a b u.k t.k | ->> = |  | "},
		{"INSERT INTO t VALUES (1) AS n(x) ON DUPLICATE KEY UPDATE a = n.x", "insert:t upsert:t | [t written] | a n.x |  |  |  | writes"},
	};
	static const struct fact mariadb[] = {
		{"VALUES (1, 2)", "select |  |  |  |  | "},
		{"DELETE FROM t WHERE a = 1 RETURNING b", "delete:t select:t | [t written] | a b | = |  |  | writes"},
		{"INSERT INTO t VALUES (1) RETURNING *", "insert:t select:t | [t written] | * |  |  |  | writes"},
		{"SELECT NEXTVAL(s), PREVIOUS VALUE FOR q", "update:s select:q | [s written] [q] |  |  |  |  | writes"},
		{"DELETE FROM t FOR PORTION OF p FROM f(1) TO (SELECT b FROM u)", "delete:t call:f select:u | [t written] [u] | b |  |  |  | writes"},
		{"UPDATE t FOR PORTION OF p FROM f(1) TO 2 SET a = 1", "update:t call:f | [t written] | a |  |  |  | writes"},
		{"SELECT \\N, .t.a FROM .t", "select:t | [t] | t.a |  |  | "},
	};

	(void)state;
	check(&MYSQL, mysql, QW_COUNT(mysql));
	check(&MARIADB, mariadb, QW_COUNT(mariadb));
	for (size_t i = 0; i < QW_COUNT(mysql); i++)
		expect_taken(&MARIADB, mysql[i].sql, false);
	for (size_t i = 1; i < QW_COUNT(mariadb); i++)
		expect_taken(&MYSQL, mariadb[i].sql, false);
}

/* What is forwarded is what was parsed. */
static void comments_are_taken_out(void **state)
{
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	struct qw_bytes text = QW_LIT(" /* one */ SELECT/**/1 -- x\n; # no\n DELETE FROM t WHERE a = '/* b */' ; ");
	struct mysql_parsed p;
	struct qw_arena a;

	(void)state;
	qw_arena_init(&a, 1 << 20);
	assert_int_equal(sqlparse_mysql(text, &MYSQL, &limits, &a, &p), 0);
	assert_null(p.facts.problem);
	assert_int_equal(p.facts.count, 2);
	assert_true(qw_bytes_equal(p.facts.list[0].text, QW_LIT("SELECT 1")));
	assert_true(qw_bytes_equal(p.facts.list[1].text, QW_LIT("DELETE FROM t WHERE a = '/* b */'")));
	assert_string_equal(text_acts(&a, &p.facts.list[1]), "delete:t");
	assert_int_equal(p.trees[1]->kind, MY_STATEMENT_DELETE);
	assert_int_equal(sqlparse_mysql(QW_LIT(" /* nothing */ ; ; -- at all"), &MYSQL, &limits, &a, &p), 0);
	assert_int_equal(p.facts.count, 0);
	assert_null(p.facts.problem);
	qw_arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries),
		cmocka_unit_test(writes),
		cmocka_unit_test(of_one_flavour),
		cmocka_unit_test(comments_are_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
