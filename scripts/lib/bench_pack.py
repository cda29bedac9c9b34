"""Runs torrent makers in turns and compares them: for scripts/bench-pack, which says what for."""

import argparse
import json
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

# A tool that takes longer than this for one run is not run again.
PATIENCE = 20
# One that takes longer than this is given up.
LIMIT = 120
PIECE = {"tree": 18, "large": 18, "file": 20, "files": 20}
ANNOUNCE = "http://t.example/announce"


def commands(corpus, path, out, cold):
    """What is compared: sections, each with our command first, and the others' by name."""
    env, two = os.environ, str(max(2, os.cpu_count() or 2))
    power = PIECE[corpus]
    bytes_ = 1 << power
    quoted = {"path": shlex.quote(str(path)), "out": shlex.quote(str(out)), "two": two}
    pack = {
        "mkt-pack": [env["MKT_PACK"], "-a", ANNOUNCE, "-l", str(power), "-o", f"{out}/o.torrent", str(path)],
        "mktorrent": ["mktorrent", "-d", "-t", two, "-a", ANNOUNCE, "-l", str(power), "-o", f"{out}/m.torrent", str(path)],
        "imdl": imdl("create", "-h", "-j", "--no-creation-date", "-a", ANNOUNCE, "--piece-length", str(bytes_),
                     "-o", f"{out}/i.torrent", str(path)),
        "torf": [env["TORF"], str(path), "-t", ANNOUNCE, "--max-piece-size", str(bytes_ / 2**20), "-D", "-y",
                 "--threads", two, "-o", f"{out}/f.torrent"],
        "transmission-create": ["transmission-create", "-t", ANNOUNCE, "-s", str(bytes_ >> 10), "-o", f"{out}/t.torrent",
                                str(path)],
        "walk and read, no hashing": [env["FLOOR"], str(path), *(["cold"] if cold else [])],
    }
    check = {
        "mkt-pack": [env["MKT_PACK"], "check", f"{out}/kept.torrent", str(path)],
        "imdl": imdl("verify", "-i", f"{out}/kept.torrent", "-c", str(path)),
    }
    sections = {"pack": pack, "check": check}
    if corpus in ("tree", "large"):
        pipe = ("tar --sort=name -C {path} -cf - . | zstd -q -T0 -3 -o {out}/a.tar.zst && "
                "mktorrent -d -t {two} -l 16 -o {out}/a.torrent {out}/a.tar.zst")
        sections["archive"] = {
            "mkt-pack": [env["MKT_PACK"], str(path), "--records", f"{out}/records", "--level", "3"],
            "tar | zstd, mktorrent": ["sh", "-c", pipe.format(**quoted)],
        }
        # Nobody else makes one: for its memory.
        sections["release of plain files"] = {
            "mkt-pack": [env["MKT_PACK"], str(path), "--records", f"{out}/records", "--layout", "tree"],
        }
    return {name: {tool: line for tool, line in tools.items() if line} for name, tools in sections.items()}


def imdl(*arguments):
    return [os.environ["IMDL"], "torrent", *arguments] if os.environ.get("IMDL") else None


def drop_caches():
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def run(line, out, cold):
    """Seconds, peak memory in MiB; or no seconds when it was given up or failed."""
    for left in out.iterdir():
        if left.name != "kept.torrent":
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    if cold:
        drop_caches()
    with open(out / "said", "wb") as said:
        begin = time.monotonic()
        process = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            # wait4 gives the memory, and takes no limit of time.
            while True:
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                seconds = time.monotonic() - begin
                if pid:
                    break
                if seconds > LIMIT:
                    process.kill()
                time.sleep(0.0005)
        finally:
            process.returncode = 0
    if status:
        tail = (out / "said").read_text(errors="replace").strip()[-200:]
        print(f"{line[0]}: failed or given up after {seconds:.0f} s: {tail}", file=sys.stderr)
        return None
    return seconds, usage.ru_maxrss / 1024


def same_pieces(out):
    """Our info dict is mktorrent's."""
    def infohash(name):
        shown = subprocess.run([os.environ["MKT_PACK"], "show", "--json", f"{out}/{name}.torrent"],
                               check=True, capture_output=True)
        return json.loads(shown.stdout)["infohash"]
    return infohash("kept") == infohash("m")


def compare(tools, out, runs, cold):
    """All tools in turns. Ratios are of runs of the same turn."""
    results = {tool: [] for tool in tools}
    for turn in range(-1, runs):
        for tool, line in tools.items():
            mine = results[tool]
            if any(result is None or result[0] > PATIENCE for result in mine):
                continue
            if turn < 0:
                # A first turn warms the cache and is not counted.
                if not cold and tool == "mkt-pack":
                    run(line, out, cold)
                continue
            mine.append(run(line, out, cold))
            if tool == "mktorrent" and turn == 0 and (out / "m.torrent").exists():
                assert same_pieces(out), "mkt-pack and mktorrent differ"
    figures = {}
    for tool, mine in results.items():
        pairs = [(one, other) for one, other in zip(results["mkt-pack"], mine) if one and other]
        if not pairs:
            continue
        figures[tool] = {
            "seconds": statistics.median(other[0] for _, other in pairs),
            "ratio": statistics.median(other[0] / one[0] for one, other in pairs),
            "memory_mib": max(other[1] for _, other in pairs),
            "runs": len(pairs),
        }
    return figures


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", choices=PIECE)
    parser.add_argument("path", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    sections = commands(args.corpus, args.path, args.out, args.cold)
    # What is checked, and compared with mktorrent's.
    first = sections["pack"]["mkt-pack"]
    subprocess.run([word.replace("/o.torrent", "/kept.torrent") for word in first], check=True, capture_output=True)
    cache = "cold" if args.cold else "warm"
    figures = {}
    for section, tools in sections.items():
        figures[section] = compare(tools, args.out, args.runs, args.cold)
        print(f"\n{args.corpus}, {section}, {cache} cache\n")
        print("| tool | seconds | of mkt-pack's | peak MiB |\n|---|---|---|---|")
        for tool, of in figures[section].items():
            print(f"| {tool} | {of['seconds']:.3f} | {of['ratio']:.2f} | {of['memory_mib']:.0f} |")
        sys.stdout.flush()
    if args.json:
        known = json.loads(args.json.read_text()) if args.json.exists() else {}
        known[f"{args.corpus}, {cache}"] = figures
        args.json.write_text(json.dumps(known, indent=2) + "\n")


if __name__ == "__main__":
    main()
