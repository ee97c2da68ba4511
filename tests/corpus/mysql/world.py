"""The server that cases run on: one MariaDB or MySQL whose database `shop` is made anew for each run, one gateway for each login."""
import pathlib
import re
import secrets
import shutil
import tempfile
import time

import mysql_servers
from env import SAMPLE_POLICY, Env
from process import in_memory
from world import DATA, VARIANTS, sample_policy

from . import wire
from .wire import Wire, errors, rows

SCHEMA, POLICY = DATA / "schema_mysql.sql", SAMPLE_POLICY.with_name("policy-mysql.yaml")
DATABASE = "shop"
AVAILABLE = ("mariadb", "mysql")
APP_PASSWORD = "canary-PWx7Jq4Zk"  # one of the canaries: the vault holds it, so it must not show anywhere
NEEDED = 1 << 30  # bytes; in memory the many copies of the database take a fraction of the time
SETTINGS = {"local-infile": "ON", "event-scheduler": "OFF", "innodb-stats-auto-recalc": "OFF"}
MARIADB = {"log-bin": "binlog", "log-bin-trust-function-creators": "ON", "performance-schema": "ON", "histogram-size": "0"}
MYSQL = {"log-bin-trust-function-creators": "ON", "performance-schema": "ON"}
OWN = {"information_schema", "performance_schema", "mysql", "sys"}


class World:
    """use(): with world.use("a") as database: the sample as new, gone afterwards."""

    def __init__(self, direct=False, flavour=None, policy=None):
        self.direct, self.flavour, self.env = direct, flavour or AVAILABLE[0], None
        self.policy, self._gateways = policy or sample_policy(POLICY), {}
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="qw-scratch-", dir=in_memory(NEEDED)))
        self.scratch.chmod(0o755)  # the server's owner passes through
        tempfile.tempdir = str(self.scratch)
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        if self.flavour == "mysql":
            mysql_servers.fetch()
        options = SETTINGS | (MARIADB if self.flavour == "mariadb" else MYSQL)
        self.env = Env(databases={}, gateway=False, server=self.flavour, mysql_options=options)
        self.server = self.env.mysql
        (self.scratch / "my").mkdir()
        files = self.scratch / "my" / "files"
        files.mkdir(mode=0o777)
        files.chmod(0o777)
        (files / "x.xml").write_text("<resultset><row><id>70</id><t>x</t></row></resultset>\n")
        self.passwords = {"app": APP_PASSWORD, "root": secrets.token_hex(12)}
        self._schema = {variant: _exchanged(SCHEMA.read_text(), exchange) for variant, exchange in VARIANTS.items()}
        self.server.create_user("root", self.passwords["root"])
        self.server.sql("GRANT ALL ON *.* TO 'root'@'%' WITH GRANT OPTION")
        self._admin = self.administrator("")
        for user, host in self._accounts():
            if user == "root" and host not in ("localhost", "%"):
                self.administer(f"DROP USER 'root'@'{host}'")
        self._login_of_app()
        self._users = self._accounts()
        self._known = self._databases()
        self.tls = wire.client_tls(self.env.authority.certificate)
        self.token = self.env.token("agent")

    def _login_of_app(self):
        self.server.create_user("app", self.passwords["app"], [DATABASE])

    def _accounts(self):
        return {(r[0].decode(), r[1].decode()) for r in self.administer("SELECT user, host FROM mysql.user")}

    def placeholders(self, text):
        return text.replace("@SCRATCH@", str(self.scratch)).replace("@PORT@", str(self.server.port))

    # ---- databases ----
    def use(self, variant="a"):
        return Database(self, variant)

    def administer(self, sql):
        """One text of the administrator; its rows. Throws."""
        answer = self._admin.query(sql)
        if self._admin.state != "ready" or errors(answer):
            why = errors(answer) or self._admin.why_closed
            self._admin.close()
            self._admin = self.administrator("")
            raise RuntimeError(f"{sql[:300]}: {why}")
        return rows(answer)

    def make(self, variant):
        self.administer(f"DROP DATABASE IF EXISTS {DATABASE}; CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4; USE {DATABASE}; "
                        + self._schema[variant])

    def _databases(self):
        return {r[0].decode() for r in self.administer("SHOW DATABASES")}

    def tidy(self):
        """After a case that may have reached beyond the database: what it made goes, the login is as it was."""
        for name in self._databases() - self._known - {DATABASE} - OWN:
            self.administer(f"DROP DATABASE `{name}`")
        for user, host in self._accounts() - self._users:
            self.administer(f"DROP USER '{user}'@'{host}'")
        self._login_of_app()
        for file in (self.scratch / "my" / "files").glob("o*"):
            file.unlink()

    # ---- connections ----
    def administrator(self, database=DATABASE):
        """Past TLS and passwords; nothing of it goes into the binary log, whose first events a case may ask for."""
        w = Wire(str(self.server.socket), "root", database)
        answer = w.query("SET sql_log_bin = 0, lock_wait_timeout = 30, innodb_lock_wait_timeout = 30")
        if w.state != "ready" or errors(answer):
            raise RuntimeError(f"the administrator: {errors(w.messages) or w.why_closed}")
        return w

    def end(self, connection):
        """Also of one whose statement runs."""
        connection.socket.close()
        try:
            self.administer(f"KILL {connection.pid}")
        except RuntimeError:  # it has ended
            pass

    def agent(self, database, login="app", charset="utf8mb4"):
        """Through the gateway whose vault has this login; with --direct as this login, straight."""
        if self.direct:
            return self.straight(database, login, charset)
        return Wire(("127.0.0.1", self.gateway(login).port), "agent", database, self.token, self.tls, charset)

    def straight(self, database, login="app", charset="utf8mb4"):
        return Wire(("localhost", self.server.port), login, database, self.passwords[login], self.tls, charset)

    def gateway(self, login):
        if login not in self._gateways:
            self._gateways[login] = self.env.add_gateway(
                f"gateway-{login}", self.policy, credentials={login: (login, self.passwords[login])},
                config={"targets": [self.env.target("shop", ["*"], login)], "approvals": {"hold_s": 1}})
            self._review(self._gateways[login])
        return self._gateways[login]

    def _review(self, gateway):
        """What the sample's function does has been read: as an operator would, we take the hash from the refusal."""
        with self.use("a") as database, Wire(("127.0.0.1", gateway.port), "agent", database, self.token, self.tls) as w:
            refusals = " ".join(e["message"] for e in errors(w.query("SELECT add_tax(1)")) + errors(w.messages))
        found = re.search(rf"function: ({DATABASE}\.add_tax\S*), sha256: ([0-9a-f]{{64}})", refusals)
        if not found:
            return  # the cases that call it will tell
        self.policy["reviewed"] = [{"function": found[1], "sha256": found[2]}]
        gateway.set_policy(self.policy)
        gateway.reload()
        time.sleep(0.5)

    def close(self):
        try:
            if self.env:
                self.env.close()
        finally:
            tempfile.tempdir = None
            shutil.rmtree(self.scratch, ignore_errors=True)


def _exchanged(text, exchange):
    """The sample with the secrets of another world."""
    for secret, other in exchange.items():
        text = text.replace(f"'{secret}'", "NULL" if other is None else f"'{other}'")
    return text


class Database:
    def __init__(self, world, variant):
        self.world, self.variant = world, variant

    def __enter__(self):
        self.world.make(self.variant)
        return DATABASE

    def __exit__(self, *_):
        """Made anew by the next one: what a case left behind is of interest until then."""
