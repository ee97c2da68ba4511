"""Statements that nobody wrote: those of the corpus with tokens or bytes taken out, put in, doubled, exchanged. Seeded."""
import random
import re

TOKEN = re.compile(rb"""\s+|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`[^`]*`|@@?|[A-Za-z_$\x80-\xff][\w$\x80-\xff]*|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?
	|<=>|<>|!=|<=|>=|:=|\|\||&&|<<|>>|.""", re.DOTALL | re.VERBOSE)
TRAPS = [b"", b"(", b")", b",", b".", b";", b"=", b":=", b"*", b"@", b"@@", b"@a", b"@@x", b"-", b"+", b"'a'", b'"a"', b"`a`", b"1", b"1.5", b"1e3", b"0x41", b"x'41'",
         b"b'1'", b"N'a'", b"_utf8'a'", b"NULL", b"DEFAULT", b"NOT", b"ALL", b"a", b"a.b", b"?", b"IF EXISTS", b"IF NOT EXISTS", b"SELECT", b"FROM", b"INTO", b"\\N",
         b"-- ", b"#", b"/**/", b"AS", b"ON", b"USING", b"WITH", b"FOR", b"SET", b"VALUES", b"WHERE", b"LIMIT 1", b"UNION", b"COLLATE utf8mb4_bin", b"CHARACTER SET utf8mb4",
         b"INTERVAL", b"DAY", b"IN", b"LIKE", b"BETWEEN", b"IS", b"AND", b"OR", b"END", b"KEY", b"PRIMARY", b"TABLE", b"INDEX", b"BINARY", b"OR REPLACE", b"TEMPORARY"]
BYTES = [b"'", b'"', b"`", b"\\", b"\\'", b"''", b"--", b"-- ", b"--\n", b"#", b"\n", b"\r", b"\t", b"\x0b", b"\x01", b"/*", b"*/", b"/**/", b"/*!", b"*", b"/", b"-", b"@", b"@@", b".",
         b"0x", b"x'", b"b'", b"N'", b"_latin1'", b"_gbk'", b"1e", b"1.", b".1", b"$", b"$$", b"$a$", b"\xc3\xa9", b"\xc2\xa0", b"\xe3\x80\x80", b"\xef\xbb\xbf", b"\\N", b"{", b"}", b"{d '",
         b":=", b"<=>", b"->", b"->>", b"||", b"&&", b"!", b"!!", b"<>", b"?", b";", b"(", b")", b"%", b"0", b"9", b"e", b"x"]
SIZE_MAX = 400


def tokens(text):
    return [t for t in TOKEN.findall(text) if t.strip()]


class Mutator:
    def __init__(self, statements, seed):
        self.random = random.Random(seed)
        self.source = [s for s in statements if 4 < len(s) <= SIZE_MAX]

    def _change(self, t):
        at, how = self.random.randrange(len(t)), self.random.randrange(7)
        if how == 0:
            del t[at]
        elif how == 1:
            t.insert(at, t[at])
        elif how == 2 and at + 1 < len(t):
            t[at], t[at + 1] = t[at + 1], t[at]
        elif how == 3:
            t[at] = self.random.choice(TRAPS)
        elif how == 4:
            t.insert(self.random.randrange(len(t) + 1), self.random.choice(TRAPS))
        elif how == 5:
            other = tokens(self.random.choice(self.source))
            t.insert(at, self.random.choice(other) if other else b"")
        else:
            del t[at + 1:]

    def _bytes(self):
        """Bytes that lexers stumble over, anywhere."""
        text = self.random.choice(self.source)
        for _ in range(self.random.choice((1, 1, 2, 3))):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.random.choice(BYTES) + text[at + self.random.choice((0, 0, 1)):]
        return text

    def one(self):
        if self.random.randrange(3) == 0:
            return self._bytes().rstrip(b"; \t\n")
        t = tokens(self.random.choice(self.source))
        for _ in range(self.random.choice((1, 1, 1, 2))):
            if t:
                self._change(t)
        return b" ".join(t).rstrip(b"; \t\n")  # the server cuts that off

    def many(self, count):
        unique = {}
        while len(unique) < count:
            statement = self.one()
            if len(statement) > 1:
                unique.setdefault(statement)
        return list(unique)
