"""A throw-away world for integration tests, benches and ./run: PostgreSQL, an issuer, a vault and a running gateway.

    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
    from env import Env

    with Env() as env:                                   # sample policy, shop database, tokens signed in process
        print(env.psql("agent", "select 1").stdout)
        rows = env.postgres.sql("select 1", "shop")      # past the gateway, as superuser
        other = env.add_gateway(policy=ALLOW_ALL, audit="strict")

    with Env(server="mariadb") as env:                   # the same before MariaDB, or "mysql" (mysql_servers.py says how to get it)
        print(env.mysql.sql("select 1", "shop"))         # past the gateway, as root

Environment: QW_BUILD (build folder, default ./build), QW_KEEP=1 (leave the scratch folders), QW_SLOW=1 (longer waits).
"""
import os
import pathlib
import secrets
import shutil
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))  # whoever loads us finds our neighbours, too

from gateway import ALLOW_ALL, SAMPLE_POLICY, Gateway, merged, querywarden  # noqa: E402, F401
from mysqld import SERVERS  # noqa: E402
from mysqld import SHOP as SHOP_MYSQL  # noqa: E402
from postgres import SHOP, Postgres  # noqa: E402
from process import BUILD, ROOT, WAIT_S, free_port, quietly, wait_for  # noqa: E402, F401
from tls import Authority  # noqa: E402
from tokens import DevIssuer, StaticIssuer  # noqa: E402


class Env:
    """`databases`: {name: SQL file or None}. `login`: the upstream role of the vault, with `login_attributes`.

    `policy`, `audit` (mode) and `config` (changes of querywarden.yaml) are those of the first gateway; gateway=False
    starts none. `issuer`: "static" or "dev". `postgres_options`: settings of the server, `major`: its version (servers.py).
    `server`: "postgres", or "mariadb" or "mysql" with `mysql_options`; then env.mysql is the server and env.postgres is None.
    """

    def __init__(self, policy=None, audit="spooled", config=None, issuer="static", databases=None, login="app",
                 login_attributes="LOGIN", postgres_options=None, gateway=True, folder=None, build=None, locale="C.UTF-8",
                 token_lifetime_s=3600, major=None, server="postgres", mysql_options=None):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="qw-"))
        self.databases = {"shop": SHOP if server == "postgres" else SHOP_MYSQL} if databases is None else databases
        self.login, self.password, self.build = login, f"S3cret-{secrets.token_hex(12)}", build
        self.gateways, self.postgres, self.mysql, self.issuer = [], None, None, None
        self._old = signal.getsignal(signal.SIGTERM)
        try:
            self.authority = Authority(self.folder)
            self.issuer = DevIssuer(self.folder, token_lifetime_s) if issuer == "dev" else StaticIssuer(self.folder)
            if server == "postgres":
                self.postgres = Postgres(self.authority, postgres_options, locale, major=major)
                self._load(login_attributes)
            else:
                self.mysql = SERVERS[server](self.authority, mysql_options)
                self._load_mysql()
            if gateway:
                self.add_gateway("gateway", policy, audit, config)
        except BaseException:
            self.close()
            raise

    def _load(self, login_attributes):
        self.postgres.create_role(self.login, self.password, login_attributes)
        for name, file in self.databases.items():
            self.postgres.sql(f'CREATE DATABASE "{name}"')
            if file:
                self.postgres.load(file, name)

    def _load_mysql(self):
        for name, file in self.databases.items():
            self.mysql.create_database(name, file)
        self.mysql.create_user(self.login, self.password, self.databases)

    @property
    def server(self):
        return self.postgres or self.mysql

    def target(self, name="shop", databases=None, credential="app", **more):
        """An entry of `targets` that leads to our server."""
        dialect = {"dialect": "mysql"} if self.mysql else {}
        return dialect | {"name": name, "host": self.server.host, "port": self.server.port,
                "databases": list(databases or self.databases), "credential": credential,
                "tls": {"mode": "verify-full", "ca_file": str(self.authority.certificate)}} | more

    def add_gateway(self, name=None, policy=None, audit="spooled", config=None, credentials=None, start=True):
        """One more gateway before the same server. `credentials`: more entries for the vault."""
        name = name or f"gateway-{len(self.gateways) + 1}"
        base = {"targets": [self.target()], "audit": {"directory": "audit", "mode": audit}}
        if self.mysql:
            certificate, key = self.authority.issue(f"{name}-mysql")
            base["listen"] = [{"dialect": "mysql", "target": "shop", "address": "127.0.0.1", "port": 0,
                               "tls": {"certificate": str(certificate), "key": str(key)}}]
        g = Gateway(self.folder / name, self.authority, self.issuer, merged(base, config or {}), policy, self.build)
        g.init_vault({"app": (self.login, self.password)} | (credentials or {}))
        self.gateways.append(g)
        return g.start() if start else g

    # ---- of the first gateway ----
    @property
    def gateway(self):
        return self.gateways[0]

    def dsn(self, *args, **more):
        return self.gateway.dsn(*args, **more)

    def psql(self, *args, **more):
        return self.gateway.psql(*args, **more)

    def run(self, *args, **more):
        return self.gateway.run(*args, **more)

    def token(self, *args, **more):
        return self.issuer.token(*args, **more)

    def direct_dsn(self, database="shop"):
        return self.postgres.dsn(self.login, self.password, database)

    def direct(self, text, database="shop"):
        """Runs `text` on MySQL past the gateway, as the login of the vault."""
        return self.mysql.client(self.login, self.password, database, text)

    # ---- life ----
    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # a test that is told to end still cleans up
        return self

    def __exit__(self, kind, *_):
        signal.signal(signal.SIGTERM, self._old)
        self.close(failed=kind not in (None, SystemExit, KeyboardInterrupt))

    def close(self, failed=False):
        """Ends everything in order. The first error of an end is thrown when all are ended (not over a failed test's own)."""
        errors = []
        for part in [*(g.stop for g in self.gateways), *([self.issuer.stop] if self.issuer else []),
                     *([self.server.stop] if self.server else [])]:
            try:
                part()
            except Exception as e:
                errors.append(e)
        if failed:
            self._show_logs()
        if not os.environ.get("QW_KEEP"):
            if self.server:
                self.server.remove()
            shutil.rmtree(self.folder, ignore_errors=True)
        if errors and not failed:
            raise errors[0]

    def _show_logs(self, lines=30):
        for g in self.gateways:
            tail = g.logged().splitlines()[-lines:]
            print(f"---- the last lines of {g.log.name} of {g.folder.name}", *tail, sep="\n", file=sys.stderr)
