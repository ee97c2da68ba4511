#!/usr/bin/python3
"""MariaDB behind the gateway, with real clients: the mariadb command line, PyMySQL, mysqlclient (MySQLdb).

`mysql` as first word: the same before MySQL 9, once tests/support/mysql_servers.py has fetched it. Further words choose tests.
"""
import json
import pathlib
import struct
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from checks import run_tests  # noqa: E402
from env import Env  # noqa: E402
from process import WAIT_S  # noqa: E402

POLICY = """version: 1
roles:
  - {name: agent, match: {sub: "*"}, databases: [shop]}
  - {name: dba, match: {sub: "*"}, databases: ["*"], may_approve: true}
rules:
  - {name: no-destruction, effect: deny, roles: [agent], verbs: [delete, truncate, ddl.drop, "admin.*", copy.file]}
  - {name: ddl-needs-a-person, effect: review, roles: [agent], verbs: ["ddl.*"]}
  - {name: work, effect: allow, verbs: ["*"]}
"""
MASKS = """masks:
  - {name: email, columns: ["*.customers.email", "*.v_customers.email"], mask: email}
  - {name: ssn, columns: ["*.customers.ssn"], mask: partial, keep_last: 4}
  - {name: phone, columns: ["*.customers.phone"], mask: redact}
  - {name: card, columns: ["*.customers.card"], mask: "null"}
"""
LIMITS = """limits:
  - {name: small, roles: [agent], rows_returned: 5, statement_s: 2}
detectors:
  - {name: cards, roles: [agent], card: mask, email: flag}
"""

SLOW = "select count(*) from orders a, orders b, orders c, orders d, orders e, orders f, orders g, orders h where a.id * rand() < h.id - 1000"


class World:
    def __init__(self, server="mariadb"):
        self.env = Env(server=server, policy=POLICY, config={"approvals": {"hold_s": 2}}, databases=None).__enter__()
        self.env.mysql.create_database("other")
        self.env.mysql.sql("CREATE TABLE secrets (v INT); INSERT INTO secrets VALUES (42)", "other")
        self.env.mysql.sql(f"GRANT ALL ON other.* TO '{self.env.login}'@'%'")
        self.limited = self.env.add_gateway("limited", POLICY + LIMITS)
        self.masked = self.env.add_gateway("masked", POLICY + MASKS)

    def close(self):
        self.env.close()

    @property
    def ca(self):
        return str(self.env.authority.certificate)

    def cli(self, text, user="agent", database="shop", token=None, more=(), gateway=None):
        token = token or self.env.token(user)
        return subprocess.run(["mariadb", "--no-defaults", "-N", "-B", "--host=127.0.0.1", f"--port={(gateway or self.env.gateway).port}", f"--user={user}",
                               f"--ssl-ca={self.ca}", "--ssl-verify-server-cert", "--default-character-set=utf8mb4", *more, database],
                              input=text, text=True, capture_output=True, timeout=WAIT_S * 4, env={"MYSQL_PWD": token, "PATH": "/usr/bin:/bin"})

    def pymysql(self, user="agent", database="shop", token=None, gateway=None, **more):
        import pymysql

        return pymysql.connect(host="127.0.0.1", port=(gateway or self.env.gateway).port, user=user, password=token or self.env.token(user),
                               database=database, ssl={"ca": self.ca}, read_timeout=20, **more)

    def mysqldb(self, user="agent", database="shop"):
        import MySQLdb

        return MySQLdb.connect(host="127.0.0.1", port=self.env.gateway.port, user=user, password=self.env.token(user), database=database,
                               ssl={"ca": self.ca})

    def sessions(self):
        return [json.loads(line) for line in self.env.run("sessions", "--json").splitlines()]


WORLD = None


def refused(what, *words):
    import pymysql

    try:
        what()
    except pymysql.err.MySQLError as e:
        for word in words:
            assert str(word) in str(e), (word, str(e))
        return e
    raise AssertionError("it was not refused")


def test_cli_logs_in_and_reads():
    done = WORLD.cli("select id, name from customers where id < 3; select 1 + 1;")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1\tAlice Moore\n2\tBob Stone\n2\n", done.stdout


def test_a_wrong_token_is_refused():
    done = WORLD.cli("select 1", token="abc.def.ghi")
    assert "ERROR 1045" in done.stderr, done.stderr


def test_no_tls_no_token():
    done = subprocess.run(["mariadb", "--no-defaults", "--host=127.0.0.1", f"--port={WORLD.env.gateway.port}", "--user=agent", "--skip-ssl", "shop"],
                          input="select 1", text=True, capture_output=True, timeout=WAIT_S, env={"MYSQL_PWD": "x", "PATH": "/usr/bin"})
    assert "TLS" in done.stderr, done.stderr


def test_pymysql():
    with WORLD.pymysql() as c, c.cursor() as cur:
        cur.execute("select id, name, created_at from customers where id in (%s, %s) order by id", (1, 7))
        rows = cur.fetchall()
        assert rows[1][1] == "佐藤 健", rows
        cur.execute("insert into scratch values (10, 'ten')")
        assert cur.rowcount == 1
        c.rollback()
        cur.execute("select count(*) from scratch where id = 10")
        assert cur.fetchone() == (0,)
        c.ping()


def test_mysqldb():
    c = WORLD.mysqldb()
    cur = c.cursor()
    cur.execute("select total from orders where id = %s", (2,))
    assert str(cur.fetchone()[0]) == "25.50"
    c.close()


def test_destruction_is_blocked():
    with WORLD.pymysql() as c, c.cursor() as cur:
        for text in ("drop table customers", "delete from customers", "delete c from customers c join orders o on o.customer_id = c.id",
                     "truncate table orders", "replace into scratch values (1, 'x')", "select * from customers into outfile '/tmp/x'"):
            refused(lambda t=text: cur.execute(t), "blocked by policy rule", "no-destruction")
        refused(lambda: cur.execute("select 1 /*!50000 , 2 */"), "cannot be judged")
        cur.execute("select count(*) from customers")
        assert cur.fetchone() == (8,)


def test_what_is_out_of_reach():
    with WORLD.pymysql() as c, c.cursor() as cur:
        refused(lambda: cur.execute("select * from other.secrets"), "not within reach")
        refused(lambda: cur.execute("use other"), "not within reach")
        refused(lambda: c.select_db("other"), "not within reach")
        cur.execute("select database()")
        assert cur.fetchone() == ("shop",)


def test_several_statements_one_by_one():
    import pymysql

    with WORLD.pymysql(client_flag=pymysql.constants.CLIENT.MULTI_STATEMENTS) as c, c.cursor() as cur:
        cur.execute("select 1; select id from scratch order by id; select 'a;b'")
        got = [cur.fetchall()]
        while cur.nextset():
            got.append(cur.fetchall())
        assert got == [((1,),), ((1,), (2,)), (("a;b",),)], got
        refused(lambda: cur.execute("insert into scratch values (77, 'x'); drop table scratch"), "no-destruction")
        cur.execute("select count(*) from scratch where id = 77")
        assert cur.fetchone() == (0,)


def test_settings_that_blind_the_gateway():
    with WORLD.pymysql() as c, c.cursor() as cur:
        for text in ("set session_track_system_variables = ''", "set names gbk", "set sql_mode = 'ORACLE'"):
            refused(lambda t=text: cur.execute(t))
        cur.execute("set sql_mode = 'STRICT_TRANS_TABLES,NO_ZERO_DATE'")
        cur.execute("select @@sql_mode")
        assert cur.fetchone() == ("STRICT_TRANS_TABLES,NO_ZERO_DATE",)


def test_ddl_is_held_and_approved():
    with WORLD.pymysql() as c, c.cursor() as cur:
        text = "create table made (id int)"
        e = refused(lambda: cur.execute(text), 1644, "pending", "ticket=")
        ticket = str(e).split("ticket=")[1].split("]")[0].split(" ")[0]
        WORLD.env.run("approve", ticket)
        cur.execute(text)
        refused(lambda: cur.execute(text), 1644)


def test_recorded_and_replayed():
    with WORLD.pymysql() as c, c.cursor() as cur:
        cur.execute("select 6 * 7 as mark, name, email from customers where id < 3")
        Statement(c, "select id, created_at, notes from customers where id = ?").execute(2)
        refused(lambda: cur.execute("drop table orders"))
    time.sleep(0.3)
    shown = ""
    for session in WORLD.sessions():
        shown += WORLD.env.run("replay", session["session"]) + WORLD.env.run("replay", "--transcript", session["session"])
    for what in ("drop table orders", "deny by no-destruction", " mark | name        | email", " 42   | Alice Moore | alice.moore@example.com\n", "(2 rows)", "-- with ?1 = 2",
                 ' 2  | 2024-01-01 00:00:00 | {"tag": "std", "lang": "de"}\n', "-- denied"):
        assert what in shown, (what, [line for line in shown.splitlines() if "2024" in line or "mark" in line or "42" in line])


def test_masked_reads():
    done = WORLD.cli("select name, email, ssn, phone, card from customers where id = 1; select tax_id from v_customers where id = 2;"
                     "select count(*), max(id) from orders; show tables", gateway=WORLD.masked)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    name, email, ssn, phone, card = lines[0].split("\t")
    assert name == "Alice Moore" and "@" in email and "alice" not in email, lines
    assert ssn.endswith("1120") and "078" not in ssn and phone == "***" and card == "NULL", lines
    assert lines[1].endswith("9999") and "219" not in lines[1], lines
    assert lines[2] == "10\t10", lines


def test_what_could_tell_what_is_masked():
    secret = ("078-05-1120", "alice.moore", "4111")
    with WORLD.pymysql(gateway=WORLD.masked) as c, c.cursor() as cur:
        for text in ("select concat(ssn, '') from customers", "select id from customers where ssn like '078%'", "select max(email) from customers",
                     "select extractvalue('<a/>', concat('~', ssn)) from customers", "select ssn from customers union select 'x'",
                     "insert into scratch select id, ssn from customers", "select @x := ssn from customers", "show warnings", "call p_list()",
                     "select f_get_ssn(1)", "explain select ssn from customers", "create temporary table customers (id int)",
                     "update customers set ssn = '***' where id = 1", "select * from customers order by ssn", "handler customers open"):
            try:
                cur.execute(text)
                shown = str(cur.fetchall())
            except Exception as e:
                shown = str(e)
                assert "timed out" not in shown, text
            for word in secret:
                assert word not in shown, (text, shown)
        cur.execute("select * from customers where id = 1")
        row = cur.fetchone()
        assert row[0] == 1 and not any(w in str(row) for w in secret), row
        cur.execute("with c as (select ssn as q from customers where id = 1) select q from c")
        assert cur.fetchone()[0].endswith("1120")
        assert "1062" in str(refused(lambda: cur.execute("insert into customers (id, name) values (1, 'x')")))
        refused(lambda: cur.execute("select nothing_such from scratch"))


def test_limits_and_detectors():
    with WORLD.pymysql(gateway=WORLD.limited) as c, c.cursor() as cur:
        refused(lambda: cur.execute("select id from customers order by id"), "limit.rows_returned")
        cur.execute("select count(*) from customers")
        assert cur.fetchone() == (8,)
        refused(lambda: cur.execute(SLOW), "limit.statement_s")
        cur.execute("select card, email, concat(card, '') from customers where id = 1")
        row = cur.fetchone()
        assert "4111" not in str(row) and row[1] == "alice.moore@example.com", row
        row = Statement(c, "select card from customers where id = 1").execute()[0]
        assert b"4111" not in row, row


def test_kill_query_and_field_list():
    with WORLD.pymysql(autocommit=True) as c, c.cursor() as cur, WORLD.pymysql() as other, WORLD.pymysql(user="dba") as dba:
        said = []
        t = threading.Thread(target=lambda: said.append(refused(lambda: cur.execute(SLOW))))
        t.start()
        time.sleep(0.5)
        with dba.cursor() as x:
            x.execute(f"kill query {c.thread_id()}")
        time.sleep(0.3)
        assert t.is_alive(), "another principal cancelled it"
        with other.cursor() as x:
            x.execute(f"kill query {c.thread_id()}")
            refused(lambda: x.execute("kill 1"), "kill")
        t.join(10)
        assert "1317" in str(said[0]) or "1969" in str(said[0]), said
        cur.execute("select 1")
        c._execute_command(0x04, b"scratch\0")
        assert b"scratch" in c._read_packet()._data
        for _ in range(2):
            c._read_packet()
        c.ping()
    done = WORLD.cli("select 1", more=("--auto-rehash",))
    assert done.stdout == "1\n", done


class Statement:
    """COM_STMT_* on a PyMySQL connection, which has none of its own."""

    def __init__(self, c, sql):
        self.c = c
        c._execute_command(0x16, sql)
        first = c._read_packet()._data
        self.id, columns, self.parameters = struct.unpack_from("<IHH", first, 1)
        for count in (self.parameters, columns):
            for _ in range(count + 1 if count else 0):
                c._read_packet()

    def send(self, code, body=b""):
        self.c._execute_command(code, struct.pack("<I", self.id) + body)

    def long_data(self, i, data):
        self.send(0x18, struct.pack("<H", i) + data)

    def execute(self, *values, types=None, cursor=0):
        """Strings and integers, None for NULL, Ellipsis for what long_data() sent. Rows as (payload, ...)."""
        nulls, kinds, data = bytearray((len(values) + 7) // 8), b"", b""
        for i, v in enumerate(values):
            kinds += b"\x08\x00" if isinstance(v, int) else b"\xfd\x00"
            if v is None:
                nulls[i // 8] |= 1 << i % 8
            elif isinstance(v, int):
                data += struct.pack("<q", v)
            elif v is not ...:
                data += bytes([len(v.encode())]) + v.encode()
        bound = bytes(nulls) + (b"\x01" + kinds if types is None else b"\x00") + data if values else b""
        self.send(0x17, struct.pack("<BI", cursor, 1) + bound)
        first = self.c._read_packet()
        if first.is_ok_packet():
            return []
        self.columns = []
        for _ in range(first.read_length_encoded_integer()):
            self.columns.append(self.c._read_packet())
        self.c._read_packet()
        rows = []
        while True:
            p = self.c._read_packet()
            if p.is_eof_packet():
                return rows
            rows.append(p._data)


def test_prepared_statements():
    with WORLD.pymysql() as c:
        st = Statement(c, "select id, name from customers where id = ? and name like ?")
        assert st.parameters == 2
        for _ in range(3):
            assert b"Bob Stone" in st.execute(2, "Bob%")[0]
        assert st.execute(3, "Bob%") == []
        assert b"Alice" in st.execute(1, "Ali%", types=False)[0], "the types of before"
        st.long_data(1, b"Ca")
        st.long_data(1, b"rol%")
        assert b"Carol" in st.execute(3, ..., cursor=1)[0]
        ins = Statement(c, "insert into scratch values (?, ?)")
        assert ins.execute(50, "fifty") == [] and ins.execute(51, None) == []
        c.rollback()
        st.send(0x1a)
        c._read_ok_packet()
        st.send(0x19)
        refused(lambda: st.execute(1, "x"), 1243)
        refused(lambda: Statement(c, "delete from customers where id = ?"), "no-destruction")
        refused(lambda: Statement(c, "select * from other.secrets where v = ?"), "not within reach")
        one, two = Statement(c, "select 1"), Statement(c, "select 2")
        assert one.id != two.id and one.execute()[0][2:] != two.execute()[0][2:]


def test_prepared_rows_are_masked():
    with WORLD.pymysql(gateway=WORLD.masked) as c:
        st = Statement(c, "select id, ssn, email, phone, card, created_at from customers where id = ?")
        for _ in range(2):
            row = st.execute(1)[0]
            assert b"****1120" in row and b"078-05" not in row and b"alice" not in row and b"4111" not in row, row
        refused(lambda: Statement(c, "select id from customers where ssn = ?").execute("078-05-1120"), "flow.")


def test_prepared_ddl_is_held():
    with WORLD.pymysql() as c:
        st = Statement(c, "create table made_too (id int)")
        e = refused(lambda: st.execute(), 1644, "ticket=")
        WORLD.env.run("approve", str(e).split("ticket=")[1].split("]")[0])
        assert st.execute() == []


def test_reset_connection():
    with WORLD.pymysql() as c, c.cursor() as cur:
        cur.execute("set @a = 1, autocommit = 0")
        c._execute_command(0x1f, b"")
        c._read_ok_packet()
        cur.execute("select @a, @@character_set_client, @@session_track_schema, database()")
        assert cur.fetchone() == (None, "utf8mb4", 1, "shop")
        c._execute_command(0x11, b"root\0\0\0")
        refused(lambda: c._read_ok_packet(), "COM_CHANGE_USER")


if __name__ == "__main__":
    words = sys.argv[1:]
    WORLD = World(words.pop(0)) if words and not words[0].startswith("test_") else World()
    try:
        chosen = {k: v for k, v in globals().items() if not k.startswith("test_") or not words or k in words}
        status = run_tests(chosen)
    finally:
        WORLD.close()
    sys.exit(status)
