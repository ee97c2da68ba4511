"""The second half of ./test: runs the parts one after the other, shows what failed, ends with a table and one closing line."""
import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOGS = ROOT / ".run" / "test"
CLOSING = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$", re.MULTILINE)
TAIL = 100  # lines of a failed part


class Part:
    """A command with a time limit in seconds; how its output is counted is the business of the subclasses.

    Counted is its last line `N passed, N failed[, N skipped]`, else its exit status. Lines that begin with `summary: ` are shown
    again under the table, lines that hold ` skipped ` or begin with `skip ` at once.
    """

    needs = None  # a file without which the part is not there yet

    def __init__(self, name, command, limit_s, needs=None, environment=None):
        self.name, self.command, self.limit_s, self.environment = name, command, limit_s, environment or {}
        self.needs = needs
        self.passed = self.failed = self.skipped = 0
        self.seconds, self.output, self.status = 0.0, "", None

    def is_here(self):
        return self.needs is None or (ROOT / self.needs).exists()

    def run(self):
        begin = time.monotonic()
        log = LOGS / f"{self.name}.log"
        with open(log, "wb") as f:
            process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=f, stderr=subprocess.STDOUT, cwd=ROOT,
                                       env=os.environ | self.environment, start_new_session=True)
            self.status = self._wait(process)
        self.seconds, self.output = time.monotonic() - begin, log.read_text(errors="replace")
        self.count()
        if self.status and not self.failed:
            self.failed = 1

    def _wait(self, process):
        """Exit status; at the time limit, or when we are told to end, the whole group goes."""
        try:
            return process.wait(self.limit_s)
        except subprocess.TimeoutExpired:
            self._end(process)
            return 124
        except BaseException:
            self._end(process)
            raise

    @staticmethod
    def _end(process):
        for how in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, how)
                process.wait(15)
                return
            except (subprocess.TimeoutExpired, ProcessLookupError):
                continue

    def count(self):
        found = CLOSING.findall(self.output)
        if found:
            self.passed, self.failed, self.skipped = (int(n or 0) for n in found[-1])
        elif self.status == 0:
            self.passed = 1

    def details(self):
        if self.status == 124:
            yield f"not within {self.limit_s} s"
        yield from self.output.splitlines()[-TAIL:]

    def notes(self):
        return [line.strip() for line in self.output.splitlines() if line.startswith("skip ") or " skipped " in line]

    def summary(self):
        return [line.removeprefix("summary: ") for line in self.output.splitlines() if line.startswith("summary: ")]


class Build(Part):
    """Counts nothing when it is well; when not, what needs it cannot run."""

    def count(self):
        pass


class Meson(Part):
    """meson test: counted from its own log, one JSON object a test."""

    def __init__(self, name, build, *options, limit_s, environment=None):
        super().__init__(name, ["meson", "test", "-C", build, "--no-rebuild", "--logbase", name, *options], limit_s,
                         environment=environment)
        self.log = ROOT / build / "meson-logs" / f"{name}.json"
        self.log.unlink(missing_ok=True)
        self.bad, self.left_out = [], []

    def count(self):
        tests = [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []
        self.left_out = [t for t in tests if t["result"] == "SKIP"]
        self.bad = [t for t in tests if t["result"] not in ("OK", "SKIP", "EXPECTEDFAIL")]
        self.failed, self.skipped = len(self.bad), len(self.left_out)
        self.passed = len(tests) - self.failed - self.skipped

    def details(self):
        if self.status == 124 or not self.bad:
            yield from super().details()
        for t in self.bad:
            yield f"{t['name']}: {t['result']}, {t['duration']:.1f} s: {' '.join(t['command'])}"
            text = (t.get("stdout") or "") + (t.get("stderr") or "")
            yield from (f"  | {line}" for line in text.splitlines()[-40:])

    def notes(self):
        return [f"{t['name']} skipped {((t.get('stdout') or '').splitlines() or [''])[-1]}" for t in self.left_out]


def sanitizers():
    symbolizer = next((str(p) for p in sorted(pathlib.Path("/usr/bin").glob("llvm-symbolizer*"))), "")
    return {"UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1", "ASAN_SYMBOLIZER_PATH": symbolizer}


def all_parts():
    python = "/usr/bin/python3"
    asan = sanitizers()
    asan_world = asan | {"QW_BUILD": str(ROOT / "build-asan")}
    return [
        Build("build", ["tools/build.sh", "all"], 900),
        Meson("unit", "build", "--no-suite", "integration", limit_s=600),
        Part("integration", [python, "tests/integration/run"], 900, "tests/integration/run"),
        Meson("integration-suites", "build", "--suite", "integration", limit_s=900),
        Part("tour", [python, "tools/tour.py", "--once", "--home", str(LOGS / "tour")], 180),
        Part("conformance", ["tests/conformance/run"], 1200, "tests/conformance/run"),
        Part("corpus", ["tests/corpus/run"], 900, "tests/corpus/run"),
        Part("corpus-servers", ["tests/corpus/run", "--server", "13,18"], 1800, "tests/support/servers/package.json"),
        Part("noninterference", ["tests/noninterference/run", "--smith", "10000", "fixtures/corpus-sql/pg_bypass.jsonl", "--goal", "leak"], 1500,
             "tests/noninterference/run"),
        Part("oracle", ["tests/oracle/run"], 900, "tests/oracle/run"),
        Build("build-asan", ["tools/build.sh", "asan"], 1500),
        Meson("unit-asan", "build-asan", "-t", "5", "--no-suite", "integration", limit_s=1500, environment=asan),
        Meson("integration-suites-asan", "build-asan", "-t", "5", "--suite", "integration", limit_s=1200, environment=asan),
        Part("tour-asan", [python, "tools/tour.py", "--once", "--home", str(LOGS / "tour-asan")], 240, environment=asan_world),
        Part("conformance-asan", ["tests/conformance/run"], 1500, "tests/conformance/run", asan_world),
        Part("corpus-asan", ["tests/corpus/run"], 1200, "tests/corpus/run", asan_world),
        Part("integration-asan", [python, "tests/integration/run", "--sanitized", "--build", "build-asan"], 1200,
             "tests/integration/run", asan),
    ]


QUICK = ("build", "unit")


def choose(parts, names, quick):
    known = [p.name for p in parts]
    for name in names:
        if name not in known:
            sys.exit(f"./test: {name}: there are {', '.join(known)}")
    wanted = set(names) or (set(QUICK) if quick else set(known))
    if any(name.endswith("asan") for name in wanted):
        wanted.add("build-asan")
    if any(not name.endswith("asan") for name in wanted):
        wanted.add("build")
    return [p for p in parts if p.name in wanted and p.is_here()]


def run_part(part):
    print(f"  {part.name:28}", end="", flush=True)
    part.run()
    counts = "built" if isinstance(part, Build) and not part.failed else f"{part.passed:5} passed {part.failed:4} failed"
    print(f"{counts}   {part.seconds:6.0f} s", flush=True)
    for line in part.notes():
        print(f"      {line}")
    if part.failed:
        print(*(f"    {line}" for line in part.details()), f"    the whole output: {LOGS.relative_to(ROOT)}/{part.name}.log",
              sep="\n", flush=True)


def run_all(parts):
    """A failed build takes its tests with it: they count as one failure, that of the build."""
    broken, done = set(), []
    for part in parts:
        if ("asan" in part.name) in broken:
            print(f"  {part.name:28}not run: it was not built")
            continue
        run_part(part)
        done.append(part)
        if isinstance(part, Build) and part.failed:
            broken.add("asan" in part.name)
    return done


def table(done):
    print(f"\n  {'part':28}{'passed':>8}{'failed':>8}{'skipped':>9}{'seconds':>9}")
    for p in done:
        print(f"  {p.name:28}{p.passed:8}{p.failed:8}{p.skipped:9}{p.seconds:9.0f}")
    lines = [f"  {p.name}: {line}" for p in done for line in p.summary()]
    print("", *lines, sep="\n") if lines else None
    passed, failed, skipped = (sum(getattr(p, n) for p in done) for n in ("passed", "failed", "skipped"))
    print(f"\n{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""), flush=True)
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(prog="./test")
    parser.add_argument("--quick", action="store_true", help="unit tests and transcripts only")
    parser.add_argument("part", nargs="*")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    LOGS.mkdir(parents=True, exist_ok=True)
    parts = choose(all_parts(), args.part, args.quick)
    return table(run_all(parts))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
