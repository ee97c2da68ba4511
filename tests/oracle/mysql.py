"""MySQL of Debian unstable as an oracle: fetched with an apt of its own that writes nothing of the machine's, unpacked, and run by
its own loader. STATEMENT_DIGEST_TEXT() lexes and parses a text as the session would, and runs nothing of it.

The mirror is the one of the machine's own apt entries. Whatever fails here (no network, no such suite) leaves this oracle out.
"""
import os
import pathlib
import pickle
import re
import shutil
import subprocess
import tempfile

from packages import CACHE
from process import Child, quietly

SUITE, PACKAGES = "sid", ("mysql-server-core", "mysql-client-core")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SYNTAX = 1064
ESCAPED = {b"n": b"\n", b"t": b"\t", b"0": b"\0"}  # by mysql --batch
REFUSED = re.compile(r"ERROR (\d+) \(\w+\) at line (\d+): (.*)")


class Missing(Exception):
    """Why this oracle cannot be asked."""


# ---- the packages ----

def _mirror():
    """The first Debian mirror that apt knows, that holds more than security updates."""
    files = [pathlib.Path("/etc/apt/sources.list"), *sorted(pathlib.Path("/etc/apt/sources.list.d").glob("*"))]
    text = "\n".join(f.read_text() for f in files if f.is_file() and f.suffix in (".list", ".sources"))
    found = re.findall(r"(?m)^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+)", text)
    for uri in found:
        if uri.rstrip("/").endswith("/debian"):
            return uri
    raise Missing("apt knows no mirror of Debian")


def _apt(folder):
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n")
    (folder / "status").touch()
    options = {"Dir::Etc::sourcelist": folder / "sources.list", "Dir::Etc::sourceparts": "/dev/null", "Dir::State::lists": folder / "lists",
               "Dir::State::status": folder / "status", "Dir::Cache": folder / "cache", "APT::Sandbox::User": "root"}
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


def _unpack(folder):
    apt = _apt(folder)
    quietly("apt-get", *apt, "update", timeout=120)
    quietly("apt-get", *apt, "install", "-y", "--no-install-recommends", "--download-only", *PACKAGES, timeout=600)
    for deb in sorted((folder / "cache/archives").glob("*.deb")):
        quietly("dpkg-deb", "-x", deb, folder / "root")


def fetched():
    """The folder of the unpacked packages."""
    done = CACHE / f"mysql-{SUITE}"
    if not done.exists():
        half = CACHE / f"mysql-{SUITE}.part"
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        try:
            _unpack(half)
        except (RuntimeError, OSError, subprocess.SubprocessError) as e:
            shutil.rmtree(half, ignore_errors=True)
            raise Missing(str(e).strip().splitlines()[-1]) from None
        (half / "root").rename(done)
        shutil.rmtree(half)
    return done


# ---- the server ----

class Server:
    """A server of its own data, reached by a socket alone."""

    def __init__(self):
        self.root = fetched()
        self.loader = [str(next((self.root / "usr").glob("lib*/ld-linux*"))), "--library-path", str(next(self.root.glob("usr/lib/*-linux-gnu")))]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="qw-mysql-"))
        self.child = None

    def _program(self, name):
        return [*self.loader, str(next(self.root.glob(f"usr/*bin/{name}"))), "--no-defaults"]

    def __enter__(self):
        usr = self.root / "usr"
        common = [*self._program("mysqld"), f"--datadir={self.folder}/data", f"--basedir={usr}", f"--lc-messages-dir={usr}/share/mysql",
                  "--secure-file-priv=NULL", *(["--user=root"] if os.geteuid() == 0 else [])]
        try:
            quietly(*common, "--initialize-insecure")
            self.child = Child("mysqld", [*common, "--skip-networking", f"--socket={self.folder}/s", "--mysqlx=OFF", "--innodb-buffer-pool-size=64M",
                               "--performance-schema=OFF", "--skip-log-bin", "--max-digest-length=1048576", f"--pid-file={self.folder}/pid"], self.folder / "log")
            self.child.until(lambda: subprocess.run(self._client("select 1"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0)
            quietly(*self._client("create database test"))
        except (RuntimeError, TimeoutError, OSError) as e:
            self.__exit__()
            raise Missing(str(e).strip().splitlines()[-1]) from None
        return self

    def __exit__(self, *_):
        if self.child:
            self.child.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _client(self, *statement):
        return [*self._program("mysql"), f"--socket={self.folder}/s", "--user=root", "--default-character-set=utf8mb4",
                *(["-e", *statement] if statement else ["--force", "--batch", "--skip-column-names", "--skip-reconnect", "test"])]

    def version(self):
        return quietly(*self._client("select version()")).split()[-1]

    def ask(self, statements):
        """([error number], [digest text or None]): 1064 for a syntax error. One statement a line, so that errors tell theirs."""
        text = b"".join(b"SELECT %d, STATEMENT_DIGEST_TEXT(_utf8mb4 0x%s);\n" % (i, s.hex().encode()) for i, s in enumerate(statements))
        done = subprocess.run(self._client(), input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        errors, digests = [0] * len(statements), [None] * len(statements)
        for line in done.stderr.decode("utf-8", "replace").splitlines():
            if (m := REFUSED.match(line)):
                errors[int(m[2]) - 1] = SYNTAX if "error in your SQL syntax" in m[3] else int(m[1])
        for line in done.stdout.split(b"\n"):
            n, tab, digest = line.partition(b"\t")
            if tab:
                digests[int(n)] = re.sub(rb"\\(.)", lambda m: ESCAPED.get(m[1], m[1]), digest)
        return errors, digests


def asked(file, statements):
    """As verdicts.mariadb: kept beside the file, for the server of one folder answers the same."""
    kept = file.with_suffix(".mysql")
    if not kept.exists() or kept.stat().st_mtime < file.stat().st_mtime:
        with Server() as server:
            answer = server.ask(statements)
        part = kept.with_suffix(".part")
        part.write_bytes(pickle.dumps(answer))
        part.rename(kept)
    return pickle.loads(kept.read_bytes())


def verdicts(file, statements):
    return asked(file, statements)[0]


def digests(file, statements):
    return asked(file, statements)[1]
