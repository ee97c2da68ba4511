"""A PostgreSQL server of any version, in a temporary folder, and the trees that it prints."""
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from raw import SYNC, Gone, Raw, fields, parse, query  # noqa: E402

REWRITTEN = b"rewritten parse tree:"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, binaries):
        self.binaries = pathlib.Path(binaries)
        said = subprocess.run([self.binaries / "postgres", "--version"], stdout=subprocess.PIPE, check=True, text=True).stdout
        self.major = int(re.search(r"\) (\d+)", said)[1])
        self.process = None

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="querytree-"))
        self.folder.chmod(0o755)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        as_user = {}
        if os.geteuid() == 0:
            shutil.chown(data, "postgres", "postgres")
            as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        subprocess.run([self.binaries / "initdb", "-D", data, "-E", "UTF8", "--locale=C", "-U", "postgres", "-A", "trust", "-N"],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **as_user)
        self.port = free_port()
        self.process = subprocess.Popen(
            [self.binaries / "postgres", "-D", data, "-p", str(self.port), "-c", "listen_addresses=127.0.0.1",
             "-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "log_min_messages=panic"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/", **as_user)
        for _ in range(300):
            try:
                self.connect().close()
                return self
            except (OSError, Gone):
                time.sleep(0.1)
        raise RuntimeError("the server does not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder)

    def connect(self, **settings):
        return Raw(self.port, tls=False).login("postgres", "", database="postgres", **settings)

    def run_file(self, path):
        """Each block of its own, so that one which this version does not know leaves the others alone."""
        with self.connect() as c:
            for block in path.read_text().split("\n\n"):
                c.ask(query(block))

    def trees(self, statement, before=""):
        """([DETAIL of each rewritten tree that Parse brings, as bytes], the error's text or None)"""
        with self.connect(client_min_messages="log", debug_pretty_print="off") as c:
            if before:
                c.ask(query(before))
            c.ask(query("SET debug_print_rewritten = on"))
            trees, problem = [], None
            for kind, body in c.ask(parse("", statement), SYNC):
                parts = {p[:1]: p[1:] for p in body.split(b"\0") if p} if kind == b"N" else {}
                if parts.get(b"M") == REWRITTEN:
                    trees.append(parts[b"D"])
                if kind == b"E":
                    problem = fields(body)["M"]
            return trees, problem
