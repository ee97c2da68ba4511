"""The suites. Each is run on one way and leaves {test: result file} behind."""
import pathlib
import re
import shutil
import subprocess

import source
from postgres import IS_ROOT, program
from process import quietly

RESULT = re.compile(r"^(?:test |ok |     )\s*(\S+)\s+\.\.\. (ok|FAILED|failed.*?ignored)", re.M)


def _tree(way, *folders):
    """A fresh copy of the test's folder where the server's user may write."""
    shutil.rmtree(way.scratch / "suite", ignore_errors=True)
    shutil.copytree(folders[0], way.scratch / "suite", symlinks=True)
    return way.scratch / "suite"


def _own(folder):
    if IS_ROOT:
        quietly("chown", "-R", "postgres:postgres", folder)


def _common(way, suite, database):
    return [f"--inputdir={suite}", f"--outputdir={suite}/out", f"--bindir={pathlib.Path(program('psql')).parent}", "--use-existing",
            f"--dbname={database}", f"--host={way.host}", f"--port={way.port}", "--user=postgres"]


def _collect(suite, keep):
    shutil.rmtree(keep, ignore_errors=True)
    keep.mkdir(parents=True)
    for name in ("regression.diffs", "regression.out"):
        if (suite / "out" / name).exists():
            shutil.copy(suite / "out" / name, keep)
    shutil.copytree(suite / "out" / "results", keep / "results", ignore=lambda folder, names: [
        n for n in names if not n.endswith(".out")])
    return keep


def regress(way, src, keep, schedule="parallel_schedule"):
    suite = _tree(way, src / "src/test/regress")
    for so in (source.compile_regress(src), source.library("refint.so"), source.library("autoinc.so")):
        shutil.copy(so, suite)
    (suite / "out").mkdir()
    _own(suite)
    way.create_database("regression")
    way.run(source.library("pgxs/src/test/regress/pg_regress"), *_common(way, suite, "regression"), f"--dlpath={suite}",
            f"--schedule={suite}/{schedule}", "--max-concurrent-tests=20", log=keep.with_suffix(".log"))
    return _collect(suite, keep)


def isolation(way, src, keep, schedule="isolation_schedule"):
    suite = _tree(way, src / "src/test/isolation")
    (suite / "out").mkdir()
    for name in ("isolationtester", "pg_isolation_regress"):
        shutil.copy(source.library("pgxs/src/test/isolation", name), suite)
        shutil.copy(source.library("pgxs/src/test/isolation", name), suite / "out")
    _own(suite)
    way.create_database("isolation_regression")
    way.run(suite / "pg_isolation_regress", *_common(way, suite, "isolation_regression"), f"--schedule={suite}/{schedule}",
            log=keep.with_suffix(".log"))
    return _collect(suite, keep)


def pipeline(way, src, keep):
    """libpq_pipeline; its frame traces are results, too."""
    binary = source.compile_pipeline(src)
    shutil.rmtree(keep, ignore_errors=True)
    (keep / "results").mkdir(parents=True)
    tests = quietly(binary, "tests").split()
    conninfo = f"host={way.host} port={way.port} user=postgres dbname=postgres"
    for test in tests:
        trace = keep / "results" / f"{test}.trace"
        done = subprocess.run([binary, "-r", "700", "-t", trace, test, conninfo], env=way.environment(), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=60)
        (keep / "results" / f"{test}.out").write_text(f"{done.stdout}exit status {done.returncode}\n")
    return keep
