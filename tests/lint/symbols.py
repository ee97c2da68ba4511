"""Link arrows: what each room's library needs is defined by a room that it may call or, for pure rooms, is in the room's
allow-list of libc. Usage: symbols.py NM room=library.a ..."""
import subprocess
import sys

from house import GROUPS, LIBRARY_SYMBOLS, ROOMS
from tree import Report

# The compiler's own: instrumentation, and position-independent code.
COMPILER = ("__stack_chk_", "_GLOBAL_OFFSET_TABLE_", "__asan_", "__ubsan_", "__sanitizer_", "__sancov_", "__msan_", "__tsan_",
            "__gcov_", "__llvm_", "__start_", "__stop_", "__lsan_", "__tls_get_addr")


def symbols(nm, library):
    defined, wanted = set(), set()
    out = subprocess.run([nm, library], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode()
    for line in out.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] in "Uvw":
            wanted.add(words[1])
        elif len(words) == 3 and words[1].isupper():
            defined.add(words[2])
    return defined, wanted - defined


def plain(symbol):
    """Fortified and sanitizer-intercepted names stand for the plain ones."""
    if symbol.startswith("__") and symbol.endswith("_chk"):
        return symbol[2:-4]
    return symbol.removeprefix("__interceptor_").removeprefix("__isoc99_")


def allowed_libc(room):
    names = set()
    for word in ROOMS[room].libc:
        names.update(GROUPS.get(word, word).split())
    return names


def main(nm, libraries):
    complain = Report()
    rooms = dict(entry.split("=", 1) for entry in libraries)
    table = {room: symbols(nm, library) for room, library in rooms.items()}
    owner = {s: room for room, (defined, _) in table.items() for s in defined}
    for room, (_, wanted) in table.items():
        r = ROOMS[room]
        libc = allowed_libc(room) if r.libc is not None else None
        for s in sorted(wanted):
            if s in owner:
                if owner[s] not in r.calls:
                    complain(room, f'may not call {s} of the room "{owner[s]}"')
            elif libc is not None and not s.startswith(COMPILER) and plain(s) not in libc and \
                    not s.startswith(LIBRARY_SYMBOLS.get(room, ())):
                complain(room, f"is pure and may not need {s}")
        if r.libc is not None:
            unused = [w for w in r.libc if not any(plain(s) in GROUPS.get(w, w).split() for s in wanted)]
            if unused and "-v" in sys.argv:
                print(f"note: {room} does not use {unused}")
    for room in ROOMS:
        if room not in rooms:
            print(f"note: no library of the room {room} in this build")
    return complain.done(f"{len(rooms)} rooms need only what they may")


sys.exit(main(sys.argv[1], [a for a in sys.argv[2:] if "=" in a]))
