"""The tracked files of the source tree, and C text without what is not code."""
import os
import re
import subprocess


def tracked(root):
    """Relative names of the files of the project: what git tracks, or all of an unpacked archive."""
    if os.path.exists(os.path.join(root, ".git")):
        out = subprocess.run(["git", "-c", "safe.directory=*", "-C", root, "ls-files", "-z", "--cached"],
                             check=True, stdout=subprocess.PIPE).stdout.decode()
        return sorted({name for name in out.split("\0") if name and os.path.exists(os.path.join(root, name))})
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in folders if not f.startswith((".", "build")) and f not in ("node_modules", "__pycache__")]
        names += [os.path.relpath(os.path.join(folder, f), root) for f in files]
    return sorted(names)


def read(root, name):
    with open(os.path.join(root, name), encoding="utf-8") as f:
        return f.read()


_NOT_CODE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text):
    """Comments become spaces, strings and characters empty ones; lines keep their numbers."""
    def blank(m):
        s = m.group(0)
        if s[0] == '"':
            return '""'
        if s[0] == "'":
            return "0"
        return " " + "\n" * s.count("\n")
    return _NOT_CODE.sub(blank, text)


class Report:
    """Collects complaints; the exit code says whether there were any."""

    def __init__(self):
        self.count = 0

    def __call__(self, where, what):
        print(f"{where}: {what}")
        self.count += 1

    def done(self, what):
        if not self.count:
            print(f"ok: {what}")
        return 1 if self.count else 0
