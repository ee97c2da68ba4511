"""A small PostgreSQL client that hides nothing: it sends what a case says and keeps every message that comes back."""
import socket
import ssl
import struct

PROTOCOL_3_0, SSL_REQUEST = 196608, 80877103
WAIT_S = 120.0  # for one answer; a machine may stand still for a while


class Wire:
    """`address`: a path (Unix socket, trusted) or (host, port) with TLS and the token as cleartext password.

    messages: [(type, body)] of everything after authentication; state: "ready", "closed" or "copy" (walsender).
    A refused login is an ErrorResponse among the messages and state "closed".
    """

    def __init__(self, address, user, database, password=None, tls=None, parameters=None):
        self.messages, self.state, self.pid, self.why_closed = [], "closed", None, None
        self._left = b""
        self.socket = _connect(address, tls)
        body = struct.pack("!I", PROTOCOL_3_0)
        for name, value in ({"user": user, "database": database} | (parameters or {})).items():
            body += name.encode() + b"\0" + value.encode() + b"\0"
        self.socket.sendall(struct.pack("!I", len(body) + 5) + body + b"\0")
        self._password = password
        self.wait()

    # ---- bytes ----
    def _take(self, n):
        while len(self._left) < n:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the other side ended the connection")
            self._left += more
        out, self._left = self._left[:n], self._left[n:]
        return out

    def send(self, kind, body=b""):
        if self.state == "ready":
            self._write(kind, body)

    def _write(self, kind, body):
        try:
            self.socket.sendall(kind + struct.pack("!I", len(body) + 4) + body)
        except OSError as e:  # what it had said before is still read
            self.why_closed = f"{type(e).__name__}: {e}"

    def wait(self, copy_data=b"", until=b"Z"):
        """Reads until ReadyForQuery. Returns the messages that came; COPY IN is answered with `copy_data`."""
        begin = len(self.messages)
        try:
            while True:
                kind = self._take(1)
                body = self._take(struct.unpack("!I", self._take(4))[0] - 4)
                if kind == b"R":
                    self._authenticate(body)
                    continue
                if kind == b"K":
                    self.pid = struct.unpack("!I", body[:4])[0]
                    continue
                self.messages.append((kind.decode("latin-1"), body))
                if kind == b"G":
                    self._write(b"d", copy_data)
                    self._write(b"c", b"")
                if kind == until or kind == b"W":
                    self.state = "ready" if kind == b"Z" else "copy"
                    break
        except (EOFError, OSError, struct.error) as e:
            self.state = "closed"
            self.why_closed = self.why_closed or f"{type(e).__name__}: {e}"
        return self.messages[begin:]

    def _authenticate(self, body):
        if struct.unpack("!I", body[:4])[0] == 3:
            self._write(b"p", (self._password or "").encode() + b"\0")
        elif body != b"\0\0\0\0":
            raise EOFError("an authentication that this client does not know")

    # ---- what cases send; each returns the answer's messages ----
    def query(self, sql, copy_data=b""):
        self.send(b"Q", (sql if isinstance(sql, bytes) else sql.encode()) + b"\0")
        return self.wait(copy_data) if self.state == "ready" else []

    def parse(self, name, sql):
        self.send(b"P", name.encode() + b"\0" + (sql if isinstance(sql, bytes) else sql.encode()) + b"\0\0\0")
        self.send(b"S")
        return self.wait() if self.state == "ready" else []

    def extended(self, sql, params=(), result_format=0, max_rows=0, copy_data=b""):
        sql = sql if isinstance(sql, bytes) else sql.encode()
        self.send(b"P", b"\0" + sql + b"\0\0\0")
        return self.bind("", params, result_format, max_rows, copy_data)

    def bind(self, name, params=(), result_format=0, max_rows=0, copy_data=b""):
        """Bind, Describe, Execute (four times where rows are limited), Sync."""
        body = b"\0" + name.encode() + b"\0" + struct.pack("!HH", 0, len(params))
        for p in params:
            value = None if p is None else str(p).encode()
            body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
        self.send(b"B", body + struct.pack("!HH", 1, result_format))
        self.send(b"D", b"P\0")
        for _ in range(4 if max_rows else 1):
            self.send(b"E", b"\0" + struct.pack("!I", max_rows))
        self.send(b"S")
        return self.wait(copy_data) if self.state == "ready" else []

    def function_call(self, oid, args):
        body = struct.pack("!IHHH", oid, 1, 0, len(args))
        for a in args:
            body += struct.pack("!i", len(a.encode())) + a.encode()
        self.send(b"F", body + struct.pack("!H", 0))
        return self.wait() if self.state == "ready" else []

    def close(self):
        self.send(b"X")
        self.state = "closed"
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _connect(address, tls):
    if isinstance(address, str):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(WAIT_S)
        s.connect(address)
        return s
    s = socket.create_connection(address, timeout=WAIT_S)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.sendall(struct.pack("!II", 8, SSL_REQUEST))
    if s.recv(1) != b"S":
        raise RuntimeError("the gateway does not offer TLS")
    return tls.wrap_socket(s, server_hostname=address[0])


def client_tls(ca_file):
    return ssl.create_default_context(cafile=str(ca_file))


# ---- reading messages ----
def fields(body):
    """ErrorResponse, NoticeResponse: {"C": SQLSTATE, "M": text, ...}"""
    return {p[:1].decode("latin-1"): p[1:].decode("utf-8", "replace") for p in body.split(b"\0") if p}


def row(body):
    """DataRow: values as bytes, or None."""
    count, at, out = struct.unpack("!H", body[:2])[0], 2, []
    for _ in range(count):
        n = struct.unpack("!i", body[at:at + 4])[0]
        at += 4
        out.append(None if n < 0 else body[at:at + n])
        at += max(n, 0)
    return out


def known_oids(body, limit):
    """RowDescription with the OIDs of tables and types from `limit` on made 0: they are numbered through the whole cluster."""
    count, at, out = struct.unpack("!H", body[:2])[0], 2, body[:2]
    for _ in range(count):
        end = body.index(b"\0", at) + 1
        table, column, kind = struct.unpack("!IHI", body[end:end + 10])
        out += body[at:end] + struct.pack("!IHI", table if table < limit else 0, column, kind if kind < limit else 0)
        at = end + 18
        out += body[end + 10:at]
    return out


def errors(messages):
    return [fields(body) for kind, body in messages if kind == "E"]


def rows(messages):
    return [row(body) for kind, body in messages if kind == "D"]


def readable(messages):
    """What a person would see: rows as lines, fields parted by a blank, COPY data, and all texts. For patterns and canaries."""
    out = []
    for kind, body in messages:
        if kind == "D":
            out.append(b" ".join(v for v in row(body) if v is not None))
        elif kind == "d" or kind == "V":
            out.append(body[4:] if kind == "V" else body)
        elif kind not in "Z123nts":
            out.append(kind.encode() + body)
    return b"\n".join(out)
