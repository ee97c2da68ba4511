"""The MySQL and MariaDB servers of this machine: Debian's MariaDB, and MySQL 9 from Debian unstable, where it can be fetched.

MySQL is not in the stable distribution. `fetch()` downloads the packages of unstable (82 MB) with apt into a private folder,
unpacks them there (500 MB) and installs nothing; its programs run with their own C library. QW_MYSQL_FOLDER says where (default:
tests/support/servers/mysql; started by root, servers run as nobody, who must be able to pass through to it).
`python3 tests/support/mysql_servers.py` fetches by hand.
"""
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import sys

from process import quietly

FOLDER = pathlib.Path(os.environ.get("QW_MYSQL_FOLDER") or pathlib.Path(__file__).resolve().parent / "servers" / "mysql")
PACKAGES = ["mysql-server-core", "mysql-client-core", "libmysqlclient24"]
NEEDED = 2 << 30  # bytes while packages and programs lie side by side
SOURCES = "/etc/apt/sources.list.d/debian.sources"


class Unavailable(Exception):
    """Why there is no such server here: a test that could do without says so and goes on."""


def mariadb():
    """{program: file} of Debian's MariaDB (packages mariadb-server-core and mariadb-client-core)."""
    found = {name: shutil.which(name, path=f"/usr/sbin:/usr/bin:{os.environ.get('PATH', '')}")
             for name in ("mariadbd", "mariadb-install-db", "mariadb")}
    if not all(found.values()):
        raise Unavailable("mariadb-server-core and mariadb-client-core are not installed (./run and ./test install them)")
    return found


def client():
    """The command line client; it speaks to both."""
    return mariadb()["mariadb"]


# ---- MySQL from Debian unstable ----

def mysql():
    """The command, as a list, that runs a MySQL program: [*mysql(), ".../mysqld", ...]; Unavailable: it was not fetched."""
    if not (FOLDER / "complete").exists():
        raise Unavailable(f"MySQL 9 was not fetched: python3 {os.path.relpath(__file__)}")
    return _loader()


def _loader():
    root = FOLDER / "root"
    libraries = [root / "usr/lib/x86_64-linux-gnu", root / "usr/lib64", root / "lib/x86_64-linux-gnu"]
    return [str(root / "usr/lib64/ld-linux-x86-64.so.2"), "--library-path", ":".join(str(l) for l in libraries if l.exists())]


def mysql_program(name):
    found = [f for place in ("usr/sbin", "usr/bin") if (f := FOLDER / "root" / place / name).exists()]
    if not found:
        raise Unavailable(f"{name} is not among the programs of MySQL")
    return [*mysql(), str(found[0])]


def _mirror():
    """The machine's own Debian mirror: unstable is fetched from where stable comes from."""
    lines = pathlib.Path(SOURCES).read_text() if os.path.exists(SOURCES) else ""
    addresses = re.findall(r"^URIs:\s*(\S+)", lines, re.M)
    if not addresses and os.path.exists("/etc/apt/sources.list"):
        addresses = re.findall(r"^deb\s+(?:\[[^]]*\]\s+)?(\S+)", pathlib.Path("/etc/apt/sources.list").read_text(), re.M)
    return next((a for a in addresses if "security" not in a), None)


def _apt(folder, *command):
    """apt-get with nothing of the machine's own state but its configuration of the net and its keys."""
    settings = {"Dir::State": folder / "state", "Dir::State::status": folder / "status", "Dir::Cache": folder / "cache",
                "Dir::Etc::SourceList": folder / "sources.list", "Dir::Etc::SourceParts": "-", "Dir::Etc::Preferences": "-",
                "Dir::Etc::PreferencesParts": "-", "APT::Install-Recommends": "false", "Debug::NoLocking": "true",
                "APT::Sandbox::User": "root", "Acquire::Languages": "none"}
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    quietly("apt-get", "-q", "-y", *options, *command, timeout=600, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def _unpack(folder):
    for place in ("state/lists/partial", "cache/archives/partial"):
        (folder / place).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb {_mirror()} sid main\n")
    _apt(folder, "update")
    _apt(folder, "install", "--download-only", *PACKAGES)
    for package in sorted((folder / "cache/archives").glob("*.deb")):
        quietly("dpkg", "-x", package, folder / "root")
    for place in ("state", "cache"):
        shutil.rmtree(folder / place)


def fetch():
    """Makes mysql() work, once for all work trees that share the folder. Unavailable: says why it cannot be."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (FOLDER / "complete").exists():
            return mysql()
        if os.uname().machine != "x86_64" or not shutil.which("apt-get") or not _mirror():
            raise Unavailable("MySQL 9 is fetched on Debian, x86-64, from the mirror that apt uses")
        if shutil.disk_usage(FOLDER).free < NEEDED:
            raise Unavailable("MySQL 9 needs 2 GB of free space")
        for place in ("root", "state", "cache"):
            shutil.rmtree(FOLDER / place, ignore_errors=True)
        try:
            _unpack(FOLDER)
            quietly(*_loader(), FOLDER / "root/usr/sbin/mysqld", "--no-defaults", "--version")
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as e:
            raise Unavailable(f"MySQL 9 cannot be fetched: {str(e)[-600:]}") from None
        quietly("chmod", "-R", "a+rX", FOLDER)
        (FOLDER / "complete").touch()
    return mysql()


if __name__ == "__main__":
    try:
        print(" ".join(fetch()))
    except Unavailable as why:
        sys.exit(str(why))
