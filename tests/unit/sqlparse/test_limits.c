/* What is too long, too deep, too many, broken or hostile is refused in a sentence; nothing
 * crashes, nothing leaks. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "qw/sqlparse.h"
#include "text_facts.h"

static struct sqlparse_limits defaults;

/* AddressSanitizer keeps freed memory for a while, and finds leaks by itself. */
#if defined(__SANITIZE_ADDRESS__)
enum { RESIDENT_IS_HONEST = 0 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { RESIDENT_IS_HONEST = 0 };
#else
enum { RESIDENT_IS_HONEST = 1 };
#endif
#else
enum { RESIDENT_IS_HONEST = 1 };
#endif

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

static void expect_refused(
	struct qw_bytes text, const struct sqlparse_limits *limits, const char *why)
{
	struct qw_statements s;
	struct qw_arena arena;

	qw_arena_init(&arena, 256 << 20);
	assert_int_equal(sqlparse_postgres(text, limits, &arena, &s), 0);
	assert_int_equal(s.count, 0);
	if (!s.problem || !strstr(s.problem, why))
		fail_msg("expected \"%s\", got \"%s\" for %.60s", why,
			s.problem ? s.problem : "(none)", (const char *)text.p);
	qw_arena_fini(&arena);
}

static void expect_taken(const char *sql, const char *acts)
{
	struct qw_statements s;
	struct qw_arena arena;

	qw_arena_init(&arena, 256 << 20);
	assert_int_equal(sqlparse_postgres(qw_bytes_from(sql), &defaults, &arena, &s), 0);
	assert_null(s.problem);
	if (acts)
		assert_string_equal(text_acts(&arena, &s.list[0]), acts);
	qw_arena_fini(&arena);
}

static void nesting_cases(void)
{
	static const struct {
		const char *head, *part, *tail;
		size_t n;
		const char *problem, *acts; /* problem NULL: taken */
	} cases[] = {
		{"SELECT 1", "+1", "", 100000, "levels deep", NULL},
		{"SELECT 1", "+1", "", 1900, NULL, "select"},
		{"SELECT 1", "::int", "", 100000, "levels deep", NULL},
		{"SELECT 1", " UNION SELECT 1", "", 50000, "levels deep", NULL},
		{"SELECT ", "NOT ", "", 50000, "syntax error", NULL},
		{"SELECT true", " AND true", "", 50000, NULL, "select"},
		{"SELECT ", "(", ")", 10000, "syntax error", NULL},
		{"SELECT ", "f(", ")", 1900, NULL, "call:f select"},
		{"SELECT ", "f(", "+1)", 3000, "levels deep", NULL},
		{"SELECT ", "(SELECT ", ")", 20000, "syntax error", NULL},
		{"SELECT a", ".b", "", 100000, NULL, "select"},
		{"SELECT a", "[1]", "", 100000, NULL, "select"},
		{"SELECT '' ", "|| ''", "", 100000, "levels deep", NULL},
		{"SELECT ", "- ", "", 50000, "syntax error", NULL},
		{"SELECT * FROM a", " NATURAL JOIN a", "", 60000, "levels deep", NULL},
		{"SELECT * FROM t", ", t", "", 100000, NULL, "select:t"},
		{"VALUES (1)", ",(1)", "", 200000, NULL, "select"},
	};

	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		char *sql = repeated(cases[i].head, cases[i].part, cases[i].tail, cases[i].n);

		if (cases[i].problem)
			expect_refused(qw_bytes_from(sql), &defaults, cases[i].problem);
		else if (cases[i].acts)
			expect_taken(sql, cases[i].acts);
		free(sql);
	}
}

static void nesting_is_limited(void **state)
{
	(void)state;
	nesting_cases();
}

static void *on_thread(void *ctx)
{
	nesting_cases();
	return ctx;
}

/* No recursion anywhere: a small stack is enough for all of it. */
static void a_small_stack_is_enough(void **state)
{
	pthread_attr_t attr;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setstacksize(&attr, 256 << 10), 0);
	assert_int_equal(pthread_create(&thread, &attr, on_thread, NULL), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(pthread_attr_destroy(&attr), 0);
}

static void size_and_counts_are_limited(void **state)
{
	struct sqlparse_limits limits = defaults;
	char *sql;

	(void)state;
	sql = repeated("SELECT 'x", "y", "", 1 << 20);
	expect_refused(qw_bytes_from(sql), &defaults, "text_bytes_max");
	free(sql);
	sql = repeated("", "COMMIT;", "", 1001);
	expect_refused(qw_bytes_from(sql), &defaults, "1001 statements, the limit is 1000");
	free(sql);
	sql = repeated("", "COMMIT;", "", 1000);
	expect_taken(sql, "tx.commit");
	free(sql);
	limits.nodes_max = 100;
	sql = repeated("VALUES (1)", ",(1)", "", 100);
	expect_refused(qw_bytes_from(sql), &limits, "more than 100 parts");
	free(sql);
	limits.depth_max = 5;
	expect_refused(QW_LIT("SELECT 1+1+1+1+1+1"), &limits, "more than 5 levels");
	sql = repeated("WITH a AS (SELECT 1)", ", a AS (SELECT 1)", "", 1000);
	sql = realloc(sql, strlen(sql) + 10);
	if (!sql)
		abort();
	memcpy(sql + strlen(sql), " SELECT 1", sizeof(" SELECT 1"));
	expect_refused(qw_bytes_from(sql), &defaults, "common table expressions");
	free(sql);
}

/* SET (a, b) = (source) hangs the source below each column: nesting must not double the work at
 * every level. */
static void shared_parts_are_walked_once(void **state)
{
	char *sql = repeated("SELECT ", "(WITH x AS (UPDATE t SET (a, b) = (SELECT 1, ",
		" + 2) RETURNING 1) SELECT 1)", 60);

	(void)state;
	expect_taken(sql, NULL);
	free(sql);
}

static void broken_text_is_refused(void **state)
{
	(void)state;
	expect_refused(QW_LIT("SELECT 1\0; DROP TABLE t"), &defaults, "UTF-8");
	expect_refused(QW_LIT("SELECT '\x83\x5c'"), &defaults, "UTF-8");
	expect_refused(QW_LIT("SELECT '\xc0\x80'"), &defaults, "UTF-8");
	expect_refused(QW_LIT("SELECT '\xed\xa0\x80'"), &defaults, "UTF-8");
	expect_refused(QW_LIT("SELEC 1"), &defaults, "at character 1");
	expect_refused(QW_LIT("SELECT 'x"), &defaults, "unterminated quoted string");
	expect_refused(QW_LIT("SELECT 1; SELECT (; DROP TABLE t"), &defaults, "syntax error");
	expect_refused(QW_LIT("SELECT U&'\\D800'"), &defaults, "Unicode");
	expect_refused(QW_LIT("SELECT E'\\x00'"), &defaults, "syntax error");
	expect_refused(QW_LIT("/* open"), &defaults, "unterminated /* comment");
	expect_refused(
		QW_LIT("SELECT JSON_VALUE(x, '$' RETURNING int)"), &defaults, "syntax error");
}

/* The arena gives out after every possible number of bytes: an error each time, and never a
 * half-told statement. */
static void memory_that_ends_is_an_error(void **state)
{
	static const char sql[] = "WITH a AS (DELETE FROM t WHERE f(x) RETURNING *) SELECT a.*, "
				  "set_config('role', 'x', true), "
				  "b, c, d, e, g, h, i, j, k, l, m, n FROM a JOIN s.u USING (q); "
				  "SET search_path = \"A\", b; DROP TABLE z";
	bool done = false;
	size_t max;

	(void)state;
	for (max = 0; !done && max < (1 << 20); max += 16) {
		struct qw_statements s = {.count = 99};
		struct qw_arena arena;
		int err;

		qw_arena_init(&arena, max);
		err = sqlparse_postgres(
			QW_LIT("WITH a AS (DELETE FROM t WHERE f(x) RETURNING *) SELECT a.*, "
			       "set_config('role', 'x', true), b, c, d, e, g, h, i, j, k, l, m, n "
			       "FROM a JOIN s.u USING (q); "
			       "SET search_path = \"A\", b; DROP TABLE z"),
			&defaults, &arena, &s);
		done = err == 0;
		if (done) {
			assert_null(s.problem);
			assert_int_equal(s.count, 3);
			assert_true(s.list[0].acts && s.list[0].act_count == 6);
		} else {
			assert_int_equal(err, QW_E_NOMEM);
			assert_int_equal(s.count, 0);
			assert_null(s.list);
		}
		qw_arena_fini(&arena);
	}
	assert_true(done);
	assert_true(max > sizeof(sql));
	for (max = 0; max < 512; max += 16) {
		struct qw_statements s;
		struct qw_arena arena;
		int err;

		qw_arena_init(&arena, max);
		err = sqlparse_postgres(QW_LIT("SELEC"), &defaults, &arena, &s);
		assert_true((err == QW_E_NOMEM && !s.problem) || (err == 0 && s.problem));
		qw_arena_fini(&arena);
	}
}

static size_t resident_kb(void)
{
	unsigned long size, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	if (f)
		(void)fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE) / 1024;
}

static void parse_many(struct qw_arena *arena, size_t n)
{
	static const char *const texts[] = {
		"SELECT a, lower(b) FROM s.t WHERE c = 'x' AND d IN (1, 2, 3)", "SELEC 1",
		"SELECT 'open", "WITH x AS (DELETE FROM t) SELECT 1", "SELECT \xff", "PLAN",
		"SET a = b; COMMIT",
		"SELECT y234567890y234567890y234567890y234567890y234567890y234567890"};
	struct qw_statements s;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(sqlparse_postgres(qw_bytes_from(texts[i % QW_COUNT(texts)]),
					 &defaults, arena, &s),
			0);
		qw_arena_reset(arena);
	}
}

static void nothing_leaks(void **state)
{
	struct qw_arena arena;
	size_t before, after;

	(void)state;
	qw_arena_init(&arena, 1 << 20);
	parse_many(&arena, 5000);
	before = resident_kb();
	parse_many(&arena, 100000);
	after = resident_kb();
	if (RESIDENT_IS_HONEST && after > before + 4096)
		fail_msg("resident memory grew from %zu to %zu KB in 100,000 calls", before, after);
	qw_arena_fini(&arena);
}

/* Any bytes: an answer, and facts only with at least one act for each statement. */
static void garbage_is_survived(void **state)
{
	static const char *const words[] = {"SELECT ", "FROM ", "WITH a AS (", ")", "(", "DELETE ",
		"t ", "\"q\" ", "'s' ", "1 ", ", ", ". ", "; ", "* ", "= ", "JOIN ", "ON ",
		"UPDATE ", "SET ", "INTO ", "INSERT ", "VALUES ", "CREATE ", "TABLE ", "AS ",
		"NULL ", "[", "]", "::", "$1 ", "UNION ", "ALTER ", "DROP ", "COPY ", "TO ",
		"$$x$$ ", "/* ", "-- \n", "U&\"x\" "};
	uint32_t seed = 12345;
	struct qw_arena arena;

	(void)state;
	qw_arena_init(&arena, 1 << 22);
	for (int round = 0; round < 20000; round++) {
		char text[256] = "";
		struct qw_statements s;
		int count = 1 + round % 12;
		size_t end = 0;

		for (int i = 0; i < count; i++) {
			seed = seed * 1664525u + 1013904223u;
			end += (size_t)snprintf(text + end, sizeof(text) - end, "%s", words[(seed >> 8) % QW_COUNT(words)]);
		}
		assert_int_equal(sqlparse_postgres(qw_bytes_from(text), &defaults, &arena, &s), 0);
		for (size_t i = 0; i < s.count; i++)
			assert_true(s.list[i].act_count >= 1);
		qw_arena_reset(&arena);
	}
	qw_arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(a_small_stack_is_enough),
		cmocka_unit_test(size_and_counts_are_limited),
		cmocka_unit_test(shared_parts_are_walked_once),
		cmocka_unit_test(broken_text_is_refused),
		cmocka_unit_test(memory_that_ends_is_an_error),
		cmocka_unit_test(nothing_leaks),
		cmocka_unit_test(garbage_is_survived),
	};

	defaults = SQLPARSE_LIMITS_DEFAULT;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
