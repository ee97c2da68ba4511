"""Tries the runner itself on bare servers: what depends on the secrets must differ, everything else must not."""
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from checks import run_tests  # noqa: E402

CASE = ('{{"id":"{0}","dialect":"postgresql","class":"try","goal":"leak","check":"none","role":"app","protocol":"simple","sql":"{1}"}}\n')
SAME = {
    "time-moves": "SELECT clock_timestamp() > '2000-01-01', name FROM customers",
    "numbers-agree": "SELECT oid, xmin, relfilenode FROM pg_class WHERE relname = 'orders'",
    "own-pid": "SELECT pid FROM pg_stat_activity WHERE pid = pg_backend_pid()",
    "new-object": "CREATE TABLE fresh (id int); SELECT 'fresh'::regclass::oid, pg_current_xact_id()",
    "explained": "EXPLAIN ANALYZE SELECT count(*) FROM orders",
}
DIFFERENT = {
    "copied": "SELECT ssn FROM customers",
    "asked": "SELECT count(*) FROM customers WHERE ssn LIKE 'canary-8%'",
    "sorted": "SELECT id FROM customers ORDER BY phone",
    "failed": "SELECT 1/(CASE WHEN ssn LIKE 'canary-8%' THEN 0 ELSE 1 END) FROM customers",
    "measured": "SELECT sum(length(email)) FROM customers",
    "beside-noise": "SELECT clock_timestamp(), card FROM customers",
    "noticed": "DO $$BEGIN RAISE NOTICE '%', (SELECT max(ssn) FROM customers); END$$",
}


def run_direct(cases):
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(CASE.format(name, sql) for name, sql in cases.items())
        f.flush()
        return subprocess.run([HERE / "run", "--direct", f.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def test_what_depends_on_the_secrets_differs():
    done = run_direct(DIFFERENT)
    for name in DIFFERENT:
        assert f"{name} (try): DIFFERS" in done.stdout, f"{name}:\n{done.stdout}"
    assert done.returncode == 1 and f"noninterference: 0 passed, {len(DIFFERENT)} failed" in done.stdout, done.stdout


def test_what_does_not_is_the_same_on_all_sides():
    done = run_direct(SAME)
    assert done.returncode == 0 and f"noninterference: {len(SAME)} passed, 0 failed\n" in done.stdout, done.stdout


def test_what_moves_by_itself_is_said_to():
    done = run_direct({"a-clock": "SELECT clock_timestamp()", "still": "SELECT 1"})
    assert done.returncode == 0 and "noninterference: 1 passed, 0 failed, 1 skipped" in done.stdout, done.stdout


def test_what_cannot_be_run_fails():
    done = run_direct({"no-word": "SELECT 1\",\"protocol\":\"pigeon"})
    assert done.returncode == 1 and "noninterference: 0 passed, 1 failed" in done.stdout, done.stdout


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
