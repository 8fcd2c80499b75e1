"""derper's debug pages, profiles and bootstrap names, asked of the running program."""
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from programs import Program, http_get, program, wait_until  # noqa: E402
from service_test import Derper  # noqa: E402


def ask(url, headers=None, timeout=60):
    """(status, headers, raw body)."""
    request = urllib.request.Request(url, headers=headers or {})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}),
                                         urllib.request.HTTPSHandler(context=ssl._create_unverified_context()))
    try:
        with opener.open(request, timeout=timeout) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def start(self, *extra):
        relay = Derper(self.folder, *extra)
        self.addCleanup(relay.stop)
        return relay, f"https://127.0.0.1:{relay.tls}"

    def start_with(self, environment, *extra):
        saved = dict(os.environ)
        os.environ.update(environment)
        try:
            return self.start(*extra)
        finally:
            os.environ.clear()
            os.environ.update(saved)


class DebugTest(Case):
    def test_vars_are_json_by_go_s_names(self):
        _, base = self.start()
        status, headers, body = ask(base + "/debug/vars")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json; charset=utf-8"))
        values = json.loads(body)
        self.assertIn("gauge_clients_local", values["derp"])
        self.assertIn("counter_buffered_write_frames", values["derp"])
        self.assertEqual(values["counter_bootstrap_dns_requests"], 0)
        self.assertIn("HeapAlloc", values["memstats"])
        self.assertTrue(values["cmdline"][0].endswith("derper"))

    def test_secrets_of_the_command_line_stay_hidden(self):
        _, base = self.start("-acme-eab-key", "c2VjcmV0")
        for path in ("/debug/vars", "/debug/pprof/cmdline"):
            body = ask(base + path)[2]
            self.assertIn(b"xxxxx", body)
            self.assertNotIn(b"c2VjcmV0", body)

    def test_check_and_gc(self):
        _, base = self.start()
        self.assertEqual(ask(base + "/debug/check")[2], b"derp.Server ConsistencyCheck okay")
        self.assertEqual(ask(base + "/debug/gc")[2], b"running GC...\nDone.\n")

    def test_check_asks_admission_about_itself(self):
        _, base = self.start("-verify-clients", "-socket", str(self.folder / "no.sock"))
        status, _, body = ask(base + "/debug/check")
        self.assertEqual(status, 500)
        self.assertTrue(body.startswith(b"localClient.Status: "), body)

    def test_a_forwarded_visitor_is_refused_and_the_key_lets_in(self):
        key = self.folder / "debug.key"
        key.write_text("open sesame\n")
        relay, base = self.start_with({"TS_DEBUG_KEY_PATH": str(key)})
        forwarded = {"X-Forwarded-For": "192.0.2.1"}
        for path in ("/debug/", "/debug/varz", "/metrics", "/debug/pprof/"):
            self.assertEqual(ask(base + path, forwarded)[0], 403, path)
            self.assertEqual(ask(base + path + "?debugkey=open+sesame", forwarded)[0], 200, path)
            self.assertEqual(ask(base + path + "?debugkey=open", forwarded)[0], 403, path)
        key.write_text("another\n")
        self.assertEqual(ask(base + "/debug/?debugkey=another", forwarded)[0], 200)
        self.assertNotIn("sesame", relay.text())

    def test_a_bad_block_of_trusted_addresses_ends_the_start(self):
        relay = Program([program("derper"), "-a", "127.0.0.1:0", "-tls=off", "-stun=false", "-c",
                         str(self.folder / "key")], self.folder / "log",
                        env={**os.environ, "TS_DEBUG_TRUSTED_CIDRS": "10.0.0.0/8,bogus"})
        self.addCleanup(relay.stop)
        self.assertEqual(wait_until(lambda: relay.process.poll(), "the end"), 1)
        self.assertIn("TS_DEBUG_TRUSTED_CIDRS", relay.text())

    def test_a_listener_of_their_own(self):
        relay, base = self.start("-debug-addr", "127.0.0.1:0")
        port = relay.port(r"serving debug pages on 127\.0\.0\.1:(\d+)")
        own = f"http://127.0.0.1:{port}"
        for path in ("/debug/", "/debug/varz", "/metrics", "/debug/vars", "/debug/check", "/debug/pprof/"):
            self.assertEqual(ask(base + path)[0], 404, path)
            status, headers, _ = ask(own + path)
            self.assertEqual(status, 200, path)
            self.assertNotIn("Strict-Transport-Security", headers)
        self.assertNotIn(b"/debug/", ask(base + "/")[2])
        self.assertEqual(ask(own + "/style.css")[0], 200)
        self.assertEqual(ask(own + "/derp/probe")[0], 404)
        self.assertIn(b"derper debug", ask(own + "/")[2])  # by way of the redirect

    def test_a_debug_listener_that_cannot_be_had_ends_the_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            relay = Program([program("derper"), "-a", "127.0.0.1:0", "-tls=off", "-stun=false", "-c",
                             str(self.folder / "key"), "-debug-addr", f"127.0.0.1:{taken.getsockname()[1]}"],
                            self.folder / "log")
            self.addCleanup(relay.stop)
            self.assertEqual(wait_until(lambda: relay.process.poll(), "the end"), 1)
        self.assertIn("-debug-addr", relay.text())

    def test_bootstrap_names(self):
        _, base = self.start("-bootstrap-dns-names", " localhost , missing.invalid",
                             "-unpublished-bootstrap-dns-names", "ip6-localhost, localhost")
        expected = wait_until(lambda: b"localhost" in (b := ask(base + "/bootstrap-dns")[2]) and b, "the first round")
        published = json.loads(expected)
        self.assertEqual(list(published), ["localhost"])
        self.assertIn("127.0.0.1", published["localhost"])
        self.assertEqual(json.loads(ask(base + "/bootstrap-dns?q=localhost")[2]), published)
        self.assertEqual(json.loads(ask(base + "/bootstrap-dns?q=nosuch")[2]), published)
        varz = http_get(base + "/debug/varz")[2]
        self.assertIn("bootstrap_dns_unpublished_hits 1\n", varz)
        self.assertIn("bootstrap_dns_unpublished_misses 1\n", varz)
        self.assertIn("bootstrap_dns_queried_domains 2\n", varz)

    def test_a_head_above_16_kib_is_refused_in_one_piece_and_dripping(self):
        relay, base = self.start()
        for drip in (False, True):
            with self.subTest(drip=drip), socket.create_connection(("127.0.0.1", relay.plain), timeout=20) as client:
                client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n")
                field = b"X-Filler: " + b"x" * 990 + b"\r\n"
                try:
                    for _ in range(20):
                        client.sendall(field)
                        if drip:
                            client.settimeout(0.01)
                            try:
                                client.recv(1, socket.MSG_PEEK)
                                break
                            except TimeoutError:
                                pass
                            finally:
                                client.settimeout(20)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n"))
        with socket.create_connection(("127.0.0.1", relay.plain), timeout=20) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X-Filler: " + b"x" * 15000 + b"\r\n\r\n")
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 302 "))
        self.assertEqual(ask(base + "/derp/probe")[0], 200)


@unittest.skipUnless(shutil.which("google-pprof"), "no google-pprof")
class ProfileTest(Case):
    """What pprof makes of the profiles."""

    def pprof(self, body):
        path = self.folder / "profile"
        path.write_bytes(body)
        done = subprocess.run(["google-pprof", "--text", program("derper"), str(path)], capture_output=True, text=True,
                              timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout + done.stderr

    def fetch(self, base, path):
        status, headers, body = ask(base + path)
        if status == 501:
            self.skipTest("this build takes no profiles: " + body.decode().strip())
        self.assertEqual((status, headers["Content-Type"]), (200, "application/octet-stream"))
        return body

    def test_a_cpu_profile_shows_who_worked(self):
        _, base = self.start()
        self.fetch(base, "/debug/pprof/profile?seconds=1")
        stop = threading.Event()

        def load():
            while not stop.is_set():
                ask(base + "/debug/varz")
        workers = [threading.Thread(target=load) for _ in range(2)]
        for worker in workers:
            worker.start()
        try:
            body = self.fetch(base, "/debug/pprof/profile?seconds=2")
        finally:
            stop.set()
            for worker in workers:
                worker.join()
        self.assertRegex(self.pprof(body), r"Total: [1-9]\d* samples")

    def test_one_profile_at_a_time_and_longer_than_other_answers(self):
        _, base = self.start()
        self.fetch(base, "/debug/pprof/profile?seconds=1")
        self.assertEqual(ask(base + "/debug/pprof/profile?seconds=301")[0], 400)
        first = []

        def take():  # again, when the question below came first
            first.append(wait_until(lambda: (answer := ask(base + "/debug/pprof/profile?seconds=3"))[0] == 200 and answer,
                                    "the profile"))
        taker = threading.Thread(target=take)
        taker.start()
        self.assertTrue(wait_until(lambda: ask(base + "/debug/pprof/profile?seconds=1")[0] == 500, "the refusal"))
        taker.join()
        self.assertEqual(first[0][0], 200)

    def test_a_heap_profile_shows_who_allocated(self):
        _, base = self.start()
        for _ in range(20):
            ask(base + "/debug/varz")
        body = self.fetch(base, "/debug/pprof/heap")
        self.assertRegex(body.decode(), r"^heap profile: +\d+: +\d+ \[ *\d+: +\d+\] @ heap_v2/524288\n")
        self.assertIn("Heap version 2", self.pprof(body))


if __name__ == "__main__":
    unittest.main(verbosity=2)
