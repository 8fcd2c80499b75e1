"""CPU of the relay while a real network sends over it, ours against Tailscale's, interleaved.

    DERP_INTEROP_DIR=DIR python3 tests/bench/network/run_network.py --build BUILD [--rounds 3] [--megabytes 100]

headscale and two tailscaled in userspace mode, whose only path is the relay; DIR holds them and Tailscale's derper.
Prints per round and as medians: seconds of the transfer, the relay's CPU seconds from the scheduler, CPU seconds per GB.
"""
import argparse
import os
import pathlib
import socket
import statistics
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS / "interop" / "network"))


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--workers", help="of our relay; its default when not given")
    return parser.parse_args()


options = parse()
os.environ["DERP_BUILD_DIR"] = str(options.build.resolve())
import tailnet  # noqa: E402
from programs import Relay, free_port, wait_until  # noqa: E402
from theirs import TheirRelay  # noqa: E402


def measure(kind, ip, folder):
    """(seconds, user CPU, system CPU) of one transfer over a relay of its own."""
    folder = pathlib.Path(folder)
    port, stun_port = free_port(socket.SOCK_STREAM, ip), free_port(socket.SOCK_DGRAM, ip)
    started = []
    try:
        # The last -workers wins over the test harness's own.
        extra = ["-workers", options.workers or "0"] if kind is Relay else []
        relay = kind(folder, ip, port, stun_port, extra=extra)
        started.append(relay)
        control = tailnet.Headscale(folder, [relay.node("900a")])
        started.append(control)
        nodes = []
        for name in ("left", "right"):
            node = tailnet.Node(folder, name)
            started.append(node)
            node.join(control.url, control.key)
            nodes.append(node)
        wait_until(lambda: all(node.home() == "lab" for node in nodes), "the clients' home")
        nodes[0].ping(nodes[1])
        tailnet.transfer(*nodes, 10)  # warms up
        before = tailnet.cpu_seconds(relay.process)
        seconds = tailnet.transfer(*nodes, options.megabytes)
        after = tailnet.cpu_seconds(relay.process)
        return seconds, after[0] - before[0], after[1] - before[1]
    finally:
        for program in reversed(started):
            program.stop()


def main():
    tailnet.enter("headscale", "tailscaled", "tailscale", "derper")
    kinds = {"ours": (Relay, tailnet.ADDRESSES[0]), "theirs": (TheirRelay, tailnet.ADDRESSES[1])}
    figures = {name: [] for name in kinds}
    for number in range(options.rounds):
        for name, (kind, ip) in kinds.items():
            with tempfile.TemporaryDirectory(prefix="derp-network-", ignore_cleanup_errors=True) as folder:
                seconds, user, system = measure(kind, ip, folder)
            figures[name].append((seconds, user + system))
            print(f"round {number + 1} {name:6}: {options.megabytes} MB in {seconds:.2f} s, "
                  f"{user:.2f} + {system:.2f} CPU-s of the relay", flush=True)
    middle = {name: [statistics.median(column) for column in zip(*rows)] for name, rows in figures.items()}
    for name, (seconds, cpu) in middle.items():
        print(f"median  {name:6}: {seconds:.2f} s, {cpu:.2f} CPU-s, {cpu * 1e9 / (options.megabytes << 20):.1f} CPU-s per GB")
    print(f"ratio of CPU, ours to theirs: {middle['ours'][1] / middle['theirs'][1]:.2f}")


if __name__ == "__main__":
    main()
