"""functions.tsv -> functions_table.h: every function of every major, by name and by OID, and classes by name alone."""
import csv
import hashlib
import sys

# Worst first. What SQL cannot call ("n/a": arguments of type internal and the like) was not reviewed as something to call: deny.
# It says nothing about the others of its name, though: there it counts only where there is no other. A sequence that moves by a
# direct call is a write.
CLASS_OF = {"deny": "deny", "allow-in-default": "deny", "n/a": "deny", "label": "label", "propagate": "propagate",
            "limit": "limit", "allow": "allow"}
CLASSES = ["deny", "label", "propagate", "limit", "allow"]
MAJORS = range(13, 19)
FIXED_BELOW = 10000


def majors_of(text):
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    if not found <= set(MAJORS):
        sys.exit(f"majors {text}")
    return found


def read(path):
    rows = []
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            row["oid"], row["majors"] = int(row["oid"]), majors_of(row["majors"])
            if not 0 <= row["oid"] < FIXED_BELOW or '"' in row["name"] or len(row["pin"]) != 16:
                sys.exit(f"row {row}")
            rows.append(row)
    rows.sort(key=lambda r: (r["name"].encode(), r["oid"], min(r["majors"])))
    return rows


def unique(rows, key):
    seen = set()
    for row in rows:
        for major in row["majors"]:
            if key(row) and (major, key(row)) in seen:
                sys.exit(f"twice in {major}: {row}")
            seen.add((major, key(row)))


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def entries(rows):
    yield "static const struct functions_entry functions_table[] = {"
    for r in rows:
        bits = sum(1 << (m - MAJORS[0]) for m in r["majors"])
        yield (f'\t{{{r["oid"]}, {bits:#x}, {quoted(r["schema"])}, {quoted(r["name"])}, {quoted(r["args"])}, '
               f'{quoted(r["category"])}, FUNCTIONS_{CLASS_OF[r["default"]].upper()}, UINT64_C(0x{r["pin"]})}},')
    yield "};"


def order(rows):
    fixed = sorted((i for i, r in enumerate(rows) if r["oid"]), key=lambda i: rows[i]["oid"])
    yield "static const uint16_t functions_order[] = { /* by OID: index in functions_table */"
    for i in range(0, len(fixed), 20):
        yield "\t" + ", ".join(map(str, fixed[i:i + 20])) + ","
    yield "};"


def checksums(rows):
    yield "static const char *const functions_checksums[] = {"
    for major in MAJORS:
        fixed = sorted((r for r in rows if r["oid"] and major in r["majors"]), key=lambda r: r["oid"])
        yield f'\t"{hashlib.sha256("".join(r["pin"] for r in fixed).encode()).hexdigest()}",'
    yield "};"


def names(rows):
    functions = {}
    for r in rows:
        functions.setdefault(r["name"], []).append((r["category"], r["default"]))
    categories = sorted({r["category"] for r in rows})
    if set(categories) & set(CLASSES):
        sys.exit("a category is named like a class")
    bit = {name: i for i, name in enumerate(CLASSES + categories)}
    if len(bit) > 32:
        sys.exit("more than 32 classes and categories")
    yield f"enum {{ FUNCTIONS_CLASSES = {len(CLASSES)} }};"
    yield "static const char *const functions_bits[] = {"
    yield from (f'\t"{name}",' for name in bit)
    yield "\tNULL,\n};"
    yield "static const struct functions_named functions_names[] = {"
    for name in sorted(functions, key=lambda n: n.encode()):
        judged = [r for r in functions[name] if r[1] != "n/a"] or functions[name]
        worst = min((CLASS_OF[d] for _, d in judged), key=CLASSES.index)
        bits = 1 << bit[worst]
        for category, _ in functions[name]:
            bits |= 1 << bit[category]
        yield f"\t{{{quoted(name)}, {bits:#x}}},"
    yield "};"


def main(source, target):
    rows = read(source)
    unique(rows, lambda r: r["oid"])
    unique(rows, lambda r: (r["schema"], r["name"], r["args"]))
    with open(target, "w", encoding="utf-8") as f:
        f.write("/* Made from functions.tsv by functions_gen.py. */\n")
        for part in (entries, order, checksums, names):
            f.write("\n".join(part(rows)) + "\n")


main(sys.argv[1], sys.argv[2])
