"""SIGTERM while many clients keep derper busy: everybody is told before the end, and the end comes in time."""
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import BUILD, DEADLINE, Relay, free_port  # noqa: E402

CLIENTS = 200
STUCK = 6  # read nothing until the signal was sent


class FarewellTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.relay = Relay(folder.name, "127.0.0.1", free_port(socket.SOCK_STREAM, "127.0.0.1"),
                           free_port(socket.SOCK_DGRAM, "127.0.0.1"), extra=["-tcp-write-timeout", "1m"])
        self.addCleanup(self.relay.stop)
        self.relay.pin()

    def load(self, clients, stuck):
        load = subprocess.Popen([BUILD / "tests/e2e/tools/farewell_load", f"127.0.0.1:{self.relay.port}", str(clients),
                                 str(stuck)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(load.wait)
        self.addCleanup(load.kill)
        self.addCleanup(load.stdout.close)
        self.addCleanup(load.stdin.close)
        self.assertEqual(load.stdout.readline(), "ready\n", self.relay.text())
        return load

    def test_every_client_is_told_before_the_end_which_comes_within_two_seconds(self):
        load = self.load(CLIENTS, STUCK)
        begin = time.monotonic()
        self.relay.process.send_signal(signal.SIGTERM)
        load.stdin.write("\n")
        load.stdin.flush()
        self.assertEqual(self.relay.process.wait(DEADLINE), 0, self.relay.text())
        took = time.monotonic() - begin
        self.assertEqual(load.stdout.readline(), f"told {CLIENTS} of {CLIENTS}, stuck {STUCK} of {STUCK}\n",
                         f"after {took:.2f} s: {self.relay.text()}")
        self.assertLess(took, 2.0)

    def test_clients_that_never_read_do_not_hold_up_the_end(self):
        self.load(2, STUCK)
        begin = time.monotonic()
        self.relay.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.relay.process.wait(DEADLINE), 0, self.relay.text())
        self.assertLess(time.monotonic() - begin, 2.0)

    def test_a_second_signal_ends_at_once(self):
        self.load(2, STUCK)
        self.relay.process.send_signal(signal.SIGTERM)
        with self.assertRaises(subprocess.TimeoutExpired):
            self.relay.process.wait(0.3)
        begin = time.monotonic()
        self.relay.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.relay.process.wait(DEADLINE), -signal.SIGTERM)
        self.assertLess(time.monotonic() - begin, 0.8)


if __name__ == "__main__":
    unittest.main(verbosity=2)
