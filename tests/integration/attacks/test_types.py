"""Code that types run, before anybody has judged the statement: reading a literal, a parameter, a row."""
import struct
import time

from attackworld import SYNC, all_masked, bind, close, describe, errors, execute, failed, gives, parse, refused, same_everywhere, show

FIRST, OTHER = "canary-kx7qvz@wq9j.zxq", "nobody@nowhere.zxq"


def oid(a, name):
    return int(a.admin(f"select '{name}'::regtype::oid"))


def test_domain_as_the_type_of_a_parameter(world):
    """Bind reads the value with the domain's CHECK: long before Execute."""
    with world.attack() as a:
        s = a.session()
        for name in ("noted", "noted[]", "noted_pair"):
            value = {"noted": b"x", "noted[]": b"{x}", "noted_pair": b"(1,x)"}[name]
            s(parse("", "select $1", [oid(a, name)]), bind("", "", [value]), SYNC)
            s(parse("", "select 1 where $1 is null", [oid(a, name)]), bind("", "", [value]), execute(), SYNC)
            s(parse("s", "select $1", [oid(a, name)]), describe(b"S", "s"), SYNC)
            s(bind("", "s", [value]), describe(b"P", ""), SYNC)


def test_domain_that_a_parameter_is_cast_to(world):
    with world.attack() as a:
        s = a.session()
        for sql, value in (("select $1::noted", b"x"), ("select cast($1 as public.noted[])", b"{x}"), ("select ($1::noted_pair).a", b"(1,x)"),
                           ("insert into pairs values (1, $1)", b"(1,x)"), ("insert into pairs (id, list) values (1, $1)", b"{x}"),
                           ("update pairs set list = $1", b"{x}"), ("select id from pairs where p = $1", b"(1,x)")):
            s(parse("", sql), bind("", "", [value]), SYNC)


def test_domain_parameter_in_binary(world):
    with world.attack() as a:
        s = a.session()
        t = oid(a, "noted")
        one = struct.pack("!I", 25) + struct.pack("!i", 1) + b"x"
        pair = struct.pack("!iIii", 2, 23, 4, 7) + struct.pack("!I", t) + struct.pack("!i", 1) + b"x"
        array = struct.pack("!iiI", 1, 0, t) + struct.pack("!ii", 1, 1) + struct.pack("!i", 1) + b"x"
        for name, value in (("noted", b"x"), ("noted_pair", pair), ("noted[]", array), ("noted", one)):
            s(parse("", "select $1", [oid(a, name)]), bind("", "", [value], (1,)), execute(), SYNC)


def test_array_of_a_domain_as_a_literal(world):
    """The server reads constants while it analyses: Parse is enough, our own question is enough."""
    with world.attack() as a:
        s = a.session()
        for sql in ("select '{hello}'::noted[]", "select cast('{hello}' as public.noted[])", "select '{hello}'::_noted",
                    "select noted_pair '(1,hello)'", "select ('(1,hello)'::noted_pair).a", "select '{\"(1,hello)\"}'::noted_pair[]",
                    "select '(1,\"(1,hello)\",{})'::pairs", "select null::int where '{hello}'::noted[] is null"):
            s(sql)
            s(parse("", sql), SYNC)
            s(parse("", sql), bind("", ""), execute(), SYNC)
            s("prepare p as " + sql)
            s("explain " + sql)
            s("begin; declare c cursor for " + sql)
            s("rollback")


def test_literal_for_a_column_of_such_a_type(world):
    with world.attack() as a:
        s = a.session()
        for sql in ("insert into pairs values (1, '(1,hello)')", "insert into pairs (id, list) values (1, '{hello}')",
                    "select id from pairs where p = '(1,hello)'", "select id from pairs where list = '{hello}'",
                    "update pairs set list = '{hello}'", "select coalesce(list, '{hello}') from pairs",
                    "select list from pairs union all select '{hello}'", "select id from pairs where list && '{hello}'",
                    "select case when true then list else '{hello}' end from pairs"):
            s(sql)
            s(parse("", sql), SYNC)


def test_check_of_a_domain_as_an_oracle(world):
    """is_customer(value) looks into customers: accepted or not tells whether the address is there."""
    with world.attack() as a:
        for sql in ("select '{%s}'::known_email[]", "select '%s'::known_email", "select array['%s']::known_email[]"):
            answers = []
            for guess in (OTHER, FIRST):
                s = a.session()
                answers.append([(e.get("C"), e.get("M")) for e in errors(s(sql % guess)) + errors(s(parse("", sql % guess), SYNC))])
                s.close()
            a.came = [(k, b) for k, b in a.came if FIRST.encode() not in b]  # our own guess may come back
            assert answers[0] == answers[1], f"{sql}: {answers}"


def test_domain_parameter_as_an_oracle(world):
    with world.attack() as a:
        answers = []
        for guess in (OTHER, FIRST):
            s = a.session()
            answer = s(parse("", "select 1 where $1 is null", [oid(a, "known_email")]), bind("", "", [guess.encode()]), SYNC)
            answers.append([(k, e.get("C")) for k, e in zip([k for k, _ in answer], errors(answer) or [{}])])
        assert answers[0] == answers[1], answers


def test_casts_to_a_domain(world):
    with world.attack() as a:
        s = a.session()
        for sql in ("select 'x'::noted", "select name::noted from customers", "select array['x']::noted[]", "select row(1, 'x')::noted_pair",
                    "select json_populate_record(null::noted_pair, '{\"b\":\"x\"}')", "insert into pairs values (1, row(1,'x'))",
                    "select * from json_to_recordset('[{\"b\":\"x\"}]') as x(b noted)", "select * from jsonb_to_record('{\"b\":[\"x\"]}') as x(b noted[])",
                    "select * from xmltable('/a' passing '<a>x</a>' columns b noted path '.')", "select json_populate_recordset(null::pairs, '[{\"list\":[\"x\"]}]')",
                    "select coalesce(null, 'x'::noted)", "select 'x'::noted collate \"C\"", "select nullif('x'::noted, 'y')"):
            failed(s(sql))
            failed(s(parse("", sql), bind("", ""), execute(), SYNC))


def test_copy_reads_with_types(world):
    with world.attack() as a:
        from attackworld import message, query
        for table, line in (("pairs", b'1\t(1,x)\t{x}\n'), ("pairs (id, list)", b"1\t{x}\n")):
            s = a.session()
            s.client.send(query(f"copy {table} from stdin"))
            answer = s.until(b"G", b"Z")
            if answer[-1][0] == b"G":
                s(message(b"d", line), message(b"c"))
            assert errors(answer) or errors(a.came), show(answer)


def test_planning_runs_immutable_code(world):
    """Bind plans, and planning computes what is constant: no Execute is needed."""
    with world.attack() as a:
        a.admin("create function quiet(int, int) returns boolean language plpgsql immutable as $$ begin perform notes_it('planned'); return true; end $$",
                "create operator === (leftarg = int, rightarg = int, function = quiet)",
                "create function silent(int) returns int language plpgsql immutable as $$ begin perform notes_it('planned'); return 1; end $$",
                "create view v_silent as select id, silent(1) as one from orders", "alter view v_silent owner to app",
                "create view v_quiet as select id from orders where 1 === 2", "alter view v_quiet owner to app")
        time.sleep(1.3)
        s = a.session()
        for sql in ("select 1 === 2", "select id from orders where 1 === 2", "select * from v_silent", "select id from v_quiet", "table v_quiet"):
            s(parse("", sql), SYNC)
            s(bind("", ""), SYNC)
            s(parse("", sql), bind("p", ""), close(b"P", "p"), SYNC)
            s("prepare p as " + sql)
            s(sql)
            s("explain " + sql)
            s("begin")
            s("declare c cursor for " + sql)
            s("rollback")


def test_parameters_that_name_objects(world):
    """regclass and its kin look names up when they are bound; text in place of a number is an error without data."""
    same_everywhere(world, [(parse("", "select $1::regclass", []), bind("", "", [b"customers"]), execute(), SYNC)],
                    [(parse("", "select ssn from customers where id = $1"), bind("", "", [b"x"]), execute(), SYNC)],
                    [(parse("", "select ssn from customers where id = $1", [25]), bind("", "", [b"1"]), execute(), SYNC)],
                    [(parse("", "select id from customers where $1 = any($2::text[])"), bind("", "", [b"a", b"{a,b}"]), execute(), SYNC)],
                    [(parse("", "select $1::xid, $2::pg_lsn, $3::regrole"), bind("", "", [b"1", b"0/1", b"app"]), execute(), SYNC)])


def test_result_formats_do_not_change_the_mask(world):
    with world.attack() as a:
        s = a.session()
        for formats in ((), (0,), (1,), (1, 0), (0, 1)):
            s(parse("", "select ssn, card from customers"), bind("", "", (), (), formats), describe(b"P", ""), execute(), SYNC)
        failed(s(parse("", "select ssn, card from customers"), bind("", "", (), (), (1, 1, 1)), execute(), SYNC))
        s(parse("", "select ssn, card from customers"), bind("", "", (), (), (7, 0)), execute(), SYNC)


def test_whole_rows_and_row_types(world):
    all_masked(world, "select (customers).ssn from customers", "select (c).* from customers c", "select (q).ssn from (select ssn, id from customers) q",
               "select * from json_to_recordset('[{\"ssn\":1}]') as x(ssn text)")
    with world.attack() as a:
        s = a.session()
        for sql in ("select c from customers c", "select row(c.*) from customers c", "select c::text from customers c", "select to_json(c) from customers c",
                    "select count(c) from customers c where c is not null", "select (select c from customers c where id = 1).ssn::text||''",
                    "select json_populate_record(null::customers, to_json(c)) from customers c", "select hash_record(c) from customers c",
                    "select c = c from customers c", "select distinct c from customers c", "select array_agg(c) from customers c",
                    "select (array_agg(c))[1].ssn from customers c", "select record_out(c) from customers c", "select c.*::text from customers c",
                    "select format('%s', c) from customers c", "select xmlforest(c) from customers c", "select num_nulls(c.*) from customers c"):
            failed(s(sql))
        gives(s("select 1"), "1")
