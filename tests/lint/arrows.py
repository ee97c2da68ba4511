"""Include arrows: which doors and which libraries' headers each room opens. Usage: arrows.py SOURCE_ROOT"""
import os
import re
import sys

from house import C_HEADERS, OUTSIDE, ROOMS
from tree import Report, code_only, read, tracked

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def room_of(name):
    folder = os.path.dirname(name)
    for room, r in ROOMS.items():
        if folder == r.folder or any(folder == f"{r.folder}/{i}" for i in r.inner):
            return room
    return None


def includes(text):
    for m in INCLUDE.finditer(re.sub(r"/\*.*?\*/", lambda c: "\n" * c.group(0).count("\n"), text, flags=re.S)):
        yield text.count("\n", 0, m.start()) + 1, m.group(1), m.group(2)


def check_own(complain, where, root, folder, header, room, generated):
    """A header of the room itself: it lies in the room's folder."""
    path = os.path.normpath(os.path.join(folder, header))
    inside = path.startswith(ROOMS[room].folder + "/")
    if not inside or not (os.path.exists(os.path.join(root, path)) or header in generated):
        complain(where, f'"{header}" is not of the room "{room}"')


def check_source(complain, root, name, room):
    r = ROOMS[room]
    for line, kind, header in includes(read(root, name)):
        where = f"{name}:{line}"
        if header.startswith("qw/"):
            door = header[3:-2]
            if door != room and door not in r.calls and door not in r.sees:
                complain(where, f'room "{room}" may not know the room "{door}"')
        elif header in r.outside or header in r.headers or header in C_HEADERS:
            pass
        elif header.startswith(OUTSIDE):
            complain(where, f'room "{room}" may not see <{header}>')
        elif kind == '"':
            check_own(complain, where, root, os.path.dirname(name), header, room, ("functions_table.h", "lineage_functions.h", "words.h", "rulenames.h"))
        elif r.libc is not None:
            complain(where, f'the room "{room}" is pure: no <{header}>')


def check_door(complain, root, name):
    """A door shows structs of other doors only as its room may know them, and nothing of a library."""
    room = os.path.basename(name)[:-2]
    if room not in ROOMS:
        complain(name, "a door of no room: add it to tests/lint/house.py")
        return
    r = ROOMS[room]
    for line, _, header in includes(read(root, name)):
        if header.startswith("qw/"):
            if header[3:-2] not in r.calls + r.sees:
                complain(f"{name}:{line}", f'the door of "{room}" may not open the door of "{header[3:-2]}"')
        elif header not in C_HEADERS:
            complain(f"{name}:{line}", f"a door opens no header of a library: <{header}>")


def check_table(complain):
    """Arrows go down only: no room is reached again from what it may know."""
    def walk(room, path):
        if room in path:
            complain("tests/lint/house.py", "a ring of rooms: " + " -> ".join(path[path.index(room):] + [room]))
            return
        for lower in ROOMS[room].calls:
            walk(lower, path + [room])
    for room in ROOMS:
        walk(room, [])


def check_document(complain, root):
    """docs/architecture.md names every room, and every state and stage of the session."""
    name, machine = "docs/architecture.md", "src/session/machine.h"
    if not all(os.path.exists(os.path.join(root, n)) for n in (name, machine)):
        return
    text = read(root, name)
    rooms = [r.folder for r in ROOMS.values()] + list(ROOMS)
    words = [w for w in re.findall(r"\b(?:STATE|RUN)_([A-Z_]+)\b", code_only(read(root, machine)))]
    for word in sorted(set(rooms + words)):
        if not re.search(rf"\b{re.escape(word)}\b", text) and word.split("/")[-1] not in text:
            complain(name, f"says nothing of {word}")


def main(root):
    complain = Report()
    check_table(complain)
    check_document(complain, root)
    for name in tracked(root):
        if not name.endswith((".c", ".h")):
            continue
        if name.startswith("include/qw/"):
            check_door(complain, root, name)
        elif name == "src/main.c":
            for line, _, header in includes(read(root, name)):
                if header.startswith("qw/") and header not in ("qw/cli.h", "qw/base.h"):
                    complain(f"{name}:{line}", f"main is wiring: it knows cli, not {header}")
        elif name.startswith(("src/", "protocols/", "sqlparse/")):
            room = room_of(name)
            if room:
                check_source(complain, root, name, room)
            else:
                complain(name, "a file of no room: add its folder to tests/lint/house.py")
    return complain.done("every include follows an arrow of tests/lint/house.py")


sys.exit(main(sys.argv[1]))
