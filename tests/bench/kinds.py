"""What the first execution of a statement costs when the gateway has to ask for the server's tree, by kind of statement.

Each kind runs straight (`direct`), as a text that the session knows (`cached`), and with a new text each time (`new`), in blocks by turns.
Round trips and trees are counted by a relay between another gateway and the server, at another time.
"""
import statistics
import time

import probe
from rawpg import RawClient, execute, parse, simple

OK, REFUSED, HELD = "ok", "refused", "held"
FIRST = 20_000  # numbers of new texts; every table of the bench has rows up to 100,000
FIXED = 4711
HELD_AT_MOST = 24  # new ones, in all: more requests that wait are not taken from one person
SETTLE_S = 0.02  # the thread that writes the record is behind by so much
PROTOCOLS = ("simple", "extended")
WAYS = ("direct", "cached", "new")


class Kind:
    """`tree`: the gateway cannot judge it without one. `straight`: can be run without the gateway, again and again."""

    def __init__(self, sql, tree=True, ends=OK, straight=True):
        self.sql, self.tree, self.ends, self.straight = sql, tree, ends, straight


CARD = "4444000011112222"  # what is written; what is read is masked to its last four
KINDS = {
    "no label": Kind("SELECT total FROM bench_orders WHERE id = {n}", tree=False),
    "point select": Kind("SELECT name, card FROM bench_people WHERE id = {n}"),
    "star": Kind("SELECT * FROM bench_people WHERE id = {n}"),
    "join": Kind("SELECT o.total, p.name, p.card FROM bench_orders o JOIN bench_people p ON p.id = o.person_id WHERE o.id = {n}"),
    "aggregate": Kind("SELECT count(card), min(name) FROM bench_people WHERE id BETWEEN {n} AND {n} + 9"),
    "view": Kind("SELECT name, card FROM bench_view WHERE id = {n}"),
    "cte": Kind("WITH q AS (SELECT id, card FROM bench_people WHERE id = {n}) SELECT q.card, o.total FROM q JOIN bench_orders o USING (id)"),
    "subquery": Kind("SELECT o.id, (SELECT p.card FROM bench_people p WHERE p.id = o.person_id) FROM bench_orders o WHERE o.id = {n}"),
    "union all": Kind("SELECT card FROM bench_people WHERE id = {n} UNION ALL SELECT card FROM bench_people WHERE id = {n} + 1"),
    "function": Kind("SELECT upper(name), card FROM bench_people WHERE id = {n}"),
    "order, limit": Kind("SELECT id, card FROM bench_people WHERE id > {n} ORDER BY id LIMIT 10"),
    "insert": Kind(f"INSERT INTO bench_notes (id, note, card) VALUES ({{n}}, 'x', '{CARD}')"),
    "update": Kind(f"UPDATE bench_people SET card = '{CARD}' WHERE id = {{n}}"),
    "returning": Kind("UPDATE bench_people SET name = 'x' WHERE id = {n} RETURNING id, card"),
    "on conflict": Kind(f"INSERT INTO bench_people (id, name, card) VALUES ({{n}}, 'x', '{CARD}') "
                        "ON CONFLICT (id) DO UPDATE SET card = EXCLUDED.card"),
    "explain": Kind("EXPLAIN SELECT name, card FROM bench_people WHERE id = {n}"),
    "copy": Kind("COPY (SELECT id, card FROM bench_people WHERE id BETWEEN {n} AND {n} + 9) TO STDOUT"),
    "refused by tree": Kind("SELECT lower(card) FROM bench_people WHERE id = {n}", ends=REFUSED),
    "delete, denied": Kind("DELETE FROM bench_people WHERE id = {n}", tree=False, ends=REFUSED),
    "ddl, held": Kind("ALTER TABLE bench_notes ADD COLUMN bench_{n} int", tree=False, ends=HELD, straight=False),
}


# ---- one statement ----

def messages(data):
    """[(type, body)]"""
    out, at = [], 0
    while at < len(data):
        n = 1 + int.from_bytes(data[at + 1:at + 5], "big")
        out.append((data[at:at + 1], data[at + 5:at + n]))
        at += n
    return out


def ending(data):
    """What became of it, by SQLSTATE (docs/errors.md)."""
    errors = [body for kind, body in messages(data) if kind == b"E"]
    if not errors:
        return OK
    fields = {f[:1]: f[1:].decode(errors="replace") for f in errors[0].split(b"\0") if f}
    ends = {"42501": REFUSED, "QW001": HELD}
    return ends.get(fields.get(b"C"), f"{fields.get(b'C')}: {fields.get(b'M')} {fields.get(b'D', '')}")


def run_one(client, kind, name, number, protocol, through_gateway=True):
    sql = kind.sql.format(n=number)
    begin = time.perf_counter_ns()
    client.send(simple(sql) if protocol == "simple" else parse(sql) + execute())
    data = client.receive()
    us = (time.perf_counter_ns() - begin) / 1000
    wanted = kind.ends if through_gateway else OK
    if (ended := ending(data)) != wanted:
        raise RuntimeError(f"{name}: {ended}, not {wanted}: {sql}")
    if through_gateway and CARD[:8].encode() in data:
        raise RuntimeError(f"{name}: a card is not masked: {sql}")
    return us


class Numbers:
    """Each text once: the numbers are what differs."""

    def __init__(self):
        self.last = FIRST

    def __next__(self):
        self.last += 1
        return self.last


# ---- time and CPU ----

def block(client, contestant, name, protocol, way, numbers, count):
    """(microseconds of each, CPU microseconds each) of `count` statements."""
    kind = KINDS[name]
    if way == "cached":
        for _ in range(3):
            run_one(client, kind, name, FIXED, protocol)
    time.sleep(SETTLE_S)
    cpu = probe.cpu_ns(contestant.pid)
    took = [run_one(client, kind, name, FIXED if way == "cached" else next(numbers), protocol, way != "direct") for _ in range(count)]
    time.sleep(SETTLE_S)
    return took, (probe.cpu_ns(contestant.pid) - cpu) / 1000 / count


def percentiles(values):
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": cuts[49], "p99": cuts[98]}


def measure(direct, gateway, names, rounds, count):
    """{protocol: {name: {way: {p50, p99, cpu_us}}}}"""
    numbers, out = Numbers(), {p: {} for p in PROTOCOLS}
    clients = {"direct": RawClient(direct), "cached": RawClient(gateway), "new": RawClient(gateway)}
    for protocol in PROTOCOLS:
        for name in names:
            n = count if KINDS[name].ends != HELD else max(1, HELD_AT_MOST // (rounds * len(PROTOCOLS)))
            ways = [w for w in WAYS if w != "direct" or KINDS[name].straight]
            took, cpu = {w: [] for w in ways}, {w: [] for w in ways}
            for i in range(rounds):
                for way in ways:
                    us, each = block(clients[way], direct if way == "direct" else gateway, name, protocol, way, numbers, n)
                    if i:  # the first round warms up
                        took[way] += us
                        cpu[way].append(each)
            out[protocol][name] = {w: percentiles(took[w]) | {"cpu_us": statistics.median(cpu[w])} for w in ways}
    for c in clients.values():
        c.close()
    return out


# ---- round trips ----

def count(counted, relay, names, each=5):
    """{protocol: {name: {way: {trips, trees, bytes}}}}, of one statement."""
    numbers, out = Numbers(), {p: {} for p in PROTOCOLS}
    numbers.last += 50_000
    RawClient(counted).close()  # reads the catalog
    client = RawClient(counted)
    connection = relay.connections[-1]
    for protocol in PROTOCOLS:
        for name in names:
            kind, out[protocol][name] = KINDS[name], {}
            for _ in range(3):
                run_one(client, kind, name, FIXED, protocol)
            for way in ("cached", "new"):
                before = connection.now()
                for _ in range(each):
                    run_one(client, kind, name, FIXED if way == "cached" else next(numbers), protocol)
                trips, trees, size = ((b - a) / each for a, b in zip(before, connection.now()))
                out[protocol][name][way] = {"trips": trips, "trees": trees, "bytes": size}
    client.close()
    return out


# ---- the whole ----

def run(world, names, rounds, each):
    everyone = {c.name: c for c in world.contestants()}
    counted, relay = world.counted()
    figures = measure(everyone["direct-tls"], everyone["gateway"], names, rounds, each)
    counts = count(counted, relay, names)
    for protocol in PROTOCOLS:
        for name in names:
            for way, r in counts[protocol][name].items():
                figures[protocol][name][way] |= r
        show(protocol, figures[protocol])
    return figures


def show(protocol, result):
    print(f"\n{protocol:<18}{'p50 us':>8}{'':>18}{'p99 us':>8}{'':>18}{'CPU us':>7}{'':>9}{'round trips':>14}{'':>2}{'trees':>7}{'new adds':>10}")
    print(f"{'':<18}" + f"{'direct':>8}{'cached':>9}{'new':>9}" * 2 + f"{'cached':>7}{'new':>9}" + f"{'cached':>9}{'new':>7}{'new':>7}{'p50 us':>10}")
    for name, r in result.items():
        def figure(way, key, form):
            return format(r[way][key], form) if way in r else format("-", f">{form.split('.')[0].lstrip('>')}")
        adds = format(r["new"]["p50"] - r["direct"]["p50"], ">10.0f") if "direct" in r else f"{'-':>10}"
        print(f"  {name:<16}" + "".join(figure("direct", p, ">8.0f") + figure("cached", p, ">9.0f") + figure("new", p, ">9.0f")
                                           for p in ("p50", "p99"))
              + figure("cached", "cpu_us", ">7.0f") + figure("new", "cpu_us", ">9.0f") + figure("cached", "trips", ">9.1f")
              + figure("new", "trips", ">7.1f") + figure("new", "trees", ">7.1f") + adds, flush=True)


def broken_promises(figures):
    for protocol, result in figures.items():
        for name, r in result.items():
            if r["cached"]["trees"] and KINDS[name].ends == OK:  # what is refused is asked again each time
                yield f"{name}, {protocol}: {r['cached']['trees']:.1f} trees asked for a text that is known, promised 0"
            if bool(r["new"]["trees"]) != KINDS[name].tree:
                yield f"{name}, {protocol}: {r['new']['trees']:.1f} trees asked for a new text, expected {int(KINDS[name].tree)}"
