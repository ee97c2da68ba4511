#!/usr/bin/python3
"""The room pgcopy against a real server: COPY TO STDOUT, one column replaced, COPY FROM STDIN reads exactly what was meant; and
with nothing replaced the stream is the same, message by message. Usage: test_pgcopy_server.py RECODE"""
import io
import itertools
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from postgres import Postgres  # noqa: E402
from tls import Authority  # noqa: E402

RECODE = sys.argv[1]
RANDOM = random.Random(3)
NAMES = ("id", "a", "b", "c")
TEXT_HEADER_SINCE = 150000

PIECES = ["", "\t", "\n", "\r", "\r\n", "\\", "\\\\", "\\.", "\\N", "N", '"', '""', "'", ",", ";", "|", "NULL", "x", "*", "***",
          "\b", "\f", "\v", "\x01", "\x1f", "\x7f", "naïve", "€", "🐘", " ", "a", "\\x41", "\\101", "\\t", "12345678", "{}", "L",
          "\\.\n", "\n\\.\n", "-", "\\-", "word of some length that fills more than one word"]


def values():
    yield None
    yield from PIECES
    for _ in range(150):
        yield "".join(RANDOM.choice(PIECES) for _ in range(RANDOM.randrange(1, 7)))


class Option(dict):
    """What stands in WITH (...), and what recode is told."""

    def sql(self, forward):
        words = []
        for name, value in self.items():
            if name == "force_quote":
                if not forward:
                    words.append("force_quote " + ("*" if value == "*" else f"({value})"))
            elif name == "header":
                words.append(f"header {value}")
            elif name == "format":
                words.append(f"format {value}")
            else:
                words.append(f"{name} E'" + "".join(f"\\u{ord(c):04x}" for c in value) + "'")
        return ", ".join(words)

    def words(self, columns):
        def one(name):
            return self[name].encode().hex() if name in self else "-"
        force = self.get("force_quote")
        forced = "-" if force is None else "".join("01" if force == "*" or n in force.split(",") else "00" for n in columns)
        header = "01" if self.get("header") == "true" else "00"
        return " ".join(("-" if one(n) == "" and n != "null" else one(n)) for n in ("delimiter", "quote", "escape", "null")) + \
            f" {header} {forced}"


class Messages(io.RawIOBase):
    """psycopg2 writes each CopyData body with one call."""

    def __init__(self):
        super().__init__()
        self.list = []

    def writable(self):
        return True

    def write(self, data):
        self.list.append(bytes(data))
        return len(data)


def copy_out(cursor, query, option):
    got = Messages()
    cursor.copy_expert(f"COPY ({query}) TO STDOUT WITH ({option.sql(False)})", got)
    return got.list


def recode(messages, option, columns, changes="", seed=0):
    framed = b"".join(struct.pack(">I", len(m)) + m for m in messages)
    done = subprocess.run([RECODE, option["format"], str(len(columns)), option.words(columns), changes, str(seed)], input=framed,
                          stdout=subprocess.PIPE, check=True)
    out, at = [], 0
    while at < len(done.stdout):
        size = struct.unpack_from(">I", done.stdout, at)[0]
        out.append(done.stdout[at + 4:at + 4 + size])
        at += 4 + size
    return out


def copy_in(cursor, table, stream, option):
    cursor.execute(f"TRUNCATE {table}")
    cursor.copy_expert(f"COPY {table} FROM STDIN WITH ({option.sql(True)})", io.BytesIO(stream))


def rows_of(cursor, query):
    cursor.execute(query)
    return cursor.fetchall()


def same(what, left, right):
    for a, b in itertools.zip_longest(left, right):
        if a != b:
            raise AssertionError(f"{what}:\n  {a!r}\n  {b!r}")


def text_options():
    for delimiter, null in itertools.product((None, "|", ",", "L", "*", "\x01", " "), (None, "", "x", "NULL", "\\-", "\\t", "***")):
        option = Option(format="text")
        if delimiter:
            option["delimiter"] = delimiter
        if null is not None:
            option["null"] = null
        if (delimiter or "\t") in ("\\N" if null is None else null):
            continue
        if RANDOM.random() < 0.3:
            option["header"] = RANDOM.choice(("true", "false"))
        yield option


def csv_options():
    base = itertools.product((None, ";", "\t", "a"), (None, "'", "\x01", "b"), (None, "\\", '"', "!", ";"),
                             (None, "NULL", "\\N", "x", "***"))
    for delimiter, quote, escape, null in base:
        option = Option(format="csv")
        option.update({n: v for n, v in (("delimiter", delimiter), ("quote", quote), ("escape", escape), ("null", null))
                       if v is not None})
        if RANDOM.random() < 0.3:
            option["header"] = RANDOM.choice(("true", "false"))
        if RANDOM.random() < 0.4:
            option["force_quote"] = RANDOM.choice(("*", "a", "b,c", "id"))
        if RANDOM.random() < 0.45:
            yield option


def supported(cursor, option):
    if option["format"] == "text" and cursor.connection.server_version < TEXT_HEADER_SINCE:
        option.pop("header", None)
    return option


def is_ambiguous(option):
    return option["format"] == "text" and option.get("null", "\\N") not in ("\\N", "\\-")


def decoded(null):
    return {"\\t": "\t"}.get(null, null)


def check_texts(cursor, option):
    """Unchanged: byte for byte. Column a with something behind it: COPY FROM reads that, and the other columns as before."""
    query = "SELECT id, a, b, c FROM hostile ORDER BY id"
    direct = copy_out(cursor, query, option)
    same(f"{option} unchanged", recode(direct, option, NAMES), direct)
    if b"".join(recode(direct, option, NAMES, seed=RANDOM.randrange(1, 1 << 30))) != b"".join(direct):
        raise AssertionError(f"{option} cut and unchanged")
    copy_in(cursor, "plain", b"".join(direct), option)
    suffix = RANDOM.choice(PIECES)
    stream = b"".join(recode(direct, option, NAMES, f"1:+{suffix.encode().hex()},2:null", RANDOM.choice((0, 7))))
    copy_in(cursor, "masked", stream, option)
    null = decoded(option.get("null", ""))

    def meant(row, original):
        a = original[1]
        if is_ambiguous(option) and a is None:
            a = null
        if a is not None:
            a += suffix
        if is_ambiguous(option) and a == null == "":
            a = None  # an empty value has one form
        return (row[0], a, None, row[3])
    plain = rows_of(cursor, "SELECT id, a, b, c FROM plain ORDER BY id")
    same(f"{option} plain", [r[0] for r in plain], [r[0] for r in rows_of(cursor, query)])
    same(f"{option} + {suffix!r}", rows_of(cursor, "SELECT id, a, b, c FROM masked ORDER BY id"),
         [meant(p, o) for p, o in zip(plain, rows_of(cursor, query))])


def check_one_column(cursor, option):
    query = "SELECT a FROM hostile ORDER BY id"
    direct = copy_out(cursor, query, option)
    same(f"{option} one column", recode(direct, option, ("a",)), direct)
    stream = b"".join(recode(direct, option, ("a",), "0:+", 5))
    cursor.execute("TRUNCATE single")
    cursor.copy_expert(f"COPY single (a) FROM STDIN WITH ({option.sql(True)})", io.BytesIO(stream))
    got = [r[0] for r in rows_of(cursor, "SELECT a FROM single ORDER BY place")]
    null = decoded(option.get("null", ""))
    want = [r[0] for r in rows_of(cursor, query)]
    if is_ambiguous(option):
        want = [None if (w is None or w == null) and null == "" else null if w is None else w for w in want]
    same(f"{option} one column again", got, want)


TYPES = {
    "bool": ("true", "false"), "int2": ("-1", "32767"), "int4": ("7", "-2147483648"), "int8": ("9", "-9223372036854775808"),
    "float4": ("1.5", "'NaN'"), "float8": ("-0.25", "'Infinity'"), "numeric": ("12345.678900", "'NaN'"), "text": ("'a\nb'", "''"),
    "varchar(9)": ("'\\.'", "'x'"), "char(4)": ("'ab'", "''"), "bytea": (r"'\x000a0d5c'", r"'\x'"), "date": ("'2024-02-29'", "'infinity'"),
    "time": ("'10:11:12.5'", "'24:00'"), "timetz": ("'10:11+02'", "'00:00Z'"), "timestamp": ("'2001-02-03 04:05:06'", "'-infinity'"),
    "timestamptz": ("'2001-02-03 04:05:06+07'", "'epoch'"), "interval": ("'1 mon 2 days 3 s'", "'0'"),
    "uuid": ("'11111111-2222-3333-4444-555555555555'", "'00000000-0000-0000-0000-000000000000'"), "json": ("'{\"a\": [1]}'", "'null'"),
    "jsonb": ("'{\"a\": [1]}'", "'{}'"), "inet": ("'10.0.0.1/8'", "'::1'"), "cidr": ("'10.0.0.0/8'", "'::/0'"),
    "macaddr": ("'08:00:2b:01:02:03'", "'00:00:00:00:00:00'"), "bit(5)": ("B'10101'", "B'00000'"), "varbit": ("B'101'", "B''"),
    "point": ("'(1,2)'", "'(0,0)'"), "money": ("12.5", "0"), "int4[]": ("'{1,NULL,3}'", "'{}'"), "text[]": ("'{a,\"b,c\",NULL}'", "'{}'"),
    "int4range": ("'[1,5)'", "'empty'"), "tsvector": ("'a:1 b:2'", "''"), "xml": ("'<a/>'", "'x'"), "mood": ("'glad'", "'sad'"),
    "pair": ("'(1,x)'", "'(,)'"), "name": ("'n'", "''"), "oid": ("1", "0"),
}


def check_binary(cursor):
    option, columns = Option(format="binary"), [f"c{i}" for i in range(len(TYPES))]
    cursor.execute("CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE TYPE pair AS (a int, b text);"
                   f"CREATE TABLE typed (id int, {', '.join(f'{c} {t}' for c, t in zip(columns, TYPES))});"
                   "CREATE TABLE typed_masked (LIKE typed)")
    for n in (0, 1):
        cursor.execute(f"INSERT INTO typed VALUES ({n}, {', '.join(v[n] for v in TYPES.values())})")
    cursor.execute(f"INSERT INTO typed SELECT 2; INSERT INTO typed SELECT 3 + n, {', '.join(columns)} FROM typed, generate_series(0, 40, 3) n")
    query, names = "SELECT * FROM typed ORDER BY id, c0", ["id", *columns]
    direct = copy_out(cursor, query, option)
    same("binary unchanged", recode(direct, option, names), direct)
    empty = copy_out(cursor, "SELECT * FROM typed WHERE false", option)
    same("binary without rows", recode(empty, option, names), empty)
    changes = ",".join(f"{i}:{'null' if i % 3 == 0 else 'first'}" for i in range(1, len(names)) if i % 3 < 2)
    copy_in(cursor, "typed_masked", b"".join(recode(direct, option, names, changes, 11)), option)
    wanted = ", ".join("NULL" if i % 3 == 0 else f"CASE WHEN {n} IS DISTINCT FROM NULL THEN (SELECT {n} FROM typed WHERE id = 0)::text END"
                       if i % 3 == 1 else f"{n}::text" for i, n in list(enumerate(names))[1:])
    got = rows_of(cursor, "SELECT " + ", ".join(f"{n}::text" for n in names) + " FROM typed_masked ORDER BY typed_masked.id, 2, 3, 4")
    want = rows_of(cursor, f"SELECT id::text, {wanted} FROM typed ORDER BY typed.id, 2, 3, 4")
    same("binary masked", sorted(map(repr, got)), sorted(map(repr, want)))
    for kind in ("text", "csv"):
        for header in ("true", "false"):
            other = supported(cursor, Option(format=kind, header=header))
            direct = copy_out(cursor, query, other)
            same(f"types as {kind}", recode(direct, other, names), direct)


def check_odd(cursor):
    cursor.execute('CREATE TABLE nothing (); INSERT INTO nothing DEFAULT VALUES; INSERT INTO nothing DEFAULT VALUES;'
                   'CREATE TABLE odd ("a\tb\n" int, "\\." text, "x,""y" text, "\\N" text); INSERT INTO odd VALUES (1, \'\', NULL, \'\\.\');'
                   'CREATE TABLE odd_one ("\\." text); INSERT INTO odd_one VALUES (\'\\.\'), (NULL), (\'\')')
    for kind in ("text", "csv", "binary"):
        for table, names in (("nothing", ()), ("odd", NAMES), ("odd_one", ("a",))):
            option = Option(format=kind) if kind == "binary" else supported(cursor, Option(format=kind, header="true"))
            got = Messages()
            cursor.copy_expert(f"COPY {table} TO STDOUT WITH ({option.sql(False)})", got)
            same(f"{table} as {kind}", recode(got.list, option, names), got.list)


def check(server):
    connection = psycopg2.connect(host=str(server.folder), port=server.port, user="postgres", dbname="postgres")
    cursor = connection.cursor()
    cursor.execute("CREATE TABLE hostile (id int, a text, b text, c text); CREATE TABLE plain (LIKE hostile);"
                   "CREATE TABLE masked (LIKE hostile); CREATE TABLE single (a text, place serial)")
    everything = list(values())
    for i, a in enumerate(everything):
        cursor.execute("INSERT INTO hostile VALUES (%s, %s, %s, %s)", (i, a, RANDOM.choice(everything), RANDOM.choice(everything)))
    options = [supported(cursor, o) for o in (*text_options(), *csv_options())]
    for option in options:
        check_texts(cursor, option)
    for option in options[::3]:
        check_one_column(cursor, Option({k: v for k, v in option.items() if k != "force_quote"}))
    check_binary(cursor)
    check_odd(cursor)
    connection.rollback()
    connection.close()
    return len(options), len(everything)


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = Postgres(Authority(pathlib.Path(folder)))
        try:
            options, rows = check(server)
        finally:
            server.remove()
    print(f"{options} sets of options, {rows} rows each")


main()
