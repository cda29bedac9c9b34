"""What the peers of a run cost: the largest resident set of one, and their processor time, sampled from /proc."""

import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


class Meter:
    """Watches every process whose command line holds one of the marks, from start() to stop()."""

    def __init__(self, *marks):
        self.marks = [mark.encode() for mark in marks]
        self.peak = {}
        self.cpu = {}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)

    def __enter__(self):
        self.busy_before = busy()
        self.began = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        used, idle = (after - before for after, before in zip(busy(), self.busy_before))
        self.load = used / max(1, used + idle)

    def watch(self):
        known = set()
        look_again = 0.0
        while not self.ended.is_set():
            now = time.monotonic()
            if now >= look_again:
                known = {pid for pid in filter(str.isdigit, os.listdir("/proc")) if self.is_ours(pid)}
                look_again = now + 0.5
            for pid in known:
                self.sample(pid)
            self.ended.wait(0.2)

    def is_ours(self, pid):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().replace(b"\0", b" ")
        except OSError:
            return False
        # Not the shells and helpers that carry a whole command in their arguments.
        return not words.startswith((b"sh ", b"bash ", b"nsenter", b"/bin/sh")) and any(m in words for m in self.marks)

    def sample(self, pid):
        try:
            with open(f"/proc/{pid}/status") as file:
                peak = next((line for line in file if line.startswith("VmHWM")), None)
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            return
        if peak:
            self.peak[pid] = int(peak.split()[1]) * 1024
            self.cpu[pid] = (int(fields[11]) + int(fields[12])) / TICK

    def result(self):
        count = max(1, len(self.cpu))
        return {"peers_seen": len(self.cpu), "peak_rss": max(self.peak.values(), default=0),
                "cpu_seconds_each": round(sum(self.cpu.values()) / count, 3), "machine_busy": round(self.load, 2)}


def busy():
    with open("/proc/stat") as file:
        fields = [int(field) for field in file.readline().split()[1:]]
    idle = fields[3] + fields[4]
    return sum(fields[:8]) - idle, idle
