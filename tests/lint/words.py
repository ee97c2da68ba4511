"""What may not stand in a tracked file: dangerous calls, unfinished work, paths of one machine, hosts that are not examples, data
that does not parse, links that lead nowhere. Usage: words.py SOURCE_ROOT"""
import json
import os
import re
import sys

import yaml

from tree import Report, code_only, read, tracked

# No length, hidden state, the stack. Tests too.
NEVER = "strcpy strcat sprintf vsprintf gets strtok alloca tmpnam mktemp setjmp longjmp".split()
# In the program only: a shell, an unchecked number, a length that is a guess, a random that is none.
NOT_IN_PROGRAM = "system popen atoi atol atoll atof strncat scanf sscanf fscanf rand random srand usleep".split()
CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(NEVER))
PROGRAM_CALL = re.compile(r"(?<![\w.>])(%s)\s*\(" % "|".join(NEVER + NOT_IN_PROGRAM))

UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|HA" r"CK|X" r"XX)\b")
# /tmp, /etc, /run, /var, /usr and /proc are the same everywhere.
MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:work|home|root|Users|mnt|opt|workspace|builds?)/\w")

HOST = re.compile(r"\b(?:https?|postgres(?:ql)?|wss?|git|ssh)://(?:[\w.%+-]+(?::[^@/\s]*)?@)?([A-Za-z0-9.-]+)")
# Names that nobody can own (RFC 2606, RFC 6761), this machine, and documents that are cited.
HOSTS = re.compile(r"^(?:\w+|(?:[\w-]+\.)*(?:example|test|invalid|localhost|ex)|(?:[\w-]+\.)*example\.(?:com|net|org)|[0-9.]+|"
                   r"www\.apache\.org|json-schema\.org|www\.rfc-editor\.org|datatracker\.ietf\.org|www\.postgresql\.org|"
                   r"(?:www\.)?mysql\.com|dev\.mysql\.com|keepachangelog\.com|semver\.org)\.*$")
# Hosts without a scheme that packages come from: never named, whatever the file.
REGISTRY = re.compile(r"(?i)\b(?:[\w-]+\.)*(?:py[p]i\.org|npm[j]s\.(?:org|com)|crate[s]\.io|pythonh[o]sted\.org|proxy\.g[o]lang\.org|"
                      r"d[o]cker\.io|gh[c]r\.io|qu[a]y\.io|deb\.d[e]bian\.org|rubyg[e]ms\.org|artif[a]ctory)\b")

# Refused documents are fixtures of what the loader must refuse; they need not parse.
NOT_PARSED = ("fixtures/policy/refused/", "fixtures/config/refused/", "fixtures/corpus/")
BINARY = ("fixtures/corpus/",)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def check_text(complain, name, text):
    for number, line in enumerate(text.split("\n"), 1):
        where = f"{name}:{number}"
        if UNFINISHED.search(line):
            complain(where, "unfinished work: do it, or write an issue")
        if MACHINE_PATH.search(line):
            complain(where, f"a path of one machine: {MACHINE_PATH.search(line).group(0)}...")
        if REGISTRY.search(line):
            complain(where, "the name of a package registry")
        for host in HOST.findall(line):
            if not HOSTS.match(host):
                complain(where, f"a host that is no example: {host}")


def check_calls(complain, name, text):
    in_program = name.startswith(("src/", "protocols/", "sqlparse/", "include/"))
    pattern = PROGRAM_CALL if in_program else CALL
    for number, line in enumerate(code_only(text).split("\n"), 1):
        for call in pattern.findall(line):
            complain(f"{name}:{number}", f"{call}() is forbidden")


def check_data(complain, name, text):
    try:
        if name.endswith((".yaml", ".yml")):
            list(yaml.safe_load_all(text))
        elif name.endswith(".json"):
            json.loads(text)
        elif name.endswith(".jsonl"):
            for line in text.splitlines():
                json.loads(line)
    except (yaml.YAMLError, ValueError) as e:
        complain(name, f"does not parse: {e}")


def check_links(complain, root, name, text):
    for target in LINK.findall(text):
        if not os.path.exists(os.path.join(root, os.path.dirname(name), target)):
            complain(name, f"a link that leads nowhere: {target}")


def main(root):
    complain, names = Report(), tracked(root)
    for name in names:
        if name.startswith(BINARY):
            continue
        try:
            text = read(root, name)
        except UnicodeDecodeError:
            continue
        check_text(complain, name, text)
        if name.endswith((".c", ".h")):
            check_calls(complain, name, text)
        if not name.startswith(NOT_PARSED):
            check_data(complain, name, text)
        if name.endswith(".md"):
            check_links(complain, root, name, text)
    return complain.done(f"{len(names)} files")


sys.exit(main(sys.argv[1]))
