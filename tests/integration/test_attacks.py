#!/usr/bin/python3
"""An agent that wants the secrets, through the sample policy: each road was open once, or is the neighbour of one that was."""
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from checks import run_tests  # noqa: E402
from env import Env  # noqa: E402
from raw import (FLUSH, SYNC, Gone, bind, close, connect, describe, errors, execute, message, parse, query,  # noqa: E402
                 rows, show)

MORE = """
CREATE FUNCTION leak(orders) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM customers WHERE id = $1.customer_id';
CREATE FUNCTION wipe(customers) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM orders; RETURN 1; END $$;
CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_notify('news', row_to_json(old)::text); RETURN new; END $$;
CREATE TRIGGER tells BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION tells();
CREATE TABLE regions (code text PRIMARY KEY);
CREATE TABLE members (region text REFERENCES regions ON UPDATE CASCADE, ssn text, CHECK (region <> 'x'));
INSERT INTO regions VALUES ('eu'); INSERT INTO members VALUES ('eu', '078-05-1120');
GRANT ALL ON regions, members TO app;
CREATE TABLE visits (loud boolean);
CREATE FUNCTION shouts() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE secret text = (SELECT ssn FROM customers WHERE id = 1);
    BEGIN IF new.loud THEN RAISE '%', secret; END IF; RAISE NOTICE '%', secret; RETURN NULL; END $$;
CREATE TRIGGER shouts BEFORE INSERT ON visits FOR EACH ROW EXECUTE FUNCTION shouts();
GRANT ALL ON visits TO app;
"""
POLICY = (pathlib.Path(__file__).resolve().parents[2] / "docs/examples/policy.yaml").read_text().replace(
    '"public.customers.ssn"', '"public.customers.ssn", "public.members.ssn"')
# What was reviewed may still be wrong: triggers that tell secrets run here.
POLICY = POLICY.replace('"cursor.*", notify]', '"cursor.*", notify, listen]')
POLICY = POLICY.replace("  - name: agent\n", "  - name: agent\n    unreviewed_code: allow\n", 1)


def secrets(env):
    found = env.postgres.sql("SELECT email, ssn, phone, card FROM customers WHERE ssn IS NOT NULL", "shop")
    return [s for line in found.splitlines() for s in line.split("|")]


def state(env):
    return env.postgres.sql("SELECT count(*), (SELECT count(*) FROM customers), (SELECT string_agg(scratch::text, ',') FROM scratch)"
                            " FROM orders", "shop")


class Attacker:
    """Keeps all that came; at the end no secret may be in it, and nothing in the database may have changed."""

    def __init__(self, env):
        self.env, self.came, self.before = env, [], state(env)

    def __enter__(self):
        self.client = connect(self.env.gateway)
        self.client.socket.settimeout(15)
        return self

    def __call__(self, *messages):
        """A text is a Query. The answer up to ReadyForQuery, as text."""
        try:
            answer = self.client.ask(*(query(m) if isinstance(m, str) else m for m in messages))
        except (OSError, Gone) as e:
            answer = [(None, str(e).encode())]
        self.came += answer
        return show(answer)

    def __exit__(self, kind, *_):
        self.client.close()
        if kind:
            return
        everything = b"\n".join(body for _, body in self.came if body).decode(errors="replace")
        bare = re.sub(r"[^0-9a-z@.]", "", everything)
        for s in secrets(self.env):
            assert s not in everything and re.sub(r"[^0-9a-z@.]", "", s) not in bare, f"{s} left:\n{show(self.came)}"
        assert state(self.env) == self.before, f"the database has changed:\n{show(self.came)}"


def refused(answer):
    assert answer.startswith("E ") or " | E " in answer or "END" in answer, answer


DERIVED = "select ssn||'' from customers"


def test_copy_data_is_never_read_as_messages(env):
    evil = query("delete from orders") + query("insert into scratch select id + 500, ssn from customers")
    head = b"d" + (4 + 9 + len(evil)).to_bytes(4, "big")
    with Attacker(env) as a:  # the frame begins before COPY does
        a.client.send(query("copy scratch from stdin"), head + b"x" * 9)
        a.came += a.client.until(b"G")
        a.client.send(evil)
        refused(a(message(b"c")))
    with Attacker(env) as a:  # COPY fails in the middle of the frame
        bad = b"no number\tx\n" + b"y" * 200000
        head = b"d" + (4 + len(bad) + len(evil)).to_bytes(4, "big")
        a.client.send(query("copy scratch from stdin"))
        a.came += a.client.until(b"G")
        a.client.send(message(b"d", b"bad\tx\n" * 20000), head + bad)
        a.came += a.client.until(b"Z")
        a.client.send(evil)
        assert "[b'7']" in a("select 7")


def test_unnamed_statement_after_a_refused_query(env):
    with Attacker(env) as a:
        a(parse("", "select 1"), SYNC)
        refused(a(DERIVED))
        refused(a(bind("", ""), execute(), SYNC))


def test_names_that_the_server_cuts(env):
    long = "a" * 63
    with Attacker(env) as a:
        a(parse(long, "select 'x'::text"), SYNC)
        a(close(b"S", long + "y"), SYNC)
        a(parse(long + "y", DERIVED), SYNC)
        a(bind("", long), execute(), SYNC)
    for m in (parse(long + "y", "select 1"), bind("", long + "y"), bind(long + "y", ""), describe(b"S", long + "y"),
              describe(b"P", long + "y"), close(b"P", long + "y"), execute(long + "y")):
        with Attacker(env) as a:
            refused(a(m, SYNC))


def test_rows_of_a_cursor_make_no_names(env):
    with Attacker(env) as a:
        a("begin")
        a("prepare s1 as select 'x'::text; declare c cursor for select 1")
        a("deallocate s1")
        a("prepare s1 as " + DERIVED)
        a(execute("c"), SYNC)
        refused(a("execute s1"))


def test_portal_of_a_name_that_changes(env):
    for make, take in (("prepare s1 as select {}", "execute s1"), ("declare s1 cursor for select {}", "fetch all from s1")):
        undo = "deallocate s1" if "prepare" in make else "close s1"
        for first in ("'x'::text", "status from orders", "name from customers"):
            with Attacker(env) as a:
                a("begin")
                a(make.format(first))
                a(parse("", take), bind("p1", ""), describe(b"P", "p1"), SYNC)
                a(undo)
                a(make.format("ssn from customers"))
                refused(a(execute("p1"), SYNC))
        with Attacker(env) as a:  # the same text under another search_path
            a("begin")
            a(make.format("name from customers"))
            a(parse("", take), bind("p1", ""), SYNC)
            a("set search_path = public")
            refused(a(execute("p1"), SYNC))
        with Attacker(env) as a:  # described before it was known what the name stands for
            a("begin")
            a(make.format("ssn||'' from customers"))
            refused(a(parse("", take), bind("", ""), describe(b"P", ""), execute(), SYNC))
        with Attacker(env) as a:
            a("begin")
            a(make.format("id, ssn from customers order by id"))
            assert "[b'1', b'***']" in a(parse("", take), bind("", ""), describe(b"P", ""), execute("", 1), execute(), SYNC)


def test_settings_carry_nothing(env):
    for name in ("application_name", "DateStyle", "search_path", "my.own"):
        with Attacker(env) as a:
            refused(a(f"select id from customers where set_config('{name}', ssn, false) <> ''"))
            a("show application_name")


def test_attribute_notation(env):
    for sql in ("select (1).f_get_ssn", "select (customer_id).f_get_ssn from orders", "select ($1).f_get_ssn",
                "select ('select to_tsvector(ssn) from customers'::text).ts_stat", "select o.leak from orders o",
                "select orders.leak from orders", "select (o).leak from orders o", "select public.orders.leak from orders",
                "select q.leak from (select * from orders) q", "with q as (select * from orders) select q.leak from q",
                "select id from customers c where c.wipe is not null", "select c.row_to_json from customers c",
                "select (c).row_to_json from customers c", "select (select o from orders o limit 1).leak",
                "select 1 as leak, o.leak from orders o", "update scratch set t = o.leak from orders o",
                "copy (select o.leak from orders o) to stdout", "explain analyze select c.wipe from customers c"):
        with Attacker(env) as a:
            refused(a(sql))
    with Attacker(env) as a:
        assert "[b'1', b'10.00']" in a("select o.id, o.total, (o).* from orders o where o.id = 1").replace(", b'1', b'1'", "]", 1)


def test_notifications_say_only_that(env):
    with Attacker(env) as a:
        a("listen news")
        assert " | A" in a("update customers set name = name where id = 1")


def test_errors_of_relations_that_were_not_named(env):
    with Attacker(env) as a:
        refused(a("update regions set code = 'x'"))


def test_texts_of_triggers(env):
    """They read what no statement names; what points into the client's own data stays readable."""
    with Attacker(env) as a:
        refused(a("insert into visits values (true)"))
        assert "withheld" in a("insert into visits values (false)")
        assert "invalid input syntax" in a("select '{' :: json") and "withheld" not in a("select '{\"a\": }' :: json")


def test_every_way_to_ask(env):
    """Derived values are refused, bare ones masked, in both protocols, both formats."""
    bare = ("select ssn, email from customers", "table customers", "select * from customers", "select c.* from customers c",
            "select x from (select ssn as x from customers) q(x)", "with q as (select * from customers) select ssn from q",
            "select tax_id, email from v_customers", "select * from customers natural join (select 1 as id) x",
            "select ssn from orders o join customers c on c.id = o.customer_id", "select ssn::text from customers",
            "select a.x from customers a(x, y, z, v)", "select (c).ssn from customers c", "select card, phone from customers for update")
    derived = (DERIVED, "select c from customers c", "select to_jsonb(c) from customers c", "select row_to_json(q) from (table customers) q",
               "select max(ssn) from customers", "select string_agg(email, ',') from customers", "select array_agg(card) from customers",
               "select name from customers union all select ssn from customers", "values ((select ssn from customers limit 1))",
               "select case when true then ssn end from customers", "select unnest(array(select ssn from customers))",
               "select j from (customers cross join (select 1) y) as j", "explain (analyze, verbose) select id from customers where ssn = 'x'",
               "copy customers to stdout", "copy customers (id, ssn) to stdout csv", "copy v_customers to stdout",
               "copy (select * from v_customers) to stdout binary", "insert into scratch select id + 500, ssn from customers",
               "update customers set name = ssn", "update customers set notes = to_jsonb(email) where id = 1",
               "insert into customers (id, email) values (1, 'x') on conflict (id) do update set name = customers.ssn",
               "update customers set name = name where id = 1 returning ssn", "select * into t from customers where false; drop table t",
               "select ssn::int from customers", "select id from customers where ssn::int = 1",
               "with recursive r as (select ssn from customers union select ssn from r) select ssn from r",
               "select distinct on (lower(email)) lower(email) from customers", "select query_to_xml('table customers', true, true, '')",
               "select most_common_vals from pg_stats", "select f_get_ssn(1)", "select * from f_all_customers()",
               "select lo_get(1)", "do $$ begin raise notice '%', (select ssn from customers limit 1); end $$")
    for sql in bare + derived:
        with Attacker(env) as a:
            a(sql)
            a("rollback")
            for formats in ((), (1,)):
                a(parse("s", sql), SYNC)
                a(bind("", "s", (), (), formats), describe(b"P", ""), execute(), SYNC)
                a(bind("p", "s", (), (), formats), execute("p", 1), FLUSH, execute("p", 0), SYNC)
                a(close(b"S", "s"), SYNC)
            a("begin")
            a("declare c binary cursor with hold for " + sql)
            a(execute("c", 1), SYNC)
            a("fetch 1 from c")
            a("commit")
            a("fetch 2 from c")
            a("prepare p as " + sql)
            a("execute p")
            a("explain analyze execute p")
            a(bind("", "p"), execute(), SYNC)


def test_desynchronised_names(env):
    with Attacker(env) as a:
        a(parse("s", DERIVED), SYNC)
        a(parse("", "selec"), close(b"S", "s"), parse("s", "select 1"), SYNC)
        refused(a(bind("", "s"), execute(), SYNC))
        a(parse("t", "select 1"), close(b"S", "t"), parse("t", DERIVED), bind("", "t"), execute(), SYNC)
        a("begin")
        a("savepoint a")
        a("declare k cursor for " + DERIVED)
        a("rollback to a")
        a("declare k cursor for select 1")
        assert "[b'1']" in a("fetch k")
    with Attacker(env) as a:  # a description that the server skipped is asked for again
        a("begin")
        a(parse("s", "select ssn from customers"), bind("p", "s"), SYNC)
        a("savepoint a")
        a(parse("", "select nosuch"), describe(b"P", "p"), SYNC)
        a("rollback to a")
        assert "***" in a(execute("p"), SYNC)


def test_waits_inside_a_pipeline_end(env):
    with Attacker(env) as a:
        a("prepare s1 as select 'x'::text")
        assert "[b'x']" in a(parse("", "execute s1"), bind("", ""), execute(), SYNC)
        answer = a(parse("", "begin"), bind("", ""), execute(), parse("", "declare c cursor for select 7"), bind("", ""), execute(),
                   execute("c"), SYNC)
        assert "[b'7']" in answer, answer


def test_schema_changed_past_the_gateway(env):
    """A view that was harmless shows a secret from one moment to the next, and nobody told the gateway: its pulse does."""
    env.postgres.sql("CREATE VIEW late AS SELECT id, name AS x FROM customers; GRANT SELECT ON late TO app", "shop")
    client = connect(env.gateway)
    try:
        first = client.ask(query("select x from late where id = 1"))
        assert not errors(first), show(first)
        env.postgres.sql("CREATE OR REPLACE VIEW late AS SELECT id, ssn AS x FROM customers", "shop")
        time.sleep(3)  # the window that docs/operations.md names
        answer = client.ask(query("select x from late where id = 1"))
        assert rows(answer) == [[b"***"]], show(answer)
    finally:
        client.close()
        env.postgres.sql("DROP VIEW late", "shop")


def test_lexing_stays_pinned(env):
    for sql in ("set standard_conforming_strings = off", "set client_encoding = sjis", "set names 'latin1'",
                "select set_config('standard_conforming_strings', 'off', false)", "select set_config('client_' || 'encoding', 'SJIS', false)",
                "set backslash_quote = on", "update pg_settings set setting = 'off' where name = 'standard_conforming_strings'",
                "begin; set local standard_conforming_strings = off", "set role postgres", "set session authorization postgres"):
        with Attacker(env) as a:
            refused(a(sql))
            refused(a(parse("", sql), bind("", ""), execute(), SYNC))
    for sql in ("reset all", "discard all", "reset client_encoding", "reset standard_conforming_strings"):
        with Attacker(env) as a:
            a(sql)
            assert "[b'on']" in a("show standard_conforming_strings") and "[b'UTF8']" in a("show client_encoding")


def test_texts_that_are_none(env):
    for m in (message(b"Q", b"select 1\0; drop table orders\0"), message(b"Q", b"select 1"), message(b"Q", b""),
              query(b"select '\xff'"), query(b"select '\xc0\xa7; drop table orders; --'"), message(b"P", b"\0select 1\0\0\1"),
              message(b"B", b"\0\0\xff\xff"), message(b"B", b"\0\0\0\0\0\1\x7f\xff\xff\xff\0\0"), message(b"E", b"\0"),
              message(b"D", b"X\0"), message(b"C", b"")):
        with Attacker(env) as a:
            refused(a(m, SYNC))
    with Attacker(env) as a:
        for sql in ("", ";;", "/* x */ -- y", "select 1 /* ; drop table orders */"):
            answer = a(sql)
            assert not errors([]) and " E " not in f" {answer}", answer


def main():
    with Env(policy=POLICY, gateway=False) as env:
        env.postgres.sql(MORE, "shop")
        env.add_gateway("gateway", POLICY)
        return run_tests(globals(), env)


if __name__ == "__main__":
    sys.exit(main())
