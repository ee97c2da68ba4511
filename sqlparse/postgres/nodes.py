#!/usr/bin/env python3
"""Write the table that the walk is driven by: node tag -> where its child nodes are.

Reads PostgreSQL's server headers. Every field of every struct that a raw parse tree can hold must be understood:
an unknown type ends the build, so that no child can be overlooked. Tags that are not in the table are refused.

usage: nodes.py SERVER_INCLUDE_DIR MAJOR OUT.c
"""
import pathlib
import re
import sys

HEADERS = ["nodes/parsenodes.h", "nodes/primnodes.h", "nodes/value.h"]

# parsenodes.h holds these too, but only parse analysis, PL/pgSQL or the executor make them.
NOT_RAW = {
    "Query", "RangeTblEntry", "RangeTblFunction", "TableSampleClause", "WithCheckOption", "SortGroupClause",
    "WindowClause", "RowMarkClause", "MergeAction", "SetOperationStmt", "PLAssignStmt", "InlineCodeBlock", "CallContext",
}
# primnodes.h is the other way round: only these come from the grammar.
RAW_PRIMITIVES = {
    "Alias", "RangeVar", "IntoClause", "GroupingFunc", "NamedArgExpr", "BoolExpr", "SubLink", "CaseExpr", "CaseWhen",
    "RowExpr", "CoalesceExpr", "MinMaxExpr", "SQLValueFunction", "XmlExpr", "NullTest", "BooleanTest", "SetToDefault",
    "CurrentOfExpr", "JoinExpr",
}
SCALARS = {
    "bool", "char", "int", "int16", "int32", "uint32", "uint64", "long", "bits32", "Oid", "Index", "AttrNumber",
    "SubTransactionId", "NodeTag", "AclMode",
}
# A constant's value lies inside of it; there is nothing below it.
LEAVES = {"A_Const"}


def text_of(path):
    return re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.S)


def structs_of(text):
    for m in re.finditer(r"typedef struct (\w+)\s*\{", text):
        depth, i = 1, m.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[i], 0)
            i += 1
        yield m.group(1), text[m.end():i - 1]


def fields_of(name, body):
    if name in LEAVES:
        return
    for line in filter(None, (part.strip() for part in body.split(";"))):
        m = re.fullmatch(r"(?:const\s+)?(?:struct\s+)?(\w+)\s*(\**)\s*(\w+)", line)
        if not m:
            sys.exit(f"nodes.py: {name}: cannot read the field {line!r}")
        yield m.groups()


def slots(name, structs, enums, prefix=""):
    """Paths of the members that point to nodes."""
    for kind, stars, field in fields_of(name, structs[name]):
        if stars == "*" and (kind in ("Node", "List", "Expr") or kind in structs):
            yield prefix + field
        elif stars == "*" and kind == "char":
            continue
        elif not stars and (kind in SCALARS or kind in enums):
            continue
        elif not stars and kind == "Expr" and field == "xpr":
            continue
        elif not stars and kind in structs and field == "base":
            yield from slots(kind, structs, enums, prefix + field + ".")
        else:
            sys.exit(f"nodes.py: {name}: no idea what the field {kind} {stars}{field} is")


def main():
    include, major, out = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    config = (include / "pg_config.h").read_text()
    if f'#define PG_MAJORVERSION "{major}"' not in config:
        sys.exit(f"nodes.py: the headers in {include} are not those of PostgreSQL {major}")
    structs, origin, enums = {}, {}, set()
    for header in HEADERS + ["nodes/nodes.h", "nodes/lockoptions.h", "partitioning/partdefs.h"]:
        text = text_of(include / header)
        enums |= set(re.findall(r"\}\s*(\w+);", "".join(re.findall(r"typedef enum[^{]*\{[^}]*\}\s*\w+;", text))))
        for name, body in structs_of(text):
            structs[name], origin[name] = body, header
    # PartitionBoundSpec is declared in one header and defined, without typedef, in another.
    text = text_of(include / "nodes/parsenodes.h")
    for m in re.finditer(r"\nstruct (\w+)\s*\{([^}]*)\};", text):
        structs[m.group(1)], origin[m.group(1)] = m.group(2), "nodes/parsenodes.h"
    tags = set(re.findall(r"\bT_(\w+)\b", text_of(include / "nodes/nodes.h")))

    wanted = []
    for name in structs:
        if name not in tags or name in NOT_RAW or origin[name] not in HEADERS:
            continue
        if origin[name] == "nodes/primnodes.h" and name not in RAW_PRIMITIVES:
            continue
        wanted.append(name)
    missing = (RAW_PRIMITIVES | LEAVES | {"SelectStmt", "String", "PartitionBoundSpec"}) - set(wanted)
    if missing or len(wanted) < 150:
        sys.exit(f"nodes.py: the headers are not what this script knows: {sorted(missing)}, {len(wanted)} nodes")

    with open(out, "w") as f:
        print('/* Made by nodes.py; do not edit. */\n#include "nodes.h"\n', file=f)
        for name in wanted:
            paths = list(slots(name, structs, enums))
            if not paths:
                continue
            for p in paths:
                print(f"_Static_assert(sizeof((({name} *)0)->{p}) == sizeof(void *), \"{name}.{p}\");", file=f)
            inner = ", ".join(f"offsetof({name}, {p})" for p in paths)
            print(f"static const uint16_t slots_{name}[] = {{{inner}}};", file=f)
        print("\nconst struct node_shape spg_node_shapes[NODE_SHAPES] = {", file=f)
        for name in wanted:
            count = len(list(slots(name, structs, enums)))
            slot = f"slots_{name}" if count else "NULL"
            stmt = "true" if name.endswith("Stmt") and name != "RawStmt" else "false"
            print(f"\t[T_{name}] = {{\"{name}\", {slot}, {count}, {stmt}}},", file=f)
        print("};", file=f)


main()
