"""What EXPLAIN tells of sensitive columns besides their values: lengths, in widths, costs, memory and bytes."""
import itertools
import json
import re
import xml.etree.ElementTree

import yaml

from attackworld import SYNC, bind, describe, errors, execute, parse, refused, rows, same_everywhere

QUERIES = ("select ssn, email from customers", "select id, ssn from customers order by id", "select count(*) from (select ssn from customers offset 0) q",
           "select c.ssn from customers c join customers d on d.id = c.id", "select ssn from customers, generate_series(1, 3000) g order by g",
           "with q as materialized (select id, ssn from customers) select a.ssn, b.ssn from q a join q b on a.id = b.id",
           "select tax_id from v_customers order by id", "update customers set name = name || 'x'", "select ssn from customers union all select ssn from customers",
           "select row_number() over (order by id), ssn from customers", "select id, (select ssn from customers d where d.id = c.id) from customers c")
NEWER = ("analyze, serialize, memory, timing off, summary off", "analyze, serialize binary, wal, memory")
OPTIONS = ("analyze, timing off, summary off", "verbose", "analyze, buffers, wal, timing off, summary off")


def lengthened(world, variant, script):
    """What a session is told when the secrets have one length or another."""
    with world.attack(variant, name="same_name") as a:
        if variant == "b":
            a.admin("update customers set ssn = repeat(ssn, 4), email = repeat(email, 3)", "update customers set ssn = ssn")
        a.admin("vacuum full customers", "analyze customers")
        a.session()(*script)
        return a.transcript()


def alike(world, script):
    """Widths, costs and memory differ between the two databases, but not what is said of them. (Pages of the table do: they are no secret.)"""
    said = [lengthened(world, v, script) for v in "ab"]
    assert said[0] == said[1], f"{script}:\n{said[0]}\n{said[1]}"


def test_plans_of_longer_secrets(world):
    for sql in QUERIES:
        for option in OPTIONS[:2] + (NEWER[:1] if world.env.postgres.major >= 17 else ()):
            alike(world, (f"explain ({option}) {sql}",))
    alike(world, (f"explain (format json, analyze, timing off, summary off) {QUERIES[4]}",))
    alike(world, (parse("", f"explain (analyze, timing off, summary off) {QUERIES[4]}"), bind("", ""), describe(b"P", ""), execute(), SYNC))


def test_plans_stay_well_formed(world):
    """All four formats can be read by programs; nodes and rows are there, sizes are not."""
    with world.attack() as a:
        s = a.session()
        for sql, option in itertools.product(QUERIES, OPTIONS + (NEWER if world.env.postgres.major >= 17 else ())):
            if "analyze" in option and sql.startswith("update"):
                continue  # its rows could not be counted: refused
            answer = {}
            for form in ("text", "json", "xml", "yaml"):
                came = s(f"explain (format {form}, {option}) {sql}")
                assert not errors(came), (sql, errors(came))
                answer[form] = b"\n".join(r[0] for r in rows(came)).decode()
            plan = json.loads(answer["json"])[0]["Plan"]
            assert plan["Plan Width"] == 0 and plan["Total Cost"] == 0 and plan["Node Type"], plan
            assert (plan.get("Plans") or [plan])[0]["Plan Rows"] > 0, plan
            root = xml.etree.ElementTree.fromstring(answer["xml"])
            assert {e.text for e in root.iter() if e.tag.endswith("Plan-Width")} == {"0"}
            assert yaml.safe_load(answer["yaml"])[0]["Plan"]["Node Type"] == plan["Node Type"]
            widths = re.findall(r"width=(\d+)|cost=([\d.]+)", answer["text"])
            assert widths and {w or c for w, c in widths} <= {"0", "0.00..0.00"}, answer["text"]
            assert re.search(r"rows=[1-9]", answer["text"]) and not re.search(r"(Memory|bytes)[=: ]+[1-9]|[1-9]\d*kB", " ".join(answer.values())), answer


def test_plans_of_what_is_not_sensitive(world):
    """Nothing is hidden where no sensitive column is carried."""
    with world.attack() as a:
        s = a.session()
        for sql in ("select id, name from customers", "select count(*) from customers where id < 3", "select status, sum(total) from orders group by status order by 1",
                    "update orders set status = 'x'"):
            text = b"\n".join(r[0] for r in rows(s(f"explain {sql}"))).decode()
            assert re.search(r"width=[1-9]|Update", text) and re.search(r"cost=\d+\.\d+\.\.[1-9]", text), text


def test_names_that_look_like_plans(world):
    """Names and literals are the agent's: with line breaks and properties in them, they must not hide what stands beside."""
    with world.attack() as a:
        s = a.session()
        for name in ("a (cost=1.00..2.00 rows=1 width=1)", "x\nFilter: y", "\n  Plan Rows: 7", "- \"", "<Plan-Rows>", "\"Plan Rows\": 1,", "Output: \n", "}\n]"):
            quoted = '"' + name.replace('"', '""') + '"'
            for form in ("text", "json", "xml", "yaml"):
                came = s(f"explain (format {form}, analyze, timing off, summary off) select {quoted}.ssn as {quoted} from customers {quoted} order by id")
                if errors(came):  # some names cannot be told in a tree
                    refused(came, "flow.tree")
                    continue
                text = b"\n".join(r[0] for r in rows(came)).decode()
                kept = text.replace("cost=1.00..2.00 rows=1 width=1", "")
                assert not re.search(r"width=[1-9]|cost=\d*[1-9]|(Width|Cost|Memory|Used)[^\n]{0,4}[ >][1-9]", kept), text


def test_plans_of_names(world):
    """EXPLAIN EXECUTE, and a portal of EXPLAIN that is fetched by SQL."""
    with world.attack() as a:
        s = a.session()
        s("prepare w as select ssn from customers order by id")
        for messages in (("explain execute w",), ("explain (analyze) execute w",), ("begin",), (parse("", "explain select ssn from customers"), bind("plan", ""), SYNC),
                         ("fetch all from plan",), ("rollback",), ("select 1; explain select ssn from customers; select 2",), ("explain select 1; explain select ssn from customers",),
                         (parse("e", "explain select ssn from customers"), bind("", "e"), execute("", 1), execute(), SYNC),
                         (bind("", "e"), execute(), SYNC)):
            text = b"\n".join(r[0] or b"" for r in rows(s(*messages))).decode()
            assert not re.search(r"width=[1-9]|Memory: [1-9]|cost=0\.0*[1-9]|cost=[1-9]", text), text
    same_everywhere(world, ["prepare w as select ssn, email from customers", "explain execute w"])
