"""The STUN flood has a program of its own (../stun/run_stun.py); its results join the others'."""
import json
import pathlib
import shlex
import subprocess
import sys

SCRIPT = pathlib.Path(__file__).resolve().parents[1] / "stun" / "run_stun.py"


def measure(build, against, rounds, folder):
    """Runs it; its figures and bars. It ends with 1 when a bar is missed, which is no failure here."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "stun.json"
    command = [sys.executable, str(SCRIPT), "--build", str(build), "--rounds", str(rounds), "--json", str(path)]
    if against:
        command += ["--reference", shlex.split(against)[0]]
    path.unlink(missing_ok=True)
    done = subprocess.run(command, check=False)
    if not path.exists():
        raise RuntimeError(f"{shlex.join(command)}: exit status {done.returncode}")


def load(folder):
    path = folder / "stun.json" if folder else None
    return json.loads(path.read_text()) if path and path.exists() else None


def verdict_lines(record):
    return [f"{'met   ' if bar['holds'] else 'MISSED'} {'stun':22} {bar['what']}: {bar['value']:.3f}, bar {bar['bar']:g}"
            for bar in (record or {}).get("bars", [])]
