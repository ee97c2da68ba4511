"""Starts a throw-away PostgreSQL (TLS, SCRAM) with the shop database and runs argv[1] against it.

The program gets: folder, ports of the server, of nobody, of a server that never answers, of a server that echoes the password.
"""
import glob
import os
import pathlib
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

HERE = pathlib.Path(__file__).resolve().parent
SHOP = HERE.parents[2] / "fixtures" / "sql" / "shop.sql"
BIN = os.environ.get("QW_TEST_PG_BIN") or sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
AS_POSTGRES = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


def quietly(*args, **more):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if done.returncode:
        sys.exit(f"{args}: {done.stdout.decode()}")
    return done.stdout.decode()


def certificates(folder):
    """Two authorities; the first one signs a server certificate for localhost."""
    for ca in ("ca", "other-ca"):
        quietly("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", f"/CN={ca}", "-keyout", f"{folder}/{ca}.key", "-out", f"{folder}/{ca}.crt")
    quietly("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
            "-keyout", f"{folder}/server.key", "-out", f"{folder}/server.csr")
    with open(f"{folder}/san", "w") as f:
        f.write("subjectAltName=DNS:localhost\n")
    quietly("openssl", "x509", "-req", "-in", f"{folder}/server.csr", "-CA", f"{folder}/ca.crt", "-CAkey", f"{folder}/ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", f"{folder}/san", "-out", f"{folder}/server.crt")


def listener():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(16)
    return s, s.getsockname()[1]


def free_port():
    s, port = listener()
    s.close()
    return port


def message(kind, body):
    return kind + struct.pack("!I", len(body) + 4) + body


def echo_server(s):
    """Asks for the password in clear and tells it back: the error must not reach our log with it."""
    while True:
        c, _ = s.accept()
        with c:
            f = c.makefile("rb")
            f.read(struct.unpack("!I", f.read(4))[0] - 4)
            c.sendall(message(b"R", struct.pack("!I", 3)))
            f.read(1)
            password = f.read(struct.unpack("!I", f.read(4))[0] - 4).rstrip(b"\0")
            c.sendall(message(b"E", b"SFATAL\0VFATAL\0C28P01\0Mno: " + password + b" and " + password + b"\0\0"))


def psql(folder, port, database, text):
    quietly(*AS_POSTGRES, "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", folder, "-p", str(port), "-U", "postgres", "-d", database,
            "-f", "-", input=text.encode())


def load(folder, port, password):
    psql(folder, port, "postgres", f"""
        create database shop; create database private; revoke connect on database private from public;
        create database ascii template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C';""")
    psql(folder, port, "shop", SHOP.read_text())
    psql(folder, port, "shop", (HERE / "more.sql").read_text())
    psql(folder, port, "shop", (HERE / "hazards.sql").read_text())
    psql(folder, port, "shop", (HERE / "rules.sql").read_text())
    psql(folder, port, "shop", f"""
        alter role app password '{password}'; alter role postgres password '{password}';
        create role limited login password '{password}' connection limit 0;
        create role stubborn login password '{password}';
        alter role stubborn set client_encoding = 'LATIN1'; alter role stubborn set standard_conforming_strings = off;
        alter role stubborn set search_path = public;""")


def start(folder, port):
    data = f"{folder}/data"
    quietly(*AS_POSTGRES, f"{BIN}/initdb", "-D", data, "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--auth-local=trust",
            "--auth-host=scram-sha-256")
    with open(f"{data}/postgresql.conf", "a") as f:
        f.write(f"port={port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories='{folder}'\nfsync=off\nssl=on\n"
                f"ssl_cert_file='{folder}/server.crt'\nssl_key_file='{folder}/server.key'\nlogging_collector=off\n")
    quietly(*AS_POSTGRES, f"{BIN}/pg_ctl", "-D", data, "-l", f"{folder}/log", "-w", "start")


def home(folder):
    """A home that would break or divert every connection, if it were looked at."""
    os.makedirs(f"{folder}/home/.postgresql")
    for name in ("postgresql.crt", "postgresql.key", "root.crt", "root.crl"):
        with open(f"{folder}/home/.postgresql/{name}", "w") as f:
            f.write("garbage\n")
    with open(f"{folder}/home/.pgpass", "w") as f:
        f.write("*:*:*:*:stolen\n")
    os.chmod(f"{folder}/home/.pgpass", 0o600)
    with open(f"{folder}/home/.pg_service.conf", "w") as f:
        f.write("[other]\nhost=192.0.2.1\n")
    return f"{folder}/home"


def main(program):
    with tempfile.TemporaryDirectory(prefix="qw-upstream-") as folder:
        certificates(folder)
        if AS_POSTGRES:
            for name in (folder, f"{folder}/server.key", f"{folder}/server.crt"):
                shutil.chown(name, "postgres")
        port, password = free_port(), "S3cret-" + secrets.token_hex(12)
        silent, silent_port = listener()
        echo, echo_port = listener()
        threading.Thread(target=echo_server, args=(echo,), daemon=True).start()
        start(folder, port)
        try:
            load(folder, port, password)
            with open(f"{folder}/password", "w") as f:
                f.write(password)
            env = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"HOME": home(folder)}
            done = subprocess.run([program, folder, *map(str, (port, free_port(), silent_port, echo_port))], env=env, timeout=100)
        finally:
            quietly(*AS_POSTGRES, f"{BIN}/pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
            silent.close()
    return done.returncode


sys.exit(main(sys.argv[1]))
