"""The world of the attacks: the corpus's sample with more traps in it, a gateway with the sample policy, and the attacker."""
import pathlib
import re
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "support"), str(HERE.parents[1] / "corpus")]

import wire  # noqa: E402
import world as corpus  # noqa: E402  (tests/corpus/world.py)
from bypass import is_refusal, leakcheck, stable  # noqa: E402
from raw import (FLUSH, SYNC, Gone, Raw, bind, close, connect, describe, errors, execute, message, parse,  # noqa: E402, F401
                 query, row, rows, show)

MORE = (HERE / "world.sql").read_text()
TABLES = ("customers", "orders", "scratch", "parts", "traces")  # none of their rows may go


def policy():
    """The corpus's sample policy; two more secrets, which no pattern of the sample names."""
    p = corpus.sample_policy()
    for name, column in (("code", "public.people.code"), ("serial", "public.parts.serial")):
        p["masks"].append({"name": name, "columns": [column], "mask": "redact", "roles": ["agent"]})
    return p


class World(corpus.World):
    def __init__(self, major=None):
        super().__init__(major=major, variants={"a": {}, "b": corpus.VARIANTS["b"]}, policy=policy())

    def _samples(self):
        server, load = self.env.postgres, self.env.postgres.load
        server.load = lambda file, database: (load(file, database), server.sql(MORE, database))
        try:
            super()._samples()
        finally:
            server.load = load

    def gateway_with(self, name, change, config=None):
        """One more gateway: `change` edits the policy."""
        if name not in self._gateways:
            p = policy()
            change(p)
            more = {"targets": [self.env.target("shop", ["*"], "app")], "approvals": {"hold_s": 1}} | (config or {})
            self._gateways[name] = self.env.add_gateway(f"gateway-{name}", p, config=more,
                                                        credentials={"app": ("app", self.passwords["app"])})
        return self._gateways[name]

    def attack(self, *args, **more):
        return Attack(self, *args, **more)


class Attack:
    """A fresh database and sessions in it. At the end no secret may be in any byte that came, and nothing may be destroyed."""

    def __init__(self, world, variant="a", gateway=None, name=None):
        self.world, self._use = world, world.use(variant, name)
        self.gateway, self._sessions, self.came = gateway or world.gateway("app"), [], []

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
        return {t: int(self.admin(f"SELECT count(*) FROM public.{t}")) for t in TABLES}

    def check(self):
        found = leakcheck.leaks(self.raw())
        assert not found, f"a secret left ({found[0]}): {show(self.came)[-1500:]}"
        now = self._counts()
        for t in TABLES:
            assert now[t] >= self.before[t], f"rows of {t} are gone: {self.before[t]} -> {now[t]}"
        assert now["traces"] == self.before["traces"], f"code ran that must not run: {show(self.came)[-500:]}"

    def raw(self):
        body = b"".join((k or b"?") + b for k, b in self.came)
        readable = b"\n".join(b" ".join(v for v in row(b) if v is not None) for k, b in self.came if k == b"D")
        return re.sub(rb"(approval|approve) [a-z2-7]{10}\b", rb"\1 <id>", body + b"\n" + readable)

    def transcript(self):
        """Comparable: without process numbers."""
        return b"".join((k or b"?") + stable(b[4:] if k == b"A" else b, self.database) for k, b in self.came)

    def admin(self, *statements):
        """Past the gateway, as superuser, each by itself; the first value of the last one's rows, as text."""
        with self.world.administrator(self.database) as w:
            for statement in statements:
                answer = w.query(statement)
                assert not wire.errors(answer), f"{statement}: {wire.errors(answer)}"
        found = wire.rows(answer)
        return found[0][0].decode() if found and found[0][0] is not None else None

    def session(self, **startup):
        s = Session(connect(self.gateway, token=self.world.token, database=self.database, **startup), self.came)
        self._sessions.append(s)
        return s

    def refused_login(self, **startup):
        try:
            self.session(**startup)
        except Gone as e:
            assert len(str(e)) > 10
            return str(e)
        raise AssertionError(f"this login was not refused: {startup}")


class Session:
    def __init__(self, client, came):
        self.client, self.came = client, came
        client.socket.settimeout(20)

    def until(self, *kinds):
        try:
            answer = self.client.until(*kinds)
        except OSError as e:
            answer = [(None, str(e).encode())]
        self.came += answer
        return answer

    def __call__(self, *messages):
        """A text is a Query. Everything up to ReadyForQuery."""
        try:
            self.client.send(*(query(m) if isinstance(m, str) else m for m in messages))
        except OSError as e:
            return [(None, str(e).encode())]
        return self.until(b"Z")

    def at_once(self, *texts):
        """Several Querys in one piece: the answer to the last."""
        self.client.send(*(query(t) for t in texts))
        return [self.until(b"Z") for _ in texts][-1]

    def close(self):
        self.client.close()


# ---- what an answer must be ----
def refused(answer, *patterns):
    """A clear refusal of the gateway: an SQLSTATE and words of ours, and not one row."""
    found = errors(answer)
    assert found and is_refusal(found[0]), f"it was not refused by the gateway: {show(answer)}"
    assert len(found[0].get("M", "")) > 10 and not rows(answer), show(answer)
    for p in patterns:
        assert re.search(p, " ".join(found[0].values())), f"{p!r} is not said: {found[0]}"


def failed(answer):
    """No result, whoever said no."""
    assert errors(answer) or answer[-1][0] is None, f"it went through: {show(answer)}"
    assert not rows(answer), show(answer)


def gives(answer, *values):
    """Ordinary work: exactly these rows of text (None is NULL)."""
    wanted = [[v if v is None else v.encode() for v in (r if isinstance(r, (list, tuple)) else (r,))] for r in values]
    assert not errors(answer) and rows(answer) == wanted, show(answer)


def all_refused(world, *statements, pattern=None):
    """Each of them as a Query and by Parse, Bind, Execute, in sessions of their own."""
    with world.attack() as a:
        for sql in statements:
            for messages in ((sql,), (parse("", sql), bind("", ""), describe(b"P", ""), execute(), SYNC)):
                s = a.session()
                answer = s(*messages)
                assert errors(answer), f"{sql}: {show(answer)}"
                refused(answer, *([pattern] if pattern else []))
                s.close()


def all_masked(world, *statements):
    """They run, in both protocols, text and binary; whether a secret leaves is seen at the end."""
    with world.attack() as a:
        for sql in statements:
            for messages in ((sql,), (parse("", sql), bind("", ""), execute(), SYNC),
                             (parse("", sql), bind("", "", (), (), (1,)), describe(b"P", ""), execute("", 1), execute("", 0), SYNC)
                             )[:3 if sql.startswith("select") else 2]:
                s = a.session()
                answer = s(*messages)
                assert not errors(answer), f"{sql}: {show(answer)}"
                s.close()


def same_everywhere(world, *scripts, gateway=None):
    """Noninterference: two databases that differ only in the secrets say the same, byte by byte. A script is a list of messages."""
    for script in scripts:
        said = []
        for variant in "ab":
            with world.attack(variant, gateway=gateway, name="same_name") as a:
                s = a.session()
                for step in [script] if isinstance(script, str) else script:
                    s(*(step if isinstance(step, tuple) else (step,)))
                said.append((a.transcript(), show(a.came)))
        assert said[0][0] == said[1][0], f"{script}: the answer tells the secrets apart:\n{said[0][1]}\n{said[1][1]}"


def settle(seconds=1.3):
    """The gateway reads the catalog again at most once a second for what it does not know."""
    time.sleep(seconds)
