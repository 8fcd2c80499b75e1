"""Our STUN server and stunc with the programs of others: coturn, the classic stun client, Tailscale's stunc.

Each test is skipped by name where its program is missing. Tailscale's stunc has the name of ours, so
DERP_INTEROP_DIR says where it is.
"""
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from programs import BUILD, DEADLINE, Program, Relay, free_port, program, wait_until  # noqa: E402
from theirs import find  # noqa: E402

THEIR_STUNC = find("stunc")


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def needs(name):
    return unittest.skipUnless(shutil.which(name), f"{name} is not installed")


class Responder:
    """Our STUN server."""

    def __init__(self, mode, ip="127.0.0.1"):
        self.process = subprocess.Popen([BUILD / "tests/interop/stun/stun_responder", f"[{ip}]:0" if ":" in ip
                                         else f"{ip}:0", mode], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stderr.readline()
        self.port = int(re.search(r"STUN server listening on .*:(\d+)$", line).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.communicate(timeout=DEADLINE)

    def figures(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        words = self.process.stdout.readline().split()
        return dict(zip(words[::2], map(int, words[1::2])))


def run(*args, timeout=DEADLINE):
    return subprocess.run([str(arg) for arg in args], capture_output=True, text=True, timeout=timeout,
                          stdin=subprocess.DEVNULL)


class ForeignClientsTest(unittest.TestCase):
    @needs("turnutils_stunclient")
    def test_coturns_client_learns_its_address_in_generic_mode(self):
        for ip, shown in (("127.0.0.1", r"127\.0\.0\.1"), ("::1", r"\[?::1\]?")):
            if ip == "::1" and not has_ipv6():
                continue
            with self.subTest(ip), Responder("generic", ip) as server:
                said = run("turnutils_stunclient", "-p", server.port, ip)
                self.assertRegex(said.stdout, rf"reflexive addr: {shown}:\d+")

    @needs("turnutils_stunclient")
    @unittest.skipUnless(pathlib.Path(program("derper")).exists(), "derper is not built")
    def test_coturns_client_learns_its_address_from_a_relay(self):
        with tempfile.TemporaryDirectory(prefix="derp-interop-") as folder:
            stun_port = free_port(socket.SOCK_DGRAM, "127.0.0.1")
            relay = Relay(folder, "127.0.0.1", free_port(socket.SOCK_STREAM, "127.0.0.1"), stun_port,
                          extra=("-stun-mode", "generic"))
            self.addCleanup(relay.stop)
            wait_until(lambda: relay.alive() and "STUN server listening on" in relay.text(), "STUN to listen")
            said = run("turnutils_stunclient", "-p", stun_port, "127.0.0.1")
            self.assertRegex(said.stdout, r"reflexive addr: 127\.0\.0\.1:\d+")
            self.assertEqual(run(program("stunc"), f"127.0.0.1:{stun_port}").returncode, 0)
            relay.stop()  # it may still be writing its certificate

    @needs("turnutils_stunclient")
    def test_coturns_client_gets_silence_in_strict_mode(self):
        with Responder("strict") as server:
            client = subprocess.Popen(["turnutils_stunclient", "-p", str(server.port), "127.0.0.1"],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            wait_until(lambda: server.figures()["not_stun"] > 0, "the request of coturn's client")
            # Nothing comes later: the answers to what arrives now are out once stunc has its own.
            self.assertEqual(run(program("stunc"), "-retries", "3", "127.0.0.1", server.port).returncode, 0)
            self.assertIsNone(client.poll())  # It waits for ever.
            client.kill()
            self.assertNotIn("reflexive", client.communicate()[0])

    @needs("stun")
    def test_the_classic_client_finds_an_open_network_in_generic_mode(self):
        with Responder("generic") as server:
            said = run("stun", f"127.0.0.1:{server.port}", "-v")
            # "Open" is 1; change requests are refused, so nothing better can be found out.
            self.assertEqual(said.returncode & 0x0f, 0x01, said.stdout + said.stderr)

    @unittest.skipUnless(THEIR_STUNC, "no stunc of Tailscale's in DERP_INTEROP_DIR")
    def test_tailscales_stunc_and_ours_print_the_same(self):
        for ip in ("127.0.0.1", "::1"):
            if ip == "::1" and not has_ipv6():
                continue
            with self.subTest(ip), Responder("strict", ip) as server:
                texts = []
                for tool in (THEIR_STUNC, program("stunc")):
                    done = run(tool, ip, server.port)
                    self.assertEqual((done.returncode, done.stdout), (0, ""))
                    texts.append(re.sub(r"(stun addr: .*):\d+", r"\1:PORT", done.stderr))
                self.assertEqual(texts[0], texts[1])
                self.assertEqual(texts[0].count("\n"), 3)

    @unittest.skipUnless(THEIR_STUNC, "no stunc of Tailscale's in DERP_INTEROP_DIR")
    def test_tailscales_stunc_and_ours_fail_the_same(self):
        for args in ([], ["-x"], ["a", "b", "c"], ["h", "70000"], ["h", "x"], ["-timeout", "5", "h"], ["-timeout"],
                     ["h", "-timeout", "1s"], ["127.0.0.1", "0"], ["-timeout", "0s", "127.0.0.1", "9"]):
            with self.subTest(args):
                ends = []
                for tool in (THEIR_STUNC, program("stunc")):
                    done = run(tool, *args)
                    first = done.stderr.split("\n")[0].replace(str(tool), "stunc")
                    ends.append((done.returncode, done.stdout, re.sub(r"\[::\]:\d+", "[::]:PORT", first)))
                self.assertEqual(ends[0], ends[1])


class ForeignServersTest(unittest.TestCase):
    @needs("turnserver")
    def test_our_stunc_reads_coturns_answers(self):
        with tempfile.TemporaryDirectory(prefix="derp-interop-") as folder:
            port = free_port(socket.SOCK_DGRAM, "127.0.0.1")
            server = Program(["turnserver", "-n", "--stun-only", "-L", "127.0.0.1", "-p", str(port), "--no-tls",
                              "--no-dtls", "--no-cli", "--log-file=stdout", f"--pidfile={folder}/pid"],
                             pathlib.Path(folder) / "log")
            self.addCleanup(server.stop)
            done = wait_until(lambda: self._answered(port), lambda: f"coturn: {server.text()}")
            self.assertIn(f"sent addr: 127.0.0.1:{port}\n", done.stderr)
            self.assertRegex(done.stderr, r"stun addr: 127\.0\.0\.1:\d+\n")
            self.assertRegex(done.stderr, r"attr: 0x8022 SOFTWARE [0-9a-f]+\n")

    @staticmethod
    def _answered(port):
        done = run(program("stunc"), "-timeout", "500ms", "-verbose", "127.0.0.1", port)
        return done if done.returncode == 0 else None


if __name__ == "__main__":
    result = unittest.main(verbosity=2, exit=False).result
    if result.wasSuccessful() and len(result.skipped) == result.testsRun:
        sys.exit(77)
    sys.exit(not result.wasSuccessful())
