"""Cases that must be stopped, held or masked: runs one and says what became of it."""
import re
import time

from bypass import HARMLESS, HELD, LEAKED, MASKED, NO, STOPPED, TROUBLE, Trouble, leakcheck, without_ids  # noqa: F401
from world import VARIANTS

from . import wire

# A refusal of the gateway carries its line for programs, an error of the server never does.
OURS = re.compile(r"\[querywarden:.*? sqlstate=(\w+)")
SLOWER_S = 0.12  # by so much an answer's time must tell a secret


def of_gateway(error):
    return bool(OURS.search(error["message"]))


def is_refusal(error):
    return of_gateway(error) and OURS.search(error["message"])[1] in NO


class Run:
    """One run of a case: everything that the agent was told, and what the administrator found afterwards."""

    def __init__(self, case):
        self.case, self.messages, self.last, self.effect = case, [], [], False  # last: the answer to `sql` alone
        self.pid, self.reached, self.seconds = None, False, 0.0

    @property
    def errors(self):
        return wire.errors(self.messages)

    @property
    def refusals(self):
        return [e for e in self.errors if is_refusal(e)]

    def is_held(self):
        return any(e["code"] == 1644 for e in self.refusals)

    def said(self):
        """The bytes that a person or program could read, without the random ids of approvals."""
        return without_tickets(wire.readable(self.messages))

    def answered(self):
        """The same, but only what the server said to the agent's statements."""
        return without_tickets(wire.readable([(k, b) for k, b in self.messages if k != "E" or not of_gateway(wire.error(b))]))

    def raw(self):
        return without_tickets(wire.raw(self.messages))

    def transcript(self):
        """For comparing two worlds: all messages, without what differs from run to run."""
        return [(k, [stable(v, self.pid) for v in b] if k == "B" else stable(b, self.pid)) for k, b in self.messages]


def without_tickets(data):
    return re.sub(rb"(ticket=|audit=|session=|seq=)[\w-]+", rb"\1<id>", without_ids(data))


def stable(value, pid):
    if value is None:
        return None
    value = re.sub(rb"\b(r_\w*?time\w*|r_engine_stats)\b\": [\d.]+", rb'\1": <t>', without_tickets(value))
    return re.sub(rb"\b%d\b" % (pid or 0), b"<connection>", value)


# ---- running ----
def run_case(world, case, variant="a"):
    with world.use(variant) as database:
        run, held = Run(case), []
        try:
            _setup(world, case, database, variant, held)
            _speak(world, case, database, run)
            run.effect = _effect(world, case)
        finally:
            for other in held:
                world.end(other)
            _cleanup(world, case)
        return run


def _administer(connection, statement):
    answer = connection.query(statement)
    if wire.errors(answer) or connection.state != "ready":
        raise Trouble(f"setup: {statement}: {wire.errors(answer) or connection.why_closed}")


def _setup(world, case, database, variant, held):
    """Secrets in it are secrets of this world."""
    with world.administrator(database) as admin:
        for statement in case.get("setup", []):
            for secret, other in VARIANTS[variant].items():
                statement = statement.replace(secret, other or secret)
            statement = world.placeholders(statement)
            if statement.startswith("@hold "):
                held.append(world.administrator(database))
                held[-1].begin(statement.removeprefix("@hold "))
                time.sleep(0.3)  # nothing tells that it runs
            else:
                _administer(admin, statement)


def _cleanup(world, case):
    if case.get("cleanup"):
        with world.administrator("") as admin:
            for statement in case["cleanup"]:
                admin.query(statement)  # what was stopped left nothing to clean


def _effect(world, case):
    """When the agent has gone: what it did in a transaction that it left open is undone by then."""
    if "effect_sql" not in case:
        return False
    with world.administrator("") as admin:
        answer = admin.query(case["effect_sql"])
    found = wire.rows(answer)
    return bool(wire.errors(answer)) or bool(found and found[0][0] == b"1")


def _speak(world, case, database, run):
    with world.agent(database, case.get("role", "app"), case.get("charset", "utf8mb4")) as agent:
        run.pid, run.messages = agent.pid, agent.messages
        if agent.state != "ready":
            if not run.refusals or not case.get("setup"):
                raise Trouble(f"login: {wire.errors(agent.messages) or agent.why_closed}")
            return
        for statement in case.get("pre", []):
            agent.query(world.placeholders(statement))
        begin = time.monotonic()
        if agent.state == "ready":
            run.reached, run.last = True, _last(world, case, agent)
        run.seconds = time.monotonic() - begin
        if agent.state == "closed" and not wire.errors(agent.messages):
            raise Trouble(f"the connection broke: {agent.why_closed}")


def _last(world, case, agent):
    sql = bytes.fromhex(case["sql_hex"]) if "sql_hex" in case else world.placeholders(case["sql"])
    protocol = case["protocol"]
    if protocol in ("query", "localinfile"):
        return agent.query(sql)
    if protocol == "stmt":
        return agent.prepared(sql.removeprefix("@stmt "), case.get("params", ()))
    if protocol == "initdb":
        return agent.init_db(sql.removeprefix("@initdb "))
    if protocol == "fieldlist":
        return agent.field_list(sql.removeprefix("@fieldlist "))
    raise Trouble(f"a protocol that the runner does not know: {protocol}")


# ---- judging ----
def harm(world, run):
    """What the case set out to do and did, as a text; None."""
    case, check = run.case, run.case["check"]
    if check == "effect":
        return "the effect is there" if run.effect else None
    if check == "out":
        found = re.search(case["out_re"], run.answered().decode("utf-8", "replace"))
        return f"{case['out_re']!r} is there: {found.group(0)!r}" if found else None
    if check == "noerror":
        return "it ran" if run.reached and run.last and not wire.errors(run.last) else None
    if check == "error":
        reached = [e for e in wire.errors(run.last) if not of_gateway(e)]
        return f"it reached the server: {reached[0]['code']}" if reached else None
    if check == "oracle":
        return differs(world, run, ("b", "c")) or (None if run.refusals else takes_longer(world, run))
    if check != "canary":
        raise Trouble(f"a check that the runner does not know: {check}")
    return None


def leaks(run):
    """Of any case whatever its check: a canary among the bytes that the agent got."""
    found = leakcheck.leaks(run.raw() + b"\n" + run.said())
    return f"{found[0][0]} of {found[0][1]}" if found else None


def differs(world, run, variants):
    """Noninterference: does the same case say something else where only the secrets are others?"""
    for variant in variants:
        if run_case(world, run.case, variant).transcript() == run.transcript():
            continue
        if run_case(world, run.case).transcript() == run.transcript():
            return f"the answer depends on the secrets (worlds a and {variant} differ)"
        return "the answer differs from run to run, so it cannot be compared"
    return None


def takes_longer(world, run):
    """Of three runs the shortest: a busy machine only adds."""
    here = min([run.seconds] + [run_case(world, run.case).seconds for _ in range(2)])
    there = min(run_case(world, run.case, "b").seconds for _ in range(3))
    return f"the time depends on the secrets ({here:.2f} s, {there:.2f} s)" if abs(here - there) > SLOWER_S else None


def judge(world, case):
    """(what became of it, why)"""
    try:
        run = run_case(world, case)
        why = harm(world, run)
        if not why and (case["check"] == "canary" or case["goal"] == "leak"):
            why = leaks(run)
        if not why and not run.refusals and case["goal"] == "leak" and case["check"] != "oracle" and not case.get("control"):
            why = differs(world, run, ("b",))
    except Trouble as e:
        return TROUBLE, str(e)
    except (OSError, RuntimeError) as e:
        return TROUBLE, f"{type(e).__name__}: {e}"
    strange = [e for e in run.errors if of_gateway(e) and not is_refusal(e)]
    if strange:
        return TROUBLE, f"{strange[0]['code']} {strange[0]['message']}"
    if why:
        return LEAKED, why
    if run.refusals:
        first = run.refusals[0]
        return HELD if run.is_held() else STOPPED, f"{first['code']} {first['message']}"
    if wire.rows(run.messages) and case["check"] in ("canary", "oracle", "out"):
        return MASKED, ""
    answer = [f"{e['code']} {e['message']}" for e in run.errors]
    return HARMLESS, answer[0] if answer else ""
