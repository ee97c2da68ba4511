#!/usr/bin/python3
"""Every value that a mask makes, for every type of a real PostgreSQL, in both formats, is accepted by that server.

Usage: mask_types.py MASK_PROBE. Starts a throw-away server; exit status 77 (skipped) where there is none to start.
"""
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

try:
    from psycopg import pq
except ImportError:
    print("skipped: python3-psycopg is not installed")
    sys.exit(77)

KINDS = ["null", "redact", "partial", "hash", "constant"]
CONSTANTS = ["hidden", "", "-7", "12345.678", "true", "1987-06-05", "1987-06-05 04:03:02", "a\u00e4\u20ac\U0001f600\"\\",
             "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]
VALUES = [b"", b"1234567", b"4111-1111-1111-1234", "äöüßäöüßäöüß".encode(), b"\xff\xfe" * 9]
MODIFIED = [("varchar(1)", 5), ("varchar(11)", 15), ("varchar(23)", 27), ("varchar(24)", 28), ("char(1)", 5),
            ("char(9)", 13), ("char(40)", 44)]


class Server:
    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda p: int(p.split("/")[4]))
        if not found:
            print("skipped: no PostgreSQL server is installed")
            sys.exit(77)
        self.bin = found[-1]
        self.dir = tempfile.mkdtemp(prefix="qw-mask-")
        self.user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self.user:
            shutil.chown(self.dir, "postgres")
        self.process = None
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]

    def __enter__(self):
        data = os.path.join(self.dir, "data")
        subprocess.run([*self.user, self.bin + "/initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8",
                        "--no-locale", "-N"], check=True, stdout=subprocess.DEVNULL)
        with open(os.path.join(self.dir, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [*self.user, self.bin + "/postgres", "-D", data, "-p", str(self.port), "-h", "127.0.0.1",
                 "-k", self.dir, "-F"], stderr=log, stdout=log)
        for _ in range(300):
            c = pq.PGconn.connect(f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres".encode())
            if c.status == pq.ConnStatus.OK:
                return c
            if self.process.poll() is not None:
                break
            signal.sigtimedwait([], 0.1)
        raise SystemExit("the server did not start: " + open(os.path.join(self.dir, "log")).read())

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            # runuser stays between us and the server: the pid file names the server itself
            with open(os.path.join(self.dir, "data", "postmaster.pid")) as f:
                os.kill(int(f.readline()), signal.SIGINT)
            self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)


class Probe:
    def __init__(self, path):
        self.process = subprocess.Popen([path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def mask(self, kind, oid, modifier, form, value, constant):
        self.process.stdin.write(f"{kind} 4 {oid} {modifier} {form} {value.hex() or '-'} {constant.encode().hex() or '-'}\n")
        self.process.stdin.flush()
        word, _, rest = self.process.stdout.readline().strip().partition(" ")
        if word not in ("null", "="):
            raise SystemExit(f"mask_probe answered {word} {rest} for {kind} {oid} {value!r}")
        return None if word == "null" else bytes.fromhex(rest)

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise SystemExit("mask_probe failed")


def query(conn, sql):
    result = conn.exec_params(sql.encode(), None)
    if result.status != pq.ExecStatus.TUPLES_OK:
        raise SystemExit(result.error_message.decode())
    return [[result.get_value(r, c).decode() for c in range(result.nfields)] for r in range(result.ntuples)]


def run(conn, sql):
    result = conn.exec_(sql.encode())
    if result.status != pq.ExecStatus.COMMAND_OK:
        raise SystemExit(result.error_message.decode())


class Checker:
    def __init__(self, conn, probe):
        self.conn, self.probe, self.sent, self.nulls, self.bad = conn, probe, 0, 0, []
        self.cases = set()

    def check(self, sql, type_name, oid, modifier):
        """sql holds $1, whose type is oid, and gives the value back."""
        for kind in KINDS:
            for value in VALUES if kind in ("partial", "hash") else VALUES[:1]:
                for constant in CONSTANTS if kind == "constant" else [""]:
                    for form in (0, 1):
                        self.one(sql, (type_name, kind, value, constant, form), oid, modifier)

    def one(self, sql, what, oid, modifier):
        type_name, kind, value, constant, form = what
        masked = self.probe.mask(kind, oid, modifier, form, value, constant)
        if masked is None:
            self.nulls += 1
            return
        self.cases.add((type_name, kind))
        answer = {}
        for result_format in (0, 1):
            result = self.conn.exec_params(sql.encode(), [masked], [oid], [form], result_format)
            self.sent += 1
            if result.status != pq.ExecStatus.TUPLES_OK:
                self.bad.append((what, masked, result.error_message.decode().strip()))
                return
            answer[result_format] = result.get_value(0, 0)
        # What a client would see had the server itself sent it: the binary form is exactly the server's.
        if form == 1 and answer[1] != masked:
            self.bad.append((what, masked, f"the server itself sends {answer[1]!r}"))
        # Both formats of the same mask mean the same.
        other = self.probe.mask(kind, oid, modifier, 1 - form, value, constant)
        if other is None:
            self.bad.append((what, masked, "is NULL in the other format"))
        elif form == 0 and answer[1] != other:
            self.bad.append((what, masked, f"the binary mask {other!r} is another value than {answer[1]!r}"))


def main():
    probe = Probe(sys.argv[1])
    with Server() as conn:
        checker = Checker(conn, probe)
        run(conn, "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a int, b text);"
                  "CREATE DOMAIN short AS varchar(5);")
        types = query(conn, "SELECT oid, oid::regtype AS name FROM pg_type WHERE typtype IN ('b', 'r', 'm', 'e', 'd', 'c')"
                            " AND typnamespace IN ('pg_catalog'::regnamespace, 'public'::regnamespace) ORDER BY pg_type.oid")
        for oid, name in types:
            name = "bpchar" if name == "character" else name  # which alone would mean char(1)
            checker.check(f"SELECT $1::{name}", name, int(oid), -1)
        for name, modifier in MODIFIED:
            oid = int(query(conn, f"SELECT '{name}'::regtype::oid")[0][0])
            run(conn, f"CREATE TEMP TABLE t (c {name})")
            checker.check("INSERT INTO t VALUES ($1) RETURNING c", name, oid, modifier)
            run(conn, "DROP TABLE t")
        conn.finish()
    probe.close()
    for what, masked, why in checker.bad:
        print("not legal:", what, masked, why)
    print(f"{len(types) + len(MODIFIED)} types, {len(checker.cases)} pairs of type and mask gave values,"
          f" {checker.sent} values sent, {checker.nulls} NULLs, {len(checker.bad)} refused")
    if checker.sent < 500 or len(checker.cases) < 100:
        print("too few values: the test tested nothing")
        return 1
    return 1 if checker.bad else 0


if __name__ == "__main__":
    sys.exit(main())
