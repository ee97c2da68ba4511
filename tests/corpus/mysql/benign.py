"""Statements that must pass: the answer through the gateway is held against that of the server itself.

Only this is made equal: the number of the own connection, times of today (when a table was made), what a server counts (SHOW STATUS), and
whether an OK tells that the session's state changed: the gateway has the server tell more of that.
"""
import re
import time

from benign import DIFFERENT, LEAKED, MASKED, REFUSED, SAME, TROUBLE  # noqa: F401
from bypass import Trouble, leakcheck

from . import wire
from .bypass import is_refusal, stable

TRIES = 5
COUNTERS = re.compile(r"\s*show\s+((global|session|local)\s+)?status\b", re.I)


def _ask(world, case, connect, variant="a"):
    """(messages of the statement, without what must differ; the raw ones)"""
    with world.use(variant) as database, connect(database, case.get("role", "app")) as c:
        if c.state != "ready":
            raise Trouble(f"login: {wire.errors(c.messages) or c.why_closed}")
        answer = c.prepared(case["sql"]) if case["protocol"] == "stmt" else c.query(case["sql"])
        if c.state != "ready":
            raise Trouble(f"the connection broke: {wire.errors(answer) or c.why_closed}")
        return [_equal(k, b, case, c.pid) for k, b in answer], answer


def _equal(kind, body, case, pid):
    if kind in "RB":
        values = [_value(v, pid) for v in (wire.row(body) if kind == "R" else body)]
        return kind, values[:1] if COUNTERS.match(case["sql"]) else values
    if kind == "O":
        return kind, {k: v & ~wire.STATE_CHANGED if k == "status" else v for k, v in wire.ok(body).items() if k != "rest"}
    if kind == "C":
        return kind, wire.column(body)
    if kind == "P":
        return kind, body[5:]
    return kind, body


def _value(value, pid):
    today = "|".join(time.strftime("%Y-%m-%d", time.gmtime(time.time() + d * 86400)) for d in (-1, 0, 1)).encode()
    return value if value is None else re.sub(rb"(%s) \d\d:\d\d:\d\d" % today, b"<time of today>", stable(value, pid))


def judge(world, case):
    """(touches sensitive data?, what became of it, why). Sensitive is what answers otherwise where the secrets are others."""
    try:
        first, raw = _ask(world, case, world.straight)
        case["rows_here"] = len(wire.rows(raw))
        case["error_here"] = next((f"{e['code']} {e['message']}" for e in wire.errors(raw)), None)
        touches = bool(leakcheck.leaks(wire.readable(raw)))
        other, (got, raw) = _ask(world, case, world.straight, "b")[0], _ask(world, case, world.agent)
        straight = [first]
        while got not in straight and len(straight) < TRIES:  # rows that nothing orders come in any order
            straight.append(_ask(world, case, world.straight)[0])
        touches = touches or other not in straight
    except Trouble as e:
        return False, TROUBLE, str(e)
    except (OSError, RuntimeError) as e:
        return False, TROUBLE, f"{type(e).__name__}: {e}"
    if leakcheck.leaks(wire.readable(raw)):
        return touches, LEAKED, str(leakcheck.leaks(wire.readable(raw)))
    refused = [e for e in wire.errors(raw) if is_refusal(e)]
    if refused:
        return touches, REFUSED, f"{refused[0]['code']} {refused[0]['message']}"
    if got in straight:
        return touches, SAME, ""
    return touches, MASKED if touches else DIFFERENT, _first_difference(first, got)


def _first_difference(direct, got):
    for i, (x, y) in enumerate(zip(direct, got)):
        if x != y:
            return re.sub(r"\s+", " ", f"message {i}: straight {x!r}, through the gateway {y!r}")[:600]
    return f"{len(direct)} messages straight from the server, {len(got)} through the gateway"
