"""The servers that cases run on: one PostgreSQL with a database for each run of a case, one gateway for each upstream login."""
import itertools
import json
import pathlib
import re
import secrets
import shutil
import sys
import tempfile
import threading
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from env import SAMPLE_POLICY, Env, quietly  # noqa: E402
from process import in_memory  # noqa: E402
from servers import default_major, majors  # noqa: E402, F401
from wire import Wire, client_tls, errors, rows  # noqa: E402

DATA = ROOT / "fixtures" / "corpus-sql"
SCHEMA, WORLDS = DATA / "schema_pg.sql", json.loads((DATA / "other_secrets.json").read_text())
VARIANTS = {"a": {}, "b": WORLDS["other"], "c": WORLDS["repeated"]}  # the databases that differ only in the secrets

# The sample policy with two changes: our databases have made-up names, and no mask shows anything of what it hides (a hash shows
# which values are equal, `partial` the end of them: on purpose, but our checks could not tell that from a leak).
MASKS = {"contact": {"mask": "redact"}, "identity": {"mask": "redact"}, "payment": {"mask": "constant", "value": "hidden"}}
# What psql sends after \\d names tables by OID; the corpus was written where the first table had this one. A large object uses up one,
# and so do the roles and the sequence that come before that table.
FIRST_TABLE, BEFORE_TABLE = 16400, {13: 4, 14: 3, 15: 3}
SETTINGS = {"shared_preload_libraries": "pg_stat_statements", "autovacuum": "off", "max_wal_size": "512MB", "shared_buffers": "512MB",
            "checkpoint_timeout": "1h", "max_wal_senders": "5", "wal_level": "replica"}

NEEDED = 2 << 30  # bytes; in memory the many copies of databases take a fifth of the time

# Every text column of the sample's tables: the secrets that stand there become those of another world.
EXCHANGE = """DO $do$ DECLARE c record; BEGIN
  FOR c IN SELECT attrelid::regclass AS t, quote_ident(attname) AS n FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
           WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND atttypid = 'text'::regtype AND attnum > 0 LOOP
    EXECUTE format('UPDATE %%s SET %%s = $1->>%%s WHERE $1 ? %%s', c.t, c.n, c.n, c.n) USING '%s'::jsonb;
  END LOOP; END $do$;
"""


def sample_policy(file=SAMPLE_POLICY, masks=MASKS):
    policy = yaml.safe_load(file.read_text())
    for role in policy["roles"]:
        role["databases"] = ["*"]
    policy.pop("tests", None)
    for mask in policy["masks"]:
        for key in ("mask", "keep_last", "domain", "value"):
            mask.pop(key, None)
        mask.update(masks[mask["name"]])
    return policy


class World:
    """use(): with world.use("a") as database: a fresh copy of the sample, gone afterwards."""

    def __init__(self, direct=False, major=None, variants=VARIANTS, policy=None):
        self.variants, self.policy = variants, policy or sample_policy()
        self.templates = {v: f"sample_{i}" for i, v in enumerate(variants)}  # no name tells which secrets are in it
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="qw-scratch-", dir=in_memory(NEEDED)))
        self.scratch.chmod(0o755)  # the server's owner passes through
        tempfile.tempdir = str(self.scratch)
        self.direct, self.major, self.env = direct, int(major or default_major()), None
        self._numbers, self._lock, self._gateways = itertools.count(1), threading.Lock(), {}
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        self.env = Env(databases={}, gateway=False, postgres_options=SETTINGS, major=self.major)
        server = self.env.postgres
        (self.scratch / "pg").symlink_to(server.folder)  # @SCRATCH@/pg is where the socket lies
        (server.data / "pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        self.passwords = {"app": self._password_of_app(), "postgres": secrets.token_hex(12)}
        self._samples()
        for role, password in self.passwords.items():
            server.sql(f"ALTER ROLE {role} PASSWORD '{password}'")
        server.sql("SELECT pg_reload_conf()")
        self._admin = Wire(self.socket, "postgres", "postgres")
        self.new_oid = int(self.administer("SELECT max(oid) FROM pg_database")[0][0])
        self._known = {name: self._names(name) for name in ("pg_database", "pg_roles")}
        self.tls = client_tls(self.env.authority.certificate)
        self.token = self.env.token("agent")

    @staticmethod
    def _password_of_app():
        """The sample makes it a canary: the vault holds it, so it must not show anywhere."""
        return re.search(r"CREATE ROLE app LOGIN PASSWORD '([^']+)'", SCHEMA.read_text()).group(1)

    def _samples(self):
        server = self.env.postgres
        server.sql("CREATE DATABASE sample")
        last = FIRST_TABLE - BEFORE_TABLE.get(self.major, 4)
        server.sql("DO $do$ DECLARE o oid; BEGIN LOOP o := lo_create(0); PERFORM lo_unlink(o); "
                   f"EXIT WHEN o >= {last}; END LOOP; END $do$", "sample")
        server.load(SCHEMA, "sample")
        found = int(server.sql("SELECT 'customers'::regclass::oid", "sample"))
        if found != FIRST_TABLE:
            raise RuntimeError(f"customers has the OID {found}, the corpus wants {FIRST_TABLE}")
        for variant, exchange in self.variants.items():
            name = self.templates[variant]
            server.sql(f"CREATE DATABASE {name} TEMPLATE sample")
            server.sql(EXCHANGE % json.dumps(exchange or {s: s for s in WORLDS["other"]}), name)
            for statement in ("VACUUM (FULL, FREEZE) customers", "ANALYZE"):
                server.sql(statement, name)

    @property
    def socket(self):
        return str(self.env.postgres.folder / f".s.PGSQL.{self.env.postgres.port}")

    def placeholders(self, text):
        return text.replace("@SCRATCH@", str(self.scratch)).replace("@PORT@", str(self.env.postgres.port))

    # ---- databases ----
    def use(self, variant="a", name=None):
        """`name`: that of an earlier one, which is gone, so that two answers can be compared."""
        return Database(self, variant, name or self.new_name())

    def new_name(self):
        return f"case_{next(self._numbers):05d}"

    def administer(self, sql):
        """One statement of the cluster's administrator; its rows. Throws."""
        with self._lock:
            answer = self._admin.query(sql)
        if self._admin.state != "ready" or errors(answer):
            raise RuntimeError(f"{sql}: {errors(answer) or self._admin.why_closed}")
        return rows(answer)

    def _names(self, catalog):
        column = {"pg_database": "datname", "pg_roles": "rolname"}[catalog]
        return {r[0].decode() for r in self.administer(f"SELECT {column} FROM {catalog}")}

    def tidy(self):
        """After a case that had the cluster for itself: databases and roles that it made go."""
        for kind, catalog in (("DATABASE", "pg_database"), ("ROLE", "pg_roles")):
            for name in self._names(catalog) - self._known[catalog]:
                self.administer(f'DROP {kind} "{name}"' + (" WITH (FORCE)" if kind == "DATABASE" else ""))

    # ---- connections ----
    def administrator(self, database):
        return Wire(self.socket, "postgres", database)

    def agent(self, database, login="app", parameters=None):
        """Through the gateway whose vault has this login; with --direct as this login, straight."""
        if self.direct:
            return self.straight(database, login, parameters)
        return Wire(("127.0.0.1", self.gateway(login).port), "agent", database, self.token, self.tls, parameters)

    def straight(self, database, login="app", parameters=None):
        return Wire(self.socket, login, database, parameters=parameters)

    def gateway(self, login):
        with self._lock:
            if login not in self._gateways:
                self._gateways[login] = self.env.add_gateway(
                    f"gateway-{login}", self.policy, credentials={login: (login, self.passwords[login])},
                    config={"targets": [self.env.target("shop", ["*"], login)], "approvals": {"hold_s": 1}})
                self._review(self._gateways[login])
            return self._gateways[login]

    def _review(self, gateway):
        """What the sample's functions do has been read: as an operator would, we take the hash from the refusal."""
        with Wire(("127.0.0.1", gateway.port), "agent", next(iter(self.templates.values())), self.token, self.tls) as w:
            refusals = " ".join(str(e) for e in errors(w.query("SELECT add_tax(1)")))
        found = re.search(r"function: (public\.add_tax\(numeric\)), sha256: ([0-9a-f]{64})", refusals)
        if found:  # refused once, as it should be
            self.policy["reviewed"] = [{"function": found[1], "sha256": found[2]}]
        elif "sha256" not in str(self.policy.get("reviewed")):
            raise RuntimeError(f"no refusal tells the hash of add_tax: {refusals}")
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


class Database:
    def __init__(self, world, variant, name):
        self.world, self.variant, self.name = world, variant, name

    def __enter__(self):
        how = "" if self.world.major < 15 else " STRATEGY FILE_COPY"  # the old way, and a quarter of the time
        self.world.administer(f"CREATE DATABASE {self.name} TEMPLATE {self.world.templates[self.variant]}{how}")
        return self.name

    def _left_alone(self):
        """Backends on their way out: DROP DATABASE would look for them only every 100 ms."""
        for _ in range(50):
            if self.world.administer(f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{self.name}'")[0][0] == b"0":
                return
            time.sleep(0.002)

    def __exit__(self, *_):
        self._left_alone()
        try:
            self.world.administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
        except RuntimeError:  # a subscription keeps it
            with self.world.administrator(self.name) as w:
                for (subscription,) in rows(w.query("SELECT subname FROM pg_subscription WHERE subdbid = "
                                                    "(SELECT oid FROM pg_database WHERE datname = current_database())")):
                    w.query(f'ALTER SUBSCRIPTION "{subscription.decode()}" SET (slot_name = NONE)')
                    w.query(f'DROP SUBSCRIPTION "{subscription.decode()}"')
            self.world.administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
