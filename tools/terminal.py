"""psql on a terminal of its own, as a person would use it: what it shows is what they would see."""
import os
import pty
import re
import select
import subprocess
import termios
import time

PROMPT = re.compile(rb"(?:^|\n)\w+=[*!]?[>#] $")
PAGE = (50, 150)  # lines, columns: wide enough for the tour's tables


class Psql:
    def __init__(self, *arguments, environment):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(self.master, PAGE)
        self.process = subprocess.Popen(["psql", "-X", "-n", *arguments], stdin=slave, stdout=slave, stderr=slave,
                                        env=environment | {"TERM": "dumb", "PAGER": ""}, start_new_session=True)
        os.close(slave)
        self.seen = b""
        self.banner = self.until_prompt()

    def _read(self, until, seconds):
        """Waits until what came since the last prompt matches; returns the match, takes nothing away."""
        end = time.monotonic() + seconds
        while not (found := until.search(self.seen.replace(b"\r", b""))):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                raise TimeoutError(f"psql shows after {seconds} s only: {self.seen.decode(errors='replace')}")
            try:
                part = os.read(self.master, 65536)
            except OSError:  # the terminal's other end is closed
                part = b""
            if not part:
                raise EOFError(f"psql ended: {self.seen.decode(errors='replace')}")
            self.seen += part
        return found

    def until(self, pattern, seconds=30):
        return self._read(re.compile(pattern.encode()), seconds).group(1).decode()

    def until_prompt(self, seconds=60):
        """What was shown up to the next prompt."""
        self._read(PROMPT, seconds)
        text, self.seen = self.seen.replace(b"\r", b"").decode(), b""
        return text[:text.rindex("\n") + 1] if "\n" in text else ""

    def type(self, line):
        os.write(self.master, line.encode() + b"\n")

    def ask(self, line):
        """Types a line; returns the answer without the echo."""
        self.type(line)
        return self.until_prompt().partition("\n")[2].rstrip("\n")

    def close(self):
        if self.process.poll() is None:
            try:
                self.type(r"\q")
                self.process.wait(10)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait()
        if self.master is not None:
            os.close(self.master)
            self.master = None
