"""stunc as its users run it: streams, exit status, terminal, JSON."""
import json
import os
import pathlib
import pty
import re
import socket
import struct
import subprocess
import sys
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
import schemas  # noqa: E402
from programs import DEADLINE, program  # noqa: E402

STUNC = program("stunc")


class Server(threading.Thread):
    """A STUN server written for this test alone: it answers every request with its source."""

    def __init__(self):
        super().__init__()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            request, source = self.socket.recvfrom(2048)
            if request == b"end":
                return
            address = struct.unpack("!I", socket.inet_aton(source[0]))[0] ^ 0x2112A442
            self.socket.sendto(b"\x01\x01\x00\x0c" + request[4:20] + b"\x00\x20\x00\x08\x00\x01"
                               + struct.pack("!HI", source[1] ^ 0x2112, address), source)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ender:
            ender.sendto(b"end", ("127.0.0.1", self.port))
        self.join()
        self.socket.close()


def run(*args):
    return subprocess.run([STUNC, *map(str, args)], capture_output=True, text=True, timeout=DEADLINE * 2,
                          stdin=subprocess.DEVNULL)


def run_on_terminal(*args):
    """(exit status, what the terminal on standard error showed)."""
    main, side = pty.openpty()
    process = subprocess.Popen([STUNC, *map(str, args)], stdout=subprocess.DEVNULL, stderr=side,
                               stdin=subprocess.DEVNULL, env={**os.environ, "TERM": "xterm"})
    os.close(side)
    shown = b""
    try:
        while more := os.read(main, 4096):
            shown += more
    except OSError:  # how Linux says that the other end is closed
        pass
    os.close(main)
    return process.wait(DEADLINE), shown.decode().replace("\r\n", "\n")


def udp_port_is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


class StuncTest(unittest.TestCase):
    def test_recorded_command_lines_end_as_the_references(self):
        rows = [row for row in json.loads((ROOT / "tests/data/go-flags.json").read_text()) if row["program"] == "stunc"]
        self.assertEqual(len(rows), 9)
        for row in rows:
            if row["args"] == ["127.0.0.1:3478"]:
                continue  # ours takes host:port, see below
            if "3478" in row["args"] and not udp_port_is_free(3478):
                continue
            with self.subTest(row["args"]):
                done = run(*row["args"])
                wanted = row["stderr_first_line"].replace("<prog>", STUNC)
                start = wanted.split("…")[0].rstrip()
                first = done.stderr.split("\n")[0]
                self.assertEqual((done.returncode, done.stdout), (row["exit"], ""))
                self.assertTrue(first == wanted or "…" in wanted and first.startswith(start), first)
                self.assertTrue(first.endswith(wanted.split("…")[-1]), first)

    def test_the_answer_is_three_lines_on_stderr(self):
        with Server() as server:
            for args in (["127.0.0.1", server.port], [f"127.0.0.1:{server.port}"], ["-4", "localhost", server.port]):
                with self.subTest(args):
                    done = run(*args)
                    self.assertEqual((done.returncode, done.stdout), (0, ""))
                    self.assertRegex(done.stderr, rf"\Asent addr: 127\.0\.0\.1:{server.port}\n"
                                                  rf"from addr: \[::ffff:127\.0\.0\.1\]:{server.port}\n"
                                                  r"stun addr: 127\.0\.0\.1:\d+\n\Z")

    def test_a_terminal_is_told_more(self):
        with Server() as server:
            status, shown = run_on_terminal("127.0.0.1", server.port)
        self.assertEqual(status, 0)
        self.assertRegex(shown, r"stun addr: 127\.0\.0\.1:\d+\nrtt: [\d.]+ ms \(try 1 of 1\); no NAT in between\n\Z")

    def test_a_silent_port_is_explained_on_a_terminal(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            port = silent.getsockname()[1]
            status, shown = run_on_terminal("-timeout", "100ms", "127.0.0.1", port)
            self.assertEqual(status, 1)
            plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
            self.assertRegex(plain, rf"\Aread udp \S+: i/o timeout\nerror\[stun\.no_reply\] 127\.0\.0\.1:{port}\n"
                                    r"    fact  0 of 1 replies in \d+ ms over IPv4\n    help  open UDP \d+ ")
            quiet = run("-timeout", "100ms", "127.0.0.1", port)
            self.assertRegex(quiet.stderr, r"\Aread udp \S+: i/o timeout\n\Z")

    def test_json_goes_to_stdout(self):
        with Server() as server:
            one = run("-format", "json", "127.0.0.1", server.port)
            self.assertEqual((one.returncode, one.stderr), (0, ""))
            document = json.loads(one.stdout)
            self.assertEqual(document["schema"], "stunc/1")
            result = document["results"][0]
            self.assertEqual(result["from_addr"], f"127.0.0.1:{server.port}")
            self.assertEqual(result["stun_addr"], result["local_addr"])
            self.assertGreater(result["rtt_ms"], 0)

            lines = run("-format=json-line", "-count=3", "-interval=10ms", "127.0.0.1", server.port)
            named = [json.loads(line)["schema"] for line in lines.stdout.splitlines()]
            self.assertEqual(named, ["stunc.reply/1"] * 3 + ["stunc.series/1"])

    def test_the_documents_keep_to_their_schema(self):
        with Server() as server:
            good = run("-format=json", "-count=2", "-interval=10ms", "127.0.0.1", server.port)
        bad = run("-format=json", "-timeout=10ms", "127.0.0.1", "9")
        unknown = run("-format=json", "-6", "127.0.0.1")
        documents = [schemas.check("stunc.json", done.stdout) for done in (good, bad, unknown)]
        self.assertEqual([document["exit"] for document in documents], [0, 1, 1])

    def test_a_series_ends_with_its_summary(self):
        with Server() as server:
            done = run("-format", "text", "-count", "3", "-interval", "10ms", "127.0.0.1", server.port)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\n3 sent, 3 received, 0 % lost; round trip min [\d.]+ ms, median [\d.]+ ms, "
                                      r"max [\d.]+ ms\n\Z")


if __name__ == "__main__":
    unittest.main(verbosity=2)
