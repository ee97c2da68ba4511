#!/usr/bin/python3
"""Every value that a mask makes, for every type of a real PostgreSQL, in both formats, is accepted by that server.

Usage: mask_types.py MASK_PROBE. Starts a throw-away server; exit status 77 (skipped) where there is none to start.
"""
import glob
import os
import re
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

# kind: keep_first keep_last check_digit days step unit
KINDS = {"null": ["0 0 0 0 0 0"], "redact": ["0 0 0 0 0 0"], "partial": ["0 4 0 0 0 0"], "hash": ["0 0 0 0 0 0"],
         "constant": ["0 0 0 0 0 0"], "email": ["0 0 0 0 0 0"], "ff1": ["0 0 0 0 0 0", "6 4 1 0 0 0", "0 4 0 0 0 0"],
         "date_shift": ["0 0 0 30 0 0", "0 0 0 3650 0 0"], "round": ["0 0 0 0 1 0", "0 0 0 0 7 0", "0 0 0 0 1000 0"],
         "truncate": ["0 0 0 0 0 0", "0 0 0 0 0 1"]}
CONSTANTS = ["hidden", "", "-7", "12345.678", "true", "1987-06-05", "1987-06-05 04:03:02", "a\u00e4\u20ac\U0001f600\"\\",
             "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "NULL", "{,}"]
VALUES = [b"", b"1234567", b"4111-1111-1111-1111", b"Ann@Example.org", b"ann@gmail.com", b"AB-12345xyz", "äöüßäöüßäöüß".encode(),
          b"\xff\xfe" * 9]
# What the server itself sends for these is masked, in both formats, and for arrays of them.
NUMBERS = ["0", "1", "-1", "42", "499", "500", "501", "1500", "2500", "-2500", "32767", "-32768"]
INTEGERS = [*NUMBERS, "999999", "1000000", "1234567", "-1234567", "999999999", "1147483648", "2147483647"]
BIGINTS = [*INTEGERS, "-2147483648", "4294967295", "4294967296", "9999999999", "4111111111111111", "999999999999999999",
           "9223372036854775807", "-9223372036854775808"]
DATES = ["2024-02-29", "1999-12-31", "0001-01-01", "9999-12-31", "1900-03-01", "2000-01-01", "infinity", "-infinity", "10000-01-01",
         "4714-11-24 BC"]
TIMES = [f"{d} {t}" for d in DATES[:6] for t in ("00:00:00", "23:59:59.999999", "12:30:01.5")] + DATES[6:9]
SAMPLES = {
    "smallint": NUMBERS, "integer": [*INTEGERS, "-2147483648"], "bigint": BIGINTS, "oid": ["0", "7", "2147483648", "4294967295"],
    "numeric": [*BIGINTS, "0.5", "1.5", "-0.004", "499.9", "500.000", "500.0001", "1500.00", "123456789012345678901234567890.12345",
                "99999999999999999999", "1e20", "1e-20", "NaN", "Infinity", "0.000000000000000000001", "1e100", "10000", "99990000"],
    "real": [*NUMBERS, "0.5", "1e10", "123456789", "-0.25", "NaN", "Infinity", "1e-30", "1e30", "16777217", "2.5", "3.5"],
    "double precision": [*INTEGERS, "0.5", "2.5", "-3.5", "1e14", "123456789012345.6", "1e15", "1e300", "1e-300", "NaN", "-Infinity",
                         "499.99999999999994", "500.00000000000006", "3.5000000000000004"],
    "money": [*INTEGERS[:12], "1234567.89", "499.99", "500", "999.99", "-0.01", "-500.01", "92233720368547758.07"],
    "date": DATES, "timestamp without time zone": TIMES,
    "timestamp with time zone": [t + z for t in TIMES[:18] for z in ("+00", "-12", "+05:30")] + TIMES[18:],
    "uuid": ["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"],
    "bytea": ["", "\\x00ff5c27", "abc", "\\x" + "ab" * 600], "json": ['{"a": "b\\"c"}', "1", "null"],
    "jsonb": ['{"a": "b\\"c"}', "1", "null"], "xml": ["<a>b</a>", "text"], "boolean": ["t", "f"],
    "text": ["", "null", "a,b{}\"\\ ", "ann@example.org", "4111 1111 1111 1111", "ä" * 9, " "],
    "character varying": ["", "NULL", "ann@gmail.com"], "name": ["x", "ann@example.org"],
    "inet": ["10.0.0.1/8"], "interval": ["1 day"], "int4range": ["[1,5)"],
}
MODIFIED = [("varchar(1)", 5), ("varchar(11)", 15), ("varchar(23)", 27), ("varchar(24)", 28), ("varchar(50)", 54), ("varchar(60)", 64),
            ("char(1)", 5), ("char(9)", 13), ("char(40)", 44), ("char(70)", 74), ("short", 9)]
TEXTS = ("text", "character varying", "name", '"char"', "bpchar", "unknown")
PRECISE = [(4, 0), (6, 0), (6, 2), (9, 2), (20, 5), (3, 3), (3, -2), (15, 15)]
PRECISE_VALUES = ["0", "1", "-1", "0.001", "0.5", "9.99", "499", "500", "999", "-999.5", "9999", "99999.99", "999999", "1234567.89"]


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
        name, options = kind
        self.process.stdin.write(f"{name} {options} {oid} {modifier} {form} {value.hex() or '-'} {constant.encode().hex() or '-'}\n")
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

    def check(self, sql, type_name, oid, modifier, pairs=None):
        """sql holds $1, whose type is oid, and gives the value back; pairs: the same value in text and binary."""
        for name, options in KINDS.items():
            # Bytes that are no value of the type are for types that take any, or of which no mask reads the value.
            values = (pairs or []) + ([(v, v) for v in VALUES] if not pairs or type_name in TEXTS else [])
            if name in ("null", "redact", "constant"):
                values = values[:1]
            for option in options:
                for value in values:
                    for constant in CONSTANTS if name == "constant" else [""]:
                        for form in (0, 1):
                            self.one(sql, (type_name, (name, option), value, constant, form), oid, modifier)

    def pairs(self, name, literals):
        """What the server sends for each literal, as text and as binary."""
        out = []
        for literal in literals:
            got = [self.conn.exec_params(f"SELECT $1::text::{name}".encode(), [literal.encode()], None, None, form) for form in (0, 1)]
            if any(g.status != pq.ExecStatus.TUPLES_OK for g in got):
                raise SystemExit(f"{name} {literal}: {got[0].error_message.decode()}")
            out.append((got[0].get_value(0, 0), got[1].get_value(0, 0)))
        return out

    def one(self, sql, what, oid, modifier):
        type_name, kind, value, constant, form = what
        masked = self.probe.mask(kind, oid, modifier, form, value[form], constant)
        if masked is None:
            self.nulls += 1
            return
        self.cases.add((type_name, kind[0]))
        answer = {}
        for result_format in (0, 1):
            result = self.conn.exec_params(sql.encode(), [masked], [oid], [form], result_format)
            self.sent += 1
            if result.status != pq.ExecStatus.TUPLES_OK:
                self.bad.append((what, masked, result.error_message.decode().strip()))
                return
            answer[result_format] = result.get_value(0, 0)
        # What a client would see had the server itself sent it: the binary form is exactly the server's.
        # (The scale of numeric(p,s) is shown in binary; a constant does not follow it.)
        if type_name.startswith("numeric(") and (kind[0] == "constant" or answer[1][:6] == bytes(6) or "-" in type_name):
            return
        if form == 1 and answer[1] != masked:
            self.bad.append((what, masked, f"the server itself sends {answer[1]!r}"))
        # Both formats of the same mask mean the same.
        other = self.probe.mask(kind, oid, modifier, 1 - form, value[1 - form], constant)
        if other is None:
            self.bad.append((what, masked, "is NULL in the other format"))
        elif form == 0 and answer[1] != other:
            self.bad.append((what, masked, f"the binary mask {other!r} is another value than {answer[1]!r}"))


def arrays(literals):
    """One element with bounds of its own, all of them with a NULL, two dimensions, none."""
    quoted = ['"' + v.replace("\\", "\\\\").replace('"', '\\"') + '"' for v in literals]
    return [f"[5:5]={{{quoted[0]}}}", "{" + ",".join([*quoted, "NULL"]) + "}", f"[0:1][2:3]={{{{{quoted[0]},{quoted[-1]}}},{{NULL,{quoted[0]}}}}}", "{}"]


def main():
    probe = Probe(sys.argv[1])
    with Server() as conn:
        checker = Checker(conn, probe)
        run(conn, "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TYPE pair AS (a int, b text);"
                  "CREATE DOMAIN short AS varchar(5);")
        types = query(conn, "SELECT oid, oid::regtype AS name FROM pg_type WHERE typtype IN ('b', 'r', 'm', 'e', 'd', 'c')"
                            " AND typnamespace IN ('pg_catalog'::regnamespace, 'public'::regnamespace) ORDER BY pg_type.oid")
        for oid, name in types:
            name = re.sub(r"^character(?=$|\[)", "bpchar", name)  # which alone would mean char(1)
            pairs = []
            if name in SAMPLES:
                pairs = checker.pairs(name, SAMPLES[name])
            elif name.endswith("[]") and name[:-2] in SAMPLES:
                pairs = checker.pairs(name, arrays(SAMPLES[name[:-2]]))
            checker.check(f"SELECT $1::{name}", name, int(oid), -1, pairs)
        for name, modifier in MODIFIED:
            oid = int(query(conn, f"SELECT coalesce(nullif(typbasetype, 0), oid) FROM pg_type WHERE oid = '{name}'::regtype")[0][0])
            run(conn, f"CREATE TEMP TABLE t (c {name})")
            checker.check("INSERT INTO t VALUES ($1) RETURNING c", name, oid, modifier)
            run(conn, "DROP TABLE t")
        for precision, scale in PRECISE:
            run(conn, f"CREATE TEMP TABLE t (c numeric({precision},{scale}))")
            fitting = [v for v in PRECISE_VALUES if abs(float(v)) < 10 ** (precision - scale) - (precision > scale)]
            checker.check("INSERT INTO t VALUES ($1) RETURNING c", f"numeric({precision},{scale})", 1700,
                          4 + (precision << 16) + (scale & 0x7FF), checker.pairs(f"numeric({precision},{scale})", fitting))
            run(conn, "DROP TABLE t")
        conn.finish()
    probe.close()
    for what, masked, why in checker.bad:
        print("not legal:", what, masked, why)
    print(f"{len(types) + len(MODIFIED)} types, {len(checker.cases)} pairs of type and mask gave values,"
          f" {checker.sent} values sent, {checker.nulls} NULLs, {len(checker.bad)} refused")
    if checker.sent < 12000 or len(checker.cases) < 300:
        print("too few values: the test tested nothing")
        return 1
    return 1 if checker.bad else 0


if __name__ == "__main__":
    sys.exit(main())
