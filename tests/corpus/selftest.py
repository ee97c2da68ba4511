"""Tries the runner itself on a bare server: harm must be seen, a control must not, and what the runner cannot do must fail."""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
CASES = HERE.parents[1] / "fixtures" / "corpus-sql" / "selftest.jsonl"

from checks import run_tests  # noqa: E402


def run_direct(file):
    return subprocess.run([HERE / "run", "--direct", "--all", file], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def cases():
    return [json.loads(line) for line in CASES.read_text().splitlines()]


def changed(*changes):
    """The output for single cases that are as `changes` say: (id, {key: value})."""
    by_id = {c["id"]: c for c in cases()}
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as f:
        f.writelines(json.dumps(by_id[name] | change) + "\n" for name, change in changes)
        f.flush()
        return run_direct(f.name)


def test_harm_is_seen_on_a_bare_server():
    done = run_direct(CASES)
    assert done.returncode == 0, done.stdout
    for case in cases():
        assert (f"\n{case['id']} LEAKED" in "\n" + done.stdout) == case["works"], f"{case['id']}:\n{done.stdout}"
    assert f"corpus: {len(cases())} passed, 0 failed" in done.stdout


def test_what_is_not_as_the_file_says_fails():
    done = changed(("must-not-delete", {"works": True}), ("must-leak", {"sql": "SELECT name FROM customers"}),
                   ("must-leak-setup", {"setup": ["SELECT 1/0"]}), ("must-run", {"protocol": "pigeon"}),
                   ("must-delete", {"check": "mood"}), ("must-tell", {"works": False, "control": True}))
    assert done.returncode == 1 and "corpus: 0 passed, 6 failed" in done.stdout, done.stdout


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
