"""One run of derpload against one server, and the record that is kept of it."""
import hashlib
import json
import pathlib
import shlex
import subprocess
import tempfile
import time

LONGEST = 145


def yardstick():
    """Microseconds to hash a MiB, now: virtual machines change their pace within seconds, by up to two thirds."""
    block = bytes(1 << 20)
    start = time.perf_counter()
    for _ in range(20):
        hashlib.sha256(block).digest()
    return (time.perf_counter() - start) * 1e6 / 20


def figures_of(record):
    """The figures of a derpload record that are compared, flat."""
    server, traffic = record["server"], record.get("traffic")
    out = {"seconds": server["seconds"], "server_cpu_seconds": server.get("cpu_seconds"),
           "others_cpu_seconds": server.get("others_cpu_seconds"), "generator_cpu_seconds": server["generator_cpu_seconds"],
           "stolen_seconds": server["stolen_seconds"], "resident_kib": server.get("resident_kib")}
    if traffic:
        out["cpu_us"] = server.get("cpu_us_per_delivered")
        out["rate"] = traffic["delivered_per_second"]
        for name in ("delivered", "measured_sent", "measured_lost", "lost", "duplicated", "reordered", "corrupted",
                     "wrong_source", "not_sent", "window_resets", "broken", "flows", "dead_flows", "flow_least", "flow_most",
                     "slow_sent", "slow_received", "slow_broken"):
            out[name] = traffic.get(name)
        for name in ("p50", "p99", "p999", "max"):
            out[name] = find_time(traffic["latency"], name)
        out["lateness_p99"] = find_time(traffic["own_lateness"], "p99")
    if idle := record.get("idle"):
        out.update({f"idle_{name}": value for name, value in idle.items()})
    if storm := record.get("storm"):
        out["storm_rate"] = storm["logged_in"] / storm["seconds"] if storm["seconds"] else 0
        out["storm_failed"] = storm["failed"]
        out["storm_login_p99"] = find_time(storm["login"], "p99")
    return out


def find_time(times, name):
    """Microseconds; None when nothing was counted."""
    return times[f"{name}_ns"] / 1e3 if times["count"] else None


def measure(subject, cell, derpload, duration):
    """The record of one run with a fresh server."""
    with tempfile.TemporaryDirectory(prefix="derp-bench-", ignore_cleanup_errors=True) as folder:
        before = yardstick()
        with subject.serve(folder, cell.workers, cell.mesh) as (running, addresses):
            path = pathlib.Path(folder) / "record.json"
            command = [str(derpload), "-server", addresses[0], "-server-pid", ",".join(str(p.pid) for p in running),
                       "-warm-up", f"{cell.warm_up}s", "-duration", f"{max(duration, cell.seconds)}s", *cell.flags,
                       "-json", str(path)]
            if cell.mesh:
                command += ["-mesh-server", addresses[1]]
            done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
            if done.returncode != 0:
                raise RuntimeError(f"{shlex.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
            record = json.loads(path.read_text())
        return {"group": cell.group, "cell": cell.name, "server": subject.name, "label": subject.label,
                "kind": subject.kind,
                "time": record["time"], "yardstick_us": [before, yardstick()], "load": shlex.join(command[1:]),
                "server_commands": [shlex.join(p.command) for p in running], "clients": record["clients"],
                "machine": record["machine"], "tls_library": record["tls_library"], "figures": figures_of(record)}
