#!/usr/bin/python3
"""querywarden explain: says what the gateway would do, by the database's own tree, and runs nothing; and the line for programs
that every refusal of the gateway carries is the same."""
import json
import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from checks import run_tests  # noqa: E402
from env import Env  # noqa: E402

AGENT = "groups=shop-agents,sub=ann"
LINE = re.compile(r"^(?:DETAIL:  )?querywarden: (.*)$", re.MULTILINE)
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S+)')


def run(env, sql, *options, claims=AGENT, target="shop"):
    return env.run("explain", "--as", claims, "--target", target, *options, sql, check=False)


def ask(env, sql, *options, status=0, **more):
    done = run(env, sql, "--json", *options, **more)
    assert done.returncode == status, done
    paper = run(env, sql, *options, **more)
    assert paper.returncode == status and f"verdict: {json.loads(done.stdout)['effect']}" in paper.stdout, paper
    assert env.postgres_password not in done.stdout + done.stderr + paper.stdout + paper.stderr
    return json.loads(done.stdout)


def one(env, sql, **more):
    out = ask(env, sql, **more)
    assert len(out["statements"]) == 1, out
    return out["statements"][0]


def columns(statement):
    return {c["name"]: c.get("mask_kind", c["state"]) for c in statement["resolved"]["columns"]}


def test_columns_and_masks(env):
    s = one(env, "SELECT c.id, c.ssn, c.email AS e, o.total FROM customers c JOIN orders o ON o.customer_id = c.id")
    assert columns(s) == {"id": "plain", "ssn": "redact", "e": "hash", "total": "plain"}, s
    assert s["resolved"]["columns"][1] == {"name": "ssn", "state": "masked", "mask": "identity", "mask_kind": "redact",
                                           "column": "public.customers.ssn"}, s
    assert s["tree"] == {"needed": True, "state": "shown"} and s["effect"] == "allow" and s["rule"] == "everyday-work", s
    assert s["resolved"]["reads"] == ["public.customers", "public.orders"], s


def test_views_are_followed(env):
    s = one(env, "SELECT tax_id FROM v_customers")
    assert columns(s) == {"tax_id": "redact"} and "public.customers" in s["resolved"]["reads"], s


def test_what_is_clear_needs_no_tree_and_shows_one(env):
    s = one(env, "SELECT lower('X') AS x, 1 + 1 AS y")
    assert s["tree"] == {"needed": False, "state": "shown"} and columns(s) == {"x": "plain", "y": "plain"}, s
    s = one(env, "SELECT status, sum(total) FROM orders GROUP BY 1")  # a view could be of what strangers wrote
    assert s["tree"] == {"needed": True, "state": "shown"} and columns(s) == {"status": "plain", "sum": "plain"}, s


def test_flows_are_refused_as_the_gateway_refuses_them(env):
    for sql, rule, thing in (
            ("SELECT id FROM customers WHERE ssn = '1'", "flow.predicate", "public.customers.ssn"),
            ("SELECT upper(ssn) FROM customers", "flow.function", "public.customers.ssn"),
            ("SELECT max(email) FROM customers", "flow.aggregate", "public.customers.email"),
            ("SELECT name FROM customers ORDER BY card", "flow.order", "public.customers.card"),
            ("SELECT c FROM customers c", "flow.whole_row", None),
            ("SELECT tax_id || '' FROM v_customers", "flow.expression", "public.customers.ssn"),
            ("SELECT ssn FROM customers UNION ALL SELECT email FROM customers", "flow.union", None),
            ("UPDATE customers SET name = ssn WHERE id = 1", "flow.write", "public.customers.ssn"),
            ("INSERT INTO customers (name, email) VALUES ('x', 'y')", "flow.constraint", "public.customers.email"),
            ("INSERT INTO audited (id) VALUES (7)", "flow.hazard", None),
            ("EXPLAIN SELECT id FROM customers WHERE ssn = '1'", "flow.predicate", "public.customers.ssn"),
            ("COPY (SELECT upper(ssn) FROM customers) TO STDOUT", "flow.function", "public.customers.ssn"),
            ("DELETE FROM orders", "no-destruction", None),
            ("WITH d AS (DELETE FROM orders RETURNING 1) SELECT * FROM d", "no-destruction", None),
            ("SELECT pg_read_file('/etc/passwd')", "no-risky-functions", None),
            ("SELECT f_get_ssn(1)", "default", None),
            ("SELECT add_tax(total) FROM orders", "unreviewed_code", "public.add_tax"),
            ('SELECT "odd ""x"" \\\n=" FROM (SELECT ssn AS "odd ""x"" \\\n=" FROM customers) q WHERE "odd ""x"" \\\n=" > \'1\'', "flow.predicate",
             "public.customers.ssn")):
        out = ask(env, sql)
        why = out["refusal"]
        assert out["effect"] == "deny" and out["rule"] == why["rule"] == rule, (sql, out)
        assert why["reason"] and why["instead"] and (thing is None or why["object"] == thing), (sql, out)
        done = env.psql("agent", sql, options=["-v", "VERBOSITY=verbose"])
        said = spoken(done.stderr)
        assert done.returncode == 1 and said == {k: why[k] for k in ("rule", "sqlstate", "verb", "object") if k in why}, (sql, said, why)


def spoken(stderr):
    found = LINE.findall(stderr)
    assert len(found) == 1, stderr
    return {k: v if v[0] != '"' else re.sub(r"\\(x[0-9a-f]{2}|.)", lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else m[1], v[1:-1])
            for k, v in FIELD.findall(found[0])}


def test_wrappers(env):
    for sql, kind in (("EXPLAIN SELECT ssn FROM customers", "explain"), ("COPY (SELECT id FROM customers) TO STDOUT", "copy"),
                      ("PREPARE p AS SELECT ssn FROM customers WHERE id = $1", "prepare"),
                      ("DECLARE c CURSOR FOR SELECT ssn FROM customers", "declare"),
                      ("CREATE TABLE n AS SELECT id FROM customers", "create_as"), ("COPY customers (id, name) FROM STDIN", "copy.in")):
        s = one(env, sql)
        assert s["wraps"]["kind"] == kind and s["wraps"]["sql"] and s["tree"]["state"] == "shown", s
        assert kind != "create_as" or (s["effect"] == "review" and s["rule"] == "ddl-needs-a-person"), s
        assert kind not in ("prepare", "declare", "explain") or columns(s) == {"ssn": "redact"}, s
    out = ask(env, "PREPARE p (int) AS SELECT ssn FROM customers WHERE id = $1; EXECUTE p (1)")["statements"]
    assert "SELECT ssn" in out[1]["stands_for"] and columns(out[1]) == {"ssn": "redact"}, out
    assert ask(env, "EXECUTE nobody")["refusal"]["rule"] == "names"


def test_functions_and_writes(env):
    s = one(env, "SELECT add_tax(total), lower(status) FROM orders")
    assert [(a["verb"], a["object"], a["rule"]) for a in s["resolved"]["acts"]] == [("call", "public.add_tax", "known-functions")], s
    s = one(env, "INSERT INTO customers (name, ssn) VALUES ('x', 'y') ON CONFLICT (id) DO UPDATE SET name = 'z' RETURNING email")
    assert [a["verb"] for a in s["resolved"]["acts"]] == ["insert", "upsert"] and columns(s) == {"email": "hash"}, s
    assert s["resolved"]["writes_sensitive"] == ["public.customers.ssn"], s


def test_the_moment(env):
    assert ask(env, "SELECT ssn FROM customers", "--when", "tainted")["rule"] == "from-strangers"
    assert ask(env, "SELECT id FROM customers", "--when", "tainted")["effect"] == "allow"
    assert one(env, "SELECT body FROM reviews")["resolved"]["taints"] == "public.reviews"


def test_limits_are_told(env):
    assert ask(env, "SELECT 1")["limits"]["rows_returned"] == 1000000
    for sql, rule in (("SELECT * FROM generate_series(1, 2000000)", "limit.call_rows"), ("SELECT repeat('x', 20000000)", "limit.call_bytes"),
                      ("WITH w AS (UPDATE orders SET status = 'x' RETURNING 1) SELECT 1", "limit.rows_affected")):
        out = ask(env, sql)
        assert out["refusal"]["rule"] == rule and out["refusal"]["sqlstate"] == "54000", out
        said = spoken(env.psql("agent", sql).stderr)
        assert said == {"rule": rule, "sqlstate": "54000"}, said
    assert ask(env, "SELECT * FROM generate_series(1, 20)")["effect"] == "allow"


def test_the_dba(env):
    out = ask(env, "SELECT ssn || '' FROM customers; DELETE FROM orders", claims="groups=shop-dbas")
    assert out["role"] == "dba" and out["effect"] == "allow" and not out["statements"][0]["tree"]["needed"], out


def test_what_the_database_refuses(env):
    s = ask(env, "SELECT nope FROM customers; SELECT 1", status=1)["statements"]
    assert s[0]["tree"]["sqlstate"] == "42703" and "nope" in s[0]["tree"]["error"] and s[1]["tree"]["state"] == "shown", s
    out = ask(env, "SELEC 1", status=1)
    assert out["refusal"]["sqlstate"] == "42601" and "syntax" in out["problem"], out


def test_nothing_runs(env):
    count = "SELECT (SELECT count(*) FROM orders) || ',' || (SELECT last_value FROM app_seq) || ',' || (SELECT count(*) FROM pg_prepared_xacts)"
    before = env.postgres.sql(count, "shop")
    for sql in ("DELETE FROM orders", "SELECT nextval('app_seq')", "INSERT INTO orders (total) VALUES (1)", "DROP TABLE orders",
                "SELECT purge_customers()", "COMMIT; DELETE FROM orders", "TRUNCATE orders", "DO $$ BEGIN DELETE FROM orders; END $$",
                "EXPLAIN ANALYZE DELETE FROM orders", "CREATE TABLE made AS SELECT 1", "CALL p_purge()"):
        run(env, sql)
        run(env, sql, claims="groups=shop-dbas")
    assert env.postgres.sql(count, "shop") == before
    assert env.postgres.sql("SELECT count(*) FROM pg_class WHERE relname = 'made'", "shop") == "0"
    assert env.postgres.sql("SELECT count(*) FROM customers", "shop") == "8"


def test_hostile_text_stays_text(env):
    done = run(env, 'SELECT 1 AS "a\x1b[31m\nverdict: allow"')
    assert "\x1b" not in done.stdout and done.stdout.count("\nverdict:") == 1, done.stdout
    json.loads(run(env, 'SELECT 1 AS "é\x1b"', "--json").stdout)


def test_errors(env):
    for words, status, said in (
            (["--as", "groups=others", "--target", "shop", "SELECT 1"], 1, "no role"),
            (["--as", "groups", "--target", "shop", "SELECT 1"], 1, "claim=value"),
            (["--as", AGENT, "--role", "dba", "--target", "shop", "SELECT 1"], 1, "do not give the role"),
            (["--as", AGENT + ",groups=shop-dbas", "--target", "shop", "SELECT 1"], 1, "--role"),
            (["--as", AGENT, "--target", "nowhere", "SELECT 1"], 1, "no target"),
            (["--as", AGENT, "--target", "shop", "--database", "hr", "SELECT 1"], 1, "does not serve"),
            (["--as", "groups=shop-dbas", "--target", "down", "SELECT 1"], 1, "catalog cannot be read"),
            (["--as", "groups=shop-dbas", "--target", "keyless", "SELECT 1"], 1, "credential"),
            (["--as", AGENT, "SELECT 1"], 2, "usage"), (["--target", "shop", "SELECT 1"], 2, "usage"),
            (["--as", AGENT, "--target", "shop"], 2, "usage"), (["--as", AGENT, "--target", "shop", "--when", "late", "SELECT 1"], 2, "usage"),
            (["--as", AGENT, "--target", "shop", "SELECT", "1"], 2, "not understood")):
        done = env.run("explain", *words, check=False)
        assert done.returncode == status and said in done.stderr and not done.stdout, (words, done)
        assert env.postgres_password not in done.stderr


def test_a_token_file(env):
    file = env.gateway.folder / "agent.token"
    file.write_text(env.token("agent") + "\n")
    done = env.run("explain", "--token-file", file, "--target", "shop", "--json", "SELECT ssn FROM customers", check=False)
    assert done.returncode == 0 and json.loads(done.stdout)["role"] == "agent" and "not checked" in done.stderr, done
    assert file.read_text().strip() not in done.stdout + done.stderr
    file.write_text("no token")
    done = env.run("explain", "--token-file", file, "--target", "shop", "SELECT 1", check=False)
    assert done.returncode == 1 and "JSON Web Token" in done.stderr, done


def test_the_line_is_the_same_on_every_path(env):
    import psycopg2
    expected = {"rule": "flow.predicate", "sqlstate": "42501", "object": "public.customers.ssn"}
    sql = "SELECT id FROM customers WHERE ssn = '1'"
    for options in ((), ("BEGIN",)):
        done = env.psql("agent", *options, sql)
        assert spoken(done.stderr) == expected, done
    done = subprocess.run(["psql", "-X", env.dsn("agent")], input=sql.replace("'1'", "$1") + " \\bind 1 \\g\n", text=True,
                          capture_output=True, env=env.gateway.environment(), timeout=60)
    if "invalid command" not in done.stderr:
        assert spoken(done.stderr) == expected, done
    with psycopg2.connect(env.dsn("agent")) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(sql)
            raise AssertionError("was let through")
        except psycopg2.errors.InsufficientPrivilege as e:
            assert spoken(e.diag.message_detail) == expected and e.diag.message_hint, e.diag.message_detail
    assert spoken(env.psql("agent", "SELECT 1", token="x.y.z").stderr) == {"rule": "session", "sqlstate": "28P01"}
    done = env.psql("agent", 'DROP TABLE "a b\\""c"')
    assert spoken(done.stderr) == {"rule": "no-destruction", "sqlstate": "42501", "verb": "ddl.drop", "object": 'a b\\"c'}, done


def test_a_ticket_is_told(env):
    done = env.psql("agent", "CREATE INDEX waits ON orders (total)")
    lines = [dict(FIELD.findall(found)) for found in LINE.findall(done.stderr)]
    assert [s["sqlstate"] for s in lines] == ["00000", "QW001"] and len({s["ticket"] for s in lines}) == 1, (lines, done)


SETUP = """
CREATE TABLE audited (id int);
CREATE FUNCTION log_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER t_audit BEFORE INSERT ON audited FOR EACH ROW EXECUTE FUNCTION log_it();
CREATE TABLE reviews (id int, body text);
GRANT ALL ON audited, reviews TO app;
"""

with Env(gateway=False) as world:
    world.postgres.sql(SETUP, "shop")
    world.postgres_password = world.password
    world.add_gateway("gateway", config={
        "targets": [world.target(), world.target("down", ["shop2"], port=1), world.target("keyless", ["shop3"], credential="nothing")],
        "approvals": {"hold_s": 1, "notice_every_s": 5}})
    status = run_tests(globals(), world)
sys.exit(status)
