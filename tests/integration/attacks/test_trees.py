"""The tree itself: forged, huge, or full of its own syntax."""
from attackworld import SYNC, Gone, all_masked, all_refused, bind, describe, errors, execute, failed, parse, refused, rows, settle, show


def test_identifiers_full_of_tree_syntax(world):
    with world.attack() as a:
        a.admin('create view "{VAR :varno 1}" as select id, ssn as "<> 1 2) :targetList <>" from customers', 'alter view "{VAR :varno 1}" owner to app',
                'create table "x\n:relid 1" (id int, ")} :resjunk true" text)', 'grant all on "x\n:relid 1" to app')
        settle()
        s = a.session()
        for sql in ('select * from "{VAR :varno 1}"', 'select c.ssn as "}) :resjunk true}", 1 as ") <> {CONST" from customers c', 'select * from "x\n:relid 1"',
                    'with "{QUERY" as (select ssn from customers) select "{QUERY".ssn from "{QUERY"', "select c.ssn as \"\\\" from customers c",
                    "select '{QUERY :commandType 1}' as \" <> \", ssn from customers \"(o 1 2)\"", 'select ssn as "\u00e9 \u20ac \U0001f600" from customers'):
            answer = s(sql)
            assert not errors(answer), f"{sql}: {show(answer)}"
        for sql in ('select "<> 1 2) :targetList <>"||\'\' from "{VAR :varno 1}"', 'select "a\nb"."ssn"||\'x\' from customers "a\nb"',
                    'with "{QUERY" as (select ssn from customers) select "{QUERY".ssn||\'\' from "{QUERY"', 'select max("}")  from (select ssn as "}" from customers) "{"'):
            failed(s(sql))


def test_trees_of_other_statements(world):
    """Code that runs while the server analyses prints trees of its own, from the same routine, before ours."""
    with world.attack() as a:
        a.admin("create function chatty(text) returns boolean language plpgsql as $$ begin execute 'select 1'; raise log 'rewritten parse tree:' "
                "using detail = '({QUERY :commandType 1})'; raise log using message = 'rewritten parse tree:'; return true; end $$",
                "create domain chat as text check (chatty(value))", "create view v_chat as select id, ssn from customers")
        settle()
        s = a.session()
        for sql in ("select max(ssn) from customers where '{x}'::chat[] is not null", "select '{x}'::chat[], ssn||'' from customers",
                    "select id from customers where ssn like 'c%' and '{x}'::chat[] is not null"):
            failed(s(sql))
            failed(s(parse("", sql), bind("", ""), execute(), SYNC))


def test_very_deep_texts(world):
    with world.attack() as a:
        for n in (300, 3000, 30000):
            for sql in ("select ssn from customers where " + "(" * n + "ssn = 'x'" + ")" * n, "select " + "1+" * n + "length(ssn) from customers",
                        "select " + "(select " * n + "max(ssn)" + ")" * n + " from customers", "select ssn from customers where id = 1" + " or ssn = 'x'" * n,
                        "select " + "upper(" * n + "ssn" + ")" * n + " from customers", "select " + "-" + " -" * n + "length(ssn) from customers",
                        "select ssn" + "::text" * n + "||'' from customers", "select array" + "[" * n + "ssn" + "]" * n + " from customers"):
                s = a.session()
                answer = s(sql)
                failed(answer)
                s.close()
        assert not errors(a.session()("select 1"))


def test_very_wide_texts(world):
    with world.attack() as a:
        for sql in ("select " + ",".join(["ssn"] * 1664) + " from customers", "select " + ",".join(["id"] * 1663) + ", ssn from customers where id = 1",
                    " union all ".join(["select ssn from customers"] * 300), "select ssn from customers where id in (" + ",".join(map(str, range(1, 20000))) + ")",
                    "with " + ",".join(f"q{i} as (select ssn from {'customers' if i == 0 else f'q{i - 1}'})" for i in range(150)) + " select ssn from q149",
                    "select " + ",".join(f"c{i}.ssn" for i in range(60)) + " from " + ",".join(f"customers c{i}" for i in range(60)) + " where " +
                    " and ".join(f"c{i}.id = 1" for i in range(60)), "select ssn from customers --" + "x" * 100000, "select ssn from customers --" + "x" * 2000000):
            a.session()(sql)
        for sql in ("select " + ",".join(["ssn"] * 1000 + ["upper(ssn)"]) + " from customers", "select " + ",".join(["ssn"] * 2000) + " from customers",
                    " union all ".join(["select ssn from customers"] * 300 + ["select email||'' from customers"]),
                    "select max(ssn) from customers where id in (" + ",".join(map(str, range(1, 20000))) + ")"):
            failed(a.session()(sql))


def test_many_parameters(world):
    with world.attack() as a:
        for n in (1, 1000, 32767, 65535):
            s = a.session()
            sql = f"select ssn from customers where id = $1 or id = ${n}::int"
            s(parse("", sql), describe(b"S", ""), SYNC)
            s(parse("", sql, [23] * n), bind("", "", [b"1"] * n), execute(), SYNC)
            failed(s(parse("", f"select ssn||$1||${n}::text from customers", [25] * n), bind("", "", [b"1"] * n), execute(), SYNC))
            s.close()


def test_recursion_keeps_labels(world):
    all_masked(world, "with recursive r(s, n) as (select ssn, 1 from customers union all select s, n + 1 from r where n < 3) select * from r",
               "with recursive r as (select id, ssn from customers union all select r.id + 1, r.ssn from r where r.id < 4) search breadth first by id set o select * from r")
    all_refused(world, "with recursive r(a, b, n) as (select name, ssn, 1 from customers union all select b, b, n + 1 from r where n < 0) select b from r",
                "with recursive r(a, b, n) as (select 'x'::text, ssn, 1 from customers union all select b, a, n + 1 from r where n < 3) select a from r",
                "with recursive r(a, b, c, n) as (select 'x'::text, 'y'::text, ssn, 1 from customers union all select b, c, a, n + 1 from r where n < 4) select a from r",
                "with recursive r as (select id, ssn from customers union all select r.id+1, r.ssn from r where r.id < 4) search depth first by ssn set o select * from r",
                "with recursive r as (select id, ssn from customers union all select r.id+1, r.ssn from r where r.id < 4) cycle ssn set c using p select c, p from r",
                "with recursive r as (select ssn from customers union select ssn from r) select ssn from r")


def test_columns_that_change_places(world):
    """Aliases, joins, NATURAL and USING move columns: the label moves with the column, not with name or place."""
    all_masked(world, "select a.x from customers a(x, y, z, ssn)", "select ssn from (select id as ssn, ssn as id from customers) q", "select j.* from (customers natural join orders) j",
               "select id from (select id as ssn, ssn as id from customers) q", "select c2.ssn from customers c1 join customers c2 using (id)",
               "select x.v from customers c, lateral (values (c.ssn)) x(v)", "select x.ssn from customers c left join lateral (select c.ssn) x on true",
               "select * from (select * from customers natural left join (select 1 as id) one) q", "select (select (select ssn)) from customers")
    all_refused(world, "select id||'' from (select id as ssn, ssn as id from customers) q", "select x||'' from customers a(a, b, c, x)",
                "select 1 from customers c1 natural join customers c2", "select c1.id from customers c1 join customers c2 using (id, ssn)",
                "select ssn from customers full join (select 'x'::text as ssn) g using (ssn)", "select id from customers natural join (select 'canary-819QJX44'::text as ssn) g")


def test_writes_that_carry_a_secret(world):
    all_refused(world, "insert into scratch select id + 90, ssn from customers", "update customers set name = ssn", "update customers set ssn = email",
                "update customers set (name, ssn) = (select email, ssn from customers d where d.id = 1)", "update customers c set name = d.ssn from customers d",
                "insert into scratch (id, t) values (91, (select ssn from customers where id = 1))", "update scratch set t = (select code from public.people limit 1)",
                "with u as (update customers set name = name returning ssn, id) insert into scratch select id + 100, ssn from u",
                "insert into public.people (id, code) select id + 10, code from public.people", "update customers set notes = to_jsonb(ssn)",
                "insert into scratch select id + 90, name from customers where ssn like 'c%'", "update customers set name = 'x' where ssn like 'canary-8%' returning id",
                "insert into scratch select 92, ssn from customers order by id limit 1 returning t", "update orders set status = c.ssn from customers c where c.id = customer_id")


def test_returning_in_every_form(world):
    with world.attack() as a:  # the guard of rows_affected may refuse what it cannot count
        a.session()("with u as (update customers set name = name returning *) select ssn, (select email from u limit 1) from u")
    all_masked(world, "update customers set name = name returning ssn, email",
               "insert into public.people (id, code) values (floor(random() * 1000000)::int, 'mine') returning code", "update parts set region = region returning *")
    all_refused(world, "update customers set name = name returning ssn||''", "update customers set name = name returning customers",
                "with u as (update customers set name = name returning ssn) select max(ssn) from u", "update customers set name = name returning (select max(ssn) from customers)",
                "with u as (insert into public.people (id, code) values (12, 'q') returning *) select code||'' from u")


def test_copy_variants(world):
    all_refused(world, "copy customers (ssn) to stdout with (format csv, header, force_quote *) where true", "copy (select ssn||'' from customers) to stdout (format binary)",
                "copy (select id from customers where ssn like 'c%') to stdout", "copy (update customers set name = name returning ssn||'') to stdout",
                "copy (with d as (delete from orders returning *) select * from d) to stdout", "copy scratch from '/etc/passwd'", "copy scratch from program 'id'",
                "copy (select max(ssn) from customers) to stdout", "copy (table customers order by ssn) to stdout")
    with world.attack() as a:
        for sql in ("copy customers to stdout", "copy customers to stdout (format csv, header)", "copy customers to stdout (format binary)", "copy (select ssn, id from customers) to stdout",
                    "copy v_customers to stdout", "copy (table customers) to stdout (delimiter ',', null 'ssn')", "copy parts to stdout", "copy (select (select ssn from customers limit 1)) to stdout",
                    "copy (update customers set name = name returning ssn) to stdout", "copy customers (ssn, email) to stdout (format csv, quote 'c', escape 'a')",
                    "copy (select ssn from customers) to stdout (delimiter '*', null '***')"):
            a.session()(sql)
            s = a.session()
            s(parse("", sql), bind("", ""), execute(), SYNC)


def test_catalogs_with_literals(world):
    """Definitions may hold data; what shows them is looked through or refused."""
    with world.attack() as a:
        a.admin("create index part on customers (id) where ssn = 'canary-819QJX44'", "create view lit as select 'canary-273KZQ91'::text as x")
        a.came.clear()
        s = a.session()
        for sql in ("select stavalues1 from pg_statistic", "select * from pg_stats", "select lo_get(1)", "select chunk_data from pg_toast.pg_toast_1262",
                    "select data from pg_largeobject", "select rolpassword from pg_authid", "select * from pg_shadow", "select subconninfo from pg_subscription",
                    "select * from pg_hba_file_rules", "select * from pg_file_settings", "select * from pg_config", "select pg_read_file('postgresql.conf')"):
            if sql != "select * from pg_config":
                failed(s(sql))


def test_a_client_that_never_reads(world):
    with world.attack() as a:
        try:
            s = a.session()
            for _ in range(50):
                s.client.send(parse("", "select max(ssn) from customers"), bind("", ""), execute(), SYNC)
            for _ in range(50):
                refused(s.until(b"Z"))
            assert not rows(s("select max(ssn) from customers"))
        except Gone:
            pass
