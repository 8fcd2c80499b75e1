"""netcheck as it is run: a map from each kind of source, the known text, exit codes."""
import http.server
import json
import os
import pathlib
import re
import socket
import socketserver
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, free_port, program  # noqa: E402

COOKIE = 0x2112A442


class StunServer(socketserver.ThreadingUDPServer):
    """Answers every binding request with the source's IPv4 address."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            data, sock = self.request
            if len(data) != 40 or struct.unpack(">I", data[4:8])[0] != COOKIE:
                return
            address, port = self.client_address
            mapped = struct.unpack(">I", socket.inet_aton(address))[0] ^ COOKIE
            attribute = struct.pack(">HHBBHI", 0x20, 8, 0, 1, port ^ (COOKIE >> 16), mapped)
            sock.sendto(struct.pack(">HH", 0x0101, len(attribute)) + data[4:20] + attribute, self.client_address)

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


def serve(server):
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()


def netcheck(*args, env=None, stdin=None):
    clean = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return subprocess.run([program("netcheck"), *args], capture_output=True, text=True, timeout=DEADLINE,
                          input=stdin if stdin is not None else "", env={**clean, "TZ": "UTC", **(env or {})})


class ReportTest(unittest.TestCase):
    def setUp(self):
        self.relays = [StunServer(), StunServer()]
        for relay in self.relays:
            self.addCleanup(relay.stop)
        self.map = json.dumps({"Regions": {str(900 + i): {
            "RegionID": 900 + i, "RegionCode": f"r{i}", "RegionName": f"Region {i}", "Nodes": [
                {"Name": f"{900 + i}a", "RegionID": 900 + i, "HostName": "127.0.0.1", "IPv4": "127.0.0.1",
                 "IPv6": "none", "STUNPort": relay.server_address[1]}]} for i, relay in enumerate(self.relays)}})
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="derp-e2e-"))
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "map.json"
        self.path.write_text(self.map)

    def test_the_report_is_the_known_text(self):
        done = netcheck("-derp-map", str(self.path))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stderr, "")
        self.assertRegex(done.stdout, re.compile(
            r"\A\nReport:\n"
            r"\t\* Time: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?Z\n"
            r"\t\* UDP: true\n"
            r"\t\* IPv4: yes, 127\.0\.0\.1:\d+\n"
            r"\t\* IPv6: no, (but OS has support|unavailable in OS)\n"
            r"\t\* MappingVariesByDestIP: false\n"
            r"\t\* PortMapping: not checked\n"
            r"\t\* Nearest DERP: Region [01]\n"
            r"\t\* DERP latency:\n"
            r"(\t\t-  r[01]: [0-9.]+(µs|ms) +\(Region [01]\)\n){2}\Z"))

    def test_json_has_the_same_facts(self):
        done = netcheck("--derp-map", str(self.path), "--format", "json-line")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stderr.startswith("# Warning:"), done.stderr)
        self.assertEqual(done.stdout.count("\n"), 1)
        report = json.loads(done.stdout)
        self.assertTrue(report["UDP"] and report["IPv4"] and report["IPv4CanSend"])
        self.assertEqual(set(report["RegionLatency"]), {"900", "901"})
        self.assertIn(report["PreferredDERP"], (900, 901))
        self.assertIsNone(report["UPnP"])
        indented = netcheck("--derp-map", str(self.path), "--format=json").stdout
        self.assertTrue(indented.startswith('{\n\t"Now": "'), indented)

    def test_the_probes_come_from_the_port_that_was_asked_for(self):
        port = free_port(socket.SOCK_DGRAM, "127.0.0.1")
        done = netcheck("-derp-map", str(self.path), "-bind-port", str(port))
        self.assertIn(f"\t* IPv4: yes, 127.0.0.1:{port}\n", done.stdout)
        done = netcheck("-derp-map", str(self.path), env={"TS_DEBUG_NETCHECK_UDP_BIND": f"127.0.0.1:{port}"})
        self.assertIn(f"\t* IPv4: yes, 127.0.0.1:{port}\n", done.stdout)

    def test_verbose_logs_to_stderr_and_names_region_ids(self):
        done = netcheck("-derp-map", str(self.path), "-verbose")
        self.assertIn("(derp900, Region 0)", done.stdout)
        self.assertRegex(done.stderr, r"netcheck: reply from 127\.0\.0\.1:\d+ after")
        self.assertEqual([line for line in done.stderr.splitlines() if not line.startswith("netcheck: ")], [])

    def test_the_map_may_come_from_stdin_http_or_tailscaled(self):
        self.assertIn("UDP: true", netcheck("-derp-map", "-", stdin=self.map).stdout)
        body = self.map.encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                found = self.path in ("/map", "/localapi/v0/derpmap")
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

            def address_string(self):
                return "client"

        web = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(web.server_close)
        self.addCleanup(web.shutdown)
        serve(web)
        url = f"http://127.0.0.1:{web.server_address[1]}/map"
        done = netcheck("-derp-map", url)
        self.assertIn("UDP: true", done.stdout, done.stderr)
        self.assertIn(f"netcheck: DERP map from {url}\n", done.stderr)
        missing = netcheck("-derp-map", url + "s")
        self.assertEqual(missing.returncode, 1)
        self.assertIn("HTTP status 404", missing.stderr)

        class UnixServer(socketserver.UnixStreamServer):
            def get_request(self):
                connection, _ = super().get_request()
                return connection, ("local", 0)

        path = str(self.folder / "tailscaled.sock")
        unix = UnixServer(path, Handler)
        self.addCleanup(unix.server_close)
        self.addCleanup(unix.shutdown)
        serve(unix)
        done = netcheck("-socket", path)
        self.assertIn("UDP: true", done.stdout, done.stderr)

    def test_without_a_map_it_says_which_source_is_missing(self):
        done = netcheck("-socket", str(self.folder / "none.sock"))
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "")
        self.assertIn("none.sock", done.stderr)
        self.assertIn("-derp-map", done.stderr)

    def test_bad_maps_are_told_by_line(self):
        self.path.write_text('{"Regions": {"900": {"RegionID": "900"}}}')
        done = netcheck("-derp-map", str(self.path))
        self.assertEqual(done.returncode, 1)
        self.assertIn('line 1, column 34: Regions.900.RegionID: a string ("900") where an integer belongs', done.stderr)

    def test_silence_is_a_report_too(self):
        for relay in self.relays:
            relay.stop()
        done = netcheck("-derp-map", str(self.path))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("\t* UDP: false\n", done.stdout)
        self.assertTrue(done.stdout.endswith("\t* Nearest DERP: unknown (no response to latency probes)\n"))

    def test_a_bad_command_line_is_refused(self):
        self.assertEqual(netcheck("-nonsense").returncode, 2)
        self.assertEqual(netcheck("-format", "xml").returncode, 2)
        self.assertEqual(netcheck("-bind-address", "300.1.1.1").returncode, 1)
        self.assertEqual(netcheck("-h").returncode, 0)
        version = netcheck("-version")
        self.assertEqual(version.returncode, 0)
        self.assertRegex(version.stdout, r"\A\d+\.\d+\.\d+\n\Z")


if __name__ == "__main__":
    unittest.main(verbosity=2)
