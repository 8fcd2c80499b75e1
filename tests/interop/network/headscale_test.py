"""A real network through our relay: headscale, two tailscaled in userspace mode, nothing but relays between them.

    DERP_INTEROP_DIR=DIR ctest --test-dir build -R interop_headscale

DIR holds headscale, tailscaled, tailscale and Tailscale's derper; without them the tests are skipped by name.
"""
import os
import pathlib
import re
import socket
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tailnet  # noqa: E402
from programs import Relay, free_port, wait_until  # noqa: E402
from theirs import MESH_KEY, TheirRelay  # noqa: E402

OURS, THEIRS = tailnet.ADDRESSES
MEGABYTES = int(os.environ.get("DERP_TRANSFER_MB", "100"))


class HeadscaleTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="derp-tailnet-", ignore_cleanup_errors=True)
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        (self.folder / "mesh.key").write_text(MESH_KEY)
        (self.folder / "mesh.key").chmod(0o600)
        (self.folder / "ca.pem").write_text("")
        self.port = free_port(socket.SOCK_STREAM, OURS, THEIRS)
        self.stun_port = free_port(socket.SOCK_DGRAM, OURS, THEIRS)

    def start(self, kind, *args, **kwargs):
        program = kind(self.folder, *args, **kwargs)
        self.addCleanup(program.stop)
        return program

    def join(self, control, *names):
        nodes = []
        for name in names:
            node = self.start(tailnet.Node, name)
            node.join(control.url, control.key)
            nodes.append(node)
        return nodes

    def test_ping_and_a_large_transfer_pass_over_our_relay_alone(self):
        relay = self.start(Relay, OURS, self.port, self.stun_port)
        control = self.start(tailnet.Headscale, [relay.node("900a")])
        left, right = self.join(control, "left", "right")
        wait_until(lambda: left.home() == "lab" and right.home() == "lab", "the clients' home")
        self.assertIn("via DERP(lab)", left.ping(right))
        tailnet.transfer(left, right, MEGABYTES)
        varz = relay.varz()
        self.assertRegex(varz, r"(?m)^derp_current_home_connections 2$")
        self.assertIn("via DERP(lab)", right.ping(left))

    def make_certificates(self):
        """Both certificates into ca.pem, before the relays that trust each other start."""
        certificates = []
        for kind, ip in ((Relay, OURS), (TheirRelay, THEIRS)):
            relay = kind(self.folder, ip, self.port, self.stun_port)
            relay.pin()
            certificates.append(relay.certificate())
            relay.stop()
        (self.folder / "ca.pem").write_text("".join(certificates))

    def start_ours(self):
        return self.start(Relay, OURS, self.port, self.stun_port, self.mesh)

    def start_theirs(self):
        return self.start(TheirRelay, THEIRS, self.port, self.stun_port, self.mesh, self.folder / "ca.pem")

    def meshed(self, relay):
        """Watches and is watched, in the relay's own figures."""
        try:
            text = relay.varz()
        except OSError:
            return False
        return re.search(r"^derp_watchers [1-9]", text, re.M) and re.search(r"^derp_clients_remote [1-9]", text, re.M)

    def test_a_transfer_survives_the_restart_of_either_of_two_meshed_relays(self):
        self.mesh = [f"{ip}:{self.port}" for ip in (OURS, THEIRS)]
        self.make_certificates()
        ours, theirs = self.start_ours(), self.start_theirs()
        control = self.start(tailnet.Headscale, [ours.node("900a"), theirs.node("900b")])
        ours.stop()  # so that the first client settles at the second relay
        right, = self.join(control, "right")
        wait_until(lambda: right.home() == "lab", "the home of right")
        ours = self.start_ours()
        left, = self.join(control, "left")
        wait_until(lambda: self.meshed(ours), lambda: f"our side of the mesh: {ours.text()}")
        self.assertIn("via DERP(lab)", left.ping(right))
        self.assertRegex(ours.varz(), r"(?m)^derp_packets_forwarded_out [1-9]")
        self.assertRegex(ours.varz(), r"(?m)^derp_packets_forwarded_in [1-9]")

        relays = {"ours": ours, "theirs": theirs}

        def restart(done):
            if done == MEGABYTES // 4:
                relays["theirs"].stop()
                relays["theirs"] = self.start_theirs()
            elif done == MEGABYTES // 2:
                relays["ours"].stop()
                relays["ours"] = self.start_ours()

        seconds = tailnet.transfer(left, right, MEGABYTES, restart)
        print(f"meshed, each restarted once: {MEGABYTES} MB in {seconds:.2f} s", flush=True)
        for relay in relays.values():
            wait_until(lambda relay=relay: re.search(r"^derp_watchers [1-9]", relay.varz(), re.M), lambda: f"the mesh of {relay.ip}")
        self.assertIn("via DERP(lab)", right.ping(left))


if __name__ == "__main__":
    tailnet.enter("headscale", "tailscaled", "tailscale", "derper")
    os.environ["TS_DEBUG_TRUSTED_CIDRS"] = "10.90.0.0/24"  # so that the tests may read the relays' figures
    unittest.main(verbosity=2)
