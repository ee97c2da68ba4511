#!/usr/bin/python3
"""Writes the first seeds of fuzz_mask and fuzz_detect into fixtures/corpus/mask/ and fixtures/corpus/detect/."""
import pathlib
import struct
import sys

ROOT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "fixtures/corpus")
KINDS = "null redact partial hash constant email ff1 date_shift round truncate".split()
TYPES = [16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 142, 700, 701, 790, 869, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1266, 1700, 2249, 2950,
         3802, 3904, 4451, 16400]
VALUES = {25: "4111 1111 1111 1111", 23: "1234567", 20: "4111111111111111", 1700: "1234567.89", 701: "1.5e+07", 790: "$1,234.56",
          1082: "2024-02-29", 1114: "2024-02-29 12:30:00.5", 1184: "2024-02-29 12:30:00+05:30", 2950: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
          1043: "ann@gmail.com", 17: "\\x00ff", 3802: '{"a": 1}'}
BINARY = {23: struct.pack(">i", -1234567), 20: struct.pack(">q", 1 << 40), 1700: bytes.fromhex("0003000100000002007b11d72292"),
          701: struct.pack(">d", 499.5), 1082: struct.pack(">i", 8825), 1184: struct.pack(">q", 10 ** 15), 2950: bytes(range(16))}
ARRAYS = {0: b'{4111111111111111,NULL,"a\\"b,c"}', 1: b"[0:1]={{1,2},{3,NULL}}"}

seeds = {}
for k, kind in enumerate(KINDS):
    for oid, text in VALUES.items():
        seeds[f"mask/{kind}-{oid}"] = bytes([k, TYPES.index(oid), 0x4E, 3]) + text.encode()
    for oid, data in BINARY.items():
        first = next(b for b in range(128, 256) if b % (len(KINDS) + 1) == k)
        seeds[f"mask/{kind}-{oid}-binary"] = bytes([first, TYPES.index(oid), 0x4E, 3]) + data
    for i, data in ARRAYS.items():
        index = next(b for b in range(128, 256) if b % 12 == i)
        seeds[f"mask/{kind}-array-{i}"] = bytes([k, index, 0x4E, 3]) + data
    index = next(b for b in range(128, 256) if b % 12 == 1)
    first = next(b for b in range(128, 256) if b % (len(KINDS) + 1) == k)
    seeds[f"mask/{kind}-array-binary"] = bytes([first, index, 0x4E, 3]) + struct.pack(">iiiiiiii", 1, 1, 23, 2, 1, 4, 1234567, -1)
TEXTS = {"mail": b"to ann@example.org.", "card": b"4111 1111 1111 1111", "iban": b"DE89 3704 0044 0532 0130 00", "ssn": b"078-05-1120",
         "phone": b"+1 (212) 555-0123", "token": b"ghp_16C7e42F292c6912E7710c838347Ae178B4a", "aws": b"AKIAIOSFODNN7EXAMPLE",
         "pem": b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----",
         "jwt": b"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P"}
for name, text in TEXTS.items():
    seeds[f"detect/{name}"] = b"\x00" + text
    seeds[f"detect/{name}-json"] = b"\x01" + b'{"token": "x\\n' + text.replace(b"\n", b"\\n") + b'", "n": [-1.5e3, 4111111111111111]}'
    seeds[f"detect/{name}-jsonb"] = b"\x02\x01" + b'["' + text.replace(b"\n", b"\\n") + b'"]'
    seeds[f"detect/{name}-xml"] = b"\x03" + b'<a b="' + text + b'">' + text + b"</a>"
    seeds[f"detect/{name}-bytea"] = b"\x04" + b"\\x" + text.hex().encode()
    seeds[f"detect/{name}-array"] = b"\x06" + struct.pack(">iiiiiiI", 1, 1, 25, 2, 1, -1, len(text)) + text
    seeds[f"detect/{name}-key"] = b"\x80" + text + b" 9f86d081884c7d659a2feaa0c55ad015"
for name, data in seeds.items():
    path = ROOT / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
print(len(seeds), "seeds in", ROOT)
