"""The pictures of a results folder."""
import svg
from summary import figure, of_cell, ratio

NAMES = ("a", "b", "limit")


def write(folder, runs):
    for name, text in draw(runs).items():
        if text:
            (folder / f"{name}.svg").write_text(text)


def draw(runs):
    labels = {run["server"]: run["label"] for run in runs}
    out = {}
    saturated = [(f"saturated/{pairs}x{size}", f"{count(pairs, 'pair')}\n{size} B")
                 for size in (100, 1400, 16384) for pairs in (1, 10, 100)]
    out["saturated-cpu"] = chart(runs, labels, "Saturated: the server's CPU time for each delivered frame",
                                 "microseconds per frame", saturated, "cpu_us")
    out["saturated-rate"] = chart(runs, labels, "Saturated: delivered packets per second, generator on the same two cores",
                                  "packets per second", saturated, "rate")
    out["limit-share"] = share(runs, saturated[:6])
    paced = [(f"paced/{rate}k-{pairs}x{size}", f"{rate}k/s\n{pairs} pairs\n{size} B")
             for size in (100, 1400) for pairs in (10, 100) for rate in (20, 50, 100)]
    out["paced-cpu"] = chart(runs, labels, "Paced: the server's CPU time for each delivered frame", "microseconds per frame",
                             paced, "cpu_us")
    for name in ("p50", "p99", "p999"):
        out[f"paced-{name}"] = chart(runs, labels, f"Paced: one-way latency, {name}", "microseconds (logarithmic)", paced, name,
                                     logarithmic=True)
    mesh = [(f"mesh/{name}", f"{name.replace('-', ' ')} B") for name in ("10x100", "10x1400", "20k-10x100", "20k-10x1400")]
    out["mesh-cpu"] = chart(runs, labels, "Across two meshed servers: CPU time of both for each delivered frame",
                            "microseconds per frame", mesh, "cpu_us")
    return out


def count(number, what):
    return f"{number} {what}" + ("" if number == 1 else "s")


def chart(runs, labels, title, axis, cells, name, logarithmic=False):
    cells = [(key, label) for key, label in cells if of_cell(runs, key)]
    series = [(server, labels[server], [figure(runs, key, server, name) for key, _ in cells])
              for server in NAMES if server in labels]
    series = [entry for entry in series if any(entry[2])]
    if not cells or not series:
        return None
    return svg.bars(title, axis, [label for _, label in cells], series, logarithmic=logarithmic)


def share(runs, cells):
    cells = [(key, label) for key, label in cells if ratio(runs, key, "limit", "a", "cpu_us")]
    if not cells:
        return None
    found = [ratio(runs, key, "limit", "a", "cpu_us") for key, _ in cells]
    return svg.bars("Share of the limit: CPU per frame of the bare loop to ours", "ratio within a round",
                    [label for _, label in cells], [("a", "ours", found)], line=(0.8, "bar: 0.8"))
