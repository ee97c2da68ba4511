#!/usr/bin/env python3
"""Every node that libpg_query's own JSON writer shows is met by our walk, and no other.

usage: differential.py DUMP FILE.jsonl...      each line a JSON string: an SQL text

The JSON leaves out the type where a field can hold only one; pg_query.proto tells it. Both are made by libpg_query's
authors from PostgreSQL's sources, independently of our table of node shapes.
"""
import collections
import ctypes
import ctypes.util
import json
import pathlib
import re
import subprocess
import sys


class Result(ctypes.Structure):
    _fields_ = [("tree", ctypes.c_char_p), ("stderr", ctypes.c_void_p), ("error", ctypes.c_void_p)]


def load_library():
    lib = ctypes.CDLL(ctypes.util.find_library("pg_query"))
    lib.pg_query_parse.argtypes = [ctypes.c_char_p]
    lib.pg_query_parse.restype = Result
    return lib


def load_fields():
    """message -> JSON name of a field -> its message type"""
    text = next(p for p in pathlib.Path("/usr/include").rglob("pg_query.proto")).read_text()
    fields = collections.defaultdict(dict)
    for m in re.finditer(r"^message (\w+)\s*\{(.*?)^\}", text, re.S | re.M):
        fields[m.group(1)]
        for kind, name, number, option in re.findall(r"(\w+) (\w+) = (\d+)\s*(\[[^\]]*\])?;", m.group(2)):
            json_name = re.search(r'json_name="(\w+)"', option or "")
            fields[m.group(1)][json_name.group(1) if json_name else name] = kind
    return fields


LEAF_FIELDS = {"ival", "fval", "boolval", "sval", "bsval"}


def count(value, kind, fields, counts):
    todo = [(value, kind)]
    while todo:
        value, kind = todo.pop()
        if kind == "Node":
            if not value:
                continue
            (kind, value), = value.items()
        if kind not in fields:
            continue
        counts[kind] += 1
        for name, child in value.items():
            if kind == "A_Const" and name in LEAF_FIELDS:
                continue
            if kind == "CreateForeignTableStmt" and name in ("base", "baseStmt"):
                counts["CreateStmt"] -= 1
            want = fields[kind].get(name)
            if want is None:
                sys.exit(f"field {kind}.{name} is not in pg_query.proto")
            for one in child if isinstance(child, list) else [child]:
                if isinstance(one, dict) and want[0].isupper():
                    todo.append((one, want))


def expected(lib, fields, sql):
    r = lib.pg_query_parse(sql.encode())
    if r.error:
        return None
    counts = collections.Counter()
    for statement in json.loads(r.tree)["stmts"]:
        count(statement["stmt"], "Node", fields, counts)
    return +collections.Counter({k: v for k, v in counts.items() if k not in ("List", "IntList", "OidList")})


def texts(files):
    for path in files:
        for line in open(path):
            yield json.loads(line)


def main():
    lib, fields = load_library(), load_fields()
    sqls = [s for s in texts(sys.argv[2:]) if "\0" not in s]
    out = subprocess.run([sys.argv[1]], input=b"".join(s.encode() + b"\0" for s in sqls), stdout=subprocess.PIPE, check=True)
    lines = [l for l in out.stdout.decode().split("\x01\n")][:-1]
    if len(lines) != len(sqls):
        sys.exit(f"{len(sqls)} texts, {len(lines)} answers")
    bad = parsed = 0
    kinds = collections.Counter()
    for sql, line in zip(sqls, lines):
        want = expected(lib, fields, sql)
        if want is None:
            if "problem: syntax error" not in line:
                bad += 1
                print(f"should be a syntax error: {sql!r}: {line!r}")
            continue
        if line.startswith("problem"):
            bad += 1
            print(f"refused: {sql!r}: {line!r}")
            continue
        parsed += 1
        got = collections.Counter({k: int(v) for k, v in (p.split("=") for p in line.split("\t")[0].split())})
        kinds += got
        if got != want:
            bad += 1
            print(f"differs: {sql!r}\n  missing {dict(want - got)}\n  extra   {dict(got - want)}")
    print(f"{len(sqls)} texts, {parsed} parsed, {sum(kinds.values())} nodes of {len(kinds)} types, {bad} differ")
    sys.exit(bad != 0 or parsed == 0)


main()
