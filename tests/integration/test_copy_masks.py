#!/usr/bin/python3
"""COPY ... TO STDOUT with masks and detectors: what comes is what SELECT shows, in every format; what nobody can follow is refused."""
import csv
import io
import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from checks import run_tests  # noqa: E402
from env import Env  # noqa: E402
from raw import FLUSH, SYNC, bind, close, connect, describe, errors, execute, parse, query, rows, show  # noqa: E402

CARD, EMAIL = "4111111111111111", "ann@example.org"
SECRETS = []
MORE = f"""
CREATE TABLE odd (id int PRIMARY KEY, ssn text, email varchar(60), born date, amount numeric(10,2), code uuid, bin bytea, list text[], doc jsonb,
    body text, made text GENERATED ALWAYS AS (left(body, 3)) STORED, n bigint);
INSERT INTO odd VALUES (1, 'SEC"RET,1', 'a"b@stone.example', '1980-02-03', 12.34, gen_random_uuid(), '\\x00ff', '{{"a,b","SEC"}}', '{{"k": "SECRET"}}',
    'plain', DEFAULT, 5), (2, E'SECRET\\tline\\nnext\\\\end', E'x\\r\\ny@stone.example', NULL, NULL, NULL, NULL, NULL, NULL, '\\N', DEFAULT, NULL),
    (3, 'SECRET\\.', '', 'infinity', 0, NULL, '', '{{}}', 'null', 'card {CARD}, mail {EMAIL}', DEFAULT, {CARD}), (4, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, DEFAULT, NULL);
INSERT INTO odd (id, ssn, body) SELECT i, 'SECRET' || i, 'row ' || i FROM generate_series(5, 4000) i;
INSERT INTO odd (id, ssn, body) VALUES (4001, 'SECRET' || repeat('x', 300000), repeat('y', 200000) || ' {CARD} ');
CREATE TABLE noted (id int, body text); INSERT INTO noted VALUES (1, 'card {CARD} of {EMAIL}'), (2, NULL);
CREATE VIEW v_odd AS SELECT id, ssn AS s FROM odd WHERE id < 4;
CREATE VIEW v_lit AS SELECT 1 AS x WHERE '{EMAIL}' <> '';
CREATE TABLE members (id int, ssn text) PARTITION BY RANGE (id); CREATE TABLE members_1 PARTITION OF members FOR VALUES FROM (0) TO (10);
INSERT INTO members VALUES (1, 'SECRETm');
GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
"""
POLICY = """version: 1
roles:
  - {name: agent, match: {sub: "*"}, databases: ["*"], unreviewed_code: allow}
  - {name: dba, match: {sub: "*"}, databases: ["*"], may_approve: true}
rules:
  - {name: everything, effect: allow, verbs: ["*"]}
"""
MASKS = """masks:
  - {name: identity, roles: [agent], columns: ["*.*.ssn"], mask: redact}
  - {name: contact, roles: [agent], columns: ["*.*.email", "*.*.code", "*.*.bin", "*.*.list"], mask: hash}
  - {name: dates, roles: [agent], columns: ["*.*.born"], mask: date_shift, days: 90, subject: id}
  - {name: money, roles: [agent], columns: ["*.*.amount"], mask: round, to: 100}
  - {name: docs, roles: [agent], columns: ["*.odd.doc"], mask: "null"}
"""
DETECTORS = """detectors:
  - {name: all, roles: [agent], all: mask, email: flag}
"""
LIMITS = """limits:
  - {name: few, roles: [agent], rows_returned: 10}
"""
COLUMNS = "id, ssn, email, born, amount, code, bin, list, doc, body, n"  # COPY gives no generated columns
csv.field_size_limit(1 << 20)


def data(answer):
    return b"".join(body for kind, body in answer if kind == b"d")


def clean(answer, *more):
    whole = b"\n".join(body for kind, body in answer if kind in (b"D", b"d", b"E", b"N") and body)
    for s in ("SECRET", 'SEC"', "stone.example", *more):
        assert s.encode() not in whole, f"{s} left: {show(answer)[:500]}"


def selected(c, what, binary=False):
    return rows(c.ask(parse("", what), bind("", "", results=(int(binary),)), execute(), SYNC))


def copy(c, sql, how="simple"):
    if how == "simple":
        answer = c.ask(query(sql))
    elif how == "described":
        answer = c.ask(parse("", sql), describe(b"S", ""), bind("", ""), describe(b"P", ""), execute(), SYNC)
    else:
        answer = c.ask(parse("s", sql), FLUSH, bind("p", "s"), execute("p", 1), close(b"S", "s"), SYNC)
    clean(answer, CARD + " ", f"card {CARD}")
    return answer


def read_text(data, delimiter="\t", null="\\N"):
    names = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
    out = []
    for line in data.decode().split("\n")[:-1]:
        out.append([])
        cell, raw, i = "", "", 0
        line += delimiter
        while i < len(line):
            if line[i] == "\\":
                cell += names.get(line[i + 1], line[i + 1])
                raw += line[i:i + 2]
                i += 1
            elif line[i] == delimiter:
                out[-1].append(None if raw == null else cell.encode())
                cell = raw = ""
            else:
                cell += line[i]
                raw += line[i]
            i += 1
    return out


def read_binary(data):
    assert data[:19] == b"PGCOPY\n\xff\r\n\0" + bytes(8), data[:30]
    at, out = 19, []
    while (n := struct.unpack_from("!h", data, at)[0]) >= 0:
        at += 2
        out.append([])
        for _ in range(n):
            size = struct.unpack_from("!i", data, at)[0]
            at += 4
            out[-1].append(None if size < 0 else data[at:at + size])
            at += max(size, 0)
    assert len(data) == at + 2
    return out


def read_csv(data, null="", **more):
    """csv.reader does not tell NULL from '': neither is told here."""
    return [[c.encode() for c in row] for row in csv.reader(io.StringIO(data.decode(), newline=""), **more)]


def test_text(env):
    with connect(env.gateway) as c:
        want = selected(c, f"SELECT {COLUMNS} FROM odd ORDER BY id")
        assert len(want) == 4001 and want[0][1] == b"***" and want[0][5] is not None and want[2][9] == b"card [card], mail ann@example.org"
        for how in ("simple", "described", "in parts"):
            for sql in (f"COPY (SELECT {COLUMNS} FROM odd ORDER BY id) TO STDOUT", f"COPY odd ({COLUMNS}) TO STDOUT",
                        f"COPY (SELECT {COLUMNS} FROM odd ORDER BY id) TO STDOUT (FORMAT text, HEADER off)"):
                answer = copy(c, sql, how)
                assert not errors(answer) and sorted(read_text(data(answer)), key=lambda r: int(r[0])) == want, (how, sql, show(answer)[:500])
                assert f"COPY {len(want)}" in show(answer)[-60:]
        for options, how in (("DELIMITER '|'", {"delimiter": "|"}), ("NULL 'nil'", {"null": "nil"}), ("DELIMITER ',', NULL '-'", {"delimiter": ",", "null": "-"}),
                             ("NULL ''", {"null": ""})):
            answer = copy(c, f"COPY (SELECT id, ssn, email, born, amount, list, body FROM odd ORDER BY id) TO STDOUT ({options})")
            got = read_text(data(answer), **how)
            kept = [0, 6] if "null" in how else range(7)  # with another NULL text the mask covers NULL, too: nobody can tell them apart
            assert [[r[i] or b"" for i in kept] for r in got] == [[[r[0], r[1], r[2], r[3], r[4], r[7], r[9]][i] or b"" for i in kept] for r in want], options
        answer = copy(c, "COPY (SELECT id, ssn AS \"SSN\" FROM odd WHERE id < 3 ORDER BY id) TO STDOUT WITH (HEADER)")
        assert data(answer) == b"id\tSSN\n1\t***\n2\t***\n", data(answer)


def test_csv(env):
    with connect(env.gateway) as c:
        want = [[x or b"" for x in r] for r in selected(c, f"SELECT {COLUMNS} FROM odd ORDER BY id")]
        what = f"COPY (SELECT {COLUMNS} FROM odd ORDER BY id) TO STDOUT"
        for options, how in (("CSV", {}), ("(FORMAT csv, DELIMITER ';')", {"delimiter": ";"}), ("CSV QUOTE ''''", {"quotechar": "'"}), ("CSV FORCE QUOTE *", {}),
                             ("(FORMAT csv, FORCE_QUOTE (ssn, email))", {}), ("CSV HEADER", {"header": 1}), ("CSV NULL 'nil'", {"null": b"nil"}),
                             ("CSV ESCAPE E'\\\\'", {"escapechar": "\\", "doublequote": False})):
            answer = copy(c, f"{what} {options}")
            header, null = how.pop("header", 0), how.pop("null", None)
            got = read_csv(data(answer), **how)
            assert not errors(answer) and (not header or got[0] == [x.strip().encode() for x in COLUMNS.split(",")]), options
            n = 2 if "escapechar" in how else len(want[0])  # Python's reader takes backslashes without quotes, too
            assert [[b"" if x == null else x for x in r[:n]] for r in got[header:]] == [r[:n] for r in want], (options, got[:3])
        # a masked value never becomes NULL or '' by its quotes
        assert data(copy(c, "COPY (SELECT ssn FROM odd WHERE id = 1) TO STDOUT CSV NULL '***'")) == b'"***"\n'
        assert data(copy(c, "COPY (SELECT ssn, id FROM odd WHERE id IN (1, 4) ORDER BY id) TO STDOUT CSV FORCE QUOTE ssn")) == b'"***",1\n,4\n'


def test_binary(env):
    with connect(env.gateway) as c:
        want = selected(c, f"SELECT {COLUMNS} FROM odd ORDER BY id", binary=True)
        for sql in (f"COPY (SELECT {COLUMNS} FROM odd ORDER BY id) TO STDOUT BINARY", f"COPY odd ({COLUMNS}) TO STDOUT (FORMAT binary)"):
            for how in ("simple", "described", "in parts"):
                answer = copy(c, sql, how)
                assert not errors(answer) and sorted(read_binary(data(answer)), key=lambda r: r[0]) == want, (how, show(answer)[:400])


def test_psql(env):
    for target in (r"\copy odd (id, ssn, email, body) to pstdout csv header", r"\copy (select id, ssn from v_odd join odd using (id)) to pstdout"):
        done = env.psql("agent", target)
        assert done.returncode == 0 and "SECRET" not in done.stdout and "***" in done.stdout, done
    file = env.folder / "copied"
    done = env.psql("agent", rf"\copy odd (id, ssn, n) to '{file}' binary")
    assert done.returncode == 0 and len(read_binary(file.read_bytes())) == 4001 and b"SECRET" not in file.read_bytes(), done
    # what was copied out can be copied in again
    out = env.psql("agent", "COPY (SELECT id, ssn, born, doc FROM odd) TO STDOUT").stdout
    env.postgres.sql("CREATE TABLE back (id int, ssn text, born date, doc jsonb); GRANT ALL ON back TO app", "shop")
    done = env.psql("dba", "COPY back FROM STDIN", input=out)
    assert "COPY 4001" in done.stdout, done


def test_every_source(env):
    with connect(env.gateway) as c:
        for sql, count in (("COPY v_odd TO STDOUT", None), ("COPY (TABLE v_odd) TO STDOUT", 3), ("COPY (SELECT s FROM v_odd) TO STDOUT CSV", 3),
                           ("COPY members TO STDOUT", None), ("COPY (SELECT * FROM members) TO STDOUT", 1), ("COPY members_1 TO STDOUT", 1),
                           ("COPY (WITH q AS (SELECT ssn FROM odd WHERE id < 4) SELECT * FROM q) TO STDOUT", 3), ("COPY customers TO STDOUT", 8),
                           ("COPY (UPDATE odd SET n = n WHERE id < 3 RETURNING id, ssn) TO STDOUT", 2), ("COPY (SELECT 1) TO STDOUT", 1),
                           ("COPY (SELECT ssn FROM odd WHERE false) TO STDOUT CSV HEADER", 0), ("COPY (SELECT ssn FROM odd WHERE false) TO STDOUT BINARY", 0),
                           ("COPY (SELECT ssn || '' FROM odd) TO STDOUT", None), ("COPY (SELECT o FROM odd o) TO STDOUT", None),
                           ("COPY (SELECT max(ssn) FROM odd) TO STDOUT", None), ("COPY odd TO STDOUT", None),  # a generated column: no positions
                           ("COPY odd TO STDOUT (ENCODING 'UTF8')", None), ("COPY odd (ssn) TO '/tmp/x'", None), ("COPY odd (ssn) TO PROGRAM 'cat'", None),
                           ("COPY odd (ssn) TO STDOUT (ENCODING 'SJIS')", None)):
            for how in ("simple", "described"):
                with connect(env.gateway) as c:
                    answer = copy(c, sql, how)
                    if count is None:
                        assert errors(answer) or answer[-1][0] is None, (sql, show(answer)[:300])
                        assert not data(answer), (sql, show(answer)[:300])
                    else:
                        assert not errors(answer) and f"COPY {count}" in show(answer)[-80:], (sql, show(answer)[-300:])


def test_more_than_one(env):
    with connect(env.gateway) as c:
        answer = copy(c, "COPY (SELECT ssn FROM odd WHERE id < 3) TO STDOUT; SELECT ssn FROM odd WHERE id = 1; COPY (SELECT 1, 'x') TO STDOUT;"
                         " COPY (SELECT ssn, id FROM odd WHERE id = 1) TO STDOUT CSV")
        assert data(answer) == b"***\n***\n1\tx\n***,1\n" and rows(answer) == [[b"***"]], show(answer)
        answer = copy(c, "COPY (SELECT ssn FROM odd ORDER BY id) TO STDOUT; SELECT 1/0")
        assert len(data(answer).split(b"\n")) == 4002 and errors(answer)
        answer = c.ask(query("COPY (SELECT ssn, 1 / (id - 3000) FROM odd ORDER BY id) TO STDOUT"))
        clean(answer)
        assert errors(answer)[0]["C"] == "22012" and rows(c.ask(query("SELECT 7"))) == [[b"7"]]
        assert not errors(copy(c, "COPY (SELECT id FROM odd) TO STDOUT"))


def test_by_a_name(env):
    for make in ("s",):
        with connect(env.gateway) as c:
            c.ask(parse(make, "COPY odd (ssn) TO STDOUT"), SYNC)
            answer = c.ask(query("EXECUTE s"))
            clean(answer)
            assert not data(answer), show(answer)


def test_detectors(env):
    for gateway, with_labels in ((env.gateways[0], True), (env.gateways[1], False)):
        for options in ("", "CSV", "CSV HEADER", "CSV FORCE QUOTE *", "BINARY", "(DELIMITER '|')"):
            for sql in (f"COPY noted TO STDOUT {options}", f"COPY (SELECT body || '' FROM noted) TO STDOUT {options}"):
                for how in ("simple", "described", "in parts"):
                    with connect(gateway) as c:
                        answer = copy(c, sql, how)
                        assert CARD.encode() not in data(answer) and "COPY 2" in show(answer)[-80:], (sql, how, show(answer))
                        assert b"[card]" in data(answer) or (options == "BINARY" and not with_labels), (sql, show(answer))
        with connect(gateway) as c:  # numbers are not looked at, where it is known that they are
            if with_labels:
                assert CARD.encode() in data(c.ask(query("COPY odd (n) TO STDOUT")))
            answer = c.ask(query("COPY noted TO STDOUT (ENCODING 'UTF8')"))
            assert CARD.encode() not in data(answer), show(answer)
    for sql in ("COPY pg_rewrite TO STDOUT", "COPY (SELECT definition FROM pg_views WHERE viewname = 'v_lit') TO STDOUT",
                "COPY (SELECT pg_get_viewdef('v_lit'::regclass)) TO STDOUT CSV"):
        with connect(env.gateways[2]) as c:
            assert EMAIL.encode() not in data(c.ask(query(sql))), sql


def test_limits(env):
    """Rows that are taken apart are counted one by one; what comes behind the limit is an error, and the session goes on."""
    for gateway, masked in ((env.gateways[3], True), (env.gateways[4], False)):
        for options in ("", "CSV", "BINARY"):
            with connect(gateway) as c:
                answer = c.ask(query(f"COPY (SELECT ssn FROM odd WHERE id > 4 AND id < 3000) TO STDOUT {options}"))
                assert not masked or b"SECRET" not in data(answer)
                assert sum(kind == b"d" for kind, _ in answer) == 10 and errors(answer), show(answer)[:300]
                assert rows(c.ask(query("SELECT 7"))) == [[b"7"]]
        with connect(gateway) as c:
            for answer in (c.ask(query("SELECT ssn FROM odd WHERE id > 4")), c.ask(parse("", "SELECT ssn FROM odd"), bind("", ""), execute(), SYNC),
                           c.ask(parse("", "SELECT body FROM odd WHERE id <> 4001"), bind("", ""), describe(b"P", ""), execute(), SYNC)):
                assert len(rows(answer)) == 10 and errors(answer), show(answer)[:300]


def test_role_without_masks(env):
    out = env.psql("dba", "COPY (SELECT ssn FROM odd WHERE id = 5) TO STDOUT").stdout
    assert out == "SECRET5\n", out


def test_dates_have_their_subject(env):
    with connect(env.gateway) as c:
        with_it = data(copy(c, "COPY (SELECT born, id FROM odd WHERE id = 1) TO STDOUT")).split(b"\t")[0]
        assert with_it == selected(c, "SELECT born, id FROM odd WHERE id = 1")[0][0] and with_it not in (b"1980-02-03", b"\\N")
        assert data(copy(c, "COPY (SELECT born FROM odd WHERE id = 1) TO STDOUT")) == b"\\N\n"
        a = read_binary(data(copy(c, "COPY (SELECT id, born FROM odd WHERE id = 1) TO STDOUT BINARY")))[0][1]
        assert a == selected(c, "SELECT id, born FROM odd WHERE id = 1", True)[0][1] and len(a) == 4


def main():
    with Env(policy=POLICY, gateway=False) as env:
        env.postgres.sql(MORE, "shop")
        for name, policy in (("both", POLICY + MASKS + DETECTORS), ("detectors", POLICY + DETECTORS), ("masks", POLICY + MASKS),
                             ("limited", POLICY + MASKS + DETECTORS + LIMITS), ("bare", POLICY + LIMITS)):
            env.add_gateway(name, policy)
        return run_tests(globals(), env)


if __name__ == "__main__":
    sys.exit(main())
