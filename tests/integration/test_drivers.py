#!/usr/bin/python3
"""The same work of real drivers, direct and through the gateway, with equal results; and masked reads in every format."""
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "drivers"), str(HERE.parent / "support")]
import psql  # noqa: E402
import with_asyncpg  # noqa: E402
import with_psycopg2  # noqa: E402
import with_psycopg3  # noqa: E402
from checks import Skip, run_tests  # noqa: E402
from env import ALLOW_ALL, Env  # noqa: E402

WAIT_S = 120


class Node:
    """drivers/node_pg.mjs, seen from here like the other drivers."""

    @staticmethod
    def _run(what, where):
        if not (HERE / "drivers" / "node_modules").exists():
            raise Skip("npm ci in tests/integration/drivers was not run")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "NODE_"))} | {"QW_WHERE": json.dumps(where)}
        done = subprocess.run(["node", HERE / "drivers" / "node_pg.mjs", what], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, env=environment, timeout=WAIT_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def work(self, where):
        return self._run("work", where)

    def masked(self, where):
        return self._run("masked", where)


def direct(env):
    return {"host": "localhost", "port": env.postgres.port, "user": env.login, "password": env.password, "database": "shop",
            "ca": str(env.authority.certificate)}


def through(env, gateway, role="agent"):
    return {"host": "127.0.0.1", "port": gateway.port, "user": role, "password": env.token(role), "database": "shop",
            "ca": str(env.authority.certificate)}


def plain(value):
    """Tuples and lists look alike, as they do in JSON."""
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def same_work(env, driver):
    expected, got = plain(driver.work(direct(env))), plain(driver.work(through(env, env.open_gateway)))
    for i, (a, b) in enumerate(zip(expected, got)):
        assert a == b, f"step {i}: direct {a!r}, gateway {b!r}"
    assert len(expected) == len(got), (len(expected), len(got))


def is_masked(row, original):
    """By the sample policy: hashes, a redaction, the last four digits; NULL stays NULL."""
    number, name, email, ssn, phone, card = row
    assert [number, name] == original[:2], (row, original)
    if original[2] is None:
        return row[2:] == [None] * 4
    return (email.startswith("tok_") and phone.startswith("tok_") and email != phone and ssn == "***" and
            card == "****" + original[5][-4:])


def masked_reads(env, driver):
    originals = plain(psql.masked(direct(env))["text"])
    for way, rows in driver.masked(through(env, env.gateway)).items():
        assert len(rows) == len(originals) == 8, (way, len(rows))
        for row, original in zip(plain(rows), originals):
            assert is_masked(row, original), (way, row)
        assert env.seen.setdefault("rows", plain(rows)) == plain(rows), f"{way}: not the masks of the others"


def test_psql(env):
    same_work(env, psql)


def test_psql_masked(env):
    masked_reads(env, psql)


def test_psycopg2(env):
    same_work(env, with_psycopg2)


def test_psycopg2_masked(env):
    masked_reads(env, with_psycopg2)


def test_psycopg3(env):
    same_work(env, with_psycopg3)


def test_psycopg3_masked(env):
    masked_reads(env, with_psycopg3)


def test_asyncpg(env):
    same_work(env, with_asyncpg)


def test_asyncpg_masked(env):
    masked_reads(env, with_asyncpg)


def test_node_pg(env):
    same_work(env, Node())


def test_node_pg_masked(env):
    masked_reads(env, Node())


if __name__ == "__main__":
    with Env() as env:
        env.open_gateway, env.seen = env.add_gateway("open", ALLOW_ALL), {}
        status = run_tests(globals(), env)
    sys.exit(status)
