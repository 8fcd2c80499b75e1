"""Admission with the real counterparts: headscale's /verify and tailscaled's socket, clients that are real nodes, and a stranger.

    DERP_INTEROP_DIR=DIR ctest --test-dir build -R interop_admission

DIR holds headscale, tailscaled and tailscale; without them the tests are skipped by name.
"""
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import tailnet  # noqa: E402
from programs import DEADLINE, Program, Relay, free_port, program, wait_until  # noqa: E402

OURS = tailnet.ADDRESSES[0]


class AdmissionTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="derp-admission-", ignore_cleanup_errors=True)
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.port = free_port(socket.SOCK_STREAM, OURS)
        self.stun_port = free_port(socket.SOCK_DGRAM, OURS)

    def start_relay(self, *extra):
        relay = Relay(self.folder, OURS, self.port, self.stun_port, extra=extra)
        self.addCleanup(relay.stop)
        relay.pin()
        return relay

    def start_control(self):
        """headscale with a map that names our relay, which runs only for as long as it takes to learn its pin."""
        relay = self.start_relay()
        node = relay.node("900a")
        relay.stop()
        (self.folder / "map.json").write_text(json.dumps({"Regions": {"900": {
            "RegionID": 900, "RegionCode": "lab", "RegionName": "Lab", "Nodes": [node]}}}))
        control = tailnet.Headscale(self.folder, [node])
        self.addCleanup(control.stop)
        return control

    def join(self, control, name):
        node = tailnet.Node(self.folder, name)
        self.addCleanup(node.stop)
        node.join(control.url, control.key)
        return node

    def decisions(self, relay, method, reason):
        found = re.search(rf'^derper_admission_decisions\{{method="{method}",outcome="\w+",reason="{reason}"\}} (\d+)', relay.varz(), re.M)
        return int(found.group(1))

    def assert_stranger_is_refused(self, relay, method, reason):
        before = self.decisions(relay, method, reason)
        done = subprocess.run([program("derpprobe"), "-once", "-derp-map", f"file://{self.folder}/map.json"], capture_output=True,
                              text=True, timeout=DEADLINE * 2, stdin=subprocess.DEVNULL)
        self.assertIn("[admission.closed]", done.stdout, done.stdout + done.stderr)
        self.assertGreater(self.decisions(relay, method, reason), before)

    def test_headscale_decides_by_its_verify_endpoint(self):
        control = self.start_control()
        relay = self.start_relay("-verify-client-url", f"{control.url}/verify", "-verify-client-url-fail-open=false")
        wait_until(lambda: "/verify: it answers" in relay.text(), lambda: f"the self-test: {relay.text()}")
        left, right = (self.join(control, name) for name in ("left", "right"))
        self.assertIn("via DERP(lab)", left.ping(right))
        self.assertGreaterEqual(self.decisions(relay, "url", "allowed"), 2)
        self.assert_stranger_is_refused(relay, "url", "denied")
        self.assertRegex(relay.text(), r"client nodekey:[0-9a-f]{64} rejected: admission controller: nodekey:[0-9a-f]{64}/10\.90\.0\.\d+ not allowed")

    def test_tailscaled_decides_by_what_it_knows_and_may_be_restarted(self):
        control = self.start_control()
        nodes = [self.join(control, name) for name in ("left", "right")]
        left, right = nodes
        relay = self.start_relay("-verify-clients", "-socket", left.socket)
        wait_until(lambda: re.search(r"it knows its own node nodekey:[0-9a-f]{64}", relay.text()), lambda: f"the self-test: {relay.text()}")
        self.assertIn("via DERP(lab)", right.ping(left))
        own = self.decisions(relay, "tailscaled", "own_node")
        self.assertGreaterEqual(own + self.decisions(relay, "tailscaled", "known"), 2)
        self.assert_stranger_is_refused(relay, "tailscaled", "not_found")
        self.assertRegex(relay.text(), r"rejected: peer nodekey:[0-9a-f]{64} not authorized \(not found in local tailscaled\)")

        left.stop()
        wait_until(lambda: not os.path.exists(left.socket), "the end of tailscaled's socket")
        self.assert_stranger_is_refused(relay, "tailscaled", "unreachable")
        again = Program(left.process.args, self.folder / "again.log", {**os.environ, "TS_DEBUG_ALWAYS_USE_DERP": "1", "TS_NO_LOGS_NO_SUPPORT": "1"})
        self.addCleanup(again.stop)
        self.assertIn("via DERP(lab)", right.ping(left))
        self.assert_stranger_is_refused(relay, "tailscaled", "not_found")


if __name__ == "__main__":
    tailnet.enter("headscale", "tailscaled", "tailscale")
    os.environ["TS_DEBUG_TRUSTED_CIDRS"] = "10.90.0.0/24"  # so that the tests may read the relay's figures
    unittest.main(verbosity=2)
