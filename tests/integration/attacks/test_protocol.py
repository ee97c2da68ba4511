"""States of the protocol: what is in flight, what was aborted, what is cut off."""
import socket
import struct
import time

from attackworld import (FLUSH, SYNC, Raw, all_masked, bind, close, describe, errors, execute, failed, gives, message, parse, query, refused,
                         row, rows, show)

MAX = "select max(ssn) from customers"


def test_query_sent_behind_the_rollback(world):
    """In an aborted transaction a Query of one statement needs no tree, as the server refuses it: unless ROLLBACK is in flight."""
    with world.attack() as a:
        for end in ("rollback", "commit", "rollback to s", "rollback and chain", "abort", "end"):
            for sql in (MAX, "select id from customers where ssn like 'canary-8%'", "select 'hello'::noted", "select ssn||'' from customers"):
                s = a.session()
                s("begin")
                s("savepoint s")
                s("select 1/0")
                answer = s.at_once(end, sql)
                assert errors(answer) and not rows(answer), f"{end}; {sql}: {show(answer)}"
                s.close()


def test_pipeline_behind_the_rollback(world):
    with world.attack() as a:
        for sql in (MAX, "select id from customers where ssn like 'canary-8%'", "select 'hello'::noted"):
            s = a.session()
            s("begin")
            s("select 1/0")
            s.client.send(query("rollback"), parse("", sql), bind("", ""), execute(), SYNC)
            s.until(b"Z")
            failed(s.until(b"Z"))
            s.close()
            s = a.session()
            s("begin")
            s("select 1/0")
            s(parse("", "rollback"), bind("", ""), execute(), parse("", sql), bind("", ""), execute(), SYNC)
            s(SYNC)
            s.close()


def test_texts_in_an_aborted_transaction(world):
    with world.attack() as a:
        s = a.session()
        for sql in ("rollback; " + MAX, "commit; select ssn||'' from customers", "rollback; begin; " + MAX, "rollback; select 'hello'::noted"):
            s("begin")
            s("select 1/0")
            failed(s(sql)[-2:])
            s("rollback")


def test_queries_in_one_piece(world):
    with world.attack() as a:
        s = a.session()
        for before in ("select 1", "begin", "set client_min_messages = notice", "select ssn from customers", "listen x", "prepare p as select 1",
                       "declare c cursor for select 1", "select 1/0", "discard all", "selec", "", "copy customers (id) to stdout"):
            failed(s.at_once(before, MAX))
            s("rollback")
            s.client.send(query(before), parse("", MAX), bind("", ""), execute(), SYNC)
            s.until(b"Z")
            failed(s.until(b"Z"))
            s("rollback")


def test_execute_twice_and_in_pieces(world):
    with world.attack() as a:
        s = a.session()
        for sql in ("select ssn from customers", MAX):
            s(parse("", sql), bind("", ""), execute(), execute(), SYNC)
            s(parse("", sql), describe(b"S", ""), bind("", "", (), (), (1,)), describe(b"P", ""), execute("", 1), execute("", 1), FLUSH, execute(), SYNC)
            s(parse("", sql), FLUSH, bind("", ""), FLUSH, execute("", 2147483647), FLUSH, SYNC)
            s(parse("", sql), bind("", ""), describe(b"P", ""), SYNC)
            s(execute(), SYNC)


def test_pipeline_without_sync(world):
    """A question of ours stands in the client's own implicit transaction, and a refusal ends it."""
    with world.attack() as a:
        s = a.session()
        s.client.send(parse("", "insert into scratch values (800, 'x')"), bind("", ""), execute(), parse("", MAX), bind("", ""), execute(),
                      parse("", "insert into scratch values (801, 'y')"), bind("", ""), execute(), FLUSH)
        time.sleep(0.3)
        refused(s(SYNC))
        assert a.admin("select count(*) from scratch where id >= 800") == "0"
        s.client.send(parse("", "select ssn from customers"), bind("", ""), execute(), FLUSH)
        time.sleep(0.2)
        s.close()


def test_cancel_while_it_is_asked(world):
    with world.attack() as a:
        for pause in (0, 0.001, 0.005, 0.02, 0.1):
            s = a.session()
            s.client.send(query("select count(*) from customers a, customers b, generate_series(1, 400000)"))
            time.sleep(pause)
            with Raw(a.gateway.port, a.gateway.authority.certificate, timeout=5) as r:
                r.send(struct.pack("!III", 12 + len(s.client.key), 80877102, s.client.pid) + s.client.key if len(s.client.key) != 4
                       else struct.pack("!III", 16, 80877102, s.client.pid) + s.client.key)
            s.until(b"Z")
            refused(s(MAX))
            assert not errors(s("select ssn from customers"))
            s.close()


def test_cancel_with_another_session_s_key(world):
    with world.attack() as a:
        s, other = a.session(), a.session()
        other.client.send(query("select count(*) from customers a, generate_series(1, 300000)"))
        for key in (s.client.key, b"\0\0\0\0", b"\xff" * 4):
            with Raw(a.gateway.port, a.gateway.authority.certificate, timeout=5) as r:
                r.send(struct.pack("!III", 16, 80877102, other.client.pid) + key[:4])
        assert not errors(other.until(b"Z"))


def test_disconnect_while_it_is_asked(world):
    with world.attack() as a:
        for i in range(10):
            for messages in ((query(f"insert into scratch values ({900 + i}, 'x'::noted)"),),
                             (parse("", "update customers set name = ssn"), bind("", ""), execute()),
                             (parse("", "delete from orders"), bind("", ""), execute(), SYNC), (query("begin; delete from orders; commit"),)):
                s = a.session()
                s.client.send(*messages)
                s.client.socket.shutdown(socket.SHUT_RDWR) if i % 2 else s.close()
        time.sleep(0.5)
        assert a.admin("select count(*) from scratch where id >= 900") == "0"
        assert a.admin("select count(*) from customers where name like 'canary%'") == "0"


def test_the_name_that_we_use(world):
    """Ours cannot be seen or guessed: no catalog of statements, no message tells it; and knowing it would only refuse."""
    with world.attack() as a:
        s = a.session(client_min_messages="debug5")
        for sql in ("select name from pg_prepared_statements", "select * from pg_catalog.pg_prepared_statement()", "select name from pg_cursors",
                    "select query from pg_stat_activity", "table pg_prepared_statements"):
            failed(s(sql))
        for step in ((MAX,), (parse("", MAX), bind("", ""), execute(), SYNC), ("begin", ), (MAX,), ("rollback",),
                     (parse("", "begin"), bind("", ""), execute(), parse("", MAX), bind("", ""), execute(), SYNC), ("rollback",)):
            s(*step)
        import re
        found = re.findall(r"prepared statement \"([^\"]+)\"", a.raw().decode(errors="replace"))
        assert not found, found
        s("deallocate all")
        refused(s(MAX))


def test_copy_in_with_a_question_behind(world):
    with world.attack() as a:
        s = a.session()
        s.client.send(query("copy scratch from stdin"))
        s.until(b"G")
        s.client.send(message(b"d", b"950\tx\n"), query(MAX), message(b"c"))
        s.until(b"Z", None)
        s = a.session()
        s.client.send(query("copy scratch from stdin"))
        s.until(b"G")
        s(message(b"f", b"stop"))
        failed(s(MAX))
        failed(s("copy scratch from stdin; " + MAX))


def test_function_call_message(world):
    with world.attack() as a:
        s = a.session()
        number = int(a.admin("select 'f_get_ssn(int)'::regprocedure::oid"))
        refused(s(message(b"F", struct.pack("!IHHHi", number, 1, 0, 1, 1) + b"1" + struct.pack("!H", 0))))


def test_describe_tells_only_shapes(world):
    with world.attack() as a:
        s = a.session()
        for sql in (MAX, "select ssn||'' from customers", "select ssn as \"x\" from customers", "values ((select ssn from customers limit 1))"):
            s(parse("s", sql), describe(b"S", "s"), close(b"S", "s"), SYNC)
            s(parse("", sql), bind("", ""), describe(b"P", ""), SYNC)


def test_several_results_in_one_text(world):
    """Masks belong to statements of a text, in their order."""
    all_masked(world, "select ssn from customers")
    with world.attack() as a:
        s = a.session()
        for text in ("select name from customers; select ssn from customers", "select ssn from customers; select 'x'::text as ssn; table customers",
                     ";; select ssn from customers;;; select (select ssn from customers limit 1);", "begin; select ssn from customers; commit; table customers",
                     "insert into scratch values (990, 'a'); select ssn from customers; update scratch set t = 'b' where id = 990 returning t, (select ssn from customers limit 1)",
                     "select 1 where false; select ssn from customers", "show search_path; select ssn, (select email from customers limit 1) from customers",
                     "listen a; select ssn from customers; unlisten a; table v_customers", "set client_min_messages = notice; select ssn from customers",
                     "select ssn from customers; select max(ssn) from customers", "select 1; select ssn||'' from customers; select 2"):
            s(text)
            s("rollback")
        found = [v for k, b in a.came if k == b"D" for v in row(b)]
        assert b"***" in found
        gives(s("select 1"), "1")


def test_connection_to_another_database(world):
    with world.attack() as a:
        for name in ("postgres", "template1"):
            s = None
            try:
                from attackworld import connect
                s = connect(a.gateway, token=world.token, database=name)
                answer = s.ask(query("select rolpassword from pg_authid"))
                a.came += answer
                refused(answer)
            except Exception as e:
                assert "not" in str(e) or "refused" in str(e), e
            finally:
                if s:
                    s.close()
