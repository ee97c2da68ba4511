"""The world of the attacks: the corpus's sample with more traps in it, a gateway with the sample policy, and the attacker."""
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "support"), str(HERE.parents[1] / "corpus")]

import world as corpus  # noqa: E402  (tests/corpus/world.py)
from bypass import leakcheck, of_gateway, is_refusal, WITHHELD  # noqa: E402
from checks import Skip  # noqa: E402, F401
from raw import (FLUSH, SYNC, Gone, Raw, bind, close, connect, describe, errors, execute, fields, message, parse,  # noqa: E402, F401
                 query, row, rows, show)

MORE = (HERE / "world.sql").read_text()
WATCHED = "SELECT count(*) FROM public.{}"
TABLES = ("customers", "orders", "scratch", "people", "parts", "traces")


def policy():
    """The corpus's sample policy; people.code is secret though no pattern of the sample names it; temporary tables may be made."""
    p = corpus.sample_policy()
    p["masks"].append({"name": "code", "columns": ["public.people.code"], "mask": "redact", "roles": ["agent"]})
    p["masks"].append({"name": "parts", "columns": ["public.parts.serial"], "mask": "redact", "roles": ["agent"]})
    return p


class World(corpus.World):
    def _samples(self):
        server, load = self.env.postgres, self.env.postgres.load

        def load_all(file, database):
            load(file, database)
            server.sql(MORE, database)
        server.load = load_all
        try:
            super()._samples()
        finally:
            server.load = load

    def gateway_with(self, name, change):
        """One more gateway: `change` edits the policy."""
        if name not in self._gateways:
            p = policy()
            change(p)
            self._gateways[name] = self.env.add_gateway(
                f"gateway-{name}", p, credentials={"app": ("app", self.passwords["app"])},
                config={"targets": [self.env.target("shop", ["*"], "app")], "approvals": {"hold_s": 60}})
        return self._gateways[name]

    def attack(self, *a, **more):
        return Attack(self, *a, **more)


class Attack:
    """A fresh database and sessions in it. At the end no secret may be in any byte that came, and nothing may be destroyed."""

    def __init__(self, world, variant="a", gateway=None, name=None):
        self.world, self.variant = world, variant
        self._gateway, self._use, self._sessions, self.came = gateway, world.use(variant, name), [], []

    def __enter__(self):
        self.database = self._use.__enter__()
        self.before = self._counts()
        return self

    def __exit__(self, kind, *_):
        try:
            for s in self._sessions:
                s.close()
            if not kind:
                self.check()
        finally:
            self._use.__exit__(None, None, None)

    def _counts(self):
        return {t: self.admin(WATCHED.format(t)) for t in TABLES}

    def check(self):
        found = leakcheck.leaks(self.raw())
        assert not found, f"a secret left ({found[0]}):\n{show(self.came)[-1500:]}"
        now = self._counts()
        for t in TABLES:
            assert int(now[t]) >= int(self.before[t]), f"rows of {t} are gone: {self.before[t]} -> {now[t]}"
        assert int(now["traces"]) == int(self.before["traces"]), "code ran that must not run"

    def raw(self):
        body = b"".join((k or b"?") + b for k, b in self.came)
        readable = b"\n".join(b" ".join(v for v in row(b) if v is not None) for k, b in self.came if k == b"D")
        return re.sub(rb"(approval|approve) [a-z2-7]{10}\b", rb"\1 <id>", body + b"\n" + readable)

    def admin(self, sql):
        """Past the gateway, as superuser: the first value of the first row, as text."""
        with self.world.administrator(self.database) as w:
            answer = [m for s in ([sql] if isinstance(sql, str) else sql) for m in w.query(s)]
        import wire
        assert not wire.errors(answer), wire.errors(answer)
        found = wire.rows(answer)
        return found[0][0].decode() if found and found[0] and found[0][0] is not None else None

    def session(self, **more):
        g = self._gateway or self.world.gateway("app")
        s = Session(connect(g, token=self.world.token, database=self.database, **more), self.came)
        self._sessions.append(s)
        return s


class Session:
    def __init__(self, client, came):
        self.client, self.came = client, came
        client.socket.settimeout(20)

    def ask(self, *messages):
        """A text is a Query. Everything up to ReadyForQuery."""
        try:
            self.client.send(*(query(m) if isinstance(m, str) else m for m in messages))
        except OSError as e:
            return [(None, str(e).encode())]
        return self.until(b"Z")

    def until(self, *kinds):
        try:
            answer = self.client.until(*kinds)
        except OSError as e:
            answer = [(None, str(e).encode())]
        self.came += answer
        return answer

    def both(self, *messages):
        """Several Querys in one piece: the answers of all."""
        self.client.send(*(query(m) if isinstance(m, str) else m for m in messages))
        return [m for _ in messages for m in self.until(b"Z")]

    def __call__(self, *messages):
        return show(self.ask(*messages))

    def close(self):
        self.client.close()


def refused(answer):
    """A clear refusal of the gateway: an SQLSTATE of ours, words, and nothing of the server's."""
    answer = answer if isinstance(answer, list) else answer
    found = errors(answer)
    assert found or (answer and answer[-1][0] is None), f"it was not refused: {show(answer)}"
    if found:
        assert is_refusal(found[0]) or found[0].get("S") == "FATAL", f"no refusal of ours: {found[0]}"
        assert len(found[0].get("M", "")) > 10, found[0]
    return found[0] if found else {}


def labels_settle(seconds=1.2):
    """The gateway reads the catalog again at most once a second for what it does not know."""
    time.sleep(seconds)
