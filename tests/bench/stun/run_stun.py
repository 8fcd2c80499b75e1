"""STUN servers in turns: our derper, a plain recvfrom/sendto loop, and Tailscale's derper where there is one.

    python3 tests/bench/stun/run_stun.py --build BUILD [--reference DERPER] [--rounds 5] [--json FILE]

Every server is bound to one core, the generator to another. Each round floods every server, then asks it at each of the
rates. Prints medians with least and most, and the bars: under flood ours answers at least 1.2 times what the plain loop
answers; ours takes at most half of the reference's CPU time for each answer. Ends with 1 when one of them does not hold.
"""
import argparse
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import zlib

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS / "e2e"))

THROUGHPUT_BAR = 1.2  # ours to the plain loop's
CPU_BAR = 0.5  # ours to the reference's
GENERATOR_CORE, SERVER_CORE = 0, 1


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--baseline", type=pathlib.Path, help="a second derper of ours, measured beside the first")
    parser.add_argument("--reference", type=pathlib.Path, help="Tailscale's derper")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement")
    parser.add_argument("--rates", default="10000,50000", help="requests per second, beside the flood")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--burst", type=int, default=16, help="flood: requests of one client in one system call")
    parser.add_argument("--ip", default="127.0.0.1", help="where the servers listen")
    parser.add_argument("--wildcard", action="store_true", help="the servers listen on all addresses; --ip is asked")
    parser.add_argument("--json", type=pathlib.Path, help="write all figures to this file; - for standard output alone")
    return parser.parse_args()


options = parse()
os.environ["DERP_BUILD_DIR"] = str(options.build.resolve())
from programs import Program, free_port, program, wait_until  # noqa: E402


def joined(ip, port):
    return f"[{ip}]:{port}" if ":" in ip else f"{ip}:{port}"


def server_args(name, folder, port):
    """The command line of a server; derpers also want a port for DERP, which nobody uses here."""
    host = "::" if options.wildcard else options.ip
    if name == "plain":
        return [str(bench("stun_plain")), joined(host, port)]
    path = {"ours": program("derper"), "baseline": options.baseline, "reference": options.reference}[name]
    derp_port = free_port(socket.SOCK_STREAM, "127.0.0.1")
    return [str(path), "-a", f":{derp_port}" if options.wildcard else joined(options.ip, derp_port), "-hostname", "127.0.0.1",
            "-certmode", "manual", "-certdir", str(folder / name), "-c", str(folder / f"{name}.key"), "-http-port", "-1",
            "-stun", "-stun-port", str(port)]


def bench(name):
    return options.build.resolve() / "tests" / "bench" / "stun" / name


def on_core(core, args):
    return ["taskset", "-c", str(core), *args]


def answers(port):
    """Whether a STUN request gets an answer."""
    start = bytes.fromhex("000100142112a442000102030405060708090a0b802200087461696c6e6f6465")
    request = start + bytes.fromhex("80280004") + (zlib.crc32(start) ^ 0x5354554E).to_bytes(4, "big")
    with socket.socket(socket.AF_INET6 if ":" in options.ip else socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(0.2)
        try:
            asker.connect((options.ip, port))
            asker.send(request)
            return asker.recv(200)[:2] == b"\x01\x01"
        except OSError:
            return False


def measure(server, rate):
    process, port = server
    args = [str(bench("stunload")), "-server", joined(options.ip, port), "-server-pid", str(process.pid), "-clients",
            str(options.clients), "-burst", str(options.burst), "-rate", str(rate), "-duration", f"{options.seconds}s"]
    done = subprocess.run(on_core(GENERATOR_CORE, args), capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(f"stunload: exit {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def run(folder):
    """{server: {load: [figures of each round]}}"""
    names = ["ours", "plain"] + [name for name in ("baseline", "reference") if getattr(options, name)]
    loads = [0] + [float(rate) for rate in options.rates.split(",") if rate]
    started, servers = [], {}
    try:
        for name in names:
            port = free_port(socket.SOCK_DGRAM, "127.0.0.1")
            server = Program(on_core(SERVER_CORE, server_args(name, folder, port)), folder / f"{name}.log")
            started.append(server)
            wait_until(lambda: server.process.poll() is not None or answers(port), f"{name}: {server.text()}")
            if server.process.poll() is not None:
                sys.exit(f"{name} ended: {server.text()}")
            servers[name] = (server.process, port)
        figures = {name: {load: [] for load in loads} for name in names}
        for number in range(options.rounds):
            for load in loads:
                turn = number % len(names)
                for name in names[turn:] + names[:turn]:
                    figures[name][load].append(measure(servers[name], load))
        return figures
    finally:
        for server in started:
            server.stop()


def spread(rows, name):
    values = [row[name] for row in rows]
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def judge(figures):
    """The bars: [{what, value, bar, holds}]. Ratios are taken in each round, and their median counts."""
    def ratio(other, load, name):
        pairs = zip(figures["ours"][load], figures[other][load])
        return statistics.median(mine[name] / its[name] for mine, its in pairs)

    bars = []
    for load in figures["ours"]:
        what = "flood" if load == 0 else f"{load:.0f}/s"
        if load == 0:
            value = ratio("plain", load, "answered_per_second")
            bars.append({"what": "answers under flood, ours to the plain loop's", "value": value, "bar": THROUGHPUT_BAR,
                         "holds": value >= THROUGHPUT_BAR})
        if "reference" in figures:
            value = ratio("reference", load, "cpu_us_per_answer")
            bars.append({"what": f"CPU for each answer, {what}, ours to the reference's", "value": value, "bar": CPU_BAR,
                         "holds": value <= CPU_BAR})
    return bars


def table(summary):
    lines = ["| load | server | answers/s | CPU µs per answer | unanswered | p50 µs | p99 µs |", "|---|---|---|---|---|---|---|"]
    for row in summary:
        def cell(name, digits):
            value = row.get(name)
            return f"{value['median']:,.{digits}f} ({value['min']:,.{digits}f} to {value['max']:,.{digits}f})" if value else ""
        lines.append(f"| {row['load']} | {row['server']} | {cell('answered_per_second', 0)} | {cell('cpu_us_per_answer', 2)} | "
                     f"{row['unanswered_part']:.1%} | {cell('p50_us', 0)} | {cell('p99_us', 0)} |")
    return "\n".join(lines)


def summarise(figures):
    summary = []
    for load in figures["ours"]:
        for name in figures:
            rows = figures[name][load]
            offered = sum(row["offered_per_second"] for row in rows)
            line = {"load": "flood" if load == 0 else f"{load:.0f}/s", "server": name,
                    "unanswered_part": 1 - sum(row["answered_per_second"] for row in rows) / offered}
            for key in ("answered_per_second", "cpu_us_per_answer", "user_us_per_answer", "server_cpu", "own_cpu"):
                line[key] = spread(rows, key)
            if load:
                for key in ("p50_us", "p99_us"):
                    line[key] = spread([row["round_trip"] for row in rows], key)
            summary.append(line)
    return summary


def main():
    if len(os.sched_getaffinity(0)) < 2:
        sys.exit("two cores are needed: one for the servers, one for the generator")
    with tempfile.TemporaryDirectory(prefix="derp-stun-") as folder:
        figures = run(pathlib.Path(folder))
    summary, bars = summarise(figures), judge(figures)
    out = {"settings": {name: str(value) for name, value in vars(options).items()}, "rounds": figures, "summary": summary, "bars": bars}
    if options.json and str(options.json) != "-":
        options.json.write_text(json.dumps(out, indent=1) + "\n")
    if str(options.json) == "-":
        print(json.dumps(out))
    else:
        print(table(summary))
        for bar in bars:
            print(f"{bar['what']}: {bar['value']:.2f} (bar {bar['bar']}): {'holds' if bar['holds'] else 'missed'}")
    sys.exit(0 if all(bar["holds"] for bar in bars) else 1)


if __name__ == "__main__":
    main()
