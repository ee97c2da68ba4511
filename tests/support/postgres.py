"""A throw-away PostgreSQL: own folder under the temporary directory, loopback, TLS and SCRAM; the socket is for its owner."""
import os
import pathlib
import shutil
import signal
import tempfile

from process import ROOT, Child, free_port, quietly, wait_for
from servers import default_major, programs
from tls import Authority

IS_ROOT = os.geteuid() == 0
OWNER = {"user": "postgres", "group": "postgres", "extra_groups": []} if IS_ROOT else {}
SHOP = ROOT / "fixtures" / "sql" / "shop.sql"


def program(name, major=None):
    """A program of a PostgreSQL server installed here; of Debian's without `major` (its psql speaks to all of them)."""
    return str(programs(major) / name)


class Postgres:
    def __init__(self, authority: Authority, options=None, locale="C.UTF-8", initdb=(), major=None):
        """`options`: settings of postgresql.conf; fsync is off unless they say otherwise. `major`: default is Debian's."""
        self.major = int(major or default_major())
        self.authority, self.host, self.port = authority, "localhost", free_port()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="qw-pg-"))
        self.data, self.child = self.folder / "data", None
        if IS_ROOT:
            shutil.chown(self.folder, "postgres", "postgres")
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"HOME": str(self.folder)}
        self._as_owner(program("initdb", self.major), "-D", self.data, "-U", "postgres", "-E", "UTF8", f"--locale={locale}", "-N",
                       "--auth-local=trust", "--auth-host=scram-sha-256", *initdb)
        self._certificate()
        self._configure(options or {})
        self.start()

    def _as_owner(self, *command, **more):
        return quietly(*command, cwd=self.folder, env=self.environment, **OWNER, **more)

    def _certificate(self):
        certificate, key = self.authority.issue(f"pg-{self.port}", hosts=("DNS:localhost",))
        for source, name in ((certificate, "server.crt"), (key, "server.key")):
            shutil.copy(source, self.data / name)
            if IS_ROOT:
                shutil.chown(self.data / name, "postgres", "postgres")
            os.chmod(self.data / name, 0o600)

    def _configure(self, options):
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": str(self.folder),
                    "ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key", "fsync": "off",
                    "max_connections": 200, "logging_collector": "off"} | options
        with open(self.data / "postgresql.conf", "a") as f:
            f.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (self.data / "pg_hba.conf").write_text("local all postgres trust\nlocal all all scram-sha-256\n"
                                               "hostssl all all 127.0.0.1/32 scram-sha-256\n")

    def start(self):
        self.child = Child("postgres", [program("postgres", self.major), "-D", self.data], self.folder / "log", signal.SIGINT,
                           cwd=self.folder, env=self.environment, **OWNER)
        self.child.until(self.is_ready)

    def is_ready(self):
        pid = self.data / "postmaster.pid"
        return pid.exists() and "ready" in pid.read_text()

    def sql(self, text, database="postgres", user="postgres"):
        """Runs `text` through the owner's socket, past the gateway; unaligned rows, fields parted by |."""
        return self._as_owner(program("psql"), "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", self.port,
                              "-U", user, "-d", database, "-f", "-", input=text).rstrip("\n")

    def load(self, file, database):
        return self.sql(pathlib.Path(file).read_text(), database)

    def create_role(self, name, password, attributes="LOGIN"):
        exists = self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{name}'")
        self.sql(f"{'ALTER' if exists else 'CREATE'} ROLE \"{name}\" {attributes} PASSWORD '{password}'")

    def dsn(self, user, password, database):
        """Past the gateway, over TCP and TLS: what a test compares with."""
        return (f"host=localhost port={self.port} user={user} password={password} dbname={database} "
                f"sslmode=verify-full sslrootcert={self.authority.certificate}")

    def stop(self, how=signal.SIGINT):
        """SIGINT: fast shutdown; SIGQUIT: like a crash. The folder stays until remove()."""
        return self.child.stop(how) if self.child else None

    def remove(self):
        self.stop(signal.SIGQUIT)
        wait_for("the server's folder is free", lambda: not (self.data / "postmaster.pid").exists() or not self.child.is_running())
        shutil.rmtree(self.folder, ignore_errors=True)
