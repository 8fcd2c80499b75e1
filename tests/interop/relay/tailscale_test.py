"""Ours against Tailscale's derper, derpprobe and stunc, in both directions.

Their programs have the names of ours. They are looked for in the folder DERP_INTEROP_DIR, then on PATH, and known by
being made with Go; without them the tests are skipped by name.
"""
import http.server
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "e2e"))
from programs import DEADLINE, Program, Relay, free_port, http_get, program, wait_until  # noqa: E402
from theirs import MESH_KEY, TheirRelay, find, need  # noqa: E402


class Admission:
    """An admission controller as their relay asks it: lets in the keys of `allowed`."""

    def __init__(self):
        self.allowed = set()
        self.asked = None  # the key that was asked for last
        controller = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                controller.asked = asked["NodePublic"]
                body = json.dumps({"Allow": asked["NodePublic"] in controller.allowed}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/verify"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class TailscaleTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="derp-interop-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        (self.folder / "mesh.key").write_text(MESH_KEY)
        (self.folder / "ca.pem").write_text("")
        hosts = ("127.0.0.1", "127.0.0.2")
        self.port = free_port(socket.SOCK_STREAM, *hosts)
        self.stun_port = free_port(socket.SOCK_DGRAM, *hosts)

    def start(self, kind, *args, **kwargs):
        relay = kind(self.folder, *args, **kwargs)
        self.addCleanup(relay.stop)
        return relay

    def write_map(self, nodes):
        path = self.folder / "map.json"
        path.write_text(json.dumps({"Regions": {"900": {"RegionID": 900, "RegionCode": "lab", "RegionName": "Lab",
                                                        "Nodes": nodes}}}))
        return f"file://{path}"

    def our_probe(self, url, *extra, **environment):
        return subprocess.run([program("derpprobe"), "-once", "-derp-map", url, *extra], capture_output=True, text=True,
                              timeout=DEADLINE * 2, stdin=subprocess.DEVNULL, env={**os.environ, **environment})

    def test_our_derpprobe_finds_their_pinned_pure_ip_relay_usable(self):
        relay = self.start(TheirRelay, "127.0.0.1", self.port, self.stun_port)
        done = self.our_probe(self.write_map([relay.node("900a")]))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("1 of 1 node usable", done.stdout)

    def make_certificate(self):
        """A certificate for "localhost" in a folder of its own."""
        if not shutil.which("openssl"):
            self.skipTest("openssl is not installed")
        certs = self.folder / "certs"
        certs.mkdir()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-days", "60", "-keyout",
                        str(certs / "localhost.key"), "-out", str(certs / "localhost.crt")], check=True,
                       capture_output=True)
        return certs

    def named_node(self):
        return {"Name": "900a", "RegionID": 900, "HostName": "localhost", "IPv4": "127.0.0.1", "IPv6": "none",
                "DERPPort": self.port, "STUNPort": self.stun_port}

    def codes(self, done):
        return set(re.findall(r"^\w+\[([a-z_0-9.]+)\]", done.stdout, re.M))

    def test_our_derpprobe_finds_their_named_relay_usable_and_says_who_signed_it_else(self):
        certs = self.make_certificate()
        relay = Program([need("derper"), "-a", f"127.0.0.1:{self.port}", "-hostname", "localhost", "-certmode",
                         "manual", "-certdir", str(certs), "-c", str(self.folder / "derper.key"), "-http-port", "-1",
                         "-stun-port", str(self.stun_port)], self.folder / "derper.log")
        self.addCleanup(relay.stop)
        wait_until(lambda: "serving on" in relay.text(), lambda: f"their derper: {relay.text()}")
        url = self.write_map([self.named_node()])
        done = self.our_probe(url, SSL_CERT_FILE=str(certs / "localhost.crt"))
        self.assertEqual((done.returncode, self.codes(done)), (0, set()), done.stdout + done.stderr)
        done = self.our_probe(url)
        self.assertEqual((done.returncode, self.codes(done)), (1, {"cert.self_signed"}), done.stdout + done.stderr)

    def test_behind_admission_only_a_known_key_or_the_mesh_key_tells_more(self):
        admission = Admission()
        self.addCleanup(admission.stop)
        (self.folder / "mesh.key").chmod(0o600)
        relay = self.start(TheirRelay, "127.0.0.1", self.port, self.stun_port,
                           extra=["-verify-client-url", admission.url, "-mesh-psk-file", str(self.folder / "mesh.key")])
        url = self.write_map([relay.node("900a")])
        done = self.our_probe(url)
        self.assertEqual((done.returncode, self.codes(done)), (0, {"admission.closed"}), done.stdout + done.stderr)
        self.assertIn("relay not tested", done.stdout)
        done = self.our_probe(url, "-mesh-psk-file", str(self.folder / "mesh.key"))
        self.assertEqual((done.returncode, self.codes(done)), (0, set()), done.stdout + done.stderr)

        known = Relay(self.folder, "127.0.0.2", self.port, self.stun_port)  # makes a key file of derper's format
        known.pin()
        known.stop()
        private = self.folder / "127.0.0.2.key"
        done = self.our_probe(url, "-key-file", str(private))
        self.assertEqual((done.returncode, self.codes(done)), (1, {"derp.login_refused"}), done.stdout + done.stderr)
        admission.allowed.add(admission.asked)
        done = self.our_probe(url, "-key-file", str(private))
        self.assertEqual((done.returncode, self.codes(done)), (0, set()), done.stdout + done.stderr)

    def test_two_relays_of_theirs_are_judged_as_meshed_or_not(self):
        trust = self.folder / "trust.pem"
        trust.write_text("")
        hosts = ("127.0.0.1", "127.0.0.2")
        apart = [self.start(TheirRelay, ip, self.port, self.stun_port) for ip in hosts]
        url = self.write_map([relay.node(f"900{letter}") for relay, letter in zip(apart, "ab")])
        done = self.our_probe(url)
        self.assertEqual((done.returncode, self.codes(done)), (1, {"mesh.not_meshed"}), done.stdout + done.stderr)
        trust.write_text("".join(relay.certificate() for relay in apart))
        for relay in apart:
            relay.stop()
        peers = [f"{ip}:{self.port}" for ip in hosts]
        for ip in hosts:
            self.start(TheirRelay, ip, self.port, self.stun_port, peers, trust)
        for ip in hosts:
            wait_until(lambda ip=ip: self.watched(ip), lambda: f"the mesh of {ip}")
        for args in ([], ["-mesh-psk-file", str(self.folder / "mesh.key")]):
            done = self.our_probe(url, *args)
            self.assertEqual((done.returncode, self.codes(done)), (0, set()), done.stdout + done.stderr)
            self.assertIn("2 of 2 mesh directions", done.stdout)

    def watched(self, ip):
        try:
            return re.search(r"^derp_watchers [1-9]", http_get(f"https://{ip}:{self.port}/debug/varz")[2], re.M)
        except OSError:
            return None

    def test_their_derpprobe_is_content_with_our_named_relay(self):
        prober = need("derpprobe")
        certs = self.make_certificate()
        relay = Program([program("derper"), "-a", f"127.0.0.1:{self.port}", "-hostname", "localhost", "-certmode",
                         "manual", "-certdir", str(certs), "-c", str(self.folder / "derper.key"), "-http-port", "-1",
                         "-stun-port", str(self.stun_port)], self.folder / "derper.log")
        self.addCleanup(relay.stop)
        wait_until(lambda: "serving on" in relay.text(), lambda: f"our derper: {relay.text()}")
        url = self.write_map([self.named_node()])
        done = subprocess.run([prober, "-once", "-spread=false", "-derp-map", url], capture_output=True, text=True,
                              timeout=DEADLINE * 2, env={**os.environ, "SSL_CERT_FILE": str(certs / "localhost.crt")})
        good = set(re.findall(r"good: ([^:]+):", done.stderr))
        bad = set(re.findall(r"bad: ([^:]+):", done.stderr))
        self.assertEqual(good, {"derp/lab/900a/tls", "derp/lab/900a/udp", "derp/lab/900a/900a/mesh", "derpmap-probe"},
                         done.stderr)
        # Their prober takes "none" for an address and asks the local host for STUN over IPv6.
        self.assertLessEqual(bad, {"derp/lab/900a/udp6"})

    def test_their_stunc_and_our_stunc_agree_about_both_relays(self):
        ours = self.start(Relay, "127.0.0.1", self.port, self.stun_port)
        ours.pin()
        foreign = self.start(TheirRelay, "127.0.0.2", self.port, self.stun_port)
        foreign.pin()
        for relay in (ours, foreign):
            for tool in (program("stunc"), need("stunc")):
                with self.subTest(tool=tool, relay=type(relay).__name__):
                    done = subprocess.run([tool, relay.ip, str(self.stun_port)], capture_output=True, text=True,
                                          timeout=DEADLINE, stdin=subprocess.DEVNULL)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertRegex(done.stderr, rf"^sent addr: {re.escape(relay.ip)}:{self.stun_port}\n"
                                     rf"from addr: \[::ffff:{re.escape(relay.ip)}\]:{self.stun_port}\nstun addr: ")

    def test_a_region_of_one_relay_of_each_kind_is_meshed_in_both_directions(self):
        trust = self.folder / "trust.pem"
        peers = [f"{ip}:{self.port}" for ip in ("127.0.0.1", "127.0.0.2")]
        ours = self.start(Relay, "127.0.0.1", self.port, self.stun_port, peers)
        trust.write_text(ours.certificate())
        foreign = self.start(TheirRelay, "127.0.0.2", self.port, self.stun_port, peers, trust)
        (self.folder / "ca.pem").write_text(foreign.certificate())
        wait_until(lambda: re.search(r"^derp_watchers [1-9]", ours.varz(), re.M), lambda: f"their mesh link: {foreign.text()}")
        wait_until(lambda: re.search(r"^derp_watchers [1-9]", http_get(
            f"https://127.0.0.2:{self.port}/debug/varz")[2], re.M), lambda: f"our mesh link: {ours.text()}")
        done = self.our_probe(self.write_map([ours.node("900a"), foreign.node("900b")]), "-mesh-psk-file",
                              str(self.folder / "mesh.key"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("2 of 2 mesh directions", done.stdout)


if __name__ == "__main__":
    if not any(find(name) for name in ("derper", "derpprobe", "stunc")):
        print("skipped: Tailscale's derper, derpprobe and stunc are neither in DERP_INTEROP_DIR nor on PATH")
        sys.exit(77)
    unittest.main(verbosity=2)
