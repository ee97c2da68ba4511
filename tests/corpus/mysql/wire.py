"""A small MySQL client that hides nothing: it sends what a case says and keeps every packet that comes back."""
import hashlib
import socket
import ssl
import struct

WAIT_S = 120.0  # for one answer; a machine may stand still for a while

# Capabilities. Nothing that changes the form of packets: what a server says and what a gateway says can be compared byte by byte.
LONG_PASSWORD, LONG_FLAG, CONNECT_WITH_DB, LOCAL_FILES, PROTOCOL_41, SSL, TRANSACTIONS = 1, 4, 8, 0x80, 0x200, 0x800, 0x2000
SECURE, MULTI_STATEMENTS, MULTI_RESULTS, PS_MULTI_RESULTS, PLUGIN_AUTH = 0x8000, 0x10000, 0x20000, 0x40000, 0x80000
PLUGIN_AUTH_LENENC, SESSION_TRACK = 0x200000, 0x800000
WANTED = (LONG_PASSWORD | LONG_FLAG | CONNECT_WITH_DB | LOCAL_FILES | PROTOCOL_41 | TRANSACTIONS | SECURE | MULTI_STATEMENTS
          | MULTI_RESULTS | PS_MULTI_RESULTS | PLUGIN_AUTH | PLUGIN_AUTH_LENENC | SESSION_TRACK)
INIT_DB, QUERY, FIELD_LIST, QUIT, PREPARE, EXECUTE = 2, 3, 4, 1, 0x16, 0x17
MORE_RESULTS, STATE_CHANGED = 8, 0x4000  # among the status flags
COLLATIONS = {"latin1": 8, "utf8mb4": 45}
NEWER = {45: 255}  # MySQL names another collation first; who asks for 45 there is told 255 in a column's definition once it says SET NAMES
LOCAL_FILE = b"of-the-client\n"  # what a server gets that asks for a file


class Broken(Exception):
    """The other side ended the connection or sent what no server sends."""


class Wire:
    """`address`: a path (Unix socket) or (host, port), with TLS where `tls` is a context.

    messages: [(kind, body)] after the login; kinds: O (OK), E (ERR), n (count of columns), C (column), z (EOF), R (row of text),
    B (binary row: decoded fields), P (prepared), L (asks for a file). state: "ready" or "closed". A refused login is an E and "closed".
    """

    def __init__(self, address, user, database, password="", tls=None, charset="utf8mb4"):
        self.messages, self.state, self.pid, self.why_closed, self.capabilities = [], "closed", None, None, 0
        self._left, self._sequence = b"", 0
        self.socket = _connect(address)
        try:
            self._log_in(address, user, database, password, tls, COLLATIONS[charset])
        except (Broken, OSError, struct.error, IndexError) as e:
            self._end(e)

    # ---- bytes ----
    def _take(self, n):
        while len(self._left) < n:
            more = self.socket.recv(65536)
            if not more:
                raise Broken("the other side ended the connection")
            self._left += more
        out, self._left = self._left[:n], self._left[n:]
        return out

    def _packet(self):
        body = b""
        while True:
            head = self._take(4)
            size = int.from_bytes(head[:3], "little")
            if head[3] != self._sequence & 255:
                raise Broken(f"packet number {head[3]}, not {self._sequence & 255}")
            self._sequence += 1
            body += self._take(size)
            if size < 0xffffff:
                return body

    def _write(self, body):
        self.socket.sendall(len(body).to_bytes(3, "little") + bytes([self._sequence & 255]) + body)
        self._sequence += 1

    def _end(self, why):
        self.state = "closed"
        self.why_closed = self.why_closed or f"{type(why).__name__}: {why}"

    # ---- login ----
    def _log_in(self, address, user, database, password, tls, collation):
        greeting = self._packet()
        if greeting[0] == 0xff:
            self.messages.append(("E", greeting))
            raise Broken("refused before the login")
        self.version, offered, nonce, plugin = self._greeting(greeting)
        self.capabilities = WANTED & offered | (SSL if tls else 0)
        if "MariaDB" not in self.version:
            collation = NEWER.get(collation, collation)
        head = struct.pack("<IIB23x", self.capabilities, 1 << 24, collation)
        if tls:
            self._write(head)
            self.socket = tls.wrap_socket(self.socket, server_hostname=address[0])
        answer = _scramble(plugin, password.encode(), nonce)
        self._write(head + user.encode() + b"\0" + _lenenc(answer) + database.encode() + b"\0" + plugin.encode() + b"\0")
        while self._authenticate(self._packet(), password.encode()):
            pass

    def _greeting(self, body):
        version, _, rest = body[1:].partition(b"\0")
        self.pid = struct.unpack("<I", rest[:4])[0]
        offered = struct.unpack("<H", rest[13:15])[0] | struct.unpack("<H", rest[18:20])[0] << 16
        more = rest[31:]
        second, _, plugin = more[:13].rstrip(b"\0"), None, more[13:].split(b"\0")[0]
        return version.decode(), offered, rest[4:12] + second, plugin.decode()

    def _authenticate(self, body, password):
        """Is there more to come?"""
        if body[0] == 0xfe:
            plugin, _, nonce = body[1:].partition(b"\0")
            self._write(_scramble(plugin.decode(), password, nonce[:20]))
        elif body == b"\x01\x04":
            self._write(password + b"\0")
        elif body[0] == 0xff:
            self.messages.append(("E", body))
            raise Broken("the login was refused")
        elif body[0] == 0:
            self.state = "ready"
            return False
        return True

    # ---- what cases send; each returns the answer's messages ----
    def query(self, sql):
        return self._command(QUERY, sql if isinstance(sql, bytes) else sql.encode(), self._results)

    def begin(self, sql):
        """Sends it and does not wait."""
        self._sequence = 0
        self._write(bytes([QUERY]) + sql.encode())

    def init_db(self, name):
        return self._command(INIT_DB, name.encode(), self._results)

    def field_list(self, table):
        return self._command(FIELD_LIST, table.encode() + b"\0", self._columns)

    def prepared(self, sql, params=()):
        """Prepares and executes once; parameters go as text."""
        answer = self._command(PREPARE, sql if isinstance(sql, bytes) else sql.encode(), self._prepare)
        if self.state != "ready" or not answer or answer[0][0] != "P":
            return answer
        identity, parameters = answer[0][1][1:5], struct.unpack("<H", answer[0][1][7:9])[0]
        body = identity + b"\0" + struct.pack("<I", 1)
        if parameters:
            bits = bytearray((parameters + 7) // 8)
            for i in (i for i, p in enumerate(params) if p is None):
                bits[i // 8] |= 1 << i % 8
            values = b"".join(_lenenc(str(p).encode()) for p in params if p is not None)
            body += bytes(bits) + b"\1" + b"\xfe\0" * parameters + values
        return answer + self._command(EXECUTE, body, lambda: self._results(binary=True))

    def _command(self, code, body, read):
        if self.state != "ready":
            return []
        begin, self._sequence = len(self.messages), 0
        try:
            self._write(bytes([code]) + body)
        except OSError as e:  # what it had said before is still read
            self.why_closed = f"{type(e).__name__}: {e}"
        try:
            read()
        except (Broken, OSError, struct.error, IndexError) as e:
            self._end(e)
        return self.messages[begin:]

    def _keep(self, kind, body):
        self.messages.append((kind, body))
        return kind

    # ---- reading answers ----
    def _results(self, binary=False):
        while self._result(binary):
            pass

    def _result(self, binary):
        """One result; is another one to come?"""
        body = self._packet()
        if body[0] == 0xff:
            self._keep("E", body)
            return False
        if body[0] == 0:
            self._keep("O", body)
            return bool(ok(body)["status"] & MORE_RESULTS)
        if body[0] == 0xfb:
            self._keep("L", body[1:])
            self._write(LOCAL_FILE)
            self._write(b"")
            return self._result(binary)
        self._keep("n", body)
        types = self._definitions(_number(body, 0)[0])
        while True:
            body = self._packet()
            if body[0] == 0xff:
                self._keep("E", body)
                return False
            if body[0] == 0xfe and len(body) < 9:
                self._keep("z", body)
                return bool(struct.unpack("<H", body[3:5])[0] & MORE_RESULTS)
            self._keep(*(("B", _binary_row(body, types)) if binary else ("R", body)))

    def _definitions(self, count):
        """[(type, flags)] of the columns, and the EOF after them."""
        types = []
        for _ in range(count):
            self._keep("C", self._packet())
            types.append(column(self.messages[-1][1])["type"])
        if count:
            self._keep("z", self._packet())
        return types

    def _columns(self):
        """COM_FIELD_LIST: definitions until EOF or ERR."""
        while True:
            body = self._packet()
            if body[0] == 0xff or (body[0] == 0xfe and len(body) < 9):
                self._keep("E" if body[0] == 0xff else "z", body)
                return
            self._keep("C", body)

    def _prepare(self):
        body = self._packet()
        if body[0] == 0xff:
            self._keep("E", body)
            return
        self._keep("P", body)
        columns, parameters = struct.unpack("<HH", body[5:9])
        self._definitions(parameters)
        self._definitions(columns)

    def close(self):
        if self.state == "ready":
            try:
                self._sequence = 0
                self._write(bytes([QUIT]))
            except OSError:
                pass
        self.state = "closed"
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _connect(address):
    if isinstance(address, str):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(WAIT_S)
        s.connect(address)
        return s
    s = socket.create_connection(address, timeout=WAIT_S)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s


def client_tls(ca_file):
    return ssl.create_default_context(cafile=str(ca_file))


def _scramble(plugin, password, nonce):
    if not password:
        return b""
    if plugin == "mysql_clear_password":
        return password + b"\0"
    nonce = nonce[:20]
    if plugin == "mysql_native_password":
        once = hashlib.sha1(password).digest()
        mixed = hashlib.sha1(nonce + hashlib.sha1(once).digest()).digest()
    elif plugin == "caching_sha2_password":
        once = hashlib.sha256(password).digest()
        mixed = hashlib.sha256(hashlib.sha256(once).digest() + nonce).digest()
    else:
        raise Broken(f"an authentication that this client does not know: {plugin}")
    return bytes(a ^ b for a, b in zip(once, mixed))


# ---- reading packets ----
def _lenenc(data):
    n = len(data)
    head = bytes([n]) if n < 251 else b"\xfc" + struct.pack("<H", n) if n < 1 << 16 else b"\xfd" + n.to_bytes(3, "little")
    return head + data


def _number(body, at):
    """(number or None for NULL, where it ends)"""
    first = body[at]
    if first < 0xfb:
        return first, at + 1
    if first == 0xfb:
        return None, at + 1
    size = {0xfc: 2, 0xfd: 3, 0xfe: 8}[first]
    return int.from_bytes(body[at + 1:at + 1 + size], "little"), at + 1 + size


def _text(body, at):
    n, at = _number(body, at)
    return (None, at) if n is None else (body[at:at + n], at + n)


def ok(body):
    rows, at = _number(body, 1)
    identity, at = _number(body, at)
    status, warnings = struct.unpack("<HH", body[at:at + 4])
    return {"affected": rows, "insert_id": identity, "status": status, "warnings": warnings, "rest": body[at + 4:]}


def column(body):
    out, at = {}, 0
    for name in ("catalog", "schema", "table", "org_table", "name", "org_name"):
        out[name], at = _text(body, at)
    charset, length, kind, flags, decimals = struct.unpack("<HIBHB", body[at + 1:at + 11])
    return out | {"charset": charset, "length": length, "type": kind, "flags": flags, "decimals": decimals, "rest": body[at + 13:]}


def error(body):
    """{"code": number, "state": SQLSTATE, "message": text}"""
    code, rest = struct.unpack("<H", body[1:3])[0], body[3:]
    state, rest = (rest[1:6], rest[6:]) if rest[:1] == b"#" else (b"", rest)
    return {"code": code, "state": state.decode("latin-1"), "message": rest.decode("utf-8", "replace")}


def row(body):
    out, at = [], 0
    while at < len(body):
        value, at = _text(body, at)
        out.append(value)
    return out


FIXED = {1: "<b", 2: "<h", 13: "<h", 3: "<i", 9: "<i", 8: "<q", 4: "<f", 5: "<d"}
TIMES = (7, 10, 11, 12)


def _binary_row(body, types):
    """Values as bytes, or None; numbers as a person writes them (unsigned ones may look negative), times as hex."""
    at, out = 1 + (len(types) + 9) // 8, []
    for i, kind in enumerate(types):
        if body[1 + (i + 2) // 8] >> (i + 2) % 8 & 1:
            out.append(None)
        elif kind in FIXED:
            size = struct.calcsize(FIXED[kind])
            out.append(str(struct.unpack(FIXED[kind], body[at:at + size])[0]).encode())
            at += size
        elif kind in TIMES:
            out.append(body[at + 1:at + 1 + body[at]].hex().encode())
            at += 1 + body[at]
        else:
            value, at = _text(body, at)
            out.append(value)
    return out


def errors(messages):
    return [error(body) for kind, body in messages if kind == "E"]


def rows(messages):
    return [row(body) if kind == "R" else body for kind, body in messages if kind in "RB"]


def readable(messages):
    """What a person would see: rows as lines, fields parted by a blank, and all texts. For patterns and canaries."""
    out = []
    for kind, body in messages:
        if kind == "C":
            out.append(b" ".join(v for k, v in column(body).items() if isinstance(v, bytes)))
        elif kind in "RB":
            out.append(b" ".join(v for v in (row(body) if kind == "R" else body) if v is not None))
        elif kind in "EOL":
            out.append(kind.encode() + body)
    return b"\n".join(out)


def raw(messages):
    return b"".join(b"\0".join(v or b"" for v in body) if kind == "B" else body for kind, body in messages)
