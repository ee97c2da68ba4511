"""A relay in plain TCP between a gateway and PostgreSQL that counts what one connection says: round trips and questions for trees."""
import socket
import threading

from rawpg import READ_BYTES

QUESTION = b"'debug_print_rewritten', 'on'"  # src/session/tree/resolve.c asks with it


class Connection:
    """`trips`: how often the client's side spoke after the server had. `down`: bytes of the server's."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.trips = self.questions = self.down = 0
        self.is_up, self.tail = False, b""
        for source, to, count in ((client, server, self._count_up), (server, client, self._count_down)):
            threading.Thread(target=self._pump, args=(source, to, count), daemon=True).start()

    def _count_up(self, data):
        self.trips += not self.is_up
        self.is_up = True
        seen = self.tail + data
        self.questions += seen.count(QUESTION)
        self.tail = seen[-(len(QUESTION) - 1):]

    def _count_down(self, data):
        self.is_up = False
        self.down += len(data)

    @staticmethod
    def _pump(source, to, count):
        try:
            while data := source.recv(READ_BYTES):
                count(data)
                to.sendall(data)
        except OSError:
            pass  # the other direction has ended it
        for s in (source, to):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def now(self):
        return self.trips, self.questions, self.down


class Relay:
    """`connections` in the order in which they came; the gateway's own (for the catalog) are among them."""

    def __init__(self, where):
        self.where, self.connections = where, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(self.where)
            for s in (client, server):
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections.append(Connection(client, server))

    def close(self):
        self.listener.close()
        for c in self.connections:
            for s in (c.client, c.server):
                s.close()
