"""The PostgreSQL servers of this machine: Debian's, and those of other majors from npm (tests/support/servers, `npm ci` there).

The npm builds have OpenSSL, ICU, libxml and contrib, but no psql: clients are always Debian's.
"""
import functools
import glob
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent / "servers"
OWNER = "postgres" if os.geteuid() == 0 else None


def debian():
    """{major: folder of programs}"""
    return {int(p.split("/")[-2]): pathlib.Path(p) for p in glob.glob("/usr/lib/postgresql/*/bin") if os.path.exists(f"{p}/postgres")}


def from_npm():
    """{major: folder of a package} as package.json says, whether installed or not."""
    names = json.loads((HERE / "package.json").read_text())["dependencies"]
    return {int(n.removeprefix("postgres-")): HERE / "node_modules" / n for n in names}


def default_major():
    if not debian():
        raise RuntimeError("no PostgreSQL server is installed (./run and ./test install it)")
    return max(debian())


def majors():
    return sorted({*debian(), *from_npm()})


@functools.cache
def programs(major=None):
    """The folder where initdb and postgres of that major lie, and where the servers' owner can run them."""
    major = int(major or default_major())
    if major in debian():
        return debian()[major]
    folder = from_npm().get(major)
    if not folder:
        raise RuntimeError(f"PostgreSQL {major}: there are {', '.join(map(str, majors()))}")
    if not (folder / "native" / "bin" / "postgres").exists():
        raise RuntimeError(f"PostgreSQL {major} is not installed: `npm ci` in tests/support/servers (./test does it)")
    folder = _reachable(folder / "native")
    _links(folder)
    return folder / "bin"


def _reachable(folder):
    """A work tree below somebody's private folder is closed to the servers' owner: then a copy, which lasts as long as we do."""
    test = ["test", "-x", str(folder / "bin" / "postgres"), "-a", "-r", str(folder / "share" / "postgresql" / "postgres.bki")]
    if not OWNER or subprocess.run(test, user=OWNER, group=OWNER, extra_groups=[], check=False).returncode == 0:
        return folder
    place = tempfile.TemporaryDirectory(prefix="qw-server-")
    _copies.append(place)
    os.chmod(place.name, 0o755)
    return pathlib.Path(shutil.copytree(folder, f"{place.name}/native", symlinks=True))


_copies = []  # they go when the interpreter does


def _links(folder):
    """npm packages hold no links; the package's own script makes them where npm runs such scripts, which it need not."""
    for link in json.loads((folder / "pg-symlinks.json").read_text()):
        target = folder.parent / link["target"]
        if not target.is_symlink():
            try:
                target.symlink_to(os.path.relpath(folder.parent / link["source"], target.parent))
            except FileExistsError:  # somebody else was faster
                pass
