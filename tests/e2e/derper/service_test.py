"""derper as a service: pages on both listeners, signals, reloads, rubbish on every port."""
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import Program, free_port, http_get, program, wait_until  # noqa: E402


class Derper(Program):
    """A relay with TLS, plain HTTP and STUN on ports of the system's choice."""

    def __init__(self, folder, *extra):
        self.folder = pathlib.Path(folder)
        super().__init__([program("derper"), "-a", "127.0.0.1:0", "-hostname", "127.0.0.1", "-certmode", "manual",
                          "-certdir", str(self.folder / "certs"), "-c", str(self.folder / "key"), "-http-port", "0",
                          "-stun-port", "0", "-workers", "2", *extra], self.folder / "log")
        self.tls = self.port(r"derper: serving on 127\.0\.0\.1:(\d+) with TLS")
        self.plain = self.port(r"serving plain HTTP on 127\.0\.0\.1:(\d+)")
        self.stun = self.port(r"STUN server listening on 127\.0\.0\.1:(\d+)")

    def port(self, pattern):
        def look():
            if self.process.poll() is not None:
                raise AssertionError("derper ended: " + self.text())
            return re.search(pattern, self.text())
        return int(wait_until(look, lambda: f"{pattern}: {self.text()}").group(1))

    def served_certificate(self):
        return ssl.get_server_certificate(("127.0.0.1", self.tls))


class ServiceTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, *extra):
        relay = Derper(self.folder, *extra)
        self.addCleanup(relay.stop)
        return relay

    def test_pages_on_the_main_listener(self):
        relay = self.start()
        base = f"https://127.0.0.1:{relay.tls}"
        status, headers, body = http_get(base + "/")
        self.assertEqual(status, 200)
        self.assertIn("Strict-Transport-Security", headers)
        self.assertIn("DERP relay", body)
        self.assertIn("/debug/", body)
        self.assertEqual(http_get(base + "/derp/probe")[0], 200)
        self.assertEqual(http_get(base + "/derp")[0], 426)
        self.assertEqual(http_get(base + "/generate_204")[0], 204)
        self.assertIn("text/css", http_get(base + "/style.css")[1]["Content-Type"])
        self.assertIn('version{version="', http_get(base + "/metrics")[2])
        self.assertIn("derper debug", http_get(base + "/debug/")[2])
        self.assertEqual(http_get(base + "/debug/nosuch")[0], 404)

    def test_the_plain_listener_redirects_to_the_tls_port(self):
        relay = self.start()
        with socket.create_connection(("127.0.0.1", relay.plain)) as connection:
            connection.sendall(b"GET /a?b=c HTTP/1.1\r\nHost: relay.test\r\nConnection: close\r\n\r\n")
            reply = connection.makefile("rb").read().decode()
        self.assertTrue(reply.startswith("HTTP/1.1 302 Found\r\n"), reply)
        self.assertIn(f"Location: https://relay.test:{relay.tls}/a?b=c\r\n", reply)
        self.assertNotIn("Strict-Transport-Security", reply)
        self.assertEqual(http_get(f"http://127.0.0.1:{relay.plain}/generate_204")[0], 204)

    def test_key_and_certificate_are_private_and_kept_over_a_restart(self):
        first = self.start()
        certificate = first.served_certificate()
        key = (self.folder / "key").read_text()
        self.assertRegex(key, r'^\{\n\t"PrivateKey": "privkey:[0-9a-f]{64}"\n\}$')
        self.assertEqual((self.folder / "key").stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.folder / "certs/127.0.0.1.key").stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.folder / "certs").stat().st_mode & 0o777, 0o700)
        self.assertEqual(first.stop(), 0)
        self.assertEqual(self.start().served_certificate(), certificate)
        self.assertEqual((self.folder / "key").read_text(), key)

    def test_a_hang_up_reloads_and_a_broken_file_changes_nothing(self):
        relay = self.start()
        before = relay.served_certificate()
        other = self.folder / "other"
        other.mkdir()
        donor = Derper(other)
        donor.stop()
        for name in ("127.0.0.1.crt", "127.0.0.1.key"):
            (self.folder / "certs" / name).write_text((other / "certs" / name).read_text())
        relay.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reload: certificate: " in relay.text(), "the reload")
        after = relay.served_certificate()
        self.assertNotEqual(before, after)
        (self.folder / "certs/127.0.0.1.crt").write_text("garbage")
        relay.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reload: certificate failed, the old state stays: " in relay.text(), "the refused reload")
        self.assertEqual(relay.served_certificate(), after)
        varz = http_get(f"https://127.0.0.1:{relay.tls}/debug/varz")[2]
        self.assertIn('derper_reloads{outcome="failed"} 1', varz)
        self.assertIn('derper_reloads{outcome="ok"} 1', varz)

    def test_a_hang_up_during_the_start_is_ignored(self):
        key = self.folder / "slow"
        os.mkfifo(key, 0o600)
        relay = Program([program("derper"), "-a", "127.0.0.1:0", "-tls=off", "-stun=false", "-c", str(key)],
                        self.folder / "log")
        self.addCleanup(relay.stop)
        with open(key, "w") as writer:  # opens when derper does, which now waits for its key
            relay.process.send_signal(signal.SIGHUP)
            writer.write('{"PrivateKey": "privkey:%s"}' % ("18" * 31 + "58"))
        wait_until(lambda: relay.process.poll() is not None or "derper: serving on" in relay.text(), "the start")
        self.assertIsNone(relay.process.poll(), relay.text())

    def test_termination_is_orderly_and_quick(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                relay = self.start()
                begin = time.monotonic()
                self.assertEqual(relay.stop(number), 0)
                self.assertLess(time.monotonic() - begin, 5)

    def test_closed_standard_streams_stay_harmless(self):
        port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        process = subprocess.Popen(["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", program("derper"), "-a", f"127.0.0.1:{port}",
                                    "-tls=off", "-stun=false", "-c", str(self.folder / "key")])
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def answers():
            self.assertIsNone(process.poll())
            try:
                return http_get(f"http://127.0.0.1:{port}/derp/probe")[0] == 200
            except OSError:
                return False
        wait_until(answers, "the relay without standard streams")
        for number in range(3):
            self.assertEqual(os.readlink(f"/proc/{process.pid}/fd/{number}"), "/dev/null")
        process.terminate()
        self.assertEqual(process.wait(10), 0)

    def test_connections_above_the_accept_limit_are_refused_and_counted(self):
        relay = self.start("-accept-connection-limit=0.001", "-accept-connection-burst=2")
        relay.served_certificate()
        relay.served_certificate()
        with self.assertRaises(OSError):
            relay.served_certificate()
        with self.assertRaises(OSError):
            relay.served_certificate()
        varz = http_get(f"http://127.0.0.1:{relay.plain}/debug/varz")[2]
        self.assertIn("tls_listener_accepted_connections 2\n", varz)
        self.assertIn("tls_listener_rejected_connections 2\n", varz)

    def test_rubbish_on_every_port_is_survived(self):
        relay = self.start()
        rubbish = [b"\x00" * 100, os.urandom(5000), b"GET / HTTP/1.1\r\n\r\n", b"A" * 70000,
                   b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 5000 + b"\r\n", b"\x16\x03\x01\x02\x00" + b"\xff" * 512]
        for data in rubbish:
            for port in (relay.tls, relay.plain):
                with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                    try:
                        connection.sendall(data)
                        connection.shutdown(socket.SHUT_WR)
                        while connection.recv(65536):
                            pass
                    except OSError:
                        pass  # It may hang up while we still talk.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as connection:
                connection.sendto(data[:1400], ("127.0.0.1", relay.stun))
        varz = http_get(f"https://127.0.0.1:{relay.tls}/debug/varz")[2]
        self.assertRegex(varz, r'stun_requests\{disposition="not_stun"\} [1-9]')
        self.assertIsNone(relay.process.poll())


class DevModeTest(unittest.TestCase):
    """Its ports are fixed, so it runs in a network namespace of its own."""

    def test_developer_mode_serves_clear_text_with_a_fresh_key(self):
        if subprocess.run(["unshare", "-Urn", "true"], capture_output=True).returncode != 0:
            self.skipTest("needs a network namespace: unshare -Urn is refused here")
        done = subprocess.run(["unshare", "-Urn", sys.executable, __file__, "--inside-namespace"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def inside_namespace():
    import fcntl
    import struct
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:  # ip link set lo up
        fcntl.ioctl(control, 0x8914, struct.pack("16sh", b"lo", 0x49))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING | IFF_LOOPBACK
    with tempfile.TemporaryDirectory(prefix="derp-e2e-") as folder:
        relay = Program([program("derper"), "-dev", "-c", folder + "/key"], folder + "/log")
        try:
            wait_until(lambda: "derper: serving on [::]:3340" in relay.text(), "dev mode: " + relay.text())
            assert "Running in dev mode." in relay.text()
            assert "No mesh key configured for --dev mode" in relay.text()
            assert "STUN server listening on [::]:3478" in relay.text()
            status, headers, _ = http_get("http://127.0.0.1:3340/")
            assert status == 200 and "Strict-Transport-Security" not in headers
            assert http_get("http://127.0.0.1:3340/derp")[0] == 426
            assert not os.path.exists(folder + "/key")
            assert "anybody can relay" not in relay.text()
        finally:
            assert relay.stop() == 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:  # ip address add 203.0.113.7 dev lo
            address = struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton("203.0.113.7"))
            fcntl.ioctl(control, 0x8916, address)  # SIOCSIFADDR
        for flags, warned in [([], True), (["-derp=false"], False), (["-a=127.0.0.1:3340"], False)]:
            relay = Program([program("derper"), "-tls=off", "-a=:3340", "-stun=false", "-c", folder + "/key", *flags],
                            folder + "/log")
            try:
                wait_until(lambda: "derper: serving on" in relay.text(), "the start: " + relay.text())
            finally:
                assert relay.stop() == 0
            assert ("anybody can relay through this server: it listens on 203.0.113.7" in relay.text()) == warned


if __name__ == "__main__":
    if "--inside-namespace" in sys.argv:
        inside_namespace()
    else:
        unittest.main(verbosity=2)
