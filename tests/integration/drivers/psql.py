"""psql: its own commands, variables, COPY, cursors by FETCH_COUNT, errors in transactions, notifications."""
import os
import re
import subprocess

SCRIPT = r"""
\set VERBOSITY verbose
\conninfo
CREATE TEMP TABLE t (id int PRIMARY KEY, v text, n numeric(10,2), at timestamptz);
INSERT INTO t SELECT i, 'row ' || i, i * 1.25, '2024-01-01 00:00+00'::timestamptz + i * interval '1 day' FROM generate_series(1, 250) i;
\d t
\dt
\df add_tax
\dn+ public
SELECT count(*), sum(n), min(at) FROM t; SELECT 1 AS a \; SELECT 2 AS b;
SELECT id, v FROM t WHERE id < 3 \gdesc
SELECT format('SELECT %s AS from_gexec', i) FROM generate_series(1, 3) i \gexec
SELECT id % 3 AS r, id % 2 AS c, count(*) FROM t GROUP BY 1, 2 \crosstabview
\set FETCH_COUNT 40
SELECT id, v FROM t ORDER BY id LIMIT 130;
\unset FETCH_COUNT
COPY t FROM stdin;
1000	copied	1.50	2024-02-02 00:00:00+00
1001	\N	\N	\N
\.
COPY (SELECT * FROM t WHERE id >= 1000 ORDER BY id) TO stdout (FORMAT csv, HEADER);
COPY t (id, v) FROM stdin (FORMAT csv);
2000,"with, comma"
not a number,x
\.
\set ON_ERROR_ROLLBACK on
BEGIN;
INSERT INTO t VALUES (1, 'twice');
SELECT 'still alive';
COMMIT;
\set ON_ERROR_ROLLBACK off
BEGIN;
SELECT 1 / 0;
SELECT 'not reached';
SELECT
COMMIT;
SAVEPOINT alone;
DO $$ BEGIN RAISE NOTICE 'a notice'; RAISE WARNING 'a warning' USING HINT = 'a hint'; END $$;
PREPARE p (int) AS SELECT v FROM t WHERE id = $1;
EXECUTE p (7);
EXECUTE nobody (7);
DEALLOCATE p;
BEGIN; DECLARE c CURSOR FOR SELECT id FROM t ORDER BY id; FETCH 2 FROM c; MOVE 3 IN c; FETCH c; CLOSE c; COMMIT;
SET search_path = pg_catalog; SHOW search_path; RESET search_path;
SET TIME ZONE 'Europe/Berlin'; SELECT at FROM t WHERE id = 1; SET datestyle = 'SQL, DMY'; SELECT at FROM t WHERE id = 1;
LISTEN here; NOTIFY here, 'payload'; SELECT 1;
SELECT pg_notify('here', 'second');
SELECT 'multi' UNION ALL SELECT 'line
text';
EXPLAIN (COSTS off) SELECT * FROM t WHERE id = 5;
SELECT NULL, '', '\x00ff'::bytea, '{1,NULL,3}'::int[], '{"k": [1, 2]}'::jsonb, row(1, 'two');

;;
SELECT repeat('x', 100000) = repeat('x', 100000), length(repeat('ä', 70000));
DISCARD ALL;
SELECT 'the end';
"""


def run(where, sql, *options):
    words = {"host": where["host"], "port": where["port"], "user": where["user"], "dbname": where["database"],
             "sslmode": "verify-full", "sslrootcert": where["ca"]}
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"PGPASSWORD": where["password"], "LANG": "C"}
    return subprocess.run(["psql", "-X", *options, " ".join(f"{k}={v}" for k, v in words.items())], input=sql, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, timeout=60)


def work(where):
    done = run(where, SCRIPT)
    out = re.sub(r"(?m)^You are connected.*$|^SSL connection.*$", "", done.stdout)
    return [done.returncode, *re.sub(r"process with PID \d+", "process with PID N", out).splitlines(), *done.stderr.splitlines()]


def masked(where):
    done = run(where, "SELECT id, name, email, ssn, phone, card FROM customers ORDER BY id", "-At", "-F", "\t", "-P", "null=(null)")
    assert done.returncode == 0, done
    rows = [[None if v == "(null)" else v for v in line.split("\t")] for line in done.stdout.splitlines()]
    return {"text": [[int(row[0]), *row[1:]] for row in rows]}
