/* What is too long, too deep, too many, broken or hostile is refused in a sentence; nothing crashes. */
#include "support.h"

#include <stdlib.h>

/* `head`, then `part` n times, then `tail` n times. */
static char *repeated(const char *head, const char *part, const char *tail, size_t n)
{
	size_t h = strlen(head), p = strlen(part), t = strlen(tail), at = h;
	char *sql = malloc(h + n * (p + t) + 1);

	if (!sql)
		abort();
	memcpy(sql, head, h);
	for (size_t i = 0; i < n; i++, at += p)
		memcpy(sql + at, part, p);
	for (size_t i = 0; i < n; i++, at += t)
		memcpy(sql + at, tail, t);
	sql[at] = '\0';
	return sql;
}

/* `why` NULL: taken */
static void expect(const char *sql, const struct sqlparse_limits *limits, const char *why)
{
	struct mysql_parsed p;
	struct qw_arena a;

	qw_arena_init(&a, 512 << 20);
	assert_int_equal(sqlparse_mysql(qw_bytes_from(sql), &MYSQL, limits, &a, &p), 0);
	if (why ? !p.facts.problem || !strstr(p.facts.problem, why) : p.facts.problem != NULL)
		fail_msg("expected \"%s\", got \"%s\" for %.60s", why ? why : "(taken)", p.facts.problem ? p.facts.problem : "(taken)", sql);
	assert_true(p.facts.problem == NULL || p.facts.count == 0);
	qw_arena_fini(&a);
}

static void nesting_is_limited(void **state)
{
	static const struct {
		const char *head, *part, *tail;
		size_t n;
		const char *why;
	} cases[] = {
		{"SELECT ", "(", "1)", 100000, "levels deep"},
		{"SELECT ", "(", "", 100000, "levels deep"},
		{"SELECT ", "f(", ")", 100000, "levels deep"},
		{"SELECT ", "f(", ")", 400, NULL},
		{"SELECT ", "NOT ", "", 100000, "levels deep"},
		{"SELECT ", "- ", "", 100000, "levels deep"},
		{"SELECT ", "(SELECT ", ")", 100000, "levels deep"},
		{"SELECT * FROM ", "(", ")", 100000, "levels deep"},
		{"SELECT * FROM t", " JOIN t", "", 100000, "levels deep"},
		{"SELECT * FROM t", " NATURAL JOIN t", "", 100000, "levels deep"},
		{"SELECT * FROM t", ", t", "", 100000, "levels deep"},
		{"SELECT ", "CASE WHEN ", "", 100000, "levels deep"},
		{"SELECT ", "INTERVAL(", "", 100000, "levels deep"},
		{"SELECT ", "INTERVAL ", "", 100000, "levels deep"},
		{"SELECT ", "@a:=", "", 100000, "levels deep"},
		{"SELECT 1", " BETWEEN 1 AND 1", "", 100000, "levels deep"},
		{"SELECT 1", "+1-1", "", 100000, "levels deep"},
		{"SELECT 1", " IS NULL", "", 100000, "levels deep"},
		{"SELECT 1", " COLLATE a", "", 100000, "levels deep"},
		{"SELECT 1", "=1", "", 100000, "levels deep"},
		{"SELECT 1", "+1", "", 100000, NULL},
		{"SELECT 1", " OR 1", "", 100000, NULL},
		{"SELECT 1", " UNION SELECT 1", "", 60000, NULL},
		{"SELECT CASE", " WHEN 1 THEN 1", " ", 50000, "ends too early"},
		{"INSERT INTO t VALUES (1)", ",(1)", "", 200000, NULL},
		{"SELECT 1", ",1", "", 200000, NULL},
		{"WITH a AS (", "WITH a AS (", "", 60000, "levels deep"},
		{"SELECT 1", ";SELECT 1", "", 2000, "too many statements"},
	};
	struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;

	(void)state;
	limits.text_bytes_max = 4 << 20;
	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		char *sql = repeated(cases[i].head, cases[i].part, cases[i].tail, cases[i].n);

		expect(sql, &limits, cases[i].why);
		free(sql);
	}
}

static void limits_hold(void **state)
{
	struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;

	(void)state;
	limits.text_bytes_max = 8;
	expect("SELECT 1", &limits, NULL);
	expect("SELECT 12", &limits, "too long");
	limits = SQLPARSE_LIMITS_DEFAULT;
	limits.nodes_max = 20;
	expect("SELECT 1, 2", &limits, NULL);
	expect("SELECT 1,2,3,4,5,6,7,8,9,10,11,12,13", &limits, "too many");
	limits = SQLPARSE_LIMITS_DEFAULT;
	limits.depth_max = 10;
	expect("SELECT ((1))", &limits, NULL);
	expect("SELECT ((((((((((((1))))))))))))", &limits, "levels deep");
	limits.depth_max = 5;
	expect("SELECT 1*2+3*4-5+6-7+8-9+10-11", &limits, "levels deep");
}

/* Every failing allocation is an error, never a crash and never half an answer. */
static void memory_may_run_out(void **state)
{
	static const char sql[] = "WITH c(x) AS (SELECT a FROM t /* c */) SELECT f(a, 'it''s', @x := 1), sum(b) OVER (w) FROM c JOIN u ON c.a = u.b "
				  "WHERE `q``x` IN (SELECT 1) GROUP BY 1 WINDOW w AS (PARTITION BY b) ORDER BY 2 LIMIT 3 INTO @y; "
				  "INSERT INTO t SET a = 1 ON DUPLICATE KEY UPDATE b = VALUES(b); DELETE x FROM y x; UPDATE z SET a = 'b'";
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	int err = QW_E_NOMEM;

	(void)state;
	for (size_t max = 16; err; max += 16) {
		struct mysql_parsed p;
		struct qw_arena a;

		qw_arena_init(&a, max);
		err = sqlparse_mysql(qw_bytes_from(sql), &MYSQL, &limits, &a, &p);
		assert_true(err == 0 || err == QW_E_NOMEM);
		if (err == 0) {
			assert_null(p.facts.problem);
			assert_int_equal(p.facts.count, 4);
		}
		qw_arena_fini(&a);
		assert_true(max < 1 << 20);
	}
}

/* Any cut and any single changed byte: an answer. */
static void broken_text_is_answered(void **state)
{
	static const char sql[] = "SELECT a.b, COUNT(DISTINCT `c`) + 0x1F - .5e3 AS 'x' FROM s.t AS a LEFT JOIN (VALUES ROW(1,2)) v(x, y) ON a.k <=> v.x "
				  "WHERE a->>'$.p' NOT LIKE _utf8mb4'%\\'' ESCAPE '|' AND b BETWEEN 1 AND 2 OR @@session.z IS NOT NULL -- end";
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	const struct mysql_dialect *dialects[] = {&MYSQL, &MARIADB};
	static const char alphabet[] = "'\"`\\/*-#();,.@$?=<>!&|:~^%{} \n\0\xc3\xff" "0aNx";
	uint8_t text[sizeof(sql)];

	(void)state;
	for (size_t at = 0; at < sizeof(sql) - 1; at++)
		for (size_t c = 0; c < sizeof(alphabet); c++) {
			size_t n = c ? sizeof(sql) - 1 : at; /* the first: cut here */
			struct mysql_parsed p;
			struct qw_arena a;

			memcpy(text, sql, sizeof(sql));
			if (c)
				text[at] = (uint8_t)alphabet[c - 1];
			qw_arena_init(&a, 4 << 20);
			assert_int_equal(sqlparse_mysql(qw_bytes(text, n), dialects[(at + c) % 2], &limits, &a, &p), 0);
			assert_true(!p.facts.problem || p.facts.count == 0);
			qw_arena_fini(&a);
		}
}

static void hostile_text_is_refused(void **state)
{
	static const char *const both[] = {"SELECT 1 /*! UNION SELECT ssn FROM t */", "SELECT /*M!100000 1 */", "SELECT 1 FROM",
		"SELECT 1 1", "SELECT a b c", "SELECT * FROM t WHERE", "SELECT", "INSERT", "DELETE t", "UPDATE t", "SELECT 1 UNION", "(SELECT 1", "SELECT 1)",
		"SELECT *, * FROM t", "SELECT a, * FROM t", "SELECT 1 LIMIT a", "SELECT 1 LIMIT 1 LIMIT 2", "SELECT 1 ORDER BY", "SELECT (1, )", "SELECT f(,)",
		"SELECT count(*, 1)", "SELECT max(*)", "SELECT count (*)", "SELECT `count`(1)", "SELECT 1 AS", "SELECT 1 FROM t PROCEDURE ANALYSE()",
		"SELECT 1 IN ()", "SELECT CASE END", "SELECT CAST(1 AS INTEGER)+", "SELECT INTERVAL 1 DAY", "SELECT @ a", "SELECT a COLLATE BINARY", "SELECT @''", "SELECT 1 INTO a",
		"SELECT (SELECT 1 INTO @a)", "SELECT 1 FROM (SELECT 1)", "SELECT ALL DISTINCT 1", "DELETE a FROM t b", "UPDATE t SET u.a = 1",
		"WITH c AS (SELECT 1) SELECT * FROM C", "WITH c (SELECT 1) SELECT 1", "SELECT 1 FOR", "INSERT INTO t (a VALUES (1)", "INSERT INTO t VALUES 1",
		"REPLACE INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 1", "SELECT t.", "SELECT .", "SELECT a.b.c.d", "SELECT 1;SELECT"};

	(void)state;
	for (size_t i = 0; i < QW_COUNT(both); i++) {
		expect_taken(&MYSQL, both[i], false);
		expect_taken(&MARIADB, both[i], false);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(limits_hold),
		cmocka_unit_test(memory_may_run_out),
		cmocka_unit_test(broken_text_is_answered),
		cmocka_unit_test(hostile_text_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
