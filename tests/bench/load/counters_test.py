"""Whether derpload finds what a bad relay does: a proxy before a good one spoils five packets."""
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from programs import BUILD, Program, free_port, program, wait_until  # noqa: E402

KEY = 32
PACKET = 1400
HEADER = bytes([5]) + (KEY + PACKET).to_bytes(4, "big")  # of a RecvPacket frame
FRAME = len(HEADER) + KEY + PACKET
SPOILED = 5
UNSPOILED_BYTES = 300_000  # from the server, at first: logins and first packets


def flip(data, at):
    data[at + len(HEADER) + KEY + 700] ^= 4


def other_key(data, at):
    data[at + len(HEADER)] ^= 1


def repeat(data, at):
    data[at:at] = data[at:at + FRAME]


def drop(data, at):
    del data[at:at + FRAME]


def swap(data, at):
    data[at:at + 2 * FRAME] = data[at + FRAME:at + 2 * FRAME] + data[at:at + FRAME]


class Proxy:
    """Clear text between clients and a relay; `spoil` gets a buffer and where two whole frames are in it."""

    def __init__(self, relay_port, spoil):
        self.relay_port, self.spoil, self.left = relay_port, spoil, SPOILED
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.relay_port))
            threading.Thread(target=self.pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, True), daemon=True).start()

    def pump(self, source, sink, answers):
        passed = 0
        try:
            while data := bytearray(source.recv(65536)):
                passed += len(data)
                if answers and passed > UNSPOILED_BYTES:
                    self.maybe_spoil(data)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        source.close()  # the other pump closes the other

    def maybe_spoil(self, data):
        at = data.find(HEADER)
        if at < 0 or data[at + FRAME:at + FRAME + len(HEADER)] != HEADER or len(data) < at + 2 * FRAME:
            return
        with self.lock:
            if self.left == 0:
                return
            self.left -= 1
        self.spoil(data, at)


class CountersTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        cls.port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        cls.relay = Program([program("derper"), "-a", f"127.0.0.1:{cls.port}", "-certmode", "manual", "-tls", "off",
                             "-hostname", "127.0.0.1", "-certdir", str(folder), "-c", str(folder / "key.json"),
                             "-http-port", "-1", "-stun=false"], folder / "relay.log")
        wait_until(lambda: "serving on" in cls.relay.text(), "the relay")

    @classmethod
    def tearDownClass(cls):
        cls.relay.stop()
        cls.folder.cleanup()

    def load(self, spoil):
        """(exit status, figures) of a second of traffic."""
        proxy = Proxy(self.port, spoil)
        record = pathlib.Path(self.folder.name) / "record.json"
        done = subprocess.run([str(BUILD / "tests/bench/load/derpload"), "-plain", "-server", f"127.0.0.1:{proxy.port}",
                               "-pairs", "2", "-warm-up", "0s", "-duration", "1s", "-json", str(record)],
                              capture_output=True, text=True, timeout=60, check=False)
        proxy.listener.close()
        self.assertEqual(proxy.left, 0, done.stdout + done.stderr)
        return done.returncode, json.loads(record.read_text())["traffic"]

    def check(self, spoil, status, **expected):
        code, figures = self.load(spoil)
        names = ["corrupted", "wrong_source", "duplicated", "reordered", "lost"]
        found = {name: figures[name] for name in names if figures[name] > 0}
        self.assertEqual((code, found), (status, expected))

    def test_a_flipped_bit_is_a_corrupted_packet(self):
        self.check(flip, 3, corrupted=SPOILED, lost=SPOILED)

    def test_another_source_key_is_noticed(self):
        self.check(other_key, 3, wrong_source=SPOILED, lost=SPOILED)

    def test_a_repeated_packet_is_a_duplicate(self):
        self.check(repeat, 3, duplicated=SPOILED)

    def test_a_missing_packet_is_lost_and_no_error(self):
        self.check(drop, 0, lost=SPOILED)

    def test_swapped_packets_are_reordered(self):
        self.check(swap, 3, reordered=SPOILED)


if __name__ == "__main__":
    unittest.main()
