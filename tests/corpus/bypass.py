"""Cases that must be stopped, held or masked: runs one and says what became of it."""
import importlib.util
import re

import wire
from world import DATA, VARIANTS

spec = importlib.util.spec_from_file_location("leakcheck", DATA / "leakcheck.py")
leakcheck = importlib.util.module_from_spec(spec)
spec.loader.exec_module(leakcheck)

# What became of a case. The first three are what the gateway is for; TROUBLE is a failure of the run, not of the case.
HELD, STOPPED, MASKED, HARMLESS, LEAKED, TROUBLE = "held", "stopped", "masked", "harmless", "LEAKED", "trouble"

# An error of the server always names the routine it comes from; one of the gateway never does. Those of the server that the
# gateway rewrites are known by this hint.
WITHHELD = "The database's own text is withheld"
# What the gateway lets through, and does in its own way. That it ran is no harm; it is when something that the gateway or the operator
# holds the session to has come loose by it, and these tell: (what the session says now, what it must say).
EMULATED = ("RESET ALL", "DISCARD ALL")
HOLDS = (("SHOW client_encoding", b"UTF8"), ("SHOW standard_conforming_strings", b"on"), ("SHOW role", b"none"),
         ("SHOW session_authorization", b"app"))
# The gateway's own errors that say no; all others (lost connection, out of memory ...) are no refusal.
NO = {"42501", "42601", "QW001", "QW002", "55000", "55006", "26000", "34000", "0A000", "28000", "08P01", "54000"}


class Trouble(Exception):
    """The case could not be run as written."""


def of_gateway(error):
    return "R" not in error and not error.get("H", "").startswith(WITHHELD)


def is_refusal(error):
    return of_gateway(error) and error.get("C") in NO


class Run:
    """One run of a case on one database: everything that the agent was told, and what the administrator found afterwards."""

    def __init__(self, case, database, new_oid):
        self.case, self.database, self.new_oid = case, database, new_oid  # objects from new_oid on are those of the case
        self.messages, self.last, self.effect = [], [], False  # last: the answer to `sql` alone
        self.loose = None  # what came loose of an emulated statement
        self.pid, self.reached, self.login = None, False, 0  # was `sql` sent at all? how many messages are of the login?

    @property
    def errors(self):
        return wire.errors(self.messages)

    @property
    def refusals(self):
        return [e for e in self.errors if is_refusal(e)]

    def is_held(self):
        return any(e.get("C") in ("QW001", "QW002") for e in self.refusals)

    def said(self):
        """The bytes that a person or program could read, without the random ids of approvals."""
        return without_ids(wire.readable(self.messages))

    def answered(self):
        """The same, but only what the server said to the agent's statements."""
        kept = [(k, b) for k, b in self.messages[self.login:] if k != "T" and (k not in "EN" or not of_gateway(wire.fields(b)))]
        return without_ids(wire.readable(kept))

    def raw(self):
        return without_ids(b"".join(k.encode() + b for k, b in self.messages))

    def transcript(self):
        """For comparing two worlds: all messages, without what differs from run to run."""
        return [(k, stable(wire.known_oids(b, self.new_oid) if k == "T" else b, self.database)) for k, b in self.messages]


def without_ids(data):
    return re.sub(rb"(approval |approve |ticket=)[a-z2-7]{10}\b", rb"\1<id>", data)


def stable(body, database):
    body = without_ids(body).replace(database.encode(), b"<database>")
    body = re.sub(rb"actual time=[\d.]+\.\.[\d.]+", b"actual time=<t>", body)
    body = re.sub(rb"(Buffers: |(?<= )(?:Read|Hit|Dirtied|Written) Blocks: ).*", rb"\1<n>", body)
    return re.sub(rb"((?:Planning|Execution) Time\S*?:? ?)[\d.]+( ms)?", rb"\1<t>", body)


# ---- running ----
def run_case(world, case, variant="a", name=None):
    with world.use(variant, name) as database:
        run, held = Run(case, database, world.new_oid), []
        try:
            _setup(world, case, database, variant, held)
            _speak(world, case, run)
            run.effect = run.effect or _effect(world, case, database)
        finally:
            for other in held:
                other.close()
            _cleanup(world, case, database)
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
                _administer(held[-1], statement.removeprefix("@hold "))
            else:
                _administer(admin, statement)


def _cleanup(world, case, database):
    if case.get("cleanup"):
        with world.administrator(database) as admin:
            for statement in case["cleanup"]:
                admin.query(statement)  # what was stopped left nothing to clean


def _effect(world, case, database, during=False):
    """`during`: the agent is still there (and may hold locks). Afterwards, what cannot be asked any more is gone."""
    if "effect_sql" not in case:
        return False
    with world.administrator(database) as admin:
        admin.query(f"SET statement_timeout = '{'500ms' if during else '10s'}'")
        answer = admin.query(case["effect_sql"])
    found = wire.rows(answer)
    return bool(wire.errors(answer) and not during) or bool(found and found[0][0] == b"t")


def _speak(world, case, run):
    parameters = dict(case.get("startup") or {})
    if case["protocol"] == "replication":
        parameters["replication"] = "database"
    with world.agent(run.database, case["role"], parameters) as agent:
        run.pid, run.messages, run.login = agent.pid, agent.messages, len(agent.messages)
        if agent.state != "ready":
            run.login = 0
            if not run.refusals or not (parameters or case.get("setup")):
                raise Trouble(f"login: {wire.errors(agent.messages) or agent.why_closed}")
            return
        for statement in case.get("pre", []):
            words = statement.split(" ", 2)
            if words[0] == "@parse":
                agent.parse(words[1], world.placeholders(words[2]))
            else:
                agent.query(world.placeholders(statement))
        if agent.state == "ready":
            run.reached, run.last = True, _last(world, case, run.database, agent)
            run.effect = _effect(world, case, run.database, during=True)
        if agent.state == "ready" and is_emulated(world, case):
            run.loose = _loose(agent)
        if agent.state == "closed" and not any(e.get("S") in ("FATAL", "PANIC") for e in wire.errors(agent.messages)):
            raise Trouble(f"the connection broke: {agent.why_closed}")


def is_emulated(world, case):
    return not world.direct and case.get("sql", "").strip("; ").upper() in EMULATED


def _loose(agent):
    """After it: the first of HOLDS that does not hold any more, or a secret that comes unmasked; "" when all is as it was."""
    for question, answer in HOLDS:
        said = agent.query(question)
        if wire.rows(said) != [[answer]]:
            return f"{question}: {wire.rows(said) or wire.errors(said)}"
    said = agent.query("SELECT ssn, email FROM customers")
    if wire.errors(said) or leakcheck.leaks(b"".join(b for _, b in said)):
        return "masks no longer hold"
    return ""


def _last(world, case, database, agent):
    sql = bytes.fromhex(case["sql_hex"]) if "sql_hex" in case else world.placeholders(case["sql"])
    params, copy_data = case.get("params", ()), case.get("copydata", "").encode()
    shape = (params, case.get("result_format", 0), case.get("maxrows", 0), copy_data)
    protocol = case["protocol"]
    if protocol == "simple":
        return agent.query(sql, copy_data)
    if protocol == "replication":
        return agent.query(sql.removeprefix("@replication "))
    if protocol == "extended":
        return agent.extended(sql, *shape)
    if protocol == "extended-bind":
        return agent.bind(sql.removeprefix("@bind "), *shape)
    if protocol == "fastpath":
        function, _, args = sql.removeprefix("@fastpath ").partition(" ")
        with world.administrator(database) as admin:
            oid = wire.rows(admin.query(f"SELECT '{function}'::regprocedure::oid"))[0][0]
        return agent.function_call(int(oid), args.split("|") if args else [])
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
    if check == "tag56":
        tags = [b for k, b in run.messages if k == "C" and b"56" in b]
        return f"the tag tells: {tags[0]!r}" if tags else None
    if check == "noerror" and run.loose is not None:
        return f"it ran, and {run.loose}" if run.loose else None
    if check == "noerror":
        return "it ran" if run.reached and run.last and not wire.errors(run.last) else None
    if check == "error":
        reached = [e for e in wire.errors(run.last) if not of_gateway(e)]
        return f"it reached the server: {reached[0].get('C')}" if reached else None
    if check == "oracle":
        return differs(world, run, ("b", "c"))
    if check != "canary":
        raise Trouble(f"a check that the runner does not know: {check}")
    return None


def leaks(run):
    """Of any case whatever its check: a canary among the bytes that the agent got."""
    found = leakcheck.leaks(run.raw() + b"\n" + run.said())
    return f"{found[0][0]} of {found[0][1]}" if found else None


def differs(world, run, variants):
    """Noninterference: does the same case say something else where only the secrets are others?

    In a database of the same name: the order of rows may come from a hash of it.
    """
    for variant in variants:
        if run_case(world, run.case, variant, run.database).transcript() == run.transcript():
            continue
        if run_case(world, run.case, name=run.database).transcript() == run.transcript():
            return f"the answer depends on the secrets (worlds a and {variant} differ)"
        return "the answer differs from run to run, so it cannot be compared"
    return None


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
    strange = [e for e in run.errors if of_gateway(e) and not is_refusal(e) and e.get("C") != "25P02"] if not world.direct else []
    if strange:
        return TROUBLE, f"{strange[0].get('C')} {strange[0].get('M')}"
    if why:
        return LEAKED, why
    if run.refusals:
        first = run.refusals[0]
        return HELD if run.is_held() else STOPPED, f"{first.get('C')} {first.get('M')}"
    if wire.rows(run.messages) and case["check"] in ("canary", "oracle", "out", "tag56"):
        return MASKED, ""
    answer = [f"{e.get('C')} {e.get('M')}" for e in run.errors]
    return HARMLESS, answer[0] if answer else ""
