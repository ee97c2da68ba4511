--- point_select!
SELECT a, b FROM t WHERE a = $1
--- select_one
SELECT 1
--- nothing
SELECT
--- aggregate_join!
SELECT t.b, count(*), sum(s.a) FROM t JOIN s ON s.a = t.a WHERE s.b LIKE 'x%' GROUP BY t.b HAVING count(*) > 1 ORDER BY 2 DESC LIMIT 10
--- grouped_expression!
SELECT a + 1, count(*) FILTER (WHERE b IS NOT NULL) FROM t GROUP BY a + 1
--- grouping_sets
SELECT b, a, GROUPING(a, b), sum(a) FROM t GROUP BY GROUPING SETS ((a, b), (a), ()), ROLLUP (b), CUBE (a)
--- group_distinct 14-
SELECT b FROM t GROUP BY DISTINCT ROLLUP (a, b), CUBE (a)
--- ordered_aggregates
SELECT count(DISTINCT b), string_agg(b, ',' ORDER BY a DESC), percentile_cont(0.5) WITHIN GROUP (ORDER BY a) FROM t
--- hypothetical
SELECT rank(3) WITHIN GROUP (ORDER BY a) FROM t
--- windows
SELECT sum(a) OVER w, rank() OVER (PARTITION BY b ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM t WINDOW w AS (ORDER BY a RANGE BETWEEN 2 PRECEDING AND UNBOUNDED FOLLOWING)
--- distinct_on
SELECT DISTINCT ON (a) a, b FROM t ORDER BY a, b DESC NULLS LAST
--- with_ties
SELECT a FROM t ORDER BY a OFFSET 2 FETCH FIRST 2 ROWS WITH TIES
--- set_operations
(SELECT a, b FROM t UNION SELECT a, b FROM s EXCEPT ALL SELECT 3, 'x') INTERSECT SELECT 5, NULL ORDER BY 1
--- union_all
SELECT a FROM t UNION ALL SELECT a FROM v
--- values
VALUES (1, 'x'), (2, NULL)
--- values_join
SELECT * FROM (VALUES (1, 'a')) v(x, y), t WHERE t.a = v.x
--- with!
WITH x AS MATERIALIZED (SELECT 1 a), y AS NOT MATERIALIZED (SELECT * FROM x) SELECT * FROM x, y
--- with_writes
WITH z AS (INSERT INTO t VALUES (5) RETURNING *), d AS (DELETE FROM s RETURNING a) SELECT * FROM z, d
--- recursive
WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r
--- search_cycle 14-
WITH RECURSIVE r(n, m) AS (SELECT 1, 2 UNION ALL SELECT n + 1, m FROM r WHERE n < 5) SEARCH DEPTH FIRST BY n SET o CYCLE m SET cy TO 'y' DEFAULT 'n' USING pa SELECT * FROM r
--- search_breadth 14-
WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SEARCH BREADTH FIRST BY n SET o SELECT * FROM r
--- joins
SELECT * FROM t NATURAL LEFT JOIN s
--- full_using!
SELECT * FROM t FULL JOIN s USING (a)
--- join_alias 14-
SELECT ju.a FROM t JOIN s USING (a) AS ju
--- aliased_join
SELECT j.* FROM (t CROSS JOIN s) AS j(a, b, c, d, e, f)
--- lateral!
SELECT * FROM t, LATERAL (SELECT * FROM s WHERE s.a = t.a) l
--- functions_from
SELECT * FROM generate_series(1, 3) WITH ORDINALITY g(i, o), ROWS FROM (generate_series(1, 2), unnest(ARRAY[1], ARRAY['x'])) rf
--- column_definitions
SELECT * FROM any_rows() AS (p int, q text COLLATE "C")
--- set_returning
SELECT rows_of(), (rows_of()).q, generate_series(1, a) FROM t
--- sampled
SELECT * FROM t TABLESAMPLE bernoulli(10) REPEATABLE (3)
--- view!
SELECT * FROM v
--- view_barrier!
SELECT * FROM v_barrier WHERE b LIKE 'x'
--- view_invoker 15-
SELECT * FROM v_invoker
--- row_security!
SET ROLE tree_reader; SELECT * FROM protected
--- row_security_insert
SET ROLE tree_reader; INSERT INTO protected VALUES (5)
--- row_security_update
SET ROLE tree_reader; UPDATE protected SET a = 6 RETURNING *
--- partitioned
SELECT tableoid, ctid, xmin, a FROM pt
--- only
SELECT a FROM ONLY t
--- virtual_column! 18-
SELECT * FROM virt WHERE b > 2
--- whole_row!
SELECT t, (t).b, row(t.*), row(1, 'a')::text FROM t
--- arrays
SELECT ARRAY[1, 2], ARRAY[[1], [2]], d[1], d[1:2], d[1:] FROM t
--- json_subscript 14-
SELECT c['a'] FROM t
--- case
SELECT CASE WHEN a = 1 THEN 'x' WHEN a = 2 THEN NULL ELSE b END, CASE a WHEN 1 THEN 2 END FROM t
--- conditions
SELECT coalesce(b, 'z'), nullif(a, 1), greatest(a, 2), least(a, 3), a IS NULL, (a > 1) IS NOT TRUE, a IS DISTINCT FROM 2 FROM t WHERE NOT (a = 1 OR a = 2 AND b = 'x')
--- rows_compared
SELECT (a, b) = (1, 'x'), (a, b) < (1, 'x'), row(a, b) IS NULL FROM t
--- sublinks!
SELECT EXISTS (SELECT 1 FROM s WHERE s.a = t.a), a IN (SELECT a FROM s), a > ALL (SELECT a FROM s), (SELECT max(a) FROM s), ARRAY(SELECT a FROM s) FROM t
--- row_sublinks
SELECT (a, b) IN (SELECT a, b FROM s), (a, b) = (SELECT 1, 'x') FROM t
--- any_array
SELECT a = ANY (d), a <> ALL (ARRAY[1, 2]), a IN (1, 2, 3) FROM t
--- constants
SELECT now() AT TIME ZONE 'utc', '1 day'::interval, 1.5::numeric, b'101', x'1F', 1e10::float8, '{1,2}'::int[], '(1,2)'::point, NULL::text, true, -1, 9223372036854775807, '\x00ff'::bytea, ''::text, 'x'::char
--- coercions
SELECT b::varchar(3), b COLLATE "C", d::text[], d::bigint[], a::text, a::dom, 3::dom, ('(1,a)'::comp).x, a::float8::int FROM t
--- row_coercion
SELECT (pt1.*)::pt FROM pt1
--- sql_values
SELECT current_date, current_timestamp(2), current_user, session_user, current_schema, localtime, current_catalog
--- xml
SELECT xmlelement(NAME "foo bar(){}", xmlattributes(a AS "x y", b), b), xmlforest(a, b AS "q<r"), xmlpi(NAME x, 'y') FROM t
--- xml_documents
SELECT xmlconcat('<a/>', '<b/>'), xmlroot('<a/>', version '1.0', standalone yes), xmlserialize(content '<a/>'::xml AS text), '<a/>'::xml IS DOCUMENT
--- xmltable
SELECT * FROM xmltable(xmlnamespaces('http://x' AS z), '/r' PASSING '<r/>' COLUMNS i FOR ORDINALITY, a int PATH '@a' DEFAULT 3 NOT NULL, b text)
--- json_constructors 16-
SELECT json_object('a': a, 'b': b ABSENT ON NULL WITH UNIQUE KEYS RETURNING jsonb), json_array(a, b NULL ON NULL), json_array(SELECT a FROM s) FROM t
--- json_aggregates 16-
SELECT json_objectagg(b: a WITH UNIQUE KEYS), json_arrayagg(a ORDER BY a RETURNING jsonb) FILTER (WHERE a > 0) FROM t
--- is_json 16-
SELECT b IS JSON, b IS NOT JSON OBJECT WITH UNIQUE KEYS FROM t
--- json_functions 17-
SELECT json(b), json_scalar(a), json_serialize(c RETURNING bytea) FROM t
--- json_query 17-
SELECT json_value(c, '$.a' RETURNING int DEFAULT 7 ON EMPTY ERROR ON ERROR), json_query(c, '$.b' WITH CONDITIONAL WRAPPER), json_exists(c, '$.c' PASSING a AS x UNKNOWN ON ERROR) FROM t
--- json_table 17-
SELECT * FROM t, json_table(t.c, '$[*]' AS root PASSING t.a AS x COLUMNS (id FOR ORDINALITY, a int PATH '$.a' DEFAULT 3 ON EMPTY ERROR ON ERROR, e boolean EXISTS PATH '$.x', NESTED PATH '$.n[*]' AS nn COLUMNS (z text PATH '$.z' OMIT QUOTES), NESTED PATH '$.m[*]' COLUMNS (y jsonb PATH '$'))) jt
--- named_arguments
SELECT f(1), f(1, 2, 3, 4), f(1, 2, VARIADIC ARRAY[1]), make_interval(days => 3), make_interval(1, hours => a) FROM t
--- attribute_function
SELECT b.lower FROM lower('X') b
--- locks
SELECT * FROM t FOR UPDATE OF t NOWAIT
--- lock_view
SELECT * FROM v FOR SHARE SKIP LOCKED
--- insert
INSERT INTO t(a, b) VALUES ($1, $2) RETURNING a
--- insert_rows
INSERT INTO t(a, b) VALUES (1, DEFAULT), (2, 'x') ON CONFLICT DO NOTHING
--- insert_select
INSERT INTO t SELECT a, b FROM s
--- insert_defaults
INSERT INTO ct DEFAULT VALUES
--- insert_overriding
INSERT INTO ct(i) OVERRIDING USER VALUE VALUES (1)
--- insert_fields
INSERT INTO ct(c.x, c.y) VALUES (1, 'b')
--- insert_domain
INSERT INTO ct(cd) VALUES (1), (2), (DEFAULT)
--- upsert!
INSERT INTO t VALUES (1, 'x') ON CONFLICT (a) DO UPDATE SET b = excluded.b || t.b WHERE t.a > 0 RETURNING t.*
--- upsert_constraint
INSERT INTO t VALUES (3, 'x') ON CONFLICT ON CONSTRAINT t_pkey DO UPDATE SET (b, c) = (SELECT 'q', NULL::jsonb)
--- insert_checked_view!
INSERT INTO v_checked VALUES (3)
--- update
UPDATE t SET b = 'y' FROM s WHERE s.a = t.a RETURNING t.b, s.b
--- update_row
UPDATE t SET (a, b) = (SELECT a, b FROM s LIMIT 1)
--- update_fields
UPDATE ct SET c.x = 5, ca[1].y = 'q', ca[2:3] = NULL
--- update_view!
UPDATE v SET b = 'z' RETURNING b
--- delete
DELETE FROM t USING s WHERE t.a = s.a
--- delete_view!
DELETE FROM v WHERE a = 1 RETURNING *
--- update_current
BEGIN; DECLARE cur CURSOR FOR SELECT * FROM t FOR UPDATE; UPDATE t SET b = 'x' WHERE CURRENT OF cur
--- returning_old_new! 18-
UPDATE t SET b = 'y' FROM s WHERE s.a = t.a RETURNING WITH (OLD AS o, NEW AS n) o.b, n.b, t.b, s.b, o
--- upsert_old_new! 18-
INSERT INTO t VALUES (1, 'x') ON CONFLICT (a) DO UPDATE SET b = excluded.b RETURNING old.a, new.a, old, *
--- delete_old_view! 18-
DELETE FROM v RETURNING old.*, new.b
--- virtual_returning! 18-
UPDATE virt SET a = 3 RETURNING old.b, new.b
--- rule_also!
INSERT INTO ruled VALUES (1, 'x')
--- rule_nothing!
DELETE FROM ruled
--- rule_instead!
UPDATE ruled SET b = 'x' WHERE a = 5
--- merge! 15-
MERGE INTO t USING s ON t.a = s.a WHEN MATCHED AND s.a > 1 THEN UPDATE SET b = s.b WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.a, s.b)
--- merge_nothing 15-
MERGE INTO t USING (SELECT 1 AS x) q ON t.a = q.x WHEN NOT MATCHED THEN DO NOTHING
--- merge_returning! 17-
MERGE INTO t USING s ON t.a = s.a WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED BY TARGET THEN INSERT (a) VALUES (s.a) RETURNING merge_action(), t.*, s.a
--- merge_view! 17-
MERGE INTO v USING s ON v.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b
--- merge_old_new! 18-
MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN UPDATE SET b = s.b RETURNING old.b, new.b
--- merge_row_security 15-
SET ROLE tree_reader; MERGE INTO protected USING s ON protected.a = s.a WHEN MATCHED THEN UPDATE SET b = 'x'
--- declare!
DECLARE "c 3(){}\" BINARY INSENSITIVE CURSOR WITH HOLD FOR SELECT * FROM v
--- utility -15
SET work_mem = 1000
--- notify
NOTIFY "ch an", 'pay(load'
--- catalog
SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE relname ~ 'x' AND relkind IN ('r', 'v') AND nspname <> 'pg_toast'
--- forty_sums
SELECT 1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+1+$1
--- names_like_labels!
SELECT ":alias <> :eref {ALIAS".a AS ":resno 5 :resname", b AS "}" FROM t AS ":alias <> :eref {ALIAS"(a, b, "<>", """")
--- names_like_brackets!
SELECT x."{QUERY" AS "<>", x.")" AS "\", x."(i 1)" AS "-1" FROM t AS x("{QUERY", ")", "(i 1)", "-1")
--- names_with_blanks!
SELECT a AS "Total Revenue of the Year", b AS "                                                    ", a AS " ", a AS "a	b", b AS "\ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \ \" FROM t
--- names_with_quotes!
SELECT a AS """", a AS """"" """, a AS "a ""b", a AS "+.5", a AS "+x", a AS "1x", a AS "é€😀 é€😀 é€😀", b AS "?" FROM t
--- names_with_line_feeds!
SELECT a AS "one
line", a AS "
" FROM t
