"""derpprobe's settings file: -config, -print-config, -check-config, and reloads of a running service."""
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, Program, free_port, http_get, program, wait_until  # noqa: E402

KEY = "0123456789abcdef" * 4


def run(*args, **env):
    return subprocess.run([program("derpprobe"), *args], capture_output=True, text=True, timeout=DEADLINE * 2,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **env})


def map_text(region_id):
    node = {"Name": f"{region_id}a", "RegionID": region_id, "HostName": "127.0.0.1", "IPv4": "127.0.0.1", "IPv6": "none",
            "DERPPort": 1, "STUNPort": 1}
    return json.dumps({"Regions": {str(region_id): {"RegionID": region_id, "RegionCode": f"r{region_id}", "Nodes": [node]}}})


class ConfigTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.map = self.write("a.json", map_text(900))
        self.other_map = self.write("b.json", map_text(901))
        self.key = self.write("mesh.key", KEY)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def config(self, *lines):
        return self.write("derpprobe.yaml", "\n".join(lines) + "\n")

    def test_what_is_in_force_is_printed_with_its_origin_and_reads_back(self):
        path = self.config(f"derp-map: [{self.map}]", "interval: 30s", f"mesh-psk-file: {self.key}",
                           "alert-webhook: https://hooks.example.net/very/secret")
        done = run("-config", path, "-print-config", "-listen=:1", DERPPROBE_TLS_INTERVAL="1m")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for line in (r'derp-map: \[%s\] +# file %s, line 1' % (self.map, path), r"interval: 30s +# file .*, line 2",
                     r'listen: ":1" +# flag', r"tls-interval: 1m0s +# environment variable DERPPROBE_TLS_INTERVAL",
                     r"timeout: 25s +# default", r'alert-webhook: "https://hooks.example.net/xxxxx" +# file'):
            self.assertRegex(done.stdout, rf"(?m)^{line}")
        for secret in (KEY, "very/secret"):
            self.assertNotIn(secret, done.stdout)
        again = run("-config", self.write("again.yaml", done.stdout), "-print-config")
        self.assertEqual(again.returncode, 0, again.stderr)
        values = [[line.split("#")[0].strip() for line in text.splitlines()] for text in (done.stdout, again.stdout)]
        self.assertEqual(values[0], values[1])

    def test_what_is_wrong_in_the_file_is_named(self):
        for line, words in (("intervall: 1s", 'line 1: unknown name "intervall", the nearest known is interval'),
                            ("interval: soon", 'line 1: invalid value "soon" for interval'),
                            ("once: [true]", "line 1: once takes one value, not a list"),
                            ("format: xml", "-format xml"), ("\tx: 1", "line 1")):
            with self.subTest(line=line):
                done = run("-config", self.config(line), "-check-config")
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn(words, done.stderr)
                self.assertIn("derpprobe.yaml", done.stderr)

    def test_a_check_looks_at_everything_the_start_needs(self):
        path = self.config(f"derp-map: {self.map}", f"mesh-psk-file: {self.key}", f"state-dir: {self.folder}/state")
        done = run("-config", path, "-check-config")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("to be probed: 1 regions, 1 nodes", done.stdout)
        path = self.config(f"derp-map: {self.folder}/missing.json", f"mesh-psk-file: {self.map}",
                           f"state-dir: {self.key}")
        done = run("-config", path, "-check-config")
        self.assertEqual(done.returncode, 2)
        self.assertEqual(done.stdout.count("error: "), 3, done.stdout)

    def test_a_reload_takes_a_good_file_and_refuses_a_bad_one(self):
        port = free_port(socket.SOCK_STREAM, "127.0.0.1")
        path = self.config(f"derp-map: {self.map}", "interval: 1h")
        service = Program([program("derpprobe"), "-config", path, "-listen", f"127.0.0.1:{port}", "-spread=false"],
                          self.folder / "service.log")
        self.addCleanup(service.stop)

        def probes(name):
            try:
                return name in http_get(f"http://127.0.0.1:{port}/metrics")[2]
            except OSError:
                return False
        wait_until(lambda: probes("derp/r900/900a/tls"), lambda: f"the first map: {service.text()}")
        self.config(f"derp-map: {self.other_map}", "intervall: 1h")
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "reload refused, everything stays as it was" in service.text(), "the refusal")
        self.assertIn('line 2: unknown name "intervall"', service.text())
        self.assertTrue(probes("derp/r900/900a/tls"))
        self.config(f"derp-map: {self.other_map}", "interval: 1h", "mesh-interval: 0s", "state-dir: /nowhere")
        service.process.send_signal(signal.SIGHUP)
        wait_until(lambda: probes("derp/r901/901a/tls"), lambda: f"the second map: {service.text()}")
        self.assertIn("now in force: -derp-map, -mesh-interval", service.text())
        self.assertIn("takes effect at the next start: -state-dir", service.text())
        self.assertFalse(probes("derp/r900/900a/tls"))
        self.assertFalse(probes("derp/r901/901a/901a/mesh"))
        self.assertEqual(service.stop(), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
