"""One relay of ours and one of Tailscale's in a region: what their clients see of each other, and restarts of either.

Skipped by name without Tailscale's derper in DERP_INTEROP_DIR or on PATH.
"""
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from programs import BUILD, Relay, free_port, http_get, wait_until  # noqa: E402
from theirs import MESH_KEY, TheirRelay, end_without  # noqa: E402

OURS, THEIRS = "127.0.0.1", "127.0.0.2"


class Talker:
    """A client of one relay: lines of what it was told, in the order they came."""

    def __init__(self, case, ip, port):
        self.process = subprocess.Popen([BUILD / "tests/e2e/tools/talker", f"{ip}:{port}"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.leave)
        self.lines = []
        first = self.process.stdout.readline().split()
        assert first and first[0] == "key", f"no login at {ip}"
        self.key = first[1]
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def send(self, to, text):
        self.process.stdin.write(f"send {to.key} {text}\n")
        self.process.stdin.flush()

    def leave(self):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def hears(self, line):
        wait_until(lambda: line in self.lines, lambda: f"{line!r}, got {self.lines}")


class MixedMeshTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="derp-interop-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        (self.folder / "mesh.key").write_text(MESH_KEY)
        (self.folder / "mesh.key").chmod(0o600)
        (self.folder / "ca.pem").write_text("")
        self.trust = self.folder / "trust.pem"
        self.port = free_port(socket.SOCK_STREAM, OURS, THEIRS)
        self.stun_port = free_port(socket.SOCK_DGRAM, OURS, THEIRS)
        self.peers = [f"{ip}:{self.port}" for ip in (OURS, THEIRS)]
        self.relays = {}
        self.start_ours()
        self.trust.write_text(self.relays[OURS].certificate())
        self.start_theirs()
        (self.folder / "ca.pem").write_text(self.relays[THEIRS].certificate())
        self.await_mesh()

    def start_ours(self):
        self.relays[OURS] = Relay(self.folder, OURS, self.port, self.stun_port, self.peers)
        self.addCleanup(self.relays[OURS].stop)

    def start_theirs(self):
        self.relays[THEIRS] = TheirRelay(self.folder, THEIRS, self.port, self.stun_port, self.peers, self.trust)
        self.addCleanup(self.relays[THEIRS].stop)

    def figures(self, ip):
        """The unlabelled figures of a relay, by Go's names; none while it cannot be asked."""
        try:
            text = http_get(f"https://{ip}:{self.port}/debug/varz")[2]
        except OSError:
            return {}
        return {name: float(value) for name, value in re.findall(r"^(derp_\w+) ([0-9.e+-]+)$", text, re.M)}

    def await_mesh(self):
        for ip in (OURS, THEIRS):
            wait_until(lambda ip=ip: self.figures(ip).get("derp_watchers") == 1 and
                       self.figures(ip).get("derp_clients_remote", 0) >= 1,
                       lambda: f"the mesh link to {ip}: {self.relays[OURS].text()}\n{self.relays[THEIRS].text()}")

    def await_clients(self, count):
        """Besides the two links, whose ends are clients too."""
        for ip in (OURS, THEIRS):
            wait_until(lambda ip=ip: self.figures(ip).get("derp_clients_total") == count + 2,
                       lambda: f"{count} clients in the region as {ip} sees it: {self.figures(ip)}")

    def exchange(self, a, b, text):
        """Packets both ways. Sent again until the first comes: the key may not be known over there yet."""
        for source, target in ((a, b), (b, a)):
            line = f"packet {source.key} {text}"

            def arrived(source=source, target=target, line=line):
                source.send(target, text)
                try:
                    wait_until(lambda: line in target.lines, line, 1)
                    return True
                except AssertionError:
                    return False
            wait_until(arrived, lambda: f"{line!r}, got {target.lines}")

    def test_packets_cross_both_ways_and_a_departure_is_told_on_the_other_side(self):
        here, there = Talker(self, OURS, self.port), Talker(self, THEIRS, self.port)
        self.await_clients(2)
        before = self.figures(OURS)
        self.exchange(here, there, "across")
        after = self.figures(OURS)
        for name in ("derp_packets_forwarded_out", "derp_packets_forwarded_in"):
            self.assertGreater(after[name], before[name])
        there.leave()
        here.hears(f"gone {there.key} 0")
        again = Talker(self, THEIRS, self.port)
        self.await_clients(2)
        self.exchange(here, again, "again")
        here.leave()
        again.hears(f"gone {here.key} 0")

    def test_a_restart_of_theirs_is_found_again_by_ours(self):
        here, there = Talker(self, OURS, self.port), Talker(self, THEIRS, self.port)
        self.await_clients(2)
        self.exchange(here, there, "before")
        self.relays[THEIRS].stop(signal.SIGKILL)
        here.hears(f"gone {there.key} 0")
        there.hears("closed")
        wait_until(lambda: self.figures(OURS).get("derp_clients_remote") == 0, "their clients to be forgotten")
        self.start_theirs()
        self.await_mesh()
        back = Talker(self, THEIRS, self.port)
        self.await_clients(2)
        self.exchange(here, back, "after")

    def test_a_restart_of_ours_is_found_again_by_theirs(self):
        here, there = Talker(self, OURS, self.port), Talker(self, THEIRS, self.port)
        self.await_clients(2)
        self.exchange(here, there, "before")
        self.assertEqual(self.relays[OURS].stop(), 0)
        there.hears(f"gone {here.key} 0")
        here.hears("closed")
        self.assertTrue(any(line.startswith("restarting ") for line in here.lines), here.lines)
        self.start_ours()
        self.await_mesh()
        back = Talker(self, OURS, self.port)
        self.await_clients(2)
        self.exchange(back, there, "after")


if __name__ == "__main__":
    end_without("derper")
    unittest.main(verbosity=2)
