"""One `querywarden serve` with its folder: configuration, policy, vault, record, log."""
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import subprocess
import urllib.request

import yaml

from process import BUILD, ROOT, WAIT_S, Child, quietly

SANITIZER = re.compile(r"ERROR: (Address|Leak|Thread)Sanitizer|runtime error:")
SAMPLE_POLICY = ROOT / "docs" / "examples" / "policy.yaml"
ALLOW_ALL = """version: 1
roles:
  - {name: agent, match: {sub: "*"}, databases: ["*"]}
  - {name: dba, match: {sub: "*"}, databases: ["*"], may_approve: true}
rules:
  - {name: everything, effect: allow, verbs: ["*", unparsed, set.pinned, fastpath]}
"""


def querywarden(build=None):
    """The binary: QW_BUILD says which build, default ./build."""
    file = pathlib.Path(build or BUILD) / "querywarden"
    if not file.exists():
        file = pathlib.Path(build or BUILD) / "src" / "querywarden"
    return file


def merged(base, changes):
    """Mappings are merged key by key, everything else is replaced; None takes a key away."""
    out = dict(base)
    for key, value in changes.items():
        out[key] = merged(out[key], value) if isinstance(value, dict) and isinstance(out.get(key), dict) else value
    return {k: v for k, v in out.items() if v is not None}


class Gateway:
    def __init__(self, folder, authority, issuer, config, policy=None, build=None):
        """`config` changes the configuration below; `policy` is text, a Path, a dict, or None for the sample."""
        self.folder, self.authority, self.issuer = pathlib.Path(folder), authority, issuer
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.binary, self.child, self.where = querywarden(build), None, None
        self.config_file, self.policy_file = self.folder / "querywarden.yaml", self.folder / "policy.yaml"
        self.log = self.folder / "gateway.log"
        self.set_policy(SAMPLE_POLICY if policy is None else policy)
        certificate, key = authority.issue(self.folder.name)
        self.config = merged({
            "version": 1, "name": self.folder.name, "state_dir": "state",
            "listen": [{"address": "127.0.0.1", "port": 0, "tls": {"certificate": str(certificate), "key": str(key)}}],
            "issuers": [issuer.config()],
            "vault": {"file": "vault.qwv", "key_file": "vault.key", "mask_key": "mask"},
            "policy": {"file": "policy.yaml"},
            "audit": {"directory": "audit"},
            "admin": {"socket": "state/admin.sock"},
            "http": {"address": "127.0.0.1", "port": 0},
        }, config)
        self.config_file.write_text(yaml.safe_dump(self.config, sort_keys=False))

    # ---- files ----
    def listen(self, entry):
        """Changes address or port of the only listener; before start()."""
        self.config["listen"][0].update(entry)
        self.config_file.write_text(yaml.safe_dump(self.config, sort_keys=False))

    def set_policy(self, policy):
        """Writes it; a running gateway takes it up by reload()."""
        if isinstance(policy, pathlib.Path):
            shutil.copyfile(policy, self.policy_file)
        else:
            self.policy_file.write_text(policy if isinstance(policy, str) else yaml.safe_dump(policy, sort_keys=False))

    def init_vault(self, credentials):
        """`credentials`: {name: (user, secret)}; secrets go in by standard input."""
        self.run("vault", "init")
        for name, (user, secret) in ({"mask": ("", secrets.token_hex(32))} | credentials).items():
            self.run("vault", "set", name, "--user", user, input=secret)

    def run(self, *command, check=True, **more):
        """querywarden COMMAND ... --config FILE; its output, or with check=False the CompletedProcess."""
        args = [str(self.binary), *map(str, command), "--config", str(self.config_file)]
        done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=WAIT_S * 3,
                              env=self.environment(), **({"input": ""} | more))
        if check and done.returncode:
            raise RuntimeError(f"querywarden {' '.join(map(str, command))}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout if check else done

    # ---- life ----
    def environment(self):
        """The hardened process cannot be traced, so a leak check at its end could only fail."""
        sane = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0", "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
        return {k: v for k, v in os.environ.items() if not k.startswith("PG")} | sane | {"HOME": str(self.folder)}

    def start(self):
        listening = self.folder / "state" / "listen.json"
        listening.unlink(missing_ok=True)
        self.child = Child("querywarden", [self.binary, "serve", "--config", self.config_file], self.log,
                           env=self.environment())
        self.child.until(listening.exists)
        self.where = json.loads(listening.read_text())
        self.port = self.where["listeners"][0]["port"]
        self.http_port = self.where.get("http", {}).get("port")
        return self

    def reload(self):
        self.child.process.send_signal(signal.SIGHUP)

    def stop(self, how=signal.SIGTERM, seconds=WAIT_S * 2):
        """Exit status (None: it does not run). Throws when a sanitizer spoke, or when a polite end went wrong."""
        if not self.child:
            return None
        child, self.child = self.child, None
        status = child.stop(how, seconds)
        if SANITIZER.search(self.logged()):
            raise AssertionError(f"a sanitizer spoke:\n{self.logged()[-8000:]}")
        if status != 0 and how == signal.SIGTERM:
            raise AssertionError(f"querywarden ended with status {status}:\n{self.logged()[-4000:]}")
        return status

    def restart(self, how=signal.SIGTERM):
        self.stop(how)
        return self.start()

    def logged(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    # ---- clients ----
    def dsn(self, user="agent", database="shop", token=None, **more):
        """A libpq connection string. Without `token` a new one of the issuer's; token="" leaves the password out."""
        token = self.issuer.token(user) if token is None else token
        words = {"host": "127.0.0.1", "port": self.port, "user": user, "dbname": database, "sslmode": "verify-full",
                 "sslrootcert": self.authority.certificate} | ({"password": token} if token else {}) | more
        return " ".join(f"{k}={v}" for k, v in words.items())

    def psql(self, user, *sql, database="shop", token=None, options=(), dsn=None, **more):
        """A whole psql session, each statement by -c: CompletedProcess with text, never throws on its status."""
        command = ["psql", "-X", "-At", *options, self.dsn(user, database, token, **(dsn or {}))]
        for statement in sql:
            command += ["-c", statement]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=WAIT_S * 6,
                              env=self.environment() | {"PGOPTIONS": ""}, **({"input": ""} | more))

    def http(self, path="/metrics"):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return opener.open(f"http://127.0.0.1:{self.http_port}{path}", timeout=WAIT_S).read().decode()
