"""Somebody else, who works while a test misbehaves: must see no error, and no long wait."""
import pathlib
import threading
import time

import psycopg2


class Bystander:
    """`slow_s`: the longest query that is still fine. Use: with Bystander(gateway): ..."""

    def __init__(self, gateway, slow_s=10.0):
        self.gateway, self.slow_s = gateway, slow_s
        self.done = self.longest = 0
        self.error, self._stop = None, threading.Event()
        self.thread = threading.Thread(target=self._work, daemon=True)

    def _work(self):
        try:
            connection = psycopg2.connect(self.gateway.dsn("agent"))
            connection.autocommit = True
            cursor = connection.cursor()
            while not self._stop.is_set():
                begin = time.monotonic()
                cursor.execute("SELECT c.name, o.total FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = %s", (1,))
                if [row[0] for row in cursor.fetchall()] != ["Alice Moore"]:
                    raise AssertionError("another answer than ever")
                self.longest = max(self.longest, time.monotonic() - begin)
                self.done += 1
                time.sleep(0.01)
            connection.close()
        except BaseException as e:
            self.error = e

    def __enter__(self):
        self.thread.start()
        while not self.done and self.thread.is_alive():
            time.sleep(0.01)
        return self

    def __exit__(self, kind, *_):
        before = self.done
        end = time.monotonic() + self.slow_s
        while self.done == before and self.thread.is_alive() and time.monotonic() < end:
            time.sleep(0.01)
        self._stop.set()
        self.thread.join(self.slow_s)
        if kind:
            return
        if self.error:
            raise AssertionError(f"somebody else was hurt: {self.error}")
        if self.done == before or self.longest > self.slow_s:
            raise AssertionError(f"somebody else had to wait {self.longest:.1f} s, {self.done} queries")


def is_sanitized(gateway):
    """Sanitizers keep freed memory for a while: nothing can be said of its size."""
    return b"__asan_init" in pathlib.Path(gateway.binary).read_bytes()


def memory_kib(pid):
    with open(f"/proc/{pid}/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("RssAnon"))  # its own memory, not the files it maps
