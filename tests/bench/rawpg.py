"""A bare PostgreSQL client that counts bytes, so that the reader is not what an export measures."""
import base64
import hashlib
import hmac
import os
import socket
import ssl
import struct

READ_BYTES = 256 * 1024


def words(dsn):
    return dict(word.split("=", 1) for word in dsn.split())


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def simple(sql):
    return message(b"Q", sql.encode() + b"\0")


def parse(sql, name=""):
    return message(b"P", f"{name}\0{sql}\0\0\0".encode())


def execute(name="", formats=b"\0\0"):
    """What libpq sends for a statement that is prepared."""
    return (message(b"B", f"\0{name}\0\0\0\0\0".encode() + formats) + message(b"D", b"P\0") + message(b"E", b"\0\0\0\0\0") +
            message(b"S"))


class RawClient:
    def __init__(self, contestant):
        self.dsn = words(contestant.dsn)
        self.socket = connect(contestant.where, contestant.is_tls)
        body = b"".join(s.encode() + b"\0" for s in ("user", self.dsn["user"], "database", self.dsn["dbname"])) + b"\0"
        self.socket.sendall(struct.pack("!II", len(body) + 8, 196608) + body)
        self.buffer = b""
        self._login()

    def close(self):
        self.socket.sendall(message(b"X"))
        self.socket.close()

    def _next(self):
        while len(self.buffer) < 5 or len(self.buffer) < (n := 1 + struct.unpack_from("!I", self.buffer, 1)[0]):
            more = self.socket.recv(READ_BYTES)
            if not more:
                raise ConnectionError("the server closed the connection")
            self.buffer += more
        kind, body, self.buffer = self.buffer[:1], self.buffer[5:n], self.buffer[n:]
        if kind == b"E":
            raise RuntimeError(body.replace(b"\0", b" ").decode(errors="replace"))
        return kind, body

    def _until(self, kind):
        while (got := self._next())[0] != kind:
            pass
        return got[1]

    def _login(self):
        body = self._until(b"R")
        code = struct.unpack_from("!I", body)[0]
        if code == 3:
            self.socket.sendall(message(b"p", self.dsn["password"].encode() + b"\0"))
        elif code == 10:
            self._scram()
        else:
            raise RuntimeError(f"authentication {code} is not known here")
        self._until(b"Z")

    def _scram(self):
        """RFC 5802, without channel binding."""
        first = "n=,r=" + base64.b64encode(os.urandom(18)).decode()
        data = ("n,," + first).encode()
        self.socket.sendall(message(b"p", b"SCRAM-SHA-256\0" + struct.pack("!I", len(data)) + data))
        challenge = self._until(b"R")[4:].decode()
        part = dict(p.split("=", 1) for p in challenge.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.dsn["password"].encode(), base64.b64decode(part["s"]), int(part["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        final = f"c=biws,r={part['r']}"
        signed = hmac.digest(hashlib.sha256(key).digest(), f"{first},{challenge},{final}".encode(), "sha256")
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signed))).decode()
        self.socket.sendall(message(b"p", f"{final},p={proof}".encode()))

    def query(self, sql):
        self.socket.sendall(message(b"Q", sql.encode() + b"\0"))
        return self._drain()

    def query_binary(self, sql):
        self.socket.sendall(parse(sql) + execute(formats=b"\0\1\0\1"))
        return self._drain()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """All messages up to ReadyForQuery, errors too: for small answers."""
        out = b""
        while not out[-6:-1] == b"Z\0\0\0\5":
            more = self.socket.recv(READ_BYTES)
            if not more:
                raise ConnectionError("the server closed the connection")
            out += more
        return out

    def _drain(self):
        """Bytes up to ReadyForQuery: it is short and last, so only the tail of what came is looked at."""
        space, tail, total = bytearray(READ_BYTES), b"", 0
        while not (len(tail) >= 6 and tail[-6:-1] == b"Z\0\0\0\5"):
            n = self.socket.recv_into(space)
            if n == 0:
                raise ConnectionError("the server closed the connection")
            if total == 0 and space[0] == ord("E"):
                raise RuntimeError(bytes(space[5:n]).replace(b"\0", b" ").decode(errors="replace"))
            total += n
            tail = (tail + space[max(0, n - 6):n])[-6:]
        return total


def connect(where, is_tls):
    s = socket.create_connection(where)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not is_tls:
        return s
    s.sendall(struct.pack("!II", 8, 80877103))
    if s.recv(1) != b"S":
        raise RuntimeError("no TLS")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(s)
