"""Statements that must pass: the answer through the gateway is held against that of the server itself.

Each side runs on its own copy of the sample, one after the other under the same name, so that even the name is the same.
Only this is made equal: the process id of the own backend, OIDs of databases, and measured times of EXPLAIN ANALYZE.
"""
import re

import wire
from bypass import Trouble, is_refusal, leakcheck, stable

SAME, DIFFERENT, MASKED, REFUSED, LEAKED, TROUBLE = "same", "DIFFERENT", "masked", "refused", "LEAKED", "trouble"


def _ask(world, case, connect, name, variant="a"):
    """(messages of the statement, without what must differ; the raw ones)"""
    with world.use(variant, name) as database:
        oid = world.administer(f"SELECT oid FROM pg_database WHERE datname = '{database}'")[0][0]
        with connect(database, case.get("role", "app")) as c:
            if c.state != "ready":
                raise Trouble(f"login: {wire.errors(c.messages) or c.why_closed}")
            if case["protocol"] == "extended":
                answer = c.extended(case["sql"], case.get("params", ()), case.get("result_format", 0))
            else:
                answer = c.query(case["sql"])
            if c.state != "ready":
                raise Trouble(f"the connection broke: {wire.errors(answer) or c.why_closed}")
            return [_equal(k, b, database, str(c.pid).encode(), oid) for k, b in answer], answer


def _equal(kind, body, database, pid, oid):
    if kind == "D":
        swap = {pid: b"<pid>", oid: b"<oid of the database>"}
        return kind, [v if v is None else swap.get(v, stable(v, database)) for v in wire.row(body)]
    if kind == "E" or kind == "N":
        return kind, {k: stable(v.encode(), database) for k, v in wire.fields(body).items()}
    return kind, body


def judge(world, case):
    """(touches sensitive data?, what became of it, why). Sensitive is what answers otherwise where the secrets are others."""
    name = world.new_name()
    try:
        direct, raw = _ask(world, case, world.straight, name)
        case["rows_here"] = len(wire.rows(raw))
        case["error_here"] = next((f"{e.get('C')} {e.get('M')}" for e in wire.errors(raw)), None)
        touches = bool(leakcheck.leaks(wire.readable(raw))) or _ask(world, case, world.straight, name, "b")[0] != direct
        got, raw = _ask(world, case, world.agent, name)
    except Trouble as e:
        return False, TROUBLE, str(e)
    except (OSError, RuntimeError) as e:
        return False, TROUBLE, f"{type(e).__name__}: {e}"
    if leakcheck.leaks(wire.readable(raw)):
        return touches, LEAKED, str(leakcheck.leaks(wire.readable(raw)))
    refused = [e for e in wire.errors(raw) if is_refusal(e)]
    if refused:
        return touches, REFUSED, f"{refused[0].get('C')} {refused[0].get('M')} ({refused[0].get('D', '')})"
    if got == direct:
        return touches, SAME, ""
    return touches, MASKED if touches else DIFFERENT, _first_difference(direct, got)


def _first_difference(direct, got):
    for i, (x, y) in enumerate(zip(direct, got)):
        if x != y:
            return re.sub(r"\s+", " ", f"message {i}: straight {x!r}, through the gateway {y!r}")[:600]
    return f"{len(direct)} messages straight from the server, {len(got)} through the gateway"
