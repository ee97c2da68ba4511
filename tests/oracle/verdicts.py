"""What a server says to each statement of the corpus: its error number, 0 when there is none. 1064 is a syntax error; with any other
the text was parsed. The work is done by children that hold a range of statements each; one that crashes or hangs is started again
behind the statement that did it.
"""
import os
import shutil
import struct
import subprocess
import tempfile
import threading

from packages import unpacked
from process import BUILD, quietly

CRASHED = 0xffff  # no verdict: the statement ended the server, or it could not be asked
SYNTAX, EMPTY = 1064, 1065
RESTARTS_MAX = 200


def library():
    return next(unpacked("libmariadbd19").rglob("libmariadbd.so.19"))


def compiled():
    """The oracle's executable. It is linked here, by the run: only this needs the library."""
    source, program, so = os.path.join(os.path.dirname(__file__), "mariadbd.c"), BUILD / "oracle" / "mariadbd", library()
    if not program.exists() or program.stat().st_mtime < os.stat(source).st_mtime:
        quietly(os.environ.get("CC", "cc"), "-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror", "-o", program, source,
                so, f"-Wl,-rpath,{so.parent}", "-Wl,--allow-shlib-undefined")
    return program


class Range(threading.Thread):
    """Judges the statements first <= i < last with one child after the other."""

    def __init__(self, program, file, first, last):
        super().__init__()
        self.program, self.file, self.first, self.last = program, file, first, last
        self.verdicts, self.problem = [], None

    def _child(self, folder):
        begin = self.first + len(self.verdicts)
        with open(os.path.join(folder, "log"), "ab") as log:
            done = subprocess.run([str(self.program), folder, str(self.file), str(begin), str(self.last)], cwd=folder,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        n = len(done.stdout) // 2
        self.verdicts += struct.unpack(f"<{n}H", done.stdout[:2 * n])
        return n, done.returncode

    def run(self):
        for _ in range(RESTARTS_MAX):
            folder = tempfile.mkdtemp(prefix="qw-oracle-")
            try:
                n, status = self._child(folder)
                if status in (2, 4):
                    with open(os.path.join(folder, "log"), errors="replace") as f:
                        self.problem = f"the oracle ended with status {status}: {f.read()[-2000:]}"
                    return
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            if len(self.verdicts) == self.last - self.first:
                return
            self.verdicts.append(CRASHED)
        self.problem = f"{RESTARTS_MAX} statements ended the oracle"


def mariadb(file, statements, jobs=2):
    """[error number] of all statements of the framed file; kept beside it, for the package of one version answers the same."""
    count = len(statements)
    kept = file.with_suffix(f".{unpacked('libmariadbd19').name}")
    if not kept.exists() or kept.stat().st_size != 2 * count or kept.stat().st_mtime < file.stat().st_mtime:
        program = compiled()
        ends = [count * i // jobs for i in range(jobs + 1)]
        ranges = [Range(program, file, a, b) for a, b in zip(ends, ends[1:])]
        for r in ranges:
            r.start()
        for r in ranges:
            r.join()
        for r in ranges:
            if r.problem:
                raise RuntimeError(r.problem)
        all_of_them = [v for r in ranges for v in r.verdicts]
        part = kept.with_suffix(".part")
        part.write_bytes(struct.pack(f"<{count}H", *all_of_them))
        part.rename(kept)
    return list(struct.unpack(f"<{count}H", kept.read_bytes()))
