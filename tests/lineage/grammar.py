"""Random statements over tests/lineage/setup.sql. Names collide on purpose: aliases are called like columns of other tables."""
TABLES = {"customers": "id name email ssn age salary region", "orders": "id customer_id total status region", "archive": "id name ssn note",
          "scratch": "id t name", "wide": "id é kk plain ssn", "shy": "id a ssn b", "v_customers": "id name email tax_id region",
          "v_mix": "id loud total name", "v_twice": "ssn id", "v_union": "id ssn", "v_agg": "region n top", "v_where": "id"}
TABLES = {name: columns.split() for name, columns in TABLES.items()}
WEIGHED = ["customers"] * 6 + ["orders"] * 5 + ["archive", "scratch"] * 2 + ["v_customers"] * 2 + list(TABLES)
ALIASES = ["a", "b", "c", "x", "customers", "orders", "ssn", "name"]
COLUMN_ALIASES = ["id", "name", "ssn", "x", "y", "total", "region", "email", "É", "note"]
FUNCTIONS = ["UPPER({})", "CONCAT({}, 'x')", "IFNULL({}, 0)", "LENGTH({})", "COALESCE({}, {})", "IF({}, 1, 2)", "ABS({})", "LEFT({}, 2)"]
SENSITIVE = ("ssn", "email", "salary", "age", "tax_id", "loud", "top")
AGGREGATES = ["COUNT({})", "MAX({})", "MIN({})", "SUM({})", "COUNT(DISTINCT {})", "GROUP_CONCAT({})"]


class Source:
    def __init__(self, sql, alias, columns):
        self.sql, self.alias, self.columns = sql, alias, columns


class Grammar:
    def __init__(self, random, flavour):
        self.r, self.flavour, self.ctes, self.depth = random, flavour, [], 0

    def chance(self, percent):
        return self.r.random() * 100 < percent

    def pick(self, items):
        return self.r.choice(items)

    # ---- names ----
    def column(self, sources, outer=()):
        if outer and self.chance(25):
            sources = outer
        if not sources or self.chance(0.3):
            return self.pick(COLUMN_ALIASES)
        s = self.pick(sources)
        name = self.pick(s.columns) if s.columns else "id"
        # mostly what is not sensitive, so that statements pass
        for _ in range(3):
            if name in SENSITIVE and self.chance(80):
                name = self.pick(s.columns)
        name = self.pick([name, name, name, name.upper() if name.isascii() else name])
        return self.pick([name, f"{s.alias}.{name}", f"{s.alias}.{name}", f"`{s.alias}`.`{name}`"])

    def expression(self, sources, outer=(), level=0):
        kind = self.r.random()
        if kind < 0.5 or level > 2:
            return self.column(sources, outer) if self.chance(80) else self.pick(["1", "'ann'", "NULL", "2", "0"])
        one, two = (self.expression(sources, outer, level + 1) for _ in range(2))
        if kind < 0.65:
            return self.pick(FUNCTIONS).format(one, two)
        if kind < 0.8:
            return f"({one} {self.pick(['+', '-', '=', '<', '<=>', '<>'])} {two})"
        if kind < 0.86:
            return f"CASE WHEN {one} THEN {two} ELSE {self.expression(sources, outer, level + 1)} END"
        if kind < 0.9:
            return f"({one} IS NOT NULL)"
        if self.depth < 2:
            return f"({self.query(1, [*sources, *outer], True)})"
        return one

    def predicate(self, sources, outer=(), level=0):
        kind = self.r.random()
        if kind < 0.2 and level < 2:
            return f"({self.predicate(sources, outer, level + 1)} {self.pick(['AND', 'OR'])} {self.predicate(sources, outer, level + 1)})"
        if kind < 0.35 and self.depth < 2:
            inner = self.query(None, [*sources, *outer], False)
            return f"{self.pick(['', 'NOT '])}EXISTS ({inner})"
        if kind < 0.5 and self.depth < 2:
            return f"{self.column(sources, outer)} IN ({self.query(1, [*sources, *outer], False)})"
        return f"{self.expression(sources, outer, 1)} {self.pick(['=', '<', '>', '<>'])} {self.expression(sources, outer, 1)}"

    # ---- FROM ----
    def leaf(self, outer):
        kind = self.r.random()
        if self.ctes and kind < 0.3:
            name, columns = self.pick(self.ctes)
            alias = self.pick([name, *ALIASES])
            return Source(name if alias == name else f"{name} {alias}", alias, columns)
        if kind < 0.42 and self.depth < 2:
            n = self.r.randint(1, 3)
            alias = self.pick(ALIASES)
            query, names = self.named_query(n, outer if self.flavour == "mysql" and self.chance(20) else ())
            return Source(f"({query}) {alias}", alias, names)
        name = self.pick(WEIGHED)
        alias = self.pick([name, name, *ALIASES])
        spelled = self.pick([name, name, f"shop.{name}"])
        return Source(spelled if alias == name else f"{spelled} AS {alias}", alias, TABLES[name])

    def sources(self, outer):
        found = [self.leaf(outer)]
        sql = found[0].sql
        while self.chance(40) and len(found) < 4:
            one = self.leaf(outer)
            if any(one.alias.lower() == s.alias.lower() for s in found):
                break
            kind = self.pick([",", "JOIN", "LEFT JOIN", "RIGHT JOIN", "NATURAL JOIN", "NATURAL LEFT JOIN", "NATURAL RIGHT JOIN"])
            common = [c for c in one.columns if sum(c in s.columns for s in found) == 1]
            if kind == ",":
                sql = f"{sql}, {one.sql}"
            elif kind.startswith("NATURAL"):
                sql = f"{sql} {kind} {one.sql}"
            elif common and self.chance(50):
                names = self.r.sample(common, self.r.randint(1, min(2, len(common))))
                sql = f"{sql} {kind} {one.sql} USING ({', '.join(names)})"
            else:
                sql = f"{sql} {kind} {one.sql} ON {self.predicate([*found, one], outer, 1)}"
            found.append(one)
            if kind != "," and self.chance(10):
                sql = f"({sql})"
        return found, sql

    # ---- queries ----
    def items(self, n, sources, outer):
        out, names = [], []
        for _ in range(n or self.r.randint(1, 4)):
            kind = self.r.random()
            if n is None and kind < 0.15:
                out.append("*" if not out else f"{self.pick(sources).alias}.*")
                names.append(None)
                continue
            if kind < 0.25 and self.chance(60):  # what should come out masked
                s = self.pick(sources)
                bare = [c for c in s.columns if c in SENSITIVE]
                e = f"{s.alias}.{self.pick(bare)}" if bare else self.column(sources, outer)
            else:
                e = self.column(sources, outer) if kind < 0.7 else self.expression(sources, outer)
            if self.chance(12):
                e = self.pick(AGGREGATES).format(self.column(sources, outer))
            elif self.chance(5):
                e = f"{self.pick(['MAX', 'COUNT'])}({self.column(sources)}) OVER (PARTITION BY {self.column(sources)})"
            plain = e.replace("`", "").split(".")[-1]
            name = plain if plain.isidentifier() else None
            alias = self.pick(COLUMN_ALIASES) if self.chance(35) or (n and (not name or name in names)) else None
            for _ in range(9):
                alias = self.pick(COLUMN_ALIASES) if alias and n and alias in names else alias
            out.append(f"{e} AS {alias}" if alias else e)
            names.append(alias or name)
        return out, names

    def select(self, n, outer, scalar=False):
        found, sql = self.sources(outer)
        items, names = self.items(n, found, outer)
        distinct = "DISTINCT " if self.chance(8) else ""
        text = f"SELECT {distinct}{', '.join(items)} FROM {sql}"
        if self.chance(40):
            text += f" WHERE {self.predicate(found, outer)}"
        if self.chance(15):
            text += f" GROUP BY {self.pick(['1', self.column(found, outer), self.pick([n for n in names if n] or ['id']), self.column(found) + ', 1'])}"
            if self.chance(10):
                text += " WITH ROLLUP"
        named = [n for n in names if n] or ["id"]
        if self.chance(25 if outer else 10):
            one = self.column(found, outer)
            text += f" HAVING {self.pick([self.pick(named) + ' IS NOT NULL', one + ' > 0', self.predicate(found, outer, 1)])}"
        if self.chance(15) and not scalar:
            text += f" ORDER BY {self.pick(['1', '2', self.column(found), self.pick(named), self.expression(found, (), 2)])}"
        if scalar:
            text += " ORDER BY 1 LIMIT 1" if self.chance(50) else " LIMIT 1"
        return text, names

    def query(self, n, outer, scalar):
        self.depth += 1
        text, _ = self.select(n, outer, scalar)
        self.depth -= 1
        return text

    def named_query(self, n, outer):
        self.depth += 1
        text, names = self.select(n, outer)
        if self.chance(15):
            other, _ = self.select(n, outer)
            text = f"({text}) {self.pick(['UNION ALL', 'UNION ALL', 'UNION', 'EXCEPT'])} ({other})"
        self.depth -= 1
        return text, names

    def with_clause(self):
        if not self.chance(25):
            return ""
        parts, recursive = [], self.chance(35)
        for _ in range(self.r.randint(1, 2)):
            n = self.r.randint(1, 3)
            name = self.pick(["q", "r", "orders", "archive", "scratch"])
            if any(name == c[0] for c in self.ctes):
                continue
            columns = self.r.sample(["id", "ssn", "name", "x", "total"], n)
            text, names = self.named_query(n, ())
            listed = self.chance(60)
            if recursive and listed:
                seed, _ = self.select(n, ())
                self.ctes.append((name, columns))
                step, _ = self.select(n, ())
                self.ctes.pop()
                text = f"{seed} UNION {self.pick(['ALL ', ''])}{step}"
            parts.append(f"{name}{' (' + ', '.join(columns) + ')' if listed else ''} AS ({text})")
            self.ctes.append((name, columns if listed else names))
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(parts)} " if parts else ""

    def statement(self):
        self.ctes, self.depth = [], 0
        kind = self.r.random()
        if kind < 0.82:
            text = self.with_clause()
            one, _ = self.select(None, ())
            if self.chance(12):
                n = self.r.randint(1, 3)
                arms = [self.select(n, ())[0] for _ in range(self.r.randint(2, 3))]
                operators = [self.pick(["UNION ALL", "UNION ALL", "UNION", "INTERSECT", "EXCEPT"]) for _ in arms]
                one = f"({arms[0]})" + "".join(f" {o} ({a})" for o, a in zip(operators, arms[1:]))
                if self.chance(30):
                    one += f" ORDER BY {self.pick(['1', *COLUMN_ALIASES])}"
            return text + one
        return self.write(kind)

    def write(self, kind):
        if kind < 0.87:
            values = ", ".join(self.pick(["1", "NULL", "'z'", f"({self.query(1, (), True)})"]) for _ in range(2))
            tail = self.pick(["", "", f" ON DUPLICATE KEY UPDATE t = {self.pick(['VALUES(t)', 'name', 't', 'CONCAT(t, name)'])}"])
            return f"INSERT INTO scratch (id, t) VALUES ({self.r.randint(1, 9)}, {values.split(', ')[0]}){tail}"
        if kind < 0.91:
            return f"INSERT INTO scratch (id, t) {self.query(2, (), False)}"
        if kind < 0.96:
            found, sql = self.sources(())
            return f"UPDATE {sql} SET {self.column(found)} = {self.expression(found)} WHERE {self.predicate(found)}"
        found, sql = self.sources(())
        return f"DELETE {self.pick(found).alias} FROM {sql} WHERE {self.predicate(found)}"
