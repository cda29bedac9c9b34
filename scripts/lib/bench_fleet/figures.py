"""Medians, the table and the chart of a benchmark."""

from math import log
from statistics import median


def bound(size, mbit, servers):
    """The least seconds for one seeder and N servers with equal links: max(F/u, F/d, N F / (u + N u))."""
    rate = mbit * 125_000
    return max(size / rate, servers * size / (rate + servers * rate))


def summary(engine, mbit, servers, size, results):
    good = [result for result in results if "seconds" in result]
    least = bound(size, mbit, servers)
    row = {"engine": engine, "servers": servers, "mbit": mbit, "bound": round(least, 2), "runs": results,
           "failed_runs": len(results) - len(good)}
    if good:
        middle = lambda key: median(result[key] for result in good)
        row.update(
            median=round(middle("seconds"), 2), worst=round(max(result["seconds"] for result in good), 2),
            times_bound=round(middle("seconds") / least, 2), copies=round(middle("copies"), 2),
            peak_rss=max(result["peak_rss"] for result in good), cpu=round(middle("cpu_seconds_each"), 2),
            busy=round(middle("machine_busy"), 2))
        if "whole_push" in good[0]:
            row["whole_push"] = round(middle("whole_push"), 2)
    return row


def table(rows):
    """The time of the transfer, and that of all that was needed: connecting, waiting for the last to listen, unpacking."""
    lines = ["| engine | Mbit/s | servers | runs | bound s | median s | worst s | times bound | whole s | copies | peak RSS MB | CPU s each | machine busy |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        head = f"| {row['engine']} | {row['mbit']} | {row['servers']} | {len(row['runs'])} | {row['bound']} |"
        if "median" in row:
            failed = f" ({row['failed_runs']} failed)" if row["failed_runs"] else ""
            lines.append(
                f"{head} {row['median']}{failed} | {row['worst']} | {row['times_bound']} | {row.get('whole_push', '-')} | "
                f"{row['copies']} | {row['peak_rss'] / 1e6:.0f} | {row['cpu']} | {row['busy']:.0%} |")
        else:
            lines.append(f"{head} failed | - | - | - | - | - | - | - |")
    return "\n".join(lines)


def chart(rows, title):
    """Seconds against servers, one line an engine, as SVG; both axes are logarithmic, so a straight rise is a star."""
    colours = ["#0b6", "#c33", "#36c", "#c80", "#849", "#555", "#099", "#a52", "#690"]
    good = [row for row in rows if "median" in row]
    engines = list(dict.fromkeys(row["engine"] for row in good))
    width, height, left, right, top, bottom = 640, 360, 50, 150, 40, 40
    servers = sorted({row["servers"] for row in good})
    least, most = min(row["bound"] for row in good), max(row["median"] for row in good)
    lines = [second for power in range(-1, 5) for second in (10**power, 2 * 10**power, 5 * 10**power)]
    low = max(line for line in lines if line <= least)
    high = min(line for line in lines if line >= most)
    share = lambda value, low, high: log(value / low) / log(high / low) if high > low else 0
    x = lambda count: left + (width - left - right) * share(count, servers[0], servers[-1])
    y = lambda seconds: height - bottom - (height - bottom - top) * share(seconds, low, high)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="#fff"/><text x="{left}" y="20" font-size="14">{title}</text>']
    for seconds in (line for line in lines if low <= line <= high):
        parts.append(f'<path d="M{left} {y(seconds):.1f}H{x(servers[-1]):.1f}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{y(seconds) + 4:.1f}" text-anchor="end">{seconds:g}</text>')
    for count in servers:
        parts.append(f'<text x="{x(count):.1f}" y="{height - 22}" text-anchor="middle">{count}</text>')
    parts.append(f'<text x="{(left + width - right) / 2:.0f}" y="{height - 6}" text-anchor="middle">servers</text>'
                 f'<text x="12" y="{top - 6}">seconds</text>')
    ends = []
    for number, engine in enumerate([*engines, "bound"]):
        colour = colours[number % len(colours)] if engine != "bound" else "#000"
        value = (lambda row: row["bound"]) if engine == "bound" else (lambda row: row["median"])
        own = [row for row in good if engine in ("bound", row["engine"])]
        points = sorted({row["servers"]: value(row) for row in own}.items())
        path = " ".join(f"{'L' if index else 'M'}{x(s):.1f} {y(v):.1f}" for index, (s, v) in enumerate(points))
        dash = ' stroke-dasharray="4"' if engine == "bound" else ""
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x(s):.1f}" cy="{y(v):.1f}" r="3" fill="{colour}"/>' for s, v in points]
        ends.append((y(points[-1][1]) + 4, f"{engine} {points[-1][1]:.1f} s", colour))
    below = top - 18.0
    for at, text, colour in sorted(ends):
        below = max(at, below + 15)
        parts.append(f'<text x="{x(servers[-1]) + 12:.0f}" y="{below:.1f}" fill="{colour}">{text}</text>')
    return "\n".join([*parts, "</svg>", ""])
