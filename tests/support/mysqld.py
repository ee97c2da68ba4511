"""A throw-away MariaDB or MySQL: own folder under the temporary directory, loopback, TLS; the socket is for its owner."""
import os
import pathlib
import random
import shutil
import signal
import socket
import tempfile

import mysql_servers
from process import ROOT, Child, quietly
from tls import Authority

IS_ROOT = os.geteuid() == 0
OWNER = {"user": "nobody", "group": "nogroup", "extra_groups": []} if IS_ROOT else {}
SHOP = ROOT / "fixtures" / "sql" / "shop_mysql.sql"
NEVER = "-- no delimiter --"  # statements are parted by the server, which knows what is inside of a routine


def low_port():
    """Free, and below the ports that the kernel gives to clients: none can take it between two looks."""
    for port in random.sample(range(15000, 32000), 200):
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise RuntimeError("no port is free")


class MariaDB:
    """Debian's MariaDB. Users are made with create_user(); root, without a password, is whoever owns the socket."""

    flavour = "mariadb"

    def __init__(self, authority: Authority, options=None):
        """`options`: settings of the server, {"lower-case-table-names": 1}; nothing is synced unless they say otherwise."""
        self.authority, self.host, self.port, self.child = authority, "localhost", low_port(), None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="qw-my-"))
        self.data, self.socket, self.options = self.folder / "data", self.folder / "s", options or {}
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("MYSQL", "MARIADB"))} | {"HOME": str(self.folder)}
        try:
            if IS_ROOT:
                shutil.chown(self.folder, "nobody", "nogroup")
            self.install()
            self._certificate()
            self.start()
        except BaseException:
            self.remove()
            raise

    def as_owner(self, *command, **more):
        return quietly(*command, cwd=self.folder, env=self.environment, **OWNER, **more)

    def install(self):
        first = [f"--{name}={value}" for name, value in self.options.items() if name.startswith("lower-case")]
        self.as_owner(mysql_servers.mariadb()["mariadb-install-db"], "--no-defaults", "--basedir=/usr", f"--datadir={self.data}",
                      f"--tmpdir={self.folder}", "--auth-root-authentication-method=normal", "--skip-test-db", *first)

    def command(self):
        return [mysql_servers.mariadb()["mariadbd"], "--no-defaults", "--basedir=/usr"]

    def settings(self):
        return {"skip-name-resolve": "ON", "innodb-flush-log-at-trx-commit": 2, "innodb-buffer-pool-size": "64M",
                "innodb-log-file-size": "16M", "performance-schema": "OFF"}

    def _certificate(self):
        certificate, key = self.authority.issue(f"my-{self.port}", hosts=("DNS:localhost",))
        for source, name in ((certificate, "server.pem"), (key, "server.key"), (self.authority.certificate, "ca.pem")):
            shutil.copy(source, self.folder / name)
            if IS_ROOT:
                shutil.chown(self.folder / name, "nobody", "nogroup")
            os.chmod(self.folder / name, 0o600)

    def start(self):
        settings = {"datadir": self.data, "socket": self.socket, "port": self.port, "bind-address": "127.0.0.1",
                    "pid-file": self.folder / "pid", "tmpdir": self.folder, "ssl-cert": self.folder / "server.pem",
                    "ssl-key": self.folder / "server.key", "ssl-ca": self.folder / "ca.pem", "max-connections": 200,
                    "skip-log-bin": None} | self.settings() | self.options
        words = [f"--{name}" if value is None else f"--{name}={value}" for name, value in settings.items()]
        self.child = Child(self.flavour, [*self.command(), *words], self.folder / "log", cwd=self.folder, env=self.environment,
                           **OWNER)
        self.child.until(self.is_ready)

    def is_ready(self):
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as s:
                return len(s.recv(5)) == 5  # a greeting
        except OSError:
            return False

    # ---- what tests do with it ----
    def sql(self, text, database="", user="root"):
        """Runs `text` through the owner's socket, past the gateway: rows without headings, fields parted by tabs, NULL as NULL."""
        return self.as_owner(mysql_servers.client(), "--no-defaults", "-N", "-B", "--raw", f"--delimiter={NEVER}", f"--socket={self.socket}",
                             f"--user={user}", "--default-character-set=utf8mb4", f"--database={database}", input=text).rstrip("\n")

    def load(self, file, database):
        return self.sql(pathlib.Path(file).read_text(), database)

    def create_user(self, name, password, databases=(), require="SSL", plugin=None):
        """With all rights in `databases`, as an application has them. `plugin`: how it logs in."""
        how = f"IDENTIFIED VIA {plugin} USING PASSWORD('{password}')" if plugin else f"IDENTIFIED BY '{password}'"
        self.sql(f"CREATE OR REPLACE USER '{name}'@'%' {how} REQUIRE {require}")
        for database in databases:
            self.sql(f"GRANT ALL ON `{database}`.* TO '{name}'@'%'")

    def create_database(self, name, file=None):
        self.sql(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        if file:
            self.load(file, name)

    def client(self, user, password, database, text):
        """The command line client past the gateway, over TCP and verified TLS: what a test compares with."""
        return quietly(mysql_servers.client(), "--no-defaults", "-N", "-B", "--host=localhost", "--protocol=TCP", f"--port={self.port}",
                       f"--user={user}", f"--ssl-ca={self.authority.certificate}", "--ssl-verify-server-cert",
                       "--default-character-set=utf8mb4", f"--delimiter={NEVER}", f"--database={database}", input=text,
                       env=self.environment | {"MYSQL_PWD": password}).rstrip("\n")

    # ---- life ----
    def stop(self, how=signal.SIGTERM):
        """SIGTERM: an orderly end; SIGKILL: a crash. The folder stays until remove()."""
        return self.child.stop(how) if self.child else None

    def remove(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class MySQL(MariaDB):
    """MySQL 9 of Debian unstable; mysql_servers.fetch() first, which may say that there is none."""

    flavour = "mysql"

    def command(self):
        programs = mysql_servers.FOLDER / "root" / "usr"
        return [*mysql_servers.mysql_program("mysqld"), "--no-defaults", f"--basedir={programs}",
                f"--lc-messages-dir={programs}/share/mysql", f"--character-sets-dir={programs}/share/mysql/charsets",
                f"--plugin-dir={programs}/lib/mysql/plugin"]

    def install(self):
        first = [f"--{name}={value}" for name, value in self.options.items() if name.startswith("lower-case")]
        self.as_owner(*self.command(), "--initialize-insecure", f"--datadir={self.data}", "--innodb-buffer-pool-size=64M",
                      f"--tmpdir={self.folder}", *first)

    def settings(self):
        return {"innodb-buffer-pool-size": "64M", "innodb-flush-log-at-trx-commit": 2, "innodb-redo-log-capacity": "16M", "mysqlx": "OFF",
                "performance-schema": "OFF", "skip-name-resolve": "ON",
                "secure-file-priv": ""}

    def create_user(self, name, password, databases=(), require="SSL", plugin=None):
        how = f"IDENTIFIED WITH {plugin} BY '{password}'" if plugin else f"IDENTIFIED BY '{password}'"
        self.sql(f"DROP USER IF EXISTS '{name}'@'%'; CREATE USER '{name}'@'%' {how} REQUIRE {require}")
        for database in databases:
            self.sql(f"GRANT ALL ON `{database}`.* TO '{name}'@'%'")


SERVERS = {"mariadb": MariaDB, "mysql": MySQL}
