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


IN_DEFINITIONS = ("alter table scratch add constraint k check (t <> 'canary-819QJX44')", "create index part on customers (id) where ssn = 'canary-819QJX44'",
                  "create view lit as select 'canary-273KZQ91'::text as x", "create function hidden(a text default 'canary-819QJX44') returns text "
                  "language sql as 'select ''canary-273KZQ91''::text'", "create function hidden(a int) returns text language sql as 'select null::text'",
                  "comment on table scratch is 'ask 4111 1111 1111 1111'", "alter table scratch alter t set default 'canary-819QJX44'",
                  "grant select on lit to app")


def test_definitions_decide_nothing(world):
    """A catalog's definition that may hold data is shown whole or not at all: nothing is sorted, compared or cut out of it."""
    statements = ("select check_clause from information_schema.check_constraints", "select count(*) from information_schema.check_constraints",
                  "select conname from pg_constraint order by pg_get_constraintdef(oid)", "select conname from pg_constraint order by pg_get_expr(conbin, conrelid)",
                  "select distinct prosrc from pg_proc", "select prosrc from pg_proc union select definition from pg_views",
                  "select count(*) from pg_proc group by prosrc", "select max(prosrc) from pg_proc where proname = 'hidden'",
                  "select proname from pg_proc where prosrc like '%819%'", "select a.oid from pg_proc a natural join pg_proc b",
                  "select proname from pg_proc p, pg_views v where p.prosrc = v.definition", "select viewname from pg_views where definition like '%273%'",
                  "select substr(prosrc, 16, 4) from pg_proc where proname = 'hidden'", "select length(prosrc) from pg_proc where proname = 'hidden'",
                  "select ascii(right(pg_get_viewdef('lit'::regclass), 8))", "select prosrc::name from pg_proc where proname = 'hidden'",
                  "select reverse(prosrc) from pg_proc where proname = 'hidden'", "select prosrc::bytea from pg_proc where proname = 'hidden'",
                  "select row_number() over (order by prosrc) from pg_proc", "select rank() over (partition by indexdef) from pg_indexes",
                  "select array_agg(distinct prosrc) from pg_proc", "select count(*) from pg_proc p group by p", "select case when prosrc > 'x' then 1 end from pg_proc",
                  "select jsonb_object_agg(prosrc, 1) from pg_proc where proname = 'hidden'", "select column_name from information_schema.columns order by column_default",
                  "select column_name from information_schema.columns where column_default like '%819%'", "select indexname from pg_indexes order by indexdef",
                  "select proname from pg_proc where proname in (select prosrc from pg_proc)", "select obj_description('scratch'::regclass) like '%41%'",
                  "with recursive t(a, b) as (select 1, prosrc from pg_proc union all select a + 1, b from t where a < 3 and b > 'x') select a from t",
                  "explain (costs off) select prosrc from pg_proc order by prosrc", "copy (select proname from pg_proc order by prosrc) to stdout",
                  "select oid from pg_proc where proname like 'hidden' order by pg_get_function_arguments(oid)",
                  "insert into scratch (id, t) select 99, prosrc from pg_proc where proname = 'hidden'", "table pg_proc union all (table pg_proc order by prosrc)")
    with world.attack() as a:
        a.admin(*IN_DEFINITIONS)
        if world.env.postgres.major >= 18:  # there the view compares nothing
            statements = statements[2:]
        for sql in statements:
            for messages in ((sql,), (parse("", sql), bind("", ""), execute(), SYNC)):
                refused(a.session()(*messages), "flow.definition")
        s = a.session()
        refused(s("declare c cursor with hold for select prosrc from pg_proc order by prosrc"))
        s("prepare q as select proname from pg_proc order by prosrc")
        refused(s("execute q"))


def test_definitions_put_together_or_raw(world):
    """Whole definitions behind a quote, in arrays, rows and JSON, and the bytes of their trees."""
    with world.attack() as a:
        a.admin(*IN_DEFINITIONS)
        s = a.session()
        for sql in ("select '''' || pg_get_constraintdef(oid) from pg_constraint where conname = 'k'", "select row('''', prosrc) from pg_proc where proname = 'hidden'",
                    "select string_agg(d, '') from (select '''' as d union all select definition from pg_views where viewname = 'lit') x",
                    "select array['''', pg_get_viewdef('lit'::regclass)]", "select json_build_object('''', prosrc) from pg_proc where proname = 'hidden'",
                    "select v from pg_views v where viewname = 'lit'", "select coalesce('''' || prosrc, 'x') from pg_proc where proname = 'hidden'",
                    "select concat_ws('''', 'a', prosrc) from pg_proc where proname = 'hidden'", "select to_json(p) from pg_proc p where proname = 'hidden'",
                    "select u from unnest(array['''' || pg_get_viewdef('lit'::regclass)]) u", "select pg_get_functiondef('hidden(text)'::regprocedure)"):
            answer = s(sql)
            assert rows(answer) and not errors(answer), f"{sql}: {show(answer)}"
        bytes_of_it = b" ".join(b"%d" % c for c in b"canary")
        for sql in ("select conbin from pg_constraint where conname = 'k'", "select adbin::text from pg_attrdef", "select * from pg_attrdef", "select d from pg_attrdef d",
                    "select ev_action from pg_rewrite where ev_class = 'lit'::regclass", "select array_agg(proargdefaults::text) from pg_proc where proname = 'hidden'",
                    "select row_to_json(d) from pg_attrdef d", "select indpred from pg_index where indpred is not null"):
            for messages in ((sql,), (parse("", sql), bind("", "", (), (), (1,)), execute(), SYNC)):
                answer = s(*messages)
                assert rows(answer) and not errors(answer), f"{sql}: {show(answer)}"
                assert bytes_of_it not in a.raw(), f"{sql}: {show(answer)[:900]}"


def test_definitions_that_hold_nothing(world):
    """Where the database has no data in such definitions they may be compared; a comment or check with data changes that."""
    asked = ("select distinct description from pg_description", "select conname from pg_constraint order by pg_get_constraintdef(oid)",
             "select oid from pg_proc where oid >= 16384 order by pg_get_function_arguments(oid)")
    with world.attack() as a:
        for sql in (*asked, "select distinct enumlabel from pg_enum"):
            answer = a.session()(sql)
            assert not errors(answer), f"{sql}: {show(answer)}"
        a.came.clear()  # thousands of names: four letters of a secret are among them by chance
        a.admin(*IN_DEFINITIONS)
        settle()
        s = a.session()
        for sql in asked:
            refused(s(sql), "flow.definition")


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
