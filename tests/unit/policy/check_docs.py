"""The page and the schemas name the verbs, categories and keys that the code knows."""
import csv
import json
import os
import re
import sys

root = sys.argv[1]
failed = []


def text(path):
    with open(f"{root}/{path}", encoding="utf-8") as f:
        return f.read()


def same(what, left, right):
    if set(left) != set(right):
        failed.append(f"{what}: {sorted(set(left) ^ set(right))} only on one side")


def keys_in_code(*paths):
    keys = set()
    for path in paths:
        for body in re.findall(r"const \w*keys\[\] = \{([^}]*)\}", text(path)):
            keys.update(re.findall(r'"([\w-]+)"', body))
    return keys


def keys_in_schema(schema):
    keys = set(schema.get("properties", {}))
    for value in schema.values():
        for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
            if isinstance(part, dict):
                keys |= keys_in_schema(part)
    if isinstance(schema.get("items"), dict):
        keys |= keys_in_schema(schema["items"])
    return keys


page, policy, config = text("docs/policy.md"), text("docs/schema/policy.schema.json"), text("docs/schema/querywarden.schema.json")
verbs = re.findall(r'X\(\w+, "([a-z._]+)"', text("include/qw/statement.h"))
same("verbs of the page", re.findall(r"^\| \**`([a-z._]+)`\** \|", page.split("**Verbs**")[1].split("**Classes")[0], re.M), verbs)
rule = json.loads(policy)["properties"]["rules"]["items"]["properties"]
same("verbs of the schema", rule["verbs"]["oneOf"][0]["anyOf"][0]["enum"], verbs)
rows = csv.DictReader(text("src/functions/data/functions.tsv").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
same("categories of the page", re.findall(r"`@([a-z-]+)`", page.split("Categories:")[1].split("\n")[0]), {r["category"] for r in rows})
code = keys_in_code(*(f"src/policy/load/{name}.c" for name in
                      ("file", "roles", "rules", "moments", "masks", "limits", "columns", "reviewed")))
same("keys of the policy schema", keys_in_schema(json.loads(policy)), code)
same("keys of the page", {k for k in code if not re.search(rf"(`|^## |[ {{]){k}\b", page, re.M)}, set())
listed = dict(re.findall(r"^#define (CLIENT|TIMEOUT|TRANSACTION|PLANNER) ((?:.*\\\n)*.*)$", text("src/policy/settings.c"), re.M))
for word, names in listed.items():
    row = re.search(rf"^\| `@{word.lower()}` \| (.*) \|$", page, re.M)
    same(f"settings of the class @{word.lower()}", re.findall(r"`([a-z_*]+)`", row.group(1)) if row else [],
         re.findall(r'"([a-z_*]+)"', names))
egress = re.findall(r'\{(NULL|"[a-z_0-9]+"), "([a-z_0-9*]+)"\}', text("src/policy/egress.c"))
same("functions of @egress", re.findall(r"`([^`]+)`", page.split("**@egress**")[1].split("\n\n")[0]),
     [name if schema == "NULL" else f"{schema.strip(chr(34))}.{name}" for schema, name in egress])
detect = f"{root}/include/qw/detect.h"
kinds = re.findall(r'X\(\w+, "([a-z-]+)"', text("include/qw/detect.h")) if os.path.exists(detect) else []
same("detectors of the page", re.findall(r"`([a-z-]+)`", page.split("The detectors:")[1].split("(a random")[0]),
     kinds or re.findall(r'"([a-z-]+)"', text("src/policy/columns.c").split('"all", ')[1].split("NULL")[0]))
limits = re.findall(r"X\([A-Z_]+, (\w+), \"", text("include/qw/limits.h"))
same("limits of the page", re.findall(r"^\| `(\w+)` \| limit", page, re.M), limits)
same("keys of the configuration schema", keys_in_schema(json.loads(config)),
     keys_in_code("src/config/load.c", "src/config/places.c", "src/config/join.c", "src/config/sections.c"))
for line in failed:
    print(line)
sys.exit(bool(failed))
