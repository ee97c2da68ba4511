"""Each rule of the lint bites: a small tree that breaks one rule is refused, and says where. Usage: test_lint.py"""
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
LONG = "int f(void);\nint f(void)\n{\n" + "\tg();\n" * 70 + "}\n"
DEEP = ("static void f(int a)\n{\n\tfor (;;)\n\t\tif (a) {\n\t\t\tswitch (a) {\n\t\t\tcase 1:\n\t\t\t\twhile (a)\n"
        "\t\t\t\t\tif (a)\n\t\t\t\t\t\ta--;\n\t\t\t}\n\t\t}\n}\n")
CHAIN = "static void f(int a)\n{\n" + "\tif (a)\n\t\tg();\n" + "\telse if (a)\n\t\tg();\n" * 9 + "\telse\n\t\tg();\n}\n"

BREAKS = [  # program, file, content, what is said; None: nothing
    ("arrows", "src/policy/a.c", '#include "qw/session.h"\n', 'room "policy" may not know the room "session"'),
    ("arrows", "src/session/a.c", '#include "qw/audit.h"\n', 'room "session" may not know the room "audit"'),
    ("arrows", "src/session/postgres/a.c", "#include <time.h>\n", 'the room "session" is pure'),
    ("arrows", "src/mask/a.c", "#include <sys/socket.h>\n", 'the room "mask" is pure'),
    ("arrows", "src/cli/a.c", "#include <lmdb.h>\n", 'room "cli" may not see <lmdb.h>'),
    ("arrows", "src/io/a.c", "#include <libpq-fe.h>\n", 'room "io" may not see <libpq-fe.h>'),
    ("arrows", "src/vault/a.c", "#include <openssl/ssl.h>\n", 'room "vault" may not see <openssl/ssl.h>'),
    ("arrows", "src/labels/a.c", '#include "../policy/policy_int.h"\n', 'is not of the room "labels"'),
    ("arrows", "src/attic/a.c", "", "a file of no room"),
    ("arrows", "src/main.c", '#include "qw/vault.h"\n', "main is wiring"),
    ("arrows", "include/qw/wire.h", '#include "qw/session.h"\n', 'the door of "wire" may not open the door of "session"'),
    ("arrows", "include/qw/io.h", "#include <uv.h>\n", "a door opens no header of a library"),
    ("arrows", "include/qw/attic.h", "", "a door of no room"),
    ("arrows", "src/session/a.c", '/* #include "qw/audit.h" */\n#include "qw/policy.h"\n', None),
    ("sizes", "src/io/a.c", LONG, "f() has 73 lines"),
    ("sizes", "src/io/a.c", DEEP, "f() nests 5 deep"),
    ("sizes", "src/io/a.c", CHAIN, None),
    ("sizes", "src/io/a.c", "int f(int a, int b, int c, int d, int e, void (*f)(int, int))\n{\n}\n", None),
    ("sizes", "src/io/a.c", "int f(int a, int b, int c, int d,\n\tint e, int f, int g)\n{\n}\n", "f() takes 7 parameters"),
    ("sizes", "src/io/a.c", "\n" * 601, "601 lines"),
    ("sizes", "include/qw/io.h", "\n" * 151, "a door of 151 lines"),
    ("words", "src/io/a.c", "\tstrcpy(a, b);\n", "strcpy() is forbidden"),
    ("words", "tests/a.c", "\tstrtok(a, b);\n", "strtok() is forbidden"),
    ("words", "src/io/a.c", "\tn = atoi(a);\n", "atoi() is forbidden"),
    ("words", "src/io/a.c", '\tlog("system(x)"); /* system() */ my_system(1); s->system(2);\n', None),
    ("words", "a.md", "TO" "DO: more", "unfinished work"),
    ("words", "a.py", 'x = "/ho' 'me/me/x"', "a path of one machine"),
    ("words", "a.md", "see https://ver" "dict.io/x", "a host that is no example"),
    ("words", "a.md", "see https://id.example/x and postgres://u:p@127.0.0.1:5432/d", None),
    ("words", "a.sh", "pip install -i pypi" ".org", "the name of a package registry"),
    ("words", "a.yaml", "a: [1", "does not parse"),
    ("words", "a.json", "{", "does not parse"),
    ("words", "a.md", "[x](no/where.md)", "leads nowhere"),
]


def main():
    wrong = 0
    for program, name, content, said in BREAKS:
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(os.path.dirname(os.path.join(root, name)), exist_ok=True)
            with open(os.path.join(root, name), "w") as f:
                f.write(content)
            ran = subprocess.run([sys.executable, os.path.join(HERE, program + ".py"), root],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = ran.stdout.decode()
        if (ran.returncode != 0) != (said is not None) or (said or "") not in out:
            print(f"{program} on {name}: wanted {said!r}, got {ran.returncode}: {out}")
            wrong += 1
    print(f"{len(BREAKS)} trees, {wrong} wrong")
    return 1 if wrong else 0


sys.exit(main())
