"""Answers that depend on a secret without showing it: two databases that differ only in the secrets must say the same."""
from attackworld import SYNC, all_refused, bind, errors, execute, failed, parse, refused, same_everywhere, settle, show

GUESS = "canary-kx7qvz@wq9j.zxq"


def test_upsert_as_an_oracle(world):
    insert = f"insert into customers (id, name, email) values (50, 'x', '{GUESS}') "
    all_refused(world, insert + "on conflict (email) do nothing", insert + "on conflict do nothing", insert + "on conflict on constraint customers_email_key do nothing",
                insert + "on conflict (email) do update set name = 'hit' returning name",
                "insert into customers (id, name) values (1, 'x') on conflict (id) do update set name = customers.ssn",
                "insert into customers (id, name) values (1, 'x') on conflict (id) do update set name = 'z' where customers.ssn like 'c%'",
                "insert into customers (id, name) values (1, 'x') on conflict (id) do update set name = 'z' where customers.* is not null")


def test_excluded_is_the_agent_s_own(world):
    same_everywhere(world, "insert into customers (id, name, ssn) values (1, 'x', 'mine') on conflict (id) do update set name = excluded.ssn returning name, ssn",
                    "insert into customers (id, name) values (1, 'x') on conflict (id) do update set name = coalesce(excluded.email, 'none') returning *")


def test_foreign_key_to_a_secret(world):
    """A column that references a masked one: 23503 or not would tell whether the value exists."""
    with world.attack() as a:
        a.admin("create table uses (id int, ref text references customers (email))", "grant all on uses to app")
        settle()
        answers = []
        for guess in (GUESS, "nobody@x.zxq"):
            answer = a.session()(f"insert into uses values (1, '{guess}')")
            refused(answer, "flow.constraint", "uses_ref_fkey")
            answers.append([e.get("C") for e in errors(answer)])
        assert answers[0] == answers[1], f"it tells which addresses exist: {answers}"


def test_unique_index_on_a_secret(world):
    """The error would tell that a value exists."""
    same_everywhere(world, f"insert into customers (id, name, email) values (50, 'x', '{GUESS}')", f"update customers set email = '{GUESS}' where id = 2")
    all_refused(world, f"insert into customers (id, name, email) values (50, 'x', '{GUESS}')", f"update customers set email = '{GUESS}' where id = 2",
                pattern="customers_email_key")


def test_rows_that_violate_constraints(world):
    """DETAIL of the server shows the whole failing row, secrets that the statement never named included."""
    with world.attack() as a:
        s = a.session()
        for sql in ("update v_plain set name = null where id = 1", "update v_plain set name = repeat('x', 100) where id = 1", "insert into v_plain (id, name) values (1, 'x')",
                    "update customers set id = 2 where id = 1", "update customers set id = 999 where id = 1", "update parts set region = 'zz' where id = 1",
                    "update parts_eu set region = 'us' where id = 1", "update customers set name = null", "insert into customers (id) values (51)"):
            answer = s(sql)
            failed(answer)
            assert set(errors(answer)[0]) <= set("SVCMH"), errors(answer)
            failed(s(parse("", sql), bind("", ""), execute(), SYNC))


def test_deferred_and_exclusion_constraints(world):
    with world.attack() as a:
        a.admin("create table uniq (id int, ssn text unique deferrable initially deferred)", "insert into uniq values (1, 'canary-819QJX44')",
                "create table excl (id int, ssn text, exclude using hash (ssn with =))", "insert into excl values (1, 'canary-819QJX44')",
                "create table area (id int, ssn text, r int4range, exclude using gist (r with &&))", "insert into area values (1, 'canary-273KZQ91', '[1,5)')",
                "grant all on uniq, excl, area to app")
        settle()
        s = a.session()
        for end in ("commit", "set constraints all immediate", "end"):
            s("begin")
            refused(s("insert into uniq values (2, (select 'canary-819'||'QJX44'))"), "flow.constraint")
            s(end)
            s("rollback")
        answer = s("insert into area values (2, 'x', '[2,3)')")
        assert errors(answer) and set(errors(answer)[0]) <= set("SVCMH"), errors(answer)
        refused(s("insert into excl values (2, 'x'), (3, 'x')"), "flow.constraint")


def test_plans_estimate_from_secrets(world):
    """Estimates come from statistics of the secrets; EXPLAIN of a bare column shows how long its values are on average."""
    same_everywhere(world, "explain select id from customers", "explain select id, name from customers where id < 3",
                    "explain select count(*) from customers", "explain select 1 from customers where false")
    same_everywhere(world, "explain (costs off) select ssn from customers", "explain (costs off, verbose) table customers")
    all_refused(world, "explain select id from customers where ssn = 'x'", "explain select id from customers where ssn > 'canary-5'",
                "explain (costs off, analyze) select 1 from customers c join people p on p.code = c.ssn", "explain select distinct ssn from customers",
                "explain (verbose) select id from customers group by ssn, id", "explain select id from customers order by ssn limit 1")


def test_width_of_a_plan(world):
    """The average length of a column's values, from its statistics. No condition narrows it, so it tells of the whole table only."""
    same_everywhere(world, "explain select ssn, email from customers", "explain (format json) table customers", "explain select * from v_customers",
                    "explain select ssn from customers order by id")


def test_merge_conditions(world):
    with world.attack() as a:
        s = a.session()
        for sql in ("merge into scratch s using customers c on s.t = c.ssn when matched then update set t = 'hit'",
                    "merge into scratch s using customers c on s.id = c.id when matched and c.ssn like 'c%' then update set t = 'hit'",
                    "merge into scratch s using customers c on s.id = c.id when matched then update set t = c.ssn",
                    "merge into scratch s using (select id, ssn from customers) c on s.id = c.id when not matched then insert values (c.id + 50, c.ssn)"):
            failed(s(sql))


def test_counts_of_rows(world):
    same_everywhere(world, "select count(*) from customers", "select count(ssn), count(email) from customers", "select count(*) from (select ssn from customers limit 2) q")
    all_refused(world, "select count(distinct ssn) from customers", "select count(*) from customers group by ssn", "select count(*) filter (where ssn like 'c%') from customers",
                "select count(*) from (select distinct ssn from customers) q", "select count(*) from customers c, lateral generate_series(1, length(c.ssn))",
                "select count(ssn) over (partition by ssn) from customers", "select count(*) from (select ssn from customers union select email from customers) q")


def test_limits_and_samples(world):
    all_refused(world, "select id from customers limit (select count(*) from customers where ssn like 'c%')",
                "select id from customers offset (select length(ssn) from customers limit 1) - 14",
                "select id from customers tablesample bernoulli ((select length(ssn) from customers limit 1))",
                "select id from customers tablesample system (50) repeatable ((select length(ssn) from customers limit 1))",
                "select id from customers order by ssn fetch first 1 row with ties",
                "select id from customers c where exists (select c.ssn limit length(c.ssn) - 14)",
                "select id from customers c where exists (select 1 from generate_series(1, length(c.ssn) - 14))")


def test_order_that_tells(world):
    same_everywhere(world, "select id, ssn from customers order by id desc", "select id from (select id, upper(name) u from customers) q order by id")
    all_refused(world, "select id from customers order by ssn", "select id, ssn as x from customers order by x", "select id, ssn from customers order by 2",
                "select id from customers order by ssn using <", "select id from (select id, ssn from customers order by ssn) q",
                "select id from (select id, row_number() over (order by ssn) from customers) q", "select array_agg(id order by ssn) from customers",
                "select id from customers order by case when id > 0 then ssn end", "select id from customers order by (select c.ssn from customers c where c.id = customers.id)",
                "select first_value(id) over (order by ssn) from customers")


def test_errors_that_depend_on_a_secret(world):
    all_refused(world, "select 1/(length(ssn) - 15) from customers", "select ssn::int from customers", "select id from customers where id = 1 and 1/(length(ssn)-15) > 0",
                "select ssn::regclass from customers", "select cast(ssn as json) from customers", "select (select 1 from customers where ssn like 'c%')",
                "select case when ssn > 'canary-5' then 1/(id-id) end from customers", "update customers set id = 1/(id-id) where ssn like 'canary-8%'")
    same_everywhere(world, *([(parse("", sql), bind("", ""), SYNC), (bind("", ""), execute(), SYNC)] for sql in (
        "select case when ssn > 'canary-5' then 1/0 end from customers", "update customers set id = 1/0 where ssn like 'canary-8%'",
        "select id from customers where ssn like 'canary-8%' and 1/0 = 1")))


def test_views_that_compute_and_hide(world):
    """What a view computes and nobody selects is dropped by the server; what cannot be dropped is refused."""
    with world.attack() as a:
        a.admin("create view h1 as select id, upper(ssn) as u from customers", "create view h2 as select id, rank() over (order by ssn) as r from customers",
                "create view h3 as select distinct id, upper(ssn) as u from customers", "create view h4 as select id, generate_series(1, length(ssn)) as g from customers",
                "create view h5 as select id from customers where ssn like 'canary-8%'", "create view h6 as select id, ssn from customers order by ssn limit 1",
                "create view h7 as select max(ssn) as m, count(*) as n from customers", "create view h8 as select id, notes_it(ssn) as n from customers",
                "create view h9 as select id, (select 1/(length(c.ssn) - 15)) as e from customers c",
                *(f"alter view h{i} owner to app" for i in range(1, 10)))
        settle()
        for i in (2, 3, 4, 5, 6, 8):
            for sql in (f"select id from h{i}", f"select count(*) from h{i}", f"table h{i}"):
                failed(a.session()(sql))
        for sql in ("select u from h1", "select m from h7", "table h1", "select h1 from h1", "select e from h9", "select count(u) from h1"):
            failed(a.session()(sql))
        for sql in ("select id from h1", "select n from h7", "select count(*) from h9"):
            a.session()(sql)


def test_statistics_and_activity(world):
    all_refused(world, "select most_common_vals from pg_catalog.pg_stats", "select * from \"pg_catalog\".\"pg_stats\"", "select avg_width from pg_stats",
                "select stawidth from pg_statistic", "select * from pg_stats_ext_exprs", "select * from pg_statistic_ext_data", "select query from pg_stat_activity",
                "select * from pg_stat_get_activity(null)", "select pg_stat_get_backend_activity(1)", "select * from pg_stat_statements", "select * from pg_cursors",
                "select pg_column_size(ssn) from customers", "select pg_column_compression(ssn) from customers")


def test_sizes_and_system_columns(world):
    """ctid, xmin and sizes are not secret by docs/flow.md; they must not be a way to compute with one."""
    all_refused(world, "select ctid from customers where ssn like 'c%'", "select min(ctid) from customers group by ssn", "select xmin from customers order by ssn")
    with world.attack() as a:
        for sql in ("select ctid, ssn from customers", "select tableoid::regclass, serial from parts", "select pg_relation_size('customers')"):
            assert not errors(a.session()(sql)), sql


def test_channels_besides_the_rows(world):
    all_refused(world, "select set_config('application_name', ssn, false) from customers", "select set_config('timezone', (select ssn from customers limit 1), false)",
                "select pg_notify('x', ssn) from customers", "select pg_advisory_lock(length(ssn)) from customers", "select setval('app_seq', length(ssn)) from customers",
                "select nextval('app_seq') from customers where ssn like 'c%'", "select pg_sleep(length(ssn)) from customers", "select lo_from_bytea(0, ssn::bytea) from customers",
                "copy (select ssn from customers) to program 'cat'", "copy (select ssn from customers) to '/tmp/x'", "do $$ begin raise notice 'x'; end $$")
    same_everywhere(world, ["listen news", "notify news, 'hello'", "update customers set name = name", "select 1"])


def test_guesses_under_a_mask(world):
    """A guess next to a secret in one column would get the same mask: equal or not is the answer."""
    all_refused(world, "select ssn from customers union all select 'canary-819QJX44'", "values ((select ssn from customers limit 1)), ('canary-819QJX44')",
                "select x from (values ((select ssn from customers limit 1)), ('guess')) q(x)", "select ssn from customers union all select t from scratch",
                "with recursive r(s) as (select ssn from customers union all select 'guess' from r where false) select s from r",
                "select case when true then ssn else 'guess' end from customers", "select coalesce(null, ssn) from customers")
    with world.attack() as a:
        assert "E" in show(a.session()("select ssn from customers union all select $1"))
