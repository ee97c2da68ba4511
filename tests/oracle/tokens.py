"""Our lexer beside MySQL's: the digest text of a statement holds every word, name and sign that the server's lexer cut.

Compared is what is left without literals, brackets, commas, dots and signs, for a digest folds lists of literals into one. Where a
quote or a comment were read differently, words would be there or missing.
"""
import re

FOLDED = re.compile(rb"[?,.;()+`\s*/-]+")
LISTS = re.compile(rb"\?, \.\.\.|\(\.\.\.\)|/\* , \.\.\. \*/")  # any other "..." stands for a name of more than 63 bytes
NOT_COMPARED = (b"NULL", b"_CHARSET")  # literals by the parser's say; introducers

# Words that are one token: the name that the digest uses.
SAME = {
    b"INT": b"INTEGER", b"INT4": b"INTEGER", b"VARCHAR": b"VARCHARACTER", b"CHAR": b"CHARACTER", b"BIGINT": b"INT8", b"MEDIUMINT": b"MIDDLEINT",
    b"INT3": b"MIDDLEINT", b"SMALLINT": b"INT2", b"TINYINT": b"INT1", b"DOUBLE": b"FLOAT8", b"FLOAT": b"FLOAT4", b"DEC": b"DECIMAL",
    b"USER": b"SYSTEM_USER", b"SESSION_USER": b"SYSTEM_USER", b"DATABASE": b"SCHEMA", b"DATABASES": b"SCHEMAS", b"DISTINCT": b"DISTINCTROW",
    b"<>": b"!=", b"COLUMNS": b"FIELDS", b"REGEXP": b"RLIKE", b"ANY": b"SOME", b"SUBSTR": b"SUBSTRING", b"MID": b"SUBSTRING",
    b"STD": b"STDDEV_POP", b"STDDEV": b"STDDEV_POP", b"VARIANCE": b"VAR_POP", b"CURRENT_TIMESTAMP": b"NOW", b"LOCALTIME": b"NOW",
    b"LOCALTIMESTAMP": b"NOW", b"CURRENT_DATE": b"CURDATE", b"CURRENT_TIME": b"CURTIME", b"DESCRIBE": b"EXPLAIN", b"IO_THREAD": b"RELAY_THREAD",
    **{unit: b"SQL_TSI_" + unit for unit in (b"SECOND", b"MINUTE", b"HOUR", b"DAY", b"WEEK", b"MONTH", b"QUARTER", b"YEAR")},
}


def _words(text):
    words = FOLDED.sub(b" ", text.replace(b"@@", b" @@ ")).upper().split()
    return [SAME.get(w, w) for w in words if w not in NOT_COMPARED and not w.isdigit()]


def differences(statements, digests, cut):
    """(how many were compared, [(statement, digest, our tokens)] that differ). `cut`: lines of the probe."""
    compared, found = 0, []
    for statement, digest, ours in zip(statements, digests, cut, strict=True):
        if digest is None or ours == b"refused" or b"/*+" in statement:  # hints are words of the digest, to us a comment
            continue
        mine = _words(ours)
        if b"..." in LISTS.sub(b"", digest):
            continue
        compared += 1
        if _words(digest) != mine:
            found.append((statement, digest, ours))
    return compared, found
