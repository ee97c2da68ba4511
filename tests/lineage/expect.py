"""Writes what lineage_try says under each statement of cases.txt: expect.py LINEAGE_TRY WORLD CASES. To be read with care before it is committed."""
import pathlib
import sys

from corpus import Judge

judge, cases = Judge(*sys.argv[1:3]), pathlib.Path(sys.argv[3])
lines = [line for line in cases.read_text(encoding="utf-8").splitlines() if not line.startswith("= ")]
out = []
for line in lines:
    out.append(line)
    if line and not line.startswith("#"):
        out.append("= " + judge(line)[0])
cases.write_text("\n".join(out) + "\n", encoding="utf-8")
