#!/usr/bin/python3
"""Runs one script of commands on links of different capabilities and writes what was said: fixtures/mysql/*.packets.

Usage: mysql_capture.py PORT FOLDER. On loopback there is a MariaDB or MySQL whose user `t` (password `pw`) may do all in database
`shop`; on a fresh server a capture is the same each time.
A capture is a list of packets: '>' or '<', 4 bytes of length, the payload.
"""
import hashlib
import socket
import ssl
import struct
import sys

CLASSIC = 1 | 2 | 4 | 8 | 0x200 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000 | 0x40000 | 0x80000 | 0x100000 | 0x200000
TRACK = 0x800000
EXT = 1 | 4 | 8 | 16  # what MariaDB's client library asks of every MariaDB


def lenenc(n):
    return bytes([n]) if n < 251 else b"\xfc" + struct.pack("<H", n)


def native(nonce, password):
    once = hashlib.sha1(password).digest()
    mask = hashlib.sha1(nonce + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


class Link:
    def __init__(self, port, capabilities, extended=0, user=b"t", password=b"pw", db=b"shop"):
        self.s = socket.create_connection(("127.0.0.1", port))
        self.s.settimeout(20)
        self.log = []
        self.seq = 0
        g = self.greeting = self.read()
        v = g.index(b"\0", 1)
        nonce = g[v + 5:v + 13] + g[v + 32:v + 44]
        self.is_mariadb = b"MariaDB" in g
        plugin, auth = (b"mysql_native_password", native(nonce, password)) if self.is_mariadb else (b"caching_sha2_password", b"x" * 32)
        if not self.is_mariadb:  # the password goes in clear, inside TLS
            capabilities |= 0x800
        head = struct.pack("<IIB", capabilities & ~1 if extended else capabilities, 1 << 24, 45) + b"\0" * 19 + struct.pack("<I", extended)
        if not self.is_mariadb:
            self.write(head)
            self.s = ssl._create_unverified_context().wrap_socket(self.s)
        self.write(head + user + b"\0" + lenenc(len(auth)) + auth + db + b"\0" + plugin + b"\0" + lenenc(0))
        r = self.read()
        if r == b"\1\4":
            self.write(password + b"\0")
            r = self.read()
        assert r[0] == 0, r
        self.log.clear()

    def exactly(self, n):
        b = b""
        while len(b) < n:
            d = self.s.recv(n - len(b))
            if not d:
                raise EOFError
            b += d
        return b

    def frame(self):
        h = self.exactly(4)
        n = h[0] | h[1] << 8 | h[2] << 16
        assert h[3] == self.seq & 255, (h, self.seq)
        self.seq += 1
        return self.exactly(n)

    def read(self):
        p = f = self.frame()
        while len(f) == 0xFFFFFF:
            f = self.frame()
            p += f
        self.log.append((b"<", p))
        return p

    def write(self, body):
        self.log.append((b">", body))
        while True:
            part, body = body[:0xFFFFFF], body[0xFFFFFF:]
            self.s.sendall(struct.pack("<I", len(part))[:3] + bytes([self.seq & 255]) + part)
            self.seq += 1
            if len(part) < 0xFFFFFF:
                break

    def result(self, ext, binary=False):
        while True:
            p = self.read()
            while p[:3] == b"\xff\xff\xff":
                p = self.read()
            if p[0] == 0:
                st = struct.unpack("<H", skip(p, 1, 2)[:2])[0]
                if st & 8:
                    continue
                return
            if p[0] in (0xff, 0xfb):
                return
            n = p[0] if p[0] < 251 else struct.unpack("<H", p[1:3])[0]
            follows = p[-1] if ext & 16 else 1
            if follows:
                for _ in range(n):
                    self.read()
            e = self.read()
            status = struct.unpack("<H", e[3:5])[0]
            if binary and status & 0x40:
                return
            while True:
                r = self.read()
                if r[:3] == b"\xff\xff\xff":
                    continue
                if r[0] == 0xff:
                    return
                if r[0] == 0xfe and len(r) < 9:
                    break
            if not struct.unpack("<H", r[3:5])[0] & 8 and not status & 0x1000:  # MySQL forgets the flag after OUT parameters
                return

    def command(self, body):
        self.seq = 0
        self.write(body)


def skip(p, at, n):
    for _ in range(n):
        at += {0xfc: 3, 0xfd: 4, 0xfe: 9}.get(p[at], 1)
    return p[at:]


def run(port, capabilities, ext, script):
    l = Link(port, capabilities, ext)
    ids = {}
    for step in script:
        kind, arg = step[0], step[1]
        if kind == "q":
            l.command(b"\x03" + arg.encode())
            l.result(ext)
        elif kind == "p":
            l.command(b"\x16" + arg.encode())
            p = l.read()
            if p[0] == 0:
                ids[step[2]] = struct.unpack("<I", p[1:5])[0]
                c, n = struct.unpack("<HH", p[5:9])
                for _ in range((n + 1 if n else 0) + (c + 1 if c else 0)):
                    l.read()
        elif kind == "e":
            l.command(b"\x17" + struct.pack("<I", ids[arg]) + step[2])
            l.result(ext, True)
        elif kind == "f":
            l.command(b"\x1c" + struct.pack("<II", ids[arg], step[2]))
            while True:
                r = l.read()
                if r[0] == 0xff or (r[0] == 0xfe and len(r) < 9):
                    break
        elif kind == "long":
            l.command(b"\x18" + struct.pack("<IH", ids[arg], step[2]) + step[3])
        elif kind == "close":
            l.command(b"\x19" + struct.pack("<I", ids[arg]))
        elif kind == "fields":
            l.command(b"\x04" + arg)
            while True:
                r = l.read()
                if r[0] == 0xff or (r[0] == 0xfe and len(r) < 9):
                    break
        elif kind == "raw":
            l.command(arg)
            l.read()
    return l.log


SCRIPT = [
    ("q", "drop table if exists t1, t2"),
    ("q", "create table t1 (a int not null primary key auto_increment, b varchar(20) default 'x', c decimal(10,2), d date, e datetime(6), f time(3), g double, h float, i bigint unsigned, j year, k bit(9), l enum('a','b'), m set('x','y'), n blob, o json, p point, q mediumint, r tinyint, s smallint, t timestamp null, u uuid, v inet6)"),
    ("q", "insert into t1 (b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v) values ('ann',1.5,'2026-01-02','2026-01-02 03:04:05.678901','-26:01:02.5',1e100,0.5,18446744073709551615,2026,b'101','b','x,y',x'00ff','{\"a\":1}',point(1,2),-5,-1,300,'2026-01-01 00:00:00','123e4567-e89b-12d3-a456-426614174000','::1'),(null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null,null)"),
    ("q", "insert into t1 (d,e,f,t) values ('2026-01-02','2026-01-02','00:00:00','2026-01-01 01:02:03'),('0000-00-00','0000-00-00','01:02:03', null)"),
    ("q", "set sql_mode=''"),
    ("q", "insert into t1 (d,e,f) values ('0000-00-00','0000-00-00','01:02:03')"),
    ("q", "select * from t1"),
    ("q", "select null, 1, 'a' from dual"),
    ("q", "update t1 set b='bob'"),
    ("q", "select 1; select 2, 3; update t1 set b='c'; select 4"),
    ("q", "select 1; select nosuch; select 4"),
    ("q", "select * from nosuch"),
    ("q", ""),
    ("q", "set session_track_system_variables='sql_mode,character_set_client,autocommit'"),
    ("q", "set sql_mode='ANSI_QUOTES'"), ("q", "set names gbk"), ("q", "set names utf8mb4"), ("q", "use mysql"), ("q", "use shop"),
    ("q", "set autocommit=0"), ("q", "start transaction"), ("q", "update t1 set b='d'"), ("q", "commit"), ("q", "set autocommit=1"),
    ("q", "set session_track_state_change=1"), ("q", "set @a=1"), ("q", "set session_track_transaction_info='CHARACTERISTICS'"), ("q", "start transaction read only"), ("q", "select 1"), ("q", "commit"),
    ("q", "drop procedure if exists pr"),
    ("q", "create procedure pr(out x int) begin select a, b from t1; select 5 as z; set x=7; end"),
    ("q", "call pr(@x)"), ("q", "select @x"),
    ("q", "show warnings"), ("q", "show tables"), ("q", "explain select * from t1"),
    ("raw", b"\x0e"), ("raw", b"\x02mysql"), ("raw", b"\x02shop"), ("raw", b"\x1b\x00\x00"), ("raw", b"\x1b\x01\x00"), ("q", "select 1; select 2"), ("raw", b"\x1b\x00\x00"),
    ("raw", b"\x02nosuch"),
    ("fields", b"t1\0"), ("fields", b"t1\0b%"), ("fields", b"nosuch\0"),
    ("p", "select * from t1 where a > ?", "s"),
    ("e", "s", b"\0\1\0\0\0" + b"\0\1" + b"\x03\0" + struct.pack("<i", 0)),
    ("e", "s", b"\0\1\0\0\0" + b"\0\0" + struct.pack("<i", 2)),
    ("e", "s", b"\0\1\0\0\0" + b"\1\0"),
    ("e", "s", b"\1\1\0\0\0" + b"\0\1" + b"\x08\x80" + struct.pack("<q", 0)),
    ("f", "s", 2), ("f", "s", 1), ("f", "s", 10), ("f", "s", 10),
    ("p", "select nosuch from t1", "bad"),
    ("p", "insert into t1 (b, d, e, f, g, h, n) values (?,?,?,?,?,?,?)", "i"),
    ("e", "i", b"\0\1\0\0\0" + b"\0\1" + b"\xfe\0\x0a\0\x0c\0\x0b\0\5\0\4\0\xfc\0" + b"\3ann" + b"\4\xea\7\1\2" + b"\x0b\xea\7\1\2\3\4\5\1\0\0\0" + b"\x08\1\1\0\0\0\2\3\4" + struct.pack("<df", 1.5, 2.5) + b"\2\0\xff"),
    ("long", "i", 6, b"abc"), ("long", "i", 6, b"def"),
    ("e", "i", b"\0\1\0\0\0" + b"\0\0" + b"\3bob" + b"\0" + b"\0" + b"\0" + struct.pack("<df", -1.5, 1e30)),
    ("p", "select b, d, n from t1 where g is not null", "g"), ("e", "g", b"\0\1\0\0\0"), ("e", "g", b"\0\1\0\0\0"),
    ("q", "alter table t1 add column z int"), ("e", "g", b"\0\1\0\0\0"), ("q", "alter table t1 modify b varchar(30)"), ("e", "g", b"\0\1\0\0\0"),("e", "g", b"\0\1\0\0\0"),
    ("p", "call pr(?)", "c"), ("e", "c", b"\0\1\0\0\0" + b"\0\1\3\0" + struct.pack("<i", 1)), ("e", "c", b"\0\1\0\0\0" + b"\0\1\3\0" + struct.pack("<i", 1)),
    ("raw", b"\x1a" + struct.pack("<I", 99)), ("close", "i"), ("raw", b"\x0e"),
    ("q", "check table t1 extended"), ("q", "set progress_report_time=1"), ("q", "analyze table t1"),
    ("q", "show create table t1"),
    ("raw", b"\x1f"), ("q", "select 1"),
    ("q", "select repeat('x', 300), repeat('y', 600)"),
]


def renumbered(log):
    """The server counts statements over all its sessions: 1, 2, 3 instead, in every capture alike."""
    ids, out, asked = {}, [], 0
    for side, p in log:
        if side == b">":
            asked = p[0] if p else 0
            if asked in (0x17, 0x18, 0x19, 0x1C) and p[1:5] in ids:
                p = p[:1] + ids[p[1:5]] + p[5:]
        elif asked == 0x16 and p[0] == 0 and len(p) == 12:
            ids[p[1:5]] = struct.pack("<I", len(ids) + 1)
            p = p[:1] + ids[p[1:5]] + p[5:]
            asked = 0
        elif p[0] == 0xFF:
            for old, new in ids.items():
                p = p.replace(b"(%d)" % struct.unpack("<I", old), b"(%d)" % struct.unpack("<I", new))
        out.append((side, p))
    return out


def save(path, log):
    log = renumbered(log)
    with open(path, "wb") as f:
        for d, p in log:
            f.write(d + struct.pack("<I", len(p)) + p)




def without(sql):
    """Of MySQL, what only MariaDB has."""
    for only, instead in ((", u uuid, v inet6)", ")"), (",s,t,u,v) values", ",s,t) values"), ("null,null,null)", "null)"),
                          (",'123e4567-e89b-12d3-a456-426614174000','::1')", ")")):
        sql = sql.replace(only, instead)
    return sql


PROGRESS = [
    ("q", "set progress_report_time=0"), ("q", "drop table if exists big"), ("q", "create table big (a int, b varchar(100)) engine=aria"),
    ("q", "insert into big select seq, repeat('x',90) from seq_1_to_300000"), ("q", "set progress_report_time=1"),
    ("q", "alter table big add index(b), add index (a), force"), ("q", "alter table big engine=innodb"), ("q", "check table big"),
    ("q", "drop table big"),
]

if __name__ == "__main__":
    port, out = int(sys.argv[1]), sys.argv[2]
    if Link(port, CLASSIC).is_mariadb:
        save(out + "/mariadb-classic.packets", run(port, CLASSIC, 0, SCRIPT))
        save(out + "/mariadb-track.packets", run(port, CLASSIC | TRACK, 0, SCRIPT))
        save(out + "/mariadb-extended.packets", run(port, CLASSIC | TRACK, EXT, SCRIPT))
        save(out + "/mariadb-metadata.packets", run(port, CLASSIC | TRACK, 8, SCRIPT))
        save(out + "/mariadb-no-parameters.packets", run(port, CLASSIC & ~0x40000, 0, SCRIPT))
        save(out + "/mariadb-progress.packets", run(port, CLASSIC | TRACK, EXT, PROGRESS))
    else:
        here = [(k, without(a), *more) if k == "q" else (k, a, *more) for k, a, *more in SCRIPT]
        save(out + "/mysql-classic.packets", run(port, CLASSIC, 0, here))
        save(out + "/mysql-track.packets", run(port, CLASSIC | TRACK, 0, here))
        save(out + "/mysql-no-parameters.packets", run(port, CLASSIC & ~0x40000, 0, here))
