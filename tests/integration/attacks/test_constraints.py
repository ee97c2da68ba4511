"""Writes whose failure would tell: keys, unique indexes, checks. What is refused must be refused whatever the secrets are."""
import itertools

from attackworld import SYNC, all_refused, bind, errors, execute, failed, gives, parse, refused, rows, same_everywhere, settle, show

GUESS, NOBODY = "canary-kx7qvz@wq9j.zxq", "nobody@x.zxq"
RULE = "flow.constraint"


def opened(world, also=()):
    """A gateway whose policy lets addresses be compared, and has reviewed some constraints."""
    def change(p):
        for m in p["masks"]:
            if "*.*.email" in m["columns"]:
                m["allow"] = {"equality": {"per_minute": 1000}}
        p["reviewed"] = [{"hazard": h} for h in also]
        deleting = [r for r in p["rules"] if "delete" in r.get("verbs", ())]
        for r in deleting:
            r["verbs"] = [v for v in r["verbs"] if v != "delete"]
        next(r for r in p["rules"] if r["name"] == "everyday-work")["verbs"].append("delete")
        for r in p["rules"]:
            if r["name"] == "ddl-needs-a-person":
                r["verbs"].remove("merge")
        next(r for r in p["rules"] if r["name"] == "everyday-work")["verbs"].append("merge")
    return world.gateway_with("opened-" + "-".join(h.split()[-3] for h in also) if also else "opened", change)


def ask_all(world, setup, statements, gateway=None, says=RULE):
    """Each statement in both protocols: refused by the rule, and so it tells nothing."""
    with world.attack(gateway=gateway) as a:
        a.admin(*setup)
        settle()
        for sql in statements:
            refused(a.session()(sql), says)
            refused(a.session()(parse("", sql), bind("", ""), execute(), SYNC), says)


USES = ("create table uses (id int primary key, ref text references customers (email), note text)",
        "insert into uses values (1, 'canary-jw3xkq@vz8q.zxq')", "grant all on uses to app")


def test_foreign_key_variants(world):
    """ON CONFLICT, several rows, UPDATE, COPY, and without the word references."""
    ask_all(world, USES, [
        f"insert into uses values (2, '{GUESS}')", f"insert into uses select 2, '{NOBODY}'", f"insert into uses values (2, '{GUESS}'), (3, null)",
        f"insert into uses (id, ref) values (1, '{GUESS}') on conflict (id) do nothing",
        f"insert into uses (id) values (1) on conflict (id) do update set ref = '{GUESS}'",
        f"update uses set ref = '{GUESS}'", f"update uses set ref = '{GUESS}' where false", f"with w as (update uses set ref = '{NOBODY}' returning id) select 1",
        "copy uses from stdin", "copy uses (id, ref) from stdin"])


def test_foreign_key_that_holds_null(world):
    """What does not touch the key goes on, and the column that references has the mask of what it references."""
    with world.attack() as a:
        a.admin(*USES)
        settle()
        s = a.session()
        for sql in ("insert into uses (id) values (5)", "insert into uses values (6, null)", "update uses set note = 'x'"):
            assert not errors(s(sql)), sql
        masked = rows(s("select ref, (select email from customers where id = 2) from uses where id = 1 union all select email, email from customers where id = 2"))
        assert masked[-1][0] == masked[-1][1] and b"canary" not in masked[-1][0], masked
        refused(s("select id from uses where ref like 'c%'"), "flow.predicate")
        refused(s("select upper(ref) from uses"), "flow.function")


def test_foreign_keys_of_many_kinds(world):
    """Composite, NOT VALID, deferred, to itself, of partitions, in views, MATCH FULL."""
    ask_all(world, [
        "alter table customers add unique (id, ssn)",
        "create table pairs2 (id int primary key, cid int, s text, foreign key (cid, s) references customers (id, ssn))",
        "insert into pairs2 values (1, 1, 'canary-819QJX44')",
        "create table late (id int, ref text references customers (email) deferrable initially deferred)",
        "create table loose (id int, ref text)", "alter table loose add foreign key (ref) references customers (email) not valid",
        "create table tree (id int, email text primary key, boss text references tree (email))",
        "create table split (id int, ref text references customers (email)) partition by list (id)",
        "create table split_1 partition of split for values in (1)",
        "create table hidden (id int, ref text)", "create table hidden_child (check (id > 0), foreign key (ref) references customers (email)) inherits (hidden)",
        "create table plain_root (id int, ref text) partition by list (id)",
        "create table plain_leaf partition of plain_root for values in (1)", "alter table plain_leaf add foreign key (ref) references customers (email)",
        "create table fullm (id int, cid int, s text, foreign key (cid, s) references customers (id, ssn) match full)",
        "create view v_uses as select id, ref as other from late", "alter view v_uses owner to app",
        "grant all on all tables in schema public to app"], [
        "insert into pairs2 values (2, 1, 'canary-819QJX44')", "update pairs2 set cid = 2", "update pairs2 set cid = 2 where id = 1",
        "update pairs2 set s = 'canary-819QJX44' where id = 1", f"insert into late values (1, '{GUESS}')", f"insert into loose values (1, '{GUESS}')",
        f"update loose set ref = '{GUESS}'", f"insert into tree values (1, 'x', '{GUESS}')", f"update tree set boss = '{GUESS}'",
        f"insert into split values (1, '{GUESS}')", f"insert into split_1 values (1, '{GUESS}')", f"update split set ref = '{GUESS}'",
        f"update hidden set ref = '{GUESS}'", f"insert into hidden_child values (1, '{GUESS}')",
        f"insert into plain_root values (1, '{GUESS}')", f"insert into plain_leaf values (1, '{GUESS}')", f"update plain_root set ref = '{GUESS}'",
        "insert into fullm values (1, 1, 'canary-819QJX44')", f"insert into v_uses values (1, '{GUESS}')", f"update v_uses set other = '{GUESS}'"])


def test_what_references_a_parent(world):
    """Deleting or changing the parent tells whether a child holds the value; what then happens to children does, too."""
    gateway = opened(world)
    setup = ["create table states (code text primary key, label text)", "insert into states values ('aa', 'x'), ('bb', 'y')",
             "create table homes (id int, ssn text references states (code))", "insert into homes values (1, 'aa')",
             "create table homes_c (id int, ssn text references states (code) on delete set null on update cascade)",
             "create table grand (id int primary key)", "create table middle (id int primary key references grand on delete cascade, code text unique)",
             "create table leaf (id int, ssn text references middle (code))",
             "create table moved (id int primary key)", "create table follows (mid int references moved on update cascade, ssn text, unique (mid, ssn))",
             "grant all on all tables in schema public to app"]
    ask_all(world, setup, ["delete from states where code = 'bb'", "delete from states", "update states set code = 'cc' where code = 'aa'",
                           "insert into states values ('aa') on conflict (code) do update set code = 'dd'", "delete from grand where id = 1",
                           "delete from middle", "update middle set code = 'q'", "update moved set id = 2",
                           "merge into states s using scratch x on s.label = x.t when matched then delete",
                           "merge into states s using scratch x on s.label = x.t when matched then update set code = 'z'",
                           ][:8 if world.env.postgres.major < 15 else 10], gateway)
    with world.attack(gateway=gateway) as a:
        a.admin(*setup)
        settle()
        for sql in ("update states set label = 'x'", "insert into states values ('ee', 'z')", "delete from leaf", "insert into grand values (4)"):
            assert not errors(a.session()(sql)), sql


UNIQUES = ["create table un (id int primary key, plain text, ssn text, email text unique, gone bool default false)",
           "create unique index on un (plain, ssn)", "create unique index un_lower on un (lower(ssn)) where not gone",
           "create table part (id int primary key, plain text, ssn text)", "create unique index on part (plain) where ssn like 'canary-8%'",
           "create table ex (id int primary key, plain int, ssn text, exclude using btree (ssn with =))",
           "create table gen (id int primary key, plain text, ssn text, tag text generated always as (left(ssn, 8)) stored unique)",
           "create table onlypart (id int, plain text, ssn text) partition by list (id)", "create table onlypart_1 partition of onlypart for values in (1, 2)",
           "create unique index on onlypart_1 (ssn)", "create table onlypart_2 partition of onlypart for values in (3)",
           "create table lateu (id int, ssn text unique deferrable initially deferred)",
           "grant all on all tables in schema public to app"]


def test_unique_indexes_of_many_kinds(world):
    ask_all(world, UNIQUES, [
        f"insert into customers (id, name, email) values (50, 'x', '{GUESS}')", f"update customers set email = '{GUESS}' where id = 2",
        f"insert into customers (name, email) select 'x', '{GUESS}'", "copy customers (name, email) from stdin", "copy un from stdin",
        "insert into un (id, ssn) values (1, 'x')", "insert into un (id, plain, ssn) values (1, 'a', 'x')", "update un set plain = 'a'", "update un set gone = true",
        "update un set gone = false, plain = null", "insert into part (id, plain) values (1, 'a')", "update part set plain = 'x'", "update part set ssn = 'canary-8'",
        "insert into ex values (1, 1, 'canary-819QJX44')", "update ex set ssn = 'x'", "insert into gen (id, ssn) values (1, 'x')", "insert into gen (id) values (1)",
        "update gen set ssn = 'x'", "insert into onlypart values (1, 'a', 'x')", "update onlypart set ssn = 'x'", "update onlypart set id = 2",
        "insert into onlypart_1 values (1, 'a', 'x')", "insert into lateu values (1, 'x')",
        "insert into un (id, plain) values (1, 'a') on conflict (id) do update set ssn = 'canary-819QJX44'",
        "insert into un (id, email) values (1, 'x') on conflict (id) do update set email = excluded.email",
        "insert into un (id, plain) values (1, 'a') on conflict (id) do update set plain = 'b'"])
    with world.attack() as a:
        a.admin(*UNIQUES)
        settle()
        s = a.session()
        for sql in ("insert into un (id, plain) values (3, 'a')", "insert into un (id) values (4), (5)", "insert into un values (14, 'a', null, null, true)", "update ex set plain = 3",
                    "insert into ex (id, plain) values (9, 1)", "update gen set plain = 'x'", "insert into customers (name) values ('Zed')",
                    "update customers set phone = '1' where id = 1", "insert into customers (name, ssn) values ('q', 'mine')", "update onlypart_1 set plain = 'z'"):
            assert not errors(s(sql)), (sql, errors(s(sql)))


def test_checks_of_what_is_not_written(world):
    """A check that looks at a secret which the UPDATE leaves alone; one that rows do not fulfil yet, or that changes with time."""
    setup = ["create table ck (id int primary key, plain text, ssn text, check (ssn >= plain))",
             "create table ck_old (id int primary key, plain text, ssn text)", "alter table ck_old add check (ssn like 'canary-8%') not valid",
             "create table ck_time (id int primary key, plain text, ssn text, check (ssn <> to_char(now(), 'YYYY')))",
             "create table ck_row (id int primary key, plain text, ssn text, check (row_to_json(ck_row) is not null))",
             "create table ck_gen (id int primary key, n int, ssn text, g int generated always as (1 / (length(ssn) - n)) stored)",
             "create table ck_ix (id int primary key, n int, ssn text)", "create index on ck_ix ((1 / (length(ssn) - n)))",
             "create table ck_ok (id int primary key, plain text, ssn text check (length(ssn) < 50), check (plain <> 'q'))",
             "create index on ck_ok (lower(plain || ssn))",
             "create table ck_part (id int, plain int, ssn text) partition by range (plain, ssn)",
             "create table ck_part_1 partition of ck_part for values from (1, 'a') to (9, 'z')", "grant all on all tables in schema public to app"]
    if world.env.postgres.major < 14:
        setup = [x for x in setup if "row_to_json" not in x] + ["create table ck_row (id int, plain text, ssn text, check (ssn > plain))"]
    ask_all(world, setup, ["update ck set plain = 'canary-8'", "update ck set plain = 'canary-8' where id = 1", "update ck_old set plain = 'x'", "update ck_time set plain = 'x'",
                           "update ck_row set plain = 'x'", "update ck_gen set n = 15", "update ck_ix set n = 15",
                           "update ck_part set plain = 9", "update ck_part_1 set plain = 9",
                           "insert into ck (id, plain) values (1, 'x') on conflict (id) do update set plain = 'canary-8'"])
    with world.attack() as a:
        a.admin(*setup)
        settle()
        s = a.session()
        for sql in ("insert into ck values (1, 'a', 'b')", "update ck set plain = 'a', ssn = 'b'", "update ck set id = 2", "update ck_ok set plain = 'x'",
                    "update ck_ok set ssn = 'x'", "insert into ck_gen values (1, 1, 'abc')", "insert into ck_old values (1, 'x', 'canary-8')"):
            assert not errors(s(sql)), (sql, errors(s(sql)))


def test_equality_opens_single_values(world):
    """With the policy's leave one value may be tried at a time, and is counted; not a list, a range, or what others hold."""
    gateway = opened(world)
    with world.attack(gateway=gateway) as a:
        a.admin(*USES, "create table lists (x text)", "create table peers (id int primary key, name text, email text unique)", "insert into lists values ('a'), ('b')", "grant all on lists, peers to app")
        settle()
        s = a.session()
        assert [e.get("C") for e in errors(s(f"insert into uses values (10, '{NOBODY}')"))] == ["23503"]
        assert not errors(s(f"insert into uses values (11, '{GUESS}')")) and not errors(s(parse("", "update uses set ref = $1 where id = 11"), bind("", "", (GUESS.encode(),)), execute(), SYNC))
        answer = s(f"insert into customers (id, name, email) values (50, 'x', '{GUESS}')")
        assert errors(answer)[0]["C"] == "23505" and set(errors(answer)[0]) <= set("SVCMH"), errors(answer)
        answer = s("insert into peers (id, name, email) values (1, 'x', 'new@x.zxq') on conflict (id) do update set email = excluded.email")
        assert not errors(answer), errors(answer)
        assert not errors(s("update peers set email = null where id = 1"))
        for sql in (f"insert into uses values (12, '{GUESS}'), (13, '{NOBODY}')", "insert into uses select 12, x from lists", "update uses set ref = note",
                    "insert into uses values (12, (select x from lists limit 1))", f"update uses set ref = '{GUESS}' || id", "copy uses from stdin",
                    "insert into customers (name, email) select 'x', format('u%s@x.zxq', g) from generate_series(1, 100000) g",
                    "update customers set email = 'x' || id where id < 3", "delete from customers where id = 3", "update customers set email = 'q' where id = 2"):
            refused(a.session()(sql), RULE)


def test_errors_of_constraints_are_reduced(world):
    """Where a write may fail, the error tells no more than that it did; also at COMMIT."""
    gateway = opened(world, ["unique index lateu_ssn_key of public.lateu", "exclusion constraint ex_ssn_excl of public.ex"])
    with world.attack(gateway=gateway) as a:
        a.admin(*UNIQUES, "insert into lateu values (1, 'canary-819QJX44')", "insert into ex values (1, 1, 'canary-819QJX44')")
        settle()
        s = a.session()
        for end in ("commit", "set constraints all immediate", "end"):
            s("begin")
            assert not errors(s("insert into lateu values (2, 'canary-819'||'QJX44')"))
            answer = s(end)
            assert errors(answer) and set(errors(answer)[0]) <= set("SVCMH"), errors(answer)
            s("rollback")
        answer = s("insert into ex values (2, 1, 'canary-819'||'QJX44')")
        assert errors(answer) and set(errors(answer)[0]) <= set("SVCMH"), errors(answer)
