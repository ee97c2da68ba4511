"""Are two transcripts the same? Everything that the client got is compared byte by byte, in its order."""
import difflib
import re

from bypass import stable
from wire import fields, row

SAME, DIFFERS, UNSTABLE = "same", "DIFFERS", "unstable"
AGAIN = 2  # times that a difference is looked at again
TOKEN = re.compile(rb"tok_[0-9a-f]{20}")


def normal(messages, names, hashed=False):
    """[(type, [parts])]: cells of a row, fields of an error, else the body. `hashed`: of a keyed token only its shape is compared."""
    def clean(value):
        if value is None:
            return None
        for what, instead in names:
            if what in value:
                value = re.sub(rb"(?<!\d)" + re.escape(what) + rb"(?!\d)", instead, value)
        value = stable(value, "<no name>")  # that of the database is the same on both sides
        return TOKEN.sub(b"<token>", value) if hashed else value

    out = []
    for kind, body in messages:
        if kind == "D":
            out.append((kind, [clean(v) for v in row(body)]))
        elif kind in "EN":
            out.append((kind, [f"{k}={v}".encode() if k == "R" else k.encode() + clean(v.encode()) for k, v in fields(body).items()
                               if k not in "FL"]))
        elif kind == "A":
            out.append((kind, [clean(body[4:])]))
        else:
            out.append((kind, [clean(body)]))
    return out


def _shape(transcript):
    return [(k, len(parts)) for k, parts in transcript]


def _in_order(transcript):
    """The rows sorted, where the order of rows is not the same from run to run."""
    rows = iter(sorted((t for t in transcript if t[0] == "D"), key=lambda t: [(p is not None, p or b"") for p in t[1]]))
    return [next(rows) if t[0] == "D" else t for t in transcript]


def _steady(left, right, others):
    """Does something differ that is the same in all runs on the one side, and in all runs on the other? others: [(run, side's first)]."""
    if _shape(left) != _shape(right):
        return all(_shape(run) == _shape(first) for run, first in others)
    if any(_shape(run) != _shape(left) for run, _ in others):
        return False
    flat = [[p for _, parts in t for p in parts] for t in (left, right)]
    still = [True] * len(flat[0])
    for run, first in others:
        mine = flat[0] if first is left else flat[1]
        for i, p in enumerate(p for _, parts in run for p in parts):
            still[i] = still[i] and p == mine[i]
    return any(s and x != y for s, x, y in zip(still, *flat))


def judge(runs, again):
    """`runs`: the transcripts of the three sides; again() gives them once more."""
    left, right, control = runs
    if left == right:
        return SAME
    others = [(control, left)]
    for _ in range(AGAIN):
        left2, right2, control2 = again()
        others += [(left2, left), (control2, left), (right2, right)]
    for look in (list, _in_order):
        a, b = look(left), look(right)
        if _steady(a, b, [(look(run), a if first is left else b) for run, first in others]):
            return DIFFERS
    return UNSTABLE


def _lines(transcript):
    for kind, parts in transcript:
        text = " | ".join("NULL" if p is None else repr(p)[2:-1] for p in parts)
        yield f"{kind} {text}"[:400]


def difference(left, right, most=12):
    lines = list(difflib.unified_diff(list(_lines(left)), list(_lines(right)), "world a", "the other world", lineterm="", n=1))
    return lines[:most] + ([f"... {len(lines) - most} more lines"] if len(lines) > most else [])


__all__ = ["DIFFERS", "SAME", "UNSTABLE", "difference", "judge", "normal"]
