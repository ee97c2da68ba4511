"""The MySQL files of a corpus of bypasses and of ordinary statements, judged without a server: every leak is refused or masked, every
ordinary statement passes. corpus.py LINEAGE_TRY WORLD CORPUS-FOLDER [-v]

What a policy is for (deletes, definitions, the session's state) is judged here by the verbs that the statement's facts tell, as a plain
policy for agents would: reading, inserting, updating, showing, transactions.
"""
import json
import pathlib
import re
import subprocess
import sys

ALLOWED = {"select", "select.lock", "insert", "update", "upsert", "explain", "show", "set", "prepare", "execute", "deallocate",
           "tx.begin", "tx.commit", "tx.rollback", "tx.savepoint", "tx.set", "admin.kill", "call"}
CALLS = {"add_tax"}  # functions that this policy allows
SETTINGS = {"names", "autocommit", "sql_mode", "net_write_timeout", "sql_select_limit", "character_set_client", "transaction"}
HIDDEN = re.compile(r"dir$|secure_file_priv|variables$|grants$|^user$")  # what a session would not show


class Judge:
    def __init__(self, program, world):
        self.child = subprocess.Popen([program, world], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
                                      errors="surrogateescape")

    def __call__(self, sql):
        self.child.stdin.write(sql.replace("\\", "\\\\").replace("\n", "\\n") + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        assert line.count("\t") == 2, (sql, line)
        verdict, reason, facts = line.rstrip("\n").split("\t")
        return verdict, reason, [fact.split(" ") for fact in facts.split(", ") if fact]


def denied_by_policy(verdict, facts, is_benign):
    for verb, *rest in facts:
        name = rest[-1]
        if verb not in ALLOWED:
            return verb
        if verb == "set" and name.split(".")[-1] not in SETTINGS and rest[0] != "user":
            return f"set {name}"
        if verb == "show" and HIDDEN.search(rest[0] if rest[0] != "setting" else name) and not is_benign:
            return f"show {name}"
    for verb, name in re.findall(r"([a-z_.]+) ([\w.]+)(?:,|;|$)", verdict.partition("; acts ")[2]):
        if verb == "delete" or (verb == "call" and name.split(".")[-1] not in CALLS):
            return f"{verb} {name}"
    return None


def outcome(judge, sql, is_benign=False):
    sql = sql[len("@stmt "):] if sql.startswith("@stmt ") else sql
    verdict, reason, facts = judge(sql)
    if verdict.startswith(("refuse", "unparsed")) or " / refuse" in verdict:
        return verdict
    by_policy = denied_by_policy(verdict, facts, is_benign)
    if by_policy:
        return f"policy {by_policy}"
    # a definition passes on to content detectors
    return "masked" if " m:" in verdict or verdict.startswith("out d=") else "passed"


def main():
    judge, folder = Judge(*sys.argv[1:3]), pathlib.Path(sys.argv[3])
    verbose, bad, counts = "-v" in sys.argv, 0, {}
    for line in open(folder / "mysql_bypass.jsonl", encoding="utf-8"):
        case = json.loads(line)
        sql = case["sql"] if case.get("sql") else bytes.fromhex(case["sql_hex"]).decode("latin-1")
        results = [outcome(judge, s) for s in [*case["pre"], sql]]
        good = any(r not in ("passed", "masked") for r in results) or (case["expect"] == "mask" and results[-1] == "masked")
        if case["protocol"] in ("initdb", "fieldlist", "localinfile") or (case["class"] == "escape-session" and results[-1] == "passed"):
            continue  # values of settings are the session's to judge
        counts[results[-1].split(" ")[0]] = counts.get(results[-1].split(" ")[0], 0) + 1
        if not good and not case.get("control"):
            bad += 1
        if verbose or (not good and not case.get("control")):
            print("ok " if good else "BAD", case["id"], results, sql)
    print("bypasses:", counts)
    for line in open(folder / "benign_mysql.jsonl", encoding="utf-8"):
        case = json.loads(line)
        result = outcome(judge, case["sql"], True)
        good = result == ("masked" if case["expect"] == "mask" else "passed")
        bad += not good
        if verbose or not good:
            print("ok " if good else "BAD", case["id"], result, case["sql"])
    print("not as expected:", bad)
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
