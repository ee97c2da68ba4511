#!/usr/bin/python3
"""What a mask or a detector showed is not written back: by constants, parameters, prepared statements, in every form of the value."""
import pathlib
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from checks import run_tests  # noqa: E402
from env import Env  # noqa: E402
from raw import SYNC, bind, connect, errors, execute, parse, query, rows, show  # noqa: E402

MORE = """
CREATE TABLE people (id int PRIMARY KEY, name text, ssn text, email text, card text, code uuid, tags text[], doc jsonb, bin bytea, born date, secret char(6),
    note text DEFAULT 'x', zero text);
INSERT INTO people SELECT i, 'n' || i, '078-05-112' || i, 'a' || i || '@stone.example', '411111111111111' || i, gen_random_uuid(), '{a,b}', '{"a": 1}',
    '\\x0102', '1980-02-03', 'abcdef' FROM generate_series(1, 5) i;
CREATE VIEW v_people AS SELECT id, ssn AS tax FROM people;
GRANT ALL ON people, v_people TO app;
CREATE TABLE births (id int, customer_id int, born date, seen date); INSERT INTO births VALUES (1, 7, '1980-01-01', '1980-01-11'), (2, 8, '1980-01-01', NULL);
CREATE VIEW v_births AS SELECT customer_id AS c, born AS b, seen AS s FROM births;
GRANT ALL ON births, v_births TO app;
"""
POLICY = """version: 1
roles:
  - {name: agent, match: {sub: "*"}, databases: ["*"], unreviewed_code: allow}
rules:
  - {name: everything, effect: allow, verbs: ["*"]}
masks:
  - {name: identity, columns: ["public.people.ssn", "public.people.secret"], mask: redact}
  - {name: contact, columns: ["public.people.email", "public.people.tags", "public.people.doc", "public.people.bin", "public.people.code"], mask: hash}
  - {name: mail, columns: ["public.customers.email"], mask: email, allow: {equality: {per_minute: 30}}}
  - {name: payment, columns: ["public.people.card"], mask: partial, keep_last: 4}
  - {name: nothing, columns: ["public.people.zero"], mask: constant, value: hidden}
  - {name: dates, columns: ["public.births.born", "public.births.seen"], mask: date_shift, days: 300, subject: customer_id, domain: births}
detectors:
  - {name: content, all: mask}
"""


def ask(c, sql, values=None, types=(), formats=()):
    if values is None:
        return c.ask(query(sql))
    return c.ask(parse("", sql, types), bind("", "", values, formats), execute(), SYNC)


def refused_by(answer, rule):
    found = errors(answer)
    assert found and f'"{rule}"' in found[0]["M"] and found[0]["C"] == "42501" and found[0].get("H"), show(answer)


def passes(answer):
    assert not errors(answer), show(answer)


def shown(c, column):
    return rows(c.ask(query(f"SELECT {column} FROM people WHERE id = 1")))[0][0].decode()


def test_what_was_shown_is_not_written(env):
    with connect(env.gateway) as c:
        for column in ("ssn", "email", "card", "code", "tags", "doc", "bin", "zero"):
            value = shown(c, column) if column != "zero" else "hidden"
            for sql in (f"UPDATE people SET {column} = '{value}' WHERE id = 1", f"UPDATE people SET name = 'x', {column} = $a${value}$a$",
                        f"INSERT INTO people (id, {column}) VALUES (50, '{value}')", f"INSERT INTO people (id, {column}) SELECT 51, '{value}'",
                        f"INSERT INTO people (id, {column}) VALUES (1, '{value}') ON CONFLICT (id) DO UPDATE SET {column} = excluded.{column}",
                        f"WITH w AS (UPDATE people SET {column} = '{value}' RETURNING id) SELECT count(*) FROM w",
                        f"PREPARE p AS UPDATE people SET {column} = '{value}'", f"EXPLAIN ANALYZE UPDATE people SET {column} = '{value}'",
                        f"SELECT 1; UPDATE people SET {column} = '{value}'",
                        f"MERGE INTO people t USING (SELECT 1 AS i) s ON t.id = s.i WHEN MATCHED THEN UPDATE SET {column} = '{value}'"):
                refused_by(ask(c, sql), "flow.masked_value")
                if ";" not in sql:
                    refused_by(ask(c, sql, ()), "flow.masked_value")
            for sql in (f"UPDATE people SET {column} = $1 WHERE id = 1", f"INSERT INTO people (id, {column}) VALUES (50, $1)"):
                refused_by(ask(c, sql, (value.encode(),)), "flow.masked_value")
            ask(c, f"PREPARE q AS UPDATE people SET {column} = $1 WHERE id = 1")
            refused_by(ask(c, f"EXECUTE q ('{value}')"), "flow.masked_value")
            ask(c, "DEALLOCATE q")
    assert env.postgres.sql("SELECT count(*) FROM people WHERE ssn = '***' OR email LIKE 'tok%' OR id > 5", "shop").strip() == "0"


def test_forms_of_it(env):
    with connect(env.gateway) as c:
        token, code = shown(c, "email"), uuid.UUID(shown(c, "code"))
        refused_by(ask(c, "UPDATE people SET code = $1", (code.bytes,), (2950,), (1,)), "flow.masked_value")
        refused_by(ask(c, "UPDATE people SET code = $1", (code.bytes,), (), (1,)), "flow.masked_value")
        refused_by(ask(c, "UPDATE people SET email = $1", (token.encode(),), (25,), (1,)), "flow.masked_value")
        refused_by(ask(c, "UPDATE people SET name = $1, email = $2", (b"x", token.encode()), (), (0, 1)), "flow.masked_value")
        refused_by(ask(c, f"UPDATE people SET email = 'mailto:{token}, new'"), "flow.masked_value")
        refused_by(ask(c, f"UPDATE people SET email = lower('{token}')"), "flow.masked_value")
        refused_by(ask(c, f"UPDATE people SET email = E'\\x74' || '{token}'"), "flow.masked_value")
        refused_by(ask(c, "UPDATE people SET ssn = U&'\\002a**'"), "flow.masked_value")
        refused_by(ask(c, "UPDATE people SET secret = '***'"), "flow.masked_value")
        refused_by(ask(c, "UPDATE v_people SET tax = '***'"), "flow.masked_value")
        refused_by(ask(c, f"UPDATE people SET tags = ARRAY['a', '{token}']"), "flow.masked_value")
        refused_by(ask(c, f"UPDATE people SET doc = jsonb_build_object('e', '{token}')"), "flow.masked_value")
        refused_by(ask(c, "UPDATE people SET ssn = q.x FROM (VALUES ('***')) q(x)"), "flow.masked_value")
        mail = rows(c.ask(query("SELECT email FROM customers WHERE id = 2")))[0][0].decode()
        refused_by(ask(c, f"UPDATE customers SET email = '{mail}' WHERE id = 3"), "flow.masked_value")


def test_what_may_be_written(env):
    with connect(env.gateway) as c:
        token = shown(c, "email")
        for sql, values in ((f"UPDATE people SET name = '{token}' WHERE id = 5", None), ("UPDATE people SET name = '***' WHERE id = 5", None),
                            ("UPDATE people SET ssn = '123-45-6789' WHERE id = 5", None), ("UPDATE people SET ssn = NULL WHERE id = 5", None),
                            ("UPDATE people SET ssn = $1, email = $2 WHERE id = 5", (b"1", None)),
                            ("UPDATE people SET name = $1 WHERE id = 5", (token.encode(),)), ("UPDATE people SET card = '4111' WHERE id = 5", None),
                            ("INSERT INTO people (id, ssn, card, tags) VALUES (60, '', '**** 4', '{}')", None),
                            ("SELECT id FROM people WHERE name = '***'", None), ("DELETE FROM people WHERE name = '***' AND id = 60", None)):
            passes(ask(c, sql, values))


def test_placeholders(env):
    with connect(env.gateway) as c:
        for sql, values in (("UPDATE people SET note = 'mail to [email]' WHERE id = 2", None), ("INSERT INTO scratch VALUES (90, '[card]')", None),
                            ("INSERT INTO scratch VALUES (90, $1)", (b"see [github-token]",)), ("INSERT INTO orders (status) VALUES ('*email*')", None)):
            answer = ask(c, sql, values)
            if "*email*" not in sql:
                refused_by(answer, "detect.placeholder")
        ask(c, "PREPARE w AS INSERT INTO scratch VALUES (91, $1)")
        refused_by(ask(c, "EXECUTE w ('[iban]')"), "detect.placeholder")
        passes(ask(c, "EXECUTE w ('[1] a [list]')"))
        passes(ask(c, "SELECT '[email]'"))
        passes(ask(c, "DELETE FROM scratch WHERE id = 91"))


def test_dates_keep_their_distance(env):
    """date_shift with a subject: one offset for one customer; never that of another row."""
    import datetime

    def day(b):
        return datetime.date.fromisoformat(b.decode())
    with connect(env.gateway) as c:
        for sql in ("SELECT born, seen, customer_id FROM births WHERE id = 1", "SELECT customer_id AS a, seen AS s, born AS b FROM births WHERE id = 1",
                    "SELECT b, s, c FROM v_births WHERE c = 7", "SELECT q.* FROM (SELECT born, seen, customer_id FROM births ORDER BY id) q LIMIT 1"):
            for r in (rows(ask(c, sql))[0], rows(ask(c, sql, ()))[0]):
                a, b = sorted(day(x) for x in r if len(x) == 10)
                assert b - a == datetime.timedelta(10) and a != datetime.date(1980, 1, 1), (sql, r)
        want = rows(ask(c, "SELECT born, customer_id FROM births WHERE id = 1"))[0][0]
        assert rows(ask(c, "SELECT born, customer_id FROM births WHERE id = 1", ()))[0][0] == want
        for sql in ("SELECT born FROM births WHERE id = 1", "SELECT born, id FROM births WHERE id = 1",
                    "SELECT a.born, b.customer_id FROM births a, births b", "SELECT a.born, b.customer_id FROM births a JOIN births b ON a.id <> b.id",
                    "WITH q AS (SELECT * FROM births) SELECT a.born, b.customer_id FROM q a, q b",
                    "SELECT a.b, b.customer_id FROM v_births a, births b", "SELECT b.born, g AS customer_id FROM births b, generate_series(1, 50) g",
                    "SELECT b.born, customer_id + 1 AS customer_id FROM births b",
                    "SELECT b.born, o.customer_id FROM births b, orders o",
                    "SELECT x.born, x.customer_id FROM (SELECT a.born, b.customer_id FROM births a CROSS JOIN births b) x"):
            for answer in (ask(c, sql), ask(c, sql, ())):
                got = rows(answer)
                assert errors(answer) or (got and all(r[0] is None for r in got)), (sql, show(answer))


def main():
    with Env(policy=POLICY, gateway=False) as env:
        env.postgres.sql(MORE, "shop")
        env.add_gateway("gateway", POLICY)
        return run_tests(globals(), env)


if __name__ == "__main__":
    sys.exit(main())
