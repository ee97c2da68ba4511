#!/usr/bin/env python3
"""Write the tables that the reader is driven by: for each server major, the node types and their fields in order.

usage: tables.py OUT.c NODES.txt...

    TYPE [versions] [(versions: OLDNAME)]
            field kind [versions], field kind [versions], ...
            if FIELD VALUE [versions]: field kind [versions], ...
              (indented further: the list goes on)
            field kind, ...

versions: 16 (only), 16- (from), -15 (until), 15-16. The text of a node is `{TYPE :field value :field value}`, in the order of
the table; fields under an `if` stand there when the earlier field of that name has that value, and a value that no `if` of
the version names is refused. OLDNAME: what those versions print for the type; readers see TYPE.

kinds  int uint float char bool: what a C printf makes of one    string: escaped, <> or (16 and later) "" when there is none
       node: {...} or <>    list: of nodes, lists and <>    names: a list of strings    ints oids bits: lists of numbers
       list_or_ints: either    datum: the value of a constant    utility: a node, <> or (until 15) ?    boolop: and, or, not
"""
import re
import sys

MAJORS = range(13, 19)
KINDS = ("int uint float char bool string node list names ints oids bits list_or_ints datum utility boolop").split()
CONDITIONAL = 16  # values of a condition lie in the bits of a word


def versions(text):
    if not text:
        return set(MAJORS)
    m = re.fullmatch(r"(\d*)(-?)(\d*)", text)
    first, last = m[1] or MAJORS[0], m[3] or (MAJORS[-1] if m[2] else m[1])
    found = set(range(int(first), int(last) + 1))
    assert found and found <= set(MAJORS), text
    return found


def fields(text, condition, of):
    """[(name, kind, condition, versions)] of one line."""
    out = []
    for part in filter(None, (p.strip() for p in text.split(","))):
        words = part.split()
        assert len(words) in (2, 3) and words[1] in KINDS, part
        out.append((words[0], words[1], condition, versions("".join(words[2:])) & of))
    return out


def node_head(line):
    m = re.fullmatch(r"(\w+)(?: ([\d-]+))?(?: \(([\d-]+): (\w+)\))?", line)
    assert m, line
    return {"type": m[1], "of": versions(m[2]), "old": (versions(m[3]), m[4]) if m[3] else None, "fields": [], "known": []}


def node_line(node, line):
    m = re.fullmatch(r"if (\w+) (\d+)(?: ([\d-]+))?:(.*)", line)
    condition, of = None, node["of"]
    if m:
        condition, of, line = (m[1], int(m[2])), versions(m[3]) & node["of"], m[4]
        assert condition[1] < CONDITIONAL
        node["known"].append((*condition, of))
    node["fields"] += fields(line, condition, of)


def read(paths):
    nodes = []
    for path in paths:
        with open(path, encoding="ascii") as file:
            text = re.sub(r",\n\t(?!if )\s*", ", ", file.read())
        for line in text.splitlines():
            if line.startswith("\t"):
                node_line(nodes[-1], line.strip())
            elif line and not line.startswith("#"):
                nodes.append(node_head(line))
    return nodes


def rows(node, major):
    """The C initializers of the fields that this version prints."""
    out, plain = [], {}
    for name, kind, condition, of in node["fields"]:
        if major not in of:
            continue
        index, value = (plain[condition[0]], condition[1]) if condition else (0, 0)
        if not condition:
            plain[name] = len(out)
        out.append((name, kind, f"{1 << value if condition else 0}u, {index}"))
    return out


def known(node, major):
    """The values that the conditions of this version name, as bits; 0: no conditions. And the field that they look at."""
    bits, field = 0, None
    for name, value, of in node["known"]:
        assert field in (None, name)
        field = name
        bits |= 1 << value if major in of else 0
    return bits, field


def write_major(out, nodes, major, shapes):
    """One version's types, by the name that it prints; field rows that an earlier version has already are shared."""
    types = []
    for node in (n for n in nodes if major in n["of"]):
        printed = node["old"][1] if node["old"] and major in node["old"][0] else node["type"]
        row = rows(node, major)
        bits, at = known(node, major)
        index = [name for name, _, _ in row].index(at) if at else 0
        text = "".join(f'\t{{"{n}", " :{n} ", {len(n) + 3}, FIELD_{k.upper()}, {c}}},\n' for n, k, c in row)
        if text not in shapes:
            shapes[text] = f"{node['type'].lower()}_{major}"
            out.append(f"static const struct node_field {shapes[text]}[] = {{\n{text}}};\n")
        types.append((printed, f'\t{{"{printed}", "{node["type"]}", {len(printed)}, {shapes[text]}, {len(row)}, {bits}u, {index}}},\n'))
    assert len({t[0] for t in types}) == len(types)
    types.sort(key=lambda t: (len(t[0]), t[0]))
    out.append(f"static const struct node_type types_{major}[] = {{\n{''.join(t[1] for t in types)}}};\n")


def main(path, sources):
    nodes, shapes = read(sources), {}
    out = ["/* Written by tables.py. */\n", '#include "table.h"\n', "\n"]
    for major in MAJORS:
        write_major(out, nodes, major, shapes)
    out.append("const struct node_table node_tables[] = {\n")
    out += [f"\t{{{m}, types_{m}, QW_COUNT(types_{m})}},\n" for m in MAJORS]
    out.append("};\nconst size_t node_table_count = QW_COUNT(node_tables);\n")
    with open(path, "w", encoding="ascii") as file:
        file.write("".join(out))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
