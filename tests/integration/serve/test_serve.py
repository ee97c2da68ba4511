"""The gateway as its operator and its users meet it. test_serve.py QUERYWARDEN [unittest arguments]"""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import sys
import tempfile
import time
import unittest
import unittest.mock
import urllib.error
import urllib.request

import psycopg2

from world import World

QUERYWARDEN = sys.argv.pop(1)
DDL = "create index on orders (total)"


def startup(**parameters):
    body = struct.pack("!I", 196608) + b"".join(k.encode() + b"\0" + v.encode() + b"\0" for k, v in parameters.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


class Gateway(unittest.TestCase):
    config = {}

    @classmethod
    def setUpClass(cls):
        cls.w = World(QUERYWARDEN, **cls.config)
        cls.w.__enter__()

    @classmethod
    def tearDownClass(cls):
        log = cls.w.logged()
        status = cls.w.stop()
        cls.w.__exit__()
        assert status == 0, f"exit status {status}\n{log}"

    def http(self, path, method="GET"):
        try:
            request = urllib.request.Request(f"http://127.0.0.1:{self.w.http}{path}", method=method)
            with urllib.request.urlopen(request, timeout=5) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode()

    def connect(self, role="agent", token=None):
        return psycopg2.connect(self.w.dsn(role), password=token or self.w.token_for(role))

    def raw(self):
        s = socket.create_connection(("127.0.0.1", self.w.port), timeout=20)
        return s

    def until(self, what, patience=10):
        end = time.time() + patience
        while not what():
            self.assertLess(time.time(), end)
            time.sleep(0.05)

    def pending(self):
        for _ in range(100):
            found = [a for a in json.loads(self.w.run("approvals", "--json")) if a["state"] == "pending"]
            if found:
                return found[0]["id"]
            time.sleep(0.05)
        self.fail("nothing waits")


class Sessions(Gateway):
    def test_reads_masked(self):
        status, out, err = self.w.psql("agent", "select name, email, ssn, card from customers where id = 1")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, r"^Alice Moore\|tok_[0-9a-f]{20}\|\*\*\*\|\*+1111$")

    def test_refuses(self):
        for sql in ("drop table orders", "with d as (delete from orders returning id) select * from d", "truncate orders"):
            status, _, err = self.w.psql("agent", sql)
            self.assertEqual(status, 1)
            self.assertIn("no-destruction", err)

    def test_wrong_tokens(self):
        for token in ("", "x", "a.b.c", self.w.token(aud="other"), self.w.token(life=-100), self.w.token()[:-4] + "AAAA",
                      self.w.token(iss="https://other.test"), "y" * 100000):
            status, _, err = self.w.psql("agent", "select 1", token=token or "''")
            self.assertNotEqual(status, 0)
            self.assertIn("FATAL:  the token was not accepted\n", err)
            self.assertNotIn("issuer.test", err)
        self.assertIn('"detail":"longer than limits.token_bytes"', self.w.logged())
        self.until(lambda: "refused: longer than limits.token_bytes" in self.w.run("sessions"))

    def test_wrong_role_and_database(self):
        self.assertNotEqual(self.w.psql("dba", "select 1", token=self.w.token_for("agent"))[0], 0)
        self.assertNotEqual(self.w.psql("agent", "select 1", database="postgres")[0], 0)

    def test_wide_result_in_order(self):
        with self.connect("dba") as c, c.cursor() as q:
            q.execute("select i, repeat('x', 1000) from generate_series(1, 20000) i")
            rows = q.fetchall()
        self.assertEqual([r[0] for r in rows], list(range(1, 20001)))
        self.assertTrue(all(len(r[1]) == 1000 for r in rows))

    def test_large_statement_is_parsed_aside(self):
        with self.connect("dba") as c, c.cursor() as q:
            q.execute("select " + "+".join(["1"] * 1500))
            self.assertEqual(q.fetchone()[0], 1500)
            q.execute("select '" + "x" * 600000 + "'")
            self.assertEqual(len(q.fetchone()[0]), 600000)

    def test_huge_statement_is_refused_and_nobody_suffers(self):
        with self.connect() as c, c.cursor() as q:
            with self.assertRaises(psycopg2.Error):
                q.execute("select " + "+".join(["1"] * 100000))
            c.rollback()
            with self.assertRaises(psycopg2.Error):
                q.execute("select '" + "x" * (2 << 20) + "'")
        self.assertEqual(self.w.psql("agent", "select 1")[1], "1")

    def test_copy_both_ways(self):
        rows = "".join(f"{i}\tt{i}\n" for i in range(1000, 60000))
        import io
        with self.connect("dba") as c, c.cursor() as q:
            q.copy_expert("copy scratch from stdin", io.StringIO(rows))
            out = io.StringIO()
            q.copy_expert("copy (select * from scratch where id >= 1000 order by id) to stdout", out)
            c.rollback()
        self.assertEqual(out.getvalue(), rows)

    def test_cancel(self):
        with self.connect("dba") as c, c.cursor() as q:
            timer = __import__("threading").Timer(0.5, c.cancel)
            timer.start()
            begun = time.time()
            with self.assertRaises(psycopg2.errors.QueryCanceled):
                q.execute("select pg_sleep(30)")
            self.assertLess(time.time() - begun, 15)
            c.rollback()
            q.execute("select 1")
            timer.join()

    def test_cancel_with_a_wrong_key_does_nothing(self):
        with self.connect("dba") as c, c.cursor() as q:
            with self.raw() as s:
                s.sendall(struct.pack("!IIII", 16, 80877102, c.get_backend_pid(), 1))
                self.assertEqual(s.recv(10), b"")
            q.execute("select pg_sleep(0.3)")


class Approvals(Gateway):
    def tearDown(self):
        for a in json.loads(self.w.run("approvals", "--json")):
            if a["state"] == "pending":
                self.w.run("deny", a["id"], "--reason", "clean")

    def test_approved_while_it_waits(self):
        p = self.w.psql_start("agent", DDL)
        id = self.pending()
        self.assertIn("create index", self.w.run("approvals"))
        self.assertIn("consumed", self.w.run("approve", id))  # the session that waited went on at once
        out, err = p.communicate(timeout=20)
        self.assertEqual((p.returncode, out), (0, b"CREATE INDEX\n"))
        self.assertIn(id.encode(), err)
        self.assertNotEqual(self.w.run("approve", id, check=False).returncode, 0)

    def test_denied_with_a_reason(self):
        p = self.w.psql_start("agent", DDL)
        self.w.run("deny", self.pending(), "--reason", "not in office hours")
        _, err = p.communicate(timeout=20)
        self.assertEqual(p.returncode, 1)
        self.assertIn(b"not in office hours", err)

    def test_approved_later_and_repeated(self):
        sql = "create index later on orders (customer_id)"
        status, _, err = self.w.psql("agent", sql)
        id = re.search(r"approval ([a-z2-7]{10})", err).group(1)
        self.assertEqual(status, 1)
        self.w.run("approve", id)
        self.assertEqual(self.w.psql("agent", sql)[1], "CREATE INDEX")
        used = self.w.run("replay", self.w.run("sessions", "--limit", "1").splitlines()[1].split()[0])
        self.assertRegex(used, rf"review by ddl-needs-a-person, approval {id} ")
        self.assertEqual(self.w.psql("agent", sql)[0], 1)  # one use

    def test_by_token(self):
        p = self.w.psql_start("agent", DDL)
        id, token = self.pending(), pathlib.Path(f"{self.w.dir}/token")
        for bad in (self.w.token(), self.w.token("ann", ["shop-dbas"]), "rubbish"):  # no approver; the requester; no token
            token.write_text(bad)
            self.assertEqual(self.w.run("approve", id, "--token-file", str(token), check=False).returncode, 1)
        token.write_text(self.w.token("dora", ["shop-dbas"]) + "\n")
        self.w.run("approve", id, "--token-file", str(token))
        self.assertEqual(p.communicate(timeout=20)[0], b"CREATE INDEX\n")

    def test_client_gone_withdraws(self):
        p = self.w.psql_start("agent", DDL)
        id = self.pending()
        p.kill()
        p.wait()
        for _ in range(100):
            state = [a["state"] for a in json.loads(self.w.run("approvals", "--all", "--json")) if a["id"] == id]
            if state == ["withdrawn"]:
                break
            time.sleep(0.05)
        self.assertEqual(state, ["withdrawn"])


class Operations(Gateway):
    def test_health_and_metrics(self):
        self.w.psql("agent", "select 1")
        self.assertEqual(self.http("/healthz"), (200, "ok\n"))
        status, text = self.http("/metrics")
        self.assertEqual(status, 200)
        self.assertRegex(text, r"(?m)^querywarden_logins_total [1-9]")
        self.assertRegex(text, r"(?m)^querywarden_audit_records_total [1-9]")
        self.assertEqual(self.http("/")[0], 404)
        self.assertEqual(self.http("/metrics", "POST")[0], 405)

    def admin(self, line):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(f"{self.w.dir}/state/admin.sock")
            s.sendall(line)
            return s.makefile().readline()

    def test_admin_socket(self):
        self.assertTrue(json.loads(self.admin(b'{"op":"status"}\n'))["healthy"])
        for bad in (b"\n", b"x\n", b"[]\n", b'{"op":1}\n', b'{"op":"nothing"}\n', b'{"op":"approve"}\n', b'{"op":"a","op":"b"}\n',
                    b'{"op":"deny","id":"aaaaaaaaaa"}\n', b'{"op":"approve","id":"aaaaaaaaaa"}\n', b"\xff\n", b"[" * 10000 + b"\n"):
            self.assertFalse(json.loads(self.admin(bad))["ok"])
        with self.assertRaises(ConnectionError):
            self.admin(b"x" * 100000)
        self.assertTrue(json.loads(self.admin(b'{"op":"status"}\n'))["ok"])

    def test_reload(self):
        file, policy = pathlib.Path(f"{self.w.dir}/policy.yaml"), self.w.policy
        with self.connect() as c, c.cursor() as q:
            q.execute("select 1")
            c.commit()
            file.write_text(policy.replace("verbs: [delete, truncate,", "verbs: [select, delete, truncate,"))
            self.w.gateway.send_signal(signal.SIGHUP)
            self.until(lambda: self.w.psql("agent", "select 1")[0] == 1)
            with self.assertRaises(psycopg2.Error):
                q.execute("select 1")
            c.rollback()
            file.write_text("version: 1\nnonsense: 2\n")
            answer = json.loads(self.admin(b'{"op":"reload"}\n'))
            self.assertRegex(answer["error"], r"policy\.yaml:2:1: ")
            self.assertEqual(self.w.psql("agent", "select 1")[0], 1)  # the old one stays
            file.write_text(policy)
            self.assertTrue(json.loads(self.admin(b'{"op":"reload"}\n'))["ok"])
            q.execute("select 1")

    def test_second_gateway_is_refused(self):
        done = self.w.run("serve", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(self.w.psql("agent", "select 1")[1], "1")

    def test_database_down_is_a_clean_error(self):
        _, _, err = self.w.psql("agent", "select pg_terminate_backend(pg_backend_pid())")
        self.assertNotIn(str(self.w.pg_port), err)

    def test_slow_reader_costs_no_memory(self):
        rss = lambda: int(re.search(r"RssAnon:\s+(\d+)", pathlib.Path(f"/proc/{self.w.gateway.pid}/status").read_text()).group(1))
        p = self.w.psql_start("dba", "select repeat('x', 1000) from generate_series(1, 400000)", options=["-o", "/dev/null"])
        p.communicate(timeout=60)
        before = rss()
        most = 65536 if b"__asan_init" in pathlib.Path(QUERYWARDEN).read_bytes() else 8192  # ASan keeps freed memory back
        token = self.w.token_for("dba")
        with self.tls() as s:
            self.login(s, "dba", token)
            s.sendall(self.message(b"Q", b"select repeat('x', 1000) from generate_series(1, 400000)\0"))
            time.sleep(2)
            self.assertLess(rss() - before, most)
            got = 0
            while got < 400000 * 1000:
                got += len(s.recv(1 << 20))
                self.assertLess(rss() - before, most)

    # ---- by hand ----
    def message(self, kind, body):
        return kind + struct.pack("!I", len(body) + 4) + body

    def tls(self):
        s = self.raw()
        s.sendall(struct.pack("!II", 8, 80877103))
        self.assertEqual(s.recv(1), b"S")
        return self.context().wrap_socket(s, server_hostname="localhost")

    def context(self):
        return ssl.create_default_context(cafile=f"{self.w.dir}/ca.crt")

    def login(self, s, role, token):
        f = s.makefile("rb", buffering=0)
        s.sendall(startup(user=role, database="shop"))
        while True:
            head = f.read(5)
            body = b""
            n = struct.unpack("!I", head[1:])[0] - 4
            while len(body) < n:
                body += f.read(n - len(body))
            if head[:1] == b"R" and body == b"\0\0\0\3":
                s.sendall(self.message(b"p", token.encode() + b"\0"))
            elif head[:1] == b"Z":
                return
            self.assertNotEqual(head[:1], b"E", body)

    def test_direct_tls(self):
        context = self.context()
        context.set_alpn_protocols(["postgresql"])
        with context.wrap_socket(self.raw(), server_hostname="localhost") as s:
            self.assertEqual(s.selected_alpn_protocol(), "postgresql")
            self.login(s, "agent", self.w.token())
        with self.context().wrap_socket(self.raw(), server_hostname="localhost") as s:  # without ALPN
            s.sendall(startup(user="agent", database="shop"))
            self.assertEqual(s.recv(100), b"")

    def test_old_tls_is_refused(self):
        context = self.context()
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        s = self.raw()
        s.sendall(struct.pack("!II", 8, 80877103))
        s.recv(1)
        with self.assertRaises(OSError):
            context.wrap_socket(s, server_hostname="localhost")

    def test_bytes_before_the_handshake(self):
        with self.raw() as s:
            s.sendall(struct.pack("!II", 8, 80877103) + startup(user="agent"))
            got = b"".join(iter(lambda: s.recv(4096), b""))
        self.assertIn(b"08P01", got)

    def test_one_byte_at_a_time(self):
        with self.tls() as s:
            for b in startup(user="agent", database="shop"):
                s.sendall(bytes([b]))
            self.assertEqual(s.recv(9), b"R\0\0\0\x08\0\0\0\x03")

    def test_garbage(self):
        for garbage in (b"GET / HTTP/1.0\r\n\r\n", b"\0" * 100, b"\xff" * 100, os.urandom(5000), b"\x16\x03\x01\x02\x00" + b"x" * 600,
                        struct.pack("!II", 0x7fffffff, 196608)):
            with self.raw() as s:
                s.sendall(garbage)
                try:
                    while s.recv(4096):
                        pass
                except ConnectionError:
                    pass
        self.assertEqual(self.w.psql("agent", "select 1")[1], "1")


class Manager(Gateway):
    """A service manager listens at NOTIFY_SOCKET."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        cls.manager.bind(f"{cls.folder.name}/notify")
        cls.manager.settimeout(10)
        mine = {"NOTIFY_SOCKET": f"{cls.folder.name}/notify", "WATCHDOG_USEC": "400000"}
        with unittest.mock.patch.dict(os.environ, mine):
            super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):  # room for the last words
            while cls.manager.recv(1000):
                pass
        super().tearDownClass()
        words = [cls.manager.recv(1000)]
        with contextlib.suppress(BlockingIOError):
            while True:
                words.append(cls.manager.recv(1000))
        cls.manager.close()
        cls.folder.cleanup()
        assert b"STOPPING=1" in words, words

    def hears(self, word):
        while True:
            said = self.manager.recv(1000)
            if said.startswith(word):
                return said

    def test_says_what_it_does(self):
        self.hears(b"READY=1")
        self.hears(b"WATCHDOG=1")
        self.w.gateway.send_signal(signal.SIGHUP)
        self.assertRegex(self.hears(b"RELOADING=1"), rb"\nMONOTONIC_USEC=\d+$")
        self.hears(b"READY=1")

    def test_that_does_not_listen_stops_nobody(self):
        for _ in range(15):  # its queue is full then
            self.w.gateway.send_signal(signal.SIGHUP)
            time.sleep(0.1)
        for _ in range(5):
            self.assertEqual(self.w.psql("agent", "select 1")[1], "1")


class Limits(Gateway):
    config = {"limits": {"connections": 40, "startup_timeout_ms": 1500}}

    def test_slow_loris_and_the_limit(self):
        idle = [self.raw() for _ in range(60)]
        time.sleep(0.5)
        _, text = self.http("/metrics")
        self.assertEqual(re.search(r"(?m)^querywarden_sessions_open (\d+)", text).group(1), "40")
        self.assertEqual(re.search(r"(?m)^querywarden_connections_refused_total (\d+)", text).group(1), "20")
        time.sleep(3)
        _, text = self.http("/metrics")
        self.assertEqual(re.search(r"(?m)^querywarden_sessions_open (\d+)", text).group(1), "0")
        for s in idle:
            s.close()
        self.assertEqual(self.w.psql("agent", "select 1")[1], "1")


class Ends(unittest.TestCase):
    def test_drain(self):
        with World(QUERYWARDEN) as w:
            busy = w.psql_start("dba", "select pg_sleep(2), 7")
            idle = psycopg2.connect(w.dsn("agent"), password=w.token())
            time.sleep(1)
            begun = time.time()
            self.assertEqual(w.stop(), 0)
            self.assertLess(time.time() - begun, 10)
            self.assertEqual(busy.communicate()[0], b"|7\n")
            with self.assertRaises(psycopg2.Error):
                idle.cursor().execute("select 1")
            w.start()
            self.assertEqual(w.psql("agent", "select 1")[1], "1")

    def test_second_signal_ends_at_once(self):
        with World(QUERYWARDEN) as w:
            busy = w.psql_start("dba", "select pg_sleep(60)")
            time.sleep(1)
            w.gateway.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            begun = time.time()
            self.assertEqual(w.stop(), 1)
            self.assertLess(time.time() - begun, 5)
            busy.communicate()

    def test_killed_and_back(self):
        with World(QUERYWARDEN) as w:
            self.assertEqual(w.psql("agent", "select 1")[1], "1")
            w.stop(signal.SIGKILL)
            w.start()
            self.assertEqual(w.psql("agent", "select 1")[1], "1")

    def test_strict(self):
        with World(QUERYWARDEN, audit={"mode": "strict"}) as w:
            self.assertEqual(w.psql("agent", "select 1; select 2", "insert into orders (total) values (1)")[0], 0)
            self.assertEqual(w.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
