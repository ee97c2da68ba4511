#!/usr/bin/python3
"""Pools of real drivers through the sample policy: what they say between two users leaves a clean session, and the same connection."""
import asyncio
import pathlib
import ssl
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support")]
import asyncpg  # noqa: E402
import psycopg  # noqa: E402
import psycopg2  # noqa: E402
from checks import Skip, run_tests  # noqa: E402
from env import Env  # noqa: E402
from raw import SYNC, Raw, bind, close, connect, describe, execute, parse, query  # noqa: E402

try:
    import psycopg_pool
except ImportError:
    psycopg_pool = None

def sessions(env):
    return env.gateway.logged().count('"session.open"')


# ---- asyncpg ----
async def pool_of_asyncpg(env):
    tls = ssl.create_default_context(cafile=str(env.authority.certificate))
    return await asyncpg.create_pool(host="127.0.0.1", port=env.gateway.port, user="agent", password=env.token("agent"), database="shop",
                                     ssl=tls, min_size=1, max_size=1, server_settings={"timezone": "Asia/Tokyo"})


async def use(c):
    """Leaves a mess; what was there before is what a new connection has."""
    found = [await c.fetchval("SHOW " + s) for s in ("search_path", "timezone", "statement_timeout", "client_encoding", "application_name")]
    email = await c.fetchval("SELECT email FROM customers WHERE id = $1", 1)
    await c.execute("SET search_path = pg_catalog; SET timezone = 'UTC'; SET statement_timeout = '77s'")
    await c.execute("SET application_name = 'mess'")
    await c.fetch("SELECT id FROM public.orders WHERE id > $1", 0)
    return found, email, c.get_server_pid(), c.get_settings().TimeZone


async def asyncpg_rounds(env):
    pool, before, seen = await pool_of_asyncpg(env), sessions(env), []
    for _ in range(4):
        async with pool.acquire() as c:
            seen.append(await use(c))
    await pool.close()
    return before, seen


def test_asyncpg_gets_its_connection_back(env):
    before, seen = asyncio.run(asyncpg_rounds(env))
    assert all(s == seen[0] for s in seen), seen
    assert seen[0][0][1] == "Asia/Tokyo" and seen[0][0][3] == "UTF8" and "mess" not in seen[0][0], seen[0]
    assert seen[0][1].startswith("tok_"), seen[0]
    assert sessions(env) == before, "the pool connected again"


async def asyncpg_open_transactions(env):
    pool, pids = await pool_of_asyncpg(env), set()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)  # it complains of each
    for statement in ("SELECT 1", "SELECT 1/0", "SELECT no_such_column", "SELECT email FROM customers"):
        c = await pool.acquire()
        pids.add(c.get_server_pid())
        await c.execute("BEGIN; SET LOCAL timezone = 'UTC'")
        try:
            await c.fetch(statement)
        except asyncpg.PostgresError:
            pass
        await pool.release(c)
    async with pool.acquire() as c:
        pids.add(c.get_server_pid())
        zone = await c.fetchval("SHOW timezone")
    await pool.close()
    return pids, zone


def test_asyncpg_gives_back_open_transactions(env):
    pids, zone = asyncio.run(asyncpg_open_transactions(env))
    assert len(pids) == 1 and zone == "Asia/Tokyo", (pids, zone)


# ---- psycopg ----
def where(env, role="agent"):
    return {"host": "127.0.0.1", "port": env.gateway.port, "user": role, "password": env.token(role), "dbname": "shop",
            "sslmode": "verify-full", "sslrootcert": str(env.authority.certificate)}


def psycopg_rounds(env, reset):
    if not psycopg_pool:
        raise Skip("python3-psycopg-pool is not installed")
    before, seen, mine = sessions(env), [], " ".join(f"{k}={v}" for k, v in where(env).items())
    with psycopg_pool.ConnectionPool(mine, kwargs={"autocommit": True, "options": "-c timezone=Asia/Tokyo"}, min_size=1, max_size=1,
                                     reset=reset) as pool:
        for _ in range(4):
            with pool.connection() as c:
                c.prepare_threshold = 0 if reset is None else None
                zone = c.execute("SHOW timezone").fetchone()[0]
                email = c.execute("SELECT email FROM customers WHERE id = %s", (1,)).fetchone()[0]
                c.execute("SET timezone = 'UTC'")
                c.execute("SET search_path = public")
                c.execute("PREPARE mine AS SELECT 1")
                c.execute("DECLARE held CURSOR WITH HOLD FOR SELECT id FROM orders")
                seen.append((zone, email, c.info.backend_pid, c.info.parameter_status("TimeZone")))
    assert all(s == seen[0] for s in seen) and seen[0][0] == "Asia/Tokyo" and seen[0][1].startswith("tok_"), seen
    assert sessions(env) == before + 1, "the pool connected again"


def test_psycopg_pool_discards_all(env):
    psycopg_rounds(env, lambda c: c.execute("DISCARD ALL"))


def test_psycopg_pool_discards_all_in_the_extended_protocol(env):
    psycopg_rounds(env, lambda c: c.execute("DISCARD ALL", prepare=True, binary=True))


def test_psycopg2_resets(env):
    c = psycopg2.connect(**where(env))
    try:
        cursor = c.cursor()
        cursor.execute("SET timezone = 'UTC'")
        c.commit()
        c.autocommit = True
        cursor.execute("RESET ALL")
        assert cursor.statusmessage == "RESET" and c.get_parameter_status("TimeZone") != "UTC"
        cursor.execute("DISCARD ALL")
        assert cursor.statusmessage == "DISCARD ALL"
        cursor.execute("SELECT email FROM customers WHERE id = 1")
        assert cursor.fetchone()[0].startswith("tok_")
    finally:
        c.close()


# ---- what the server says, byte by byte ----
SCRIPT = (("reset all",), ("discard all",), ("discard all;",), ("select 1; reset all; select 2",), ("reset all; reset all; select 1/0; select 2",),
          ("begin",), ("reset all",), ("discard all",), ("select 1",), ("reset all",), ("rollback",), ("select 1; discard all",),
          ("set timezone = 'UTC'",), ("reset all",), ("begin; set timezone = 'UTC'",), ("reset all",), ("rollback",),
          (parse("", "reset all"), bind("", ""), describe(b"P", ""), execute(), SYNC),
          (parse("", "discard all"), bind("", ""), execute(), SYNC),
          (parse("", "select 1"), bind("", ""), execute(), parse("", "reset all"), bind("", ""), execute(), parse("", "select 2"), bind("", ""),
           execute(), SYNC),
          (parse("r", "reset all"), parse("d", "discard all"), SYNC), (bind("", "r"), execute(), SYNC), (bind("", "d"), execute(), SYNC),
          (bind("", "r"), execute(), SYNC), (parse("", "begin"), bind("", ""), execute(), SYNC),
          (parse("", "discard all"), bind("", ""), execute(), SYNC), ("commit",),
          (parse("", "select 1"), bind("", ""), execute(), parse("", "discard all"), bind("", ""), execute(), SYNC),
          ("declare c cursor with hold for select 1; prepare p as select 1",), ("close all; deallocate all; unlisten *; reset all",),
          (close(b"S", "p"), SYNC))


def connect_straight(env):
    """Past the gateway, as a client that knows no SCRAM."""
    rules = env.postgres.data / "pg_hba.conf"
    rules.write_text("hostssl shop bare 127.0.0.1/32 password\n" + rules.read_text())
    env.postgres.sql("CREATE ROLE bare LOGIN PASSWORD 'bare'; SELECT pg_reload_conf()")
    return Raw(env.postgres.port, env.authority.certificate).login("bare", "bare", client_encoding="UTF8")


def said(client):
    """All answers; of errors the SQLSTATE alone (the gateway withholds texts). Server 13 tells of what does not change, too."""
    out = []
    for step in SCRIPT:
        answer = client.ask(*(query(m) if isinstance(m, str) else m for m in step))
        out.append([(k, next((f[1:] for f in b.split(b"\0") if f[:1] == b"C"), b"") if k == b"E" else b) for k, b in answer
                    if not (k == b"S" and b.startswith((b"is_superuser", b"session_authorization", b"client_encoding\0UTF8", b"standard_conforming_strings\0on")))])
    return out


def test_the_client_sees_what_the_server_says(env):
    straight, through = connect_straight(env), connect(env.gateway)
    try:
        for step, expected, got in zip(SCRIPT, said(straight), said(through)):
            assert expected == got, f"{step}: straight {expected}, through {got}"
    finally:
        straight.close()
        through.close()


if __name__ == "__main__":
    with Env() as environment:
        status = run_tests(globals(), environment)
    sys.exit(status)
