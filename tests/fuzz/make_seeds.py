#!/usr/bin/python3
"""Writes the first seeds of the PostgreSQL decoders into fixtures/corpus/pgwire_*/.

ok-* must be accepted and bad-* refused (tests/property/test_pgwire_corpus.c). Seeds of fixed bugs are added by hand.
"""
import pathlib
import struct
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "fixtures/corpus")


def i16(*values):
    return b"".join(struct.pack(">H", v & 0xFFFF) for v in values)


def i32(*values):
    return b"".join(struct.pack(">I", v & 0xFFFFFFFF) for v in values)


def z(*texts):
    return b"".join(t.encode() + b"\0" for t in texts)


def frame(kind, body=b""):
    return kind + i32(len(body) + 4) + body


def packet(code, body):
    return i32(len(body) + 8, code) + body


def value(v):
    return i32(-1) if v is None else i32(len(v)) + v


def column(name, table=0, attnum=0, oid=25, size=-1, modifier=-1, fmt=0):
    return z(name) + i32(table) + i16(attnum) + i32(oid) + i16(size) + i32(modifier) + i16(fmt)


def binds(formats, values, results):
    return (i16(len(formats), *formats) + i16(len(values)) + b"".join(map(value, values)) +
            i16(len(results), *results))


def startup(*pairs, code=0x30000, end=b"\0"):
    return packet(code, z(*pairs) + end)


ERROR = b"SERROR\0VERROR\0C42501\0Mblocked\0Ddetail\0Hhint\0P15\0Faclchk.c\0L2843\0Raclcheck_error\0\0"
SEEDS = {
    "frames": {
        "ok-session": frame(b"Q", z("select 1")) + frame(b"S") + frame(b"X"),
        "ok-empty-body": frame(b"H"),
        "bad-length-3": b"Q" + i32(3) + b"abc",
        "bad-length-0": b"Q" + i32(0),
        "bad-length-2-31": b"Q" + i32(1 << 31) + b"abc",
        "bad-length-2-32": b"Q" + i32(-1) + b"abc",
        "bad-half": frame(b"Q", z("select 1"))[:-3],
    },
    "first": {
        "ok-ssl": packet(80877103, b""), "ok-gss": packet(80877104, b""),
        "ok-tls": bytes.fromhex("1603010200010001fc0303"),
        "ok-cancel-3.0": packet(80877102, i32(4711) + b"abcd"),
        "ok-startup": startup("user", "ann"),
        "bad-http": b"GET / HTTP/1.1\r\n\r\n",
        "bad-length-7": i32(7, 196608), "bad-length-10005": i32(10005, 196608), "ok-length-10004": i32(10004, 196608),
        "bad-ssl-9": i32(9, 80877103) + b"x", "bad-cancel-3": i32(15, 80877102, 1) + b"abc",
        "bad-cancel-257": packet(80877102, i32(1) + b"k" * 257),
        "bad-empty": b"", "bad-half-code": startup("user", "ann")[:7],
    },
    "startup": {
        "ok-psql": startup("user", "ann", "database", "shop", "application_name", "psql", "client_encoding", "UTF8"),
        "ok-3.2-options": startup("user", "a", "options", "-c search_path=a\\ b --work-mem=1MB", code=0x30002),
        "ok-grease": startup("user", "a", "_pq_.test_protocol_negotiation", "", code=0x3270F),
        "bad-duplicate-user": startup("user", "postgres", "user", "nosuch"),
        "bad-duplicate-case": startup("user", "a", "TimeZone", "UTC", "timezone", "CET"),
        "bad-database-case": startup("user", "a", "Database", "b"),
        "bad-no-user": startup("database", "shop"), "bad-empty-user": startup("user", ""),
        "bad-no-terminator": startup("user", "ann", end=b""),
        "bad-after-terminator": startup("user", "ann", end=b"\0x\0"),
        "bad-no-value": packet(0x30000, b"user\0ann\0role\0"),
        "bad-long-user": startup("user", "u" * 64), "ok-63-user": startup("user", "u" * 63),
        "bad-utf8": packet(0x30000, b"user\0\xc0\xaf\0\0"),
        "bad-2.0": packet(0x20000, b"\0" * 292), "bad-4.0": startup("user", "a", code=0x40000),
        "bad-65-parameters": startup("user", "a", *[w for i in range(65) for w in (f"p{i}", "v")]),
        "bad-length": i32(100, 196608) + z("user", "a") + b"\0",
    },
    "options": {
        "ok-both": b"-c a=b --c-d=e", "ok-escapes": rb"-c a=x\ y\\z  -cb=1", "ok-nothing": b"  \t ", "ok-no-value": b"-c a=",
        "bad-c-equals": b"-c=", "bad-c-alone": b"-c", "bad-switch": b"-e", "bad-words": b"a=b", "bad-dashes": b"--",
        "bad-no-equals": b"-c a", "bad-backslash": b"\\", "bad-dash": b"-", "bad-c-empty": b"-c =x",
        "ok-twice": b"-c A=1 -c a=2", "bad-nine": b" ".join(b"-c a%d=" % i for i in range(9)),
    },
    "cancel": {
        "ok-4": packet(80877102, i32(4711) + b"abcd"), "ok-32": packet(80877102, i32(4711) + bytes(range(32))),
        "ok-256": packet(80877102, i32(-1) + b"k" * 256), "bad-0": packet(80877102, i32(1)),
        "bad-257": packet(80877102, i32(1) + b"k" * 257), "bad-code": packet(80877103, i32(1) + b"abcd"),
        "bad-length": i32(17, 80877102, 1) + b"abcd",
    },
    "password": {"ok-token": z("eyJhbGciOi.e30.sig"), "ok-empty": b"\0", "bad-none": b"", "bad-inner-nul": b"a\0b\0",
                 "bad-open": b"abc"},
    "query": {"ok-select": z("select 1"), "ok-empty": b"\0", "bad-inner-nul": b"select 1\0; drop table t\0",
              "bad-open": b"select 1", "bad-none": b"", "bad-two-nul": b"select 1\0\0"},
    "parse": {
        "ok-plain": z("", "select 1") + i16(0), "ok-types": z("s1", "select $1, $2") + i16(2) + i32(23, 25),
        "bad-count": z("", "select 1") + i16(3) + i32(23, 25), "bad-more": z("", "select 1") + i16(0) + b"x",
        "bad-65535": z("", "x") + i16(65535), "bad-open": b"s1\0select 1",
    },
    "bind": {
        "ok-none": z("", "") + binds([], [], []), "ok-text": z("p", "s") + binds([], [b"5", None, b"it's"], [0]),
        "ok-binary": z("", "s") + binds([1], [b"\0\0\0\5", b""], [1, 0, 1]),
        "ok-mixed": z("", "s") + binds([0, 1], [b"\xff", b"\x00\xff"], []),
        "bad-formats": z("", "s") + binds([0, 1], [b"a", b"b", b"c"], []),
        "bad-format-2": z("", "s") + binds([2], [b"a"], []), "bad-result-2": z("", "s") + binds([], [], [2]),
        "bad-length": z("", "") + i16(0, 1) + i32(-2) + i16(0), "bad-huge": z("", "") + i16(0, 1) + i32(0x7FFFFFFF) + b"a" + i16(0),
        "bad-more": z("", "") + binds([], [], []) + b"\0", "bad-65535": z("", "") + i16(0, 65535),
    },
    "binds": {
        "ok-none": binds([], [], []), "ok-values": binds([0, 0, 1], [b"5", None, b"\x00\xff"], []),
        "ok-long": binds([], [b"\xe2\x82\xac" * 200], []), "ok-quotes": binds([], [b"'" * 180], []),
        "ok-many": binds([1], [b"\x01"] * 300, [1]), "bad-half": binds([0], [b"abc"], [])[:-3],
    },
    "named": {"ok-statement": b"S" + z("s1"), "ok-portal": b"P\0", "bad-kind": b"X" + z("s1"), "bad-open": b"Ss1",
              "bad-more": b"Ss1\0x", "bad-none": b""},
    "execute": {"ok-all": z("") + i32(0), "ok-100": z("p") + i32(100), "bad-short": z("p") + b"\0\0\0",
                "bad-more": z("p") + i32(0) + b"\0"},
    "row_description": {
        "ok-none": i16(0), "ok-two": i16(2) + column("id", 16384, 1, 23, 4) + column("email", 16384, 2),
        "ok-system": i16(1) + column("ctid", 16384, -1, 27, 6, -1, 1), "ok-odd-name": i16(1) + column('"; drop'),
        "ok-1664": i16(1664) + column("c") * 1664, "bad-1665": i16(1665) + column("c") * 1665,
        "bad-count": i16(3) + column("a") * 2, "bad-more": i16(1) + column("a") * 2,
        "bad-format": i16(1) + column("a", fmt=2), "bad-none": b"",
    },
    "row": {
        "ok-none": i16(0), "ok-values": i16(3) + value(b"1") + value(None) + value(b""),
        "bad-count": i16(4) + value(b"1") * 3, "bad-more": i16(1) + value(b"1") * 2, "bad-length": i16(1) + i32(-2),
        "bad-huge": i16(1) + i32(0x7FFFFFFF) + b"abc", "bad-65535": i16(65535) + value(b"") * 3, "bad-none": b"",
    },
    "error": {
        "ok-full": ERROR, "ok-no-sqlstate": b"SFATAL\0Mx\0\0", "ok-old": b"SFEHLER\0C42601\0Mx\0\0", "ok-empty": b"\0",
        "bad-duplicate": b"Ma\0Mb\0\0", "bad-open": b"SERROR\0Mabc", "bad-no-end": b"SERROR\0", "bad-more": b"Ma\0\0x",
        "bad-25-fields": b"xv\0" * 25 + b"\0", "ok-24-fields": b"xv\0" * 24 + b"\0",
    },
    "parameter_status": {"ok": z("TimeZone", "UTC"), "ok-empty": z("search_path", ""), "bad-one": z("TimeZone"),
                         "bad-three": z("a", "b", "c")},
    "ready": {"ok-idle": b"I", "ok-in": b"T", "ok-failed": b"E", "bad-status": b"X", "bad-none": b"", "bad-two": b"II",
              "bad-nul": b"\0"},
    "tag": {"ok-insert": z("INSERT 0 5"), "ok-select": z("SELECT 3"), "ok-begin": z("BEGIN"),
            "ok-huge": z("SELECT 99999999999999999999"), "ok-empty": b"\0", "bad-open": b"SELECT 3", "bad-more": b"A\0B\0"},
    "copy": {"ok-text": b"\0" + i16(2, 0, 0), "ok-binary": b"\1" + i16(1, 1), "ok-none": b"\0" + i16(0),
             "bad-format": b"\2" + i16(0), "bad-column": b"\0" + i16(1, 2), "bad-count": b"\0" + i16(2, 0),
             "bad-more": b"\0" + i16(1, 0, 0)},
}

for target, seeds in SEEDS.items():
    folder = ROOT / f"pgwire_{target}"
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
print(sum(map(len, SEEDS.values())), "seeds in", ROOT)
