#!/usr/bin/python3
"""Content detectors behind the masks: what looks like a secret in columns that nobody labelled, in every shape that it may take."""
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from checks import run_tests  # noqa: E402
from env import Env, wait_for  # noqa: E402
from raw import SYNC, bind, connect, describe, errors, execute, parse, query, rows, show  # noqa: E402

CARD, EMAIL, TOKEN = "4111111111111111", "ann@example.org", "ghp_" + "aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1gI3kM5"
MORE = f"""
CREATE TABLE notes (id int PRIMARY KEY, body text, tag varchar(40), fixed char(24), doc jsonb, raw json, page xml, bin bytea, list text[],
    grid text[][], code name, n bigint, d date, plain text, api_key text);
INSERT INTO notes VALUES (1, 'card {CARD} of {EMAIL}', '{EMAIL}', '{CARD}', '{{"a": {{"b": ["{EMAIL}", "{CARD}"]}}, "n": {CARD}}}',
    '{{"x": "ann\\u0040example.org {CARD}"}}', '<p a="{CARD}">{EMAIL}</p>', convert_to('{CARD}', 'UTF8'), '{{"a","{CARD}"}}',
    '{{{{"x","{CARD}"}},{{"{EMAIL}",NULL}}}}', '{CARD}', {CARD}, '2020-02-02', 'nothing', 'q7Wm2Zp9Xv4Rt8Ky1Lb6');
INSERT INTO notes SELECT i, 'row ' || i, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, i, NULL, 'nothing', NULL FROM generate_series(2, 500) i;
CREATE TABLE quiet (id int, body text); INSERT INTO quiet VALUES (1, '{CARD} {EMAIL}');
CREATE VIEW v_notes AS SELECT id, body AS b, upper(body) AS u FROM notes;
CREATE VIEW v_code AS SELECT id FROM notes WHERE body = '{EMAIL} {CARD}';
CREATE FUNCTION who() RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT '{EMAIL}'::text $$;
CREATE TABLE defaults (x text DEFAULT '{EMAIL}', CHECK (x <> '{CARD}'));
COMMENT ON TABLE defaults IS 'ask {EMAIL}';
CREATE TYPE pair AS (a text, b text);
CREATE TYPE mood AS ENUM ('ok', '{EMAIL}');
CREATE TABLE pairs (p pair, m mood); INSERT INTO pairs VALUES (ROW('{EMAIL}', '{CARD}'), '{EMAIL}');
GRANT ALL ON ALL TABLES IN SCHEMA public TO app;
"""
BASE = """version: 1
roles:
  - {name: agent, match: {sub: "*"}, databases: ["*"], unreviewed_code: allow}
  - {name: dba, match: {sub: "*"}, databases: ["*"], may_approve: true}
rules:
  - {name: everything, effect: allow, verbs: ["*"]}
"""
MASKS = """masks:
  - {name: ssn, roles: [agent], columns: ["*.*.ssn", "*.*.email"], mask: redact}
"""
DETECTORS = """detectors:
  - {name: all, roles: [agent], columns: ["public.notes.*", "public.pairs.*"], all: mask, email: flag}
  - {name: quiet, roles: [agent], columns: ["public.quiet.*"], card: flag}
"""
STRICT = """detectors:
  - {name: all, roles: [agent], all: mask}
"""


def all_ways(env, gateway, sql, user="agent"):
    """Answers by the simple protocol, and by the extended one in text and binary."""
    with connect(gateway, user) as c:
        yield "simple", c.ask(query(sql))
        for f in (0, 1):
            yield f"extended {f}", c.ask(parse("", sql), bind("", "", results=(f,)), describe(b"P", ""), execute(), SYNC)
            yield f"undescribed {f}", c.ask(parse("", sql), bind("", "", results=(f,)), execute(), SYNC)
            yield f"in parts {f}", c.ask(parse("", "begin"), bind("", ""), execute(), SYNC)[:0] + c.ask(
                parse("", sql), bind("p", "", results=(f,)), execute("p", 1), execute("p"), SYNC)
            c.ask(query("rollback"))


def holds(answer, *secrets):
    whole = b"\n".join(body for kind, body in answer if kind in (b"D", b"d", b"E", b"N") and body)
    return [s for s in secrets if s.encode() in whole or s.encode().hex().encode() in whole]


def found_of(gateway, sql):
    """The field `found` of each result of this text, in the record."""
    def read():
        out = []
        for session in {json.loads(line)["session"] for line in gateway.run("sessions", "--limit", "1000", "--json").splitlines()}:
            records = [json.loads(line) for line in gateway.run("replay", session, "--json").splitlines()]
            asked = {r["statement"] for r in records if r["type"] == "statement" and r["sql"] == sql}
            out += [r.get("found") for r in records if r["type"] == "result" and r["statement"] in asked]
        return out
    return wait_for("its result in the record", read)


def test_each_type_in_each_way(env):
    for gateway in (env.gateways[0], env.gateways[1]):  # with masks, and with detectors alone
        for column in ("body", "tag", "fixed", "doc", "raw", "page", "bin", "list", "grid"):
            for how, answer in all_ways(env, gateway, f"SELECT id, {column}, {column} AS again FROM notes ORDER BY id"):
                assert not holds(answer, CARD), f"{column}, {how}: {show(answer)[:600]}"
                assert len(rows(answer)) == 500 and not errors(answer), f"{column}, {how}: {show(answer)[:600]}"


def test_masked_and_flagged(env):
    for how, answer in all_ways(env, env.gateway, "SELECT body, doc, raw::text, n, plain, api_key FROM notes WHERE id = 1"):
        got = rows(answer)[0]
        assert got[0] == b"card [card] of ann@example.org", f"{how}: {got}"
        assert got[1].lstrip(b"\1") == b'{"a": {"b": ["ann@example.org", "[card]"]}, "n": "[card]"}', f"{how}: {got}"
        assert got[3] in (CARD.encode(), int(CARD).to_bytes(8, "big")) and got[4] == b"nothing" and got[5] == b"[secret]", f"{how}: {got}"


def test_numbers_cost_nothing_and_pass(env):
    with connect(env.gateway) as c:
        answer = c.ask(query("SELECT id, n, d FROM notes ORDER BY id"))
        assert rows(answer)[0] == [b"1", CARD.encode(), b"2020-02-02"] and len(rows(answer)) == 500


def test_columns_of_the_policy(env):
    with connect(env.gateway) as c:
        assert rows(c.ask(query("SELECT body AS x FROM quiet")))[0] == [f"{CARD} {EMAIL}".encode()]  # flag, and email is off
        assert rows(c.ask(query("SELECT body || '' FROM quiet")))[0] == [b"[card] ann@example.org"]  # an expression: every entry
        assert rows(c.ask(query("SELECT b, u FROM v_notes ORDER BY id LIMIT 1")))[0] == [
            b"card [card] of ann@example.org", b"CARD [card] OF ANN@EXAMPLE.ORG"]
        assert rows(c.ask(query("SELECT api_key AS x FROM notes ORDER BY id LIMIT 1")))[0] == [b"[secret]"]
        assert rows(c.ask(query("SELECT q.x FROM (SELECT body AS x, id FROM notes UNION ALL SELECT 'a', 0) q ORDER BY id LIMIT 2")))[1] == [
            b"card [card] of ann@example.org"]


def test_functions_cursors_prepared(env):
    with connect(env.gateway) as c:
        for sql in (f"SELECT '{CARD} ' || id FROM quiet", f"SELECT lower('{CARD}')", "SELECT array_agg(body) FROM notes",
                    "SELECT jsonb_build_object('a', body) FROM notes WHERE id = 1", "SELECT string_agg(body, ',') FROM notes",
                    "SELECT row(body, 1) FROM notes WHERE id = 1", "SELECT notes FROM notes WHERE id = 1", "SELECT DISTINCT body FROM notes",
                    "VALUES ('4111 1111 1111 1111')", "SELECT convert_to(body, 'UTF8') FROM notes WHERE id = 1",
                    "INSERT INTO quiet VALUES (2, '4111-1111-1111-1111') RETURNING body || ''"):
            answer = c.ask(query(sql))
            assert not holds(answer, CARD, "4111 1111 1111 1111", "4111-1111-1111-1111"), f"{sql}: {show(answer)[:400]}"
            assert rows(answer), f"{sql}: {show(answer)[:400]}"
        for kind in ("", "BINARY "):
            c.ask(query("begin"))
            c.ask(query(f"DECLARE k {kind}CURSOR FOR SELECT body, list FROM notes ORDER BY id"))
            for take in ("FETCH 1 FROM k", "FETCH ALL FROM k"):
                answer = c.ask(query(take))
                assert rows(answer) and not holds(answer, CARD), show(answer)[:400]
            c.ask(query("rollback"))
        c.ask(query("PREPARE p AS SELECT body FROM notes WHERE id = $1"))
        assert rows(c.ask(query("EXECUTE p (1)")))[0] == [b"card [card] of ann@example.org"]
        answer = c.ask(query("SELECT body FROM notes WHERE id = 1; SELECT 1; SELECT tag FROM notes WHERE id = 1; SELECT body FROM notes WHERE id=1"))
        assert [r[0] for r in rows(answer)] == [b"card [card] of ann@example.org", b"1", b"ann@example.org", b"card [card] of ann@example.org"]


def test_bytea_in_both_text_forms(env):
    with connect(env.gateway) as c:
        for output in ("hex", "escape"):
            c.ask(query(f"SET bytea_output = {output}"))
            answer = c.ask(query("SELECT bin, ARRAY[bin], row(bin, 1), ARRAY[row(1, bin)] FROM notes WHERE id = 1"))
            assert not holds(answer, CARD) and rows(answer)[0][0].startswith(b"\\x"), show(answer)


def test_types_of_users(env):
    """Text form: replaced. Binary form: nobody knows it, so the whole value is hidden."""
    for how, answer in all_ways(env, env.gateways[2], "SELECT p, m, ARRAY[p], row(p, 1) FROM pairs"):
        assert rows(answer) and not errors(answer) and not holds(answer, CARD, EMAIL), f"{how}: {show(answer)}"


def test_definitions_are_always_looked_at(env):
    """Nothing is said of email in them, or it is flagged: in definitions it is hidden all the same, where labels are known."""
    asked = ("SELECT definition FROM pg_views WHERE viewname = 'v_code'", "SELECT pg_get_viewdef('v_code'::regclass)",
             "SELECT upper(pg_get_viewdef('v_code'::regclass))", "SELECT prosrc FROM pg_proc WHERE proname = 'who'",
             "SELECT p.prosrc || '' FROM pg_proc p WHERE proname = 'who'", "SELECT pg_get_functiondef('who'::regproc)",
             "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = 'defaults'::regclass",
             "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'defaults'::regclass",
             "SELECT column_default FROM information_schema.columns WHERE table_name = 'defaults'",
             "SELECT view_definition FROM information_schema.views WHERE table_name = 'v_code'",
             "SELECT routine_definition FROM information_schema.routines WHERE routine_name = 'who'",
             "SELECT description FROM pg_description WHERE objoid = 'defaults'::regclass", "SELECT obj_description('defaults'::regclass)",
             "SELECT enumlabel::text FROM pg_enum", "SELECT d FROM (SELECT prosrc AS d FROM pg_proc WHERE proname = 'who') q",
             "WITH q AS (SELECT prosrc AS d FROM pg_proc WHERE proname = 'who') SELECT d || d FROM q", "SELECT my.prosrc FROM my_procs my")
    env.postgres.sql("CREATE OR REPLACE VIEW my_procs AS SELECT proname, prosrc FROM pg_proc WHERE proname = 'who'; GRANT SELECT ON my_procs TO app", "shop")
    for gateway in (env.gateway, env.gateways[3]):  # the last has no detectors in its policy
        for sql in asked:
            for how, answer in all_ways(env, gateway, sql):
                found = holds(answer, EMAIL, EMAIL.upper(), CARD)
                assert not found, f"{sql}, {how}: {show(answer)[:300]}"


def test_psql_describes(env):
    out = env.psql("agent", r"\d+ v_code", r"\sf who", r"\d+ defaults", r"\df+ who", r"\dT+ mood")
    assert EMAIL not in out.stdout + out.stderr and CARD not in out.stdout and "v_code" not in out.stderr, out


def test_psql_describes_what_holds_data(env):
    """What psql asks for a description compares no definition that holds data; only \\df, \\da and \\dd sort by arguments and comments."""
    env.postgres.sql(f"""CREATE TABLE lists (a text, b date) PARTITION BY LIST (a); CREATE TABLE list_1 PARTITION OF lists FOR VALUES IN ('{CARD}') PARTITION BY RANGE (b);
        CREATE TABLE list_2 PARTITION OF list_1 FOR VALUES FROM ('2024-01-01') TO ('2024-02-01'); CREATE TABLE list_3 PARTITION OF lists DEFAULT;
        CREATE INDEX with_data ON defaults ((x || '{CARD}')) WHERE x <> '{CARD}'; CREATE STATISTICS stats_of ON x, (x || '{CARD}') FROM defaults;
        CREATE FUNCTION later(a text DEFAULT '{CARD}') RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE POLICY mine ON defaults USING (x <> '{CARD}');
        CREATE FUNCTION on_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER at_it BEFORE INSERT ON defaults FOR EACH ROW WHEN (NEW.x <> '{CARD}') EXECUTE FUNCTION on_it('{CARD}');
        CREATE DOMAIN held AS text DEFAULT '{EMAIL}' CHECK (VALUE <> '{CARD}'); CREATE RULE aside AS ON INSERT TO quiet WHERE NEW.body = '{CARD}' DO INSTEAD NOTHING""", "shop")
    with connect(env.gateway):  # while a session is open, the gateway looks every second for what was changed elsewhere
        wait_for("the new catalog", lambda: "flow.definition" in env.psql("agent", r"\df").stderr)
    for asked in r"\d|\d+ defaults|\d+ lists|\d+ list_1|\d list_2|\d+ v_code|\d with_data|\d+ notes|\d+ quiet|\di+|\dv+|\dT+|\dD+|\dX|\dP+|\sf who|\sv v_code".split("|"):
        out = env.psql("agent", asked)
        assert out.stdout and not out.stderr and EMAIL not in out.stdout and CARD not in out.stdout, f"{asked}: {out}"
    for asked in (r"\df", r"\da", r"\dd"):
        assert "flow.definition" in env.psql("agent", asked).stderr, asked


def test_error_texts(env):
    with connect(env.gateways[2]) as c:
        for sql in ("SELECT body::int FROM notes WHERE id = 1", f"SELECT '{EMAIL}'::int"):
            c.ask(query(sql))  # what errors may say is the masks' matter: no claim


def test_what_the_record_says(env):
    gateway = env.gateway
    for sql, want in (("SELECT body, tag, n, ssn FROM notes, customers WHERE notes.id = 1 AND customers.id < 4",
                       "public.notes.body=email:flagged:3 public.notes.body=card:masked:3 public.notes.tag=email:flagged:3"),
                      ("SELECT plain, n FROM notes", None),
                      ("SELECT body AS x FROM quiet WHERE id = 1", "public.quiet.body=card:flagged:1")):
        with connect(gateway) as c:
            c.ask(parse("", sql), bind("", ""), execute(), SYNC)
        assert found_of(gateway, sql) == [want], found_of(gateway, sql)
    metrics = dict(line.rsplit(" ", 1) for line in gateway.http().splitlines() if not line.startswith("#"))
    assert any("found_masked_total" in k and float(v) > 0 for k, v in metrics.items()), metrics
    assert any("found_flagged_total" in k and float(v) > 0 for k, v in metrics.items())
    assert "content.found" in gateway.logged() and CARD not in gateway.logged()


def test_role_without_detectors(env):
    for how, answer in all_ways(env, env.gateway, "SELECT body FROM notes WHERE id = 1", "dba"):
        assert rows(answer)[0] == [f"card {CARD} of {EMAIL}".encode()], how


def main():
    with Env(policy=BASE, gateway=False) as env:
        env.postgres.sql(MORE, "shop")
        for name, policy in (("both", BASE + MASKS + DETECTORS), ("alone", BASE + STRICT), ("strict", BASE + MASKS + STRICT), ("masks", BASE + MASKS)):
            env.add_gateway(name, policy)
        return run_tests(globals(), env)


if __name__ == "__main__":
    sys.exit(main())
