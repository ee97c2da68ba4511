#!/usr/bin/python3
"""Limits, freezes and taint, as a client of a real server meets them; and attempts to get around each."""
import pathlib
import sys
import threading
import time

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from checks import run_tests  # noqa: E402
from env import Env, wait_for  # noqa: E402
from raw import FLUSH, SYNC, Gone, Raw, bind, connect as opened, describe, errors, execute, message, parse, query, rows, show  # noqa: E402

# time limit: 240

POLICY = """version: 1
roles:
""" + "".join(f"  - {{name: {r}, match: {{sub: '*'}}, databases: ['*']}}\n" for r in (
    "agent", "reader", "bytes", "writer", "slow", "few", "often", "calls", "guess", "careful", "plain", "frozen", "both")) + """
rules:
  - {name: everything, effect: allow, verbs: ["*"]}
  - {name: no-write-in-block, effect: deny, roles: [frozen], verbs: [insert], when: [in_transaction]}
masks:
  - {name: email, roles: [agent, careful, guess, both], columns: [public.customers.email], mask: redact, allow: {equality: {per_minute: 3}}}
limits:
  - {name: r, roles: [reader, both], rows_returned: 100}
  - {name: b, roles: [bytes], bytes_returned: 20000}
  - {name: w, roles: [writer, both], rows_affected: 5}
  - {name: s, roles: [slow], statement_s: 1}
  - {name: f, roles: [few], sessions: 2}
  - {name: o, roles: [often], statements_per_minute: 6}
  - {name: c, roles: [calls], call_rows: 1000, call_bytes: 1000}
freezes:
  - {name: year-end, roles: [frozen], from: 2020-01-01T00:00Z, verbs: [delete]}
  - {name: later, roles: [frozen], from: 2099-01-01T00:00Z, verbs: [update]}
untrusted:
  - {name: strangers, roles: [careful, plain], columns: [public.scratch.t], message: Open a new session.}
"""


def raw(env, user):
    return opened(env.gateway, user)


def ask(c, *messages):
    c.send(*messages)
    return c.until(b"Z")


def ready(answer):
    assert answer[-1][0] == b"Z", show(answer)
    return answer[-1][1].decode()


def refused(answer, rule, sqlstate=None):
    found = errors(answer)
    assert found and f'"{rule}"' in found[0]["M"] and len(found) == 1, show(answer[-12:])
    assert sqlstate in (None, found[0]["C"]), show(answer[-12:])
    assert found[0].get("D") and found[0].get("H"), found
    return found[0]


def good(answer, n=None):
    assert not errors(answer), show(answer[-12:])
    assert n is None or len(rows(answer)) == n, (len(rows(answer)), show(answer[-6:]))


def extended(sql, limit=0, values=()):
    return parse("", sql), bind("", "", values), describe(b"P", ""), execute("", limit), SYNC


def count(env, table="scratch"):
    return int(env.postgres.sql(f"SELECT count(*) FROM {table}", "shop"))


SERIES = "SELECT i, repeat('x', 50) FROM generate_series(1, {}) i"


# ---- rows and bytes ----
def test_rows_returned(env):
    for send in (lambda s: [query(s)], lambda s: extended(s)):
        c = raw(env, "reader")
        good(ask(c, *send(SERIES.format(100))), 100)
        for n in (101, 5000, 2000000):
            a = ask(c, *send(SERIES.format(n)))
            refused(a, "limit.rows_returned", "54000")
            assert len(rows(a)) == 100 and ready(a) == "I", len(rows(a))
        good(ask(c, *send("SELECT 1")), 1)
        for n in (101, 2000000):  # in a transaction, it is failed
            good(ask(c, query("BEGIN")))
            a = ask(c, *send(SERIES.format(n)))
            refused(a, "limit.rows_returned")
            assert ready(a) == "E" and len(rows(a)) == 100
            assert errors(ask(c, query("SELECT 1")))[0]["C"] == "25P02"
            good(ask(c, query("ROLLBACK")))
        good(ask(c, query("SELECT 1")), 1)


def test_rows_returned_over_cursors_and_portals(env):
    c = raw(env, "reader")
    good(ask(c, query("BEGIN")))
    good(ask(c, query(f"DECLARE c CURSOR FOR {SERIES.format(1000)}")))
    good(ask(c, query("FETCH 60 FROM c")), 60)
    good(ask(c, *extended("FETCH 40 FROM c")), 40)
    a = ask(c, query("FETCH 1 FROM c"))
    refused(a, "limit.rows_returned")
    assert not rows(a) and ready(a) == "E", show(a)
    good(ask(c, query("ROLLBACK")))
    good(ask(c, query("BEGIN")))
    good(ask(c, parse("s", SERIES.format(1000)), bind("p", "s"), execute("p", 60), SYNC), 60)
    good(ask(c, execute("p", 40), SYNC), 40)
    a = ask(c, execute("p", 40), SYNC)
    refused(a, "limit.rows_returned")
    assert not rows(a) and ready(a) == "E", show(a)
    good(ask(c, query("ROLLBACK")))
    good(ask(c, query("BEGIN")))  # one after the other in one pipeline
    a = ask(c, parse("s2", SERIES.format(1000)), bind("q", "s2"), *[execute("q", 30)] * 5, SYNC)
    refused(a, "limit.rows_returned")
    assert len(rows(a)) == 100 and ready(a) == "E", show(a[-3:])
    good(ask(c, query("ROLLBACK")))


def test_rows_returned_of_copy_and_of_many_statements(env):
    c = raw(env, "reader")
    a = ask(c, query(f"COPY ({SERIES.format(5000)}) TO STDOUT"))
    refused(a, "limit.rows_returned")
    assert sum(k == b"d" for k, _ in a) == 100, len(a)
    good(ask(c, query(f"COPY ({SERIES.format(100)}) TO STDOUT")))
    good(ask(c, query(";".join([SERIES.format(100)] * 3))), 300)  # each is a statement
    a = ask(c, query(f"{SERIES.format(100)};{SERIES.format(101)};SELECT 1;COPY (SELECT 1) TO STDOUT"))
    refused(a, "limit.rows_returned")
    assert len(rows(a)) == 200 and ready(a) == "I", show(a[-3:])
    good(ask(c, query("SELECT 1")), 1)


def test_nothing_of_the_failed_pipeline_stays(env):
    c, before = raw(env, "reader"), count(env)
    for tail in ((SYNC,), (FLUSH, SYNC)):
        a = ask(c, parse("", "INSERT INTO scratch VALUES (901, 'x')"), bind("", ""), execute(),
                parse("", SERIES.format(101)), bind("", ""), execute(),
                parse("", "INSERT INTO scratch VALUES (902, 'x')"), bind("", ""), execute(), *tail)
        refused(a, "limit.rows_returned")
        assert ready(a) == "I" and count(env) == before, show(a[-3:])
    a = ask(c, query(f"INSERT INTO scratch VALUES (903, 'x'); {SERIES.format(101)}; INSERT INTO scratch VALUES (904, 'x')"))
    refused(a, "limit.rows_returned")
    assert ready(a) == "I" and count(env) == before
    a = ask(c, query("INSERT INTO scratch SELECT i, 'x' FROM generate_series(1000, 1500) i RETURNING id"))
    refused(a, "limit.rows_returned")
    assert len(rows(a)) == 100 and ready(a) == "I" and count(env) == before
    a = ask(c, *extended("INSERT INTO scratch SELECT i, 'x' FROM generate_series(1000, 1500) i RETURNING id"))
    refused(a, "limit.rows_returned")
    assert ready(a) == "I" and count(env) == before
    for text in ("BEGIN; INSERT INTO scratch VALUES (905, 'x'); COMMIT", "INSERT INTO scratch VALUES (906, 'x'); COMMIT; SELECT 1"):
        refused(ask(c, query(text)), "limit.rows_affected")
    a = ask(c, parse("", SERIES.format(101)), bind("", ""), execute(), parse("", "COMMIT"), bind("", ""), execute(), SYNC)
    refused(a, "limit.rows_returned")
    good(ask(c, query("SELECT 1")), 1)
    # two pipelines at once: the second is nobody's victim
    c.send(*extended(SERIES.format(500000)), *extended("SELECT 7"))
    refused(c.until(b"Z"), "limit.rows_returned")
    good(c.until(b"Z"), 1)


def test_bytes_returned(env):
    for send in (lambda s: [query(s)], lambda s: extended(s)):
        c = raw(env, "bytes")
        good(ask(c, *send(SERIES.format(200))), 200)
        for sql in (SERIES.format(100000), "SELECT repeat('x', 30000)", "SELECT repeat('x', 9000) FROM generate_series(1, 3)"):
            a = ask(c, *send(sql))
            refused(a, "limit.bytes_returned", "54000")
            assert sum(len(body) + 5 for kind, body in a if kind == b"D") <= 20000 and ready(a) == "I"
        a = ask(c, *send("SELECT repeat('x', 200000000)"))
        refused(a, "limit.bytes_returned")
        assert not rows(a)
    a = ask(c, query("COPY (SELECT repeat('x', 5000) FROM generate_series(1, 9)) TO STDOUT"))
    refused(a, "limit.bytes_returned")
    good(ask(c, query("SELECT 1")), 1)


# ---- rows written ----
def test_rows_affected(env):
    insert = "INSERT INTO scratch SELECT i, 'x' FROM generate_series(2001, {}) i"
    for send in (lambda s: [query(s)], lambda s: extended(s)):
        c, before = raw(env, "writer"), count(env)
        a = ask(c, *send(insert.format(2006)))
        refused(a, "limit.rows_affected", "54000")
        assert ready(a) == "I" and count(env) == before, show(a)
        a = ask(c, *send(insert.format(2005)))
        good(a)
        assert ready(a) == "I" and count(env) == before + 5
        a = ask(c, *send("DELETE FROM scratch"))
        refused(a, "limit.rows_affected")
        assert count(env) == before + 5
        good(ask(c, query("BEGIN")))
        good(ask(c, *send("UPDATE scratch SET t = 'y' WHERE id = 2001")))
        a = ask(c, *send("UPDATE scratch SET t = 'y'"))
        refused(a, "limit.rows_affected")
        assert ready(a) == "E"
        good(ask(c, query("COMMIT")))
        assert env.postgres.sql("SELECT count(*) FROM scratch WHERE t = 'y'", "shop") == "0"
        good(ask(c, *send("DELETE FROM scratch WHERE id > 2000")))


def test_rows_affected_hidden(env):
    c, before = raw(env, "writer"), count(env, "orders")
    good(ask(c, query("PREPARE d AS DELETE FROM orders")))
    for sql in ("WITH d AS (DELETE FROM orders RETURNING 1) SELECT count(*) FROM d", "EXPLAIN ANALYZE DELETE FROM orders",
                "WITH d AS (DELETE FROM orders RETURNING id) INSERT INTO scratch SELECT 5000, 'x' FROM d LIMIT 1",
                "EXPLAIN (ANALYZE) EXECUTE d", "SELECT 1; DELETE FROM orders", "DELETE FROM orders; SELECT 1", "EXECUTE d",
                "BEGIN; DELETE FROM orders; COMMIT", "DELETE FROM orders; COMMIT", "COPY (DELETE FROM orders RETURNING id) TO STDOUT",
                "TRUNCATE orders CASCADE", "CREATE TABLE copied AS SELECT * FROM orders", "SELECT * INTO copied FROM orders"):
        a = ask(c, query(sql))
        refused(a, "limit.rows_affected")
        assert count(env, "orders") == before, sql
    assert env.postgres.sql("SELECT to_regclass('copied') IS NULL", "shop") == "t"
    good(ask(c, query("BEGIN")))
    for text in ("DELETE FROM orders; SAVEPOINT s", "DELETE FROM orders; PREPARE TRANSACTION 'x'", "TRUNCATE orders"):
        refused(ask(c, query(text)), "limit.rows_affected")
        good(ask(c, query("ROLLBACK; BEGIN")))
    a = ask(c, *[m for s in ("DELETE FROM orders", "SAVEPOINT s") for m in (parse("", s), bind("", ""), execute())], SYNC)
    refused(a, "limit.rows_affected")
    assert errors(ask(c, query("ROLLBACK TO s")))
    good(ask(c, query("ROLLBACK")))
    a = ask(c, query("BEGIN; DELETE FROM orders"))
    refused(a, "limit.rows_affected")
    assert ready(a) == "E"
    good(ask(c, query("ROLLBACK")))
    # a row limit of Execute must not hide the count
    for n in (1, 3):
        a = ask(c, *extended("DELETE FROM orders RETURNING id", n))
        refused(a, "limit.rows_affected")
        assert count(env, "orders") == before and ready(a) == "I", show(a)
    a = ask(c, *extended("UPDATE orders SET status = status WHERE id < 4 RETURNING id", 1))
    good(a, 1)
    assert any(k == b"s" for k, _ in a), show(a)
    good(ask(c, query("BEGIN")))
    good(ask(c, parse("u", "UPDATE orders SET status = status WHERE id < 4 RETURNING id"), bind("pu", "u"), execute("pu", 1), SYNC), 1)
    a = ask(c, execute("pu", 1), SYNC)
    assert "was not kept" in errors(a)[0]["M"] and ready(a) == "E", show(a)
    good(ask(c, query("ROLLBACK")))
    # in a pipeline: the COMMIT waits
    a = ask(c, *[m for sql in ("BEGIN", "DELETE FROM orders", "COMMIT") for m in (parse("", sql), bind("", ""), execute())], SYNC)
    refused(a, "limit.rows_affected")
    assert count(env, "orders") == before
    ask(c, query("ROLLBACK"))


def test_rows_affected_of_copy(env):
    with psycopg2.connect(env.dsn("writer")) as c, c.cursor() as q:
        import io
        try:
            q.copy_expert("COPY scratch FROM STDIN", io.StringIO("".join(f"{i}\tx\n" for i in range(3000, 3010))))
            raise AssertionError("not refused")
        except psycopg2.Error as e:
            assert "limit.rows_affected" in str(e), e
    before = count(env)
    c = raw(env, "writer")
    c.send(query("COPY scratch FROM STDIN"))
    c.until(b"G")
    a = ask(c, *[message(b"d", b"%d\tx\n" % i) for i in range(3000, 3010)], message(b"c"))
    refused(a, "limit.rows_affected")
    assert ready(a) == "I" and count(env) == before
    c.send(query("COPY scratch FROM STDIN"))
    c.until(b"G")
    a = ask(c, message(b"d", b"3000\tx\n"), message(b"c"))
    good(a)
    assert ready(a) == "I" and count(env) == before + 1
    good(ask(c, query("DELETE FROM scratch WHERE id = 3000")))


def test_carried_statements_fail_as_ever(env):
    c, before = raw(env, "writer"), count(env)
    for sql in ("INSERT INTO scratch VALUES (1, 'dup')", "INSERT INTO scratch VALUES (777, 'x'); SELECT 1/0", "INSERT INTO nowhere VALUES (1)"):
        a = ask(c, query(sql))
        assert len(errors(a)) == 1 and ready(a) == "I" and count(env) == before, show(a)
    env.postgres.sql("CREATE TABLE def (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); ALTER TABLE def OWNER TO app", "shop")
    a = ask(c, query("INSERT INTO def VALUES (1), (1)"))
    assert errors(a)[0]["C"] == "23505" and ready(a) == "I" and count(env, "def") == 0, show(a)
    good(ask(c, query("SET application_name = 'kept'; INSERT INTO def VALUES (1)")))
    assert rows(ask(c, query("SHOW application_name"))) == [[b"kept"]]
    good(ask(c, query("VACUUM def")))
    good(ask(c, query("CREATE INDEX CONCURRENTLY i ON def (id)")))
    good(ask(c, query("INSERT INTO def VALUES (2)")))
    assert count(env, "def") == 2


# ---- time ----
def test_statement_s(env):
    for send in (lambda s: [query(s)], lambda s: extended(s)):
        c, begun = raw(env, "slow"), time.monotonic()
        a = ask(c, *send("SELECT pg_sleep(30)"))
        e = refused(a, "limit.statement_s", "57014")
        assert 0.9 < time.monotonic() - begun < 10 and ready(a) == "I" and "1 seconds" in e["M"], e
        good(ask(c, *send("SELECT 1")), 1)
        good(ask(c, query("BEGIN")))
        a = ask(c, *send("SELECT pg_sleep(30)"))
        refused(a, "limit.statement_s")
        assert ready(a) == "E"
        good(ask(c, query("ROLLBACK")))
        one = [m for _ in range(3) for m in (parse("", "SELECT pg_sleep(0.6)"), bind("", ""), execute())]
        good(ask(c, *one, SYNC), 3)  # each for itself
    good(ask(c, query("BEGIN")))  # a cursor is one statement
    good(ask(c, query("DECLARE c CURSOR FOR SELECT pg_sleep(0.4) FROM generate_series(1, 50)")))
    good(ask(c, query("FETCH 1 FROM c")), 1)
    good(ask(c, query("FETCH 1 FROM c")), 1)
    refused(ask(c, query("FETCH 3 FROM c")), "limit.statement_s")
    good(ask(c, query("ROLLBACK")))
    c.send(*extended("SELECT pg_sleep(30)"), *extended("SELECT 5"))
    refused(c.until(b"Z"), "limit.statement_s")
    good(c.until(b"Z"), 1)


def test_statement_s_of_a_client_that_does_not_read(env):
    c = Raw(env.gateway.port, env.gateway.authority.certificate, receive_buffer=4096).login("slow", env.token("slow"))
    c.send(query("SELECT i, repeat('x', 1000), pg_sleep(0.0001) FROM generate_series(1, 2000000) i"))
    time.sleep(3)
    refused(c.until(b"Z"), "limit.statement_s")


# ---- principals ----
def test_sessions(env):
    token = env.token("few")
    first = [opened(env.gateway, "few", token) for _ in range(2)]
    try:
        opened(env.gateway, "few", token)
        raise AssertionError("a third session")
    except Gone as e:
        assert "limit.sessions" in str(e), e
    opened(env.gateway, "reader").socket.close()
    first[0].send(message(b"X"))
    first[0].socket.close()

    def again():
        try:
            return opened(env.gateway, "few", token)
        except Gone:
            return None
    assert wait_for("room for a session", again)


def test_statements_per_minute(env):
    token = env.token("often")
    a, b = opened(env.gateway, "often", token), opened(env.gateway, "often", token)
    good(ask(a, query("SELECT 1; SELECT 2; SELECT 3")))
    good(ask(b, *extended("SELECT 1")))
    good(ask(a, query("")))
    good(ask(b, query("SELECT 1")))
    for c in (a, b):
        e = refused(ask(c, query("SELECT 1")), "limit.statements_per_minute", "53400")
        assert "seconds" in e["D"], e
        refused(ask(c, *extended("SELECT 1")), "limit.statements_per_minute")
    refused(ask(a, query("SELECT 1;" * 7)), "limit.statements_per_minute")


def test_equality_rate(env):
    token = env.token("guess")
    a, b = opened(env.gateway, "guess", token), opened(env.gateway, "guess", token)
    sql = "SELECT name FROM customers WHERE email = '{}'"
    good(ask(a, query(sql.format("alice.moore@example.com"))), 1)
    good(ask(b, parse("", "SELECT name FROM customers WHERE email = $1"), bind("", "", [b"x"]), execute(), SYNC), 0)
    good(ask(a, query("SELECT name FROM customers WHERE id = 1")), 1)
    good(ask(b, query(sql.format("y"))), 0)
    refused(ask(a, query(sql.format("z"))), "limit.equality", "53400")
    refused(ask(b, parse("", "SELECT name FROM customers WHERE email = $1"), bind("", "", [b"x"]), execute(), SYNC), "limit.equality")
    good(ask(a, query("SELECT name FROM customers WHERE id = 1")), 1)


def test_calls(env):
    c = raw(env, "calls")
    good(ask(c, query("SELECT count(*) FROM generate_series(1, 1000)")), 1)
    good(ask(c, query("SELECT length(repeat('x', 1000))")), 1)
    for sql, rule in (("SELECT count(*) FROM generate_series(1, 1001)", "call_rows"),
                      ("SELECT generate_series(1, 10000000000)", "call_rows"),
                      ("SELECT generate_series(1::bigint, 5000)", "call_rows"),
                      ("SELECT generate_series(0, 1e9)", "call_rows"),
                      ("SELECT generate_series(5000, 1, -1)", "call_rows"),
                      ("SELECT pg_catalog.generate_series(1, 5000)", "call_rows"),
                      ("INSERT INTO scratch SELECT i, 'x' FROM generate_series(10000, 99999) i", "call_rows"),
                      ("SELECT length(repeat('ab', 501))", "call_bytes"), ("SELECT rpad('x', 5000)", "call_bytes"),
                      ("SELECT lpad('x', 100000, 'y')", "call_bytes")):
        for messages in ([query(sql)], extended(sql)):
            a = ask(c, *messages)
            refused(a, f"limit.{rule}", "54000")
            assert ready(a) == "I" and not rows(a)
    good(ask(c, query("BEGIN")))
    assert ready(ask(c, query("SELECT generate_series(1, 5000)"))) == "E"


# ---- moments ----
def test_freeze(env):
    c = raw(env, "frozen")
    for messages in ([query("DELETE FROM scratch WHERE id = -1")], extended("DELETE FROM scratch WHERE id = -1")):
        assert '"year-end"' in errors(ask(c, *messages))[0]["M"]
        good(ask(c, query("UPDATE scratch SET t = t WHERE id = -1")))
    assert '"year-end"' in errors(ask(c, query("PREPARE d AS DELETE FROM scratch; EXECUTE d")))[0]["M"]
    good(ask(c, query("INSERT INTO scratch VALUES (4001, 'x')")))
    for sql in ("BEGIN; INSERT INTO scratch VALUES (4002, 'x')",):
        assert '"no-write-in-block"' in errors(ask(c, query(sql)))[0]["M"]
    a = ask(c, *[m for s in ("BEGIN", "INSERT INTO scratch VALUES (4003, 'x')", "COMMIT") for m in (parse("", s), bind("", ""), execute())], SYNC)
    assert '"no-write-in-block"' in errors(a)[0]["M"], show(a)
    ask(c, query("ROLLBACK"))
    good(ask(c, query("BEGIN")))
    assert '"no-write-in-block"' in errors(ask(c, query("INSERT INTO scratch VALUES (4004, 'x')")))[0]["M"]
    env.postgres.sql("DELETE FROM scratch WHERE id > 4000", "shop")


def test_taint(env):
    secret = "SELECT email FROM customers WHERE id = 1"
    for sql in ("SELECT t FROM scratch", "SELECT * FROM said", "TABLE public.scratch", "DECLARE c CURSOR WITH HOLD FOR SELECT t FROM scratch",
                "UPDATE scratch SET t = t WHERE id = 1 RETURNING t", "COPY scratch TO STDOUT"):
        for messages in ([query(sql)], extended(sql)):
            c = raw(env, "careful")
            good(ask(c, query(secret)), 1)
            good(ask(c, query("INSERT INTO scratch VALUES (5001, 'x')")))
            good(ask(c, query(secret)), 1)
            good(ask(c, *messages))
            env.postgres.sql("DELETE FROM scratch WHERE id = 5001", "shop")
            for again in ([query(secret)], extended(secret), [query("SELECT name FROM customers WHERE email = 'x'")],
                          [query("SELECT count(email) FROM customers")], [query("NOTIFY x, 'y'")], [query("DO $$BEGIN END$$")]):
                e = errors(ask(c, *again))
                assert e and '"strangers"' in e[0]["M"] and e[0]["D"].startswith("Open a new session."), (sql, e)
            good(ask(c, query("SELECT name FROM customers WHERE id = 1")), 1)
    c = raw(env, "plain")  # a role without masks
    good(ask(c, query("NOTIFY x, 'y'")))
    good(ask(c, query("SELECT * FROM said")))
    assert '"strangers"' in errors(ask(c, query("NOTIFY x, 'y'")))[0]["M"]


def test_taint_outlives_a_reload(env):
    c = raw(env, "careful")
    good(ask(c, query("SELECT t FROM scratch")))
    revision = env.gateway.logged().count("policy.loaded")
    env.gateway.set_policy(POLICY + "\n# another revision\n")
    env.gateway.reload()
    time.sleep(1)
    assert '"strangers"' in errors(ask(c, query("SELECT email FROM customers WHERE id = 1")))[0]["M"], revision
    assert "session.tainted" in env.gateway.logged()


def test_both_limits_and_many_threads(env):
    failures = []

    def work():
        try:
            c = raw(env, "both")
            for _ in range(15):
                a = ask(c, query(SERIES.format(3000)))
                refused(a, "limit.rows_returned")
                refused(ask(c, query("DELETE FROM orders")), "limit.rows_affected")
                good(ask(c, *extended("SELECT 1")), 1)
        except Exception as e:
            failures.append(e)
    threads = [threading.Thread(target=work) for _ in range(6)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not failures, failures[0]
    assert count(env, "orders") == 10


def test_the_record_tells(env):
    c = raw(env, "reader")
    refused(ask(c, query(SERIES.format(777))), "limit.rows_returned")
    c.send(message(b"X"))
    c.socket.close()

    def told():
        for s in [r.split()[0] for r in env.run("sessions").splitlines()[1:]]:
            out = env.run("replay", s, "--transcript")
            if SERIES.format(777) in out:
                return out
    assert "limit.rows_returned" in wait_for("the record", told)


with Env(gateway=False) as world:
    world.postgres.sql("CREATE VIEW said AS SELECT t FROM scratch; ALTER VIEW said OWNER TO app", "shop")
    world.add_gateway("gateway", POLICY)
    status = run_tests(globals(), world)
sys.exit(status)
