#!/usr/bin/python3
"""Random statements on two databases that differ only in what is sensitive: what flow lets through must look the same.

usage: soundness.py FLOW_TRY [COUNT [SEED]]    (starts a server of its own, and ends it)

A masked column is compared by what is NULL in it, as masks keep that; everything else byte by byte, with the number of rows and
the SQLSTATE of an error.
"""
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
sys.path[:0] = [str(ROOT / "fixtures" / "flow"), str(ROOT / "tests" / "support")]
import capture  # noqa: E402
import psycopg  # noqa: E402
from psycopg.conninfo import make_conninfo  # noqa: E402
from process import free_port  # noqa: E402

ROLE, DATABASES = "app", ("qw_sound_a", "qw_sound_b")
AS_OWNER = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

TABLES = {
    "customers": {"id": "int", "name": "text", "email": "text", "ssn": "text", "phone": "text", "card": "text"},
    "orders": {"id": "int", "customer_id": "int", "total": "num", "status": "text"},
    "archive": {"id": "int", "ssn": "text"},
    "scratch": {"id": "int", "t": "text"},
    "v_customers": {"id": "int", "name": "text", "email": "text", "tax_id": "text"},
    "v_upper": {"id": "int", "loud": "text"},
    "derived": {"id": "int", "code": "text"},
}
SECRET = {"email", "ssn", "phone", "card", "tax_id", "loud", "code"}
TAINTED = re.compile(rf"[.]({'|'.join(sorted(SECRET))}|s[0-9])\b")  # result columns that come of them are called s0, s1 ...


def secrets(side):
    """Rows as (id, email, ssn, phone, card): the same NULLs and lengths on both sides, other letters and order."""
    pick = random.Random(side)
    for i in range(1, 9):
        value = ["".join(pick.choice("abcdefghij0123456789") for _ in range(8)) for _ in range(4)]
        if i % 4 == 0:
            value[1] = None
        if i % 3 == 0:
            value[2] = None
        yield (i, value[0] + "@x.test", *value[1:])


class Maker:
    """One random statement. A scope is a list of (alias, {column: type})."""

    def __init__(self, seed):
        self.r, self.n = random.Random(seed), 0
        # How often a sensitive column is taken: somewhere, and as a result column of its own.
        self.greedy, self.bare = self.r.choice(((0.02, 0.1), (0.02, 0.7), (0, 0.7), (0.1, 0.3), (0.5, 0.5)))

    def name(self):
        self.n += 1
        return f"t{self.n}"

    def column(self, scope, kind=None, greedy=None):
        safe = [f"{a}.{c}" for a, cs in scope for c, t in cs.items() if (kind is None or t == kind) and c not in SECRET and c[0] != "s"]
        risky = [f"{a}.{c}" for a, cs in scope for c, t in cs.items() if (kind is None or t == kind) and (c in SECRET or c[0] == "s")]
        if risky and (not safe or self.r.random() < (self.greedy if greedy is None else greedy)):
            return self.r.choice(risky)
        return self.r.choice(safe) if safe else None

    def text(self, scope, deep):
        column = self.column(scope, "text") or "'k'"
        forms = [lambda: column] * 4 + [lambda: "'a1'"]
        if deep > 0:
            forms += [lambda: f"lower({self.text(scope, deep - 1)})", lambda: f"substr({self.text(scope, deep - 1)}, 1, 2)",
                      lambda: f"({self.text(scope, deep - 1)} || {self.text(scope, deep - 1)})",
                      lambda: f"coalesce({self.text(scope, deep - 1)}, 'z')",
                      lambda: f"CASE WHEN {self.condition(scope, deep - 1)} THEN {self.text(scope, deep - 1)} ELSE 'e' END",
                      lambda: f"({self.number(scope, deep - 1)})::text",
                      lambda: self.scalar(scope, "text", deep - 1), lambda: f"({column})::varchar"]
        return self.r.choice(forms)()

    def number(self, scope, deep):
        forms = [lambda: self.column(scope, "int") or "1"] * 4 + [lambda: str(self.r.randint(0, 5))]
        if deep > 0:
            forms += [lambda: f"length({self.text(scope, deep - 1)})", lambda: f"({self.number(scope, deep - 1)} + 1)",
                      lambda: f"(10 / {self.number(scope, deep - 1)})", lambda: f"ascii({self.text(scope, deep - 1)})",
                      lambda: self.scalar(scope, "int", deep - 1)]
        return self.r.choice(forms)()

    def scalar(self, scope, kind, deep):
        inner, text = self.source(scope, deep)
        column = self.column(inner, kind)
        if not column:
            return "1" if kind == "int" else "'s'"
        how = self.r.choice((f"max({column})", column, column))
        return f"(SELECT {how} FROM {text} WHERE {self.condition(inner + scope, deep - 1)} LIMIT 1)"

    def condition(self, scope, deep):
        forms = [lambda: f"{self.number(scope, deep - 1)} {self.r.choice(('=', '<', '>='))} {self.number(scope, 0)}",
                 lambda: f"{self.text(scope, deep - 1)} {self.r.choice(('=', '<', '<>', 'LIKE'))} {self.text(scope, 0)}",
                 lambda: f"{self.text(scope, 0)} IS NOT NULL", lambda: "true", lambda: "true"]
        if deep > 0:
            forms += [lambda: f"({self.condition(scope, deep - 1)} AND {self.condition(scope, deep - 1)})",
                      lambda: f"NOT ({self.condition(scope, deep - 1)})", lambda: self.exists(scope, deep - 1),
                      lambda: self.within(scope, deep - 1)]
        return self.r.choice(forms)()

    def exists(self, scope, deep):
        inner, text = self.source(scope, deep)
        return f"EXISTS (SELECT {self.text(inner, 1)} FROM {text} WHERE {self.condition(inner + scope, deep - 1)})"

    def within(self, scope, deep):
        inner, text = self.source(scope, deep)
        return f"{self.text(scope, 0)} IN (SELECT {self.text(inner, 0)} FROM {text})"

    def source(self, scope, deep):
        """(new scope, text of FROM)"""
        alias = self.name()
        kind = self.r.random()
        if deep <= 0 or kind < 0.6:
            table = self.r.choice(list(TABLES))
            return [(alias, TABLES[table])], f"{table} {alias}"
        if kind < 0.8:
            columns, text = self.select(scope if kind < 0.7 else [], deep - 1)
            return [(alias, columns)], f"{'LATERAL ' if kind < 0.7 else ''}({text}) {alias}"
        (left, a), (right, b) = self.source(scope, deep - 1), self.source([], deep - 1)
        how = self.r.choice(("JOIN", "LEFT JOIN", "RIGHT JOIN")) if "LATERAL" not in a + b else "JOIN"
        both = left + right
        if self.r.random() < 0.15 and "LATERAL" not in a + b and len(left) == len(right) == 1:
            shared = [c for c in left[0][1] if c in right[0][1]]
            if shared:
                return both, f"{a} {how} {b} USING ({self.r.choice(shared)})"
        return both, f"{a} {how} {b} ON {self.condition(both, 1)}"

    def select(self, outer, deep):
        """({column: type}, text)"""
        if deep > 0 and self.r.random() < 0.15:
            return self.union(outer, deep - 1)
        scope, text = self.source(outer, deep)
        seen = scope + outer
        if self.r.random() < 0.15:
            return self.grouped(scope, text, seen, deep)
        columns, items = {}, []
        for i in range(self.r.randint(1, 3)):
            kind = self.r.choice(("text", "text", "int"))
            value = self.text(seen, deep) if kind == "text" else self.number(seen, deep)
            if self.r.random() < 0.6:
                value = self.column(scope, kind, self.bare) or value
            if self.r.random() < 0.05:
                value, kind = f"row_number() OVER (ORDER BY {value})", "num"
            column = f"{'s' if TAINTED.search(value) else 'c'}{i}"
            columns[column] = kind
            items.append(f"{value} AS {column}")
        text = f"SELECT {self.r.choice(('', '', '', '', '', '', 'DISTINCT '))}{', '.join(items)} FROM {text} WHERE {self.condition(seen, deep)}"
        if self.r.random() < 0.3:
            text += f" ORDER BY {self.r.randint(1, len(items))}"
        if self.r.random() < 0.3:
            text += f" LIMIT {self.r.choice(('2', '3', self.scalar([], 'int', 1)))}"
        return columns, text

    def grouped(self, scope, text, seen, deep):
        key, value = self.column(scope, "text") or "1", self.column(scope) or "1"
        how = self.r.choice(("count(*)", f"count({value})", f"min({value})", f"count(DISTINCT {value})",
                             f"count(*) FILTER (WHERE {self.condition(seen, 1)})"))
        return {"c0": "text", "c1": "num"}, f"SELECT {key} AS c0, {how} AS c1 FROM {text} WHERE {self.condition(seen, deep)} GROUP BY {key}"

    def union(self, outer, deep):
        (a, left), (b, right) = self.source(outer, deep), self.source(outer, deep)
        how = self.r.choice(("UNION ALL", "UNION ALL", "UNION", "EXCEPT", "INTERSECT"))
        one = self.column(a, "text", self.bare) or "'u'"
        two = self.r.choice((self.column(b, "text", self.bare) or "'u'", "NULL", "'guess'"))
        return {"s0": "text"}, f"SELECT {one} AS s0 FROM {left} {how} SELECT {two} FROM {right}"

    def writing(self):
        table = self.r.choice(("customers", "orders", "scratch", "archive"))
        columns = {"customers": ("name", "email"), "orders": ("status",), "scratch": ("t",), "archive": ("ssn",)}[table]
        source, text = self.source([], 1)
        mine, bare = [(table, TABLES[table])], lambda scope: self.column(scope, None, self.bare)
        returning = f" RETURNING {bare(mine)}, {self.text(mine, 1)}" if self.r.random() < 0.6 else ""
        column, kind = self.r.choice(columns), self.r.random()
        if kind < 0.2:
            return f"DELETE FROM {table} WHERE {self.condition(mine, 2)}{returning}"
        if kind < 0.6:
            both = mine + source
            return f"UPDATE {table} SET {column} = {self.text(both, 1)} FROM {text} WHERE {self.condition(both, 2)}{returning}"
        conflict = self.r.choice(("", "", f" ON CONFLICT (id) DO UPDATE SET {column} = {self.text([*mine, ('excluded', TABLES[table])], 1)}",
                                  " ON CONFLICT (id) DO NOTHING", " ON CONFLICT DO NOTHING"))
        more = ", name" if table == "customers" and column != "name" else ""
        return (f"INSERT INTO {table} (id, {column}{more}) SELECT {self.r.choice((5, 77))}, {self.text(source, 1)}{', 1' if more else ''} "
                f"FROM {text} WHERE {self.condition(source, 1)} LIMIT 1{conflict}{returning}")

    def statement(self):
        if self.r.random() < 0.2:
            return self.writing()
        columns, text = self.select([], 3)
        if self.r.random() < 0.2:
            how = self.r.choice(("", "MATERIALIZED ", "NOT MATERIALIZED "))
            scope = [("w", columns)]
            value, bare, where = self.text(scope, 2), self.column(scope, None, self.bare), self.condition(scope, 1)
            return f"WITH w AS {how}({text}) SELECT {value}, {bare} FROM w WHERE {where}"
        return text


class Server:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()
        programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
        self.run(programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "postgres", "-N")
        with open(folder / "data" / "postgresql.conf", "a") as f:
            f.write(f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\nfsync = off\nautovacuum = off\n"
                    "max_parallel_workers_per_gather = 0\njit = off\n")
        self.control = programs / "pg_ctl"
        self.run(self.control, "-D", folder / "data", "-l", folder / "log", "-w", "start")
        self.dsn = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"

    def run(self, *command):
        subprocess.run([*AS_OWNER, *command], check=True, stdout=subprocess.DEVNULL, cwd=self.folder)

    def stop(self):
        self.run(self.control, "-D", self.folder / "data", "-m", "fast", "stop")

    def fill(self, database, side):
        with psycopg.connect(self.dsn, autocommit=True) as boss:
            boss.execute(f"CREATE DATABASE {database}")
        with psycopg.connect(self.dsn, dbname=database, autocommit=True) as boss:
            boss.execute((ROOT / "fixtures" / "flow" / "schema.sql").read_text())
            for i, email, ssn, phone, card in secrets(side):
                boss.execute("INSERT INTO customers (id, name, email, ssn, phone, card) VALUES (%s, %s, %s, %s, %s, %s)",
                             (i, f"n{i % 3}", email, ssn, phone, card))
                boss.execute("INSERT INTO archive VALUES (%s, %s)", (i, ssn))
                boss.execute("INSERT INTO orders (id, customer_id, total, status) VALUES (%s, %s, %s, %s)",
                             (i, i, i * 3, ("new", "paid", None)[i % 3]))
                boss.execute("INSERT INTO scratch VALUES (%s, %s)", (i, f"a{i % 4}"))
            boss.execute("REFRESH MATERIALIZED VIEW derived")


LEFT = ("SELECT id, name, email IS NULL, ssn IS NULL FROM customers ORDER BY id", "SELECT * FROM orders ORDER BY id",
        "SELECT * FROM scratch ORDER BY id", "SELECT id, ssn IS NULL FROM archive ORDER BY id")


def answer(connection, sql, letters, writes):
    """What the client sees of it: rows, their number, or an error; and what it leaves behind, before all is rolled back."""
    try:
        with connection.transaction(force_rollback=True):
            cursor = connection.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
            left = [connection.execute(q).fetchall() for q in LEFT] if writes else []
    except psycopg.Error as e:
        return f"error {e.sqlstate}"
    return [cursor.rowcount, left, *(tuple(v if letter == "p" else v is None for v, letter in zip(row, letters)) for row in rows)]


def judged(flow_try, major, folder, server, statements):
    """(sql, verdict) of each statement that the server can parse."""
    used, text, kept = set(), [], []
    for sql in statements:
        tree = server.parse(sql)
        if tree is not None:
            used.update(int(n) for n in re.findall(r"\b\d+\b", tree))
            text += [f"@ {sql}", tree]
            kept.append(sql)
    (folder / "trees").write_text("\n".join(text) + "\n")
    (folder / "world").write_text("\n".join(capture.world(server, used)) + "\n")
    out = subprocess.run([flow_try, str(major), folder / "world", folder / "trees"], check=True, stdout=subprocess.PIPE).stdout.decode()
    return list(zip(kept, (line.split("\t")[0] for line in out.split("\n")), strict=False))


def check(server, flow_try, folder, count, seed):
    dsn = [make_conninfo(server.dsn, user=ROLE, dbname=name) for name in DATABASES]
    asker = capture.Server(dsn[0])
    major = asker.connection.info.server_version // 10000
    pair = [psycopg.connect(d, autocommit=True, options="-c statement_timeout=5s") for d in dsn]
    verdicts = judged(flow_try, major, folder, asker, [Maker(f"{seed}-{i}").statement() for i in range(count)])
    tally = {"refused": 0, "plain": 0, "masked": 0, "written": 0, "secret": 0, "bad": 0}
    for sql, verdict in verdicts:
        words = verdict.split(" ")
        is_open = words[0] == "out" and "call:" not in verdict and "eq=" not in verdict
        letters = words[1] if is_open else "p" * 50
        first, second = (answer(c, sql, letters, "acts=" in verdict) for c in pair)
        if is_open:
            tally["written" if "acts=" in verdict else "masked" if "m" in letters else "plain"] += 1
            if first != second and "error 57014" not in (first, second):
                tally["bad"] += 1
                print(f"differs: {verdict}\n  {sql}\n  {first}\n  {second}")
        else:
            tally["refused"] += 1
            tally["secret"] += first != second  # refused rightly, as can be seen
    print(f"seed {seed}: {len(verdicts)} of {count} statements: {tally}")
    return tally


def main():
    flow_try, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1500
    seed = sys.argv[3] if len(sys.argv) > 3 else "1"
    with tempfile.TemporaryDirectory(prefix="qw-flow-") as name:
        folder = pathlib.Path(name)
        if AS_OWNER:
            subprocess.run(["chown", "postgres:postgres", name], check=True)
        server = Server(folder)
        try:
            for side, database in enumerate(DATABASES):
                server.fill(database, side)
            tally = check(server, flow_try, folder, count, seed)
        finally:
            server.stop()
    if tally["bad"] or tally["plain"] < count // 20 or tally["masked"] < count // 50 or tally["written"] < count // 50 or tally["secret"] < count // 20:
        sys.exit("what is let through depends on secrets, or too little was tried")


if __name__ == "__main__":
    main()
