"""`querywarden vault` as a person and as a script use it: argv[1] is the program."""
import os
import pty
import subprocess
import sys
import tempfile
import time

program = sys.argv[1]
folder = tempfile.TemporaryDirectory(prefix="qw-vault-cli-")
place = ["--file", os.path.join(folder.name, "v.qwv"), "--key-file", os.path.join(folder.name, "v.key")]


def run(*args, stdin=b"", where=None):
    done = subprocess.run([program, *args, *(place if where is None else where)], input=stdin, capture_output=True, timeout=20)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect(status, text, *args, **more):
    got, out, err = run(*args, **more)
    assert got == status and text in out + err, (args, got, out, err)
    return out


def typed(*lines, args=("set", "typed", "--user", "u")):
    """Answers on a terminal; returns the status, what was shown, and the process's arguments and environment."""
    pid, tty = pty.fork()
    if pid == 0:
        os.execv(program, [program, *args, *place])
    shown = b""
    for line in lines:
        while not shown.endswith(b": "):
            shown += os.read(tty, 1000)
        time.sleep(0.05)
        os.write(tty, line)
        shown += b"|"
    try:
        while True:
            chunk = os.read(tty, 1000)
            if not chunk:
                break
            shown += chunk
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


def main():
    expect(1, "v.key: cannot open", "list")
    expect(0, "keep a copy", "init")
    expect(1, "exists already", "init")
    expect(0, "", "set", "shop-app", "--user", "app", stdin=b"pass word\n")
    expect(0, "", "set", "mask", "--random", "32")
    secret_file = os.path.join(folder.name, "secret")
    with open(secret_file, "wb") as f:
        f.write(b"from a file\r\n")
    expect(0, "", "set", "other", "--user", "o", "--secret-file", secret_file)
    out = expect(0, "shop-app", "list")
    assert [line.split()[:2] for line in out.splitlines()[1:]] == [["mask", "-"], ["other", "o"], ["shop-app", "app"]], out
    expect(0, "", "remove", "other")
    expect(1, "no secret is named other", "remove", "other")
    # Clear errors, and nothing stored
    expect(1, "1 to 4096 bytes", "set", "x", "--user", "u", stdin=b"")
    expect(1, "1 to 4096 bytes", "set", "x", "--user", "u", stdin=b"s" * 5000)
    expect(1, "a name has", "set", "x/y", "--user", "u", stdin=b"s")
    expect(1, "No such file", "set", "x", "--user", "u", "--secret-file", "/nonexistent")
    expect(2, "needs --user", "set", "x", stdin=b"s")
    expect(2, "NAME of the secret is missing", "set", "--user", "u", stdin=b"s")
    expect(2, "one argument too many", "set", "x", "secret-in-argv", "--user", "u")
    expect(2, "unknown command", "frobnicate")
    expect(2, "--random takes", "set", "x", "--random", "7")
    expect(2, "exclude each other", "set", "x", "--random", "32", "--secret-file", secret_file)
    expect(2, "either --config", "list", where=[])
    expect(2, "a command is missing", where=[])
    # The configuration names the vault
    config = os.path.join(folder.name, "config")
    expect(1, "config:3:14: no such key", "list", where=["--config", config])
    with open(config, "w") as f:
        f.write(place[1] + " " + place[3])
    expect(0, "shop-app", "list", where=["--config", config])
    # A terminal: hidden, asked twice
    status, shown = typed(b"hidden-one\n", b"hidden-one\n")
    assert status == 0 and "hidden-one" not in shown, shown
    status, shown = typed(b"hidden-one\n", b"hidden-two\n")
    assert status == 1 and "not the same" in shown and "hidden" not in shown, shown
    status, shown = typed(b"abc\x03")
    assert status == 1 and "no secret was typed" in shown, shown
    status, shown = typed(b"\n", b"\n")
    assert status == 1 and "1 to 4096" in shown, shown
    expect(0, "typed", "list")
    # Nothing of it is readable
    with open(place[1], "rb") as f:
        content = f.read()
    for secret in (b"pass word", b"hidden-one"):
        assert secret not in content
    assert os.stat(place[1]).st_mode & 0o7777 == 0o600 and os.stat(place[3]).st_mode & 0o7777 == 0o400
    assert sorted(os.listdir(folder.name)) == ["config", "secret", "v.key", "v.qwv"]


main()
