"""A throw-away world: PostgreSQL with the shop database (TLS, SCRAM), an issuer's keys in a file, a vault, a running gateway.

    with World(querywarden, policy=TEXT, **config) as w:
        w.psql("agent", "select 1")
"""
import base64
import glob
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import jwt
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
AS_POSTGRES = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
ISSUER = "https://issuer.test"


def quietly(*args, **more):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode:
        raise RuntimeError(f"{args}: {done.stdout.decode()}")
    return done.stdout.decode()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def b64(n):
    return base64.urlsafe_b64encode(n.to_bytes(32, "big")).rstrip(b"=").decode()


class World:
    def __init__(self, querywarden, policy=None, **config):
        self.querywarden = os.path.abspath(querywarden)
        self.policy = policy or (ROOT / "docs/examples/policy.yaml").read_text()
        self.extra = config
        self.dir = tempfile.mkdtemp(prefix="qw-serve-")
        os.chmod(self.dir, 0o755)
        self.pg_port = free_port()
        self.gateway = None
        self.log = f"{self.dir}/gateway.log"

    def __enter__(self):
        try:
            self.certificates()
            self.server()
            self.issuer()
            self.configure()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        subprocess.run([*AS_POSTGRES, f"{BIN}/pg_ctl", "-D", f"{self.dir}/pg", "-m", "immediate", "stop"],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- parts ----
    def certificates(self):
        d = self.dir
        quietly("openssl", "req", "-x509", *EC, "-days", "2", "-subj", "/CN=test authority", "-keyout", f"{d}/ca.key",
                "-out", f"{d}/ca.crt")
        quietly("openssl", "req", *EC, "-subj", "/CN=localhost", "-keyout", f"{d}/tls.key", "-out", f"{d}/tls.csr")
        pathlib.Path(f"{d}/san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        quietly("openssl", "x509", "-req", "-in", f"{d}/tls.csr", "-CA", f"{d}/ca.crt", "-CAkey", f"{d}/ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", f"{d}/san", "-out", f"{d}/tls.crt")

    def server(self):
        pg, self.password = f"{self.dir}/pg", secrets.token_hex(16)
        os.mkdir(pg)
        shutil.chown(pg, "postgres") if AS_POSTGRES else None
        quietly(*AS_POSTGRES, f"{BIN}/initdb", "-D", pg, "-A", "trust", "-N", "-E", "UTF8", "--locale=C", cwd="/")
        for name in ("tls.crt", "tls.key"):
            shutil.copy(f"{self.dir}/{name}", pg)
            os.chmod(f"{pg}/{name}", 0o600)
            shutil.chown(f"{pg}/{name}", "postgres") if AS_POSTGRES else None
        pathlib.Path(f"{pg}/pg_hba.conf").write_text("local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n")
        with open(f"{pg}/postgresql.conf", "a") as f:
            f.write(f"port={self.pg_port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{pg}'\nssl=on\n"
                    "ssl_cert_file='tls.crt'\nssl_key_file='tls.key'\nfsync=off\nmax_connections=60\n")
        quietly(*AS_POSTGRES, f"{BIN}/pg_ctl", "-D", pg, "-w", "-l", f"{pg}/log", "start", cwd="/")
        self.admin("create database shop", "postgres")
        self.admin((ROOT / "fixtures/sql/shop.sql").read_text())
        self.admin(f"alter role app password '{self.password}'")

    def admin(self, sql, database="shop"):
        return quietly(*AS_POSTGRES, f"{BIN}/psql", "-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", f"{self.dir}/pg", "-p",
                       str(self.pg_port), "-U", "postgres", "-d", database, "-f", "-", input=sql.encode(), cwd="/").strip()

    def issuer(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        n = self.key.public_key().public_numbers()
        jwk = {"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "k1", "x": b64(n.x), "y": b64(n.y)}
        pathlib.Path(f"{self.dir}/keys.json").write_text(json.dumps({"keys": [jwk]}))

    def token(self, subject="ann", groups=("shop-agents",), life=600, **claims):
        now = int(time.time())
        body = {"iss": ISSUER, "aud": "querywarden", "sub": subject, "iat": now, "exp": now + life, "groups": list(groups)}
        return jwt.encode({**body, **claims}, self.key, algorithm="ES256", headers={"kid": "k1"})

    def configure(self):
        d = self.dir
        pathlib.Path(f"{d}/policy.yaml").write_text(self.policy)
        config = {
            "version": 1, "name": "gw-test", "state_dir": "state",
            "listen": [{"address": "127.0.0.1", "port": 0, "tls": {"certificate": "tls.crt", "key": "tls.key"}}],
            "issuers": [{"name": "test", "issuer": ISSUER, "audience": "querywarden", "algorithms": ["ES256"],
                         "jwks_file": "keys.json"}],
            "targets": [{"name": "shop", "host": "localhost", "port": self.pg_port, "databases": ["shop"], "credential": "app",
                         "tls": {"mode": "verify-full", "ca_file": "ca.crt"}}],
            "vault": {"file": "vault.qwv", "key_file": "vault.key", "mask_key": "mask"},
            "policy": {"file": "policy.yaml"}, "audit": {"directory": "audit"},
            "approvals": {"hold_s": 3, "expires_s": 60, "notice_every_s": 1},
            "admin": {"socket": "state/admin.sock"}, "http": {"address": "127.0.0.1", "port": 0},
        }
        for name, value in self.extra.items():
            config[name] = {**config[name], **value} if isinstance(value, dict) and name in config else value
        self.config = f"{d}/querywarden.yaml"
        pathlib.Path(self.config).write_text(yaml.safe_dump(config))
        self.run("vault", "init")
        pathlib.Path(f"{d}/secret").write_text(self.password)
        self.run("vault", "set", "app", "--user", "app", "--secret-file", f"{d}/secret")
        pathlib.Path(f"{d}/secret").write_text(secrets.token_hex(32))
        self.run("vault", "set", "mask", "--user", "", "--secret-file", f"{d}/secret")

    def run(self, *args, check=True):
        """querywarden ARGS --config FILE."""
        done = subprocess.run([self.querywarden, *args, "--config", self.config], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        if check and done.returncode:
            raise RuntimeError(f"{args}: {done.returncode} {done.stdout.decode()} {done.stderr.decode()}")
        return done.stdout.decode() if check else done

    def start(self):
        self.gateway = subprocess.Popen([self.querywarden, "serve", "--config", self.config], stderr=open(self.log, "ab"))
        listening = pathlib.Path(f"{self.dir}/state/listen.json")
        for _ in range(600):
            if self.gateway.poll() is not None:
                raise RuntimeError("the gateway ended: " + self.logged())
            if listening.exists():
                self.where = json.loads(listening.read_text())
                if self.where["pid"] == self.gateway.pid:
                    self.port = self.where["listeners"][0]["port"]
                    self.http = self.where["http"]["port"] if "http" in self.where else None
                    return
            time.sleep(0.05)
        raise RuntimeError("the gateway does not listen: " + self.logged())

    def stop(self, how=signal.SIGTERM, patience=40):
        """Exit status, None when it did not run."""
        if not self.gateway:
            return None
        if self.gateway.poll() is None:
            self.gateway.send_signal(how)
        try:
            status = self.gateway.wait(patience)
        except subprocess.TimeoutExpired:
            self.gateway.kill()
            status = self.gateway.wait()
        self.gateway = None
        return status

    def logged(self):
        return pathlib.Path(self.log).read_text()

    # ---- clients ----
    def dsn(self, role="agent", database="shop", **more):
        return " ".join(f"{k}={v}" for k, v in {"host": "127.0.0.1", "port": self.port, "user": role, "dbname": database,
                                                "sslmode": "verify-full", "sslrootcert": f"{self.dir}/ca.crt", **more}.items())

    def token_for(self, role):
        return self.token("dora", ["shop-dbas"]) if role == "dba" else self.token()

    def psql_start(self, role, *sql, token=None, options=(), **dsn):
        command = ["psql", "-X", "-At", *options, self.dsn(role, **dsn)]
        for one in sql:
            command += ["-c", one]
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**os.environ, "PGPASSWORD": token or self.token_for(role)})

    def psql(self, role, *sql, **more):
        """(status, out, err)"""
        p = self.psql_start(role, *sql, **more)
        out, err = p.communicate(timeout=60)
        return p.returncode, out.decode().strip(), err.decode().strip()
