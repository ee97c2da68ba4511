"""Names mean something else: search_path, settings, temporary relations; verdicts are kept by text and history of settings.

"$user" comes first in search_path and is app: app.people holds nothing secret, public.people.code is secret.
"""
from attackworld import (SYNC, all_refused, bind, close, describe, errors, execute, failed, gives, parse, refused, rows, settle,
                         show)

STEAL = "select code||'' from people"
PLAIN = ("plain-one", "plain-two")


def test_search_path_changed_in_the_same_text(world):
    with world.attack() as a:
        s = a.session()
        failed_or_refused(s("set search_path = public; " + STEAL))
        failed_or_refused(a.session()("begin; set local search_path = public; " + STEAL + "; commit"))
        failed_or_refused(a.session()("select set_config('search_path', 'public', false); " + STEAL))
        failed_or_refused(a.session()("set search_path = public; prepare p as " + STEAL + "; execute p"))


def failed_or_refused(answer):
    assert errors(answer), show(answer)


def test_search_path_changed_after_bind(world):
    """The portal was planned under one path; the question at its Execute must be asked under the same."""
    with world.attack() as a:
        s = a.session()
        s("begin")
        s("set search_path = public")
        s(parse("s", STEAL), bind("p", "s"), SYNC)
        s('set search_path = "$user", public')
        failed(s(execute("p"), SYNC))


def test_search_path_changed_between_parse_and_bind(world):
    """The server analyses again at Bind."""
    with world.attack() as a:
        s = a.session()
        gives(s(parse("s", STEAL), bind("", "s"), execute(), SYNC), *PLAIN)
        s("set search_path = public")
        refused(s(bind("", "s"), execute(), SYNC))
        s('set search_path = "$user", public')
        gives(s(bind("", "s"), execute(), SYNC), *PLAIN)
        s("prepare q as " + STEAL)
        gives(s("execute q"), *PLAIN)
        s("set search_path = public")
        refused(s("execute q"))


def test_search_path_set_inside_a_pipeline(world):
    take = "select set_config('search_path', 'public', true)"
    with world.attack() as a:
        s = a.session()
        gives(s(STEAL), *PLAIN)
        one = (parse("", take), bind("", ""), execute())
        for pipeline in (one + (parse("", STEAL), bind("", ""), execute()),
                         (parse("q", STEAL),) + one + (bind("p", "q"), execute("p"), close(b"S", "q")),
                         (parse("", "set local search_path = public"), bind("", ""), execute(), parse("", STEAL), bind("", ""), execute())):
            s("begin")
            failed(s(*pipeline, SYNC)[-3:])
            s("rollback")
        gives(s(STEAL), *PLAIN)


def test_a_setting_that_depends_on_data(world):
    """set_config() in a SELECT runs only where there is a row: two sessions with the same statements have different settings."""
    history = "select set_config('search_path', 'public', false) from scratch where id = 77"
    with world.attack() as a:
        s = a.session()
        s(history)
        for _ in range(4):  # a verdict is kept when a text comes again
            s(STEAL)
        s("insert into scratch values (77, 'x')")
        t = a.session()
        t(history)
        failed(t(STEAL))


def test_a_setting_that_depends_on_data_by_a_fetch(world):
    with world.attack() as a:
        for declare, take in (("declare c cursor with hold for select set_config('search_path', 'public', false)", "fetch 1 from c"),
                              ("prepare c as select set_config('search_path', 'public', false)", "execute c")):
            s = a.session()
            s(STEAL)
            s(declare)
            s(STEAL)
            s(take)
            if b"public" in b"".join(rows(s("show search_path"))[0]) and b"user" not in b"".join(rows(s("show search_path"))[0]):
                failed(s(STEAL))


def test_defaults_of_a_role_changed_between_sessions(world):
    with world.attack() as a:
        for _ in range(4):
            gives(a.session()(STEAL), *PLAIN)
        a.admin("alter role app set search_path = public")
        try:
            failed(a.session()(STEAL))
        finally:
            a.admin("alter role app reset search_path")


def test_defaults_of_a_database_changed_between_sessions(world):
    with world.attack() as a:
        for _ in range(4):
            gives(a.session()(STEAL), *PLAIN)
        a.admin(f'alter database "{a.database}" set search_path = public')
        failed(a.session()(STEAL))


def test_reset_and_discard_bring_another_path(world):
    with world.attack() as a:
        a.admin(f'alter database "{a.database}" set search_path = public')
        for undo in ("reset search_path", "reset all", "discard all", "set search_path to default"):
            s = a.session()
            s('set search_path = "$user", public')
            gives(s(STEAL), *PLAIN)
            if not errors(s(undo)):
                failed(s(STEAL))


def test_set_local_ends_with_its_transaction(world):
    with world.attack() as a:
        s = a.session()
        for begin, end, secret in (("begin", "rollback", False), ("begin", "commit", False)):
            s(begin)
            s("set local search_path = public")
            refused(s(STEAL))
            s(end)
            gives(s(STEAL), *PLAIN)
        s("begin")
        s("savepoint a")
        s("set search_path = public")
        s("rollback to a")
        gives(s(STEAL), *PLAIN)
        s("set search_path = public")
        s("commit")
        refused(s(STEAL))


def test_a_set_that_is_rolled_back_by_an_error(world):
    with world.attack() as a:
        s = a.session()
        s("set search_path = public")
        s("begin")
        s('set search_path = "$user", public')
        gives(s(STEAL), *PLAIN)
        s("select 1/0")
        s("commit")
        failed(s(STEAL))
        s(parse("", 'set search_path = "$user", public'), bind("", ""), execute(), parse("", "select 1/0"), bind("", ""), execute(), SYNC)
        failed(s(STEAL))


def test_a_set_in_an_implicit_transaction_that_fails(world):
    with world.attack() as a:
        s = a.session()
        s("set search_path = public")
        s("""set search_path = "$user", public; select 1/0""")
        failed(s(STEAL))


def allow_temporary(p):
    p["rules"].append({"name": "temporary", "effect": "allow", "verbs": ["ddl.create"], "objects": ["*.*"], "roles": ["agent"]})
    for r in p["rules"]:
        if r["name"] == "ddl-needs-a-person":
            r["verbs"] = ["ddl.create_as", "ddl.alter*", "ddl.drop", "merge"]


def test_a_temporary_table_hides_another(world):
    """Its verdict must not serve sessions that do not have it, nor this one when it is gone."""
    g = world.gateway_with("temporary", allow_temporary)
    with world.attack(gateway=g) as a:
        s, t = a.session(), a.session()
        s("set search_path = public")
        t("set search_path = public")
        s("create temp table people (id int, code text)")
        s("insert into pg_temp.people values (1, 'mine')")
        s(STEAL)
        s(STEAL)
        failed(t(STEAL))
        s("discard all")
        s("set search_path = public")
        s(STEAL)  # gone, or still there: but not the other one
    with world.attack(gateway=g) as a:
        s = a.session()
        s("set search_path = public")
        s("begin; create temp table people (id int, code text) on commit drop; commit")
        failed(s(STEAL))
        s("create temp table people (id int, code text)")
        s("discard temp")
        s(STEAL)


def test_settings_that_are_not_for_agents(world):
    all_refused(world, *(f"set {s}" for s in (
        "transform_null_equals = on", "row_security = off", "session_replication_role = replica", "array_nulls = off",
        "debug_print_rewritten = on", "debug_print_parse = on", "debug_print_plan = on", "debug_pretty_print = on",
        "log_statement = 'all'", "log_min_messages = debug5", "search_path = app", "search_path = pg_temp, public",
        "local_preload_libraries = x", "default_table_access_method = x", "check_function_bodies = off", "lo_compat_privileges = on",
        "default_with_oids = off", "quote_all_identifiers = on", "allow_in_place_tablespaces = on", "plan_cache_mode = force_custom_plan",
        "enable_seqscan = off", "operator_precedence_warning = on", "session authorization default", "role none")),
        "set schema 'app'", "set local search_path to app, public", "set names 'sql_ascii'")


def test_our_own_setting(world):
    """querywarden.messages keeps the client's client_min_messages while a tree is asked for."""
    all_refused(world, "set querywarden.messages = 'debug5'", "set local querywarden.messages = 'error'",
                "select set_config('querywarden.messages', 'debug5', false)", "select set_config('QueryWarden.Messages', 'x', true)",
                "select set_config('query'||'warden.messages', 'debug5', false)")
    with world.attack() as a:
        s = a.session()
        s("set client_min_messages = warning")
        refused(s("select max(ssn) from customers"))
        s("select ssn from customers")
        gives(s("show client_min_messages"), "warning")
        s("begin")
        s("set local client_min_messages = error")
        s("select ssn from customers")
        gives(s("show client_min_messages"), "error")
        s("rollback")
        gives(s("show client_min_messages"), "warning")
        gives(s("show debug_print_rewritten"), "off")
        a.refused_login(options="-c querywarden.messages=debug5")


def test_startup_parameters(world):
    with world.attack() as a:
        for startup in ({"options": "-c search_path=app"}, {"options": "-c debug_print_rewritten=on"}, {"role": "postgres"},
                        {"replication": "database"}, {"search_path": "app"}, {"options": "-csession_replication_role=replica"},
                        {"options": "--search_path=pg_temp"}, {"session_authorization": "postgres"}, {"row_security": "off"},
                        {"options": "-c search_path=public\\ ,\\ app"}, {"options": "-c client_encoding=sjis"},
                        {"standard_conforming_strings": "off"}):
            a.refused_login(**startup)
        s = a.session(search_path="public")
        failed(s(STEAL))
        gives(a.session()(STEAL), *PLAIN)


def test_loud_messages_tell_nothing(world):
    """debug5 shows what the backend does, also for our own questions: no name of ours, no tree, no value."""
    with world.attack() as a:
        for s in (a.session(client_min_messages="debug5"), a.session()):
            s("set client_min_messages = debug5")
            for step in ("select max(ssn) from customers", "begin", "select max(ssn) from customers", "rollback", "select ssn from customers",
                         "update customers set name = name", "copy customers (id, name) to stdout", "prepare p as select ssn from customers",
                         "execute p", "deallocate p"):
                s(step)
                s(parse("", step), bind("", ""), describe(b"P", ""), execute(), SYNC)
                s("rollback")
        said = a.raw().decode(errors="replace")
        for word in ("elog_node_display", "rewritten parse tree", "{QUERY", "querywarden.messages", "set_config"):
            assert word not in said, f"{word}: {said[max(0, said.index(word) - 200):][:500]}"


def test_a_new_path_is_not_only_for_the_first_text(world):
    with world.attack() as a:
        s, t = a.session(), a.session()
        for _ in range(3):
            gives(s(STEAL), *PLAIN)
        t("set search_path = public")
        for _ in range(3):
            refused(t(STEAL))
        settle(0.1)
        gives(s(STEAL), *PLAIN)
