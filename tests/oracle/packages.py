"""Debian packages, fetched with the machine's own apt entries and unpacked into a folder of the build: nothing is installed."""
import pathlib
import re
import shutil
import subprocess

from process import BUILD

CACHE = BUILD / "oracle"


def versions(package):
    """What the machine's lists offer, the best first."""
    shown = subprocess.run(["apt-cache", "madison", package], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    found = [line.split("|")[1].strip() for line in shown.splitlines() if line.count("|") == 2 and "Packages" in line]
    return list(dict.fromkeys(found))


def _download(package, version, folder):
    done = subprocess.run(["apt-get", "-o", "APT::Sandbox::User=root", "download", f"{package}={version}"], cwd=folder,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    found = sorted(folder.glob(f"{package}_*.deb"))
    if done.returncode or not found:
        raise RuntimeError(f"{package}={version}: {done.stdout.strip()[-300:]}")
    return found[0]


def _newest(package, folder):
    """Pools can be behind their lists: the newest version that can really be fetched."""
    why = []
    for version in versions(package):
        try:
            return _download(package, version, folder)
        except RuntimeError as e:
            why.append(str(e))
    raise RuntimeError(f"{package} cannot be fetched: {why or 'unknown to apt'}")


def unpacked(package):
    """The folder of the unpacked package, fetched by the first run; its name holds the version."""
    for version in versions(package):
        done = CACHE / f"{package}-{re.sub('[^0-9A-Za-z.]', '-', version)}"
        if done.exists():
            return done
    CACHE.mkdir(parents=True, exist_ok=True)
    half = CACHE / f"{package}.part"
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    deb = _newest(package, half)
    version = subprocess.check_output(["dpkg-deb", "-f", str(deb), "Version"], text=True).strip()
    subprocess.run(["dpkg-deb", "-x", str(deb), str(half / "x")], check=True)
    done = CACHE / f"{package}-{re.sub('[^0-9A-Za-z.]', '-', version)}"
    (half / "x").rename(done)
    shutil.rmtree(half)
    return pathlib.Path(done)
