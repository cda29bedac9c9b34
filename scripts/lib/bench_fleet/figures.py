"""Medians, the table and the chart of a benchmark."""

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
    lines = ["| engine | servers | bound s | median s | worst s | times bound | copies | peak RSS MB | CPU s each | machine busy |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        if "median" in row:
            lines.append(
                f"| {row['engine']} | {row['servers']} | {row['bound']} | {row['median']} | {row['worst']} | "
                f"{row['times_bound']} | {row['copies']} | {row['peak_rss'] / 1e6:.0f} | {row['cpu']} | {row['busy']:.0%} |")
        else:
            lines.append(f"| {row['engine']} | {row['servers']} | {row['bound']} | failed | - | - | - | - | - | - |")
    return "\n".join(lines)


def chart(rows, title):
    """Seconds against servers, one line an engine, as SVG."""
    colours = ["#0b6", "#c33", "#36c", "#c80", "#849", "#555", "#099", "#a52", "#690"]
    good = [row for row in rows if "median" in row]
    engines = list(dict.fromkeys(row["engine"] for row in good))
    width, height, left, top = 640, 360, 50, 40
    most_servers = max(row["servers"] for row in good)
    most_seconds = max(row["median"] for row in good) * 1.05
    x = lambda servers: left + (width - left - 150) * servers / most_servers
    y = lambda seconds: height - 40 - (height - 40 - top) * seconds / most_seconds
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
             f'<rect width="{width}" height="{height}" fill="#fff"/><text x="{left}" y="20" font-size="14">{title}</text>']
    for step in range(5):
        seconds = most_seconds * step / 4
        parts.append(f'<path d="M{left} {y(seconds):.1f}H{x(most_servers):.1f}" stroke="#ddd"/>'
                     f'<text x="{left - 6}" y="{y(seconds) + 4:.1f}" text-anchor="end">{seconds:.0f}</text>')
    for servers in sorted({row["servers"] for row in good}):
        parts.append(f'<text x="{x(servers):.1f}" y="{height - 22}" text-anchor="middle">{servers}</text>')
    parts.append(f'<text x="{x(most_servers / 2):.0f}" y="{height - 6}" text-anchor="middle">servers</text>'
                 f'<text x="12" y="{top - 6}">seconds</text>')
    for number, engine in enumerate([*engines, "bound"]):
        colour = colours[number % len(colours)] if engine != "bound" else "#000"
        value = (lambda row: row["bound"]) if engine == "bound" else (lambda row: row["median"])
        own = [row for row in good if engine in ("bound", row["engine"])]
        points = sorted({row["servers"]: value(row) for row in own}.items())
        path = " ".join(f"{'L' if index else 'M'}{x(s):.1f} {y(v):.1f}" for index, (s, v) in enumerate(points))
        dash = ' stroke-dasharray="4"' if engine == "bound" else ""
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x(s):.1f}" cy="{y(v):.1f}" r="3" fill="{colour}"/>' for s, v in points]
        parts.append(f'<text x="{x(most_servers) + 12:.0f}" y="{top + 16 + 18 * number}" fill="{colour}">{engine}</text>')
    return "\n".join([*parts, "</svg>", ""])
