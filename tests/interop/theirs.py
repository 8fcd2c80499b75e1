"""Tailscale's programs, for tests of ours against them.

Their programs have the names of ours. They are looked for in the folder DERP_INTEROP_DIR, then on PATH, and known by
being made with Go.
"""
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from programs import Program, Relay  # noqa: E402

MESH_KEY = "fedcba9876543210" * 4  # of a mesh of both kinds


def find(name):
    """The path of a program, or None."""
    folders = [os.environ.get("DERP_INTEROP_DIR", ""), *os.environ.get("PATH", "").split(os.pathsep)]
    for folder in filter(None, folders):
        path = pathlib.Path(folder) / name
        if path.is_file() and os.access(path, os.X_OK) and b"Go buildinf:" in path.read_bytes():
            return str(path)
    return None


def need(name):
    """The path of a program; without it the test is skipped."""
    path = find(name)
    if path is None:
        raise unittest.SkipTest(f"no {name} made with Go in DERP_INTEROP_DIR or on PATH")
    return path


def end_without(*names):
    """Ends as skipped where one of the programs is missing."""
    missing = [name for name in names if find(name) is None]
    if missing:
        print(f"skipped: no {', '.join(missing)} made with Go in DERP_INTEROP_DIR or on PATH")
        sys.exit(77)


class TheirRelay(Program):
    """Tailscale's derper with a self-signed, pinned certificate."""

    def __init__(self, folder, ip, port, stun_port, mesh_with=(), trust=None, extra=()):
        self.ip, self.port, self.stun_port, self.folder = ip, port, stun_port, pathlib.Path(folder)
        args = [need("derper"), "-a", f"{ip}:{port}", "-hostname", ip, "-certmode", "manual", "-certdir",
                str(self.folder / ip), "-c", str(self.folder / f"{ip}.key"), "-http-port", "-1", "-stun-port", str(stun_port)]
        if mesh_with:
            args += ["-mesh-psk-file", str(self.folder / "mesh.key"), "-mesh-with", ",".join(mesh_with)]
        super().__init__([*args, *extra], self.folder / f"{ip}.log", {**os.environ, "SSL_CERT_FILE": str(trust)} if trust else None)

    pin = Relay.pin
    node = Relay.node
    certificate = Relay.certificate
    alive = Relay.alive
    varz = Relay.varz
