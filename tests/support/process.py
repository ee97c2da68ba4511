"""Child processes, free ports and waiting: what every other module here needs."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("QW_BUILD") or ROOT / "build").resolve()
WAIT_S = 60 if os.environ.get("QW_SLOW") else 20  # sanitizers and loaded machines


def quietly(*args, **more):
    """Runs a command to its end; its output is returned, or thrown when it failed."""
    done = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        raise RuntimeError(f"{' '.join(map(str, args[:4]))} ...: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(what, condition, seconds=WAIT_S, every=0.02):
    """The first true value of condition(); TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(every)
    return found


def in_memory(needed=1 << 30):
    """For mkdtemp's dir: a folder in memory where that many bytes are free; None (the usual place) elsewhere."""
    memory = pathlib.Path("/dev/shm")
    enough = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > needed
    return str(memory) if enough else None


class Child:
    """A server of ours: standard output and error go to a log file, it ends by its own pid."""

    def __init__(self, name, command, log, end_signal=signal.SIGTERM, **more):
        self.name, self.log, self.end_signal = name, pathlib.Path(log), end_signal
        with open(log, "ab") as f:
            self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL,
                                            **({"stdout": f, "stderr": f} | more))
        self.pid = self.process.pid

    def is_running(self):
        return self.process.poll() is None

    def logged(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def until(self, condition, seconds=WAIT_S):
        """Waits for condition(), but not for a dead child."""
        def ready():
            if not self.is_running():
                raise RuntimeError(f"{self.name} ended with status {self.process.returncode}:\n{self.logged()[-4000:]}")
            return condition()
        try:
            return wait_for(self.name, ready, seconds)
        except TimeoutError as e:
            raise TimeoutError(f"{e}\n{self.logged()[-4000:]}") from None

    def stop(self, how=None, seconds=WAIT_S):
        """Exit status; SIGKILL when the polite signal does not help in time."""
        if self.is_running():
            self.process.send_signal(how or self.end_signal)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
