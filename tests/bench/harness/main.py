"""The command line of tests/bench/run."""
import argparse
import json
import pathlib
import sys

import bars
import cells
import pictures
import runs
import servers
import stun
import summary
import table

SCHEMA = 1


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=(
        "Loads our relay, another server and the bare relay loop with derpload in turns, on loopback; prints medians with "
        "least and most, judges the bars, writes results.json and pictures."))
    parser.add_argument("--build", required=True, type=pathlib.Path, help="a release build with -DDERP_BENCH=ON")
    other = parser.add_mutually_exclusive_group()
    other.add_argument("--against", metavar="COMMAND", help="another server, which takes derper's flags behind these words")
    parser.add_argument("--against-name", help="what the other server is called (default: its program's name)")
    other.add_argument("--against-build", metavar="BUILD", help="another build of ours, to see what a change does")
    parser.add_argument("--cells", default="saturated", help=f"comma-separated: all, {', '.join(cells.GROUPS)}, stun, or GROUP/NAME "
                        "with * and ? (saturated/10x1400)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="the least time of a measurement")
    parser.add_argument("--window", type=int, default=cells.WINDOW, help="packets outstanding in each flow of a closed loop")
    parser.add_argument("--burst", type=int, default=0, help="frames of one source in one write; 0: all it may send")
    parser.add_argument("--flag", action="append", default=[], help="a further flag for our relay, as in --flag=-workers=1")
    parser.add_argument("--only", help="comma-separated: a, b, limit; who is run (default: all)")
    parser.add_argument("--out", type=pathlib.Path, help="folder for results.json and the pictures")
    parser.add_argument("--append", action="store_true", help="keep the runs that results.json in --out has")
    parser.add_argument("--show", action="store_true", help="run nothing: tables, verdicts and pictures from --out again")
    parser.add_argument("--markdown", action="store_true", help="the table as a document wants it")
    return parser.parse_args(arguments)


def load(options):
    path = options.out / "results.json" if options.out else None
    if path and path.exists() and (options.append or options.show):
        return json.loads(path.read_text())["runs"]
    return []


def save(options, done, found):
    options.out.mkdir(parents=True, exist_ok=True)
    shape = cells.Shape(options.window, options.burst)
    machine = done[0]["machine"] if done else {}
    record = {"schema": SCHEMA, "machine": machine, "tls_library": done[0]["tls_library"] if done else "",
              "shape": shape.text, "bars": [verdict.as_json() for verdict in found], "runs": done}
    (options.out / "results.json").write_text(json.dumps(record, indent=1) + "\n")


def measure_all(options, done):
    shape = cells.Shape(options.window, options.burst)
    patterns = [word for word in options.cells.split(",") if word != "stun"]
    chosen = cells.choose(",".join(patterns), shape) if patterns else []
    known = servers.subjects(options.build, options.against, options.against_build, options.flag, options.against_name)
    only = options.only.split(",") if options.only else list(known)
    derpload = options.build.resolve() / "tests/bench/load/derpload"
    first = {cell.key: 1 + max((run["round"] for run in summary.of_cell(done, cell.key)), default=0) for cell in chosen}
    for number in range(options.rounds):
        for cell in chosen:
            for name in cell.servers:
                if name not in known or name not in only:
                    continue
                run = runs.measure(known[name], cell, derpload, options.seconds)
                run["round"] = first[cell.key] + number
                done.append(run)
                print(f"round {run['round']} {cell.key:24} {run['label']:12} {short(run['figures'])}", file=sys.stderr, flush=True)


def measure_stun(options):
    if not {"stun", "all"} & set(options.cells.split(",")):
        return
    if not options.out:
        raise ValueError("--cells stun needs --out")
    stun.measure(options.build, options.against, options.rounds, options.out)


def short(figures):
    parts = [f"{figures[name]:.{digits}f} {unit}" for name, digits, unit in
             (("cpu_us", 2, "us/frame"), ("rate", 0, "/s"), ("p50", 0, "us p50"), ("p99", 0, "us p99"))
             if figures.get(name) is not None]
    return ", ".join(parts) or f"{figures['server_cpu_seconds']:.3f} CPU-s in {figures['seconds']:.1f} s"


def main(arguments):
    options = parse(arguments)
    if options.show and not options.out:
        raise SystemExit("--show needs --out")
    done = load(options)
    try:
        if not options.show:
            measure_all(options, done)
            measure_stun(options)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    # Another build of ours is compared, not judged by the bars for other servers.
    kinds = {run["kind"] for run in done if run["server"] == "b"}
    found = bars.judge(done, against_other="other" in kinds)
    print(table.markdown(done) if options.markdown else table.text(done))
    print("\n".join([table.verdicts(found), *stun.verdict_lines(stun.load(options.out))]))
    unquiet = summary.disturbed(done)
    if unquiet:
        print(f"{len(unquiet)} of {len(done)} runs were disturbed by others on this machine (more than 5 % of a core)")
    if options.out:
        save(options, done, found)
        pictures.write(options.out, done)
    return 0
