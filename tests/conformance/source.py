"""PostgreSQL's own tests, from the Debian source package of the server that is installed; kept in the build folder."""
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

from postgres import program
from process import BUILD, quietly

CACHE = BUILD / "conformance"
FOLDERS = ("src/test/regress/", "src/test/isolation/", "src/test/modules/libpq_pipeline/")
MAJOR = pathlib.Path(program("postgres")).parts[-3]


def library(*names):
    """A folder or file of the server's libraries."""
    return pathlib.Path("/usr/lib/postgresql", MAJOR, "lib", *names)


# ---- the source package ----

def _as_source(text, is_deb822):
    """The machine's own apt entries, asking for sources instead of binaries."""
    if is_deb822:
        return re.sub(r"(?mi)^types:.*$", "Types: deb-src", text)
    lines = [re.sub(r"^deb(?=\s)", "deb-src", line) for line in text.splitlines()]
    return "".join(re.sub(r"\barch(itectures)?=\S+?(?=[\s\]])", "", line) + "\n" for line in lines if line.startswith("deb-src"))


def _write_entries(parts):
    parts.mkdir(parents=True, exist_ok=True)
    etc = pathlib.Path("/etc/apt")
    for file in [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]:
        if file.suffix in (".list", ".sources") and file.is_file():
            (parts / file.name).write_text(_as_source(file.read_text(), file.suffix == ".sources"))


def _apt(folder):
    """Options of an apt that writes nothing of the machine's: own entries, own lists, own cache."""
    for name in ("lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    _write_entries(folder / "parts")
    options = {"Dir::Etc::sourcelist": "/dev/null", "Dir::Etc::sourceparts": folder / "parts", "Dir::State::lists": folder / "lists",
               "Dir::Cache": folder / "cache", "APT::Sandbox::User": "root"}
    return [word for key, value in options.items() for word in ("-o", f"{key}={value}")]


def _versions(apt, package):
    shown = subprocess.run(["apt-cache", *apt, "showsrc", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = set(re.findall(r"(?m)^Version: (\S+)$", shown.stdout))
    return sorted(found, key=lambda v: [int(n) for n in re.findall(r"\d+", v)], reverse=True)


def _download(folder):
    """The newest version that the mirror really has: pools can be behind their lists."""
    package, why = f"postgresql-{MAJOR}", []
    apt = _apt(folder)
    updated = subprocess.run(["apt-get", *apt, "update"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for version in _versions(apt, package):
        done = subprocess.run(["apt-get", *apt, "source", "--download-only", f"{package}={version}"], cwd=folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        found = sorted(folder.glob(f"{package}_*.orig.tar.*"))
        if done.returncode == 0 and found:
            return found[-1]
        why.append(f"{version}: {done.stdout.strip().splitlines()[-1:]}")
    raise RuntimeError(f"no source of {package}: {why or updated.stdout[-2000:]}")


def _unpack(archive, folder):
    with tarfile.open(archive) as tar:
        for member in tar:
            top, _, path = member.name.partition("/")
            if path.startswith(FOLDERS) and not (member.issym() or member.islnk()) and ".." not in path.split("/"):
                member.name = path
                tar.extract(member, folder)
    return top


def fetch():
    """The folder of the unpacked source; only the tests of it."""
    done = CACHE / f"source-{MAJOR}"
    if not done.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        half = CACHE / "source.part"
        shutil.rmtree(half, ignore_errors=True)
        name = _unpack(_download(CACHE / "apt"), half)
        (half / "NAME").write_text(name)
        half.rename(done)
        shutil.rmtree(CACHE / "apt")
    return done


# ---- what must be compiled ----

def _is_newer(file, than):
    return file.exists() and file.stat().st_mtime >= than.stat().st_mtime


def compile_regress(source):
    """regress.so: the C functions that the SQL tests call."""
    out, c = CACHE / "regress.so", source / "src/test/regress/regress.c"
    if not _is_newer(out, c):
        quietly("cc", "-O1", "-fPIC", "-shared", "-w", "-I", f"/usr/include/postgresql/{MAJOR}/server", "-o", out, c)
    return out


def compile_pipeline(source):
    out, c = CACHE / "libpq_pipeline", source / "src/test/modules/libpq_pipeline/libpq_pipeline.c"
    if not _is_newer(out, c):
        quietly("cc", "-O1", "-w", "-I", "/usr/include/postgresql", "-I", f"/usr/include/postgresql/{MAJOR}/server", "-o", out, c,
                "-lpq", f"-L{library()}", "-lpgcommon", "-lpgport", "-lm")
    return out
