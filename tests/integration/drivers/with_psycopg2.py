"""psycopg2: simple protocol, client and server cursors, COPY, notices, notifications, cancel."""
import io
import select
import threading
import time

import psycopg2
import psycopg2.errorcodes
import psycopg2.extras

COLUMNS = "id, name, email, ssn, phone, card"


def connect(where):
    return psycopg2.connect(host=where["host"], port=where["port"], user=where["user"], password=where["password"],
                            dbname=where["database"], sslmode="verify-full", sslrootcert=where["ca"])


def failure(cursor, sql, *args):
    try:
        cursor.execute(sql, *args)
    except psycopg2.Error as e:
        return [e.pgcode, e.diag.severity, e.diag.message_primary, e.diag.message_detail, e.diag.statement_position]
    return "no error"


def types(cursor):
    cursor.execute("SELECT %s, %s, %s, %s::numeric, %s, ARRAY[1, 2, NULL], '2024-02-29'::date, '1 day 2 hours'::interval,"
                   " '{\"a\": 1}'::json", (1, "text'\\", None, 1.5, b"\x00\xff"))
    return [repr(v) if not isinstance(v, memoryview) else bytes(v).hex() for v in cursor.fetchone()]


def copying(cursor):
    cursor.copy_expert("COPY t2 FROM stdin", io.StringIO("".join(f"{i}\tv{i}\n" for i in range(2000))))
    out = io.StringIO()
    cursor.copy_expert("COPY (SELECT * FROM t2 ORDER BY id) TO stdout", out)
    return [cursor.rowcount, len(out.getvalue()), out.getvalue()[-20:]]


def server_cursor(connection):
    with connection.cursor(name="srv") as c:
        c.itersize = 300
        c.execute("SELECT id, v FROM t2 ORDER BY id")
        some = c.fetchmany(3)
        return [some, sum(row[0] for row in c)]


def cancelled(connection):
    cursor = connection.cursor()
    timer = threading.Timer(0.3, connection.cancel)
    timer.start()
    start = time.monotonic()
    answer = failure(cursor, "SELECT pg_sleep(20)")
    timer.join()
    connection.rollback()
    cursor.execute("SELECT 'after a cancel'")
    return [answer, time.monotonic() - start < 15, cursor.fetchone()]


def notified(connection):
    connection.commit()
    connection.set_session(autocommit=True)
    cursor = connection.cursor()
    cursor.execute("LISTEN from_psycopg2")
    cursor.execute("NOTIFY from_psycopg2, 'hello'")
    end = time.monotonic() + 10
    while not connection.notifies and time.monotonic() < end:
        select.select([connection], [], [], 0.2)
        connection.poll()
    return [(n.channel, n.payload, n.pid == connection.info.backend_pid) for n in connection.notifies]


def work(where):
    connection, out = connect(where), []
    cursor = connection.cursor()
    out.append(types(cursor))
    cursor.execute("CREATE TEMP TABLE t2 (id int PRIMARY KEY, v text)")
    out += [copying(cursor), server_cursor(connection)]
    psycopg2.extras.execute_values(cursor, "INSERT INTO t2 VALUES %s", [(5000 + i, "x") for i in range(500)])
    psycopg2.extras.execute_batch(cursor, "UPDATE t2 SET v = %s WHERE id = %s", [(str(i), i) for i in range(300)])
    cursor.execute("SELECT count(*), sum(length(v)) FROM t2")
    out.append(cursor.fetchall())
    connection.commit()
    out += [failure(cursor, "INSERT INTO t2 VALUES (1)"), failure(cursor, "SELECT 1"), connection.info.transaction_status]
    connection.rollback()
    out.append(failure(cursor, "SELEC 1"))
    connection.rollback()
    cursor.execute("DO $$ BEGIN RAISE NOTICE 'told'; END $$")
    out.append(connection.notices)
    cursor.execute("SELECT length(repeat('z', 3000000))")
    out += [cursor.fetchall(), cancelled(connection), notified(connection)]
    out.append([connection.get_parameter_status(n) for n in ("server_encoding", "client_encoding", "DateStyle", "integer_datetimes",
                                                             "standard_conforming_strings", "server_version", "TimeZone")])
    connection.close()
    return out


def masked(where):
    connection = connect(where)
    cursor = connection.cursor()
    cursor.execute(f"SELECT {COLUMNS} FROM customers ORDER BY id")
    plain = cursor.fetchall()
    with connection.cursor(name="srv") as c:
        c.itersize = 2
        c.execute(f"SELECT {COLUMNS} FROM customers ORDER BY id")
        server = c.fetchall()
    connection.close()
    return {"text": plain, "server cursor": server}
