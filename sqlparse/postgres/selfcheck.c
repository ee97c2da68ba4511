/*
 * The node structs come from one package and the library from another: a mismatch would make us
 * read the wrong fields. So known statements are parsed at start and their facts compared.
 */
#include "qw/sqlparse.h"

struct expected {
	const char *sql, *facts;
};

static const struct expected cases[] = {
	{"WITH d AS (DELETE FROM public.a WHERE x = lower('X') RETURNING id) SELECT * FROM d JOIN "
	 "b USING (k)",
		"delete:public.a select:public.a call:lower select:b | x id * k"},
	{"INSERT INTO s.t (a, b) VALUES ($1, now()) ON CONFLICT (a) DO UPDATE SET b = excluded.b",
		"insert:s.t upsert:s.t call:now | a excluded.b"},
	{"SET search_path = x, y", "set:search_path |"},
	{"DROP TABLE a.b, c CASCADE", "ddl.drop:a.b ddl.drop:c |"},
	{"ALTER TABLE t DROP COLUMN c, ADD d int REFERENCES o (p)",
		"ddl.alter_drop:t ddl.alter:t ddl.alter:o | c o.p"},
	{"COPY t (a) TO STDOUT", "copy.out:t select:t | t.a"},
	{"MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT "
	 "VALUES (1)",
		"merge:t delete:t insert:t select:s | t.a s.a"},
	{"EXPLAIN (ANALYZE) UPDATE t SET a = (SELECT max(b) FROM u FOR UPDATE)",
		"explain.analyze update:t call:max select:u select.lock:u | b"},
	{"CREATE OR REPLACE VIEW v AS SELECT ssn FROM customers c NATURAL JOIN d",
		"ddl.create:v ddl.replace:v select:customers select:d | ssn"},
	{"CREATE FUNCTION f(a int) RETURNS int BEGIN ATOMIC DELETE FROM t; SELECT 1; END",
		"ddl.create:f delete:t |"},
	{"BEGIN ISOLATION LEVEL SERIALIZABLE", "tx.begin tx.set:transaction_isolation |"},
};

/* Appends; false when it does not fit. */
static bool put(char *out, size_t size, const char *s)
{
	size_t at = strlen(out), n = strlen(s);

	if (n >= size - at)
		return false;
	memcpy(out + at, s, n + 1);
	return true;
}

static bool put_name(char *out, size_t size, const char *first, const char *second)
{
	return (!first || (put(out, size, first) && put(out, size, "."))) && put(out, size, second);
}

static bool describe(const struct qw_statement *s, char *out, size_t size)
{
	bool fits = true;

	out[0] = '\0';
	for (size_t i = 0; fits && i < s->act_count; i++) {
		const struct qw_act *a = &s->acts[i];

		fits = put(out, size, qw_verb_name(a->verb));
		if (fits && a->name)
			fits = put(out, size, ":") && put_name(out, size, a->schema, a->name);
		fits = fits && put(out, size, " ");
	}
	fits = fits && put(out, size, "|");
	for (size_t i = 0; fits && i < s->column_count; i++)
		fits = put(out, size, " ") &&
		       put_name(out, size, s->columns[i].qualifier,
			       s->columns[i].name ? s->columns[i].name : "*");
	return fits;
}

static bool holds(const struct expected *e, struct qw_arena *arena)
{
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	struct qw_statements s;
	char facts[512];

	if (sqlparse_postgres(qw_bytes_from(e->sql), &limits, arena, &s) || s.problem ||
		s.count != 1)
		return false;
	return describe(&s.list[0], facts, sizeof(facts)) && strcmp(facts, e->facts) == 0;
}

int sqlparse_postgres_selfcheck(void)
{
	struct qw_arena arena;
	bool all = true;

	qw_arena_init(&arena, 1 << 20);
	for (size_t i = 0; all && i < QW_COUNT(cases); i++) {
		all = holds(&cases[i], &arena);
		qw_arena_reset(&arena);
	}
	qw_arena_fini(&arena);
	return all ? 0 : QW_E_UNSUPPORTED;
}
