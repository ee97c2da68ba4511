"""One fresh PostgreSQL for each way to it: direct, or through a gateway that allows everything."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from env import Env
from postgres import IS_ROOT, OWNER
from process import in_memory, quietly

POLICY = """version: 1
roles:
  - {name: postgres, match: {sub: "*"}, databases: ["*"]}
rules:
  - {name: everything, effect: allow, verbs: ["*", unparsed, set.pinned, fastpath]}
"""
# What pg_regress gives its own temporary server, as far as it changes results. An autovacuum at the wrong moment changes plans.
SERVER = {"max_prepared_transactions": "2", "max_connections": "100", "autovacuum": "off"}
# As pg_regress makes its database.
LOCALE = "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
SETTINGS = {"lc_messages": "C", "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C", "bytea_output": "hex",
            "timezone_abbreviations": "Default"}


class Way:
    """`name`: direct or gateway. `scratch`: where the clients run."""

    host = "127.0.0.1"

    def __init__(self, name, scratch):
        self.scratch, self.gateway = pathlib.Path(scratch), None
        self.env = Env(databases={}, login="postgres", login_attributes="SUPERUSER LOGIN", postgres_options=SERVER,
                       gateway=False, locale="C",
                       folder=tempfile.mkdtemp(prefix="qw-", dir=in_memory()))  # every write waits for the record's fsync
        try:
            if name == "gateway":
                config = {"targets": [self.env.target(databases=["*"])], "log": {"level": "warn"}}
                self.gateway = self.env.add_gateway("gateway", POLICY, config=config)
        except BaseException:
            self.env.close(failed=True)
            raise

    def __enter__(self):
        self.env.__enter__()
        return self

    def __exit__(self, *what):
        self.env.__exit__(*what)

    @property
    def port(self):
        return self.gateway.port if self.gateway else self.env.postgres.port

    def environment(self):
        """Of clients: what libpq needs beside host, port, user and database."""
        secret = self.env.token("postgres") if self.gateway else self.env.password
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        return plain | {"HOME": str(self.scratch), "PGPASSWORD": secret, "PGSSLMODE": "require", "LANG": "C"}

    def conninfo(self, database):
        return f"host={self.host} port={self.port} user=postgres dbname={database}"

    def run(self, *command, log, seconds=900):
        """As the server's user. Exit status."""
        with open(log, "w") as out:
            return subprocess.run([str(c) for c in command], cwd=self.scratch, env=self.environment(), stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=subprocess.STDOUT, timeout=seconds, **OWNER).returncode

    def create_database(self, name):
        self.env.postgres.sql(f"CREATE DATABASE {name} {LOCALE}")
        for setting, value in SETTINGS.items():
            self.env.postgres.sql(f"ALTER DATABASE {name} SET {setting} TO '{value}'")


class Scratch:
    """A folder that the server's user owns."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="qw-conformance-"))
        if IS_ROOT:
            quietly("chown", "postgres:postgres", self.path)
        return self.path

    def __exit__(self, *_):
        if not os.environ.get("QW_KEEP"):
            shutil.rmtree(self.path, ignore_errors=True)
