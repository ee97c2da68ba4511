#!/usr/bin/python3
"""Bad input gets a clear error and costs nobody else anything: a bystander works through all of it."""
# time limit: 240
import os
import pathlib
import resource
import socket
import ssl
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from bystander import Bystander, memory_kib  # noqa: E402
from checks import Skip, run_tests  # noqa: E402
from env import Env  # noqa: E402
from raw import (SYNC, Gone, Raw, bind, connect, cstr, describe, errors, execute, message, parse, query, row, rows,  # noqa: E402
                 show, startup)

STARTUP_S, CONNECTIONS = 3, 10000
CONFIG = {"limits": {"startup_timeout_ms": STARTUP_S * 1000, "connections": 12000}}


def drain(s):
    """Everything up to the end of the connection."""
    out = b""
    try:
        while got := s.recv(1 << 16):
            out += got
    except (ConnectionError, ssl.SSLError):
        pass
    return out


def raw_socket(env, seconds=STARTUP_S + 10):
    return socket.create_connection(("127.0.0.1", env.gateway.port), timeout=seconds)


def still_fine(env):
    done = env.psql("agent", "select 1")
    assert done.stdout == "1\n", done


def test_garbage_before_tls(env):
    lengths = [struct.pack("!II", n, 196608) for n in (0, 3, 7, 8, 9, 2**31 - 1, 2**31, 2**32 - 1)]
    opened = []
    codes = [struct.pack("!II", 8, c) for c in (0, 80877102, 80877105, 131072, 262144, 2**32 - 1)]
    for garbage in [b"GET / HTTP/1.0\r\n\r\n", b"\0" * 4096, b"\xff" * 4096, os.urandom(70000), b"\x16\x03\x01\xff\xff" + b"x" * 70000,
                    b"\x16\x03\x01\x00\x02\x01\x00", startup(user="agent", database="shop")] + lengths + codes:
        opened.append(raw_socket(env))
        try:
            opened[-1].sendall(garbage)
        except OSError:
            pass
    for s in opened:
        drain(s)
        s.close()


def test_garbage_inside_tls_before_login(env):
    good, opened = startup(user="agent", database="shop"), []
    for garbage in (b"\0" * 100, b"\xff" * 20000, struct.pack("!II", 2**31 + 8, 196608), struct.pack("!II", 2**32 - 1, 196608),
                    struct.pack("!II", 10001, 196608) + b"x" * 9993, good[:-1] + b"x", good[4:], struct.pack("!II", 8, 80877103),
                    struct.pack("!II", 8, 80877104) * 2, good + good, good + query("select 1"), good + message(b"p", b"no end"),
                    good + b"p" + struct.pack("!I", 2**31), good + b"p" + struct.pack("!I", 3), good + message(b"p", b"x" * 100000 + b"\0"),
                    startup(user="agent", database="shop", replication="true"), startup(database="shop"), startup(version=196608 + 9999),
                    struct.pack("!II", 8, 196608), startup(**{f"k{i}": "v" for i in range(200)})):
        raw = Raw(env.gateway.port, env.authority.certificate, timeout=STARTUP_S + 10)
        opened.append(raw)
        try:
            raw.send(garbage)
        except OSError:
            pass
    for raw in opened:
        answer = raw.until()
        raw.close()
        assert not [k for k, _ in answer if k in (b"Z", b"K")], show(answer)


def test_garbage_after_login(env):
    for garbage, code in ((b"\0" * 100, "08P01"), (b"Q" + struct.pack("!I", 3), "08P01"), (b"Q" + struct.pack("!I", 0), "08P01"),
                          (b"Q" + struct.pack("!I", 2**31), "08P01"), (b"Q" + struct.pack("!I", 2**32 - 1), "08P01"),
                          (b"Q" + struct.pack("!I", 2**31 - 1), None), (b"P" + struct.pack("!I", 2**30), None),
                          (b"d" + struct.pack("!I", 2**31) + b"x" * 100, "08P01"), (message(b"?"), "08P01"), (message(b"p", cstr("x")), "08P01"),
                          (startup(user="agent", database="shop"), "08P01"), (struct.pack("!II", 8, 80877103), "08P01"),
                          (message(b"B", b"\xff" * 5000), "08P01"), (message(b"P", b"\0" * 5000), "08P01")):
        with connect(env.gateway) as c:
            c.send(garbage)
            answer = c.until(b"Z")
            found = errors(answer)
            assert found and (code is None or found[0]["C"] == code), (garbage[:20], show(answer))


def test_one_byte_at_a_time(env):
    c = Raw(env.gateway.port, env.authority.certificate)
    for b in startup(user="agent", database="shop"):
        c.send(bytes([b]))
    assert c.read() == (b"R", b"\0\0\0\3")
    for b in message(b"p", cstr(env.token("agent"))):
        c.send(bytes([b]))
    assert c.until(b"Z")[-1][0] == b"Z"
    for b in query("select name, ssn from customers where id = 1") + parse("", "select 2") + bind("", "") + execute() + SYNC:
        c.send(bytes([b]))
    answer = c.until(b"Z") + c.until(b"Z")
    assert rows(answer) == [[b"Alice Moore", b"***"], [b"2"]], show(answer)
    c.close()


def test_half_packets_wait_for_their_rest(env):
    both = query("select 1") + query("select 2")
    with connect(env.gateway) as c:
        for cut in range(1, len(both), 3):
            c.send(both[:cut])
            time.sleep(0.005)
            c.send(both[cut:])
            assert rows(c.until(b"Z") + c.until(b"Z")) == [[b"1"], [b"2"]]


def test_slow_loris_meets_the_deadline(env):
    begin, left = time.monotonic(), []
    slow = [raw_socket(env) for _ in range(50)]
    for i, s in enumerate(slow):
        s.sendall(struct.pack("!II", 8, 80877103) if i % 2 else startup(user="agent")[:5])
    while time.monotonic() < begin + STARTUP_S - 0.5:
        time.sleep(0.5)
        for i, s in enumerate(slow):
            try:
                s.sendall(b"\x16" if i % 2 else b"a")
            except OSError:
                pass
    for s in slow:
        drain(s)
        left.append(time.monotonic() - begin)
        s.close()
    assert max(left) < STARTUP_S + 8, max(left)


def test_ten_thousand_connections(env):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS + 500:
        raise Skip(f"only {hard} descriptors are allowed")
    gateway = env.add_gateway("crowd", config={"limits": {"connections": 12000, "startup_timeout_ms": 120000}})
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    idle = []
    try:
        before = memory_kib(gateway.child.pid)
        with Bystander(gateway):
            for _ in range(CONNECTIONS):
                idle.append(socket.create_connection(("127.0.0.1", gateway.port), timeout=20))
            open_now = 0
            for _ in range(200):
                open_now = int(gateway.http().split("\nquerywarden_sessions_open ")[1].split()[0])
                if open_now > CONNECTIONS:
                    break
                time.sleep(0.1)
            assert open_now > CONNECTIONS, open_now
            begin = time.monotonic()
            done = gateway.psql("agent", "select name, ssn from customers where id = 1")
            assert done.stdout == "Alice Moore|***\n", done
            took, after = time.monotonic() - begin, memory_kib(gateway.child.pid)
        each = (after - before) / CONNECTIONS
        print(f"summary: {open_now} connections open: {each:.1f} KiB each, a psql session in {took:.2f} s", flush=True)
        assert each < 64, each
    finally:
        for s in idle:
            s.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    for _ in range(200):
        if "\nquerywarden_sessions_open 0\n" in gateway.http():
            break
        time.sleep(0.1)
    assert gateway.psql("agent", "select 1").stdout == "1\n"
    gateway.stop()


def test_statements_too_large_or_too_deep(env):
    cases = {"1 MB": ("select '" + "x" * ((1 << 20) - 200) + "'", None), "more than 1 MB": ("select '" + "x" * (1 << 20) + "'", "42601"),
             "15 MB": ("select '" + "x" * (15 << 20) + "'", "42601"), "100,000 operators": ("select " + "+".join(["1"] * 100001), "42601"),
             "100,000 minuses": ("select " + "- " * 100000 + "1", "42601"), "100,000 NOT": ("select " + "not " * 100000 + "true", "42601"),
             "10,000 parentheses": ("select " + "(" * 10000 + "1" + ")" * 10000, "42601"),
             "10,000 open parentheses": ("select " + "(" * 10000, "42601"), "10,000 casts": ("select 1" + "::int" * 10000, "42601"),
             "3,000 subselects": ("select " + "(select " * 3000 + "1" + ")" * 3000, "42601"),
             "10,000 unions": (" union all ".join(["select 1"] * 10000), "42601"),
             "10,000 nested comments": ("/*" * 10000 + "*/" * 10000 + "select 1", None), "20,000 statements": ("select 1;" * 20000, "42601")}
    for name, (sql, code) in cases.items():
        with connect(env.gateway) as c:
            for messages in ((query(sql),), (parse("", sql), bind("", ""), describe(b"P", ""), execute(), SYNC)):
                answer = c.ask(*messages)
                found = errors(answer)
                assert answer[-1][0] == b"Z", (name, show(answer)[-300:])
                assert [e["C"] for e in found] == ([code] if code else []), (name, show(answer)[-300:])
            assert rows(c.ask(query("select 5"))) == [[b"5"]], name


def test_message_larger_than_allowed(env):
    for m in (query("x" * (17 << 20)), parse("", "x" * (17 << 20)), bind("", "", [b"x" * (17 << 20)])):
        with connect(env.gateway) as c:
            try:
                c.send(m)
            except OSError:
                pass
            answer = c.until(b"Z")
            assert [e["C"] for e in errors(answer)] == ["54000"] or answer[-1][0] is None, show(answer)


def test_large_bind(env):
    big = b"x" * (15 << 20)
    with connect(env.gateway) as c:
        answer = c.ask(parse("", "select length($1::text), $1::text = repeat('x', length($1::text))", [25]), bind("", "", [big]),
                       describe(b"P", ""), execute(), SYNC)
        assert rows(answer) == [[str(len(big)).encode(), b"t"]], show(answer)[:300]
        many = bind("", "", [b"1"] * 60000)
        assert errors(c.ask(parse("", "select 1"), many, SYNC))
        assert rows(c.ask(query("select 5"))) == [[b"5"]]


def test_pipeline_of_100000_messages(env):
    n = 33333
    with connect(env.gateway) as c:
        c.socket.settimeout(90)
        assert c.ask(parse("s", "select 7"), SYNC)[-1][0] == b"Z"
        one = bind("", "s") + execute() + SYNC
        sent, got = 0, 0
        c.socket.setblocking(True)
        while got < n:  # a window, so that neither side waits for the other
            burst = min(3000, n - sent)
            c.send(one * burst)
            sent += burst
            while got < sent:
                kind, body = c.read()
                assert kind in (b"2", b"D", b"C", b"Z"), (kind, body)
                got += kind == b"Z"
    with connect(env.gateway) as c:  # without Sync the gateway has to remember all of it: up to a limit
        c.socket.settimeout(60)
        try:
            c.send(parse("s", "select 7") + (bind("", "s") + describe(b"P", "")) * 50000 + SYNC)
            answer = c.until(b"Z")
        except (OSError, Gone):
            answer = []
        found = errors(answer)
        assert not answer or answer[-1][0] == b"Z" or (found and found[-1]["C"] == "54000"), show(answer[-3:])


def test_20000_prepared_statements(env):
    with connect(env.gateway) as c:
        c.socket.settimeout(90)
        for i in range(0, 20000, 1000):
            assert not errors(c.ask(*[parse(f"s{k}", f"select {k}") for k in range(i, i + 1000)], SYNC))
        assert rows(c.ask(bind("", "s19999"), execute(), SYNC)) == [[b"19999"]]
        answer = c.ask(parse("one more", "select 1"), SYNC)
        assert [e["C"] for e in errors(answer)] == ["53400"], show(answer)


def test_rows_of_20_mb(env):
    before = memory_kib(env.gateway.child.pid)
    with connect(env.gateway, "dba") as c:
        for user_rows in (1, 3):
            answer = c.ask(query(f"select repeat('x', 20000000) from generate_series(1, {user_rows})"))
            assert [len(r[0]) for r in rows(answer)] == [20000000] * user_rows, show(answer)[:100]
    with connect(env.gateway) as c:
        answer = c.ask(query("select repeat('x', 20000000)"))  # content detectors need the whole row
        assert [e["C"] for e in errors(answer)] == ["54000"], show(answer)[:200]
    with connect(env.gateway) as c:
        answer = c.ask(query("select ssn, repeat('x', 20000000) from customers where id = 1"))
        assert [e["C"] for e in errors(answer)] == ["54000"], show(answer)[:200]
    with connect(env.gateway) as c:  # a bare sensitive column beside a large one that has an origin
        env.postgres.sql("UPDATE customers SET notes = to_jsonb(repeat('n', 30000000)) WHERE id = 8", "shop")
        answer = c.ask(query("select ssn, notes from customers where id = 8"))
        env.postgres.sql("UPDATE customers SET notes = NULL WHERE id = 8", "shop")
        assert [e["C"] for e in errors(answer)] == ["54000"], show(answer)[:200]
    still_fine(env)
    print(f"summary: rows of 20 MB: memory {before} -> {memory_kib(env.gateway.child.pid)} KiB", flush=True)


def test_garbage_inside_tls_records(env):
    for junk in (b"\x17\x03\x03\x00\x20" + os.urandom(32), os.urandom(500), b"\x15\x03\x03\x00\x02\x02\x28", b"\x16\x03\x03\x00\x04\0\0\0\0"):
        raw = connect(env.gateway)
        plain = socket.socket(fileno=os.dup(raw.socket.fileno()))
        plain.sendall(junk)
        plain.settimeout(10)
        drain(plain)
        plain.close()
        raw.socket.detach()


def test_no_renegotiation(env):
    context = ssl.create_default_context(cafile=str(env.authority.certificate))
    context.check_hostname, context.maximum_version = False, ssl.TLSVersion.TLSv1_2
    s = raw_socket(env)
    s.sendall(struct.pack("!II", 8, 80877103))
    assert s.recv(1) == b"S"
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing)
    while True:
        try:
            tls.do_handshake()
            break
        except ssl.SSLWantReadError:
            s.sendall(outgoing.read())
            got = s.recv(1 << 16)
            if not got:
                s.close()
                return  # TLS 1.2 is not spoken at all: nothing to renegotiate
            incoming.write(got)
    s.sendall(outgoing.read())
    # Python cannot renegotiate; a ClientHello record in the clear inside the session must end it.
    s.sendall(b"\x16\x03\x03\x00\x04\x01\0\0\0")
    drain(s)
    s.close()


def test_cancels_with_wrong_keys(env):
    with connect(env.gateway, "dba") as c:
        c.send(query("select pg_sleep(2), 7"))
        for i in range(300):
            for key in (struct.pack("!I", i), os.urandom(32), b"", b"x" * 300):
                body = struct.pack("!II", 80877102, c.pid) + key
                with raw_socket(env) as s:
                    s.sendall(struct.pack("!I", len(body) + 4) + body)
                    if i % 50 == 0:
                        drain(s)
        answer = c.until(b"Z")
        assert rows(answer) == [[b"", b"7"]], show(answer)


def test_second_startup_and_password(env):
    for again in (startup(user="dba", database="shop"), message(b"p", cstr(env.token("dba"))), struct.pack("!II", 8, 80877103)):
        with connect(env.gateway) as c:
            answer = c.ask(again)
            assert errors(answer) and answer[-1][0] is None, show(answer)


def main():
    with Env(config=CONFIG) as env:
        with Bystander(env.gateway):
            return run_tests(globals(), env)


if __name__ == "__main__":
    sys.exit(main())
