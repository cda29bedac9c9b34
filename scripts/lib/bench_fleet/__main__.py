"""Measures how long one payload takes from one seeder to N servers, engine by engine. See scripts/bench-fleet."""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import traceback
from pathlib import Path

import figures
from engines import ENGINES, World
from network import Network, run


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, ended)
    earlier = [row for name in options.earlier for row in json.loads(Path(name).read_text())["rows"]]
    home = Path(tempfile.mkdtemp(prefix="bf-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"))
    rows = []
    try:
        payload, torrent, records = pack(options, home)
        for servers in options.servers:
            for engine in options.engines:
                results = [one_run(engine, servers, options, home, payload, torrent, records) for _ in range(options.runs)]
                row = figures.summary(engine, options.rate, servers, payload.stat().st_size, results)
                rows.append(row)
                print(json.dumps({key: value for key, value in row.items() if key != "runs"}), file=sys.stderr, flush=True)
                if options.json:
                    Path(options.json).write_text(json.dumps({"options": words(options), "rows": rows}, indent=1) + "\n")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    rows = earlier + rows
    print(figures.table(rows))
    if options.svg:
        title = f"{options.size} MB to N servers, {options.rate} Mbit/s each way, {options.piece_kib} KiB pieces"
        Path(options.svg).write_text(figures.chart(rows, title))


class Ended(BaseException):
    """SIGTERM. Not SystemExit, which is how a run fails."""


def ended(*_):
    raise Ended


def arguments():
    parser = argparse.ArgumentParser(prog="bench-fleet", description=__doc__)
    parser.add_argument("--servers", type=lambda text: [int(word) for word in text.split(",") if word], default=[8, 16], metavar="N,...")
    parser.add_argument("--engines", type=lambda text: text.split(","), default=list(ENGINES), metavar="NAME,...",
                        help=", ".join(ENGINES))
    parser.add_argument("--rate", type=int, default=50, metavar="MBIT/S")
    parser.add_argument("--delay", type=float, default=0, metavar="MS", help="round trip between two machines")
    parser.add_argument("--seeder-ceiling", metavar="RATE", help="max_upload of the embedded seeder, such as '5 Mbit/s'")
    parser.add_argument("--size", type=int, default=30, metavar="MB")
    parser.add_argument("--piece-kib", type=int, default=64, metavar="KIB")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--limit", type=int, default=600, metavar="S", help="a run that takes longer has failed")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--svg", metavar="FILE")
    parser.add_argument("--with", dest="earlier", action="append", default=[], metavar="FILE",
                        help="table and chart also show the rows of this --json file of an earlier run (can be repeated)")
    parser.add_argument("--bin-dir", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--python", help=argparse.SUPPRESS)
    parser.add_argument("--rqbit", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for engine in options.engines:
        if engine not in ENGINES:
            parser.error(f"no engine `{engine}`; there are {', '.join(ENGINES)}")
    return options


def words(options):
    shown = ("servers", "engines", "rate", "delay", "seeder_ceiling", "size", "piece_kib", "runs")
    return {name: getattr(options, name) for name in shown} | {"processors": os.cpu_count()}


def pack(options, home):
    """A site of noise, which no compression makes smaller; the archive of it is the payload of every engine."""
    site = home / "site"
    site.mkdir()
    with open(site / "noise.bin", "wb") as file:
        for _ in range(options.size):
            file.write(os.urandom(1_000_000))
    records = home / "records"
    run(f"{options.bin_dir}/mkt-pack", site, "--release-id", "bench", "--records", records,
        "-l", str(options.piece_kib.bit_length() + 9), env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"})
    record = json.loads((records / "pack.json").read_text())
    release = record["release"]
    return records / release["payload"]["file"], records / release["torrent"]["file"], records


def one_run(engine, servers, options, home, payload, torrent, records):
    place = home / "run"
    network = Network(servers, options.rate, options.delay, place)
    try:
        world = World(network, payload, torrent, records, options)
        return {key: round(value, 3) if isinstance(value, float) else value for key, value in ENGINES[engine](world).items()}
    except (TimeoutError, AssertionError, SystemExit) as error:
        traceback.print_exc()
        return {"failed": str(error).splitlines()[0] if str(error) else type(error).__name__}
    finally:
        network.close()
        shutil.rmtree(place, ignore_errors=True)


try:
    main()
except Ended:
    sys.exit(143)
