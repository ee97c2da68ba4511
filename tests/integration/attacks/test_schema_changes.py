"""What the database contains changes while agents work: by others, past the gateway."""
import threading
import time

from attackworld import SYNC, all_refused, bind, errors, execute, failed, gives, parse, refused, rows, settle, show

SLOW = "select count(*) from generate_series(1, 1000000) a, generate_series(1, 25) b"
SECRET_VIEW = "create or replace view v_orders as select id, (select ssn from customers limit 1) as code from orders"
WINDOW_S = 4  # how long a change made elsewhere may go unnoticed


def eventually_refused(ask, seconds=WINDOW_S):
    """Within the window old verdicts may hold; what came meanwhile is of that window and not looked at."""
    deadline = time.monotonic() + seconds
    while not errors(answer := ask()):
        assert time.monotonic() < deadline, f"still, after {seconds} s: {show(answer)}"
        time.sleep(0.3)


def forgets(a, ask):
    """The change is seen within the window. Canaries of the window itself do not count."""
    before = len(a.came)
    eventually_refused(ask)
    del a.came[before:]
    failed(ask())


def test_view_replaced_between_question_and_execution(world):
    """One text of two statements: the second was asked about before the first, slow one ran."""
    with world.attack() as a:
        s = a.session()
        change = threading.Timer(0.8, lambda: a.admin(SECRET_VIEW))
        change.start()
        s(SLOW + "; select id, code||'' from v_orders")
        change.join()


def test_view_replaced_in_an_open_transaction(world):
    with world.attack() as a:
        s = a.session()
        s("begin")
        gives(s("select code||'' from v_orders where id = 1"), "paid")
        s(parse("s", "select code||'' from v_orders"), SYNC)
        try:
            a.admin("set lock_timeout = '500ms'", SECRET_VIEW)
        except AssertionError:
            pass  # the transaction keeps it as it was
        s(bind("", "s"), execute(), SYNC)
        s("commit")


def test_view_replaced_between_bind_and_execute(world):
    with world.attack() as a:
        s = a.session()
        s("begin")
        s(parse("s", "select code||'' from v_orders"), bind("p", "s"), SYNC)
        change = threading.Thread(target=a.admin, args=(SECRET_VIEW,))
        change.start()
        time.sleep(0.3)
        gives(s(execute("p"), SYNC)[-6:], "paid", "new", "shipped", "paid")
        s("commit")
        change.join()


def test_view_replaced_elsewhere_is_noticed(world):
    with world.attack() as a:
        s = a.session()
        ask = lambda: s("select code||'' from v_orders")  # noqa: E731
        gives(ask(), "paid", "new", "shipped", "paid")
        gives(ask(), "paid", "new", "shipped", "paid")
        a.admin(SECRET_VIEW)
        forgets(a, ask)


def test_view_that_was_provably_clear_is_noticed(world):
    with world.attack() as a:
        s = a.session()
        ask = lambda: s("select code from v_order_codes")  # noqa: E731
        gives(ask(), "PAID", "NEW", "SHIPPED", "PAID")
        ask()
        a.admin("create or replace view v_order_codes as select id, (select ssn from customers limit 1) as code from orders")
        settle()
        forgets(a, lambda: s("select code||'' from v_order_codes"))


def test_prepared_statement_over_a_view_replaced(world):
    with world.attack() as a:
        s = a.session()
        s(parse("s", "select code||'' from v_orders"), SYNC)
        gives(s(bind("", "s"), execute(), SYNC), "paid", "new", "shipped", "paid")
        a.admin(SECRET_VIEW)
        forgets(a, lambda: s(bind("", "s"), execute(), SYNC))


def test_new_column_of_a_watched_table(world):
    with world.attack() as a:
        s = a.session()
        s("select * from customers")
        a.admin("alter table customers add column harmless text default 'canary-819QJX44'")
        s("select harmless from customers")
        failed(s("select harmless||'' from customers"))
        s("select * from customers")
        failed(s("select id from customers where harmless like 'c%'"))


def test_new_column_with_a_masked_name(world):
    with world.attack() as a:
        s = a.session()
        s("select * from scratch")
        a.admin("alter table scratch add column ssn text default 'canary-819QJX44'")
        s("select ssn from scratch")
        s("select * from scratch")
        failed(s("select ssn||'' from scratch"))
        failed(s("select id from scratch where ssn like 'canary-8%'"))


def test_new_table_with_a_masked_name(world):
    with world.attack() as a:
        s = a.session()
        s("select 1")
        a.admin("create table fresh as select id, ssn from customers", "grant all on fresh to app")
        failed(s("select ssn||'' from fresh"))
        s("select ssn from fresh")
        s("select * from fresh")
        a.admin("drop table fresh", "create table fresh (ssn text, id int)", "insert into fresh values ('canary-819QJX44', 1)",
                "grant all on fresh to app")
        s("select * from fresh")
        failed(s("select ssn||'' from fresh"))


def test_new_partition_and_child(world):
    with world.attack() as a:
        s = a.session()
        s("select serial from parts")
        a.admin("create table parts_as partition of parts for values in ('as')", "insert into parts values (9, 'as', 'canary-819QJX44')",
                "grant all on parts_as to app", "create table kids (extra text) inherits (customers)", "grant all on kids to app",
                "insert into kids (id, name, ssn, extra) values (70, 'kid', 'canary-273KZQ91', 'x')")
        for sql in ("select serial from parts_as", "select serial from parts", "select ssn from customers", "select ssn from kids", "table kids"):
            s(sql)
        for sql in ("select serial||'' from parts_as", "select max(serial) from parts", "select ssn||'' from kids", "select max(ssn) from customers"):
            failed(s(sql))


def test_attached_partition(world):
    with world.attack() as a:
        s = a.session()
        a.admin("create table loose (id int, region text, serial text)", "insert into loose values (1, 'jp', 'plain')", "grant all on loose to app")
        s("select serial||'' from loose")
        a.admin("alter table parts attach partition loose for values in ('jp')", "insert into parts values (2, 'jp', 'canary-819QJX44')")
        forgets(a, lambda: s("select serial||'' from loose"))


def test_column_dropped_and_made_again(world):
    with world.attack() as a:
        s = a.session()
        gives(s("select t||'' from scratch"), "hello", "world")
        a.admin("alter table scratch drop column t", "alter table scratch add column ssn text default 'canary-819QJX44'")
        s("select * from scratch")
        failed(s("select ssn||'' from scratch"))
        a.admin("alter table scratch rename column ssn to t", "alter table scratch add column ssn text")
        a.came.clear()


def test_materialized_view_of_a_secret(world):
    with world.attack() as a:
        a.admin("create materialized view mv as select id, upper(ssn) as shown, ssn as bare from customers", "grant all on mv to app")
        s = a.session()
        settle()
        failed(s("select shown from mv"))
        failed(s("select * from mv"))
        s("select bare from mv")
        failed(s("select bare||'' from mv"))
        failed(s("refresh materialized view mv"))


def test_view_in_another_schema_with_the_same_name(world):
    with world.attack() as a:
        s = a.session()
        gives(s("select code||'' from people"), "plain-one", "plain-two")
        a.admin("create view app.scratch as select id, ssn as t from customers", "alter view app.scratch owner to app")
        before = len(a.came)
        eventually_refused(lambda: s("select t||'' from scratch"))
        del a.came[before:]
        s("select t from scratch")


def test_foreign_table_is_another_door(world):
    with world.attack() as a:
        try:
            a.admin("create extension postgres_fdw")
        except AssertionError:
            return
        port = world.env.postgres.port
        a.admin(f"create server back foreign data wrapper postgres_fdw options (host '{world.env.postgres.folder}', port '{port}', dbname '{a.database}')",
                "create user mapping for app server back options (user 'app', password 'canary-PWx7Jq4Zk')",
                "create foreign table far (id int, tax text options (column_name 'ssn')) server back options (schema_name 'public', table_name 'customers')",
                "grant all on far to app", "grant usage on foreign server back to app")
        settle()
        s = a.session()
        for sql in ("select umoptions from pg_user_mappings", "select * from pg_user_mapping", "select srvoptions from pg_foreign_server",
                    "select * from information_schema.user_mapping_options"):
            s(sql)


def test_row_security_on_a_secret(world):
    with world.attack() as a:
        a.admin("alter table customers enable row level security", "alter table customers force row level security",
                "create policy p1 on customers using (ssn like 'canary-8%')")
        settle()
        s = a.session()
        for sql in ("select id from customers", "select count(*) from customers", "select 1 from v_plain", "update customers set name = name"):
            failed(s(sql))


def test_rule_that_shows_a_secret(world):
    with world.attack() as a:
        a.admin("create rule also as on update to scratch do also select ssn from customers",
                "create rule more as on insert to orders do also insert into traces values ('rule')")
        settle()
        s = a.session()
        for sql in ("update scratch set t = 'x'", "insert into orders (id) values (700)"):
            s(sql)
            s(parse("", sql), bind("", ""), execute(), SYNC)
        a.admin("delete from traces")
        a.before["traces"] = 0


def test_trigger_added_elsewhere(world):
    with world.attack() as a:
        s = a.session()
        assert not errors(s("insert into scratch values (60, 'x')"))
        a.admin("create function spy() returns trigger language plpgsql as $$ begin insert into traces values ('t'); raise notice '%', "
                "(select ssn from customers limit 1); return new; end $$", "create trigger spy before insert on scratch for each row execute function spy()")
        deadline, n = time.monotonic() + WINDOW_S, 61
        while not errors(s(f"insert into scratch values ({n}, 'x')")):
            assert time.monotonic() < deadline, "the trigger still runs"
            time.sleep(0.3)
            n += 1
        a.admin("delete from traces")


def test_function_replaced_after_its_review(world):
    """add_tax is reviewed by the hash of what it was."""
    with world.attack() as a:
        s = a.session()
        gives(s("select add_tax(10)"), "12.0")
        a.admin("create or replace function add_tax(numeric) returns numeric language sql as 'select length(ssn)::numeric from customers limit 1'")
        forgets(a, lambda: s("select add_tax(10)"))


def test_operator_of_a_user(world):
    all_refused_before = ("select 1 === 2", "select id from orders where id === 1", "select id === 2 from scratch")
    with world.attack() as a:
        a.admin("create function same(int, int) returns boolean language plpgsql as $$ begin insert into traces values ('op'); return true; end $$",
                "create operator === (leftarg = int, rightarg = int, function = same)")
        settle()
        s = a.session()
        for sql in all_refused_before:
            failed(s(sql))
            failed(s(parse("", sql), bind("", ""), execute(), SYNC))


def test_operator_that_hides_the_server_s(world):
    """In a schema that comes first in search_path, = is somebody's function."""
    with world.attack() as a:
        s = a.session()
        gives(s("select id from orders where status = 'new'"), "2")
        a.admin("create function app.same(text, text) returns boolean language plpgsql as $$ begin insert into public.traces values ('op'); return true; end $$",
                "create operator app.= (leftarg = text, rightarg = text, function = app.same)",
                "create function app.upper(text) returns text language plpgsql as $$ begin insert into public.traces values ('fn'); return $1; end $$")
        settle()
        s.session = a.session()
        t = a.session()
        for sql in ("select id from orders where status operator(app.=) 'new'", "select app.upper(status) from orders"):
            failed(t(sql))
        del a.came[:]


def test_secret_copied_by_an_approved_create(world):
    all_refused(world, "create table copies as select ssn from customers", "select ssn into copies from customers",
                "create table copies as table customers", "create materialized view copies as select ssn from customers",
                "create view copies as select ssn as harmless from customers")
    with world.attack() as a:
        assert not rows(a.session()("select 1 from pg_class where relname = 'copies'"))
