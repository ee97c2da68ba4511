#!/usr/bin/python3
"""A Query is carried as Parse, Bind, Describe and Execute when the server has to show its tree: the client must see what it sees direct.

Every script runs straight and through the gateway, each in a fresh database; messages are compared one by one.
`--major N` for another server; words choose scripts.
"""
import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "attacks"))

from attackworld import World  # noqa: E402
from checks import run_tests  # noqa: E402
from raw import connect, fields, query  # noqa: E402

MORE = """
CREATE TABLE parent (id int PRIMARY KEY, t text);
CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED, n int CHECK (n < 100));
CREATE TABLE ruled (id int, t text);
CREATE TABLE log (what text);
CREATE FUNCTION says(text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RAISE NOTICE 'heard %', $1; RETURN $1; END $$;
CREATE FUNCTION says_early(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'planned %', $1; RETURN $1; END $$;
CREATE FUNCTION quiet(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'select $1 + 1';
CREATE FUNCTION many(int) RETURNS SETOF int LANGUAGE sql AS 'select generate_series(1, $1)';
CREATE FUNCTION fails(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF $1 > 2 THEN RAISE EXCEPTION 'no more' USING ERRCODE = 'P0042'; END IF; RETURN $1; END $$;
CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'at commit'; RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON log DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION at_commit();
INSERT INTO parent SELECT i, 'p' || i FROM generate_series(1, 5) i;
CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO log VALUES (says('from a rule'));
CREATE RULE instead AS ON UPDATE TO ruled DO INSTEAD NOTHING;
CREATE VIEW shown AS SELECT id, upper(t) AS t FROM parent;
"""

SCRIPTS = {
    "reads": ["select quiet(1)", "select id, t, quiet(id) from shown order by id", "select * from many(3)", "select from parent", "table shown",
              "select quiet(id) from parent where false", "values (quiet(1), 'x'), (2, null)", "select many(2), says('x')"],
    "writes": ["insert into parent values (10, says('ten')) returning *", "insert into parent select quiet(20), 'x'",
               "update parent set t = says(t) where id < 3", "update parent set t = says('u') where id = 4 returning id, t",
               "insert into parent values (quiet(0), 'again') on conflict (id) do update set t = excluded.t",
               "with w as (insert into parent values (quiet(40), 'w') returning id) select id from w", "delete from child where id = quiet(1)",
               "merge into parent p using (select quiet(1) as id) s on p.id = s.id when matched then update set t = 'merged'"],
    "errors": ["select quiet(1) / 0", "select quiet(id) / (id - 2) from parent order by id", "select fails(id) from parent order by id",
               "insert into parent values (quiet(0), 'twice')", "insert into child values (1, 1, quiet(500))", "select nosuch from shown",
               "select quiet(", "select quiet('x')", "select quiet(1), $1", "select quiet(nosuch)", "select 1 / quiet(-1)", "select quiet(1)"],
    "commit": ["insert into child values (quiet(1), 99, 1)", "select count(*) from child", "insert into log values (says('late'))",
               "insert into child values (quiet(1), 1, 1)", "begin", "insert into child values (quiet(5), 77, 1) returning id", "commit",
               "select id, quiet(id) from child"],
    "notices": ["select says('a'), says('b')", "select says_early(7)", "select id from parent where id = says_early(2)", "set client_min_messages = warning",
                "select says('unheard'), current_setting('client_min_messages')", "show client_min_messages"],
    "rules": ["insert into ruled values (quiet(1), 'x')", "update ruled set t = says('x')", "select * from ruled"],
    "blocks": ["begin", "insert into parent values (quiet(50), 'x')", "savepoint a", "select fails(3)", "select quiet(1)", "rollback to a",
               "select quiet(51), current_setting('client_min_messages'), current_setting('debug_print_rewritten')", "insert into parent values (quiet(60), 'x')",
               "commit", "select id from parent where id > quiet(5)", "begin isolation level serializable", "select quiet(1)", "rollback",
               "begin; select quiet(1); commit", "begin isolation level serializable; select quiet(1); end"],
    "several": ["select quiet(1); select quiet(2)", "insert into parent values (quiet(70), 'x'); select 1/0", "select id from parent where id = quiet(70)",
                "insert into parent values (quiet(80), 'x'); select id from parent where id = quiet(80); update parent set t = says('y') where id = 81",
                "; ;select quiet(3);", "select quiet(1); select fails(3); select quiet(2)", "begin; insert into parent values (quiet(90), 'z'); rollback",
                "select id from parent where id > quiet(60)"],
    "wrapped": ["explain (costs off) select quiet(id) from shown", "prepare p(int) as select quiet($1), says('p')", "execute p(4)", "execute p(5)",
                "deallocate p", "begin", "declare c cursor for select quiet(id) from parent order by id", "fetch 2 from c", "fetch all from c", "close c",
                "commit", "copy (select quiet(id) from parent order by id) to stdout"],
}

def policy(p):
    p["rules"] = [{"name": "everything", "effect": "allow", "verbs": ["*"]}]
    for role in p["roles"]:
        role["unreviewed_code"] = "allow"
    p.pop("limits", None)
    p.pop("detectors", None)


def comparable(kind, body):
    """An error's text may be withheld: its SQLSTATE is not. Positions, too, are part of an error's text."""
    if kind == b"E":
        return kind, fields(body).get("C")
    if kind == b"N":
        return kind, fields(body).get("C"), fields(body).get("S")
    if kind == b"T":
        return kind, body[:2], re.findall(rb"([^\0]+)\0.{18}", body[2:], re.DOTALL)
    return kind, body


def conversation(say, script):
    return [[comparable(k, b) for k, b in say(text) if k not in (b"S", b"A")] for text in script]


def straight(world, script):
    with world.attack() as a:
        a.admin("SET ROLE app", *statements())
        with world.straight(a.database) as w:
            return conversation(lambda text: [(k.encode(), b) for k, b in w.query(text)], script)


def through(world, script):
    with world.attack(gateway=world.gateway_with("carried", policy)) as a:
        a.admin("SET ROLE app", *statements())
        client = connect(a.gateway, token=world.token, database=a.database)

        def say(text):
            client.send(query(text))
            return client.until(b"Z")
        try:
            return conversation(say, script)
        finally:
            client.close()


def statements():
    return [line for line in MORE.split(";\n") if line.strip()]


def same(name):
    def test(world):
        script = SCRIPTS[name]
        wanted, got = straight(world, script), through(world, script)
        for text, w, g in zip(script, wanted, got):
            assert w == g, f"{text}\n  direct:  {w}\n  gateway: {g}"
    return test


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--major", type=int)
    p.add_argument("names", nargs="*")
    options = p.parse_args()
    world = World(major=options.major)
    try:
        return run_tests({f"test_{name}": same(name) for name in SCRIPTS if not options.names or name in options.names}, world)
    finally:
        world.close()


if __name__ == "__main__":
    sys.exit(main())
