"""Sizes: functions, nesting, parameters, files, doors, folders. Usage: sizes.py SOURCE_ROOT [-v]

Hard limits; the aims (function 30, file 100-350, door 100) are for the eye. A function that is longer or deeper than the limit
and better so stands in ALLOWED with its reason.
"""
import os
import re
import sys

from tree import Report, code_only, read, tracked

FUNCTION_LINES, NESTING, PARAMETERS, FILE_LINES, DOOR_LINES, FOLDER_FILES, LINE_CHARS = 70, 4, 6, 600, 150, 12, 140

TEST_FUNCTION_LINES, TEST_FILE_LINES = 100, 800  # tests hold tables of cases

ALLOWED = {  # name: reason
    "on_request": "libmicrohttpd's callback: its eight parameters are given",
}

TOKEN = re.compile(r'[A-Za-z_]\w*|\d[\w.]*|""|[{}()\[\];:?,]|\n|[^\s\w]')
LOOPS = ("if", "for", "while", "switch")


class Tokens:
    def __init__(self, text):
        self.list = [t for t in TOKEN.findall(text) if t != "\n"]
        self.deepest = 0

    def past(self, i, opening, closing):
        """Behind the bracket that closes the one at i."""
        depth = 0
        while i < len(self.list):
            if self.list[i] == opening:
                depth += 1
            elif self.list[i] == closing:
                depth -= 1
                if depth == 0:
                    return i + 1
            i += 1
        return i

    def statement(self, i, depth):
        """Walks one statement whose control structures stand `depth` deep; returns the index behind it."""
        t = self.list[i] if i < len(self.list) else ";"
        if t == "{":
            return self.block(i, depth)
        if t in LOOPS:
            self.deepest = max(self.deepest, depth + 1)
            i = self.statement(self.past(i + 1, "(", ")"), depth + 1)
            if t == "if" and i < len(self.list) and self.list[i] == "else":
                chained = self.list[i + 1] == "if"
                i = self.statement(i + 1, depth if chained else depth + 1)
            return i
        if t == "do":
            self.deepest = max(self.deepest, depth + 1)
            return self.statement(i + 1, depth + 1)  # `while (...);` is the next statement
        if t in ("case", "default"):
            while self.list[i] != ":":
                i += 1
            return self.statement(i + 1, depth) if self.list[i + 1] != "}" else i + 1
        return self.plain(i)

    def plain(self, i):
        while i < len(self.list) and self.list[i] != ";":
            if self.list[i] == "(":
                i = self.past(i, "(", ")")
                if i < len(self.list) and self.list[i] == "{":  # a macro that loops
                    return i
            elif self.list[i] == "{":
                i = self.past(i, "{", "}")
            elif self.list[i] == "}":
                return i
            else:
                i += 1
        return i + 1

    def block(self, i, depth):
        i += 1
        while i < len(self.list) and self.list[i] != "}":
            i = self.statement(i, depth)
        return i + 1


def functions(text):
    """(name, first line, lines, parameters, nesting) of each function: a brace alone at the start of a line opens it."""
    lines = code_only(text).split("\n")
    lines = ["" if line.startswith("#") else line for line in lines]
    i = 0
    while i < len(lines):
        if lines[i] != "{":
            i += 1
            continue
        first = i - 1
        while first > 0 and lines[first - 1].strip() and not lines[first - 1].rstrip().endswith(("}", ";")):
            first -= 1
        end = next((k for k in range(i, len(lines)) if lines[k].startswith("}")), len(lines) - 1)
        head = " ".join(lines[first:i])
        m = re.search(r"(\w+)\s*\((.*)\)\s*(?:\w+(?:\(.*\))?\s*)*$", head)
        if m and lines[end] == "}":
            inner, depth, commas = m.group(2), 0, 0
            for c in inner:
                depth += (c == "(") - (c == ")")
                commas += c == "," and depth == 0
            tokens = Tokens("\n".join(lines[i:end + 1]))
            tokens.block(0, 0)
            yield m.group(1), first + 1, end - first + 1, commas + 1, tokens.deepest
        i = end + 1


def promised(root):
    """Functions whose door or internal header says how many parameters they have: said once, not again for the body."""
    texts = [code_only(read(root, n)) for n in tracked(root) if n.startswith("include/qw/")]
    return set(re.findall(r"\b([a-z]\w+)\s*\(", "\n".join(texts)))


def check_c(complain, root, name, doors, seen):
    text = read(root, name)
    lines = text.count("\n")
    in_tests = name.startswith("tests/")
    limit = TEST_FILE_LINES if in_tests else FILE_LINES
    if lines > limit:
        complain(name, f"{lines} lines, the limit is {limit}: give each reason its own file")
    for number, line in enumerate(text.split("\n"), 1):
        if len(line.expandtabs(8)) > LINE_CHARS and not in_tests:
            complain(f"{name}:{number}", f"{len(line.expandtabs(8))} columns")
    for function, line, count, parameters, nesting in functions(text):
        where = f"{name}:{line}"
        seen.append((count, nesting, parameters, f"{where} {function}"))
        if function in ALLOWED:
            continue
        limit = TEST_FUNCTION_LINES if in_tests else FUNCTION_LINES
        if count > limit:
            complain(where, f"{function}() has {count} lines, the limit is {limit}")
        if nesting > NESTING:
            complain(where, f"{function}() nests {nesting} deep, the limit is {NESTING}")
        if parameters > PARAMETERS and function not in doors:
            complain(where, f"{function}() takes {parameters} parameters, the limit is {PARAMETERS}")


def check_folders(complain, names):
    count = {}
    for name in names:
        if name.endswith(".c") and name.startswith(("src/", "protocols/", "sqlparse/")):
            count[os.path.dirname(name)] = count.get(os.path.dirname(name), 0) + 1
    for folder, n in sorted(count.items()):
        if n > FOLDER_FILES:
            complain(folder, f"{n} .c files, the limit is {FOLDER_FILES}: make a folder of one reason")


def main(root, verbose):
    complain, names, seen = Report(), tracked(root), []
    doors = promised(root)
    for name in names:
        if name.endswith(".c"):
            check_c(complain, root, name, doors, seen)
        elif name.startswith("include/qw/"):
            lines = read(root, name).count("\n")
            if lines > DOOR_LINES:
                complain(name, f"a door of {lines} lines, the limit is {DOOR_LINES}")
    check_folders(complain, names)
    if verbose:
        for what, key in (("longest", 0), ("deepest", 1), ("most parameters", 2)):
            print(what, *[f"  {s[key]} {s[3]}" for s in sorted(seen, key=lambda s: -s[key])[:12]], sep="\n")
    return complain.done(f"{len(seen)} functions within their limits")


sys.exit(main(sys.argv[1], "-v" in sys.argv))
