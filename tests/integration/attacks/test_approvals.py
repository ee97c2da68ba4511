"""What a person approved is one statement of one requester, under the settings that it was shown with."""
import re

from attackworld import SYNC, bind, errors, execute, failed, parse, rows, show

COPY = "create table copied as select code from people"  # harmless where people is app.people


def ask(s, sql, *messages):
    """The id of the approval that it waits for."""
    answer = s(*(messages or (sql,)))
    found = re.search(r"approval ([a-z2-7]{10})", show(answer))
    assert found and errors(answer), show(answer)
    return found[1]


def exists(a, name="copied"):
    return a.admin(f"select count(*) from pg_class where relname = '{name}'") != "0"


def test_approved_under_another_path(world):
    with world.attack() as a:
        s = a.session()
        a.gateway.run("approve", ask(s, COPY))
        t = a.session()
        t("set search_path = public")
        failed(t(COPY))
        assert not exists(a)
        assert not errors(s(COPY)), "what was approved may run once"
        assert a.admin("select string_agg(code, ',') from app.copied") == "plain-one,plain-two"


def test_approved_under_a_path_that_depends_on_data(world):
    """Two sessions that said the same: one has changed its path, the other not, because a row was there."""
    history = "select set_config('search_path', 'public', false) from scratch where id = 77"
    with world.attack() as a:
        s = a.session()
        s(history)
        a.gateway.run("approve", ask(s, COPY))
        s("insert into scratch values (77, 'x')")
        t = a.session()
        t(history)
        t(COPY)
        stolen = exists(a) and a.admin("select count(*) from pg_class c join pg_namespace n on n.oid = relnamespace where relname = 'copied' and nspname = 'public'") != "0"
        assert not stolen, "people.code was copied under an approval for app.people"


def test_approved_once_runs_once(world):
    with world.attack() as a:
        s = a.session()
        sql = "create table once ()"
        a.gateway.run("approve", ask(s, sql))
        assert not errors(s(sql))
        a.admin("drop table app.once")
        failed(s(sql))
        failed(a.session()(sql))
        assert not exists(a, "once")


def test_approved_text_with_more_behind_it(world):
    with world.attack() as a:
        s = a.session()
        sql = "create table more ()"
        a.gateway.run("approve", ask(s, sql))
        for other in (sql + "; delete from orders", sql + "; create table evil ()", "create table more (x int)", sql + " ", "CREATE TABLE more ()", sql + " -- x"):
            failed(s(other))
        failed(s(parse("", sql + "; delete from orders"), bind("", ""), execute(), SYNC))
        assert not exists(a, "evil")


def test_approved_parameters_are_those(world):
    with world.attack() as a:
        s = a.session()
        sql = "merge into scratch s using (select $1::int as id, $2::text as t) n on s.id = n.id when matched then update set t = n.t"
        one = (parse("", sql), bind("", "", [b"1", b"approved"]), execute(), SYNC)
        other = (parse("", sql), bind("", "", [b"2", b"never"]), execute(), SYNC)
        a.gateway.run("approve", ask(s, None, *one))
        failed(s(*other))
        assert a.admin("select count(*) from scratch where t = 'never'") == "0"
        s(*one)
        assert a.admin("select count(*) from scratch where t = 'never'") == "0"


def test_what_is_behind_an_approved_name(world):
    with world.attack() as a:
        s = a.session()
        s("prepare m as merge into scratch s using (select 1 as id) n on s.id = n.id when matched then update set t = 'approved'")
        answer = s("execute m")
        found = re.search(r"approval ([a-z2-7]{10})", show(answer))
        if found:
            a.gateway.run("approve", found[1])
        s("deallocate m")
        s("prepare m as merge into scratch s using (select 1 as id) n on s.id = n.id when matched then delete")
        failed(s("execute m"))


def test_approval_of_another_session_and_person(world):
    with world.attack() as a:
        s = a.session()
        sql = "create table theirs ()"
        a.gateway.run("approve", ask(s, sql))
        from attackworld import connect
        other = connect(a.gateway, token=world.env.token("agent", sub="somebody-else") if takes_sub(world) else world.token, database=a.database)
        answer = other.ask(parse("", sql), bind("", ""), execute(), SYNC)
        a.came += answer
        if takes_sub(world):
            failed(answer)
        other.close()


def takes_sub(world):
    import inspect
    return "sub" in inspect.signature(world.env.issuer.token).parameters


def test_a_secret_in_an_approved_create(world):
    """Even approved, a table of secrets does not show them: its columns are labelled by name, or are unknown."""
    with world.attack() as a:
        s = a.session()
        sql = "create table public.leaked as select id, ssn from customers"
        answer = s(sql)
        found = re.search(r"approval ([a-z2-7]{10})", show(answer))
        if found:
            a.gateway.run("approve", found[1])
            s(sql)
            s("select ssn from public.leaked")
            failed(s("select ssn||'' from public.leaked"))
            s("table public.leaked")
        assert rows(s("select 1"))
