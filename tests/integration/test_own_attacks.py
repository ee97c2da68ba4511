#!/usr/bin/python3
"""Attacks of our own beyond the corpus, tests/integration/attacks/; docs/attacks.md is the log of them.

    tests/integration/test_own_attacks.py [--major N] [WORD ...]     # only attacks whose name has one of the words
"""
# time limit: 600
import argparse
import importlib
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent / "attacks"
sys.path.insert(0, str(HERE))

from attackworld import World  # noqa: E402
from checks import Skip, run_tests  # noqa: E402

# Known and not closed yet, each with its reason, here and in the log. One that is held after all must leave this list.
OPEN = {}
LOG = HERE.parents[2] / "docs" / "attacks.md"


def attacks():
    found = {}
    for file in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(file.stem)
        for name, test in vars(module).items():
            if name.startswith("test_") and getattr(test, "__module__", "") == file.stem:
                assert name not in found, f"two attacks are called {name}"
                found[name] = test
    return found


def still_open(name, test):
    def run(world):
        try:
            test(world)
        except Skip:
            raise
        except Exception:
            raise Skip(f"OPEN: {OPEN[name]}") from None
        raise AssertionError("this is held now: take it out of OPEN, and say so in docs/attacks.md")
    return run


def test_the_log_names_every_attack(_):
    logged = set(re.findall(r"`(test_\w+)`", LOG.read_text()))
    assert logged == set(attacks()), f"not the same in {LOG.name} and here: {sorted(logged ^ set(attacks()))}"


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--major", type=int)
    p.add_argument("words", nargs="*")
    options = p.parse_args()
    chosen = {"test_the_log_names_every_attack": test_the_log_names_every_attack} | attacks()
    if options.words:
        chosen = {n: t for n, t in chosen.items() if any(w in n for w in options.words)}
    chosen = {n: still_open(n, t) if n in OPEN else t for n, t in chosen.items()}
    world = World(major=options.major)
    try:
        return run_tests(chosen, world)
    finally:
        world.close()


if __name__ == "__main__":
    sys.exit(main())
