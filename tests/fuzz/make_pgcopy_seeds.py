#!/usr/bin/python3
"""Writes the first seeds of fuzz_pgcopy into fixtures/corpus/pgcopy/. Seeds of fixed bugs are added by hand."""
import pathlib
import struct
import sys

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "fixtures/corpus") / "pgcopy"
FORMATS = {"text": 0, "csv": 1, "binary": 2}
HEADER, FORCE, SMALL = 4, 8, 16
HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def seed(kind, columns, stream, delimiter="", quote="", escape="", null=None, flags=0, cut=3):
    def byte(c):
        return c.encode() or b"\0"
    # The format is the first byte modulo 3; flags are its bits.
    first = next(b for b in range(256) if b % 3 == FORMATS[kind] and b & (HEADER | FORCE | SMALL) == flags)
    length = bytes([255 if null is None else len(null)])
    return bytes([first]) + byte(delimiter) + byte(quote) + byte(escape) + bytes([columns, cut]) + length + (null or b"") + stream


def row(*values):
    return struct.pack(">H", len(values)) + b"".join(
        struct.pack(">i", -1) if v is None else struct.pack(">i", len(v)) + v for v in values)


SEEDS = {
    "text-plain": seed("text", 3, b"1\tann@example.org\t\\N\n2\t\tx\n"),
    "text-escapes": seed("text", 2, b"\\b\\f\\n\\r\\t\\v\\\\\t\\101\\x41\\q\\x\n\\\\N\t\\N\n"),
    "text-header": seed("text", 2, b"id\tname\n1\tx\n", flags=HEADER),
    "text-bar": seed("text", 2, b"a\\|b|-\n-|c\n", delimiter="|", null=b"-"),
    "text-null-looks-like-a-value": seed("text", 2, b"123-45-6789\tx\n", null=b"123-45-6789"),
    "text-null-looks-like-a-tab": seed("text", 2, b"\\t|x\n", delimiter="|", null=b"\\t"),
    "text-null-empty": seed("text", 1, b"\nx\n\n", null=b""),
    "text-no-columns": seed("text", 0, b"\n\n"),
    "text-end-marker": seed("text", 1, b"a\n\\.\n"),
    "text-null-end-marker": seed("text", 1, b"a\n\\.\n", null=b"\\."),
    "text-escaped-newline": seed("text", 1, b"a\\\nb\n"),
    "text-limit": seed("text", 1, b"a" * 31 + b"\n" + b"b" * 32 + b"\n", flags=SMALL),
    "text-nul": seed("text", 1, b"a\\0b\n"),
    "csv-plain": seed("csv", 3, b"1,ann@example.org,\n2,\"\",\"a,\"\"b\nc\"\n"),
    "csv-header": seed("csv", 2, b"id,\"na,me\"\n1,x\n", flags=HEADER),
    "csv-force": seed("csv", 3, b"\"1\",x,\"y\"\n,x,\n", flags=FORCE),
    "csv-escape": seed("csv", 2, b"'it\\'s\\\\',\\\nNULL,'NULL'\n", quote="'", escape="\\", null=b"NULL"),
    "csv-delimiter-escapes": seed("csv", 2, b"'it;'s;;',x\n".replace(b",", b";"), delimiter=";", quote="'", escape=";"),
    "csv-end-marker": seed("csv", 1, b"\"\\.\"\n"),
    "csv-bare-end-marker": seed("csv", 1, b"\\.\n"),
    "csv-behind-quote": seed("csv", 2, b"\"a\"b,c\n"),
    "csv-inner-quote": seed("csv", 2, b"a\"b\",c\n"),
    "csv-open": seed("csv", 2, b"a,\"b\n"),
    "csv-odd-options": seed("csv", 2, b"xbaaybaN\n", delimiter="a", quote="b", escape="a", null=b"N"),
    "binary-rows": seed("binary", 2, HEAD + row(b"a", None) + row(b"", b"x\ny") + b"\xff\xff"),
    "binary-empty": seed("binary", 2, HEAD + b"\xff\xff"),
    "binary-no-columns": seed("binary", 0, HEAD + row() + row() + b"\xff\xff"),
    "binary-oids": seed("binary", 1, HEAD[:11] + struct.pack(">ii", 1 << 16, 0) + row(b"1", b"a") + b"\xff\xff"),
    "binary-extension": seed("binary", 1, HEAD[:11] + struct.pack(">ii", 0, 2) + b"xy" + row(b"a") + b"\xff\xff"),
    "binary-huge": seed("binary", 1, HEAD + b"\0\1\x7f\xff\xff\xffabc"),
    "binary-negative": seed("binary", 1, HEAD + b"\0\1\xff\xff\xff\xfeabc"),
    "binary-behind-trailer": seed("binary", 1, HEAD + b"\xff\xff" + row(b"a")),
    "binary-limit": seed("binary", 1, HEAD + row(b"a" * 7) + row(b"b" * 26) + row(b"b" * 27), flags=SMALL),
}

FOLDER.mkdir(parents=True, exist_ok=True)
for name, data in SEEDS.items():
    (FOLDER / name).write_bytes(data)
print(len(SEEDS), "seeds in", FOLDER)
