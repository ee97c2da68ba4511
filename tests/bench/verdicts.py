"""What a cached verdict on labelled tables adds to a statement that is only relayed: the session alone, and the whole gateway."""
import pathlib
import statistics
import subprocess
import time

import probe
from kinds import SETTLE_S, messages
from rawpg import RawClient, execute, message, parse, simple

ROOT = pathlib.Path(__file__).resolve().parents[2]
POLICY = ROOT / "fixtures" / "policy" / "transcript.yaml"
CLIENTS = 8
EACH = 400  # statements of one turn: many short turns, so that what else the machine does hits both
PROTOCOLS = ("simple", "extended", "prepared")
STATEMENTS = {
    "clear": "SELECT total FROM bench_orders WHERE id = 4711",  # provably touches nothing labelled
    "judged": "SELECT count(card) FROM bench_people WHERE id = 4711",  # only its tree shows that nothing leaves
    "masked": "SELECT name, card FROM bench_people WHERE id = 4711",
}
REPORTED = ("gateway", "masked")  # here a mask works besides, and the record names it: not the verdict alone


# ---- the session alone ----

def session_alone(build, statements):
    """[{statement, protocol, relayed, cached, adds, new}] in microseconds; tests/bench/session tells what they are."""
    program = pathlib.Path(build) / "tests" / "bench" / "session" / "bench_session"
    if not program.exists():
        raise RuntimeError(f"{program.name} is not built: ninja -C {build}")
    done = subprocess.run([program, POLICY, str(statements)], stdout=subprocess.PIPE, text=True, check=True)
    out = []
    for line in done.stdout.splitlines()[1:]:
        name, protocol, *figures = line.split()
        keys = ("relayed", "cached", "adds", "new", "trees_cached", "trees_new")
        out.append({"statement": name, "protocol": protocol} | dict(zip(keys, map(float, figures))))
    if not out:
        raise RuntimeError("bench_session has measured nothing")
    return out


# ---- the whole gateway ----

class Crew:
    """Sessions that stay: what a connection costs is not measured. All speak, then all are heard."""

    def __init__(self, contestant):
        self.pid, self.clients = contestant.pid, [RawClient(contestant) for _ in range(CLIENTS)]

    def say(self, data):
        for c in self.clients:
            c.send(data)
        for c in self.clients:
            if error := next((body for kind, body in messages(c.receive()) if kind == b"E"), None):
                raise RuntimeError(error.replace(b"\0", b" ").decode(errors="replace"))

    def run(self, data, count):
        """CPU microseconds of the gateway for each of `count` statements."""
        time.sleep(SETTLE_S)
        before = probe.cpu_ns(self.pid)
        for _ in range(0, count, CLIENTS):
            self.say(data)
        time.sleep(SETTLE_S)
        return (probe.cpu_ns(self.pid) - before) / 1000 / count

    def close(self):
        for c in self.clients:
            c.close()


def request(sql, protocol):
    """(what is said once, what is said each time)"""
    if protocol == "prepared":
        return parse(sql, "bench") + message(b"S"), execute("bench")
    return None, simple(sql) if protocol == "simple" else parse(sql) + execute()


def paired(relayed, labelled, name, protocol, turns):
    """CPU of all threads, by statement; `adds` is the median of the turns' own differences, between their quartiles."""
    crews, cpu = {"relayed": Crew(relayed), "cached": Crew(labelled)}, {"relayed": [], "cached": []}
    first, each = request(STATEMENTS[name], protocol)
    for crew in crews.values():
        if first:
            crew.say(first)
    for i in range(turns + 1):
        for who in sorted(crews, reverse=i % 2 == 0):  # who is first has no advantage
            us = crews[who].run(each, EACH)
            if i:
                cpu[who].append(us)
    for crew in crews.values():
        crew.close()
    pairs = [b - a for a, b in zip(cpu["relayed"], cpu["cached"])]
    low, middle, high = statistics.quantiles(pairs, n=4)
    return {"statement": name, "protocol": protocol, "relayed": statistics.median(cpu["relayed"]),
            "cached": statistics.median(cpu["cached"]), "adds": middle, "adds_low": low, "adds_high": high}


def run(world, build, is_quick):
    relayed, labelled = world.relayed(), next(c for c in world.contestants() if c.name == "gateway")
    out = {"session": session_alone(build, 2000 if is_quick else 20000)}
    out["gateway"] = [paired(relayed, labelled, name, p, 20 if is_quick else 80) for name in STATEMENTS for p in PROTOCOLS]
    show(out)
    return out


def show(out):
    print(f"\n{'cached verdict':<32}{'relayed us':>12}{'cached us':>11}{'adds us':>9}{'a new text us':>15}")
    for r in out["session"]:
        print(f"  session, {r['statement'] + ', ' + r['protocol']:<21}{r['relayed']:>12.2f}{r['cached']:>11.2f}{r['adds']:>9.2f}{r['new']:>15.2f}")
    for r in out["gateway"]:
        print(f"  gateway's CPU, {r['statement'] + ', ' + r['protocol']:<16}{r['relayed']:>11.2f}{r['cached']:>11.2f}{r['adds']:>9.2f}"
              f"  ({r['adds_low']:.2f} to {r['adds_high']:.2f})", flush=True)


def broken_promises(out, adds_max):
    for where, rows in out.items():
        for r in rows:
            what = f"{where}, {r['statement']}, {r['protocol']}"
            if r["adds"] > adds_max and (where, r["statement"]) != REPORTED:
                yield f"{what}: a cached verdict adds {r['adds']:.2f} us, promised {adds_max}"
            if r.get("trees_cached", 0) > 2:  # the verdict cache takes a text when it comes again
                yield f"{what}: {r['trees_cached']:.0f} trees asked for one text, promised 2"
