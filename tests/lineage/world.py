"""What a server contains, as the words of tests/unit/lineage/world.h: read as the upstream room reads it."""
TYPES = {"tinyint": 1, "smallint": 2, "int": 3, "float": 4, "double": 5, "timestamp": 7, "bigint": 8, "mediumint": 9, "date": 10, "time": 11,
         "datetime": 12, "year": 13, "json": 245, "decimal": 246, "enum": 254, "set": 254, "char": 254, "varchar": 253, "tinytext": 252,
         "text": 252, "mediumtext": 252, "longtext": 252}
SYSTEM = ("information_schema", "mysql", "performance_schema", "sys")
FIRST_USER = 16384


def escaped(text):
    return str(text).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def rows(cursor, sql):
    cursor.execute(sql)
    return [[v.decode() if isinstance(v, bytes) else v for v in row] for row in cursor.fetchall()]


def folded(schema, name):
    return (schema.lower(), name.lower()) if schema.lower() == "information_schema" else (schema, name)


def world_of(cursor, flavour, database, options):
    """`options`: further lines, as masks."""
    lines, oids, user, system = [], {}, FIRST_USER, 1
    version = rows(cursor, "SELECT VERSION()")[0][0].split("-")[0].split(".")
    lines.append(["flavour", flavour, int(version[0]) * 10000 + int(version[1]) * 100 + int(version[2])])
    lines.append(["database", database])
    relations = rows(cursor, "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM information_schema.TABLES")
    for schema, name, kind in sorted((*folded(s, n), k) for s, n, k in relations):
        is_system = schema in SYSTEM
        oids[schema, name] = system if is_system else user
        system, user = system + is_system, user + (not is_system)
        how = "view" if kind == "VIEW" else "other" if "SYSTEM VIEW" in kind or kind == "SEQUENCE" else "table"
        lines.append(["relation", oids[schema, name], schema, name, how])
    for schema, table, place, name, kind, extra in rows(cursor, "SELECT TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, DATA_TYPE,"
                                                                " EXTRA FROM information_schema.COLUMNS"):
        oid = oids.get(folded(schema, table))
        if oid:
            hidden = ["hidden"] if "INVISIBLE" in (extra or "") else []
            lower = "".join(c.lower() if c.isascii() else c for c in name)
            lines.append(["column", oid, place, lower, TYPES.get(kind, 0), *hidden])
    for schema, name, text in rows(cursor, "SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS"):
        if text:
            lines.append(["definition", oids[schema, name], text])
    routines = rows(cursor, "SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE FROM information_schema.ROUTINES")
    for i, (schema, name, kind) in enumerate(routines):
        lines.append(["function", 20000 + i, schema, name.lower(), kind[0].lower()])
    lines += options
    return "".join("\t".join(escaped(f) for f in line) + "\n" for line in lines)
