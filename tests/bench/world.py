"""The contestants of the benches: PostgreSQL direct, PgBouncer and the gateway, all before one server.

Upstream everybody speaks plain TCP with SCRAM. Clients: `-tls` and `-plain` say what the client speaks; the gateway takes
only TLS, so it is to be compared with the `-tls` contestants.
"""
import os
import pathlib
import pwd
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import yaml  # noqa: E402

from env import SAMPLE_POLICY, Env  # noqa: E402
from process import Child, free_port  # noqa: E402
from relay import Relay  # noqa: E402

ACCOUNTS, PEOPLE = 100_000, 100_000
LONG_AGO_MS = 600_000

DATA = f"""
SET ROLE app;
CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
INSERT INTO pgbench_accounts SELECT i, 1, 0, '' FROM generate_series(1, {ACCOUNTS}) i;
CREATE TABLE bench_people (id int PRIMARY KEY, name text, card text);
INSERT INTO bench_people SELECT i, 'name ' || i, lpad(i::text, 16, '4') FROM generate_series(1, {PEOPLE}) i;
CREATE VIEW bench_view AS SELECT id, name, card FROM bench_people WHERE name IS NOT NULL;
CREATE TABLE bench_orders (id int PRIMARY KEY, person_id int, total numeric(12,2));
INSERT INTO bench_orders SELECT i, i, i * 1.25 FROM generate_series(1, {PEOPLE}) i;
CREATE TABLE bench_notes (id int, note text, card text);
CREATE TABLE bench_plain AS SELECT i AS id, 'name of row ' || i AS name, md5(i::text) AS note, i * 1.25 AS total,
  lpad(i::text, 16, '4') AS badge FROM generate_series(1, ROWS) i;
CREATE TABLE bench_cards AS SELECT id, name, note, total, badge AS card FROM bench_plain;
RESET ROLE;
VACUUM (ANALYZE, FREEZE);
"""


LABELS = ("masks", "columns", "detectors", "untrusted")  # of a policy: without them nothing is labelled


def unlabelled_policy():
    """The sample's rules and limits; nothing is sensitive."""
    policy = yaml.safe_load(SAMPLE_POLICY.read_text())
    return {key: value for key, value in policy.items() if key not in (*LABELS, "tests")}


class Contestant:
    """`pid`: of the process in the middle, None when there is none. `where`: of its listener, for raw clients."""

    def __init__(self, name, dsn, where, pid=None, is_tls=True):
        self.name, self.dsn, self.where, self.pid, self.is_tls = name, dsn, where, pid, is_tls


class PgBouncer:
    """Session pooling as the distribution packages it; `certificate`, `key` for clients that want TLS."""

    def __init__(self, env, certificate, key):
        self.folder, self.port = env.folder / "pgbouncer", free_port()
        self.folder.mkdir(mode=0o755)
        ini, users = self.folder / "pgbouncer.ini", self.folder / "users.txt"
        users.write_text(f'"{env.login}" "{env.password}"\n')
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            (self.folder / name).write_bytes(pathlib.Path(source).read_bytes())
        ini.write_text(f"""[databases]
* = host=127.0.0.1 port={env.postgres.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = session
default_pool_size = 100
max_client_conn = 12000
server_tls_sslmode = disable
client_tls_sslmode = allow
client_tls_cert_file = {self.folder}/server.crt
client_tls_key_file = {self.folder}/server.key
ignore_startup_parameters = extra_float_digits
logfile =
""")
        command, log = ["/usr/sbin/pgbouncer", ini], self.folder / "log"
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            for path in (self.folder, *self.folder.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)
            os.chmod(env.folder, 0o711)
            command += ["-u", "postgres"]
        self.child = Child("pgbouncer", command, log)
        self.child.until(lambda: "process up" in self.child.logged())

    @property
    def pid(self):
        return self.child.pid


class World(Env):
    def __init__(self, rows):
        super().__init__(gateway=False, token_lifetime_s=36000,
                         postgres_options={"shared_buffers": "512MB", "max_connections": "300", "autovacuum": "off"})
        self.bouncer = self.relay = None
        try:
            self._open(rows)
        except BaseException:
            self.close()
            raise

    def _open(self, rows):
        hba = self.postgres.data / "pg_hba.conf"
        hba.write_text(hba.read_text() + "host all all 127.0.0.1/32 scram-sha-256\n")
        self.postgres.sql("SELECT pg_reload_conf()")
        self.postgres.sql(DATA.replace("ROWS", str(rows)), "shop")
        for mode in ("spooled", "strict"):
            self.add_gateway(f"gateway-{mode}", audit=mode, config=self._plain())
        certificate, key = self.authority.issue("pgbouncer")
        self.bouncer = PgBouncer(self, certificate, key)
        time.sleep(0.2)

    def _plain(self, **target):
        """Plain TCP to the server; what waits for a person is told so at once."""
        return {"targets": [self.target(tls={"mode": "disable"}, **target)], "approvals": {"hold_s": 0},
                "limits": {"connections": 12000, "startup_timeout_ms": LONG_AGO_MS}}

    def close(self, failed=False):
        if getattr(self, "bouncer", None):
            self.bouncer.child.stop()
        if getattr(self, "relay", None):
            self.relay.close()
        super().close(failed)

    def contestants(self):
        login = f"host=127.0.0.1 user={self.login} password={self.password} dbname=shop"
        tls = f"sslmode=require sslrootcert={self.authority.certificate}"
        server, bouncer = self.postgres.port, self.bouncer
        out = [
            Contestant("direct-plain", f"{login} port={server} sslmode=disable", ("127.0.0.1", server), None, False),
            Contestant("direct-tls", f"{login} port={server} {tls}", ("127.0.0.1", server)),
            Contestant("pgbouncer-plain", f"{login} port={bouncer.port} sslmode=disable", ("127.0.0.1", bouncer.port),
                       bouncer.pid, False),
            Contestant("pgbouncer-tls", f"{login} port={bouncer.port} {tls}", ("127.0.0.1", bouncer.port), bouncer.pid),
        ]
        for gateway, name in zip(self.gateways, ("gateway", "gateway-strict")):
            out.append(Contestant(name, gateway.dsn("agent"), ("127.0.0.1", gateway.port), gateway.child.pid))
        return out

    def relayed(self):
        """A gateway under whose policy nothing is labelled: statements are judged by the rules, recorded and passed on."""
        g = self.add_gateway("gateway-relayed", policy=unlabelled_policy(), config=self._plain())
        return Contestant("gateway-relayed", g.dsn("agent"), ("127.0.0.1", g.port), g.child.pid)

    def counted(self):
        """A gateway as the first, and the relay between it and the server, which counts."""
        self.relay = Relay(("127.0.0.1", self.postgres.port))
        g = self.add_gateway("gateway-counted", config=self._plain(port=self.relay.port))
        return Contestant("gateway-counted", g.dsn("agent"), ("127.0.0.1", g.port), g.child.pid), self.relay
