#!/usr/bin/python3
"""Writes the first seeds of the MySQL decoders into fixtures/corpus/my*/: make_mysql_seeds.py CORPUS CAPTURES.

ok-* must be accepted and bad-* refused (tests/property/test_decoder_corpus.c). Where a decoder must know more than its payload, the
first bytes of a seed say it: tests/support/mywire_checks.c. Seeds of fixed bugs are added by hand.
"""
import pathlib
import struct
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "fixtures/corpus")
CAPTURES = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "fixtures/mysql")


def le(v, n):
    return (v & (1 << 8 * n) - 1).to_bytes(n, "little")


def lenenc(n):
    return le(n, 1) if n < 251 else b"\xfc" + le(n, 2) if n < 1 << 16 else b"\xfd" + le(n, 3)


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return lenenc(len(s)) + s


def frame(seq, payload):
    return le(len(payload), 3) + le(seq, 1) + payload


def z(s):
    return s.encode() + b"\0"


OFFER = 0x00BFF75F | 0x800
ALL = 0xFFFFFFFF


def head(caps, reserved=b"\0" * 19):
    return le(caps, 4) + le(1 << 24, 4) + b"\xff" + reserved + b"\0" * 4


def greeting(nonce=b"abcdefgh123456789012", version="5.5.5-10.11.19-MariaDB", auth=21):
    return (b"\x0a" + z(version) + le(7, 4) + nonce[:8] + b"\0" + b"\xff\xf7" + b"\x2d" + b"\2\0" + b"\xff\x81" + le(auth, 1) + b"\0" * 6 +
            b"\x1d\0\0\0" + nonce[8:] + b"\0" + z("caching_sha2_password"))


def response(user="ann", auth=b"tok", db="shop", plugin="caching_sha2_password", attrs=(("_os", "Linux"), ("_pid", "1"))):
    pairs = b"".join(text(k) + text(v) for k, v in attrs)
    return head(ALL) + z(user) + text(auth) + z(db) + z(plugin) + text(pairs)


def execute(count, body, mode=0, flags=0):
    return bytes([count, mode, 0x17]) + le(1, 4) + le(flags, 1) + le(1, 4) + body


def column(ext=None, default=None, name="a", kind=3, fixed=12, filler=b"\0\0"):
    return (b"".join(map(text, ("def", "shop", "t1", "t1", name, name))) + (b"" if ext is None else text(ext)) + le(fixed, 1) + le(63, 2) +
            le(11, 4) + le(kind, 1) + le(3, 2) + b"\0" + filler + (b"" if default is None else default))


def answer(kind, flags, columns, *payloads):
    return bytes([kind, flags, columns]) + b"".join(le(len(p), 2) + p for p in payloads)


OK, MORE, EOF, ERR = b"\0\0\0\2\0\0\0", b"\0\0\0\x0a\0\0\0", b"\xfe\0\0\2\0", b"\xff\x7a\4#42S02no such table"
PROGRESS = b"\xff\xff\xff\1\1\2\5\x0d\0\4copy"
SYSVAR = b"\0" + text(text("sql_mode") + text("ANSI_QUOTES"))
TYPES = bytes([3, 253, 10, 11, 13, 8, 246])
VALUES = b"\1\2\3\4\3ann\4\xea\7\1\2\0\xea\7\1\2\3\4\5\6\7\x08\4" + b"1.50"
SEEDS = {
    "mywire_packets": {
        "ok-three": frame(0, b"\3select 1") + frame(1, b"") + frame(2, b"x"), "ok-wrap": frame(255, b"a") + frame(0, b"b"),
        "bad-sequence": frame(0, b"a") + frame(2, b"b"), "bad-half": frame(0, b"abc")[:-1], "bad-large": frame(0, b"")[:0] + b"\1\0\x10\0",
        "bad-open": b"\xff\xff\xff\0" + b"x" * 100,
    },
    "mywire_greeting": {
        "ok-mariadb": greeting(), "bad-nonce-nul": greeting(b"abc\0efgh123456789012"), "bad-version-9": b"\x09" + greeting()[1:],
        "bad-auth-length": greeting(auth=8), "bad-more": greeting() + b"x",
    },
    "mywire_ssl_request": {
        "ok-all": head(ALL), "ok-plain": head(0xA00), "bad-no-ssl": head(0x200), "bad-old": head(0x800), "bad-more": head(ALL) + b"\0",
        "bad-reserved": head(ALL, b"\0" * 18 + b"\1"), "bad-login": response(),
    },
    "mywire_response": {
        "ok-full": response(), "ok-empty": response("", b"", "", "", ()), "ok-jwt": response(auth=b"e" * 1891 + b"\0"),
        "ok-plain": head(0x8200) + z("ann") + b"\3tok", "ok-long-length": head(ALL) + z("ann") + b"\xfc\3\0tok" + z("") + z("") + b"\xfc\0\0",
        "bad-native-old": head(0x200) + z("ann") + z("x"), "bad-utf8": response().replace(b"ann", b"\xc0\xaf\xff"),
        "bad-more": response() + b"x", "bad-attrs": response()[:-2] + b"\x091", "bad-65": response(attrs=[("a", "b")] * 65),
        "bad-user": response("u" * 385), "ok-64": response(attrs=[("", "")] * 64),
    },
    "mywire_token": {
        "ok-sha2": b"\1a.b.c\0", "ok-clear": b"\2a.b.c\0", "ok-openid": b"\3\1\5a.b.c", "ok-empty": b"\1\0", "bad-other": b"\0a.b.c\0",
        "bad-inner": b"\1a\0b\0", "bad-open": b"\2a.b.c", "bad-openid-nul": b"\3\1\5a.b.\0", "bad-openid-more": b"\3\1\4a.b.c",
        "bad-openid-capability": b"\3\2\5a.b.c", "bad-long": b"\1" + b"a" * 16385 + b"\0", "ok-long": b"\1" + b"a" * 16384 + b"\0",
    },
    "mywire_command": {
        "ok-query": b"\3 select 1; ;\0", "ok-query-empty": b"\3", "ok-use": b"\2shop", "ok-fields": b"\4people\0e%", "ok-prepare": b"\x16select ?",
        "ok-execute": b"\x17\1\0\0\0\0\1\0\0\0", "ok-long": b"\x18\1\0\0\0\2\0data", "ok-fetch": b"\x1c\1\0\0\0\x0a\0\0\0", "ok-close": b"\x19\1\0\0\0",
        "ok-option": b"\x1b\1\0", "ok-kill": b"\x0c\7\0\0\0", "ok-change-user": b"\x11root\0", "ok-binlog": b"\x12" + b"\0" * 10, "ok-unknown": b"\x99x",
        "bad-empty": b"", "bad-ping": b"\x0ex", "bad-option": b"\x1b\2\0", "bad-close": b"\x19\1\0\0", "bad-use-nul": b"\2shop\0",
        "bad-fields": b"\4people", "bad-fetch": b"\x1c\1\0\0\0",
    },
    "mywire_execute": {
        "ok-none": execute(0, b""), "ok-cursor": execute(0, b"", flags=1),
        "ok-forms": execute(9, b"\2\0\1" b"\1\0\6\0\2\x80\3\0\x08\x80\xfd\0\x0a\0\x0c\0\x0b\0" b"\xff\1\2\1\2\3\4\1\2\3\4\5\6\7\x08\3abc\4\xea\7\1\2"
                            b"\7\xea\7\1\2\3\4\5\x08\1\0\0\0\0\1\2\3"),
        "ok-kept": execute(2, b"\0\0\1\0\0\0\2\0\0\0", 1), "ok-long": execute(3, b"\0\1\xfc\0\3\0\xfc\0\5\0\0\0", 2),
        "ok-floats": execute(2, b"\0\1\4\0\5\0\0\0\xc0\x7f" + struct.pack("<d", float("inf"))),
        "bad-no-types": execute(1, b"\0\0\1\0\0\0"), "bad-type": execute(1, b"\0\1\x0e\0"), "bad-int24": execute(1, b"\0\1\x09\0\1\2\3\4"),
        "bad-flags": execute(0, b"", flags=8), "bad-null-type": execute(1, b"\0\1\6\0"), "bad-date": execute(1, b"\0\1\x0a\0\5\1\2\3\4\5"),
        "bad-more": execute(1, b"\0\1\1\0\1\2"), "bad-string": execute(1, b"\0\1\xfd\0\xfe" + b"\xff" * 8),
    },
    "myreply_ok": {
        "ok-plain": b"\0" + OK, "ok-info": b"\0" + OK + text("Rows matched: 5"), "ok-changes": b"\1\0\0\0\2\x40\0\0\0" + text(SYSVAR),
        "bad-track": b"\0\0\0\0\2\x40\0\0\0" + text(SYSVAR), "bad-no-changes": b"\1\0\0\0\2\x40\0\0\0", "bad-list": b"\1\0\0\0\2\x40\0\0\0" + text(b"\6\0"),
        "bad-eof": b"\0" + EOF, "bad-more": b"\0" + OK + b"\1ab",
    },
    "myreply_changes": {
        "ok-all": SYSVAR + b"\1\5\4shop\2\1" b"1\3\4\0\2gt\4\1\0\5\x09\x08T_______" b"\0\3\1a\xfb", "ok-none": b"", "bad-kind": b"\6\1x",
        "bad-schema-null": b"\1\1\xfb", "bad-gtid": b"\3\2\1\0", "bad-more": b"\1\6\4shopX", "bad-half": SYSVAR[:-1],
    },
    "myreply_eof": {"ok-more": b"\xfe\1\0\x0a\x40", "bad-short": b"\xfe\1\0\2", "bad-more": b"\xfe\1\0\2\0\0", "bad-ok": OK},
    "myreply_error": {
        "ok-1146": ERR, "ok-no-state": b"\xff\x10\4Too many connections", "ok-bare": b"\xff\x10\4", "bad-code-0": b"\xff\0\0#HY000x",
        "bad-progress": PROGRESS, "bad-state": b"\xff\x10\4#hy000x", "bad-half": b"\xff\x10\4#HY0",
    },
    "myreply_column": {
        "ok-classic": b"\0" + column(), "ok-extended": b"\1" + column(b"\1\4json"), "ok-default": b"\2" + column(default=b"\1x"),
        "ok-default-null": b"\2" + column(default=b"\xfb"), "ok-both": b"\3" + column(b"", b"\0"), "bad-extended": b"\0" + column(b"\1\4json"),
        "bad-no-extended": b"\1" + column(), "bad-fixed": b"\0" + column(fixed=11), "bad-filler": b"\0" + column(filler=b"\0\1"),
        "bad-more": b"\0" + column() + b"x",
    },
    "myreply_row": {
        "ok-text": b"\3\1a\xfb\0", "ok-binary": b"\x87" + TYPES + b"\0\0\0" + VALUES, "ok-nulls": b"\x87" + TYPES + b"\0\xf4\1\3ann",
        "ok-long": b"\1\xfc\x2c\1" + b"x" * 300, "bad-cells": b"\4\1a\xfb\0", "bad-more": b"\2\1a\xfb\0", "bad-unused": b"\x87" + TYPES + b"\0\1\0" + VALUES,
        "bad-behind": b"\x87" + TYPES + b"\0\0\2" + VALUES, "bad-header": b"\x87" + TYPES + b"\1\0\0" + VALUES, "bad-type": b"\x81\x0e\0\0\1",
        "bad-ff": b"\1\xff", "bad-huge": b"\1\xfe" + b"\xff" * 8,
    },
    "myreply_answer": {
        "ok-ok": answer(1, 0, 0, OK), "ok-option": answer(1, 0, 0, EOF), "ok-error": answer(2, 0, 0, ERR), "ok-text": answer(7, 0, 0, b"Uptime: 5"),
        "ok-result": answer(2, 0, 0, b"\1", column(), EOF, b"\1x", b"\xfb", EOF),
        "ok-multi": answer(2, 0, 0, b"\1", column(), EOF, b"\1x", b"\xfe\0\0\x0a\0", MORE, b"\1", column(), EOF, EOF),
        "ok-binary": answer(3, 0, 1, b"\1", column(), EOF, b"\0\0\5\0\0\0", EOF), "ok-cursor": answer(3, 0, 1, b"\1", column(), b"\xfe\0\0\x42\0"),
        "ok-prepared": answer(4, 0, 0, b"\0\1\0\0\0\1\0\1\0\0\0\0", column(), EOF, column(), EOF), "ok-fetch": answer(5, 0, 1, b"\0\0\5\0\0\0", EOF),
        "ok-fields": answer(6, 0, 0, column(default=b"\xfb"), EOF), "ok-progress": answer(2, 0x1E, 0, PROGRESS, OK),
        "ok-cached": answer(3, 0x1E, 1, b"\1\0", EOF, b"\0\0\5\0\0\0", EOF), "ok-extended": answer(2, 0x1E, 0, b"\1\1", column(b""), EOF, EOF),
        "bad-infile": answer(2, 0, 0, b"\xfb/etc/passwd"), "bad-cached": answer(3, 0x1E, 2, b"\1\0", EOF), "bad-after": answer(1, 0, 0, OK, OK),
        "bad-columns": answer(2, 0, 0, b"\1", column(), column(), EOF), "bad-count": answer(2, 0, 0, b"\xfc\1\x10"), "bad-progress": answer(2, 0, 0, PROGRESS),
    },
}


def captured():
    """Whole answers of a real server, one seed each."""
    kinds = {0x02: 1, 0x0E: 1, 0x1B: 1, 0x1F: 1, 0x1A: 1, 0x03: 2, 0x17: 3, 0x16: 4, 0x1C: 5, 0x04: 6}
    for name, flags in (("track", 1), ("extended", 0x1F)):
        data, at, open_, seeds = (CAPTURES / f"mariadb-{name}.packets").read_bytes(), 0, None, []
        while at < len(data):
            n = struct.unpack("<I", data[at + 1:at + 5])[0]
            side, payload, at = data[at:at + 1], data[at + 5:at + 5 + n], at + 5 + n
            if side == b">":
                open_ = [payload[0], []]
                seeds.append(open_)
            else:
                open_[1].append(payload)
        for i, (code, payloads) in enumerate(seeds):
            if code in kinds and payloads and i % 3 == 0:
                columns = payloads[0][0] if len(payloads[0]) == 2 else 22
                yield f"ok-{name}-{i:03}", answer(kinds[code], flags, columns, *payloads)


SEEDS["myreply_answer"].update(captured())
for target, seeds in SEEDS.items():
    folder = ROOT / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)
print(sum(map(len, SEEDS.values())), "seeds in", ROOT)
