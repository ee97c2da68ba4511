"""One fresh PostgreSQL for each way to it: direct, or through a gateway that allows everything."""
import os
import pathlib
import secrets
import shutil
import subprocess
import tempfile

from env import Env
from postgres import IS_ROOT, OWNER, program
from process import quietly

POLICY = """version: 1
roles:
  - {name: postgres, match: {sub: "*"}, databases: ["*"]}
rules:
  - {name: everything, effect: allow, verbs: ["*", unparsed, set.pinned, fastpath]}
"""
# What pg_regress gives its own temporary server, as far as it changes results.
OPTIONS = {"max_prepared_transactions": "2", "max_connections": "100", "log_statement": "none", "shared_buffers": "128MB"}


class Way:
    """`name`: direct or gateway. A scratch folder at the same path for both ways: paths show up in results."""

    def __init__(self, name, scratch):
        self.name, self.scratch = name, pathlib.Path(scratch)
        self.env = Env(databases={}, login="postgres", login_attributes="SUPERUSER LOGIN", postgres_options=OPTIONS,
                       gateway=False, locale="C")
        self.gateway = None
        if name == "gateway":
            config = {"targets": [self.env.target(databases=["*"])], "log": {"level": "warn"}}
            self.gateway = self.env.add_gateway("gateway", POLICY, config=config)

    def __enter__(self):
        self.env.__enter__()
        return self

    def __exit__(self, *what):
        self.env.__exit__(*what)

    @property
    def host(self):
        return "127.0.0.1"

    @property
    def port(self):
        return self.gateway.port if self.gateway else self.env.postgres.port

    def secret(self):
        return self.env.token("postgres") if self.gateway else self.env.password

    def environment(self):
        """Of clients: everything that libpq needs beside host, port, user and database."""
        plain = {k: v for k, v in os.environ.items() if not k.startswith("PG") and k != "LC_ALL"}
        return plain | {"HOME": str(self.scratch), "PGPASSWORD": self.secret(), "PGSSLMODE": "require", "LANG": "C"}

    def run(self, *command, log, seconds=600):
        """As the server's user: the tests let the server read and write beside them. Exit status."""
        with open(log, "w") as out:
            return subprocess.run([str(c) for c in command], cwd=self.scratch, env=self.environment(), stdin=subprocess.DEVNULL,
                                  stdout=out, stderr=subprocess.STDOUT, timeout=seconds, **OWNER).returncode

    def create_database(self, name):
        self.env.postgres.sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
        for setting, value in {"lc_messages": "C", "lc_monetary": "C", "lc_numeric": "C", "lc_time": "C", "bytea_output": "hex",
                               "timezone_abbreviations": "Default"}.items():
            self.env.postgres.sql(f"ALTER DATABASE {name} SET {setting} TO '{value}'")


class Scratch:
    """A folder that the server's user owns."""

    def __enter__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="qw-conformance-"))
        self.own()
        return self.path

    def own(self):
        if IS_ROOT:
            quietly("chown", "-R", "postgres:postgres", self.path)

    def __exit__(self, *_):
        if not os.environ.get("QW_KEEP"):
            shutil.rmtree(self.path, ignore_errors=True)


__all__ = ["Scratch", "Way", "program", "secrets"]
