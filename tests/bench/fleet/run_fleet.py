#!/usr/bin/env python3
"""Runs `derpprobe -once` over a simulated fleet and prints CPU seconds, peak memory and wall time; with --reference also
those of another derpprobe over the same fleet, in turns. Everything happens in a user, network and mount namespace of its
own (unshare), because the fleet's names must resolve. See docs/performance-derpprobe.md."""
import argparse
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

INSIDE = "DERP_FLEET_INSIDE"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build-bench", help="build folder made with -DDERP_BENCH=ON")
    parser.add_argument("--reference", help="another derpprobe to compare with")
    parser.add_argument("--regions", type=int, default=1000)
    parser.add_argument("--silent", type=int, default=0, help="regions that never answer")
    parser.add_argument("--own", action="store_true", help="a relay for each region, with a key and a certificate of its own")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def enter_namespace():
    """Runs this script again where it may change /etc/hosts."""
    command = ["unshare", "--user", "--map-root-user", "--net", "--mount", sys.executable, *sys.argv]
    return subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode


def run(program, folder):
    """One run: CPU seconds, peak MB, wall seconds, good and bad lines."""
    command = [program, "-once", "-spread=false", "-derp-map", f"file://{folder}/map.json"]
    lines = folder / "lines"
    with open(lines, "wb") as stderr, open(folder / "report", "wb") as stdout:
        start = time.monotonic()
        child = subprocess.Popen(command, stdout=stdout, stderr=stderr, env={**os.environ, "SSL_CERT_FILE": f"{folder}/ca.pem"})
        _, _, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
    child.returncode = 0
    text = lines.read_text(errors="replace")
    return {"cpu": usage.ru_utime + usage.ru_stime, "sys": usage.ru_stime, "mb": usage.ru_maxrss / 1024, "wall": wall,
            "good": len(re.findall(r" good: ", text)), "bad": len(re.findall(r" bad: ", text))}


def show(name, runs):
    def figures(key, digits):
        values = sorted(each[key] for each in runs)
        return f"{statistics.median(values):.{digits}f} ({values[0]:.{digits}f} to {values[-1]:.{digits}f})"
    last = runs[-1]
    print(f"{name:10} CPU {figures('cpu', 2)} s (system {figures('sys', 2)})   peak {figures('mb', 1)} MB   "
          f"wall {figures('wall', 2)} s   {last['good']} good, {last['bad']} bad")


def compare(ours, theirs):
    def ratio(key):
        return statistics.median(each[key] for each in ours) / statistics.median(each[key] for each in theirs)
    print(f"ours / reference: CPU {ratio('cpu'):.2f}, memory {ratio('mb'):.2f}, wall {ratio('wall'):.2f}")


def main():
    options = arguments()
    if INSIDE not in os.environ:
        return enter_namespace()
    build = pathlib.Path(options.build).resolve()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        serve = [build / "tests/bench/fleet", str(options.regions), str(options.silent), name] + ["own"] * options.own
        fleet = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert fleet.stdout.readline() == b"ready\n", "the fleet did not start"
        subprocess.run(["mount", "--bind", folder / "hosts", "/etc/hosts"], check=True)
        programs = {"ours": str(build / "derpprobe/derpprobe")}
        if options.reference:
            programs["reference"] = str(pathlib.Path(options.reference).resolve())
        results = {each: [] for each in programs}
        try:
            for _ in range(options.rounds):
                for each, program in programs.items():
                    results[each].append(run(program, folder))
            relays = "a relay for each" if options.own else "one relay for all"
            print(f"{options.regions} regions, {relays}, {options.silent} silent, {options.rounds} rounds: median (least to most)")
            for each, runs in results.items():
                show(each, runs)
            if options.reference:
                compare(results["ours"], results["reference"])
            if options.silent:
                walk = [build / "tests/bench/walk_fleet", folder / "map.json"]
                subprocess.run(walk, check=True, env={**os.environ, "SSL_CERT_FILE": f"{folder}/ca.pem"})
        finally:
            fleet.terminate()
            fleet.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
