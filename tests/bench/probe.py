"""What the kernel knows of a process: CPU, memory, system calls."""
import collections
import os
import re
import signal
import subprocess
import threading
import time

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
DATA_CALLS = ("recvfrom", "recvmsg", "read", "readv", "sendto", "sendmsg", "write", "writev")
KIB = 1024


def cpu_us(pid, main_thread=False):
    """User and system time so far, of all threads or of the first."""
    if pid is None:
        return 0.0
    with open(f"/proc/{pid}/task/{pid}/stat" if main_thread else f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def cpu_ns(pid):
    """The same of all threads to the nanosecond; exact only while the process rests."""
    if pid is None:
        return 0
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as f:
            total += int(f.read().split()[0])
    return total


def memory(pid):
    """Bytes: {"VmRSS": all resident, "RssAnon": without mapped files}."""
    with open(f"/proc/{pid}/status") as f:
        words = [line.split() for line in f]
    return {w[0][:-1]: int(w[1]) * KIB for w in words if w[0] in ("VmRSS:", "RssAnon:", "VmHWM:")}


class Peak:
    """with Peak(pid) as p: ...; then p.before, p.peak, p.after: resident bytes, sampled every 20 ms."""

    def __init__(self, pid, field="VmRSS"):
        self.pid, self.field, self.is_over = pid, field, threading.Event()
        self.before = self.peak = self.after = 0

    def _now(self):
        return memory(self.pid)[self.field] if self.pid else 0

    def _watch(self):
        while not self.is_over.wait(0.02):
            self.peak = max(self.peak, self._now())

    def __enter__(self):
        self.before = self.peak = self._now()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()
        self.after = self._now()
        self.peak = max(self.peak, self.after)


def system_calls(pid, work, threads=False):
    """Counts by name while work() runs, of the main thread or of all; (counts, what work() gave)."""
    command = ["strace", "-c", "-U", "calls,name", "-o", "/dev/stdout", *(["-f"] if threads else []), "-p", str(pid)]
    tracer = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(0.5)
        if tracer.poll() is not None:
            raise RuntimeError(f"strace: {tracer.stderr.read()}")
        result = work()
    finally:
        tracer.send_signal(signal.SIGINT)
        out, _ = tracer.communicate()
    counts = collections.Counter({name: int(n) for n, name in re.findall(r"^\s*(\d+)\s+([a-z_0-9]+)\s*$", out, re.M)
                                  if name != "total"})
    return counts, result


def data_calls(counts):
    return sum(counts[name] for name in DATA_CALLS)
