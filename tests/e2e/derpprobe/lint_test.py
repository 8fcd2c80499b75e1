"""derpprobe -lint: every map of the corpus with its codes and exit status, from a file, standard input and a URL."""
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, program  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parents[2] / "data"
EXPECTATIONS = json.loads((DATA / "map-expectations.json").read_text())


def lint(*args, stdin=b"", **env):
    return subprocess.run([program("derpprobe"), *args], capture_output=True, timeout=DEADLINE * 2, input=stdin,
                          cwd=DATA, env={**os.environ, "LC_ALL": "C.UTF-8", **env})


class LintTest(unittest.TestCase):
    def test_each_map_of_the_corpus_has_its_codes_and_status(self):
        for name, expected in EXPECTATIONS.items():
            with self.subTest(map=name):
                done = lint("-lint", str(DATA / "maps" / name), "-format", "json")
                self.assertEqual(done.stderr, b"")
                document = json.loads(done.stdout)
                codes = sorted(finding["code"] for finding in document["findings"])
                self.assertEqual(codes, sorted(expected.get("codes", ["map.unreadable"])))
                self.assertEqual((done.returncode, document["exit"]), (expected["exit"],) * 2)
                if "unreadable" in expected:
                    fact = document["findings"][0]["fact"]
                    self.assertIn(f"{name}: {expected['unreadable']}", fact)

    def test_the_text_has_a_block_for_each_finding_and_the_verdict_last(self):
        done = lint("-lint", "maps/uppercase_pin.json")
        text = done.stdout.decode()
        self.assertEqual((done.returncode, done.stderr), (1, b""))
        self.assertRegex(text, r"^derpprobe \S+  map maps/uppercase_pin.json \(1 region, 2 nodes\)")
        self.assertRegex(text, r"(?m)^error\[map.pin_uppercase\] own/900a: .*\n( +at .*\n)? +fact  CertName")
        self.assertRegex(text, r"(?m)^ +help  ")
        self.assertIn("notes (-v shows them): map.single_region", text)
        self.assertRegex(text, r"(?m)^FAIL  2 errors  \([0-9.]+ s, exit 1\)$")
        good = lint("-lint", str(DATA / "maps/healthy_pair.json")).stdout.decode()
        self.assertRegex(good, r"(?m)^OK  no findings  \([0-9.]+ s, exit 0\)$")

    def test_warnings_and_filters_are_the_flags(self):
        path = str(DATA / "maps/same_address.json")
        self.assertEqual(lint("-lint", path).returncode, 0)
        self.assertEqual(lint("-lint", path, "-fail-on", "warning").returncode, 1)
        self.assertEqual(lint("-lint", path, "-fail-on", "warning", "-exclude-region", "own").returncode, 0)
        nothing = lint("-lint", path, "-exclude-region", "nowhere")
        self.assertEqual(nothing.returncode, 1)
        self.assertIn(b"-exclude-region nowhere: no such region in the map", nothing.stdout)
        self.assertEqual(lint("-lint", path, "-format", "go").returncode, 2)

    def test_maps_come_from_standard_input_and_the_web(self):
        text = (DATA / "maps/ports.json").read_bytes()
        done = lint("-lint", "-", stdin=text)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(re.findall(rb"error\[map.bad_port\]", done.stdout)), 3)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                good = self.path == "/map"
                self.send_response(200 if good else 503)
                self.end_headers()
                self.wfile.write(text if good else b"busy")

            def log_message(self, *args):
                pass
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            base = f"http://127.0.0.1:{server.server_port}"
            self.assertEqual(lint("-lint", base + "/map").stdout.count(b"error[map.bad_port]"), 3)
            done = lint("-lint", base + "/busy?token=secret")
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"map {base}/busy: HTTP status 503".encode(), done.stdout)
            self.assertNotIn(b"secret", done.stdout + done.stderr)
            server.shutdown()

    def test_what_is_no_source_is_a_usage_error(self):
        done = lint("-lint", "gopher://example.net/map")
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn(b"unsupported scheme", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
