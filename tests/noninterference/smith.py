"""Queries made up by sqlsmith for the sample's schema, and what becomes of them on two sides."""
import shutil
import subprocess
import time

import bypass
import compare
import wire
from postgres import OWNER
from twins import own_names

STATEMENT_MS = 3000
PAUSE_S = 1.1  # a server publishes its counters once a second
# Plans are made from statistics of the secrets, and with them the order of rows and what a LIMIT keeps: no subject here.
NO_STATISTICS = "DELETE FROM pg_statistic"
# Each side is a server of its own: how long its checkpoints took says nothing of what it holds.
NO_CHECKPOINTS = ("ALTER SYSTEM SET checkpoint_timeout = '1h'", "SELECT pg_reload_conf()", "CHECKPOINT")
RESET_CHECKPOINTS = "SELECT pg_stat_reset_shared('bgwriter')", "SELECT pg_stat_reset_shared('checkpointer')"  # until 16; from 17 on
REFUSED, MASKED, PLAIN, ERROR, TROUBLE = "refused", "masked", "plain", "error", "trouble"


def _generated(world, count, seed, options):
    program = shutil.which("sqlsmith")
    if not program:
        raise RuntimeError("sqlsmith is not installed (./test installs it)")
    server = world.env.postgres
    target = f"host={server.folder} port={server.port} user=postgres dbname={world.templates['a']}"
    command = [program, f"--target={target}", f"--seed={seed}", "--dry-run", f"--max-queries={count}", *options]
    text = subprocess.run(command, check=True, text=True, cwd=server.folder, env=server.environment, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, **OWNER).stdout
    return [q.strip() for q in text.split(";\n") if q.strip()]


def queries(world, count, seed):
    """[(group, text)], `count` of them, the same for the same seed and server; and how many were made.

    Half of them leave the catalogs out: there the sample's tables are dense. sqlsmith knows no multiranges, and so on: what the server
    cannot even analyse is left out.
    """
    out, made = [], 0
    with world.straight(world.templates["a"]) as session:
        for group, options, wanted in (("sqlsmith, the sample", ["--exclude-catalog"], count - count // 2),
                                       ("sqlsmith, catalogs", [], count // 2)):
            kept = []
            while len(kept) < wanted:
                texts = _generated(world, min(2 * wanted, 4000), seed, options)
                made, seed = made + len(texts), seed + 1
                kept += [t for t in texts if not wire.errors(session.parse("", t))]
                if not kept:
                    raise RuntimeError("the server analyses none of sqlsmith's queries")
            out += [(group, t) for t in kept[:wanted]]
    return out, made


class Sides:
    """One session on each side that lives as long as it can; every query in a transaction that is rolled back."""

    def __init__(self, twins, hashed):
        self.twins, self.hashed, self.sessions = twins, hashed, {}
        self.name = "smith"

    def __enter__(self):
        self.twins.all(self._make)
        return self

    def _make(self, world, variant):
        world.administer(f"CREATE DATABASE {self.name} TEMPLATE {world.templates[variant]}")
        world.administer(f"ALTER DATABASE {self.name} SET statement_timeout = {STATEMENT_MS}")
        for statement in NO_CHECKPOINTS:
            world.administer(statement)
        with world.administrator(self.name) as admin:
            for statement in ("SET allow_system_table_mods = on", NO_STATISTICS, *RESET_CHECKPOINTS):
                admin.query(statement)  # not every version knows both counters

    def __exit__(self, *_):
        for session in self.sessions.values():
            session.close()
        self.twins.all(lambda w, _: w.administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)"))

    def _session(self, world, fresh=False):
        session = self.sessions.get(world)
        if fresh or not session or session.state != "ready":
            if session:
                session.close()
            session = self.sessions[world] = world.agent(self.name)
            if session.state != "ready":
                raise RuntimeError(f"login: {wire.errors(session.messages) or session.why_closed}")
        return session

    def _ask(self, world, sql):
        session = self._session(world)
        for last in (False, True):  # the connection may have been idle for too long
            if not wire.errors(session.query("BEGIN")) and session.state == "ready":
                break
            if last:
                raise RuntimeError(f"BEGIN: {session.why_closed}")
            session = self._session(world, fresh=True)
        answer = session.query(sql)
        if session.state == "ready":
            session.query("ROLLBACK")
        session.messages.clear()
        return answer, compare.normal(answer, own_names(world, session.pid), self.hashed)

    def run(self, sql):
        """(what was done with it, same or not, one transcript, the other)"""
        def ask():
            self.twins.in_step()
            return self.twins.all(lambda w, _: self._ask(w, sql))
        def again():
            time.sleep(PAUSE_S)
            return [t for _, t in ask()]
        first = ask()
        verdict = compare.judge([t for _, t in first], again)
        return self._kind(first[0][0]), verdict, first[0][1], first[1][1]

    @staticmethod
    def _kind(answer):
        errors = wire.errors(answer)
        if any(bypass.is_refusal(e) for e in errors):
            return REFUSED
        if errors:
            return ERROR
        hidden = any(v in (b"hidden", b"***") or (v or b"").startswith(b"tok_") for r in wire.rows(answer) for v in r)
        return MASKED if hidden else PLAIN
