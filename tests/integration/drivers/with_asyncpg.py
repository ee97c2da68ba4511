"""asyncpg: always binary; prepared statements, portals with row limits, COPY, notifications, timeouts by cancel requests."""
import asyncio
import hashlib
import io
import ssl

import asyncpg

COLUMNS = "id, name, email, ssn, phone, card"


async def connect(where):
    return await asyncpg.connect(host=where["host"], port=where["port"], user=where["user"], password=where["password"],
                                 database=where["database"], ssl=ssl.create_default_context(cafile=where["ca"]))


async def failure(what):
    try:
        await what
    except asyncpg.PostgresError as e:
        return [type(e).__name__, e.sqlstate, str(e)]
    except (asyncio.TimeoutError, asyncpg.InterfaceError) as e:
        return [type(e).__name__]
    return "no error"


async def types(c):
    row = await c.fetchrow("SELECT $1::int8, $2::text, $3::float8, $4::bytea, $5::jsonb, $6::int4[], $7::numeric, $8::bool",
                           2 ** 40, "tëxt", 0.1, b"\x00\xff", '{"a": 1}', [1, None, 3], 10, True)
    more = await c.fetchrow("SELECT '2024-02-29'::date, '1 day'::interval, '10.0.0.0/8'::cidr, int4range(1, 5), row(1, 'x'::text),"
                            " 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '12:00'::time, '2024-01-01 00:00+02'::timestamptz")
    return [repr(v) for v in [*row, *more]]


async def prepared(c):
    st = await c.prepare("SELECT id, v FROM t4 WHERE id > $1 ORDER BY id")
    out = [[(a.name, a.type.name) for a in st.get_attributes()], [p.name for p in st.get_parameters()]]
    out += [[tuple(r) for r in await st.fetch(n)] for n in (17, 3)]
    return [*out, await st.fetchval(18, column=1)]


async def portals(c):
    out = []
    async with c.transaction():
        out.append(sum([r["id"] async for r in c.cursor("SELECT id FROM t4 ORDER BY id", prefetch=7)]))
        cur = await c.cursor("SELECT id FROM t4 ORDER BY id")
        out.append([r["id"] for r in await cur.fetch(4)])
        out.append(await cur.forward(5))
        out.append((await cur.fetchrow())["id"])
    return out


async def copying(c):
    out = [await c.copy_records_to_table("t4", records=[(i, f"c{i}") for i in range(1000, 2000)]),
           await c.copy_to_table("t4", source=io.BytesIO(b"5000,five\n5001,\n"), format="csv")]
    for more in ({"format": "csv"}, {"format": "binary"}, {}):
        sink = io.BytesIO()
        out.append(await c.copy_from_query("SELECT * FROM t4 ORDER BY id", output=sink, **more))
        out.append(hashlib.sha256(sink.getvalue()).hexdigest())
    return [*out, await failure(c.copy_to_table("t4", source=io.BytesIO(b"1,dup\n"), format="csv"))]


async def transactions(c):
    out = []
    try:
        async with c.transaction():
            await c.execute("INSERT INTO t4 VALUES (7000, 'x')")
            out.append(await failure(c.execute("SELECT 1 / 0")))
            out.append(await failure(c.execute("SELECT 1")))
            raise ValueError
    except ValueError:
        pass
    async with c.transaction(isolation="repeatable_read", readonly=True):
        out.append(await failure(c.execute("CREATE TABLE never (id int)")))
    await c.executemany("INSERT INTO t4 VALUES ($1, $2)", [(i, "many") for i in range(8000, 8100)])
    out.append(await failure(c.executemany("INSERT INTO t4 VALUES ($1, $2)", [(9000, "a"), (8000, "dup"), (9001, "b")])))
    return [*out, tuple(await c.fetchrow("SELECT count(*), max(id) FROM t4"))]


async def cancelled(c):
    out = [await failure(c.fetch("SELECT pg_sleep(20)", timeout=0.3)), await c.fetchval("SELECT 'after a timeout'")]
    task = asyncio.ensure_future(c.fetch("SELECT pg_sleep(20)"))
    await asyncio.sleep(0.2)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        out.append("cancelled")
    return [*out, await c.fetchval("SELECT 'after a cancel'")]


async def notified(c, where):
    other, got = await connect(where), asyncio.Queue()
    await c.add_listener("from_asyncpg", lambda _, pid, channel, payload: got.put_nowait((pid == other.get_server_pid(), channel, payload)))
    await other.execute("NOTIFY from_asyncpg, 'one'")
    await other.fetchval("SELECT pg_notify('from_asyncpg', $1)", "two")
    out = [await asyncio.wait_for(got.get(), 10) for _ in range(2)]
    await c.reset()
    await other.close()
    return out


async def _work(where):
    c, told = await connect(where), []
    c.add_log_listener(lambda _, m: told.append((m.severity, m.message)))
    out = [await types(c)]
    await c.execute("CREATE TEMP TABLE t4 (id int PRIMARY KEY, v text);"
                    "INSERT INTO t4 SELECT i, 'v' || i FROM generate_series(1, 20) i")
    for step in (prepared, portals, copying, transactions, cancelled):
        out.append(await step(c))
    await c.execute("DO $$ BEGIN RAISE NOTICE 'told'; END $$")
    out += [told, await notified(c, where), c.get_settings().DateStyle, tuple(c.get_server_version())]
    out.append(await failure(c.fetch("SELECT nothing FROM nowhere")))
    await c.close()
    return out


async def _masked(where):
    c = await connect(where)
    sql = f"SELECT {COLUMNS} FROM customers ORDER BY id"
    out = {"binary": [tuple(r) for r in await c.fetch(sql)]}
    st = await c.prepare(sql)
    await st.fetch()
    out["prepared"] = [tuple(r) for r in await st.fetch()]
    async with c.transaction():
        out["row limits"] = [tuple(r) async for r in c.cursor(sql, prefetch=3)]
    await c.close()
    return out


def work(where):
    return asyncio.run(_work(where))


def masked(where):
    return asyncio.run(_masked(where))
