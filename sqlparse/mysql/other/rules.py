#!/usr/bin/env python3
"""*.rules -> rules.c: the grammar as a tree of nodes that match.c walks.

    rules.py RULES.H WORDS.TSV rules.c rulenames.h FILE.rules...

A rule is `name = body ;`. In a body:
  WORD          that word, bare and in any case           '='      that operator
  lower         a rule of that name, or a call of rules.h  a b      one after the other
  a | b         the first that matches (PEG: it is not tried again)
  [a]  {a}      at most once; as often as it matches       a%       a list with commas
  !a            a does not match here                      $maria $mysql   this flavour only
  a@VERB:kind   when a matched: an act of QW_VERB_VERB; its object is the first name that a read
  @VERB:kind    the same without an object's name; "_" in a kind is a blank
  ^"sentence"   refused by design, whatever follows
"""
import re
import sys

TOKEN = re.compile(r"""\s+|\#[^\n]*|(?P<name>[a-z][a-z0-9_]*)|(?P<word>[A-Z][A-Z0-9_$]*)|'(?P<op>[^']+)'|(?P<act>@[A-Z_]+(?::[a-z_]+)?)
	|(?P<flavour>\$(?:maria|mysql))|\^"(?P<refuse>[^"]+)"|(?P<sign>[=|\[\]{}()%!;])""", re.VERBOSE)
OPERATORS = {":=": "MYLEX_OP_ASSIGN", ">=": "MYLEX_OP_GE", "<=": "MYLEX_OP_LE", "?": "MYLEX_OP_PARAM", "@@": "MYLEX_OP_ATAT"}
# What kind of object a kind's name is, statement.h.
KINDS = {"RELATION": "table view index sequence trigger", "FUNCTION": "routine procedure function package", "SETTING": "setting"}


def object_kind(kind):
    return next((k for k, names in KINDS.items() if kind in names.split()), "OTHER" if kind else "NONE")


def tokens(text, path):
    at = 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            sys.exit(f"{path}: cannot be read: {text[at:at + 40]!r}")
        at = m.end()
        if m.lastgroup:
            yield m.lastgroup, m.group(m.lastgroup)


class Reader:
    def __init__(self, text, path):
        self.list, self.at, self.path = list(tokens(text, path)), 0, path

    def peek(self):
        return self.list[self.at] if self.at < len(self.list) else ("end", "")

    def take(self, *wanted):
        got = self.peek()
        if got[1] not in wanted:
            sys.exit(f"{self.path}: {wanted} wanted, not {got} behind {self.list[max(0, self.at - 8):self.at]}")
        self.at += 1
        return got[1]

    def rules(self):
        while self.peek()[0] != "end":
            kind, name = self.peek()
            if kind != "name":
                sys.exit(f"{self.path}: a rule wanted, not {name}")
            self.at += 1
            self.take("=")
            yield name, self.choice()
            self.take(";")

    def choice(self):
        found = [self.sequence()]
        while self.peek()[1] == "|" and self.peek()[0] == "sign":
            self.at += 1
            found.append(self.sequence())
        return found[0] if len(found) == 1 else ("ALT", found)

    def sequence(self):
        found = []
        while self.peek()[0] not in ("end",) and not (self.peek()[0] == "sign" and self.peek()[1] in "|;)]}"):
            found.append(self.suffixed())
        return found[0] if len(found) == 1 else ("SEQ", found)

    def suffixed(self):
        node = self.element()
        while True:
            kind, text = self.peek()
            if kind == "act" and node[0] not in ("ACT", "FLAVOUR", "OP", "WORD", "OPT") and ":" in text:
                self.at += 1
                node = ("ACT", text, [node])
            elif (kind, text) == ("sign", "%"):
                self.at += 1
                node = ("LIST", [node])
            else:
                return node

    def element(self):
        kind, text = self.peek()
        self.at += 1
        if kind == "sign" and text in "([{":
            inner = self.choice()
            self.take({"(": ")", "[": "]", "{": "}"}[text])
            return inner if text == "(" else ("OPT" if text == "[" else "MANY", [inner])
        if kind == "sign" and text == "!":
            return "NOT", [self.element()]
        if kind in ("name", "word", "op", "flavour", "refuse", "act"):
            return {"name": "RULE"}.get(kind, kind.upper()), text, []
        sys.exit(f"{self.path}: unexpected {text!r} behind {self.list[max(0, self.at - 8):self.at - 1]}")


class Writer:
    def __init__(self, rules, calls, words):
        self.rules, self.calls, self.known = rules, calls, words
        self.names = sorted(rules)
        self.nodes, self.kids, self.strings = [], [], {}

    def string(self, text):
        return self.strings.setdefault(text, len(self.strings))

    def put(self, node):
        op, *rest = node
        inner = rest[-1]
        text = rest[0] if len(rest) == 2 else None
        kids = [self.put(k) for k in inner]
        first = len(self.kids)
        self.kids += kids
        self.nodes.append(self.line(op, text, len(kids), first))
        return len(self.nodes) - 1

    def line(self, op, text, n, first):
        a = b = "0"
        if op == "RULE" and text not in self.rules:
            if text not in self.calls:
                sys.exit(f"neither a rule nor a call: {text}")
            op, a = "CALL", f"RULES_CALL_{text}"
        elif op == "RULE":
            a = f"RULE_{text}"
        elif op == "WORD":
            op, a = ("WORD", f"MYW_{text}") if text in self.known else ("NAME", str(self.string(text)))
        elif op == "OP":
            a = OPERATORS.get(text) or f"'{text}'"
        elif op == "FLAVOUR":
            a = {"$maria": "MYSQL_FLAVOUR_MARIADB", "$mysql": "MYSQL_FLAVOUR_MYSQL"}[text]
        elif op == "REFUSE":
            a = str(self.string(text))
        elif op == "ACT":
            verb, _, kind = text[1:].partition(":")
            kind = kind.replace("_", " ")
            a, b = f"QW_VERB_{verb}", f"{self.string(kind)}, QW_OBJECT_{object_kind(kind) if n else 'NONE'}"
            return f"{{RULES_{op}, {n}, {first}, {a}, {b}}}"
        if n > 255 or first > 65535:
            sys.exit("too many nodes")
        return f"{{RULES_{op}, {n}, {first}, {a}, {b}, QW_OBJECT_NONE}}"

    def lines(self):
        roots = {name: self.put(self.rules[name]) for name in self.names}
        yield "/* Generated by rules.py. */\n#include \"rules.h\"\n"
        yield "const struct rules_node rules_nodes[] = {"
        yield from (f"\t{line}," for line in self.nodes)
        yield "};\nconst uint16_t rules_kids[] = {" + ", ".join(map(str, self.kids)) + "};"
        yield "const uint16_t rules_roots[] = {" + ", ".join(str(roots[n]) for n in self.names) + "};"
        yield "const char *const rules_strings[] = {" + ", ".join(f'"{s}"' for s in self.strings) + "};"

    def header(self):
        yield "/* Generated by rules.py. */\n#ifndef SQLPARSE_MYSQL_RULENAMES_H\n#define SQLPARSE_MYSQL_RULENAMES_H\n\nenum rules_rule {"
        yield from (f"\tRULE_{name}," for name in self.names)
        yield "\tRULE_COUNT\n};\n\n#endif"


def main(calls_path, words_path, output_c, output_h, *paths):
    with open(calls_path, encoding="ascii") as f:
        calls = set(re.findall(r"\bX\((\w+)\)", f.read()))
    with open(words_path, encoding="ascii") as f:
        words = {line.split("\t")[0] for line in f if not line.startswith("#")}
    rules = {}
    for path in paths:
        with open(path, encoding="ascii") as f:
            for name, body in Reader(f.read(), path).rules():
                if name in rules or name in calls:
                    sys.exit(f"{path}: {name} is there already")
                rules[name] = body
    writer = Writer(rules, calls, words)
    for path, lines in ((output_c, writer.lines()), (output_h, writer.header())):
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
