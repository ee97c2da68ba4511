"""The kind of a statement, as the table names it, told from its first words alone: no parser of ours has a say in it."""
import re

CORE = ("select", "insert", "update", "delete", "replace")
BLANK = re.compile(rb"(?:\s+|/\*[^!M+].*?\*/|/\*\*/|(?:#|--\s)[^\n]*(?:\n|$)|\()+", re.DOTALL)
WORD = re.compile(rb"[A-Za-z_][A-Za-z_0-9$]*|.", re.DOTALL)

OBJECTS = ("table view index database schema user role sequence trigger event procedure function server tablespace logfile undo package instance "
           "prepare").split()
SAME = {"schema": "database", "desc": "describe", "start": "transaction", "begin": "transaction", "commit": "transaction",
        "rollback": "transaction", "savepoint": "transaction", "release": "transaction", "unlock": "lock"}
BETWEEN = 12  # words between CREATE and the object it makes


def words(text):
    at = 0
    while at < len(text):
        blank = BLANK.match(text, at)
        if blank:
            at = blank.end()
            continue
        m = WORD.match(text, at)
        yield m.group().decode("latin1").lower()
        at = m.end()


def _first(found, among):
    return next((SAME.get(w, w) for w in found[:BETWEEN] if w in among), "other")


def kind(text):
    found = []
    for word in words(text[:2000]):
        found.append(word)
        if len(found) > BETWEEN + 2:
            break
    first = found[0] if found else ""
    if first == "with":
        return "select"
    if first in ("create", "alter", "drop", "rename"):
        return f"{first} {_first(found[1:], OBJECTS)}"
    if first in ("analyze", "check", "checksum", "optimize", "repair") and _first(found[1:4], ("table", "tables", "view")) != "other":
        return f"{first} table"
    if first == "set" and len(found) > 1 and found[1] in ("statement", "role", "password", "names", "transaction", "default"):
        return f"set {found[1]}"
    return SAME.get(first, first)
