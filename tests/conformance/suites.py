"""The suites. Each runs on one way and leaves a folder: results/TEST.out, `planned`, all tests, and `passed`, those that
PostgreSQL calls right."""
import dataclasses
import pathlib
import re
import shutil
import subprocess
import typing

import source
from postgres import IS_ROOT, program
from process import quietly

PASSED = re.compile(r"^(?:test|    )\s+(\S+)\s+\.\.\. ok\b", re.M)
PIPELINE_ROWS = 700  # what the golden traces were made with


def results(kept):
    return {file.stem: file.read_bytes() for file in (kept / "results").glob("*.out")}


def planned(kept):
    return (kept / "planned").read_text().split()


def passed(kept):
    return set((kept / "passed").read_text().split())


def _fresh(keep):
    shutil.rmtree(keep, ignore_errors=True)
    (keep / "results").mkdir(parents=True)
    return keep


def _suite_folder(way, origin, *extra):
    """A copy of the suite where the server's user may write: the tests let the server read and write beside them."""
    suite = way.scratch / "suite"
    shutil.rmtree(suite, ignore_errors=True)
    shutil.copytree(origin, suite)
    (suite / "out").mkdir()
    for file in extra:
        shutil.copy(file, suite)
    if IS_ROOT:
        quietly("chown", "-R", "postgres:postgres", suite)
    return suite


def _run_regress(way, keep, suite, command, database, schedule, *more):
    _fresh(keep)
    tests = re.findall(r"(?m)^test:(.*)$", (suite / schedule).read_text())
    (keep / "planned").write_text("\n".join(tests))
    way.create_database(database)
    way.run(command, f"--inputdir={suite}", f"--outputdir={suite}/out", f"--bindir={pathlib.Path(program('psql')).parent}",
            "--use-existing", f"--dbname={database}", f"--host={way.host}", f"--port={way.port}", "--user=postgres",
            f"--schedule={suite}/{schedule}", *more, log=keep / "log")
    for file in (suite / "out" / "results").glob("*.out"):
        shutil.copy(file, keep / "results")
    (keep / "passed").write_text("\n".join(PASSED.findall((keep / "log").read_text())))
    return keep


def regress(way, src, keep):
    libraries = (source.compile_regress(src), source.library("refint.so"), source.library("autoinc.so"))
    suite = _suite_folder(way, src / "src/test/regress", *libraries)
    return _run_regress(way, keep, suite, source.library("pgxs/src/test/regress/pg_regress"), "regression", "parallel_schedule",
                        f"--dlpath={suite}", "--max-concurrent-tests=20")


def isolation(way, src, keep):
    programs = [source.library("pgxs/src/test/isolation", name) for name in ("isolationtester", "pg_isolation_regress")]
    suite = _suite_folder(way, src / "src/test/isolation", *programs)
    return _run_regress(way, keep, suite, suite / "pg_isolation_regress", "isolation_regression", "isolation_schedule")


def pipeline(way, src, keep):
    """libpq_pipeline. Its frame traces are results where PostgreSQL has golden ones; the others hang on timing."""
    _fresh(keep)
    binary, right = source.compile_pipeline(src), []
    golden = src / "src/test/modules/libpq_pipeline/traces"
    tests = quietly(binary, "tests")
    (keep / "planned").write_text(tests)
    for test in tests.split():
        trace = keep / f"{test}.trace"
        done = subprocess.run([binary, "-r", str(PIPELINE_ROWS), "-t", trace, test, way.conninfo("postgres")],
                              env=way.environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        result = f"exit status {done.returncode}\n" + (done.stdout if done.returncode else "")
        expected = golden / f"{test}.trace"
        if expected.exists():
            result += trace.read_text()
        (keep / "results" / f"{test}.out").write_text(result)
        if done.returncode == 0 and (not expected.exists() or expected.read_bytes() == trace.read_bytes()):
            right.append(test)
        trace.unlink(missing_ok=True)
    (keep / "passed").write_text("\n".join(right))
    return keep


@dataclasses.dataclass
class Suite:
    name: str
    title: str
    run: typing.Callable
    has_variants: bool  # several results are right: PostgreSQL ships more than one expected file


SUITES = {s.name: s for s in (
    Suite("regress", "pg_regress", regress, True),
    Suite("isolation", "isolation suite", isolation, True),
    Suite("pipeline", "libpq_pipeline", pipeline, False),
)}
