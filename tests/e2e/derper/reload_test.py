"""What a running derper takes up: certificates, mesh keys from file and secrets server, and what it tells systemd."""
import base64
import http.client
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import Program, Region, Relay, free_port, http_get, program, wait_until  # noqa: E402

OLD, NEW = "0123456789abcdef" * 4, "fedcba9876543210" * 4


class Setec(http.server.ThreadingHTTPServer):
    """A secrets server for one secret; None: it is away."""

    def __init__(self, value):
        self.value, self.asked = value, 0
        super().__init__(("127.0.0.1", 0), Setec.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            name = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["Name"]
            good = self.path == "/api/get" and name == "lab/derp/meshkey" and self.server.value is not None
            body = json.dumps({"Value": base64.b64encode((self.server.value or "").encode()).decode(), "Version": 1})
            self.server.asked += 1
            self.send_response(200 if good else 503)
            self.end_headers()
            self.wfile.write(body.encode() if good else b"away")

        def log_message(self, *_):
            pass


class ReloadTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def relay(self, ip="127.0.0.1", mesh_with=(), extra=(), port=None, folder=None):
        port = port or free_port(socket.SOCK_STREAM, ip)
        relay = Relay(folder or self.folder, ip, port, free_port(socket.SOCK_DGRAM, ip), mesh_with,
                      ["-workers", "1", "-stun=false", *extra])
        self.addCleanup(relay.stop)
        return relay

    def clear(self, *extra, env=None):
        """A relay without TLS; where it serves is in its log."""
        relay = Program([program("derper"), "-a", "127.0.0.1:0", "-tls=off", "-stun=false", "-workers=1",
                         "-c", str(self.folder / "key"), *extra], self.folder / "log",
                        env={"PATH": os.environ["PATH"], **(env or {})})
        self.addCleanup(relay.stop)
        return relay

    def says(self, relay, words, times=1):
        wait_until(lambda: relay.process.poll() is not None or relay.text().count(words) >= times,
                   lambda: f"{words!r} in: {relay.text()}")
        self.assertIsNone(relay.process.poll(), relay.text())

    def pair(self, name):
        """The files of a self-signed pair for 127.0.0.1, made by a relay that ends again."""
        folder = self.folder / name
        folder.mkdir()
        donor = self.relay(folder=folder)
        donor.certificate()
        self.says(donor, "serving on")
        donor.stop()
        return [folder / "127.0.0.1/127.0.0.1.crt", folder / "127.0.0.1/127.0.0.1.key"]

    def test_replaced_certificates_are_taken_and_open_connections_stay(self):
        certificate, key = self.pair("new")
        relay = self.relay()
        self.says(relay, "serving on")
        before = ssl.get_server_certificate((relay.ip, relay.port))
        connection = http.client.HTTPSConnection(relay.ip, relay.port, context=ssl._create_unverified_context())
        self.addCleanup(connection.close)
        connection.request("GET", "/robots.txt")
        self.assertEqual(connection.getresponse().read(), b"User-agent: *\nDisallow: /\n")
        held = connection.sock

        # One after the other, as a copying script does; in between the pair does not fit.
        served = self.folder / "127.0.0.1"
        os.replace(certificate, served / "127.0.0.1.crt")
        wait_until(lambda: ssl.get_server_certificate((relay.ip, relay.port)) == before, "the old pair")
        os.replace(key, served / "127.0.0.1.key")
        self.says(relay, "reload: certificate: ")
        self.assertNotEqual(ssl.get_server_certificate((relay.ip, relay.port)), before)
        self.assertNotIn("failed", relay.text())

        connection.request("GET", "/robots.txt")
        self.assertEqual(connection.getresponse().status, 200)
        self.assertIs(connection.sock, held)
        varz = relay.varz()
        self.assertIn('derper_reloads{outcome="ok"} 1', varz)
        self.assertRegex(varz, r'derper_certificate_days_left\{hostname="127.0.0.1"\} 36[4-6]')

    def test_a_changed_mesh_key_counts_at_once_and_the_old_one_is_accepted_for_a_while(self):
        def key_file(name, key):
            path = self.folder / name
            path.write_text(key + "\n")
            path.chmod(0o600)
            return str(path)
        (self.folder / "ca.pem").write_text("")
        current = key_file("current", OLD)
        relay = self.relay(extra=["-mesh-psk-file", current])
        (self.folder / "ca.pem").write_text(relay.certificate())
        self.says(relay, "serving on")
        key_file("current", NEW)
        relay.process.send_signal(signal.SIGHUP)
        self.says(relay, "reload: mesh key: " + current + " taken; the old key is accepted for 10 more minutes")
        self.assertNotIn(NEW, relay.text())

        def watchers():
            found = re.search(r"^derp_watchers (\d+)", relay.varz(), re.M)
            return int(found.group(1)) if found else 0
        for count, (ip, key) in enumerate([("127.0.0.2", OLD), ("127.0.0.3", NEW)], 1):
            self.relay(ip, [f"127.0.0.1:{relay.port}"], ["-mesh-psk-file", key_file(ip + ".psk", key)])
            wait_until(lambda count=count: watchers() == count, lambda: f"the relay on {ip}: {relay.text()}")

        # A file that holds no key changes nothing.
        for broken, why in [("", "is empty"), ("0" * 64, "all zeros"), ("x", "want 64 hex digits")]:
            key_file("current", broken)
            relay.process.send_signal(signal.SIGHUP)
            self.says(relay, why)
        varz = relay.varz()
        self.assertIn('derper_reloads{outcome="failed"} 3', varz)
        self.assertEqual(watchers(), 2)

    def test_links_of_our_own_are_dialled_with_the_key_in_force(self):
        with Region() as region:
            first, second = region.relays
            (region.folder / "mesh.key").write_text(NEW)
            for relay in region.relays:
                relay.process.send_signal(signal.SIGHUP)
                self.says(relay, "mesh.key taken")
            second.stop()
            port = second.port
            again = Relay(region.folder, second.ip, port, second.stun_port)  # knows the new key only
            self.addCleanup(again.stop)
            again.stop()
            again = Relay(region.folder, second.ip, port, second.stun_port, [f"{first.ip}:{port}"])
            self.addCleanup(again.stop)
            self.says(again, "serving on")
            wait_until(lambda: Region._watched(again), lambda: f"the link of {first.ip}: {again.text()}")

    def test_the_mesh_key_of_a_secrets_server(self):
        setec = Setec(OLD)
        self.addCleanup(setec.server_close)
        self.addCleanup(setec.shutdown)
        cache = self.folder / "cache"
        cache.mkdir()
        flags = [f"-secrets-url=http://user:hidden@127.0.0.1:{setec.server_port}", "-secrets-path-prefix=lab/derp",
                 f"-secrets-cache-dir={cache}", "-mesh-psk-file=/nonexistent"]
        relay = self.clear(*flags)
        self.says(relay, "Got mesh key from setec store")
        self.says(relay, "serving on")
        self.assertEqual((cache / "secrets.json").stat().st_mode & 0o777, 0o600)
        setec.value = NEW
        relay.process.send_signal(signal.SIGHUP)
        self.says(relay, "reload: mesh key: secret lab/derp/meshkey taken; the old key is accepted")
        setec.value = None
        relay.process.send_signal(signal.SIGHUP)
        self.says(relay, "reload: mesh key failed, the old state stays: secret lab/derp/meshkey: HTTP status 503")
        self.assertEqual(relay.stop(), 0)

        again = self.clear(*flags)
        self.says(again, "using version 1 of the cache")
        self.says(again, "DERP mesh key configured")
        for text in (relay.text(), again.text()):
            for secret in ("hidden", OLD, NEW):
                self.assertNotIn(secret, text)

    def test_a_secrets_server_that_hangs_delays_neither_reload_nor_end(self):
        setec = Setec(OLD)
        self.addCleanup(setec.server_close)
        relay = self.clear(f"-secrets-url=http://127.0.0.1:{setec.server_port}", "-secrets-path-prefix=lab/derp",
                           f"-secrets-cache-dir={self.folder}/cache")
        self.says(relay, "serving on")
        setec.shutdown()  # connections are still taken by the kernel, and nobody answers
        relay.process.send_signal(signal.SIGHUP)
        self.says(relay, "reload: asked for")
        port = re.search(r"serving on 127\.0\.0\.1:(\d+)", relay.text()).group(1)
        self.assertEqual(http_get(f"http://127.0.0.1:{port}/derp/probe")[0], 200)
        self.assertEqual(relay.stop(), 0)

    def test_a_socket_of_systemd_refuses_nobody_during_a_restart(self):
        def start(listener, *flags):
            log = self.folder / "log"
            with open(log, "wb") as file:
                process = subprocess.Popen(
                    ["sh", "-c", f'exec 3<&{listener.fileno()}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$@"', "sh",
                     program("derper"), "-tls=off", "-stun=false", "-workers=1", "-c", str(self.folder / "key"), *flags],
                    stderr=file, stdin=subprocess.DEVNULL, pass_fds=[listener.fileno()])
            self.addCleanup(process.wait)
            self.addCleanup(process.kill)
            return process, log.read_text
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
            process, log = start(listener, f"-a=127.0.0.1:{address[1]}")
            wait_until(lambda: "serving on" in log(), lambda: f"the first process: {log()}")
            self.assertEqual(http_get(f"http://127.0.0.1:{address[1]}/derp/probe")[0], 200)
            process.terminate()
            self.assertEqual(process.wait(30), 0)
            with socket.create_connection(address) as early:  # nobody serves: it waits
                early.sendall(b"GET /derp/probe HTTP/1.0\r\n\r\n")
                process, log = start(listener, f"-a=127.0.0.1:{address[1]}")
                early.settimeout(30)
                self.assertTrue(early.recv(1000).startswith(b"HTTP/1.1 200 OK"))
            process.terminate()
            self.assertEqual(process.wait(30), 0)
            process, log = start(listener, "-a=127.0.0.1:0")
            self.assertEqual(process.wait(30), 1)
            self.assertIn(f"LISTEN_FDS has a socket on 127.0.0.1:{address[1]}, which no flag serves", log())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            process, log = start(datagrams, "-a=127.0.0.1:0")
            self.assertEqual(process.wait(30), 1)
            self.assertIn("descriptor 3 of LISTEN_FDS is no TCP listener", log())

    def test_log_lines_in_json(self):
        relay = self.clear("-log-format=json")
        self.says(relay, "serving on")
        self.assertEqual(relay.stop(), 0)
        lines = [json.loads(line) for line in relay.text().splitlines()]
        self.assertIn("DERP", "".join(line["msg"] for line in lines).upper())
        self.assertEqual({tuple(line) for line in lines}, {("time", "level", "msg")})

    def test_systemd_is_told_of_start_reload_and_end(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.settimeout(30)
            manager.bind(str(self.folder / "notify"))
            relay = self.clear(env={"NOTIFY_SOCKET": str(self.folder / "notify")})
            self.assertEqual(manager.recv(1000), b"READY=1")
            relay.process.send_signal(signal.SIGHUP)
            self.assertRegex(manager.recv(1000), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
            self.assertEqual(manager.recv(1000), b"READY=1")
            self.assertEqual(relay.stop(), 0)
            self.assertEqual(manager.recv(1000), b"STOPPING=1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
