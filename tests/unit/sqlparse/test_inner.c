/* The text that a statement wraps, types of PREPARE, and how the data of COPY looks. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "qw/sqlparse.h"

static int arena_new(void **state)
{
	static struct qw_arena arena;

	qw_arena_init(&arena, 64 << 20);
	*state = &arena;
	return 0;
}

static int arena_free(void **state)
{
	qw_arena_fini(*state);
	return 0;
}

static const struct qw_statement *parse_at(struct qw_arena *arena, const char *sql, size_t at)
{
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	struct qw_statements s;

	assert_int_equal(sqlparse_postgres(qw_bytes_from(sql), &limits, arena, &s), 0);
	if (s.problem)
		fail_msg("%s: %s", sql, s.problem);
	assert_true(s.count > at);
	return &s.list[at];
}

static const struct qw_statement *parse_one(struct qw_arena *arena, const char *sql)
{
	return parse_at(arena, sql, 0);
}

struct expected {
	const char *sql;
	enum qw_inner_kind kind;
	const char *inner;
};

static void check_all(void **state, const struct expected *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct qw_statement *s = parse_one(*state, cases[i].sql);

		if (s->inner_kind != cases[i].kind ||
			!qw_bytes_equal(s->inner, qw_bytes_from(cases[i].inner)))
			fail_msg("%s: kind %d, inner \"%.*s\"", cases[i].sql, (int)s->inner_kind,
				(int)s->inner.n, (const char *)s->inner.p);
		qw_arena_reset(*state);
	}
}

static void wrappers(void **state)
{
	static const struct expected cases[] = {
		{"SELECT 1", QW_INNER_NONE, ""},
		{"SELECT 'EXPLAIN SELECT 1'", QW_INNER_NONE, ""},
		{"EXPLAIN SELECT 1", QW_INNER_EXPLAIN, "SELECT 1"},
		{" ;; EXPLAIN SELECT 1 ; ", QW_INNER_EXPLAIN, "SELECT 1"},
		{"EXPLAIN (SELECT 1)", QW_INNER_EXPLAIN, "(SELECT 1)"},
		{"EXPLAIN (VALUES (1))", QW_INNER_EXPLAIN, "(VALUES (1))"},
		{"EXPLAIN (VALUES 1) (VALUES (1))", QW_INNER_EXPLAIN, "(VALUES (1))"},
		{"EXPLAIN ((SELECT 1) UNION SELECT 2)", QW_INNER_EXPLAIN, "((SELECT 1) UNION SELECT 2)"},
		{"EXPLAIN ANALYZE (SELECT 1)", QW_INNER_EXPLAIN, "(SELECT 1)"},
		{"EXPLAIN ANALYZE VERBOSE TABLE t", QW_INNER_EXPLAIN, "TABLE t"},
		{"EXPLAIN (\")\", ANALYZE) DELETE FROM t", QW_INNER_EXPLAIN, "DELETE FROM t"},
		{"EXPLAIN/*SELECT 2*/SELECT 1--x", QW_INNER_EXPLAIN, "SELECT 1"},
		{"EXPLAIN SELECT/**/1/**/--", QW_INNER_EXPLAIN, "SELECT/**/1"},
		{"EXPLAIN EXECUTE p((1), 2)", QW_INNER_EXPLAIN, "EXECUTE p((1), 2)"},
		{"EXPLAIN DECLARE \"for\" CURSOR FOR SELECT 1 FOR UPDATE", QW_INNER_EXPLAIN,
			"SELECT 1 FOR UPDATE"},
		{"EXPLAIN (ANALYZE) CREATE TABLE t AS EXECUTE p WITH NO DATA", QW_INNER_EXPLAIN,
			"EXECUTE p"},
		{"EXPLAIN REFRESH MATERIALIZED VIEW m", QW_INNER_UNKNOWN, ""},
		{"EXPLAIN SELECT 1 INTO t", QW_INNER_UNKNOWN, ""},
		{"SELECT 1 INTO t", QW_INNER_UNKNOWN, ""},
		{"(SELECT 1 INTO t) UNION SELECT 2", QW_INNER_UNKNOWN, ""},
		{"PREPARE \"as\" AS SELECT 1 AS \"as\"", QW_INNER_PREPARE, "SELECT 1 AS \"as\""},
		{"PREPARE U&\"!0061\" UESCAPE '!' AS SELECT 1", QW_INNER_PREPARE, "SELECT 1"},
		{"PREPARE p (int) AS UPDATE t SET a = $1", QW_INNER_PREPARE, "UPDATE t SET a = $1"},
		{"PREPARE TRANSACTION 'x'", QW_INNER_NONE, ""},
		{"DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT substring('x' FOR 1) FOR SHARE",
			QW_INNER_DECLARE, "SELECT substring('x' FOR 1) FOR SHARE"},
		{"CREATE TABLE a.as (\"as\") WITH (x = 1) AS SELECT 1 AS x", QW_INNER_CREATE_AS,
			"SELECT 1 AS x"},
		{"CREATE TABLE t AS SELECT a.with data FROM a", QW_INNER_CREATE_AS,
			"SELECT a.with data FROM a"},
		{"CREATE TABLE t AS SELECT a.with data", QW_INNER_CREATE_AS, "SELECT a.with data"},
		{"CREATE TABLE t AS SELECT a.with data WITH /**/ NO --\n DATA --", QW_INNER_CREATE_AS,
			"SELECT a.with data"},
		{"CREATE TABLE t AS SELECT 1 AS with WITH DATA", QW_INNER_CREATE_AS,
			"SELECT 1 AS with"},
		{"CREATE MATERIALIZED VIEW m AS TABLE t WITH NO DATA", QW_INNER_CREATE_AS, "TABLE t"},
		{"CREATE VIEW v AS SELECT 1", QW_INNER_NONE, ""},
		{"COPY ( SELECT ')' /*)*/ ) TO STDOUT", QW_INNER_COPY, "SELECT ')'"},
		{"COPY ((SELECT a[1]) --)\n) TO '/x'", QW_INNER_COPY, "(SELECT a[1])"},
		{"COPY (DELETE FROM t RETURNING *) TO PROGRAM 'x'", QW_INNER_COPY,
			"DELETE FROM t RETURNING *"},
		{"EXECUTE p", QW_INNER_NONE, ""},
		{"DO 'x'", QW_INNER_NONE, ""},
	};

	check_all(state, cases, QW_COUNT(cases));
}

static void copies_of_relations(void **state)
{
	static const struct expected cases[] = {
		{"COPY t TO STDOUT", QW_INNER_COPY, "SELECT * FROM ONLY \"t\""},
		{"COPY BINARY s.T TO STDOUT", QW_INNER_COPY, "SELECT * FROM ONLY \"s\".\"t\""},
		{"COPY d.s.t (a) TO STDOUT", QW_INNER_COPY,
			"SELECT \"a\" FROM ONLY \"d\".\"s\".\"t\""},
		{"COPY \"a\"\"; --\".\"T\" (\"x\"\"\", Y, \"from\") TO '/x'", QW_INNER_COPY,
			"SELECT \"x\"\"\", \"y\", \"from\" FROM ONLY \"a\"\"; --\".\"T\""},
		{"COPY t FROM STDIN", QW_INNER_COPY_IN, "INSERT INTO \"t\" DEFAULT VALUES"},
		{"COPY s.t (a, \"B\") FROM STDIN", QW_INNER_COPY_IN,
			"INSERT INTO \"s\".\"t\" (\"a\", \"B\") VALUES ($1, $2)"},
		{"COPY t FROM STDIN WHERE f(a)", QW_INNER_UNKNOWN, ""},
	};

	check_all(state, cases, QW_COUNT(cases));
}

/* The range is of the statement's own bytes, also behind others and behind wide characters. */
static void ranges_are_of_the_text(void **state)
{
	const char *sql = "SELECT '\xe2\x82\xac;';EXPLAIN SELECT \"\xc3\xa4\" ; COPY (SELECT 1) TO STDOUT";
	const struct qw_statement *s = parse_at(*state, sql, 1);

	assert_ptr_equal(s->inner.p, strstr(sql, "SELECT \""));
	assert_int_equal(s->inner.n, strlen("SELECT \"\xc3\xa4\""));
	s = parse_at(*state, sql, 2);
	assert_ptr_equal(s->inner.p, strstr(sql, "SELECT 1"));
	assert_int_equal(s->inner.n, strlen("SELECT 1"));
}

static void types_of_parameters(void **state)
{
	static const struct {
		const char *types;
		bool is_known, is_bare;
		uint32_t oids[4];
	} cases[] = {
		{"int", true, false, {23}},
		{"int4, INTEGER, bigint, smallint", true, true, {23, 23, 20, 21}},
		{"pg_catalog.text, pg_catalog.uuid[]", true, false, {25, 2951}},
		{"text", true, true, {25}},
		{"int[], int[][3], int array[4]", true, false, {1007, 1007, 1007}},
		{"varchar(3), numeric(3, 1)[], char, \"char\"", true, true, {1043, 1231, 1042, 18}},
		{"timestamp with time zone, interval hour to second (3), time", true, false,
			{1184, 1186, 1083}},
		{"double precision, real, bit(3), bool", true, true, {701, 700, 1560, 16}},
		{"unknown", true, true, {705}},
		{"unknown[]", false, false, {0}},
		{"public.text", false, false, {0}},
		{"mood", false, false, {0}},
		{"\"Text\"", false, false, {0}},
		{"int, d.pg_catalog.text", false, false, {0}},
		{"SETOF int", false, false, {0}},
		{"record", false, false, {0}},
		{"geometry(point, 1)", false, false, {0}},
	};

	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		char sql[128];
		const struct qw_statement *s;

		(void)snprintf(sql, sizeof(sql), "PREPARE p (%s) AS SELECT $1", cases[i].types);
		s = parse_one(*state, sql);
		if (s->inner_kind != (cases[i].is_known ? QW_INNER_PREPARE : QW_INNER_UNKNOWN))
			fail_msg("%s: kind %d", sql, (int)s->inner_kind);
		if (!cases[i].is_known)
			continue;
		assert_int_equal(s->inner_types_bare, cases[i].is_bare);
		for (size_t k = 0; k < s->inner_type_count; k++)
			if (s->inner_types[k] != cases[i].oids[k])
				fail_msg("%s: %u", sql, s->inner_types[k]);
		assert_true(s->inner_type_count == 4 || cases[i].oids[s->inner_type_count] == 0);
	}
}

static void data_of_copy(void **state)
{
	static const struct {
		const char *options;
		struct qw_copy copy;
	} cases[] = {
#define TEXT_IS(d, n, h) \
	{.is_known = true, .delimiter = (d), .null_text = (n), .has_header = (h)}
#define CSV_IS(d, q, e, n, h) \
	{.is_known = true, .format = QW_COPY_CSV, .delimiter = (d), .quote = (q), .escape = (e), \
		.null_text = (n), .has_header = (h)}
		{"", TEXT_IS('\t', "\\N", false)},
		{"(FORMAT text)", TEXT_IS('\t', "\\N", false)},
		{"(FORMAT 'text', DELIMITER '|', NULL '', HEADER)", TEXT_IS('|', "", true)},
		{"USING DELIMITERS ','", TEXT_IS(',', "\\N", false)},
		{"WITH DELIMITER AS e'\\x01' NULL AS 'nil'", TEXT_IS('\x01', "nil", false)},
		{"CSV", CSV_IS(',', '"', '"', "", false)},
		{"WITH CSV HEADER QUOTE '''' DELIMITER ';'", CSV_IS(';', '\'', '\'', "", true)},
		{"(FORMAT csv, ESCAPE '\\', HEADER OFF)", CSV_IS(',', '"', '\\', "", false)},
		{"(FORMAT CSV, HEADER 1, NULL 'x', ENCODING 'utf-8')", CSV_IS(',', '"', '"', "x", true)},
		{"(FORMAT csv, HEADER 'On')", CSV_IS(',', '"', '"', "", true)},
		{"(FORMAT csv, DELIMITER 'a')", CSV_IS('a', '"', '"', "", false)},
		{"(FORMAT csv, FORCE_QUOTE *)",
			{.is_known = true, .format = QW_COPY_CSV, .delimiter = ',', .quote = '"',
				.escape = '"', .null_text = "", .force_quote_any = true,
				.force_quote_all = true}},
		{"CSV FORCE QUOTE a, b",
			{.is_known = true, .format = QW_COPY_CSV, .delimiter = ',', .quote = '"',
				.escape = '"', .null_text = "", .force_quote_any = true}},
		{"BINARY", {.is_known = true, .format = QW_COPY_BINARY}},
		{"(FORMAT binary)", {.is_known = true, .format = QW_COPY_BINARY}},
		{"(FORMAT 'CSV')", {.is_known = false}},
		{"(\"FORMAT\" csv)", {.is_known = false}},
		{"(FORMAT json)", {.is_known = false}},
		{"(FORMAT)", {.is_known = false}},
		{"(FORMAT csv, FORMAT text)", {.is_known = false}},
		{"BINARY DELIMITER ','", {.is_known = false}},
		{"(DELIMITER 'ab')", {.is_known = false}},
		{"(DELIMITER '')", {.is_known = false}},
		{"(DELIMITER '\xc3\xa4')", {.is_known = false}},
		{"(DELIMITER 'a')", {.is_known = false}},
		{"(DELIMITER '\\')", {.is_known = false}},
		{"(DELIMITER e'\\n')", {.is_known = false}},
		{"(DELIMITER ',', DELIMITER ',')", {.is_known = false}},
		{"(NULL 'a,b', DELIMITER ',')", {.is_known = false}},
		{"(NULL e'\\n')", {.is_known = false}},
		{"(NULL 5)", {.is_known = false}},
		{"(QUOTE '\"')", {.is_known = false}},
		{"(FORMAT csv, QUOTE ',')", {.is_known = false}},
		{"(FORMAT csv, NULL '\"')", {.is_known = false}},
		{"(FORMAT csv, QUOTE '\xe2\x82\xac')", {.is_known = false}},
		{"(FORMAT csv, ESCAPE '')", {.is_known = false}},
		{"(HEADER match)", {.is_known = false}},
		{"(HEADER 2)", {.is_known = false}},
		{"(HEADER, HEADER)", {.is_known = false}},
		{"(FORCE_QUOTE *)", {.is_known = false}},
		{"(FORMAT csv, FORCE_NOT_NULL (a))", {.is_known = false}},
		{"(FORMAT csv, FORCE_NULL (a))", {.is_known = false}},
		{"(ENCODING 'latin1')", {.is_known = false}},
		{"(FREEZE)", {.is_known = false}},
		{"(DEFAULT 'x')", {.is_known = false}},
		{"(ON_ERROR ignore)", {.is_known = false}},
	};

	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		const struct qw_copy *want = &cases[i].copy, *got;
		char sql[128];

		(void)snprintf(sql, sizeof(sql), "COPY t TO STDOUT %s", cases[i].options);
		got = parse_one(*state, sql)->copy;
		assert_non_null(got);
		assert_true(got->is_to_client);
		if (got->is_known != want->is_known)
			fail_msg("%s: known %d", sql, got->is_known);
		if (!want->is_known)
			continue;
		if (got->format != want->format || got->delimiter != want->delimiter ||
			got->quote != want->quote || got->escape != want->escape ||
			got->has_header != want->has_header ||
			got->force_quote_any != want->force_quote_any ||
			got->force_quote_all != want->force_quote_all)
			fail_msg("%s: format %d, %c %c %c, header %d, force %d %d", sql,
				(int)got->format, got->delimiter, got->quote, got->escape,
				got->has_header, got->force_quote_any, got->force_quote_all);
		assert_int_equal(got->null_text != NULL, want->null_text != NULL);
		if (want->null_text)
			assert_string_equal(got->null_text, want->null_text);
	}
}

static void who_copies(void **state)
{
	assert_true(parse_one(*state, "COPY (SELECT 1) TO STDOUT CSV")->copy->is_to_client);
	assert_false(parse_one(*state, "COPY t TO '/x'")->copy->is_to_client);
	assert_false(parse_one(*state, "COPY t TO PROGRAM 'x'")->copy->is_to_client);
	assert_null(parse_one(*state, "COPY t FROM STDIN")->copy);
	assert_null(parse_one(*state, "SELECT 1")->copy);
}

/* A list of names as long as a text can be does not take ever longer for each. */
static void long_lists(void **state)
{
	const size_t n = 100000;
	char *sql = qw_arena_alloc(*state, n * 2 + 64);
	const struct qw_statement *s;

	memcpy(sql, "COPY t (", 8);
	for (size_t i = 0; i < n; i++)
		memcpy(sql + 8 + i * 2, "a,", 2);
	memcpy(sql + 8 + n * 2 - 1, ") TO STDOUT", 12);
	s = parse_one(*state, sql);
	assert_true(s->inner_kind == QW_INNER_UNKNOWN || s->inner.n > n * 3);
}

/* Every allocation of the arena can be the one that fails: an error, or the same answer. */
static void small_arenas(void **state)
{
	static const char *const texts[] = {
		"EXPLAIN (ANALYZE) CREATE TABLE t AS SELECT a, b FROM c WITH NO DATA",
		"COPY t (a, b) TO STDOUT (FORMAT csv, NULL 'x')",
		"PREPARE p (int, text) AS SELECT $1",
	};
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;

	(void)state;
	for (size_t i = 0; i < QW_COUNT(texts); i++) {
		for (size_t max = 16; max < 64 << 10; max += max / 8 + 16) {
			struct qw_statements s;
			struct qw_arena arena;
			int err;

			qw_arena_init(&arena, max);
			err = sqlparse_postgres(qw_bytes_from(texts[i]), &limits, &arena, &s);
			assert_true(err == 0 || (err == QW_E_NOMEM && s.count == 0));
			if (!err)
				assert_true(s.list[0].inner.n > 0);
			qw_arena_fini(&arena);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrappers),
		cmocka_unit_test(copies_of_relations),
		cmocka_unit_test(ranges_are_of_the_text),
		cmocka_unit_test(types_of_parameters),
		cmocka_unit_test(data_of_copy),
		cmocka_unit_test(who_copies),
		cmocka_unit_test(long_lists),
		cmocka_unit_test(small_arenas),
	};

	return cmocka_run_group_tests(tests, arena_new, arena_free);
}
