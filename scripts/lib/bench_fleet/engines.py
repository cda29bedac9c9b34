"""One function an engine: it gets the same payload to every server of a network and gives the time that took.

The time of a swarm is that of its transfer, from the moment its clients run to the last complete copy; that of a copying
program is its whole run. `fleet-push` tells its own: seconds.download of the slowest host, which counts from the moment
the host is introduced to the others; its whole run is told beside it, and alone for rtorrent, which it paces.
"""

import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from meter import Meter
from network import run

PORT = 6890
TRACKER_PORT = 6969


class World:
    """What all engines of one run share."""

    def __init__(self, network, payload, torrent, records, options):
        self.network, self.payload, self.torrent, self.records, self.options = network, payload, torrent, records, options
        self.bin = Path(options.bin_dir)
        self.limit = options.limit

    def wait(self, done, what):
        deadline = time.monotonic() + self.limit
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(0.02)

    def targets(self, below):
        return [node.home / below / self.payload.name for node in self.network.servers]


# --- by fleet-push ---------------------------------------------------------------------------------------------------

def embedded(world):
    """fleet-push seeds, `swap-release receive` is started on every server over SSH."""
    start_sshds(world)
    ceiling = world.options.seeder_ceiling
    seeder = f'[seeder]\nmax_upload = "{ceiling}"\n' if ceiling else ""
    return push(world, 'engine = "embedded"', seeder, "swap-release receive")


def rtorrent_paced(world):
    """A standing rtorrent on each server, introduced and paced by fleet-push."""
    start_sshds(world)
    for node in world.network.nodes:
        start_rtorrent(world, node)
    agent = world.network.agent
    shutil.copy(world.payload, agent.home / "incoming")
    seeder = (f'[seeder]\nrpc_socket = "{agent.home}/rt/rpc.sock"\ndirectory = "{agent.home}/incoming"\n'
              f'peer = "{agent.address}:{PORT}"\n')
    result = push(world, 'engine = "rtorrent"', seeder, "rtorrent -n")
    # They start one after the other: each one's own download says little.
    return result | {"seconds": result["whole_push"]}


def push(world, engine, seeder, mark):
    agent = world.network.agent
    hosts = "".join(
        f'[hosts.{node.name}]\naddress = "{node.address}"\ndeploy_to = "{node.home}/site"\n'
        f'watch_dir = "{node.home}/rt/watch"\nrpc_socket = "{node.home}/rt/rpc.sock"\n' for node in world.network.servers)
    fleet = agent.home / "fleet.toml"
    fleet.write_text(
        f'[site]\ndeploy_to = "/nowhere"\n[defaults]\nuser = "{os.environ.get("USER", "root")}"\nport = 22\n'
        f'identity = "key"\nknown_hosts = "known_hosts"\nswap_release = "{world.bin}/swap-release"\n'
        f'peer_port = {PORT}\n{engine}\n{seeder}\n{hosts}')
    records = agent.home / "records"
    shutil.copytree(world.records, records)
    common = ["--fleet", fleet, "--records", records]
    inside = lambda name, *more: run(*agent.inside(world.bin / name, *common, *more))
    inside("tracker-publish")
    before = agent.sent()
    with Meter(mark) as meter:
        began = time.monotonic()
        inside("fleet-push", "--timeout", f"{world.limit}s")
        whole = time.monotonic() - began
    record = json.loads((records / "push.json").read_text())
    hosts = record["details"]["hosts"]
    assert all(host["state"] == "staged" for host in hosts)
    slowest = {step: max(host["seconds"][step] or 0 for host in hosts) for step in ("connect", "push", "download", "stage")}
    return {"seconds": slowest["download"], "slowest": slowest, "whole_push": round(whole, 2),
            "copies": (agent.sent() - before) / world.payload.stat().st_size, **meter.result()}


def start_sshds(world):
    agent = world.network.agent
    key = agent.home / "key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key)
    os.makedirs("/run/sshd", exist_ok=True)
    known = []
    for node in world.network.servers:
        host_key = node.home / "host_key"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", host_key)
        (node.home / "site").mkdir()
        # A home of its own: what this machine's root has in his .bashrc is run for every command, on N servers at once.
        (node.home / "sshd_config").write_text(
            f"SetEnv HOME={node.home}\n"
            f"ListenAddress {node.address}\nPort 22\nHostKey {host_key}\nPidFile none\nAuthorizedKeysFile {key}.pub\n"
            f"StrictModes no\nUsePAM {pam()}\nSubsystem sftp internal-sftp\nPrintMotd no\nMaxStartups 100\n")
        node.start("/usr/sbin/sshd", "-D", "-e", "-f", node.home / "sshd_config", log="sshd.log")
        known.append(f"{node.address} " + " ".join((node.home / "host_key.pub").read_text().split()[:2]))
    (agent.home / "known_hosts").write_text("\n".join(known) + "\n")
    for node in world.network.servers:
        world.wait(lambda: run(*agent.inside("bash", "-c", f"exec 3<>/dev/tcp/{node.address}/22"), check=False).returncode == 0,
                   f"sshd of {node.name}")


def pam():
    """sshd refuses an account whose password field begins with `!` unless it uses PAM."""
    locked = any(line.startswith("root:!") for line in Path("/etc/shadow").read_text().splitlines())
    return "yes" if locked else "no"


def start_rtorrent(world, node, on_finish=None):
    state, incoming = node.home / "rt", node.home / ("incoming" if node.number == 0 else "site/incoming")
    for folder in (state / "session", state / "watch", incoming):
        folder.mkdir(parents=True, exist_ok=True)
    text = (Path(__file__).parent.parent / "rtorrent.rc.in").read_text()
    for name, value in {"STATE": state, "RPC_SOCKET": state / "rpc.sock", "WATCH_DIR": state / "watch",
                        "LOG": state / "rt.log", "ADDRESS": node.address, "PEER_PORT": PORT, "INCOMING": incoming,
                        "RESCAN": 1, "MIN_FREE": "1M"}.items():
        text = text.replace(f"@{name}@", str(value))
    if on_finish:
        text += f'\nmethod.set_key = event.download.finished,bench,"execute.nothrow=touch,{on_finish}"\n'
    (state / "rtorrent.rc").write_text(text)
    node.start("rtorrent", "-n", "-o", f"import={state}/rtorrent.rc", log="rtorrent.log", env={"HOME": str(state)})
    world.wait((state / "rpc.sock").exists, f"rtorrent of {node.name}")


# --- others ----------------------------------------------------------------------------------------------------------

def rtorrent_at_once(world):
    """The classic chain: a tracker, and the torrent in every watch directory at the same moment."""
    torrent = start_tracker(world)
    done = {}
    for node in world.network.nodes:
        done[node] = node.home / "done"
        start_rtorrent(world, node, done[node])
    agent = world.network.agent
    shutil.copy(world.payload, agent.home / "incoming")
    shutil.copy(torrent, agent.home / "rt/watch/x.torrent")
    time.sleep(3)  # the seeder hashes and announces; nothing says when

    def begin():
        for node in world.network.servers:
            (node.home / "arriving.torrent").write_bytes(torrent.read_bytes())
            os.rename(node.home / "arriving.torrent", node.home / "rt/watch/x.torrent")
    return swarm(world, begin, lambda: all(done[node].exists() for node in world.network.servers), "rtorrent -n",
                 world.targets("site/incoming"))


def transmission(world):
    torrent = start_tracker(world)
    agent = world.network.agent
    (agent.home / "data").mkdir()
    shutil.copy(world.payload, agent.home / "data")

    def client(node):
        data = node.home / "data"
        data.mkdir(exist_ok=True)
        script = node.home / "finished"
        script.write_text(f"#!/bin/sh\ntouch {node.home}/done\n")
        script.chmod(0o755)
        node.start("transmission-cli", "-w", data, "-p", PORT, "-f", script, "-g", node.home / "config", torrent,
                   env={"HOME": str(node.home)})
    client(agent)
    time.sleep(3)
    return swarm(world, lambda: [client(node) for node in world.network.servers],
                 lambda: all((node.home / "done").exists() for node in world.network.servers), "transmission-cli -w",
                 world.targets("data"))


def libtorrent(world):
    """libtorrent-rasterbar from PyPI with its default settings but for what would look for peers; peers are introduced."""
    agent = world.network.agent
    (agent.home / "data").mkdir()
    shutil.copy(world.payload, agent.home / "data")
    script = Path(__file__).parent / "libtorrent_peer.py"
    addresses = [node.address for node in world.network.nodes]
    go = agent.home / "go"

    def client(node):
        (node.home / "data").mkdir(exist_ok=True)
        # Each pair is named on one side.
        others = addresses[:node.number]
        node.start(world.options.python, script, world.torrent, node.home / "data", node.address, node.home, go, *others)
    for node in world.network.nodes:
        client(node)
    world.wait(lambda: all((node.home / "ready").exists() for node in world.network.nodes), "libtorrent to listen")
    return swarm(world, go.touch, lambda: all((node.home / "done").exists() for node in world.network.servers),
                 "libtorrent_peer.py", world.targets("data"))


def rqbit(world):
    """librqbit as its own binary has it, peers by the tracker."""
    torrent = start_tracker(world)
    agent = world.network.agent
    (agent.home / "data").mkdir()
    shutil.copy(world.payload, agent.home / "data")

    def client(node):
        (node.home / "data").mkdir(exist_ok=True)
        node.start(world.options.rqbit, "--disable-dht", "--disable-upnp-port-forward", "--listen-port", PORT,
                   "--http-api-listen-addr", "127.0.0.1:3030", "download", "--overwrite", "-o", node.home / "data", torrent,
                   log="rqbit.log", env={"HOME": str(node.home)})
    client(agent)
    time.sleep(3)
    finished = re.compile(rb"100\.00%|finished|torrent is (done|finished)", re.I)
    return swarm(world, lambda: [client(node) for node in world.network.servers],
                 lambda: all(finished.search((node.home / "rqbit.log").read_bytes()) for node in world.network.servers),
                 "rqbit --disable-dht", world.targets("data"))


def scp(world):
    return copying(world, lambda node, ssh: [
        "scp", "-q", *ssh, world.payload, f"{node.address}:{node.home}/"], at_once=True)


def rsync(world):
    return copying(world, rsync_argv(world), at_once=True)


def rsync_in_turn(world):
    return copying(world, rsync_argv(world), at_once=False)


def rsync_argv(world):
    return lambda node, ssh: ["rsync", "-az", "-e", " ".join(["ssh", *ssh]), world.payload, f"{node.address}:{node.home}/"]


def copying(world, argv, at_once):
    start_sshds(world)
    agent = world.network.agent
    ssh = ["-F", "none", "-i", str(agent.home / "key"), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes",
           "-o", f"UserKnownHostsFile={agent.home / 'known_hosts'}"]
    before = agent.sent()
    with Meter("scp -q", "rsync -az") as meter:
        began = time.monotonic()
        running = []
        for node in world.network.servers:
            child = subprocess.Popen(agent.inside(*argv(node, ssh)), stdin=subprocess.DEVNULL)
            running.append(child)
            if not at_once and child.wait():
                raise SystemExit("error: a copy failed")
        if any([child.wait() for child in running]):
            raise SystemExit("error: a copy failed")
        seconds = time.monotonic() - began
    same(world, [node.home / world.payload.name for node in world.network.servers])
    return {"seconds": seconds, "copies": (agent.sent() - before) / world.payload.stat().st_size, **meter.result()}


# --- common ----------------------------------------------------------------------------------------------------------

def swarm(world, begin, is_done, mark, targets):
    agent = world.network.agent
    before = agent.sent()
    with Meter(mark) as meter:
        began = time.monotonic()
        begin()
        world.wait(is_done, "the last copy")
        seconds = time.monotonic() - began
    sent = agent.sent() - before
    for node in world.network.nodes:
        node.stop()
    same(world, targets)
    return {"seconds": seconds, "copies": sent / world.payload.stat().st_size, **meter.result()}


def same(world, targets):
    """A time only counts when every copy is whole."""
    for target in targets:
        run("cmp", world.payload, target)


def start_tracker(world):
    """opentracker on the agent; gives the torrent that announces to it. Debian's knows only what is on its whitelist."""
    agent = world.network.agent
    torrent = agent.home / "tracked.torrent"
    run(world.bin / "mkt-pack", "-a", f"http://{agent.address}:{TRACKER_PORT}/announce", "-l",
        world.options.piece_kib.bit_length() + 9, "-o", torrent, world.payload)
    shown = json.loads(run(world.bin / "mkt-pack", "show", "--json", torrent).stdout)
    root = agent.home / "tracker"
    root.mkdir()
    (root / "whitelist.txt").write_text(shown["infohash"] + "\n")
    # As root it goes into that directory and is nobody from then on.
    (agent.home / "opentracker.conf").write_text(
        f"listen.tcp {agent.address}:{TRACKER_PORT}\naccess.whitelist /whitelist.txt\n"
        f"tracker.rootdir {root}\ntracker.user nobody\n")
    agent.start("opentracker", "-f", agent.home / "opentracker.conf", log="tracker.log")
    world.wait(lambda: run(*agent.inside("bash", "-c", f"exec 3<>/dev/tcp/{agent.address}/{TRACKER_PORT}"),
                           check=False).returncode == 0, "opentracker")
    return torrent


ENGINES = {
    "embedded": embedded,
    "rtorrent-paced": rtorrent_paced,
    "rtorrent-at-once": rtorrent_at_once,
    "transmission": transmission,
    "libtorrent": libtorrent,
    "rqbit": rqbit,
    "scp": scp,
    "rsync": rsync,
    "rsync-in-turn": rsync_in_turn,
}
