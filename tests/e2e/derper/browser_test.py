"""derper's WebSocket as a real browser uses it: headless Chromium logs in, relays and is refused.

Skipped by name where there is no chromium.
"""
import http.server
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, Relay, free_port  # noqa: E402

SCRIPT = pathlib.Path(__file__).with_name("browser_client.js")


class Page:
    """Serves the client to the browser and takes its result."""

    def __init__(self, relay_url):
        self.result = None
        self.arrived = threading.Event()
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body, kind = b"", "text/plain"
                if self.path == "/":
                    body = f'<script src="client.js"></script><script>run("{relay_url}")</script>'.encode()
                    kind = "text/html"
                elif self.path == "/client.js":
                    body, kind = SCRIPT.read_bytes(), "text/javascript"
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                page.result = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(204)
                self.end_headers()
                page.arrived.set()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class BrowserTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="derp-browser-", ignore_cleanup_errors=True))
        relay = Relay(folder, "127.0.0.1", free_port(socket.SOCK_STREAM, "127.0.0.1"), free_port(socket.SOCK_DGRAM, "127.0.0.1"))
        cls.addClassCleanup(relay.stop)
        relay.pin()
        page = Page(f"wss://127.0.0.1:{relay.port}/derp")
        cls.addClassCleanup(page.stop)
        browser = subprocess.Popen(
            ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
             "--ignore-certificate-errors", f"--user-data-dir={folder}/profile", page.url],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cls.addClassCleanup(browser.wait, DEADLINE)
        cls.addClassCleanup(browser.terminate)
        if not page.arrived.wait(DEADLINE * 2):
            raise AssertionError(f"the browser reported nothing; the relay says: {relay.text()}")
        cls.result = page.result

    def test_a_browser_logs_in_and_relays(self):
        self.assertEqual(self.result["talk"], {"info": '{"version":2}', "protocol": "derp", "pong": list(range(8)), "small": True,
                                               "large": True, "gone": True, "clean": True})

    def test_a_text_message_ends_the_connection_at_once(self):
        self.assertEqual(self.result["breakRules"]["code"], 1003, self.result)
        self.assertLess(self.result["breakRules"]["milliseconds"], 2000)

    def test_another_sub_protocol_is_refused(self):
        self.assertEqual(self.result["other"], "refused")


if __name__ == "__main__":
    if not shutil.which("chromium"):
        print("skipped: no chromium")
        sys.exit(77)
    unittest.main(verbosity=2)
