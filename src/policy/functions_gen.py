"""pg15_functions.tsv -> functions_table.h: one line for each name, sorted by bytes, the worst of its overloads."""
import csv
import sys

# Worst first. An overload that SQL cannot call ("n/a": arguments of type internal and the like) says nothing about the
# others of its name, so it counts only where there is no other. A sequence that moves by a direct call is a write.
CLASS_OF = {"deny": "deny", "allow-in-default": "deny", "n/a": "deny", "label": "label", "propagate": "propagate",
            "limit": "limit", "allow": "allow"}
CLASSES = ["deny", "label", "propagate", "limit", "allow"]


def read(path):
    functions = {}
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE):
            functions.setdefault(row["name"], []).append((row["category"], row["default"]))
    return functions


def main(source, target):
    functions = read(source)
    categories = sorted({c for rows in functions.values() for c, _ in rows})
    if set(categories) & set(CLASSES):
        sys.exit("a category is named like a class")
    bit = {name: i for i, name in enumerate(CLASSES + categories)}
    if len(bit) > 32:
        sys.exit("more than 32 classes and categories")
    out = ["/* Made from pg15_functions.tsv by functions_gen.py. */", f"enum {{ FUNCTION_CLASSES = {len(CLASSES)} }};",
           "static const char *const function_bits[] = {"]
    out += [f'\t"{name}",' for name in bit] + ["\tNULL,", "};", "static const struct function_entry function_table[] = {"]
    for name in sorted(functions, key=lambda n: n.encode()):
        rows = [r for r in functions[name] if r[1] != "n/a"] or functions[name]
        worst = min((CLASS_OF[d] for _, d in rows), key=CLASSES.index)
        bits = 1 << bit[worst]
        for category, _ in rows:
            bits |= 1 << bit[category]
        out.append(f'\t{{"{name}", 0x{bits:x}u}},')
    out.append("};")
    with open(target, "w", encoding="utf-8") as f:
        f.write("\n".join(out) + "\n")


main(sys.argv[1], sys.argv[2])
