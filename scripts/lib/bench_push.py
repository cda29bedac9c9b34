"""One file of 20 KB to many servers over SSH, proved there by its SHA-256: ours beside parallel-ssh and ansible.

Every server is an sshd of its own on an address of its own (127.64.0.0/10), with a host key and a directory of its own. Times
are of whole programs, and what memory a program takes is the largest sum over its processes (proportional set size).
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

PORT = 2022
BYTES = 20 * 1024


def address(number):
    return f"127.{64 + (number >> 16)}.{number >> 8 & 255}.{number & 255}"


class Farm:
    """So many sshd."""

    def __init__(self, directory, count):
        self.dir = pathlib.Path(directory)
        self.count = count
        self.daemons = []

    def __enter__(self):
        os.makedirs("/run/sshd", exist_ok=True)
        self.key = self.dir / "user"
        keygen(self.key)
        shutil.copy(f"{self.key}.pub", self.dir / "authorized_keys")
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(self.prepare, range(self.count)))
        self.known_hosts = self.dir / "known_hosts"
        self.known_hosts.write_text("".join(
            f"[{address(n)}]:{PORT} " + (self.dir / f"{n}/key.pub").read_text() for n in range(self.count)))
        for number in range(self.count):
            self.daemons.append(subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-e", "-f", self.dir / f"{number}/sshd_config"],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        for number in range(self.count):
            wait_for(address(number))
        return self

    def prepare(self, number):
        home = self.dir / str(number)
        home.mkdir()
        keygen(home / "key")
        (home / "sshd_config").write_text(
            f"ListenAddress {address(number)}:{PORT}\nHostKey {home}/key\nPidFile none\nUsePAM no\nStrictModes no\n"
            f"AuthorizedKeysFile {self.dir}/authorized_keys\nPermitRootLogin yes\nPasswordAuthentication no\n"
            "KbdInteractiveAuthentication no\nSubsystem sftp /usr/lib/openssh/sftp-server\n"
            # bash runs ~/.bashrc for sshd, but not below another shell: what is in there is not to be measured.
            "SetEnv SHLVL=1\n")

    def __exit__(self, *_):
        for daemon in self.daemons:
            daemon.send_signal(signal.SIGTERM)
        for daemon in self.daemons:
            daemon.wait()


def keygen(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", path], check=True)


def wait_for(host):
    import socket
    for _ in range(500):
        with socket.socket() as client:
            if client.connect_ex((host, PORT)) == 0:
                return
        time.sleep(0.02)
    sys.exit(f"error: no sshd on {host}")


class Memory:
    """The largest sum of the proportional set sizes of a process and all below it, sampled."""

    def __init__(self, pid):
        self.pid, self.peak, self.ended = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        while not self.ended.wait(0.25):
            self.peak = max(self.peak, sum(map(pss, family(self.pid))))

    def stop(self):
        self.ended.set()
        self.thread.join()
        return self.peak


def family(pid):
    yield pid
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as file:
            children = file.read().split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def pss(pid):
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            return next((int(line.split()[1]) * 1024 for line in file if line.startswith("Pss:")), 0)
    except OSError:
        return 0


def ours(farm, count, options):
    inventory = farm.dir / "fleet.toml"
    hosts = "".join(f'[hosts.w{n}]\naddress = "{address(n)}"\ndeploy_to = "{farm.dir}/{n}"\n' for n in range(count))
    inventory.write_text(f'[site]\ndeploy_to = "/srv"\n[defaults]\nuser = "root"\nport = {PORT}\nidentity = "user"\n'
                         f'known_hosts = "known_hosts"\n{hosts}')
    return [options.put, inventory, farm.dir / "file", "file", str(options.parallel)]


PARALLEL_SSH = r"""
import hashlib, sys
from gevent import joinall
from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig
directory, count, pool, port = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
hosts = sys.argv[5:]
client = ParallelSSHClient(hosts, user="root", pkey=directory + "/user", port=port, pool_size=pool, num_retries=1)
joinall(client.copy_file("%(local_file)s", "%(remote_file)s", copy_args=[
    {"local_file": directory + "/file", "remote_file": f"{directory}/{n}/file"} for n in range(count)]), raise_error=True)
output = client.run_command("sha256sum < %s", host_args=[(f"{directory}/{n}/file",) for n in range(count)])
want = hashlib.sha256(open(directory + "/file", "rb").read()).hexdigest()
good = sum(1 for host in output if next(iter(host.stdout)).split()[0] == want)
assert good == count, f"{good} of {count}"
"""


def parallel_ssh(farm, count, options):
    script = farm.dir / "parallel_ssh.py"
    script.write_text(PARALLEL_SSH)
    return [options.python, script, farm.dir, str(count), str(options.parallel), str(PORT), *map(address, range(count))]


def ansible(farm, count, options):
    inventory = farm.dir / "hosts.ini"
    inventory.write_text("[all:vars]\nansible_user=root\nansible_python_interpreter=/usr/bin/python3\n"
                         f"ansible_port={PORT}\nansible_ssh_private_key_file={farm.dir}/user\n"
                         f"ansible_ssh_common_args=-o UserKnownHostsFile={farm.dir}/known_hosts\n[all]\n"
                         + "".join(f"w{n} ansible_host={address(n)} place={farm.dir}/{n}/file\n" for n in range(count)))
    # copy compares checksums on both sides before and after.
    return [options.python, "-m", "ansible", "adhoc", "all", "-o", "-i", inventory, "-f", "50", "-m", "ansible.builtin.copy",
            "-a", f"src={farm.dir}/file dest={{{{ place }}}}"]


WAYS = {"ours": ours, "parallel-ssh": parallel_ssh, "ansible -f 50": ansible}


def run(way, farm, count, options):
    """Seconds, and the most memory."""
    for number in range(count):
        (farm.dir / f"{number}/file").unlink(missing_ok=True)
    command = WAYS[way](farm, count, options)
    env = os.environ | {"HOME": str(farm.dir), "ANSIBLE_LOCAL_TEMP": str(farm.dir / "ansible"), "ANSIBLE_HOME": str(farm.dir / "ansible"),
                        "LC_ALL": "C.UTF-8", "ANSIBLE_SSH_CONTROL_PATH_DIR": str(farm.dir / "cp")}
    with open(farm.dir / "said", "w+b") as said:
        began = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=env)
        memory = Memory(process.pid)
        status = process.wait()
        took = time.monotonic() - began
        peak = memory.stop()
        said.seek(0)
        if status:
            sys.exit(f"error: {way} with {count} servers ended with {status}: {said.read()[-2000:].decode(errors='replace')}")
    want = (farm.dir / "file").read_bytes()
    wrong = [n for n in range(count) if not same(farm.dir / f"{n}/file", want)]
    if wrong:
        sys.exit(f"error: {way}: {len(wrong)} of {count} servers have not got it, e.g. number {wrong[0]}")
    return took, peak


def same(path, want):
    return path.is_file() and path.read_bytes() == want


def measure(farm, count, options):
    ways = [way for way in WAYS if way.split()[0] in options.ways and (not way.startswith("ansible") or count <= options.ansible_up_to)]
    times, peaks = {way: [] for way in ways}, {way: 0 for way in ways}
    for number in range(options.runs):
        # In turn, so that none has the quieter minute. ansible takes minutes: once is enough for what differs twentyfold.
        for way in ways:
            if way.startswith("ansible") and number >= options.ansible_runs:
                continue
            took, peak = run(way, farm, count, options)
            times[way].append(took)
            peaks[way] = max(peaks[way], peak)
            print(f"  {count} servers, {way}: {took:.2f} s, {peak / 1e6:.0f} MB", file=sys.stderr, flush=True)
    return [{"way": way, "servers": count, "seconds": times[way], "peak_bytes": peaks[way]} for way in ways]


def table(rows):
    lines = [f"{'servers':>7}  {'way':<14} {'runs':>4} {'median':>9} {'worst':>9} {'memory':>9}  ours is faster"]
    for row in rows:
        median = statistics.median(row["seconds"])
        mine = next(other for other in rows if other["servers"] == row["servers"] and other["way"] == "ours")
        ratio = median / statistics.median(mine["seconds"])
        lines.append(f"{row['servers']:>7}  {row['way']:<14} {len(row['seconds']):>4} {median:>7.2f} s {max(row['seconds']):>7.2f} s"
                     f" {row['peak_bytes'] / 1e6:>6.0f} MB  {'' if row is mine else f'{ratio:.1f}x'}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(prog="bench-push", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--put", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--python", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--servers", default="10,100,1000", help="how many, e.g. 10,100,1000")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--ansible-runs", type=int, default=1)
    parser.add_argument("--ansible-up-to", type=int, default=1000, help="not with more servers than this")
    parser.add_argument("--parallel", type=int, default=64, help="connections at the same time (ours and parallel-ssh)")
    parser.add_argument("--ways", default="ours,parallel-ssh,ansible", help="which; ours is always one")
    parser.add_argument("--json", help="file for every run")
    options = parser.parse_args()
    options.ways = {*options.ways.split(","), "ours"}
    counts = sorted(int(count) for count in options.servers.split(","))
    directory = tempfile.mkdtemp(prefix="bench-push-")
    try:
        with Farm(directory, counts[-1]) as farm:
            (farm.dir / "file").write_bytes(os.urandom(BYTES))
            rows = [row for count in counts for row in measure(farm, count, options)]
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(table(rows))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(rows, indent=1) + "\n")


main()
