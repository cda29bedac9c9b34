"""A seeder and N servers, each in a network namespace, on one switch; every cable is shaped in both directions."""

import os
import signal
import subprocess
import time
from pathlib import Path

PREFIX = "bf"
SWITCH = f"{PREFIX}-switch"


def run(*argv, check=True, **options):
    """A command to its end; its output only when it fails."""
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, **options)
    if check and done.returncode:
        raise SystemExit(f"error: {' '.join(map(str, argv))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done


class Node:
    """One machine: the agent (number 0, which seeds) or a server."""

    def __init__(self, number, home):
        self.number = number
        self.name = f"n{number}"
        self.namespace = f"{PREFIX}-{self.name}"
        self.address = f"10.99.0.{number + 1}"
        self.home = Path(home) / self.name
        self.home.mkdir(parents=True)
        self.children = []

    def inside(self, *argv):
        return ["nsenter", f"--net=/run/netns/{self.namespace}", *map(str, argv)]

    def start(self, *argv, log="log", cwd=None, env=None):
        """A process that stays; ended by stop()."""
        with open(self.home / log, "ab") as out:
            child = subprocess.Popen(
                self.inside(*argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd or self.home,
                env={**os.environ, **(env or {})}, start_new_session=True)
        self.children.append(child)
        return child

    def stop(self):
        for child in self.children:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGTERM)
        deadline = time.monotonic() + 5
        for child in self.children:
            try:
                child.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.children = []

    def sent(self):
        """Bytes on its cable, away from it, since the network was built."""
        done = run("ip", "netns", "exec", self.namespace, "cat", "/sys/class/net/eth0/statistics/tx_bytes")
        return int(done.stdout)


class Network:
    def __init__(self, servers, mbit, delay_ms, home):
        self.nodes = [Node(number, home) for number in range(servers + 1)]
        self.remove_leftovers()
        run("ip", "netns", "add", SWITCH)
        run("ip", "-n", SWITCH, "link", "add", "name", "sw", "type", "bridge")
        run("ip", "-n", SWITCH, "link", "set", "sw", "up")
        for node in self.nodes:
            port = f"p{node.number}"
            run("ip", "netns", "add", node.namespace)
            run("ip", "-n", SWITCH, "link", "add", "name", port, "type", "veth", "peer", "name", "eth0", "netns", node.namespace)
            run("ip", "-n", SWITCH, "link", "set", port, "master", "sw", "up")
            run("ip", "-n", node.namespace, "addr", "add", f"{node.address}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                run("ip", "-n", node.namespace, "link", "set", device, "up")
            for namespace, device in ((SWITCH, port), (node.namespace, "eth0")):
                shape(namespace, device, mbit, delay_ms)

    @property
    def agent(self):
        return self.nodes[0]

    @property
    def servers(self):
        return self.nodes[1:]

    @staticmethod
    def remove_leftovers():
        for line in run("ip", "netns", "list").stdout.splitlines():
            name = line.split()[0]
            if name.startswith(f"{PREFIX}-"):
                run("ip", "netns", "del", name, check=False)

    def close(self):
        for node in self.nodes:
            node.stop()
        self.remove_leftovers()


def shape(namespace, device, mbit, delay_ms):
    """tbf as in every figure of the README; the burst grows with the rate, or tbf itself would be the limit."""
    burst = max(32_000, mbit * 1000 // 4)
    run("tc", "-n", namespace, "qdisc", "add", "dev", device, "root", "handle", "1:", "tbf",
        "rate", f"{mbit}mbit", "burst", burst, "latency", "200ms")
    if delay_ms:
        run("tc", "-n", namespace, "qdisc", "add", "dev", device, "parent", "1:", "netem", "delay", f"{delay_ms / 4}ms")
