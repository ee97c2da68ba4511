"""A PostgreSQL client by hand: frames as they are, so that a test can send what no driver would."""
import socket
import ssl
import struct


class Gone(Exception):
    """The other side closed the connection."""


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def cstr(text):
    return (text if isinstance(text, bytes) else text.encode()) + b"\0"


def startup(version=196608, **parameters):
    body = struct.pack("!I", version) + b"".join(cstr(k) + cstr(v) for k, v in parameters.items()) + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def query(sql):
    return message(b"Q", cstr(sql))


def parse(name, sql, types=()):
    return message(b"P", cstr(name) + cstr(sql) + struct.pack(f"!H{len(types)}I", len(types), *types))


def bind(portal, statement, values=(), formats=(), results=()):
    body = cstr(portal) + cstr(statement) + struct.pack(f"!H{len(formats)}H", len(formats), *formats)
    body += struct.pack("!H", len(values))
    for v in values:
        body += struct.pack("!i", -1) if v is None else struct.pack("!i", len(v)) + v
    return message(b"B", body + struct.pack(f"!H{len(results)}H", len(results), *results))


def describe(kind, name):
    return message(b"D", kind + cstr(name))


def execute(portal="", rows=0):
    return message(b"E", cstr(portal) + struct.pack("!I", rows))


def close(kind, name):
    return message(b"C", kind + cstr(name))


SYNC, FLUSH, TERMINATE = message(b"S"), message(b"H"), message(b"X")


def fields(body):
    """Fields of an ErrorResponse or NoticeResponse: {letter: text}."""
    return {f[:1].decode(): f[1:].decode(errors="replace") for f in body.split(b"\0") if f}


def row(body):
    """Values of a DataRow."""
    out, at = [], 2
    for _ in range(struct.unpack("!H", body[:2])[0]):
        n = struct.unpack("!i", body[at:at + 4])[0]
        at += 4
        out.append(None if n < 0 else body[at:at + n])
        at += max(n, 0)
    return out


class Raw:
    """One connection. tls=False leaves it in clear text and says nothing at all."""

    def __init__(self, port, ca=None, tls=True, timeout=30, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.buffer, self.pid, self.key, self.seen = b"", None, None, []
        if tls:
            self.socket.sendall(struct.pack("!II", 8, 80877103))
            if self.socket.recv(1) != b"S":
                raise Gone("no TLS")
            context = ssl.create_default_context(cafile=str(ca))
            context.check_hostname = False
            self.socket = context.wrap_socket(self.socket)

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))

    def read_bytes(self, n):
        while len(self.buffer) < n:
            try:
                got = self.socket.recv(1 << 16)
            except (ConnectionError, ssl.SSLError) as e:
                raise Gone(str(e)) from None
            if not got:
                raise Gone("end of stream")
            self.buffer += got
        out, self.buffer = self.buffer[:n], self.buffer[n:]
        return out

    def read(self):
        """(type, body) of the next message."""
        head = self.read_bytes(5)
        return head[:1], self.read_bytes(struct.unpack("!I", head[1:])[0] - 4)

    def login(self, user, token, database="shop", **more):
        self.send(startup(user=user, database=database, **more))
        for kind, body in iter(self.read, None):
            if kind == b"R" and body == b"\0\0\0\3":
                self.send(message(b"p", cstr(token)))
            elif kind == b"K":
                self.pid, self.key = struct.unpack("!I", body[:4])[0], body[4:]
            elif kind == b"E":
                raise Gone(fields(body).get("M", "refused"))
            elif kind == b"Z":
                return self

    def until(self, *kinds):
        """All messages up to the first of one of `kinds`, or to the end of the connection (then the last is (None, why))."""
        out = []
        while True:
            try:
                out.append(self.read())
            except Gone as e:
                return out + [(None, str(e).encode())]
            if out[-1][0] in kinds:
                return out

    def ask(self, *messages):
        """Sends, and gathers everything up to ReadyForQuery."""
        self.send(*messages)
        return self.until(b"Z")

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def connect(gateway, user="agent", token=None, **more):
    """A session of the Gateway of gateway.py."""
    raw = Raw(gateway.port, gateway.authority.certificate)
    return raw.login(user, token or gateway.issuer.token(user), **more)


def rows(answer):
    return [row(body) for kind, body in answer if kind == b"D"]


def errors(answer):
    return [fields(body) for kind, body in answer if kind == b"E"]


def show(answer):
    """The answer in short, for people."""
    out = []
    for kind, body in answer:
        text = kind.decode() if kind else "END"
        if kind in (b"E", b"N"):
            f = fields(body)
            text += f" {f.get('C')} {f.get('M')}"
        elif kind == b"D":
            text += f" {row(body)}"
        elif kind in (b"C", b"Z", None):
            text += f" {body.rstrip(bytes(1)).decode(errors='replace')}"
        out.append(text)
    return " | ".join(out)
