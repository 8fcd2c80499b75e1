"""The tables that a run prints."""
from summary import figure, keys, of_cell, ratio

NAMES = ("a", "b", "limit")


def labels(runs):
    return {run["server"]: run["label"] for run in runs}




def relative(runs, key, over, under, name):
    found = ratio(runs, key, over, under, name)
    return found.text() if found else "-"


def text(runs):
    """One block for each cell: a line for each server, then the ratios."""
    known = labels(runs)
    lines = []
    for key in keys(runs):
        rounds = len({run["round"] for run in of_cell(runs, key)})
        lines.append(f"{key}  ({rounds} rounds; median, least and most)")
        for server in [name for name in NAMES if name in known]:
            lines += server_lines(runs, key, server, known[server])
        shares = [(f"{known[over]} to {known[under]}", relative(runs, key, over, under, "cpu_us"))
                  for over, under in (("a", "b"), ("limit", "a"), ("limit", "b")) if over in known and under in known]
        shown = [f"{name} {value}" for name, value in shares if value != "-"]
        if shown:
            lines.append("    CPU per frame: " + ", ".join(shown))
    return "\n".join(lines)


def server_lines(runs, key, server, label):
    if not any(run["server"] == server for run in of_cell(runs, key)):
        return []
    parts = []
    for name, form, unit in (("cpu_us", "{:.2f}", "us/frame"), ("rate", "{:.0f}", "/s"), ("p50", "{:.0f}", "us p50"),
                             ("p99", "{:.0f}", "us p99"), ("p999", "{:.0f}", "us p999"),
                             ("idle_resident_after_kib", "{:.0f}", "KiB with all clients"),
                             ("storm_rate", "{:.0f}", "logins/s")):
        found = figure(runs, key, server, name)
        if found:
            parts.append(f"{found.text(form)} {unit}")
    lost = sum(run["figures"].get("measured_lost") or 0 for run in of_cell(runs, key) if run["server"] == server)
    if lost:
        parts.append(f"lost {lost}")
    return [f"  {label:12} " + ", ".join(parts)]


def verdicts(found):
    lines = []
    for verdict in found:
        lines.append(f"{'met   ' if verdict.met else 'MISSED'} {verdict.cell:22} {verdict.bar}: {verdict.found.text('{:.3f}')}, "
                     f"{verdict.sense} {verdict.wanted:.3g}"
                     + (f"; the bare loop: {verdict.limit.median:.3f}" if verdict.limit else ""))
    return "\n".join(lines)


COLUMNS = (("cpu_us", "CPU µs per frame", "{:.2f}"), ("rate", "packets/s", "{:,.0f}"), ("p50", "p50 µs", "{:.0f}"),
           ("p99", "p99 µs", "{:.0f}"), ("p999", "p999 µs", "{:.0f}"))


def markdown(runs):
    """A line for each cell and server: medians, CPU time with least and most; then ratios of CPU time."""
    known = labels(runs)
    out = ["| cell | server | " + " | ".join(title for _, title, _ in COLUMNS) + " | CPU to " + known.get("b", "the other")
           + " | share of the limit |", "|---" * (len(COLUMNS) + 4) + "|"]
    for key in keys(runs):
        for server in [name for name in NAMES if name in known and figure(runs, key, name, "cpu_us")]:
            cpu = figure(runs, key, server, "cpu_us")
            texts = [cpu.text("{:.2f}")] + [
                form.format(found.median) if (found := figure(runs, key, server, name)) else "" for name, _, form in COLUMNS[1:]]
            other = ratio(runs, key, server, "b", "cpu_us") if server != "b" else None
            limit = ratio(runs, key, "limit", server, "cpu_us") if server == "a" else None
            out.append(f"| {key} | {known[server]} | " + " | ".join(texts) + f" | {other.text() if other else ''} | "
                       f"{limit.text() if limit else ''} |")
    return "\n".join(out)
