"""Are two transcripts the same? Everything that the client got is compared byte by byte, in its order."""
import difflib
import re

from bypass import stable
from wire import fields, row

SAME, DIFFERS, UNSTABLE = "same", "DIFFERS", "unstable"
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


def judge(left, right, again):
    """`again()` gives a second pair. What differs between the sides, but not from run to run, is a difference."""
    if left == right:
        return SAME
    left2, right2 = again()
    if _shape(left) != _shape(right):
        steady = _shape(left) == _shape(left2) and _shape(right) == _shape(right2)
        return DIFFERS if steady else UNSTABLE
    if not _shape(left) == _shape(left2) == _shape(right2):
        return UNSTABLE
    for x, y, x2, y2 in zip(left, right, left2, right2):
        for a, b, a2, b2 in zip(x[1], y[1], x2[1], y2[1]):
            if a != b and a == a2 and b == b2:
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
