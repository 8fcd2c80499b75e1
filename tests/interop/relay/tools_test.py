"""Our relay as OpenSSL's s_client and curl see it."""
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from programs import Relay, free_port  # noqa: E402

UPGRADE = b"GET /derp HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: DERP\r\n\r\n"


class ToolsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="derp-interop-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.relay = Relay(cls.folder.name, "127.0.0.1", free_port(socket.SOCK_STREAM, "127.0.0.1"),
                          free_port(socket.SOCK_DGRAM, "127.0.0.1"))
        cls.addClassCleanup(cls.relay.stop)
        cls.relay.pin()

    def address(self):
        return f"{self.relay.ip}:{self.relay.port}"

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_s_client_sees_the_upgrade_the_server_key_and_the_meta_certificate(self):
        for version in ("-tls1_2", "-tls1_3"):
            with self.subTest(version):
                process = subprocess.Popen(["openssl", "s_client", "-connect", self.address(), version, "-quiet",
                                            "-showcerts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                           stderr=subprocess.DEVNULL)
                self.addCleanup(process.stdout.close)
                process.stdin.write(UPGRADE)
                process.stdin.flush()
                seen = b""
                while b"DERP\xf0\x9f\x94\x91" not in seen and (more := process.stdout.read1(65536)):
                    seen += more
                process.kill()
                process.stdin.close()
                process.wait()
                self.assertIn(b"HTTP/1.1 101 Switching Protocols\r\n", seen)
                self.assertRegex(seen, rb"Derp-Public-Key: [0-9a-f]{64}\r\n")
                self.assertIn(b"\x01\x00\x00\x00\x28DERP\xf0\x9f\x94\x91", seen)

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_s_client_gets_leaf_and_meta_certificate_and_no_tls_1_1(self):
        shown = subprocess.run(["openssl", "s_client", "-connect", self.address(), "-showcerts"], input=b"",
                               capture_output=True, check=False).stdout.decode()
        self.assertEqual(shown.count("BEGIN CERTIFICATE"), 2)
        self.assertRegex(shown, r"CN = derpkey[0-9a-f]{64}")
        old = subprocess.run(["openssl", "s_client", "-connect", self.address(), "-tls1_1", "-cipher",
                              "DEFAULT:@SECLEVEL=0"], input=b"", capture_output=True, check=False)
        self.assertNotEqual(old.returncode, 0)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl_gets_the_endpoints_operators_check(self):
        def curl(path, *extra):
            return subprocess.run(["curl", "-sk", "--noproxy", "*", "-i", f"https://{self.address()}{path}", *extra],
                                  capture_output=True, text=True, check=True).stdout
        probe = curl("/derp/probe")
        self.assertRegex(probe, r"^HTTP/1.1 200 ")
        self.assertIn("Access-Control-Allow-Origin: *", probe)
        self.assertRegex(curl("/derp/latency-check"), r"^HTTP/1.1 200 ")
        self.assertIn("X-Tailscale-Response: response abc", curl("/generate_204", "-H", "X-Tailscale-Challenge: abc"))
        self.assertRegex(curl("/derp"), r"^HTTP/1.1 426 ")
        self.assertRegex(curl("/debug/varz"), r"(?m)^derp_accepts \d+$")
        self.assertRegex(curl("/debug/varz", "-H", "X-Forwarded-For: 192.0.2.1"), r"^HTTP/1.1 403 ")

    def test_garbage_is_survived(self):
        for bytes_sent in (b"\0" * 4096, b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 70000):
            with socket.create_connection((self.relay.ip, self.relay.port), 5) as connection:
                try:
                    connection.sendall(bytes_sent)
                    connection.shutdown(socket.SHUT_WR)
                    while connection.recv(4096):
                        pass
                except OSError:
                    pass
        self.assertTrue(self.relay.alive())
        self.assertTrue(re.search(r"^derp_accepts ", self.relay.varz(), re.M))


if __name__ == "__main__":
    unittest.main(verbosity=2)
