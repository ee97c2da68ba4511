"""Prepared statements, cursors and portals: what a name stands for."""
import time

from attackworld import (FLUSH, SYNC, all_refused, bind, close, describe, errors, execute, failed, gives, parse, policy, refused,
                         rows, show)

NAME, SSN = "select (select name from customers where id = 1)", "select (select ssn from customers where id = 1)"


def test_one_name_twice_in_a_text(world):
    """Which of the two statements does the name stand for? Both give a column without an origin; one must be masked."""
    with world.attack() as a:
        s = a.session()
        s(f"prepare p as {NAME}; deallocate p; prepare p as {SSN}")
        s("execute p")
        s(bind("", "p"), describe(b"P", ""), execute(), SYNC)
        s(describe(b"S", "p"), bind("", "p"), execute(), SYNC)
        s(parse("", "execute p"), bind("", ""), execute(), SYNC)


def test_one_cursor_twice_in_a_text(world):
    with world.attack() as a:
        s = a.session()
        s("begin")
        s(f"declare c cursor for {NAME}; close c; declare c cursor for {SSN}")
        s("fetch all from c")
        s(f"close c; declare c cursor for {SSN}; close c; declare c cursor for {NAME}")
        s("move backward all in c; fetch all from c")


def test_fetch_from_a_bound_portal(world):
    """A portal of Bind is a cursor for SQL: what no Execute has judged yet must not be FETCHed."""
    with world.attack() as a:
        for sql in ("select max(ssn) from customers", "select id from customers where ssn like 'canary-8%'", "select ssn||'' from customers",
                    SSN, "select 'hello'::noted"):
            for take in ("fetch all from c", "fetch 1 c", "move all in c", "fetch forward all in c"):
                s = a.session()
                s("begin")
                s(parse("s", sql), bind("c", "s"), SYNC)
                answer = s(take)
                assert sql == SSN or not [r for r in rows(answer) if r != [b"***"]], f"{sql}: {show(answer)}"
                s("commit")
                s.close()


def test_fetch_from_a_bound_portal_by_protocol(world):
    with world.attack() as a:
        s = a.session()
        s("begin")
        s(parse("s", "select max(ssn) from customers"), bind("c", "s"), parse("f", "fetch all from c"), bind("g", "f"), SYNC)
        s(execute("g"), SYNC)


def test_the_plan_of_a_name_that_was_harmless(world):
    """EXECUTE analyses again: the name meant nothing secret when it was prepared."""
    with world.attack() as a:
        s = a.session()
        s("prepare q as select t||'' from scratch")
        gives(s("execute q"), "hello", "world")
        s(parse("w", "select t||'' from scratch"), SYNC)
        a.admin("alter table scratch rename to scratch_old",
                "create view scratch as select id, ssn as t from customers", "alter view scratch owner to app")
        time.sleep(1.3)
        s("select * from no_such_table")
        s("select id from scratch_old")
        try:
            s("execute q")
            s("execute q")
            s(bind("", "w"), execute(), SYNC)
        finally:
            a.admin("drop view scratch", "alter table scratch_old rename to scratch")


def test_parameters_of_execute(world):
    """What EXECUTE computes is a statement, too."""
    with world.attack() as a:
        s = a.session()
        s("prepare p(text) as select $1")
        gives(s("execute p('x')"), "x")
        for sql in ("execute p((select ssn from customers limit 1))", "execute p((select max(ssn) from customers))",
                    "execute p((select name from customers where ssn like 'c%' limit 1))", "execute p('x'::noted)",
                    "explain execute p((select max(ssn) from customers))", "explain analyze execute p('x'::noted)"):
            failed(s(sql))
            failed(s(parse("", sql), bind("", ""), execute(), SYNC))
        refused(s("create table tt as execute p((select max(ssn) from customers))"))


def test_explain_of_a_name(world):
    with world.attack() as a:
        s = a.session()
        s("prepare p as select ssn from customers")
        s("explain (analyze, verbose) execute p")
        s("prepare w as update customers set name = name where id = 1")
        s("explain analyze execute w")
        s("explain analyze execute nothing")
        s(parse("x", "explain analyze execute p"), bind("", "x"), execute(), SYNC)


def test_with_hold_outlives_the_policy(world):
    """A cursor that was opened under another policy gives nothing that the new one masks."""
    def more(p):
        p["masks"].append({"name": "names", "columns": ["public.customers.name"], "mask": "redact", "roles": ["agent"]})
    g = world.gateway_with("reloaded", lambda p: None)
    with world.attack(gateway=g) as a:
        s = a.session()
        s("declare h cursor with hold for select id, name from customers order by id")
        p = policy()
        more(p)
        g.set_policy(p)
        g.reload()
        deadline = time.monotonic() + 10
        while b"***" not in b"".join(v or b"" for r in rows(a.session()("select name from customers")) for v in r):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        for answer in (s("fetch 1 from h"), s(parse("", "fetch 1 from h"), bind("", ""), execute(), SYNC), s(execute("h"), SYNC)):
            assert not [r for r in rows(answer) if r[1] not in (b"***", None)], show(answer)


def test_cursors_of_all_kinds(world):
    with world.attack() as a:
        for kind in ("", "binary", "scroll", "insensitive", "binary scroll", "no scroll"):
            s = a.session()
            s("begin")
            s(f"declare c {kind} cursor with hold for select id, ssn, (select email from customers where id = 1) from customers")
            for take in ("fetch 1 from c", "move 1 in c", "fetch last from c", "fetch absolute 1 from c", "fetch backward all from c"):
                s(take)
            s(describe(b"P", "c"), execute("c"), SYNC)
            s("rollback")
            s(f"declare d {kind} cursor with hold for select ssn from customers")
            s("fetch all from d")
            s("begin")
            failed(s(f"declare e {kind} cursor for select ssn||'' from customers"))


def test_current_of_a_cursor(world):
    with world.attack() as a:
        s = a.session()
        for sql in ("update customers set name = ssn where current of c", "update customers set name = 'x' where current of c returning ssn||''"):
            s("begin")
            s("declare c cursor for select id from customers for update")
            s("fetch 1 from c")
            failed(s(sql))
            s("rollback")
        failed(s("delete from customers where current of c"))


def test_named_statement_parsed_again_behind_the_gate(world):
    with world.attack() as a:
        s = a.session()
        s(parse("a", "select name from customers"), bind("p", "a"), close(b"S", "a"), parse("a", "select ssn||'' from customers"),
          bind("q", "a"), execute("p", 1), execute("q", 1), SYNC)
        s(parse("b", "select ssn||'' from customers"), close(b"S", "b"), parse("b", "select name from customers"), bind("p", "b"),
          close(b"S", "b"), parse("b", "select max(ssn) from customers"), execute("p"), bind("p2", "b"), execute("p2"), SYNC)
        s(parse("", "select name from customers"), parse("", "select max(ssn) from customers"), bind("", ""), execute(), SYNC)
        s(bind("", ""), execute(), SYNC)


def test_deallocate_between(world):
    with world.attack() as a:
        s = a.session()
        s("prepare p as select name from customers")
        s(parse("x", "execute p"), bind("x", "x"), parse("", "deallocate p"), bind("", ""), execute(),
          parse("", "prepare p as select max(ssn) from customers"), bind("", ""), execute(), execute("x"), SYNC)
        s("deallocate all")
        failed(s("execute p"))
        s("discard all")
        failed(s(bind("", "x"), execute(), SYNC))


def test_names_nest(world):
    all_refused(world, "prepare a as execute b", "prepare a as declare c cursor for select 1", "declare c cursor for execute p",
                "create table t as execute p")


def test_rollback_to_a_savepoint_brings_old_names(world):
    with world.attack() as a:
        s = a.session()
        s("begin")
        s("declare c cursor for select name from customers")
        s("savepoint a")
        s("close c")
        s("declare c cursor for select ssn from customers")
        s("rollback to a")
        s("fetch all from c")
        s("rollback")
        s("prepare p as select ssn from customers")
        s("begin")
        s("deallocate p")
        s("prepare p as select (select ssn from customers where id = 1)")
        s("rollback")
        s("execute p")


def test_portal_is_suspended_and_taken_up(world):
    with world.attack() as a:
        s = a.session()
        s("begin")
        s(parse("s", "select id, ssn, (select email from customers where id = 2) from customers"), bind("p", "s", (), (), (0, 1, 0)), FLUSH,
          execute("p", 1), SYNC)
        s("set client_min_messages = warning")
        s(execute("p", 1), SYNC)
        s("savepoint x")
        s(execute("p"), SYNC)
        assert not [e for e in errors(s("commit"))]


def test_cursor_named_like_a_portal(world):
    with world.attack() as a:
        s = a.session()
        s("begin")
        s(parse("s", "select name from customers"), bind("c", "s"), SYNC)
        failed(s("declare c cursor for select ssn from customers"))
        s("rollback")
        s("begin")
        s("declare c cursor for select name from customers")
        s(parse("s2", "select max(ssn) from customers"), bind("c", "s2"), execute("c"), SYNC)
        s("rollback")
        s("begin")
        s("declare c cursor for select name from customers")
        s(close(b"P", "c"), bind("c", "s"), close(b"P", "c"), parse("s3", "select ssn||'' from customers"), bind("c", "s3"), SYNC)
        s("fetch all from c")
