"""psycopg 3: extended protocol, prepared statements, binary, pipeline mode, server cursors, COPY in both formats, notifications."""
import logging
import threading

import psycopg
from psycopg.rows import dict_row

logging.getLogger("psycopg").setLevel(logging.CRITICAL)  # it warns of every pipeline that fails, as ours shall
COLUMNS = "id, name, email, ssn, phone, card"


def connect(where, **more):
    return psycopg.connect(host=where["host"], port=where["port"], user=where["user"], password=where["password"],
                           dbname=where["database"], sslmode="verify-full", sslrootcert=where["ca"], **more)


def failure(run, *args):
    try:
        run(*args)
    except psycopg.Error as e:
        return [type(e).__name__, e.sqlstate, e.diag.message_primary, e.diag.message_detail]
    return "no error"


def types(connection):
    sql = ("SELECT %s::int4, %s::text, %s::float8, %s::bytea, %s::jsonb, %s::timestamptz, %s::int4[], %s::uuid, %s::numeric,"
           " %s::interval, %s::date, %s::inet")
    args = (7, "tëxt", 1.25, b"\x00\x01", '{"a": [1]}', "2024-05-05 10:00+00", [1, 2, 3],
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "12.500", "3 days", "2024-02-29", "10.0.0.1/8")
    return [[repr(v) for v in connection.cursor(binary=binary).execute(sql, args).fetchone()] for binary in (False, True)]


def prepared(connection):
    out = []
    for i in range(12):  # the 6th is prepared by psycopg itself
        out.append(connection.execute("SELECT %s::int + 1, %s::text", (i, f"p{i}")).fetchone())
    out.append(connection.execute("SELECT v FROM t3 WHERE id = %s", (3,), prepare=True).fetchall())
    connection.execute("ALTER TABLE t3 ADD COLUMN w int DEFAULT 9")
    out.append(failure(lambda: connection.execute("SELECT * FROM t3 WHERE id = %s", (3,), prepare=True).fetchall()))
    return out


def pipelined(connection):
    out = []
    with connection.pipeline() as p:
        cursors = [connection.execute("INSERT INTO t3 (id, v) VALUES (%s, %s) RETURNING id", (100 + i, "in pipeline"))
                   for i in range(200)]
        p.sync()
        out += [sum(c.fetchone()[0] for c in cursors), connection.execute("SELECT count(*) FROM t3").fetchone()]
    connection.commit()

    def broken():
        with connection.pipeline():
            connection.execute("INSERT INTO t3 (id, v) VALUES (9000, 'lost')")
            connection.execute("INSERT INTO t3 (id, v) VALUES (100, 'twice')")
            connection.execute("INSERT INTO t3 (id, v) VALUES (9001, 'lost')")
    out.append(failure(broken))
    connection.rollback()
    out.append(connection.execute("SELECT count(*) FROM t3 WHERE v = 'lost'").fetchone())
    with connection.cursor() as c:
        c.executemany("INSERT INTO t3 (id, v) VALUES (%s, %s) RETURNING id", [(i, "many") for i in range(500, 560)], returning=True)
        total = 0
        while True:
            total += c.fetchone()[0]
            if not c.nextset():
                break
    return [*out, total]


def large(connection):
    """Statements of nearly a megabyte behind others that wait for the record."""
    with connection.pipeline():
        for i in range(8):
            connection.execute("INSERT INTO t3 (id, v) VALUES (%s, 'small')", (20000 + i,))
            connection.execute("INSERT INTO t3 (id, v) VALUES (%s, %s)", (30000 + i, "y" * 900000))
    row = connection.execute("SELECT count(*), sum(length(v)) FROM t3 WHERE id >= 20000").fetchone()
    connection.rollback()
    return row


def copying(connection):
    out = []
    with connection.cursor() as c:
        with c.copy("COPY t3 (id, v) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["int4", "text"])
            for i in range(1000, 1500):
                copy.write_row((i, f"b{i}"))
        out.append(c.rowcount)
        for form in ("text", "binary", "csv"):
            with c.copy(f"COPY (SELECT id, v FROM t3 ORDER BY id) TO STDOUT (FORMAT {form})") as copy:
                out.append(hash_of(b"".join(bytes(block) for block in copy)))

        def bad():
            with c.copy("COPY t3 (id, v) FROM STDIN") as copy:
                copy.write("77777\tok\nnot a number\tx\n")
        out.append(failure(bad))
        connection.rollback()

        def given_up():
            with c.copy("COPY t3 (id, v) FROM STDIN") as copy:
                copy.write("77777\tok\n")
                raise psycopg.DataError("the client gives up")
        out.append(failure(given_up))
        connection.rollback()
        out.append(c.execute("SELECT count(*) FROM t3").fetchone())
    return out


def hash_of(b):
    import hashlib
    return [len(b), hashlib.sha256(b).hexdigest()]


def cursors(connection):
    out = []
    for binary in (False, True):
        with connection.cursor("srv", binary=binary, scrollable=True) as c:
            c.execute("SELECT id, v FROM t3 ORDER BY id")
            out.append(c.fetchmany(5))
            c.scroll(3)
            out.append(c.fetchone())
            c.scroll(-2)
            out.append(c.fetchone())
        with connection.cursor("srv", binary=binary) as c:
            c.itersize = 70
            out.append(sum(row[0] for row in c.execute("SELECT id FROM t3 ORDER BY id")))
    out.append([row[0] for row in connection.cursor().stream("SELECT generate_series(1, 50)")][-1])
    return out


def cancelled(connection):
    timer = threading.Timer(0.3, connection.cancel)
    timer.start()
    answer = failure(connection.execute, "SELECT pg_sleep(20)")
    timer.join()
    connection.rollback()
    return [answer, connection.execute("SELECT 'after a cancel'").fetchone()]


def transactions(connection):
    out = []
    with connection.transaction():
        connection.execute("INSERT INTO t3 (id, v) VALUES (8000, 'outer')")
        out.append(failure(inner, connection))
        out.append(connection.execute("SELECT count(*) FROM t3 WHERE id BETWEEN 8000 AND 8001").fetchone())
    return out


def inner(connection):
    with connection.transaction():
        connection.execute("INSERT INTO t3 (id, v) VALUES (8001, 'inner')")
        connection.execute("SELECT 1 / 0")


def notified(where):
    with connect(where, autocommit=True) as c:
        got = []
        c.add_notify_handler(lambda n: got.append((n.channel, n.payload)))
        c.execute("LISTEN from_psycopg3")
        c.execute("SELECT pg_notify('from_psycopg3', 'a'), pg_notify('from_psycopg3', 'b')")
        c.execute("SELECT 1")
        return got


def work(where):
    with connect(where) as connection:
        out = [types(connection)]
        connection.execute("CREATE TEMP TABLE t3 (id int PRIMARY KEY, v text)")
        connection.execute("INSERT INTO t3 SELECT i, 'v' || i FROM generate_series(1, 20) i")
        out += [prepared(connection)]
        connection.rollback()
        connection.execute("CREATE TEMP TABLE t3 (id int PRIMARY KEY, v text)")
        connection.commit()
        for step in (pipelined, large, copying, cursors, transactions, cancelled):
            out.append(step(connection))
        out.append(connection.cursor(row_factory=dict_row).execute("SELECT 1 AS one, NULL AS none").fetchall())
        out.append([failure(connection.execute, "SELECT %s::int", ("x",)), connection.info.transaction_status.name])
    return [*out, notified(where)]


def masked(where):
    sql, out = f"SELECT {COLUMNS} FROM customers ORDER BY id", {}
    with connect(where) as c:
        out["extended, text"] = c.execute(f"{sql} LIMIT %s", (100,)).fetchall()
        out["extended, binary"] = c.cursor(binary=True).execute(sql + " LIMIT %s", (100,)).fetchall()
        for i in range(7):
            out["prepared, binary"] = c.cursor(binary=True).execute(sql + " OFFSET %s", (0,), prepare=True).fetchall()
        with c.pipeline():
            cursors = [c.execute(sql + " LIMIT %s", (n,)) for n in (3, 100)]
            out["pipeline"] = cursors[1].fetchall()
            assert cursors[0].fetchall() == out["pipeline"][:3]
        for binary in (False, True):
            with c.cursor("srv", binary=binary) as s:
                out[f"server cursor, binary {binary}"] = s.execute(sql).fetchall()
    return out
