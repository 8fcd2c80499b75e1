"""Every exchange recorded with the Go program, replayed over sockets against a running derper.

What differs on purpose has a name in DIFFERENCES; a recorded row without one has to match in status,
headers and, where it was recorded, body.
"""
import json
import pathlib
import re
import socket
import ssl
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/e2e"))
sys.path.insert(0, str(ROOT / "tests/e2e/derper"))
from service_test import Derper  # noqa: E402

HSTS = "Strict-Transport-Security"
SEEN = set()


def differs(name):
    SEEN.add(name)
    return name


def no_hsts_on_clear_text(row, expected):
    if row["listener"] == "http" and HSTS in expected:
        differs("no HSTS on clear text")
        del expected[HSTS]


def varz_names_its_version(row, expected):
    if row["path"] == "/debug/varz":
        differs("varz says version=0.0.4")
        expected["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"


def metrics_beside_varz(row, expected):
    if (row["listener"], row["path"]) == ("https", "/metrics"):
        differs("/metrics is a page of its own, as /debug/varz")
        expected["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
        expected["Content-Security-Policy"] += "; style-src 'self' 'unsafe-inline'"


def empty_bootstrap_answer_is_an_object(row, expected):
    if row["listener"] == "https" and row["path"].startswith("/bootstrap-dns"):
        differs("an empty bootstrap answer is {}")
        expected["Content-Length"] = "2"
        row["body"] = "{}"


def whole_pages_have_a_length(row, expected):
    """Go sends larger pages in chunks; ours are whole, so their length is known."""
    if "Transfer-Encoding" in expected and row["path"] not in ("/debug/gc", "/debug/traffic"):
        differs("pages that are whole say their length instead of chunks")
        del expected["Transfer-Encoding"]
        expected["Content-Length"] = None


def refused_upgrade_closes(row, expected):
    if row["status"].startswith("HTTP/1.1 426") and "Connection" not in expected:
        differs("a refused upgrade closes the connection")
        expected["Connection"] = "close"


def redirect_names_the_tls_port(row, expected, port):
    if expected.get("Location", "").startswith("https://derp1.test"):
        differs("the redirect names a TLS port other than 443")
        expected["Location"] = expected["Location"].replace("//derp1.test/", f"//derp1.test:{port}/")
        row["body"] = row.get("body", "").replace("//derp1.test/", f"//derp1.test:{port}/")
        if "Content-Length" in expected:
            expected["Content-Length"] = str(len(row["body"]))


DIFFERENCES = [no_hsts_on_clear_text, varz_names_its_version, metrics_beside_varz, empty_bootstrap_answer_is_an_object,
               whole_pages_have_a_length, refused_upgrade_closes]
# Pages whose text is ours.
OWN_TEXT = {"/", "/nosuch", "/derp/other", "/debug/", "/debug/varz", "/debug/vars", "/debug/traffic", "/debug/pprof/",
            "/debug/pprof/cmdline", "/metrics"}


def fields(lines):
    """Names as HTTP compares them; Go spells Websocket where the RFC has WebSocket."""
    return dict(line.split(": ", 1) for line in lines)


def dechunk(body):
    out = b""
    while body:
        size, rest = body.split(b"\r\n", 1)
        count = int(size, 16)
        out, body = out + rest[:count], rest[count + 2:]
        if count == 0:
            break
    return out


class RecordedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.relay = Derper(cls.folder.name)
        cls.addClassCleanup(cls.relay.stop)

    def ask(self, row):
        lines = [f"{row['method']} {row['path']} HTTP/1.1", "Host: derp1.test"]
        lines += [f"{name}: {value}" for name, value in row["request_headers"].items()]
        lines += [] if "Connection" in row["request_headers"] else ["Connection: close"]
        secure = row["listener"] == "https"
        port = self.relay.tls if secure else self.relay.plain
        endless = row["path"] == "/debug/traffic" or "101 " in row["status"]
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        with ssl._create_unverified_context().wrap_socket(plain) if secure else plain as stream:
            stream.sendall("\r\n".join([*lines, "", ""]).encode())
            data = b""
            while not (endless and b"\r\n\r\n" in data) and not self.whole(data, row["method"]):
                piece = stream.recv(65536)
                if not piece:
                    break
                data += piece
        return data

    @staticmethod
    def whole(data, method):
        head, end, body = data.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        return bool(end) and length is not None and method != "HEAD" and len(body) >= int(length.group(1))

    def check(self, row):
        head, _, body = self.ask(row).partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        expected, seen = fields(row["headers"]), fields(lines)
        seen.pop("Date", None)
        for difference in DIFFERENCES:
            difference(row, expected)
        redirect_names_the_tls_port(row, expected, self.relay.tls)
        self.assertEqual(status, row["status"])
        expected = {name.lower(): value for name, value in expected.items()}
        seen = {name.lower(): value for name, value in seen.items()}
        if row["body_length"] is None and "content-length" not in expected:
            seen.pop("content-length", None)
        if expected.get("content-length", "") is None:
            self.assertRegex(seen["content-length"], r"^\d+$")
            expected["content-length"] = seen["content-length"]
        if "derp-public-key" in expected:
            self.assertRegex(seen["derp-public-key"], "^[0-9a-f]{64}$")
            expected["derp-public-key"] = seen["derp-public-key"]
        self.assertEqual(seen, expected)
        if "transfer-encoding" in expected and row["path"] == "/debug/gc":
            self.assertEqual(dechunk(body), dechunk(row["body"].encode()))
        elif "body" in row and row["path"] not in OWN_TEXT:
            self.assertEqual(body.decode(), row["body"])

    def test_every_recorded_exchange(self):
        rows = json.loads((ROOT / "tests/data/go-http.json").read_text())
        served = self.served()
        asked = 0
        for row in rows:
            if row["path"] == "/debug/traffic" and not served:
                continue
            with self.subTest(listener=row["listener"], method=row["method"], path=row["path"],
                              headers=row["request_headers"]):
                self.check(row)
                asked += 1
        self.assertGreaterEqual(asked, 80)
        self.assertEqual(SEEN, {
            "no HSTS on clear text", "varz says version=0.0.4", "/metrics is a page of its own, as /debug/varz",
            "an empty bootstrap answer is {}", "pages that are whole say their length instead of chunks",
            "a refused upgrade closes the connection", "the redirect names a TLS port other than 443"})

    def served(self):
        """Whether this build has the traffic page."""
        row = {"listener": "https", "method": "GET", "path": "/debug/traffic", "request_headers": {}, "status": ""}
        return b" 200 " in self.ask(row).split(b"\r\n", 1)[0]


if __name__ == "__main__":
    unittest.main(verbosity=2)
