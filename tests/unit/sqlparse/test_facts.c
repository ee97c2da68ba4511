/* What each kind of statement is seen to do. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "qw/sqlparse.h"
#include "text_facts.h"

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

static struct qw_statements parse(struct qw_arena *arena, const char *sql)
{
	const struct sqlparse_limits limits = SQLPARSE_LIMITS_DEFAULT;
	struct qw_statements s;

	assert_int_equal(sqlparse_postgres(qw_bytes_from(sql), &limits, arena, &s), 0);
	return s;
}

static const struct qw_statement *parse_one(struct qw_arena *arena, const char *sql)
{
	struct qw_statements s = parse(arena, sql);

	if (s.problem)
		fail_msg("%s: %s", sql, s.problem);
	assert_int_equal(s.count, 1);
	return &s.list[0];
}

struct expected {
	const char *sql, *facts;
};
typedef const char *text_fn(struct qw_arena *arena, const struct qw_statement *s);

static void check_all(void **state, const struct expected *cases, size_t count, text_fn *text)
{
	for (size_t i = 0; i < count; i++) {
		const char *got = text(*state, parse_one(*state, cases[i].sql));

		if (strcmp(got, cases[i].facts) != 0)
			fail_msg("%s\n  expected: %s\n  got:      %s", cases[i].sql, cases[i].facts,
				got);
		qw_arena_reset(*state);
	}
}

static void queries(void **state)
{
	static const struct expected cases[] = {
		{"SELECT 1", "select"},
		{"VALUES (1)", "select"},
		{"SELECT lower('x')", "call:lower select"},
		{"TABLE s.t", "select:s.t"},
		{"SELECT * FROM a, \"B\" b", "select:a select:B"},
		{"SELECT (SELECT max(x) FROM b) FROM a", "call:max select:b select:a"},
		{"SELECT 1 FROM a WHERE EXISTS (SELECT 1 FROM s.b FOR UPDATE)",
			"select:a select:s.b select.lock:s.b"},
		{"SELECT 1 FROM (SELECT 1 FROM a) x JOIN b ON true FOR SHARE",
			"select:a select.lock:a select:b select.lock:b"},
		{"SELECT 1 FOR UPDATE", "select.lock select"},
		{"DELETE FROM public.customers WHERE lower(name) = 'x'",
			"delete:public.customers call:lower"},
		{"DELETE FROM a USING b, c RETURNING *", "delete:a select:a select:b select:c"},
		{"UPDATE a SET x = 1 FROM b", "update:a select:b"},
		{"UPDATE a SET (x, y) = (SELECT f(), 2 FROM b)", "update:a call:f select:b"},
		{"INSERT INTO t VALUES (1)", "insert:t"},
		{"INSERT INTO t SELECT * FROM u RETURNING id", "insert:t select:t select:u"},
		{"INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING", "insert:t"},
		{"INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2",
			"insert:t upsert:t"},
		{"MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN DO "
		 "NOTHING",
			"merge:t delete:t select:s"},
		{"MERGE INTO t USING (SELECT f() x) s ON true WHEN MATCHED THEN UPDATE SET a = 1 "
		 "WHEN NOT MATCHED THEN "
		 "INSERT VALUES (1)",
			"merge:t update:t insert:t call:f"},
		{"SELECT a INTO s.t FROM u", "ddl.create_as:s.t select:u"},
		{"SELECT 1 INTO t UNION SELECT 2", "ddl.create_as:t select"},
		{"SELECT sum(x) OVER (ORDER BY y), pg_catalog.count(*) FILTER (WHERE g(z)) FROM t",
			"call:sum call:pg_catalog.count call:g select:t"},
		{"SELECT * FROM ROWS FROM (f(), g()) r, LATERAL h() l",
			"call:f call:g call:h select"},
		{"SELECT * FROM t TABLESAMPLE s.m (1)", "call:s.m select:t"},
		{"SELECT extract(year FROM x), x AT TIME ZONE 'y', trim(x), CURRENT_DATE FROM t",
			"call:pg_catalog.extract call:pg_catalog.timezone call:pg_catalog.btrim "
			"select:t"},
		{"SELECT f(x) FROM t GROUP BY g(x) HAVING h(x) ORDER BY i(x) LIMIT j(1) OFFSET "
		 "k(1)",
			"call:f select:t call:g call:h call:i call:k call:j"},
		{"COPY (DELETE FROM t RETURNING *) TO STDOUT", "copy.out delete:t select:t"},
		{"COPY t TO STDOUT", "copy.out:t select:t"},
		{"COPY t FROM STDIN", "copy.in:t insert:t"},
		{"COPY s.t TO '/x'", "copy.file:s.t select:s.t"},
		{"COPY t FROM '/x'", "copy.file:t insert:t"},
		{"COPY t FROM PROGRAM 'id'", "copy.program:t insert:t"},
		{"COPY (SELECT 1) TO PROGRAM 'id'", "copy.program select"},
		{"COPY t FROM STDIN WHERE f(a)", "copy.in:t insert:t call:f"},
		{"CALL s.p(f(1))", "call:s.p call:f"},
		{"DO $$begin delete from t; end$$", "do"},
		{"EXPLAIN DELETE FROM t", "explain delete:t"},
		{"EXPLAIN ANALYZE DELETE FROM t", "explain.analyze delete:t"},
		{"EXPLAIN (ANALYZE off) DELETE FROM t", "explain delete:t"},
		{"EXPLAIN (ANALYZE 'FALSE') DELETE FROM t", "explain delete:t"},
		{"EXPLAIN (ANALYZE 0) SELECT 1", "explain select"},
		{"EXPLAIN (ANALYZE 1) SELECT 1", "explain.analyze select"},
		{"EXPLAIN (ANALYZE 'what') SELECT 1", "explain.analyze select"},
		{"EXPLAIN (ANALYZE, ANALYZE off) SELECT 1", "explain.analyze select"},
		{"EXPLAIN ANALYZE CREATE TABLE t AS SELECT * FROM u",
			"explain.analyze select:u ddl.create_as:t"},
		{"EXPLAIN ANALYZE EXECUTE p", "explain.analyze execute:p"},
	};

	check_all(state, cases, QW_COUNT(cases), text_acts);
}

/* A name is a common table expression only where PostgreSQL would resolve it so (parse_cte.c). */
static void scopes(void **state)
{
	static const struct expected cases[] = {
		{"WITH a AS (SELECT 1) SELECT * FROM a", "select"},
		{"WITH a AS (SELECT * FROM a) SELECT * FROM a", "select:a"},
		{"WITH RECURSIVE a AS (SELECT 1 UNION SELECT * FROM a) SELECT * FROM a", "select"},
		{"WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a, b", "select:b"},
		{"WITH RECURSIVE a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a",
			"select"},
		{"WITH b AS (SELECT 1), a AS (SELECT * FROM b) SELECT * FROM a", "select"},
		{"WITH a AS (SELECT 1) SELECT * FROM public.a", "select:public.a"},
		{"WITH a AS (SELECT 1) SELECT * FROM \"A\"", "select:A"},
		{"SELECT * FROM (WITH a AS (SELECT 1) SELECT * FROM a) x, a", "select:a"},
		{"WITH a AS (SELECT 1) SELECT (SELECT 1 FROM a) FROM b", "select:b"},
		{"WITH a AS (SELECT 1) SELECT * FROM (WITH a AS (SELECT * FROM a) SELECT * FROM a) "
		 "x",
			"select"},
		{"WITH a AS (SELECT * FROM t) SELECT * FROM (WITH a AS (SELECT * FROM u) SELECT * "
		 "FROM a) x",
			"select:t select:u"},
		{"(WITH a AS (SELECT 1) SELECT * FROM a) UNION SELECT * FROM a", "select:a"},
		{"WITH a AS (SELECT 1) SELECT * FROM a UNION SELECT * FROM a", "select"},
		{"WITH a AS (SELECT 1) INSERT INTO a SELECT * FROM a", "insert:a"},
		{"INSERT INTO a WITH a AS (SELECT 1) SELECT * FROM a", "insert:a"},
		{"WITH a AS (SELECT 1) UPDATE a SET x = 1 FROM a b", "update:a"},
		{"WITH a AS (SELECT 1) DELETE FROM a USING a AS b", "delete:a"},
		{"WITH a AS (SELECT 1) MERGE INTO a USING a AS b ON true WHEN MATCHED THEN DELETE",
			"merge:a delete:a"},
		{"WITH d AS (DELETE FROM t RETURNING id) SELECT * FROM d", "delete:t select:t"},
		{"WITH d AS (DELETE FROM t) SELECT 1", "delete:t select"},
		{"WITH RECURSIVE a AS (WITH b AS (SELECT * FROM c), c AS (SELECT 1) SELECT * FROM "
		 "b, c) SELECT * FROM a",
			"select:c"},
		{"WITH a AS (SELECT 1) SELECT * FROM b WHERE x IN (SELECT y FROM a WHERE z = "
		 "(SELECT 1 FROM c))",
			"select:b select:c"},
		{"WITH a AS (SELECT 1) SELECT * INTO a FROM a", "ddl.create_as:a select"},
		{"WITH a AS (SELECT 1) SELECT 1 ORDER BY (SELECT 1 FROM a) LIMIT (SELECT 1 FROM a)",
			"select"},
		{"CREATE VIEW v AS WITH v AS (SELECT 1) SELECT * FROM v", "ddl.create:v"},
		{"WITH a AS (SELECT 1) SELECT * FROM t FOR UPDATE", "select:t select.lock:t"},
		{"WITH a AS (SELECT * FROM t) SELECT * FROM a FOR UPDATE", "select:t"},
	};

	check_all(state, cases, QW_COUNT(cases), text_acts);
}

static void settings(void **state)
{
	static const struct expected cases[] = {
		{"SET work_mem = '1MB'", "set:work_mem=1MB"},
		{"SET LOCAL Work_Mem TO 100", "set:work_mem=100!local"},
		{"SET \"Work_Mem\" TO DEFAULT", "set:work_mem"},
		{"SET search_path = a, \"B c\", 'd'", "set:search_path=a, \"B c\", d"},
		{"SET search_path = \"a\"\", b\", ''", "set:search_path=\"a\"\", b\", \"\""},
		{"RESET work_mem", "set:work_mem"},
		{"RESET ALL", "set.reset_all"},
		{"SET TIME ZONE 'UTC'", "set:timezone=UTC"},
		{"SET TIME ZONE INTERVAL '1' HOUR", "set:timezone"},
		{"SET NAMES 'UTF8'", "set:client_encoding=UTF8"},
		{"SET NAMES", "set:client_encoding"},
		{"SET client_encoding TO 'utf-8'", "set:client_encoding=utf-8"},
		{"SET client_encoding TO UNICODE", "set:client_encoding=unicode"},
		{"SET client_encoding TO 'SJIS'", "set.pinned:client_encoding=SJIS"},
		{"SET LOCAL \"CLIENT_ENCODING\" TO GBK", "set.pinned:client_encoding=gbk!local"},
		{"SET NAMES 'utf16'", "set.pinned:client_encoding=utf16"},
		{"RESET client_encoding", "set:client_encoding"},
		{"SET standard_conforming_strings = on", "set:standard_conforming_strings=on"},
		{"SET standard_conforming_strings = 1", "set:standard_conforming_strings=1"},
		{"SET standard_conforming_strings = 'TR'", "set:standard_conforming_strings=TR"},
		{"SET standard_conforming_strings = off",
			"set.pinned:standard_conforming_strings=off"},
		{"SET standard_conforming_strings = 0", "set.pinned:standard_conforming_strings=0"},
		{"SET standard_conforming_strings = 'o'",
			"set.pinned:standard_conforming_strings=o"},
		{"SET standard_conforming_strings = ''", "set.pinned:standard_conforming_strings="},
		{"SET backslash_quote = off", "set.pinned:backslash_quote=off"},
		{"SET backslash_quote = safe_encoding", "set:backslash_quote=safe_encoding"},
		{"SET ROLE bob", "set.role:role=bob"},
		{"SET SESSION AUTHORIZATION 'bob'", "set.role:session_authorization=bob"},
		{"RESET SESSION AUTHORIZATION", "set.role:session_authorization"},
		{"SET \"Role\" = 'postgres'", "set.role:role=postgres"},
		{"SHOW ALL", "show:all"},
		{"SHOW TIME ZONE", "show:timezone"},
		{"SELECT set_config('Search_Path', 'x', false)",
			"call:set_config set:search_path=x select"},
		{"SELECT pg_catalog.set_config('work_mem', '1', true)",
			"call:pg_catalog.set_config set:work_mem=1!local select"},
		{"SELECT set_config('ROLE', 'x', 'f')", "call:set_config set.role:role=x select"},
		{"SELECT set_config('client_encoding', 'sjis', false)",
			"call:set_config set.pinned:client_encoding=sjis select"},
		{"SELECT set_config('client_encoding', NULL, false)",
			"call:set_config set:client_encoding select"},
		{"SELECT set_config('client_encoding', $1, false)",
			"call:set_config set.pinned:client_encoding select"},
		{"SELECT set_config(new_value => 'off', setting_name => "
		 "'standard_conforming_strings', is_local => true)",
			"call:set_config set.pinned:standard_conforming_strings=off!local select"},
		{"SELECT set_config($1, 'x', false)", "call:set_config set.pinned set=x select"},
		{"SELECT set_config('x' || 'y', 'x', false)",
			"call:set_config set.pinned set=x select"},
		{"SELECT set_config('a.b'::evil.text, 'x', false)",
			"call:set_config set.pinned set=x select"},
		{"SELECT set_config(VARIADIC ARRAY['role', 'x'])",
			"call:set_config set.pinned set select"},
		{"UPDATE pg_settings SET setting = 'off'", "update:pg_settings set.pinned"},
		{"WITH x AS (UPDATE pg_catalog.pg_settings s SET setting = 'off') SELECT 1",
			"update:pg_catalog.pg_settings set.pinned select"},
		{"ALTER ROLE x SET client_encoding = 'SJIS'",
			"ddl.role:x set.pinned:client_encoding=SJIS"},
		{"ALTER DATABASE d SET role = 'x'", "ddl.alter:d set.role:role=x"},
		{"CREATE FUNCTION f() RETURNS int LANGUAGE sql SET standard_conforming_strings = "
		 "off AS ''",
			"ddl.create:f set.pinned:standard_conforming_strings=off"},
		{"ALTER SYSTEM SET a.b = 'c'", "admin.alter_system:a.b set:a.b=c"},
	};

	check_all(state, cases, QW_COUNT(cases), text_acts);
}

static void sessions(void **state)
{
	static const struct expected cases[] = {
		{"BEGIN", "tx.begin"},
		{"BEGIN READ WRITE", "tx.begin tx.set:transaction_read_only=off"},
		{"START TRANSACTION ISOLATION LEVEL REPEATABLE READ",
			"tx.begin tx.set:transaction_isolation=repeatable read"},
		{"END", "tx.commit"},
		{"ABORT", "tx.rollback"},
		{"SAVEPOINT \"S\"", "tx.savepoint:S"},
		{"RELEASE s", "tx.savepoint:s"},
		{"ROLLBACK TO s", "tx.rollback_to:s"},
		{"SET TRANSACTION READ WRITE", "tx.set tx.set:transaction_read_only=off"},
		{"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
			"tx.set tx.set:transaction_read_only=on"},
		{"SET CONSTRAINTS ALL DEFERRED", "tx.set"},
		{"PREPARE TRANSACTION 'g'", "tx.two_phase:g"},
		{"COMMIT PREPARED 'g'", "tx.two_phase:g"},
		{"ROLLBACK PREPARED 'g'", "tx.two_phase:g"},
		{"PREPARE p (int) AS DELETE FROM t WHERE f(a) = $1", "prepare:p delete:t call:f"},
		{"EXECUTE p((SELECT a FROM t))", "execute:p select:t"},
		{"DEALLOCATE p", "deallocate:p"},
		{"DECLARE c CURSOR FOR SELECT * FROM t", "cursor.declare:c select:t"},
		{"FETCH 5 FROM c", "cursor.fetch:c"},
		{"MOVE c", "cursor.fetch:c"},
		{"CLOSE c", "cursor.close:c"},
		{"LISTEN c", "listen:c"},
		{"UNLISTEN *", "unlisten"},
		{"NOTIFY c, 'x'", "notify:c"},
		{"LOCK a, s.b", "lock:a lock:s.b"},
		{"DISCARD ALL", "discard:all set.reset_all"},
		{"DISCARD TEMP", "discard:temp"},
		{"CHECKPOINT", "admin.checkpoint"},
		{"LOAD 'x'", "admin.load:x"},
	};

	check_all(state, cases, QW_COUNT(cases), text_acts);
}

static void definitions(void **state)
{
	static const struct expected cases[] = {
		{"CREATE TABLE s.t (a int REFERENCES o, LIKE l) INHERITS (p)",
			"ddl.create:s.t ddl.alter:o select:l ddl.alter:p"},
		{"CREATE TEMP TABLE t (a int DEFAULT f())", "ddl.create:pg_temp.t call:f"},
		{"CREATE TABLE t AS TABLE u", "select:u ddl.create_as:t"},
		{"CREATE MATERIALIZED VIEW m AS SELECT f()", "call:f ddl.create_as:m select"},
		{"REFRESH MATERIALIZED VIEW m", "ddl.maintain:m"},
		{"CREATE VIEW v AS SELECT * FROM t", "ddl.create:v select:t"},
		{"CREATE OR REPLACE VIEW v AS SELECT 1", "ddl.create:v ddl.replace:v"},
		{"CREATE INDEX i ON s.t (f(a)) WHERE g(b)", "ddl.create:s.t call:f call:g"},
		{"CREATE OR REPLACE FUNCTION s.f() RETURNS int LANGUAGE sql AS 'x'",
			"ddl.create:s.f ddl.replace:s.f"},
		{"CREATE FUNCTION f() RETURNS int RETURN g((SELECT 1 FROM t))",
			"ddl.create:f call:g select:t"},
		{"CREATE PROCEDURE p() BEGIN ATOMIC DELETE FROM t; INSERT INTO u VALUES (1); END",
			"ddl.create:p delete:t insert:u"},
		{"CREATE RULE r AS ON UPDATE TO t DO ALSO (DELETE FROM u; INSERT INTO v VALUES "
		 "(1))",
			"ddl.create:t delete:u insert:v"},
		{"CREATE TRIGGER x AFTER INSERT ON s.t EXECUTE FUNCTION f()",
			"call:f ddl.create:s.t"},
		{"CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT * FROM u",
			"ddl.create:s ddl.create:t ddl.create:v select:u"},
		{"CREATE OPERATOR ### (PROCEDURE = f, LEFTARG = int)", "ddl.other:### call:f"},
		{"CREATE AGGREGATE a (int) (SFUNC = 'f', STYPE = int)", "ddl.create:a call:f"},
		{"CREATE AGGREGATE a (text, bool) (SFUNC = pg_catalog.set_config, STYPE = text)",
			"ddl.create:a call:pg_catalog.set_config set.pinned"},
		{"CREATE CAST (a AS b) WITH FUNCTION s.f(a)", "ddl.other call:s.f"},
		{"CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()", "ddl.other:e call:f"},
		{"CREATE EXTENSION dblink", "ddl.other:dblink"},
		{"CREATE POLICY p ON s.t USING (f(a))", "ddl.other:s.t call:f"},
		{"ALTER TABLE t ADD a int", "ddl.alter:t"},
		{"ALTER TABLE t DROP a", "ddl.alter_drop:t"},
		{"ALTER TABLE t DROP CONSTRAINT a", "ddl.alter_drop:t"},
		{"ALTER TABLE t ALTER a TYPE int USING f(a)", "ddl.alter_drop:t call:f"},
		{"ALTER TABLE t ALTER a DROP DEFAULT", "ddl.alter_drop:t"},
		{"ALTER TABLE t ALTER a SET DEFAULT 1", "ddl.alter:t"},
		{"ALTER TABLE t DISABLE ROW LEVEL SECURITY", "ddl.alter_drop:t"},
		{"ALTER TABLE t DETACH PARTITION s.p", "ddl.alter_drop:t ddl.alter_drop:s.p"},
		{"ALTER TABLE t ATTACH PARTITION p DEFAULT", "ddl.alter:t ddl.alter:p"},
		{"ALTER TABLE t INHERIT p", "ddl.alter:t ddl.alter:p"},
		{"ALTER TABLE t OWNER TO x", "ddl.grant:t"},
		{"ALTER TABLE t RENAME ssn TO x", "ddl.rename:t"},
		{"ALTER TABLE t SET SCHEMA s", "ddl.rename:t"},
		{"ALTER FUNCTION f(int) OWNER TO x", "ddl.grant:f"},
		{"DROP TABLE a.b.c, d", "ddl.drop:b.c ddl.drop:d"},
		{"DROP FUNCTION s.f(int), g", "ddl.drop:s.f ddl.drop:g"},
		{"DROP TRIGGER x ON s.t", "ddl.drop:s.t"},
		{"DROP SCHEMA a CASCADE", "ddl.drop:a"},
		{"DROP OPERATOR CLASS c USING btree", "ddl.drop:c"},
		{"DROP ROLE a", "ddl.drop:a ddl.role:a"},
		{"DROP DATABASE d", "ddl.drop:d"},
		{"DROP OWNED BY x", "ddl.drop"},
		{"TRUNCATE a, ONLY s.b", "truncate:a truncate:s.b"},
		{"GRANT SELECT ON a, s.b TO x", "ddl.grant:a ddl.grant:s.b"},
		{"GRANT ALL ON ALL TABLES IN SCHEMA s TO x", "ddl.grant:s"},
		{"REVOKE a FROM b", "ddl.grant:a"},
		{"CREATE USER u", "ddl.role:u"},
		{"COMMENT ON COLUMN s.t.c IS 'x'", "ddl.comment:s.t"},
		{"COMMENT ON TABLE s.t IS 'x'", "ddl.comment:s.t"},
		{"SECURITY LABEL ON TABLE t IS 'x'", "ddl.comment:t"},
		{"VACUUM", "ddl.maintain"},
		{"ANALYZE s.t (a)", "ddl.maintain:s.t"},
		{"REINDEX SCHEMA s", "ddl.maintain:s"},
		{"CLUSTER t", "ddl.maintain:t"},
	};

	check_all(state, cases, QW_COUNT(cases), text_acts);
}

static void columns(void **state)
{
	static const struct expected cases[] = {
		{"SELECT a, t.b, s.t.c, d.s.t.e, *, t.*, s.t.* FROM t", "a t.b t.c t.e^ * t.*"},
		{"SELECT (c).ssn, (c.d).e, (c).*, (f()).g, a[1], (a[1]).b FROM c",
			"c.ssn^ c^ d.e^ c.d^ c.*^ g^ a b^"},
		{"SELECT c FROM customers c", "c"},
		{"TABLE t", "*"},
		{"SELECT count(*) FROM t", ""},
		{"SELECT 1 FROM a JOIN b USING (x, \"Y\")", "x Y"},
		{"SELECT 1 FROM a WHERE x = 1 GROUP BY y HAVING z > 1 ORDER BY w LIMIT v",
			"x y z w v"},
		{"INSERT INTO t (a, b) VALUES (1, 2)", ""},
		{"INSERT INTO t (a) VALUES (1) RETURNING b, *", "b *"},
		{"INSERT INTO t (a) VALUES (1) ON CONFLICT (ssn) DO UPDATE SET a = excluded.a "
		 "WHERE t.c = 1",
			"ssn excluded.a t.c"},
		{"INSERT INTO t VALUES (1) ON CONFLICT ON CONSTRAINT k DO NOTHING", "t.*"},
		{"UPDATE t SET a = b, arr[i] = 1 WHERE c = 1 RETURNING d", "b i c d"},
		{"COPY t (a, b) TO STDOUT", "t.a t.b"},
		{"COPY s.t TO STDOUT", "t.*"},
		{"COPY t (a) FROM STDIN", ""},
		{"CREATE INDEX ON t (a, f(b))", "a b"},
		{"CREATE STATISTICS s ON a, b FROM t", "a b"},
		{"ALTER TABLE t RENAME ssn TO x", "t.ssn"},
		{"ALTER TABLE t ALTER ssn TYPE text", "ssn"},
		{"ALTER TABLE t ADD UNIQUE (ssn)", "ssn"},
		{"SELECT 1 FROM t WINDOW w AS (PARTITION BY a ORDER BY b)", "a b"},
		{"SELECT \"U\", U&\"d\\0061t\", U&\"d!0061t\" UESCAPE '!' FROM t", "U dat"},
	};

	check_all(state, cases, QW_COUNT(cases), text_columns);
}

static void operators_and_types(void **state)
{
	static const struct expected cases[] = {
		{"SELECT 1", "|"},
		{"SELECT 1 + 2 + 3 OPERATOR(s.###) 4", "s.### + |"},
		{"SELECT 'x'::int, CAST('y' AS s.mood), date '2020-01-01'", "| int4 s.mood date"},
		{"SELECT a FROM t WHERE a IN (1, 2) AND b LIKE 'x' AND c IS DISTINCT FROM d", "= ~~ |"},
		{"SELECT a FROM t WHERE (a, b) < (1, 2) AND c @@@ ANY (SELECT 1)", "< @@@ |"},
		{"SELECT a FROM t ORDER BY a USING >>>", ">>> |"},
		{"SELECT -a, x.c FROM f() AS x (c s.evil, d text[])", "- | s.evil text"},
		{"SELECT 1 FROM (SELECT 1 ~> 2) x", "~> |"},
		{"SELECT 1 OPERATOR(pg_catalog.+) 2, a OPERATOR(app.=) b FROM t ORDER BY a USING OPERATOR(app.<), b", "+ app.= app.< |"},
		{"SELECT 'x'::pg_catalog.text, 'y'::app.int4, 1 FROM t WHERE a OPERATOR(app.=) ANY (SELECT 1)", "app.= | text app.int4"},
		{"UPDATE t SET a = b || 'x'::citext RETURNING !!c", "|| !! | citext"},
	};

	check_all(state, cases, QW_COUNT(cases), text_spelled);
}

static void relations(void **state)
{
	static const struct expected cases[] = {
		{"SELECT 1 FROM s.t AS a (x, y), t", "s.t(a)+renamed t"},
		{"SELECT 1 FROM a NATURAL JOIN (SELECT * FROM b) c", "a+natural b+natural"},
		{"SELECT 1 FROM a JOIN b ON true NATURAL JOIN c, d",
			"a+natural b+natural c+natural d"},
		{"SELECT 1 FROM (a CROSS JOIN b) AS j (x)", "a+renamed b+renamed"},
		{"SELECT 1 FROM a, a AS b, a", "a a(b)"},
		{"INSERT INTO t AS x SELECT 1 FROM u", "t(x)+written u"},
		{"UPDATE t SET a = 1 FROM t AS u", "t+written t(u)"},
		{"DELETE FROM t WHERE EXISTS (SELECT 1 FROM t)", "t+written"},
		{"SELECT 1 INTO x FROM y", "x+written y"},
		{"WITH a AS (SELECT 1) SELECT 1 FROM a", ""},
		{"COPY t TO STDOUT", "t"},
		{"COPY t FROM STDIN", "t+written"},
	};

	check_all(state, cases, QW_COUNT(cases), text_relations);
}

static void named_things(void **state)
{
	static const struct {
		const char *sql, *name;
		enum qw_named_op op;
		bool with_hold, binary;
	} cases[] = {
		{"PREPARE \"P\" AS SELECT 1", "P", QW_NAMED_PREPARE, false, false},
		{"EXECUTE p", "p", QW_NAMED_EXECUTE, false, false},
		{"EXPLAIN EXECUTE p", "p", QW_NAMED_EXECUTE, false, false},
		{"CREATE TABLE t AS EXECUTE p", "p", QW_NAMED_EXECUTE, false, false},
		{"DEALLOCATE p", "p", QW_NAMED_DEALLOCATE, false, false},
		{"DEALLOCATE ALL", NULL, QW_NAMED_DEALLOCATE, false, false},
		{"DISCARD ALL", NULL, QW_NAMED_DEALLOCATE, false, false},
		{"DECLARE c BINARY CURSOR WITH HOLD FOR SELECT 1", "c", QW_NAMED_DECLARE, true,
			true},
		{"DECLARE c CURSOR FOR SELECT 1", "c", QW_NAMED_DECLARE, false, false},
		{"EXPLAIN DECLARE c BINARY CURSOR WITH HOLD FOR SELECT 1", NULL, QW_NAMED_NONE,
			false, false},
		{"FETCH c", "c", QW_NAMED_FETCH, false, false},
		{"CLOSE c", "c", QW_NAMED_CLOSE, false, false},
		{"CLOSE ALL", NULL, QW_NAMED_CLOSE, false, false},
		{"SELECT 1", NULL, QW_NAMED_NONE, false, false},
	};

	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		const struct qw_statement *s = parse_one(*state, cases[i].sql);

		assert_int_equal(s->named_op, cases[i].op);
		assert_int_equal(s->with_hold, cases[i].with_hold);
		assert_int_equal(s->binary_cursor, cases[i].binary);
		assert_int_equal(s->named != NULL, cases[i].name != NULL);
		if (s->named)
			assert_string_equal(s->named, cases[i].name);
	}
}

static void what_writes(void **state)
{
	static const struct {
		const char *sql;
		bool writes, is_ddl, explains;
	} cases[] = {
		{"SELECT * FROM t", false, false, false},
		{"SELECT count(*), lower(x), pg_catalog.now() FROM t", false, false, false},
		{"SELECT my_function()", true, false, false},
		{"SELECT evil.lower('x')", true, false, false},
		{"SELECT nextval('s')", true, false, false},
		{"INSERT INTO t VALUES (1)", true, false, false},
		{"PREPARE p AS DELETE FROM t", true, false, false},
		{"EXPLAIN SELECT 1", false, false, true},
		{"EXPLAIN ANALYZE DELETE FROM t", true, false, true},
		{"CREATE TABLE t (a int)", true, true, false},
		{"VACUUM", true, true, false},
		{"SELECT 1 INTO t", true, true, false},
		{"SET x.y = 1", false, false, false},
		{"COMMIT", false, false, false},
		{"DO ''", true, false, false},
	};

	for (size_t i = 0; i < QW_COUNT(cases); i++) {
		const struct qw_statement *s = parse_one(*state, cases[i].sql);

		if (s->writes != cases[i].writes || s->is_ddl != cases[i].is_ddl ||
			s->explains != cases[i].explains)
			fail_msg("%s: writes %d, ddl %d, explains %d", cases[i].sql, s->writes,
				s->is_ddl, s->explains);
	}
}

/* The server cuts identifiers at 63 bytes, between characters; so must we, or a long name would
 * slip past its rule. */
static void long_names_are_cut(void **state)
{
	char x63[64], sql[256];
	const struct qw_statement *s;

	memset(x63, 'x', 63);
	x63[63] = '\0';
	(void)snprintf(sql, sizeof(sql), "DELETE FROM %syyy", x63);
	assert_string_equal(parse_one(*state, sql)->acts[0].name, x63);

	x63[62] = '\0';
	(void)snprintf(sql, sizeof(sql), "DELETE FROM \"%s\xc3\xa4zz\"", x63);
	s = parse_one(*state, sql);
	assert_string_equal(s->acts[0].name, x63);
}

static void texts_are_parts(void **state)
{
	struct qw_statements s =
		parse(*state, " \n;; SELECT 1 ;\n\tDELETE FROM \"t;\" -- x\n ; /* y */ COMMIT ; ");

	assert_null(s.problem);
	assert_int_equal(s.count, 3);
	assert_true(qw_bytes_equal(s.list[0].text, QW_LIT("SELECT 1")) ||
		    qw_bytes_equal(s.list[0].text, QW_LIT(";; SELECT 1")));
	assert_true(qw_bytes_equal(s.list[1].text, QW_LIT("DELETE FROM \"t;\" -- x")));
	assert_string_equal(text_acts(*state, &s.list[1]), "delete:t;");
	assert_string_equal(text_acts(*state, &s.list[2]), "tx.commit");
}

/* Each part alone is the same statement: the session sends them one by one. */
static void parts_stand_alone(void **state)
{
	struct qw_statements s = parse(*state,
		"SELECT '\xc3\xa4\xe2\x82\xac', \"\xc3\x84\";DELETE FROM \"\xe2\x82\xac\"-- ;\n;"
		"CREATE RULE r AS ON INSERT TO t DO (DELETE FROM u; DELETE FROM v) ;;COPY t TO "
		"STDOUT;/**/SELECT $$;$$ -- ;");

	assert_null(s.problem);
	assert_int_equal(s.count, 5);
	assert_true(qw_bytes_equal(s.list[3].text, QW_LIT("COPY t TO STDOUT")) ||
		    qw_bytes_equal(s.list[3].text, QW_LIT(";COPY t TO STDOUT")));
	for (size_t i = 0; i < s.count; i++) {
		char *text = qw_arena_strdup(*state, s.list[i].text);

		assert_string_equal(
			text_acts(*state, parse_one(*state, text)), text_acts(*state, &s.list[i]));
		assert_string_equal(text_columns(*state, parse_one(*state, text)),
			text_columns(*state, &s.list[i]));
	}
}

static void nothing_is_nothing(void **state)
{
	static const char *const empty[] = {
		"", ";", " ;; ", "-- ping", "/* a /* b */ */", "\n\t\r\f"};

	for (size_t i = 0; i < QW_COUNT(empty); i++) {
		struct qw_statements s = parse(*state, empty[i]);

		assert_null(s.problem);
		assert_int_equal(s.count, 0);
	}
}

static void selfcheck_holds(void **state)
{
	(void)state;
	assert_int_equal(sqlparse_postgres_selfcheck(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queries),
		cmocka_unit_test(scopes),
		cmocka_unit_test(settings),
		cmocka_unit_test(sessions),
		cmocka_unit_test(definitions),
		cmocka_unit_test(columns),
		cmocka_unit_test(relations),
		cmocka_unit_test(operators_and_types),
		cmocka_unit_test(named_things),
		cmocka_unit_test(what_writes),
		cmocka_unit_test(long_names_are_cut),
		cmocka_unit_test(texts_are_parts),
		cmocka_unit_test(parts_stand_alone),
		cmocka_unit_test(nothing_is_nothing),
		cmocka_unit_test(selfcheck_holds),
	};

	return cmocka_run_group_tests(tests, arena_new, arena_free);
}
