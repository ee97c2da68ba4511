"""functions.tsv -> the sorted table that functions.c searches. functions.py TSV OUTPUT"""
import sys

rows = [line.split("\t") for line in open(sys.argv[1], encoding="ascii").read().splitlines() if line and not line.startswith("#")]
names = [row[0] for row in rows]
classes = {"deny", "plain", "much", "session", "aggregate"}
assert names == sorted(set(names)), "not sorted, or twice"
assert all(row[1] in classes for row in rows)
with open(sys.argv[2], "w", encoding="ascii") as out:
    for row in rows:
        out.write('{"%s", LINEAGE_%s},\n' % (row[0], row[1].upper()))
