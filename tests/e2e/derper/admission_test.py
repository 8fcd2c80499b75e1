"""derper decides who may use it: by an admission controller, by tailscaled's socket, by files of keys."""
import http.server
import json
import os
import pathlib
import re
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from programs import DEADLINE, Relay, free_port, program, wait_until  # noqa: E402


class Service:
    """Answers like an admission controller (on a port) or like tailscaled (on a Unix socket) about the keys it knows."""

    def __init__(self, path=None):
        self.known, self.asked = set(), []
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["NodePublic"]
                service.asked.append(asked)
                self.answer(200, {"Allow": asked in service.known})

            def do_GET(self):
                if self.path.startswith("/localapi/v0/status"):
                    self.answer(200, {"Self": {"PublicKey": "nodekey:" + "5" * 64}})
                    return
                asked = self.path.rpartition("=")[2].replace("%3A", ":")
                service.asked.append(asked)
                known = asked in service.known or asked == "nodekey:" + "5" * 64
                self.answer(200 if known else 404, {})

            def answer(self, status, content):
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

            def address_string(self):
                return "client"

        if path is None:
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        else:
            self.server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
            self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}/verify"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class AdmissionTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="derp-e2e-")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)
        self.client_key = self.folder / "client.key"
        self.client_key.write_text('{"PrivateKey": "privkey:%s"}' % ("18" * 31 + "58"))
        self.client_key.chmod(0o600)

    def serve(self, path=None):
        service = Service(path)
        self.addCleanup(service.stop)
        return service

    def start(self, *extra):
        self.relay = Relay(self.folder, "127.0.0.1", free_port(socket.SOCK_STREAM, "127.0.0.1"),
                           free_port(socket.SOCK_DGRAM, "127.0.0.1"), extra=extra)
        self.addCleanup(self.relay.stop)
        node = self.relay.node("900a")
        (self.folder / "map.json").write_text(json.dumps({"Regions": {"900": {
            "RegionID": 900, "RegionCode": "lab", "RegionName": "Lab", "Nodes": [node]}}}))
        return self.relay

    def enters(self):
        """Whether a client with our key may use the relay."""
        done = subprocess.run([program("derpprobe"), "-once", "-derp-map", f"file://{self.folder}/map.json", "-key-file",
                               str(self.client_key)], capture_output=True, text=True, timeout=DEADLINE * 2,
                              stdin=subprocess.DEVNULL)
        codes = set(re.findall(r"^\w+\[([a-z_0-9.]+)\]", done.stdout, re.M))
        self.assertIn(codes, (set(), {"derp.login_refused"}), done.stdout + done.stderr)
        return not codes

    def decisions(self, method, outcome, reason):
        row = f'derper_admission_decisions{{method="{method}",outcome="{outcome}",reason="{reason}"}} '
        return int(next(line for line in self.relay.varz().splitlines() if line.startswith(row))[len(row):])

    def test_a_controller_decides_and_an_absent_one_lets_in_or_not_as_told(self):
        controller = self.serve()
        relay = self.start("-verify-client-url", controller.url())
        wait_until(lambda: "/verify: it answers" in relay.text(), lambda: f"the self-test: {relay.text()}")
        self.assertFalse(self.enters())
        key = controller.asked[-1]
        self.assertIn(f"client {key} rejected: admission controller: {key}/127.0.0.1 not allowed", relay.text())
        self.assertGreaterEqual(self.decisions("url", "refused", "denied"), 1)
        controller.known.add(key)
        wait_until(self.enters, "the end of the remembered refusal")
        self.assertGreaterEqual(self.decisions("url", "admitted", "allowed"), 1)
        relay.stop()
        url = controller.url()
        controller.stop()
        for flag, enters in (("-verify-client-url-fail-open=true", True), ("-verify-client-url-fail-open=false", False)):
            with self.subTest(flag=flag):
                relay = self.start("-verify-client-url", url, flag)
                wait_until(lambda: "self-test failed" in relay.text(), lambda: f"the self-test: {relay.text()}")
                self.assertEqual(self.enters(), enters)
                self.assertIn(f"admission controller unreachable; allowing client {key}" if enters else
                              f"client {key} rejected: admission controller unreachable: ", relay.text())
                self.assertGreaterEqual(self.decisions("url", "abstained" if enters else "refused", "unreachable"), 1)
                relay.stop()

    def test_a_socket_that_is_made_anew_is_found_again(self):
        path = self.folder / "tailscaled.sock"
        relay = self.start("-verify-clients", "-socket", str(path))
        wait_until(lambda: "is tailscaled running, and does -socket name its socket?" in relay.text(),
                   lambda: f"the self-test: {relay.text()}")
        self.assertFalse(self.enters())
        self.assertGreaterEqual(self.decisions("tailscaled", "refused", "unreachable"), 1)
        daemon = self.serve(path)
        wait_until(lambda: not self.enters() and daemon.asked, "a question at the new socket")
        daemon.known.add(daemon.asked[-1])
        wait_until(self.enters, "the end of the remembered refusal")
        daemon.stop()
        path.unlink()
        again = self.serve(path)
        again.known = daemon.known
        self.assertTrue(self.enters())

    def test_files_of_keys_are_read_again_and_a_bad_one_changes_nothing(self):
        allow, deny = self.folder / "allow", self.folder / "deny"
        controller = self.serve()
        allow.write_text("# nobody yet\n")
        deny.write_text("")
        relay = self.start("-verify-client-url", controller.url(), "-verify-allow-file", str(allow), "-verify-deny-file", str(deny))

        def reload(outcome):
            before = relay.text().count(outcome)
            relay.process.send_signal(signal.SIGHUP)
            wait_until(lambda: relay.text().count(outcome) > before, lambda: f"{outcome}: {relay.text()}")

        self.assertFalse(self.enters())
        key = controller.asked[-1]
        allow.write_text(key + "  # the laptop\n")
        reload("reload: admission: 1 keys in ")
        self.assertTrue(self.enters())
        deny.write_text(key.removeprefix("nodekey:") + "\n")
        reload("reload: admission: 1 keys in ")
        self.assertFalse(self.enters())
        self.assertIn(f"client {key} rejected: listed in {deny}", relay.text())
        deny.write_text("nodekey:12\n")
        reload(f"-verify-deny-file: {deny}:1: ")
        self.assertFalse(self.enters())
        self.assertGreaterEqual(self.decisions("deny_file", "refused", "listed"), 2)

    def test_the_end_comes_in_time_while_a_controller_hangs(self):
        with socket.create_server(("127.0.0.1", 0)) as hanging:
            relay = self.start("-verify-client-url", f"http://127.0.0.1:{hanging.getsockname()[1]}/verify")
            relay.varz()  # it runs, and its self-test waits for an answer
            start = time.monotonic()
            self.assertEqual(relay.stop(), 0)
            self.assertLess(time.monotonic() - start, 2.5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
