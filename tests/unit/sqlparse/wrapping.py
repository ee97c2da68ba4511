"""Every query of the fixtures, wrapped in every way with comments and blanks in between: the gateway finds exactly that query.
Usage: wrapping.py SQLPARSE_DUMP FIXTURE.jsonl ...  (a line: a text, or an object with "sql")"""
import json
import random
import subprocess
import sys

NONE, EXPLAIN, COPY, COPY_IN, PREPARE, DECLARE, CREATE_AS, UNKNOWN = range(8)
BLANKS = [" ", "\n", "\t", "\f", "\r\n", " /* x */ ", "/**/", "/* AS /* FOR ( */ ' */", " -- ) AS FOR \" WITH DATA\n", "--\n", "\n--;\n "]
NAMES = ['p', '"for"', '"a""s"', 'U&"!0061s" UESCAPE \'!\'', '"(("', '"\u20ac AS"']
WRAPS = [
    (EXPLAIN, "EXPLAIN ~ {q}"), (EXPLAIN, "explain ~ ANALYZE ~ {q}"), (EXPLAIN, "EXPLAIN ~ Analyse ~ verbose ~ {q}"),
    (EXPLAIN, "EXPLAIN ~ VERBOSE ~ {q}"), (EXPLAIN, "EXPLAIN ~ ( ~ ANALYZE ~ , COSTS off, FORMAT ~ json ~ ) ~ {q}"),
    (EXPLAIN, "EXPLAIN (values 1, \")\" ')', x -1.5) ~ {q}"), (EXPLAIN, "EXPLAIN ~ DECLARE ~ {n} CURSOR ~ FOR ~ {q}"),
    (EXPLAIN, "EXPLAIN (ANALYZE) CREATE TABLE ~ {n} ~ AS ~ {q} ~ WITH ~ NO ~ DATA"),
    (PREPARE, "PREPARE ~ {n} ~ AS ~ {q}"), (PREPARE, "PREPARE {n} ~ (int, varchar ( 3 ) [ ] , pg_catalog.\"char\") ~ AS ~ {q}"),
    (DECLARE, "DECLARE ~ {n} CURSOR ~ FOR ~ {q}"), (DECLARE, "DECLARE {n} BINARY NO SCROLL CURSOR ~ WITH ~ HOLD ~ FOR ~ {q}"),
    (COPY, "COPY ~ ( ~ {q}\n~ ) ~ TO ~ STDOUT"), (COPY, "COPY({q}\n)TO STDOUT (FORMAT csv, FORCE_QUOTE (a, b))"),
    (CREATE_AS, "CREATE ~ TABLE ~ s . as ( a , \"as\" ) WITH (x = 1) ~ AS ~ {q}"),
    (CREATE_AS, "CREATE TEMP TABLE IF NOT EXISTS ~ {n} ON COMMIT DROP AS ~ {q}\n~ WITH ~ DATA"),
    (CREATE_AS, "CREATE MATERIALIZED VIEW {n} USING heap TABLESPACE t AS ~ {q}\n~ WITH ~ NO ~ DATA"),
]


def dump(program, texts):
    data = b"\0".join(t.encode() for t in texts) + b"\0"
    out = subprocess.run([program, "inner"], input=data, stdout=subprocess.PIPE, check=True).stdout.decode()
    answers = out.split("\x01\n")[:-1]
    assert len(answers) == len(texts), (len(answers), len(texts))
    for answer in answers:
        parts = answer.split("\x02")
        if answer.startswith("problem:") or len(parts) != 4:
            yield None  # refused, or not one statement
        else:
            yield parts[0], int(parts[1]), parts[2]


def behind_comments(text):
    """Without blanks and comments at its front."""
    while True:
        text = text.lstrip(" \t\n\r\f")
        if text.startswith("--"):
            end = min((text.find(c) for c in "\r\n" if c in text), default=len(text))
            text = text[end:]
        elif text.startswith("/*"):
            depth, at = 1, 2
            while depth:
                if text.startswith("/*", at):
                    depth, at = depth + 1, at + 2
                elif text.startswith("*/", at):
                    depth, at = depth - 1, at + 2
                else:
                    at += 1
            text = text[at:]
        else:
            return text


def bare(text):
    text = behind_comments(text)
    while text.startswith(";"):
        text = behind_comments(text[1:])
    return text


def wrapped(rng, form, query):
    text = "~".join(rng.choice(["", rng.choice(BLANKS)]) + part for part in form.split("~"))
    while "~" in text:
        text = text.replace("~", "".join(rng.choice(BLANKS) for _ in range(rng.randint(1, 3))), 1)
    return text.replace("{n}", rng.choice(NAMES)).replace("{q}", query)


def load(names):
    for name in names:
        with open(name, encoding="utf-8") as f:
            for line in f:
                entry = json.loads(line)
                sql = entry["sql"] if isinstance(entry, dict) else entry
                if isinstance(sql, str) and "\0" not in sql:
                    yield sql


def queries(program, names):
    """Texts that are one statement which PREPARE takes: a query."""
    alone = [a for a in dump(program, sorted(set(load(names)))) if a]
    prepared = dump(program, ["PREPARE x AS\n" + bare(a[0]) for a in alone])
    return [(bare(a[0]), a[1]) for a, p in zip(alone, prepared) if p]


def main(program, names):
    rng = random.Random(20261123)
    found = {kind: 0 for kind in range(8)}
    known = queries(program, names)
    cases = [(q, own, kind, wrapped(rng, form, q)) for q, own in known for kind, form in WRAPS]
    for (query, own, kind, text), answer in zip(cases, dump(program, [c[3] for c in cases])):
        if not answer:
            continue  # DECLARE, CREATE AS, COPY do not take every query
        want = UNKNOWN if own == UNKNOWN else kind
        assert answer[1] == want, (text, answer[1], want)
        inner = answer[2]
        if want == UNKNOWN:
            assert inner == "", text
        else:
            assert inner and query.startswith(inner) and behind_comments(query[len(inner):]) == "", (text, query, inner)
        found[want] += 1
    print(f"{len(known)} queries in {len(cases)} wrappers: found {found}")
    for kind in (EXPLAIN, COPY, PREPARE, DECLARE, CREATE_AS):
        assert found[kind] > 200, found
    assert found[UNKNOWN] > 0, found


main(sys.argv[1], sys.argv[2:])
