"""For stand-alone test scripts: runs functions named test_*, prints `ok`, `not ok` and `skip` lines, gives the exit status."""
import sys
import traceback


class Skip(Exception):
    """Raised by a test that cannot be run here; its text says why."""


def run_tests(module_globals, *arguments):
    """Every test_* function of the caller's module, in the order of the file. Use: sys.exit(run_tests(globals(), env))."""
    failed = 0
    for name, test in list(module_globals.items()):
        if not name.startswith("test_") or not callable(test):
            continue
        shown = name.removeprefix("test_").replace("_", " ")
        try:
            test(*arguments)
            print(f"ok {shown}", flush=True)
        except Skip as why:
            print(f"skip {shown}: {why}", flush=True)
        except Exception as e:
            failed += 1
            traceback.print_exc()
            print(f"not ok {shown}: {type(e).__name__}: {str(e).splitlines()[0] if str(e) else ''}", flush=True)
    return 1 if failed else 0
