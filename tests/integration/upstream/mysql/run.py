"""Starts a throw-away MariaDB or MySQL (argv[1]) with the shop database and runs argv[2] against it; 77: there is no such server.

The program gets: folder, ports of the server, of nobody, of a server that never answers, and of those who stand in between and do
what HOSTILE says, in this order.
"""
import os
import pathlib
import secrets
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "support"))

import mysql_servers  # noqa: E402
from mysqld import SERVERS, SHOP, low_port  # noqa: E402
from tls import Authority  # noqa: E402


def listener():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(16)
    return s, s.getsockname()[1]


def packet(number, body):
    return struct.pack("<I", len(body))[:3] + bytes([number]) + body


def read_packet(s):
    """The whole packet, with its header."""
    f = b""
    while len(f) < 4 or len(f) < 4 + int.from_bytes(f[:3], "little"):
        more = s.recv(4 + (int.from_bytes(f[:3], "little") - len(f) + 4 if len(f) >= 4 else -len(f)))
        if not more:
            raise OSError("closed")
        f += more
    return f


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
    except OSError:
        pass
    for s in (a, b):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def capabilities(greeting):
    """Offset of the lower two bytes."""
    return greeting.index(b"\0", 5) + 1 + 4 + 8 + 1


def without_tls(greeting, _):
    at = capabilities(greeting)
    return greeting[:at + 1] + bytes([greeting[at + 1] & ~8]) + greeting[at + 2:]


def other_flavour(greeting, _):
    at = capabilities(greeting)
    return greeting[:at] + bytes([greeting[at] ^ 1]) + greeting[at + 1:]


def other_version(greeting, _):
    end = greeting.index(b"\0", 5)
    body = greeting[4:5] + b"8.0.36" + greeting[end:]
    return packet(0, body)


def appended_ok(greeting, _):
    return greeting + packet(2, b"\0\0\0\2\0\0\0")


def clear_password(greeting, client):
    """Asks for the password in clear, and says what it got."""
    client.sendall(without_tls(greeting, client))
    read_packet(client)
    client.sendall(packet(2, b"\xfemysql_clear_password\0"))
    tell(client, 4, read_packet(client))


def tell(client, number, got):
    """That the password came, if it did."""
    client.sendall(packet(number, b"\xff\x15\x04#28000" + (b"you said " + got[4:].rstrip(b"\0") if b"S3cret-" in got else b"no")))


def clear_greeting(greeting, client):
    """The same from the first word."""
    greeting = without_tls(greeting, client)
    name = greeting.rindex(b"\0", 0, len(greeting) - 1) + 1
    client.sendall(packet(0, greeting[4:name] + b"mysql_clear_password\0"))
    tell(client, 2, read_packet(client))


def wants_file(greeting, client, server):
    """Answers the first query with the wish for a file of the client."""
    client.sendall(greeting)
    threading.Thread(target=pump, args=(server, client), daemon=True).start()
    while (said := read_packet(client))[3:5] != b"\0\x03":
        server.sendall(said)
    client.sendall(packet(1, b"\xfb/proc/self/environ"))
    sent = read_packet(client)
    client.sendall(packet(3, b"\xff\x15\x04#28000" + (b"thanks for the file" if len(sent) > 4 else b"no file")))


def slow_tls(greeting, client):
    """A byte of a TLS record now and then, for ever."""
    client.sendall(greeting)
    read_packet(client)
    client.recv(10)
    client.sendall(b"\x16\x03\x03\x3f\xff\x02\x00\x3f\xfb")
    while True:
        client.sendall(b"\0")
        time.sleep(0.1)


def slow_greeting(greeting, client):
    client.sendall(b"\xff\x3f\x00\x00\x0a")
    while True:
        client.sendall(b"1")
        time.sleep(0.05)


def error_instead(*_):
    return packet(0, b"\xff\x10\x04#08004Too many connections")


def huge(greeting, client):
    client.sendall(b"\xff\xff\xff\x00" + b"\x0a" * 100000)
    return None


HOSTILE = (without_tls, other_flavour, other_version, appended_ok, clear_password, slow_tls, slow_greeting, error_instead, huge,
           clear_greeting, wants_file)


def one(client, port, change):
    server = socket.create_connection(("127.0.0.1", port))
    try:
        more = [server] if change is wants_file else []
        changed = change(read_packet(server), client, *more)
        if changed:
            client.sendall(changed)
            threading.Thread(target=pump, args=(server, client), daemon=True).start()
            pump(client, server)
    except OSError:
        pass
    finally:
        client.close()
        server.close()


def serve(s, port, change):
    while True:
        client, _ = s.accept()
        threading.Thread(target=one, args=(client, port, change), daemon=True).start()


def load(server, password):
    server.create_database("shop", SHOP)
    server.create_database("private")
    server.create_user("app", password, ["shop"])
    server.create_user("limited", password, ["shop"])
    server.sql("ALTER USER 'limited'@'%' WITH MAX_USER_CONNECTIONS 1")
    server.create_user("stubborn", password, ["shop"])
    server.create_user("admin", password)
    server.sql("GRANT ALL ON *.* TO 'admin'@'%' WITH GRANT OPTION")
    server.create_user("plain", password, ["shop"], require="NONE")
    if server.flavour == "mariadb":
        server.create_user("native", password, ["shop"], plugin="mysql_native_password")
    server.create_user("seer", password, ["shop"])
    server.sql("GRANT SHOW_ROUTINE ON *.* TO 'seer'@'%'" if server.flavour == "mysql" else "GRANT SELECT ON mysql.proc TO 'seer'@'%'")
    server.load(HERE / "more.sql", "shop")
    server.create_user("reader", password)
    server.sql("GRANT SELECT, INSERT, EXECUTE ON shop.* TO 'reader'@'%'; GRANT TRIGGER ON shop.scratch TO 'reader'@'%'")


def main(flavour, program):
    with tempfile.TemporaryDirectory(prefix="qw-upstream-") as folder:
        authority = Authority(folder)
        for end in ("pem", "key"):
            os.symlink(f"ca.{end}", f"{folder}/ca.{'crt' if end == 'pem' else 'k'}")
        other = Authority(folder, "other-ca")
        os.symlink(other.certificate.name, f"{folder}/other-ca.crt")
        password = "S3cret-" + secrets.token_hex(12)
        options = {"init-connect": "SET sql_mode=concat(@@sql_mode, ',ANSI_QUOTES,NO_BACKSLASH_ESCAPES')"}
        server = SERVERS[flavour](authority, options)
        try:
            load(server, password)
            silent, silent_port = listener()
            ports = [server.port, low_port(), silent_port]
            for change in HOSTILE:
                s, port = listener()
                ports.append(port)
                threading.Thread(target=serve, args=(s, server.port, change), daemon=True).start()
            with open(f"{folder}/password", "w") as f:
                f.write(password)
            os.symlink(server.socket, f"{folder}/socket")
            env = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "MYSQL", "MARIADB"))} | {"HOME": folder}
            done = subprocess.run([program, folder, *map(str, ports)], env=env, timeout=170)
            silent.close()
        finally:
            server.stop()
            server.remove()
    return done.returncode


try:
    sys.exit(main(sys.argv[1], sys.argv[2]))
except mysql_servers.Unavailable as why:
    print(why)
    sys.exit(77)
